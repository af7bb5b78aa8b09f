"""Scores that move: keys, metres and tempi that change from section to section, tempi that glide inside one."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from img2music.score import ChordSymbol, Note, Score, ScoreSection
from img2music.theory import METERS, Chord, Key, Meter
from img2music.theory.key_map import KeyMap, KeyPoint
from img2music.theory.meter_map import MeterMap
from img2music.theory.tempo_map import TempoMap, TempoPoint
from tests.support.made_notes import HAT, KICK, SNARE, drum_note, make_note, make_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["moving_score", "random_moving_scores"]

_TUNES = (
    "74:1 76:1/2 77:1/2 81:2 82:3/2 81:1/2 77:5/2 76:1/2 74:1 r:1/2 73:1/2 74:1 76:1/3 77:1/3 79:1/3 77:1 76:1 74:1",
    "77:2 79:1 81:3/2 79:1/2 77:1/2 76:1/2 77:2/3 79:1/3 81:1 82:1 84:3",
    "80:1/2 78:1/2 80:1/2 81:3/2 80:3/2 78:1/2 76:1 75:1/2 76:1/2 78:1/2 80:5/2 r:1/2",
)
_BASSES = (
    "38:4 43:2 45:2 46:4 45:2 45:2",
    "41:3 38:2 r:1 43:1 36:2 41:3",
    "40:3/2 45:3/2 r:3 47:3/2 47:3/2 40:3",
)  # fmt: skip
_CHORDS = (("i", "iv", "VI", "V7"), ("I", "vi", "V7", "I"), ("I", "IV", "V7", "I"))


def moving_score() -> Score:
    """Twelve bars for four, in three sections.

    ====  =====  =======  =============================================
    bars  metre  key      tempo
    ====  =====  =======  =============================================
    1-4   4/4    D minor  96
    5-8   3/4    F major  jumps to 112, glides to 140 over bars 6 and 7
    9-12  6/8    E major  90, from the middle of bar 11 down to 61.5
    ====  =====  =======  =============================================
    """
    keys = [Key.parse(name) for name in ("D minor", "F major", "E major")]
    meters = [Meter.parse(name) for name in ("4/4", "3/4", "6/8")]
    meter_map = MeterMap.of_bars((4, meter) for meter in meters)
    onsets = [meter_map.bar_onset(4 * number) for number in range(3)]
    end = meter_map.bar_onset(12)
    tempo_map = TempoMap(
        (
            TempoPoint(Fraction(0), 96.0),
            TempoPoint(onsets[1], 112.0),
            TempoPoint(meter_map.bar_onset(5), 112.0, 140.0),
            TempoPoint(meter_map.bar_onset(7), 140.0),
            TempoPoint(onsets[2], 90.0),
            TempoPoint(meter_map.onset(10, Fraction(3, 2)), 90.0, 61.5),
            TempoPoint(end, 61.5),
        )
    )
    tune = [note for number in range(3) for note in _line(_TUNES[number], onsets[number], keys[number], 84)]
    bass = [note for number in range(3) for note in _line(_BASSES[number], onsets[number], keys[number], 70)]
    pads: list[Note] = []
    symbols: list[ChordSymbol] = []
    drums: list[Note] = []
    for bar in range(12):
        key, onset, length = keys[bar // 4], meter_map.bar_onset(bar), meter_map.bar_quarters(bar)
        chord = Chord.parse(_CHORDS[bar // 4][bar % 4], key)
        symbols.append(ChordSymbol(onset, chord.symbol, chord.numeral))
        tones = sorted(55 + (tone - 55) % 12 for tone in chord.pitch_classes[:3])
        pads += [Note(onset, length, tone, key.spell(tone, chord.members), 52) for tone in tones]
        if bar not in {0, 6}:
            for number, place in enumerate(meter_map.meter_at(bar).onsets):
                hits = {HAT, (KICK, SNARE)[number % 2]}
                drums += [drum_note(onset + place, "1/2", hit) for hit in sorted(hits)]
    parts = (
        make_part("Flute", tune, plays="flute"),
        make_part("Strings", pads, plays="strings", role="pad"),
        make_part("Acoustic Bass", bass, plays="acoustic bass", role="bass"),
        make_part("Drums", drums, plays="drums", role="drums"),
    )
    sections = tuple(
        ScoreSection(name, 4 * number, 4, energy, dynamic, (4,))
        for number, (name, energy, dynamic) in enumerate((("A", 0.3, "p"), ("B", 0.7, "f"), ("C", 0.5, "mf")))
    )
    key_map = KeyMap(tuple(KeyPoint(onset, key) for onset, key in zip(onsets, keys, strict=True)))
    return Score("The road home", key_map, meter_map, tempo_map, 12, parts, chords=tuple(symbols), sections=sections)


def _line(text: str, onset: Fraction, key: Key, velocity: int) -> Iterator[Note]:
    """Notes in the words of `score_from_words`, one at a time, from an onset on."""
    for word in text.split():
        pitch, _, length = word.partition(":")
        if pitch != "r":
            yield make_note(onset, length, int(pitch), key, velocity=velocity)
        onset += Fraction(length)


_KEYS = ("C major", "A minor", "Eb major", "F# minor", "D dorian", "A mixolydian", "Gb major", "E phrygian", "F lydian")
_STEPS = ("1/4", "1/2", "3/4", "1", "3/2", "5/2", "1/3", "2/3", "1/6")
_TEMPI = (60.0, 71.3, 92.5, 96.0, 113.33, 120.0, 150.0)


@st.composite
def random_moving_scores(draw: st.DrawFn, *, drums: bool = True) -> Score:
    """One to four sections, each of its own key, metre and tempo or of those before; glides that begin anywhere, over any stretch."""
    stretches: list[tuple[int, Meter]] = []
    keys: list[Key] = []
    for _ in range(draw(st.integers(1, 4))):
        stretches.append((draw(st.integers(1, 3)), Meter.parse(draw(st.sampled_from(METERS)))))
        keys.append(Key.parse(draw(st.sampled_from(_KEYS))))
    meter_map = MeterMap.of_bars(stretches)
    firsts = [sum(bars for bars, _ in stretches[:number]) for number in range(len(stretches) + 1)]
    onsets = [meter_map.bar_onset(bar) for bar in firsts]
    points: list[TempoPoint] = []
    for begin, end in pairwise(onsets):
        bpm = draw(st.sampled_from(_TEMPI))
        points.append(TempoPoint(begin, bpm))
        if draw(st.booleans()):
            # Places on a grid of 1/24, as plans have them.
            places = draw(st.lists(st.integers(1, int((end - begin) * 24)), min_size=2, max_size=2, unique=True))
            start, arrival = (begin + Fraction(place, 24) for place in sorted(places))
            goal = draw(st.sampled_from(_TEMPI))
            points += [TempoPoint(start, bpm, goal), TempoPoint(arrival, goal)]
    ordered = {
        point.onset_quarters: point for point in points
    }  # a section's own tempo takes the place of an arrival at its bar line
    parts = []
    for number in range(draw(st.integers(1, 3))):
        kit = drums and number == 1 and draw(st.booleans())
        notes: list[Note] = []
        for begin, end, key in zip(onsets[:-1], onsets[1:], keys, strict=True):
            notes += _random_line(draw, begin, end, key, kit=kit)
        plays = "drums" if kit else draw(st.sampled_from(["piano", "violin", "cello", "viola"]))
        parts.append(make_part(f"Part {number + 1}", notes, plays=plays))
    sections = tuple(
        ScoreSection(f"S{number + 1}", firsts[number], bars, 0.5, draw(st.sampled_from(["p", "mf", "ff"])))
        for number, (bars, _) in enumerate(stretches)
    )
    key_map = KeyMap.of_stretches(zip(onsets[:-1], keys, strict=True))
    return Score("Random", key_map, meter_map, TempoMap(tuple(ordered.values())), firsts[-1], tuple(parts), sections=sections)


def _random_line(draw: st.DrawFn, begin: Fraction, end: Fraction, key: Key, *, kit: bool) -> Sequence[Note]:
    """Figures of equal steps, binary or ternary, from one place to another."""
    notes: list[Note] = []
    place = begin
    while place < end:
        step = Fraction(draw(st.sampled_from(_STEPS)))
        for _ in range(3 if step.denominator % 3 == 0 else draw(st.integers(1, 2))):
            length = min(step, end - place)
            if length <= 0:
                break
            if kit:
                notes += [drum_note(place, length, draw(st.sampled_from([KICK, SNARE, HAT])))] * draw(st.integers(0, 1))
            else:
                pitches = draw(st.lists(st.integers(40, 84), max_size=2, unique=True))
                notes += [make_note(place, length, pitch, key) for pitch in pitches]
            place += length
    return notes

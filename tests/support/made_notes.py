"""Small scores and performances for tests: written by hand, small enough to count on fingers, and drawn at random by hypothesis."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from img2music.performance import TICKS_PER_QUARTER, Control, Performance, PlayedNote, PlayedPart
from img2music.plan import CompositionPlan
from img2music.score import ChordSymbol, Note, Part, Score, ScoreSection
from img2music.theory import METERS, Chord, Key, Meter, SpelledPitch, instrument
from img2music.theory.tempo_map import TempoMap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from img2music.theory.instruments import Hand


__all__ = [
    "HAT",
    "KICK",
    "SNARE",
    "band_score",
    "check_page",
    "drum_note",
    "make_note",
    "make_part",
    "make_score",
    "perform_exactly",
    "random_scores",
    "score_from_words",
    "survey_scores",
    "two_voices",
]

KICK, SNARE, HAT, OPEN_HAT, CRASH, TOM = 36, 38, 42, 46, 49, 45
_PLACES = {KICK: "F4", SNARE: "C5", HAT: "G5", OPEN_HAT: "G5", CRASH: "A5", TOM: "A4"}
_KEYS = (
    "C major",
    "A minor",
    "D dorian",
    "Eb major",
    "F# minor",
    "A mixolydian",
    "Gb major",
    "E phrygian",
    "F lydian",
    "C# minor",
)


_STEPS = ("1/4", "1/2", "3/4", "1", "3/2", "5/2", "7/2", "1/3", "2/3", "4/3", "1/6", "1/8")


def make_note(onset: object, duration: object, pitch: int, key: Key, *, velocity: int = 80, articulation: str = "") -> Note:
    """A note spelled in `key`; onset and duration are anything `Fraction` reads."""
    return Note(Fraction(str(onset)), Fraction(str(duration)), pitch, key.spell(pitch), velocity, articulation)


def drum_note(onset: object, duration: object, pitch: int, *, velocity: int = 90) -> Note:
    """A stroke on a drum; the key is a drum's of General MIDI."""
    place = _PLACES[pitch]
    return Note(Fraction(str(onset)), Fraction(str(duration)), pitch, SpelledPitch(place[0], 0, int(place[1])), velocity)


def make_part(name: str, notes: Iterable[Note], *, plays: str = "piano", role: str = "melody", hand: Hand | None = None) -> Part:
    """A part for an instrument by the program's name."""
    ordered = tuple(sorted(notes, key=lambda note: (note.onset_quarters, note.pitch)))
    return Part(name, instrument(plays), role, ordered, hand=hand)


def make_score(
    parts: Sequence[Part],
    *,
    key: str = "C major",
    meter: str = "4/4",
    bars: int = 1,
    tempo_bpm: float = 100.0,
    title: str = "Test",
) -> Score:
    """A score of these parts."""
    return Score.steady(title, Key.parse(key), Meter.parse(meter), tempo_bpm, bars, tuple(parts))


def score_from_words(
    text: str, *, key: str = "C major", meter: str = "4/4", bars: int = 0, plays: str = "flute", tempo_bpm: float = 100.0
) -> Score:
    """One part from words such as ``"60:1 r:1/2 60,64:3/2"``: pitches (or r for a rest), a colon, a duration."""
    home, place, notes = Key.parse(key), Fraction(0), []
    for word in text.split():
        pitches, _, length = word.partition(":")
        duration = Fraction(length)
        if pitches != "r":
            notes += [make_note(place, duration, int(pitch), home) for pitch in pitches.split(",")]
        place += duration
    needed = -(-place // Meter.parse(meter).bar_quarters)
    return make_score(
        [make_part("Solo", notes, plays=plays)], key=key, meter=meter, bars=bars or int(needed), tempo_bpm=tempo_bpm
    )


_MELODY = (
    ("67:1", "69:1/2", "71:1/2", "72:3/2", "71:1/2"), ("69:1", "66:1/3", "67:1/3", "69:1/3", "71:2"),
    ("72:1/2", "74:1", "76:3/2", "74:1/2", "72:1/2"), ("71:3/4", "69:1/4", "67:1", "r:1/2", "74:3/2"),
    ("74:1/2", "72:1/4", "71:1/4", "69:1", "70:1", "69:1"), ("67:3/2", "66:1/2", "64:2"),
    ("64:2/3", "66:2/3", "67:2/3", "69:2"), ("67:3", "r:1"),
)  # fmt: skip
_HARMONY = ("I", "V7/V V7", "vi7", "iii Vsus4", "IV", "ii7 iiø65", "V7", "I")


def _flute(key: Key, bars: int) -> list[Note]:
    notes: list[Note] = []
    for bar in range(2, bars):
        place = Fraction(4 * bar)
        for number, word in enumerate(_MELODY[bar % 8]):
            pitch, _, length = word.partition(":")
            if pitch != "r":
                mark = {0: "accent", 1: "staccato", 2: "tenuto"}.get(number, "") if bar % 4 == 2 else ""
                lift = 12 if bar >= 8 else 0
                notes.append(make_note(place, length, int(pitch) + lift, key, velocity=70 + 2 * bar, articulation=mark))
            place += Fraction(length)
    return notes


def _drums(bars: int) -> list[Note]:
    notes: list[Note] = []
    for bar in range(8, bars):
        for eighth in range(8):
            hits = {HAT if eighth != 7 else OPEN_HAT}
            hits |= {KICK} if eighth in {0, 3, 4} else {SNARE} if eighth in {2, 6} else set()
            if bar == 8 and eighth == 0:
                hits = {CRASH, KICK}
            notes += [drum_note(4 * bar + Fraction(eighth, 2), "1/2", hit) for hit in sorted(hits)]
    return notes


def band_score() -> Score:
    """Sixteen bars for five: G major, 4/4, 112 a minute; triplets, ties, chords, articulations, drums, three sections."""
    key, meter, bars = Key.parse("G major"), Meter.parse("4/4"), 16
    chords = [[Chord.parse(word, key) for word in _HARMONY[bar % 8].split()] for bar in range(bars)]
    pads: list[Note] = []
    keys: list[Note] = []
    bass: list[Note] = []
    symbols: list[ChordSymbol] = []
    for bar, harmonies in enumerate(chords):
        length = Fraction(4, len(harmonies))
        for index, chord in enumerate(harmonies):
            place = 4 * bar + index * length
            symbols.append(ChordSymbol(place, chord.symbol, chord.numeral))
            tones = sorted(55 + (tone - 55) % 12 for tone in chord.pitch_classes)
            spelled = {tone: key.spell(tone, chord.members) for tone in tones}
            pads += [Note(place, length, tone, spelled[tone], 52) for tone in tones]
            for stroke in range(int(length)):
                where = place + stroke + Fraction(1, 2)
                keys += [Note(where, Fraction(1, 2), tone + 12, key.spell(tone + 12, chord.members), 64) for tone in tones[:3]]
            low = 36 + (chord.pitch_classes[0] - 36) % 12
            bass.append(Note(place, length - Fraction(1, 2), low, key.spell(low, chord.members), 84))
            # The eighth before the bar line leads on.
            bass.append(Note(place + length - Fraction(1, 2), Fraction(1, 2), low + 7, key.spell(low + 7), 72))
    parts = (
        make_part("Flute", _flute(key, bars), plays="flute"),
        make_part("Strings", pads, plays="strings", role="pad"),
        make_part("Electric Piano", keys, plays="electric piano", role="chords"),
        make_part("Acoustic Bass", bass, plays="acoustic bass", role="bass"),
        make_part("Drums", _drums(bars), plays="drums", role="drums"),
    )
    sections = (
        ScoreSection("intro", 0, 2, 0.2, "p"), ScoreSection("A1", 2, 6, 0.4, "mp", (6,)), ScoreSection("B", 8, 8, 0.8, "f", (4, 4)),
    )  # fmt: skip
    return Score.steady(
        "Evening at the Lake", key, meter, 112.0, bars, parts,
        chords=tuple(symbols), sections=sections, subtitle="after a photograph",
    )  # fmt: skip


def perform_exactly(score: Score, *, tail_seconds: float = 2.0) -> Performance:
    """The score played exactly as written, with volume, pan and a pedal."""
    parts, channels = [], iter((*range(9), *range(10, 16)))
    for part in score.parts:
        notes = [
            PlayedNote(
                int(note.onset_quarters * TICKS_PER_QUARTER),
                int(note.duration_quarters * TICKS_PER_QUARTER),
                note.pitch,
                note.velocity,
            )
            for note in part.notes
        ]
        controls = (Control(0, 7, 100), Control(0, 10, 64), Control(0, 64, 127), Control(TICKS_PER_QUARTER, 64, 0))
        channel = 9 if part.instrument.kit else next(channels)
        parts.append(PlayedPart(part.name, part.instrument.program, channel, tuple(sorted(notes)), controls))
    return Performance(
        title=score.title,
        tempo_map=score.tempo_map,
        meter_map=score.meter_map,
        key_map=score.key_map,
        seconds=score.tempo_map.seconds_at(score.duration_quarters) + tail_seconds,
        parts=tuple(parts),
        markers=tuple(
            (int(score.meter_map.bar_onset(section.first_bar) * TICKS_PER_QUARTER), section.name) for section in score.sections
        ),
    )


@st.composite
def random_scores(draw: st.DrawFn, *, drums: bool = True) -> Score:
    """Any metre and many keys; one to three parts of notes, chords, rests, triplets and ties over bar lines."""
    meter = Meter.parse(draw(st.sampled_from(METERS)))
    key = Key.parse(draw(st.sampled_from(_KEYS)))
    bars = draw(st.integers(1, 4))
    total = bars * meter.bar_quarters
    parts: list[Part] = []
    for number in range(draw(st.integers(1, 3))):
        kit = drums and number > 0 and not any(part.instrument.kit for part in parts) and draw(st.booleans())
        notes: list[Note] = []
        place = Fraction(0)
        while place < total:
            # A figure: equal steps of a binary or a ternary value, then on from wherever that leads.
            step = Fraction(draw(st.sampled_from(_STEPS)))
            count = 3 if step.denominator % 3 == 0 else draw(st.integers(1, 2))
            for _ in range(count):
                length = min(step, total - place)
                if length <= 0:
                    break
                size = draw(st.sampled_from([0, 1, 1, 1, 3]))
                if kit:
                    hits = draw(st.lists(st.sampled_from(sorted(_PLACES)), min_size=min(size, 1), max_size=size, unique=True))
                    notes += [drum_note(place, length, hit) for hit in hits]
                else:
                    pitches = draw(st.lists(st.integers(40, 84), min_size=size, max_size=size, unique=True))
                    mark = draw(st.sampled_from(["", "", "", "accent", "tenuto"]))
                    notes += [make_note(place, length, pitch, key, articulation=mark) for pitch in pitches]
                place += length
        plays = (
            "drums"
            if kit
            else draw(st.sampled_from(["piano", "violin", "cello", "viola", "classical guitar", "acoustic bass", "piccolo"]))
        )
        parts.append(make_part(f"Part {number + 1}", notes, plays=plays))
    chords = tuple(
        ChordSymbol(bar * meter.bar_quarters + meter.onsets[-1], Chord.parse(numeral, key).symbol, numeral)
        for bar, numeral in enumerate(
            draw(st.lists(st.sampled_from(["I", "ii7", "V7/V", "viio7", "IVmaj7", "V7sus4", "iiø65", "Iadd9"]), max_size=bars))
        )
    )
    sections = (ScoreSection("A", 0, bars, 0.5, draw(st.sampled_from(["p", "mf", "ff"]))),)
    tempo = draw(st.sampled_from([60.0, 92.5, 120.0, 71.3]))
    return Score.steady("Random", key, meter, tempo, bars, tuple(parts), chords=chords, sections=sections)


def two_voices(upper: str, lower: str, **wishes: str) -> Score:
    """A tune over a bass, each in the words of `score_from_words`."""
    high, low = score_from_words(upper, **wishes), score_from_words(lower, **wishes)  # type: ignore[arg-type]
    parts = [
        make_part("Tune", high.parts[0].notes, plays="violin", role="melody"),
        make_part("Bass", low.parts[0].notes, plays="cello", role="bass"),
    ]
    return make_score(parts, bars=max(high.bars, low.bars), meter=wishes.get("meter", "4/4"), key=wishes.get("key", "C major"))


def survey_scores() -> dict[str, Score]:
    """What an outside program is asked about: a whole band, a chromatic tune with rests, a waltz of two bars."""
    chromatic = "60:1 61:1/2 63:1/2 r:2 66:3/2 67:1/2 68:2 r:4 70:1/4 71:1/4 72:1/2 61:3"
    waltz = two_voices("72:1 71:1/2 69:1/2 67:1 65:2 64:1", "48:3 43:1 r:1 45:1", meter="3/4")
    return {
        "band": band_score(),
        "chromatic": score_from_words(chromatic),
        "waltz": replace(waltz, tempo_map=TempoMap.constant(90.0)),
    }


def check_page(plan: CompositionPlan, score: Score) -> None:
    """What must hold on every page whatever was asked."""
    assert score.bars == plan.bars
    assert [part.instrument.name for part in score.parts] == [part.instrument for part in plan.parts]
    for part in score.parts:
        strokes: dict[Fraction, list[Note]] = defaultdict(list)
        for note in part.notes:
            strokes[note.onset_quarters].append(note)
            assert 0 <= note.onset_quarters < note.end_quarters <= score.duration_quarters
            assert 1 <= note.velocity <= 127
            if not part.instrument.kit:
                assert part.instrument.low <= note.pitch <= part.instrument.high, (part.name, note)
                assert note.spelling.midi == note.pitch
        for chord in strokes.values():
            assert len({note.duration_quarters for note in chord}) == 1
            assert len({note.pitch for note in chord}) == len(chord) <= part.instrument.voices
        for onset, following in pairwise(sorted(strokes)):
            assert strokes[onset][0].end_quarters <= following

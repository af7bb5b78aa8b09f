"""Beam search for the pitches of one phrase.

A line is built stroke by stroke; the `_WIDTH` best unfinished lines are kept. Costs add up; the cheapest line wins.
Conventions: pitches are MIDI numbers; `degree` is the letter height (7 an octave), so that steps and thirds are counted as
they are written; targets are MIDI numbers too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from img2music.theory import pitch_class

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    import numpy as np

    from img2music.realizers.form import Span
    from img2music.theory import Chord, Key

__all__ = ["Slot", "best_line"]

_WIDTH = 20
_REACH = 12
"""No interval of a melody is wider than an octave."""

# Cost of an interval by how many letters it spans (0 = repeated note). Steps are the rule, thirds common, sevenths rare:
# the order of interval frequencies in folk song (Huron 2006, fig. 5.6).
_INTERVAL = (1.0, 0.0, 0.4, 0.85, 1.1, 1.8, 3.6, 2.6)


@dataclass(frozen=True, slots=True)
class Slot:
    """A stroke that wants a pitch."""

    onset: Fraction
    duration: Fraction
    weight: int
    """Metrical weight, 0 (off the beat) to 3 (downbeat)."""
    target: float
    """Where the contour wants to be."""
    motif_step: int | None
    """Scale steps above the motif's first note; None outside the motif's bars."""
    motif_start: bool
    goal: str
    """"" or how the phrase ends here: "open" or "close"."""


@dataclass(frozen=True, slots=True)
class _Tone:
    """A pitch as one chord hears it."""

    pitch: int
    degree: int
    is_member: bool
    is_root: bool
    is_leading: bool
    is_tonic: bool


@dataclass(frozen=True, slots=True)
class _Line:
    """An unfinished line: its cost, its last tone, how it got there."""

    cost: float
    tone: _Tone | None
    interval: int
    run: int
    start_degree: int
    path: tuple[int, ...]


def best_line(
    slots: Sequence[Slot],
    spans: Sequence[Span],
    key: Key,
    limits: tuple[int, int],
    previous: int | None,
    chance: np.random.Generator,
) -> list[int]:
    """A pitch for every slot; `previous` is the last pitch before the phrase, or None."""
    onsets = [span.onset for span in spans]
    lines = [_Line(0.0, None, 0, 0, 0, ())]
    for slot in slots:
        chord = spans[max(0, bisect_right(onsets, slot.onset) - 1)].chord
        tones = _tones(chord, key, *limits)
        # A little chance decides between near equals; it is the same for every line, so that it can't beat the rules.
        luck = chance.random(len(tones)) * 0.5
        later = _later(slot, spans, onsets)
        static = [_alone(tone, slot) + _held(tone, later) + float(draw) for tone, draw in zip(tones, luck, strict=True)]
        grown: list[_Line] = []
        for line in lines:
            for tone, cost in zip(tones, static, strict=True):
                if line.tone is None:
                    leap = 0.0 if previous is None else 0.12 * max(0, abs(tone.pitch - previous) - 5)
                    grown.append(_Line(line.cost + cost + leap, tone, 0, 0, tone.degree, (tone.pitch,)))
                elif abs(tone.pitch - line.tone.pitch) <= _REACH:
                    grown.append(_extend(line, tone, slot, cost))
        grown.sort(key=lambda line: line.cost)
        lines = _distinct(grown)
    return list(lines[0].path)


def _later(slot: Slot, spans: Sequence[Span], onsets: Sequence[Fraction]) -> list[tuple[tuple[int, ...], float]]:
    """The chords that begin while a slot is held: their pitch classes and how many quarters they share with it."""
    end = slot.onset + slot.duration
    first, last = bisect_right(onsets, slot.onset), bisect_left(onsets, end)
    return [(span.chord.pitch_classes, float(min(end, span.end) - span.onset)) for span in spans[first:last]]


def _held(tone: _Tone, later: Sequence[tuple[tuple[int, ...], float]]) -> float:
    """What it costs to hold a tone into chords it does not belong to."""
    return sum(0.8 * min(2.0, quarters) for members, quarters in later if tone.pitch % 12 not in members)


def _distinct(grown: list[_Line]) -> list[_Line]:
    """The best lines, at most three for each last pitch, so that the beam keeps real alternatives."""
    kept: list[_Line] = []
    count: dict[int, int] = {}
    for line in grown:
        pitch = line.path[-1]
        if count.get(pitch, 0) < 3:
            count[pitch] = count.get(pitch, 0) + 1
            kept.append(line)
            if len(kept) == _WIDTH:
                break
    return kept


@lru_cache(maxsize=1024)
def _tones(chord: Chord, key: Key, low: int, high: int) -> tuple[_Tone, ...]:
    """The local scale under a chord: the key's scale, each letter replaced by the chord's own member of that letter."""
    by_letter = {(fifths + 1) % 7: fifths for fifths in key.scale}
    by_letter.update({(member + 1) % 7: member for member in chord.members if -8 <= member <= 12})
    local = sorted(by_letter.values(), key=lambda fifths: (pitch_class(fifths) - pitch_class(key.tonic)) % 12)
    members = set(chord.pitch_classes)
    tonic = pitch_class(key.tonic)
    tones = []
    for pitch in range(low, high + 1):
        for index, fifths in enumerate(local):
            if pitch_class(fifths) == pitch % 12:
                octave = (pitch - tonic) // 12
                is_leading = (pitch - tonic) % 12 == 11
                tones.append(
                    _Tone(
                        pitch,
                        7 * octave + index,
                        pitch % 12 in members,
                        pitch % 12 == chord.pitch_classes[0],
                        is_leading,
                        pitch % 12 == tonic,
                    )
                )
                break
    return tuple(tones)


def _alone(tone: _Tone, slot: Slot) -> float:
    """What a tone costs by itself: harmony, contour, goal."""
    quarters = float(slot.duration)
    cost: float = 0.055 * abs(tone.pitch - slot.target) ** 1.35
    if not tone.is_member:
        cost += 0.3 + 1.1 * slot.weight + 0.7 * max(0.0, quarters - 0.5)
    if slot.goal:
        if not tone.is_member:
            cost += 6
        if slot.goal == "close":
            cost += 0.0 if tone.is_tonic else (2.5 if tone.is_member else 5)
        elif tone.is_tonic:
            cost += 1.2
    return cost


def _extend(line: _Line, tone: _Tone, slot: Slot, cost: float) -> _Line:
    """The line with one tone more: what the step to it costs."""
    last = line.tone
    assert last is not None  # noqa: S101  callers extend only lines that have begun
    interval = tone.degree - last.degree
    same_way = interval * line.interval > 0 or interval == line.interval == 0
    run = line.run + 1 if same_way else 1
    cost += _size(interval, abs(tone.pitch - last.pitch)) + _dissonance(last, tone, abs(interval))
    if interval == 0:
        cost += 0.9 * min(line.run, 3) if line.interval == 0 else 0.0
    if abs(line.interval) >= 3:  # a leap is answered by a step back
        if interval * line.interval > 0 and abs(interval) >= 2:
            cost += 1.8
        elif abs(interval) != 1 or interval * line.interval > 0:
            cost += 0.6
    if run > 4:
        cost += 0.35 * (run - 4)
    if interval and len(line.path) > 1 and tone.pitch == line.path[-2]:
        # To and fro is a trill, not a tune; the second time it costs more.
        cost += 1.5 if len(line.path) > 2 and last.pitch == line.path[-3] else 0.5
    start = tone.degree if slot.motif_start else line.start_degree
    if slot.motif_step is not None and not slot.motif_start:
        cost += 0.75 * min(4, abs(tone.degree - start - slot.motif_step))
    return _Line(line.cost + cost, tone, interval, run, start, (*line.path, tone.pitch))


def _size(interval: int, semitones: int) -> float:
    """What an interval costs by its letters and semitones."""
    width = abs(interval)
    cost = _INTERVAL[min(width, 7)]
    if semitones == 3 and width == 1:
        return cost + 3.0  # augmented second
    if semitones == 6:
        return cost + 1.8  # tritone
    return cost + 1.5 if semitones == 1 and width == 0 else cost  # chromatic slide


def _dissonance(last: _Tone, tone: _Tone, width: int) -> float:
    """Dissonance is left by step and not leapt into; the leading tone leads."""
    cost = 0.0
    if not last.is_member and width != 1:
        cost += 2.6 if width else 1.5
    if not tone.is_member and width > 1:
        cost += 1.4
    if last.is_leading and tone.is_member and not tone.is_leading and tone.degree not in {last.degree + 1, last.degree - 1}:
        cost += 0.9
    return cost

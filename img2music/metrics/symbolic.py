"""Measurements of written notes: what a strict teacher would mark on the page.

They choose between takes and are saved with each piece; none of them says whether music is beautiful. Each has its card in the
`Measurement`. Conventions: shares in [0, 1]; the tune is the melody part; strong beats are those of metrical weight 2 or 3.
Knows nothing of pictures and sound.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

from img2music.metrics.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from img2music.plan import CompositionPlan
    from img2music.score import Note, Part, Score

__all__ = ["judge", "overall"]

_LEAP = 5
"""Semitones from which an interval is a leap (a fourth)."""


def judge(score: Score, plan: CompositionPlan) -> tuple[Measurement, ...]:
    """Every measurement of a score; those that need a melody or a bass are None where there is none."""
    tune = _line(score, "melody")
    bass = _line(score, "bass")
    return (
        _consonance(score, plan, tune),
        _leap_recovery(tune),
        _climax(tune),
        _variety(tune),
        _parallels(score, tune, bass),
        _range_faults(score.parts),
    )


def overall(measurements: Sequence[Measurement]) -> float:
    """One number in [0, 1] to rank takes for the same scene and brief: the mean of all shares, those better low turned round.

    Not comparable between styles: a waltz and a drone ask for different pages.
    """
    marks = [
        (one.value - one.low) / (one.high - one.low)
        if one.better == "higher"
        else 1 - (one.value - one.low) / (one.high - one.low)
        for one in measurements
        if one.value is not None and one.better != "neither"
    ]
    return sum(marks) / len(marks) if marks else 0.0


def _line(score: Score, role: str) -> tuple[Note, ...]:
    """The highest notes of the first part of that role."""
    part = next((part for part in score.parts if part.role == role and not part.instrument.kit), None)
    if part is None:
        return ()
    top: dict[Fraction, Note] = {note.onset_quarters: note for note in part.notes}
    return tuple(top.values())


def _consonance(score: Score, plan: CompositionPlan, tune: Sequence[Note]) -> Measurement:
    chords = plan.chords()
    strong = [note for note in tune if score.meter.weight(note.onset_quarters) >= 2]
    value = None
    if strong:
        hits = 0
        for note in strong:
            numerals = chords[int(note.onset_quarters / score.meter.bar_quarters)]
            hits += any(note.pitch % 12 in chord.pitch_classes for chord in numerals)
        value = hits / len(strong)
    return Measurement(
        "strong-beat consonance", value, "0..1", "Share of the tune's strong beats that hold a note of their chord."
    )


def _leap_recovery(tune: Sequence[Note]) -> Measurement:
    steps = [after.pitch - before.pitch for before, after in pairwise(tune)]
    leaps = [(one, other) for one, other in pairwise(steps) if abs(one) >= _LEAP]
    value = sum(one * other < 0 and abs(other) < _LEAP for one, other in leaps) / len(leaps) if leaps else None
    return Measurement("leap recovery", value, "0..1", "Share of the tune's leaps of a fourth and more that turn back by less.")


def _climax(tune: Sequence[Note]) -> Measurement:
    """One high point in each stretch of the tune is a shape; the same top note again and again is a ceiling."""
    value = None
    if len(tune) >= 8:
        top = max(note.pitch for note in tune)
        value = 1 / max(1, sum(before.pitch != top and note.pitch == top for before, note in pairwise(tune)))
    return Measurement("single climax", value, "0..1", "1 divided by how often the tune arrives at its highest note.")


def _variety(tune: Sequence[Note]) -> Measurement:
    value = None
    if len(tune) >= 16:
        moves = [(after.pitch - before.pitch, after.onset_quarters - before.onset_quarters) for before, after in pairwise(tune)]
        threes = list(zip(moves, moves[1:], moves[2:], strict=False))
        value = len(set(threes)) / len(threes)
    return Measurement(
        "variety",
        value,
        "0..1",
        "Share of the tune's three-note moves that are new: near 0 repeats itself, near 1 never does.",
        better="neither",
    )


def _parallels(score: Score, tune: Sequence[Note], bass: Sequence[Note]) -> Measurement:
    value = None
    if tune and bass:
        onsets = [note.onset_quarters for note in bass]
        pairs = []
        for note in tune:
            index = bisect_right(onsets, note.onset_quarters) - 1
            if index >= 0 and onsets[index] == note.onset_quarters:
                pairs.append((note.pitch, bass[index].pitch))
        faults = 0
        for (high, low), (next_high, next_low) in pairwise(pairs):
            moved = next_high != high and next_low != low and (next_high - high) * (next_low - low) > 0
            faults += moved and (high - low) % 12 == (next_high - next_low) % 12 and (high - low) % 12 in {0, 7}
        value = min(1.0, faults / score.bars)
    return Measurement(
        "parallel perfect intervals",
        value,
        "a bar",
        "Parallel fifths and octaves of tune and bass, a bar, at most 1.",
        better="lower",
    )


def _range_faults(parts: Sequence[Part]) -> Measurement:
    notes = [(part, note) for part in parts if not part.instrument.kit for note in part.notes]
    wrong = sum(not part.instrument.low <= note.pitch <= part.instrument.high for part, note in notes)
    value = wrong / len(notes) if notes else None
    return Measurement("range faults", value, "0..1", "Share of notes outside their instrument's range.", better="lower")

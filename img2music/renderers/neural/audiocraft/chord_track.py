"""The chords of a piece in seconds: those of its plan, or where there is none those that its notes make, half bar by half bar.

Conventions: seconds from the start of the piece, by the performance's tempo map; a chord lasts until the next begins, the last to the end.
Only what is written is told: a player's rubato is in the notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from img2music.performance import TICKS_PER_QUARTER
from img2music.renderers.neural.audiocraft.jasco_vocabulary import (
    NO_CHORD,
    QUALITIES,
    ROOTS,
    LabelledChord,
    label_chord,
    label_intervals,
)
from img2music.theory.meter import METERS
from img2music.theory.meter_map import steps_in_bar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from img2music.performance import Performance
    from img2music.plan import CompositionPlan
    from img2music.theory import Meter

__all__ = ["TimedChord", "chords_between", "chords_of", "chords_of_performance", "chords_of_plan", "simplifications"]

_ROOT_IN_BASS = 0.12
"""What is added to the likeness of a chord whose root is the lowest note."""
_ADDED_NOTE = 0.04
"""What a chord of four notes has to be better by than one of three. Both our choice."""
_FAINTEST = 0.15
"""Part of what sounds most from which on a pitch class counts as the lowest."""


@dataclass(frozen=True, slots=True)
class TimedChord:
    """A chord and when it begins."""

    seconds: float
    chord: LabelledChord


def chords_of(performance: Performance, plan: CompositionPlan | None) -> tuple[TimedChord, ...]:
    """The chords of a piece, from its plan if it has one."""
    return chords_of_performance(performance) if plan is None else chords_of_plan(performance, plan)


def chords_of_plan(performance: Performance, plan: CompositionPlan) -> tuple[TimedChord, ...]:
    """The chords that a plan writes, where its composer changes them."""
    found = []
    for bar, chords in enumerate(plan.chords()):
        start = plan.meter_map.bar_onset(bar)
        for place, chord in zip(_change_places(plan.meter_map.meter_at(bar), len(chords)), chords, strict=True):
            found.append(TimedChord(performance.tempo_map.seconds_at(start + place), label_chord(chord)))
    return _without_repeats(found)


def chords_of_performance(performance: Performance) -> tuple[TimedChord, ...]:
    """The chords that the notes make in each half of a bar, or in each bar whose halves are no beats; "N" where none sound."""
    meters, found = performance.meter_map, []
    bar, end = 0, Fraction(max(performance.end_ticks, 1), TICKS_PER_QUARTER)
    while (start := meters.bar_onset(bar)) < end:
        meter = meters.meter_at(bar)
        middle = meter.bar_quarters / 2
        places = (Fraction(0), middle) if meter.name in METERS and middle in meter.onsets else (Fraction(0),)
        for place, after in pairwise((*places, meter.bar_quarters)):
            begin = start + place
            if begin < end:
                chord = _sounding_chord(performance, begin, start + after)
                found.append(TimedChord(performance.tempo_map.seconds_at(begin), chord))
        bar += 1
    return _without_repeats(found)


def chords_between(chords: Sequence[TimedChord], begin_seconds: float, end_seconds: float) -> tuple[TimedChord, ...]:
    """The chords of a window, their times counted from its begin; the first begins at 0, and holds what sounded there already."""
    before = [one for one in chords if one.seconds <= begin_seconds]
    inside = [one for one in chords if begin_seconds < one.seconds < end_seconds]
    first = [TimedChord(0.0, before[-1].chord)] if before else []
    if not first and not (inside and inside[0].seconds - begin_seconds <= 0):
        first = [TimedChord(0.0, LabelledChord(NO_CHORD, (NO_CHORD,), False))]
    return tuple(first + [TimedChord(one.seconds - begin_seconds, one.chord) for one in inside])


def simplifications(chords: Iterable[TimedChord]) -> tuple[str, ...]:
    """What had to be said by another chord, each once, in order: "Gsus4 as G"."""
    return tuple(dict.fromkeys(f"{one.chord.symbol} as {one.chord.label}" for one in chords if one.chord.simplified))


def _change_places(meter: Meter, count: int) -> list[Fraction]:
    """Where in a bar its chords begin: on beats, the earlier ones staying longer; the composer's rule (`realizers.timeline`)."""
    onsets = meter.onsets
    if count <= len(onsets):
        return [onsets[ceil(Fraction(index * len(onsets), count))] for index in range(count)]
    eighths = steps_in_bar(meter, 2)
    return [Fraction(index * eighths // count, 2) for index in range(count)]


def _without_repeats(chords: Iterable[TimedChord]) -> tuple[TimedChord, ...]:
    kept: list[TimedChord] = []
    for one in chords:
        if not kept or kept[-1].chord.choices != one.chord.choices:
            kept.append(one)
    return tuple(kept)


def _sounding_chord(performance: Performance, begin: Fraction, end: Fraction) -> LabelledChord:
    """The chord most like what sounds in a stretch of quarter notes."""
    first, last = float(begin * TICKS_PER_QUARTER), float(end * TICKS_PER_QUARTER)
    weights = np.zeros(12)
    lowest: dict[int, float] = {}
    for part in performance.parts:
        for note in () if part.is_drums else part.notes:
            ticks = min(float(note.onset_ticks + note.duration_ticks), last) - max(float(note.onset_ticks), first)
            if ticks > 0:
                weights[note.pitch % 12] += ticks * note.velocity
                lowest[note.pitch] = lowest.get(note.pitch, 0.0) + ticks * note.velocity
    if not weights.any():
        return LabelledChord(NO_CHORD, (NO_CHORD,), False)
    bass = min(pitch for pitch, weight in lowest.items() if weight >= _FAINTEST * max(lowest.values())) % 12
    root, quality = _best_chord(weights, bass)
    return label_intervals(root, QUALITIES[quality], bass=bass)


def _best_chord(weights: NDArray[np.float64], bass: int) -> tuple[int, str]:
    """Root and quality of the chord whose notes are most like `weights`; of equals the first in the vocabulary."""
    sounding = weights / np.linalg.norm(weights)
    best, found = -np.inf, (0, "")
    for quality, intervals in QUALITIES.items():
        for root in range(len(ROOTS)):
            members = [(root + interval) % 12 for interval in intervals]
            likeness = float(sounding[members].sum()) / len(members) ** 0.5
            likeness += _ROOT_IN_BASS * (root == bass) - _ADDED_NOTE * (len(members) - 3)
            if likeness > best + 1e-9:
                best, found = likeness, (root, quality)
    return found

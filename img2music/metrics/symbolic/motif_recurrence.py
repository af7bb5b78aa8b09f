"""Motif recurrence: how much of a tune grows from the piece's smallest idea.

A note belongs to the motif where it stands in a run of the tune that has the motif's shape: the motif whole, or any fragment of at
least four notes; at any pitch; as it is or upside down; at its own pace, twice as slow or twice as fast. Intervals may differ by a
semitone, as they do when a motif moves along a scale, but not change direction. The idea of such transformations is every
textbook's (A. Schoenberg, *Fundamentals of Musical Composition*, 1967, ch. 3); the tolerances are our choice.
Conventions: intervals in semitones, times in quarter notes. Does not see a motif hidden under ornaments.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.measurement import card, cards_by_name
from img2music.metrics.symbolic.norms import fill_cards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.measurement import Measurement
    from img2music.metrics.symbolic.melody_view import MelodyView
    from img2music.plan import CompositionPlan

__all__ = ["CARDS", "MotifShape", "measure_motif", "opening_shape", "planned_shapes", "recurrence"]

_FRAGMENT_MOVES = 3
_PACES = (Fraction(1), Fraction(2), Fraction(1, 2))
_OPENING_TONES = 5
"""Notes of a song's opening that stand for its motif: the median length of motifs in this program's plans."""


CARDS = cards_by_name(
    card(
        "motif recurrence", "0..1", "Share of the tune's notes that state the motif or a part of it: moved, inverted, slower or faster.",
        "Common shapes, such as four even notes of a scale, recur by themselves; ornaments hide a statement. In the band a song's "
        "first five notes stand for its motif.",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MotifShape:
    """A motif without its pitch: the moves between its notes."""

    intervals: tuple[int, ...]
    waits: tuple[Fraction, ...]
    """From each onset to the next."""


def planned_shapes(plan: CompositionPlan) -> tuple[MotifShape, ...]:
    """The motif of a plan, and those that letters have of their own, their steps taken from the tonics of their keys; each shape once."""
    shapes: dict[MotifShape, None] = {}
    for section in plan.sections:
        material = plan.material_of(section)
        motif = material.motif if material is not None and material.motif is not None else plan.motif
        pitches = [plan.key_of(section).degree(step) for step in motif.steps]
        shapes[MotifShape(tuple(after - before for before, after in pairwise(pitches)), motif.durations[:-1])] = None
    return tuple(shapes)


def opening_shape(tune: MelodyView) -> MotifShape:
    """The first notes of a tune, where nobody says what its motif is."""
    moves = tune.moves[: _OPENING_TONES - 1]
    return MotifShape(tuple(step for step, _ in moves), tuple(Fraction(wait, tune.unit) for _, wait in moves))


def recurrence(tune: MelodyView, *shapes: MotifShape) -> float | None:
    """Share of the tune's notes that stand in a statement of one of the shapes; None for shapes of a single note or an empty tune."""
    told = [shape for shape in shapes if shape.intervals]
    if not told or not tune.tones:
        return None
    moves = [(step, Fraction(wait, tune.unit)) for step, wait in tune.moves]
    stated = [_stated(moves, shape) for shape in told]
    return sum(map(any, zip(*stated, strict=True))) / len(tune.tones)


def _stated(moves: Sequence[tuple[int, Fraction]], shape: MotifShape) -> list[bool]:
    """Which notes stand in a statement of a shape; `moves` lead from each note to the next."""
    inside = [False] * (len(moves) + 1)
    count = len(shape.intervals)
    for length in range(count, min(count, _FRAGMENT_MOVES) - 1, -1):
        for first in range(count - length + 1):
            intervals = shape.intervals[first : first + length]
            waits = shape.waits[first : first + length]
            checkpoint()
            for place in range(len(moves) - length + 1):
                pace = moves[place][1] / waits[0]
                if pace in _PACES and _states(moves[place : place + length], intervals, waits, pace):
                    inside[place : place + length + 1] = [True] * (length + 1)
    return inside


def _states(
    moves: Sequence[tuple[int, Fraction]], intervals: tuple[int, ...], waits: tuple[Fraction, ...], pace: Fraction
) -> bool:
    if any(wait != pace * asked for (_, wait), asked in zip(moves, waits, strict=True)):
        return False
    upright = all(_like(step, asked) for (step, _), asked in zip(moves, intervals, strict=True))
    return upright or all(_like(-step, asked) for (step, _), asked in zip(moves, intervals, strict=True))


def _like(step: int, asked: int) -> bool:
    """Whether an interval is another one's neighbour in the same direction; a repeated note only fits a repeated note."""
    return abs(step - asked) <= 1 and (step > 0) == (asked > 0) and (step < 0) == (asked < 0)


def measure_motif(tune: MelodyView | None, plan: CompositionPlan) -> Measurement:
    """Recurrence of the plan's motif in a tune."""
    return fill_cards(CARDS, {"motif recurrence": None if tune is None else recurrence(tune, *planned_shapes(plan))})[0]

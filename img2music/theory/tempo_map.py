"""Tempo: from quarter notes to seconds and back. No other module knows how long a quarter note lasts.

A `TempoMap` says where the tempo changes. It jumps at its points, or glides until the next point: then linearly in quarter notes a
minute over quarter notes, in steps of a sixteenth, each at the tempo of its middle. The steps are the glide, not an approximation of it:
MIDI has no glides, so what a file says and what is computed here are one.

Conventions: onsets in quarter notes from the start of the piece, tempo in quarter notes a minute (bpm), time in seconds. Before its first point
a map goes on as it begins, after its last as it ends. Knows nothing of bars, and nothing of a player's freedom (rubato).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import ceil, isfinite
from operator import attrgetter
from typing import TYPE_CHECKING

from img2music.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "RAMP_STEP_QUARTERS",
    "SECONDS_A_MINUTE",
    "TempoGlide",
    "TempoMap",
    "TempoPoint",
    "TempoStep",
    "bpm_between",
    "quarters_in",
    "seconds_of",
]

SECONDS_A_MINUTE = 60
RAMP_STEP_QUARTERS = Fraction(1, 4)
"""How long the tempo stands still inside a glide; our choice, a fifth of a second or less where it is not slow."""
_ONSET, _SECONDS = attrgetter("onset_quarters"), attrgetter("onset_seconds")


def seconds_of(quarters: Fraction | float, bpm: float) -> float:
    """How long `quarters` last at one tempo."""
    return float(quarters) * 60 / bpm


def quarters_in(seconds: float, bpm: float) -> float:
    """How many quarter notes fit into `seconds` at one tempo."""
    return seconds * bpm / 60


def bpm_between(quarters: Fraction | float, seconds: float) -> float:
    """The one tempo at which `quarters` last `seconds`."""
    return float(quarters) * 60 / seconds


@dataclass(frozen=True, slots=True)
class TempoPoint:
    """Where the tempo is set."""

    onset_quarters: Fraction
    bpm: float
    ramp_to_bpm: float | None = None
    """The tempo to which it glides until the next point, where that point's tempo holds; None keeps it and jumps there."""


@dataclass(frozen=True, slots=True)
class TempoStep:
    """A stretch of one tempo."""

    onset_quarters: Fraction
    onset_seconds: float
    bpm: float


@dataclass(frozen=True, slots=True)
class TempoGlide:
    """A stretch in which the tempo only rises or only slows, as an ear takes it: however many points it passes, it is one."""

    onset_quarters: Fraction
    end_quarters: Fraction
    begin_bpm: float
    end_bpm: float

    @property
    def rises(self) -> bool:
        """Whether it gets faster."""
        return self.end_bpm > self.begin_bpm


@dataclass(frozen=True, slots=True)
class TempoMap:
    """The tempo of a whole piece.

    Raises:
        UsageError: no point, points out of order, a tempo that is not above 0, or a glide that leads nowhere.
    """

    points: tuple[TempoPoint, ...]
    steps: tuple[TempoStep, ...] = field(init=False, compare=False, repr=False)
    """The same as stretches of one tempo, the first at 0: what formats without glides write."""

    def __post_init__(self) -> None:
        _check(self.points)
        object.__setattr__(self, "steps", _steps(self.points))

    @classmethod
    def constant(cls, bpm: float) -> TempoMap:
        """One tempo throughout."""
        return cls((TempoPoint(Fraction(0), bpm),))

    @property
    def is_constant(self) -> bool:
        """Whether the tempo never changes."""
        return len(self.steps) == 1

    @property
    def bpm(self) -> float:
        """The tempo at the beginning."""
        return self.points[0].bpm

    @property
    def glides(self) -> tuple[TempoGlide, ...]:
        """Where the tempo glides, in order; one that goes on the same way without a jump is told as one."""
        found: list[TempoGlide] = []
        for point, following in pairwise(self.points):
            if point.ramp_to_bpm is None or point.ramp_to_bpm == point.bpm:
                continue
            glide = TempoGlide(point.onset_quarters, following.onset_quarters, point.bpm, point.ramp_to_bpm)
            last = found[-1] if found else None
            if last and (last.end_quarters, last.end_bpm, last.rises) == (glide.onset_quarters, glide.begin_bpm, glide.rises):
                found[-1] = TempoGlide(last.onset_quarters, glide.end_quarters, last.begin_bpm, glide.end_bpm)
            else:
                found.append(glide)
        return tuple(found)

    def bpm_at(self, quarters: Fraction | float) -> float:
        """The tempo at a place; at a change the new one."""
        return self.steps[self._index(quarters)].bpm

    def seconds_at(self, quarters: Fraction | float) -> float:
        """When a place sounds."""
        step = self.steps[self._index(quarters)]
        return step.onset_seconds + seconds_of(quarters - step.onset_quarters, step.bpm)

    def quarters_at(self, seconds: float) -> float:
        """Which place sounds at a time."""
        step = self.steps[max(0, bisect_right(self.steps, seconds, key=_SECONDS) - 1)]
        return float(step.onset_quarters) + quarters_in(seconds - step.onset_seconds, step.bpm)

    def seconds_between(self, begin: Fraction | float, end: Fraction | float) -> float:
        """How long it is from one place to another."""
        step = self.steps[self._index(begin)]
        if self.steps[self._index(end)] is step:  # no difference of two sums where one tempo holds
            return seconds_of(end - begin, step.bpm)
        return self.seconds_at(end) - self.seconds_at(begin)

    def scaled(self, factor: float) -> TempoMap:
        """Every tempo times `factor`; 2 is twice as fast."""
        return TempoMap(
            tuple(
                TempoPoint(one.onset_quarters, one.bpm * factor, None if one.ramp_to_bpm is None else one.ramp_to_bpm * factor)
                for one in self.points
            )
        )

    def _index(self, quarters: Fraction | float) -> int:
        if len(self.steps) == 1:
            return 0
        return max(0, bisect_right(self.steps, quarters, key=_ONSET) - 1)


def _check(points: Sequence[TempoPoint]) -> None:
    if not points or points[0].onset_quarters != 0:
        raise UsageError("a tempo map begins at quarter 0; give it a first tempo there")
    for before, point in pairwise(points):
        if point.onset_quarters <= before.onset_quarters:
            raise UsageError(f"two tempi at quarter {float(point.onset_quarters):g}, or out of order; put them in order")
    for point in points:
        for bpm in (point.bpm, point.bpm if point.ramp_to_bpm is None else point.ramp_to_bpm):
            if not (isfinite(bpm) and bpm > 0):
                raise UsageError(f"a tempo of {bpm:g} at quarter {float(point.onset_quarters):g}; give one above 0")
    if points[-1].ramp_to_bpm is not None:
        raise UsageError("the last tempo glides without an end; give a point where it arrives")


def _steps(points: Sequence[TempoPoint]) -> tuple[TempoStep, ...]:
    places: list[tuple[Fraction, float]] = []
    for number, point in enumerate(points):
        if point.ramp_to_bpm is None:
            places.append((point.onset_quarters, point.bpm))
            continue
        length = points[number + 1].onset_quarters - point.onset_quarters
        for index in range(ceil(length / RAMP_STEP_QUARTERS)):
            begin = index * RAMP_STEP_QUARTERS
            middle = (begin + min(begin + RAMP_STEP_QUARTERS, length)) / 2
            places.append((point.onset_quarters + begin, point.bpm + (point.ramp_to_bpm - point.bpm) * float(middle / length)))
    steps = [TempoStep(places[0][0], 0.0, places[0][1])]
    for onset, bpm in places[1:]:
        last = steps[-1]
        if bpm != last.bpm:
            steps.append(TempoStep(onset, last.onset_seconds + seconds_of(onset - last.onset_quarters, last.bpm), bpm))
    return tuple(steps)

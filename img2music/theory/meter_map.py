"""Bars: from bar numbers to quarter notes and back, through changes of metre. No other module multiplies bars by their length.

Conventions: bars counted from 0; onsets in exact quarter notes from the start of the piece. A new metre begins a new bar, so the bar before it may be
cut short, as foreign files do; in our own pieces it never is. After its last point a map goes on for ever.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from operator import attrgetter
from typing import TYPE_CHECKING

from img2music.errors import UsageError
from img2music.theory.tempo_map import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from img2music.theory.meter import Meter

__all__ = ["MeterMap", "MeterPoint", "bars_quarters", "bars_seconds", "steps_in_bar"]

_ONSET, _FIRST_BAR = attrgetter("onset_quarters"), attrgetter("first_bar")


def bars_quarters(bars: Fraction | float, meter: Meter) -> Fraction:
    """Length of so many bars of one metre."""
    return Fraction(bars) * meter.bar_quarters


def bars_seconds(bars: float, meter: Meter, bpm: float) -> float:
    """How long so many bars of one metre last at one tempo."""
    return seconds_of(bars * float(meter.bar_quarters), bpm)


def steps_in_bar(meter: Meter, steps_a_quarter: int) -> int:
    """How many whole steps of a grid a bar has: 16 sixteenths (4 a quarter) in 4/4."""
    return int(meter.bar_quarters * steps_a_quarter)


@dataclass(frozen=True, slots=True)
class MeterPoint:
    """Where a metre begins, always at a bar line."""

    onset_quarters: Fraction
    meter: Meter
    first_bar: int = 0
    """Number of the bar that begins here; worked out by the map."""


@dataclass(frozen=True, slots=True)
class MeterMap:
    """The metres of a whole piece.

    Raises:
        UsageError: no point at 0, or points out of order.
    """

    points: tuple[MeterPoint, ...]
    is_constant: bool = field(init=False, compare=False, repr=False)
    """Whether the metre never changes."""

    def __post_init__(self) -> None:
        if not self.points or self.points[0].onset_quarters != 0:
            raise UsageError("a metre map begins at quarter 0; give it a first metre there")
        counted: list[MeterPoint] = []
        for point in self.points:
            bar = 0
            if counted:
                last = counted[-1]
                length = point.onset_quarters - last.onset_quarters
                if length <= 0:
                    raise UsageError(f"two metres at quarter {float(point.onset_quarters):g}, or out of order; put them in order")
                bar = last.first_bar + ceil(length / last.meter.bar_quarters)
            counted.append(MeterPoint(point.onset_quarters, point.meter, bar))
        object.__setattr__(self, "points", tuple(counted))
        object.__setattr__(self, "is_constant", len(counted) == 1)

    @classmethod
    def constant(cls, meter: Meter) -> MeterMap:
        """One metre throughout."""
        return cls((MeterPoint(Fraction(0), meter),))

    @classmethod
    def of_bars(cls, bars: Iterable[tuple[int, Meter]]) -> MeterMap:
        """From how many bars follow in which metre, one after the other; neighbours of one metre are one stretch."""
        points: list[MeterPoint] = []
        onset = Fraction(0)
        for count, meter in bars:
            if not points or points[-1].meter != meter:
                points.append(MeterPoint(onset, meter))
            onset += bars_quarters(count, meter)
        return cls(tuple(points))

    @property
    def meter(self) -> Meter:
        """The metre at the beginning."""
        return self.points[0].meter

    def meter_at(self, bar: int) -> Meter:
        """The metre of a bar."""
        return self._of_bar(bar).meter

    def bar_quarters(self, bar: int) -> Fraction:
        """Length of a bar; one that the next metre cuts short has what is left of it."""
        return self.bar_onset(bar + 1) - self.bar_onset(bar)

    def bar_onset(self, bar: int) -> Fraction:
        """Where a bar begins."""
        point = self._of_bar(bar)
        return point.onset_quarters + bars_quarters(bar - point.first_bar, point.meter)

    def onset(self, bar: int, place: Fraction = Fraction(0)) -> Fraction:
        """Where a place in a bar lies; `place` in quarter notes from the bar line."""
        return self.bar_onset(bar) + place

    def bar_at(self, quarters: Fraction | float) -> int:
        """The bar that holds a place; at a bar line the one that begins. An upbeat lies in bar -1."""
        point = self._of_onset(quarters)
        return point.first_bar + floor((quarters - point.onset_quarters) / point.meter.bar_quarters)

    def place_in_bar(self, quarters: Fraction) -> tuple[int, Fraction]:
        """The bar that holds a place, and how far from its bar line it lies."""
        bar = self.bar_at(quarters)
        return bar, quarters - self.bar_onset(bar)

    def bars_through(self, quarters: Fraction) -> Fraction:
        """A place as a number of bars from the start: 2.5 is the middle of the third bar."""
        bar, place = self.place_in_bar(quarters)
        return bar + place / self.meter_at(bar).bar_quarters

    def _of_bar(self, bar: int) -> MeterPoint:
        if self.is_constant:
            return self.points[0]
        return self.points[max(0, bisect_right(self.points, bar, key=_FIRST_BAR) - 1)]

    def _of_onset(self, quarters: Fraction | float) -> MeterPoint:
        if self.is_constant:
            return self.points[0]
        return self.points[max(0, bisect_right(self.points, quarters, key=_ONSET) - 1)]

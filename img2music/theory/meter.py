"""Metre: how a bar is filled, in exact quarter notes.

Conventions: durations and places are `Fraction` quarter notes; a place in a bar is 0 at its first beat. A *beat* is what
a listener taps: the quarter in 4/4, the dotted quarter in 6/8, groups of two and three eighths in 5/8 and 7/8.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from img2music.errors import unknown_name
from img2music.theory.tempo_map import seconds_of

__all__ = ["METERS", "Meter"]

# Beats of each metre in quarter notes, and how strongly each is felt (0..3).
_BEATS: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "2/4": (("1", "1"), (3, 1)),
    "3/4": (("1", "1", "1"), (3, 1, 1)),
    "4/4": (("1", "1", "1", "1"), (3, 1, 2, 1)),
    "5/4": (("1", "1", "1", "1", "1"), (3, 1, 1, 2, 1)),
    "6/8": (("3/2", "3/2"), (3, 2)),
    "7/8": (("1", "1", "3/2"), (3, 2, 2)),
    "9/8": (("3/2", "3/2", "3/2"), (3, 2, 2)),
    "12/8": (("3/2", "3/2", "3/2", "3/2"), (3, 1, 2, 1)),
}
METERS = tuple(_BEATS)


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature: ``Meter(6, 8)``."""

    count: int
    unit: int

    @classmethod
    def parse(cls, text: str) -> Meter:
        """``"3/4"``.

        Raises:
            UsageError: not one of `METERS`.
        """
        name = text.strip().replace(" ", "")
        if name not in _BEATS:
            raise unknown_name("metre", text, METERS)
        count, unit = name.split("/")
        return cls(int(count), int(unit))

    @property
    def name(self) -> str:
        """Such as ``"6/8"``."""
        return f"{self.count}/{self.unit}"

    @property
    def bar_quarters(self) -> Fraction:
        """Length of a bar."""
        return Fraction(4 * self.count, self.unit)

    @property
    def beats(self) -> tuple[Fraction, ...]:
        """Length of each beat, in order."""
        return tuple(Fraction(beat) for beat in _BEATS[self.name][0])

    @property
    def onsets(self) -> tuple[Fraction, ...]:
        """Where each beat begins in the bar."""
        places, place = [], Fraction(0)
        for beat in self.beats:
            places.append(place)
            place += beat
        return tuple(places)

    @property
    def is_compound(self) -> bool:
        """Whether beats divide into three (6/8, 9/8, 12/8); told of metres that are none of ours too."""
        return self.unit == 8 and self.count > 3 and self.count % 3 == 0

    def whole_bars(self, seconds: float, tempo_bpm: float, limits: tuple[float, float]) -> int:
        """How many bars come nearest to `seconds`, at least one, and lasting no less and no more than `limits` where that can be."""
        bar_seconds = seconds_of(self.bar_quarters, tempo_bpm)
        bars = min(floor(seconds / bar_seconds + 0.5), floor(limits[1] / bar_seconds + 1e-9))
        return max(1, bars, ceil(limits[0] / bar_seconds - 1e-9))

    @property
    def half_quarters(self) -> Fraction:
        """Where the bar's second strongest beat begins: the middle of 4/4, the third beat of 3/4, the fourth of 5/4."""
        weights = _BEATS[self.name][1]
        if len(weights) == 1:
            return Fraction(0)
        second = max(range(1, len(weights)), key=lambda index: (weights[index], index == (len(weights) + 1) // 2))
        return self.onsets[second]

    def weight(self, place: Fraction) -> int:
        """How strong a place in the bar is: 3 downbeat, 2 secondary beat, 1 other beat, 0 between beats."""
        place %= self.bar_quarters
        onsets = self.onsets
        return _BEATS[self.name][1][onsets.index(place)] if place in onsets else 0

    def beat_at(self, place: Fraction) -> tuple[Fraction, Fraction]:
        """Begin and end of the beat that holds a place in the bar."""
        place %= self.bar_quarters
        for begin, length in zip(self.onsets, self.beats, strict=True):
            if place < begin + length:
                return begin, begin + length
        raise AssertionError("a place in the bar lies in one of its beats")

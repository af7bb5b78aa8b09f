"""Keys of a piece that moves: which key holds at which place.

Conventions: onsets in quarter notes from the start of the piece; a key holds until the next one. Knows nothing of harmony.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING

from img2music.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from img2music.theory.keys import Key

__all__ = ["KeyMap", "KeyPoint"]

_ONSET = attrgetter("onset_quarters")


@dataclass(frozen=True, slots=True)
class KeyPoint:
    """Where a key begins."""

    onset_quarters: Fraction
    key: Key


@dataclass(frozen=True, slots=True)
class KeyMap:
    """The keys of a whole piece.

    Raises:
        UsageError: no key at 0, or keys out of order.
    """

    points: tuple[KeyPoint, ...]

    def __post_init__(self) -> None:
        if not self.points or self.points[0].onset_quarters != 0:
            raise UsageError("a key map begins at quarter 0; give it a first key there")
        for before, point in pairwise(self.points):
            if point.onset_quarters <= before.onset_quarters:
                raise UsageError(f"two keys at quarter {float(point.onset_quarters):g}, or out of order; put them in order")

    @classmethod
    def constant(cls, key: Key) -> KeyMap:
        """One key throughout."""
        return cls((KeyPoint(Fraction(0), key),))

    @classmethod
    def of_stretches(cls, stretches: Iterable[tuple[Fraction, Key]]) -> KeyMap:
        """From onsets and keys in order; neighbours of one key are one stretch."""
        points: list[KeyPoint] = []
        for onset, key in stretches:
            if not points or points[-1].key != key:
                points.append(KeyPoint(onset, key))
        return cls(tuple(points))

    @property
    def is_constant(self) -> bool:
        """Whether the key never changes."""
        return len(self.points) == 1

    @property
    def key(self) -> Key:
        """The key at the beginning."""
        return self.points[0].key

    def key_at(self, quarters: Fraction | float) -> Key:
        """The key that holds at a place; at a change the new one."""
        if len(self.points) == 1:
            return self.points[0].key
        return self.points[max(0, bisect_right(self.points, quarters, key=_ONSET) - 1)].key

"""Harmonic rhythm: how many chords begin in each bar of a phrase.

Counts of the corpora say how often a first, an inner, a last but one and a last bar has none, one ... four chords; they are bent until the
mean is what the style asks for, and no bar holds more than it has room for. Knows nothing of which chords these are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.rng import draw_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

__all__ = ["HarmonicRhythm"]

_QUICKEST_SECONDS = 0.55
"""Chords on average are not shorter than this."""
_CHORALE_RHYTHM = ((0, 30, 40, 20, 10), (2, 30, 40, 20, 10), (0, 30, 40, 20, 10), (0, 60, 40, 0, 0))
"""Counts like those of the other sources for chorales, whose bars the corpus does not give (our choice)."""


class HarmonicRhythm:
    """Draws how many chords begin in the bars of a phrase.

    Args:
        counts: how many bars of the corpus have 0..4 chords, a row for first, inner, last but one and last bars; empty where unknown.
        mean: chords a bar, on average.
        bar_seconds: how long a bar lasts; a short one holds fewer chords. None: bars have time enough.
        most: chords that a bar has room for, 1..4.
    """

    def __init__(self, counts: Sequence[Sequence[int]], mean: float, bar_seconds: float | None, most: int) -> None:
        wanted = mean if bar_seconds is None else min(mean, bar_seconds / _QUICKEST_SECONDS)
        self._rows = [_tilted(row, wanted, most) for row in counts or _CHORALE_RHYTHM]

    def draw(self, bars: int, chance: np.random.Generator, *, comes_home: bool) -> list[int]:
        """How many chords begin in each bar; the first bar has one at least, the last exactly one where it comes home."""
        starts = []
        for bar in range(bars):
            row = 3 if bar == bars - 1 else 0 if bar == 0 else 2 if bar == bars - 2 else 1
            counts = list(self._rows[row])
            if bar in {0, bars - 1}:
                counts[0] = 0.0
            if bar == bars - 1:
                counts = [0.0, 1.0, 0.0, 0.0, 0.0] if comes_home else [0.0, counts[1] or 1.0, counts[2], 0.0, 0.0]
            starts.append(draw_index(counts, chance))
        return starts


def _tilted(counts: Sequence[int], mean: float, most: int) -> list[float]:
    """Shares of 0..4 chords a bar with the asked mean, as like `counts` as possible: each is bent by the same factor to its power."""
    usable = [float(count) + 0.5 if number <= most else 0.0 for number, count in enumerate(counts)]
    low, high = 0.01, 100.0
    for _ in range(40):
        middle = (low + high) / 2
        bent, factor = [], 1.0
        for count in usable:
            bent.append(count * factor)
            factor *= middle
        got = sum(number * share for number, share in enumerate(bent)) / sum(bent)
        low, high = (middle, high) if got < mean else (low, middle)
    return bent

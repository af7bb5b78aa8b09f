"""Whether one of two is better: measured on the same things, by the mean of the differences and its interval.

An interval that holds 0, or fewer than five pairs, is "can't tell". What it does not know: that the things are like those it will meet; that
one comparison in twenty of equals is won by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.evaluation.statistics import Interval, bootstrap_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np

__all__ = ["FEWEST_PAIRS", "PairedDifference", "means_by_name", "paired_difference"]

FEWEST_PAIRS = 5
"""Our choice: the resampled means of fewer take hardly any values."""


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """What the first is above the second, on average."""

    mean: float
    interval: Interval | None
    """Of the mean, 95 %; None of fewer than `FEWEST_PAIRS`."""
    pairs: int

    @property
    def tells(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.interval is not None and not self.interval.low <= 0 <= self.interval.high


def paired_difference(
    first: Mapping[str, float], second: Mapping[str, float], *, seed: int | np.random.Generator = 0
) -> PairedDifference | None:
    """The difference over the things on which both were measured, by their names; None where there are none.

    The interval is the expanded one of the bootstrap over the things (see `bootstrap_interval`), drawn from `seed`.
    """
    shared = sorted(first.keys() & second.keys())
    if not shared:
        return None
    apart = [first[name] - second[name] for name in shared]
    interval = bootstrap_interval(apart, seed=seed, expanded=True) if len(shared) >= FEWEST_PAIRS else None
    return PairedDifference(sum(apart) / len(apart), interval, len(shared))


def means_by_name(values: Iterable[tuple[str, float | None]]) -> dict[str, float]:
    """The mean of what was measured of each thing: repeated measurements of one thing are not independent, so they count as one."""
    measured: dict[str, list[float]] = {}
    for name, value in values:
        if value is not None:
            measured.setdefault(name, []).append(value)
    return {name: sum(own) / len(own) for name, own in measured.items()}

"""Means and intervals: what a handful of measurements says, and how sure that is.

`bootstrap_interval` is for any statistic of values that are independent of each other (a mean over pictures, a correlation over pieces);
`wilson_interval` for a share of successes. Both are two-sided. They know nothing of what was measured, and nothing of bias: values that
are not like those one will meet give a narrow interval around the wrong number.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    Statistic = Callable[[NDArray[np.float64]], float]

__all__ = ["Interval", "Mean", "bootstrap_interval", "mean", "mean_of_measured", "wilson_interval"]

_MOST_DRAWN_AT_ONCE = 2_000_000
"""Indices in memory; how many are drawn at once changes no number."""


class Interval(NamedTuple):
    """Both ends belong to it."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean and how many values it has; None of none."""

    value: float | None
    count: int


def mean_of_measured(values: Sequence[float | None]) -> Mean:
    """The mean of the values that were measured; None is "not measured" and does not count."""
    measured = [value for value in values if value is not None]
    return Mean(sum(measured) / len(measured) if measured else None, len(measured))


def mean(sample: NDArray[np.float64]) -> float:
    """The arithmetic mean of all values."""
    return float(sample.mean())


def bootstrap_interval(
    values: ArrayLike,
    statistic: Statistic = mean,
    *,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int | np.random.SeedSequence | np.random.Generator = 0,
    groups: Sequence[str] | None = None,
    expanded: bool = False,
) -> Interval:
    """The percentile interval of the bootstrap: the middle `level` of the statistic over samples drawn from `values` with replacement.

    B. Efron, *Bootstrap methods: another look at the jackknife*, Annals of Statistics 7, 1979; percentiles after B. Efron and R. Tibshirani,
    *An introduction to the bootstrap*, 1993, chapter 13.

    Args:
        values: an array whose first axis is resampled: numbers, or rows that belong together, such as pairs to be correlated.
        statistic: a number for a sample, which has the same shape as `values`. Samples for which it is not a number are left out.
        level: how much the interval holds, between 0 and 1.
        draws: how many samples.
        seed: of the samples; the same seed and values give the same interval. Or a generator, which is drawn from.
        groups: a name for every value. Groups are then drawn whole, because values of a group are not independent of each other.
        expanded: widens the percentiles as Student's t is wider than the normal distribution, for the plain interval is too narrow where
            values are few: T. Hesterberg, *What teachers should know about the bootstrap*, The American Statistician 69, 2015.

    Raises:
        ValueError: fewer than two values (or groups), or a statistic that is never a number.
    """
    table = np.asarray(values, dtype=np.float64)
    members = None if groups is None else [np.flatnonzero(np.asarray(groups) == name) for name in sorted(set(groups))]
    count = len(table) if members is None else len(members)
    if count < 2:
        raise ValueError(f"an interval needs two values or more, and here is {count}")
    drawn = np.concatenate(
        [
            table[block].mean(axis=1)
            if statistic is mean and members is None and table.ndim == 1
            else np.array(
                [statistic(table[row if members is None else np.concatenate([members[at] for at in row])]) for row in block]
            )
            for block in _index_blocks(np.random.default_rng(seed), count, draws)
        ]
    )
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        raise ValueError("the statistic is not a number for any sample; values that do not vary have no correlation")
    tail = 50 * (1 - level)
    if expanded:
        tail = 50 * erfc(sqrt(count / (count - 1)) * _student_quantile(count - 1, level) / sqrt(2))
    low, high = np.percentile(drawn, (tail, 100 - tail))
    return Interval(float(low), float(high))


def _index_blocks(chance: np.random.Generator, count: int, draws: int) -> Iterator[NDArray[np.int64]]:
    """`draws` rows of `count` indices below `count`, some rows at a time."""
    rows = max(1, _MOST_DRAWN_AT_ONCE // count)
    for begin in range(0, draws, rows):
        yield chance.integers(0, count, size=(min(rows, draws - begin), count))


def _normal_quantile(level: float) -> float:
    """The middle `level` of a normal distribution lies within so many standard deviations."""
    return NormalDist().inv_cdf((1 + level) / 2)


def _student_quantile(freedom: int, level: float) -> float:
    """The same of Student's t, by its expansion at the normal one (Abramowitz and Stegun 26.7.5); at .95 within .01 from 4 degrees up."""
    z = _normal_quantile(level)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / float(freedom) ** power for power, term in enumerate(terms, 1))


def wilson_interval(successes: int, total: int, *, level: float = 0.95) -> Interval:
    """The score interval of a share, which stays in 0..1 and is right for few trials and for shares near 0 and 1.

    E. B. Wilson, *Probable inference, the law of succession, and statistical inference*, Journal of the American Statistical Association
    22, 1927.

    Raises:
        ValueError: no trials, or more successes than trials.
    """
    if not 0 <= successes <= total or total < 1:
        raise ValueError(f"{successes} successes of {total} are no share")
    share, z = successes / total, _normal_quantile(level)
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    reach = z / (1 + z * z / total) * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return Interval(max(0.0, middle - reach), min(1.0, middle + reach))

"""Intervals against formulas and tables that are not ours."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from img2music.evaluation import statistics
from img2music.evaluation.statistics import bootstrap_interval, mean_of_measured, wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

NORMAL = np.random.default_rng(1).normal(0.3, 1.0, 400)


def correlation(pairs: NDArray[np.float64]) -> float:
    if np.ptp(pairs[:, 0]) == 0 or np.ptp(pairs[:, 1]) == 0:
        return math.nan
    return float(np.corrcoef(pairs[:, 0], pairs[:, 1])[0, 1])


def test_the_interval_of_a_mean_is_that_of_the_formula() -> None:
    error = 1.96 * NORMAL.std(ddof=1) / 20
    found = bootstrap_interval(NORMAL)
    assert found.low == pytest.approx(NORMAL.mean() - error, abs=0.02)
    assert found.high == pytest.approx(NORMAL.mean() + error, abs=0.02)
    wide = bootstrap_interval(NORMAL, level=0.99)
    assert wide.high - wide.low == pytest.approx((found.high - found.low) * 2.576 / 1.96, rel=0.05)


def test_the_same_seed_gives_the_same_interval_however_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bootstrap_interval(NORMAL, seed=3)
    assert whole == bootstrap_interval(NORMAL, seed=np.random.default_rng(3))
    assert whole != bootstrap_interval(NORMAL, seed=4)
    by_hand = bootstrap_interval(NORMAL, lambda sample: float(sample.mean()), seed=3)
    assert whole == by_hand
    monkeypatch.setattr(statistics, "_MOST_DRAWN_AT_ONCE", 1001)
    assert whole == bootstrap_interval(NORMAL, seed=3)


def test_any_statistic_of_rows() -> None:
    """Fisher's transformation gives the interval of a correlation of normal values."""
    chance = np.random.default_rng(2)
    first = chance.normal(size=300)
    pairs = np.stack([first, 0.6 * first + 0.8 * chance.normal(size=300)], axis=1)
    found = bootstrap_interval(pairs, correlation, draws=2000)
    middle, reach = math.atanh(correlation(pairs)), 1.96 / math.sqrt(297)
    assert found.low == pytest.approx(math.tanh(middle - reach), abs=0.03)
    assert found.high == pytest.approx(math.tanh(middle + reach), abs=0.03)
    few = pairs[:3]
    assert not any(
        math.isnan(end) for end in bootstrap_interval(few, correlation, draws=200)
    )  # some samples are one pair three times


def test_groups_are_drawn_whole() -> None:
    """Thirty copies of every value say no more than the value once."""
    values = np.repeat(NORMAL[:20], 30)
    names = [str(place // 30) for place in range(len(values))]
    alone, copied = bootstrap_interval(NORMAL[:20]), bootstrap_interval(values, groups=names, draws=4000)
    assert copied.high - copied.low == pytest.approx(alone.high - alone.low, rel=0.1)
    blind = bootstrap_interval(values, draws=1000)
    assert blind.high - blind.low < (alone.high - alone.low) / 3


@pytest.mark.parametrize(
    ("freedom", "level", "quantile"), [(4, 0.95, 2.776), (9, 0.95, 2.262), (30, 0.99, 2.750), (9, 0.9, 1.833)]
)
def test_quantiles_of_student(freedom: int, level: float, quantile: float) -> None:
    assert statistics._student_quantile(freedom, level) == pytest.approx(quantile, abs=0.01)


def test_few_values_make_wide_intervals() -> None:
    """The expanded interval of five values is about as wide as Student's t makes it, the plain one much narrower."""
    values = [-0.2, -0.1, 0.0, 0.1, 0.2]
    student = 2.776 * float(np.std(values, ddof=1)) / 5**0.5
    plain, expanded = bootstrap_interval(values), bootstrap_interval(values, expanded=True)
    assert expanded.high - expanded.low > 2 * 0.8 * student > plain.high - plain.low
    assert expanded.low == pytest.approx(-expanded.high, abs=0.02)
    assert bootstrap_interval([0.5] * 6, expanded=True) == (0.5, 0.5)
    held, chance = 0, np.random.default_rng(3)
    for _ in range(200):
        low, high = bootstrap_interval(chance.normal(0, 1, 6), expanded=True)
        held += low <= 0 <= high
    assert held >= 180  # 190 of 200 are promised; the plain percentile interval holds about 170


@pytest.mark.parametrize(("values", "message"), [([], "two values"), ([1.0], "two values"), ([[1.0, 2.0]] * 5, "not a number")])
def test_what_has_no_interval(values: list[object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(np.array(values), correlation)


@pytest.mark.parametrize(
    ("successes", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662), (10, 10, 0.7225, 1.0)],
)
def test_wilson(successes: int, total: int, low: float, high: float) -> None:
    """81 of 263: R. Newcombe, *Two-sided confidence intervals for the single proportion*, Statistics in Medicine 17, 1998."""
    assert wilson_interval(successes, total) == pytest.approx((low, high), abs=0.0001)
    with pytest.raises(ValueError, match="no share"):
        wilson_interval(1, 0)


def test_what_was_not_measured_does_not_count() -> None:
    assert mean_of_measured([1.0, None, 2.0]) == statistics.Mean(1.5, 2)
    assert mean_of_measured([None]) == statistics.Mean(None, 0)

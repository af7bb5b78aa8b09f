"""Correlations as tables show them: Pearson's r and its 95 % bootstrap interval.

Values are arrays of one length; None of it knows what they mean. A row that does not vary has no correlation, and the table says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.evaluation.statistics import bootstrap_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

__all__ = ["correlation_with_interval", "pearson", "standardised"]

_DRAWS = 4000
_LEAST_RANGE = 1e-9


def pearson(one: Numbers, other: Numbers) -> float:
    """Pearson's r; not a number where one of the two does not vary."""
    if np.ptp(one) < _LEAST_RANGE or np.ptp(other) < _LEAST_RANGE:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def correlation_with_interval(one: Numbers, other: Numbers, groups: Sequence[str] | None = None) -> str:
    """``"+0.412 [+0.310, +0.500]"``; `groups` are resampled whole."""
    if np.isnan(middle := pearson(one, other)):
        return "(does not vary)".ljust(23)
    low, high = bootstrap_interval(
        np.column_stack([one, other]), lambda rows: pearson(rows[:, 0], rows[:, 1]), draws=_DRAWS, groups=groups
    )
    return f"{middle:+.3f} [{low:+.3f}, {high:+.3f}]"


def standardised(values: Numbers) -> Numbers:
    """With a mean of 0 and a deviation of 1; zeros where the values do not vary."""
    return np.zeros_like(values) if np.ptp(values) < _LEAST_RANGE else np.asarray((values - values.mean()) / values.std())

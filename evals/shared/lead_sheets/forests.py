"""Can a forest tell two batches apart? The area under its curve, cross-validated, with an interval over pieces.

L. Breiman, *Random forests*, Machine Learning 45, 2001, as scikit-learn grows them. Every piece is judged by forests that never saw it
(five folds, each with both kinds). AUC is the chance that a piece of the second batch is thought likelier to be one than a piece of the
first; .5 is chance. The interval is a bootstrap over pieces with the votes kept, so it holds the luck of which pieces were drawn and not that
of how the forests grew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from img2music.evaluation.statistics import bootstrap_interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from img2music.evaluation.statistics import Interval

    Numbers = NDArray[np.float64]

__all__ = ["Verdict", "area", "tell_apart"]

_TREES, _FOLDS, _LEAF = 150, 5, 2
_DRAWS = 1000


class Verdict(NamedTuple):
    """How far two batches are told apart."""

    auc: float
    interval: Interval
    votes: Numbers
    """For each piece, first batch first: the share of trees for "second"."""
    importances: Numbers
    """Of each column, mean over folds; they sum to 1."""

    def __str__(self) -> str:
        return f"{self.auc:.3f} [{self.interval.low:.3f}, {self.interval.high:.3f}]"


def area(first: ArrayLike, second: ArrayLike) -> float:
    """Chance that a value of `second` is the larger, ties counting half (Mann & Whitney's U over the number of pairs)."""
    one, two = np.sort(np.asarray(first, dtype=float)), np.asarray(second, dtype=float)
    wins = np.searchsorted(one, two, side="left") + np.searchsorted(one, two, side="right")
    return float(wins.sum()) / (2 * len(one) * len(two))


def tell_apart(first: ArrayLike, second: ArrayLike, *, seed: int = 0) -> Verdict:
    """Both batches as rows of numbers, at least ten of each."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import StratifiedKFold

    rows = np.concatenate([np.asarray(first, dtype=float), np.asarray(second, dtype=float)])
    kinds = np.repeat([0, 1], [len(np.asarray(first)), len(np.asarray(second))])
    votes, importances = np.zeros(len(rows)), np.zeros(rows.shape[1])
    for learned, left in StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(rows, kinds):
        forest = RandomForestClassifier(_TREES, min_samples_leaf=_LEAF, class_weight="balanced", random_state=seed, n_jobs=1)
        forest.fit(rows[learned], kinds[learned])
        votes[left] = forest.predict_proba(rows[left])[:, 1]
        importances += forest.feature_importances_ / _FOLDS
    return Verdict(area(votes[kinds == 0], votes[kinds == 1]), _interval(votes, kinds), votes, importances)


def _interval(votes: Numbers, kinds: NDArray[np.int64]) -> Interval:
    rows = np.column_stack([votes, kinds])

    def drawn_area(sample: Numbers) -> float:
        first, second = sample[sample[:, 1] == 0, 0], sample[sample[:, 1] == 1, 0]
        return area(first, second) if len(first) and len(second) else float("nan")

    return bootstrap_interval(rows, drawn_area, draws=_DRAWS)

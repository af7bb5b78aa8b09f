"""Feature by feature: people's band, our median, our spread, and how far this feature alone tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evals.shared.lead_sheets.forests import area
from evals.shared.lead_sheets.sheet_features import features, phrase_ends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evals.shared.lead_sheets.lead_sheet import LeadSheet

    Numbers = NDArray[np.float64]

__all__ = ["FeatureComparison", "cadence_rows", "compare_features", "feature_rows"]

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class FeatureComparison:
    """One feature of two batches."""

    name: str
    low: float
    """People's 10th percentile."""
    median: float
    high: float
    """People's 90th percentile."""
    our_median: float
    spread: float
    """Ours over people's."""
    auc: float
    """Chance that a song has more of it than a piece of ours."""
    importance: float

    @property
    def is_inside(self) -> bool:
        """Whether our median lies inside people's band."""
        return self.low <= self.our_median <= self.high

    @property
    def is_wide(self) -> bool:
        """Whether our pieces differ at least half as much from each other as songs do."""
        return self.spread >= _HALF

    def __str__(self) -> str:
        marks = f"{'' if self.is_inside else 'outside':8}{'' if self.is_wide else 'narrow':7}"
        return (
            f"{self.name:20} people {self.median:6.3f} ({self.low:6.3f} .. {self.high:6.3f})  ours {self.our_median:6.3f} {marks} "
            f"spread {self.spread:5.2f}  alone {self.auc:.3f}  importance {self.importance:.3f}"
        )


def feature_rows(sheets: Sequence[LeadSheet], *, with_chords: bool) -> tuple[list[str], Numbers]:
    """Names, and a row for every sheet that is long enough."""
    found = [values for sheet in sheets if (values := features(sheet, with_chords=with_chords)) is not None]
    names = list(found[0]) if found else []
    return names, np.array([[values[name] for name in names] for values in found])


def cadence_rows(sheets: Sequence[LeadSheet], *, with_chords: bool) -> tuple[list[str], Numbers]:
    """The same of `phrase_ends`, which no forest reads."""
    found = [phrase_ends(sheet, with_chords=with_chords) for sheet in sheets]
    names = list(found[0]) if found else []
    return names, np.array([[values[name] for name in names] for values in found])


def compare_features(
    names: Sequence[str], ours: Numbers, people: Numbers, importances: Sequence[float] | Numbers | None = None
) -> list[FeatureComparison]:
    """Every column of two tables."""
    rows = []
    for place, name in enumerate(names):
        own, theirs = ours[:, place], people[:, place]
        low, median, high = np.percentile(theirs, (10, 50, 90))
        importance = 0.0 if importances is None else float(importances[place])
        rows.append(
            FeatureComparison(
                name,
                float(low),
                float(median),
                float(high),
                float(np.median(own)),
                _spread(own, theirs),
                area(own, theirs),
                importance,
            )
        )
    return rows


def _spread(own: Numbers, theirs: Numbers) -> float:
    widths = [float(np.subtract(*np.percentile(values, (90, 10)))) for values in (own, theirs)]
    if widths[1] <= 0:
        widths = [float(own.std()), float(theirs.std())]
    return widths[0] / widths[1] if widths[1] else 1.0

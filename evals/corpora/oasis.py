"""Reader of OASIS: 900 photographs with how people feel at them (B. Kurdi, S. Lozano & M. R. Banaji, "Introducing the Open Affective
Standardized Image Set", Behavior Research Methods 49, 2017). For evaluation only: no picture is part of this project; the numbers
fitted to the mean ratings are (see `evals.learn.learn_affect`).

The folder holds ``images/*.jpg`` and ``norms.csv`` with the columns ``image``, ``theme``, ``valence_mean_1to7`` and ``arousal_mean_1to7``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evals.shared.data_sets import csv_rows

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Norms", "read_norms"]


class Norms(NamedTuple):
    """The photographs in the order of the table."""

    images: list[Path]
    themes: NDArray[np.str_]
    """What is shown, in a word."""
    ratings: NDArray[np.float64]
    """Mean valence and arousal on -1..1, one row a photograph."""


def read_norms(folder: Path) -> Norms:
    """The whole set in `folder`."""
    rows = csv_rows(folder / "norms.csv")
    ratings = np.array([[float(row[f"{name}_mean_1to7"]) for name in ("valence", "arousal")] for row in rows])
    themes = np.array([row["theme"].strip() for row in rows])
    return Norms([folder / "images" / row["image"] for row in rows], themes, (ratings - 4) / 3)

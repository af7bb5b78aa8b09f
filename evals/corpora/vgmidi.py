"""VGMIDI: 91 piano arrangements of game music, rated second by second by about thirty people each.

Ferreira & Whitehead, *Learning to Generate Music With Sentiment*, ISMIR 2019. No licence is stated and the games' music is
protected. For evaluation only: nothing of it, and nothing fitted to it, is part of this project.
The folder holds ``ratings.csv`` (``midi``, ``valence_mean``, ``arousal_mean`` in -1..1, ``series`` ...) and ``midi/``.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["rated_files"]


def rated_files(folder: Path) -> Iterator[tuple[Path, float, float, str]]:
    """Each piece's file, mean valence, mean arousal and game series."""
    with (folder / "ratings.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield folder / "midi" / row["midi"], float(row["valence_mean"]), float(row["arousal_mean"]), row["series"]

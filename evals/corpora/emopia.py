"""EMOPIA: 990 clips of piano pop, each put by its listeners into a quadrant of valence and arousal.

Hung et al., *EMOPIA: A Multi-Modal Pop Piano Dataset for Emotion Recognition and Emotion-based Music Generation*, ISMIR 2021;
CC BY-NC-SA 4.0. For evaluation only: nothing of it, and nothing fitted to it, is part of this project.
The folder holds ``labels.csv`` (``midi``, ``quadrant``, ``split``) and ``midi/``. A name is quadrant, song and clip.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["QUADRANTS", "rated_files"]

QUADRANTS = {"Q1": (1.0, 1.0), "Q2": (-1.0, 1.0), "Q3": (-1.0, -1.0), "Q4": (1.0, -1.0)}
"""Valence and arousal of each quadrant (Russell 1980)."""


def rated_files(folder: Path) -> Iterator[tuple[Path, float, float, str]]:
    """Each clip's file, valence, arousal and song."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            name = row["midi"]
            song = name.removesuffix(".mid").split("_", 1)[1].rsplit("_", 1)[0]
            yield (folder / "midi" / name, *QUADRANTS[row["quadrant"]], song)

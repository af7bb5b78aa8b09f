"""Readers of music that people rated, EMOPIA and VGMIDI, and what the affect estimator measures in both.

EMOPIA: 990 clips of piano pop, each put by its listeners into a quadrant of valence and arousal (Hung et al., *EMOPIA: A Multi-Modal Pop
Piano Dataset for Emotion Recognition and Emotion-based Music Generation*, ISMIR 2021; CC BY-NC-SA 4.0). The folder holds ``labels.csv``
(``midi``, ``quadrant``, ``split``) and ``midi/``; a name is quadrant, song and clip.

VGMIDI: 91 piano arrangements of game music, rated second by second by about thirty people each (Ferreira & Whitehead, *Learning to
Generate Music With Sentiment*, ISMIR 2019; no licence is stated and the games' music is protected). The folder holds ``ratings.csv``
(``midi``, ``valence_mean``, ``arousal_mean`` in -1..1, ``series`` ...) and ``midi/``.

Both sets are for evaluation only: neither they nor anything fitted to them is part of this project. Valence and arousal lie in -1..1. The
features can be kept between runs in a file of numbers (an .npz), which has to be deleted after the features have changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evals.shared.data_sets import csv_rows
from img2music.errors import DocumentError
from img2music.metrics.affect.affect_estimator import RatedPiece
from img2music.metrics.affect.affect_features import AffectFeatures, read_features

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["emopia_files", "rated_pieces", "vgmidi_files"]

_QUADRANTS = {"Q1": (1.0, 1.0), "Q2": (-1.0, 1.0), "Q3": (-1.0, -1.0), "Q4": (1.0, -1.0)}
"""Valence and arousal of each quadrant (Russell 1980)."""


def emopia_files(folder: Path) -> Iterator[tuple[Path, float, float, str]]:
    """Each clip's file, valence, arousal and song."""
    for row in csv_rows(folder / "labels.csv"):
        name = row["midi"]
        song = name.removesuffix(".mid").split("_", 1)[1].rsplit("_", 1)[0]
        yield (folder / "midi" / name, *_QUADRANTS[row["quadrant"]], song)


def vgmidi_files(folder: Path) -> Iterator[tuple[Path, float, float, str]]:
    """Each piece's file, mean valence, mean arousal and game series."""
    for row in csv_rows(folder / "ratings.csv"):
        yield folder / "midi" / row["midi"], float(row["valence_mean"]), float(row["arousal_mean"]), row["series"]


def rated_pieces(emopia_folder: Path, vgmidi_folder: Path, cache: Path | None = None) -> list[RatedPiece]:
    """Every readable piece of the two sets with its features; groups are songs (EMOPIA) and game series (VGMIDI)."""
    if cache is not None and cache.exists():
        with np.load(cache) as kept:
            table, labels = kept["table"], kept["labels"]
        return [
            RatedPiece(AffectFeatures(*map(float, row[:-2])), float(row[-2]), float(row[-1]), str(group), str(source))
            for row, (group, source) in zip(table, labels, strict=True)
        ]
    pieces = []
    for source, files in (("EMOPIA", emopia_files(emopia_folder)), ("VGMIDI", vgmidi_files(vgmidi_folder))):
        for file, valence, arousal, group in files:
            try:
                features = read_features(file.read_bytes())
            except DocumentError as error:
                print(f"left out: {error}")
                continue
            if features is not None:
                pieces.append(RatedPiece(features, valence, arousal, group, source))
    if cache is not None:
        table = np.array([(*piece.features.vector(), piece.valence, piece.arousal) for piece in pieces])
        np.savez(cache, table=table, labels=np.array([(piece.group, piece.source) for piece in pieces]))
    return pieces

"""Pipelines and pieces in tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from img2music.brief import Brief
from img2music.pipeline import Pipeline
from img2music.pipeline_config import PipelineConfig

if TYPE_CHECKING:
    from img2music.manifest import KeptMusic
    from img2music.piece import Piece

SYMBOLIC = [
    "scene.json", "plan.json", "score.mid", "score.musicxml", "score.abc", "score.svg", "pianoroll.svg", "report.html",
    "picture.jpg", "piece.json",
]  # fmt: skip
SHORT = Brief.of(seconds=6, seed=5)


def make_pipeline(**stages: object) -> Pipeline:
    """A pipeline of these stages, the defaults for the others."""
    return Pipeline(
        PipelineConfig.model_validate(
            {
                "name": "mine",
                "description": "for a test",
                "needs": "nothing",
                "leaves_machine": "nothing",
                "licence": "none",
                "stages": stages,
            }
        )
    )


def files_of(piece: Piece) -> dict[str, bytes]:
    """The files of a piece by name."""
    return dict(piece.files())


def kept_of(piece: Piece) -> KeptMusic:
    """What a piece kept of an earlier one."""
    assert piece.manifest.kept is not None
    return piece.manifest.kept


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest in a piece's folder."""
    found: dict[str, Any] = json.loads((folder / "piece.json").read_text())
    return found

"""The verbs `pipelines ls`, `pipelines show` and `pipelines cp`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.cli.shared.data_file_group import data_file_group

if TYPE_CHECKING:
    import typer

__all__ = ["pipelines_group"]


def pipelines_group() -> typer.Typer:
    """The group with its verbs."""
    return data_file_group("pipelines", "pipeline", _summary)


def _summary(name: str) -> str:
    from img2music.pipeline.presets import load_pipeline_config

    return load_pipeline_config(name).description

"""The verbs `styles ls`, `styles show` and `styles cp`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.cli.shared.data_file_group import FileAbout, data_file_group

if TYPE_CHECKING:
    import typer

__all__ = ["styles_group"]


def styles_group() -> typer.Typer:
    """The group with its verbs."""
    return data_file_group("styles", "style", _about)


def _about(name: str) -> FileAbout:
    from img2music.io.style_files import load_style

    return FileAbout(load_style(name).summary)

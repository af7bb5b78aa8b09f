"""Extras that bring no stage and no model: which package each needs, and what it is for. Nothing is imported, packages are only looked for.

    pdf     score.pdf, and the parts as PDF     typst
    video   video.mp4                           PyAV
    demo    the page in a browser               Gradio
    listen  beats and bars by a trained ear     madmom-infer
    mcp     the server for assistants           mcp

Whoever needs one asks with `require_extra` before any other work is done, so that nobody waits for a piece whose file can't be
written. Extras of stages and models stand in their own entries of the registry.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from img2music.errors import MissingPackageError

__all__ = ["EXTRAS", "Extra", "has_extra", "require_extra"]


@dataclass(frozen=True, slots=True)
class Extra:
    """One extra."""

    name: str
    """As pip knows it, between the brackets."""
    package: str
    """What it brings, as it is called in the registry of packages."""
    module: str
    """The same as it is imported."""
    makes: str
    """For people: which files, or what else."""
    licence: str
    """Of the package."""

    @property
    def pip_line(self) -> str:
        """The command that brings it."""
        return f"pip install 'img2music[{self.name}]'"


EXTRAS: dict[str, Extra] = {
    extra.name: extra
    for extra in (
        Extra("pdf", "typst", "typst", "score.pdf, and the parts as PDF", "Apache-2.0"),
        Extra("video", "av", "av", "video.mp4", "BSD-3-Clause; its wheels bring FFmpeg (LGPL-3) with x264 (GPL-2)"),
        Extra("demo", "gradio", "gradio", "the page (img2music demo)", "Apache-2.0"),
        Extra("listen", "madmom-infer", "madmom_infer", "beats and bars by a trained ear (img2music hear)", "BSD-2-Clause"),
        Extra("mcp", "mcp", "mcp", "the server for assistants (img2music mcp)", "MIT"),
    )
}
"""By name, in the order in which they are shown."""


def has_extra(name: str) -> bool:
    """Whether the package of an extra can be imported."""
    return find_spec(EXTRAS[name].module) is not None


def require_extra(*names: str) -> None:
    """Nothing where the extras are there.

    Raises:
        MissingPackageError: they are not; the message has the command that brings all that lack.
    """
    lacking = [EXTRAS[name] for name in names if not has_extra(name)]
    if lacking:
        needs = " and ".join(f"{extra.makes} needs {extra.package}" for extra in lacking)
        raise MissingPackageError(f"{needs}: pip install 'img2music[{','.join(extra.name for extra in lacking)}]'")

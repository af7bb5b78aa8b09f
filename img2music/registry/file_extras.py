"""Extras that bring files to take away: which package each needs, and what it makes. Nothing is imported, packages are only looked for.

    pdf     score.pdf, and the parts as PDF     typst
    video   video.mp4                           PyAV

Whoever writes such a file asks with `require_extra` before any other work is done, so that nobody waits for a piece whose file can't be
written. Knows nothing of the files themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from img2music.errors import MissingPackageError

__all__ = ["FILE_EXTRAS", "FileExtra", "has_extra", "require_extra"]


@dataclass(frozen=True, slots=True)
class FileExtra:
    """One extra."""

    name: str
    """As pip knows it, between the brackets."""
    package: str
    """What it brings, as it is called in the registry of packages."""
    module: str
    """The same as it is imported."""
    makes: str
    """For people: which files."""
    licence: str
    """Of the package."""

    @property
    def pip_line(self) -> str:
        """The command that brings it."""
        return f"pip install 'img2music[{self.name}]'"


FILE_EXTRAS: dict[str, FileExtra] = {
    extra.name: extra
    for extra in (
        FileExtra("pdf", "typst", "typst", "score.pdf, and the parts as PDF", "Apache-2.0"),
        FileExtra("video", "av", "av", "video.mp4", "BSD-3-Clause; its wheels bring FFmpeg (LGPL-3) with x264 (GPL-2)"),
    )
}
"""By name, in the order in which they are shown."""


def has_extra(name: str) -> bool:
    """Whether the package of an extra can be imported."""
    return find_spec(FILE_EXTRAS[name].module) is not None


def require_extra(name: str) -> None:
    """Nothing where the extra is there.

    Raises:
        MissingPackageError: it is not; the message has the command that brings it.
    """
    extra = FILE_EXTRAS[name]
    if not has_extra(name):
        raise MissingPackageError(f"{extra.makes} needs {extra.package}: {extra.pip_line}")

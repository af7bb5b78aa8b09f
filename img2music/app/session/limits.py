"""What one visitor may ask for and keep, in one place.

A public page serves many people with few processors and one disk, so everything a visitor brings or makes has a bound. The bounds are our
own choice: generous for music, small beside the machine. Sizes in bytes, lengths in seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import PurePath
from typing import TYPE_CHECKING

from img2music.errors import BriefError, DocumentError, PictureError, UsageError

if TYPE_CHECKING:
    from img2music.brief import Brief
    from img2music.io.pictures import Picture

__all__ = ["Limits", "without_options"]

_MEGABYTE = 1_000_000
_OPTION = re.compile(r",? or raise --max-pixels.*$")


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one visit."""

    picture_bytes: int = 20 * _MEGABYTE
    picture_pixels: int = 60_000_000
    """A frame takes four bytes a pixel while it is decoded."""
    seconds: float = 600.0
    """Longest piece."""
    words: int = 2_000
    """Characters of wishes in plain words."""
    takes: int = 24
    """Kept at a time; the oldest that nobody looks at goes first."""
    disk_bytes: int = 600 * _MEGABYTE
    """Of all files of a visit. Sound of takes that are not current goes first; it is made again when it is asked for."""
    manifest_bytes: int = 5 * _MEGABYTE
    plan_text: int = 400_000
    """Characters of a plan as text."""
    bars: int = 2_000
    """Of a plan: what is engraved and drawn grows with them."""
    own_models: bool = False
    """Whether a visitor may name a model. A line that names one may name a file or a server, so only a page for its own user allows it."""

    def open_picture(self, data: bytes, name: str) -> tuple[Picture, bytes]:
        """A picture from outside, and a JPEG of it as a video shows it; `name` is only shown, and nothing is opened by it.

        Raises:
            PictureError: too large, no picture, or damaged.
        """
        from img2music.io.pictures import open_picture, still_jpeg

        if len(data) > self.picture_bytes:
            raise PictureError(
                f"the picture is a file of {len(data) / _MEGABYTE:.1f} MB, and {self.picture_bytes // _MEGABYTE} MB is the limit; "
                "make it smaller, or save it as JPEG"
            )
        source = BytesIO(data)
        source.name = PurePath(name.replace("\\", "/")).name[:200] or "picture"
        try:
            picture = open_picture(source, max_pixels=self.picture_pixels, keep_still=True)
        except PictureError as error:
            raise without_options(error) from None
        # The large copy is kept as JPEG: of sixty visitors it would take most of a gigabyte.
        return replace(picture, still=None), still_jpeg(picture)

    def check_brief(self, brief: Brief) -> None:
        """Raises BriefError where a wish is beyond the limits."""
        if brief.seconds > self.seconds:
            raise BriefError(f"{brief.seconds:g} s is too long for this page; ask for at most {self.seconds:g} s")
        if len(brief.words) > self.words:
            raise BriefError(f"your words are {len(brief.words)} characters long; say it in at most {self.words}")

    def check_manifest(self, data: bytes) -> None:
        """Raises DocumentError where a record is too large to be read."""
        if len(data) > self.manifest_bytes:
            raise DocumentError("this file is too large for a piece.json; give one as img2music wrote it")

    def check_model(self, model: str) -> None:
        """Raises UsageError where a model is named and none may be."""
        if model and not self.own_models:
            raise UsageError("this page asks no models that a visitor names; run img2music on your own computer for that")


def without_options(error: PictureError) -> PictureError:
    """The same fault for whoever has no command line: what is not to be had there is not advised."""
    return PictureError(_OPTION.sub("", str(error)))

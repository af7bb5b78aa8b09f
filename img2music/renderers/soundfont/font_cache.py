"""Finds the soundfont to play: the built-in one or the user's, an SF3 converted once and kept.

Synthesizers play SF2; an SF3 font is decoded once (2 s, 124 MB for the built-in one) into `resources.cache_folder()`. The
file's name holds the font's digest and the converter's version, and it appears whole or not at all, so programs that
convert at the same time do not disturb each other. Where the cache can't be written, the SF3 is used as it is: the samples
that a piece needs are decoded for it alone, which sounds the same and takes a little longer each time.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import TYPE_CHECKING

from img2music.errors import DocumentError
from img2music.renderers.soundfont.sf2_writer import write_sf2
from img2music.renderers.soundfont.sf3 import open_font
from img2music.resources import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

    from img2music.renderers.soundfont.sf3 import SoundFont

__all__ = ["cached_font"]

_VERSION = 1
"""Of the converter: raise it when `write_sf2` writes anything else, and kept files are made again."""


def cached_font(path: Path) -> SoundFont:
    """The font in `path`, its samples quick to read.

    Raises:
        DocumentError: no such file, or not a usable font.
    """
    font = open_font(path)
    if not font.is_compressed:
        return font
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    kept = cache_folder() / "soundfonts" / f"{digest[:32]}-{_VERSION}.sf2"
    try:
        if kept.is_file():
            return open_font(kept)
    except (DocumentError, OSError):
        pass  # damaged after it was written: make it again
    try:
        _convert(font, kept)
        return open_font(kept)
    except OSError:
        return font


def _convert(font: SoundFont, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as stream:
            write_sf2(font, stream)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)

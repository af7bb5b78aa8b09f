"""SVG drawings: told by their first bytes, cleaned (`svg_sanitizer`), drawn by resvg.

The drawing is made in a program of its own (`decode_process`), as large as the working copy, with the text font that comes with img2music
and no other.
Sizes: CSS pixels (96 to an inch); a drawing without any size is as large as what it shows.
Does not know: scripts, animation, web fonts, scripts of the world beyond Latin, Greek and Cyrillic.
"""

from __future__ import annotations

import re
from typing import Any

from img2music.errors import PictureError
from img2music.io.decoding.decode_process import run_isolated
from img2music.io.decoding.svg_sanitizer import LARGEST_DRAWING, NO_SIZE, sanitize_svg, unzipped

__all__ = ["draw", "draw_here", "is_svg"]

_BEGINNING = 65536
_FONT_FILES = ("DejaVuSerifCondensed.ttf", "DejaVuSerifCondensed-Bold.ttf")
_FONT_FAMILY = "DejaVu Serif Condensed"


def is_svg(content: bytes) -> bool:
    """Whether a file begins as an SVG drawing does: marks, comments and a document type may stand before ``<svg``."""
    start = content[:_BEGINNING]
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in start[:4]:
        big = start[:2] == b"\xfe\xff" or start[:1] == b"\0"
        text = start.decode("utf-16-be" if big else "utf-16-le", "replace").lstrip("\ufeff")
    else:
        text = start.decode("latin-1").removeprefix("\xef\xbb\xbf")
    place = 0
    while True:
        place += len(text[place:]) - len(text[place:].lstrip())
        for mark, end in (("<?", "?>"), ("<!--", "-->"), ("<!DOCTYPE", ">")):
            if text.startswith(mark, place):
                if mark == "<!DOCTYPE" and "[" in text[place : text.find(">", place) + 1]:
                    place = text.find("]", place)
                place = text.find(end, place) if place >= 0 else -1
                if place < 0:
                    return "<svg" in text
                place += len(end)
                break
        else:
            return re.match(r"<(?:[\w.-]+:)?svg[\s>/]", text[place : place + 200]) is not None


def draw(content: bytes, *, longest: int, notes: list[str]) -> tuple[bytes, tuple[int, int] | None]:
    """A PNG of the drawing, its longest side `longest` pixels, and the size that the drawing claims.

    Raises:
        PictureError: refused, damaged, or beyond the bounds; the text continues the picture's name.
    """
    said, png = run_isolated("svg", content, longest=longest)
    if said["left_out"]:
        notes.append(f"what lies outside the drawing was left out (references: {said['left_out']})")
    return png, None if said["whole"] is None else (said["whole"][0], said["whole"][1])


def draw_here(content: bytes, longest: int) -> tuple[dict[str, Any], bytes]:
    """The same in this process; the worker's half."""
    from img2music.resources import asset_path

    try:
        import resvg_py
    except ModuleNotFoundError:
        raise PictureError("is an SVG drawing, which needs resvg-py: pip install resvg-py") from None
    if content[:2] == b"\x1f\x8b":
        content = unzipped(content, LARGEST_DRAWING + 1)
    text, whole, left_out = sanitize_svg(content, longest)
    try:
        png = bytes(
            resvg_py.svg_to_bytes(
                svg_string=text,
                width=longest,
                height=longest,  # a box that it is fitted into
                dpi=96.0,
                skip_system_fonts=True,
                font_files=[str(asset_path(name)) for name in _FONT_FILES],
                font_family=_FONT_FAMILY,
                serif_family=_FONT_FAMILY,
                sans_serif_family=_FONT_FAMILY,
                cursive_family=_FONT_FAMILY,
                fantasy_family=_FONT_FAMILY,
                monospace_family=_FONT_FAMILY,
            )
        )
    except BaseException as error:  # resvg's own trouble is a panic, which is no Exception
        if isinstance(error, (MemoryError, KeyboardInterrupt, SystemExit)):
            raise
        if "size" in str(error):
            raise PictureError(NO_SIZE) from None
        reason = " ".join(str(error).split())[:120]
        raise PictureError(f"is an SVG drawing that can't be drawn ({reason}); export it as PNG") from None
    return {"whole": whole, "left_out": left_out}, png

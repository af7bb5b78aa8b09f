"""What every frame is made of: the shapes, a picture fitted whole into a box, its soft darkened copy behind everything, a line of text.

Conventions: sRGB, uint8 (height, width, 3); boxes are (left, top, width, height) in pixels, all even. Text is set in the face that comes with
img2music (Latin, Greek, Cyrillic); a line with letters that it lacks is left out, because boxes help nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from img2music.errors import unknown_name
from img2music.io.escape import one_line
from img2music.resources import asset_path

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.ImageFont import FreeTypeFont

__all__ = ["SHAPES", "Box", "VideoShape", "backdrop", "can_set", "draw_line", "fit_picture", "fitted_size", "shape_size"]

VideoShape = Literal["wide", "square", "tall"]
SHAPES: dict[VideoShape, tuple[int, int]] = {"wide": (1920, 1080), "square": (1080, 1080), "tall": (1080, 1920)}
"""Width and height in pixels: a screen, a feed, a telephone held upright."""
Box: TypeAlias = tuple[int, int, int, int]

_BLURRED_PIXELS = 48
"""Longest side of the copy that is blurred and drawn large again."""
_BLUR = 2.5
_DARKENED = 0.42
_NO_PICTURE = (38, 40, 46)
_SMALLEST_TEXT = 0.6
"""Of the size asked for; a line that is still too long ends with an ellipsis."""
_FONT_FILE = "DejaVuSerifCondensed.ttf"
_NOT_IN_FONT = "\ufffe"  # no character at all, so every face shows its box for it


def shape_size(shape: str) -> tuple[int, int]:
    """Width and height of a shape.

    Raises:
        UsageError: no such shape.
    """
    for name, size in SHAPES.items():
        if name == shape:
            return size
    raise unknown_name("video shape", shape, SHAPES)


def fitted_size(width: int, height: int, box_width: int, box_height: int) -> tuple[int, int]:
    """The largest size of the same proportions within a box, even, and never less than 2 pixels."""
    scale = min(box_width / width, box_height / height)
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


def backdrop(picture: NDArray[np.uint8] | None, width: int, height: int) -> NDArray[np.uint8]:
    """A canvas filled with the picture, blurred and darkened; plain without one."""
    from PIL import Image, ImageFilter

    if picture is None:
        return np.full((height, width, 3), _NO_PICTURE, np.uint8)
    rows, columns = picture.shape[:2]
    # The middle that has the canvas' proportions.
    seen = min(columns / width, rows / height)
    left, top = (columns - width * seen) / 2, (rows - height * seen) / 2
    scale = _BLURRED_PIXELS / max(width, height)
    small = Image.fromarray(picture).resize(
        (max(2, round(width * scale)), max(2, round(height * scale))),
        Image.Resampling.BILINEAR,
        box=(left, top, left + width * seen, top + height * seen),
    )
    soft = small.filter(ImageFilter.GaussianBlur(_BLUR)).point(lambda value: value * _DARKENED)
    return np.array(soft.resize((width, height), Image.Resampling.BICUBIC))


def fit_picture(canvas: NDArray[np.uint8], picture: NDArray[np.uint8], box: Box) -> Box:
    """Draws the whole picture into the middle of a box, as large as fits, and returns where it lies."""
    from PIL import Image

    left, top, box_width, box_height = box
    width, height = fitted_size(picture.shape[1], picture.shape[0], box_width, box_height)
    left += (box_width - width) // 4 * 2
    top += (box_height - height) // 4 * 2
    drawn = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
    canvas[top : top + height, left : left + width] = np.asarray(drawn)
    return left, top, width, height


def can_set(text: str) -> bool:
    """Whether there is a line to be drawn: some letters, and the face has them all."""
    line = one_line(text)
    return bool(line) and _has_letters(_font(24), line)


def draw_line(canvas: NDArray[np.uint8], text: str, box: Box, *, centred: bool = True) -> None:
    """Draws one line of light text into a box, set smaller or cut where it is too long; what `can_set` refuses is left out."""
    from PIL import Image, ImageDraw

    left, top, width, height = box
    line = one_line(text)
    if not can_set(line):
        return
    size = max(8, round(height * 0.62))
    font = _font(size)
    length = font.getlength(line)
    if length > width:
        font = _font(max(8, round(size * max(_SMALLEST_TEXT, width / length))))
        while len(line) > 1 and font.getlength(line) > width:
            line = line[:-2].rstrip() + "…"
    image = Image.fromarray(canvas[top : top + height, left : left + width])
    place = (width / 2, height / 2) if centred else (0.0, height / 2)
    ImageDraw.Draw(image).text(place, line, (240, 240, 240), font, anchor="mm" if centred else "lm")
    canvas[top : top + height, left : left + width] = np.asarray(image)


def _font(size: int) -> FreeTypeFont:
    from PIL import ImageFont

    # Pillow's own layout: the other one is there on some machines only, and sets lines otherwise.
    return ImageFont.truetype(str(asset_path(_FONT_FILE)), size, layout_engine=ImageFont.Layout.BASIC)


def _has_letters(font: FreeTypeFont, line: str) -> bool:
    lacking = bytes(font.getmask(_NOT_IN_FONT))
    return not any(bytes(font.getmask(letter)) == lacking for letter in set(line) if not letter.isspace())

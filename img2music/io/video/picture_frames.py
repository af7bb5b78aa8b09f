"""The frames of a still picture: whole, as large as the shape allows, its soft darkened copy round it, the title in a strip below.

One frame stands for the whole piece, so the file is small and a slow rate is enough; players need a steady one, and ten frames a second is
the slowest that the ones we know show without a fault when they jump.
Conventions: the picture is sRGB, uint8 (height, width, 3), as `Picture.rgb`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from img2music.errors import PictureError
from img2music.io.video.frame_layout import backdrop, can_set, draw_line, fit_picture, shape_size
from img2music.io.video.video_files import FrameChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["STILL_FRAMES_A_SECOND", "StillFrames", "picture_frames", "picture_of_jpeg"]

STILL_FRAMES_A_SECOND = 10
_TITLE_STRIP = 0.065
"""Of the shape's shorter side."""


@dataclass(frozen=True, slots=True, eq=False)
class StillFrames:
    """One picture for the whole time (`video_files.VideoFrames`)."""

    rgb: NDArray[np.uint8]
    frames_a_second: int = STILL_FRAMES_A_SECOND

    @property
    def width(self) -> int:
        """Of the canvas, in pixels."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Likewise."""
        return int(self.rgb.shape[0])

    def changes(self) -> Iterator[FrameChange]:
        """The one picture."""
        yield FrameChange(0.0, 0, 0, self.rgb)


def picture_frames(picture: NDArray[np.uint8], *, shape: str = "wide", title: str = "") -> StillFrames:
    """`picture` whole in a shape: "wide", "square" or "tall"; an empty `title` gives its room to the picture.

    Raises:
        UsageError: no such shape.
        PictureError: an array that is no picture.
    """
    width, height = shape_size(shape)
    _check(picture)
    canvas = backdrop(picture, width, height)
    strip = round(min(width, height) * _TITLE_STRIP) // 2 * 2 if can_set(title) else 0
    gap = strip // 4 * 2
    # Under the picture, so that the title hides nothing of it.
    _, top, _, drawn = fit_picture(canvas, picture, (0, 0, width, height - strip - gap))
    if strip:
        draw_line(canvas, title, (gap, top + drawn + gap // 4 * 2, width - 2 * gap, strip))
    return StillFrames(canvas)


def picture_of_jpeg(jpeg: bytes) -> NDArray[np.uint8]:
    """The pixels of a piece's `preview_jpeg`, written or found sound by this program; pictures from outside go through `open_picture`.

    Raises:
        PictureError: no JPEG.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            return np.array(image.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise PictureError(f"the piece's picture can't be read ({error}); compose it again from the picture") from None


def _check(picture: NDArray[np.uint8]) -> None:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        raise PictureError(f"a picture is uint8 of shape (height, width, 3), not {picture.dtype} of shape {picture.shape}")

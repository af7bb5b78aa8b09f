"""The working copy of a decoded image: small, sRGB, upright; and what a file says of its colours and of which side is up.

Conventions: the working copy is uint8, (height, width, 3), its longest side at most `WORKING_PIXELS`; what was done is appended to `notes` in
words for people. EXIF data is a format of its own and damaged as often as any: then it is passed over, and a note says so.
Does not know: files; see `img2music.io.pictures`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from img2music.errors import PictureError
from img2music.io.colour import colour_tags
from img2music.io.decoding import isobmff

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Exif, Image, Transpose

    from img2music.io.colour.colour_spaces import ColourSpace
    from img2music.io.decoding.file_types import PictureFileType

__all__ = ["WORKING_PIXELS", "ImageColours", "WorkingCopy", "colours_of", "load_pixels", "make_working_copy", "read_exif"]

WORKING_PIXELS = 768
"""Longest side of the working copy."""

_PHOTOMETRIC, _SUBSAMPLING = 262, 530
_YCBCR = 6
"""Tags of TIFF 6.0: what the samples mean, and how many pixels share their colour; and the value for YCbCr."""


class WorkingCopy(NamedTuple):
    """What is kept of a decoded image."""

    rgb: NDArray[np.uint8]
    """The working copy."""
    size: tuple[int, int]
    """Width and height of the original, upright."""
    notes: list[str]
    """What was done."""
    before: Image
    """The image that it was made from: upright, sRGB, at least as large."""


@dataclass(frozen=True, slots=True)
class ImageColours:
    """How the values of an image become sRGB and upright: its profile, its EXIF data (None: damaged), what its format declares."""

    image: Image
    exif: Exif | None
    declared: colour_tags.Declared = colour_tags.NOTHING

    def profile(self) -> object:
        """The ICC profile, unless something stronger settles the colours."""
        return None if self.declared.settled else self.image.info.get("icc_profile")

    def space(self, notes: list[str]) -> ColourSpace | None:
        """The colour space where there is no profile."""
        if self.declared.settled or self.exif is None:
            return self.declared.space
        try:
            return colour_tags.from_exif(self.exif, notes)
        except Exception:  # EXIF data is a format of its own, damaged as often as any
            return None


def load_pixels(image: Image) -> None:
    """Decode the pixels of an opened image.

    Pillow before 13 takes the plain YCbCr of a TIFF, three samples a pixel, for the four that libtiff makes of packed ones.
    """
    tiles = getattr(image, "tile", None)
    if image.format == "TIFF" and tiles and tiles[0].codec_name == "raw" and tiles[0].args[0] == "RGBX":
        tags = image.tag_v2  # type: ignore[attr-defined]
        if tags.get(_PHOTOMETRIC) == _YCBCR and tuple(tags.get(_SUBSAMPLING, ())) == (1, 1):
            image._mode = "YCbCr"
            image.tile = [tile._replace(args=("YCbCr", *tile.args[1:])) for tile in tiles]  # type: ignore[attr-defined]
    image.load()


def colours_of(image: Image, kind: PictureFileType, notes: list[str]) -> ImageColours:
    """What a file of this kind says of its colours."""
    exif = read_exif(image)
    if kind.name == "PNG":
        return ImageColours(image, exif, colour_tags.from_png(kind.content, notes))
    if kind.name == "AVIF" and not image.info.get("icc_profile"):
        return ImageColours(image, exif, colour_tags.from_nclx(isobmff.coded_colours(kind.content), notes))
    return ImageColours(image, exif)


def read_exif(image: Image) -> Exif | None:
    """The EXIF data; None where it is damaged."""
    try:
        exif = image.getexif()
        exif.get(0x0112)
    except Exception:  # EXIF data is a format of its own, damaged as often as any
        return None
    return exif


def make_working_copy(image: Image, size: tuple[int, int], colours: ImageColours, notes: list[str]) -> WorkingCopy:
    """The working copy of a decoded image that is `size` pixels large in the original."""
    import numpy as np
    from PIL import Image as PillowImage

    from img2music.io.colour import pixel_formats

    if min(size) < 1:
        raise PictureError("has no pixels; give another picture")
    turn = _orientation(colours.exif, notes)
    small = pixel_formats.shrink(image, 2 * WORKING_PIXELS, notes)
    profile = colours.profile()
    small = pixel_formats.to_srgb(small, profile, notes, None if profile else colours.space(notes))
    turns = PillowImage.Transpose
    if turn is not None:
        small = small.transpose(turn)
        notes.append("turned upright as its EXIF data says")
        if turn in {turns.TRANSPOSE, turns.ROTATE_270, turns.TRANSVERSE, turns.ROTATE_90}:
            size = (size[1], size[0])
    before = small
    # The same filter for every picture; a longest side of one pixel and a panorama keep at least one pixel across.
    if max(small.size) > WORKING_PIXELS:
        scale = WORKING_PIXELS / max(small.size)
        sides = [max(1, round(side * scale)) for side in small.size]
        small = small.resize((sides[0], sides[1]), PillowImage.Resampling.LANCZOS)
    return WorkingCopy(np.array(small, dtype=np.uint8, order="C"), size, notes, before)


def _orientation(exif: Exif | None, notes: list[str]) -> Transpose | None:
    """How to turn the picture upright, from its EXIF data; None where it already is."""
    from PIL.Image import Transpose as turns  # noqa: N813  a table of turns

    if exif is None:
        notes.append("its EXIF data is damaged and was ignored")
        return None
    tag = exif.get(0x0112, 1)
    table = (
        turns.FLIP_LEFT_RIGHT,
        turns.ROTATE_180,
        turns.FLIP_TOP_BOTTOM,
        turns.TRANSPOSE,
        turns.ROTATE_270,
        turns.TRANSVERSE,
        turns.ROTATE_90,
    )
    return table[tag - 2] if isinstance(tag, int) and 2 <= tag <= 8 else None

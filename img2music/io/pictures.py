"""Pictures from outside, decoded safely, and a small JPEG of them for the report.

A file is hostile until it is decoded: it is read once, its size and its number of pixels are bounded before any pixel is
decoded, only well-known formats are tried, each by its own first bytes (nothing that runs a program or opens another
file, such as EPS), and whatever a decoder raises becomes one `PictureError`. What kind of file it is, its colours, its frames
and so on are questions of their own: one file each in `img2music.io.decoding`.

Conventions: the working copy is sRGB, uint8, (height, width, 3), upright, its longest side at most `WORKING_PIXELS`.
Memory: one decoded frame (at most 4 bytes a pixel) and the file's bytes; a large JPEG is decoded at a fraction of its size.
Does not know: what is in cameras' raw files, layers, pages beyond the first, gain maps of HDR pictures.
"""

from __future__ import annotations

import io
import logging
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from img2music.errors import PictureError, UsageError
from img2music.io.decoding import animation, colour_tags, file_types, heif, isobmff, jpeg_header, svg
from img2music.io.decoding.picture_sources import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike
    from typing import Any, BinaryIO

    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image as _PillowImage
    from PIL.Image import Exif, Image, Transpose

    from img2music.io.decoding.colour_spaces import ColourSpace
    from img2music.io.decoding.file_types import PictureFileType

__all__ = ["MOST_PIXELS", "WORKING_PIXELS", "Picture", "PictureSource", "open_picture", "preview_jpeg"]

PictureSource: TypeAlias = (
    "str | PathLike[str] | bytes | bytearray | memoryview | BinaryIO | _PillowImage.Image | NDArray[Any] | Picture"
)
"""What may be given as a picture: a path ("-" is standard input), the bytes of a file, a file opened in mode "rb", a Pillow image,
a numpy array of (height, width) or (height, width, 1, 3 or 4), or a `Picture`."""

WORKING_PIXELS = 768
"""Longest side of the working copy."""
MOST_PIXELS = 100_000_000
"""Most pixels of a picture, unless another number is asked for. A frame of it takes 400 MB at four bytes a pixel."""
_MOST_DRAFTED_PIXELS = 400_000_000
"""Likewise of a JPEG, which is decoded at a fraction of its size: 390 megapixels take 1.5 s and 185 MB (evals/bench/bench_pictures.py)."""
_MOST_COEFFICIENT_BYTES = 400_000_000
"""Likewise for the coefficients of a progressive JPEG: as much as a frame of another picture may take. 133 megapixels at 4:2:0."""
_MOST_SCAN_BLOCKS = 500_000_000
"""Blocks that the scans of a progressive JPEG walk over; ten scans are usual, files made to take long have thousands."""
_COUNTED_FILE = 8_000_000  # frames are counted only in files up to this size: counting walks through the whole file
_ANIMATED = frozenset({"GIF", "PNG", "WEBP", "AVIF"})
_PAGED = _ANIMATED | {"TIFF"}


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture.

    `rgb` is the working copy: uint8 (height, width, 3), read-only. `width` and `height` are those of the original, upright.
    `file` is the name without its folder, `sha256` that of the file's bytes, `format` such as "JPEG", and `notes` say what
    was done to read it.
    """

    rgb: NDArray[np.uint8]
    width: int
    height: int
    file: str
    sha256: str
    format: str
    notes: tuple[str, ...] = ()


def open_picture(source: PictureSource, *, max_pixels: int | None = None) -> Picture:
    """The picture that was given.

    Args:
        source: see `PictureSource`.
        max_pixels: a picture that claims more pixels is refused before it is decoded. None: `MOST_PIXELS`, and more of a JPEG as
            long as decoding it takes no more memory.

    Raises:
        PictureError: missing, unreadable, empty, too large, no picture, or damaged; one line that says what to do.
        UsageError: `max_pixels` below 1, or nothing that could be a picture.
    """
    if max_pixels is not None and max_pixels < 1:
        raise UsageError(f"max_pixels is {max_pixels}; give a number of pixels such as 100000000")
    if isinstance(source, Picture):
        return source
    given = read_source(source, MOST_PIXELS if max_pixels is None else max_pixels)
    name, what = given.name, given.format
    try:
        with _guarded() as limit:
            if given.image is None:
                kind = file_types.detect_file_type(given.content)
                what = kind.name
                import_module(f"PIL.{kind.module}") if kind.module else None
                decoded = _decode(kind, max_pixels, limit)
            else:
                decoded = _finish(given.image, given.image.size, _Colours(given.image, _exif(given.image)), [])
    except PictureError as error:
        raise PictureError(f"{name} {error}") from None
    except ImportError:
        raise PictureError(f"{name} is {what}, which this Pillow can't read; save it as PNG or JPEG") from None
    except MemoryError:
        raise PictureError(f"{name} does not fit into memory; scale it down first") from None
    except Exception as error:  # a damaged or hostile file makes decoders raise anything
        if type(error).__name__.startswith("DecompressionBomb"):
            raise PictureError(f"{name} {_too_large(limit.pixels)}") from None
        unknown = type(error).__name__ == "UnidentifiedImageError"  # its text holds a memory address
        reason = "its beginning makes no sense" if unknown else " ".join(str(error).split())[:120] or type(error).__name__
        raise PictureError(f"{name} is a damaged or truncated {what} ({reason}); copy or export it again") from None
    rgb, size, notes = decoded
    rgb.setflags(write=False)
    return Picture(rgb, size[0], size[1], given.file, given.sha256, what, tuple(notes))


def _too_large(pixels: int) -> str:
    return f"has more than {pixels} pixels; scale it down, or raise --max-pixels if you trust the file"


def preview_jpeg(picture: Picture, longest: int = 720) -> bytes:
    """A JPEG of the working copy for a page, its longest side at most `longest` pixels, without metadata."""
    from PIL import Image

    image = Image.fromarray(picture.rgb)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=84, optimize=True)
    return buffer.getvalue()


_pillow_limits = Lock()


class _Limit:
    """Pillow's own bomb check: it is asked for every size that Pillow meets, also of a picture packed in another (ICO)."""

    def __init__(self) -> None:
        self.pixels = MOST_PIXELS

    def set(self, pixels: int) -> None:
        """From now on so many pixels; Pillow keeps its limit in one global."""
        from PIL import Image

        self.pixels = Image.MAX_IMAGE_PIXELS = pixels


@contextmanager
def _guarded() -> Iterator[_Limit]:
    """Pillow's own bomb check as an error, to be set; its other warnings are silent."""
    from PIL import Image

    library = logging.getLogger("PIL")
    if not library.handlers:
        library.addHandler(logging.NullHandler())  # else what it logs of damaged files is printed beside our one line
    with _pillow_limits, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        before = Image.MAX_IMAGE_PIXELS
        try:
            yield _Limit()
        finally:
            Image.MAX_IMAGE_PIXELS = before


_Decoded: TypeAlias = "tuple[NDArray[np.uint8], tuple[int, int], list[str]]"
"""The working copy, width and height of the original, upright, and what was done."""


def _decode(kind: PictureFileType, max_pixels: int | None, limit: _Limit) -> _Decoded:
    """A file's picture."""
    from PIL import Image

    notes: list[str] = []
    most = MOST_PIXELS if max_pixels is None else max_pixels
    limit.set(most)
    if kind.reader == "heif":
        image, whole, code = heif.decode(kind.content, most_pixels=most, longest=2 * WORKING_PIXELS, notes=notes)
        return _finish(image, whole, _Colours(image, Image.Exif(), colour_tags.from_nclx(code, notes)), notes)
    if kind.reader == "svg":
        return _drawn(kind, notes)
    large = False
    if kind.name == "JPEG":
        limit.set(_jpeg_limit(kind.content, max_pixels))
        large = limit.pixels > MOST_PIXELS
    with Image.open(io.BytesIO(kind.content), formats=(kind.name,)) as image:
        size = image.size
        first = _first_of(image, kind)
        notes += first
        draft = kind.name == "JPEG" and _draft(image, large=large and size[0] * size[1] > MOST_PIXELS)
        image.load()
        if kind.name in _ANIMATED and first and animation.is_blank(image):
            chosen, notes = _with_content(image, kind, notes)
        else:
            chosen = image
        if not draft:
            size = chosen.size  # TIFF turns itself while loading, an icon may hold another size than it claims
        colours = _colours(chosen, kind, notes)
        if kind.orientation is not None and colours.exif is not None:
            colours.exif[0x0112] = kind.orientation
        return _finish(chosen, size, colours, notes)


def _jpeg_limit(content: bytes, max_pixels: int | None) -> int:
    """The most pixels that this JPEG may have.

    Raises:
        PictureError: its coefficients take too much memory, or its scans too long; or a kind that no reader decodes.
    """
    head = jpeg_header.read_head(content)
    if head is None:
        return MOST_PIXELS if max_pixels is None else max_pixels
    if head.unreadable:
        raise PictureError(f"is {head.unreadable}, which can't be read; save it as an ordinary JPEG")
    if head.buffered and head.scans * head.blocks > _MOST_SCAN_BLOCKS and head.scans > 100:
        raise PictureError(f"is a progressive JPEG of {head.scans} scans, made to take long; save it again as an ordinary JPEG")
    if max_pixels is not None:
        return max_pixels
    if head.coefficient_bytes > _MOST_COEFFICIENT_BYTES:
        raise PictureError(
            f"is a progressive JPEG of {head.width} x {head.height} pixels, which takes {head.coefficient_bytes // 1_000_000} MB to "
            f"decode; save it as a baseline JPEG, or raise --max-pixels to {head.width * head.height} if you trust the file"
        )
    return _MOST_DRAFTED_PIXELS


def _draft(image: Image, *, large: bool) -> bool:
    """Asks for a JPEG at 1/2, 1/4 or 1/8, never below twice the working size; only JPEG knows drafts.

    Of a `large` one it is the longest side that counts, so that a panorama is never decoded whole.
    """
    wanted = (2 * WORKING_PIXELS, 2 * WORKING_PIXELS)
    if large:
        scale = 2 * WORKING_PIXELS / max(image.size)
        wanted = (max(1, int(image.width * scale)), max(1, int(image.height * scale)))
    return image.draft(None, wanted) is not None


def _drawn(kind: PictureFileType, notes: list[str]) -> _Decoded:
    """An SVG drawing."""
    from PIL import Image

    png, whole = svg.draw(kind.content, longest=WORKING_PIXELS, notes=notes)
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        image.load()
        if image.mode == "RGBA" and image.getchannel("A").getextrema() == (0, 0):
            raise PictureError("is an SVG drawing that shows nothing; look at it in a browser, or export it as PNG")
        return _finish(image, whole or image.size, _Colours(image, Image.Exif()), notes)


def _first_of(image: Image, kind: PictureFileType) -> list[str]:
    """Notes where a file holds more than one picture."""
    if kind.note is not None:
        return [kind.note]
    return [*_frames(image, len(kind.content))] if kind.name in _PAGED else []


def _frames(image: Image, file_bytes: int) -> Iterator[str]:
    """A note where there is more than one frame or page."""
    if not getattr(image, "is_animated", False):
        return
    try:
        count = getattr(image, "n_frames", 2) if file_bytes <= _COUNTED_FILE else None
    except Exception:  # a later frame is damaged, in any way; the first may be whole
        count = None
    yield f"first of {count} frames" if count else "first of many frames"


_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _with_content(image: Image, kind: PictureFileType, notes: list[str]) -> tuple[Image, list[str]]:
    """The first frame that shows something, instead of a blank first one; that one again where none does."""
    from PIL import Image as PillowImage

    found = animation.seek_content(image)
    if found is None:
        again = PillowImage.open(io.BytesIO(kind.content), formats=(kind.name,))
        again.load()
        return again, notes
    of = notes[0].removeprefix("first of ").removesuffix(" frames")
    blank, place = found
    count = _NUMBERS[blank] if blank < len(_NUMBERS) else str(blank)
    before = "the first is blank" if blank == 1 else f"the first {count} are blank"
    fading = "" if blank == place else ", then it fades in"
    return image, [f"frame {place + 1} of {of}: {before}{fading}", *notes[1:]]


@dataclass(frozen=True, slots=True)
class _Colours:
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


def _colours(image: Image, kind: PictureFileType, notes: list[str]) -> _Colours:
    """What a file of this kind says of its colours."""
    exif = _exif(image)
    if kind.name == "PNG":
        return _Colours(image, exif, colour_tags.from_png(kind.content, notes))
    if kind.name == "AVIF" and not image.info.get("icc_profile"):
        return _Colours(image, exif, colour_tags.from_nclx(isobmff.coded_colours(kind.content), notes))
    return _Colours(image, exif)


def _exif(image: Image) -> Exif | None:
    """The EXIF data; None where it is damaged."""
    try:
        exif = image.getexif()
        exif.get(0x0112)
    except Exception:  # EXIF data is a format of its own, damaged as often as any
        return None
    return exif


def _finish(image: Image, size: tuple[int, int], colours: _Colours, notes: list[str]) -> _Decoded:
    """The working copy of a decoded image that is `size` pixels large in the original."""
    import numpy as np
    from PIL import Image as PillowImage

    from img2music.io import pixel_formats

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
    # The same filter for every picture; a longest side of one pixel and a panorama keep at least one pixel across.
    if max(small.size) > WORKING_PIXELS:
        scale = WORKING_PIXELS / max(small.size)
        sides = [max(1, round(side * scale)) for side in small.size]
        small = small.resize((sides[0], sides[1]), PillowImage.Resampling.LANCZOS)
    return np.array(small, dtype=np.uint8, order="C"), size, notes


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

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

from img2music.cancellation import CheckedBytes, checkpoint
from img2music.errors import PictureError, UsageError
from img2music.io.colour import colour_tags
from img2music.io.decoding import file_types, heif, jpeg_header, svg
from img2music.io.decoding.animation import first_with_content, is_blank, note_frames
from img2music.io.decoding.picture_sources import read_source
from img2music.io.decoding.working_copy import (
    WORKING_PIXELS,
    ImageColours,
    WorkingCopy,
    colours_of,
    load_pixels,
    make_working_copy,
    read_exif,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike
    from typing import Any, BinaryIO

    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image as _PillowImage
    from PIL.Image import Image

    from img2music.io.decoding.file_types import PictureFileType

__all__ = [
    "MOST_PIXELS",
    "STILL_PIXELS",
    "WORKING_PIXELS",
    "Picture",
    "PictureSource",
    "open_picture",
    "preview_jpeg",
    "still_jpeg",
]

PictureSource: TypeAlias = (
    "str | PathLike[str] | bytes | bytearray | memoryview | BinaryIO | _PillowImage.Image | NDArray[Any] | Picture"
)
"""What may be given as a picture: a path ("-" is standard input), the bytes of a file, a file opened in mode "rb", a Pillow image,
a numpy array of (height, width) or (height, width, 1, 3 or 4), or a `Picture`."""

STILL_PIXELS = 1920
"""Longest side of the copy for a video, of which no side has more."""
MOST_PIXELS = 100_000_000
"""Most pixels of a picture, unless another number is asked for. A frame of it takes 400 MB at four bytes a pixel."""
_MOST_DRAFTED_PIXELS = 400_000_000
"""Likewise of a JPEG, which is decoded at a fraction of its size: 390 megapixels take 1.5 s and 185 MB (evals/bench/bench_pictures.py)."""
_MOST_COEFFICIENT_BYTES = 400_000_000
"""Likewise for the coefficients of a progressive JPEG: as much as a frame of another picture may take. 133 megapixels at 4:2:0."""
_MOST_SCAN_BLOCKS = 500_000_000
"""Blocks that the scans of a progressive JPEG walk over; ten scans are usual, files made to take long have thousands."""
_ANIMATED = frozenset({"GIF", "PNG", "WEBP", "AVIF"})
_PAGED = _ANIMATED | {"TIFF"}


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture.

    `rgb` is the working copy: uint8 (height, width, 3), read-only. `width` and `height` are those of the original, upright.
    `file` is the name without its folder, `sha256` that of the file's bytes, `format` such as "JPEG", and `notes` say what
    was done to read it. `still` is a larger copy, its longest side at most `STILL_PIXELS`, where `open_picture` was asked to keep it.
    """

    rgb: NDArray[np.uint8]
    width: int
    height: int
    file: str
    sha256: str
    format: str
    notes: tuple[str, ...] = ()
    still: NDArray[np.uint8] | None = None


def open_picture(source: PictureSource, *, max_pixels: int | None = None, keep_still: bool = False) -> Picture:
    """The picture that was given.

    Args:
        source: see `PictureSource`.
        max_pixels: a picture that claims more pixels is refused before it is decoded. None: `MOST_PIXELS`, and more of a JPEG as
            long as decoding it takes no more memory.
        keep_still: also keep a copy of up to `STILL_PIXELS`, such as a video shows; it is decoded anyway.

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
                decoded = make_working_copy(given.image, given.image.size, ImageColours(given.image, read_exif(given.image)), [])
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
    checkpoint()
    still = _still(decoded.before) if keep_still else None
    for pixels in (decoded.rgb, still):
        if pixels is not None:
            pixels.setflags(write=False)
    width, height = decoded.size
    return Picture(decoded.rgb, width, height, given.file, given.sha256, what, tuple(decoded.notes), still)


def _still(image: Image) -> NDArray[np.uint8]:
    """What the working copy was made from, no larger than it is needed."""
    import numpy as np
    from PIL import Image as PillowImage

    image = image.copy()  # it may be the one that was handed in
    image.thumbnail((STILL_PIXELS, STILL_PIXELS), PillowImage.Resampling.LANCZOS)
    return np.array(image, dtype=np.uint8, order="C")


def _too_large(pixels: int) -> str:
    return f"has more than {pixels} pixels; scale it down, or raise --max-pixels if you trust the file"


def preview_jpeg(picture: Picture, longest: int = 720) -> bytes:
    """A JPEG of the working copy for a page, its longest side at most `longest` pixels, without metadata."""
    return _jpeg(picture.rgb, longest, quality=84)


def still_jpeg(picture: Picture) -> bytes:
    """A JPEG for a video, of the largest copy that was kept, without metadata."""
    return _jpeg(picture.rgb if picture.still is None else picture.still, STILL_PIXELS, quality=92)


def _jpeg(rgb: NDArray[np.uint8], longest: int, *, quality: int) -> bytes:
    from PIL import Image

    image = Image.fromarray(rgb)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


_pillow_limits = Lock()


class _PixelLimit:
    """Pillow's own bomb check: it is asked for every size that Pillow meets, also of a picture packed in another (ICO)."""

    def __init__(self) -> None:
        self.pixels = MOST_PIXELS

    def set(self, pixels: int) -> None:
        """From now on so many pixels; Pillow keeps its limit in one global."""
        from PIL import Image

        self.pixels = Image.MAX_IMAGE_PIXELS = pixels


@contextmanager
def _guarded() -> Iterator[_PixelLimit]:
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
            yield _PixelLimit()
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _decode(kind: PictureFileType, max_pixels: int | None, limit: _PixelLimit) -> WorkingCopy:
    """A file's picture."""
    from PIL import Image

    notes: list[str] = []
    most = MOST_PIXELS if max_pixels is None else max_pixels
    limit.set(most)
    if kind.reader == "heif":
        image, whole, code = heif.decode(kind.content, most_pixels=most, longest=2 * WORKING_PIXELS, notes=notes)
        return make_working_copy(image, whole, ImageColours(image, Image.Exif(), colour_tags.from_nclx(code, notes)), notes)
    if kind.reader == "svg":
        return _drawn(kind, notes)
    large = False
    if kind.name == "JPEG":
        limit.set(_jpeg_limit(kind.content, max_pixels))
        large = limit.pixels > MOST_PIXELS
    with Image.open(CheckedBytes(kind.content), formats=(kind.name,)) as image:
        size = image.size
        first = (
            [kind.note] if kind.note is not None else list(note_frames(image, len(kind.content))) if kind.name in _PAGED else []
        )
        notes += first
        draft = kind.name == "JPEG" and _draft(image, large=large and size[0] * size[1] > MOST_PIXELS)
        load_pixels(image)
        checkpoint()
        if kind.name in _ANIMATED and first and is_blank(image):
            chosen, notes = first_with_content(image, kind.content, kind.name, notes)
        else:
            chosen = image
        if not draft:
            size = chosen.size  # TIFF turns itself while loading, an icon may hold another size than it claims
        colours = colours_of(chosen, kind, notes)
        if kind.orientation is not None and colours.exif is not None:
            colours.exif[0x0112] = kind.orientation
        return make_working_copy(chosen, size, colours, notes)


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


def _drawn(kind: PictureFileType, notes: list[str]) -> WorkingCopy:
    """An SVG drawing."""
    from PIL import Image

    png, whole = svg.draw(kind.content, longest=WORKING_PIXELS, notes=notes)
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        image.load()
        if image.mode == "RGBA" and image.getchannel("A").getextrema() == (0, 0):
            raise PictureError("is an SVG drawing that shows nothing; look at it in a browser, or export it as PNG")
        return make_working_copy(image, whole or image.size, ImageColours(image, Image.Exif()), notes)

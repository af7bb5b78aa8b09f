"""Pictures from outside, decoded safely, and a small JPEG of them for the report.

A file is hostile until it is decoded: it is read once, its size and its number of pixels are bounded before any pixel is
decoded, only well-known raster formats are tried, each by its own first bytes (nothing that runs a program or opens another
file, such as EPS), and whatever a decoder raises becomes one `PictureError`.

Conventions: the working copy is sRGB, uint8, (height, width, 3), upright, its longest side at most `WORKING_PIXELS`.
Memory: one decoded frame (at most 4 bytes a pixel) and the file's bytes; a large JPEG is decoded at a fraction of its size.
Does not know: RAW and HEIC photographs, layers, pages and frames beyond the first, gain maps of HDR pictures.
"""

from __future__ import annotations

import io
import stat
import struct
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from img2music.errors import PictureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image, Transpose

__all__ = ["WORKING_PIXELS", "Picture", "open_picture", "preview_jpeg"]

WORKING_PIXELS = 768
"""Longest side of the working copy."""
_LARGEST_FILE = 200_000_000
_COUNTED_FILE = 8_000_000  # frames are counted only in files up to this size: counting walks through the whole file
_READS = "JPEG, PNG, GIF, WebP, BMP, TIFF, PPM, ICO, AVIF or QOI"

# First bytes (offset, text), Pillow's name of the format, its module.
_FORMATS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\xff\xd8\xff", "JPEG", "JpegImagePlugin"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG", "PngImagePlugin"),
    (0, b"GIF87a", "GIF", "GifImagePlugin"),
    (0, b"GIF89a", "GIF", "GifImagePlugin"),
    (8, b"WEBP", "WEBP", "WebPImagePlugin"),
    (0, b"BM", "BMP", "BmpImagePlugin"),
    (0, b"II*\0", "TIFF", "TiffImagePlugin"),
    (0, b"MM\0*", "TIFF", "TiffImagePlugin"),
    *((0, b"P" + kind, "PPM", "PpmImagePlugin") for kind in (b"1", b"2", b"3", b"4", b"5", b"6", b"F", b"f")),
    (0, b"\0\0\1\0", "ICO", "IcoImagePlugin"),
    (4, b"ftypavif", "AVIF", "AvifImagePlugin"),
    (4, b"ftypavis", "AVIF", "AvifImagePlugin"),
    (0, b"qoif", "QOI", "QoiImagePlugin"),
)
# Files that people take for readable pictures: first bytes (offset, text) and what they are.
_FOREIGN: tuple[tuple[int, bytes, str], ...] = (
    (4, b"ftyphei", "a HEIC photograph"),
    (4, b"ftypmif1", "a HEIF photograph"),
    (4, b"ftyp", "a video"),
    (0, b"%PDF", "a PDF document"),
    (0, b"%!PS", "a PostScript file"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"<svg", "an SVG drawing"),
    (0, b"<?xml", "an XML file, perhaps an SVG drawing"),
)


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


def open_picture(path: str | Path, *, max_pixels: int = 100_000_000) -> Picture:
    """The picture in the file at `path`.

    Args:
        path: a file of one of the formats named in this module.
        max_pixels: a picture that claims more pixels is refused before it is decoded.

    Raises:
        PictureError: missing, unreadable, empty, too large, no picture, or damaged; one line that says what to do.
        UsageError: `max_pixels` below 1.
    """
    if max_pixels < 1:
        raise UsageError(f"max_pixels is {max_pixels}; give a number of pixels such as 100000000")
    path = Path(path)
    name = repr(str(path))
    content = _read(path, name)
    format_name, module = _recognise(content, name)
    try:
        import_module(f"PIL.{module}")
        with _guarded(max_pixels):
            rgb, width, height, notes = _decode(content, format_name)
    except PictureError as error:
        raise PictureError(f"{name} {error}") from None
    except ImportError:
        raise PictureError(f"{name} is {format_name}, which this Pillow can't read; save it as PNG or JPEG") from None
    except MemoryError:
        raise PictureError(f"{name} does not fit into memory; scale it down first") from None
    except Exception as error:  # a damaged or hostile file makes decoders raise anything
        if type(error).__name__.startswith("DecompressionBomb"):
            raise PictureError(
                f"{name} has more than {max_pixels} pixels; scale it down, or raise --max-pixels if you trust the file"
            ) from None
        unknown = type(error).__name__ == "UnidentifiedImageError"  # its text holds a memory address
        reason = "its beginning makes no sense" if unknown else " ".join(str(error).split())[:120] or type(error).__name__
        raise PictureError(f"{name} is a damaged or truncated {format_name} ({reason}); copy or export it again") from None
    rgb.setflags(write=False)
    # A name that is no UTF-8 would break every file it is later written to.
    file = path.name.encode("utf-8", "replace").decode("utf-8")
    return Picture(rgb, width, height, file, sha256(content).hexdigest(), format_name, notes)


def preview_jpeg(picture: Picture, longest: int = 720) -> bytes:
    """A JPEG of the working copy for a page, its longest side at most `longest` pixels, without metadata."""
    from PIL import Image

    image = Image.fromarray(picture.rgb)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=84, optimize=True)
    return buffer.getvalue()


def _read(path: Path, name: str) -> bytes:
    """The file's bytes, read once."""
    try:
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            raise PictureError(f"{name} is a folder; give the pictures in it, such as {str(path / '*.jpg')!r}")
        if not stat.S_ISREG(info.st_mode):
            raise PictureError(f"{name} is no regular file; give the path of a picture")
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except FileNotFoundError:
        raise PictureError(f"no picture {name}; check the path") from None
    except PermissionError:
        raise PictureError(f"{name} may not be read; allow reading it (chmod +r) or copy it elsewhere") from None
    except (OSError, ValueError) as error:
        if isinstance(error, PictureError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise PictureError(f"{name} can't be opened ({reason}); check the path") from None
    if not content:
        raise PictureError(f"{name} is empty; copy or export it again")
    if len(content) > _LARGEST_FILE:
        raise PictureError(f"{name} is larger than {_LARGEST_FILE // 1_000_000} MB; export it smaller")
    return content


def _recognise(content: bytes, name: str) -> tuple[str, str]:
    """Pillow's name of the format and the module that reads it, by the file's first bytes."""
    for offset, text, format_name, module in _FORMATS:
        if content.startswith(text, offset):
            return format_name, module
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    for offset, text, what in _FOREIGN:
        if (content if offset else start).startswith(text, offset):
            raise PictureError(f"{name} is {what}; save it as JPEG or PNG")
    raise PictureError(f"{name} is no picture that can be read; give {_READS}")


_pillow_limits = Lock()


@contextmanager
def _guarded(max_pixels: int) -> Iterator[None]:
    """Pillow's own bomb check set to `max_pixels`, as an error; its other warnings are silent.

    Pillow checks every size it meets, also of a picture packed in another (ICO), but keeps its limit in one global.
    """
    from PIL import Image

    with _pillow_limits, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, max_pixels
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _decode(content: bytes, format_name: str) -> tuple[NDArray[np.uint8], int, int, tuple[str, ...]]:
    """The working copy, the original's width and height, and what was done."""
    import numpy as np
    from PIL import Image

    from img2music.io import rasters

    notes: list[str] = []
    with Image.open(io.BytesIO(content), formats=(format_name,)) as image:
        size = image.size
        if format_name in {"GIF", "PNG", "WEBP", "TIFF", "AVIF"}:
            notes += _frames(image, len(content))
        # Only JPEG knows drafts: it is decoded at 1/2, 1/4 or 1/8, never below twice the working size.
        draft = format_name == "JPEG" and image.draft(None, (2 * WORKING_PIXELS, 2 * WORKING_PIXELS)) is not None
        image.load()
        if not draft:
            size = image.size  # TIFF turns itself while loading, an icon may hold another size than it claims
        if min(size) < 1:
            raise PictureError("has no pixels; give another picture")
        turn = _orientation(image, notes)
        profile = image.info.get("icc_profile")
        small = rasters.shrink(image, 2 * WORKING_PIXELS, notes)
    small = rasters.to_srgb(small, profile, notes)
    if turn is not None:
        small = small.transpose(turn)
        notes.append("turned upright as its EXIF data says")
        if turn in {Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_270, Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_90}:
            size = (size[1], size[0])
    # The same filter for every picture; a longest side of one pixel and a panorama keep at least one pixel across.
    if max(small.size) > WORKING_PIXELS:
        scale = WORKING_PIXELS / max(small.size)
        sides = [max(1, round(side * scale)) for side in small.size]
        small = small.resize((sides[0], sides[1]), Image.Resampling.LANCZOS)
    return np.array(small, dtype=np.uint8, order="C"), size[0], size[1], tuple(notes)


def _frames(image: Image, file_bytes: int) -> Iterator[str]:
    """A note where there is more than one frame or page."""
    if not getattr(image, "is_animated", False):
        return
    try:
        count = getattr(image, "n_frames", 2) if file_bytes <= _COUNTED_FILE else None
    except (OSError, EOFError, SyntaxError, ValueError, KeyError, struct.error):
        count = None  # a later frame is damaged; the first may be whole
    yield f"first of {count} frames" if count else "first of many frames"


def _orientation(image: Image, notes: list[str]) -> Transpose | None:
    """How to turn the picture upright, from its EXIF data; None where it already is."""
    from PIL.Image import Transpose as turns  # noqa: N813  a table of turns

    try:
        tag = image.getexif().get(0x0112, 1)
    except Exception:  # EXIF data is a format of its own, damaged as often as any
        notes.append("its EXIF data is damaged and was ignored")
        return None
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

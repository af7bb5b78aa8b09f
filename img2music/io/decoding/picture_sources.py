"""What may be given as a picture, and its bytes or pixels: a path, standard input, bytes, an open file, a Pillow image, an array.

Nothing is fetched: an address of the web is refused by saying so. Every way of reading is bounded.
The hash on record is that of the bytes where there are bytes; else of the kind, the shape and the values, so that the same pixels
have the same hash everywhere.
Conventions: arrays are (height, width) or (height, width, 1, 3 or 4), uint8, uint16, bool, or float from 0 to 1, sRGB.
A Pillow image has its profile and its EXIF data with it; what only its file says of colour (PNG's cICP, AVIF's nclx) it has lost.
Does not know: arrays of other libraries; they are refused with the way to make a numpy array of them.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from img2music.cancellation import stoppable_call
from img2music.errors import PictureError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

__all__ = ["LARGEST_FILE", "STANDARD_INPUT", "PictureInput", "read_source"]

LARGEST_FILE = 200_000_000
STANDARD_INPUT = "-"
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]{1,20}):/{1,3}(?=[^/])|(data):", re.IGNORECASE)
_CHANNELS = (1, 3, 4)
_MOST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class PictureInput:
    """A picture as it was handed in: `content` or `image`; `name` is for messages, `file` for the record."""

    name: str
    file: str
    sha256: str
    content: bytes = b""
    image: Image | None = None
    format: str = ""


def read_source(source: object, most_pixels: int) -> PictureInput:
    """The bytes or the pixels of what was given.

    Raises:
        PictureError: missing, unreadable, empty, too large, or an array that is no picture; one line that says what to do.
        UsageError: nothing that could be a picture.
    """
    if isinstance(source, str) and source == STANDARD_INPUT:
        return _of_bytes(_standard_input(), "standard input", "stdin")
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        return _of_path(path if isinstance(path, str) else os.fsdecode(path))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _of_bytes(bytes(source), "the picture", "picture")
    if callable(getattr(source, "read", None)) and not hasattr(source, "getbands"):
        return _of_file(source)
    return _of_pixels(source, most_pixels)


def _of_bytes(content: bytes, name: str, file: str) -> PictureInput:
    if not content:
        again = "pipe a picture into it: img2music see - < photo.jpg" if file == "stdin" else "copy or export it again"
        raise PictureError(f"{name} is empty; {again}")
    if len(content) > LARGEST_FILE:
        raise PictureError(f"{name} is larger than {LARGEST_FILE // 1_000_000} MB; export it smaller")
    return PictureInput(name, file, sha256(content).hexdigest(), content)


def _standard_input() -> bytes:
    stream = sys.stdin
    if stream is None or stream.closed:
        raise PictureError("there is no standard input; give the path of a picture")
    if stream.isatty():
        raise PictureError("standard input is a terminal; pipe a picture into it (img2music see - < photo.jpg) or give its path")
    try:
        with stoppable_call():
            return stream.buffer.read(LARGEST_FILE + 1)
    except (OSError, ValueError, AttributeError) as error:
        raise PictureError(f"standard input can't be read ({error}); give the path of a picture") from None


def _of_path(text: str) -> PictureInput:
    path, name = Path(text), repr(text)
    content = _read(path, name, text)
    # A name that is no UTF-8 would break every file it is later written to.
    return _of_bytes(content, name, path.name.encode("utf-8", "replace").decode("utf-8"))


def _read(path: Path, name: str, text: str) -> bytes:
    """The file's bytes, read once."""
    try:
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            raise PictureError(f"{name} is a folder; give the pictures in it, such as {str(path / '*.jpg')!r}")
        if not stat.S_ISREG(info.st_mode):
            raise PictureError(f"{name} is no regular file; give the path of a picture")
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise _missing(name, text) from None
    except PermissionError:
        raise PictureError(f"{name} may not be read; allow reading it (chmod +r) or copy it elsewhere") from None
    except (OSError, ValueError) as error:
        if isinstance(error, PictureError):
            raise
        if _ADDRESS.match(text):
            raise _missing(name, text) from None
        reason = getattr(error, "strerror", None) or str(error)
        raise PictureError(f"{name} can't be opened ({reason}); check the path") from None


def _missing(name: str, text: str) -> PictureError:
    """Why there is no such file; an address is told apart from a path that is wrong."""
    address = _ADDRESS.match(text)
    shown = name if len(name) <= _MOST_SHOWN else f"{name[:_MOST_SHOWN]}..."
    if address is None:
        return PictureError(f"no picture {name}; check the path")
    if address[2]:
        return PictureError(f"{shown} is a data address, not a file; decode it and give the bytes, or save it as a file")
    if address[1].lower() == "file":
        return PictureError(f"{shown} is an address; give its path: {_local(text)!r}")
    return PictureError(
        f"{shown} is an address of the web, and nothing is fetched unasked; download the picture first and give its path"
    )


def _local(text: str) -> str:
    """The path in a file address."""
    from urllib.parse import unquote, urlsplit

    return unquote(urlsplit(text).path)[:200] or "/"


def _of_file(file: Any) -> PictureInput:
    label = getattr(file, "name", None)
    known = isinstance(label, str) and bool(Path(label).name) and not label.startswith("<")
    name = repr(label) if known else "the picture"
    try:
        if callable(getattr(file, "seekable", None)) and file.seekable():
            file.seek(0)
        content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise PictureError(f"{name} can't be read ({' '.join(str(error).split())[:100]}); open it in mode 'rb'") from None
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise UsageError(f"{name} was opened as text; open it in mode 'rb'")
    shown = Path(str(label)).name.encode("utf-8", "replace").decode("utf-8") if known else "picture"
    return _of_bytes(bytes(content), name, shown)


def _of_pixels(source: object, most_pixels: int) -> PictureInput:
    import numpy as np
    from PIL import Image as PillowImage

    if isinstance(source, PillowImage.Image):
        return _of_image(source, most_pixels)
    if isinstance(source, np.ndarray):
        return _of_array(source, most_pixels)
    kind = type(source).__name__
    if hasattr(source, "permute") or hasattr(source, "__array__"):
        raise UsageError(
            f"a {kind} can't be read as a picture; give a numpy array of (height, width, 3), such as tensor.permute(1, 2, 0).numpy()"
        )
    raise UsageError(f"a {kind} is no picture; give a path, bytes, a file opened in mode 'rb', a Pillow image or a numpy array")


def _of_image(image: Image, most_pixels: int) -> PictureInput:
    """A Pillow image; it is loaded in its place, and otherwise left as it is."""
    if min(image.size) < 1:
        raise PictureError("the image has no pixels; give another picture")
    _bound(image.size, most_pixels)
    try:
        image.load()
    except Exception as error:  # a lazily opened file may be damaged in any way
        raise PictureError(f"the image can't be decoded ({' '.join(str(error).split())[:100]}); open it again") from None
    digest = sha256(f"pillow {image.mode} {image.width} {image.height} ".encode())
    rows = max(1, 4_000_000 // image.width)
    for top in range(0, image.height, rows):
        digest.update(image.crop((0, top, image.width, min(image.height, top + rows))).tobytes())
    palette = image.getpalette() if image.mode in {"P", "PA"} else None
    profile = image.info.get("icc_profile")
    digest.update(bytes(palette or ()) + (profile if isinstance(profile, bytes) else b""))
    digest.update(repr(image.info.get("transparency")).encode() + repr(_orientation(image)).encode())
    return PictureInput("the image", "picture", digest.hexdigest(), image=image, format=image.format or "Pillow image")


def _orientation(image: Image) -> object:
    try:
        return image.getexif().get(0x0112)
    except Exception:  # damaged EXIF data is dealt with where it is used
        return None


def _bound(size: tuple[int, int], most_pixels: int) -> None:
    if size[0] * size[1] > most_pixels:
        raise PictureError(f"the picture has more than {most_pixels} pixels; scale it down, or raise max_pixels")


def _of_array(array: NDArray[Any], most_pixels: int) -> PictureInput:
    from PIL import Image as PillowImage

    shape = array.shape
    if array.ndim == 3 and shape[0] in _CHANNELS and shape[2] not in _CHANNELS:
        raise PictureError(f"an array of shape {shape} has its channels first; give numpy.moveaxis(array, 0, -1)")
    if array.ndim not in {2, 3} or (array.ndim == 3 and shape[2] not in _CHANNELS):
        raise PictureError(f"an array of shape {shape} is no picture; give (height, width) or (height, width, 1, 3 or 4)")
    if 0 in shape:
        raise PictureError(f"an array of shape {shape} has no pixels; give another picture")
    _bound((shape[1], shape[0]), most_pixels)
    plain = array[..., 0] if array.ndim == 3 and shape[2] == 1 else array
    values = _eight_bits(plain)
    digest = sha256(f"array {shape} {array.dtype.newbyteorder('<').str} ".encode())
    digest.update(_little_endian(array))
    return PictureInput("the array", "picture", digest.hexdigest(), image=PillowImage.fromarray(values), format="array")


def _little_endian(array: NDArray[Any]) -> bytes:
    """The values in one order of bytes, so that every machine makes the same hash."""
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _eight_bits(array: NDArray[Any]) -> NDArray[np.uint8]:
    import numpy as np

    kind = array.dtype
    if kind == np.uint8:
        return np.ascontiguousarray(array)
    if kind == np.bool_:
        return np.where(array, 255, 0).astype(np.uint8)
    if kind.kind == "u" and kind.itemsize == 2:
        return np.asarray((array.astype(np.uint32) * 255 + 32767) // 65535, dtype=np.uint8)
    if kind.kind == "f":
        low, high = float(np.min(array)), float(np.max(array))
        if not (low >= 0 and high <= 1):  # also where one is no number
            raise PictureError(
                f"an array of {kind} has values from {low:g} to {high:g}; scale them to 0..1, or give uint8 from 0 to 255"
            )
        return np.asarray(np.rint(array * 255), dtype=np.uint8)
    raise PictureError(f"an array of {kind} is no picture; give uint8 from 0 to 255, uint16, bool, or float from 0 to 1")

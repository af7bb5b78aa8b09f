"""HEIC and HEIF photographs, decoded by libheif through pi-heif (extra ``[heic]``; pillow-heif serves too) in a program of its own.

libheif turns and mirrors the picture itself (irot, imir), so its EXIF orientation is not asked. The main picture is taken.
Conventions: what comes back is 8-bit L, RGB or RGBA, averaged down by a whole factor where it is larger than needed.
Does not know: depth maps, gain maps, the frames of a sequence.
"""

from __future__ import annotations

import base64
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from img2music.errors import PictureError
from img2music.io.colour.colour_tags import Cicp
from img2music.io.decoding.decode_process import run_isolated

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["decode", "decode_here", "package"]

_PACKAGES = ("pillow_heif", "pi_heif")
"""The first one that is installed: pillow-heif is the one that is still worked on, pi-heif the one without GPL parts."""


def package() -> str | None:
    """The module that reads HEIF here."""
    return next((name for name in _PACKAGES if find_spec(name) is not None), None)


def decode(content: bytes, *, most_pixels: int, longest: int, notes: list[str]) -> tuple[Image, tuple[int, int], Cicp | None]:
    """The main picture (its profile in `info`), the size of the original, and its colour code points.

    Raises:
        PictureError: no package to read it with, damaged, or beyond the bounds; the text continues the picture's name.
    """
    from PIL import Image as PillowImage

    if package() is None:
        raise PictureError("is a HEIC photograph; pip install 'img2music[heic]' to read it, or save it as JPEG or PNG")
    said, body = run_isolated("heif", content, most_pixels=most_pixels, longest=longest)
    image = PillowImage.frombytes(said["mode"], tuple(said["size"]), body)
    if said["icc"]:
        image.info["icc_profile"] = base64.b64decode(said["icc"])
    if said["pictures"] > 1:
        notes.append(f"the main one of {said['pictures']} pictures")
    if said["exif"]:
        image.info["exif"] = base64.b64decode(said["exif"])
    code = said["code"]
    return image, (said["whole"][0], said["whole"][1]), None if code is None else Cicp(code[0], code[1], code[2], bool(code[3]))


def decode_here(content: bytes, most_pixels: int, longest: int) -> tuple[dict[str, Any], bytes]:
    """The same in this process: what `decode` is told, and the pixels. The worker's half."""
    name = package()
    if name is None:
        raise PictureError("is a HEIC photograph; pip install 'img2music[heic]' to read it, or save it as JPEG or PNG")
    library = import_module(name)
    library.options.DECODE_THREADS = 1
    library.options.THUMBNAILS = library.options.DEPTH_IMAGES = library.options.AUX_IMAGES = False
    try:
        file = library.open_heif(content, convert_hdr_to_8bit=True)
        main = file[file.primary_index]
        too_large = main.size[0] * main.size[1] > most_pixels
        image = None if too_large else main.to_pillow()
    except Exception as error:  # libheif says what it dislikes in many ways
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise PictureError(f"is a damaged or unusual HEIF photograph ({reason}); save it as JPEG or PNG") from None
    if image is None:
        raise PictureError(f"has more than {most_pixels} pixels; scale it down, or raise --max-pixels if you trust the file")
    image = image.convert({"RGBa": "RGBA", "La": "LA"}.get(image.mode, image.mode))
    if image.mode not in {"L", "LA", "RGB", "RGBA"}:
        image = image.convert("RGB")
    whole = image.size
    info = main.info
    if (factor := max(image.size) // longest) > 1:
        image = image.reduce(factor)
    nclx = info.get("nclx_profile") or {}
    keys = ("color_primaries", "transfer_characteristics", "matrix_coefficients", "full_range_flag")
    return {
        "mode": image.mode,
        "size": image.size,
        "whole": whole,
        "pictures": len(file),
        "icc": base64.b64encode(info.get("icc_profile") or b"").decode(),
        "exif": base64.b64encode((info.get("exif") or b"")[:100_000]).decode(),
        "code": [int(nclx.get(key, 2)) for key in keys] if nclx else None,
    }, image.tobytes()

"""Picture files made byte by byte, for tests of how they are read."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

Pixels = np.ndarray[Any, np.dtype[Any]]

SKY, GRASS, RED = (90, 140, 230), (40, 170, 60), (220, 40, 40)
# A HEIC of 24 x 16 pixels that stands on its side (irot and EXIF orientation 6) and says Display P3 (nclx); x265 by pillow-heif 1.8.1.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAcdtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9jAAAAAERAAAIA"
    "AQAAAAAB6wABAAAAAAAAAJIAAgAAAAACfQABAAAAAAAAACQAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlm"
    "AAAAAA5waXRtAAAAAAABAAABBmlwcnAAAADlaXBjbwAAAHVodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroC"
    "QGEAAQApQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqrprm4YGgwIAAAAyAAAADAIRiAAEABkQBwXPBiQAAABNjb2xybmNseAAMAA0ABoAAAAAUaXNwZQAAAAAA"
    "AABAAAAAQAAAAChjbGFwAAAAEAAAAAEAAAAYAAAAAf///9AAAAAC////2AAAAAIAAAAQcGl4aQAAAAADCAgIAAAACWlyb3QDAAAAGWlwbWEAAAAAAAAAAQAB"
    "BoECAwWEhgAAABppcmVmAAAAAAAAAA5jZHNjAAIAAQABAAAAvm1kYXQAAACOKAGvCch5aYPAJCWOs/UeNd6qVXLBu+uvJw8Tv/kUc3rNzijWKXzOEDvaDlUE"
    "NvkAWK4qLZ4wcjG7hU2THZ67wZfkfn672GrIvetO4mEe4eE6ePDP0FeivrGpuopp1D2ZzfAXu/o2OfR26ODbt4J2z1GqoA7O3MBjcYzCwPXctfd2/OcKUNi7"
    "kGhsBQQDaAAAAAZFeGlmAABNTQAqAAAACAABARIAAwAAAAEABgAAAAAAAA=="
)


def sky_and_grass(height: int = 40, width: int = 60) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Sky above grass, and something red in the middle."""
    picture = np.full((height, width, 3), SKY, np.uint8)
    picture[height // 2 :] = GRASS
    picture[height // 4 : 3 * height // 4, width // 3 : 2 * width // 3] = RED
    return picture


def encode_picture(image: Image.Image, format_name: str, **options: Any) -> bytes:
    """The image as a file of a format that Pillow writes."""
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG: length, kind, content, checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_file(values: Pixels, *chunks: tuple[bytes, bytes], bits: int = 8) -> bytes:
    """A PNG of (height, width) or (height, width, 3) values with these chunks before its pixels."""
    height, width = values.shape[:2]
    kind = ">u2" if bits == 16 else "u1"
    rows = b"".join(b"\0" + row.astype(kind).tobytes() for row in values)
    head = struct.pack(">IIBBBBB", width, height, bits, 2 if values.ndim == 3 else 0, 0, 0, 0)
    middle = b"".join(png_chunk(*one) for one in chunks)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", head)
        + middle
        + png_chunk(b"IDAT", zlib.compress(rows))
        + png_chunk(b"IEND", b"")
    )


_WIDTHS = {2: 1, 3: 2, 4: 4}


def tiff_file(*pages: tuple[Pixels, dict[int, tuple[int, Any]]], order: str = "<", sub: tuple[int, ...] = ()) -> bytes:
    """A TIFF of RGB pages with further tags (tag: (type 2, 3 or 4, value)); pages named in `sub` hang on the first as SubIFDs."""
    body = bytearray((b"II*\0" if order == "<" else b"MM\0*") + b"\0\0\0\0")
    strips = []
    for values, _ in pages:
        strips.append(len(body))
        body += values.astype(np.uint8).tobytes()
        body += b"\0" * (len(body) % 2)
    places: dict[int, int] = {}
    links: list[tuple[int, int]] = []  # where the number of the next directory stands, and of which page it is
    for number in reversed(range(len(pages))):
        values, extra = pages[number]
        height, width = values.shape[:2]
        tags: dict[int, tuple[int, Any]] = {
            256: (4, width), 257: (4, height), 258: (3, 8), 259: (3, 1), 262: (3, 2), 273: (4, strips[number]), 277: (3, 3),
            278: (4, height), 279: (4, values.size),
        }  # fmt: skip
        tags |= extra
        if number == 0 and sub:
            tags[330] = (4, tuple(places[one] for one in sub))
        entries = b""
        for tag, (kind, value) in sorted(tags.items()):
            many = value if isinstance(value, (tuple, bytes)) else (value,)
            packed = value if isinstance(value, bytes) else b"".join(struct.pack(order + {3: "H", 4: "I"}[kind], v) for v in many)
            if len(packed) > 4:
                at = len(body)
                body += packed + b"\0" * (len(packed) % 2)
                packed = struct.pack(order + "I", at)
            entries += struct.pack(order + "HHI", tag, kind, len(many)) + packed.ljust(4, b"\0")
        places[number] = len(body)
        chain = [one for one in range(len(pages)) if one not in sub]
        following = next((one for one in chain if number in chain and one > number), None)
        body += struct.pack(order + "H", len(tags)) + entries
        links.append((len(body), following if following is not None else -1))
        body += b"\0\0\0\0"
    for at, following in links:
        struct.pack_into(order + "I", body, at, places.get(following, 0))
    struct.pack_into(order + "I", body, 4, places[0])
    return bytes(body)


def iso_media_head(major: bytes, *compatible: bytes) -> bytes:
    """The first box of an ISO media file."""
    body = major + b"\0\0\0\0" + b"".join(compatible)
    return struct.pack(">I", 8 + len(body)) + b"ftyp" + body


def with_claimed_size(jpeg: bytes, width: int, height: int) -> bytes:
    """A JPEG whose head claims another size."""
    place = 2
    while jpeg[place + 1] not in {0xC0, 0xC1, 0xC2}:
        place += 2 + int(struct.unpack_from(">H", jpeg, place + 2)[0])
    return jpeg[: place + 5] + struct.pack(">HH", height, width) + jpeg[place + 9 :]

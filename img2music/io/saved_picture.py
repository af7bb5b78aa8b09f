"""The small copy of a picture that lies in a piece's folder, `picture.jpg`, read back: its very bytes, or nothing.

The report shows it, so it is no more than `preview_jpeg` writes: a baseline JPEG (ITU-T T.81) of at most `LONGEST_PIXELS` a side, without
metadata and with nothing behind its end. The file may come from anywhere, so it is held to that before it is decoded, and then decoded as
any picture from outside is. What passes is shown as it is; encoding it again would cost quality and other bytes each time.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from img2music.errors import PictureError
from img2music.io.decoding import jpeg_header
from img2music.io.pictures import open_picture
from img2music.manifest import PICTURE_FILE

__all__ = ["LONGEST_PIXELS", "MOST_BYTES", "SavedPicture", "open_saved_picture"]

LONGEST_PIXELS = 720
"""As `preview_jpeg` makes it."""
MOST_BYTES = 1_000_000
"""Pure noise of 720 x 720 pixels takes 480 kB."""
_START, _END, _SCAN = b"\xff\xd8", b"\xff\xd9", 0xDA
_PLAIN = frozenset({0xC0, 0xC4, 0xDB, 0xDD, 0xE0})
"""Markers before the scan: frame (baseline), Huffman tables, quantization tables, restart interval, JFIF; no Exif, profile or comment."""


@dataclass(frozen=True, slots=True)
class SavedPicture:
    """A small copy that was found sound; `jpeg` are the bytes of its file."""

    jpeg: bytes = field(repr=False)


def open_saved_picture(content: bytes) -> SavedPicture:
    """The small copy in the bytes of a `picture.jpg`.

    Raises:
        PictureError: too large, no JPEG, one that holds more than pixels, or damaged.
    """
    if len(content) > MOST_BYTES:
        raise PictureError(f"{PICTURE_FILE} has {len(content)} bytes; at most {MOST_BYTES} are read")
    head = jpeg_header.read_head(content) if _is_plain(content) else None
    if head is None or max(head.width, head.height) > LONGEST_PIXELS:
        raise PictureError(f"{PICTURE_FILE} is no JPEG as img2music writes it; give the picture itself")
    open_picture(content, max_pixels=LONGEST_PIXELS**2)
    return SavedPicture(content)


def _is_plain(content: bytes) -> bool:
    """Whether this is one baseline JPEG in one scan, which holds nothing but its pixels."""
    if not (content.startswith(_START) and content.endswith(_END)):
        return False
    place = len(_START)
    try:
        while True:
            mark, marker, length = struct.unpack_from(">BBH", content, place)
            if mark != 0xFF or length < 2:
                return False
            place += 2 + length
            if marker == _SCAN:
                break
            if marker not in _PLAIN:
                return False
    except struct.error:
        return False
    # In a scan FF is followed by 00, or is a restart marker; the first other marker has to be the end.
    rest = content[place:]
    at = rest.find(b"\xff")
    while at >= 0 and at + 1 < len(rest) and (rest[at + 1] == 0 or 0xD0 <= rest[at + 1] <= 0xD7):
        at = rest.find(b"\xff", at + 2)
    return at == len(rest) - len(_END)

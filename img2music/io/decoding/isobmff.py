"""The boxes of ISO media files (HEIF, AVIF, and videos): brands, kind of the main item, its coded colours.

ISO/IEC 14496-12 (boxes), 23008-12 (HEIF), 23000-22 (MIAF). A box is a length of four bytes that counts itself, a name of four
letters, and a body. Everything is bounded: at most `_MOST_BOXES` boxes are looked at in one body, and what makes no sense ends the
search, so that no length in a file is believed.
Does not know: what is inside coded pictures.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

from img2music.io.colour.colour_tags import Cicp

__all__ = ["brands", "coded_colours", "item_kinds"]

_MOST_BOXES = 2000
_MOST_BRANDS = 64


def brands(content: bytes) -> tuple[bytes, frozenset[bytes]]:
    """(major brand, all brands with the major one) of a file that begins with an `ftyp` box; empty where it doesn't."""
    if content[4:8] != b"ftyp":
        return b"", frozenset()
    length = struct.unpack_from(">I", content)[0]
    end = min(max(length, 16), len(content), 16 + 4 * _MOST_BRANDS)
    major = content[8:12]
    return major, frozenset({major, *(content[place : place + 4] for place in range(16, end - 3, 4))})


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, first and last place of the body of each box between two places."""
    for _ in range(_MOST_BOXES):
        if start + 8 > end:
            return
        length, name = struct.unpack_from(">I4s", content, start)
        head = 8
        if length == 1 and start + 16 <= end:
            length, head = struct.unpack_from(">Q", content, start + 8)[0], 16
        elif length == 0:
            length = end - start
        if length < head:
            return
        yield name, start + head, min(end, start + length)
        start += length


def _find(content: bytes, start: int, end: int, *path: bytes) -> Iterator[tuple[int, int]]:
    """Bodies of the boxes at a path of names; `meta` and `stsd` carry a few bytes before their first box."""
    for name, first, last in _boxes(content, start, end):
        if name == path[0]:
            inner = first + {b"meta": 4, b"stsd": 8, b"av01": 78, b"hvc1": 78}.get(name, 0)
            if len(path) == 1:
                yield first, last
            else:
                yield from _find(content, inner, last, *path[1:])


def item_kinds(content: bytes) -> frozenset[bytes]:
    """Kinds of the items of a HEIF file, such as ``hvc1`` or ``av01``."""
    kinds = set()
    for first, last in _find(content, 0, len(content), b"meta", b"iinf"):
        skipped = 6 if content[first : first + 1] == b"\0" else 8
        for name, start, end in _boxes(content, first + skipped, last):
            if name == b"infe" and content[start : start + 1] == b"\2" and end - start >= 12:
                kinds.add(content[start + 8 : start + 12])
            elif name == b"infe" and content[start : start + 1] == b"\3" and end - start >= 14:
                kinds.add(content[start + 10 : start + 14])
    return frozenset(kinds)


def coded_colours(content: bytes) -> Cicp | None:
    """The code points of the main item, or of the first track of a sequence; None where nothing is said."""
    for first, last in _find(content, 0, len(content), b"meta"):
        found = _item_colours(content, first + 4, last)
        if found is not None:
            return found
    for path in ((b"av01",), (b"hvc1",)):
        whole = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", *path, b"colr")
        for first, last in _find(content, 0, len(content), *whole):
            found = _nclx(content, first, last)
            if found is not None:
                return found
    return None


def _item_colours(content: bytes, start: int, end: int) -> Cicp | None:
    """The nclx property of the main item; where the file doesn't say which is whose, the first of them."""
    main: int | None = None
    for first, last in _find(content, start, end, b"pitm"):
        if last - first >= 6:
            main = struct.unpack_from(">H", content, first + 4)[0]
            if content[first] and last - first >= 8:
                main = struct.unpack_from(">I", content, first + 4)[0]
    for first, last in _find(content, start, end, b"iprp", b"ipco"):
        found = {
            place: colours
            for place, (name, one, other) in enumerate(_boxes(content, first, last), 1)
            if name == b"colr" and (colours := _nclx(content, one, other)) is not None
        }
        if found:
            try:
                own = [place for place in _associated(content, start, end, main) if place in found]
            except struct.error:
                own = []
            return found[own[0]] if own else found[min(found)]
    return None


def _associated(content: bytes, start: int, end: int, item: int | None) -> Iterator[int]:
    """Places of the properties of an item (`ipma`)."""
    for first, last in _find(content, start, end, b"iprp", b"ipma"):
        version, wide = content[first], content[first + 3] & 1
        count = min(struct.unpack_from(">I", content, first + 4)[0], _MOST_BOXES)
        place = first + 8
        for _ in range(count):
            if place + 3 > last:
                return
            number = struct.unpack_from(">I" if version else ">H", content, place)[0]
            place += 4 if version else 2
            properties = content[place]
            place += 1
            for _ in range(properties):
                value = struct.unpack_from(">H" if wide else ">B", content, place)[0]
                place += 2 if wide else 1
                if number == item:
                    yield value & (0x7FFF if wide else 0x7F)


def _nclx(content: bytes, first: int, last: int) -> Cicp | None:
    if content[first : first + 4] != b"nclx" or last - first < 11:
        return None
    primaries, transfer, matrix, flags = struct.unpack_from(">HHHB", content, first + 4)
    return Cicp(primaries, transfer, matrix, bool(flags & 0x80))

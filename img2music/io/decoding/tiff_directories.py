"""The directories of a TIFF file: whether it is a camera's raw file, and which of its pictures is the picture.

TIFF 6.0, TIFF/EP (ISO 12234-2), DNG 1.6, and BigTIFF. Cameras build their raw files of TIFF directories: a small picture first,
the sensor's values in another. A reader that takes the first directory shows the thumbnail.
Everything is bounded: at most `_MOST_DIRECTORIES` directories of at most `_MOST_ENTRIES` entries, none of them twice.
Does not know: makers' notes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

__all__ = ["ORIENTATION", "Directory", "directories", "headed_at", "main_picture", "raw_camera"]

_MOST_DIRECTORIES = 64
_MOST_ENTRIES = 4096
_MOST_VALUES = 64

ORIENTATION = 274
_NEW_SUBFILE_TYPE, _SUBFILE_TYPE = 254, 255
_WIDTH, _HEIGHT, _COMPRESSION, _PHOTOMETRIC, _MAKE, _SUB_DIRECTORIES = 256, 257, 259, 262, 271, 330
_CFA_REPEAT, _CFA_PATTERN, _DNG_VERSION = 33421, 33422, 50706
_SENSOR = frozenset({32803, 34892})
"""Photometric interpretations of a sensor's values: colour filter array, linear raw (DNG)."""
_RAW_COMPRESSIONS = frozenset({32767, 32769, 32770, 32772, 32867, 34713, 65000, 65535})
"""Sony ARW, packed 12 bits, Samsung SRW (2), Kodak KDC, Nikon NEF, Kodak DCR, Pentax PEF (list of ExifTool's EXIF page)."""
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory: its place in the file, its tags (whole numbers, or text as bytes), whether it hangs in the main chain."""

    place: int
    main: bool
    tags: dict[int, tuple[int, ...] | bytes] = field(default_factory=dict)

    def number(self, tag: int, default: int = 0) -> int:
        """The first value of a tag."""
        value = self.tags.get(tag)
        return value[0] if isinstance(value, tuple) and value else default

    @property
    def reduced(self) -> bool:
        """Whether it says of itself that it is a small version of another, or a mask."""
        return bool(self.number(_NEW_SUBFILE_TYPE) & 5) or self.number(_SUBFILE_TYPE) == 2

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.number(_WIDTH) * self.number(_HEIGHT)


def directories(content: bytes) -> list[Directory]:
    """Every directory of the main chain and those that hang on them (SubIFDs); empty where the file makes no sense."""
    try:
        return _directories(content)
    except (struct.error, IndexError, OverflowError):
        return []


def _directories(content: bytes) -> list[Directory]:
    end, big = _head(content)
    first = struct.unpack_from(f"{end}Q" if big else f"{end}I", content, 8 if big else 4)[0]
    waiting: list[tuple[int, bool]] = [(first, True)]
    found: list[Directory] = []
    seen: set[int] = set()
    while waiting and len(found) < _MOST_DIRECTORIES:
        place, main = waiting.pop(0)
        if place in seen or not 0 < place < len(content):
            continue
        seen.add(place)
        try:
            directory, following = _directory(content, place, end, main=main, big=big)
        except struct.error:
            continue  # the one is cut off, others may be whole
        found.append(directory)
        inner = directory.tags.get(_SUB_DIRECTORIES)
        waiting += [(sub, False) for sub in inner] if isinstance(inner, tuple) else []
        waiting.append((following, main))
    return found


def _head(content: bytes) -> tuple[str, bool]:
    """Byte order for `struct`, and whether it is BigTIFF."""
    end = "<" if content[:2] == b"II" else ">"
    return end, 43 in content[2:4]


def _directory(content: bytes, place: int, end: str, *, main: bool, big: bool) -> tuple[Directory, int]:
    """One directory and the place of the next in its chain."""
    count = struct.unpack_from(f"{end}Q" if big else f"{end}H", content, place)[0]
    entries = place + (8 if big else 2)
    width, room = (20, 8) if big else (12, 4)
    tags: dict[int, tuple[int, ...] | bytes] = {}
    for number in range(min(count, _MOST_ENTRIES)):
        at = entries + number * width
        tag, kind, values = struct.unpack_from(f"{end}HHQ" if big else f"{end}HHI", content, at)
        at += width - room
        if _SIZES.get(kind, 0) * values > room:
            at = struct.unpack_from(f"{end}Q" if big else f"{end}I", content, at)[0]
        if tag in tags or at >= len(content):
            continue
        if kind in _NUMBERS:
            try:
                tags[tag] = struct.unpack_from(f"{end}{min(values, _MOST_VALUES)}{_NUMBERS[kind]}", content, at)
            except struct.error:
                continue
        elif kind in {2, 7}:
            tags[tag] = content[at : at + min(values, _MOST_VALUES)]
    following = struct.unpack_from(f"{end}Q" if big else f"{end}I", content, entries + count * width)
    return Directory(place, main, tags), following[0]


def raw_camera(found: list[Directory]) -> str | None:
    """The camera's maker where the file holds a sensor's values ("" where it doesn't name itself); None for a picture."""
    if not any(_of_sensor(directory) for directory in found):
        return None
    makers = (directory.tags.get(_MAKE) for directory in found)
    name = next((maker for maker in makers if isinstance(maker, bytes)), b"")
    text = "".join(letter for letter in name.decode("ascii", "replace") if letter.isprintable() and letter != "\ufffd")
    return text.strip()[:30]


def _of_sensor(directory: Directory) -> bool:
    return (
        directory.number(_PHOTOMETRIC) in _SENSOR
        or directory.number(_COMPRESSION) in _RAW_COMPRESSIONS
        or any(tag in directory.tags for tag in (_CFA_REPEAT, _CFA_PATTERN, _DNG_VERSION))
    )


def main_picture(found: list[Directory]) -> Directory | None:
    """The directory to read instead of the first, where that says it is a small version of another; else None."""
    if not found or not found[0].reduced:
        return None
    others = [one for one in found[1:] if not one.reduced and one.pixels > found[0].pixels]
    return max(others, key=lambda one: one.pixels, default=None)


def headed_at(content: bytes, place: int) -> bytes:
    """The file with its head pointing to another directory, so that any reader begins there."""
    end, big = _head(content)
    if big:
        return content[:8] + struct.pack(f"{end}Q", place) + content[16:]
    return content[:4] + struct.pack(f"{end}I", place) + content[8:]

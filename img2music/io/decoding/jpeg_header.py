"""What a JPEG needs before it is decoded: its size, how it is coded, and the memory that its coefficients take.

ITU-T T.81 (JPEG), annex B. A baseline JPEG is decoded block by block, at an eighth of its size if asked, in little memory. A
progressive one (and a sequential one whose components come in several scans) first fills one array with every coefficient: two
bytes each, 64 a block, whatever the size asked for (libjpeg's `jdcoefct.c`); and each of its scans walks over all of it.
Does not know: what is in APP segments.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

__all__ = ["JpegHead", "read_head"]

_NAMES = {
    5: "a hierarchical JPEG",
    6: "a hierarchical JPEG",
    7: "a hierarchical JPEG",
    13: "a hierarchical JPEG",
    14: "a hierarchical JPEG",
    15: "a hierarchical JPEG",
}
_FRAMES = frozenset({0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15})  # SOF markers: C4, C8 and CC are other things
_PROGRESSIVE = frozenset({2, 10})
_START_OF_SCAN, _END = 0xDA, 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_EIGHT_BITS = 8
_BYTES_A_BLOCK = 128


@dataclass(frozen=True, slots=True)
class JpegHead:
    """Width and height in pixels; blocks of 8 x 8 samples over all components; `buffered`: whether every coefficient is kept."""

    width: int
    height: int
    blocks: int
    buffered: bool
    scans: int
    """How many walk over the coefficients; of a JPEG that keeps none it is 1, uncounted."""
    unreadable: str | None = None
    """What kind it is, where no common reader decodes it."""

    @property
    def coefficient_bytes(self) -> int:
        """Memory that the coefficients take while it is decoded."""
        return _BYTES_A_BLOCK * self.blocks if self.buffered else 0


def read_head(content: bytes) -> JpegHead | None:
    """What the first frame and scan say; None where the file ends or makes no sense before."""
    try:
        return _read_head(content)
    except (struct.error, IndexError):
        return None


def _read_head(content: bytes) -> JpegHead | None:
    place = 2
    frame: tuple[int, int, int, int, list[tuple[int, int]]] | None = None
    while True:
        place = content.find(b"\xff", place)
        if place < 0:
            return None
        while content[place] == 0xFF:
            place += 1
        marker = content[place]
        place += 1
        if marker in _ALONE or marker == 0:
            continue
        if marker == _END:
            return None
        length = struct.unpack_from(">H", content, place)[0]
        if 0xC0 <= marker <= 0xCF and marker - 0xC0 in _FRAMES and frame is None:
            bits, height, width, count = struct.unpack_from(">BHHB", content, place + 2)
            sampling = [divmod(content[place + 9 + 3 * number], 16) for number in range(count)]
            frame = marker - 0xC0, bits, width, height, sampling
        elif marker == _START_OF_SCAN and frame is not None:
            head = _judged(*frame, in_scan=content[place + 2])
            return replace(head, scans=content.count(b"\xff\xda", place - 2)) if head.buffered else head
        place += max(2, length)


def _judged(kind: int, bits: int, width: int, height: int, sampling: list[tuple[int, int]], in_scan: int) -> JpegHead:
    widest = max((across for across, _ in sampling), default=1) or 1
    highest = max((down for _, down in sampling), default=1) or 1
    units = -(-width // (8 * widest)) * -(-height // (8 * highest))
    blocks = units * sum(across * down for across, down in sampling)
    unreadable = _NAMES.get(kind) or (None if bits == _EIGHT_BITS else f"a JPEG of {bits} bits")
    return JpegHead(width, height, blocks, kind in _PROGRESSIVE or in_scan < len(sampling), 1, unreadable)

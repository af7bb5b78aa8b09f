"""Which colour space a file says that it is in, beside an ICC profile.

PNG (3rd edition, sections 4.3 and 11.3.2): cICP wins over iCCP, that over sRGB, that over gAMA and cHRM. AVIF and HEIF: a profile
wins over the code points of nclx. EXIF (2.32; DCF 2.0): ColorSpace 1 is sRGB; 2, or the interoperability index R03, or the primaries of
Adobe RGB in the tag PrimaryChromaticities say Adobe RGB. A profile, and what the format itself says, win over EXIF.
Does not know: colour told in XMP, and gain maps.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

from img2music.io.colour.colour_spaces import ADOBE_RGB, ColourSpace, from_code_points, from_gamma

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL.Image import Exif

__all__ = ["NOTHING", "Cicp", "Declared", "from_exif", "from_nclx", "from_png"]

_MOST_CHUNKS = 4000
_NAMED = frozenset({b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM"})
_EXIF_DIRECTORY, _INTEROPERABILITY = 0x8769, 0xA005
_COLOUR_SPACE, _PRIMARIES = 0xA001, 0x013F
_UNCALIBRATED = 0xFFFF
_UNSPECIFIED = 2  # in primaries and transfer alike


class Cicp(NamedTuple):
    """Code points of ITU-T H.273 as files carry them (`colr` boxes of kind nclx, PNG's cICP chunk)."""

    primaries: int
    transfer: int
    matrix: int
    full_range: bool


class Declared(NamedTuple):
    """What a file says: the space (None: sRGB, or nothing), and whether that settles it, so that nothing weaker is asked."""

    space: ColourSpace | None
    settled: bool


NOTHING = Declared(None, settled=False)


def from_png(content: bytes, notes: list[str]) -> Declared:
    """What the chunks of a PNG say; `settled` False leaves it to EXIF. A profile (iCCP) is left to the caller: it is settled by
    cICP alone, so the caller asks `settled` and `space` only together with it.
    """
    chunks = _chunks(content)
    if len(chunks.get(b"cICP", b"")) == 4:
        primaries, transfer, matrix, full = chunks[b"cICP"]
        space = from_code_points(primaries, transfer, full_range=bool(full)) if matrix == 0 and full <= 1 else None
        if space is not None:
            return Declared(None if space.is_srgb else space, settled=True)
        if (primaries, transfer) != (_UNSPECIFIED, _UNSPECIFIED):
            notes.append(f"its colour code points {primaries}, {transfer}, {matrix} are unknown and were ignored")
    if b"iCCP" in chunks:
        return NOTHING
    if b"sRGB" in chunks:
        return Declared(None, settled=True)
    gamma, places = chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")
    exponent = struct.unpack(">I", gamma)[0] / 100_000 if len(gamma) == 4 else None
    corners: tuple[float, ...] | None = None
    if len(places) == 32:
        white_x, white_y, *others = (value / 100_000 for value in struct.unpack(">8I", places))
        corners = (*others, white_x, white_y)
    space = from_gamma(exponent, corners)
    return Declared(space, settled=space is not None or exponent is not None)


def _chunks(content: bytes) -> Mapping[bytes, bytes]:
    """The chunks that tell colour, before the pixels; the first of each, and only whole ones."""
    found: dict[bytes, bytes] = {}
    place = 8
    for _ in range(_MOST_CHUNKS):
        if place + 12 > len(content):
            break
        length, name = struct.unpack_from(">I4s", content, place)
        if name in {b"IDAT", b"IEND"}:
            break
        if name in _NAMED and name not in found and place + 12 + length <= len(content):
            body = content[place + 8 : place + 8 + length]
            if struct.unpack_from(">I", content, place + 8 + length)[0] == zlib.crc32(name + body):
                found[name] = body
        place += 12 + length
    return found


def from_nclx(code: Cicp | None, notes: list[str]) -> Declared:
    """What the code points of an AVIF or a HEIF say. Its decoder has dealt with matrix and range already."""
    if code is None or _UNSPECIFIED in {code.primaries, code.transfer}:
        return NOTHING
    space = from_code_points(code.primaries, code.transfer)
    if space is None:
        notes.append(f"its colour code points {code.primaries}, {code.transfer} are unknown and were ignored")
        return NOTHING
    return Declared(None if space.is_srgb else space, settled=True)


def from_exif(exif: Exif, notes: list[str]) -> ColourSpace | None:
    """What EXIF data says; None is sRGB, or that nothing is known.

    Raises:
        Exception: damaged data, whatever Pillow raises at it.
    """
    inner = exif.get_ifd(_EXIF_DIRECTORY)
    if not inner and _PRIMARIES not in exif:
        return None
    space = inner.get(_COLOUR_SPACE, exif.get(_COLOUR_SPACE))
    if space == _UNSPECIFIED:  # an old habit of some programs: 2 is Adobe RGB
        return ADOBE_RGB
    if space not in {None, _UNCALIBRATED}:
        return None
    index = exif.get_ifd(_INTEROPERABILITY).get(1, "") if _INTEROPERABILITY in inner else ""
    text = index.decode("latin-1") if isinstance(index, bytes) else str(index)
    if text.startswith("R03") or _adobe(exif.get(_PRIMARIES)):
        return ADOBE_RGB
    if space == _UNCALIBRATED:
        notes.append("its EXIF data says that its colours are not sRGB but not what they are; they were taken as sRGB")
    return None


def _adobe(primaries: object) -> bool:
    """Whether six coordinates are those of Adobe RGB."""
    if not isinstance(primaries, tuple) or len(primaries) != 6:
        return False
    pairs = zip(primaries, ADOBE_RGB.primaries[:6], strict=True)
    return all(abs(float(one) - other) < 0.005 for one, other in pairs)

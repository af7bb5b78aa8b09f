"""Tags of sound files: title, key, tempo and loop points, in the form that each format's readers look for.

Conventions: text is UTF-8, one line without control characters, at most 200 characters; what is not known is left out. Our name
stands without a version, so that the same sound gives the same bytes after an update; versions are in the manifest.

=====  ==================================================================  ====================================================
name   where                                                               source
=====  ==================================================================  ====================================================
ogg    Vorbis comments: TITLE COMMENT BPM KEY ENCODER LOOPSTART LOOPLENGTH  Xiph, *Ogg Vorbis I format specification: comment field*
flac   the same in the block VORBIS_COMMENT                                RFC 9639, section 8.6
wav    list INFO: INAM ICMT ISFT; CSET names UTF-8 where letters need it    *Multimedia Programming Interface ... 1.0* (IBM, MS, 1991)
mp3    ID3v2.3: TIT2 COMM TBPM TKEY TSSE, TXXX with LOOPSTART LOOPLENGTH    M. Nilsson, *ID3 tag version 2.3.0* (1999)
=====  ==================================================================  ====================================================

LOOPSTART and LOOPLENGTH count frames; engines of games (RPG Maker, SDL_mixer) read them. Where a WAV file loops stands in its
`smpl` chunk, which `audio_files` writes. A key tag has room for a tonic and "m": of a mode it tells the third; the comment
names the mode. `BPM` counts what one taps: dotted quarters in compound metres. Of a piece that moves the key tag names the key in which it
begins and `BPM` the tempo of its main part, as ID3 defines TKEY and TBPM: the tempo that lasts longest. Its comment names all keys and
metres in order and how slow and how fast it gets.

libsndfile's own tags won't do: it knows no loops, puts its own name and version behind ours, and in MP3 writes ID3v1 (30
bytes, cut inside a letter). Sound is not touched: packets and frames are passed on as the encoder made them.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from img2music.errors import BackendError
from img2music.io.escape import one_line
from img2music.theory import Key, Meter, pitch_class_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from img2music.theory.key_map import KeyMap
    from img2music.theory.meter_map import MeterMap
    from img2music.theory.tempo_map import TempoMap

__all__ = ["Tags", "id3", "riff_info", "tagged_flac", "tagged_ogg"]

_ENCODER = "img2music"
_LONGEST_TITLE, _LONGEST_PART = 120, 60
_COMMENT_BLOCK = 4
_UTF8 = 65001
"""The code page's number."""
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Every byte with its bits in reverse order."""
_MOST_SEGMENTS = 255
_HEADERS = 3
"""Packets before the sound of a Vorbis stream: identification, comments, setup."""


@dataclass(frozen=True, slots=True)
class Tags:
    """What a sound file says of itself."""

    title: str = ""
    key: str = ""
    """As a plan names it ("Eb lydian"), that of the beginning; empty where it is not known."""
    meter: str = ""
    """In which `tempo_bpm` is counted."""
    tempo_bpm: float | None = None
    """Quarter notes a minute for most of the time; None where it is not known."""
    movement: str = ""
    """What the comment says of a piece that changes key, metre or tempo, in place of those."""

    @classmethod
    def of_maps(cls, title: str, keys: KeyMap, meters: MeterMap, tempi: TempoMap, end_quarters: Fraction) -> Tags:
        """The tags of a piece by its maps."""
        lasting: dict[tuple[float, Meter], float] = {}
        onsets = {step.onset_quarters for step in tempi.steps} | {point.onset_quarters for point in meters.points}
        places = sorted(onset for onset in onsets if onset < end_quarters)
        for begin, end in pairwise([*places, end_quarters]):
            stretch = tempi.bpm_at(begin), meters.meter_at(meters.bar_at(begin))
            lasting[stretch] = lasting.get(stretch, 0.0) + tempi.seconds_between(begin, end)
        bpm, meter = max(lasting, key=lambda stretch: lasting[stretch])  # of equals the first
        movement = ""
        if not (keys.is_constant and meters.is_constant and tempi.is_constant):
            reached = [(one.bpm, one.ramp_to_bpm or one.bpm) for one in tempi.points if one.onset_quarters < end_quarters]
            slowest, fastest = min(map(min, reached)), max(map(max, reached))
            named = [" to ".join(one.key.name for one in keys.points), " to ".join(one.meter.name for one in meters.points)]
            movement = ", ".join((*named, f"{_count(slowest)}{f' to {_count(fastest)}' * (slowest != fastest)}"))
        return cls(title, keys.key.name, meter.name, bpm, movement)

    def of_part(self, part: str) -> Tags:
        """The tags of one part's sound: the piece's title with the part's name."""
        name = one_line(part, _LONGEST_PART)
        title = one_line(self.title, _LONGEST_TITLE)
        return replace(self, title=f"{title} – {name}" if title and name else title or name)

    @property
    def comment(self) -> str:
        """Such as "Eb lydian, 6/8, 96 quarter notes a minute"; empty where nothing is known."""
        if self.movement:
            return one_line(f"{self.movement} quarter notes a minute")
        tempo = "" if self.tempo_bpm is None else f"{_count(self.tempo_bpm)} quarter notes a minute"
        return ", ".join(filter(None, (self.key, self.meter, tempo)))

    @property
    def beats(self) -> str:
        """Beats a minute as a whole number, as ID3 demands; empty where not known."""
        if self.tempo_bpm is None:
            return ""
        compound = bool(self.meter) and Meter.parse(self.meter).is_compound
        return str(round(self.tempo_bpm * 2 / 3 if compound else self.tempo_bpm))

    @property
    def short_key(self) -> str:
        """As tags have it: "Eb", "F#m"; empty where not known."""
        if not self.key:
            return ""
        key = Key.parse(self.key)
        return f"{pitch_class_name(key.tonic)}{'m' if key.is_minor else ''}"

    def vorbis(self, loop_frames: int) -> list[tuple[str, str]]:
        """Names and values of the comments; a loop of no frames is none."""
        fields = [
            ("TITLE", one_line(self.title)),
            ("COMMENT", self.comment),
            ("BPM", self.beats),
            ("KEY", self.short_key),
            ("ENCODER", _ENCODER),
            *_loop(loop_frames),
        ]
        return [(name, value) for name, value in fields if value]


def _count(bpm: float) -> str:
    return f"{bpm:.4g}"


def _loop(frames: int) -> list[tuple[str, str]]:
    return [("LOOPSTART", "0"), ("LOOPLENGTH", str(frames))] if frames else []


# RIFF (WAV)


def riff_info(tags: Tags) -> bytes:
    """Chunks that stand beside `fmt ` and `data`: the list INFO and, where the text is not ASCII, its character set."""
    fields = [(b"INAM", one_line(tags.title)), (b"ICMT", tags.comment), (b"ISFT", _ENCODER)]
    chunks = [_chunk(name, text.encode() + b"\0") for name, text in fields if text]
    is_plain = all(text.isascii() for _, text in fields)
    character_set = b"" if is_plain else _chunk(b"CSET", struct.pack("<4H", _UTF8, 0, 0, 0))
    return character_set + _chunk(b"LIST", b"INFO" + b"".join(chunks))


def _chunk(name: bytes, content: bytes) -> bytes:
    """A chunk; an odd one is followed by a byte that its size does not count."""
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


# Vorbis comments (FLAC, Ogg)


def _comments(vendor: bytes, fields: Sequence[tuple[str, str]]) -> bytes:
    lines = [f"{name}={value}".encode() for name, value in fields]
    return b"".join([_sized(vendor), struct.pack("<I", len(lines)), *map(_sized, lines)])


def _sized(content: bytes) -> bytes:
    return struct.pack("<I", len(content)) + content


def _vendor(comments: bytes) -> bytes:
    """Who encoded, as a block of comments says first."""
    return comments[4 : 4 + int.from_bytes(comments[:4], "little")]


def tagged_flac(content: bytes, tags: Tags, loop_frames: int = 0) -> bytes:
    """The FLAC file `content` with these comments in place of its own."""
    place, blocks, is_last = 4, [], False
    while not is_last:
        is_last, kind = bool(content[place] & 0x80), content[place] & 0x7F
        stop = place + 4 + int.from_bytes(content[place + 1 : place + 4])
        blocks.append((kind, content[place + 4 : stop]))
        place = stop
    vendor = next((_vendor(block) for kind, block in blocks if kind == _COMMENT_BLOCK), b"")
    kept = [block for block in blocks if block[0] != _COMMENT_BLOCK]
    kept.insert(1, (_COMMENT_BLOCK, _comments(vendor, tags.vorbis(loop_frames))))  # STREAMINFO stays first
    parts = [content[:4]]
    for number, (kind, block) in enumerate(kept, 1):
        parts += [bytes([kind | (0x80 if number == len(kept) else 0)]), len(block).to_bytes(3), block]
    return b"".join([*parts, memoryview(content)[place:]])


# Ogg (RFC 3533)


@dataclass(frozen=True, slots=True)
class _Page:
    flags: int
    """1: goes on with a packet, 2: first, 4: last."""
    granule: int
    """The last frame that is whole at the page's end; -1 where no packet ends."""
    segments: bytes
    body: bytes

    def packed(self, number: int) -> bytes:
        """The page as the file has it, of stream number 1 (an encoder draws one), with its checksum."""
        head = struct.pack("<4sBBqIII", b"OggS", 0, self.flags, self.granule, 1, number, 0)
        page = b"".join((head, bytes([len(self.segments)]), self.segments, self.body))
        return b"".join((page[:22], struct.pack("<I", _checksum(page)), page[26:]))


def tagged_ogg(content: bytes, tags: Tags, loop_frames: int = 0) -> bytes:
    """The Ogg Vorbis file `content` with these comments in place of its own; its pages are numbered and sealed anew."""
    pages = list(_pages(content))
    packets, used = _first_packets(pages, _HEADERS)
    if len(packets) != _HEADERS or packets[1][:7] != b"\x03vorbis":
        raise BackendError("the Ogg encoder wrote no Vorbis headers; choose another format with --audio")
    packets[1] = b"\x03vorbis" + _comments(_vendor(packets[1][7:]), tags.vorbis(loop_frames)) + b"\1"
    heads = [pages[0], *_paged(packets[1:])]
    return b"".join(page.packed(number) for number, page in enumerate([*heads, *pages[used:]]))


def _pages(content: bytes) -> Iterator[_Page]:
    place = 0
    while content[place : place + 4] == b"OggS":
        flags, granule = struct.unpack_from("<Bq", content, place + 5)
        body = place + 27 + content[place + 26]
        segments = content[place + 27 : body]
        place = body + sum(segments)
        yield _Page(flags, granule, segments, content[body:place])


def _first_packets(pages: Sequence[_Page], count: int) -> tuple[list[bytes], int]:
    """The first `count` packets and how many pages they fill; fewer packets where the last of these pages holds more than them."""
    packets: list[bytes] = []
    begun = b""
    for number, page in enumerate(pages, 1):
        place = 0
        for size in page.segments:
            begun += page.body[place : place + size]
            place += size
            if size < 255:
                packets.append(begun)
                begun = b""
        if len(packets) >= count:
            return (packets, number) if len(packets) == count and not begun else ([], number)
    return [], len(pages)


def _paged(packets: Sequence[bytes]) -> list[_Page]:
    """Packets of no sound on as few pages as hold them; one may go on over several."""
    segments = b"".join(bytes([255]) * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    body = b"".join(packets)
    pages: list[_Page] = []
    place = 0
    for start in range(0, len(segments), _MOST_SEGMENTS):
        own = segments[start : start + _MOST_SEGMENTS]
        goes_on = start > 0 and segments[start - 1] == 255
        pages.append(_Page(int(goes_on), 0 if min(own) < 255 else -1, own, body[place : place + sum(own)]))
        place += sum(own)
    return pages


def _checksum(page: bytes) -> int:
    """CRC-32 as Ogg has it (section 6): zlib's polynomial, but the highest bit first, starting at 0 and not inverted."""
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


# ID3v2.3 (MP3)


def id3(tags: Tags, loop_frames: int = 0) -> bytes:
    """The tag that stands before the first frame."""
    fields = [
        ("TIT2", one_line(tags.title)),
        ("TBPM", tags.beats),
        ("TKEY", tags.short_key),
        ("TSSE", _ENCODER),
    ]
    frames = [_frame(name, [text]) for name, text in fields if text]
    frames += [_frame("TXXX", [name, text]) for name, text in _loop(loop_frames)]
    if tags.comment:
        frames.append(_frame("COMM", ["", tags.comment], language=b"eng"))
    content = b"".join(frames)
    size = bytes(len(content) >> shift & 0x7F for shift in (21, 14, 7, 0))  # seven bits a byte
    return b"ID3\3\0\0" + size + content


def _frame(name: str, texts: Sequence[str], language: bytes = b"") -> bytes:
    """A frame of texts with a zero between them: Latin-1 where ASCII will do, else UTF-16 with its mark."""
    is_plain = all(text.isascii() for text in texts)
    encoding, zero = ("ascii", b"\0") if is_plain else ("utf-16-le", b"\0\0")
    mark = b"" if is_plain else b"\xff\xfe"
    content = bytes([0 if is_plain else 1]) + language + zero.join(mark + text.encode(encoding) for text in texts)
    return name.encode() + struct.pack(">IH", len(content), 0) + content

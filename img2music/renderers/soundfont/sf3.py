"""Reads SF2 and SF3 soundfonts.

An SF3 font is an SF2 font (SoundFont Technical Specification 2.04, 2006) whose samples are Ogg Vorbis streams: type bit
0x10 of a sample header is set, its start and end count bytes, and its loop points count frames from the sample's own
start (https://github.com/FluidSynth/fluidsynth/wiki/SoundFont3Format).

Conventions: a preset is named by (bank, program); bank 128 holds drum kits. Samples are 16-bit mono; positions count frames
unless compressed. Files are tables of fixed records that point into each other (presets to instruments to samples), kept
here as numpy record arrays.

Everything in a font is checked before use: a broken one gives a DocumentError. Does not know 24-bit samples (the lower byte
is left out) nor samples in a sound card's ROM (they are silent).
"""

from __future__ import annotations

import io
import stat
import struct
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from img2music.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = [
    "COMPRESSED",
    "DRUM_BANK",
    "GUARD_FRAMES",
    "INSTRUMENT",
    "RECORDS",
    "ROM",
    "SAMPLE",
    "SoundFont",
    "Tables",
    "broken_font",
    "open_font",
    "unreadable_font",
]

DRUM_BANK = 128
COMPRESSED, ROM = 0x10, 0x8000
INSTRUMENT, SAMPLE = 41, 53
"""Generators that end a zone: which instrument a preset's zone plays, which sample an instrument's zone plays."""
GUARD_FRAMES = 46
"""Zeros after every sample, so that interpolation reads no neighbour (specification, section 7.10)."""
_MAX_SAMPLE_FRAMES = 2**25
"""One sample's length, 12 minutes. No real one is longer, and a small hostile file must not become so."""
_INFO = (b"isng", b"INAM", b"IENG", b"IPRD", b"ICOP", b"ICMT")
"""Kept of a font's description; synthesizers may refuse fields they do not know."""

_BAG = [("generators", "<u2"), ("modulators", "<u2")]
_GENERATOR = [("operator", "<u2"), ("amount", "<u2")]
RECORDS: dict[bytes, list[tuple[str, str]]] = {
    b"phdr": [("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("library", "V12")],
    b"pbag": _BAG,
    b"pmod": [("modulator", "V10")],
    b"pgen": _GENERATOR,
    b"inst": [("name", "S20"), ("bag", "<u2")],
    b"ibag": _BAG,
    b"imod": [("modulator", "V10")],
    b"igen": _GENERATOR,
    b"shdr": [
        ("name", "S20"),
        ("start", "<u4"),
        ("end", "<u4"),
        ("loop_start", "<u4"),
        ("loop_end", "<u4"),
        ("rate", "<u4"),
        ("pitch", "u1"),
        ("correction", "i1"),
        ("link", "<u2"),
        ("type", "<u2"),
    ],
}
"""The tables of the font in the order in which a file holds them. The last record of each only closes it."""
_LABELS = frozenset((b"LIST", b"ifil", b"irom", b"iver", b"ICRD", b"ISFT", *_INFO, b"smpl", b"sm24", *RECORDS))

Tables = dict[bytes, "NDArray[Any]"]


@dataclass(frozen=True, eq=False)
class SoundFont:
    """A font on the disk.

    Attributes:
        path: where it lies; its samples are read when they are needed.
        info: description fields by their four letters.
        tables: record arrays by chunk name, their indices checked.
        sound: where in the file the samples lie, in bytes.
    """

    path: Path
    info: dict[bytes, bytes]
    tables: Tables
    sound: slice

    @cached_property
    def presets(self) -> dict[tuple[int, int], int]:
        """Index of every preset by (bank, program); the first of equals counts."""
        headers = self.tables[b"phdr"][:-1]
        found: dict[tuple[int, int], int] = {}
        for index, (bank, program) in enumerate(zip(headers["bank"].tolist(), headers["program"].tolist(), strict=True)):
            found.setdefault((bank, program), index)
        return found

    @property
    def is_compressed(self) -> bool:
        """Whether any sample is compressed, so that the font is SF3."""
        return bool((self.tables[b"shdr"]["type"][:-1] & COMPRESSED).any())

    def sample(self, index: int, file: BinaryIO) -> NDArray[np.int16]:
        """A sample's frames, shape (frames,), read from the opened file.

        Raises:
            DocumentError: it lies outside the file, can't be decoded, or is too long.
        """
        record = self.tables[b"shdr"][index]
        start, end, kind = int(record["start"]), int(record["end"]), int(record["type"])
        if kind & ROM:
            return np.zeros(GUARD_FRAMES, np.int16)
        unit = 1 if kind & COMPRESSED else 2
        if not start <= end <= (self.sound.stop - self.sound.start) // unit:
            raise broken_font(self.path.name, f"sample {index} lies outside the file")
        raw = _read(self.path.name, file, self.sound.start + unit * start, self.sound.start + unit * end)
        return _decode(self.path.name, index, raw) if kind & COMPRESSED else np.frombuffer(raw, "<i2")


def open_font(path: Path) -> SoundFont:
    """Read what an SF2 or SF3 file holds; its samples stay on the disk until they are used.

    Raises:
        DocumentError: no such file, not a soundfont, or a broken one.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DocumentError(f"{path} is not a file; give the path of an .sf2 or .sf3 file")
        with path.open("rb") as file:
            return _parse(path, file, file.seek(0, io.SEEK_END))
    except OSError as error:
        raise unreadable_font(path, error) from None


def unreadable_font(path: Path, error: OSError) -> DocumentError:
    """The error for a file that the system does not give."""
    return DocumentError(f"can't read the soundfont {path} ({error.strerror or error}); give the path of an .sf2 or .sf3 file")


def broken_font(name: str, why: str) -> DocumentError:
    """The error for a file that is no font, or a damaged one."""
    return DocumentError(
        f"{name} is not a usable soundfont ({why}); give another .sf2 or .sf3 file, or none for the built-in one"
    )


def _read(name: str, file: BinaryIO, start: int, stop: int) -> bytes:
    file.seek(start)
    content = file.read(stop - start)
    if len(content) < stop - start:
        raise broken_font(name, "it is cut off")
    return content


def _parse(path: Path, file: BinaryIO, size: int) -> SoundFont:
    name = path.name
    if size < 12 or _read(name, file, 0, 4) != b"RIFF" or _read(name, file, 8, 12) != b"sfbk":
        raise broken_font(name, "it does not begin as one" if size else "it is empty")
    info: dict[bytes, bytes] = {}
    tables: Tables = {}
    sound: slice | None = None
    for label, start, stop in _chunks(name, file, 12, size):
        if label != b"LIST" or stop < start + 4:
            continue
        kind = _read(name, file, start, start + 4)
        for inner, begin, end in _chunks(name, file, start + 4, stop):
            if kind == b"INFO" and inner in _INFO:
                text = _read(name, file, begin, min(end, begin + 253)).rstrip(b"\0") + b"\0"
                info[inner] = text + bytes(len(text) % 2)
            elif kind == b"sdta" and inner == b"smpl":
                sound = slice(begin, end)
            elif kind == b"pdta" and inner in RECORDS:
                tables[inner] = _table(name, inner, _read(name, file, begin, end))
    if sound is None:
        raise broken_font(name, "it holds no samples")
    _check(name, tables)
    return SoundFont(path, info, tables, sound)


def _chunks(name: str, file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Label, begin and end of every chunk between two places.

    Chunks should begin at even places; writers that forget to are followed too.
    """
    place = start
    while place + 8 <= end:
        label, length = struct.unpack("<4sI", _read(name, file, place, place + 8))
        stop = place + 8 + length
        if stop > end:
            raise broken_font(name, "it is cut off")
        yield label, place + 8, stop
        padded = stop + length % 2
        following = _read(name, file, stop, min(stop + 5, end))
        labels = [(at, following[at - stop : at - stop + 4]) for at in (padded, stop, stop + 1)]
        known = (at for at, found in labels if found in _LABELS)
        likely = (at for at, found in labels if len(found) == 4 and found.isalnum())
        place = next(known, next(likely, padded))


def _table(name: str, label: bytes, raw: bytes) -> NDArray[Any]:
    record = np.dtype(RECORDS[label])
    if len(raw) % record.itemsize:
        raise broken_font(name, f"its table {label.decode()} is cut off")
    return np.frombuffer(raw, record)


def _check(name: str, tables: Tables) -> None:
    """Every index points at something: presets to bags to generators to instruments, and so on to samples."""
    for label in RECORDS:
        if not len(tables.get(label, ())):
            raise broken_font(name, f"its table {label.decode()} is missing")
    for level in (b"p", b"i"):
        headers = tables[b"phdr" if level == b"p" else b"inst"]["bag"]
        bags, generators, modulators = (tables[level + kind] for kind in (b"bag", b"gen", b"mod"))
        targets = tables[b"inst" if level == b"p" else b"shdr"]
        amounts = generators["amount"][generators["operator"] == (INSTRUMENT if level == b"p" else SAMPLE)]
        ordered = all((np.diff(index.astype(np.int64)) >= 0).all() for index in (headers, bags["generators"], bags["modulators"]))
        inside = (
            headers[-1] < len(bags)
            and bags["generators"][-1] <= len(generators)
            and bags["modulators"][-1] <= len(modulators)
            and (amounts < len(targets) - 1).all()
        )
        if not (ordered and inside):
            raise broken_font(name, "its tables point outside the file")


def _decode(name: str, index: int, raw: bytes) -> NDArray[np.int16]:
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(raw)) as stream:
            length = stream.frames
            frames = stream.read(min(length, _MAX_SAMPLE_FRAMES), dtype="float32", always_2d=True)[:, 0]
    except (soundfile.SoundFileError, OSError, ValueError, TypeError, MemoryError):
        raise broken_font(name, f"sample {index} can't be decoded") from None
    if length > _MAX_SAMPLE_FRAMES:
        raise broken_font(name, f"sample {index} is too long")
    # Vorbis overshoots full scale at loud peaks; read as integers they would wrap around into clicks.
    scaled: NDArray[np.int16] = np.clip(np.rint(frames * 32767.0), -32768, 32767).astype("<i2")
    return scaled

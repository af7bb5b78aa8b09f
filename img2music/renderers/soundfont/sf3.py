"""Reads SF2 and SF3 soundfonts and writes SF2, whole or only some presets.

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
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["DRUM_BANK", "SoundFont", "open_font", "write_sf2"]

DRUM_BANK = 128
_COMPRESSED, _ROM = 0x10, 0x8000
_INSTRUMENT, _SAMPLE = 41, 53
"""Generators that end a zone: which instrument a preset's zone plays, which sample an instrument's zone plays."""
_GUARD_FRAMES = 46
"""Zeros after every sample, so that interpolation reads no neighbour (specification, section 7.10)."""
_MAX_FRAMES, _MAX_SAMPLE_FRAMES = 2**29, 2**25
"""A font's and one sample's length: 1 GiB, 12 minutes. No real one is larger, and a small hostile file must not become so."""
_INFO = (b"isng", b"INAM", b"IENG", b"IPRD", b"ICOP", b"ICMT")
"""Kept of a font's description; synthesizers may refuse fields they do not know."""

_BAG = [("generators", "<u2"), ("modulators", "<u2")]
_GENERATOR = [("operator", "<u2"), ("amount", "<u2")]
_RECORDS: dict[bytes, list[tuple[str, str]]] = {
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
_LABELS = frozenset((b"LIST", b"ifil", b"irom", b"iver", b"ICRD", b"ISFT", *_INFO, b"smpl", b"sm24", *_RECORDS))

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
        return bool((self.tables[b"shdr"]["type"][:-1] & _COMPRESSED).any())

    def sample(self, index: int, file: BinaryIO) -> NDArray[np.int16]:
        """A sample's frames, shape (frames,), read from the opened file.

        Raises:
            DocumentError: it lies outside the file, can't be decoded, or is too long.
        """
        record = self.tables[b"shdr"][index]
        start, end, kind = int(record["start"]), int(record["end"]), int(record["type"])
        if kind & _ROM:
            return np.zeros(_GUARD_FRAMES, np.int16)
        unit = 1 if kind & _COMPRESSED else 2
        if not start <= end <= (self.sound.stop - self.sound.start) // unit:
            raise _broken(self.path.name, f"sample {index} lies outside the file")
        raw = _read(self.path.name, file, self.sound.start + unit * start, self.sound.start + unit * end)
        return _decode(self.path.name, index, raw) if kind & _COMPRESSED else np.frombuffer(raw, "<i2")


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
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> DocumentError:
    return DocumentError(f"can't read the soundfont {path} ({error.strerror or error}); give the path of an .sf2 or .sf3 file")


def _broken(name: str, why: str) -> DocumentError:
    return DocumentError(
        f"{name} is not a usable soundfont ({why}); give another .sf2 or .sf3 file, or none for the built-in one"
    )


def _read(name: str, file: BinaryIO, start: int, stop: int) -> bytes:
    file.seek(start)
    content = file.read(stop - start)
    if len(content) < stop - start:
        raise _broken(name, "it is cut off")
    return content


def _parse(path: Path, file: BinaryIO, size: int) -> SoundFont:
    name = path.name
    if size < 12 or _read(name, file, 0, 4) != b"RIFF" or _read(name, file, 8, 12) != b"sfbk":
        raise _broken(name, "it does not begin as one" if size else "it is empty")
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
            elif kind == b"pdta" and inner in _RECORDS:
                tables[inner] = _table(name, inner, _read(name, file, begin, end))
    if sound is None:
        raise _broken(name, "it holds no samples")
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
            raise _broken(name, "it is cut off")
        yield label, place + 8, stop
        padded = stop + length % 2
        following = _read(name, file, stop, min(stop + 5, end))
        labels = [(at, following[at - stop : at - stop + 4]) for at in (padded, stop, stop + 1)]
        known = (at for at, found in labels if found in _LABELS)
        likely = (at for at, found in labels if len(found) == 4 and found.isalnum())
        place = next(known, next(likely, padded))


def _table(name: str, label: bytes, raw: bytes) -> NDArray[Any]:
    record = np.dtype(_RECORDS[label])
    if len(raw) % record.itemsize:
        raise _broken(name, f"its table {label.decode()} is cut off")
    return np.frombuffer(raw, record)


def _check(name: str, tables: Tables) -> None:
    """Every index points at something: presets to bags to generators to instruments, and so on to samples."""
    for label in _RECORDS:
        if not len(tables.get(label, ())):
            raise _broken(name, f"its table {label.decode()} is missing")
    for level in (b"p", b"i"):
        headers = tables[b"phdr" if level == b"p" else b"inst"]["bag"]
        bags, generators, modulators = (tables[level + kind] for kind in (b"bag", b"gen", b"mod"))
        targets = tables[b"inst" if level == b"p" else b"shdr"]
        amounts = generators["amount"][generators["operator"] == (_INSTRUMENT if level == b"p" else _SAMPLE)]
        ordered = all((np.diff(index.astype(np.int64)) >= 0).all() for index in (headers, bags["generators"], bags["modulators"]))
        inside = (
            headers[-1] < len(bags)
            and bags["generators"][-1] <= len(generators)
            and bags["modulators"][-1] <= len(modulators)
            and (amounts < len(targets) - 1).all()
        )
        if not (ordered and inside):
            raise _broken(name, "its tables point outside the file")


def _decode(name: str, index: int, raw: bytes) -> NDArray[np.int16]:
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(raw)) as stream:
            length = stream.frames
            frames = stream.read(min(length, _MAX_SAMPLE_FRAMES), dtype="float32", always_2d=True)[:, 0]
    except (soundfile.SoundFileError, OSError, ValueError, TypeError, MemoryError):
        raise _broken(name, f"sample {index} can't be decoded") from None
    if length > _MAX_SAMPLE_FRAMES:
        raise _broken(name, f"sample {index} is too long")
    # Vorbis overshoots full scale at loud peaks; read as integers they would wrap around into clicks.
    scaled: NDArray[np.int16] = np.clip(np.rint(frames * 32767.0), -32768, 32767).astype("<i2")
    return scaled


def write_sf2(font: SoundFont, stream: BinaryIO, presets: Iterable[tuple[int, int]] | None = None) -> None:
    """Write an SF2 font of some presets of `font` with all that they use, or of all presets.

    The samples are written one by one, so a large font needs little memory.

    Args:
        font: what to copy from.
        stream: a seekable binary file, at its beginning.
        presets: (bank, program) pairs that the font has; None for all.

    Raises:
        DocumentError: a sample can't be read.
    """
    chosen = sorted(font.presets[key] for key in (font.presets if presets is None else set(presets)))
    tables: Tables = {}
    instruments = _copy(font.tables, (b"phdr", b"pbag", b"pmod", b"pgen"), chosen, _INSTRUMENT, tables)
    samples = _copy(font.tables, (b"inst", b"ibag", b"imod", b"igen"), instruments, _SAMPLE, tables)
    tables[b"shdr"] = np.append(font.tables[b"shdr"][samples], np.zeros(1, _RECORDS[b"shdr"]))
    tables[b"shdr"]["name"][-1] = b"EOS"

    stream.write(b"RIFF\0\0\0\0sfbk")
    info = {b"ifil": struct.pack("<HH", 2, 1), b"isng": b"EMU8000\0", b"INAM": b"font\0\0", **font.info}
    _write_list(stream, b"INFO", info.items())
    sound_at = stream.tell()
    stream.write(b"LIST\0\0\0\0sdtasmpl\0\0\0\0")
    _write_samples(font, stream, samples, tables[b"shdr"])
    end = stream.tell()
    _write_list(stream, b"pdta", ((label, tables[label].tobytes()) for label in _RECORDS))
    for at, length in ((4, stream.tell() - 8), (sound_at + 4, end - sound_at - 8), (sound_at + 16, end - sound_at - 20)):
        stream.seek(at)
        stream.write(struct.pack("<I", length))
    stream.seek(0, io.SEEK_END)


def _copy(source: Tables, labels: tuple[bytes, bytes, bytes, bytes], chosen: list[int], target: int, result: Tables) -> list[int]:
    """Copy the chosen headers and what they own into `result`; return the old indices of what their `target`s point at."""
    headers, bags, modulators, generators = (source[label] for label in labels)
    kept = np.append(headers[chosen], np.zeros(1, headers.dtype))
    kept["name"][-1] = b"EOP" if target == _INSTRUMENT else b"EOI"
    owned: dict[bytes, list[NDArray[Any]]] = {label: [] for label in labels[1:]}
    counts = dict.fromkeys(labels[1:], 0)
    for position, index in enumerate(chosen):
        first, last = int(headers["bag"][index]), int(headers["bag"][index + 1])
        mine = bags[first:last].copy()
        kept["bag"][position] = counts[labels[1]]
        pieces = [mine]
        for label, table, column in ((labels[2], modulators, "modulators"), (labels[3], generators, "generators")):
            begin, stop = int(bags[column][first]), int(bags[column][last])
            mine[column] = mine[column] - begin + counts[label]
            pieces.append(table[begin:stop])
        for label, piece in zip(labels[1:], pieces, strict=True):
            owned[label].append(piece)
            counts[label] += len(piece)
    kept["bag"][-1] = counts[labels[1]]
    result[labels[0]] = kept
    for label in labels[1:]:
        result[label] = np.concatenate([*owned[label], np.zeros(1, source[label].dtype)])
    closing = result[labels[1]][-1:]
    closing["modulators"], closing["generators"] = counts[labels[2]], counts[labels[3]]

    pointers = result[labels[3]]
    mask = pointers["operator"] == target
    old, new = np.unique(pointers["amount"][mask], return_inverse=True)
    pointers["amount"][mask] = new
    return [int(index) for index in old]


def _write_samples(font: SoundFont, stream: BinaryIO, samples: list[int], headers: NDArray[Any]) -> None:
    """Write the samples and put their new places into `headers`, whose rows are in the same order."""
    try:
        with font.path.open("rb") as file:
            _copy_samples(font, file, stream, samples, headers)
    except FileNotFoundError as error:
        raise _unreadable(font.path, error) from None


def _copy_samples(font: SoundFont, file: BinaryIO, stream: BinaryIO, samples: list[int], headers: NDArray[Any]) -> None:
    place = 0
    renumbered = {old: new for new, old in enumerate(samples)}
    for header, index in zip(headers, samples, strict=False):
        frames = font.sample(index, file)
        length = max(len(frames), _GUARD_FRAMES)
        base = 0 if header["type"] & _COMPRESSED else int(header["start"])
        loop_start = min(max(int(header["loop_start"]) - base, 0), length)
        loop_end = min(max(int(header["loop_end"]) - base, 0), length)
        if loop_end <= loop_start:  # no loop; synthesizers that look at the points anyway must find some
            loop_start, loop_end = 0, length
        header["start"], header["end"] = place, place + length
        header["loop_start"], header["loop_end"] = place + loop_start, place + loop_end
        header["type"] &= ~np.uint16(_COMPRESSED | _ROM)
        header["rate"] = header["rate"] if 400 <= header["rate"] <= 192_000 else 44_100
        header["link"] = renumbered.get(int(header["link"]), 0)
        stream.write(frames.tobytes() + bytes(2 * (length - len(frames) + _GUARD_FRAMES)))
        place += length + _GUARD_FRAMES
        if place > _MAX_FRAMES:
            raise _broken(font.path.name, "it is too large")


def _write_list(stream: BinaryIO, kind: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> None:
    """Write a list of chunks, all of even length (some readers do not skip a padding byte)."""
    body = kind
    for label, content in chunks:
        body += label + struct.pack("<I", len(content)) + content
    stream.write(b"LIST" + struct.pack("<I", len(body)) + body)

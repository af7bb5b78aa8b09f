"""Writes SF2 soundfonts from an opened font: whole, or only some presets with all that they use.

Synthesizers play SF2, so an SF3 font's samples are decoded on the way. Samples are copied one by one, so a large font needs little memory.
Conventions as in `sf3`. Does not know 24-bit samples.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from img2music.cancellation import checkpoint
from img2music.renderers.soundfont.sf3 import (
    COMPRESSED,
    GUARD_FRAMES,
    INSTRUMENT,
    RECORDS,
    ROM,
    SAMPLE,
    broken_font,
    unreadable_font,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from img2music.renderers.soundfont.sf3 import SoundFont, Tables

__all__ = ["write_sf2"]

_MAX_FRAMES = 2**29
"""All samples of a font together: 1 GiB. No real font is larger, and a small hostile file must not become so."""


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
    instruments = _copy(font.tables, (b"phdr", b"pbag", b"pmod", b"pgen"), chosen, INSTRUMENT, tables)
    samples = _copy(font.tables, (b"inst", b"ibag", b"imod", b"igen"), instruments, SAMPLE, tables)
    tables[b"shdr"] = np.append(font.tables[b"shdr"][samples], np.zeros(1, RECORDS[b"shdr"]))
    tables[b"shdr"]["name"][-1] = b"EOS"

    stream.write(b"RIFF\0\0\0\0sfbk")
    info = {b"ifil": struct.pack("<HH", 2, 1), b"isng": b"EMU8000\0", b"INAM": b"font\0\0", **font.info}
    _write_list(stream, b"INFO", info.items())
    sound_at = stream.tell()
    stream.write(b"LIST\0\0\0\0sdtasmpl\0\0\0\0")
    _write_samples(font, stream, samples, tables[b"shdr"])
    end = stream.tell()
    _write_list(stream, b"pdta", ((label, tables[label].tobytes()) for label in RECORDS))
    for at, length in ((4, stream.tell() - 8), (sound_at + 4, end - sound_at - 8), (sound_at + 16, end - sound_at - 20)):
        stream.seek(at)
        stream.write(struct.pack("<I", length))
    stream.seek(0, io.SEEK_END)


def _copy(source: Tables, labels: tuple[bytes, bytes, bytes, bytes], chosen: list[int], target: int, result: Tables) -> list[int]:
    """Copy the chosen headers and what they own into `result`; return the old indices of what their `target`s point at."""
    headers, bags, modulators, generators = (source[label] for label in labels)
    kept = np.append(headers[chosen], np.zeros(1, headers.dtype))
    kept["name"][-1] = b"EOP" if target == INSTRUMENT else b"EOI"
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
        raise unreadable_font(font.path, error) from None


def _copy_samples(font: SoundFont, file: BinaryIO, stream: BinaryIO, samples: list[int], headers: NDArray[Any]) -> None:
    place = 0
    renumbered = {old: new for new, old in enumerate(samples)}
    for header, index in zip(headers, samples, strict=False):
        checkpoint()
        frames = font.sample(index, file)
        length = max(len(frames), GUARD_FRAMES)
        base = 0 if header["type"] & COMPRESSED else int(header["start"])
        loop_start = min(max(int(header["loop_start"]) - base, 0), length)
        loop_end = min(max(int(header["loop_end"]) - base, 0), length)
        if loop_end <= loop_start:  # no loop; synthesizers that look at the points anyway must find some
            loop_start, loop_end = 0, length
        header["start"], header["end"] = place, place + length
        header["loop_start"], header["loop_end"] = place + loop_start, place + loop_end
        header["type"] &= ~np.uint16(COMPRESSED | ROM)
        header["rate"] = header["rate"] if 400 <= header["rate"] <= 192_000 else 44_100
        header["link"] = renumbered.get(int(header["link"]), 0)
        stream.write(frames.tobytes() + bytes(2 * (length - len(frames) + GUARD_FRAMES)))
        place += length + GUARD_FRAMES
        if place > _MAX_FRAMES:
            raise broken_font(font.path.name, "it is too large")


def _write_list(stream: BinaryIO, kind: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> None:
    """Write a list of chunks, all of even length (some readers do not skip a padding byte)."""
    body = kind
    for label, content in chunks:
        body += label + struct.pack("<I", len(content)) + content
    stream.write(b"LIST" + struct.pack("<I", len(body)) + body)

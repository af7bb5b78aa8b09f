"""Reads sound files from anywhere: WAV, FLAC, Ogg (Vorbis, Opus) and MP3, known by their first bytes, of bounded size, length and level.

Conventions: sound is `Audio`, float32, full scale at 1, at the rate and with the channels that the file has. Samples that are no numbers, or so
large that they can't be sound, are refused: whatever is heard in them would be nonsense that sounds sure. A file may lie about its length: it is
read in blocks until it ends, or is too long. Writing is `io.audio_files`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import checkpoint
from img2music.errors import DocumentError
from img2music.io.documents import read_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["LARGEST_SOUND_BYTES", "LOUDEST_SAMPLE", "MOST_SAMPLES", "read_sound"]

LARGEST_SOUND_BYTES = 400_000_000
"""Of a file: half an hour of stereo at 48 kHz in 16 bits."""
MOST_SAMPLES = 1800 * 48_000 * 2
"""Of all channels together: half an hour of stereo at 48 kHz."""
LOUDEST_SAMPLE = 100.0
"""40 dB over full scale: a mix that was never brought down stays below; 16-bit numbers that were never divided do not."""
_RATES_HZ = (8_000, 400_000)
_MOST_CHANNELS = 16
_BLOCK_FRAMES = 1 << 16
_KINDS = {b"RIFF": "WAV", b"RF64": "WAV", b"fLaC": "FLAC", b"OggS": "Ogg", b"ID3": "MP3"}
_GIVE = "give a WAV, FLAC, Ogg or MP3 file"
_TAKE_OUT = "take its sound out first, such as `ffmpeg -i FILE sound.wav`"
_OTHERS = (
    (4, b"ftyp", "is an MP4, MOV or M4A file"),
    (0, b"\x1aE\xdf\xa3", "is a WebM or Matroska file"),
    (8, b"AVI ", "is an AVI file"),
    (8, b"AIFF", "is an AIFF file"),
    (8, b"AIFC", "is an AIFF file"),
    (0, b"\x30\x26\xb2\x75", "is a Windows Media file"),
    (0, b"\xff\xf1", "is an AAC file"),
    (0, b"\xff\xf9", "is an AAC file"),
)
"""What people take for sound files: where which bytes stand, and what it is then."""
_UNKNOWN_SIZES = {0, 2**32 - 1}
"""What programs write in place of a length that they don't know yet."""


def read_sound(source: str | Path | bytes, *, name: str = "the sound", note: Callable[[str], None] = lambda _: None) -> Audio:
    """The sound in a file.

    Args:
        source: a path, or the content of a file.
        name: what content is called in errors; a path is called by itself.
        note: told in a sentence that a file is cut short; what there is of it is read.

    Raises:
        DocumentError: no such file, none of these kinds, broken, empty, too large or too long, or its samples are no sound.
    """
    if not isinstance(source, bytes):
        name = str(source)
        content = read_file(source, largest_bytes=LARGEST_SOUND_BYTES)
    elif len(source) > LARGEST_SOUND_BYTES:
        raise DocumentError(f"{name} is too large ({len(source)} bytes, at most {LARGEST_SOUND_BYTES}); give a smaller file")
    else:
        content = source
    kind = _kind_of(content)
    if kind is None:
        raise DocumentError(f"{name} {_what_else(content)}")
    said, content = _size_said(content, kind)
    audio = _decoded(content, kind, name)
    if said is not None and said > len(content):
        note(f"{name} is cut short: {len(content) / said:.0%} of it is there, and was read")
    return audio


def _kind_of(content: bytes) -> str | None:
    """What the first bytes say; an MP3 may begin with a frame's eleven set bits."""
    for begin, kind in _KINDS.items():
        if content.startswith(begin):
            return kind if kind != "WAV" or content[8:12] == b"WAVE" else None
    return "MP3" if len(content) > 4 and content[0] == 0xFF and content[1] & 0xE6 in {0xE2, 0xE4, 0xE6} else None


def _what_else(content: bytes) -> str:
    """Why content is no sound that can be read, and what to do."""
    if not content:
        return "is empty; give another file"
    if content.startswith(b"MThd"):
        return "is a MIDI file, which holds notes and no sound that can be read; `img2music render` makes it sound"
    what = next((words for place, mark, words in _OTHERS if content[place : place + len(mark)] == mark), None)
    return f"is no sound that can be read; {_GIVE}" if what is None else f"{what}, no sound that can be read; {_TAKE_OUT}"


def _size_said(content: bytes, kind: str) -> tuple[int | None, bytes]:
    """How many bytes a file says it has, None where it does not say; and its content, which says of an MP3 how many it really has.

    The decoder prints its own warning of an MP3 that says otherwise.
    """
    if kind == "WAV" and content.startswith(b"RIFF"):
        size = int.from_bytes(content[4:8], "little")
        return (None if size in _UNKNOWN_SIZES else size + 8), content
    if kind != "MP3":
        return None, content
    begin = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(content[6:10], (21, 14, 7, 0), strict=False))
    frame = begin if content.startswith(b"ID3") else 0
    place = next((found for mark in (b"Xing", b"Info") if (found := content.find(mark, frame, frame + 60)) > 0), None)
    flags = 0 if place is None else int.from_bytes(content[place + 4 : place + 8], "big")
    if place is None or not flags & 2 or len(content) < place + 16:
        return None, content
    field = place + 8 + (4 if flags & 1 else 0)
    size, there = int.from_bytes(content[field : field + 4], "big"), len(content) - frame
    if size <= there:
        return None, content
    return frame + size, content[:field] + there.to_bytes(4, "big") + content[field + 4 :]


def _decoded(content: bytes, kind: str, name: str) -> Audio:
    import soundfile

    blocks: list[np.ndarray[tuple[int, int], np.dtype[np.float32]]] = []
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            rate, channels = int(file.samplerate), int(file.channels)
            if not _RATES_HZ[0] <= rate <= _RATES_HZ[1] or not 1 <= channels <= _MOST_CHANNELS:
                raise DocumentError(
                    f"{name} has {channels} channels at {rate} Hz; give a sound of 1 to {_MOST_CHANNELS} channels "
                    f"at {_RATES_HZ[0]} to {_RATES_HZ[1]} Hz"
                )
            frames = 0
            while len(block := file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
                checkpoint()
                frames += len(block)
                if frames * channels > MOST_SAMPLES:
                    raise DocumentError(
                        f"{name} is too long (more than {MOST_SAMPLES // channels / rate:.0f} s of {channels} channels at {rate} Hz); "
                        "give a shorter sound, or one of a lower sample rate"
                    )
                _check_level(block, name)
                blocks.append(block.T)
    except (soundfile.SoundFileError, OSError, ValueError, TypeError) as error:
        if isinstance(error, DocumentError):
            raise
        reason = " ".join(str(error).split())[:120].rstrip(".")
        raise DocumentError(f"{name} is a broken {kind} file, or only a part of one ({reason}); give another one") from None
    if not blocks:
        raise DocumentError(f"{name} holds no sound; give another file")
    return Audio(np.concatenate(blocks, 1), rate)


def _check_level(block: np.ndarray[tuple[int, int], np.dtype[np.float32]], name: str) -> None:
    """Refuses samples that no loudspeaker could play.

    Raises:
        DocumentError: a sample that is no number, or far beyond full scale.
    """
    largest = float(np.abs(block).max())
    if not np.isfinite(largest):
        raise DocumentError(f"{name} has samples that are no numbers (NaN or infinite); export it again, in 16 or 24 bits")
    if largest > LOUDEST_SAMPLE:
        raise DocumentError(
            f"{name} has samples up to {largest:.3g}, where 1 is full scale; export it again at a usual level, in 16 or 24 bits"
        )

"""Reads sound files from anywhere: WAV, FLAC, Ogg (Vorbis, Opus) and MP3, known by their first bytes, of bounded size and length.

Conventions: sound is `Audio`, float32, full scale at 1, at the rate and with the channels that the file has; what is no number is silence. A
file may lie about its length: it is read in blocks until it ends, or is too long. Writing is `io.audio_files`.
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
    from pathlib import Path

__all__ = ["LARGEST_SOUND_BYTES", "MOST_SAMPLES", "read_sound"]

LARGEST_SOUND_BYTES = 400_000_000
"""Of a file: half an hour of stereo at 48 kHz in 16 bits."""
MOST_SAMPLES = 1800 * 48_000 * 2
"""Of all channels together: half an hour of stereo at 48 kHz."""
_RATES_HZ = (1_000, 400_000)
_MOST_CHANNELS = 16
_BLOCK_FRAMES = 1 << 16
_KINDS = {b"RIFF": "WAV", b"RF64": "WAV", b"fLaC": "FLAC", b"OggS": "Ogg", b"ID3": "MP3"}


def read_sound(source: str | Path | bytes, *, name: str = "the sound") -> Audio:
    """The sound in a file.

    Args:
        source: a path, or the content of a file.
        name: what content is called in errors; a path is called by itself.

    Raises:
        DocumentError: no such file, none of these kinds, broken, empty, too large or too long.
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
        raise DocumentError(f"{name} is no sound that can be read; give a WAV, FLAC, Ogg or MP3 file")
    return _decoded(content, kind, name)


def _kind_of(content: bytes) -> str | None:
    """What the first bytes say; an MP3 may begin with a frame's eleven set bits."""
    for begin, kind in _KINDS.items():
        if content.startswith(begin):
            return kind if kind != "WAV" or content[8:12] == b"WAVE" else None
    return "MP3" if len(content) > 4 and content[0] == 0xFF and content[1] & 0xE6 in {0xE2, 0xE4, 0xE6} else None


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
                blocks.append(np.nan_to_num(block.T, nan=0.0, posinf=0.0, neginf=0.0))
    except (soundfile.SoundFileError, OSError, ValueError, TypeError) as error:
        if isinstance(error, DocumentError):
            raise
        reason = " ".join(str(error).split())[:120].rstrip(".")
        raise DocumentError(f"{name} is a broken {kind} file ({reason}); give another one") from None
    if not blocks:
        raise DocumentError(f"{name} holds no sound; give another file")
    return Audio(np.concatenate(blocks, 1), rate)

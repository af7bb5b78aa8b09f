"""Sound files: WAV, FLAC, MP3 and Ogg Vorbis.

Conventions: sound is `Audio`; WAV and FLAC are 16-bit, rounded to the nearest step (a synthesizer's own noise is larger than
what rounding adds, so no dither), full scale 32768, clipped beyond. WAV and FLAC bytes depend on the sound alone.
MP3 is 192 kbit/s or so, Vorbis about as much, both variable. Knows nothing of levels: mastering comes before.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Literal

import numpy as np

from img2music.errors import BackendError, UsageError, unknown_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from img2music.audio import Audio

__all__ = ["FORMATS", "encode"]

AudioFormat = Literal["wav", "flac", "mp3", "ogg"]
FORMATS: tuple[AudioFormat, ...] = ("wav", "flac", "mp3", "ogg")
"""Names of the formats; each is also the file's ending."""
_BLOCK_FRAMES = 65_536
"""libsndfile crashes on a long Vorbis stream written in one call."""
_SUBTYPES = {"flac": ("FLAC", "PCM_16"), "mp3": ("MP3", "MPEG_LAYER_III"), "ogg": ("OGG", "VORBIS")}
_MAX_WAV_BYTES = 2**32 - 64


def encode(audio: Audio, format: str) -> bytes:  # noqa: A002 (the word every caller looks for)
    """The content of a sound file.

    Args:
        audio: what to write.
        format: "wav", "flac", "mp3" or "ogg".

    Raises:
        UsageError: no such format, or sound too long for it.
        BackendError: the encoder failed (MP3 knows only some sample rates).
    """
    if format not in FORMATS:
        raise unknown_name("audio format", format, FORMATS)
    return _wav(audio) if format == "wav" else _encoded(audio, format)


def _integers(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Rounded to 16 bits and interleaved: (channels, frames) to (frames, channels)."""
    channels, frames = samples.shape
    result = np.empty((frames, channels), "<i2")
    for start in range(0, frames, _BLOCK_FRAMES):
        block = samples[:, start : start + _BLOCK_FRAMES] * np.float32(32768)
        np.clip(np.rint(block, out=block), -32768, 32767, out=block)
        result[start : start + _BLOCK_FRAMES] = block.T
    return result


def _wav(audio: Audio) -> bytes:
    channels, frames = audio.samples.shape
    size = frames * channels * 2
    if size > _MAX_WAV_BYTES:
        raise UsageError("the sound is too long for a WAV file; choose flac")
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        size + 36,
        b"WAVE",
        b"fmt ",
        16,
        1,
        channels,
        audio.sample_rate,
        audio.sample_rate * channels * 2,
        channels * 2,
        16,
        b"data",
        size,
    )
    return b"".join((header, _integers(audio.samples).data))


def _encoded(audio: Audio, format: str) -> bytes:  # noqa: A002
    import soundfile

    container, subtype = _SUBTYPES[format]
    channels, frames = audio.samples.shape
    stream = io.BytesIO()
    try:
        with soundfile.SoundFile(stream, "w", audio.sample_rate, channels, subtype, format=container) as file:
            for start in range(0, frames, _BLOCK_FRAMES):
                block = audio.samples[:, start : start + _BLOCK_FRAMES]
                file.write(_integers(block) if format == "flac" else np.clip(block.T, -1, 1))
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        raise BackendError(f"can't write {format} ({error}); choose another format with --audio") from None
    return stream.getvalue()

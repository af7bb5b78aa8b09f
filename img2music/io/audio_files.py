"""Sound files: WAV, FLAC, MP3 and Ogg Vorbis.

Conventions: sound is `Audio`; WAV and FLAC are 16-bit, rounded to the nearest step (a synthesizer's own noise is larger than
what rounding adds, so no dither), full scale 32768, clipped beyond. MP3 and Vorbis have a variable rate, about 190 kbit/s
for music. The bytes depend on the sound and on the encoder's version alone: no time stamps, no random stream numbers.
Knows nothing of levels: mastering comes before.

WAV, FLAC and Vorbis files hold exactly the frames they are given; a loop in them goes round without a gap. An MP3 file begins
with the encoder's delay (576 frames) and is padded to whole blocks (576 to 1727 frames); only players that read its header take
that off again: no format for loops.
Every file says what it is (`audio_tags`): title, key, tempo, loop. In a WAV file the loop stands in the chunk `smpl` (*Multimedia
Programming Interface and Data Specifications 1.0*, IBM and Microsoft, 1991), which samplers, game engines and editors read.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from img2music.cancellation import checkpoint
from img2music.errors import BackendError, UsageError, unknown_name
from img2music.io.audio_tags import Tags, id3, riff_info, tagged_flac, tagged_ogg

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from img2music.audio import Audio

__all__ = ["FORMATS", "encode"]

AudioFormat = Literal["wav", "flac", "mp3", "ogg"]
FORMATS: tuple[AudioFormat, ...] = ("wav", "flac", "mp3", "ogg")
"""Names of the formats; each is also the file's ending."""
_BLOCK_FRAMES = 65_536
"""libsndfile crashes on a long Vorbis stream written in one call."""
_ENCODERS: dict[str, dict[str, Any]] = {
    "flac": {"format": "FLAC", "subtype": "PCM_16"},
    "mp3": {"format": "MP3", "subtype": "MPEG_LAYER_III", "compression_level": 0.1, "bitrate_mode": "VARIABLE"},
    "ogg": {"format": "OGG", "subtype": "VORBIS", "compression_level": 0.2},
}
_MAX_WAV_BYTES = 2**32 - 65_536
"""Of samples: a file counts its bytes in 32 bits, and tags need some."""


def encode(
    audio: Audio,
    format: str,  # noqa: A002 (the word every caller looks for)
    *,
    tags: Tags | None = None,
    loop: bool = False,
) -> bytes:
    """The content of a sound file.

    Args:
        audio: what to write.
        format: "wav", "flac", "mp3" or "ogg".
        tags: what the file says of itself; without them it names its encoder alone.
        loop: whether the whole sound goes round, which the file says too.

    Raises:
        UsageError: no such format, or sound too long for it.
        BackendError: the encoder failed (MP3 knows only some sample rates).
    """
    if format not in FORMATS:
        raise unknown_name("audio format", format, FORMATS)
    tags = tags or Tags()
    loop_frames = int(audio.samples.shape[1]) if loop else 0
    if format == "wav":
        return _wav(audio, riff_info(tags) + _sampler(loop_frames, audio.sample_rate))
    content = _encoded(audio, format)
    if format == "mp3":
        return id3(tags, loop_frames) + content
    return tagged_flac(content, tags, loop_frames) if format == "flac" else tagged_ogg(content, tags, loop_frames)


def _integers(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Rounded to 16 bits and interleaved: (channels, frames) to (frames, channels)."""
    channels, frames = samples.shape
    result = np.empty((frames, channels), "<i2")
    for start in range(0, frames, _BLOCK_FRAMES):
        checkpoint()
        block = samples[:, start : start + _BLOCK_FRAMES] * np.float32(32768)
        np.clip(np.rint(block, out=block), -32768, 32767, out=block)
        result[start : start + _BLOCK_FRAMES] = block.T
    return result


def _wav(audio: Audio, after: bytes) -> bytes:
    """The header at its usual 44 bytes, the samples, then the chunks `after`."""
    channels, frames = audio.samples.shape
    size = frames * channels * 2
    if size > _MAX_WAV_BYTES:
        raise UsageError("the sound is too long for a WAV file; choose flac")
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        size + 36 + len(after),
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
    return b"".join((header, _integers(audio.samples).data, after))


def _sampler(frames: int, sample_rate: int) -> bytes:
    """The chunk that makes a loop of `frames` frames: one, forward, played for ever; the last frame counts in. No frames, no chunk."""
    if not frames:
        return b""
    return struct.pack("<4sI9I6I", b"smpl", 60, 0, 0, round(1e9 / sample_rate), 60, 0, 0, 0, 1, 0, 0, 0, 0, frames - 1, 0, 0)


def _encoded(audio: Audio, format: str) -> bytes:  # noqa: A002
    import soundfile

    channels, frames = audio.samples.shape
    stream = io.BytesIO()
    try:
        with soundfile.SoundFile(stream, "w", audio.sample_rate, channels, **_ENCODERS[format]) as file:
            for start in range(0, frames, _BLOCK_FRAMES):
                checkpoint(start, frames)
                block = audio.samples[:, start : start + _BLOCK_FRAMES]
                file.write(_integers(block) if format == "flac" else np.clip(block.T, -1, 1))
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        raise BackendError(f"can't write {format} ({error}); choose another format with --audio") from None
    content = stream.getvalue()
    if not content:
        raise BackendError(f"the {format} encoder wrote nothing, because the sound is empty; choose another format with --audio")
    return content

"""Sound files: WAV, FLAC, MP3 and Ogg Vorbis.

Conventions: sound is `Audio`; WAV and FLAC are 16-bit, rounded to the nearest step (a synthesizer's own noise is larger than
what rounding adds, so no dither), full scale 32768, clipped beyond. MP3 and Vorbis have a variable rate, about 190 kbit/s
for music. The bytes depend on the sound and on the encoder's version alone: no time stamps, no random stream numbers.
Knows nothing of levels: mastering comes before.

WAV, FLAC and Vorbis files hold exactly the frames they are given; a loop in them goes round without a gap. An MP3 file begins
with the encoder's delay (576 frames) and is padded to whole blocks (576 to 1727 frames); only players that read its header take
that off again: no format for loops.
A WAV file says that it is a loop (chunk `smpl`, *Multimedia Programming Interface and Data Specifications 1.0*, IBM and Microsoft,
1991), which samplers, game engines and editors read.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any, Literal

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
_ENCODERS: dict[str, dict[str, Any]] = {
    "flac": {"format": "FLAC", "subtype": "PCM_16"},
    "mp3": {"format": "MP3", "subtype": "MPEG_LAYER_III", "compression_level": 0.1, "bitrate_mode": "VARIABLE"},
    "ogg": {"format": "OGG", "subtype": "VORBIS", "compression_level": 0.2},
}
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Every byte with its bits in reverse order."""
_MAX_WAV_BYTES = 2**32 - 64


def encode(audio: Audio, format: str, *, loop: bool = False) -> bytes:  # noqa: A002 (the word every caller looks for)
    """The content of a sound file.

    Args:
        audio: what to write.
        format: "wav", "flac", "mp3" or "ogg".
        loop: whether the sound goes round; WAV says so in the file.

    Raises:
        UsageError: no such format, or sound too long for it.
        BackendError: the encoder failed (MP3 knows only some sample rates).
    """
    if format not in FORMATS:
        raise unknown_name("audio format", format, FORMATS)
    return _wav(audio, loop=loop) if format == "wav" else _encoded(audio, format)


def _integers(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Rounded to 16 bits and interleaved: (channels, frames) to (frames, channels)."""
    channels, frames = samples.shape
    result = np.empty((frames, channels), "<i2")
    for start in range(0, frames, _BLOCK_FRAMES):
        block = samples[:, start : start + _BLOCK_FRAMES] * np.float32(32768)
        np.clip(np.rint(block, out=block), -32768, 32767, out=block)
        result[start : start + _BLOCK_FRAMES] = block.T
    return result


def _wav(audio: Audio, *, loop: bool) -> bytes:
    channels, frames = audio.samples.shape
    size = frames * channels * 2
    if size > _MAX_WAV_BYTES:
        raise UsageError("the sound is too long for a WAV file; choose flac")
    sampler = _sampler(audio) if loop else b""
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        size + 36 + len(sampler),
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
    return b"".join((header, _integers(audio.samples).data, sampler))


def _sampler(audio: Audio) -> bytes:
    """The chunk that makes a loop of the whole file: one forward loop, played for ever; the last frame counts in."""
    frames = int(audio.samples.shape[1])
    nanoseconds = round(1e9 / audio.sample_rate)
    return struct.pack("<4sI9I6I", b"smpl", 60, 0, 0, nanoseconds, 60, 0, 0, 0, 1, 0, 0, 0, 0, max(0, frames - 1), 0, 0)


def _encoded(audio: Audio, format: str) -> bytes:  # noqa: A002
    import soundfile

    channels, frames = audio.samples.shape
    stream = io.BytesIO()
    try:
        with soundfile.SoundFile(stream, "w", audio.sample_rate, channels, **_ENCODERS[format]) as file:
            for start in range(0, frames, _BLOCK_FRAMES):
                block = audio.samples[:, start : start + _BLOCK_FRAMES]
                file.write(_integers(block) if format == "flac" else np.clip(block.T, -1, 1))
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        raise BackendError(f"can't write {format} ({error}); choose another format with --audio") from None
    content = stream.getvalue()
    return _numbered(content) if format == "ogg" else content


def _numbered(ogg: bytes) -> bytes:
    """The same Ogg stream with stream number 1 instead of a random one, its pages' checksums renewed (RFC 3533, section 6)."""
    pages = []
    place = 0
    while ogg[place : place + 4] == b"OggS":
        segments = ogg[place + 26]
        stop = place + 27 + segments + sum(ogg[place + 27 : place + 27 + segments])
        page = bytearray(ogg[place:stop])
        page[14:18], page[22:26] = struct.pack("<I", 1), bytes(4)
        page[22:26] = struct.pack("<I", _ogg_checksum(page))
        pages.append(bytes(page))
        place = stop
    return b"".join(pages) + ogg[place:]


def _ogg_checksum(page: bytearray) -> int:
    """CRC-32 as Ogg has it: zlib's polynomial, but the highest bit first, starting at 0 and not inverted."""
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)

"""Sound files, read back by libsndfile and by the standard library."""

from __future__ import annotations

import io
import subprocess
import sys
import wave
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from img2music.audio import Audio
from img2music.errors import BackendError, UsageError
from img2music.io.audio_files import FORMATS, encode

RATE = 48_000


def chord(seconds: float = 3.0, channels: int = 2) -> Audio:
    times = np.arange(round(seconds * RATE)) / RATE
    wave_ = sum(0.2 * np.sin(2 * np.pi * hz * times) for hz in (220.0, 277.2, 329.6))
    return Audio(np.stack([wave_] * channels).astype(np.float32), RATE)


def read(content: bytes) -> tuple[np.ndarray[Any, Any], int]:
    samples, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    return samples.T, rate


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_is_read_back(name: str, channels: int) -> None:
    audio = chord(channels=channels)
    content = encode(audio, name)
    samples, rate = read(content)
    assert (samples.shape, rate) == (audio.samples.shape, RATE)
    assert soundfile.info(io.BytesIO(content)).format == name.upper()
    error = np.sqrt(((samples - audio.samples) ** 2).mean()) / np.sqrt((audio.samples**2).mean())
    assert error < (1e-4 if name in {"wav", "flac"} else 0.02)


@pytest.mark.parametrize("name", FORMATS)
def test_bytes_are_the_same_again_and_in_another_process(name: str) -> None:
    code = (
        "import hashlib, sys, numpy as np\n"
        "from img2music.audio import Audio\n"
        "from img2music.io.audio_files import encode\n"
        "samples = np.sin(np.arange(200_000) / 30).astype(np.float32).reshape(2, -1)\n"
        "print(hashlib.sha256(encode(Audio(samples, 48_000), sys.argv[1])).hexdigest())\n"
    )
    digests = {
        subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, check=True).stdout for _ in range(2)
    }
    assert len(digests) == 1
    assert len(digests.pop()) == 65


def test_ogg_pages_are_sound() -> None:
    """Every page carries the fixed stream number, and a checksum that the standard's own bit-by-bit sum agrees with."""
    content = encode(chord(1.0), "ogg")
    place = pages = 0
    while place < len(content):
        page = content[place : place + 27 + content[place + 26] + sum(content[place + 27 : place + 27 + content[place + 26]])]
        assert page[:4] == b"OggS"
        assert page[14:18] == b"\1\0\0\0"
        register = 0
        for byte in page[:22] + bytes(4) + page[26:]:
            register ^= byte << 24
            for _ in range(8):
                register = (register << 1 ^ (0x04C11DB7 if register & 0x80000000 else 0)) & 0xFFFFFFFF
        assert int.from_bytes(page[22:26], "little") == register
        place += len(page)
        pages += 1
    assert pages >= 3


@settings(max_examples=30, deadline=None)
@given(arrays(np.float32, st.tuples(st.integers(1, 2), st.integers(0, 300)), elements=st.floats(-2, 2, width=32)))
def test_wav_is_rounded_and_clipped(samples: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    with wave.open(io.BytesIO(encode(Audio(samples, 44_100), "wav"))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (len(samples), 2, 44_100)
        assert file.getnframes() == samples.shape[1]
        values = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, len(samples)).T / 32768
    assert (np.abs(values - np.clip(samples, -1, 1)) <= 1.01 / 32768).all()
    inside = np.abs(samples) < 0.999
    assert (np.abs(values - samples)[inside] <= 0.5001 / 32768).all()


def test_sixteen_bit_sound_is_kept_exactly() -> None:
    steps = np.arange(-32768, 32768, dtype=np.int16)
    audio = Audio((steps / 32768).astype(np.float32)[None], RATE)
    for name in ("wav", "flac"):
        assert np.array_equal(soundfile.read(io.BytesIO(encode(audio, name)), dtype="int16")[0], steps)


def test_long_vorbis_does_not_crash() -> None:
    code = (
        "import io, numpy as np, soundfile\n"
        "from img2music.audio import Audio\n"
        "from img2music.io.audio_files import encode\n"
        "samples = np.zeros((1, 600 * 8000), np.float32); samples[0, ::8000] = 0.5\n"
        "print(soundfile.info(io.BytesIO(encode(Audio(samples, 8000), 'ogg'))).frames)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "4800000\n")


@pytest.mark.parametrize("frames", [48_000, 100_001, 288_017])
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_as_long_as_its_sound(name: str, frames: int) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (2, frames)).astype(np.float32)
    assert soundfile.info(io.BytesIO(encode(Audio(noise, 48_000), name))).frames == frames


def test_unknown_format() -> None:
    with pytest.raises(UsageError, match=r"no audio format 'ogv' \(did you mean 'ogg'\?\); there are: flac, mp3, ogg, wav"):
        encode(chord(0.1), "ogv")


def test_rate_that_mp3_lacks() -> None:
    with pytest.raises(BackendError, match=r"can't write mp3 .*choose another format"):
        encode(Audio(np.zeros((2, 100), np.float32), 7919), "mp3")


@pytest.mark.parametrize("name", FORMATS)
def test_one_frame(name: str) -> None:
    samples, rate = read(encode(Audio(np.full((2, 1), 0.25, np.float32), RATE), name))
    assert rate == RATE
    assert samples.shape == (2, 1)

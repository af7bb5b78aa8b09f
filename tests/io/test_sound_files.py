"""Sound files are read as they were written, and none is believed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from img2music.audio import Audio
from img2music.errors import DocumentError
from img2music.io import sound_files
from img2music.io.audio_files import encode
from img2music.io.sound_files import read_sound

if TYPE_CHECKING:
    from pathlib import Path

NOISE = Audio(np.random.default_rng(0).uniform(-0.9, 0.9, (2, 70_000)).astype(np.float32), 44_100)


@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_what_was_written_is_read(kind: str, tmp_path: Path) -> None:
    content = encode(NOISE, kind)
    (tmp_path / "a").write_bytes(content)
    for source in (content, tmp_path / "a", str(tmp_path / "a")):
        read = read_sound(source)
        assert read.sample_rate == 44_100
        np.testing.assert_allclose(read.samples, NOISE.samples, atol=1 / 32_768)


def _float_wav(samples: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, samples, 8_000, format="WAV", subtype="FLOAT")
    return stream.getvalue()


def test_what_is_no_number_is_silence() -> None:
    read = read_sound(_float_wav(np.array([0.5, np.nan, np.inf, -np.inf, -0.25], np.float32)))
    assert read.samples.tolist() == [[0.5, 0, 0, 0, -0.25]]


def test_length_and_size_are_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sound_files, "MOST_SAMPLES", 100_000)
    with pytest.raises(DocumentError, match=r"the take is too long \(more than 1 s of 2 channels at 44100 Hz\); give a shorter"):
        read_sound(encode(NOISE, "flac"), name="the take")
    monkeypatch.setattr(sound_files, "LARGEST_SOUND_BYTES", 1000)
    (tmp_path / "a.wav").write_bytes(encode(NOISE, "wav"))
    for source in (tmp_path / "a.wav", encode(NOISE, "wav")):
        with pytest.raises(DocumentError, match="too large"):
            read_sound(source)


def test_a_header_that_lies_about_its_length_is_not_believed() -> None:
    whole = encode(NOISE, "wav")
    lying = whole[:40] + (2**32 - 1000).to_bytes(4, "little") + whole[44:]
    assert read_sound(lying).samples.shape[1] >= 70_000


@pytest.mark.parametrize("content", [b"RIFF\0\0\0\0AVI ", b"\xff\xd8\xff\xe0 a JPEG", b"MThd\0\0\0\x06", b"\xff", b""])
def test_what_is_no_sound_is_refused(content: bytes) -> None:
    with pytest.raises(DocumentError, match="no sound that can be read"):
        read_sound(content)

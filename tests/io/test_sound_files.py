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
from tests.support.commands import assert_one_line

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


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (np.nan, "samples that are no numbers"),
        (np.inf, "samples that are no numbers"),
        (-np.inf, "samples that are no numbers"),
        (1e30, r"samples up to 1e\+30, where 1 is full scale; export it again at a usual level"),
        (-32_767, r"samples up to 3\.28e\+04, where 1 is full scale"),
    ],
)
def test_samples_that_can_be_no_sound_are_refused(sample: float, said: str) -> None:
    with pytest.raises(DocumentError, match=f"the sound has {said}") as caught:
        read_sound(_float_wav(np.array([0.5, sample, -0.25], np.float32)))
    assert_one_line(f"{caught.value}\n")


def test_a_mix_that_was_never_brought_down_is_read() -> None:
    read = read_sound(_float_wav(np.array([0.5, 20, -30], np.float32)))
    assert read.samples.tolist() == [[0.5, 20, -30]]


def test_what_is_cut_short_is_read_and_told(capfd: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    for kind in ("wav", "mp3"):
        whole = encode(NOISE, kind)
        read = read_sound(whole[: len(whole) // 2], name=f"a.{kind}", note=told.append)
        assert 0.3 < read.seconds / NOISE.seconds < 0.7
        assert read_sound(whole, note=told.append).seconds == pytest.approx(NOISE.seconds, abs=0.1)
        begun = whole[:4] + b"\xff\xff\xff\xff" + whole[8:]
        assert kind != "wav" or read_sound(begun, note=told.append).samples.shape == NOISE.samples.shape
    assert told == [f"a.{kind} is cut short: 50% of it is there, and was read" for kind in ("wav", "mp3")]
    assert capfd.readouterr().err == "", "the decoder says nothing by itself"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\0\0\0\x20ftypisom", "is an MP4, MOV or M4A file, no sound that can be read; take its sound out first"),
        (b"\x1aE\xdf\xa3 webm", "is a WebM or Matroska file"),
        (b"RIFF\0\0\0\0AVI LIST", "is an AVI file"),
        (b"FORM\0\0\0\0AIFFCOMM", "is an AIFF file"),
        (b"\x30\x26\xb2\x75\x8e\x66", "is a Windows Media file"),
        (b"\xff\xf1\x50\x80", "is an AAC file"),
        (b"MThd\0\0\0\x06", "is a MIDI file, .* `img2music render` makes it sound"),
    ],
)
def test_what_people_take_for_sound_files_is_called_by_its_name(content: bytes, said: str) -> None:
    with pytest.raises(DocumentError, match=f"the sound {said}") as caught:
        read_sound(content)
    assert_one_line(f"{caught.value}\n")


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


@pytest.mark.parametrize("content", [b"RIFF\0\0\0\0AVI ", b"\xff\xd8\xff\xe0 a JPEG", b"MThd\0\0\0\x06", b"\xff"])
def test_what_is_no_sound_is_refused(content: bytes) -> None:
    with pytest.raises(DocumentError, match="no sound that can be read"):
        read_sound(content)

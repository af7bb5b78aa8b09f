from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from img2music.audio import Audio
from img2music.cancellation import Cancelled, CancelToken, cancelled_by, told_progress
from img2music.errors import BackendError, MissingPackageError, UsageError
from img2music.io.video import video_files
from img2music.io.video.video_files import FrameChange, write_video
from tests.support.extras import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

require("video")
import av

RATE_HZ = 48_000
COLOURS = ((255, 255, 255), (0, 0, 0), (220, 30, 40), (20, 160, 60), (30, 60, 200), (200, 180, 20), (119, 119, 119))


@dataclass
class Plain:
    """A canvas of one colour after the other, `each` seconds long; then a red square of 32 pixels in its corner."""

    colours: tuple[tuple[int, int, int], ...] = ((200, 180, 20),)
    each: float = 1.0
    width: int = 320
    height: int = 180
    frames_a_second: int = 10
    square_at: float | None = None

    def changes(self) -> Iterator[FrameChange]:
        for number, colour in enumerate(self.colours):
            yield FrameChange(number * self.each, 0, 0, np.full((self.height, self.width, 3), colour, np.uint8))
        if self.square_at is not None:
            yield FrameChange(self.square_at, self.width - 32, self.height - 32, np.full((32, 32, 3), (255, 0, 0), np.uint8))


def hum(seconds: float, *, channels: int = 2, rate: int = RATE_HZ) -> Audio:
    """Noise with a swell, the same each time; low enough for any encoder to keep."""
    rng = np.random.default_rng(3)
    times = np.arange(round(seconds * rate)) / rate
    sound = sum(np.sin(2 * np.pi * (110 * 1.37**voice * times + rng.random())) for voice in range(8))
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * 0.9 * times) * rng.random()
    left = 0.08 * sound * swell
    return Audio(np.stack([left, 0.5 * np.roll(left, 500)][:channels]).astype(np.float32), rate)


@dataclass
class ReadBack:
    frames: list[NDArray[np.uint8]]
    times: list[float]
    sound: NDArray[np.float32]
    container: dict[str, Any]


def read_back(content: bytes) -> ReadBack:
    with av.open(io.BytesIO(content)) as file:
        video, sound = file.streams.video[0], file.streams.audio[0]
        about = {
            "video": video.codec_context.name,
            "pixels": video.codec_context.pix_fmt,
            "sound": sound.codec_context.name,
            "rate": sound.codec_context.sample_rate,
            "layout": sound.codec_context.layout.name,
            "seconds": float(file.duration / 1_000_000),
            "video_seconds": float(video.duration * video.time_base),
            "sound_seconds": float(sound.duration * sound.time_base),
            "colour": (
                video.codec_context.color_primaries,
                video.codec_context.color_trc,
                video.codec_context.colorspace,
                video.codec_context.color_range,
            ),
            "title": file.metadata.get("title", ""),
            "tags": dict(file.metadata),
        }
        frames, times, blocks = [], [], []
        for packet in file.demux():
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    frames.append(frame.to_ndarray(format="rgb24"))
                    times.append(float(frame.pts * frame.time_base))
                elif frame.pts >= 0:
                    blocks.append(frame.to_ndarray())
    return ReadBack(frames, times, np.concatenate(blocks, axis=1), about)


def boxes(content: bytes) -> list[str]:
    """The outermost boxes of the file (ISO/IEC 14496-12, 4.2)."""
    found, at = [], 0
    while at < len(content):
        size, name = struct.unpack_from(">I4s", content, at)
        found.append(name.decode())
        at += size
    return found


@pytest.mark.parametrize(
    ("rate", "channels", "seconds"), [(48_000, 2, 3.0), (44_100, 2, 2.53), (22_050, 1, 1.01), (48_000, 2, 0.02)]
)
def test_the_file_is_what_players_expect_and_as_long_as_the_sound(rate: int, channels: int, seconds: float) -> None:
    back = read_back(write_video(Plain(), hum(seconds, channels=channels, rate=rate), title="Evening"))
    about = back.container
    assert (about["video"], about["pixels"], about["sound"]) == ("h264", "yuv420p", "aac")
    assert (about["rate"], about["layout"], about["title"]) == (48_000, "stereo", "Evening")
    assert about["colour"] == (1, 1, 1, 1)  # BT.709, limited range
    assert 0 <= about["video_seconds"] - seconds < 0.1
    assert len(back.frames) == round(about["video_seconds"] * 10)
    assert about["sound_seconds"] == pytest.approx(seconds, abs=0.002)
    assert back.times == pytest.approx([number / 10 for number in range(len(back.times))])


def test_the_index_stands_before_the_data() -> None:
    found = boxes(write_video(Plain(), hum(1)))
    assert found.index("moov") < found.index("mdat")


def test_colours_come_back_as_they_were() -> None:
    back = read_back(write_video(Plain(COLOURS, each=1.0), hum(len(COLOURS))))
    for number, colour in enumerate(COLOURS):
        seen = back.frames[number * 10 + 5][20:160, 20:300].reshape(-1, 3).mean(axis=0)
        assert np.abs(seen - colour).max() < 4, (colour, seen)


def test_a_change_is_seen_from_its_frame_on_and_only_there() -> None:
    back = read_back(write_video(Plain(((255, 255, 255),), square_at=1.24), hum(2)))
    red = [frame[-20:-10, -20:-10].reshape(-1, 3).mean(axis=0)[1] < 100 for frame in back.frames]
    assert red == [number >= 12 for number in range(20)]
    assert back.frames[15][:100, :200].min() > 245


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 2), (44_100, 2), (32_000, 1)])
def test_the_sound_is_the_one_that_was_given_and_begins_with_the_picture(rate: int, channels: int) -> None:
    audio = hum(4, channels=channels, rate=rate)
    back = read_back(write_video(Plain(), audio))
    times = np.arange(back.sound.shape[1]) / 48_000
    for side in range(2):
        given = audio.samples[min(side, channels - 1)]
        wanted = np.interp(times, np.arange(len(given)) / rate, given)
        best = max(range(-200, 201), key=lambda shift: float(np.dot(np.roll(back.sound[side], shift), wanted)))
        assert abs(best) <= 2, "samples at 48 kHz"
        assert np.corrcoef(back.sound[side], wanted)[0, 1] > 0.99


def test_two_runs_give_the_same_bytes_whatever_the_clock_says() -> None:
    first = write_video(Plain(COLOURS), hum(3), title="Twice")
    time.sleep(1.1)
    assert write_video(Plain(COLOURS), hum(3), title="Twice") == first
    assert not {"creation_time", "date"} & read_back(first).container["tags"].keys()


@pytest.mark.parametrize("title", ["<b>Fish & Chips</b>", "é ß 東京 🎻", "two\nlines\x00\x1b[31m", "x" * 5000, ""])
def test_titles_are_only_text(title: str) -> None:
    told = read_back(write_video(Plain(), hum(0.2), title=title)).container["title"]
    assert told.isprintable()
    assert len(told) <= 200
    assert told.startswith(title[:3].strip())


def test_what_can_not_be_a_video_is_refused_in_words() -> None:
    with pytest.raises(UsageError, match="needs sound"):
        write_video(Plain(), Audio(np.zeros((2, 0), np.float32), 48_000))
    with pytest.raises(UsageError, match="even sides"):
        write_video(Plain(width=321), hum(1))
    with pytest.raises(UsageError, match="even sides"):
        write_video(Plain(width=100_000), hum(1))


def test_without_the_package_or_the_encoder_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as changed:
        changed.setitem(sys.modules, "av", None)
        with pytest.raises(MissingPackageError, match=r"pip install 'img2music\[video\]'"):
            write_video(Plain(), hum(0.1))
    monkeypatch.setattr(video_files, "_H264", {"preset": "no such preset"})
    with pytest.raises(BackendError, match="libx264"):
        write_video(Plain(), hum(0.1))


def test_sound_beyond_full_scale_is_clipped_like_every_other_file() -> None:
    loud = Audio(np.clip(hum(1).samples * 8, -3, 3), RATE_HZ)
    back = read_back(write_video(Plain(), loud))
    assert np.isfinite(back.sound).all()
    assert np.corrcoef(back.sound[0][:RATE_HZ], np.clip(loud.samples[0], -1, 1))[0, 1] > 0.99


def test_it_tells_how_far_it_is_and_half_an_hour_can_be_stopped_at_once() -> None:
    told: list[float] = []
    token = CancelToken()
    before = set(Path(tempfile.gettempdir()).glob("img2music-video-*"))
    audio = Audio(np.zeros((2, RATE_HZ * 1800), np.float32), RATE_HZ)
    asked: list[float] = []

    def stop() -> None:
        asked.append(time.monotonic())
        token.cancel()

    stopper = threading.Timer(0.7, stop)
    stopper.start()
    with pytest.raises(Cancelled), cancelled_by(token), told_progress(lambda share, _: told.append(share)):
        write_video(Plain(), audio)
    assert time.monotonic() - asked[0] < 0.5
    stopper.join()
    assert told == sorted(told)
    assert 0 < told[-1] < 1
    assert set(Path(tempfile.gettempdir()).glob("img2music-video-*")) <= before, "nothing is left behind"


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="needs the program ffprobe")
def test_another_reader_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(write_video(Plain(frames_a_second=25), hum(2.5), title="Evening"))
    asked = ["ffprobe", "-v", "error", "-print_format", "json", "-show_streams", "-show_format", "-count_frames", str(path)]
    run = subprocess.run(asked, capture_output=True, check=True, text=True)
    assert run.stderr == ""
    said = json.loads(run.stdout)
    video, sound = said["streams"]
    assert (video["codec_name"], video["width"], video["height"], video["nb_read_frames"]) == ("h264", 320, 180, "63")
    assert (video["color_space"], video["color_primaries"], video["color_transfer"], video["color_range"]) == (
        "bt709", "bt709", "bt709", "tv",
    )  # fmt: skip
    assert (sound["codec_name"], sound["sample_rate"], sound["channels"]) == ("aac", "48000", 2)
    assert float(video["start_time"]) == float(sound["start_time"]) == 0
    assert said["format"]["tags"]["title"] == "Evening"

"""A piece's video: the picture or the score, with the piece's sound; read back by PyAV."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from img2music.io.pictures import STILL_PIXELS, WORKING_PIXELS, open_picture
from img2music.pipeline import Pipeline, replay
from img2music.pipeline.more_files import NO_PICTURE
from tests.support.extras import require
from tests.support.made_pipelines import SHORT, manifest_of

require("video")

import av

if TYPE_CHECKING:
    from pathlib import Path

    from img2music.piece import Piece


@pytest.fixture
def large_picture(tmp_path: Path) -> Path:
    """1600 x 900, red at the left and blue at the right, with lines one pixel wide that a small copy can't keep."""
    pixels = np.zeros((900, 1600, 3), np.uint8)
    pixels[:, :800, 0] = pixels[:, 800:, 2] = 200
    pixels[::2, :, 1] = 40
    path = tmp_path / "halves.png"
    Image.fromarray(pixels).save(path)
    return path


def seen(content: bytes) -> tuple[np.ndarray[Any, Any], float, float]:
    """The first frame, and the lengths of picture and sound in seconds."""
    with av.open(io.BytesIO(content)) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="rgb24")
        lengths = [
            float(stream.duration * stream.time_base) for stream in (container.streams.video[0], container.streams.audio[0])
        ]
    return frame, lengths[0], lengths[1]


def test_the_picture_large_with_the_whole_sound(large_picture: Path, humming: Path, tmp_path: Path) -> None:
    piece = Pipeline.load(humming).compose(large_picture, SHORT, audio="flac", video="picture", video_shape="square")
    folder = piece.save(tmp_path / "out")
    frame, picture_seconds, sound_seconds = seen((folder / "video.mp4").read_bytes())
    assert frame.shape == (1080, 1080, 3)
    assert piece.audio is not None
    heard = piece.audio.samples.shape[1] / piece.audio.sample_rate
    assert picture_seconds == pytest.approx(heard, abs=0.11)
    assert sound_seconds == pytest.approx(heard, abs=0.05)
    middle = frame[440:540]
    assert middle[:, 200, 0].mean() > middle[:, 200, 2].mean() + 80
    assert middle[:, 880, 2].mean() > middle[:, 880, 0].mean() + 80
    assert piece.still_jpeg is not None
    assert Image.open(io.BytesIO(piece.still_jpeg)).size == (1600, 900)
    assert manifest_of(folder)["versions"]["av"] == av.__version__
    assert NO_PICTURE not in manifest_of(folder)["conflicts"]
    names = list(manifest_of(folder)["files"])
    assert names.index("audio.flac") < names.index("video.mp4") < names.index("report.html")
    again = replay(folder / "piece.json", tmp_path / "again", pipeline=humming)
    assert again.same
    assert again.not_compared["video.mp4"] == "it shows the picture, which is not on record as large as it was"
    assert NO_PICTURE not in again.piece.manifest.conflicts
    assert seen((tmp_path / "again" / "video.mp4").read_bytes())[0].shape == (1080, 1080, 3)
    assert replay(folder / "piece.json", pipeline=humming, picture=open_picture(large_picture, keep_still=True)).same


def test_without_a_picture_the_score_is_shown_and_that_is_said(large_picture: Path, humming: Path, tmp_path: Path) -> None:
    stages = Pipeline.load(humming)
    plan = stages.compose(large_picture, SHORT, audio=None).plan
    asked, score = (stages.compose_from(plan, audio="wav", video=what, video_shape="tall") for what in ("picture", "score"))
    assert [piece.manifest.conflicts.count(NO_PICTURE) for piece in (asked, score)] == [1, 0]
    videos = [dict(piece.files())["video.mp4"] for piece in (asked, score)]
    assert videos[0] == videos[1]
    assert seen(videos[0])[0].shape == (1920, 1080, 3)
    folder = score.save(tmp_path / "score")
    status = {file.name: file.status for file in replay(folder / "piece.json", pipeline=humming).files}
    assert status["video.mp4"] == "same", "one thread encodes: on one machine the same bytes come again"


def test_a_finished_piece_takes_the_picture_of_its_report(large_picture: Path, humming: Path) -> None:
    piece: Piece = Pipeline.load(humming).compose(large_picture, SHORT)
    assert piece.still_jpeg is None, "nobody asked for a video"
    more = piece.with_files(video="picture")
    assert NO_PICTURE not in more.manifest.conflicts
    frame = seen(dict(more.files())["video.mp4"])[0]
    assert frame.shape == (1080, 1920, 3)
    assert int(frame[500, 300, 0]) > int(frame[500, 300, 2]) + 80


def test_a_larger_copy_is_kept_only_where_it_is_asked_for(large_picture: Path, tmp_path: Path) -> None:
    small, large = open_picture(large_picture), open_picture(large_picture, keep_still=True)
    assert small.still is None
    assert large.still is not None
    assert (max(large.rgb.shape), max(large.still.shape)) == (WORKING_PIXELS, 1600)
    np.testing.assert_array_equal(small.rgb, large.rgb)
    assert not large.still.flags.writeable
    wide = tmp_path / "wide.png"
    Image.new("RGB", (2500, 40)).save(wide)
    again = open_picture(wide, keep_still=True).still
    assert again is not None
    assert again.shape[1] == STILL_PIXELS

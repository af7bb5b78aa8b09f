from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from img2music.audio import Audio
from img2music.errors import PictureError, UsageError
from img2music.io.pictures import preview_jpeg
from img2music.io.video.frame_layout import SHAPES, backdrop, can_set, draw_line, fit_picture, fitted_size, shape_size
from img2music.io.video.picture_frames import picture_frames, picture_of_jpeg
from img2music.io.video.video_files import write_video
from tests.support.extras import require
from tests.support.made_pictures import as_picture, plain_colour

CORNERS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))


def marked(height: int, width: int) -> np.ndarray:
    """A white picture whose four corners have colours of their own."""
    rgb = np.full((height, width, 3), 255, np.uint8)
    rows, columns = max(1, height // 5), max(1, width // 5)
    rgb[:rows, :columns], rgb[:rows, -columns:], rgb[-rows:, :columns], rgb[-rows:, -columns:] = CORNERS
    return rgb


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("height", "width"), [(300, 300), (200, 500), (500, 200), (768, 432)])
def test_the_whole_picture_is_seen_in_the_middle_and_fills_one_direction(shape: str, height: int, width: int) -> None:
    picture = marked(height, width)
    rgb = picture_frames(picture, shape=shape).rgb
    assert rgb.shape[1::-1] == shape_size(shape)
    canvas = np.zeros_like(rgb)
    left, top, wide, high = fit_picture(canvas, picture, (0, 0, rgb.shape[1], rgb.shape[0]))
    assert wide / high == pytest.approx(width / height, rel=0.01)
    assert wide >= rgb.shape[1] - 1 or high >= rgb.shape[0] - 1
    assert abs(2 * left + wide - rgb.shape[1]) <= 2
    assert abs(2 * top + high - rgb.shape[0]) <= 2
    for (x, y), colour in zip(((0, 0), (1, 0), (0, 1), (1, 1)), CORNERS, strict=True):
        at = rgb[top + 4 + y * (high - 9), left + 4 + x * (wide - 9)].astype(int)
        assert np.abs(at - colour).max() < 12, "a corner is cut off"


def test_what_is_left_is_a_soft_dark_copy() -> None:
    picture = np.concatenate([plain_colour((240, 40, 40), 300, 150), plain_colour((40, 40, 240), 300, 150)], axis=1)
    rgb = picture_frames(picture, shape="wide").rgb.astype(int)
    left, right = rgb[:, :300], rgb[:, -300:]
    assert left.max() < 130, "dark"
    assert left[..., 0].mean() > 2 * left[..., 2].mean()
    assert right[..., 2].mean() > 2 * right[..., 0].mean()
    assert np.abs(np.diff(rgb[100, :400], axis=0)).max() <= 3, "soft"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("height", "width"), [(1, 5000), (5000, 1), (1, 1), (2, 3), (3, 4000)])
def test_the_oddest_pictures_fit(shape: str, height: int, width: int) -> None:
    frames = picture_frames(marked(height, width), shape=shape, title="Odd")
    assert (frames.width, frames.height) == shape_size(shape)
    assert min(fitted_size(width, height, *shape_size(shape))) >= 2
    (change,) = frames.changes()
    assert change.rgb.shape == (frames.height, frames.width, 3)


def test_a_title_stands_below_the_picture_and_covers_nothing() -> None:
    picture = plain_colour((250, 250, 250), 540, 960)
    plain, titled = (picture_frames(picture, shape="wide", title=title).rgb.astype(int) for title in ("", "Evening Song"))
    assert (plain > 240).all()
    rows = np.nonzero((titled[:, 960 - 100 : 960 + 100] > 200).all(axis=(1, 2)))[0]
    picture_bottom = rows.max()
    below = titled[picture_bottom + 2 :]
    assert (below > 225).any(axis=2).sum() > 300, "letters"
    assert (titled[: picture_bottom - 2, 860:1060] > 240).all()


@pytest.mark.parametrize("title", ["<b>bold</b> & <script>", "\x00\x1b[31m red\n", "W" * 400, "é Ж Ω"])
def test_titles_are_drawn_as_text_within_their_strip(title: str) -> None:
    canvas = np.zeros((60, 400, 3), np.uint8)
    draw_line(canvas, title, (20, 10, 360, 40))
    lit = canvas.max(axis=2) > 40
    assert lit.any()
    assert not lit[:, :18].any()
    assert not lit[:, 382:].any()


def test_a_title_that_the_face_can_not_set_is_left_out() -> None:
    assert can_set("Evening") and can_set("Ж, Ω, é")  # noqa: PT018
    assert not any(can_set(title) for title in ("", "  ", "東京", "Song 🎻"))
    picture = plain_colour((90, 20, 20), 100, 100)
    assert np.array_equal(picture_frames(picture, title="東京").rgb, picture_frames(picture).rgb)


def test_without_a_picture_the_ground_is_plain() -> None:
    assert len(np.unique(backdrop(None, 40, 20).reshape(-1, 3), axis=0)) == 1


def test_what_is_no_picture_or_no_shape_is_refused() -> None:
    with pytest.raises(UsageError, match="video shape"):
        picture_frames(plain_colour((1, 2, 3)), shape="round")
    no_pictures: tuple[np.ndarray, ...] = (
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    )
    for array in no_pictures:
        with pytest.raises(PictureError):
            picture_frames(array)
    for broken in (b"", b"no picture", preview_jpeg(as_picture(plain_colour((9, 9, 9))))[:300]):
        with pytest.raises(PictureError, match="compose it again"):
            picture_of_jpeg(broken)


def test_the_picture_of_a_piece_is_enough() -> None:
    picture = picture_of_jpeg(preview_jpeg(as_picture(plain_colour((200, 120, 40), 60, 80))))
    assert picture.shape == (60, 80, 3)
    assert np.abs(picture.astype(int) - (200, 120, 40)).max() < 6


def test_a_still_is_one_picture_for_the_whole_time() -> None:
    require("video")
    import av

    picture = marked(200, 300)
    frames = picture_frames(picture, shape="square", title="Still")
    content = write_video(frames, Audio(np.zeros((2, 48_000 * 3), np.float32), 48_000))
    with av.open(io.BytesIO(content)) as file:
        seen = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    assert len(seen) == 30
    for one in (seen[0], seen[-1]):
        small, wanted = (np.asarray(Image.fromarray(rgb).resize((54, 54))).astype(int) for rgb in (one, frames.rgb))
        assert np.abs(small - wanted).mean() < 2.5

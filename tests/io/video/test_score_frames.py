from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from img2music.audio import Audio
from img2music.cancellation import Cancelled, CancelToken, cancelled_by
from img2music.io.video.engraved_positions import engraved_positions
from img2music.io.video.frame_layout import SHAPES, shape_size
from img2music.io.video.score_frames import ScoreFrames, score_frames
from img2music.io.video.shown_page import ShownPage, whole_spaces
from img2music.io.video.video_files import write_video
from tests.support.extras import require
from tests.support.made_notes import band_score, perform_exactly, score_from_words
from tests.support.made_pictures import landscape

if TYPE_CHECKING:
    from img2music.io.engraving.score_following import FollowedNote

# A tune of quarter notes with a rest, at 60 bpm: every second a note, each a step away from the one before.
TUNE = " ".join(f"{pitch}:1" for pitch in (60, 64, 67, 72, 71, 67, 65, 62)) + " r:1 64:1/2 65:1/2 67:2"


@cache
def band(shape: str = "wide") -> ScoreFrames:
    score = band_score()
    return score_frames(score, perform_exactly(score), picture=landscape(), shape=shape, title="The band")


def at(frames: ScoreFrames, seconds: float) -> np.ndarray:
    """The canvas at a time, drawn from its changes."""
    canvas = np.zeros((frames.height, frames.width, 3), np.uint8)
    for change in frames.changes():
        if change.seconds > seconds:
            break
        rows, columns = change.rgb.shape[:2]
        canvas[change.top : change.top + rows, change.left : change.left + columns] = change.rgb
    return canvas


def coloured(paper: np.ndarray) -> np.ndarray:
    """Pixels of a strong colour: heads, and the patches round them."""
    strong: np.ndarray = np.ptp(paper.astype(int), axis=2) > 85
    return strong


def on_paper(frames: ScoreFrames, canvas: np.ndarray) -> np.ndarray:
    left, top, width, height = frames.paper
    paper: np.ndarray = canvas[top : top + height, left : left + width]
    return paper


def centre(frames: ScoreFrames, note: FollowedNote) -> tuple[float, float]:
    """Where a head must stand on the paper, from its place on the page alone."""
    positions = engraved_positions(frames.following.pages[note.page])
    _, _, width, height = frames.paper
    scale = whole_spaces(min(width / positions.width, height / positions.height))
    box = positions.heads[note.id]
    left, top = (width - positions.width * scale) / 2, (height - positions.height * scale) / 2
    return left + scale * (box.left + box.right) / 2, top + scale * (box.top + box.bottom) / 2


def test_the_note_that_sounds_is_coloured_where_it_stands_and_no_other() -> None:
    require("video")
    import av

    score = score_from_words(TUNE, tempo_bpm=60)
    performance = perform_exactly(score)
    frames = score_frames(score, performance, shape="square")
    audio = Audio(np.zeros((2, 48_000 * 13), np.float32), 48_000)
    # The times come from the words above, not from what follows the score.
    times = [*((float(second), 1.0) for second in range(8)), (9.0, 0.5), (9.5, 0.5), (10.0, 2.0)]
    wanted = {round(25 * (onset + into)) for onset, length in times for into in (0.06, length - 0.24)} | {212, 312}
    with av.open(io.BytesIO(write_video(frames, audio))) as file:
        seen = {
            number: on_paper(frames, frame.to_ndarray(format="rgb24"))
            for number, frame in enumerate(file.decode(video=0))
            if number in wanted
        }
    notes = {note.onset_seconds: note for note in frames.following.notes}
    for onset, length in times:
        expected = centre(frames, notes[onset])
        for seconds in (onset + 0.06, onset + length - 0.24):
            rows, columns = np.nonzero(coloured(seen[round(seconds * 25)]))
            assert len(rows) > 100, seconds
            found = (columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2
            assert np.abs(np.subtract(found, expected)).max() < 5, seconds
    for silent in (8.5, 12.5):
        assert coloured(seen[round(silent * 25)]).sum() == 0, "a rest"


def test_the_bar_that_sounds_is_shaded_and_no_other() -> None:
    frames = band()
    first = [bar for bar in frames.following.bars if bar.page == 0]
    left, top, width, height = frames.paper
    positions = engraved_positions(frames.following.pages[0])
    scale = whole_spaces(min(width / positions.width, height / positions.height))
    across, down = left + (width - positions.width * scale) / 2, top + (height - positions.height * scale) / 2
    for sounding in first[:3]:
        canvas = at(frames, sounding.onset_seconds + 0.3)
        for bar in first[:3]:
            box = positions.bars[bar.id]
            x, y = round(across + scale * box.left + 6), round(down + scale * box.top - 5)
            shades = canvas[y - 2 : y + 3, x : x + 12].reshape(-1, 3).max(axis=0)
            assert (shades[2] < 225) == (bar is sounding), (sounding, bar)


def test_a_page_turns_just_before_its_first_bar() -> None:
    frames = band()
    turn = next(bar for bar in frames.following.bars if bar.page == 1)
    pages = [ShownPage(frames.following, number, [], frames.paper).black.astype(int) for number in (0, 1)]
    for seconds, page in ((turn.onset_seconds - 0.3, 0), (turn.onset_seconds - 0.1, 1), (turn.onset_seconds + 0.1, 1)):
        canvas = on_paper(frames, at(frames, seconds)).astype(int)
        far = [np.abs(canvas - one).mean() for one in pages]
        assert far.index(min(far)) == page, (seconds, far)


def test_only_what_changes_is_drawn() -> None:
    frames = band()
    pages = len(frames.following.pages)
    area = sum(change.rgb.shape[0] * change.rgb.shape[1] for change in frames.changes())
    paper = frames.paper[2] * frames.paper[3]
    # The canvas once, each page once, each bar twice; the notes are small.
    assert area < frames.width * frames.height + 5 * pages * paper
    seconds = [change.seconds for change in frames.changes()]
    assert seconds == sorted(seconds)


def test_after_the_last_note_the_page_is_as_it_was_but_for_its_bar() -> None:
    frames = band()
    last = frames.following.bars[-1]
    end = on_paper(frames, at(frames, 1e9))
    page = ShownPage(frames.following, last.page, [], frames.paper)
    x, y, width, height = page.bars[last.id]
    end[y : y + height, x : x + width] = page.black[y : y + height, x : x + width]
    assert np.array_equal(end, page.black)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [(40, 40), (1, 5000), (5000, 1), None])
def test_everything_has_its_room_in_every_shape(shape: str, size: tuple[int, int] | None) -> None:
    score = score_from_words(TUNE, tempo_bpm=60)
    picture = None if size is None else np.full((*size, 3), (200, 30, 30), np.uint8)
    frames = score_frames(score, perform_exactly(score), picture=picture, shape=shape, title="<i>Red</i>")
    assert (frames.width, frames.height) == shape_size(shape)
    left, top, width, height = frames.paper
    assert left >= 0 <= top and left + width <= frames.width and top + height <= frames.height  # noqa: PT018
    assert width * height > 0.35 * frames.width * frames.height
    assert (frames.ground[top : top + height, left : left + width] == 255).all()
    outside = frames.ground.copy()
    outside[top : top + height, left : left + width] = 0
    if picture is not None:
        red = (outside.astype(int)[..., 0] > 180) & (outside.astype(int)[..., 1] < 60)
        rows, columns = np.nonzero(red)
        shown = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert (shown[0] > shown[1]) == (picture.shape[0] > picture.shape[1]), "whole, in its own proportions"
    for change in frames.changes():
        assert change.left % 2 == change.top % 2 == change.rgb.shape[0] % 2 == change.rgb.shape[1] % 2 == 0
        assert change.top + change.rgb.shape[0] <= frames.height
        assert change.left + change.rgb.shape[1] <= frames.width


def test_staves_stay_large_and_their_lines_a_whole_number_of_pixels_apart() -> None:
    for shape in SHAPES:
        frames = band(shape)
        for page in frames.following.pages:
            positions = engraved_positions(page)
            scale = whole_spaces(min(frames.paper[2] / positions.width, frames.paper[3] / positions.height))
            assert scale * 7.2 == pytest.approx(round(scale * 7.2))
            assert scale * 7.2 >= 9, "a staff of 36 pixels"


def test_drawing_can_be_stopped() -> None:
    token = CancelToken()
    drawn = iter(band().changes())
    with cancelled_by(token):
        next(drawn)
        token.cancel()
        with pytest.raises(Cancelled):
            list(drawn)

"""The frames of a score that follows: its pages turn in time, the bar that sounds is shaded, the notes that sound are coloured.

A page is engraved to fill its room in the shape, with one system at least. Only bars and heads that change are drawn again
(`shown_page`), and of the drawn pages only one is held.
The picture stands small beside the page (wide) or above it (square, tall), over its own soft darkened copy.

Conventions: seconds from the start of the sound, as `score_following` tells them; a page turns `_TURN_SECONDS` before its first bar, but
not before the half of the bar before. Boxes on the canvas are even. Knows nothing of sound.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from img2music.cancellation import checkpoint
from img2music.io.engraving.score_following import follow_score
from img2music.io.video.frame_layout import Box, backdrop, can_set, draw_line, fit_picture, fitted_size, shape_size
from img2music.io.video.shown_page import ShownPage, whole_spaces
from img2music.io.video.video_files import FrameChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from img2music.io.engraving.score_following import FollowedNote, ScoreFollowing
    from img2music.performance import Performance
    from img2music.score import Score

__all__ = ["SCORE_FRAMES_A_SECOND", "ScoreFrames", "score_frames"]

SCORE_FRAMES_A_SECOND = 25
"""A note lights up within 20 ms of its sound."""
_TURN_SECONDS = 0.2
_STAFF_PIXELS, _SYSTEM_PIXELS = 74.0, 40.0
"""Of a page, that a staff with its distance takes, and what stands above the first."""
_LARGEST_SCALE = 2.3
"""Of the page: more than a staff of 67 pixels is too large to read ahead."""
_LEAST_PAGE_WIDTH = 600
"""Pixels of the page that two or three bars take; with less it would turn all the time."""
_MARGIN, _PADDING, _STRIP = 36, 20, 56
_COLUMN = 400
"""Width of the picture beside the page."""
_ABOVE = 0.37
"""At most so much of the height has a picture above the page."""
_SMALL = 168
"""Height of the picture of the square shape."""


class _Rooms(NamedTuple):
    """Where everything stands; what is not wanted has no width."""

    paper: Box
    picture: Box
    title: Box
    title_is_centred: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class ScoreFrames:
    """A score that follows (`video_files.VideoFrames`)."""

    following: ScoreFollowing
    ground: NDArray[np.uint8]
    """What stands still: backdrop, picture, title, empty paper; (height, width, 3)."""
    paper: Box
    """Where the pages stand, without the paper's margin."""
    frames_a_second: int = SCORE_FRAMES_A_SECOND

    @property
    def width(self) -> int:
        """Of the canvas, in pixels."""
        return int(self.ground.shape[1])

    @property
    def height(self) -> int:
        """Likewise."""
        return int(self.ground.shape[0])

    def changes(self) -> Iterator[FrameChange]:
        """Every page, bar and note in its time."""
        yield FrameChange(0.0, 0, 0, self.ground)
        turns = self._turns()
        notes: dict[int, list[FollowedNote]] = defaultdict(list)
        for note in self.following.notes:
            notes[note.page].append(note)
        for place, (begin, page) in enumerate(turns):
            checkpoint()
            end = turns[place + 1][0] if place + 1 < len(turns) else float("inf")
            shown = ShownPage(self.following, page, notes[page], self.paper)
            yield FrameChange(begin, *self.paper[:2], shown.black)
            yield from shown.changes(begin, end, self.frames_a_second)

    def _turns(self) -> list[tuple[float, int]]:
        """When which page is turned to; the first stands from the start."""
        bars, turns = self.following.bars, [(0.0, self.following.bars[0].page)]
        for before, bar in pairwise(bars):
            if bar.page != before.page:
                lead = min(_TURN_SECONDS, (bar.onset_seconds - before.onset_seconds) / 2)
                turns.append((max(turns[-1][0], bar.onset_seconds - lead), bar.page))
        return turns


def score_frames(
    score: Score,
    performance: Performance,
    *,
    picture: NDArray[np.uint8] | None = None,
    shape: str = "wide",
    title: str = "",
) -> ScoreFrames:
    """The score as it sounds, in a shape ("wide", "square" or "tall"), with the picture and the title small beside it.

    Args:
        score: the notes as written.
        performance: the same as played.
        picture: sRGB, uint8 (height, width, 3); None gives its room to the score.
        shape: of the canvas.
        title: empty for none.

    Raises:
        UsageError: no such shape.
        MissingPackageError: verovio or resvg-py is not installed.
        BackendError: the score can't be engraved.
    """
    width, height = shape_size(shape)
    title = title if can_set(title) else ""
    rooms = _rooms(width, height, None if picture is None else (picture.shape[1], picture.shape[0]), _STRIP if title else 0)
    left, top, paper_width, paper_height = rooms.paper
    inside = (left + _PADDING, top + _PADDING, paper_width - 2 * _PADDING, paper_height - 2 * _PADDING)
    # One system of all parts must fit: the more staves, the wider a page is and the smaller it is drawn.
    system = _STAFF_PIXELS * len(score.parts) + _SYSTEM_PIXELS
    scale = whole_spaces(min(_LARGEST_SCALE, inside[2] / _LEAST_PAGE_WIDTH, inside[3] / system))
    following = follow_score(score, performance, width=round(inside[2] / scale), height=round(inside[3] / scale))
    ground = backdrop(picture, width, height)
    if picture is not None:
        fit_picture(ground, picture, rooms.picture)
    draw_line(ground, title, rooms.title, centred=rooms.title_is_centred)
    ground[top : top + paper_height, left : left + paper_width] = 255
    return ScoreFrames(following, ground, inside)


def _rooms(width: int, height: int, picture: tuple[int, int] | None, strip: int) -> _Rooms:
    """How a shape is shared out between a picture of some size, a strip for the title, and the paper."""
    inner, bottom = width - 2 * _MARGIN, height - _MARGIN
    if picture is None:
        top = _MARGIN + strip
        return _Rooms((_MARGIN, top, inner, bottom - top), (0, 0, 0, 0), (_MARGIN, _MARGIN // 4 * 2, inner, strip))
    if width > height:  # beside the paper, the title under it
        shown = fitted_size(*picture, _COLUMN, height - 2 * _MARGIN - strip)
        above = (height - shown[1] - strip) // 4 * 2
        left = 2 * _MARGIN + _COLUMN
        paper = (left, _MARGIN, width - left - _MARGIN, height - 2 * _MARGIN)
        return _Rooms(paper, (_MARGIN, above, _COLUMN, shown[1]), (_MARGIN, above + shown[1] + 8, _COLUMN, strip))
    if width < height:  # above the paper, the title between them
        shown = fitted_size(*picture, inner, round(_ABOVE * height))
        top = _MARGIN + shown[1] + (strip + 16 if strip else _MARGIN // 4 * 2)
        paper = (_MARGIN, top, inner, bottom - top)
        return _Rooms(paper, (_MARGIN, _MARGIN, inner, shown[1]), (_MARGIN, _MARGIN + shown[1] + 8, inner, strip))
    shown = fitted_size(*picture, inner // 2, _SMALL)  # above the paper, the title beside it
    left, top = _MARGIN + shown[0] + _MARGIN // 2, 2 * (_MARGIN // 2) + _SMALL - 8
    title = (left, _MARGIN // 2 + (_SMALL - strip) // 4 * 2, width - left - _MARGIN, strip)
    return _Rooms((_MARGIN, top, inner, bottom - top), (_MARGIN, _MARGIN // 2, shown[0], _SMALL), title, False)

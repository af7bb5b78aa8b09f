"""One page of the score on its paper, and what changes on it while it sounds.

The page is drawn twice: black, and with every note in its part's colour (those of the piano roll). What is seen is the black one; where a
note sounds its head is cut from the coloured one, on a patch of a light tint that can be seen from afar, and the bar that sounds has a
tint of its own. All tints are multiplied, so lines and neighbours stay as they are.

Conventions: boxes are (left, top, width, height) on the paper, even; seconds from the start of the sound. What begins and ends within one
frame is drawn once.
"""

from __future__ import annotations

import io
import re
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import checkpoint
from img2music.io.engraving.piano_roll import PART_COLOURS
from img2music.io.engraving.verovio_pages import to_png
from img2music.io.video.engraved_positions import engraved_positions
from img2music.io.video.video_files import FrameChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from img2music.io.engraving.score_following import FollowedNote, ScoreFollowing
    from img2music.io.video.engraved_positions import PageBox
    from img2music.io.video.frame_layout import Box

__all__ = ["ShownPage", "whole_spaces"]

_SHORTEST_LIGHT_SECONDS = 0.12
"""A shorter note would flash by."""
_BAR_TINT = (255, 243, 205)
_HALO_STRENGTH = 0.45
"""Of a part's colour on the patch round its head."""
_HALO_REACH = 0.7
"""How far the patch reaches beyond the head, in heights of the head."""
_HEAD_MARGIN = 0.5
"""Pixels of the page round a head, for its soft edge."""
_BAR_MARGIN = 12.0
"""Pixels of the page above and below the staves."""
_STAFF_SPACE_PIXELS = 7.2
"""Of the page, between two lines of a staff."""
_OFF, _ON, _BAR = range(3)


def whole_spaces(scale: float) -> float:
    """At most `scale`, so that the lines of a staff lie whole pixels apart and all look the same; one too small for that stays."""
    return max(1, int(scale * _STAFF_SPACE_PIXELS + 0.02)) / _STAFF_SPACE_PIXELS if scale > 0.6 else scale


class ShownPage:
    """One page drawn in its place."""

    def __init__(self, following: ScoreFollowing, page: int, notes: Sequence[FollowedNote], place: Box) -> None:
        """Draws page number `page`, on which `notes` stand, into the box `place` of the canvas."""
        self.place = place
        self.notes = notes
        svg = following.pages[page]
        positions = engraved_positions(svg)
        scale = min(place[2] / positions.width, place[3] / positions.height)
        width_px = max(1, min(place[2], round(positions.width * whole_spaces(scale))))
        self.scale = width_px / positions.width
        self.left = (place[2] - width_px) // 2
        self.top = max(0, (place[3] - round(positions.height * self.scale)) // 2)
        colours = {note.id: PART_COLOURS[note.part % len(PART_COLOURS)] for note in notes}
        self.black = self._on_paper(_drawn(svg, width_px))
        """The page as it looks in silence: uint8 (height, width, 3)."""
        checkpoint()
        self.coloured = self._on_paper(_drawn(_with_coloured_notes(svg, colours), width_px))
        self.colours = {
            name: np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], np.float32) for name, colour in colours.items()
        }
        self.heads: dict[str, Box] = {}
        self.halos: dict[str, Box] = {}
        for name, box in positions.heads.items():
            reach = _HALO_REACH * (box.bottom - box.top)
            self.heads[name] = self._box(box, _HEAD_MARGIN, _HEAD_MARGIN, even=False)
            self.halos[name] = self._box(box, reach, reach)
        self.bars = {name: self._box(box, 0, _BAR_MARGIN) for name, box in positions.bars.items()}
        self.onsets = [(bar.onset_seconds, bar.id) for bar in following.bars if bar.page == page and bar.id in self.bars]

    def changes(self, begin: float, end: float, frames_a_second: int) -> Iterator[FrameChange]:
        """What becomes of the page from when it is turned to until the next is."""
        events = [(max(begin, onset), _BAR, bar) for onset, bar in self.onsets]
        for note in self.notes:
            off = max(note.end_seconds, note.onset_seconds + _SHORTEST_LIGHT_SECONDS)
            if note.id in self.heads and off > begin:
                events += [(max(begin, note.onset_seconds), _ON, note.id), (off, _OFF, note.id)]
        events.sort()
        bar, lit = "", dict.fromkeys((note.id for note in self.notes), 0)
        for _, together in groupby(events, lambda event: round(event[0] * frames_a_second)):
            checkpoint()
            places: dict[Box, None] = {}
            seconds = begin
            for seconds, kind, name in together:
                if seconds >= end:
                    return
                if kind == _BAR:
                    places |= dict.fromkeys(self.bars[one] for one in (bar, name) if one)
                    bar = name
                else:
                    lit[name] += 1 if kind == _ON else -1
                    places[self.halos[name]] = None
            sounding = [name for name, count in lit.items() if count > 0]
            for place in places:
                yield FrameChange(seconds, self.place[0] + place[0], self.place[1] + place[1], self._patch(place, bar, sounding))

    def _patch(self, place: Box, bar: str, lit: Sequence[str]) -> NDArray[np.uint8]:
        """A rectangle of the paper as it looks while a bar and some notes sound."""
        patch = _both(self.black, place, place).copy()
        tint = np.full(patch.shape, 255, np.float32)
        if bar:
            _cut(tint, place, self.bars[bar])[:] = _BAR_TINT
        near = [name for name in lit if _cut(tint, place, self.halos[name]).size]
        for name in near:
            left, top, width, height = self.halos[name]
            x = (np.arange(width) + 0.5) / width * 2 - 1
            y = (np.arange(height) + 0.5) / height * 2 - 1
            # A disc with a soft edge.
            strength = np.clip((1 - np.hypot(x, y[:, None])) * 4, 0, 1).astype(np.float32)[..., None] * _HALO_STRENGTH
            disc = strength * self.colours[name] + (1 - strength) * 255
            part = _cut(tint, place, self.halos[name])
            x_from, y_from = max(0, place[0] - left), max(0, place[1] - top)
            disc = disc[y_from : y_from + part.shape[0], x_from : x_from + part.shape[1]]
            np.minimum(part, disc, out=part)
        for name in near:
            _cut(patch, place, self.heads[name])[:] = _both(self.coloured, self.heads[name], place)
        return np.rint(patch * tint / 255).astype(np.uint8)

    def _on_paper(self, drawing: NDArray[np.uint8]) -> NDArray[np.uint8]:
        paper = np.full((self.place[3], self.place[2], 3), 255, np.uint8)
        part = paper[self.top : self.top + drawing.shape[0], self.left : self.left + drawing.shape[1]]
        part[:] = drawing[: part.shape[0], : part.shape[1]]
        return paper

    def _box(self, box: PageBox, wider: float, higher: float, *, even: bool = True) -> Box:
        """A box of the page on the paper, with margins in pixels of the page, grown to whole or even pixels."""
        step = 2 if even else 1
        left, right = ((edge * self.scale + self.left) / step for edge in (box.left - wider, box.right + wider))
        top, bottom = ((edge * self.scale + self.top) / step for edge in (box.top - higher, box.bottom + higher))
        x, y = max(0, int(left)) * step, max(0, int(top)) * step
        width = min(self.place[2], (int(right) + 1) * step) - x
        height = min(self.place[3], (int(bottom) + 1) * step) - y
        return x, y, max(step, width), max(step, height)


def _drawn(svg: str, width_px: int) -> NDArray[np.uint8]:
    """A page as pixels."""
    from PIL import Image

    with Image.open(io.BytesIO(to_png(svg, width_px=width_px)), formats=("PNG",)) as image:
        return np.array(image.convert("RGB"))


def _with_coloured_notes(svg: str, colours: Mapping[str, str]) -> str:
    """The page with each note in its colour."""

    def coloured(group: re.Match[str]) -> str:
        colour = colours.get(group[1])
        return f'<g fill="{colour}" color="{colour}"{group[0][2:]}' if colour else group[0]

    return re.sub(r'<g(?= )[^>]* id="([^"]+)"', coloured, svg)


def _common(place: Box, other: Box) -> Box:
    """What two boxes share; empty where they don't."""
    left, top = max(place[0], other[0]), max(place[1], other[1])
    right, bottom = min(place[0] + place[2], other[0] + other[2]), min(place[1] + place[3], other[1] + other[3])
    return left, top, max(0, right - left), max(0, bottom - top)


def _cut(pixels: NDArray[np.generic], place: Box, other: Box) -> NDArray[np.generic]:
    """Of `pixels`, which show `place`, what also lies in `other`; a view."""
    left, top, width, height = _common(place, other)
    return pixels[top - place[1] : top - place[1] + height, left - place[0] : left - place[0] + width]


def _both(paper: NDArray[np.uint8], one: Box, other: Box) -> NDArray[np.uint8]:
    """Of the whole paper what lies in both boxes."""
    left, top, width, height = _common(one, other)
    return paper[top : top + height, left : left + width]

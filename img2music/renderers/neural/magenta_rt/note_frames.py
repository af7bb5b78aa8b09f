"""A performance as Magenta RealTime 2 is told it: which pitches are off, held or struck in each frame of 40 ms, and whether drums are.

    frame      0   1   2   3   4   5
    pitch 60   2   1   1   2   1   0        a note, the same again, its end
    drums      1   0   0   1   0   0

Conventions (those of magenta-rt 2.0.3, `magenta_rt.config`): 25 frames a second, frame n is the time from n/25 s; a pitch is -1 left to the
model, 0 off, 1 held, 2 struck, 3 sounding, struck or held as the model likes. A note is struck in the frame in which it starts, so at
most 40 ms before it; one that ends in the same frame is still struck. What the pedal (controller 64) holds is held until it comes up or the
pitch is struck again. Drums are one bit: whether one of them is struck. How loud notes are, and bends, can't be told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from img2music.performance import Performance, PlayedPart

__all__ = ["FRAMES_PER_SECOND", "HELD", "LEFT", "OFF", "SOUNDING", "STRUCK", "NoteFrames", "frame_groups", "note_frames"]

FRAMES_PER_SECOND = 25
LEFT, OFF, HELD, STRUCK, SOUNDING = -1, 0, 1, 2, 3
_PEDAL, _PEDAL_DOWN = 64, 64
_NEARLY = 0.02
"""Of a frame, 0.8 ms: what rounding to ticks may take from a time that is a frame's."""


@dataclass(frozen=True, slots=True, eq=False)
class NoteFrames:
    """What is told of every frame."""

    pitches: NDArray[np.int8]
    """(frames, 128)."""
    drums: NDArray[np.int8]
    """(frames,): 0 or 1."""

    def __len__(self) -> int:
        return len(self.drums)

    def freely(self) -> NoteFrames:
        """The same without saying when what sounds is struck."""
        return replace(self, pitches=np.where(self.pitches > OFF, SOUNDING, self.pitches).astype(np.int8))

    def led_by(self, frames: int) -> NoteFrames:
        """With its own last frames before it: what a loop's beginning follows. At most all of them."""
        start = len(self) - min(frames, len(self))
        return NoteFrames(np.concatenate([self.pitches[start:], self.pitches]), np.concatenate([self.drums[start:], self.drums]))


def note_frames(performance: Performance, seconds: float | None = None) -> NoteFrames:
    """All parts of a performance, so many seconds of it (None: its length), rounded up to a whole frame."""
    length = performance.seconds if seconds is None else seconds
    frames = max(1, int(np.ceil(length * FRAMES_PER_SECOND - _NEARLY)))
    pitches, drums = np.zeros((frames, 128), np.int8), np.zeros(frames, np.int8)
    struck: list[tuple[int, int]] = []
    for part in performance.parts:
        for first, end, pitch in _sounding(part, performance, frames):
            if part.is_drums:
                drums[first] = 1
            else:
                pitches[first:end, pitch] = HELD
                struck.append((first, pitch))
    for first, pitch in struck:  # last, because what one part holds another may strike
        pitches[first, pitch] = STRUCK
    return NoteFrames(pitches, drums)


def frame_groups(told: NoteFrames, longest: int = FRAMES_PER_SECOND) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """Runs of equal frames: how many (at most `longest`), the drums' bit, and (pitch, state) of every pitch that is not off."""
    start = 0
    for place in range(1, len(told) + 1):
        if place < len(told) and place - start < longest and _equal(told, start, place):
            continue
        states = told.pitches[start]
        yield place - start, int(told.drums[start]), [(int(pitch), int(states[pitch])) for pitch in np.flatnonzero(states)]
        start = place


def _equal(told: NoteFrames, one: int, other: int) -> bool:
    return bool(told.drums[one] == told.drums[other] and np.array_equal(told.pitches[one], told.pitches[other]))


def _sounding(part: PlayedPart, performance: Performance, frames: int) -> Iterator[tuple[int, int, int]]:
    """First frame, the frame after the last, and pitch of every note that starts before the end."""
    pedal = [(control.ticks, control.value >= _PEDAL_DOWN) for control in part.controls if control.controller == _PEDAL]
    following: dict[int, int] = {}
    """Of each pitch, when it is struck next: ticks."""
    for note in reversed(part.notes):
        end = note.onset_ticks + note.duration_ticks
        if pedal and not part.is_drums:
            end = max(end, _pedal_end(pedal, end))
        end = min(end, following.get(note.pitch, end))
        following[note.pitch] = note.onset_ticks
        first = int(performance.seconds_at(note.onset_ticks) * FRAMES_PER_SECOND + _NEARLY)
        if 0 <= first < frames and 0 <= note.pitch < 128:
            last = round(performance.seconds_at(min(end, 10**12)) * FRAMES_PER_SECOND)
            yield first, min(frames, max(first + 1, last)), note.pitch


def _pedal_end(pedal: list[tuple[int, bool]], ticks: int) -> int:
    """When the pedal that is down at `ticks` comes up; `ticks` where it is up, and for ever where it never comes up."""
    down = False
    for when, is_down in pedal:
        if when <= ticks:
            down = is_down
        elif down and not is_down:
            return when
    return 10**12 if down else ticks

"""The chroma that MusicGen-Melody follows, from the notes themselves: exact where its own extractor would have to guess from sound.

The model was trained on the loudest pitch class of each frame of a recording. So a frame has the class of the tune's note that sounds longest in
it; a rest of up to half a second holds the last one, as a room does; in longer rests of the tune the highest note of the others stands. Where nobody
plays, the first class is set, which is how the model itself writes "no melody". With chords every sounding class is set, a use that the model
was not trained for.

Conventions: shape (frames, 12), float32, 0 and 1; class 0 is C. Frames are exactly as many as the model reads: it repeats what is shorter.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from img2music.performance import Performance, PlayedPart
    from img2music.plan import CompositionPlan

__all__ = ["ChromaGrid", "Melody", "chroma_frames"]

Melody = Literal["melody", "chords", "off"]
_HELD_SECONDS = 0.5
_LEAST_SHARE = 0.25
"""Of a frame that a note of a chord sounds, to be told."""
_PITCHES = 128


@dataclass(frozen=True, slots=True)
class ChromaGrid:
    """The frames that a model reads."""

    frames: int
    frames_a_second: float


def chroma_frames(
    performance: Performance, plan: CompositionPlan | None, grid: ChromaGrid, begin_seconds: float, melody: Melody
) -> NDArray[np.float32]:
    """The chroma of a stretch of a performance.

    Args:
        performance: whose notes are read.
        plan: says who has the tune; without one it is the highest note that sounds.
        grid: how many frames, and how long each is.
        begin_seconds: where frame 0 begins.
        melody: "melody" or "chords".
    """
    pitched = [part for part in performance.parts if not part.is_drums]
    everybody = _sounding(performance, pitched, grid, begin_seconds)
    chroma = np.zeros((grid.frames, 12), np.float32)
    if melody == "chords":
        by_class = np.stack([everybody[:, pitch_class::12].max(axis=1) for pitch_class in range(12)], axis=1)
        chroma[by_class >= _LEAST_SHARE] = 1
    else:
        bass = {part.id for part in plan.parts if part.role == "bass"} if plan is not None else set()
        others = _highest(
            _sounding(performance, [part for part in pitched if part.id not in bass] or pitched, grid, begin_seconds)
        )
        tune = _tune(performance, plan, pitched, grid, begin_seconds) if plan is not None else others
        held = _held(tune, round(_HELD_SECONDS * grid.frames_a_second))
        chosen = np.where(held >= 0, held, others)
        sounding = chosen >= 0
        chroma[np.flatnonzero(sounding), chosen[sounding] % 12] = 1
    chroma[chroma.sum(axis=1) == 0, 0] = 1
    return chroma


def _tune(
    performance: Performance, plan: CompositionPlan, pitched: list[PlayedPart], grid: ChromaGrid, begin: float
) -> NDArray[np.int64]:
    """The pitch of whoever has the tune in each frame, by the plan's sections; -1 where nobody plays it."""
    tune = np.full(grid.frames, -1, np.int64)
    tempo, meters = performance.tempo_map, plan.meter_map
    lines: dict[str, NDArray[np.int64]] = {}
    for first, section in zip(plan.first_bars, plan.sections, strict=True):
        carrier = section.tune_by or (plan.lead.id if plan.lead is not None else None)
        players = [part for part in pitched if part.id == carrier]
        if carrier is None or not players:
            continue
        if carrier not in lines:
            lines[carrier] = _highest(_sounding(performance, players, grid, begin))
        edges = [tempo.seconds_at(meters.bar_onset(bar)) for bar in (first, first + section.bars)]
        low, high = (min(grid.frames, max(0, round((edge - begin) * grid.frames_a_second))) for edge in edges)
        tune[low:high] = lines[carrier][low:high]
        if section is plan.sections[-1]:
            tune[high:] = lines[carrier][high:]  # the last note rings on
    return tune


def _sounding(performance: Performance, parts: Iterable[PlayedPart], grid: ChromaGrid, begin: float) -> NDArray[np.float32]:
    """Which part of each frame each pitch sounds, shape (frames, 128), 0..1."""
    share = np.zeros((grid.frames, _PITCHES), np.float32)
    for part in parts:
        for note in part.notes:
            on, off = (
                (performance.seconds_at(ticks) - begin) * grid.frames_a_second
                for ticks in (note.onset_ticks, note.onset_ticks + note.duration_ticks)
            )
            for frame in range(max(0, floor(on)), min(grid.frames, ceil(off))):
                share[frame, note.pitch] += min(off, frame + 1) - max(on, frame)
    return np.minimum(share, 1)


def _highest(share: NDArray[np.float32]) -> NDArray[np.int64]:
    """The pitch that sounds longest in each frame, the highest of those that sound nearly as long; -1 where none does."""
    longest = share.max(axis=1, keepdims=True)
    near = (share >= longest * 0.75) & (longest > 0)
    highest = _PITCHES - 1 - np.argmax(near[:, ::-1], axis=1)
    return np.where(near.any(axis=1), highest, -1)


def _held(line: NDArray[np.int64], frames: int) -> NDArray[np.int64]:
    """The line with its short rests filled by the note before."""
    held = line.copy()
    last, age = -1, frames + 1
    for place, pitch in enumerate(line):
        last, age = (int(pitch), 0) if pitch >= 0 else (last, age + 1)
        if pitch < 0 and age <= frames:
            held[place] = last
    return held

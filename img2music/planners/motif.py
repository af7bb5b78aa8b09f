"""The motif and the melody's long line, drawn from the picture's own curves.

The contour is the skyline (where the picture has one) or the brightness from left to right. The motif's rhythm puts its
strokes where that curve changes most, so that two pictures with the same mood still begin with different ideas.
Conventions: curves run from left to right in [0, 1]; steps count scale degrees; rhythm in quarter notes.
That pitch height follows visual height is the best supported of all cross-modal pairings (Spence, *Attention,
Perception & Psychophysics* 73, 2011); the rest is our choice.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from img2music.plan import Motif

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from img2music.scene import Scene
    from img2music.theory import Meter

__all__ = ["draw_contour", "draw_motif"]

_POINTS = 16
_SIXTEENTHS = 4
"""Rhythms are built on a grid of sixteenths: four a quarter note."""

# How one beat may be filled, in sixteenths. None joins the beat to the note before it.
_SIMPLE: tuple[tuple[int, ...] | None, ...] = (None, (4,), (2, 2), (3, 1), (2, 1, 1))
_COMPOUND: tuple[tuple[int, ...] | None, ...] = (None, (6,), (4, 2), (2, 2, 2))


def draw_contour(scene: Scene) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """The line a phrase follows (16 values, 0..1) and the cue it came from.

    A flat curve (fog, a single colour) becomes a gentle arch, the commonest shape of a phrase (Huron, *The melodic arch in
    Western folksongs*, Computing in Musicology 10, 1996), and cites nothing.
    """
    for name in ("skyline", "brightness_profile"):
        curve = np.asarray(scene.curve(name), dtype=float)
        if len(curve) >= 4 and curve.max() - curve.min() > 0.08:
            line = np.interp(np.linspace(0, 1, _POINTS), np.linspace(0, 1, len(curve)), curve)
            smooth = np.convolve(np.pad(line, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")
            scaled = (smooth - smooth.min()) / max(1e-9, smooth.max() - smooth.min())
            return tuple(round(float(value), 3) for value in scaled), (name,)
    arch = np.sin(np.linspace(0.15, 0.85, _POINTS) * np.pi)
    scaled = (arch - arch.min()) / (arch.max() - arch.min())
    return tuple(round(float(value), 3) for value in scaled), ()


def draw_motif(contour: Sequence[float], meter: Meter, density: float) -> Motif:
    """A motif of one bar: rhythm from where the contour moves, steps from how far it moves.

    `density` 0..1 sets how many strokes a beat, from about one in two beats to nearly two a beat.
    """
    curve = np.asarray(contour, dtype=float)
    rhythm = _rhythm(curve, meter, density)
    places = np.cumsum([0.0, *(float(duration) for duration in rhythm[:-1])]) / float(meter.bar_quarters)
    # The opening third of the line, unrolled over the bar: the motif is the picture's beginning, seen closely.
    heights = np.interp(places * 0.6, np.linspace(0, 1, len(curve)), curve)
    reach = 5.0 + 3.0 * density
    steps = [round(float(height - heights[0]) * reach) for height in heights]
    return Motif(steps=tuple(_enliven(steps, curve)), rhythm=tuple(float(duration) for duration in rhythm))


def _rhythm(curve: NDArray[np.float64], meter: Meter, density: float) -> tuple[Fraction, ...]:
    """The best of all bars that the cells can make."""
    change = np.abs(np.gradient(curve)) + 1e-3
    steps = int(meter.bar_quarters * _SIXTEENTHS)
    movement = np.interp(np.arange(steps) / steps, np.linspace(0, 1, len(change)), change / change.max()).tolist()
    wanted = (0.6 + 1.1 * density) * len(meter.beats)
    best, best_score = [steps], -1e9
    cells = [_COMPOUND if beat == Fraction(3, 2) else _SIMPLE for beat in meter.beats]
    for choice in product(cells[0][1:], *cells[1:]):
        rhythm = _joined(meter, choice)
        if rhythm is None or not 2 <= len(rhythm) <= 9:
            continue
        place, strokes = 0, 0.0
        for duration in rhythm:
            strokes += movement[place]
            place += duration
        # Even notes are dull and many kinds at once are restless: two or three different lengths sing best.
        kinds = {1: 0.35, 2: 0.0, 3: 0.05}.get(len(set(rhythm)), 0.4)
        long_end = 0.12 if rhythm[-1] == max(rhythm) else 0.0
        score = strokes / len(rhythm) - 0.35 * abs(len(rhythm) - wanted) - kinds + long_end
        if score > best_score + 1e-12:
            best, best_score = rhythm, score
    return tuple(Fraction(duration, _SIXTEENTHS) for duration in best)


def _joined(meter: Meter, cells: Sequence[tuple[int, ...] | None]) -> list[int] | None:
    """The bar that a choice of cells makes, or None if it blurs the beat: a sixteenth is not held on, nor part of a beat of three."""
    rhythm: list[int] = []
    for number, (beat, cell) in enumerate(zip(meter.beats, cells, strict=True)):
        if cell is not None:
            rhythm.extend(cell)
            continue
        before = cells[number - 1]
        if before is not None and (before[-1] < 2 or (len(before) > 1 and (beat != 1 or meter.beats[number - 1] != 1))):
            return None
        rhythm[-1] += int(beat * _SIXTEENTHS)
    return rhythm


def _enliven(steps: list[int], curve: NDArray[np.float64]) -> list[int]:
    """No motif stands still: three equal notes in a row move on by a step, towards where the line goes."""
    direction = 1 if curve[len(curve) // 2] >= curve[0] else -1
    for index in range(1, len(steps)):
        still = steps[index] == steps[index - 1] and (index < 2 or steps[index - 1] == steps[index - 2] or len(steps) <= 3)
        if still:
            steps[index] += direction
    if len(set(steps)) == 1:
        steps[-1] += direction
    return [max(-7, min(7, step)) for step in steps]

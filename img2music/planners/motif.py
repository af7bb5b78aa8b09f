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

    from img2music.scene import Scene
    from img2music.theory import Meter

__all__ = ["draw_contour", "draw_motif"]

_POINTS = 16
_HALF, _THIRD, _QUARTER = Fraction(1, 2), Fraction(1, 3), Fraction(1, 4)

# How one beat may be filled, with the density each way stands for (strokes a beat). None joins the beat to the last one.
_SIMPLE: tuple[tuple[Fraction, ...] | None, ...] = (
    None,
    (Fraction(1),),
    (_HALF, _HALF),
    (_HALF + _QUARTER, _QUARTER),
    (_HALF, _QUARTER, _QUARTER),
)
_COMPOUND: tuple[tuple[Fraction, ...] | None, ...] = (
    None,
    (Fraction(3, 2),),
    (Fraction(1), _HALF),
    (_HALF, _HALF, _HALF),
)


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


def _rhythm(curve: np.ndarray, meter: Meter, density: float) -> tuple[Fraction, ...]:
    change = np.abs(np.gradient(curve)) + 1e-3
    change = change / change.max()
    wanted = (0.6 + 1.1 * density) * len(meter.beats)
    best: tuple[float, tuple[Fraction, ...]] = (-1e9, meter.beats)
    cells = [_COMPOUND if beat == Fraction(3, 2) else _SIMPLE for beat in meter.beats]
    for choice in product(cells[0][1:], *cells[1:]):
        rhythm = _joined(meter, choice)
        if rhythm is None or not 2 <= len(rhythm) <= 9:
            continue
        places = np.cumsum([0.0, *(float(duration) for duration in rhythm[:-1])]) / float(meter.bar_quarters)
        strokes = float(np.interp(places, np.linspace(0, 1, len(change)), change).mean())
        crowding = abs(len(rhythm) - wanted)
        # Even notes are dull and many kinds at once are restless: two or three different lengths sing best.
        kinds = {1: 0.35, 2: 0.0, 3: 0.05}.get(len(set(rhythm)), 0.4)
        long_end = 0.12 if rhythm[-1] == max(rhythm) else 0.0
        score = strokes - 0.35 * crowding - kinds + long_end
        if score > best[0] + 1e-12:
            best = (score, tuple(rhythm))
    return best[1]


def _joined(meter: Meter, cells: Sequence[tuple[Fraction, ...] | None]) -> list[Fraction] | None:
    """The bar that a choice of cells makes, or None if it blurs a beat of three: there only whole beats are held on."""
    rhythm: list[Fraction] = []
    for number, (beat, cell) in enumerate(zip(meter.beats, cells, strict=True)):
        if cell is not None:
            rhythm.extend(cell)
            continue
        before = cells[number - 1]
        if (beat != 1 or meter.beats[number - 1] != 1) and before is not None and len(before) > 1:
            return None
        rhythm[-1] += beat
    return rhythm


def _enliven(steps: list[int], curve: np.ndarray) -> list[int]:
    """No motif stands still: three equal notes in a row move on by a step, towards where the line goes."""
    direction = 1 if curve[len(curve) // 2] >= curve[0] else -1
    for index in range(1, len(steps)):
        still = steps[index] == steps[index - 1] and (index < 2 or steps[index - 1] == steps[index - 2] or len(steps) <= 3)
        if still:
            steps[index] += direction
    if len(set(steps)) == 1:
        steps[-1] += direction
    return [max(-7, min(7, step)) for step in steps]

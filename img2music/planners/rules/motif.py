"""The motif and the melody's long line, drawn from the picture's own curves.

The contour is the skyline (where the picture has one) or the brightness from left to right. The motif's rhythm is the bar, of those that
people sing, whose strokes fall most where that curve changes; so two pictures with the same mood begin with different ideas.
Conventions: curves run from left to right in [0, 1]; steps count scale degrees; rhythm in quarter notes.
That pitch height follows visual height is the best supported of all cross-modal pairings (Spence, *Attention,
Perception & Psychophysics* 73, 2011); the rest is our choice.
"""

from __future__ import annotations

from itertools import pairwise
from math import log
from typing import TYPE_CHECKING

import numpy as np

from img2music.plan import Motif
from img2music.theory.meter_map import bars_quarters, steps_in_bar
from img2music.theory.rhythms import bar_rhythms, notes_a_bar, shortest_stroke

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from img2music.scene import Scene
    from img2music.theory import Meter

__all__ = ["draw_contour", "draw_motif"]

_POINTS = 16
_HALF = 0.5
_SIXTEENTHS = 4
"""Rhythms are built on a grid of sixteenths: four a quarter note."""


def _scaled(curve: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), 3) for value in (curve - curve.min()) / (curve.max() - curve.min()))


_PLACES = np.linspace(0, 1, _POINTS)
_SHAPES: dict[str, tuple[float, ...]] = {
    "arch": _scaled(np.sin(np.linspace(0.15, 0.85, _POINTS) * np.pi)),
    "wave": _scaled(np.sin(2 * np.pi * 2 * _PLACES)),
    "rise": _scaled(_PLACES),
    "fall": _scaled(-_PLACES),
    "still": tuple(round(0.4 + 0.2 * value, 3) for value in _scaled(np.sin(np.linspace(0.15, 0.85, _POINTS) * np.pi))),
    "zigzag": _scaled(np.where(np.arange(_POINTS) % 4 < 2, 0.0, 1.0) + 0.1 * _PLACES),
}
"""What a subject's line looks like (`scene.ContourName`); "wave" goes twice up and down."""
_LEAN = 0.4
"""How far a certain subject bends the picture's own line. Our choice: the picture stays the author of its tune."""


def draw_contour(scene: Scene) -> tuple[tuple[float, ...], dict[str, float]]:
    """The line a phrase follows (16 values, 0..1), and the cues it came from with their shares.

    The picture's own line leans to the shape that its subject suggests (`scene.attributes.contour`). A flat curve (fog, a single
    colour) takes that shape alone, or a gentle arch, the commonest shape of a phrase (Huron, *The melodic arch in Western folksongs*,
    Computing in Musicology 10, 1996), and then cites nothing.
    """
    wish = scene.attributes.contour
    shape = None if wish.value == "own" else _SHAPES[wish.value]
    sure = max(wish.strengths.values(), default=1.0)
    for name in ("skyline", "brightness_profile"):
        curve = np.asarray(scene.curve(name), dtype=float)
        if len(curve) >= 4 and curve.max() - curve.min() > 0.08:
            line = np.interp(np.linspace(0, 1, _POINTS), np.linspace(0, 1, len(curve)), curve)
            smooth = np.convolve(np.pad(line, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")
            scaled = (smooth - smooth.min()) / max(1e-9, smooth.max() - smooth.min())
            lean = round(_LEAN * sure, 2) if shape is not None else 0.0
            mixed = (1 - lean) * scaled + lean * np.asarray(shape) if shape is not None else scaled
            cues = {name: round(1 - lean, 2)} | {cue: round(lean / len(wish.because), 2) for cue in wish.because if lean}
            return tuple(round(float(value), 3) for value in mixed), cues
    alone = shape or _SHAPES["arch"]
    return tuple(alone), {cue: round(1 / len(wish.because), 2) for cue in wish.because} if shape else {}


def draw_motif(contour: Sequence[float], meter: Meter, density: float, tempo_bpm: float = 100) -> Motif:
    """A motif of one bar: rhythm from where the contour moves, steps from how far it moves.

    `density` 0..1 and the tempo (quarter notes a minute) say how many strokes a bar wants (`theory.rhythms.notes_a_bar`).
    """
    curve = np.asarray(contour, dtype=float)
    rhythm = _rhythm(curve, meter, min(9.0, max(2.0, notes_a_bar(density, tempo_bpm, meter))), shortest_stroke(tempo_bpm))
    places = np.cumsum([0.0, *(float(duration) for duration in rhythm[:-1])]) / float(sum(rhythm))
    # The opening third of the line, unrolled over the bar: the motif is the picture's beginning, seen closely.
    heights = np.interp(places * 0.6, np.linspace(0, 1, len(curve)), curve)
    reach = 5.0 + 3.0 * density
    steps = [round(float(height - heights[0]) * reach) for height in heights]
    return Motif(steps=tuple(_enliven(steps, curve)), rhythm=tuple(float(duration) for duration in rhythm))


def _rhythm(curve: NDArray[np.float64], meter: Meter, wanted: float, shortest: float) -> tuple[Fraction, ...]:
    """Of all bars that people sing, the one whose strokes fall most where the curve moves.

    Each bar is an outline of strong and empty places, and so is the curve's movement; the two are compared as correlations are, so
    that a restless and a calm picture are both heard. How often people sing a bar counts a little; strokes under `shortest` quarter notes
    (a seventh of a second) do not sing.
    """
    change = np.abs(np.gradient(curve)) + 1e-3
    steps = steps_in_bar(meter, _SIXTEENTHS)
    movement = np.interp(np.arange(steps) / steps, np.linspace(0, 1, len(change)), change / change.max())
    movement -= movement.mean()
    length = float(np.sqrt((movement**2).sum())) + 1e-6
    best: tuple[Fraction, ...] = (bars_quarters(_HALF, meter),) * 2
    best_score = -1e9
    for rhythm in bar_rhythms(meter):
        places = [place for place, _ in rhythm.strokes]
        if rhythm.is_tied or places[0] != 0 or not 2 <= len(places) <= 9:
            continue
        # Rests inside the bar are sung through: a motif is one breath.
        durations = tuple(after - place for place, after in pairwise([*places, meter.bar_quarters]))
        outline = np.zeros(steps)
        outline[[int(place * _SIXTEENTHS) for place in places[1:]]] = 1  # every motif has a stroke on one
        outline -= outline.mean()
        likeness = float((outline * movement).sum()) / (length * (float(np.sqrt((outline**2).sum())) + 1e-6))
        # Even notes are dull and many kinds at once are restless: two or three different lengths sing best.
        kinds = {1: 0.3, 2: 0.0, 3: 0.05}.get(len(set(durations)), 0.4)
        end = 0.12 if durations[-1] == max(durations) else 0.0
        size = abs(len(places) - wanted) / max(1.5, wanted / 3)
        score = round(likeness + end - kinds - 0.5 * size + 0.09 * log(1 + rhythm.first + rhythm.middle), 9)
        if min(durations) < shortest:
            score -= 0.5
        if durations[0] < _HALF:
            score -= 0.5  # a first note that snaps away is a mannerism when every phrase begins with it
        if score > best_score:
            best, best_score = durations, score
    return best


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

"""Where things are: edges and their direction, texture, symmetry, horizon, skyline, profile, and where the eye is drawn.

Conventions: places are fractions of the picture from its top left; curves have `POINTS` values from left to right, heights
count upwards (1 is the top). Everything is measured on the small copy, so "fine" means a 160th of the picture.
A picture without the thing in question gets the neutral value named in the cue's line. Does not know objects or depth.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from img2music.perceivers.image.thumbnail import Array, Thumbnail, box_around, curve_cue, number_cue, pick_word
from img2music.scene import Box, Cue

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["POINTS", "composition_cues"]

POINTS = 16
_EDGE = 0.04  # step of OKLab lightness from pixel to pixel that is seen as an edge
_SMOOTH = 0.015
_EMPTY = 1e-4  # variance below which a stretch of the picture is one colour

_EDGE_WORDS = ((0.12, "few edges"), (0.3, "some edges"), (0.5, "many edges"), (2, "edges everywhere"))
_TEXTURE_WORDS = ((0.012, "smooth"), (0.03, "lightly textured"), (0.055, "textured"), (9, "rough"))
_SYMMETRY_WORDS = ((0.3, "left and right differ"), (0.6, "left and right are somewhat alike"), (2, "nearly a mirror image"))
_OPEN_WORDS = ((0.15, "filled to the edges"), (0.45, "some empty space"), (0.7, "much empty space"), (2, "mostly empty space"))
_FOCUS_WORDS = (
    (0.12, "spread over the whole picture"),
    (0.35, "a loose centre of attention"),
    (2, "one clear centre of attention"),
)
_HORIZON_WORDS = ((0.2, "no horizon"), (0.45, "a soft horizon"), (2, "a clear horizon"))


def composition_cues(view: Thumbnail) -> list[Cue]:
    """Cues of shape and place."""
    down, across = np.gradient(view.lightness)
    size = np.hypot(down, across)
    return [
        *_edges(down, across, size),
        *_surface(view, size),
        *_symmetry(view),
        *_horizon(view),
        *_curves(view),
        *_attention(view, size),
        *_format(view),
    ]


def _edges(down: Array, across: Array, size: Array) -> Iterable[Cue]:
    density = float((size > _EDGE).mean())
    yield number_cue("edge_density", density, "0..1", pick_word(density, _EDGE_WORDS))
    total = float(size.sum())
    # Direction of the edge itself: 0 horizontal, 90 vertical. Without edges: what chance would give.
    horizontal, vertical, order = 0.25, 0.25, 0.0
    if total > 1e-3 * size.size:
        steep, flat, slope = np.abs(across), np.abs(down), float(np.tan(np.deg2rad(22.5)))
        horizontal = float(size[steep < slope * flat].sum()) / total
        vertical = float(size[flat < slope * steep].sum()) / total
        turns = np.degrees(np.arctan2(across, down)) % 180
        bins = ((turns + 11.25) / 22.5).astype(np.intp) % 8
        weights = np.bincount(bins.ravel(), weights=size.ravel(), minlength=8) / total
        order = 1 - float(-(weights[weights > 0] * np.log2(weights[weights > 0])).sum()) / 3
    diagonal = 1 - horizontal - vertical
    over = {"horizontal": horizontal / 0.25, "vertical": vertical / 0.25, "diagonal": diagonal / 0.5}
    leading = max(over, key=lambda name: over[name])
    word = leading if over[leading] > 1.15 else "mixed"
    if min(over["horizontal"], over["vertical"]) > 1.15:
        word = "square"
    text = {"mixed": "edges run in all directions", "square": "edges lie level or stand upright"}.get(
        word, f"edges are mostly {word}"
    )
    yield Cue(name="edge_direction", value=word, unit="word", text=text)
    yield number_cue("edges_horizontal", horizontal, "0..1", f"{horizontal:.0%} of the edges lie level")
    yield number_cue("edges_vertical", vertical, "0..1", f"{vertical:.0%} of the edges stand upright")
    yield number_cue("edges_diagonal", diagonal, "0..1", f"{diagonal:.0%} of the edges slant or curve")
    text = (
        "edges turn every way"
        if order < 0.04
        else "edges keep to a few directions"
        if order < 0.15
        else "edges keep to one direction"
    )
    yield number_cue("edge_order", order, "0..1", text)


def _blur(values: Array, radius: int) -> Array:
    """Mean over a square of side 2 * radius + 1, edges repeated."""
    for axis in (0, 1):
        widths = [(0, 0)] * values.ndim
        widths[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(values, widths, mode="edge"), axis=axis)
        side = 2 * radius + 1
        values = (sums[side:] - sums[:-side] if axis == 0 else sums[:, side:] - sums[:, :-side]) / side
    return values


def _surface(view: Thumbnail, size: Array) -> Iterable[Cue]:
    light = view.lightness
    texture = float((light - _blur(light, 1)).std())
    yield number_cue("texture", texture, "0..0.5", pick_word(texture, _TEXTURE_WORDS))
    shares = np.histogram(light, 32, (0, 1))[0] / light.size
    bits = float(-(shares[shares > 0] * np.log2(shares[shares > 0])).sum())
    yield number_cue("tones", bits, "bits, 0..5", f"about {2**bits:.0f} of 32 steps from dark to light in use")
    rows = [part.mean(axis=0) for part in np.array_split(light, min(8, len(light)))]
    cells = np.array([[part.mean() for part in np.array_split(row, 8)] for row in rows])
    masses = float(cells.std())
    yield number_cue(
        "masses", masses, "0..0.5", "large areas of light and dark" if masses > 0.15 else "light and dark are spread evenly"
    )
    smooth = float((_blur(size, 2) < _SMOOTH).mean())
    yield number_cue("open_space", smooth, "0..1", pick_word(smooth, _OPEN_WORDS))


def _symmetry(view: Thumbnail) -> Iterable[Cue]:
    light = view.lightness - view.lightness.mean()
    energy = float((light**2).mean())
    # 0.5, neither, where there is nothing to compare.
    likeness = float((light * light[:, ::-1]).mean()) / energy if energy > _EMPTY else 0.5
    value = min(1.0, max(0.0, likeness))
    yield number_cue("symmetry", value, "0..1", pick_word(value, _SYMMETRY_WORDS))


def _best_split(lab: Array) -> tuple[Array, Array, Array]:
    """The row at which each column (rows, columns, 3) parts best into an upper and a lower colour (Otsu 1979, one cut).

    Gives the cut as a fraction from the top, the variance it explains, and the column's whole variance.
    """
    rows = len(lab)
    above = np.cumsum(lab, axis=0)[:-1]
    count = np.arange(1, rows)[:, None]
    below = lab.sum(axis=0)[None] - above
    gap = above / count[..., None] - below / (rows - count)[..., None]
    explained = (gap**2).sum(axis=2) * count * (rows - count) / rows**2
    margin = max(0, round(rows * 0.06) - 1)
    allowed = explained[margin : rows - 1 - margin]
    cut = allowed.argmax(axis=0)
    return (cut + margin + 1) / rows, allowed.max(axis=0), lab.var(axis=0).sum(axis=1)


def _variance(lab: Array) -> float:
    return sum(float(channel.var()) for channel in np.moveaxis(lab, 2, 0))


def _horizon(view: Thumbnail) -> Iterable[Cue]:
    cut, explained, _ = _best_split(view.lab.mean(axis=1, keepdims=True))
    whole = _variance(view.lab)
    strength = min(1.0, float(explained[0]) / whole) if whole > _EMPTY else 0.0
    row = float(cut[0]) if strength > 0.02 else 0.5
    text = pick_word(strength, _HORIZON_WORDS)
    seen = strength >= _HORIZON_WORDS[0][0]
    yield number_cue(
        "horizon", row, "0..1 from the top", f"{text} at {row:.0%} of the height" if seen else text, _band(row) if seen else None
    )
    yield number_cue("horizon_strength", strength, "0..1", text)


def _band(row: float) -> Box:
    return box_around(0, row - 0.02, 1, row + 0.02)


def _columns(values: Array, parts: int = POINTS) -> Array:
    """Means of stretches from left to right: (rows, parts, ...)."""
    width = values.shape[1]
    edges = np.linspace(0, width, parts + 1)
    means = [values[:, int(left) : max(int(left) + 1, int(np.ceil(right)))].mean(axis=1) for left, right in pairwise(edges)]
    return np.stack(means, axis=1)


def _curves(view: Thumbnail) -> Iterable[Cue]:
    profile = _columns(view.lightness).mean(axis=0)
    yield curve_cue(
        "brightness_profile", np.clip(profile, 0, 1), "0..1 lightness, left to right", _course(profile, "lighter", "darker")
    )
    cut, explained, whole = _best_split(_columns(view.lab))
    clear = (whole > _EMPTY) & (explained > 0.25 * whole)
    # A column without a contour takes its neighbours'; a picture without one is flat.
    height = np.full(POINTS, 0.5)
    if clear.sum() >= POINTS // 4:
        height = np.interp(np.arange(POINTS), np.flatnonzero(clear), 1 - cut[clear])
        # The median of three neighbours: one column that was cut elsewhere is no part of the contour.
        height = np.median(np.stack([np.roll(np.pad(height, 1, mode="edge"), shift)[1:-1] for shift in (-1, 0, 1)]), axis=0)
    box = box_around(0, 1 - float(height.max()), 1, 1 - float(height.min())) if np.ptp(height) > 0 else None
    text = "a contour that " + _course(height, "rises", "falls") if box else "no contour against the background"
    yield curve_cue("skyline", height, "0..1 height, left to right", text, box)


def _course(curve: Array, up: str, down: str) -> str:
    """How a curve runs, in words."""
    if np.ptp(curve) < 0.06:
        return "stays level"
    left, middle, right = (float(part.mean()) for part in np.array_split(curve, 3))
    if abs(right - left) > 0.6 * np.ptp(curve) or (min(left, right) <= middle <= max(left, right) and abs(right - left) > 0.05):
        return f"{up if right > left else down} to the right"
    if abs(middle - (left + right) / 2) > 0.05:
        return f"{up if middle > (left + right) / 2 else down} in the middle"
    return f"{up} and {down} by turns" if up.endswith("s") else "changes by turns"


def _rarity(view: Thumbnail) -> Array:
    """How far each pixel's colour is from the colours of the whole picture, (height, width), 0 for the most usual colour.

    Measured on a copy of half the size, in single precision: it is a map of places, not of details.
    """
    rows, columns = view.lightness.shape
    channels = np.pad(np.moveaxis(view.lab, 2, 0).astype(np.float32), ((0, 0), (0, rows % 2), (0, columns % 2)), mode="edge")
    upper, lower = channels[:, ::2], channels[:, 1::2]
    half = (upper[..., ::2] + upper[..., 1::2] + lower[..., ::2] + lower[..., 1::2]) / 4
    cells = _columns(_columns(half.transpose(1, 2, 0), 8).transpose(1, 0, 2), 8).reshape(-1, 3)
    pixels = half.reshape(3, -1)
    squared = (cells**2).sum(axis=1)[:, None] - (2 * cells) @ pixels
    squared += (pixels**2).sum(axis=0)
    distance = np.sqrt(np.maximum(squared, 0, out=squared), out=squared).mean(axis=0).reshape(half.shape[1:])
    rarity: Array = (distance - distance.min()).astype(np.float64).repeat(2, axis=0).repeat(2, axis=1)
    return rarity[:rows, :columns]


def _attention(view: Thumbnail, size: Array) -> Iterable[Cue]:
    """Where the eye is drawn, half by colour and half by detail.

    Colour counts by its contrast to all others (Cheng, Zhang, Mitra, Huang & Hu, *Global contrast based salient region
    detection*, CVPR 2011), squared to sharpen it; detail by the steps of lightness near by. The equal weights are ours.
    """
    rows, columns = view.lightness.shape
    odd = _rarity(view) ** 2
    detail = _blur(size**2, 3)
    x, y, focus, box = 0.5, 0.5, 0.0, None
    if _variance(view.lab) > _EMPTY:
        weight = odd / max(float(odd.mean()), 1e-12) + detail / max(float(detail.mean()), 1e-12)
        weight = weight / weight.sum()
        across, down = (np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows
        x, y = float(weight.sum(axis=0) @ across), float(weight.sum(axis=1) @ down)
        wide = float(np.sqrt(weight.sum(axis=0) @ (across - x) ** 2))
        high = float(np.sqrt(weight.sum(axis=1) @ (down - y) ** 2))
        # An even spread over the whole side has a standard deviation of its length / sqrt(12).
        focus = min(1.0, max(0.0, 1 - 12 * wide * high))
        box = box_around(x - wide, y - high, x + wide, y + high)
    side = "left" if x < 0.44 else "right" if x > 0.56 else "middle"
    level = "above" if y < 0.44 else "below" if y > 0.56 else "at half height"
    yield number_cue(
        "weight_x", x, "0..1 from the left", f"the weight lies {'in the' if side == 'middle' else 'on the'} {side}", box
    )
    yield number_cue("weight_y", y, "0..1 from the top", f"the weight lies {level}", box)
    yield number_cue("focus", focus, "0..1", pick_word(focus, _FOCUS_WORDS), box if focus >= _FOCUS_WORDS[0][0] else None)


def _format(view: Thumbnail) -> Iterable[Cue]:
    shape = "a wide format" if view.aspect > 1.2 else "a tall format" if view.aspect < 1 / 1.2 else "nearly square"
    yield number_cue("aspect", view.aspect, "width / height", shape)

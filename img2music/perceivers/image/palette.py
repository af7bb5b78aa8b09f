"""The dominant colours of a picture: k-means in OKLab with a fixed start, named in words, each with its place.

Conventions: colours are sorted by their share of the area, "colour_1" the largest; hue in degrees of OKLab (red 29,
yellow 110, green 142, blue 264). The words are ours. Knows nothing of what the coloured things are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.io.colour.oklab import srgb_from_oklab
from img2music.perceivers.image.thumbnail import Array, box_around
from img2music.scene import Swatch

if TYPE_CHECKING:
    from img2music.perceivers.image.thumbnail import Thumbnail

__all__ = ["colour_words", "swatches"]

Owner = np.ndarray[tuple[int, ...], np.dtype[np.intp]]

_MOST, _ROUNDS = 6, 12
_LIGHTNESS_WEIGHT = 0.6  # shading of one thing parts it less than its colour
_SAME = 0.055  # centres closer than this are one colour
_SMALLEST_SHARE = 0.02
_GREY = 0.028  # chroma below which a middle tone looks grey; near black and near white a smaller tint is seen

# Names of hues up to each angle: (degrees, light or middle, dark).
_HUES: tuple[tuple[float, str, str], ...] = (
    (12, "pink", "plum"),
    (35, "red", "dark red"),
    (60, "orange", "rust brown"),
    (82, "amber", "brown"),
    (104, "golden yellow", "olive brown"),
    (122, "yellow green", "olive green"),
    (155, "green", "dark green"),
    (185, "sea green", "pine green"),
    (222, "turquoise", "dark teal"),
    (248, "sky blue", "slate blue"),
    (285, "blue", "deep blue"),
    (318, "violet", "deep violet"),
    (345, "magenta", "purple"),
    (361, "pink", "plum"),
)
_GREYS = ((0.18, "black"), (0.36, "charcoal grey"), (0.55, "dark grey"), (0.75, "grey"), (0.92, "light grey"), (2.0, "white"))


def colour_words(lightness: float, chroma: float, hue_degrees: float) -> str:
    """An everyday name: "deep blue", "pale orange", "charcoal grey"."""
    if chroma < _GREY * min(1.0, 0.4 + lightness, max(0.4, 3.4 * (1 - lightness))):
        return next(word for limit, word in _GREYS if lightness < limit)
    light, dark = next((light, dark) for limit, light, dark in _HUES if hue_degrees < limit)
    if lightness < 0.2:
        return f"blackish {light}"
    if lightness < 0.48 + (0.12 if 38 <= hue_degrees < 122 else 0):  # brown and olive are dark orange and yellow
        return dark if chroma >= 0.05 else f"greyish {dark.removeprefix('dark ').removeprefix('deep ')}"
    if chroma < 0.06:
        return f"pale {light}" if lightness > 0.75 else f"greyish {light}"
    if chroma > 0.17:
        return f"vivid {light}"
    return f"light {light}" if lightness > 0.82 else light


def swatches(view: Thumbnail) -> tuple[Swatch, ...]:
    """The picture's one to six colours, the largest first."""
    rows, columns = view.lab.shape[:2]
    step = max(1, round(max(rows, columns) / 80))
    grid = view.lab[::step, ::step]
    pixels = np.ascontiguousarray(np.moveaxis(grid, 2, 0)).reshape(3, -1)
    owner, centres = _merge(pixels, *_cluster(pixels))
    row, column = np.divmod(np.arange(len(owner)), grid.shape[1])
    y, x = (row + 0.5) / grid.shape[0], (column + 0.5) / grid.shape[1]
    shares = np.bincount(owner, minlength=len(centres)) / len(owner)
    found = []
    for number, index in enumerate(np.argsort(-shares, kind="stable"), 1):
        lightness, a, b = (float(part) for part in centres[index])
        chroma, hue = float(np.hypot(a, b)), float(np.degrees(np.arctan2(b, a)) % 360)
        mine = owner == index
        left, right = np.quantile(x[mine], (0.1, 0.9))
        top, bottom = np.quantile(y[mine], (0.1, 0.9))
        red, green, blue = (round(255 * float(part)) for part in srgb_from_oklab(centres[index]))
        found.append(
            Swatch(
                name=f"colour_{number}",
                hex=f"#{red:02x}{green:02x}{blue:02x}",
                words=colour_words(lightness, chroma, hue),
                lightness=round(min(1.0, max(0.0, lightness)), 3),
                chroma=round(chroma, 3),
                hue_degrees=round(hue, 1) % 360,
                share=round(float(shares[index]), 4),
                box=box_around(float(left), float(top), float(right), float(bottom)),
            )
        )
    return tuple(found)


def _distances(pixels: Array, centres: Array) -> Array:
    """Squared distances (centres, pixels) between colours of shape (3, pixels) and (centres, 3)."""
    weights = np.array([_LIGHTNESS_WEIGHT, 1.0, 1.0]) ** 2
    lengths = weights @ pixels**2 + (centres**2 @ weights)[:, None]
    squared: Array = np.maximum(lengths - (2 * centres * weights) @ pixels, 0)
    return squared


def _nearest(pixels: Array, centres: Array) -> Owner:
    """The index of each pixel's nearest centre, the first of equals."""
    weights = np.array([_LIGHTNESS_WEIGHT, 1.0, 1.0]) ** 2
    # The pixel's own length is the same for all centres and is left out.
    apart = (centres**2 @ weights)[:, None] - (2 * centres * weights) @ pixels
    owner, least = np.zeros(pixels.shape[1], np.intp), apart[0]
    for index in range(1, len(centres)):
        owner[apart[index] < least] = index
        least = np.minimum(least, apart[index])
    return owner


def _cluster(pixels: Array) -> tuple[Owner, Array]:
    """k-means; the start is the pixel nearest to the mean, then always the one farthest from all centres so far."""
    first = int(_distances(pixels, pixels.mean(axis=1)[None]).argmin())
    centres = pixels[:, [first]].T
    nearest = _distances(pixels, centres)[0]
    while len(centres) < _MOST and nearest.max() >= _SAME**2 / 4:
        centres = np.vstack([centres, pixels[:, int(nearest.argmax())]])
        nearest = np.minimum(nearest, _distances(pixels, centres[-1:])[0])
    owner = _nearest(pixels, centres)
    for _ in range(_ROUNDS):
        centres = _means(pixels, owner, centres)
        moved = _nearest(pixels, centres)
        if (moved == owner).all():
            break
        owner = moved
    return owner, centres


def _means(pixels: Array, owner: Owner, centres: Array) -> Array:
    """The mean colour of each centre's pixels; a centre without pixels stays."""
    counts = np.bincount(owner, minlength=len(centres))
    sums = np.stack([np.bincount(owner, channel, len(centres)) for channel in pixels], axis=1)
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)


def _merge(pixels: Array, owner: Owner, centres: Array) -> tuple[Owner, Array]:
    """Joins centres that are one colour to the eye, and colours of too small a share to their nearest."""
    while True:
        counts = np.bincount(owner, minlength=len(centres))
        if len(centres) > 1:
            between = _distances(centres.T, centres) + np.diag(np.full(len(centres), np.inf))
            smallest = int(counts.argmin())
            if counts[smallest] < _SMALLEST_SHARE * len(owner):
                pair = (smallest, int(between[smallest].argmin()))
            else:
                pair = (int(between.min(axis=1).argmin()), int(between[int(between.min(axis=1).argmin())].argmin()))
            if counts[smallest] < _SMALLEST_SHARE * len(owner) or between[pair] < _SAME**2:
                keep, gone = min(pair), max(pair)
                owner = np.where(owner == gone, keep, owner)
                owner = np.where(owner > gone, owner - 1, owner)
                centres = np.delete(centres, gone, axis=0)
                centres = _means(pixels, owner, centres)
                continue
        return owner, centres

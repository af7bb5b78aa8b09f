"""The small copy that every measurement looks at, and how a measurement becomes a cue.

Conventions: `lab` is OKLab (height, width, 3): lightness 0..1, a (green to red) and b (blue to yellow) about -.3...3;
the longest side has 160 pixels, the shortest at least 8 (a strip is repeated), so that every measurement is defined.
Boxes are fractions of the picture. Each channel lies in one piece in memory, which is what makes measuring it quick.
Knows nothing of music.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from img2music.io.colour.oklab import oklab_from_srgb
from img2music.scene import Box, Cue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from img2music.io.pictures import Picture

__all__ = ["LONGEST", "SHORTEST", "Array", "Thumbnail", "box_around", "curve_cue", "make_thumbnail", "number_cue", "pick_word"]

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

LONGEST, SHORTEST = 160, 8
_SMALL_PICTURE = 32 * 32  # below this many pixels a picture says little
_PLAIN = 0.035  # spread of OKLab at which a picture counts as half full; a soft sky has about .05, a photograph .2
_ROUGH = 0.35  # likeness of neighbouring pixels below which a picture is mostly noise; photographs have .7 to .98


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnail:
    """The small copy: `rgb` and `lab` of shape (height, width, 3), rgb in 0..1.

    `aspect` is the original's width divided by its height. `content` (0..1) is how much there is to see: 0 for a single
    colour and for pure noise, near 1 for a photograph.
    """

    rgb: Array
    lab: Array
    aspect: float
    content: float

    @property
    def lightness(self) -> Array:
        """OKLab lightness (height, width), 0..1."""
        return self.lab[..., 0]

    @property
    def chroma(self) -> Array:
        """OKLab chroma (height, width), 0 grey, about .32 the most saturated."""
        return np.hypot(self.lab[..., 1], self.lab[..., 2])


def make_thumbnail(picture: Picture) -> Thumbnail:
    """The small copy of a picture."""
    height, width = picture.rgb.shape[:2]
    scale = min(1.0, LONGEST / max(height, width))
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    sums, high = _sums(picture.rgb, rows)
    across, wide = _sums(sums.transpose(1, 0, 2), columns)
    small = np.ascontiguousarray(across.transpose(2, 1, 0)) / (255.0 * high[None, :, None] * wide[None, None, :])
    # Measured before a strip is repeated: its copies are alike without saying anything.
    lab = np.moveaxis(oklab_from_srgb(np.moveaxis(small, 0, 2)), 2, 0)
    content = _content(np.moveaxis(lab, 0, 2), picture.width * picture.height)
    for axis in (1, 2):
        if small.shape[axis] < SHORTEST:
            small, lab = (np.repeat(values, -(-SHORTEST // values.shape[axis]), axis) for values in (small, lab))
    return Thumbnail(np.moveaxis(small, 0, 2), np.moveaxis(lab, 0, 2), picture.width / picture.height, content)


def _sums(pixels: NDArray[np.uint8] | NDArray[np.uint32], cells: int) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """Sums over `cells` nearly equal stretches of rows, and how many rows each has."""
    length = len(pixels)
    edges = np.arange(cells) * length // cells
    sizes = np.diff(np.append(edges, length))
    sums = pixels[edges].astype(np.uint32)
    for offset in range(1, int(sizes.min())):
        sums += pixels[edges + offset]
    longer = np.flatnonzero(sizes > sizes.min())
    sums[longer] += pixels[edges[longer] + sizes.min()]
    return sums, sizes


def _content(lab: Array, pixels: int) -> float:
    channels = np.moveaxis(lab, 2, 0)
    spread = sum(float(channel.var()) for channel in channels)
    if spread < 1e-9:
        return 0.0
    steps = [3 * float(np.square(np.diff(channels, axis=axis)).mean()) for axis in (1, 2) if channels.shape[axis] > 1]
    # Neighbours of a noise differ by twice its variance, those of a photograph hardly at all.
    likeness = 1 - sum(steps) / len(steps) / (2 * spread)
    fullness = spread / (spread + _PLAIN**2)
    return float(np.clip(fullness * min(1.0, max(0.0, likeness) / _ROUGH) * min(1.0, pixels / _SMALL_PICTURE), 0, 1))


def number_cue(name: str, value: float, unit: str, text: str, box: Box | None = None) -> Cue:
    """A numeric cue, rounded to four decimals."""
    return Cue(name=name, value=round(float(value), 4) + 0.0, unit=unit, text=text, box=box)


def curve_cue(name: str, values: Sequence[float] | Array, unit: str, text: str, box: Box | None = None) -> Cue:
    """A curve from left to right, rounded to three decimals."""
    return Cue(name=name, value=tuple(round(float(value), 3) + 0.0 for value in values), unit=unit, text=text, box=box)


def pick_word(value: float, words: Sequence[tuple[float, str]]) -> str:
    """The first word whose upper limit exceeds `value`, else the last one."""
    return next((word for limit, word in words if value < limit), words[-1][1])


def box_around(left: float, top: float, right: float, bottom: float) -> Box:
    """A box from its edges in fractions, cut to the picture."""
    left, right = sorted((min(1.0, max(0.0, left)), min(1.0, max(0.0, right))))
    top, bottom = sorted((min(1.0, max(0.0, top)), min(1.0, max(0.0, bottom))))
    x, y = round(left, 3), round(top, 3)
    return Box(x=x, y=y, width=round(min(right - left, 1 - x), 3), height=round(min(bottom - top, 1 - y), 3))

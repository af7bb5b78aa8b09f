"""sRGB's curve, both ways, and OKLab.

Conventions: sRGB in 0..1 (IEC 61966-2-1), OKLab as (lightness, a, b) after B. Ottosson, *A perceptual color space for
image processing* (2020), with the matrices for linear sRGB given there: lightness 0..1, a (green to red) and b (blue to yellow) about -.3...3.
Arrays have the three channels last; the curve itself takes any shape.
Does not know: other primaries and curves (`colour_spaces`), nor what a picture shows.
"""

from __future__ import annotations

import numpy as np

__all__ = ["linear_from_srgb", "oklab_from_linear", "oklab_from_srgb", "srgb_from_linear", "srgb_from_oklab"]

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_OPPONENTS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear_from_srgb(srgb: Array) -> Array:
    """Light from screen values, both 0..1."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def srgb_from_linear(linear: Array) -> Array:
    """Screen values from light, both 0..1."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def oklab_from_linear(linear: Array) -> Array:
    """OKLab from linear sRGB; colours outside the screen's gamut are allowed."""
    channels = np.moveaxis(linear, -1, 0)  # channels first: three long rows multiply faster than many short ones
    lab = _OPPONENTS @ np.cbrt(_CONES @ channels.reshape(3, -1))
    return np.moveaxis(lab.reshape(channels.shape), 0, -1)


def oklab_from_srgb(srgb: Array) -> Array:
    """OKLab from screen values 0..1."""
    return oklab_from_linear(linear_from_srgb(srgb))


def srgb_from_oklab(lab: Array) -> Array:
    """Screen values from OKLab, cut to 0..1.

    What lies outside the screen's gamut is cut channel by channel, which may turn its hue a little.
    """
    return srgb_from_linear(np.clip((lab @ np.linalg.inv(_OPPONENTS).T) ** 3 @ np.linalg.inv(_CONES).T, 0, 1))

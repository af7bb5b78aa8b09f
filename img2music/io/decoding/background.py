"""The ground on which transparent pictures are laid: white, unless what is drawn would vanish on it.

A drawing vanishes on white where most of it is nearly white, and so is most of its edge against the transparent parts (or that is a
faint shadow), and where those parts are more than rounded corners. It is then laid on dark grey; on middle grey where a part of it is dark too.
Conventions: modes LA and RGBA, eight bits. Nearly white: luminance over `_LIGHT` (WCAG contrast with white under 1.5) and hardly
any colour.
Does not know: for which page a logo was drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["choose_background"]

_LIGHT, _DARK = 0.65, 0.05  # luminance; (1 + .05) / (.65 + .05) = 1.5, WCAG 2.2, "contrast ratio"
_COLOURLESS = 60
_SIDE = 512
_OPAQUE = 64
_LEAST_TRANSPARENT = 0.05
_FAINT = 0.35
"""Contrast (standard deviation) on white, in parts of that on dark grey, under which a soft shadow is all that is seen."""


def choose_background(image: Image) -> tuple[tuple[int, int, int], str]:
    """The ground's colour and its name for people."""
    import numpy as np
    from PIL import Image as PillowImage

    white, black, grey = ((255, 255, 255), "white"), ((32, 32, 32), "dark grey"), ((128, 128, 128), "grey")
    small = image.convert("RGBA")
    if max(small.size) > _SIDE:
        small.thumbnail((_SIDE, _SIDE), PillowImage.Resampling.BOX)
    values = np.asarray(small, dtype=np.float32)
    alpha = values[..., 3]
    shown = alpha >= min(_OPAQUE, float(alpha.max()) / 2)
    shown &= alpha > 0
    if not shown.any() or np.mean(~shown) < _LEAST_TRANSPARENT:
        return white
    colour = values[..., :3]
    luminance = ((colour / 255) ** 2.2) @ np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
    light = (luminance > _LIGHT) & (np.ptp(colour, axis=-1) < _COLOURLESS)
    padded = np.pad(shown, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    edge = shown & ~inner
    weight = np.where(shown, alpha, 0)
    if float((weight * light).sum()) < 0.5 * float(weight.sum()):
        return white
    grey_levels, opacity = colour.mean(axis=-1), alpha / 255
    on_white, on_black = (float((grey_levels * opacity + level * (1 - opacity)).std()) for level in (255, black[0][0]))
    if float((edge & light).sum()) < 0.5 * float(edge.sum()) and on_white > _FAINT * on_black:
        return white
    return grey if float((weight * (luminance < _DARK)).sum()) > 0.05 * float(weight.sum()) else black

"""The page's colours, taken from the picture's palette and made readable.

Conventions: OKLCH after B. Ottosson, *A perceptual color space for image processing* (2020): lightness 0..1, chroma 0..0.5,
hue in degrees; contrast after WCAG 2.2 (1..21), 4.5 being what text needs. A palette only lends hue and chroma: lightness
is moved until the text can be read on its background. Knows nothing of the page's layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.scene import Swatch

__all__ = ["Theme", "contrast", "oklch_to_hex", "themes"]

READABLE = 4.6
"""A little over the 4.5 that WCAG asks of text."""
_DEFAULT_HUE, _DEFAULT_CHROMA = 255.0, 0.03
_HUES_APART = 40.0
_STEPS = (0.68, 0.55, 0.76, 0.62)
"""Lightness of the form's letters: in a grey picture they differ in nothing else."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of one appearance, all as #rrggbb. `materials` colours the form's letters, most important first."""

    paper: str
    card: str
    line: str
    ink: str
    soft: str
    accent: str
    on_accent: str
    tint: str
    good: str
    bad: str
    materials: tuple[str, ...]


def _linear(lightness: float, chroma: float, hue_degrees: float) -> tuple[float, float, float]:
    a, b = chroma * cos(radians(hue_degrees)), chroma * sin(radians(hue_degrees))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def oklch_to_hex(lightness: float, chroma: float, hue_degrees: float) -> str:
    """The screen colour; one that no screen can show gives up chroma, not lightness or hue."""
    while True:
        rgb = _linear(lightness, chroma, hue_degrees)
        if chroma <= 0 or all(-1e-4 <= part <= 1 + 1e-4 for part in rgb):
            break
        chroma = max(0.0, chroma - 0.005)
    clipped = [min(1.0, max(0.0, part)) for part in rgb]
    coded = [12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055 for part in clipped]
    return "#" + "".join(f"{round(255 * part):02x}" for part in coded)


def _luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast of two #rrggbb colours, 1 (none) to 21 (black on white)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _readable(lightness: float, chroma: float, hue: float, grounds: tuple[str, ...]) -> str:
    """The colour, moved away from its backgrounds until text in it can be read on all of them."""
    step = -0.01 if _luminance(grounds[0]) > 0.18 else 0.01
    colour = oklch_to_hex(lightness, chroma, hue)
    while 0.05 < lightness < 0.98 and min(contrast(colour, ground) for ground in grounds) < READABLE:
        lightness += step
        colour = oklch_to_hex(lightness, chroma, hue)
    return colour


def _leading(swatches: Sequence[Swatch]) -> list[tuple[float, float]]:
    """Chroma and hue of up to four clearly different hues, the most telling first."""
    ranked = sorted(swatches, key=lambda swatch: -(swatch.chroma * (swatch.share + 0.08)))
    hues: list[tuple[float, float]] = []
    for swatch in ranked:
        apart = all(abs((swatch.hue_degrees - hue + 180) % 360 - 180) >= _HUES_APART for _, hue in hues)
        if swatch.chroma >= 0.025 and apart:
            hues.append((swatch.chroma, swatch.hue_degrees))
    if not hues:
        hues = [(_DEFAULT_CHROMA if not swatches else 0.012, _DEFAULT_HUE)]
    chroma, hue = hues[0]
    for turn in (150, -80, 75):  # a picture of one colour still needs to tell A from B
        if len(hues) < 4:
            hues.append((chroma * 0.8, (hue + turn) % 360))
    return hues[:4]


def themes(swatches: Sequence[Swatch]) -> tuple[Theme, Theme]:
    """The light and the dark appearance for a picture's palette (which may be empty)."""
    hues = _leading(swatches)
    chroma, hue = hues[0]
    accent_chroma = min(0.15, max(chroma, 0.07 if chroma > 0.02 else chroma))
    faint = min(0.009, chroma / 8)
    paper, card = oklch_to_hex(0.978, faint, hue), oklch_to_hex(0.995, faint / 3, hue)
    tint = oklch_to_hex(0.94, min(0.03, chroma / 3), hue)
    light = Theme(
        paper=paper,
        card=card,
        line=oklch_to_hex(0.89, faint, hue),
        ink=oklch_to_hex(0.23, 2 * faint, hue),
        soft=_readable(0.5, 2 * faint, hue, (tint, paper)),
        accent=_readable(0.58, accent_chroma, hue, (tint, paper, card)),
        on_accent="#ffffff",
        tint=tint,
        good=_readable(0.5, 0.11, 150, (card, paper)),
        bad=_readable(0.52, 0.16, 28, (card, paper)),
        materials=tuple(oklch_to_hex(light, min(0.13, tone), angle) for light, (tone, angle) in zip(_STEPS, hues, strict=True)),
    )
    paper, card = oklch_to_hex(0.185, faint, hue), oklch_to_hex(0.225, faint, hue)
    tint = oklch_to_hex(0.29, min(0.035, chroma / 3), hue)
    dark = Theme(
        paper=paper,
        card=card,
        line=oklch_to_hex(0.34, faint, hue),
        ink=oklch_to_hex(0.94, faint, hue),
        soft=_readable(0.74, 1.5 * faint, hue, (tint, card)),
        accent=_readable(0.78, min(0.13, accent_chroma), hue, (tint, card, paper)),
        on_accent=oklch_to_hex(0.16, faint, hue),
        tint=tint,
        good=_readable(0.78, 0.12, 150, (card, paper)),
        bad=_readable(0.75, 0.13, 28, (card, paper)),
        materials=tuple(oklch_to_hex(light, min(0.12, tone), angle) for light, (tone, angle) in zip(_STEPS, hues, strict=True)),
    )
    return light, dark

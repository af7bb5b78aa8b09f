"""Colour and light as cues: lightness, contrast, saturation, colourfulness, warmth, and what colours alone suggest.

Lightness and chroma are OKLab's; brightness and saturation are HSV's, because the colour-emotion formulas use them.
Knows nothing of where things are (see `composition`) and of which colours there are (see `palette`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.perceivers.image.thumbnail import Array, Thumbnail, box_around, number_cue, pick_word

if TYPE_CHECKING:
    from img2music.scene import Box, Cue

__all__ = ["colour_cues", "colour_mood", "colourfulness", "warmth"]

_EXTREMELY_COLOURFUL = 109.0
"""Colourfulness that people call extreme (Hasler & Suesstrunk 2003)."""
_COLOURFUL_WORDS = (
    (15, "not colourful"),
    (33, "slightly colourful"),
    (45, "moderately colourful"),
    (59, "averagely colourful"),
    (82, "quite colourful"),
    (109, "highly colourful"),
    (999, "extremely colourful"),
)
"""The words of the same study, each up to where the next begins."""
_WARMEST_DEGREES = 50.0
"""Hue of the warmest colour (Ou, Luo, Woodcock & Wright 2004, "warm-cool"; their angle is CIELAB's, close to OKLab's there)."""
_GREY_CHROMA = 0.02

# Happy minus sad, halved (-1..1), of single colours: least squares on the 37 colours of Palmer, Schloss, Xu & Prado-León,
# PNAS 110 (2013) 8836, in OKLab (R² = .79; evals/studies/seeing/affect_oasis.py --berkeley fits it again).
_MOOD = {"one": -1.073, "lightness": 1.082, "a": 0.573, "b": -0.201, "chroma": 4.479}

_LIGHT_WORDS = (
    (0.25, "very dark"),
    (0.42, "dark"),
    (0.5, "rather dark"),
    (0.62, "of middle lightness"),
    (0.75, "bright"),
    (2, "very bright"),
)
_CONTRAST_WORDS = ((0.05, "hardly any contrast"), (0.13, "soft contrast"), (0.22, "clear contrast"), (9, "strong contrast"))
_CHROMA_WORDS = ((0.012, "without colour"), (0.04, "muted colours"), (0.09, "full colours"), (9, "saturated colours"))
_WARM_WORDS = ((-0.45, "cold"), (-0.15, "cool"), (0.15, "neither warm nor cool"), (0.45, "warm"), (9, "very warm"))
_MOOD_WORDS = (
    (-0.55, "colours that feel sad by themselves"),
    (-0.35, "rather sombre colours"),
    (-0.15, "colours of no strong mood"),
    (0.1, "rather cheerful colours"),
    (9, "happy colours"),
)


def colourfulness(rgb: Array) -> float:
    """Colourfulness M3 of Hasler & Suesstrunk, *Measuring colourfulness in natural images* (SPIE 5007, 2003).

    Takes screen values in 0..1 (height, width, 3); gives 0 (grey) to about 150, on their scale of values 0..255.
    """
    red, green, blue = (255.0 * rgb[..., channel] for channel in range(3))
    red_green, yellow_blue = red - green, 0.5 * (red + green) - blue
    spread = np.hypot(red_green.std(), yellow_blue.std())
    shift = np.hypot(red_green.mean(), yellow_blue.mean())
    return float(spread + 0.3 * shift)


def warmth(lab: Array) -> float:
    """-1 cold .. 1 warm: how far hues lean to orange, weighted by chroma; greys pull it to 0."""
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    angle = np.deg2rad(_WARMEST_DEGREES)
    lean = lab[..., 1] * np.cos(angle) + lab[..., 2] * np.sin(angle)
    return float(lean.sum() / (chroma.sum() + _GREY_CHROMA * chroma.size))


def colour_mood(lab: Array) -> float:
    """How happy (positive) or sad colours feel by themselves, about -1..1: the mean over all pixels of `_MOOD`."""
    lightness, a, b = lab[..., 0].mean(), lab[..., 1].mean(), lab[..., 2].mean()
    chroma = np.hypot(lab[..., 1], lab[..., 2]).mean()
    mood = _MOOD["one"] + _MOOD["lightness"] * lightness + _MOOD["a"] * a + _MOOD["b"] * b + _MOOD["chroma"] * chroma
    return float(np.clip(mood, -1, 1))


def colour_cues(view: Thumbnail) -> list[Cue]:
    """Cues of light and colour."""
    light, chroma = view.lightness, view.chroma
    brightness = view.rgb.max(axis=2)
    saturation = np.where(brightness > 0, 1 - view.rgb.min(axis=2) / np.maximum(brightness, 1e-9), 0)
    mean, contrast = float(light.mean()), float(light.std())
    third = len(light) // 3
    top_light = float(light[:third].mean() - light[-third:].mean())
    dark = float((light < 0.35).mean())
    m3 = colourfulness(view.rgb)
    warm, mood = warmth(view.lab), colour_mood(view.lab)
    place = "" if abs(top_light) < 0.08 else "lighter above than below" if top_light > 0 else "lighter below than above"
    full = pick_word(float(chroma.mean()), _CHROMA_WORDS)
    return [
        number_cue("lightness", mean, "0..1", pick_word(mean, _LIGHT_WORDS) + (place and f", {place}"), _extreme_box(view, mean)),
        number_cue("brightness", brightness.mean(), "0..1", f"brightest channel at {brightness.mean():.0%} on average"),
        number_cue("contrast", contrast, "0..0.5", pick_word(contrast, _CONTRAST_WORDS)),
        number_cue("dark_share", dark, "0..1", f"{dark:.0%} lies in the dark"),
        number_cue("top_light", top_light, "-1..1", place or "as light above as below"),
        number_cue("chroma", chroma.mean(), "0..0.33", full),
        number_cue("saturation", saturation.mean(), "0..1", f"{full}, {saturation.mean():.0%} saturated"),
        number_cue("colourfulness", min(1.0, m3 / _EXTREMELY_COLOURFUL), "0..1", pick_word(m3, _COLOURFUL_WORDS)),
        number_cue("warmth", warm, "-1..1", pick_word(warm, _WARM_WORDS)),
        number_cue("colour_mood", mood, "-1..1", pick_word(mood, _MOOD_WORDS)),
    ]


def _extreme_box(view: Thumbnail, mean: float) -> Box | None:
    """Where the light (or, in a dark picture, the dark) lies: the middle 80 % of its pixels; None where it is everywhere."""
    light = view.lightness
    wanted = light >= np.quantile(light, 0.8) if mean >= 0.42 else light <= np.quantile(light, 0.2)
    if light.std() < 0.03:
        return None
    rows, columns = np.nonzero(wanted)
    top, bottom = np.quantile((rows + 0.5) / light.shape[0], (0.1, 0.9))
    left, right = np.quantile((columns + 0.5) / light.shape[1], (0.1, 0.9))
    box = box_around(float(left), float(top), float(right), float(bottom))
    return box if box.width * box.height < 0.45 else None

"""Time of day, weather and season, each only where light and colour carry it; otherwise "unclear".

Measured on the small copy, helped by what was recognised where that is known. `night`, `low_sun` and `fog` are strengths
0..1; the words follow from them and from how sky, snow and leaves look. Thresholds are our choice, set so that few unrelated
photographs are named rather than that every sunset is.

Does not know: places indoors as such (they should come out "unclear"), rain, dusk in grey weather, blossom, other hemispheres'
calendars. Bright fire looks like a low sun to it, and a studio's black like night unless lights stand out in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from img2music.perceivers.image.thumbnail import Thumbnail, box_around, number_cue
from img2music.scene import Box, Cue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["Surroundings", "measure_surroundings", "surroundings_cues"]

_ENOUGH = 0.3  # content below which nothing is said
_SURE = 0.5  # strength from which night, low sun and fog are named
_RECOGNISED = 0.3  # share of the recogniser's probability from which a group counts
_OUTDOORS = ("sea", "freshwater", "mountain", "forest", "field", "desert", "snow", "volcano", "street", "bridge", "ruin")
_COVERED = ("sealife", "home", "kitchen", "office", "food", "drink", "stage", "clothing", "electronics", "household", "screen")
_LEAVES = ("forest", "field", "freshwater", "mountain", "plant")
_GREY = 0.004  # mean chroma below which a picture is black and white, and a white wall as likely as snow
_COOL = 0.25  # share of the picture that is tinted blue, from which a dark one may be a night sky
_UPPER = box_around(0, 0, 1, 0.34)
_Word = tuple[str, str, Box | None]
_UNCLEAR: _Word = ("unclear", "the light does not tell", None)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Measurements, shares of the picture 0..1 unless said; boxes where the thing was found."""

    dark: float
    lights: float
    """Bright pixels in a dark picture."""
    glow: float
    """Warm, bright, saturated pixels whose neighbours are so too."""
    glow_box: Box | None
    sky: float
    """Share of the upper third that is smooth and light or blue."""
    blue_sky: float
    """Share of the upper third that is smooth and clearly blue."""
    white: float
    """Light pixels in the lower half that lie unevenly and are grey or bluish, as snow is and a white wall is not."""
    white_box: Box | None
    green: float
    rust: float
    """Textured pixels of fresh green, and of orange and red-brown."""
    chroma: float
    contrast: float
    lightness: float
    top: float
    """Lightness of the upper third."""
    texture: float
    """Mean step of lightness from pixel to pixel."""
    warm: float
    """Share of the coloured pixels that are red to yellow."""
    cool: float
    """Pixels tinted blue to violet."""
    band: float
    """How much of the glow's rows the glow fills from side to side."""


def measure_surroundings(view: Thumbnail) -> Surroundings:
    """Measures the small copy."""
    light, chroma = view.lightness, view.chroma
    a, b = view.lab[..., 1], view.lab[..., 2]
    down, across = np.gradient(light)
    step = np.abs(down) + np.abs(across)
    third = max(1, len(light) // 3)
    smooth = step < 0.03
    upper = smooth[:third] & (light[:third] > 0.35)
    blue = (b < -0.03) & (a < 0.03)
    # Red to yellow: hue of 25 to 100 degrees.
    warm_hue = (b > 0.5 * a) & (a > -0.02) & (b > 0.06)
    coloured = chroma > 0.05
    glow = warm_hue & (light > 0.6) & (chroma > 0.1)
    green = (a < -0.05) & (b > 0.05) & (light > 0.35)
    rust = (a > 0.035) & (b > 0.045) & (light > 0.25) & (light < 0.72) & (chroma > 0.08)
    rough = step > 0.03
    lower = len(light) // 2
    snowy = (light > 0.7) & (light < 0.985) & (b < 0.004) & (a < 0.008) & (chroma < 0.05) & (step > 0.006)
    rows = glow.mean(axis=1)
    return Surroundings(
        dark=float((light < 0.3).mean()),
        lights=float((light > 0.75).mean()),
        glow=float(glow.mean()),
        glow_box=_box_of(glow),
        sky=float(upper.mean()),
        blue_sky=float((upper & blue[:third] & (chroma[:third] > 0.04)).mean()),
        white=float(snowy[lower:].mean()),
        white_box=_box_of(snowy & (np.arange(len(light)) >= lower)[:, None]),
        green=float((green & rough).mean()),
        rust=float((rust & rough).mean()),
        chroma=float(chroma.mean()),
        contrast=float(light.std()),
        lightness=float(light.mean()),
        top=float(light[:third].mean()),
        texture=float(step.mean()),
        warm=float((warm_hue & coloured).sum() / max(1, int(coloured.sum()))),
        cool=float((b < -0.015).mean()),
        band=float(rows.max()),
    )


def _box_of(mask: NDArray[np.bool_]) -> Box | None:
    """The middle 80 % of the pixels of a mask, None for hardly any."""
    if mask.mean() < 0.002:
        return None
    columns, rows = mask.sum(axis=0).cumsum(), mask.sum(axis=1).cumsum()
    left, right = np.searchsorted(columns, (0.1 * columns[-1], 0.9 * columns[-1]))
    top, bottom = np.searchsorted(rows, (0.1 * rows[-1], 0.9 * rows[-1]))
    return box_around(left / len(columns), top / len(rows), (right + 1) / len(columns), (bottom + 1) / len(rows))


def _ramp(value: float, none: float, full: float) -> float:
    """0 at `none`, 1 at `full`, straight between."""
    return min(1.0, max(0.0, (value - none) / (full - none)))


def surroundings_cues(view: Thumbnail, seen: Mapping[str, float]) -> list[Cue]:
    """`night`, `low_sun` and `fog` as numbers, then `time_of_day`, `weather` and `season` as words.

    `seen` holds recognised groups with their probability; it may be empty.
    """
    found = measure_surroundings(view)
    open_air = view.content >= _ENOUGH and not _recognised(seen, _COVERED)
    outdoors = open_air and _recognised(seen, _OUTDOORS)
    night = _night(found) * open_air * (1.0 if outdoors or found.cool > _COOL else 0.45)
    low_sun = _low_sun(found) * open_air * (0.3 if _recognised(seen, ("light_fire",)) else 1.0)
    fog = _fog(found) * open_air * (1.0 if outdoors else 0.45)
    hour = weather = _UNCLEAR
    season: _Word = ("unclear", "nothing tells the season", None)
    if open_air:
        snow = _snow(found, seen)
        hour = _hour(found, night, low_sun, outdoors)
        weather = snow or _weather(found, fog, low_sun, outdoors)
        season = ("winter", snow[1], snow[2]) if snow else _season(found, seen, low_sun)
    return [
        number_cue("night", night, "0..1", f"{found.dark:.0%} lies in the dark, {found.lights:.1%} is lit"),
        number_cue("low_sun", low_sun, "0..1", f"{found.glow:.0%} glows warm", found.glow_box if low_sun > 0 else None),
        number_cue("fog", fog, "0..1", f"contrast {found.contrast:.2f}, chroma {found.chroma:.3f}"),
        *(
            Cue(name=name, value=word, unit="word", text=text, box=box)
            for name, (word, text, box) in (("time_of_day", hour), ("weather", weather), ("season", season))
        ),
    ]


def _recognised(seen: Mapping[str, float], groups: tuple[str, ...]) -> bool:
    return any(seen.get(group, 0.0) >= _RECOGNISED for group in groups)


def _hour(found: Surroundings, night: float, low_sun: float, outdoors: bool) -> _Word:
    if low_sun >= _SURE and low_sun >= night:
        return "low sun", f"low sun: {found.glow:.0%} glows, {found.warm:.0%} of the colour is warm", found.glow_box
    if night >= _SURE:
        return "night", f"night: {found.dark:.0%} lies in the dark, {found.lights:.1%} is lit", None
    if outdoors and found.lightness < 0.38 and found.dark > 0.4 and found.sky > 0.3:
        return "dusk", f"dusk: {found.dark:.0%} lies in the dark under a lighter sky", _UPPER
    if found.blue_sky > 0.5 and found.top > 0.55:
        return "day", f"day: {found.blue_sky:.0%} of the upper third is blue sky", _UPPER
    if outdoors and found.lightness > 0.5 and low_sun < 0.2:
        return "day", f"day: outdoors, lightness {found.lightness:.2f}", None
    return _UNCLEAR


def _snow(found: Surroundings, seen: Mapping[str, float]) -> _Word | None:
    recognised = _recognised(seen, ("snow",))
    if recognised or (found.white > 0.5 and _GREY < found.chroma < 0.045 and found.warm < 0.12):
        return "snow", f"snow: {found.white:.0%} of the lower half is white and uneven", found.white_box
    return None


def _weather(found: Surroundings, fog: float, low_sun: float, outdoors: bool) -> _Word:
    heavy = found.sky > 0.4 and 0.3 < found.top < 0.52 and found.warm < 0.1 and found.texture < 0.04 and found.lights > 0.005
    if fog >= _SURE:
        return "fog", f"fog: contrast {found.contrast:.2f}, chroma {found.chroma:.3f}, light", None
    if heavy and (outdoors or (found.dark > 0.15 and found.lightness < 0.48 and found.chroma > 0.02)):
        return "storm", f"a heavy sky: smooth and dark (lightness {found.top:.2f})", _UPPER
    if found.blue_sky > 0.5 and found.top > 0.55:
        return "clear", f"clear: {found.blue_sky:.0%} of the upper third is blue sky", _UPPER
    if outdoors and found.sky > 0.6 and found.blue_sky < 0.05 and found.top > 0.6 and low_sun < 0.2:
        return "cloudy", f"cloudy: {found.sky:.0%} of the upper third is smooth, light and not blue", _UPPER
    return _UNCLEAR


def _season(found: Surroundings, seen: Mapping[str, float], low_sun: float) -> _Word:
    if _recognised(seen, _LEAVES) and found.rust > 0.2 and low_sun < _SURE:
        return "autumn", f"autumn: {found.rust:.0%} is rough and orange to red-brown", None
    if found.green > 0.3 and found.rust < 0.1:
        flowers = _recognised(seen, ("flower",))
        word = "spring" if flowers else "summer"
        return word, f"{word}: {found.green:.0%} is fresh green" + (", with flowers" if flowers else ""), None
    return "unclear", "nothing tells the season", None


def _night(found: Surroundings) -> float:
    """Most lies in the dark, the sky too, some lights stand out, and they are no large warm thing such as a face."""
    some_light = _ramp(found.lights, 0.0, 0.004) * _ramp(found.lights, 0.2, 0.1)
    return _ramp(found.dark, 0.35, 0.7) * _ramp(found.top, 0.45, 0.3) * some_light * _ramp(found.warm, 0.45, 0.25)


def _low_sun(found: Surroundings) -> float:
    """Something glows warm across the picture, over dark ground, and all is smoother than fire and wood are."""
    return (
        _ramp(found.glow, 0.03, 0.08)
        * _ramp(found.band, 0.35, 0.55)
        * _ramp(found.texture, 0.068, 0.056)
        * _ramp(found.dark, 0.05, 0.12)
        * _ramp(found.blue_sky, 0.4, 0.25)
    )


def _fog(found: Surroundings) -> float:
    """Light, soft, nearly without colour, and smooth above."""
    return (
        _ramp(found.contrast, 0.14, 0.09)
        * _ramp(found.chroma, 0.05, 0.03)
        * _ramp(found.sky, 0.5, 0.8)
        * _ramp(found.lightness, 0.5, 0.62)
        * _ramp(found.texture, 0.035, 0.025)
    )

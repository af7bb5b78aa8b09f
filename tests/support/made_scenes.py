"""Scenes made by hand, for tests of everything behind the eye."""

from __future__ import annotations

from typing import Any

import numpy as np

from img2music.scene import Box, Cue, MusicalAttributes, PictureInfo, Scene, Swatch


def make_scene(
    *,
    valence: float = 0.1857,  # music hears .3 and .1 (`crossmodal.affect.spread_affect`)
    arousal: float = 0.0484,
    mood: tuple[str, ...] = ("calm", "warm"),
    tempo_bpm: float = 90,
    key: str = "D",
    mode: str = "major",
    meter: str = "4/4",
    genre: str = "solo-piano",
    instruments: tuple[str, ...] = (),
    lightness: float = 0.6,
    line: int | None = 1,
) -> Scene:
    """A scene with every attribute set; `line` seeds its skyline and brightness profile, None makes them flat."""
    skyline: tuple[float, ...] = (0.5,) * 16
    profile: tuple[float, ...] = (0.5,) * 16
    if line is not None:
        chance = np.random.default_rng(line)
        walk = np.clip(np.cumsum(chance.normal(0, 0.18, 16)) + 0.5, 0, 1)
        skyline = tuple(round(float(value), 3) for value in walk)
        profile = tuple(round(float(value), 3) for value in chance.random(16))
    cues = (
        Cue(name="lightness", value=lightness, unit="0..1", text="rather bright"),
        Cue(
            name="skyline",
            value=skyline,
            unit="0..1, left to right",
            text="a line of hills",
            box=Box(x=0, y=0.2, width=1, height=0.3),
        ),
        Cue(name="brightness_profile", value=profile, unit="0..1, left to right", text="brighter on the right"),
    )
    blue = Swatch(
        name="colour_1",
        hex="#2a5c99",
        words="deep blue",
        lightness=0.47,
        chroma=0.11,
        hue_degrees=255.0,
        share=0.5,
        box=Box(x=0, y=0, width=1, height=0.5),
    )
    attributes: dict[str, Any] = {
        "valence": valence,
        "arousal": arousal,
        "mood": mood,
        "tempo_bpm": tempo_bpm,
        "key": key,
        "mode": mode,
        "meter": meter,
        "genre": genre,
        "instruments": instruments,
    }
    cited = {"key": ("colour_1",)}
    return Scene(
        picture=PictureInfo(file="hills.jpg", sha256="0" * 64, width=640, height=480, format="JPEG"),
        cues=cues,
        colours=(blue,),
        attributes=MusicalAttributes.model_validate(
            {
                name: {"value": value, "because": cited.get(name, ("lightness",)), "confidence": 0.3}
                for name, value in attributes.items()
            }
        ),
    )

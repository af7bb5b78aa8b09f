"""Pictures made for tests of the eye, and what it sees in them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from img2music.correspondences.evidence import TYPICAL, Evidence
from img2music.io.pictures import Picture, open_picture
from img2music.perceivers.offline import OfflinePerceiver
from img2music.resources import data
from img2music.scene import Cue, Scene

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def as_picture(rgb: Pixels) -> Picture:
    height, width = rgb.shape[:2]
    return Picture(np.ascontiguousarray(rgb), width, height, "made.png", "0" * 64, "PNG")


def see(rgb: Pixels) -> Scene:
    return OfflinePerceiver()(as_picture(rgb))


def plain(colour: tuple[int, int, int], height: int = 60, width: int = 80) -> Pixels:
    return np.full((height, width, 3), colour, np.uint8)


def noise(height: int = 120, width: int = 160, seed: int = 1) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def ramp(left: tuple[int, int, int], right: tuple[int, int, int], height: int = 90, width: int = 120) -> Pixels:
    steps = np.linspace(0, 1, width)[None, :, None]
    row = np.array(left) * (1 - steps) + np.array(right) * steps
    return np.repeat(np.round(row), height, axis=0).astype(np.uint8)


def landscape(horizon: float = 0.4, height: int = 90, width: int = 120) -> Pixels:
    picture = plain((150, 190, 240), height, width)
    picture[round(horizon * height) :] = (60, 90, 30)
    return picture


@cache
def examples() -> dict[str, Scene]:
    eye = OfflinePerceiver()
    with_pictures = sorted(entry.name for entry in data("demo/examples").iterdir() if entry.name.endswith(".jpg"))
    return {name: eye(open_picture(Path(str(data("demo/examples").joinpath(name))))) for name in with_pictures}


def typical(**changed: float) -> Evidence:
    """The evidence of an ordinary photograph, with some cues moved by so many standard deviations."""
    values = {name: mean + changed.get(name, 0) * deviation for name, (mean, deviation) in TYPICAL.items()}
    return Evidence([Cue(name=name, value=float(value), unit="", text="") for name, value in values.items()], (), 1.0)

"""Pictures made for tests of the eye, and what it sees in them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from img2music.crossmodal.cue_evidence import TYPICAL, CueEvidence
from img2music.io.pictures import Picture, open_picture
from img2music.perceivers.offline import OfflinePerceiver
from img2music.resources import data_folder
from img2music.scene import Cue, Scene

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def as_picture(rgb: Pixels) -> Picture:
    """Pixels as if they had been opened."""
    height, width = rgb.shape[:2]
    return Picture(np.ascontiguousarray(rgb), width, height, "made.png", "0" * 64, "PNG")


def see_pixels(rgb: Pixels) -> Scene:
    """What the offline eye sees in pixels."""
    return OfflinePerceiver()(as_picture(rgb))


def plain_colour(colour: tuple[int, int, int], height: int = 60, width: int = 80) -> Pixels:
    """One colour all over."""
    return np.full((height, width, 3), colour, np.uint8)


def noise(height: int = 120, width: int = 160, seed: int = 1) -> Pixels:
    """Random pixels."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def ramp(left: tuple[int, int, int], right: tuple[int, int, int], height: int = 90, width: int = 120) -> Pixels:
    """From one colour at the left to another at the right."""
    steps = np.linspace(0, 1, width)[None, :, None]
    row = np.array(left) * (1 - steps) + np.array(right) * steps
    return np.repeat(np.round(row), height, axis=0).astype(np.uint8)


def landscape(horizon: float = 0.4, height: int = 90, width: int = 120) -> Pixels:
    """A light sky over dark ground."""
    picture = plain_colour((150, 190, 240), height, width)
    picture[round(horizon * height) :] = (60, 90, 30)
    return picture


def _drawn(width: int, height: int, ground: tuple[int, int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (width, height), ground)
    return image, ImageDraw.Draw(image)


def _letters(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(data_folder("assets").joinpath("DejaVuSerifCondensed.ttf")), size)


def text_page() -> Pixels:
    """A page of text."""
    image, pen = _drawn(600, 760, (250, 250, 247))
    words = "It was the best of times, it was the worst of times, it was the age of wisdom"
    for line in range(24):
        pen.text((50, 50 + 27 * line), words[line % 5 : 60 + line % 7], fill=(25, 25, 30), font=_letters(18))
    return np.array(image)


def program_window() -> Pixels:
    """A program's window: bars, boxes and a little text."""
    image, pen = _drawn(760, 480, (230, 233, 238))
    pen.rectangle((0, 0, 760, 40), fill=(40, 80, 150))
    pen.rectangle((0, 40, 150, 480), fill=(200, 205, 215))
    for row in range(2):
        for column in range(3):
            left, top = 170 + 195 * column, 60 + 205 * row
            pen.rectangle((left, top, left + 180, top + 190), fill=(246, 246, 246), outline=(120, 125, 130))
            pen.rectangle((left + 12, top + 12, left + 70, top + 70), fill=(200, 90 + 50 * column, 60))
            pen.text((left + 80, top + 15), "the age", fill=(40, 40, 50), font=_letters(16))
    return np.array(image)


def drawing() -> Pixels:
    """Flat coloured shapes with outlines."""
    image, pen = _drawn(600, 450, (120, 190, 230))
    pen.ellipse((430, 30, 540, 140), fill=(245, 210, 60), outline=(20, 20, 20), width=4)
    pen.polygon([(0, 450), (150, 190), (330, 450)], fill=(90, 130, 70), outline=(20, 20, 20))
    pen.polygon([(250, 450), (420, 250), (600, 450)], fill=(150, 100, 60), outline=(20, 20, 20))
    return np.array(image)


def silhouette() -> Pixels:
    """A black figure on white."""
    image, pen = _drawn(300, 300, (255, 255, 255))
    pen.ellipse((120, 40, 180, 100), fill=0)
    pen.polygon([(150, 90), (90, 280), (130, 280), (150, 200), (170, 280), (210, 280)], fill=0)
    return np.array(image)


def example_pictures() -> list[Picture]:
    """The photographs that come with img2music, opened."""
    folder = Path(str(data_folder("demo/examples")))
    return [open_picture(path) for path in sorted(folder.glob("*.jpg"))]


@cache
def example_scenes() -> dict[str, Scene]:
    """What the offline eye sees in them, by file name."""
    eye = OfflinePerceiver()
    with_pictures = sorted(entry.name for entry in data_folder("demo/examples").iterdir() if entry.name.endswith(".jpg"))
    return {name: eye(open_picture(Path(str(data_folder("demo/examples").joinpath(name))))) for name in with_pictures}


def evidence_with(**values: float) -> CueEvidence:
    """An ordinary photograph about which the eye says this besides."""
    made = typical_evidence()
    return CueEvidence(
        [Cue(name=name, value=float(value), unit="", text="") for name, value in {**made.values, **values}.items()], (), 1.0
    )


def typical_evidence(**changed: float) -> CueEvidence:
    """The evidence of an ordinary photograph, with some cues moved by so many standard deviations."""
    values = {name: mean + changed.get(name, 0) * deviation for name, (mean, deviation) in TYPICAL.items()}
    return CueEvidence([Cue(name=name, value=float(value), unit="", text="") for name, value in values.items()], (), 1.0)

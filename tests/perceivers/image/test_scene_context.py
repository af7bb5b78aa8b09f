"""What kind of picture it is, and the time of day, the weather and the season: said where they show, unclear elsewhere."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from img2music.perceivers.image.image_type import kind_cues
from img2music.perceivers.image.scene_context import surroundings_cues
from img2music.perceivers.image.thumbnail import make_thumbnail
from img2music.scene import Cue
from tests.support.made_pictures import (
    Pixels,
    as_picture,
    drawing,
    example_pictures,
    landscape,
    noise,
    plain_colour,
    program_window,
    silhouette,
    text_page,
)


def _kind(rgb: Pixels) -> str:
    picture = as_picture(rgb)
    return str({cue.name: cue.value for cue in kind_cues(make_thumbnail(picture), picture)}["picture_kind"])


def _around(rgb: Pixels, **seen: float) -> dict[str, Cue]:
    return {cue.name: cue for cue in surroundings_cues(make_thumbnail(as_picture(rgb)), seen)}


def _jpeg(rgb: Pixels, quality: int = 75) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as image:
        return np.array(image)


@pytest.mark.parametrize("jpeg", [False, True])
@pytest.mark.parametrize(
    ("make", "word"), [(text_page, "text"), (program_window, "screenshot"), (drawing, "drawing"), (silhouette, "silhouette")]
)
def test_kinds_of_pictures(make: object, word: str, jpeg: bool) -> None:
    assert callable(make)
    rgb = make()
    assert _kind(_jpeg(rgb) if jpeg else rgb) == word


def test_the_examples_are_photographs() -> None:
    assert {_kind(picture.rgb) for picture in example_pictures()} == {"photograph"}


@pytest.mark.parametrize(
    "rgb",
    [
        plain_colour((200, 30, 30)),
        plain_colour((255, 255, 255), 1, 1),
        plain_colour((0, 0, 0), 1, 1),
        noise(),
        noise(400, 600),
        noise(8, 12000)[:, :768],
    ],
)
def test_nothing_to_see_is_plain_and_unclear(rgb: Pixels) -> None:
    assert _kind(rgb) == "plain"
    seen = _around(rgb, snow=0.9, sea=0.9)
    assert {seen[name].value for name in ("time_of_day", "weather", "season")} == {"unclear"}
    assert {seen[name].value for name in ("night", "low_sun", "fog")} == {0.0}


def _over(top: tuple[int, int, int], bottom: tuple[int, int, int], grain: int = 4, horizon: float = 0.6) -> Pixels:
    rgb = plain_colour(top, 120, 160).astype(int)
    rgb[round(120 * horizon) :] = bottom
    blades = np.random.default_rng(2).integers(-grain, grain + 1, (15, 80, 1)).repeat(8, axis=0).repeat(2, axis=1)
    return np.clip(rgb + blades, 0, 255).astype(np.uint8)


def test_low_sun() -> None:
    rgb = _over((150, 60, 20), (25, 15, 12))
    rgb[48:72] = (245, 160, 50)
    seen = _around(rgb)
    assert seen["time_of_day"].value == "low sun"
    box = seen["low_sun"].box
    assert box is not None
    assert box.y < 0.5 < box.y + box.height
    assert _around(rgb, light_fire=0.8)["time_of_day"].value != "low sun"
    assert _around(rgb, food=0.8)["time_of_day"].value == "unclear"


def test_night_needs_lights_and_a_night_sky() -> None:
    rgb = _over((8, 12, 40), (6, 6, 14))
    assert _around(rgb)["time_of_day"].value != "night"
    rgb[80:84, ::16] = 250
    seen = _around(rgb)
    assert seen["time_of_day"].value == "night"
    assert "%" in seen["night"].text
    assert _around(rgb, home=0.8)["time_of_day"].value == "unclear"


def test_a_clear_day_snow_and_green() -> None:
    seen = _around(landscape())
    assert (seen["time_of_day"].value, seen["weather"].value) == ("day", "clear")
    snow = _around(_over((150, 170, 200), (215, 222, 232), 12, 0.4))
    assert (snow["weather"].value, snow["season"].value) == ("snow", "winter")
    assert snow["season"].box is not None
    wall = _over((215, 215, 215), (215, 215, 215), 25)
    assert _around(wall)["weather"].value == "unclear"
    assert _around(wall, snow=0.6)["weather"].value == "snow"
    meadow = _over((70, 150, 40), (70, 150, 40), 40)
    assert _around(meadow)["season"].value == "summer"
    assert _around(meadow, flower=0.6)["season"].value == "spring"
    leaves = _over((190, 80, 20), (190, 80, 20), 40)
    assert _around(leaves)["season"].value == "unclear"
    assert _around(leaves, forest=0.6)["season"].value == "autumn"


def test_fog_is_said_outdoors_only() -> None:
    rgb = _over((190, 192, 195), (150, 153, 156), 2)
    assert _around(rgb, mountain=0.5)["weather"].value == "fog"
    assert _around(rgb)["weather"].value == "unclear"

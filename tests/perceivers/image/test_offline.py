"""The offline eye: reference values of its measurements, what it reads from made pictures, and the ten example pictures."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from img2music.crossmodal.cue_evidence import TYPICAL
from img2music.errors import UsageError
from img2music.io.colour.oklab import oklab_from_linear, oklab_from_srgb, srgb_from_oklab
from img2music.io.pictures import open_picture
from img2music.perceivers.image.colour_cues import colour_mood, colourfulness
from img2music.perceivers.image.palette import colour_words
from img2music.perceivers.offline import OfflinePerceiver
from img2music.resources import data_folder
from img2music.scene import Scene
from img2music.stages import load_stage
from img2music.theory import Key
from tests.support.made_pictures import (
    as_picture,
    example_scenes,
    landscape,
    noise,
    plain_colour,
    ramp,
    see_pixels,
    typical_evidence,
)

# ---------------------------------------------------------------- reference values from outside


def test_oklab_against_the_authors_table() -> None:
    # B. Ottosson's table of XYZ and OKLab pairs, rounded to three places there.
    linear_from_xyz = np.linalg.inv(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    xyz = np.array([[0.950, 1.000, 1.089], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    table = [[1.000, 0.000, 0.000], [0.450, 1.236, -0.019], [0.922, -0.671, 0.263], [0.153, -1.415, -0.449]]
    np.testing.assert_allclose(oklab_from_linear(xyz @ linear_from_xyz.T), table, atol=2e-3)


@pytest.mark.parametrize(
    ("srgb", "oklab"),
    [  # from the examples of CSS Color Module Level 4
        ((1, 0, 0), (0.62796, 0.22486, 0.12585)),
        ((0, 1, 0), (0.86644, -0.23389, 0.17950)),
        ((0, 0, 1), (0.45201, -0.03246, -0.31153)),
        ((1, 1, 1), (1, 0, 0)),
    ],
)
def test_oklab_of_screen_colours(srgb: tuple[float, ...], oklab: tuple[float, ...]) -> None:
    found = oklab_from_srgb(np.array([srgb], dtype=float))
    np.testing.assert_allclose(found[0], oklab, atol=2e-4)
    np.testing.assert_allclose(srgb_from_oklab(found)[0], srgb, atol=2e-3)


def test_colourfulness_against_its_definition() -> None:
    # Hasler & Suesstrunk 2003: M3 = sigma_rgyb + 0.3 mu_rgyb with rg = R - G and yb = (R + G) / 2 - B.
    red = np.zeros((4, 4, 3))
    red[..., 0] = 1
    assert colourfulness(red) == pytest.approx(0.3 * math.hypot(255, 127.5))
    half = red.copy()
    half[:, 2:] = (0, 0, 1)  # blue: rg 0, yb -255
    sigma = math.hypot(127.5, 191.25)  # rg is 255 and 0, yb is 127.5 and -255
    assert colourfulness(half) == pytest.approx(sigma + 0.3 * math.hypot(127.5, 63.75))
    assert colourfulness(np.full((4, 4, 3), 0.4)) == pytest.approx(0)


@pytest.mark.parametrize(
    ("colour", "people"),
    [  # (happy - sad) / 2 of Palmer et al. 2013, of their saturated yellow, dark grey, black, light red
        ((0.921, -0.027, 0.184), 0.815),
        ((0.474, 0.0, -0.001), -0.657),
        ((0.137, 0.0, 0.0), -0.478),
        ((0.767, 0.095, 0.043), 0.361),
    ],
)
def test_mood_of_single_colours(colour: tuple[float, ...], people: float) -> None:
    read = colour_mood(np.array([[colour]]))
    assert abs(read - people) < 0.5
    assert np.sign(read) == np.sign(people)


def test_typical_photographs_stand_at_zero() -> None:
    evidence = typical_evidence()
    assert all(evidence.z(name) == pytest.approx(0) for name in TYPICAL)
    assert evidence.lean("contrast") == 0
    evidence.values["contrast"] = 5.0
    assert evidence.lean("contrast") == 1
    assert evidence.z("contrast") == 4


# ---------------------------------------------------------------- cues of made pictures


def test_a_mirrored_picture_mirrors_profile_skyline_and_weight() -> None:
    rng = np.random.default_rng(5)
    picture = landscape(0.5, 96, 160)
    for column in range(160):
        picture[48 - int(30 * column / 160) :, column] = (50, 60, 40)
    picture[60:80, 120:150] = (240, 60, 20)
    picture = np.clip(picture.astype(int) + rng.integers(-4, 5, picture.shape), 0, 255).astype(np.uint8)
    scene, mirrored = see_pixels(picture), see_pixels(picture[:, ::-1])
    for curve in ("brightness_profile", "skyline"):
        assert max(scene.curve(curve)) - min(scene.curve(curve)) > 0.04
        np.testing.assert_allclose(scene.curve(curve)[::-1], mirrored.curve(curve), atol=2e-3)
    assert scene.number("weight_x", 0) > 0.51
    assert scene.number("weight_x", 0) + mirrored.number("weight_x", 0) == pytest.approx(1, abs=1e-3)
    for name in ("lightness", "weight_y", "symmetry", "edges_vertical", "horizon", "focus"):
        assert scene.number(name, -1) == pytest.approx(mirrored.number(name, -2), abs=2e-3)
    assert scene.number("skyline", -1) == -1  # a curve is no number


def test_the_brightness_profile_follows_the_light() -> None:
    profile = see_pixels(ramp((0, 0, 0), (255, 255, 255))).curve("brightness_profile")
    assert len(profile) == 16
    assert list(profile) == sorted(profile)
    assert profile[0] < 0.15
    assert profile[-1] > 0.95


@pytest.mark.parametrize("row", [0.25, 0.4, 0.7])
def test_a_horizon_is_found(row: float) -> None:
    scene = see_pixels(landscape(row))
    assert scene.number("horizon", 0) == pytest.approx(row, abs=0.02)
    assert scene.number("horizon_strength", 0) > 0.9
    cue = scene.cue("horizon")
    assert cue is not None
    assert cue.box is not None
    assert cue.box.y < row < cue.box.y + cue.box.height
    assert cue.box.width == 1


def test_a_mountain_is_the_skyline() -> None:
    picture = plain_colour((170, 200, 250), 96, 160)
    for column in range(160):
        picture[round(80 - 60 * (1 - abs(column - 80) / 80)) :, column] = (40, 40, 50)
    found = np.array(see_pixels(picture).curve("skyline"))
    places = (np.arange(16) + 0.5) / 16
    true = 1 - (80 - 60 * (1 - np.abs(places * 160 - 80) / 80)) / 96
    np.testing.assert_allclose(found, true, atol=0.06)


def test_weight_lies_on_what_stands_out() -> None:
    picture = plain_colour((90, 90, 95), 90, 120)
    picture[15:35, 85:110] = (240, 120, 20)
    scene = see_pixels(picture)
    assert scene.number("weight_x", 0) == pytest.approx(97.5 / 120, abs=0.05)
    assert scene.number("weight_y", 0) == pytest.approx(25 / 90, abs=0.05)
    assert scene.number("focus", 0) > 0.8
    cue = scene.cue("focus")
    assert cue is not None
    assert cue.box is not None
    assert cue.box.x < 97.5 / 120 < cue.box.x + cue.box.width


def test_edges_have_a_direction() -> None:
    upright = (np.arange(160) // 8 % 2 * 255).astype(np.uint8)[None, :, None].repeat(120, axis=0).repeat(3, axis=2)
    level = upright.transpose(1, 0, 2)
    y, x = np.mgrid[0:120, 0:160]
    slanted = ((x + y) // 8 % 2 * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    for picture, word in ((upright, "vertical"), (level, "horizontal"), (slanted, "diagonal")):
        scene = see_pixels(picture)
        cue = scene.cue("edge_direction")
        assert cue is not None
        assert cue.value == word
        assert scene.number(f"edges_{word}", 0) > 0.8
        assert scene.number("edge_order", 0) > 0.5
    assert see_pixels(noise()).number("edge_order", 1) < 0.05


def test_symmetry_warmth_and_light_above() -> None:
    left = noise(80, 40)
    assert see_pixels(np.concatenate([left, left[:, ::-1]], axis=1)).number("symmetry", 0) == pytest.approx(1, abs=0.01)
    assert see_pixels(noise(80, 80)).number("symmetry", 1) < 0.2
    assert see_pixels(plain_colour((255, 140, 30))).number("warmth", 0) > 0.7
    assert see_pixels(plain_colour((40, 90, 220))).number("warmth", 0) < -0.7
    assert see_pixels(plain_colour((128, 128, 128))).number("warmth", 1) == pytest.approx(0, abs=0.01)
    assert see_pixels(landscape()).number("top_light", 0) > 0.2
    assert see_pixels(landscape()[::-1]).number("top_light", 0) < -0.2


def test_colours_have_shares_places_and_names() -> None:
    picture = plain_colour((20, 60, 140), 80, 100)
    picture[:, 75:] = (230, 120, 30)
    colours = see_pixels(picture).colours
    assert [colour.name for colour in colours] == ["colour_1", "colour_2"]
    blue, orange = colours
    assert blue.share == pytest.approx(0.75)
    assert orange.share == pytest.approx(0.25)
    assert (blue.hex, orange.hex) == ("#143c8c", "#e6781e")
    assert "blue" in blue.words
    assert "orange" in orange.words
    assert orange.box.x >= 0.75
    assert blue.box.x + blue.box.width <= 0.75


@pytest.mark.parametrize(
    ("hexcode", "words"),
    [
        ("#000000", "black"),
        ("#ffffff", "white"),
        ("#808080", "grey"),
        ("#ff0000", "vivid red"),
        ("#1c3a78", "deep blue"),
        ("#6b4423", "brown"),
        ("#ffc0cb", "pink"),
        ("#2e8b57", "green"),
        ("#dae5f2", "pale blue"),
        ("#ffd700", "golden yellow"),
    ],
)
def test_names_of_colours(hexcode: str, words: str) -> None:
    rgb = np.array([[int(hexcode[place : place + 2], 16) / 255 for place in (1, 3, 5)]])
    lightness, a, b = oklab_from_srgb(rgb)[0]
    assert words in colour_words(float(lightness), math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360)


@settings(max_examples=80, deadline=None)
@given(
    height=st.integers(1, 50),
    width=st.integers(1, 50),
    seed=st.integers(0, 10**6),
    levels=st.sampled_from([1, 2, 3, 256]),
    stretch=st.sampled_from([1, 1, 7]),
)
def test_every_picture_gives_a_valid_scene(height: int, width: int, seed: int, levels: int, stretch: int) -> None:
    rng = np.random.default_rng(seed)
    rgb = (
        (rng.integers(0, levels, (height, width, 3)) * (255 // max(1, levels - 1)))
        .astype(np.uint8)
        .repeat(stretch, axis=seed % 2)
    )
    scene = see_pixels(rgb)
    for cue in scene.cues:
        values = cue.value if isinstance(cue.value, tuple) else (cue.value,) if isinstance(cue.value, float) else ()
        assert all(math.isfinite(value) for value in values)
        limits = re.search(r"(-?[\d.]+?)\.\.([\d.]+)", cue.unit)
        if limits:
            low, high = float(limits[1]), float(limits[2])
            assert all(low <= value <= high for value in values), cue
    assert len({cue.name for cue in scene.cues}) == len(scene.cues)
    assert 1 <= len(scene.colours) <= 6
    assert sum(colour.share for colour in scene.colours) == pytest.approx(1, abs=1e-3)
    assert [colour.share for colour in scene.colours] == sorted((colour.share for colour in scene.colours), reverse=True)
    assert set(TYPICAL) <= {cue.name for cue in scene.cues}
    assert Scene.model_validate_json(scene.model_dump_json()) == scene
    assert 54 <= scene.attributes.tempo_bpm.value <= 168
    assert abs(Key.parse(f"{scene.attributes.key.value} {scene.attributes.mode.value}").signature) <= 4
    for attribute in (scene.attributes.genre, scene.attributes.tempo_bpm, scene.attributes.mode, scene.attributes.key):
        assert attribute.because
        assert attribute.confidence <= 0.6


# ---------------------------------------------------------------- the ten example pictures


def test_ten_pictures_become_ten_different_scenes() -> None:
    scenes = example_scenes()
    assert len(scenes) == 10
    seen = {name: scene.attributes for name, scene in scenes.items()}
    frames = [
        (a.tempo_bpm.value, a.key.value, a.mode.value, a.meter.value, a.genre.value, a.instruments.value) for a in seen.values()
    ]
    assert len(set(frames)) == 10
    assert len({a.genre.value for a in seen.values()}) >= 7
    bands = Counter((a.meter.value, a.mode.value, int(a.tempo_bpm.value // 20)) for a in seen.values())
    assert max(bands.values()) <= 4
    assert len({scene.curve("brightness_profile") for scene in scenes.values()}) == 10
    tempos = [a.tempo_bpm.value for a in seen.values()]
    assert max(tempos) - min(tempos) > 35
    assert len({a.mood.value for a in seen.values()}) == 10


def test_the_ten_pictures_are_read_as_a_person_would() -> None:
    seen = {name.removesuffix(".jpg"): scene.attributes for name, scene in example_scenes().items()}
    assert seen["cat"].valence.value > seen["astronaut"].valence.value > seen["moon"].valence.value
    assert seen["flower"].valence.value > seen["rocket"].valence.value
    assert seen["grass"].arousal.value < seen["cat"].arousal.value < seen["astronaut"].arousal.value
    assert "warm" in seen["cat"].mood.value
    assert "dark" in seen["galaxies"].mood.value
    assert seen["galaxies"].mode.value in {"minor", "phrygian", "dorian"}
    assert seen["coffee"].mode.value in {"major", "mixolydian"}
    scenes = example_scenes()
    assert "blue" in scenes["rocket.jpg"].colours[0].words
    assert any("orange" in colour.words or "amber" in colour.words for colour in scenes["flower.jpg"].colours)
    assert scenes["flower.jpg"].number("focus", 0) == max(scene.number("focus", 0) for scene in scenes.values())
    skyline = scenes["temple.jpg"].curve("skyline")
    assert max(skyline[4:8]) > max(skyline[9:13]) + 0.2, "the roof stands above the lake"


def test_example_pictures_are_small_and_carry_no_metadata() -> None:
    files = [Path(str(entry)) for entry in data_folder("demo/examples").iterdir() if entry.name.endswith(".jpg")]
    assert sum(file.stat().st_size for file in files) < 1_200_000
    readme = data_folder("demo/examples").joinpath("README.md").read_text(encoding="utf-8")
    for file in files:
        assert f"`{file.name}`" in readme
        with Image.open(file) as image:
            assert image.format == "JPEG"
            assert max(image.size) <= 640
            assert not image.getexif()


# ---------------------------------------------------------------- the stage


def test_exif_orientation_gives_the_scene_of_the_upright_picture(tmp_path: Path) -> None:
    with Image.open(Path(str(data_folder("demo/examples").joinpath("temple.jpg")))) as image:
        upright = image.copy()
    upright.save(tmp_path / "upright.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    one, other = (OfflinePerceiver()(open_picture(tmp_path / name)) for name in ("upright.png", "turned.png"))
    assert other.picture.notes == ("turned upright as its EXIF data says",)
    assert one.model_dump(exclude={"picture"}) == other.model_dump(exclude={"picture"})
    assert (other.picture.width, other.picture.height) == (640, 427)


def test_the_same_picture_gives_the_same_bytes() -> None:
    path = Path(str(data_folder("demo/examples").joinpath("coffee.jpg")))
    here = OfflinePerceiver()(open_picture(path)).model_dump_json()
    assert here == OfflinePerceiver()(open_picture(path)).model_dump_json()
    program = (
        "import sys; from img2music.io.pictures import open_picture; from img2music.perceivers.offline import OfflinePerceiver;"
        "sys.stdout.write(OfflinePerceiver()(open_picture(sys.argv[1])).model_dump_json())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": os.pathsep.join(sys.path)}
    there = subprocess.run(
        [sys.executable, "-c", program, str(path)], env=environment, check=True, capture_output=True, text=True
    )
    assert there.stdout == here


def test_it_is_a_stage() -> None:
    eye = load_stage("perceiver", "offline")
    picture = as_picture(landscape())
    scene = eye(replace(picture, notes=("first of 2 frames",)))
    assert isinstance(scene, Scene)
    assert scene.picture.notes == ("first of 2 frames",)
    assert scene.picture.file == "made.png"
    with pytest.raises(UsageError, match="does not take these options"):
        load_stage("perceiver", "offline", {"detail": 3})

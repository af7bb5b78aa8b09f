"""What the eye recognises and feels: on the example pictures, on made ones, and on what is nothing."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from img2music.crossmodal.affect import MEANS
from img2music.io.pictures import Picture, open_picture
from img2music.perceivers.image.affect_regression import AffectInputs, affect_inputs, load_affect_regression, predict_affect
from img2music.perceivers.image.recognition import FAMILIES, group_shares, image_classes, recognition_cues, run_classifiers
from img2music.perceivers.offline import OfflinePerceiver
from img2music.resources import data_folder
from tests.support.made_pictures import as_picture, example_scenes, noise, plain_colour, see_pixels


def example(name: str) -> Picture:
    return open_picture(str(data_folder("demo/examples").joinpath(name)))


def test_the_table_of_classes_is_whole() -> None:
    table = image_classes()
    assert len(table.names) == 1000
    assert table.traits.shape == (1000, 9)
    assert np.abs(table.traits[:, :2]).max() <= 1
    assert (table.traits[:, 2:] >= 0).all()
    assert (table.traits[:, 2:] <= 1).all()
    assert 40 <= len(table.groups) <= 60
    assert {group for family in FAMILIES for group in family} <= {*table.groups, "forest", "desert"}
    # What the names say: a daisy is a flower, a seashore the sea, a rifle a weapon.
    by_name = {name.lower(): table.groups[group] for name, group in zip(table.names, table.leading, strict=True)}
    assert by_name["daisy"] == "flower"
    assert by_name["volcano"] == "volcano"
    assert by_name["assault rifle"] == "weapon"


@pytest.mark.parametrize(
    ("name", "subject"), [("cat.jpg", "pet"), ("coffee.jpg", "drink"), ("temple.jpg", "ruin"), ("astronaut.jpg", "person")]
)
def test_it_names_what_it_knows_and_where_it_is(name: str, subject: str) -> None:
    scene = example_scenes()[name]
    cue = scene.cue("subject")
    assert cue is not None
    assert cue.value == subject
    assert scene.number(f"sees_{subject}", 0) >= 0.3
    assert cue.box is not None
    assert 0.03 < cue.box.width * cue.box.height < 0.9


@pytest.mark.parametrize("name", ["moon.jpg", "galaxies.jpg", "grass.jpg", "flower.jpg", "rocket.jpg"])
def test_it_says_so_where_it_is_not_sure(name: str) -> None:
    scene = example_scenes()[name]
    cue = scene.cue("subject")
    assert cue is not None
    assert cue.value == "not sure"
    assert "not sure" in cue.text
    assert not [cue for cue in scene.cues if cue.name.startswith("sees_")]


def test_the_place_follows_the_thing() -> None:
    cat = example("cat.jpg").rgb
    wall = np.full((cat.shape[0], cat.shape[1], 3), 128, np.uint8)
    for columns, side in (((cat, wall), "left"), ((wall, cat), "right")):
        cues = {cue.name: cue for cue in recognition_cues(run_classifiers(np.hstack(columns)))}
        box = cues["sees_pet"].box
        assert box is not None
        assert (box.x + box.width / 2 < 0.5) == (side == "left")


def test_shares_are_probabilities() -> None:
    seen = run_classifiers(example("coffee.jpg").rgb)
    assert seen.shares().sum() == pytest.approx(1)
    assert sum(group_shares(seen).values()) == pytest.approx(1)
    assert list(group_shares(seen).values()) == sorted(group_shares(seen).values(), reverse=True)
    np.testing.assert_allclose(seen.cells.mean(axis=(1, 2)), seen.logits[0], atol=1e-3)


def test_people_are_likely_where_a_face_is() -> None:
    assert example_scenes()["astronaut.jpg"].number("people", 0) > 0.9
    assert example_scenes()["moon.jpg"].number("people", 1) < 0.5


def test_what_is_like_nothing_known_feels_as_the_mean_with_more_spread() -> None:
    seen = run_classifiers(example("cat.jpg").rgb)
    known = affect_inputs(seen, {})
    far = AffectInputs(
        known.features + 50,
        known.traits * 0 + load_affect_regression().centre.traits,
        load_affect_regression().centre.colours,
        known.faces,
    )
    assert predict_affect(far).valence == pytest.approx(load_affect_regression().mean[0], abs=0.1)
    assert predict_affect(far).spread > predict_affect(known).spread
    assert tuple(load_affect_regression().mean) == pytest.approx(MEANS, abs=0.15)


@pytest.mark.parametrize("name", ["cat.jpg", "coffee.jpg", "temple.jpg", "moon.jpg"])
def test_small_changes_of_a_picture_change_little(name: str) -> None:
    picture = example(name)
    whole = OfflinePerceiver()(picture).attributes
    image = Image.fromarray(picture.rgb)
    packed = BytesIO()
    image.save(packed, "JPEG", quality=60)
    smaller = np.asarray(image.resize((image.width * 3 // 5, image.height * 3 // 5), Image.Resampling.LANCZOS))
    for rgb in (smaller, np.asarray(Image.open(packed))):
        other = OfflinePerceiver()(replace(picture, rgb=rgb)).attributes
        assert abs(other.valence.value - whole.valence.value) < 0.1
        assert abs(other.arousal.value - whole.arousal.value) < 0.1


def test_nothing_to_see_is_neutral_and_unsure() -> None:
    nothing = (
        plain_colour((128, 128, 128)),
        plain_colour((0, 0, 0), 1, 1),
        noise(200, 200),
        plain_colour((255, 255, 255), 5, 700),
    )
    for rgb in nothing:
        scene = see_pixels(rgb)
        subject = scene.cue("subject")
        assert subject is not None
        assert subject.value == "not sure"
        assert scene.attributes.valence.confidence <= 0.3
        assert abs(scene.attributes.valence.value) <= 0.5
        assert abs(scene.attributes.arousal.value) <= 0.5


def test_a_long_panorama_is_seen_in_one_look() -> None:
    strip = np.tile(example("temple.jpg").rgb[::8, ::8], (1, 9, 1))
    scene = OfflinePerceiver()(as_picture(strip))
    assert scene.cue("subject") is not None
    assert run_classifiers(np.zeros((3, 768, 3), np.uint8)).cells.shape[1:] == (4, 14)

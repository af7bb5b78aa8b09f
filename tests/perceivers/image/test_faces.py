"""Faces: where they are found, that nothing else is taken for one, and what the cues say."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from img2music.io.pictures import open_picture
from img2music.perceivers.image import faces
from img2music.perceivers.image.faces import Face, face_cues, find_faces
from img2music.resources import data_folder
from img2music.scene import Box


def example(name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return open_picture(Path(str(data_folder("demo/examples"))) / name).rgb


def test_a_smiling_face_is_found_where_it_is() -> None:
    picture = open_picture(Path(str(data_folder("demo/examples"))) / "astronaut.jpg")
    (face,) = find_faces(picture)
    assert find_faces(picture.rgb) == (face,)
    assert face.expression == "happy"
    assert face.smile > 0.5
    assert 0.35 < face.box.x + face.box.width / 2 < 0.55
    assert face.box.y + face.box.height / 2 < 0.4


@pytest.mark.parametrize("name", ["cat.jpg", "coffee.jpg", "flower.jpg", "galaxies.jpg", "grass.jpg", "moon.jpg", "rocket.jpg"])
def test_things_are_no_faces(name: str) -> None:
    assert find_faces(example(name)) == ()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 768), (768, 1), (2, 2)])
def test_pictures_of_nothing_have_no_face(height: int, width: int) -> None:
    rng = np.random.default_rng(1)
    for rgb in (np.full((height, width, 3), 90, np.uint8), rng.integers(0, 256, (height, width, 3), dtype=np.uint8)):
        assert find_faces(rgb) == ()


def test_bars_around_a_picture_do_not_move_its_face() -> None:
    rgb = example("astronaut.jpg")
    (face,) = find_faces(rgb)
    height, width = rgb.shape[:2]
    (beside,) = find_faces(np.concatenate([rgb, np.zeros_like(rgb)], axis=1))
    assert beside.box.x * 2 == pytest.approx(face.box.x, abs=0.03)
    assert beside.box.height == pytest.approx(face.box.height, abs=0.04)
    small = Image.fromarray(rgb).resize((width // 2, height // 2))
    (half,) = find_faces(np.asarray(small, np.uint8))
    assert half.box.y == pytest.approx(face.box.y, abs=0.02)


def test_many_faces_are_bounded_and_sorted_by_size() -> None:
    rgb = example("astronaut.jpg")
    box = find_faces(rgb)[0].box
    left, top, side = (
        round((box.x - box.width / 2) * rgb.shape[1]),
        round(box.y * rgb.shape[0]),
        round(2 * box.width * rgb.shape[1]),
    )
    head = (
        Image.fromarray(rgb).crop((left, max(0, top - side // 3), left + side, max(0, top - side // 3) + side)).resize((128, 128))
    )
    tile = np.asarray(head, np.uint8)
    found = find_faces(np.tile(tile, (6, 6, 1)))
    assert 1 < len(found) <= 20
    areas = [face.box.width * face.box.height for face in found]
    assert all(first >= second for first, second in pairwise(areas))
    assert sum(bool(face.probabilities) for face in found) <= 8


def face(look: str, probability: float, height: float = 0.4, x: float = 0.1) -> Face:
    rest = (1 - probability) / 6
    probabilities = tuple(probability if one == look else rest for one in faces.EXPRESSIONS)
    return Face(Box(x=x, y=0.1, width=height / 2, height=height), 0.9, probabilities)


def test_cues_of_no_face() -> None:
    values = {cue.name: (cue.value, cue.text, cue.box) for cue in face_cues(())}
    assert values == {"faces": (0.0, "no face", None), "face_size": (0.0, "no face", None), "smiles": (0.0, "no face", None)}


def test_cues_of_two_faces() -> None:
    cues = {cue.name: cue for cue in face_cues((face("happy", 0.94), face("sad", 0.5, 0.2, 0.6)))}
    assert cues["faces"].value == 2
    assert cues["faces"].text == "two faces, one of them smiling"
    assert cues["faces"].box == Box(x=0.1, y=0.1, width=0.6, height=0.4)
    assert (cues["face_1"].value, cues["face_1"].text) == ("happy", "a large face, smiling (94% sure)")
    assert (cues["face_2"].value, cues["face_2"].text) == ("unclear", "a middling face, its look unclear")
    assert cues["face_size"].value == pytest.approx(0.4)
    smiles = cues["smiles"].value
    assert isinstance(smiles, float)
    assert 0.4 < smiles < 0.9  # the large face weighs four times the small one


def test_a_face_not_read_is_unclear_and_counts_nothing() -> None:
    unread = Face(Box(x=0, y=0, width=0.02, height=0.02), 0.6)
    assert (unread.expression, unread.smile) == ("unclear", 0.0)


def test_a_crowd_has_four_cues_of_single_faces() -> None:
    names = [cue.name for cue in face_cues([face("neutral", 0.9)] * 12)]
    assert names == ["faces", "face_1", "face_2", "face_3", "face_4", "face_size", "smiles"]

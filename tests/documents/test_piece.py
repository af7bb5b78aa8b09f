"""A piece at hand: it goes to other processes, says in a line what it is, and shows itself in a notebook."""

from __future__ import annotations

import base64
import copy
import io
import multiprocessing
import pickle
import re
import xml.etree.ElementTree as ET
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile
from PIL import Image

from img2music import compose
from img2music.audio import Audio
from img2music.brief import Brief
from img2music.piece import Piece
from img2music.pipeline import Pipeline, recompose
from img2music.report.page.notebook_card import LARGEST_PICTURE, LONGEST_SECONDS
from img2music.scene import Attribute, Scene
from tests.support.made_scenes import make_scene
from tests.support.report_pages import PageReader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def picture(width: int = 1200, height: int = 800) -> Image.Image:
    rows = np.linspace(20, 230, height, dtype=np.uint8)[:, None, None]
    return Image.fromarray(np.broadcast_to(rows, (height, width, 3)).copy())


@cache
def piece() -> Piece:
    return compose(picture(), seconds=8, seed=1, audio="mp3", on_event=lambda event: None)


def make(seed: int) -> Piece:
    return Pipeline.load().compose_from(make_scene(), Brief.of(seconds=6, seed=seed), audio=None, on_event=lambda event: None)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_everything_can_be_pickled(protocol: int) -> None:
    back = pickle.loads(pickle.dumps(piece(), protocol))  # noqa: S301  our own bytes
    assert back == piece()
    before, after = piece().scene, back.scene
    assert before is not None
    assert after is not None
    for one in (after, back.plan, back.score, back.performance, back.brief, back.audio):
        assert pickle.loads(pickle.dumps(one, protocol)) == one  # noqa: S301
    for name in type(after.attributes).model_fields:  # each is of its own kind again, with what that checks
        assert type(getattr(after.attributes, name)) is type(getattr(before.attributes, name))
    assert Scene.model_validate(after.model_dump()) == before
    assert dict(back.files())["score.mid"] == dict(piece().files())["score.mid"]


def test_an_attribute_of_no_field_can_be_pickled() -> None:
    one = Attribute[int](value=3, because=(), confidence=0.5)
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301
    assert copy.deepcopy(one) == one


def test_copies_are_equal_and_other_sound_is_not() -> None:
    assert copy.deepcopy(piece()) == piece()
    assert copy.copy(piece()) == piece()
    sound = Audio(np.zeros((2, 10), np.float32), 44100)
    assert sound == Audio(np.zeros((2, 10), np.float32), 44100)
    assert hash(sound) == hash(Audio(np.zeros((2, 10), np.float32), 44100))
    assert sound != Audio(np.ones((2, 10), np.float32), 44100)
    assert sound != Audio(np.zeros((2, 10), np.float32), 48000)
    assert sound != Audio(np.zeros((1, 10), np.float32), 44100)
    assert sound != "sound"


def test_a_pool_of_processes_gives_pieces_back(make_picture: Callable[..., Path]) -> None:
    pictures = [str(make_picture("one.png")), str(make_picture("two.png", tint=2))]
    short = partial(compose, seconds=6, audio=None)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        made = list(pool.map(short, pictures))
    here = [short(path) for path in pictures]
    for one, other in zip(made, here, strict=True):
        assert one == other
    assert made[0] != made[1]


def test_they_say_what_they_are_in_one_line() -> None:
    one = piece()
    assert one.scene is not None
    plan = one.plan
    line = repr(one)
    for fact in (plan.title, plan.style, plan.key, f"{plan.tempo_bpm:.4g} bpm", plan.meter, "8 s", plan.parts[0].instrument):
        assert fact in line
    for thing in (one, one.score, one.performance, one.scene, one.audio, *one.score.parts, *one.performance.parts):
        assert len(repr(thing)) < 700
        assert "\n" not in repr(thing)
        assert str(thing) == repr(thing)
    assert len(line) < 300


def test_a_notebook_shows_picture_player_and_score() -> None:
    html = piece()._repr_html_()
    assert html is not None
    page = PageReader(html)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("img") == 2
    assert tags.count("audio") == 1
    assert not {"script", "style", "link", "iframe", "object"} & set(tags)
    assert not page.values("href")
    assert all(address.startswith("data:") for address in page.values("src"))
    assert not re.search(r"\son\w+=", html)
    assert len(html) < 2_000_000
    photo, sound, score = page.values("src")
    with Image.open(io.BytesIO(_content(photo, "image/jpeg"))) as shown:
        assert max(shown.size) == LARGEST_PICTURE
    samples, rate = soundfile.read(io.BytesIO(_content(sound, "audio/mpeg")))
    assert len(samples) / rate == pytest.approx(8, abs=0.1)
    assert score.startswith("data:image/svg+xml")
    for fact in (piece().plan.title, piece().plan.key, piece().plan.meter):
        assert fact in page.text


def _content(address: str, kind: str) -> bytes:
    head, _, content = address.partition(",")
    assert head == f"data:{kind};base64"
    return base64.b64decode(content)


def test_a_card_is_escaped_and_bounded() -> None:
    long = Audio(np.zeros((2, round(44100 * (LONGEST_SECONDS + 100))), np.float32), 44100)
    evil = "<script>alert(1)</script>\"'&\x00"
    plan = piece().plan.model_copy(update={"title": evil, "style": evil})
    html = replace(piece(), plan=plan, audio=long)._repr_html_()
    assert html is not None
    assert "<script" not in html
    assert "\x00" not in html
    page = PageReader(html)
    assert "<script>alert(1)</script>" in page.text
    assert "The first 2:00 of 3:40" in page.text
    sound = next(attributes["src"] for tag, attributes in page.tags if tag == "audio")
    samples, rate = soundfile.read(io.BytesIO(_content(sound, "audio/mpeg")))
    assert len(samples) / rate == pytest.approx(LONGEST_SECONDS, abs=0.1)
    assert len(html) < 6_000_000


def test_a_card_without_sound_and_picture_says_what_was_kept() -> None:
    first = make(3)
    html = recompose(first, keep=["melody"], audio=None)._repr_html_()
    assert html is not None
    page = PageReader(html)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("img") == 1  # the score
    assert "audio" not in tags
    assert "No sound was made" in page.text
    assert re.search(r"melody kept: (\d+) of \1 notes", page.text)


def test_the_score_in_the_card_is_a_picture() -> None:
    html = make(4)._repr_html_()
    assert html is not None
    source = next(attributes["src"] for tag, attributes in PageReader(html).tags if tag == "img")
    drawn = ET.fromstring(unquote(source.partition(",")[2]))  # noqa: S314  our own bytes
    assert drawn.tag.endswith("svg")

"""How alike two pieces of notes are: by pitch classes above the tonic, lengths, steps of the tune and how many notes a bar has."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import log2
from typing import TYPE_CHECKING, Any

import pytest

from img2music.evaluation.diversity import decided_feeling, extract_traits, mean_trait_distance
from img2music.theory import Key
from img2music.theory.key_map import KeyMap
from tests.support.made_notes import score_from_words
from tests.support.made_pipelines import SHORT, make_pipeline
from tests.support.moving_plans import moving_plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from img2music.evaluation.diversity import Trait
    from img2music.score import Score


@pytest.fixture
def traits(make_picture: Callable[..., Path]) -> Callable[[Score], dict[str, Trait]]:
    """What a prompt that writes notes is told apart by."""
    piece = make_pipeline().compose(make_picture(), SHORT, audio=None)
    assert decided_feeling(piece, "abc") is None
    return lambda score: extract_traits(replace(piece, score=score), "abc")


def test_notes_are_counted(traits: Callable[[Score], dict[str, Trait]]) -> None:
    found = traits(score_from_words("60:1 64:1 67:1/2 65:1/2 60:1", key="C major"))
    assert found["pitch classes"] == (0.4, 0, 0, 0, 0.2, 0.2, 0, 0.2, 0, 0, 0, 0)
    assert found["lengths"] == (0, 0.4, 0.6, 0, 0)
    assert found["steps"] == (0.25, 0, 0.25, 0, 0, 0.5, 0)  # +4, +3, -2, -5
    assert found["notes a bar"] == 5 / 40


def test_a_transposed_piece_is_the_same_and_another_rhythm_is_not(traits: Callable[[Score], dict[str, Trait]]) -> None:
    one = traits(score_from_words("60:1 64:1 67:1 60:1", key="C major"))
    assert mean_trait_distance(one, traits(score_from_words("62:1 66:1 69:1 62:1", key="D major"))) == 0
    slower = mean_trait_distance(one, traits(score_from_words("60:2 64:2 67:2 60:2", key="C major")))
    other = mean_trait_distance(one, traits(score_from_words("70:1/4 61:1/4 73:1/4 58:1/4", key="C major")))
    assert slower is not None
    assert other is not None
    assert 0 < slower < other <= 1


def test_a_piece_that_moves_is_told_by_what_it_is_on_the_whole(make_picture: Callable[..., Path]) -> None:
    piece = make_pipeline().compose(make_picture(), SHORT, audio=None)
    course: dict[str, dict[str, Any]] = {
        "A1": {"tempo_bpm": 144.0},
        "B": {"key": "D major", "meter": "3/4", "harmony": ("I", "IV", "V", "I")},
    }
    steady, moving = (extract_traits(replace(piece, plan=moving_plan(moves)), "plan") for moves in ({}, course))
    assert steady["tempo"] == log2(72)
    assert isinstance(moving["tempo"], float)
    assert log2(72) < moving["tempo"] < log2(144)
    assert isinstance(moving["mode"], float)
    assert isinstance(steady["mode"], float)
    assert moving["mode"] < steady["mode"], "a section in major is brighter"
    assert (steady["metre"], moving["metre"]) == ("4/4", "4/4 3/4 4/4")
    keys = KeyMap.of_stretches([(Fraction(0), Key.parse("C major")), (Fraction(2), Key.parse("D major"))])
    score = replace(score_from_words("60:1 64:1 62:1 66:1"), key_map=keys)
    found = extract_traits(replace(piece, score=score), "abc")["pitch classes"]
    assert found == (0.5, 0, 0, 0, 0.5, 0, 0, 0, 0, 0, 0, 0), "counted from the tonic that holds"

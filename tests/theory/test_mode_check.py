"""Numerals and their mode: what is borrowed is left alone, what is another mode's is told."""

from __future__ import annotations

import pytest

from img2music.brief import Brief
from img2music.io.style_files import style_names
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.theory import MODES, Key
from img2music.theory.mode_check import find_mode_contradiction
from tests.support.made_scenes import make_scene

MAJOR = ("I", "IV", "I6", "V7", "I", "vi", "ii7 V7", "I")
MINOR = ("i", "iv", "i6", "V7", "i", "VI", "iiø65 V", "i")


def found(bars: tuple[str, ...], key: str) -> str | None:
    one = find_mode_contradiction(bars, Key.parse(key))
    return None if one is None else one.meant.name


@pytest.mark.parametrize(
    ("bars", "key", "meant"),
    [
        (MAJOR, "E minor", "E major"),
        (MINOR, "D major", "D minor"),
        (("I", "VII", "IV", "I", "I7", "VII", "IV", "I"), "E dorian", "E mixolydian"),
        (("i", "IV", "i", "VII", "III", "IV", "i7", "i"), "G lydian", "G dorian"),
        (MAJOR, "G# minor", "Ab major"),
    ],
)
def test_another_mode_is_found(bars: tuple[str, ...], key: str, meant: str) -> None:
    assert found(bars, key) == meant


@pytest.mark.parametrize(
    ("bars", "key"),
    [
        (MINOR, "E minor"),
        ((*MINOR[:-1], "I"), "E minor"),  # the Picardy third
        (("i", "V7/iv", "iv", "V", "i", "#viio7", "i", "I"), "E minor"),
        (("I", "iv", "bVII", "I", "bVI", "bVII", "V", "I"), "D major"),
        (("I7", "IV7", "I7", "I7", "IV7", "IV7", "I7", "V7"), "A major"),  # a blues
        (("i", "VII", "VI", "I", "II", "I", "II", "I"), "E phrygian"),  # Andalusian
        (("I",), "E minor"),  # one chord, which is the last
        (("V", "V", "iv", "i"), "E minor"),
        (("Vsus4", "ii", "V", "V"), "E minor"),
    ],
)
def test_what_is_borrowed_is_left_alone(bars: tuple[str, ...], key: str) -> None:
    assert found(bars, key) is None


def test_the_sentence_says_where_and_what_to_do() -> None:
    one = find_mode_contradiction(MAJOR, Key.parse("E minor"))
    assert one is not None
    assert one.text == (
        "the key says E minor, but the numerals are those of major (I in bars 1, 5, 8, IV in bar 2, I6 in bar 3, vi in bar 6 and 1 more; "
        "7 of 8 bars), and the notes follow the numerals; write them in minor (i for the tonic), or make the key E major"
    )


@pytest.mark.parametrize("mode", sorted(MODES))
@pytest.mark.parametrize("style", style_names())
def test_no_plan_of_the_rules_is_doubted_and_every_other_third_is(style: str, mode: str) -> None:
    brief = Brief.of(seconds=40, style=style, key=f"D {mode}", seed=3)
    plan = RulesPlanner()(make_scene(genre=style, line=3), brief)
    assert plan.contradiction() is None
    other = "minor" if Key.parse(plan.key).is_minor is False else "major"
    if (style, mode) != ("flamenco", "phrygian"):  # which rests on a major chord
        assert plan.model_copy(update={"key": f"D {other}"}).contradiction() is not None

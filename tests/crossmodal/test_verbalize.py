"""What a model is told: facts that are sure and say something, with scales; what can be played, each name once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from img2music.brief import Brief
from img2music.crossmodal.menus import genre_lines, instrument_lines, player_lines, style_lines
from img2music.crossmodal.verbalize import SURE_TO_EYES, attribute_lines, cue_lines, notable_cues, scene_prompt_text
from img2music.io.pictures import open_picture
from img2music.io.style_files import load_style, style_names
from img2music.perceivers.offline import OfflinePerceiver
from img2music.planners.llm.fixed_choices import FixedChoices
from img2music.planners.llm.plan_choices import likely_genres
from img2music.planners.llm.plan_from_answer import read_plan_answer
from img2music.planners.llm.settle_plan import settle_plan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.scene import Attribute, Cue, Scene
from img2music.theory import instrument_names
from tests.support.made_scenes import make_scene
from tests.support.model_answers import plan_answer

EXAMPLES = Path(__file__).parents[2] / "demo" / "examples"
FEELINGS = {"feels_valence", "feels_arousal", "feels_spread", "colour_mood", "smiles"}
SAME = [
    {"lightness", "brightness", "dark_share"},
    {"chroma", "saturation", "colourfulness"},
    {"edges_horizontal", "edges_vertical", "edges_diagonal", "edge_direction", "edge_order"},
    {"horizon", "horizon_strength"},
    {"time_of_day", "night", "low_sun"},
]


@pytest.fixture(scope="module", params=["cat", "rocket", "galaxies", "photographer"])
def example(request: pytest.FixtureRequest) -> Scene:
    return OfflinePerceiver()(open_picture(EXAMPLES / f"{request.param}.jpg"))


def word(name: str, value: str, text: str) -> Cue:
    return Cue(name=name, value=value, unit="word", text=text)


def number(name: str, value: float, text: str = "x", **more: object) -> Cue:
    return Cue.model_validate({"name": name, "value": value, "unit": "0..1", "text": text, **more})


def test_facts_are_few_and_none_says_what_another_says(example: Scene) -> None:
    told = [cue.name for cue in notable_cues(example.cues, sure=SURE_TO_EYES, feelings=False)]
    assert 4 <= len(told) <= 12
    assert not FEELINGS & set(told)
    assert not [name for name in told if name.startswith("likely_")]
    assert all(len(same & set(told)) <= 1 for same in SAME)
    assert len(scene_prompt_text(example).splitlines()) <= 15


def test_the_likeliest_style_is_the_one_that_the_rules_suggest(example: Scene) -> None:
    assert likely_genres(example, 3)[0] == example.attributes.genre.value


def test_a_recognised_thing_is_told_from_a_share_on() -> None:
    def told(share: float, sure: float) -> list[str]:
        cues = [word("subject", "reptile", f"reptile (salamander), {share:.0%} sure"), number("sees_reptile", share)]
        return [cue.name for cue in notable_cues(cues, sure=sure)]

    assert told(0.54, SURE_TO_EYES) == []
    assert told(0.54, 0.5) == ["subject"]
    assert told(0.9, SURE_TO_EYES) == ["subject"]
    assert notable_cues([word("subject", "not sure", "not sure what it shows"), number("sees_reptile", 0.9)]) == ()
    assert notable_cues([word("weather", "unclear", "the light does not tell"), number("instrument_cello", 0.3)]) == ()
    assert [cue.name for cue in notable_cues([number("instrument_cello", 0.8)], sure=SURE_TO_EYES)] == ["instrument_cello"]


def test_a_measured_cue_is_told_where_it_is_unusual() -> None:
    assert notable_cues([number("lightness", 0.55)]) == ()
    assert [cue.name for cue in notable_cues([number("lightness", 0.1), number("dark_share", 0.99)])] == ["dark_share"]


def test_whoever_plans_is_told_first_what_a_model_saw() -> None:
    scene = make_scene()
    seen = tuple(number(f"seen_{place}", 0.5, f"thing {place}", source="model") for place in range(9))
    lines = scene_prompt_text(scene.model_copy(update={"cues": (*scene.cues, *seen)})).splitlines()
    assert lines[0] == "seen_0: thing 0"
    assert len(lines) <= 15
    assert lines[-1].startswith("colour_")


def test_attributes_come_with_their_scale_and_without_what_says_nothing() -> None:
    own = make_scene().attributes
    quiet = own.model_copy(update={name: Attribute(value=0.0, because=(), confidence=0) for name in ("density", "height")})
    lines = attribute_lines(quiet).splitlines()
    assert not [line for line in lines if line.startswith(("density", "height"))]
    moved = own.model_copy(
        update={
            "density": Attribute(value=-0.283, because=(), confidence=0.2),
            "height": Attribute(value=-1.998, because=(), confidence=0.2),
            "contour": Attribute(value="wave", because=("lightness",), confidence=0.2),
        }
    )
    told = attribute_lines(moved, shown=frozenset({"lightness"}))
    assert "density: -0.28 (-1 thinner..1 fuller than usual)" in told
    assert "height: -2.0 (semitones higher than usual, -12..12)" in told
    assert "contour: wave (what the tune's long line leans to) because of lightness" in told
    assert "because" not in attribute_lines(moved)


@pytest.mark.parametrize("lines", [instrument_lines, player_lines])
def test_every_instrument_stands_in_one_place(lines: object) -> None:
    assert callable(lines)
    names = [name for line in lines().splitlines() for name in line.partition(": ")[2].split(", ")]
    assert sorted(names) == sorted(instrument_names())


def test_the_roles_that_are_told_are_the_roles_that_are_played() -> None:
    scene, brief = make_scene(), Brief(seconds=30)
    draft = RulesPlanner()(scene, brief)
    for line in player_lines().splitlines():
        roles, _, names = line.partition(": ")
        every = ["melody", "counter", "chords", "arpeggio", "pad", "bass"]
        taken = every if roles == "every role but drums" else ["drums"] if roles == "only drums" else roles.split(", ")
        for name in names.split(", "):
            parts = [{"instrument": name, "role": role, "from_energy": 0.1} for role in taken]
            parts += [{"instrument": "flute", "role": "melody", "from_energy": 0}] if "melody" not in taken else []
            planned = settle_plan(read_plan_answer(plan_answer(parts=parts)), draft, FixedChoices.by(brief), frozenset())
            assert [part.role for part in planned.plan.parts if part.instrument == name][: len(taken)] == taken, name
            assert not [remark for remark in planned.remarks if name in remark]


def test_styles_come_with_their_own_limits() -> None:
    assert len(style_lines().splitlines()) == len(genre_lines().splitlines()) == len(style_names())
    (line,) = style_lines(["waltz"]).splitlines()
    low, high = load_style("waltz").tempo_bpm
    assert f"{low:g}-{high:g} bpm" in line
    assert re.search(rf"^waltz {low:g}-{high:g} 3/4$", genre_lines(), re.MULTILINE)


def test_one_cue_a_line() -> None:
    assert cue_lines([word("weather", "snow", "it snows")]) == "weather: it snows"

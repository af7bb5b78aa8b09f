"""What the planner's reasons and conflicts say, read back: also of those that an edit has left behind."""

from __future__ import annotations

from typing import Any

import pytest

from img2music.brief import Brief
from img2music.io.style_files import style_names
from img2music.pipeline import Pipeline
from img2music.plan import Reason
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.report.planner_phrases import (
    changed_choice,
    is_about_loop_bars,
    is_about_usual_meter,
    is_about_wish,
    is_stale_conflict,
    tempo_without_fill,
)
from tests.support.made_scenes import make_scene

PLAN = RulesPlanner()(make_scene(), Brief.of(seconds=30, key="D major", meter="3/4", tempo_bpm=90))


@pytest.mark.parametrize(
    ("choice", "text", "changes", "says"),
    [
        ("key", "D major: you asked for it.", {"key": "E minor"}, "E minor"),
        ("key", "The tonic D stands for the picture's leading colour.", {"key": "Eb major"}, "Eb"),
        ("key", "The tonic D stands for the picture's leading colour.", {"key": "D minor"}, None),
        ("mode", "major, from how pleasant the picture looks.", {"key": "D dorian"}, "dorian"),
        ("harmony", "Progressions of major as the old standards use them.", {"key": "D minor"}, "minor"),
        ("metre", "3/4, as what is seen suggests.", {"meter": "4/4"}, "4/4"),
        ("tempo", "90 quarter notes a minute: you asked for it.", {"tempo_bpm": 120.0}, "120"),
        ("tempo", "90 quarter notes a minute: you asked for it.", {"tempo_bpm": 90.3}, None),
        ("tempo", "90: you asked for it.", {"tempo_bpm": 120.0}, "120"),
        ("motif", "Its steps follow the skyline.", {"key": "E minor"}, None),
    ],
)
def test_what_the_plan_says_by_now(choice: str, text: str, changes: dict[str, Any], says: str | None) -> None:
    reason = Reason(choice=choice, text=text)
    assert changed_choice(reason, PLAN) is None
    assert changed_choice(reason, PLAN.model_copy(update=changes)) == says
    assert changed_choice(reason.model_copy(update={"source": "model"}), PLAN.model_copy(update=changes)) is None


@pytest.mark.parametrize("style", style_names())
def test_no_fresh_plan_has_stale_reasons(style: str) -> None:
    asked = Brief.of(seconds=33, style=style, key="F# dorian", meter="6/8", tempo_bpm=77.5)
    for brief in (Brief.of(seconds=33, style=style), asked):
        plan = RulesPlanner()(make_scene(genre=style), brief)
        assert [reason for reason in plan.reasons if changed_choice(reason, plan)] == []
        assert [conflict for conflict in plan.conflicts if is_stale_conflict(conflict, plan)] == []


def test_a_wish_that_an_edit_overrode_is_not_told_as_kept() -> None:
    plan = RulesPlanner()(make_scene(), Brief.of(seconds=12, key="F# dorian", meter="6/8", tempo_bpm=77.5))
    asked = [conflict for conflict in plan.conflicts if conflict.startswith("you asked for ")]
    assert len(asked) == 3
    edited = plan.model_copy(update={"tempo_bpm": 60.0, "key": "E minor", "meter": "4/4"})
    assert [conflict for conflict in asked if not is_stale_conflict(conflict, edited)] == []
    piece = Pipeline.load().compose_from(edited, audio=None)
    assert not any(str(conflict).startswith("you asked for ") for conflict in piece.manifest.conflicts)


def test_a_wish_for_movement_is_told_whole_and_until_an_edit_overrides_a_part_of_it() -> None:
    wish = Brief.of(seconds=30, style="folk", key="E minor, G major", tempo_bpm=61, tempo_to_bpm=80)
    plan = RulesPlanner()(make_scene(), wish)
    key, tempo = (conflict for conflict in plan.conflicts if is_about_wish(conflict, {"key", "tempo"}))
    assert key.startswith("you asked for key E minor, then G major; the picture suggested ")
    assert tempo.startswith("you asked for tempo 61 to 80; the picture suggested ")
    assert not is_stale_conflict(key, plan)
    assert not is_stale_conflict(tempo, plan)
    steady = tuple(section.model_copy(update={"key": None, "tempo_changes": ()}) for section in plan.sections)
    edited = plan.model_copy(update={"sections": steady})
    assert is_stale_conflict(key, edited)
    assert is_stale_conflict(tempo, edited)


def test_conflicts_are_known_by_what_they_are_about() -> None:
    plan = RulesPlanner()(
        make_scene(), Brief.of(seconds=20.3, style="waltz", key="F# dorian", meter="6/8", tempo_bpm=77, loop=True)
    )
    for choice, wish in (("key", "F# dorian"), ("metre", "6/8"), ("tempo", "77")):
        (conflict,) = (one for one in plan.conflicts if is_about_wish(one, {choice}))
        assert f"you asked for {choice} {wish}" in conflict
    assert not any(is_about_wish(one, {"style"}) for one in plan.conflicts)
    assert sum(is_about_usual_meter(one, "waltz") for one in plan.conflicts) == 1
    assert not any(is_about_usual_meter(one, "march") for one in plan.conflicts)
    assert sum(is_about_loop_bars(one) for one in plan.conflicts) == 1


def test_the_tempo_without_the_length_that_it_fills() -> None:
    plan = RulesPlanner()(make_scene(), Brief.of(seconds=30))
    (tempo,) = (reason.text for reason in plan.reasons if reason.choice == "tempo")
    said = tempo_without_fill(tempo)
    assert said is not None
    assert tempo == f"{said}, and whole phrases have to fill 30 s."
    assert tempo_without_fill("90 quarter notes a minute: you asked for it.") is None

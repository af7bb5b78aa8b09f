"""Plans of version 2: older ones are read, what does not move is not written, and what moves comes back as it was."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import ClassVar, Literal

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from img2music.brief import Brief
from img2music.io.documents import dump_json, load_plan
from img2music.pipeline import Pipeline
from img2music.plan import CompositionPlan
from img2music.section import Hit, TempoChange, place_quarters
from img2music.strict_model import DocumentModel
from tests.support.made_scenes import make_scene
from tests.support.moving_plans import moving_plan, with_hits
from tests.support.random_moving_plans import random_moving_plans

VERSION_1 = sorted((Path(__file__).parent / "version_1").glob("*/plan.json"))
MOVES = {"key", "meter", "tempo_bpm", "tempo_changes", "energy_curve", "tune_by", "silent", "texture"}
"""What a section of version 2 may say for itself."""

# Version 1


@pytest.mark.parametrize("path", VERSION_1, ids=lambda path: path.parent.name)
def test_a_plan_of_version_1_is_one_of_version_2_that_does_not_move(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    old = json.loads(text)
    plan = CompositionPlan.model_validate_json(text)
    assert (old["version"], plan.version) == (1, 2)
    assert not any(section.moves or section.energy_curve or section.tune_by or section.silent for section in plan.sections)
    assert plan.tempo_map.is_constant
    assert plan.meter_map.is_constant
    assert plan.key_map.is_constant
    assert not plan.hits
    assert not plan.materials
    written = json.loads(dump_json(plan))
    assert written.keys() == old.keys()
    assert [section.keys() for section in written["sections"]] == [section.keys() for section in old["sections"]]
    assert [(one["harmony"], one["energy"]) for one in written["sections"]] == [
        (one["harmony"], one["energy"]) for one in old["sections"]
    ]


class Third(DocumentModel):
    """A document in its third version, which reads the second."""

    oldest_version: ClassVar[int | None] = 2
    version: Literal[3] = 3


def test_versions_from_the_oldest_that_is_read() -> None:
    assert [Third.model_validate(tree).version for tree in ({}, {"version": 2}, {"version": 3})] == [3, 3, 3]
    given = {"version": 2}
    Third.model_validate(given)
    assert given == {"version": 2}  # what is given stays as it is


@pytest.mark.parametrize("version", [1, 0, -2, 4, True, 2.0, "2", None, [2]])
def test_no_other_version_is_read(version: object) -> None:
    with pytest.raises(ValidationError):
        Third.model_validate({"version": version})


# What is written


def test_a_plan_that_does_not_move_says_nothing_of_movement() -> None:
    plan = Pipeline.load("offline").plan(make_scene(), Brief.of(seconds=20, style="folk", seed=2))
    tree, old = json.loads(dump_json(plan)), json.loads(VERSION_1[0].read_text(encoding="utf-8"))
    assert tree.keys() - old.keys() == {"playing"}
    assert all(not section.keys() & MOVES for section in tree["sections"])


def test_only_what_moves_is_written() -> None:
    tree = json.loads(dump_json(with_hits(moving_plan())))
    said = {section["name"]: section.keys() & MOVES for section in tree["sections"]}
    assert said == {
        "A1": set(),
        "A2": {"tempo_changes"},
        "B": {"key", "meter", "tempo_bpm"},
        "A3": {"energy_curve"},
        "outro": set(),
    }
    assert tree["sections"][1]["tempo_changes"] == [{"bar": 2, "place": 0.0, "bpm": 96.0, "over_bars": 2.0}]
    assert len(tree["hits"]) == 4
    assert "materials" not in tree


def test_a_moving_plan_is_read_from_its_file(tmp_path: Path) -> None:
    plan = with_hits(moving_plan())
    path = tmp_path / "plan.json"
    path.write_text(dump_json(plan), encoding="utf-8")
    assert load_plan(path) == plan


@settings(max_examples=30, deadline=None)
@given(plan=random_moving_plans())
def test_there_and_back(plan: CompositionPlan) -> None:
    text = dump_json(plan)
    again = CompositionPlan.model_validate_json(text)
    assert again == plan
    assert dump_json(again) == text
    assert CompositionPlan.model_validate(plan.model_dump()) == plan
    assert (again.tempo_map, again.meter_map, again.key_map) == (plan.tempo_map, plan.meter_map, plan.key_map)


# What the maps make of it


@settings(max_examples=30, deadline=None)
@given(plan=random_moving_plans())
def test_the_maps_say_what_the_sections_say(plan: CompositionPlan) -> None:
    for first, section in zip(plan.first_bars, plan.sections, strict=True):
        begin = plan.meter_map.bar_onset(first)
        assert plan.key_map.key_at(begin) == plan.key_of(section)
        now = plan.tempo_bpm if section.tempo_bpm is None else section.tempo_bpm
        if not any(change.bar == 1 and place_quarters(change.place) == 0 for change in section.tempo_changes):
            assert plan.tempo_map.bpm_at(begin) == now
        for bar in range(first, first + section.bars):
            assert plan.meter_map.meter_at(bar) == plan.meter_of(section)
            assert plan.section_of(bar) is section
        for change in section.tempo_changes:
            start = plan.meter_map.bar_onset(first + change.bar - 1) + place_quarters(change.place)
            length = place_quarters(change.over_bars * float(plan.meter_of(section).bar_quarters))
            if start + length < plan.meter_map.bar_onset(first + section.bars):  # else the next section begins there
                assert plan.tempo_map.bpm_at(start + length) == change.bpm
            reached = [plan.tempo_map.bpm_at(start + length * part / 7) for part in range(7 if length else 0)]
            assert reached == sorted(reached, reverse=change.bpm < now)
            assert all(min(now, change.bpm) <= bpm <= max(now, change.bpm) for bpm in reached)
            now = change.bpm
    assert plan.duration_quarters == sum(plan.meter_of(section).bar_quarters * section.bars for section in plan.sections)
    assert plan.bars_seconds == plan.tempo_map.seconds_at(plan.duration_quarters)
    assert len(plan.bar_energies) == plan.bars


def test_a_glide_may_arrive_where_the_next_section_begins_in_its_own_tempo() -> None:
    plan = moving_plan({"A2": {"tempo_changes": (TempoChange(bar=3, bpm=96.0, over_bars=2),)}})
    assert [(float(point.onset_quarters), point.bpm, point.ramp_to_bpm) for point in plan.tempo_map.points] == [
        (0, 72, None), (24, 72, 96), (32, 72, None),
    ]  # fmt: skip


def test_a_change_of_tempo_that_changes_nothing_is_no_point() -> None:
    plan = moving_plan({"A2": {"tempo_changes": (TempoChange(bar=2, bpm=72.0),), "tempo_bpm": 72.0}})
    assert plan.tempo_map.is_constant
    assert len(plan.tempo_map.points) == 1


def test_a_jump_where_a_section_begins_is_its_tempo() -> None:
    jump = moving_plan({"A2": {"tempo_changes": (TempoChange(bar=1, bpm=90.0),)}})
    assert jump.tempo_map == moving_plan({"A2": {"tempo_bpm": 90.0}}).tempo_map


def test_places_are_told_to_a_twenty_fourth() -> None:
    assert [place_quarters(place) for place in (0, 1 / 3, 0.333, 1.5, 2.0417)] == [
        0,
        Fraction(1, 3),
        Fraction(1, 3),
        1.5,
        Fraction(49, 24),
    ]
    assert Hit(bar=1, place=2 / 3).place_quarters == Fraction(2, 3)


def test_a_copy_has_maps_of_its_own() -> None:
    plan = moving_plan()
    before = plan.tempo_map, plan.meter_map, plan.key_map, plan.bars, plan.parsed_key
    other = plan.model_copy(update={"sections": plan.sections[:2], "key": "A minor", "tempo_bpm": 60.0})
    assert (other.bars, other.parsed_key.name, other.tempo_map.bpm) == (8, "A minor", 60)
    assert other.key_map.is_constant
    assert other.meter_map.is_constant
    assert (plan.tempo_map, plan.meter_map, plan.key_map, plan.bars, plan.parsed_key) == before

"""A plug-in is a package with an entry point: here a real one, found by Python's own machinery."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from img2music.brief import Brief
from img2music.errors import BackendError, MissingPackageError, UsageError
from img2music.pipeline import Pipeline
from img2music.stages import load_stage, stage_names
from tests.support.made_scenes import make_scene
from tests.support.registered import installed_package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CODE = '''
from dataclasses import replace
from img2music.performers.strict import StrictPerformer
from img2music.realizers.composer import Composer
from img2music.theory import Key, Meter
from img2music.theory.key_map import KeyMap
from img2music.theory.meter_map import MeterMap
from img2music.theory.tempo_map import TempoMap

class Robot:
    """Every note at one loudness."""
    def __init__(self, *, velocity=64):
        self.velocity = velocity
    def __call__(self, score, plan, /):
        played = StrictPerformer()(score, plan)
        parts = tuple(
            replace(part, notes=tuple(replace(note, velocity=self.velocity) for note in part.notes)) for part in played.parts
        )
        return replace(played, parts=parts)

class Slower:
    """The composer's notes under another tempo, key, metre or number of bars."""
    def __init__(self, *, tempo_bpm=None, key=None, bars=None, meter=None):
        self.tempo_bpm, self.key, self.bars, self.meter = tempo_bpm, key, bars, meter
    def __call__(self, plan, /):
        score = Composer()(plan)
        if self.tempo_bpm:
            score = replace(score, tempo_map=TempoMap.constant(self.tempo_bpm))
        if self.key:
            score = replace(score, key_map=KeyMap.constant(Key.parse(self.key)))
        if self.meter:
            score = replace(score, meter_map=MeterMap.constant(Meter.parse(self.meter)))
        return replace(score, bars=self.bars or score.bars)

def broken():
    def stage(*inputs):
        raise KeyError("inner\\nfault")
    return stage
'''
ENTRY_POINTS = """
[img2music.performer]
robot = robot_stage:Robot
broken = robot_stage:broken
lacking = robot_stage_that_is_not_there:Stage
strict = robot_stage:Robot

[img2music.realizer]
slower = robot_stage:Slower
"""
PIPELINE = """
name: robots
description: d
needs: a plug-in
leaves_machine: nothing
licence: l
stages:
  performer: {use: robot, options: {velocity: 33}}
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    modules = {"robot_stage": CODE}
    with installed_package(
        tmp_path / "site", monkeypatch, "robot-stage 1.2", modules=modules, entry_points=ENTRY_POINTS
    ) as folder:
        yield folder


@pytest.mark.usefixtures("plugin")
def test_a_plug_in_is_named_beside_the_built_in_stages() -> None:
    assert stage_names("performer") == ("broken", "expressive", "lacking", "robot", "strict")
    assert "robot" not in stage_names("planner")


def test_a_plug_in_plays_a_piece(plugin: Path, make_picture: Callable[..., Path]) -> None:
    (plugin / "robots.yaml").write_text(PIPELINE)
    piece = Pipeline.load(plugin / "robots.yaml").compose(make_picture(), Brief.of(seconds=6), audio=None)
    assert {note.velocity for part in piece.performance.parts for note in part.notes} == {33}
    assert piece.manifest.stages["performer"] == "robot"
    assert piece.manifest.pipeline.stages.performer.options == {"velocity": 33}


@pytest.mark.usefixtures("plugin")
def test_a_built_in_name_can_not_be_taken() -> None:
    assert type(load_stage("performer", "strict")).__module__ == "img2music.performers.strict"


@pytest.mark.usefixtures("plugin")
def test_a_plug_in_that_needs_a_package() -> None:
    with pytest.raises(MissingPackageError, match="performer 'lacking' needs robot_stage_that_is_not_there: pip install"):
        load_stage("performer", "lacking")


@pytest.mark.usefixtures("plugin")
def test_options_that_a_plug_in_does_not_take() -> None:
    with pytest.raises(UsageError, match="performer 'robot' does not take these options"):
        load_stage("performer", "robot", {"speed": 3})


def test_a_fault_of_a_plug_in_is_one_line_about_the_plug_in(plugin: Path) -> None:
    (plugin / "broken.yaml").write_text(PIPELINE.replace("robot, options: {velocity: 33}", "broken"))
    pipeline = Pipeline.load(plugin / "broken.yaml")
    plan = pipeline.plan(make_scene(), Brief.of(seconds=6))
    with pytest.raises(BackendError, match=r"performer 'broken' failed \(KeyError: 'inner\\nfault'\)") as caught:
        pipeline.perform(pipeline.realize(plan), plan)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "wrote"),
    [
        ("tempo_bpm: 77", "77 quarter notes a minute in bar 1 where the plan says 100"),
        ("key: F major", "F major in bar 1 where the plan says D minor"),
        ("meter: 3/4", "3/4 in bar 1 where the plan says 4/4"),
        ("bars: 3", "3 bars where the plan has 2"),
    ],
)
def test_a_realizer_that_leaves_its_plan_gives_way_to_its_fallback(
    plugin: Path, make_picture: Callable[..., Path], options: str, wrote: str
) -> None:
    """The page would say one tempo and the sound another."""
    text = PIPELINE.replace(
        "performer: {use: robot, options: {velocity: 33}}", f"realizer: {{use: slower, options: {{{options}}}}}"
    )
    brief = Brief.of(seconds=7, tempo_bpm=100, key="D minor", meter="4/4")
    (plugin / "slower.yaml").write_text(text)
    with pytest.raises(BackendError) as caught:
        Pipeline.load(plugin / "slower.yaml").compose(make_picture(), brief, audio=None)
    assert str(caught.value) == f"realizer 'slower' wrote {wrote}; it has to take bars, metres, tempi and keys from the plan"
    (plugin / "slower.yaml").write_text(text.replace("}}", "}, fallback: {use: composer}}"))
    piece = Pipeline.load(plugin / "slower.yaml").compose(make_picture(), brief, audio=None, on_event=lambda _: None)
    assert [(one.stage, one.asked, one.used, one.why) for one in piece.manifest.fallbacks] == [
        ("realizer", "slower", "composer", str(caught.value))
    ]
    assert all(row.passed for row in piece.manifest.compliance)


def test_the_doctor_sees_plug_ins(plugin: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(plugin)}
    done = subprocess.run(
        [sys.executable, "-m", "img2music", "doctor", "--json"], capture_output=True, text=True, check=False, env=environment
    )
    findings = {found["name"]: found for found in json.loads(done.stdout)["findings"]}
    assert findings["performer robot"]["text"] == (
        "plug-in of robot-stage 1.2; not the same bytes again; leaves the machine: not known, as the plug-in does not say; "
        "licence: not known, as the plug-in does not say"
    )
    assert not findings["performer lacking"]["works"]
    assert not findings["performer lacking"]["needed"]
    assert done.returncode == 0

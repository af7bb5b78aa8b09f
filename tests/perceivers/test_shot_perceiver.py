"""Perceivers of stills see what has time, shot by shot, and a still picture as one shot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from img2music.errors import BackendError, MissingPackageError, UsageError
from img2music.io.picture_sequence import PictureSequence, PictureShot
from img2music.io.pictures import Picture, open_picture
from img2music.perceivers.shot_perceiver import ShotPerceiver
from img2music.pipeline import Pipeline
from img2music.scene import PictureInfo, Scene
from img2music.stages import load_stage
from img2music.storyboard import Curve, HitPoint, MediaInfo, Shot, Storyboard
from tests.support.made_scenes import make_scene
from tests.support.made_storyboards import CLIP
from tests.support.registered import installed_package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from img2music.provenance import Event
    from img2music.stages import MediaPerceiver

MOTION = Curve(name="motion", unit="0..1", times=(0, 3), values=(0, 1))
CUT = HitPoint(at_seconds=1, kind="cut", strength=1, because=("motion",))


def frame(level: int) -> Picture:
    return open_picture(np.full((8, 12, 3), level, np.uint8))


class Eye:
    """A perceiver of stills that notes what it was shown; it fails at black."""

    def __init__(self) -> None:
        self.shown: list[int] = []

    def __call__(self, picture: Picture, /) -> Scene:
        level = int(picture.rgb[0, 0, 0])
        self.shown.append(level)
        if level == 0:
            raise BackendError("nothing to be seen; switch on the light")
        info = PictureInfo(file=picture.file, sha256=picture.sha256, width=picture.width, height=picture.height, format="array")
        return make_scene(lightness=level / 255).model_copy(update={"picture": info})


def test_each_shot_is_seen_and_a_picture_that_comes_back_only_once() -> None:
    eye = Eye()
    perceive: MediaPerceiver = ShotPerceiver(eye)
    red, blue = frame(100), frame(200)
    sequence = PictureSequence(CLIP, 3, (PictureShot(0, 1, red), (1, 2.5, blue), (2.5, 3, red)), (MOTION,), (CUT,))
    storyboard = perceive(sequence)
    assert eye.shown == [100, 200]
    assert [(shot.start, shot.end, shot.scene.picture.sha256) for shot in storyboard.shots] == [
        (0, 1, red.sha256), (1, 2.5, blue.sha256), (2.5, 3, red.sha256),
    ]  # fmt: skip
    assert (storyboard.source, storyboard.seconds, storyboard.curves, storyboard.hits) == (CLIP, 3, (MOTION,), (CUT,))


def test_a_still_picture_is_one_shot_without_a_length() -> None:
    seen = ShotPerceiver(Eye())(frame(50))
    assert seen == Storyboard.of_still(Eye()(frame(50)))
    assert seen.is_still


def test_a_fault_names_its_shot_and_stays_what_it_is() -> None:
    shots = (PictureShot(0, 1, frame(9)), PictureShot(1, 3, frame(0)))
    line = r"^street.mp4, shot 2 of 2 \(from 1 s\): nothing to be seen; switch on the light$"
    with pytest.raises(BackendError, match=line):
        ShotPerceiver(Eye())(PictureSequence(CLIP, 3, shots))

    def lacking(_: Picture, /) -> Scene:
        raise MissingPackageError("needs nosuchpackage: pip install nosuchpackage")

    with pytest.raises(MissingPackageError, match=r"shot 1 of 2 .*: needs nosuchpackage: pip install"):
        ShotPerceiver(lacking)(PictureSequence(CLIP, 3, shots))
    with pytest.raises(BackendError, match=r"shot 1 of 2 .*: the perceiver returned int, not Scene; tell its author"):
        ShotPerceiver(lambda _: 42)(PictureSequence(CLIP, 3, shots))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "shots", "fault"),
    [
        (3, [(0, 1), (2, 3)], r"shot 2 of 2 starts at 2 s, but the one before it ends at 1\.?0? s"),
        (3, [(0, 2)], "the last shot ends at 2 s and the storyboard at 3 s; make them equal"),
        (3, [], "has 0 shots; give 1 to 1800"),
        (0, [(0, 0)], "lasts 0 s; give more than 0 and at most 3600"),
        (float("nan"), [(0, 0)], "lasts nan s; give more than 0"),
    ],
)
def test_shots_are_looked_at_before_any_picture(seconds: float, shots: list[tuple[float, float]], fault: str) -> None:
    with pytest.raises(UsageError, match=rf"^street\.mp4:? .*{fault}|^street\.mp4 {fault}"):
        PictureSequence(CLIP, seconds, [(start, end, frame(1)) for start, end in shots])


def test_a_curve_that_goes_on_behind_the_end_is_told_in_one_line() -> None:
    late = Curve(name="late", unit="", times=(9,), values=(0,))
    with pytest.raises(
        UsageError, match=r"^street\.mp4: curve 'late' goes on to 9 s, but the storyboard ends at 3 s; cut it there$"
    ):
        ShotPerceiver(Eye())(PictureSequence(CLIP, 3, [(0, 3, frame(1))], (late,)))


def test_the_offline_eye_sees_an_album(make_picture: Callable[..., Path]) -> None:
    eye = load_stage("perceiver", "offline")
    pictures = [open_picture(make_picture(f"{tint}.png", tint=tint)) for tint in (0, 2)]
    album = MediaInfo(kind="album", file="0.png")
    storyboard = ShotPerceiver(eye)(PictureSequence(album, 20, [(0, 12, pictures[0]), (12, 20, pictures[1])]))
    assert [shot.scene for shot in storyboard.shots] == [eye(picture) for picture in pictures]


PLUG_IN = """
from img2music.perceivers.offline import OfflinePerceiver

class Dreamer:
    def __init__(self, *, mood="calm"):
        self.mood = mood
    def __call__(self, picture, /):
        scene = OfflinePerceiver()(picture)
        mood = scene.attributes.mood.model_copy(update={"value": (self.mood,)})
        return scene.model_copy(update={"attributes": scene.attributes.model_copy(update={"mood": mood})})
"""
PIPELINE = """
name: dreams
description: d
needs: a plug-in
leaves_machine: nothing
licence: l
stages:
  perceiver: {use: dreamer, options: {mood: strange}}
"""


def test_a_plug_in_for_stills_sees_storyboards_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = "[img2music.perceiver]\ndreamer = dreamer_stage:Dreamer\n"
    with installed_package(
        tmp_path / "site", monkeypatch, "dreamer-stage 1.0", modules={"dreamer_stage": PLUG_IN}, entry_points=points
    ):
        (tmp_path / "dreams.yaml").write_text(PIPELINE)
        sequence = PictureSequence(CLIP, 3, [(0, 1, frame(20)), (1, 3, frame(30))])
        for storyboard in (
            Pipeline.load(tmp_path / "dreams.yaml").storyboard(sequence),
            ShotPerceiver(load_stage("perceiver", "dreamer", {"mood": "strange"}))(sequence),
        ):
            assert [shot.scene.attributes.mood.value for shot in storyboard.shots] == [("strange",)] * 2


# The pipeline


def test_a_pipeline_makes_storyboards_of_pictures_scenes_and_sequences(make_picture: Callable[..., Path]) -> None:
    eye = Eye()
    pipeline = Pipeline.load().with_stage("perceiver", eye)
    path = make_picture()
    scene = pipeline.see(path)
    assert pipeline.storyboard(path) == pipeline.storyboard(scene) == Storyboard.of_still(scene)
    events: list[Event] = []
    sequence = PictureSequence(CLIP, 3, [(0, 1, frame(20)), (1, 3, frame(30))])
    storyboard = pipeline.storyboard(sequence, on_event=events.append)
    assert storyboard.shots == tuple(
        Shot(start=start, end=end, scene=pipeline.see(picture)) for start, end, picture in sequence.shots
    )
    assert [(event.stage, event.state) for event in events] == [("perceiver", "started"), ("perceiver", "finished")] * 2


def test_a_fallback_steps_in_for_a_single_shot(stand_ins: None, tmp_path: Path) -> None:
    """As it does for a single picture."""
    path = tmp_path / "blind.yaml"
    path.write_text(
        "name: blind\ndescription: d\nneeds: n\nleaves_machine: nothing\nlicence: l\n"
        "stages: {perceiver: {use: lacking, fallback: {use: offline}}}\n"
    )
    pipeline = Pipeline.load(path).with_stage("perceiver", Eye())
    events: list[Event] = []
    sequence = PictureSequence(CLIP, 3, [(0, 1, frame(20)), (1, 3, frame(0))])
    storyboard = pipeline.storyboard(sequence, on_event=events.append)
    assert [event.message for event in events if event.state == "fallback"] == [
        "perceiver 'lacking' could not work, 'offline' did: nothing to be seen; switch on the light"
    ]
    assert storyboard.shots[0].scene.cue("skyline") == make_scene().cue("skyline")
    assert storyboard.shots[1].scene == load_stage("perceiver", "offline")(frame(0))

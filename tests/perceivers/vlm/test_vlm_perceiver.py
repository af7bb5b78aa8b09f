"""The eye that asks: what the model says stands beside what was measured, and nothing else gets in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from img2music.errors import BackendError, UsageError
from img2music.io.pictures import open_picture
from img2music.models import schema_of
from img2music.perceivers.offline import OfflinePerceiver
from img2music.perceivers.vlm.scene_fusion import AROUSAL_CUE
from img2music.perceivers.vlm.scene_schema import SceneAnswer
from img2music.perceivers.vlm.vlm_perceiver import ModelPerceiver
from img2music.provenance import collect_model_uses
from img2music.scene import MusicalAttributes, Scene
from tests.support import extras
from tests.support.model_answers import flat_scene_answer, record_answers, scene_answer
from tests.support.stub_server import StubServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from img2music.io.pictures import Picture
    from img2music.provenance import ModelUse

extras.require("llm")
FIRST_VERSION = str(Path(__file__).parents[2] / "documents" / "prompts_version_1" / "see-cited.md")
"""A prompt as it was shipped once: whoever copied it goes on with it, and with the answers of its schema, "scene/1"."""
OWN = ("density", "height", "contour")
"""Attributes that no model is asked for."""


@pytest.fixture
def picture(make_picture: Callable[..., Path]) -> Picture:
    return open_picture(make_picture())


def see(picture: Picture, tmp_path: Path, *answers: object, prompt: str = FIRST_VERSION) -> tuple[Scene, ModelUse]:
    with collect_model_uses() as uses:
        scene = ModelPerceiver(model=record_answers(tmp_path / "answers.jsonl", *answers), prompt=prompt)(picture)
    (use,) = uses
    return scene, use


def test_every_attribute_says_who_suggests_it_and_what_was_measured_stays(picture: Picture, tmp_path: Path) -> None:
    alone = OfflinePerceiver()(picture)
    scene, use = see(picture, tmp_path, scene_answer())
    assert scene.attributes.tempo_bpm.value == 66
    assert scene.attributes.genre.value == "ambient"
    assert scene.attributes.key.value == "Eb"
    for name in MusicalAttributes.model_fields:
        attribute = getattr(scene.attributes, name)
        assert attribute.source == ("measured" if name in OWN else "model"), name
        if name in OWN:
            assert attribute == getattr(alone.attributes, name)
    assert scene.measured is not None
    for name in MusicalAttributes.model_fields:
        assert getattr(scene.measured, name).value == getattr(alone.attributes, name).value
    gone = {"subject", "smiles"} | {cue.name for cue in alone.cues if cue.name.startswith(("sees_", "likely_"))}
    kept = [cue for cue in alone.cues if cue.name not in gone]
    assert [cue for cue in scene.cues if cue.source == "measured" and cue.name != AROUSAL_CUE] == kept
    assert scene.colours == alone.colours
    assert scene.seal is None
    assert (use.stage, use.schema_name, use.accepted, use.repairs) == ("perceiver", "scene/1", True, 0)


def test_observations_become_cues_with_their_place_and_may_be_cited(picture: Picture, tmp_path: Path) -> None:
    scene, use = see(picture, tmp_path, scene_answer())
    boat = scene.cue("lone_boat")
    assert boat is not None
    assert boat.box is not None
    assert (boat.source, boat.box.x, boat.box.width) == ("model", 0.1, 0.2)
    assert scene.attributes.valence.because == ("red_sky", "warmth")
    assert (use.citations, use.unfounded) == (11, 0)


def test_a_citation_of_what_is_not_there_is_marked_and_counts_for_nothing(picture: Picture, tmp_path: Path) -> None:
    answer = scene_answer(mode={"because": ["a_dragon"], "value": "phrygian", "confidence": 0.9})
    answer["valence"]["because"] = ["red_sky", "unicorns"]
    scene, use = see(picture, tmp_path, answer)
    mode, valence = scene.attributes.mode, scene.attributes.valence
    assert (mode.because, mode.unfounded, mode.confidence) == ((), ("a_dragon",), 0.2)
    assert (valence.because, valence.unfounded) == (("red_sky",), ("unicorns",))
    assert (use.citations, use.unfounded) == (11, 2)
    assert "mode cites 'a_dragon', which is not there" in use.mended


def test_places_outside_the_picture_are_cut_and_double_names_left_out(picture: Picture, tmp_path: Path) -> None:
    answer = scene_answer()
    answer["observations"] = [
        {"name": "edge", "text": "at the edge", "box": [0.9, 0.9, 0.5, 0.5]},
        {"name": "edge", "text": "again", "box": [0.0, 0.0, 0.5, 0.5]},
        {"name": "lightness", "text": "the name of a measured cue", "box": [0.0, 0.0, 0.0, 0.0]},
        *answer["observations"],
    ]
    scene, use = see(picture, tmp_path, answer)
    edge, renamed = scene.cue("edge"), scene.cue("seen_lightness")
    assert edge is not None
    assert edge.box is not None
    assert edge.box.x + edge.box.width <= 1
    assert renamed is not None
    assert renamed.box is None
    assert isinstance(scene.number("lightness", -1), float)
    assert scene.number("lightness", -1) >= 0  # the measured one is still the measured one
    assert scene.attributes.tempo_bpm.because == ("lone_boat",)
    assert any("reaches out of the picture" in mend for mend in use.mended)
    assert any("two observations are called 'edge'" in mend for mend in use.mended)


def test_a_name_that_both_use_means_what_the_model_says_it_means(picture: Picture, tmp_path: Path) -> None:
    answer = scene_answer(arousal={"because": ["lightness", "warmth"], "value": 0.1, "confidence": 0.5})
    answer["observations"].append({"name": "lightness", "text": "a lamp", "box": [0.1, 0.1, 0.2, 0.2]})
    scene, _ = see(picture, tmp_path, answer)
    assert scene.attributes.arousal.because == (AROUSAL_CUE, "seen_lightness", "warmth")


def test_faults_are_quoted_and_a_second_answer_is_taken(picture: Picture, tmp_path: Path) -> None:
    broken = scene_answer(tempo_bpm={"because": ["red_sky"], "value": 900, "confidence": 0.5})
    scene, use = see(picture, tmp_path, "Sure! Here is the music.", broken, f"```json\n{json.dumps(scene_answer())}\n```")
    assert scene.attributes.tempo_bpm.value == 66
    assert (use.answers, use.repairs, use.accepted) == (3, 2, True)
    assert any("tempo_bpm.value" in fault and "900" in fault for fault in use.faults)


def test_after_two_repairs_the_stage_gives_up_with_one_line(picture: Picture, tmp_path: Path) -> None:
    line = record_answers(tmp_path / "answers.jsonl", *["no json"] * 5)
    with (
        collect_model_uses() as uses,
        pytest.raises(BackendError, match=r"no usable answer in 3 tries .*; try another model or prompt$"),
    ):
        ModelPerceiver(model=line)(picture)
    assert [(use.answers, use.accepted) for use in uses] == [(3, False)]


@pytest.mark.parametrize(
    "extra",
    [
        {"tempo_bpm": {"because": ["red_sky"], "value": 66, "confidence": 0.5, "path": "/etc/passwd"}},
        {"genre": {"because": ["red_sky"], "value": "/etc/passwd", "confidence": 0.5}},
        {"instruments": {"because": ["red_sky"], "value": ["file:///x"], "confidence": 0.5}},
        {"mood": {"because": ["red_sky"], "value": ["<script>alert(1)</script>"], "confidence": 0.5}},
        {"observations": [{"name": "../up", "text": "x", "box": [0, 0, 1, 1]}]},
    ],
)
def test_the_schema_leaves_no_way_to_anything_but_music(picture: Picture, tmp_path: Path, extra: dict[str, Any]) -> None:
    scene, use = see(picture, tmp_path, *[scene_answer(**extra)] * 3)
    text = scene.model_dump_json()
    assert not any(hostile in text for hostile in ("rm -rf", "/etc/passwd", "file:", "<script", "../", "system"))
    assert use.repairs == 2
    assert any("the eye's own stands" in mend for mend in use.mended)
    assert scene.attributes.valence.source == "model"  # what is sound is still taken


def test_a_field_that_nobody_asked_for_costs_nothing(picture: Picture, tmp_path: Path) -> None:
    scene, use = see(picture, tmp_path, scene_answer(system="rm -rf /"))
    assert "rm -rf" not in scene.model_dump_json()
    assert (use.repairs, use.faults) == (0, ())
    assert "there is no field 'system'; it was left out" in use.mended


SHIPPED = "see/cited"


def test_an_answer_in_the_short_form_says_the_same(picture: Picture, tmp_path: Path) -> None:
    scene, use = see(picture, tmp_path, flat_scene_answer(), prompt=SHIPPED)
    long, _ = see(picture, tmp_path, scene_answer())
    for name in MusicalAttributes.model_fields:
        if name != "key":
            assert getattr(scene.attributes, name) == getattr(long.attributes, name), name
    assert (use.schema_name, use.repairs, use.citations, use.unfounded) == ("scene/2", 0, 10, 0)


def test_a_key_may_stay_open(picture: Picture, tmp_path: Path) -> None:
    alone = OfflinePerceiver()(picture)
    scene, use = see(picture, tmp_path, flat_scene_answer(), prompt=SHIPPED)
    assert scene.attributes.key == alone.attributes.key
    assert (use.repairs, use.faults) == (0, ())
    said, _ = see(picture, tmp_path, flat_scene_answer(key="Eb"), prompt=SHIPPED)
    assert (said.attributes.key.value, said.attributes.key.source, said.attributes.key.because) == ("Eb", "model", ())
    assert said.attributes.key.confidence <= 0.2  # nothing speaks for it
    left_out = flat_scene_answer()
    del left_out["key"]
    _, use = see(picture, tmp_path, *[left_out] * 3, prompt=SHIPPED)
    assert any(fault.startswith("key: it is missing") for fault in use.faults)


def test_a_decision_without_a_reason_is_taken_and_counts_for_little(picture: Picture, tmp_path: Path) -> None:
    reasons = [{"about": "Tempo", "because": ["red_sky"], "confidence": 0.9}, "nonsense", {"about": 7}]
    scene, use = see(picture, tmp_path, flat_scene_answer(reasons=reasons), prompt=SHIPPED)
    assert (scene.attributes.tempo_bpm.because, scene.attributes.tempo_bpm.confidence) == (("red_sky",), 0.9)
    assert (scene.attributes.genre.value, scene.attributes.genre.because, scene.attributes.genre.confidence) == (
        "ambient",
        (),
        0.2,
    )
    assert use.repairs == 0


def test_a_fact_that_is_called_wrong_leaves_the_scene(picture: Picture, tmp_path: Path) -> None:
    scene, use = see(picture, tmp_path, flat_scene_answer(wrong_facts=["warmth", "colour_1", "unicorns", 7]), prompt=SHIPPED)
    assert scene.cue("warmth") is None
    assert scene.colours  # a colour is no cue that could be wrong in words
    assert any("superseded by what the model saw: " in mend and "warmth" in mend for mend in use.mended)
    assert scene.attributes.valence.because == ("red_sky",)  # it was given as a reason in the same breath
    Scene.model_validate_json(scene.model_dump_json())


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_repair_sends_neither_the_picture_nor_the_lists_again(picture: Picture) -> None:
    answers: list[Any] = [flat_scene_answer(tempo_bpm=900, genre="polka"), {"tempo_bpm": 70, "genre": "ambient"}]
    with StubServer(lambda _: answers.pop(0)) as server, collect_model_uses() as uses:
        scene = ModelPerceiver(model=f"openai:stub?base_url={server.base_url}")(picture)
        second = server.requests[1].body
    assert (scene.attributes.tempo_bpm.value, scene.attributes.genre.value) == (70, "ambient")
    assert scene.attributes.tempo_bpm.because == ("lone_boat",)
    assert (uses[0].repairs, uses[0].accepted) == (1, True)
    sent = second["messages"][-1]["content"]
    assert isinstance(sent, str)
    assert "tempo_bpm: Input should be less than or equal to 220 (you wrote '900')" in sent
    assert "tempo_bpm 40..220 whole" in sent
    assert "genre ambient|baroque|" in sent
    assert "ocarina" not in sent


SLIPS: list[tuple[dict[str, Any], str, object]] = [
    (
        {"mood": {"because": ["red_sky"], "value": ["Serene", "still, airless"], "confidence": 0.5}},
        "mood",
        ("serene", "still", "airless"),
    ),
    ({"key": {"because": ["red_sky"], "value": "G major", "confidence": 0.5}}, "key", "G"),
    ({"key": {"because": ["red_sky"], "value": "b flat", "confidence": 0.5}}, "key", "Bb"),
    ({"tempo_bpm": {"because": ["red_sky"], "value": 67.5, "confidence": 0.5}}, "tempo_bpm", 68),
    ({"genre": {"because": ["red_sky"], "value": "Jazz Ballad", "confidence": 0.5}}, "genre", "jazz-ballad"),
    (
        {"instruments": {"because": ["red_sky"], "value": ["Upright Bass", "theremin"], "confidence": 0.5}},
        "instruments",
        ("acoustic bass",),
    ),
    ({"mode": {"because": ["red_sky"] * 6, "value": "Dorian", "confidence": 0.5}}, "mode", "dorian"),
]


@pytest.mark.parametrize(("slip", "name", "value"), SLIPS, ids=[f"{name}-{value}" for _, name, value in SLIPS])
def test_slips_that_leave_no_doubt_cost_no_second_question(
    picture: Picture, tmp_path: Path, slip: dict[str, Any], name: str, value: object
) -> None:
    scene, use = see(picture, tmp_path, scene_answer(**slip))
    assert getattr(scene.attributes, name).value == value
    assert use.repairs == 0


def test_observations_are_read_as_people_write_them(picture: Picture, tmp_path: Path) -> None:
    answer = scene_answer(mode={"because": ["Pagoda Tower"], "value": "dorian", "confidence": 0.5})
    answer["observations"].append({"name": "Pagoda Tower", "text": "x" * 300, "box": [10, 20, 30, 40]})
    scene, use = see(picture, tmp_path, answer)
    tower = scene.cue("pagoda_tower")
    assert tower is not None
    assert tower.box is not None
    assert (tower.box.x, tower.box.height, len(tower.text)) == (0.1, 0.4, 160)
    assert scene.attributes.mode.because == ("pagoda_tower",)
    assert use.repairs == 0


def test_a_cue_that_the_model_was_never_shown_is_no_reason(picture: Picture, tmp_path: Path) -> None:
    scene, _ = see(picture, tmp_path, scene_answer(), prompt="see/unaided")
    assert scene.attributes.valence.because == ("red_sky",)
    assert scene.attributes.valence.unfounded == ("warmth",)


def test_one_decision_that_is_not_sound_leaves_the_eyes_own(picture: Picture, tmp_path: Path) -> None:
    alone = OfflinePerceiver()(picture)
    bad = scene_answer(tempo_bpm={"because": ["red_sky"], "value": 900, "confidence": 0.5})
    scene, use = see(picture, tmp_path, bad, bad, bad)
    assert scene.attributes.tempo_bpm == alone.attributes.tempo_bpm
    assert scene.attributes.mode.source == "model"
    assert any("tempo_bpm.value" in mend and "the eye's own stands" in mend for mend in use.mended)


def test_an_instrument_that_a_model_is_sure_of_is_seated(picture: Picture, tmp_path: Path) -> None:
    from img2music.brief import Brief
    from img2music.planners.rules.rules_planner import RulesPlanner

    koto = {"because": ["red_sky"], "value": ["koto", "cello"], "confidence": 0.8}
    scene, _ = see(picture, tmp_path, scene_answer(instruments=koto))
    plan = RulesPlanner()(scene, Brief(seconds=20))
    assert next(part.instrument for part in plan.parts if part.role == "melody") == "koto"
    unsure, _ = see(picture, tmp_path, scene_answer(instruments={**koto, "confidence": 0.3}))
    assert all(part.instrument != "koto" for part in RulesPlanner()(unsure, Brief(seconds=20)).parts)


def test_the_schema_is_closed_and_bounded_everywhere() -> None:
    def look(node: Any, path: str) -> None:
        if not isinstance(node, dict):
            return
        kind = node.get("type")
        if kind == "object":
            assert node["additionalProperties"] is False, path
            assert set(node["required"]) == set(node["properties"]), path
        if kind == "string":
            assert {"maxLength", "pattern", "enum"} & node.keys(), path
        if kind == "array":
            assert "maxItems" in node, path
        if kind in {"number", "integer"}:
            assert {"minimum", "maximum"} <= node.keys(), path
        for name, inner in (*node.get("properties", {}).items(), ("items", node.get("items"))):
            look(inner, f"{path}.{name}")

    look(schema_of(SceneAnswer), "scene")


def test_the_scene_can_be_saved_read_and_planned(picture: Picture, tmp_path: Path) -> None:
    from img2music.brief import Brief
    from img2music.planners.rules.rules_planner import RulesPlanner

    scene, _ = see(picture, tmp_path, scene_answer())
    again = Scene.model_validate_json(scene.model_dump_json())
    assert again == scene
    plan = RulesPlanner()(again, Brief(seconds=20))
    assert (plan.style, plan.meter) == ("ambient", "3/4" if "3/4" in plan.meter else plan.meter)
    assert plan.parsed_key.mode in {"lydian", "major"}


def test_a_model_without_eyes_is_not_asked(picture: Picture) -> None:
    with pytest.raises(BackendError, match=r"can't see pictures; name its mmproj file, or another model$"):
        ModelPerceiver(model="gguf:smollm2")(picture)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"model": "nobody:x"}, "no model provider 'nobody'"),
        ({"model": "replay:x", "prompt": "see/citd"}, r"did you mean 'see/cited'\?"),
        ({"model": "replay:x", "prompt": "plan/compose"}, "is for 'plan', not for 'see'"),
        ({"model": "replay:x", "time_limit_seconds": 0}, "give 1 to 3600 seconds"),
        ({"model": "replay:x", "time_limit_seconds": "5"}, "give 1 to 3600 seconds"),
    ],
)
def test_wrong_options_are_told_before_any_work(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        ModelPerceiver(**options)

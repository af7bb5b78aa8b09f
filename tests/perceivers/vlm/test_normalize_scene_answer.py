"""A scene is the same scene in whatever spelling it comes, or the fault is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from img2music.models import AnswerError, parse_json_answer
from img2music.perceivers.vlm.scene_from_answer import SceneReading, read_scene
from img2music.perceivers.vlm.scene_schema import SceneAnswer
from tests.support import extras
from tests.support.answer_spellings import SCENE_FIELDS, TEXTS, WRAPPINGS
from tests.support.made_pipelines import make_pipeline
from tests.support.made_scenes import make_scene
from tests.support.model_answers import record_answers, scene_answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    MakePicture = Callable[..., Path]

MEASURED = make_scene()
SHOWN = frozenset({cue.name for cue in MEASURED.cues} | {colour.name for colour in MEASURED.colours})


def answer(**changes: Any) -> dict[str, Any]:
    return scene_answer(**{"valence": {"because": ["red_sky", "lightness"], "value": 0.4, "confidence": 0.7}, **changes})


def seen(text: str) -> SceneReading:
    return read_scene(parse_json_answer(text, SceneAnswer), MEASURED, SHOWN)


def same(text: str) -> SceneReading:
    made = seen(text)
    assert made.faults == ()
    assert made.scene == seen(json.dumps(answer())).scene
    return made


@pytest.mark.parametrize("name", SCENE_FIELDS)
def test_a_field_in_another_spelling_is_the_same_scene(name: str) -> None:
    same(json.dumps(SCENE_FIELDS[name](answer())))


@pytest.mark.parametrize("name", TEXTS)
def test_json_in_another_spelling_is_the_same_scene(name: str) -> None:
    same(TEXTS[name](answer()))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    field=st.sampled_from(sorted(SCENE_FIELDS)),
    text=st.sampled_from(sorted(TEXTS.keys() - {"last brace missing", "last brace missing in a fence"})),
    wrapping=st.sampled_from(sorted(WRAPPINGS)),
)
def test_spellings_upon_spellings_are_the_same_scene(field: str, text: str, wrapping: str) -> None:
    same(f"<think>{{'valence': 1}}</think>{WRAPPINGS[wrapping](TEXTS[text](SCENE_FIELDS[field](answer())))}")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["utf-8", "latin-1"]))
def test_any_bytes_are_a_fault(content: bytes, coding: str) -> None:
    with pytest.raises(AnswerError):
        seen(content.decode(coding, "replace"))


_SCRAP: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-200, 200) | st.floats(-2, 2) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["name", "value", "because", "box"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*SceneAnswer.model_fields, "x"]), _SCRAP, max_size=4))
def test_any_fields_are_a_scene_or_a_fault(changes: dict[str, Any]) -> None:
    try:
        made = read_scene({**answer(), **changes}, MEASURED, SHOWN)
    except AnswerError:
        return
    assert made.scene.measured == MEASURED.attributes


@pytest.mark.parametrize("name", ["key", "tempo_bpm", "mood"])
@pytest.mark.parametrize("nothing", [None, "n/a", {"because": ["red_sky"], "value": None, "confidence": 0.5}])
def test_null_says_nothing(name: str, nothing: object) -> None:
    made = seen(json.dumps(answer(**{name: nothing})))
    assert made.faults == ()
    assert f"{name}: not said, so the eye's own stands" in made.mended
    assert getattr(made.scene.attributes, name) == getattr(MEASURED.attributes, name)


def test_what_is_not_sure_and_nowhere_is_said_so() -> None:
    sky = {"name": "Red Sky", "text": "a red sky", "box": None}
    key = {"because": "Red Sky", "value": "E♭", "confidence": None}
    made = seen(json.dumps(answer(observations=sky, key=key)))
    assert made.faults == ()
    cue = made.scene.cue("red_sky")
    assert cue is not None
    assert cue.box is None
    attribute = made.scene.attributes.key
    assert (attribute.value, attribute.because, attribute.confidence) == ("Eb", ("red_sky",), 0.2)
    assert "key: 'E♭' read as 'Eb'" in made.mended


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("valence", 7, "valence.value"),
        ("valence", "high", "valence.value"),  # high on a scale from -1 or from 0?
        ("valence", float("nan"), "valence.value: NaN is no number"),
        ("tempo_bpm", "slow", "tempo_bpm.value"),
        ("meter", "3/4 or 4/4", "meter.value"),
        ("key", "H", "key.value"),
        ("mode", "locrian", "mode.value"),
        ("instruments", ["theremin"], "instruments.value"),
    ],
)
def test_what_leaves_a_doubt_stays_a_fault(name: str, value: Any, fault: str) -> None:
    made = seen(json.dumps(answer(**{name: {"because": ["red_sky"], "value": value, "confidence": 0.5}})))
    assert any(fault in one for one in made.faults), made.faults
    assert getattr(made.scene.attributes, name) == getattr(MEASURED.attributes, name)


@pytest.mark.parametrize(
    "text",
    ["{}", '{"foo": 1}', '{"scene": {}}', "[]", json.dumps(dict.fromkeys(SceneAnswer.model_fields)), '{"observations": []}'],
)
def test_an_answer_that_says_nothing_lets_the_fallback_see_and_says_so(
    text: str, make_picture: MakePicture, tmp_path: Path
) -> None:
    extras.require("llm")
    stage = {
        "use": "vlm",
        "options": {"model": record_answers(tmp_path / "answers.jsonl", *[text] * 3)},
        "fallback": {"use": "offline"},
    }
    piece = make_pipeline(perceiver=stage).compose(make_picture(), seconds=6, audio=None, on_event=lambda _: None)
    (fallback,) = piece.manifest.fallbacks
    assert "gave no usable answer in 3 tries" in fallback.why

"""A plan is the same plan in whatever spelling it comes, or the fault is named; nothing else happens."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from img2music.brief import Brief
from img2music.crossmodal.verbalize import citable, scene_gist
from img2music.errors import BackendError
from img2music.models import AnswerError, parse_json_answer
from img2music.planners.llm.fixed_choices import FixedChoices
from img2music.planners.llm.llm_planner import ModelPlanner
from img2music.planners.llm.plan_from_answer import read_changes_answer, read_choice_answer, read_plan_answer
from img2music.planners.llm.plan_schema import ChangesAnswer, PlanAnswer
from img2music.planners.llm.settle_plan import settle_plan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.provenance import collect_model_uses
from tests.support import extras
from tests.support.answer_spellings import FIELDS, SURROUNDINGS, TEXTS, WRAPPINGS
from tests.support.made_pipelines import make_pipeline
from tests.support.made_scenes import make_scene
from tests.support.model_answers import changes_answer, choice_answer, plan_answer, record_answers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from img2music.plan import CompositionPlan
    from img2music.planners.llm.settle_plan import SettledPlan

    MakePicture = Callable[..., Path]

BRIEF = Brief(seconds=30)
# Eight bars, as short answers of small models are.
SHORT: dict[str, Any] = {
    "idea": "Slow steps over frozen ground.",
    "reasons": [{"choice": "key", "because": [], "text": "It is dark, so it is minor."}],
    "title": "Frozen Ground",
    "style": "ambient",
    "key": "D minor",
    "meter": "4/4",
    "tempo_bpm": 72,
    "density": 0.4,
    "motif": {"steps": [0, 2, 4, 2], "lengths": [1.0, 1.0, 1.0, 1.0]},
    "contour": [0.1, 0.4, 0.9, 0.5],
    "sections": [
        {
            "name": "A",
            "letter": "A",
            "role": "theme",
            "energy": 0.4,
            "bars": ["i", "VI", "III", "VII", "i", "iv", "V", "i"],
        }
    ],
    "parts": [
        {"instrument": "flute", "role": "melody", "from_energy": 0.0},
        {"instrument": "warm pad", "role": "pad", "from_energy": 0.0},
        {"instrument": "cello", "role": "bass", "from_energy": 0.0},
    ],
}


@cache
def _draft() -> tuple[CompositionPlan, frozenset[str]]:
    scene = make_scene()
    return RulesPlanner()(scene, BRIEF), citable(scene.cues, scene.colours)


def planned(answer: str | dict[str, Any]) -> SettledPlan:
    draft, known = _draft()
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return settle_plan(read_plan_answer(parse_json_answer(text, PlanAnswer)), draft, FixedChoices.by(BRIEF), known)


@cache
def _clean() -> CompositionPlan:
    made = planned(plan_answer())
    assert (made.faults, made.remarks) == ((), ())
    return made.plan


def same(answer: str | dict[str, Any]) -> SettledPlan:
    made = planned(answer)
    assert made.faults == ()
    assert made.plan == _clean()
    return made


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_in_another_spelling_is_the_same_plan(name: str) -> None:
    same(FIELDS[name](plan_answer()))


@pytest.mark.parametrize("name", TEXTS)
def test_json_in_another_spelling_is_the_same_plan(name: str) -> None:
    same(TEXTS[name](plan_answer()))


@pytest.mark.parametrize("name", WRAPPINGS)
def test_a_wrapped_plan_is_the_same_plan(name: str) -> None:
    same(WRAPPINGS[name](json.dumps(plan_answer())))


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_what_stands_around_a_plan_is_passed_over(name: str) -> None:
    same(SURROUNDINGS[name](json.dumps(plan_answer())))


_WHOLE = sorted(TEXTS.keys() - {"last brace missing", "last brace missing in a fence"})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    fields=st.lists(st.sampled_from(sorted(FIELDS)), max_size=3, unique_by=lambda name: name.split()[0]),
    text=st.sampled_from(_WHOLE),
    wrapping=st.sampled_from(sorted(WRAPPINGS)),
    around=st.sampled_from(sorted(SURROUNDINGS)),
)
def test_spellings_upon_spellings_are_the_same_plan(fields: list[str], text: str, wrapping: str, around: str) -> None:
    tree = plan_answer()
    for name in sorted(
        fields, key=lambda name: (name.startswith("names"), name == "sections by name")
    ):  # places are found by name
        tree = FIELDS[name](tree)
    same(SURROUNDINGS[around](WRAPPINGS[wrapping](TEXTS[text](tree))))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_damaged_answer_is_a_plan_or_a_fault(data: st.DataObject) -> None:
    text = SURROUNDINGS[data.draw(st.sampled_from(sorted(SURROUNDINGS)))](json.dumps(plan_answer()))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 40)))
        text = (
            text[:start]
            + data.draw(st.text(max_size=4) | st.sampled_from(['"', "}", "]", "{", ",", "'", "NaN", "1e999"]))
            + text[end:]
        )
    with suppress(AnswerError):
        assert planned(text).plan.bars


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["utf-8", "latin-1", "utf-16-le"]))
def test_any_bytes_are_a_fault(content: bytes, coding: str) -> None:
    text = content.decode(coding, "replace")
    with pytest.raises(AnswerError):
        planned(text)
    with pytest.raises(AnswerError):
        read_changes_answer(parse_json_answer(text, ChangesAnswer), _draft()[0])


@pytest.mark.parametrize("end", range(0, len(json.dumps(SHORT)) - 2, 7))
def test_a_cut_answer_is_called_so(end: int) -> None:
    with pytest.raises(AnswerError, match=r"cut off|empty|not complete"):
        planned(json.dumps(SHORT)[:end])


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ({"key": "Dm"}, "key", "D minor"),
        ({"key": "A# major"}, "key", "Bb major"),
        ({"key": "F♯ minor"}, "key", "F# minor"),
        ({"key": "Cmaj"}, "key", "C major"),
        ({"key": "es-moll"}, "key", "Eb minor"),
        ({"style": "Lo-Fi"}, "style", "lo-fi"),
        ({"style": "Solo Piano"}, "style", "solo-piano"),
        ({"tempo_bpm": 72.5}, "tempo_bpm", 72),
        ({"tempo_bpm": "72-76"}, "tempo_bpm", 74),
        ({"tempo_bpm": "dotted quarter = 48"}, "tempo_bpm", 72),
        ({"density": 40}, "density", None),
    ],
)
def test_a_mend_is_on_record(change: dict[str, Any], name: str, value: Any) -> None:
    major = {"sections": [SHORT["sections"][0] | {"bars": ["I", "vi", "IV", "V", "I", "ii", "V", "I"]}]}
    own = major if str(value).endswith(" major") else {}  # numerals of another mode than the key's are a fault of their own
    made, clean = planned({**SHORT, **own, **change}), planned(SHORT)
    assert made.faults == ()
    assert getattr(made.plan, name) == (getattr(clean.plan, name) if value is None else value)
    assert any(remark.startswith(f"{name}: ") and " read as " in remark for remark in made.remarks)


def test_a_band_is_read_as_it_is_written() -> None:
    parts = [
        {"instrument": "Flute", "role": "Melody", "from_energy": 0},
        {"instrument": "Warm Pad", "role": "harmony", "from_energy": 0},
        {"instrument": "Cello (arco)", "role": "Bass", "from_energy": "0.2"},
        {"instrument": "Acoustic Guitar", "role": "Arpeggio", "from_energy": "30 %"},
    ]
    made = planned({**SHORT, "parts": parts, "density": "medium", "style": "Ambient", "key": "d min", "tempo_bpm": "72 BPM"})
    assert made.faults == ()
    assert [(part.instrument, part.role, part.from_energy) for part in made.plan.parts] == [
        ("flute", "melody", 0.0), ("warm pad", "pad", 0.0), ("cello", "bass", 0.2), ("steel guitar", "arpeggio", 0.3),
    ]  # fmt: skip
    assert (made.plan.style, made.plan.key, made.plan.tempo_bpm) == ("ambient", "D minor", 72)


@pytest.mark.parametrize(
    ("bars", "meant"),
    [
        (["ⅰ", "Ⅵ", "♭Ⅵ", "V⁷"], ("i", "VI", "VI", "V7")),
        (["iiø⁷", "ii°", "viiº⁷", "i"], ("iiø7", "iio", "viio7", "i")),
        (["i–VI", "III→VII", "i‑iv", "i"], ("i VI", "III VII", "i iv", "i")),
        (["ｉ", "iv", "Ｖ", "i"], ("i", "iv", "V", "i")),
    ],
)
def test_numerals_in_other_alphabets(bars: list[str], meant: tuple[str, ...]) -> None:
    section = {**SHORT["sections"][0], "bars": [*bars, "i", "iv", "V", "i"]}
    made = planned({**SHORT, "sections": [section]})
    assert made.faults == ()
    assert made.plan.sections[0].harmony[:4] == meant


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"key": "C major / A minor"}, "key: "),
        ({"key": "H major"}, "key: "),
        ({"density": 7}, "density: "),  # of ten or of a hundred?
        ({"density": float("nan")}, "density: NaN is no number"),
        ({"tempo_bpm": float("inf")}, "tempo_bpm: Infinity is no number"),
        ({"tempo_bpm": "72 or 90"}, "tempo_bpm: "),
        ({"meter": "3/4 or 4/4"}, "meter: "),
        ({"meter": "2/2"}, "meter: "),
        ({"style": "polka"}, "style: "),
        ({"density": True}, None),
        ({"motif": {"steps": [0, 1.5], "lengths": [1, 1]}}, "motif.steps.1"),
        ({"motif": {"steps": [0, 1], "lengths": ["long", 1]}}, "motif.lengths.0"),
        ({"parts": [{"instrument": "kazoo orchestra", "role": "melody", "from_energy": 0}]}, "no instrument 'kazoo orchestra'"),
    ],
)
def test_what_leaves_a_doubt_stays_a_fault(change: dict[str, Any], fault: str | None) -> None:
    faults = planned({**SHORT, **change}).faults
    assert fault is None or any(fault in one for one in faults), faults


@pytest.mark.parametrize("name", ["key", "style", "meter", "tempo_bpm", "density", "motif", "contour", "title", "idea"])
@pytest.mark.parametrize("value", [None, "n/a"])
def test_null_says_nothing(name: str, value: str | None) -> None:
    if value is not None and name in {"title", "idea"}:
        return  # a title may be any word
    made = planned({**plan_answer(), name: value})
    if name != "key":  # another mode needs other bars
        assert [fault for fault in made.faults if fault.startswith(name)] == []
    assert f"{name}: not said, so the draft's stands" in made.remarks


NOTHING = ["{}", '{"foo": 1}', '{"plan": {}}', "[]", '{"sections": null}', json.dumps(dict.fromkeys(ChangesAnswer.model_fields))]


@pytest.mark.parametrize("prompt", ["plan/compose", "plan/refine", "plan/choose"])
@pytest.mark.parametrize("answer", NOTHING)
def test_an_answer_that_says_nothing_is_never_used(prompt: str, answer: str, tmp_path: Path) -> None:
    extras.require("llm")
    line = record_answers(tmp_path / "answers.jsonl", *[answer] * 3)
    with collect_model_uses() as uses, pytest.raises(BackendError, match="no usable plan in 3 tries"):
        ModelPlanner(model=line, prompt=prompt)(make_scene(), BRIEF)
    assert [(use.accepted, use.repairs) for use in uses] == [(False, 2)]


def test_an_answer_that_says_nothing_lets_the_fallback_play_and_says_so(make_picture: MakePicture, tmp_path: Path) -> None:
    extras.require("llm")
    line = record_answers(tmp_path / "answers.jsonl", *['{"foo": 1}'] * 3)
    stage = {"use": "llm", "options": {"model": line, "prompt": "plan/refine"}, "fallback": {"use": "rules"}}
    piece = make_pipeline(planner=stage).compose(make_picture(), seconds=6, audio=None, on_event=lambda _: None)
    (fallback,) = piece.manifest.fallbacks
    assert "nothing in the answer can be read as a change" in fallback.why


def test_changes_are_read_as_leniently_as_plans() -> None:
    draft, _ = _draft()
    section = draft.sections[0]
    changes = changes_answer(
        key="unchanged",
        tempo_bpm=f"{draft.tempo_bpm:g} BPM",
        density="40 %",
        motif={"steps": "0 2 1", "lengths": ["dotted quarter", "8th", "1/2"]},
        sections={"name": section.name.upper(), "energy": None, "bars": []},
        parts=[{"Instrument": "Solo Violin", "Role": "Lead", "From Energy": "0"}],
    )
    wish = read_changes_answer(parse_json_answer(json.dumps({"changes": changes}), ChangesAnswer), draft)
    assert wish.faults == []
    assert (wish.key, wish.tempo_bpm, wish.density) == (None, round(draft.tempo_bpm), 0.4)
    assert wish.motif is not None
    assert wish.motif.rhythm == (1.5, 0.5, 2.0)
    assert wish.sections == draft.sections
    assert wish.band is not None
    assert [(part.instrument, part.role) for part in wish.band] == [("violin", "melody")]
    assert len(wish.remarks) >= 4


@pytest.mark.parametrize("choice", [2, "2", 2.0, "plan 2", "#2", [2], "２", "Number 2: the waltz"])
def test_a_choice_is_read_as_it_is_meant(choice: Any) -> None:
    answer, remarks = read_choice_answer({"Answer": choice_answer(choice=choice)})
    assert answer.choice == 2
    assert bool(remarks) == (choice != 2)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ({"title": "“evening Light”"}, ("Evening Light", choice_answer()["note"])),
        ({"title": "Evening Light."}, ("Evening Light", choice_answer()["note"])),
        ({"note": "the evening’s light is soft and warm"}, ("Evening Light", "The evening's light is soft and warm.")),
    ],
)
def test_a_titles_signs_are_made_plain(words: dict[str, Any], meant: tuple[str, str]) -> None:
    answer, _ = read_choice_answer(choice_answer(**words))
    assert (answer.title, answer.note) == meant


def test_a_choice_with_a_mend_is_taken_and_noted(tmp_path: Path) -> None:
    extras.require("llm")
    scene = make_scene()
    word = next(word for word in scene_gist(scene).split(", ") if len(word) > 4)
    answer = choice_answer(note=f"A picture that feels {word} becomes a song.", choice="plan 2")
    with collect_model_uses() as uses:
        plan = ModelPlanner(model=record_answers(tmp_path / "a.jsonl", answer), prompt="plan/choose")(scene, BRIEF)
    assert plan.title == "Evening Light"
    assert [use.mended for use in uses] == [("choice: 'plan 2' read as 2",)]

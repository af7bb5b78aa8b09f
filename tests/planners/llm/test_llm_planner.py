"""The planner that asks: whatever the model answers, the brief is kept and the plan can be played."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from img2music.brief import Brief
from img2music.crossmodal.verbalize import citable, scene_gist
from img2music.errors import BackendError
from img2music.io.midi.export_midi import write_midi
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.io.style_files import style_names
from img2music.metrics.compliance.compliance_check import check_compliance
from img2music.models import AnswerError
from img2music.performers.strict import StrictPerformer
from img2music.planners.llm.fit_length import fit_bars
from img2music.planners.llm.fixed_choices import FixedChoices
from img2music.planners.llm.llm_planner import ModelPlanner
from img2music.planners.llm.plan_choices import candidate_plans
from img2music.planners.llm.plan_from_answer import draft_as_answer, read_changes_answer, read_plan_answer
from img2music.planners.llm.settle_plan import settle_plan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.provenance import collect_model_uses
from img2music.realizers.composer import Composer
from img2music.theory import METERS, Key, Meter, instrument, instrument_names, parse_bar
from tests.support import extras
from tests.support.made_scenes import make_scene
from tests.support.model_answers import changes_answer, choice_answer, plan_answer, record_answers
from tests.support.stub_server import StubServer

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.planners.llm.settle_plan import SettledPlan
    from img2music.provenance import ModelUse

extras.require("llm")
PROMISES = {"tempo", "key", "metre", "length", "instruments"}


def ask(tmp_path: Path, brief: Brief, *answers: object, prompt: str = "plan/compose") -> tuple[CompositionPlan, ModelUse]:
    with collect_model_uses() as uses:
        plan = ModelPlanner(model=record_answers(tmp_path / "answers.jsonl", *answers), prompt=prompt)(make_scene(), brief)
    (use,) = uses
    return plan, use


def settled(answer: dict[str, Any], brief: Brief) -> SettledPlan:
    scene = make_scene()
    draft = RulesPlanner()(scene, brief)
    return settle_plan(read_plan_answer(answer), draft, FixedChoices.by(brief), citable(scene.cues, scene.colours))


def keeps(plan: CompositionPlan, brief: Brief) -> bool:
    """Whether the written files keep every promise."""
    score = Composer()(plan)
    midi, musicxml = write_midi(StrictPerformer()(score, plan)), write_musicxml(score)
    return all(row.passed is not False for row in check_compliance(plan, brief, midi=midi, musicxml=musicxml, audio=None))


def test_a_sound_plan_is_taken_as_it_is(tmp_path: Path) -> None:
    plan, use = ask(tmp_path, Brief(seconds=30), plan_answer())
    assert (plan.title, plan.style, plan.key, plan.tempo_bpm, plan.bars) == ("The Last Boat", "folk", "D dorian", 132, 16)
    assert [section.harmony[0] for section in plan.sections] == ["i", "III", "i"]
    assert [(part.instrument, part.role) for part in plan.parts] == [
        ("flute", "melody"), ("classical guitar", "arpeggio"), ("cello", "bass"),
    ]  # fmt: skip
    assert plan.motif.steps == (0, 2, 1, 4)
    assert (use.faults, use.mended, use.citations, use.unfounded) == ((), (), 2, 0)
    assert [(reason.choice, reason.source) for reason in plan.reasons[:2]] == [("tempo", "model"), ("instruments", "model")]
    assert keeps(plan, Brief(seconds=30))


WISHES: list[tuple[dict[str, Any], str]] = [
    ({"tempo_bpm": 90.0}, "tempo_bpm: the user asked for 90"),
    ({"key": "G minor"}, "key: the user asked for G minor"),
    ({"meter": "3/4"}, "meter: the user asked for 3/4"),
    ({"style": "waltz"}, "style: the user asked for waltz"),
    ({"instruments": ("violin", "piano")}, "parts: the user asked for exactly piano, violin"),
    ({"words": "in G minor, without flute"}, "the user wants no flute"),
]


@pytest.mark.parametrize(("wish", "fault"), WISHES, ids=[next(iter(wish)) for wish, _ in WISHES])
def test_the_brief_wins_over_the_model(tmp_path: Path, wish: dict[str, Any], fault: str) -> None:
    brief = Brief.of(seconds=30, **wish)
    plan, use = ask(tmp_path, brief, *[plan_answer()] * 3)
    assert keeps(plan, brief)
    assert use.accepted
    assert use.repairs == 2
    assert any(fault in mend for mend in use.mended), use.mended
    assert plan.title == "The Last Boat"  # the rest is the model's
    if "words" in wish:
        assert plan.key == "G minor"
        assert all(part.instrument != "flute" for part in plan.parts)


def test_a_loop_fills_its_length_exactly(tmp_path: Path) -> None:
    brief = Brief(seconds=30, loop=True)
    plan, _ = ask(tmp_path, brief, *[plan_answer()] * 3)
    assert plan.loop
    assert plan.seconds == pytest.approx(30)
    assert plan.bars * 4 * 60 / plan.tempo_bpm == pytest.approx(30)


def test_numerals_of_another_mode_decide_it_unless_the_user_did(tmp_path: Path) -> None:
    """Dorian numerals under a major label sounded in dorian and were called major."""
    plan, use = ask(tmp_path, Brief(seconds=30), *[plan_answer(key="D major")] * 3)
    assert plan.key == "D dorian"
    assert any("the key says D major, but the numerals are those of dorian" in fault for fault in use.faults), use.faults
    assert keeps(plan, Brief(seconds=30))
    asked = Brief(seconds=30, key="D major")
    plan, use = ask(tmp_path, asked, *[plan_answer(key="D major")] * 3)
    assert plan.key == "D major"
    assert any("the user asked for D major, but the numerals are those of dorian" in fault for fault in use.faults), use.faults
    assert plan.contradiction() is None
    assert keeps(plan, asked)


FAULTY: list[tuple[dict[str, Any], str]] = [
    ({"key": "H major"}, "key: "),
    ({"tempo_bpm": 900}, "tempo_bpm: Input should be less than or equal to 240 (you wrote '900')"),
    ({"style": "polka-metal"}, "style: there is no 'polka-metal'"),
    ({"meter": "11/8"}, "meter: '11/8' can't be played"),
    ({"motif": {"steps": [0, 1, 2], "lengths": [1, 1]}}, "motif: it has 3 steps and 2 lengths"),
    ({"title": "<b>hello</b>"}, "title: String should match pattern"),
    (
        {"parts": [{"instrument": "drums", "role": "melody", "from_energy": 0}]},
        "nobody can play the melody, so the rules' band plays",
    ),
    ({"parts": [{"instrument": "piano", "role": "chords", "from_energy": 0}]}, "nobody plays the melody, so piano does"),
    (
        {"parts": [{"instrument": "kazoo orchestra", "role": "melody", "from_energy": 0}]},
        "there is no instrument 'kazoo orchestra'",
    ),
    ({"sections": [{"name": "A", "letter": "A", "role": "theme", "energy": 0.5, "bars": ["i", "Q7", "i"]}]}, "no roman numeral"),
]


@pytest.mark.parametrize(("change", "fault"), FAULTY, ids=[next(iter(change)) for change, _ in FAULTY])
def test_faults_are_quoted_twice_then_mended_and_noted(tmp_path: Path, change: dict[str, Any], fault: str) -> None:
    plan, use = ask(tmp_path, Brief(seconds=30), *[plan_answer(**change)] * 3)
    assert (use.answers, use.repairs, use.accepted) == (3, 2, True)
    assert any(fault in mend for mend in use.mended), use.mended
    assert any(fault in told for told in use.faults)
    assert keeps(plan, Brief(seconds=30))


_FLUTE = {"instrument": "flute", "role": "melody", "from_energy": 0}
HARMLESS: list[tuple[dict[str, Any], str]] = [
    ({"path": "/etc/passwd"}, "there is no field 'path'; it was left out"),
    (
        {"parts": [_FLUTE, {"instrument": "timpani", "role": "drums", "from_energy": 0}]},
        "timpani can't play the drums; it was left out",
    ),
    (
        {"parts": [_FLUTE, {"instrument": "drums", "role": "pad", "from_energy": 0}]},
        "drums can't play pad, so it plays the drums",
    ),
    ({"parts": [_FLUTE, {"instrument": "oboe", "role": "pad", "from_energy": 0}]}, "oboe has one voice"),
]


@pytest.mark.parametrize(("change", "remark"), HARMLESS, ids=[remark[:24] for _, remark in HARMLESS])
def test_a_harmless_fault_is_mended_and_noted_and_nobody_is_asked_again(
    tmp_path: Path, change: dict[str, Any], remark: str
) -> None:
    plan, use = ask(tmp_path, Brief(seconds=30), plan_answer(**change))
    assert (use.answers, use.repairs, use.faults) == (1, 0, ())
    assert any(remark in mend for mend in use.mended), use.mended
    assert keeps(plan, Brief(seconds=30))


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_repair_of_a_plan_sends_what_is_allowed_and_not_the_question() -> None:
    answers: list[Any] = [plan_answer(style="polka-metal", tempo_bpm=900), {"style": "waltz", "tempo_bpm": 132}]
    with StubServer(lambda _: answers.pop(0)) as server, collect_model_uses() as uses:
        plan = ModelPlanner(model=f"openai:stub?base_url={server.base_url}")(make_scene(), Brief(seconds=30))
        first, second = (request.body for request in server.requests)
    assert (plan.style, plan.tempo_bpm, plan.title) == ("waltz", 132, "The Last Boat")
    assert (uses[0].repairs, uses[0].accepted) == (1, True)
    sent = second["messages"][-1]["content"]
    assert "there is no 'polka-metal'" in sent
    assert all(name in sent for name in style_names())
    assert "tempo_bpm 30..240 whole" in sent
    assert "Bars that fill the length" not in sent
    assert "ocarina" not in sent
    assert list(second["response_format"]["json_schema"]["schema"]["properties"]) == ["style", "tempo_bpm"]
    assert len(json.dumps(second)) < len(json.dumps(first)) / 2


def test_what_only_follows_from_a_fault_is_no_second_one() -> None:
    short = plan_answer(sections=plan_answer()["sections"][:1])
    assert any(fault.startswith("sections: they hold 4 bars") for fault in settled(short, Brief(seconds=30)).faults)
    followed = settled({**short, "tempo_bpm": 900}, Brief(seconds=30))
    assert [fault.partition(":")[0] for fault in followed.faults if not fault.startswith("sections.A")] == ["tempo_bpm"]
    assert any(remark.startswith("sections: they hold 4 bars") for remark in followed.remarks)


@pytest.mark.parametrize("name", ["plan-compose.md", "plan-compose-2.md"])
def test_a_prompt_as_it_was_shipped_once_plans_as_it_did(name: str, tmp_path: Path) -> None:
    first = str(Path(__file__).parents[2] / "documents" / "prompts_version_1" / name)
    plan, use = ask(tmp_path, Brief(seconds=30), plan_answer(), prompt=first)
    assert (plan.title, plan.style, plan.key, plan.tempo_bpm, plan.bars) == ("The Last Boat", "folk", "D dorian", 132, 16)
    assert (use.repairs, use.faults, use.citations, use.unfounded) == (0, (), 2, 0)
    assert (use.prompt, use.schema_name) == ("plan/compose", "plan/1")


def test_what_the_rules_say_of_their_band_is_not_said_of_the_models() -> None:
    scene, brief = make_scene(), Brief(seconds=30, key="C major")
    draft = RulesPlanner()(scene, brief)
    lead = draft.parts[0].instrument
    draft = draft.model_copy(
        update={"conflicts": (*draft.conflicts, f"{draft.style} has no seat for {lead}; it plays the melody")}
    )
    asked = [conflict for conflict in draft.conflicts if conflict.startswith("you asked")]
    answer = plan_answer(
        key="C major", sections=[{"name": "A", "letter": "A", "role": "theme", "energy": 0.5, "bars": ["I"] * 16}]
    )
    model = settle_plan(read_plan_answer(answer), draft, FixedChoices.by(brief), frozenset()).plan
    assert asked
    assert list(model.conflicts) == asked
    own = settle_plan(read_changes_answer(changes_answer(), draft), draft, FixedChoices.by(brief), frozenset()).plan
    assert own.conflicts == draft.conflicts


def test_the_best_of_three_answers_is_mended_not_the_last(tmp_path: Path) -> None:
    plan, use = ask(
        tmp_path, Brief(seconds=30), plan_answer(tempo_bpm=900), plan_answer(tempo_bpm=900, style="x", key="H"), "nothing"
    )
    assert plan.style == "folk"
    assert len(use.mended) <= 2


def test_numerals_that_are_none_give_way_to_the_chord_before(tmp_path: Path) -> None:
    sections = plan_answer()["sections"]
    sections[1]["bars"] = ["III", "H7", "VII", "v"]
    plan, use = ask(tmp_path, Brief(seconds=30), *[plan_answer(sections=sections)] * 3)
    assert plan.sections[1].harmony == ("III", "III", "VII", "v")
    assert any("sections.B, bar 2" in mend for mend in use.mended)


@pytest.mark.parametrize(
    ("key", "written", "meant"),
    [
        ("G mixolydian", ["I", "bVII", "IV", "I"], ("I", "VII", "IV", "I")),
        ("D minor", ["i", "bVI bVII", "bVImaj7", "i"], ("i", "VI VII", "VImaj7", "i")),
        ("C major", ["IVM7", "iim7 V13", "Vsus", "I6/9"], ("IVmaj7", "ii7 V9", "Vsus4", "Iadd6")),
        ("A minor", ["i", "ii°7 V7b9", "V7/bVI", "im7"], ("i", "iio7 V7", "V7/VI", "i7")),
        ("C major", ["I", "bVII", "iv", "I"], ("I", "bVII", "iv", "I")),
        ("F major", ["Fmaj7 Dm7", "Gm7 C7", "Bb Bbm", "F/A"], ("Imaj7 vi7", "ii7 V7", "IV iv", "I")),
        ("A minor", ["Am", "F G", "E7 Bdim", "Am"], ("i", "VI VII", "V7 iio", "i")),
    ],
)
def test_numerals_are_read_as_they_are_meant(key: str, written: list[str], meant: tuple[str, ...]) -> None:
    section = {"name": "A", "letter": "A", "role": "theme", "energy": 0.5, "bars": written}
    planned = settled(plan_answer(key=key, meter="4/4", tempo_bpm=60, sections=[section]), Brief(seconds=18))
    assert planned.plan.sections[0].harmony == meant
    assert planned.faults == ()


def test_slips_in_a_plan_leave_no_fault() -> None:
    sections = [
        {"name": "A1 (theme)", "letter": "A'", "role": "theme", "energy": 0.5, "bars": "i | IV | i | VII"},
        *plan_answer()["sections"][1:],
    ]
    reasons = [
        {"choice": "genre", "because": ["lightness"] * 6, "text": "So."},
        {"choice": "Tempo_bpm", "because": [], "text": "So."},
    ]
    planned = settled(plan_answer(sections=sections, key="d Dorian", reasons=reasons), Brief(seconds=30))
    assert planned.faults == ()
    assert (planned.plan.key, planned.plan.sections[0].name) == ("D dorian", "A1 theme")
    assert [reason.choice for reason in planned.plan.reasons[:2]] == ["style", "tempo"]


def test_a_piece_ends_at_home_unless_it_is_a_loop(tmp_path: Path) -> None:
    sections = plan_answer()["sections"]
    sections[2]["bars"][-1] = "VII"
    plan, use = ask(tmp_path, Brief(seconds=30), *[plan_answer(sections=sections)] * 3)
    assert plan.sections[-1].harmony[-1] == "i"
    assert any("a piece ends at home" in mend for mend in use.mended)


def test_an_open_tempo_moves_a_little_so_that_the_models_bars_fill_the_length(tmp_path: Path) -> None:
    plan, use = ask(tmp_path, Brief(seconds=30), plan_answer(tempo_bpm=126))
    assert plan.bars == 16
    assert 126 < plan.tempo_bpm <= 126 * 1.08
    assert any("the tempo moved from 126" in mend for mend in use.mended)
    assert use.repairs == 0


@pytest.mark.parametrize("seconds", [4, 12, 60, 300, 900])
def test_a_form_of_any_size_is_made_to_fill_any_length(seconds: float) -> None:
    brief = Brief(seconds=seconds)
    planned = settled(plan_answer(), brief)
    assert keeps(planned.plan, brief)
    assert planned.plan.sections[-1].harmony[-1] == "i"


@given(sizes=st.lists(st.integers(1, 12), min_size=1, max_size=8), bars=st.integers(1, 200))
def test_fitting_bars_keeps_the_last_one(sizes: list[int], bars: int) -> None:
    from img2music.plan import Section
    from img2music.planners.form import split_into_phrases

    sections = [
        Section(
            name=str(place),
            material="A",
            role="theme",
            energy=0.5,
            harmony=("V",) * (size - 1) + ("I",),
            phrase_bars=split_into_phrases(size),
        )
        for place, size in enumerate(sizes)
    ]
    made = fit_bars(sections, bars)
    assert sum(section.bars for section in made) == bars
    assert made[-1].harmony[-1] == "I"
    assert made[-1].name == sections[-1].name


def test_a_reason_that_cites_what_is_not_there_is_marked(tmp_path: Path) -> None:
    reasons = [{"choice": "key", "because": ["lightness", "the_kraken"], "text": "It is dark."}]
    plan, use = ask(tmp_path, Brief(seconds=30), plan_answer(reasons=reasons))
    assert (plan.reasons[0].because, plan.reasons[0].unfounded) == (("lightness",), ("the_kraken",))
    assert (use.citations, use.unfounded) == (2, 1)


def test_an_answer_without_a_composition_fails_the_stage(tmp_path: Path) -> None:
    line = record_answers(tmp_path / "a.jsonl", "I can't do that.", "{}", plan_answer(sections=[]))
    with pytest.raises(BackendError, match="no usable plan in 3 tries"):
        ModelPlanner(model=line)(make_scene(), Brief(seconds=30))


def test_changes_leave_alone_what_they_do_not_name(tmp_path: Path) -> None:
    brief = Brief(seconds=30)
    draft = RulesPlanner()(make_scene(), brief)
    plan, use = ask(tmp_path, brief, changes_answer(), prompt="plan/refine")
    same = {"key", "meter", "tempo_bpm", "sections", "parts", "motif", "contour", "density", "style", "seconds"}
    assert all(getattr(plan, name) == getattr(draft, name) for name in same)
    assert plan.title == "Nothing But the Sea"
    assert use.repairs == 0


def test_changes_to_a_section_keep_its_length(tmp_path: Path) -> None:
    brief = Brief(seconds=30)
    draft = RulesPlanner()(make_scene(), brief)
    section = draft.sections[1]
    louder = {"name": section.name, "energy": 0.9, "bars": []}
    plan, _ = ask(tmp_path, brief, changes_answer(sections=[louder]), prompt="plan/refine")
    assert plan.sections[1] == section.model_copy(update={"energy": 0.9})
    short = {"name": section.name, "energy": 0.9, "bars": ["I"]}
    plan, use = ask(tmp_path, brief, *[changes_answer(sections=[short])] * 3, prompt="plan/refine")
    assert plan.sections[1].harmony == section.harmony
    assert any(f"the section has {section.bars} bars, not 1" in mend for mend in use.mended)


def test_the_draft_in_the_models_own_form_reads_back_as_the_draft() -> None:
    scene, brief = make_scene(), Brief(seconds=30)
    draft = RulesPlanner()(scene, brief)
    answer = changes_answer(sections=[], parts=draft_as_answer(draft, 0.5)["parts"])
    planned = settle_plan(read_changes_answer(answer, draft), draft, FixedChoices.by(brief), frozenset())
    assert [(p.instrument, p.role) for p in planned.plan.parts] == [(p.instrument, p.role) for p in draft.parts]


def test_choices_are_whole_valid_plans_that_differ() -> None:
    scene, brief = make_scene(), Brief(seconds=30)
    plans = candidate_plans(scene, brief, RulesPlanner()(scene, brief))
    assert len(plans) == 4
    assert len({plan.style for plan in plans}) == 4
    assert all(keeps(plan, brief) for plan in plans)
    tango = Brief(seconds=30, style="tango")
    assert {plan.style for plan in candidate_plans(scene, tango, RulesPlanner()(scene, tango))} == {"tango"}


def test_a_choice_takes_that_plan_and_the_models_words(tmp_path: Path) -> None:
    scene, brief = make_scene(), Brief(seconds=30)
    word = next(word for word in scene_gist(scene).split(", ") if len(word) > 4)
    plan, use = ask(tmp_path, brief, choice_answer(note=f"A picture that feels {word} becomes a song."), prompt="plan/choose")
    assert plan.style == candidate_plans(scene, brief, RulesPlanner()(scene, brief))[1].style
    assert (plan.title, use.accepted) == ("Evening Light", True)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ({"note": "Nothing whatever, just some stray letters."}, "nothing of it is about this picture"),
        ({"note": "The colour the colour the colour the colour."}, "the same again and again"),
        ({"title": "The Same Again", "note": "The same again and nothing.", "choice": 9}, "choice"),
    ],
)
def test_words_that_say_nothing_give_way_to_the_rules(tmp_path: Path, words: dict[str, Any], fault: str) -> None:
    scene, brief = make_scene(), Brief(seconds=30)
    draft = RulesPlanner()(scene, brief)
    if "choice" in words:
        with pytest.raises(BackendError, match=fault):
            ask(tmp_path, brief, *[choice_answer(**words)] * 3, prompt="plan/choose")
        return
    plan, use = ask(tmp_path, brief, *[choice_answer(choice=1, **words)] * 3, prompt="plan/choose")
    assert (plan.title, plan.idea) == (draft.title, draft.idea)
    assert fault in use.mended[0]


# Anything that JSON can hold, in the places where a plan has its fields.
_SCRAP: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1000, 1000)
    | st.floats(-10, 10)
    | st.text(max_size=12)
    | st.sampled_from(style_names()),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["name", "bars", "role", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
_BARS = st.lists(st.sampled_from(["I", "i", "V7", "iv", "bVII", "H", "", "I IV V I vi", "V/V"]), min_size=1, max_size=9)
_SECTION = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["A", "B", "A", ""]),
        "letter": st.sampled_from(["A", "B", "intro", "outro", "Z"]),
        "role": st.sampled_from(["theme", "contrast", "intro", "outro", "solo"]),
        "energy": st.floats(-0.2, 1.2),
        "bars": _BARS,
    }
)
_PART = st.fixed_dictionaries(
    {
        "instrument": st.sampled_from([*instrument_names(), "theremin", 7]),
        "role": st.sampled_from(["melody", "bass", "drums", "pad", "chords", "counter", "boss"]),
        "from_energy": st.floats(0, 1),
    }
)
_PLAN = st.fixed_dictionaries(
    {
        "sections": st.lists(_SECTION, min_size=1, max_size=14) | _SCRAP,
        "parts": st.lists(_PART, max_size=16) | _SCRAP,
        "tempo_bpm": st.integers(20, 300) | _SCRAP,
        "key": st.sampled_from(["C major", "G# phrygian", "F# lydian", "Cb minor"]) | _SCRAP,
        "meter": st.sampled_from([*METERS, "13/16"]) | _SCRAP,
        "style": st.sampled_from(style_names()) | _SCRAP,
        "motif": st.fixed_dictionaries(
            {"steps": st.lists(st.integers(-14, 14), max_size=9), "lengths": st.lists(st.sampled_from([0.5, 1, 7]), max_size=9)}
        )
        | _SCRAP,
        "title": st.text(max_size=80),
        "idea": st.text(max_size=20) | _SCRAP,
        "reasons": _SCRAP,
        "contour": st.lists(st.floats(-1, 2), max_size=14),
        "density": st.floats(-1, 2),
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=_PLAN, seconds=st.sampled_from([3.0, 17.0, 61.5]), tempo=st.sampled_from([None, 77.0]), loop=st.booleans())
def test_any_answer_gives_a_plan_that_can_be_played_or_is_refused(
    tree: dict[str, Any], seconds: float, tempo: float | None, loop: bool
) -> None:
    brief = Brief(seconds=seconds, tempo_bpm=tempo, loop=loop)
    try:
        plan = settled(tree, brief).plan
    except AnswerError:
        return
    key = Key.parse(plan.key)
    assert all(parse_bar(bar, key) for section in plan.sections for bar in section.harmony)
    assert Meter.parse(plan.meter)
    assert sum(part.role == "melody" for part in plan.parts) >= 1
    assert all(instrument(part.instrument).kit == (part.role == "drums") for part in plan.parts)
    assert tempo is None or plan.tempo_bpm == tempo
    lasts = plan.bars * float(plan.parsed_meter.bar_quarters) * 60 / plan.tempo_bpm
    bar = lasts / plan.bars
    if loop:
        assert lasts == pytest.approx(plan.seconds)
    else:
        assert plan.seconds == seconds
        assert plan.bars == 1 or lasts <= seconds <= lasts + bar + 4

"""Answers of the schema "plan/2": whatever a model says of what moves is planned and composed, mended or told, and the brief is kept."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mido
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from img2music.brief import Brief
from img2music.crossmodal.verbalize import citable
from img2music.io.midi.export_midi import write_midi
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.metrics.compliance.compliance_check import check_compliance
from img2music.models import AnswerError, parse_json_answer
from img2music.performers.strict import StrictPerformer
from img2music.plan import Hit
from img2music.planners.llm.fixed_choices import FixedChoices
from img2music.planners.llm.llm_planner import ModelPlanner
from img2music.planners.llm.plan_from_answer import draft_as_answer, read_changes_answer, read_plan_answer
from img2music.planners.llm.plan_schema import MovingPlanAnswer
from img2music.planners.llm.settle_plan import settle_plan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.provenance import collect_model_uses
from img2music.realizers.composer import Composer
from img2music.theory import Key, Meter
from tests.support import extras
from tests.support.made_scenes import make_scene
from tests.support.model_answers import changes_answer, moving_plan_answer, moving_section, plan_answer, record_answers
from tests.support.stub_server import StubServer

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.planners.llm.settle_plan import SettledPlan
    from img2music.score import Score

FOLDER = Path(__file__).parent / "answers_plan_2"
ANSWERS = sorted(path.name for path in FOLDER.iterdir())
# What the user asks for where that is not simply 30 seconds, by the answer's number.
BRIEFS: dict[str, dict[str, Any]] = {
    "04": {"loop": True}, "08": {"key": "C major", "meter": "4/4", "tempo_bpm": 100}, "10": {"seconds": 45}, "12": {"seconds": 40},
    "18": {"seconds": 38}, "20": {"seconds": 40},
}  # fmt: skip
# Answers whose bars do not fill the length, so that the model is asked again, twice.
ASKED_AGAIN = {"03", "07", "16"}


def brief_of(name: str) -> Brief:
    return Brief.of(**{"seconds": 30, **BRIEFS.get(name[:2], {})})


def settled(answer: str | dict[str, Any], brief: Brief) -> SettledPlan:
    scene = make_scene()
    tree = parse_json_answer(answer, MovingPlanAnswer) if isinstance(answer, str) else answer
    wish = read_plan_answer(tree, MovingPlanAnswer)
    return settle_plan(wish, RulesPlanner()(scene, brief), FixedChoices.by(brief), citable(scene.cues, scene.colours))


@cache
def made(number: str) -> SettledPlan:
    name = next(name for name in ANSWERS if name.startswith(number))
    return settled((FOLDER / name).read_text("utf-8"), brief_of(name))


@cache
def composed(number: str) -> Score:
    return Composer()(made(number).plan)


def plan_of(sections: list[dict[str, Any]], brief: Brief | None = None, **changes: Any) -> CompositionPlan:
    return settled(moving_plan_answer(sections=sections, **changes), brief or Brief(seconds=30)).plan


def check_promises(plan: CompositionPlan, brief: Brief) -> None:
    """What the user asked for is exact, and the bars fill the length."""
    if brief.loop:
        assert plan.bars_seconds == pytest.approx(plan.seconds, abs=1e-6)
        if brief.tempo_bpm is None:
            assert plan.seconds == pytest.approx(brief.seconds, abs=1e-6)
        first, last = plan.sections[0], plan.sections[-1]
        assert plan.key_of(last) == plan.key_of(first)
    else:
        assert plan.seconds == brief.seconds
        bar = plan.bars_seconds - plan.tempo_map.seconds_at(plan.meter_map.bar_onset(plan.bars - 1))
        assert plan.bars == 1 or plan.bars_seconds <= plan.seconds <= plan.bars_seconds + bar + 4
    if brief.key is not None:
        assert plan.key == brief.key
        assert plan.key_map.is_constant
    if brief.meter is not None:
        assert plan.meter == brief.meter
        assert plan.meter_map.is_constant
    if brief.tempo_bpm is not None:
        assert plan.tempo_bpm == brief.tempo_bpm
        assert plan.tempo_map.is_constant


def check_players(plan: CompositionPlan, score: Score) -> None:
    """Who is told to be silent is, and who is given the tune plays."""
    onset = plan.meter_map.bar_onset
    for first, section in zip(plan.first_bars, plan.sections, strict=True):
        begin, end = onset(first), onset(first + section.bars)
        sounding = {part.id for part in score.parts if any(begin <= note.onset_quarters < end for note in part.notes)}
        assert not sounding & set(section.silent)
        assert section.tune_by is None or section.tune_by in sounding
        if section.texture == "solo":
            assert len(sounding) == 1


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_planned_and_composed_and_the_brief_is_kept(name: str) -> None:
    plan, score = made(name[:2]).plan, composed(name[:2])
    check_promises(plan, brief_of(name))
    check_players(plan, score)
    assert (score.key_map, score.meter_map, score.tempo_map) == (plan.key_map, plan.meter_map, plan.tempo_map)
    assert all(note.end_quarters <= plan.duration_quarters for part in score.parts for note in part.notes)
    performance = StrictPerformer()(score, plan)
    assert performance.tempo_map == plan.tempo_map
    midi = write_midi(performance)
    assert mido.MidiFile(file=BytesIO(midi)).length == pytest.approx(plan.seconds, abs=0.01)
    rows = check_compliance(plan, brief_of(name), midi=midi, musicxml=write_musicxml(score), audio=None)
    assert [row for row in rows if row.passed is False] == []


@pytest.mark.parametrize("name", ANSWERS)
def test_only_bars_that_do_not_fill_the_length_are_asked_again(name: str, tmp_path: Path) -> None:
    extras.require("llm")
    text = (FOLDER / name).read_text("utf-8")
    line = record_answers(tmp_path / "answers.jsonl", *[text] * 3)
    with collect_model_uses() as uses:
        plan = ModelPlanner(model=line)(make_scene(), brief_of(name))
    assert plan == made(name[:2]).plan
    assert (uses[0].schema_name, uses[0].accepted) == ("plan/2", True)
    assert uses[0].repairs == (2 if name[:2] in ASKED_AGAIN else 0)
    assert all(fault.startswith("sections: they hold") for fault in uses[0].faults)


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_repair_of_sections_names_what_is_allowed_in_them() -> None:
    extras.require("llm")
    short = moving_plan_answer()
    answers: list[Any] = [short | {"sections": short["sections"][:1]}, {"sections": short["sections"]}]
    with StubServer(lambda _: answers.pop(0)) as server, collect_model_uses() as uses:
        plan = ModelPlanner(model=f"openai:stub?base_url={server.base_url}")(make_scene(), Brief(seconds=30))
        _, second = (request.body for request in server.requests)
    assert (plan.bars, uses[0].repairs, uses[0].accepted) == (16, 1, True)
    sent = second["messages"][-1]["content"]
    for allowed in (
        "they hold 4 bars", "meter 2/4|3/4|4/4|5/4|6/8|7/8|9/8|12/8 or null", "tempo_end_bpm 30..240 whole or null",
        "texture solo|unison|stop_time or null",
        "ending cut|fade|ring|ritardando|hold or null", "action accent|entry|stop",
    ):  # fmt: skip
        assert allowed in sent


def test_what_moves_is_planned_as_it_was_said() -> None:
    plan = made("02").plan
    assert [section.key for section in plan.sections] == [None, None, "F major", None]
    assert [section.tune_by for section in plan.sections] == ["Cello", None, "Violin", None]
    assert plan.sections[0].silent == ("Flute", "Violin")
    assert plan.sections[2].energy_curve == (0.57, 0.68, 0.79, 0.9)
    assert plan.tempo_map.bpm_at(plan.meter_map.bar_onset(9)) > 125  # glides from 120 to 138
    assert plan.tempo_map.bpm_at(plan.meter_map.bar_onset(10)) == 120
    assert plan.tempo_map.steps[-1].bpm < 100  # the ritardando
    assert [(hit.bar, hit.place, hit.action, hit.because) for hit in plan.hits] == [(10, 3.0, "stop", ("colour_1",))]
    assert [material.letter for material in plan.materials] == ["B", "A"]
    assert plan.materials[0].development == ("sequence", "inversion")
    assert plan.conflicts == ()


def test_a_plan_of_the_older_form_is_the_same_plan() -> None:
    brief = Brief(seconds=30)
    scene = make_scene()
    older = read_plan_answer(plan_answer())
    newer = read_plan_answer(plan_answer(), MovingPlanAnswer)
    known = citable(scene.cues, scene.colours)
    plans = [settle_plan(wish, RulesPlanner()(scene, brief), FixedChoices.by(brief), known).plan for wish in (older, newer)]
    assert plans[0] == plans[1]
    assert plans[0].sections[0].model_dump().keys() == {"name", "material", "role", "energy", "harmony", "phrase_bars"}


def test_a_key_that_is_told_by_its_distance_is_a_key() -> None:
    assert [section.key for section in made("05").plan.sections] == [None, None, "D major"]
    assert made("19").plan.sections[1].key == "Db major"  # five semitones above Ab


def test_metres_by_section_and_hits_in_them() -> None:
    assert [section.meter for section in made("03").plan.sections] == [None, "3/4", "6/8", None]
    limp = made("15").plan
    assert [section.meter for section in limp.sections] == [None, "7/8", "5/4"]  # "4/4 then 3/4" is no metre of a bar
    assert [(hit.bar, hit.place) for hit in limp.hits] == [(6, 3.0)]  # told in quarter notes
    assert [(hit.bar, hit.place) for hit in made("07").plan.hits] == [(2, 1.5), (4, 2.5), (5, 0.0)]  # beats of 6/8 are eighths


def test_a_short_loop_comes_home_to_the_section_that_is_left() -> None:
    """There is no room for the first section, to whose key the last one was to lead back."""
    sections = [
        {"name": name, "letter": name, "role": "theme", "energy": 0.5, "bars": [bar], "key": key}
        for name, bar, key in (("A", "i", "Eb dorian"), ("B", "I", "D major"), ("C", "i", "Eb dorian"))
    ]
    brief = Brief(seconds=5.4, loop=True, tempo_bpm=90.0)
    plan = plan_of(sections, brief)
    assert len(plan.sections) == 2
    check_promises(plan, brief)
    assert "D major takes the place of Eb dorian" in " ".join(plan.conflicts)


def test_a_loop_comes_home() -> None:
    plan = made("04").plan
    assert plan.tempo_map.steps[-1].bpm == pytest.approx(plan.tempo_map.bpm, rel=0.01)
    assert plan.key_of(plan.sections[-1]).name == "A minor"
    assert plan.sections[-1].harmony[:2] == ("III", "VII")  # the chords that were I and V of C major
    said = " ".join(plan.conflicts)
    assert "a loop ends where it begins" in said
    assert "its tempo leads back" in said
    assert "a loop has no ending, so its fade was left out" in said


def test_what_the_listener_settled_stays_and_the_rest_is_said() -> None:
    plan = made("08").plan
    assert plan.sections[1].harmony == ("vi", "ii", "III", "vi")  # the chords of A minor, written in C major
    assert plan.sections[2].harmony == ("I", "IV", "V", "I")  # D major's numerals are C major's
    for said in ("A minor was taken out", "3/4 was taken out", "76 to 120 was taken out", "D major was taken out"):
        assert any(said in conflict for conflict in plan.conflicts)


def test_endings_are_what_a_plan_can_say() -> None:
    rag = made("06").plan
    assert [(hit.bar, hit.place, hit.action) for hit in rag.hits] == [(16, 1.0, "stop")]
    tide = made("10").plan
    assert tide.sections[-1].energy_curve == (0.57, 0.397, 0.223, 0.05)
    assert tide.tempo_map.bpm_at(0) == pytest.approx(60, abs=1)
    assert any("let its last sound ring" in conflict for conflict in made("14").plan.conflicts)
    assert not any("last chord" in conflict for conflict in made("14").plan.conflicts)  # the piece ends with a held chord anyway


def test_what_no_plan_can_hold_yet_is_told_in_plain_words() -> None:
    (told,) = (one for one in made("14").plan.conflicts if one.startswith("the model also asked for"))
    for wish in (
        "accompaniment in section A",
        "pickup beats in section A",
        "texture canon in section B",
        "register for flute",
        "retrograde for A",
    ):
        assert wish in told
    assert made("14").plan.materials[0].development == ("sequence",)


def test_nonsense_is_left_out_and_noted_and_nobody_is_asked_again() -> None:
    broken = made("13")
    assert broken.faults == ()
    assert [(hit.bar, hit.place) for hit in broken.plan.hits] == [(6, 1.5)]
    assert not broken.plan.tempo_map.points[1:]
    remarks = "\n".join((*broken.remarks, *broken.plan.conflicts))
    for place in (
        "sections.0.tempo_bpm",
        "sections.0.tempo_end_bpm",
        "sections.1.meter",
        "sections.1.dynamics",
        "sections.1.hits.0",
    ):
        assert place in remarks
    for place in (
        "sections.2.key",
        "beat 9 lies outside",
        "everybody was to be silent",
        "texture heterophonic",
        "nobody in the band",
    ):
        assert place in remarks


def test_loose_spellings_are_read() -> None:
    plan = made("11").plan
    assert [section.tempo_bpm for section in plan.sections] == [None, 124, None]
    assert (plan.sections[2].tune_by, plan.sections[2].silent) == ("Cello", ("Steel guitar",))
    assert [(hit.bar, hit.place, hit.action) for hit in plan.hits] == [(5, 0.0, "accent"), (8, 3.0, "stop")]
    assert [section.key for section in made("12").plan.sections] == [None, "F major", "G minor", None]
    across = made("18").plan
    assert across.sections[0].silent == ("Violin", "Harp", "Double bass")
    assert (across.sections[1].tune_by, across.sections[1].texture) == ("Violin", "solo")
    assert across.sections[3].silent == ("Violin", "Double bass")
    assert made("20").plan.sections[0].tune_by == "Electric bass"


def test_numerals_of_the_home_key_under_another_label_stay_at_home() -> None:
    plan = made("17").plan
    assert plan.key_map.is_constant
    assert any("its numerals are those of C major, not of A minor" in conflict for conflict in plan.conflicts)


def test_a_ritardando_slows_the_last_bars_and_the_length_is_kept() -> None:
    bars = ["i", "IV", "i", "VII"]
    sections = [moving_section("A", bars * 2, ending="ritardando"), moving_section("B", [*bars, "i", "IV", "VII", "i"])]
    plan = plan_of(sections)
    (change,) = plan.sections[0].tempo_changes
    assert (change.bar, change.over_bars) == (7, 2)
    assert change.bpm == pytest.approx(0.75 * plan.tempo_bpm)
    check_promises(plan, Brief(seconds=30))
    steady = plan_of(sections, Brief(seconds=30, tempo_bpm=132))
    assert steady.tempo_map.is_constant
    assert any("ritardandos inside the piece were left out" in conflict for conflict in steady.conflicts)


@pytest.mark.parametrize("seconds", [4, 12, 61.5, 300, 900])
@pytest.mark.parametrize("loop", [False, True])
def test_a_form_that_moves_fills_any_length(seconds: float, loop: bool) -> None:
    sections = [
        moving_section("A", ["i", "IV", "i", "VII"], tempo_bpm=100, tempo_end_bpm=140),
        moving_section("B", ["III", "IV", "VII", "v"], meter="3/4", tempo_bpm=90, letter="B"),
        moving_section("C", ["i", "IV", "VII", "i"], meter="6/8", ending="ritardando"),
    ]
    brief = Brief(seconds=seconds, loop=loop)
    plan = plan_of(sections, brief)
    check_promises(plan, brief)
    assert len(plan.sections) == 3 or seconds < 20


# Anything that JSON can hold, where a plan of the newer form has its optional fields.
_SCRAP: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-10, 10) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["start", "end", "bar", "beat", "place", "action", "letter", "motif"]), inner, max_size=4
        )
    ),
    max_leaves=6,
)
_NAMES = st.sampled_from(["flute", "the cello", "drums", "everyone", "all but flute", "bass", "nobody", "kazoo", "left hand"])
_MOVES = st.fixed_dictionaries(
    {},
    optional={
        "key": st.sampled_from(["A minor", "Eb lydian", "dominant", "-14", "H", "Cb minor", "G# phrygian"]) | _SCRAP,
        "meter": st.sampled_from(["3/4", "7/8", "12/8", "2/2", "C"]) | _SCRAP,
        "tempo_bpm": st.integers(0, 400) | _SCRAP,
        "tempo_end_bpm": st.integers(0, 400) | _SCRAP,
        "dynamics": st.sampled_from(["p -> ff", "cresc.", "mf", "<", "> pp", "to"]) | _SCRAP,
        "tune_by": _NAMES | _SCRAP,
        "silent": st.lists(_NAMES, max_size=4) | _SCRAP,
        "texture": st.sampled_from(["solo", "unison", "stop-time", "fugue"]) | _SCRAP,
        "ending": st.sampled_from(["cut", "fade", "ring", "rit.", "hold", "bang"]) | _SCRAP,
        "hits": st.lists(
            st.fixed_dictionaries({"bar": st.integers(-1, 9) | _SCRAP, "beat": st.floats(-1, 14), "action": _NAMES | _SCRAP}),
            max_size=8,
        )
        | _SCRAP,
    },
)
_BARS = st.lists(st.sampled_from(["I", "i", "V7", "iv", "bVII", "H", "I IV V I vi", "V/V"]), min_size=1, max_size=9)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    moves=st.lists(st.tuples(_BARS, st.sampled_from("ABCD"), _MOVES), min_size=1, max_size=6),
    materials=_SCRAP | st.lists(_SCRAP, max_size=3),
    seconds=st.sampled_from([3.0, 17.0, 61.5]),
    fixed=st.sampled_from([{}, {"tempo_bpm": 77.0}, {"key": "F major"}, {"meter": "3/4"}, {"loop": True}, {"loop": True, "tempo_bpm": 90.0}]),
)  # fmt: skip
def test_any_moves_give_a_plan_that_can_be_played(
    moves: list[tuple[list[str], str, dict[str, Any]]], materials: Any, seconds: float, fixed: dict[str, Any]
) -> None:
    brief = Brief.of(seconds=seconds, **fixed)
    sections = [
        {"name": "A", "letter": letter, "role": "theme", "energy": 0.5, "bars": bars, **more} for bars, letter, more in moves
    ]
    try:
        plan = settled(moving_plan_answer(sections=sections, materials=materials), brief).plan
    except AnswerError:
        return
    check_promises(plan, brief)
    assert plan == type(plan).model_validate(plan.model_dump())
    for section in plan.sections:
        assert Key.parse(section.key or plan.key)
        assert Meter.parse(section.meter or plan.meter)


def moving_draft() -> CompositionPlan:
    """A draft by rules in which the second section is in another key and tempo, and grows."""
    draft = RulesPlanner()(make_scene(), Brief(seconds=30, key="D minor"))
    second = draft.sections[1]
    curve = tuple(0.2 + 0.6 * bar / second.bars for bar in range(second.bars))
    moved = second.model_copy(update={"key": "F minor", "tempo_bpm": draft.tempo_bpm * 1.1, "energy_curve": curve})
    hit = Hit(bar=2, action="accent")
    return draft.model_copy(update={"sections": (draft.sections[0], moved, *draft.sections[2:]), "hits": (hit,)})


def test_changes_to_a_draft_that_moves_leave_it_moving() -> None:
    draft, fixed = moving_draft(), FixedChoices.by(Brief(seconds=30))
    shown = draft_as_answer(draft, 0.5)["sections"][1]
    assert (shown["key"], shown["tempo_bpm"]) == ("F minor", round(draft.tempo_bpm * 1.1))
    same = settle_plan(read_changes_answer(changes_answer(), draft), draft, fixed, frozenset()).plan
    assert same.sections[1].key == "F minor"
    assert same.hits == draft.hits
    assert same.tempo_map.bpm_at(same.meter_map.bar_onset(same.first_bars[1])) / same.tempo_bpm == pytest.approx(1.1)
    louder = {**{name: shown[name] for name in ("name", "key", "tempo_bpm")}, "energy": 0.9, "bars": []}
    answer = changes_answer(key="E minor", tempo_bpm=round(draft.tempo_bpm * 1.2), sections=[louder])
    settled_plan = settle_plan(read_changes_answer(answer, draft), draft, fixed, frozenset())
    assert [fault for fault in settled_plan.faults if "key" in fault or "tempo" in fault] == []
    other = settled_plan.plan
    assert (other.key, other.sections[1].key) == ("E minor", "G minor")
    assert other.tempo_map.bpm_at(other.meter_map.bar_onset(other.first_bars[1])) / other.tempo_bpm == pytest.approx(1.1)
    assert other.sections[1].energy_curve is not None
    assert max(other.sections[1].energy_curve) == 1.0


KEYS_ASKED = ("D minor", "F major")


@pytest.mark.parametrize("name", ANSWERS)
def test_keys_and_tempi_that_the_user_asked_to_move_through_are_exact(name: str) -> None:
    brief = Brief.of(seconds=brief_of(name).seconds, key=", ".join(KEYS_ASKED), tempo_bpm="80-112")
    plan = settled((FOLDER / name).read_text("utf-8"), brief).plan
    assert tuple(point.key.name for point in plan.key_map.points) == KEYS_ASKED
    assert plan.tempo_bpm == 80
    assert plan.tempo_map.bpm_at(0) == 80
    assert plan.tempo_map.bpm_at(plan.meter_map.bar_onset(plan.bars - 1)) == 112
    check_promises(plan, Brief(seconds=brief.seconds))
    assert Composer()(plan).tempo_map == plan.tempo_map


def test_a_model_that_goes_through_the_asked_keys_is_taken_as_it_is() -> None:
    sections = [
        moving_section("A", ["i", "iv", "V", "i"]),
        moving_section("B", ["I", "IV", "V", "I"], letter="B", key="F major"),
        moving_section("C", ["IV", "ii", "V", "I"], letter="B", key="F major"),
    ]
    brief = Brief.of(seconds=30, key=", ".join(KEYS_ASKED))
    answer = moving_plan_answer(sections=sections, key="D minor", tempo_bpm=104)
    taken = settled(answer, brief)
    assert taken.faults == ()
    assert [section.harmony for section in taken.plan.sections] == [tuple(section["bars"]) for section in sections]
    other = settled(answer | {"sections": [section | {"key": None} for section in sections]}, brief)
    assert any("the user asked for D minor then F major" in fault for fault in other.faults)


def test_the_older_form_under_a_brief_that_moves_is_the_drafts_form() -> None:
    brief = Brief.of(seconds=30, key=", ".join(KEYS_ASKED), tempo_bpm="80-112")
    draft = RulesPlanner()(make_scene(), brief)
    older = settle_plan(read_plan_answer(plan_answer()), draft, FixedChoices.by(brief), frozenset())
    assert older.plan.sections == draft.sections
    changed = settle_plan(read_changes_answer(changes_answer(), draft), draft, FixedChoices.by(brief), frozenset())
    assert changed.plan.sections == draft.sections

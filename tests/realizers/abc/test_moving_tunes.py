"""Tunes of plans whose metre, key and tempo change: told, read, mended and completed bar by bar."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from img2music.brief import Brief
from img2music.io.abc.export_abc import write_abc
from img2music.io.abc.import_abc import read_abc
from img2music.plan import CompositionPlan, Hit
from img2music.planners.llm.fixed_choices import FixedChoices
from img2music.planners.llm.plan_from_answer import read_plan_answer
from img2music.planners.llm.plan_schema import MovingPlanAnswer
from img2music.planners.llm.settle_plan import settle_plan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.abc.abc_realizer import read_tune
from img2music.realizers.abc.tune_prompt import template_values
from img2music.realizers.composer import Composer
from tests.support.made_scenes import make_scene
from tests.support.model_answers import moving_plan_answer, moving_section


def make_plan() -> CompositionPlan:
    """Four bars of 4/4 in G, four of 3/4 in D at another tempo, which the violin leads, two of 6/8 in G where it rests."""
    sections = [
        moving_section("A", ["I", "IV", "V", "I"]),
        moving_section("B", ["I", "IV", "V", "I"], letter="B", meter="3/4", key="D major", tempo_bpm=90, tune_by="violin"),
        moving_section("C", ["IV", "I"], letter="C", meter="6/8", silent=["violin"]),
    ]
    answer = moving_plan_answer(
        key="G major", tempo_bpm=120, sections=sections, style="folk",
        parts=[{"instrument": "flute", "role": "melody", "from_energy": 0}, {"instrument": "violin", "role": "counter", "from_energy": 0},
               {"instrument": "harp", "role": "arpeggio", "from_energy": 0}],
    )  # fmt: skip
    brief = Brief(seconds=21)
    return settle_plan(
        read_plan_answer(answer, MovingPlanAnswer), RulesPlanner()(make_scene(), brief), FixedChoices.by(brief), frozenset()
    ).plan


PLAN = make_plan()
HEAD = "X:1\nT:Tune\nM:4/4\nL:1/8\nQ:1/4=120\nK:G\n"
FIRST = "G2 B2 d4 | c2 e2 g4 | d2 f2 a4 | g8 |"  # f is F sharp
SECOND = "[M:3/4][K:D][Q:1/4=90] d2 f2 a2 | g2 b2 g2 | a2 c2 e2 | d6 |"  # c is C sharp
THIRD = "[M:6/8][K:G] c3 e3 | g6 |]"


def names(score_part: object) -> list[str]:
    return [note.spelling.name for note in score_part.notes]  # type: ignore[attr-defined]


def test_the_plan_of_these_tests() -> None:
    assert [(one.meter, one.key) for one in PLAN.sections] == [(None, None), ("3/4", "D major"), ("6/8", None)]
    assert PLAN.bars == 10


def test_what_changes_is_told_where_it_begins() -> None:
    values = template_values(PLAN)
    assert "M:4/4\nL:1/8\nQ:1/4=120\nK:G" in values["header"]
    rows = values["chords"].splitlines()
    assert "begins with" not in rows[0]
    assert rows[1].startswith("Bars 5-8, theme, ")
    assert "begins with [M:3/4][K:D][Q:1/4=90]: | D | G | A | D |" in rows[1]
    assert "begins with [M:6/8][K:G][Q:1/4=120]: | C | G |" in rows[2]
    assert values["bars"] == "10 bars: bars 1-4 of 8 eighths each, bars 5-8 of 6 eighths each, bars 9-10 of 6 eighths each"
    flute, violin, harp = values["voices"].splitlines()
    assert flute.endswith("; rests in bars 5-8")
    assert violin.endswith("; has the tune in bars 5-8; rests in bars 9-10")
    assert "rests" not in harp


def test_what_is_told_can_be_read() -> None:
    values = template_values(PLAN)
    fields = [row.partition("begins with ")[2].partition(":  ")[0].partition(": |")[0] for row in values["chords"].splitlines()]
    (voice,) = read_abc(f"{values['header']}\nG8|{fields[1]}d6|{fields[2]}c6|").voices
    assert [bar.length_quarters for bar in voice.bars] == [4, 3, 3]


def test_a_tune_that_moves_is_taken_as_it_is_written() -> None:
    score, mends = read_tune(
        f"{HEAD}V:1\n{FIRST} [M:3/4][K:D] z6|z6|z6|z6| {THIRD}\nV:2\nz8|z8|z8|z8|{SECOND}[M:6/8][K:G]z6|z6|", PLAN
    )
    assert mends == ("Not in the answer, so the composer's: Harp.",)
    flute, violin, harp = score.parts
    assert names(flute) == ["G4", "B4", "D5", "C5", "E5", "G5", "D5", "F#5", "A5", "G5", "C5", "E5", "G5"]
    assert [note.onset_quarters for note in flute.notes][-3:] == [28, Fraction(59, 2), 31]
    assert names(violin) == ["D5", "F#5", "A5", "G5", "B5", "G5", "A5", "C#5", "E5", "D5"]
    assert violin.notes[0].onset_quarters == 16
    assert harp.notes
    composed = Composer()(PLAN)
    assert replace(score, parts=composed.parts) == composed


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        (FIRST + SECOND.replace("d6", "d8") + THIRD, "Flute: bar 8 too long, cut."),
        (FIRST + SECOND.replace("d6", "d4") + THIRD, "Flute: bar 8 too short, rests added."),
        (FIRST + SECOND, "Flute: bars 9-10 missing, so the composer's."),
        (FIRST.replace("d4", "d2"), "Flute: bar 1 too short, rests added."),
        (FIRST + "[M:5/4][K:Q][Q:fast]" + SECOND.partition("]")[2] + THIRD, ""),
        (FIRST + SECOND.replace("=90", "=140") + THIRD, "Flute: another tempo in bar 5; the plan's kept."),
        (FIRST + SECOND.replace("K:D", "K:Eb") + THIRD, "Flute: another key than the plan's in bars 5-8; the notes kept."),
        (HEAD + FIRST + "M:3/4\nK:D\n" + SECOND.rpartition("]")[2] + "\nM:6/8\n" + THIRD, ""),
    ],
)
def test_bars_are_mended_by_their_own_metre(text: str, mend: str) -> None:
    score, mends = read_tune(f"{HEAD}{text}", PLAN)
    assert any(mend in one for one in mends), mends
    assert all(note.end_quarters <= PLAN.duration_quarters for part in score.parts for note in part.notes)
    assert write_abc(score)


def test_what_the_plan_promises_of_players_holds_for_what_a_model_wrote() -> None:
    """The flute plays on where the violin has the tune, and the violin where it is to be silent: both are put right."""
    score, _ = read_tune(f"{HEAD}V:1\n{FIRST}{SECOND}{THIRD}", PLAN)
    flute, violin, _ = score.parts
    begin, end = PLAN.meter_map.bar_onset(4), PLAN.meter_map.bar_onset(8)
    assert not [note for note in flute.notes if begin <= note.onset_quarters < end]
    assert [note.pitch % 12 for note in violin.notes if begin <= note.onset_quarters < end][:3] == [
        2,
        6,
        9,
    ]  # it has taken the tune over
    assert not [note for note in violin.notes if note.onset_quarters >= end]


def test_a_stop_stops_what_a_model_wrote() -> None:
    plan = PLAN.model_copy(update={"hits": (Hit(bar=4, place=2.0, action="stop"),)})
    score, _ = read_tune(f"{HEAD}{FIRST}{SECOND}{THIRD}", plan)
    assert all(not 14 < note.end_quarters <= 16 for part in score.parts for note in part.notes)
    assert any(note.end_quarters == 14 for note in score.parts[0].notes)


def test_a_wrong_key_in_the_head_moves_what_is_written_in_it() -> None:
    """The first four bars are in C instead of G; the others say their own keys, rightly."""
    first = "c2 e2 g4 | f2 a2 c'4 | g2 b2 d'4 | c'8 |"
    plan = PLAN.model_copy(update={"sections": tuple(section.model_copy(update={"tune_by": None}) for section in PLAN.sections)})
    score, mends = read_tune(f"{HEAD.replace('K:G', 'K:C')}{first}{SECOND}{THIRD}", plan)
    assert any("The head says K:C; the notes moved to G major." in mend for mend in mends)
    assert names(score.parts[0])[:9] == ["G4", "B4", "D5", "C5", "E5", "G5", "D5", "F#5", "A5"]
    assert names(score.parts[0])[10:13] == ["D5", "F#5", "A5"]

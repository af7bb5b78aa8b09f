"""Who plays what where a section says so: the tune in other hands, silence, solo, unison, stop-time."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from img2music.plan import CompositionPlan
from img2music.realizers.composer import Composer
from img2music.realizers.orchestration import has_tune
from img2music.theory import instrument
from tests.support.made_notes import check_page
from tests.support.moving_plans import moving_plan
from tests.support.random_moving_plans import draw_moving_plan

if TYPE_CHECKING:
    from img2music.score import Note, Part, Score

BANDS = {"pop": "A1", "cinematic": "B", "chamber-strings": "A2"}
"""Styles, each with a section in which to try things; the bands are of six, five and four."""


@cache
def band(style: str, **section: Any) -> CompositionPlan:
    """A plan that stays in its key and tempo, one section of which says something for itself."""
    return moving_plan({BANDS[style]: section}, style=style, seconds=50)


@cache
def composed(plan: CompositionPlan) -> Score:
    """The plan's score, whose page is sound."""
    score = Composer()(plan)
    check_page(plan, score)
    return score


def scores(style: str, **section: Any) -> tuple[CompositionPlan, Score, Score]:
    """The plan, its score, and the score of the same plan where the section says nothing."""
    plan = band(style, **section)
    return plan, composed(plan), composed(band(style))


def inside(plan: CompositionPlan, part: Part) -> list[Note]:
    """The notes that a part strikes in the section."""
    number = [section.name for section in plan.sections].index(BANDS[plan.style])
    first, section = plan.first_bars[number], plan.sections[number]
    begin, end = plan.meter_map.bar_onset(first), plan.meter_map.bar_onset(first + section.bars)
    return [note for note in part.notes if begin <= note.onset_quarters < end]


def part_of(score: Score, role: str) -> Part:
    return next(part for part in score.parts if part.role == role)


def line_of(notes: list[Note]) -> list[tuple[object, int]]:
    return [(note.onset_quarters, note.pitch % 12) for note in notes]


def assert_others_stay(plan: CompositionPlan, now: Score, before: Score, *but: str) -> None:
    """Outside the section everybody begins the same notes."""
    for part, was in zip(now.parts, before.parts, strict=True):
        here, there = set(inside(plan, part)), set(inside(plan, was))
        if part.role not in but:
            assert [(note.onset_quarters, note.pitch) for note in part.notes if note not in here] == [
                (note.onset_quarters, note.pitch) for note in was.notes if note not in there
            ]


# The tune


@pytest.mark.parametrize(
    ("style", "role"),
    [
        ("pop", "chords"),
        ("pop", "bass"),
        ("pop", "pad"),
        ("cinematic", "bass"),
        ("cinematic", "pad"),
        ("chamber-strings", "counter"),
    ],
)
def test_another_part_has_the_tune_by_octaves_one_voice_in_its_range(style: str, role: str) -> None:
    seat = next(part for part in band(style).parts if part.role == role)
    plan, score, before = scores(style, tune_by=seat.id)
    tune, line = inside(plan, part_of(before, "melody")), inside(plan, part_of(score, role))
    assert tune
    assert line_of(line) == line_of(tune)
    assert [note.duration_quarters for note in line] == [note.duration_quarters for note in tune]
    assert len({note.onset_quarters for note in line}) == len(line)
    player = instrument(seat.instrument)
    assert all(player.low <= note.pitch <= player.high for note in line)
    assert not inside(plan, part_of(score, "melody"))
    # The lead rests there, and everybody has their own notes again afterwards.
    assert_others_stay(plan, score, before, "counter", "chords", "arpeggio", "pad", "bass")


def test_a_tune_keeps_its_shape_where_the_range_allows_it() -> None:
    seat = next(part for part in band("chamber-strings").parts if part.role == "counter")
    plan, score, before = scores("chamber-strings", tune_by=seat.id)
    tune, line = inside(plan, part_of(before, "melody")), inside(plan, part_of(score, "counter"))
    assert len({note.pitch - was.pitch for note, was in zip(line, tune, strict=True)}) == 1


def test_the_lead_itself_may_be_named() -> None:
    lead = band("pop").lead
    assert lead is not None
    _, score, before = scores("pop", tune_by=lead.id)
    assert score == before


# Silence


@pytest.mark.parametrize("style", ["cinematic", "chamber-strings"])
def test_who_is_silent_strikes_nothing_there(style: str) -> None:
    for seat in band(style).parts:
        plan, score, before = scores(style, silent=(seat.id,))
        for part in score.parts:
            assert bool(inside(plan, part)) == (
                part.id != seat.id and bool(inside(plan, next(o for o in before.parts if o.id == part.id)))
            )


def test_what_rings_into_silence_ends_there() -> None:
    plan, score, _ = scores("cinematic", silent=("Choir",))
    number = [section.name for section in plan.sections].index("B")
    begin = plan.meter_map.bar_onset(plan.first_bars[number])
    choir = next(part for part in score.parts if part.id == "Choir")
    assert all(note.end_quarters <= begin for note in choir.notes if note.onset_quarters < begin)


def test_the_tune_sounds_elsewhere_while_the_lead_is_silent() -> None:
    plan, score, before = scores("pop", silent=("Piano",), tune_by="Electric bass")
    assert not inside(plan, part_of(score, "melody"))
    assert line_of(inside(plan, part_of(score, "bass"))) == line_of(inside(plan, part_of(before, "melody")))


# Textures


@pytest.mark.parametrize("style", BANDS)
def test_a_solo_is_nobody_but_the_tune(style: str) -> None:
    plan, score, before = scores(style, texture="solo")
    for part, was in zip(score.parts, before.parts, strict=True):
        assert inside(plan, part) == (inside(plan, was) if part.role == "melody" else [])


def test_a_solo_by_another_part() -> None:
    plan, score, before = scores("cinematic", texture="solo", tune_by="Low strings")
    playing = {part.id for part in score.parts if inside(plan, part)}
    assert playing == {"Low strings"}
    assert line_of(inside(plan, part_of(score, "bass"))) == line_of(inside(plan, part_of(before, "melody")))


@pytest.mark.parametrize("style", BANDS)
def test_in_unison_every_pitched_part_doubles_the_tune(style: str) -> None:
    plan, score, before = scores(style, texture="unison")
    tune = line_of(inside(plan, part_of(before, "melody")))
    for part, was in zip(score.parts, before.parts, strict=True):
        assert line_of(inside(plan, part)) == (line_of(inside(plan, was)) if part.instrument.kit else tune)


def test_a_unison_stays_one_over_a_change_of_key() -> None:
    for key in ("E minor", "Bb major", "F# minor"):
        plan = moving_plan({"A2": {"texture": "unison", "key": key}}, style="chamber-strings", seconds=50)
        score = Composer()(plan)
        lines = [line_of(inside(plan, part)) for part in score.parts]
        assert lines[0]
        assert lines == [lines[0]] * 4


@pytest.mark.parametrize("style", BANDS)
def test_in_stop_time_the_others_strike_only_where_bars_begin(style: str) -> None:
    plan, score, before = scores(style, texture="stop_time")
    for part, was in zip(score.parts, before.parts, strict=True):
        here, there = inside(plan, part), inside(plan, was)
        if part.role == "melody":
            assert here == there
            continue
        lines = {plan.meter_map.bar_onset(bar) for bar in range(plan.bars)}
        assert {(note.onset_quarters, note.pitch) for note in here} == {
            (note.onset_quarters, note.pitch) for note in there if note.onset_quarters in lines
        }
        assert all(note.duration_quarters <= 1 for note in here)


# Introductions


@pytest.mark.parametrize(
    ("said", "playing"),
    [
        ({}, {"Electric piano", "Electric bass", "Drums"}),
        ({"texture": "solo"}, {"Piano"}),
        ({"texture": "unison"}, {"Piano", "Electric piano", "Steel guitar", "Warm pad", "Electric bass", "Drums"}),
        ({"tune_by": "Electric bass"}, {"Electric piano", "Electric bass", "Drums"}),
        ({"silent": ("Electric piano", "Steel guitar", "Warm pad", "Electric bass", "Drums")}, {"Piano"}),
        # Who needs much energy carries what those who would carry it may not.
        ({"silent": ("Electric piano", "Steel guitar", "Electric bass", "Drums")}, {"Warm pad"}),
    ],
)
def test_an_introduction_is_never_silent(said: dict[str, Any], playing: set[str]) -> None:
    plan = moving_plan({"intro": said}, style="pop", seconds=50)
    assert {part.id for part in Composer()(plan).parts if part.notes and part.notes[0].onset_quarters < 8} == playing
    assert has_tune(plan, plan.section_of(0)) == bool({"Piano"} == playing or said.keys() & {"texture", "tune_by"})


# Any plan


@pytest.mark.parametrize("seed", range(12))
def test_sections_of_any_plan_are_played_as_they_say(seed: int) -> None:
    plan = draw_moving_plan(seed, hits=False)
    score = Composer()(plan)
    check_page(plan, score)
    for first, section in zip(plan.first_bars, plan.sections, strict=True):
        begin, end = plan.meter_map.bar_onset(first), plan.meter_map.bar_onset(first + section.bars)
        heard = {
            part.id: [note for note in part.notes if note.onset_quarters < end and note.end_quarters > begin]
            for part in score.parts
        }
        assert any(heard.values())
        assert not any(heard[part] for part in section.silent)
        carrier = section.tune_by or (plan.lead.id if plan.lead else None)
        if section.texture == "solo":
            assert {part for part, notes in heard.items() if notes} == {carrier}
        if section.tune_by and plan.lead and section.tune_by != plan.lead.id and section.texture != "unison":
            assert not heard[plan.lead.id]

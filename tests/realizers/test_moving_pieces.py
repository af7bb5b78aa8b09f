"""Pieces that move: crescendos, drums in several metres, changes of key without parallels, loops, and pages that can be written."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from statistics import mean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.io.abc.export_abc import write_abc
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.metrics.symbolic.voice_leading_faults import voice_leading_faults
from img2music.plan import CompositionPlan
from img2music.playing_style import DrumGroove
from img2music.realizers.composer import Composer, bar_velocities, base_velocity, dynamic_mark, finish_lines
from img2music.realizers.context import CompositionContext, compose_context
from img2music.realizers.drums.drum_kit import DRUMS
from img2music.realizers.drums.drum_part import write_drums
from img2music.realizers.drums.grooves import groove_library
from img2music.realizers.timeline import NoteEvent, layout_chords, layout_phrases
from img2music.score import Score
from img2music.section import TempoChange
from img2music.theory import METERS
from tests.support.made_notes import check_page
from tests.support.moving_plans import moving_plan
from tests.support.random_moving_plans import draw_moving_plan, random_moving_plans

SEAM_FAULTS = {"parallel perfect intervals", "inner parallels", "voice crossing"}
CURVE = (0.15, 0.4, 0.65, 0.9)
CYMBALS_AND_FEET = {DRUMS[name][0] for name in ("closed hat", "open hat", "ride", "ride bell", "kick", "pedal hat", "rim")}

# Any plan


LINES = ("chamber-strings", "choral", "solo-piano", "jazz-ballad")
"""Styles in which lines are heard as lines."""


@pytest.mark.parametrize("seed", range(60))
def test_no_line_moves_in_parallel_or_crosses_over_a_change_of_key(seed: int) -> None:
    plan = draw_moving_plan(seed, hits=False, players=False, styles=LINES)
    score = Composer()(plan)
    check_page(plan, score)
    assert (score.key_map, score.meter_map, score.tempo_map) == (plan.key_map, plan.meter_map, plan.tempo_map)
    faults = [fault for fault in voice_leading_faults(score) if fault.over_key_change and fault.kind in SEAM_FAULTS]
    assert [fault for fault in faults if not _somebody_comes_in(score, fault.onset)] == []


def _somebody_comes_in(score: Score, onset: Fraction) -> bool:
    """Whether a part that strikes there has rested for a bar: who comes in moves from nowhere."""
    bar_before = onset - score.meter_map.bar_quarters(score.meter_map.bar_at(onset))
    for part in score.parts:
        struck = any(note.onset_quarters == onset for note in part.notes)
        if struck and not any(bar_before < note.end_quarters and note.onset_quarters < onset for note in part.notes):
            return True
    return False


@pytest.mark.parametrize("seed", range(10))
def test_whatever_a_plan_says_its_score_is_sound_and_can_be_written(seed: int) -> None:
    plan = draw_moving_plan(seed)
    score = Composer()(plan)
    check_page(plan, score)
    assert write_musicxml(score).count("</measure>") == plan.bars * len(plan.parts)
    assert write_abc(score).startswith("%abc-2.1\n")


@settings(max_examples=40, deadline=None)
@given(plan=random_moving_plans(hits=False))
def test_phrases_and_chords_have_what_holds_where_they_stand(plan: CompositionPlan) -> None:
    phrases, spans = layout_phrases(plan), layout_chords(plan)
    for phrase in phrases:
        assert phrase.onset == plan.meter_map.bar_onset(phrase.first_bar)
        assert (phrase.key, phrase.meter) == (plan.key_of(phrase.section), plan.meter_of(phrase.section))
        assert phrase.bpm == plan.tempo_map.bpm_at(phrase.onset)
    assert [phrase.is_last for phrase in phrases] == [*[False] * (len(phrases) - 1), not plan.loop]
    assert spans[0].onset == 0
    assert spans[-1].end == plan.duration_quarters
    assert all(one.end == other.onset for one, other in pairwise(spans))
    for span in spans:
        section = plan.section_of(span.bar)
        assert (span.key, span.meter) == (plan.key_of(section), plan.meter_of(section))
        assert plan.meter_map.bar_onset(span.bar) == span.bar_onset <= span.onset < span.end <= span.bar_end


# Loudness


@given(energies=st.tuples(st.floats(0, 1), st.floats(0, 1)))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_more_energy_is_never_softer(energies: tuple[float, float]) -> None:
    low, high = sorted(energies)
    for steps in (True, False):
        assert base_velocity(low, "melody", steps=steps) <= base_velocity(high, "melody", steps=steps)
    assert abs(base_velocity(low, "bass", steps=False) - base_velocity(low, "bass")) <= 6


def test_between_the_marks_there_are_other_velocities_only_for_a_crescendo() -> None:
    energies = [number / 40 for number in range(41)]
    assert len({base_velocity(energy, "pad") for energy in energies}) == len({dynamic_mark(energy) for energy in energies}) == 6
    assert len({base_velocity(energy, "pad", steps=False) for energy in energies}) > 25
    assert base_velocity(0.5, "melody") - base_velocity(0.5, "pad") == base_velocity(0.5, "melody", steps=False) - base_velocity(
        0.5, "pad", steps=False
    )


def test_a_curve_is_played_bar_by_bar_and_a_level_stays_a_step() -> None:
    plan = moving_plan({"A2": {"energy_curve": CURVE}})
    velocities = bar_velocities(plan, "melody")
    assert velocities[4:8] == [base_velocity(energy, "melody", steps=False) for energy in CURVE]
    assert velocities[4:8] == sorted(set(velocities[4:8]))
    assert velocities[:4] == [base_velocity(plan.sections[0].energy, "melody")] * 4


@pytest.mark.parametrize("curve", [CURVE, tuple(reversed(CURVE))])
@pytest.mark.parametrize("style", ["folk", "pop", "cinematic"])
def test_the_notes_grow_and_fade_with_the_curve(style: str, curve: tuple[float, ...]) -> None:
    still = moving_plan({}, style=style, seconds=50)
    number = next(number for number, section in enumerate(still.sections) if section.role == "theme" and section.bars == 4)
    plan = moving_plan({still.sections[number].name: {"energy_curve": curve}}, style=style, seconds=50)
    score = Composer()(plan)
    first = plan.first_bars[number]
    for part in score.parts:
        loudness = []
        for bar in range(first, first + 4):
            begin, end = plan.meter_map.bar_onset(bar), plan.meter_map.bar_onset(bar + 1)
            struck = [note.velocity for note in part.notes if begin <= note.onset_quarters < end]
            loudness += [mean(struck)] if struck else []
        if len(loudness) == 4:
            assert (loudness[-1] > loudness[0] + 20) == (curve is CURVE)
            assert part.instrument.kit or loudness == sorted(loudness, reverse=curve is not CURVE)


# Drums


@pytest.mark.parametrize("style", ["pop", "cinematic", "synthwave"])
def test_every_bar_of_every_metre_is_drummed(style: str) -> None:
    """Recorded grooves, an orchestra's strings and a machine's; twice through all metres."""
    still = moving_plan({}, style=style, seconds=50)
    model = next(section for section in still.sections if section.role == "theme")
    sections: list[dict[str, Any]] = []
    for number, meter in enumerate([*METERS, *METERS]):
        tree = model.model_dump() | {
            "name": f"S{number}",
            "meter": meter,
            "energy": 0.7,
            "harmony": ("i", "V"),
            "phrase_bars": (2,),
        }
        sections.append(tree | {"tempo_bpm": 80.0 + 5 * number})
    plan = CompositionPlan.model_validate(still.model_dump() | {"sections": sections, "seconds": 120})
    part = next(part for part in plan.parts if part.role == "drums")
    events = write_drums(compose_context(plan, part))
    assert all(one.end <= other.onset for one, other in pairwise(events))
    for bar in range(plan.bars):
        begin, meter_here = plan.meter_map.bar_onset(bar), plan.meter_map.meter_at(bar)
        struck = {event.onset - begin for event in events if plan.meter_map.bar_at(event.onset) == bar}
        if bar < plan.bars - 1:  # the last one is a single stroke
            assert len(struck) >= 2, (meter_here.name, struck)
        assert all(event.end <= begin + meter_here.bar_quarters for event in events if plan.meter_map.bar_at(event.onset) == bar)
        assert not any(event.weights for event in events) or all(len(event.weights) == len(event.pitches) for event in events)


def drummer(style: str) -> CompositionContext:
    """A drummer's view of a piece whose second section begins hushed."""
    plan = moving_plan({"A1": {"energy_curve": (0.1, 0.1, 0.8, 0.8)}}, style=style, seconds=50)
    return compose_context(plan, next(part for part in plan.parts if part.role == "drums"))


def test_a_bar_in_which_a_style_strikes_no_drum_is_a_rest() -> None:
    context = drummer("synthwave")
    silent = {meter: DrumGroove(calm={}, full={"kick": "...."}) for meter in METERS}
    style = context.style.model_copy(update={"drums": silent})
    crashes = {context.plan.meter_map.bar_onset(bar) for bar in (*context.plan.first_bars, context.plan.bars - 1)}
    assert {event.onset for event in write_drums(replace(context, style=style))} <= crashes


def test_a_groove_of_which_a_hushed_bar_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some are played on snare and toms alone; hushed bars have only cymbals and feet."""
    context = drummer("pop")
    begin = context.plan.meter_map.bar_onset(context.plan.first_bars[1])
    found = False
    for groove in groove_library()[0]:
        if groove.meter == "4/4" and not any(hit.key in CYMBALS_AND_FEET for hit in groove.windows[0][0]):
            monkeypatch.setattr("img2music.realizers.drums.drum_part.choose_groove", lambda *_, groove=groove, **__: groove)
            assert not any(begin <= event.onset < begin + 4 for event in write_drums(context))
            found = True
    assert found


# Loops


def test_a_loop_that_moves_is_exactly_its_bars() -> None:
    course: dict[str, dict[str, Any]] = {
        "A2": {"tempo_changes": (TempoChange(bar=2, bpm=90.0, over_bars=2),), "key": "F minor"},
        "B": {"meter": "3/4"},
    }
    plan = moving_plan(course, style="folk", loop=True, seconds=50)
    score = Composer()(plan)
    check_page(plan, score)
    assert plan.seconds == plan.bars_seconds
    assert plan.final_bar is None
    assert not any(phrase.is_last for phrase in layout_phrases(plan))
    last = plan.meter_map.bar_onset(plan.bars - 1)
    assert any(last < note.onset_quarters < plan.duration_quarters for part in score.parts for note in part.notes)


# Lines from elsewhere


def test_lines_that_are_kept_are_finished_by_nobody() -> None:
    plan = moving_plan({"A2": {"texture": "unison", "key": "F minor"}}, style="chamber-strings")
    context = compose_context(plan)
    lines: dict[str, list[NoteEvent]] = {part.id: [] for part in plan.parts}
    kept = {part.id for part in plan.parts}
    assert finish_lines(context, lines, kept) == lines


def test_a_plan_that_does_not_move_is_finished_as_it_is() -> None:
    plan = moving_plan({})
    lines: dict[str, list[NoteEvent]] = {part.id: [] for part in plan.parts}
    assert finish_lines(compose_context(plan), lines) == lines
    assert plan.duration_quarters == Fraction(4) * plan.bars

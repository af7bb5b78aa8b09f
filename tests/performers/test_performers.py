from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import log10
from typing import Any

import pytest
from hypothesis import given, settings

from img2music.brief import Brief
from img2music.io.style_files import load_style, style_names
from img2music.performance import TICKS_PER_QUARTER, Performance, PlayedPart
from img2music.performers.balance import LOUDNESS_LUFS, balance_volumes
from img2music.performers.expressive import ExpressivePerformer
from img2music.performers.strict import StrictPerformer
from img2music.performers.timing import PerformanceClock
from img2music.plan import CompositionPlan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.score import Score
from img2music.theory import instrument_names
from tests.support.made_scenes import make_scene
from tests.support.random_briefs import briefs


def play(**wishes: Any) -> tuple[CompositionPlan, Score, Performance]:
    plan = RulesPlanner()(make_scene(), Brief.of(**wishes))
    score = Composer()(plan)
    return plan, score, ExpressivePerformer()(score, plan)


def velocities(part: PlayedPart) -> list[int]:
    return [note.velocity for note in part.notes]


@settings(max_examples=40, deadline=None)
@given(briefs.map(lambda brief: brief.model_copy(update={"seconds": min(brief.seconds, 45.0)})))
def test_every_promise_survives_the_playing(brief: Brief) -> None:
    plan = RulesPlanner()(make_scene(), brief)
    score = Composer()(plan)
    for performer in (ExpressivePerformer(), StrictPerformer()):
        performance = performer(score, plan)
        assert performance.tempo_bpm == plan.tempo_bpm
        assert performance.seconds == plan.seconds
        assert performance.meter == score.meter
        assert performance.key == score.key
        assert [part.program for part in performance.parts] == [part.instrument.program for part in score.parts]
        pitched = [part.channel for part in performance.parts if not part.is_drums]
        assert len(set(pitched)) == len(pitched)
        assert 9 not in pitched
        for part, written in zip(performance.parts, score.parts, strict=True):
            assert part.is_drums == written.instrument.kit
            busy: dict[int, int] = {}
            for note in part.notes:
                assert 0 <= note.onset_ticks < note.onset_ticks + note.duration_ticks <= performance.end_ticks
                assert 1 <= note.velocity <= 127
                assert busy.get(note.pitch, 0) <= note.onset_ticks
                busy[note.pitch] = note.onset_ticks + note.duration_ticks
            for control in part.controls:
                assert 0 <= control.value <= 127
                assert 0 <= control.ticks < performance.end_ticks or control.ticks == 0
            assert list(part.controls) == sorted(part.controls)


def test_strict_plays_what_is_written() -> None:
    plan, score, _ = play(style="folk", seconds=30)
    performance = StrictPerformer()(score, plan)
    for part, written in zip(performance.parts, score.parts, strict=True):
        expected = sorted((round(note.onset_quarters * TICKS_PER_QUARTER), note.pitch) for note in written.notes)
        assert [(note.onset_ticks, note.pitch) for note in part.notes] == expected


@pytest.mark.parametrize("style", style_names())
def test_expression_stays_near_the_page(style: str) -> None:
    plan, score, performance = play(style=style, seconds=40)
    clock = PerformanceClock.of(score, plan, load_style(style))
    last_two_bars = score.duration_quarters - 2 * score.meter.bar_quarters
    for part, written in zip(performance.parts, score.parts, strict=True):
        notes = [note for note in written.notes if note.onset_quarters < last_two_bars]
        assert notes
        for note in notes:
            late = clock.seconds(note.onset_quarters) - plan.tempo_map.seconds_at(note.onset_quarters)
            assert abs(late) < 0.25 * plan.tempo_map.seconds_at(1) + 0.1
        assert len(part.notes) == len(written.notes)


def test_swing_bends_the_off_beats_and_only_them() -> None:
    plan, score, _ = play(style="jazz-ballad", seconds=30)
    straight, swung = (
        PerformanceClock.of(score, plan, load_style("jazz-ballad").model_copy(update={"swing": amount, "rubato": 0.0}))
        for amount in (0.0, 1.0)
    )
    for note in score.parts[0].notes[:40]:
        moved = (swung.seconds(note.onset_quarters) - straight.seconds(note.onset_quarters)) / plan.tempo_map.seconds_at(1)
        if score.meter.weight(note.onset_quarters):
            assert abs(moved) < 1e-9
        elif note.onset_quarters % 1 == 0.5:
            assert moved == pytest.approx(1 / 6)


def test_rubato_leaves_phrase_borders_alone_and_time_never_runs_back() -> None:
    plan, score, _ = play(style="solo-piano", seconds=60)
    clock = PerformanceClock.of(score, plan, load_style("solo-piano"))
    for border in clock.phrase_starts[:-2]:
        assert clock.seconds(border) == pytest.approx(plan.tempo_map.seconds_at(border))
    places = sorted({note.onset_quarters for part in score.parts for note in part.notes})
    assert all(clock.seconds(one) < clock.seconds(other) for one, other in pairwise(places))


def test_the_end_slows_down_but_the_length_stays() -> None:
    plan, score, performance = play(style="solo-piano", seconds=60)
    clock = PerformanceClock.of(score, plan, load_style("solo-piano"))
    last_bar = score.duration_quarters - score.meter.bar_quarters
    assert clock.seconds(last_bar) > plan.tempo_map.seconds_at(last_bar) + 0.1
    assert performance.seconds_at(performance.end_ticks) == pytest.approx(60, abs=0.001)


def test_the_last_chord_rings_into_the_rest_of_the_length() -> None:
    plan, _, performance = play(tempo_bpm=20, seconds=25, style="chamber-strings")
    assert plan.bars == 1
    end = max(note.onset_ticks + note.duration_ticks for part in performance.parts for note in part.notes)
    assert performance.seconds_at(end) > 23.5


def test_playing_breathes() -> None:
    _, score, performance = play(style="folk", seconds=60)
    assert len(set(velocities(performance.parts[0]))) > 12
    # The page says p and f, with strong beats and upbeats; the player does the rest.
    marks = {section.dynamic for section in score.sections}
    assert len({note.velocity for note in score.parts[0].notes}) <= 3 * len(marks)


def test_one_part_can_be_played_anew_without_the_others() -> None:
    plan, score, performance = play(style="folk", seconds=30)
    fewer = Score(**{name: getattr(score, name) for name in score.__slots__ if name != "parts"}, parts=score.parts[1:])
    again = ExpressivePerformer()(fewer, plan)
    assert [part.notes for part in again.parts] == [part.notes for part in performance.parts[1:]]


def test_pedal_is_lifted_for_every_chord_and_at_the_end() -> None:
    _, _, performance = play(style="solo-piano", seconds=40)
    for part in performance.parts:
        pedal = [control for control in part.controls if control.controller == 64]
        assert len(pedal) > 10
        assert pedal[-1].value == 0
        assert all(one.value != other.value for one, other in pairwise(pedal))


def test_fading_styles_fade() -> None:
    _, _, performance = play(style="ambient", seconds=60)
    for part in performance.parts:
        swell = [control.value for control in part.controls if control.controller == 11]
        assert swell[-1] < 0.6 * max(swell)


def test_volume_makes_up_for_loud_and_soft_instruments() -> None:
    _, score, _ = play(instruments=("flute", "recorder", "xylophone"), seconds=20)
    parts = [replace(part, level_db=0.0) for part in score.parts]
    flute, recorder, xylophone = balance_volumes(parts)
    assert recorder < flute < xylophone  # measured: -25.8, -30.6 and -45.0 LUFS at equal volume
    louder = balance_volumes([replace(parts[0], level_db=6.0), parts[1], parts[2]])
    assert 40 * log10((louder[0] / louder[1]) / (flute / recorder)) == pytest.approx(6, abs=0.6)


def test_volume_makes_up_for_how_much_is_written() -> None:
    _, score, _ = play(instruments=("flute", "piano", "drums"), seconds=20)
    tune = replace(score.parts[0], level_db=0.0)
    doubled = replace(tune, notes=tuple(replace(note, pitch=note.pitch + shift) for note in tune.notes for shift in (0, 12)))
    alone, both = balance_volumes([tune, doubled])
    assert 40 * log10(alone / both) == pytest.approx(3, abs=0.3)  # twice the energy is 3 dB
    soft = replace(tune, notes=tuple(replace(note, velocity=note.velocity // 2) for note in tune.notes))
    loud_volume, soft_volume = balance_volumes([tune, soft])
    assert soft_volume > loud_volume


def test_every_instrument_has_been_measured() -> None:
    assert set(LOUDNESS_LUFS) == set(instrument_names())


@pytest.mark.parametrize("style", style_names())
def test_no_piece_ends_in_a_long_silence(style: str) -> None:
    _, _, performance = play(style=style, seconds=47)
    end = max(note.onset_ticks + note.duration_ticks for part in performance.parts for note in part.notes)
    assert performance.seconds - performance.seconds_at(end) < 1.0

"""Performances of pieces whose key, metre and tempo change, and that have hits."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from img2music.io.style_files import load_style
from img2music.performance import TICKS_PER_QUARTER, Performance
from img2music.performers.balance import balance_volumes
from img2music.performers.expressive import ExpressivePerformer
from img2music.performers.strict import StrictPerformer
from img2music.performers.timing import PerformanceClock
from img2music.plan import CompositionPlan
from img2music.realizers.composer import Composer
from img2music.score import Score
from img2music.section import Hit, TempoChange
from img2music.theory import Key
from img2music.theory.tempo_map import TempoMap
from tests.support.made_notes import make_note, make_part
from tests.support.moving_plans import moving_plan, with_hits


def even_score(plan: CompositionPlan, *, step: Fraction = Fraction(1, 2), plays: str = "piano") -> Score:
    """The plan's bars filled with one pitch, a note every `step` quarter notes, all written alike."""
    count = int(plan.duration_quarters / step)
    notes = [make_note(number * step, step, 62, Key.parse("D minor")) for number in range(count)]
    part = make_part("Solo", notes, plays=plays)
    return Score("Even", plan.key_map, plan.meter_map, plan.tempo_map, plan.bars, (part,))


def onsets(performance: Performance, part: int = 0) -> list[float]:
    return [performance.seconds_at(note.onset_ticks) for note in performance.parts[part].notes]


def test_a_performance_carries_the_maps_of_its_score_and_every_note_falls_where_they_say() -> None:
    plan = moving_plan()
    score = Composer()(plan)
    for performer in (StrictPerformer(), ExpressivePerformer()):
        performance = performer(score, plan)
        assert (performance.tempo_map, performance.meter_map, performance.key_map) == (
            plan.tempo_map, plan.meter_map, plan.key_map
        )  # fmt: skip
        assert performance.seconds_at(performance.end_ticks) == pytest.approx(plan.seconds, abs=0.001)
        marks = [
            (int(plan.meter_map.bar_onset(bar) * TICKS_PER_QUARTER), name.name)
            for bar, name in zip(plan.first_bars, plan.sections, strict=True)
        ]
        assert list(performance.markers) == marks
    strict = onsets(StrictPerformer()(even_score(plan), plan))
    places = [Fraction(number, 2) for number in range(len(strict))]
    assert strict == pytest.approx([plan.tempo_map.seconds_at(place) for place in places], abs=0.002)
    # Inside the glide a beat gets shorter and shorter, and none is as long as at 72 or as short as at 96.
    glide = [later - one for place, (one, later) in zip(places, pairwise(strict), strict=False) if 20 <= place < 28]
    assert all(later < one + 0.0021 for one, later in pairwise(glide))
    assert 30 / 96 < min(glide) < max(glide) < 30 / 72


def test_a_free_player_stays_near_the_map_and_meets_it_where_phrases_begin() -> None:
    plan = moving_plan()
    score = even_score(plan)
    clock = PerformanceClock.of(score, plan, load_style("solo-piano"))
    assert clock.rubato > 0
    last = plan.meter_map.bar_onset(plan.bars - 2)
    for place in (note.onset_quarters for note in score.parts[0].notes):
        late = clock.seconds(place) - plan.tempo_map.seconds_at(place)
        assert abs(late) < 0.1 or place > last
    for border in plan.phrase_starts[:-1]:
        assert clock.seconds(border) == pytest.approx(plan.tempo_map.seconds_at(border))
    times = [clock.seconds(note.onset_quarters) for note in score.parts[0].notes]
    assert all(one < later for one, later in pairwise(times))


def test_accents_and_swing_follow_the_metre_of_the_bar() -> None:
    plan = moving_plan({"B": {"meter": "3/4"}, "A3": {"meter": "6/8"}}, style="jazz-ballad")
    score = even_score(plan)
    style = load_style("jazz-ballad").model_copy(update={"rubato": 0.0, "swing": 1.0})
    clock = PerformanceClock.of(score, plan, style)
    late = {place: clock.seconds(place) - plan.tempo_map.seconds_at(place) for place in map(Fraction, ("65/2", "67/2", "88/2"))}
    swung = pytest.approx(60 / 72 / 6)
    assert late == {Fraction(65, 2): swung, Fraction(67, 2): swung, Fraction(44): pytest.approx(0)}
    assert clock.seconds(Fraction(91, 2)) == pytest.approx(plan.tempo_map.seconds_at(Fraction(91, 2))), "6/8 is not swung"
    # Summed loudness by place: the first beat of three stands out where bars have three quarters.
    score = replace(score, parts=(replace(score.parts[0], role="arpeggio"),))
    played = ExpressivePerformer()(score, plan).parts[0].notes
    waltz = [sum(played[2 * (32 + 3 * bar + place)].velocity for bar in range(4)) for place in range(3)]
    assert waltz[0] > max(waltz[1:]) + 8


def test_a_written_last_ritardando_is_not_slowed_down_again() -> None:
    steady = moving_plan({})
    slowing = moving_plan({"A3": {"tempo_changes": (TempoChange(bar=3, bpm=48.0, over_bars=2),)}, "outro": {"tempo_bpm": 48.0}})
    earlier = moving_plan({"B": {"tempo_bpm": 60.0}})
    style = load_style("solo-piano")
    assert style.ending == "ritardando"
    late = {}
    for name, plan in (("steady", steady), ("slowing", slowing), ("earlier", earlier)):
        clock = PerformanceClock.of(even_score(plan), plan, style)
        late[name] = clock.seconds(last := plan.meter_map.bar_onset(plan.bars - 1)) - plan.tempo_map.seconds_at(last)
    assert late["steady"] > 0.3
    assert late["earlier"] > 0.3, "a change long before leaves the end to the player"
    assert late["slowing"] == pytest.approx(0)


def test_hits_are_played_in_time_together_and_louder() -> None:
    plan = with_hits(moving_plan(), Hit(bar=6, place=2.5), Hit(bar=17))
    score = even_score(plan)
    chord = [make_note(place, 1, pitch, Key.parse("D minor")) for place in (Fraction(45, 2), 30) for pitch in (50, 57, 62, 65)]
    score = replace(score, parts=(*score.parts, replace(make_part("Harp", chord, plays="harp"), role="chords")))
    performance = ExpressivePerformer()(score, plan)
    expected = plan.tempo_map.seconds_at(Fraction(45, 2))
    assert min(abs(time - expected) for time in onsets(performance)) < 0.002
    harp = onsets(performance, 1)
    assert max(abs(time - expected) for time in harp[:4]) < 0.002, "a hit is struck together"
    assert max(harp[4:]) - min(harp[4:]) > 0.03, "other chords of a harp are broken"
    neighbours = performance.parts[0].notes
    at = next(index for index, time in enumerate(onsets(performance)) if abs(time - expected) < 0.002)
    assert neighbours[at].velocity > neighbours[at - 1].velocity
    last = plan.meter_map.bar_onset(16)
    assert min(abs(time - plan.tempo_map.seconds_at(last)) for time in onsets(performance)) < 0.002, "no ritardando before a hit"


def test_nothing_sounds_between_a_stop_and_the_bar_line() -> None:
    plan = with_hits(moving_plan(), Hit(bar=10, place=1, action="stop"), Hit(bar=17, place=2, action="stop"))
    score = Composer()(plan)
    performance = ExpressivePerformer()(score, plan)
    for bar, place in ((9, 1), (16, 2)):
        begin, end = (plan.tempo_map.seconds_at(plan.meter_map.onset(bar, Fraction(spot))) for spot in (place, 0))
        end = plan.tempo_map.seconds_at(plan.meter_map.bar_onset(bar + 1))
        for part in performance.parts:
            times = [
                (performance.seconds_at(note.onset_ticks), performance.seconds_at(note.onset_ticks + note.duration_ticks))
                for note in part.notes
            ]
            assert not [times for onset, stop in times if stop > begin + 0.005 and onset < end - 0.05]
            pedal = [(performance.seconds_at(one.ticks), one.value) for one in part.controls if one.controller == 64]
            down = [value for time, value in pedal if time < begin + 0.002]
            assert not down or down[-1] == 0
            assert not [time for time, value in pedal if value and begin <= time < end]


def test_a_crescendo_has_no_steps_where_it_is_played() -> None:
    curve = {"A3": {"energy_curve": (0.2, 0.4, 0.6, 0.8)}}
    plan = moving_plan(curve)
    flat = even_score(plan)
    written = [
        replace(note, velocity=60 + 12 * (int(note.onset_quarters) // 4 - 12) if note.onset_quarters >= 48 else 60)
        for note in flat.parts[0].notes
    ]
    score = replace(flat, parts=(replace(flat.parts[0], notes=tuple(written)),))
    played = ExpressivePerformer()(score, plan).parts[0].notes
    straight = ExpressivePerformer()(score, moving_plan({})).parts[0].notes
    gained = [one.velocity - other.velocity for one, other in zip(played, straight, strict=True)]
    assert set(gained[:96]) == {0}
    inside = gained[96:104]
    assert inside == sorted(inside)
    assert (inside[0], inside[-1]) == (0, 10)


def test_a_balance_knows_how_long_notes_last_where_they_stand() -> None:
    key = Key.parse("C major")
    parts = [
        make_part("Piano", [make_note(place, 1, 60, key) for place in range(16)]),
        make_part("Organ", [make_note(place, 1, 60, key) for place in range(16)], plays="organ"),
    ]
    slow, fast = (balance_volumes(parts, TempoMap.constant(bpm)) for bpm in (30, 240))
    assert slow[0] / slow[1] > fast[0] / fast[1], "a struck note that lasts long has died away"
    plan = moving_plan({"A1": {"tempo_bpm": 240.0}})
    between = balance_volumes(parts, plan.tempo_map)
    assert between == fast, "these bars are in the fast section"

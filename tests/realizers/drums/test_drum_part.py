from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import get_args

import pytest

from img2music.brief import Brief
from img2music.io.style_files import load_style, style_names
from img2music.performance import TICKS_PER_QUARTER
from img2music.performers.expressive import ExpressivePerformer
from img2music.performers.strict import StrictPerformer
from img2music.performers.timing import PerformanceClock
from img2music.plan import CompositionPlan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.playing_style import GrooveFamily
from img2music.realizers.composer import Composer
from img2music.realizers.context import compose_context
from img2music.realizers.drums.drum_kit import DRUMS
from img2music.realizers.drums.drum_part import write_drums
from img2music.realizers.drums.grooves import choose_groove, groove_bar, groove_library
from img2music.realizers.timeline import NoteEvent, layout_phrases
from img2music.resources import asset_path
from img2music.score import Note, Score
from img2music.theory import METERS, Meter, instrument
from tests.support.made_scenes import make_scene

ENERGIES = (0.1, 0.35, 0.55, 0.9)
PLAYED = ("rock", "pop", "lo-fi", "jazz-ballad", "bossa")


@cache
def plan_of(style: str) -> CompositionPlan:
    return RulesPlanner()(make_scene(), Brief.of(style=style, seconds=40))


def edited(plan: CompositionPlan, **changes: object) -> CompositionPlan:
    """The plan with some fields changed, not checked again."""
    fields = {name: getattr(plan, name) for name in CompositionPlan.model_fields}
    return CompositionPlan.model_construct(**{**fields, **changes})


def drums_of(plan: CompositionPlan, energy: float, kit: str = "drums") -> list[NoteEvent]:
    """The drum part of a plan with every section at one energy."""
    level = edited(plan, sections=tuple(section.model_copy(update={"energy": energy}) for section in plan.sections))
    part = plan.parts[0].model_copy(update={"name": "Drums", "role": "drums", "instrument": kit})
    return write_drums(replace(compose_context(level, part), energies=[energy] * level.bars))


def kit_notes(score: Score) -> tuple[Note, ...]:
    return next(part.notes for part in score.parts if part.instrument.kit)


def test_the_learned_grooves_are_drumming() -> None:
    grooves, fills = groove_library()
    keys = {key for key, _ in DRUMS.values()}
    assert len(grooves) > 80
    assert len(fills) > 80
    bars = [(Meter.parse(groove.meter), bar) for groove in grooves for window in groove.windows for bar in window]
    bars += [(Meter.parse("4/4"), fill.hits) for fill in fills]
    for meter, bar in bars:
        assert len(bar) >= 4
        assert [(hit.slot, hit.key) for hit in bar] == sorted({(hit.slot, hit.key) for hit in bar})
        for hit in bar:
            assert hit.key in keys
            assert 0 <= hit.slot < meter.bar_quarters * 24
            assert 1 <= hit.velocity <= 127
            assert abs(hit.lag) <= 0.15
    lags = [hit.lag for _, bar in bars for hit in bar]
    assert abs(sum(lags) / len(lags)) < 0.01  # nobody is late on the whole
    assert sum(lag == 0 for lag in lags) < 0.1 * len(lags)


def test_every_groove_varies_without_becoming_another() -> None:
    grooves, _ = groove_library()
    for groove in grooves:
        assert len(groove.windows) == 4
        assert len(set(groove.windows)) == 4
        base = {(number, hit.slot, hit.key) for number, bar in enumerate(groove.windows[0]) for hit in bar}
        for window in groove.windows[1:]:
            again = {(number, hit.slot, hit.key) for number, bar in enumerate(window) for hit in bar}
            assert len(base & again) > 0.4 * len(base | again), groove.source


def test_the_learned_file_names_its_source_and_licence() -> None:
    content = json.loads(asset_path("statistics/grooves.json").read_text())
    assert content["set"] == "Groove MIDI Dataset"
    assert "CC BY 4.0" in content["licence"]
    assert "Gillick" in content["citation"]
    assert all(row["source"].startswith("drummer") for row in (*content["grooves"], *content["fills"]))
    assert {row["family"] for row in content["grooves"]} == set(get_args(GrooveFamily))


@pytest.mark.parametrize("style", style_names())
def test_every_style_has_full_bars_in_every_metre(style: str) -> None:
    kit = next((seat.instruments[0] for seat in load_style(style).parts if seat.role == "drums"), "drums")
    for meter in METERS:
        plan = edited(plan_of("folk"), style=style, meter=meter)
        for energy in ENERGIES[::3]:
            events = drums_of(plan, energy, kit)
            length = plan.parsed_meter.bar_quarters
            for event, following in pairwise([*events, NoteEvent(plan.bars * length, Fraction(1), ())]):
                assert event.duration > 0
                assert event.end <= following.onset
                assert len(set(event.pitches)) == len(event.pitches) <= 5
                assert 96 % event.onset.denominator == 0
            played = {int(event.onset / length) for event in events}
            assert played >= set(range(plan.bars - 1)), (style, meter, energy)


def bars_of(events: list[NoteEvent], meter: Meter) -> dict[int, set[tuple[Fraction, int]]]:
    bars: dict[int, set[tuple[Fraction, int]]] = defaultdict(set)
    for event in events:
        bar, place = divmod(event.onset, meter.bar_quarters)
        bars[int(bar)] |= {(place, pitch) for pitch in event.pitches}
    return bars


@pytest.mark.parametrize("style", PLAYED)
@pytest.mark.parametrize("energy", ENERGIES[1:])
def test_bars_are_recorded_ones_and_fills_stand_at_the_ends_of_phrases(style: str, energy: float) -> None:
    plan = plan_of(style)
    meter, grooves = plan.parsed_meter, groove_library()[0]
    recorded = {
        frozenset((stroke.place, stroke.pitch) for stroke in groove_bar(groove, variant, bar, meter, plan.tempo_bpm))
        for groove in grooves
        if groove.family in load_style(style).grooves and groove.meter == "4/4"
        for variant in range(4)
        for bar in range(2)
    }
    bars = bars_of(drums_of(plan, energy), meter)
    phrases = layout_phrases(plan)
    last = {phrase.first_bar + phrase.bars - 1 for phrase in phrases}
    crashed = {phrase.first_bar for phrase in phrases if phrase.index == 0 and phrase.first_bar} if energy > 0.5 else set()
    filled = 0
    for bar in range(plan.bars - 1):
        if bar in last:
            filled += frozenset(bars[bar]) not in recorded
        elif bar not in crashed:
            assert frozenset(bars[bar]) in recorded, bar
        else:
            assert (Fraction(0), DRUMS["crash"][0]) in bars[bar]
    assert filled >= len(last) // 3
    assert DRUMS["crash"][0] not in {pitch for _, pitch in bars[0]}


def test_a_groove_is_kept_and_varied() -> None:
    plan = plan_of("rock")
    bars = bars_of(drums_of(plan, 0.5), plan.parsed_meter)
    phrase = next(phrase for phrase in layout_phrases(plan) if phrase.bars == 4)
    first, second = bars[phrase.first_bar], bars[phrase.first_bar + 2]
    assert len(first & second) > 0.5 * len(first | second)
    weights: dict[int, list[tuple[float, ...]]] = defaultdict(list)
    for event in drums_of(plan, 0.5):
        weights[int(event.onset / plan.parsed_meter.bar_quarters)].append(event.weights)
    assert weights[phrase.first_bar] != weights[phrase.first_bar + 2]  # the same thing again, never struck quite the same


def test_fuller_levels_are_struck_more() -> None:
    struck: dict[tuple[str, str, str, int], list[float]] = defaultdict(list)
    for groove in groove_library()[0]:
        energy = sum(hit.velocity for bar in groove.windows[0] for hit in bar)
        struck[groove.family, groove.meter, groove.feel, groove.level].append(energy)
    pairs = 0
    for (*shelf, level), energies in struck.items():
        fuller = struck.get((shelf[0], shelf[1], shelf[2], level + 1))
        if fuller:
            assert max(energies) <= min(fuller), shelf
            pairs += 1
    assert pairs > 20


def test_where_it_is_very_calm_the_hands_stay_on_the_cymbal() -> None:
    hushed = {pitch for event in drums_of(plan_of("rock"), 0.1) for pitch in event.pitches}
    assert DRUMS["snare"][0] not in hushed
    assert hushed


@pytest.mark.parametrize("style", ["rock", "bossa", "pop"])
def test_the_playing_keeps_the_drummers_timing_and_the_page_does_not_show_it(style: str) -> None:
    plan = plan_of(style)
    score = Composer()(plan)
    written = kit_notes(score)
    played = next(part.notes for part in ExpressivePerformer()(score, plan).parts if part.is_drums)
    clock = PerformanceClock.of(score, plan, load_style(style))
    assert clock.swing == clock.rubato == 0
    before = score.duration_quarters - 2 * score.meter.bar_quarters  # an ending may slow down
    expected = []
    for note in written:
        if note.onset_quarters >= before:
            break
        assert note.microtiming_quarters is not None
        expected.append((max(0, round((float(note.onset_quarters) + note.microtiming_quarters) * TICKS_PER_QUARTER)), note.pitch))
    assert sorted((note.onset_ticks, note.pitch) for note in played)[: len(expected) - 8] == sorted(expected)[:-8]
    off = [abs(note.microtiming_quarters or 0) for note in written]
    assert sum(lag > 0.005 for lag in off) > 0.5 * len(off)
    strict = next(part.notes for part in StrictPerformer()(score, plan).parts if part.is_drums)
    assert [note.onset_ticks for note in strict] == sorted(round(note.onset_quarters * TICKS_PER_QUARTER) for note in written)


def test_swing_is_the_bands_and_deviations_the_drummers() -> None:
    plan = plan_of("jazz-ballad")
    score = Composer()(plan)
    clock = PerformanceClock.of(score, plan, load_style("jazz-ballad"))
    played = {
        (note.onset_ticks, note.pitch)
        for part in ExpressivePerformer()(score, plan).parts
        if part.is_drums
        for note in part.notes
    }
    offbeats = 0
    for note in kit_notes(score):
        lag = note.microtiming_quarters or 0.0
        assert (clock.ticks(clock.seconds(note.onset_quarters) + lag * plan.tempo_map.seconds_at(1)), note.pitch) in played
        offbeats += note.onset_quarters % 1 == Fraction(1, 2)
    assert offbeats > 20


def test_a_written_triplet_is_not_swung_again() -> None:
    plan = plan_of("jazz-ballad")
    clock = PerformanceClock.of(
        Composer()(plan), plan, load_style("jazz-ballad").model_copy(update={"swing": 0.75, "rubato": 0.0})
    )
    assert clock.seconds(Fraction(5, 3)) == pytest.approx(5 / 3 * plan.tempo_map.seconds_at(1))
    assert clock.seconds(Fraction(3, 2)) == pytest.approx(1.625 * plan.tempo_map.seconds_at(1))


def test_strokes_of_one_drum_stay_in_order() -> None:
    for style in PLAYED:
        for seed in range(6):
            last: dict[int, float] = {}
            for event in drums_of(edited(plan_of(style), seed=seed), 0.9):
                for pitch, lag in zip(event.pitches, event.lags, strict=True):
                    played = float(event.onset) + lag
                    assert played > last.get(pitch, -1.0)
                    last[pitch] = played


def test_drums_have_their_own_seed() -> None:
    plan = plan_of("rock")
    score = Composer()(plan)
    assert Composer()(plan) == score
    other = Composer()(plan.model_copy(update={"seeds": {"drums": 77}}))
    assert kit_notes(other) != kit_notes(score)
    assert [part for part in other.parts if not part.instrument.kit] == [part for part in score.parts if not part.instrument.kit]


def test_machines_and_orchestras_play_what_is_written_out() -> None:
    for style, kit in (("house", "808 drums"), ("synthwave", "electronic drums"), ("cinematic", "orchestral percussion")):
        events = drums_of(plan_of(style), 0.5, kit)
        assert events
        assert not any(event.weights for event in events)
    assert not any(event.weights for event in drums_of(plan_of("folk"), 0.5, "808 drums"))


def test_no_drums_where_none_belong() -> None:
    for style in ("lullaby", "solo-piano", "chamber-strings"):
        assert not any(instrument(part.instrument).kit for part in plan_of(style).parts)


def test_a_loop_and_a_fade_have_no_last_stroke() -> None:
    plan = plan_of("rock")
    last = plan.bars - 1
    ends = bars_of(drums_of(plan, 0.6), plan.parsed_meter)[last]
    assert ends == {(Fraction(0), DRUMS["kick"][0]), (Fraction(0), DRUMS["crash"][0])}
    assert len(bars_of(drums_of(edited(plan, loop=True), 0.6), plan.parsed_meter)[last]) > 4
    fading = plan_of("lo-fi")
    assert load_style("lo-fi").ending == "fade"
    assert len(bars_of(drums_of(fading, 0.6), fading.parsed_meter)[fading.bars - 1]) > 4


@pytest.mark.parametrize("meter", METERS)
def test_real_beats_keep_their_timing_in_other_metres(meter: str) -> None:
    import numpy as np

    time = Meter.parse(meter)
    groove = choose_groove(("rock", "shuffle"), time, 100, 1, np.random.default_rng(1), swung=False)
    assert groove.meter in {meter, "4/4"}
    assert (groove.feel == "swung") == time.is_compound
    for bar in range(4):
        strokes = groove_bar(groove, 0, bar, time, 100)
        assert all(0 <= stroke.place < time.bar_quarters for stroke in strokes)
        assert any(stroke.lag for stroke in strokes)
        assert strokes[0].place == 0
    same_tempo = groove_bar(groove, 0, 0, time, groove.bpm * (1.5 if time.is_compound else 1))
    lags = {
        round(hit.lag * (1.5 if time.is_compound else 1), 4) for window in groove.windows[:1] for row in window for hit in row
    }
    assert {stroke.lag for stroke in same_tempo} <= lags


def test_grooves_are_recorded_near_the_tempo() -> None:
    import numpy as np

    families = ("rock", "funk", "hiphop", "soul")
    chosen = {}
    for bpm in (70, 150):
        draws = [choose_groove(families, Meter(4, 4), bpm, 1, np.random.default_rng(seed), swung=False) for seed in range(200)]
        chosen[bpm] = sum(groove.bpm for groove in draws) / len(draws)
    assert chosen[70] + 10 < chosen[150]

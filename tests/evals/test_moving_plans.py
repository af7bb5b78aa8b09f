"""The bench of moving plans: its plans move, its readers read, and its checks pass what is right and find what is wrong."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import mido
import pytest

from evals.bench.made_files import Made
from evals.bench.moving_checks import CHECKS
from evals.bench.moving_plans import plan_of
from evals.shared.random_moving_plans import own_seconds
from evals.shared.timeline_readers import midi_timeline, music21_timeline, page_times
from img2music.brief import Brief
from img2music.io.midi.export_midi import write_midi
from img2music.performers.strict import StrictPerformer
from img2music.pipeline import Pipeline
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan

PLANS = [plan_of(number, seed=5, plans=10) for number in range(14)]


def steady_plan() -> CompositionPlan:
    return Pipeline.load().plan(make_scene(), Brief.of(seconds=12, style="folk", seed=2, tempo_bpm=100))


def faults(made: Made, check: str) -> list[str]:
    return list(CHECKS[check](made))


# Plans


def test_plans_move_in_every_way_and_a_number_is_always_the_same_plan() -> None:
    assert plan_of(3, seed=5, plans=10) == PLANS[3]
    assert plan_of(3, seed=6, plans=10) != PLANS[3]
    assert any(len(plan.key_map.points) > 1 for plan in PLANS)
    assert any(len(plan.meter_map.points) > 1 for plan in PLANS)
    assert any(len({plan.key_of(section).mode for section in plan.sections}) > 1 for plan in PLANS)
    assert any(point.ramp_to_bpm is not None for plan in PLANS for point in plan.tempo_map.points)
    assert {plan.loop for plan in PLANS} == {True, False}
    assert [bool(plan.hits) for plan in PLANS] == [False] * 10 + [True] * 4
    assert all(sum(section.moves for section in plan.sections) for plan in PLANS)


@pytest.mark.parametrize("number", range(len(PLANS)))
def test_a_plans_own_words_and_its_tempo_map_agree(number: int) -> None:
    """The words are read with integrals for glides, the map with steps of a sixteenth: to a millisecond that is the same."""
    plan = PLANS[number]
    own = own_seconds(plan)
    for place in range(int(plan.duration_quarters * 2) + 1):
        onset = Fraction(place, 2)
        assert own(onset) == pytest.approx(plan.tempo_map.seconds_at(onset), abs=0.001)


# Readers


def test_a_midi_file_is_read_with_its_own_tempi() -> None:
    file = mido.MidiFile(ticks_per_beat=100)
    head = mido.MidiTrack(
        [
            mido.MetaMessage("set_tempo", tempo=500_000),
            mido.MetaMessage("time_signature", numerator=3, denominator=4),
            mido.MetaMessage("key_signature", key="Am"),
            mido.MetaMessage("set_tempo", tempo=1_000_000, time=300),
            mido.MetaMessage("key_signature", key="Eb"),
            mido.MetaMessage("marker", text="B"),
            mido.MetaMessage("end_of_track", time=200),
        ]
    )
    notes = mido.MidiTrack()
    for wait in (100, 250):
        notes.append(mido.Message("note_on", note=60, velocity=70, time=wait))
        notes.append(mido.Message("note_on", note=60, velocity=0, time=50))
    file.tracks += [head, notes]
    buffer = io.BytesIO()
    file.save(file=buffer)
    read = midi_timeline(buffer.getvalue())
    found = [(float(note.onset), note.pitch, note.velocity, float(note.end), note.seconds) for note in read.parts[0]]
    assert found == [(1.0, 60, 70, 1.5, 0.5), (4.0, 60, 70, 4.5, 2.5)]
    start, third = Fraction(0), Fraction(3)
    assert read.tempi == ((start, 120), (third, 60))
    assert read.meters == ((start, "3/4"),)
    assert read.keys == ((start, 0), (third, -3))
    assert read.markers == ((third, "B"),)
    assert (float(read.length), read.length_seconds) == (5.0, 3.5)


def test_a_page_and_a_midi_file_of_one_score_are_read_alike() -> None:
    made = Made(steady_plan())
    score = made.score
    wanted = sorted((note.onset_quarters, note.pitch) for part in score.parts for note in part.notes)
    assert made.by_mido.notes == made.midi_by_music21.notes == made.page_by_music21.notes == wanted
    assert made.page_by_music21.tempi == ((Fraction(0), 100),)
    times = page_times(made.page)
    assert times.bars == [[score.meter.bar_quarters] * score.bars] * len(score.parts)
    assert (times.sounds, times.printed) == ([(Fraction(0), 100.0)], [])  # a page that keeps one tempo says it in words


# Checks


@pytest.mark.skipif(shutil.which("abc2midi") is None, reason="needs abc2midi (Debian: abcmidi)")
def test_a_plan_that_does_not_move_passes_every_check() -> None:
    made = Made(steady_plan())
    assert {name: list(check(made)) for name, check in CHECKS.items() if list(check(made))} == {}


def test_what_is_wrong_is_found() -> None:
    made = Made(steady_plan())
    made.page = made.page.replace("<duration>24</duration>", "<duration>12</duration>", 1)
    assert faults(made, "bars full in every voice, music21 and durations")[0].startswith("part ")
    made = Made(steady_plan())
    performance = StrictPerformer()(made.score, made.plan)
    slow = replace(performance, tempo_map=performance.tempo_map.scaled(0.9))
    made.strict_midi = write_midi(slow)
    assert " ms off, first at bar " in faults(made, "onsets in seconds to 1 ms, mido in MIDI")[0]
    assert faults(made, "metres, keys, tempi at their places, mido")[0].startswith("tempo [")
    parts = (replace(performance.parts[0], notes=performance.parts[0].notes[1:]), *performance.parts[1:])
    made = Made(steady_plan())
    made.strict_midi = write_midi(replace(performance, parts=parts))
    assert faults(made, "notes at their quarters, mido in MIDI")[0].startswith("1 notes missing, first pitch ")


def test_a_key_signature_that_is_missing_is_found() -> None:
    plan = next(plan for plan in PLANS if len({point.key.signature for point in plan.key_map.points}) > 1)
    made = Made(plan)
    made.page_by_music21 = replace(music21_timeline(Made(steady_plan()).page), keys=((Fraction(0), plan.parsed_key.signature),))
    found = faults(made, "metres, keys at their places, music21 in MusicXML")
    assert any(fault.startswith("keys: 1 marks of ") for fault in found)

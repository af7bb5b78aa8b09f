"""Measurements of scores whose key, metre and tempo change: what moved is known again, and bars and seconds are those of the maps."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from img2music.metrics.symbolic.descriptors import groove_similarity, mean_inter_onset_seconds
from img2music.metrics.symbolic.form_similarity import measure_structure
from img2music.metrics.symbolic.melody_view import top_line, tune_notes, view_melody
from img2music.metrics.symbolic.motif_recurrence import planned_shapes, recurrence
from img2music.metrics.symbolic.symbolic_metrics import measure_score
from img2music.metrics.symbolic.voice_leading_faults import measure_voice_leading, voice_leading_faults
from img2music.plan import CompositionPlan
from img2music.realizers.composer import Composer
from img2music.score import Score
from img2music.section import Material, Motif
from img2music.theory import Key, Meter
from img2music.theory.key_map import KeyMap
from img2music.theory.meter_map import MeterMap
from img2music.theory.tempo_map import TempoMap, TempoPoint
from tests.support.made_notes import make_note, make_part, score_from_words, two_voices
from tests.support.moving_plans import moving_plan

QUARTERS = MeterMap.of_bars([(2, Meter.parse("4/4")), (2, Meter.parse("3/4"))])


def value(score: Score, name: str) -> float | None:
    return next(one.value for one in measure_structure(score, None) if one.name == name)


def test_inter_onset_time_is_in_real_seconds() -> None:
    score = score_from_words("60:1 60:1 60:1 60:1 60:1")
    tempi = TempoMap((TempoPoint(Fraction(0), 60.0), TempoPoint(Fraction(2), 120.0)))
    notes = score.parts[0].notes
    assert mean_inter_onset_seconds(notes, tempi) == pytest.approx((1 + 1 + 0.5 + 0.5) / 4)
    assert mean_inter_onset_seconds(notes, TempoMap.constant(60.0)) == 1


def test_groove_compares_bars_of_one_metre() -> None:
    onsets = [QUARTERS.bar_onset(bar) + place for bar in range(4) for place in (0, 2)]
    assert groove_similarity(onsets, QUARTERS, 4) == 1
    moved = [*onsets[:-1], onsets[-1] + Fraction(1, 2)]
    assert groove_similarity(moved, QUARTERS, 4) == pytest.approx(1 - 2 / (64 + 48))
    assert groove_similarity(onsets[:2], MeterMap.of_bars([(1, Meter.parse("4/4")), (1, Meter.parse("3/4"))]), 2) is None


def test_a_theme_in_another_key_is_known_again() -> None:
    theme, up = (60, 62, 64, 65, 67, 65, 64, 62), 5
    notes = [
        make_note(8 * time + place, 1, pitch + up * (time % 2), Key.parse("C major"))
        for time in range(4)
        for place, pitch in enumerate(theme)
    ]
    score = Score.steady("Twice", Key.parse("C major"), Meter.parse("4/4"), 60.0, 8, (make_part("Flute", notes),))
    keys = KeyMap.of_stretches([(Fraction(8 * time), Key.parse("F major" if time % 2 else "C major")) for time in range(4)])
    assert (value(replace(score, key_map=keys), "structure indicator") or 0) > (value(score, "structure indicator") or 0)


def test_bars_of_a_section_are_those_of_its_metre() -> None:
    plan = moving_plan()
    tune = view_melody(Composer()(plan), plan)
    assert tune is not None
    assert [(span.letter, int(span.begin), int(span.end)) for span in tune.sections] == [
        ("A", 0, 16), ("A", 16, 32), ("B", 32, 44), ("A", 44, 60)
    ]  # fmt: skip
    assert tune.phrases == plan.phrase_starts
    # Chords are read in the key that holds there: the B section's first chord is F major's own.
    assert next(chord.pitch_classes for chord in tune.harmonies if chord.onset == 32) == {5, 9, 0}
    beats = [tune.weight(tone) for tone in tune.tones if tone.onset in {32, 35, 38, 41}]
    assert beats == [3] * len(beats) != []


def test_the_tune_is_whose_a_section_says() -> None:
    plan = moving_plan({"B": {"tune_by": "Cello"}}, style="chamber-strings")
    score = Composer()(plan)
    inside = {id(note) for note in tune_notes(score, plan) if 32 <= note.onset_quarters < 48}
    cello = next(part for part in score.parts if part.id == "Cello")
    assert inside == {id(note) for note in cello.notes if 32 <= note.onset_quarters < 48}
    outside = [note for note in tune_notes(score, plan) if not 32 <= note.onset_quarters < 48]
    assert outside == [note for note in score.parts[0].notes if not 32 <= note.onset_quarters < 48]


def test_a_motif_in_another_key_is_still_the_motif() -> None:
    motif = Motif(steps=(0, 2, 3, 2), rhythm=(1, 1, 1, 1))
    plan = CompositionPlan.model_validate({**moving_plan({"B": {"key": "F major"}}).model_dump(), "motif": motif.model_dump()})
    assert len(planned_shapes(plan)) == 2, "a minor and a major third"
    words = {"D minor": "62:1 65:1 67:1 65:1", "F major": "65:1 69:1 70:1 69:1"}
    score = score_from_words(f"{words['D minor']} {words['F major']}")
    view = view_melody(score, plan)
    assert view is not None
    assert recurrence(view, *planned_shapes(plan)) == 1
    other = Material(letter="B", motif=Motif(steps=(0, -1, -2, -3), rhythm=(0.5, 0.5, 0.5, 0.5)))
    assert len(planned_shapes(plan.model_copy(update={"materials": (other,)}))) == 2
    steady = moving_plan({})
    assert len(planned_shapes(steady)) == 1


def test_faults_are_told_with_their_bar_and_seen_over_a_change_of_key() -> None:
    score = two_voices("67:2 69:2 72:2 74:2", "48:2 53:2 60:2 62:2")
    moved = replace(
        score, key_map=KeyMap.of_stretches([(Fraction(0), Key.parse("C major")), (Fraction(6), Key.parse("D major"))])
    )
    assert [(one.kind, one.bar, one.over_key_change) for one in voice_leading_faults(moved) if "parallel" in one.kind] == [
        ("parallel perfect intervals", 1, True)
    ]
    assert [one.over_key_change for one in voice_leading_faults(score) if "parallel" in one.kind] == [False]
    count = sum(one.kind == "parallel perfect intervals" for one in voice_leading_faults(score))
    measured = {one.name: one.value for one in measure_voice_leading(moved)}
    assert measured["parallel perfect intervals"] == count / score.bars == 0.5


def test_a_moving_piece_is_measured_whole() -> None:
    plan = moving_plan(style="chamber-strings")
    found = {one.name: one.value for one in measure_score(Composer()(plan), plan)}
    steady = moving_plan({}, style="chamber-strings")
    beside = {one.name: one.value for one in measure_score(Composer()(steady), steady)}
    assert {name for name, one in found.items() if one is None} == {name for name, one in beside.items() if one is None}
    assert (found["motif recurrence"] or 0) > 0.5 * (beside["motif recurrence"] or 0)
    assert (found["strong-beat consonance"] or 0) > 0.8


def test_an_upbeat_lies_before_the_first_bar() -> None:
    meters = MeterMap.constant(Meter.parse("3/4"))
    assert [meters.bar_at(Fraction(place)) for place in (-1, 0, 2, 3)] == [-1, 0, 0, 1]
    assert meters.place_in_bar(Fraction(-1)) == (-1, Fraction(2))
    assert [tone.pitch for tone in top_line(score_from_words("60,64:1 62:1").parts[0].notes)] == [64, 62]

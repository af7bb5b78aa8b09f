"""The melody as JASCO is shown it: one row a semitone from G2, fifty frames a second."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from img2music.brief import Brief
from img2music.performers.strict import StrictPerformer
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.renderers.neural.audiocraft.melody_salience import (
    BINS,
    FRAMES,
    leading_bins,
    melody_notes,
    moved_octaves,
    salience_matrix,
)
from tests.support.made_performances import performance_of
from tests.support.made_scenes import make_scene


def rows_of(notes: list[tuple[float, float, int]], begin: float = 0.0) -> list[int]:
    performance = performance_of(notes)
    return leading_bins(performance, performance.parts[0].notes, begin)


def test_rows_are_the_bins_that_the_extractor_centres_on_notes() -> None:
    """Its arithmetic: 360 bins, five a semitone, from C1; what lies below G2 cut, two empty rows before, maxima of five."""
    frequencies = 32.7 * 2 ** (np.arange(360) / 60)
    first = int((abs(frequencies - 97.99886) < 0.1).argmax())
    kept = np.concatenate([[0, 0], frequencies[first:]])
    kept = kept[: -(len(kept) % 5)]
    centres = kept.reshape(-1, 5)[:, 2]
    assert len(centres) == BINS
    pitches = 69 + 12 * np.log2(centres / 440)
    for pitch in (43, 60, 69, 95):
        (row,) = set(rows_of([(0.0, 10.0, pitch)]))
        assert pitches[row] == pytest.approx(pitch, abs=0.02)


def test_each_frame_holds_what_sounds_in_its_middle() -> None:
    rows = rows_of([(0.0, 0.5, 60), (0.5, 0.25, 64), (1.0, 1.0, 67)])
    assert len(rows) == FRAMES
    assert rows[:25] == [17] * 25
    assert rows[25:37] == [21] * 12
    assert set(rows[38:50]) == {-1}
    assert rows[50:100] == [24] * 50
    assert set(rows[100:]) == {-1}
    later = rows_of([(0.0, 0.5, 60), (0.5, 0.25, 64), (1.0, 1.0, 67)], begin=0.9)
    assert later[:55] == [-1] * 5 + [24] * 50
    assert len(later) == FRAMES


def test_of_notes_together_the_highest_and_the_last_leads() -> None:
    assert set(rows_of([(0.0, 1.0, 60), (0.0, 1.0, 72)])[:50]) == {29}
    rows = rows_of([(0.0, 1.0, 72), (0.5, 0.5, 60)])
    assert set(rows[:25]) == {29}
    assert set(rows[25:50]) == {17}


def test_what_lies_outside_is_told_in_another_octave() -> None:
    notes = [(0.0, 1.0, 40), (1.0, 1.0, 100), (2.0, 1.0, 21), (3.0, 1.0, 127), (4.0, 1.0, 95)]
    rows = rows_of(notes)
    told = [rows[second * 50] + 43 for second in range(5)]
    assert [pitch % 12 for pitch in told] == [pitch % 12 for _, _, pitch in notes]
    assert all(43 <= pitch <= 95 for pitch in told)
    assert told[4] == 95
    assert moved_octaves(performance_of(notes).parts[0].notes) == 4


def test_the_matrix_marks_one_row_a_frame() -> None:
    matrix = salience_matrix([-1, 0, 52, 17])
    assert matrix.shape == (BINS, 4)
    assert matrix.sum(axis=0).tolist() == [0, 1, 1, 1]
    assert matrix[[0, 52, 17], [1, 2, 3]].tolist() == [1, 1, 1]


def test_the_tune_is_that_of_whoever_has_it() -> None:
    plan = RulesPlanner()(make_scene(), Brief.of(style="pop", seconds=30, seed=1))
    performance = StrictPerformer()(Composer()(plan), plan)
    lead = next(part for part in performance.parts if plan.lead is not None and part.id == plan.lead.id)
    assert melody_notes(performance, plan) == lead.notes
    other = next(part for part in performance.parts if part.id != lead.id and not part.is_drums)
    section = plan.sections[0].model_copy(update={"tune_by": other.id})
    changed = plan.model_copy(update={"sections": (section, *plan.sections[1:])})
    end = float(plan.meter_map.bar_onset(section.bars)) * 480
    told = melody_notes(performance, changed)
    assert {note for note in told if note.onset_ticks < end - 120} == {n for n in other.notes if n.onset_ticks < end - 120}
    assert {note for note in told if note.onset_ticks >= end} == {n for n in lead.notes if n.onset_ticks >= end}


def test_without_a_plan_the_highest_part_leads() -> None:
    performance = performance_of([(0.0, 1.0, 48)], drums=[(0.0, 1.0, 81)])
    high = replace(performance.parts[0], name="Flute", id="Flute", notes=performance_of([(0.0, 1.0, 84)]).parts[0].notes)
    both = replace(performance, parts=(*performance.parts, high))
    assert melody_notes(both, None) == high.notes
    assert melody_notes(replace(performance, parts=performance.parts[1:]), None) == ()

"""The chroma of the score, as MusicGen-Melody reads it: exact, filled to the model's own length, the tune before everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from img2music import Brief
from img2music.performers.strict import StrictPerformer
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.renderers.neural.musicgen.chroma_frames import ChromaGrid, chroma_frames
from tests.support.made_performances import performance_of
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

REAL = ChromaGrid(235, 7.8125)


def classes(chroma: NDArray[np.float32]) -> list[int]:
    assert np.all(chroma.sum(axis=1) == 1)
    return [int(one) for one in chroma.argmax(axis=1)]


def test_each_frame_has_the_class_that_sounds_longest_in_it_and_silence_is_the_first_class() -> None:
    chroma = chroma_frames(performance_of([(0, 1, 62), (1, 1, 65), (2, 2, 69)]), None, REAL, 0.0, "melody")
    assert chroma.shape == (235, 12)
    assert chroma.dtype == np.float32
    found = classes(chroma)
    # Frame 7 lies from .896 s to 1.024 s: the first note has most of it. After the last note it is held for half a second.
    assert found[:36] == [2] * 8 + [5] * 8 + [9] * 20
    assert set(found[36:]) == {0}


def test_a_later_window_begins_where_it_is_asked_to() -> None:
    whole = chroma_frames(performance_of([(n * 0.5, 0.5, 60 + n) for n in range(24)]), None, REAL, 0.0, "melody")
    later = chroma_frames(performance_of([(n * 0.5, 0.5, 60 + n) for n in range(24)]), None, REAL, 32 / 7.8125, "melody")
    assert np.array_equal(whole[32:90], later[: 90 - 32])


def test_drums_are_no_tune_and_of_a_file_without_a_plan_the_highest_note_is() -> None:
    played = performance_of([(0, 2, 48), (0, 2, 52), (0, 2, 55)], drums=[(0, 2, 81)])
    assert set(classes(chroma_frames(played, None, REAL, 0.0, "melody"))[:14]) == {7}
    chords = chroma_frames(played, None, REAL, 0.0, "chords")
    assert [int(one) for one in np.flatnonzero(chords[3])] == [0, 4, 7]
    assert [int(one) for one in np.flatnonzero(chords[200])] == [0]


@pytest.mark.parametrize("seed", [0, 1])
def test_with_a_plan_the_tune_is_what_is_told_wherever_it_sounds(seed: int) -> None:
    plan = RulesPlanner()(make_scene(), Brief(seconds=20, style="pop", seed=seed))
    performance = StrictPerformer()(Composer()(plan), plan)
    assert plan.lead is not None
    chroma = chroma_frames(performance, plan, REAL, 0.0, "melody")
    found = classes(chroma)
    lead = next(part for part in performance.parts if part.id == plan.lead.id)
    long = [note for note in lead.notes if note.duration_ticks >= 240]
    assert len(long) > 5
    hits = 0
    for note in long:
        middle = performance.seconds_at(note.onset_ticks + note.duration_ticks / 2)
        hits += found[int(middle * REAL.frames_a_second)] == note.pitch % 12
    assert hits / len(long) > 0.9  # a frame in which two notes meet has one of them

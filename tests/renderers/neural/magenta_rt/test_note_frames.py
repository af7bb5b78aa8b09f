"""What Magenta RealTime 2 is told of a performance, frame by frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.performance import Control, Performance, PlayedNote, PlayedPart
from img2music.renderers.neural.magenta_rt.note_frames import NoteFrames, frame_groups, note_frames
from img2music.theory import Key, Meter
from tests.support.made_performances import performance_of


def of_pitch(told: NoteFrames, pitch: int) -> str:
    return "".join("-" if value < 0 else str(value) for value in told.pitches[:, pitch])


def test_a_note_is_struck_in_its_frame_and_held_to_its_end() -> None:
    told = note_frames(performance_of([(0.04, 0.12, 60), (0.1, 0.1, 64)]))
    assert of_pitch(told, 60) == "02110"
    assert of_pitch(told, 64) == "00211"
    assert not told.drums.any()
    assert told.pitches.sum() == 8


def test_a_note_that_starts_within_a_frame_is_struck_there() -> None:
    told = note_frames(performance_of([(0.079, 0.05, 60), (0.12, 0.08, 62)]))
    assert of_pitch(told, 60) == "02100"
    assert of_pitch(told, 62) == "00021"


def test_a_pitch_that_is_repeated_is_struck_again() -> None:
    """Also without a gap, and where the first still sounds."""
    assert of_pitch(note_frames(performance_of([(0, 0.12, 60), (0.12, 0.12, 60)])), 60) == "211211"
    assert of_pitch(note_frames(performance_of([(0, 0.4, 60), (0.08, 0.08, 60)])), 60)[:5] == "21210"
    assert of_pitch(note_frames(performance_of([(0, 0.01, 60), (0.02, 0.01, 60), (0.2, 0.04, 61)])), 60) == "200000"


def test_a_short_note_is_heard_at_all() -> None:
    assert of_pitch(note_frames(performance_of([(0.1, 0.001, 60), (0.2, 0.04, 62)])), 60) == "002000"


def test_two_parts_on_one_pitch_are_struck_by_either() -> None:
    one = performance_of([(0, 0.4, 60)])
    both = replace(one, parts=(*one.parts, replace(one.parts[0], name="Second", notes=(PlayedNote(192, 96, 60, 80),))))
    assert of_pitch(note_frames(both), 60) == "2111121111"


def test_drums_are_a_bit_where_they_are_struck() -> None:
    told = note_frames(performance_of([(0, 0.4, 60)], drums=[(0, 0.3, 36), (0.2, 0.01, 38), (0.21, 0.01, 42)]))
    assert "".join(map(str, told.drums)) == "1000010000"
    assert told.pitches[:, [36, 38, 42]].sum() == 0


def test_the_pedal_holds_until_it_comes_up_or_the_pitch_is_struck_again() -> None:
    def played(*pedal: tuple[float, int]) -> str:
        made = performance_of([(0, 0.08, 60), (0.2, 0.04, 60), (0.36, 0.04, 62)])
        controls = tuple(Control(round(seconds * 960), 64, value) for seconds, value in pedal)
        return of_pitch(note_frames(replace(made, parts=(replace(made.parts[0], controls=controls),))), 60)

    assert played() == "2100020000"
    assert played((0.04, 127), (0.16, 0)) == "2111020000"
    assert played((0.04, 127)) == "2111121111"
    assert played((0.04, 127), (0.3, 63)) == "2111121100"
    assert played((0.12, 127), (0.3, 0)) == "2100021100", "it came too late for the first"


def test_onsets_can_be_left_to_the_model() -> None:
    assert of_pitch(note_frames(performance_of([(0, 0.08, 60), (0.12, 0.04, 60)])).freely(), 60) == "3303"


def test_a_loop_is_led_by_its_end() -> None:
    told = note_frames(performance_of([(0, 0.04, 60), (0.16, 0.04, 64)])).led_by(2)
    assert of_pitch(told, 60) == "0020000"
    assert of_pitch(told, 64) == "0200002"
    assert len(told.led_by(99)) == 2 * len(told)


@settings(max_examples=60, deadline=None)
@given(
    notes=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 2000), st.integers(0, 127)), min_size=1, max_size=40),
    drums=st.lists(st.integers(0, 3000), max_size=20),
    pedal=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 127)), max_size=6),
)
def test_every_note_is_struck_once_where_it_starts_and_groups_say_the_same(
    notes: list[tuple[int, int, int]], drums: list[int], pedal: list[tuple[int, int]]
) -> None:
    played = tuple(PlayedNote(onset, length, pitch, 80) for onset, length, pitch in sorted(notes))
    controls = tuple(Control(ticks, 64, value) for ticks, value in sorted(pedal))
    parts = (
        PlayedPart("Piano", 0, 0, played, controls),
        PlayedPart("Drums", 0, 9, tuple(PlayedNote(onset, 10, 36, 80) for onset in sorted(drums)), ()),
    )
    performance = Performance.steady("made", Key.parse("C"), Meter(4, 4), 90.0, 6.0, parts)
    told = note_frames(performance)
    starts = {(int(performance.seconds_at(onset) * 25 + 0.02), pitch) for onset, _, pitch in notes}
    assert {(int(frame), int(pitch)) for frame, pitch in zip(*np.nonzero(told.pitches == 2), strict=True)} == starts
    assert set(np.flatnonzero(told.drums)) == {int(performance.seconds_at(onset) * 25 + 0.02) for onset in drums}
    assert set(np.unique(told.pitches)) <= {0, 1, 2}
    held = told.pitches[1:] == 1
    assert (told.pitches[:-1][held] > 0).all(), "nothing is held that was not struck"
    again = [(drum, dict(states)) for count, drum, states in frame_groups(told) for _ in range(count)]
    assert len(again) == len(told) == 150
    for frame, (drum, states) in enumerate(again):
        assert drum == told.drums[frame]
        assert [states.get(pitch, 0) for pitch in range(128)] == told.pitches[frame].tolist()


def test_a_long_still_stretch_is_told_second_by_second() -> None:
    groups = list(frame_groups(note_frames(performance_of([(0, 3, 60)]))))
    assert [count for count, _, _ in groups] == [1, 25, 25, 24]

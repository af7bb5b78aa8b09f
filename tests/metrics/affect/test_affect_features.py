"""Each feature against another way of counting it: by hand, with mido and with music21."""

from __future__ import annotations

from io import BytesIO
from math import log2

import mido
import music21
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.io.midi.export_midi import write_midi
from img2music.metrics.affect.affect_features import AffectFeatures, heard_notes, read_features
from img2music.performance import Performance
from tests.support.made_performances import performance_of

SCALE = [60, 62, 64, 65, 67, 69, 71, 72, 71, 69, 67, 65, 64, 62, 60, 67, 60]
pieces = st.lists(
    st.tuples(st.integers(0, 80).map(lambda n: n / 8), st.integers(1, 12).map(lambda n: n / 8), st.integers(30, 90)),
    min_size=12,
    max_size=40,
    unique_by=lambda note: (note[0], note[2]),
).filter(lambda notes: len({onset for onset, _, _ in notes}) > 2)


def read(music: Performance | bytes) -> AffectFeatures:
    features = read_features(music)
    assert features is not None
    return features


def test_speed_length_and_polyphony_by_hand() -> None:
    """Four chords of three notes, half a second apart, each held a quarter: all is known."""
    notes = [(0.5 * beat, 0.25, pitch) for beat in range(4) for pitch in (48, 64, 67)]
    features = read(performance_of(notes))
    assert features.notes_a_second == pytest.approx(12 / 1.75)
    assert features.attacks_a_second == pytest.approx(4 / 1.75)
    assert features.interval_seconds == pytest.approx(0.5)
    assert features.interval_variation == pytest.approx(0, abs=1e-9)
    assert features.length_seconds == pytest.approx(0.25)
    assert features.articulation == pytest.approx(0.5)
    assert features.polyphony == pytest.approx(12 * 0.25 / 1.75)
    assert features.pitch_mean == pytest.approx((48 + 64 + 67) / 3)
    assert features.top_mean == 67
    assert features.top_step == 0


def test_a_spread_chord_is_one_attack_a_grace_note_two() -> None:
    together = [(beat * 0.5 + number * 0.009, 0.4, 60 + 4 * number) for beat in range(6) for number in range(3)]
    apart = [(beat * 0.5 + number * 0.05, 0.4, 60 + 4 * number) for beat in range(6) for number in range(3)]
    duration = 2.5 + 0.4
    assert read(performance_of(together)).attacks_a_second == pytest.approx(6 / (duration + 0.018), rel=1e-3)
    assert read(performance_of(apart)).attacks_a_second == pytest.approx(18 / (duration + 0.1), rel=1e-3)


def test_dissonance_counts_pairs() -> None:
    """C-E-G has no rough pair of three, C-F-F#-B two tritones-or-semitones ... counted by hand: C-F 5, C-F# 6, C-B 11, F-F# 1, F-B 6, F#-B 5."""
    smooth = [(beat * 0.5, 0.5, pitch) for beat in range(4) for pitch in (60, 64, 67)]
    rough = [(beat * 0.5, 0.5, pitch) for beat in range(4) for pitch in (60, 65, 66, 71)]
    assert read(performance_of(smooth)).dissonance == 0
    assert read(performance_of(rough)).dissonance == pytest.approx(4 / 6)
    assert read(performance_of(rough)).semitones == pytest.approx(2 / 6)
    line = [(beat * 0.5, 0.5, pitch) for beat, pitch in enumerate(SCALE)]
    assert read(performance_of(line)).dissonance == 0  # nothing sounds together


@settings(max_examples=40, deadline=None)
@given(pieces)
def test_dissonance_agrees_with_pairs_counted_one_by_one(notes: list[tuple[float, float, int]]) -> None:
    rough = total = 0
    for moment in sorted({onset for onset, _, _ in notes}):
        sounding = [pitch for onset, length, pitch in notes if onset <= moment + 0.03 < onset + length]
        for index, one in enumerate(sounding):
            for other in sounding[:index]:
                total += 1
                rough += abs(one - other) % 12 in {1, 2, 6, 10, 11}
    assert read(performance_of(notes)).dissonance == pytest.approx(rough / total if total else 0)


@settings(max_examples=40, deadline=None)
@given(pieces)
def test_entropy_and_pitch_agree_with_plain_arithmetic(notes: list[tuple[float, float, int]]) -> None:
    features = read(performance_of(notes))
    weights = [sum(min(4.0, length) for _, length, pitch in notes if pitch % 12 == one) for one in range(12)]
    shares = [weight / sum(weights) for weight in weights if weight]
    assert features.entropy == pytest.approx(-sum(share * log2(share) for share in shares))
    pitches = [pitch for _, _, pitch in notes]
    assert features.pitch_spread == pytest.approx(float(np.std(pitches)))
    assert features.pitch_low <= features.pitch_mean <= features.pitch_high + 12


@pytest.mark.parametrize(("notes", "mode"), [(SCALE, "major"), ([57, 60, 64, 57, 59, 56, 57, 62, 60, 59, 57, 64, 57], "minor")])
def test_mode_and_clarity_agree_with_music21(notes: list[int], mode: str) -> None:
    features = read(performance_of([(beat * 0.5, 0.5, pitch) for beat, pitch in enumerate(notes)]))
    stream: music21.stream.Stream[music21.note.Note] = music21.stream.Stream(
        [music21.note.Note(pitch, quarterLength=1) for pitch in notes]
    )
    judge = music21.analysis.discrete.KrumhanslKessler()  # type: ignore[no-untyped-call]  # music21 has no types there
    found = judge.process(stream)[0]  # type: ignore[no-untyped-call]
    assert found[1] == mode == ("major" if features.mode > 0 else "minor")
    assert features.clarity == pytest.approx(found[2], abs=0.02)


def test_a_file_reads_like_the_performance_it_was_made_from() -> None:
    performance = performance_of([(beat * 0.25, 0.2, pitch) for beat, pitch in enumerate(SCALE)])
    content = write_midi(performance)
    assert read(content).vector() == pytest.approx(read(performance).vector(), abs=1e-6)
    seconds = 0.0
    onsets = []
    for message in mido.MidiFile(file=BytesIO(content)):
        seconds += message.time
        if message.type == "note_on" and message.velocity:
            onsets.append(seconds)
    assert heard_notes(content)[:, 0].tolist() == pytest.approx(onsets, abs=1e-4)


def test_velocity_and_named_tempo_change_nothing() -> None:
    performance = performance_of([(beat * 0.25, 0.2, pitch) for beat, pitch in enumerate(SCALE)])
    file = mido.MidiFile(file=BytesIO(write_midi(performance)))
    for track in file.tracks:  # twice the tempo over twice the ticks is the same music
        for index, message in enumerate(track):
            changes = {"time": message.time * 2}
            if message.type == "set_tempo":
                changes["tempo"] = message.tempo // 2
            if message.type == "note_on" and message.velocity:
                changes["velocity"] = 13
            track[index] = message.copy(**changes)
    content = BytesIO()
    file.save(file=content)
    assert read(content.getvalue()).vector() == pytest.approx(read(performance).vector(), rel=1e-3, abs=1e-3)


def test_drums_are_not_heard() -> None:
    notes = [(beat * 0.25, 0.2, pitch) for beat, pitch in enumerate(SCALE)]
    assert read(performance_of(notes, drums=[(0.1 * index, 0.1, 38) for index in range(20)])) == read(performance_of(notes))


def test_a_transposed_piece_differs_only_in_height() -> None:
    notes = [(beat * 0.25, 0.2, pitch) for beat, pitch in enumerate(SCALE)]
    low, high = read(performance_of(notes)), read(performance_of([(onset, length, pitch + 5) for onset, length, pitch in notes]))
    moved = {"pitch_mean", "pitch_low", "pitch_high", "top_mean"}
    for name in AffectFeatures.names():
        assert getattr(high, name) - getattr(low, name) == pytest.approx(5 if name in moved else 0, abs=1e-9)


def test_too_little_music_has_no_features() -> None:
    assert read_features(performance_of([(beat * 0.5, 0.5, 60 + beat) for beat in range(7)])) is None
    assert read_features(performance_of([(0.0, 1.0, 40 + number) for number in range(10)])) is None  # one attack: no interval
    assert read_features(performance_of([(beat * 0.5, 0.5, 60 + beat) for beat in range(8)])) is not None

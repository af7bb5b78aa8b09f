"""Four voices without a red mark, looked at by music21."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from music21.pitch import Pitch
from music21.voiceLeading import VoiceLeadingQuartet

from img2music.realizers.chords.part_writing import RANGES, write_parts
from img2music.theory import Chord, Key

MAJOR = ("I", "I6", "ii", "ii6", "ii65", "iii", "IV", "IV6", "V", "V6", "V7", "V65", "V43", "vi", "viio6", "V7/V", "V/vi")
MINOR = ("i", "i6", "iio6", "iiø65", "III", "iv", "iv6", "v6", "V", "V6", "V7", "V65", "VI", "VII", "#viio6", "V7/iv")
PROGRESSIONS = st.sampled_from(["major", "minor"]).flatmap(
    lambda mode: st.tuples(
        st.just(mode),
        st.integers(-4, 5),
        st.lists(st.sampled_from(MAJOR if mode == "major" else MINOR), min_size=2, max_size=8),
    )
)


def faults(settings_: tuple[tuple[int, ...], ...]) -> list[str]:
    """Parallel fifths, octaves and unisons that music21 hears between any two voices."""
    found = []
    for before, after in pairwise(settings_):
        for low, high in combinations(range(4), 2):
            one, two, three, four = (
                Pitch(pitch).nameWithOctave for pitch in (before[high], after[high], before[low], after[low])
            )
            quartet = VoiceLeadingQuartet(one, two, three, four)
            if quartet.parallelFifth() or quartet.parallelUnisonOrOctave():
                found.append(f"{before} {after}: voices {low} and {high}")
    return found


@settings(max_examples=60, deadline=None)
@given(PROGRESSIONS)
def test_no_voices_run_in_parallels_nor_cross(case: tuple[str, int, list[str]]) -> None:
    mode, tonic, numerals = case
    key = Key(tonic, mode)
    chords = [Chord.parse(numeral, key) for numeral in numerals]
    written = write_parts(chords, key)
    assert faults(written) == []
    for chord, setting in zip(chords, written, strict=True):
        assert list(setting) == sorted(setting)
        assert setting[3] - setting[2] <= 12
        assert setting[2] - setting[1] <= 12
        assert setting[0] % 12 == chord.bass * 7 % 12
        assert {pitch % 12 for pitch in setting} <= set(chord.pitch_classes)
        assert chord.pitch_classes[1] in {pitch % 12 for pitch in setting}
        for pitch, (low, high) in zip(setting, RANGES, strict=True):
            assert low <= pitch <= high


def test_the_checker_hears_parallels() -> None:
    assert len(faults(((48, 55, 64, 72), (50, 57, 65, 74)))) == 2


def test_sevenths_fall_and_leading_tones_rise() -> None:
    key = Key(0, "major")
    for numerals in (("I", "V7", "I"), ("ii7", "V7", "I"), ("I", "V65", "I"), ("IV", "V43", "I6"), ("V7/V", "V7", "vi")):
        chords = [Chord.parse(numeral, key) for numeral in numerals]
        for (one, before), (two, after) in pairwise(zip(chords, write_parts(chords, key), strict=True)):
            for voice in range(4):
                step = after[voice] - before[voice]
                if len(one.members) == 4 and before[voice] % 12 == one.pitch_classes[3]:
                    assert step in {0, -1, -2}
                if before[voice] % 12 == 11 and two.root == key.tonic and voice in {0, 3}:
                    assert step == 1
            if 11 in one.pitch_classes and one.root == 1:
                assert sum(pitch % 12 == 11 for pitch in before) == 1


def test_a_suspension_is_prepared_and_resolved_in_one_voice() -> None:
    key = Key(0, "major")
    for numerals in (("I", "Vsus4", "V"), ("IV", "Vsus4", "V", "I"), ("vi", "V7sus4", "V7", "I")):
        chords = [Chord.parse(numeral, key) for numeral in numerals]
        written = write_parts(chords, key)
        place = next(index for index, numeral in enumerate(numerals) if "sus" in numeral)
        voice = next(index for index in range(3, -1, -1) if written[place][index] % 12 == 0)
        assert written[place + 1][voice] - written[place][voice] == -1
        if 0 in chords[place - 1].pitch_classes:
            assert written[place - 1][voice] == written[place][voice]


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_a_given_tune_stays_on_top(mode: str) -> None:
    key = Key(0, mode)
    numerals = ("I", "IV", "V", "vi", "ii6", "V", "I") if mode == "major" else ("i", "iv", "V", "VI", "iio6", "V", "i")
    third = 76 if mode == "major" else 75
    tune = [third, 77, 74, 72, 74, 71, 72]
    chords = [Chord.parse(numeral, key) for numeral in numerals]
    written = write_parts(chords, key, soprano=tune)
    assert [setting[3] for setting in written] == tune
    assert faults(written) == []


def test_a_tune_out_of_reach_does_not_stop_the_lower_voices() -> None:
    key = Key(0, "major")
    chords = [Chord.parse(numeral, key) for numeral in ("I", "V", "I")]
    written = write_parts(chords, key, soprano=[96, 98, 96])
    assert [setting[3] for setting in written] == [96, 98, 96]
    assert write_parts([], key) == ()

"""Lags are measured, and a sound agrees with its own score alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from img2music.audio import Audio
from img2music.listening.features.onset_curves import FRAMES_A_SECOND, pitch_onsets
from img2music.listening.features.spectra import listen_to
from img2music.listening.lag import align, measure_lag
from img2music.listening.score_agreement import agreement, onset_f_measure, played_onsets
from img2music.performance import PlayedNote, PlayedPart
from tests.listening.made_sounds import RATE, clicks, played, song

SONG = song("G major", seed=3)


@pytest.fixture(scope="module")
def sound() -> Audio:
    return played(SONG)


@pytest.mark.parametrize("lag", [-2.345, -0.0137, 0.0, 0.004, 0.250, 3.1])
def test_a_known_lag_is_measured_within_ten_milliseconds(sound: Audio, lag: float) -> None:
    chance = np.random.default_rng(0)
    later = align(sound, -lag, sound.samples.shape[1])
    quiet = (later.samples[:1] * 0.2 + chance.normal(0, 0.002, (1, later.samples.shape[1]))).astype(np.float32)
    found = measure_lag(Audio(quiet, sound.sample_rate), sound)
    assert found == pytest.approx(lag, abs=0.01)


@pytest.mark.parametrize("programs", [(48, 50, 89), (89, 89, 49), (11, 24, 46)])
def test_a_lag_of_other_instruments_is_right_or_not_told(sound: Audio, programs: tuple[int, ...]) -> None:
    """Slow attacks blur onsets: a plain correlation of onset curves and chroma is 90 ms wrong about pads."""
    parts = tuple(replace(part, program=program) for part, program in zip(SONG.parts, programs, strict=True))
    other = played(replace(SONG, parts=parts))
    for lag in (-0.2345, 0.1234):
        found = measure_lag(align(other, -lag, other.samples.shape[1]), sound)
        assert found is None or found == pytest.approx(lag, abs=0.01)
        if programs == (11, 24, 46):
            assert found is not None, "what is struck or plucked can be told"


def test_a_lag_is_told_from_some_of_the_parts(sound: Audio) -> None:
    some = played(replace(SONG, parts=SONG.parts[1:]))
    assert measure_lag(align(some, -0.1234, some.samples.shape[1]), sound) == pytest.approx(0.1234, abs=0.002)


@pytest.mark.parametrize("apart", [0.07, 0.2])
def test_no_lag_is_told_of_what_lies_in_two_places_but_where_one_is_too_far(sound: Audio, apart: float) -> None:
    half = sound.samples.shape[1] // 2
    later = align(sound, -apart, sound.samples.shape[1]).samples
    moved = Audio(np.concatenate([sound.samples[:, :half], later[:, half:]], axis=1), sound.sample_rate)
    assert measure_lag(moved, sound) is None
    assert measure_lag(moved, sound, apart / 2) == pytest.approx(0, abs=0.002)


def test_nothing_begins_where_a_steady_sound_is_cut_off() -> None:
    """Two sounds that are cut at the same places are not therefore at the same time."""
    times = np.arange(3 * RATE) / RATE
    steady = sum(np.sin(2 * np.pi * hertz * times) for hertz in (220.0, 660.0, 1760.0))
    begun = pitch_onsets(listen_to(Audio(0.2 * np.asarray(steady, np.float32)[None], RATE)))
    assert len(begun) == 3 * FRAMES_A_SECOND
    assert begun.max() < 0.05


def test_no_lag_is_told_where_nothing_fits(sound: Audio) -> None:
    silence = Audio(np.zeros((2, RATE * 5), np.float32), RATE)
    assert measure_lag(silence, sound) is None
    assert measure_lag(sound, silence) is None
    assert measure_lag(Audio(np.zeros((1, 0), np.float32), RATE), sound) is None
    noise = Audio(np.random.default_rng(5).normal(0, 0.1, (1, RATE * 12)).astype(np.float32), RATE)
    assert measure_lag(noise, sound) is None


@pytest.mark.parametrize(("lag", "first"), [(0.0, 0.0), (0.5, 0.5), (-0.5, 0.0)])
def test_aligning_moves_and_cuts(lag: float, first: float) -> None:
    ramp = Audio((np.arange(100)[None] / 100).astype(np.float32), 100)
    for frames in (0, 10, 60, 300):
        moved = align(ramp, lag, frames)
        assert moved.samples.shape == (1, frames)
        if frames >= 60:
            assert moved.samples[0, 0] == pytest.approx(first)
            assert moved.samples[0, 55] == pytest.approx(max(0.0, 0.55 + lag) % 1.05 if lag <= 0.4 else 0.0)


def test_a_sound_agrees_with_its_own_score_and_others_are_chance(sound: Audio) -> None:
    own = agreement(sound, SONG)
    other = agreement(sound, song("C# minor", bpm=87.0, seed=9, shift=2))
    for found in (own, other):
        assert found.chroma is not None
        assert found.chroma_by_chance is not None
        assert found.onsets is not None
        assert found.onsets_by_chance is not None
    assert own.chroma is not None
    assert own.chroma_by_chance is not None
    assert other.chroma is not None
    assert other.onsets is not None
    assert own.onsets is not None
    assert own.chroma > 0.75
    assert own.chroma > own.chroma_by_chance + 0.15
    assert own.onsets > 0.8
    assert own.lag_seconds == pytest.approx(0.01, abs=0.03)
    assert other.chroma < 0.5
    assert other.onsets < own.onsets - 0.3
    assert other.lag_seconds is None


def test_a_late_sound_agrees_as_well(sound: Audio) -> None:
    late = agreement(align(sound, -0.4, sound.samples.shape[1]), SONG)
    now = agreement(sound, SONG)
    assert late.lag_seconds is not None
    assert now.lag_seconds is not None
    assert late.lag_seconds - now.lag_seconds == pytest.approx(0.4, abs=0.01)
    assert late.onsets is not None
    assert now.onsets is not None
    assert late.onsets == pytest.approx(now.onsets, abs=0.05)


def test_what_is_not_played_is_not_measured(sound: Audio) -> None:
    drums = PlayedPart("drums", 0, 9, tuple(PlayedNote(480 * beat, 100, 38, 100) for beat in range(40)), ())
    only_drums = agreement(clicks(110, 4), replace(SONG, parts=(drums,)))
    assert only_drums.chroma is only_drums.chroma_by_chance is None
    assert only_drums.onsets is not None
    assert only_drums.onsets > 0.8
    nothing = agreement(sound, replace(SONG, parts=()))
    assert nothing.chroma is nothing.onsets is nothing.onsets_by_chance is nothing.lag_seconds is None
    for garbage in (np.zeros((2, 0)), np.zeros((1, 1)), np.full((2, RATE), np.nan), np.zeros((2, RATE))):
        silent = agreement(Audio(garbage.astype(np.float32), RATE), SONG)
        assert silent.chroma == silent.onsets == 0
        assert silent.lag_seconds is None


def test_onsets_are_matched_once_each() -> None:
    wanted = np.array([0.0, 0.5, 1.0, 1.5])
    assert onset_f_measure(wanted, wanted) == 1
    assert onset_f_measure(wanted + 0.069, wanted) == 1
    assert onset_f_measure(wanted + 0.08, wanted) == 0
    assert onset_f_measure(np.array([0.0, 0.01, 0.02, 0.03]), wanted) == pytest.approx(0.25)
    assert onset_f_measure(np.zeros(0), wanted) == 0
    assert len(played_onsets(SONG, 1.0)) == 2

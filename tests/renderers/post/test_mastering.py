"""Loudness and true peaks against independent meters, and what the mastering does to easy, hard and silent sound."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.listening.loudness import integrated_loudness, k_weighted_energy
from img2music.listening.true_peak import SEGMENT, true_peaks
from img2music.renderers.post.mastering import MAX_GAIN_DB, MAX_LIMITING_DB, master
from img2music.renderers.post.subsonic_filter import remove_subsonic

RATE = 48_000
Sound = np.ndarray[Any, np.dtype[np.float32]]


def noise(seconds: float, level: float = 0.1, rate: int = RATE, channels: int = 2, seed: int = 1) -> Sound:
    size = (channels, round(seconds * rate))
    return (level * np.random.default_rng(seed).standard_normal(size)).astype(np.float32)


def sine(hz: float, seconds: float, level: float = 1.0, phase: float = 0.0) -> Sound:
    wave = level * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE + phase)
    return np.stack([wave, wave]).astype(np.float32)


def plucks(seconds: float = 8.0, decay: float = 6.0) -> Sound:
    """Music of a kind: decaying tones twice a second with a bass under them, wider to the left."""
    times = np.arange(round(seconds * RATE)) / RATE
    since = times % 0.5
    pitch = 220 * 2 ** ((times // 0.5 % 7) / 12)
    tone = np.exp(-decay * since) * np.sin(2 * np.pi * pitch * since) * 0.3
    bass = 0.1 * np.sin(2 * np.pi * 55 * times)
    return np.stack([tone + bass, 0.6 * tone + bass]).astype(np.float32)


def loudness(samples: Sound, rate: int = RATE) -> float:
    return float(pyloudnorm.Meter(rate).integrated_loudness(samples.T.astype(np.float64)))


def ours(samples: Sound, rate: int = RATE) -> float:
    measured = integrated_loudness(k_weighted_energy(samples, rate))
    assert measured is not None
    return measured


def true_peak_db(samples: Sound) -> float:
    """Eight times oversampled by a zero-padded Fourier transform: no filter of ours."""
    padded = np.pad(samples.astype(np.float64), ((0, 0), (512, 512)))
    frames = padded.shape[1]
    fine = np.fft.irfft(np.fft.rfft(padded), 8 * frames) * 8
    return float(20 * np.log10(np.abs(fine).max()))


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(noise(5), id="noise"),
        pytest.param(sine(997, 3, 0.5), id="sine"),
        pytest.param(sine(60, 3, 0.5), id="bass"),
        pytest.param(sine(8000, 3, 0.1), id="treble"),
        pytest.param(plucks(), id="music"),
        pytest.param(np.concatenate([noise(4), noise(4, 2e-3), noise(4, 0.05)], axis=1), id="relative gate"),
        pytest.param(np.concatenate([noise(4, 1e-6), noise(4)], axis=1), id="absolute gate"),
        pytest.param(noise(3, channels=1), id="mono"),
        pytest.param(noise(0.5), id="half a second"),
    ],
)
def test_loudness_agrees_with_pyloudnorm(samples: Sound) -> None:
    assert ours(samples) == pytest.approx(loudness(samples), abs=0.1)


def test_loudness_of_the_standards_tone() -> None:
    tone = sine(997, 20)
    assert ours(tone[:1]) == pytest.approx(-3.01, abs=0.01)  # BS.1770-4, annex 1: full scale in one channel reads -3.01
    assert ours(tone) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("rate", [22_050, 32_000, 44_100, 96_000])
def test_loudness_at_other_rates(rate: int) -> None:
    soft = np.cumsum(noise(4, 0.01, rate), axis=1)  # falls towards high frequencies, as music does
    soft -= soft.mean(axis=1, keepdims=True)
    assert ours(soft.astype(np.float32), rate) == pytest.approx(loudness(soft.astype(np.float32), rate), abs=0.1)


def test_loudness_of_nothing() -> None:
    assert integrated_loudness(k_weighted_energy(np.zeros((2, 0), np.float32), RATE)) is None
    assert integrated_loudness(k_weighted_energy(np.zeros((2, RATE), np.float32), RATE)) is None
    assert integrated_loudness(k_weighted_energy(noise(1, 1e-5), RATE)) is None


@settings(max_examples=15, deadline=None)
@given(frames=st.integers(20_000, 200_000), cut=st.integers(0, 20_000))
def test_loudness_does_not_depend_on_blocks(frames: int, cut: int) -> None:
    """Energies are the same wherever the sound stands in the blocks of the transform."""
    sound = noise(frames / RATE)
    shift = cut // 480 * 480
    shifted = np.pad(sound, ((0, 0), (shift, 0)))
    energy, later = k_weighted_energy(sound, RATE), k_weighted_energy(shifted, RATE)
    assert later[shift // 480 :] == pytest.approx(energy, rel=1e-4)
    assert not shift or later[: shift // 480].max() < 1e-9


@pytest.mark.parametrize(
    ("samples", "expected_db"),
    [
        pytest.param(sine(12_000, 1, 0.5, np.pi / 4), -6.02, id="between the samples"),
        pytest.param(sine(997, 1, 0.5), -6.02, id="slow"),
        pytest.param(noise(1), None, id="noise"),
        pytest.param(plucks(2), None, id="music"),
    ],
)
def test_true_peak(samples: Sound, expected_db: float | None) -> None:
    inner = samples.copy()
    inner[:, :480] *= np.linspace(0, 1, 480, dtype=np.float32)
    inner[:, -480:] *= np.linspace(1, 0, 480, dtype=np.float32)
    measured = 20 * np.log10(float(true_peaks(inner).max()))
    assert measured == pytest.approx(true_peak_db(inner), abs=0.3)
    assert expected_db is None or measured == pytest.approx(expected_db, abs=0.1)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), smooth=st.integers(1, 12), floor=st.floats(0.01, 0.5), frames=st.integers(1, 4000))
def test_nothing_above_the_floor_is_overlooked(seed: int, smooth: int, floor: float, frames: int) -> None:
    rough = noise(frames / RATE, 0.3, seed=seed)
    sound = np.stack([np.convolve(channel, np.ones(smooth) / smooth, "same")[:frames] for channel in rough]).astype(np.float32)
    exact, quick = true_peaks(sound), true_peaks(sound, floor)
    assert len(quick) == -(-sound.shape[1] // SEGMENT)
    assert quick[exact > floor] == pytest.approx(exact[exact > floor], rel=1e-5)
    assert (quick <= exact * (1 + 1e-5)).all()


@pytest.mark.parametrize(
    ("samples", "target", "ceiling"),
    [
        pytest.param(plucks(), -14.0, -1.0, id="music"),
        pytest.param(plucks() * 0.04, -14.0, -1.0, id="soft music"),
        pytest.param(np.clip(plucks() * 9, -1, 1), -14.0, -1.0, id="clipped music"),
        pytest.param(plucks(decay=12), -14.0, -1.0, id="plucked music, limited"),
        pytest.param(plucks(1.0), -14.0, -1.0, id="a second"),
        pytest.param(noise(4, 0.5), -23.0, -1.0, id="broadcast level"),
        pytest.param(noise(4), -12.0, -3.0, id="loud noise, limited"),
        pytest.param(noise(4, channels=1), -16.0, -1.0, id="mono"),
    ],
)
def test_master_meets_loudness_and_ceiling(samples: Sound, target: float, ceiling: float) -> None:
    mastered = samples.copy()
    master(mastered, RATE, target, ceiling)
    assert loudness(mastered) == pytest.approx(target, abs=0.3)
    assert true_peak_db(mastered) <= ceiling + 0.05
    again = samples.copy()
    master(again, RATE, target, ceiling)
    assert np.array_equal(again, mastered)


def test_limiter_leaves_the_rest_alone() -> None:
    sound = plucks()
    quiet = slice(3 * RATE, 5 * RATE)
    sound[:, RATE : RATE + 100] *= 5  # one accent
    mastered = sound.copy()
    master(mastered, RATE)
    gain = mastered[:, quiet] / np.where(np.abs(sound[:, quiet]) > 1e-3, sound[:, quiet], np.inf)
    heard = gain[gain > 0]
    assert heard.max() / heard.min() == pytest.approx(1, abs=1e-4)


def test_hard_material_stays_softer() -> None:
    clicks = noise(5, 0.02)
    clicks[:, ::RATE] = 0.9
    mastered = clicks.copy()
    master(mastered, RATE)
    assert true_peak_db(mastered) <= -1
    assert loudness(mastered) < -17
    steady = np.abs(mastered[:, 100 : RATE // 2]).max() / np.abs(clicks[:, 100 : RATE // 2]).max()
    assert 20 * np.log10(steady) < MAX_LIMITING_DB


def test_faint_sound_is_not_blown_up() -> None:
    faint = noise(2, 1e-3)
    mastered = faint.copy()
    master(mastered, RATE)
    assert loudness(mastered) - loudness(faint) == pytest.approx(MAX_GAIN_DB, abs=0.1)


@pytest.mark.parametrize("frames", [0, 1, 47, 48_000])
def test_silence_stays_silence(frames: int) -> None:
    silence = np.zeros((2, frames), np.float32)
    master(silence, RATE)
    remove_subsonic(silence, RATE)
    assert not silence.any()


@settings(max_examples=20, deadline=None)
@given(frames=st.integers(1, 30_000), level=st.floats(1e-4, 20))
def test_any_length_and_level(frames: int, level: float) -> None:
    sound = noise(frames / RATE, level)
    master(sound, RATE)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max(initial=0) <= 10 ** (-1 / 20)


@pytest.mark.parametrize(("hz", "lowest_db", "highest_db"), [(0, -999, -60), (4, -60, -12), (30, -0.3, 0.3), (1000, -0.1, 0.1)])
def test_what_is_below_hearing_goes(hz: float, lowest_db: float, highest_db: float) -> None:
    sound = sine(hz, 4, 0.25, np.pi / 2)
    rest = sound.copy()
    remove_subsonic(rest, RATE)
    inner = slice(RATE, 3 * RATE)
    change = 20 * np.log10(np.sqrt((rest[:, inner] ** 2).mean()) / np.sqrt((sound[:, inner] ** 2).mean()) + 1e-10)
    assert lowest_db <= change <= highest_db

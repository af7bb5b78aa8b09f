"""Sample rates are changed as exactly as scipy does it, and by the same delay: none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import resample_poly  # type: ignore[import-untyped]

from img2music.audio import Audio
from img2music.listening.features.resampling import resample


def tones(rate: int, seconds: float = 1.0, *hertz: float) -> Audio:
    """A stereo sound; its right channel is the left a quarter turn later."""
    times = np.arange(round(rate * seconds)) / rate
    both = [sum(np.sin(2 * np.pi * hz * times + turn) for hz in hertz) / len(hertz) for turn in (0.0, np.pi / 2)]
    return Audio(np.stack(both).astype(np.float32), rate)


@pytest.mark.parametrize(
    ("old", "new"), [(32_000, 48_000), (44_100, 48_000), (22_050, 48_000), (24_000, 48_000), (16_000, 48_000), (48_000, 32_000),
                     (48_000, 16_000), (800, 48_000), (20, 48_000), (44_101, 48_000), (48_000, 44_099)],
)  # fmt: skip
def test_a_sound_below_the_edge_stays_itself(old: int, new: int) -> None:
    lower = min(old, new)
    hertz = [lower * share for share in (0.01, 0.2, 0.45)]
    seconds = max(1.0, 400 / lower)
    changed = resample(tones(old, seconds, *hertz), new)
    wanted = tones(new, seconds, *hertz)
    assert changed.sample_rate == new
    frames = round(old * seconds)
    assert changed.samples.shape == (2, -(-frames * new // old))
    edge = round(70 / lower * new)
    count = min(changed.samples.shape[1], wanted.samples.shape[1])
    missed = (changed.samples[:, :count] - wanted.samples[:, :count])[:, edge:-edge]
    assert np.abs(missed).max() < 2e-4


@pytest.mark.parametrize(("old", "new"), [(48_000, 32_000), (48_000, 16_000), (44_100, 32_000)])
def test_what_the_new_rate_cannot_hold_is_gone(old: int, new: int) -> None:
    changed = resample(tones(old, 1.0, new * 0.5 * 1.04), new).samples[:, 500:-500]
    assert np.abs(changed).max() < 1e-3


@pytest.mark.parametrize(("old", "new"), [(32_000, 48_000), (44_100, 48_000), (48_000, 32_000)])
def test_noise_is_changed_as_scipy_changes_it(old: int, new: int) -> None:
    """Below 0.8 of the lower half, where scipy's filter passes everything too."""
    noise = np.random.default_rng(3).standard_normal((1, old)).astype(np.float32)
    ours = resample(Audio(noise, old), new).samples[0]
    theirs = resample_poly(noise[0].astype(np.float64), new, old, window=("kaiser", 12.0))
    assert len(ours) == len(theirs)
    kept = np.fft.rfftfreq(len(ours), 1 / new) < 0.8 * min(old, new) / 2
    spectra = [np.fft.rfft(sound * np.hanning(len(sound))) * kept for sound in (ours, theirs)]
    missed, held = np.abs(spectra[0] - spectra[1]), np.abs(spectra[1])
    assert np.sqrt((missed**2).sum() / (held**2).sum()) < 0.01


def test_an_offset_stays_and_nothing_is_nothing() -> None:
    flat = resample(Audio(np.full((2, 4000), 0.5, np.float32), 32_000), 48_000).samples
    assert np.abs(flat[:, 150:-150] - 0.5).max() < 1e-5
    assert resample(Audio(np.zeros((1, 0), np.float32), 32_000), 48_000).samples.shape == (1, 0)


def test_the_same_rate_is_the_same_sound() -> None:
    sound = tones(48_000, 0.1, 440.0)
    assert resample(sound, 48_000) is sound
    with pytest.raises(ValueError, match="above 0"):
        resample(sound, 0)

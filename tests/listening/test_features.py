"""What the ears work on: resampled sound, trained ears' spectra, tags."""

from __future__ import annotations

import numpy as np
import pytest

from img2music.listening.features.resampling import resample_samples
from img2music.listening.features.spectra import listen_to
from img2music.listening.learned.beatnet import beat_features, beat_likelihoods
from img2music.listening.learned.music_tags import TAGS, mel_levels, music_tags
from tests.listening.made_sounds import clicks, played, song
from tests.support.extras import require


@pytest.mark.parametrize(
    ("before", "after"), [(48_000, 22_050), (44_100, 22_050), (8_000, 22_050), (22_050, 16_000), (44_101, 22_050)]
)
def test_a_tone_stays_itself_at_another_rate(before: int, after: int) -> None:
    hz = 0.35 * min(before, after)
    tone = np.sin(2 * np.pi * hz * np.arange(before) / before).astype(np.float32)
    there = resample_samples(tone, before, after)
    assert there.shape == (after,)
    wanted = np.sin(2 * np.pi * hz * np.arange(after) / after)
    inside = slice(after // 10, -after // 10)
    assert np.abs(there - wanted)[inside].max() < 0.02


def test_what_the_lower_rate_cannot_hold_is_gone() -> None:
    tone = np.sin(2 * np.pi * 15_000 * np.arange(48_000) / 48_000).astype(np.float32)
    assert np.abs(resample_samples(tone, 48_000, 22_050))[500:-500].max() < 10 ** (-70 / 20)
    assert resample_samples(tone[:0], 48_000, 22_050).shape == (0,)
    assert resample_samples(np.stack([tone, tone]), 48_000, 24_000).shape == (2, 24_000)


def test_beatnet_is_given_what_it_was_trained_with() -> None:
    """The same as the reader it was trained with makes of the sound, to float rounding."""
    require("listen")
    from madmom_infer.audio.signal import FramedSignalProcessor, Signal
    from madmom_infer.audio.spectrogram import (
        FilteredSpectrogramProcessor,
        LogarithmicSpectrogramProcessor,
        SpectrogramDifferenceProcessor,
    )  # fmt: skip
    from madmom_infer.audio.stft import ShortTimeFourierTransformProcessor

    sound = listen_to(clicks(120, 4, 6.0))
    made = Signal(sound, sample_rate=22_050, num_channels=1)
    for step in (
        FramedSignalProcessor(frame_size=1411, hop_size=441),
        ShortTimeFourierTransformProcessor(),
        FilteredSpectrogramProcessor(num_bands=24, fmin=30, fmax=17_000, norm_filters=True),
        LogarithmicSpectrogramProcessor(mul=1, add=1),
        SpectrogramDifferenceProcessor(diff_ratio=0.5, positive_diffs=True, stack_diffs=np.hstack),
    ):
        made = step(made)
    np.testing.assert_allclose(beat_features(sound), np.asarray(made), atol=2e-6)


def test_likelihoods_of_beats_stand_at_clicks() -> None:
    sound = listen_to(clicks(120, 4, 80.0))  # longer than a piece of the network
    likelihoods = beat_likelihoods(sound)
    assert likelihoods.shape == (4000, 2)
    assert likelihoods.min() >= 0
    assert likelihoods.max() <= 1
    on = likelihoods.sum(1)[500:].reshape(-1, 25)  # half a second a row
    assert on[:, [24, 0, 1]].max(1).mean() > 4 * on[:, 8:17].max(1).mean()


def test_words_fit_the_sound() -> None:
    tags = dict(music_tags(listen_to(played(song(bars=8)))))
    assert set(tags) == set(TAGS)
    assert len(TAGS) == 50
    assert tags["instrumental"] > tags["heavy metal"]
    assert music_tags(np.zeros(0, np.float32)) == ()
    assert music_tags(np.zeros(22_050 * 5, np.float32)) == ()
    assert music_tags(np.ones(22_050, np.float32)) == ()
    assert np.isfinite(mel_levels(np.full(16_000, 1e3, np.float32))).all()

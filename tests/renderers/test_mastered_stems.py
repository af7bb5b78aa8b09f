from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from img2music.audio import Audio
from img2music.renderers.post.mastered_stems import mastered_stems, stem_gain_db
from img2music.renderers.post.mastering import master

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 48000


def tones(*, seconds: float = 3.0) -> dict[str, Audio]:
    """A soft hum, plucks that a limiter must hold back, and a part that never plays."""
    time = np.arange(round(seconds * RATE)) / RATE
    hum = 0.02 * np.sin(2 * np.pi * 220 * time)
    pluck = 0.5 * np.sin(2 * np.pi * 660 * time) * np.exp(-30 * (time % 0.75))
    parts = {"hum": hum, "pluck": pluck, "silent": 0 * time}
    return {name: Audio(np.stack([sound, 0.7 * sound]).astype(np.float32), RATE) for name, sound in parts.items()}


def sum_of(stems: dict[str, Audio]) -> NDArray[np.float32]:
    total: NDArray[np.float32] = np.sum([stem.samples for stem in stems.values()], axis=0, dtype=np.float32)
    return total


def missed_db(mix: Audio, stems: dict[str, Audio]) -> float:
    missed = np.square(mix.samples - sum_of(stems), dtype=np.float64).sum()
    return 10 * float(np.log10(missed / np.square(mix.samples, dtype=np.float64).sum()))


def test_stems_together_are_the_master() -> None:
    stems = tones()
    samples = sum_of(stems)
    master(samples, RATE, -14.0, -1.0)
    mix = Audio(samples, RATE)
    assert missed_db(mix, stems) > -10, "they are softer"
    mastered = mastered_stems(mix, stems)
    assert list(mastered) == list(stems)
    assert missed_db(mix, mastered) < -60
    flat = 10 ** (stem_gain_db(mix, stems) / 20)
    one_gain = {name: Audio(stem.samples * np.float32(flat), RATE) for name, stem in stems.items()}
    assert -40 < missed_db(mix, one_gain) < -15, "the limiter worked: one gain is not enough"
    assert not mastered["silent"].samples.any()


def test_a_mix_that_is_no_sum_of_its_stems_gets_one_gain() -> None:
    stems = tones()
    other = np.random.default_rng(1).normal(0, 0.05, sum_of(stems).shape).astype(np.float32)
    mix = Audio(2 * sum_of(stems) + other, RATE)
    mastered = mastered_stems(mix, stems)
    gain = mastered["hum"].samples[0, 1000:] / np.where(stems["hum"].samples[0, 1000:] == 0, 1, stems["hum"].samples[0, 1000:])
    assert np.median(gain) == pytest.approx(2, abs=0.1)
    assert np.ptp(gain[np.abs(stems["hum"].samples[0, 1000:]) > 1e-4]) < 1e-4


def test_silence_stays_and_strangers_are_refused() -> None:
    stems = tones()
    nothing = {name: Audio(np.zeros_like(stem.samples), RATE) for name, stem in stems.items()}
    mix = Audio(sum_of(nothing), RATE)
    assert mastered_stems(mix, nothing) == nothing
    assert stem_gain_db(mix, nothing) == 0
    assert mastered_stems(mix, {}) == {}
    with pytest.raises(ValueError, match="'hum' is no part of this mix"):
        mastered_stems(mix, tones(seconds=2))

"""How two sounds of the same stretch of music meet: how much later one is, how alike they are, which one is louder.

A model that goes on from what it is given plays that again nearly as it was: then the waveforms themselves fit, to the frame. Two sounds that a
model made apart share at most their beats: then the lag is the one that `img2music.listening.lag` tells, pitch by pitch, or none: better a beat
as late as the model played it than one moved to a wrong place.

Conventions: sound is float32 (channels, frames) of one sample rate; a positive lag says that the second sound is later; levels in dB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.audio import Audio
from img2music.listening.lag import measure_lag
from img2music.listening.loudness import k_weighted_energy

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["likeness", "louder_db", "measured_lag"]

LEAST_RATE = 8000
"""In Hz; below it nothing is measured but plain energy. Only models made for tests are so coarse."""
_ALIKE = 0.7
"""Correlation from which two waveforms are taken for one sound."""
_SILENT = 1e-10
_LEAST_LUFS = -70.0


def measured_lag(before: NDArray[np.float32], after: NDArray[np.float32], sample_rate: int, most_frames: int) -> int:
    """How many frames later `after` is than `before`, at most `most_frames`; 0 where they do not meet clearly.

    Both have the same number of frames, at least a second for a result where they are not nearly the same sound.
    """
    frames = min(before.shape[1], after.shape[1])
    if sample_rate < LEAST_RATE or most_frames < 1 or frames < 4 * most_frames:
        return 0
    first, second = (sound[:, :frames].mean(axis=0, dtype=np.float64) for sound in (before, after))
    waves = _correlations(first, second, most_frames)
    best = int(np.argmax(waves))
    if waves[best] >= _ALIKE:
        return best - most_frames
    earlier, later = (Audio(sound[None].astype(np.float32), sample_rate) for sound in (first, second))
    lag = measure_lag(later, earlier, most_frames / sample_rate)
    return 0 if lag is None else int(np.clip(round(lag * sample_rate), -most_frames, most_frames))


def likeness(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """Correlation of two waveforms, 0 (nothing in common, or the opposite) to 1 (one is the other, perhaps louder)."""
    both = float(np.einsum("cf,cf", before, after, dtype=np.float64))
    alone = [float(np.einsum("cf,cf", sound, sound, dtype=np.float64)) for sound in (before, after)]
    return float(np.clip(both / np.sqrt(alone[0] * alone[1]), 0.0, 1.0)) if min(alone) > _SILENT else 0.0


def louder_db(before: NDArray[np.float32], after: NDArray[np.float32], sample_rate: int) -> float:
    """How much louder `before` is than `after`, as an ear weighs it (K-weighted, not gated: a short stretch); 0 where one is silent."""
    if sample_rate < LEAST_RATE:
        power = [float(np.square(sound, dtype=np.float64).mean()) if sound.size else 0.0 for sound in (before, after)]
        return 10 * float(np.log10(power[0] / power[1])) if min(power) > _SILENT else 0.0
    if min(before.shape[1], after.shape[1]) < 1:
        return 0.0
    energy = [float(k_weighted_energy(sound, sample_rate).mean()) for sound in (before, after)]
    loudness = [10 * float(np.log10(max(one, _SILENT))) for one in energy]
    return loudness[0] - loudness[1] if min(loudness) > _LEAST_LUFS else 0.0


def _correlations(first: NDArray[np.float64], second: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """Normalised correlation of both at lags of -most .. most, shape (2 * most + 1,), each over what the two then share."""
    size = 1 << (len(first) + most).bit_length()

    def correlate(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
        whole = np.fft.irfft(np.fft.rfft(other, size) * np.fft.rfft(one, size).conj(), size)
        kept: NDArray[np.float64] = np.take(whole, np.arange(-most, most + 1), mode="wrap")
        return kept

    ones = np.ones(len(first))
    power = np.maximum(correlate(first**2, ones), 0) * np.maximum(correlate(ones, second**2), 0)
    norms = np.sqrt(power)
    found: NDArray[np.float64] = np.where(norms > _SILENT, correlate(first, second) / np.maximum(norms, _SILENT), 0.0)
    return found

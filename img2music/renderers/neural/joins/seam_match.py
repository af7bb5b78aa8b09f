"""How two sounds of the same stretch of music meet: how much later one is, how alike they are, which one is louder.

A model that goes on from what it is given plays that again nearly as it was: then the waveforms themselves fit, to the frame. Two sounds that a
model made apart share at most their beats: then the rises of energy are laid over each other (spectral flux in four bands of logarithmic
energy, steps of 2 ms). Where neither fits clearly there is no lag.

Conventions: sound is float32 (channels, frames) of one sample rate; a positive lag says that the second sound is later; levels in dB.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from img2music.listening.loudness import integrated_loudness, k_weighted_energy

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["likeness", "louder_db", "measured_lag"]

LEAST_RATE = 8000
"""In Hz; below it nothing is measured but plain energy. Only models made for tests are so coarse."""
_ALIKE = 0.7
"""Correlation from which two waveforms are taken for one sound."""
_CLEAR, _CLEARER = 0.3, 0.05
"""Correlation of rises that a lag needs, and how much better than no lag it has to be. Our choice, from made-up sounds."""
_STEPS_PER_SECOND = 500
_FLUX_WINDOW_SECONDS = 0.02
_BANDS_HZ = (0, 250, 1000, 4000, 24_000)
_SILENT = 1e-10
_FINEST_DB = -60.0
"""Energy below this part of the loudest is not told from silence."""


def measured_lag(before: NDArray[np.float32], after: NDArray[np.float32], sample_rate: int, most_frames: int) -> int:
    """How many frames later `after` is than `before`, at most `most_frames`; 0 where they do not meet clearly.

    Both have the same number of frames, at least some tenths of a second for a result.
    """
    frames = min(before.shape[1], after.shape[1])
    if sample_rate < LEAST_RATE or most_frames < 1 or frames < 4 * most_frames:
        return 0
    first, second = (sound[:, :frames].mean(axis=0, dtype=np.float64) for sound in (before, after))
    waves = _correlations(first, second, most_frames)
    best = int(np.argmax(waves))
    if waves[best] >= _ALIKE:
        return best - most_frames
    step = sample_rate // _STEPS_PER_SECOND
    rises = _correlations(_rises(first, sample_rate, step), _rises(second, sample_rate, step), -(-most_frames // step))
    middle = len(rises) // 2
    best = int(np.argmax(rises))
    if rises[best] < _CLEAR or rises[best] < rises[middle] + _CLEARER:
        return 0
    return int(np.clip(round((best - middle + _vertex(rises, best)) * step), -most_frames, most_frames))


def likeness(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """Correlation of two waveforms, 0 (nothing in common, or the opposite) to 1 (one is the other, perhaps louder)."""
    both = float(np.einsum("cf,cf", before, after, dtype=np.float64))
    alone = [float(np.einsum("cf,cf", sound, sound, dtype=np.float64)) for sound in (before, after)]
    return float(np.clip(both / np.sqrt(alone[0] * alone[1]), 0.0, 1.0)) if min(alone) > _SILENT else 0.0


def louder_db(before: NDArray[np.float32], after: NDArray[np.float32], sample_rate: int) -> float:
    """How much louder `before` is than `after`, as an ear weighs it; 0 where one of them is silent."""
    if sample_rate < LEAST_RATE:
        power = [float(np.square(sound, dtype=np.float64).mean()) if sound.size else 0.0 for sound in (before, after)]
        return 10 * float(np.log10(power[0] / power[1])) if min(power) > _SILENT else 0.0
    loudness = [integrated_loudness(k_weighted_energy(sound, sample_rate)) for sound in (before, after)]
    return loudness[0] - loudness[1] if loudness[0] is not None and loudness[1] is not None else 0.0


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


def _rises(sound: NDArray[np.float64], sample_rate: int, step: int) -> NDArray[np.float64]:
    """Spectral flux, its mean taken off: one value a step."""
    size = round(_FLUX_WINDOW_SECONDS * sample_rate)
    if len(sound) < size + step:
        return np.zeros(1)
    blocks = np.lib.stride_tricks.sliding_window_view(sound, size)[::step] * np.hanning(size)
    power = np.abs(np.fft.rfft(blocks)) ** 2
    edges = np.searchsorted(np.fft.rfftfreq(size, 1 / sample_rate), _BANDS_HZ)
    bands = np.stack([power[:, low:high].sum(axis=1) for low, high in pairwise(edges) if high > low])
    floor = max(float(bands.max()) * 10 ** (_FINEST_DB / 10), _SILENT)
    flux = np.maximum(np.diff(np.log10(bands + floor), axis=1), 0).sum(axis=0)
    centred: NDArray[np.float64] = flux - flux.mean()
    return centred


def _vertex(values: NDArray[np.float64], best: int) -> float:
    """Where the parabola through a maximum and its neighbours has its own, in steps from it, -0.5 .. 0.5."""
    if not 0 < best < len(values) - 1:
        return 0.0
    left, middle, right = (float(value) for value in values[best - 1 : best + 2])
    bend = left - 2 * middle + right
    return float(np.clip((left - right) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0

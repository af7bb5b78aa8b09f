"""How two sounds of the same stretch of music meet: how much later one is, how alike they are, which one is louder.

A model that goes on from what it is given plays that again nearly as it was: then the waveforms themselves fit, to the frame. Two sounds that a
model made apart share at most their beats: then the rises of energy are laid over each other, each band over its own, so that a bass is not taken for
a cymbal (spectral flux of logarithmic energy, steps of 2 ms, smoothed over some milliseconds for attacks that differ): first short rises in
wide bands, drums and plucked strings; where those are in doubt slow ones in bands of a sixth of an octave, bows and pads. A lag that does not
stand out from all others is none: better a beat as late as the model played it than one moved to a wrong place.

Conventions: sound is float32 (channels, frames) of one sample rate; a positive lag says that the second sound is later; levels in dB.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import checkpoint
from img2music.listening.loudness import k_weighted_energy

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["likeness", "louder_db", "measured_lag"]

LEAST_RATE = 8000
"""In Hz; below it nothing is measured but plain energy. Only models made for tests are so coarse."""
_ALIKE = 0.7
"""Correlation from which two waveforms are taken for one sound."""
_LEAST_CLEAR = 0.1
"""Correlation of rises that a lag needs."""
_RIVAL_SECONDS = 0.015
"""Lags that are further apart than this are rivals, not the same peak."""
_STEPS_PER_SECOND = 500
_SMOOTH_STEPS = 4
_BATCH_STEPS = 512


@dataclass(frozen=True, slots=True)
class _Rises:
    """A way to look for beats."""

    window_seconds: float
    gap_steps: int
    """Over how many steps a rise is taken."""
    edges_hz: tuple[float, ...]
    """Of the bands."""
    clearer: float
    """How many times as high as its best rival a lag's correlation has to be."""


_WAYS = (
    _Rises(0.02, 1, (0.0, 150.0, 400.0, 1000.0, 2500.0, 6000.0, 16_000.0), 1.8),
    _Rises(0.06, 10, tuple(100.0 * 2 ** (step / 6) for step in range(40)), 1.4),
)
"""Chosen on the forty seams of seeds 5 and 11 of `evals/studies/music/sound_seams`: no lag that was taken there was wrong by 10 ms."""
_SILENT = 1e-10
_FINEST_DB, _FINEST_BAND_DB = -60.0, -40.0
"""Energy below this part of the loudest, and of the loudest in its band, is not told from silence."""
_LEAST_LUFS = -70.0


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
    most = -(-most_frames // step)
    for way in _WAYS:
        checkpoint()
        fits = _fits(_rises(first, sample_rate, step, way), _rises(second, sample_rate, step, way), most)
        best = int(np.argmax(fits))
        lags = np.arange(-most, most + 1)
        # Only lags near the place are rivals: those that are as far away as half of all are beats of a fine pattern, one grid step on.
        rivals = (abs(lags - lags[best]) * step > _RIVAL_SECONDS * sample_rate) & (2 * abs(lags) <= most)
        if fits[best] >= max(_LEAST_CLEAR, way.clearer * float(fits[rivals].max(initial=0.0))):
            return int(np.clip(round((best - most + _vertex(fits, best)) * step), -most_frames, most_frames))
    return 0


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


def _fits(first: NDArray[np.float64], second: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """Normalised correlation of rises, shape (bands, steps) both, over all bands at lags of -most .. most, shape (2 * most + 1,)."""
    size = 1 << (first.shape[1] + most).bit_length()
    spectrum = (np.fft.rfft(second, size) * np.fft.rfft(first, size).conj()).sum(axis=0)
    fits: NDArray[np.float64] = np.take(np.fft.irfft(spectrum, size), np.arange(-most, most + 1), mode="wrap")
    norm = float(np.sqrt(np.square(first).sum() * np.square(second).sum()))
    return fits / norm if norm > _SILENT else np.zeros_like(fits)


def _rises(sound: NDArray[np.float64], sample_rate: int, step: int, way: _Rises) -> NDArray[np.float64]:
    """Spectral flux of each band, its mean taken off, shape (bands, steps)."""
    size = round(way.window_seconds * sample_rate)
    if len(sound) < size + (way.gap_steps + 2 * _SMOOTH_STEPS + 1) * step:
        return np.zeros((1, 1))
    blocks = np.lib.stride_tricks.sliding_window_view(sound, size)[::step]
    edges = np.searchsorted(np.fft.rfftfreq(size, 1 / sample_rate), way.edges_hz)
    bands = np.concatenate(
        [
            _band_energies(blocks[begin : begin + _BATCH_STEPS] * np.hanning(size), edges)
            for begin in range(0, len(blocks), _BATCH_STEPS)
        ],
        axis=1,
    )
    finest = np.maximum(bands.max() * 10 ** (_FINEST_DB / 10), bands.max(axis=1, keepdims=True) * 10 ** (_FINEST_BAND_DB / 10))
    levels = np.log10(bands + np.maximum(finest, _SILENT))
    flux = np.maximum(levels[:, way.gap_steps :] - levels[:, : -way.gap_steps], 0)
    smooth = np.hanning(2 * _SMOOTH_STEPS + 1)
    flux = np.stack([np.convolve(band, smooth / smooth.sum(), mode="same") for band in flux])
    centred: NDArray[np.float64] = flux - flux.mean(axis=1, keepdims=True)
    return centred


def _band_energies(blocks: NDArray[np.float64], edges: NDArray[np.intp]) -> NDArray[np.float64]:
    """Shape (bands, blocks); bands that are too narrow for a frequency are left out."""
    power = np.square(np.abs(np.fft.rfft(blocks)))
    return np.stack([power[:, low:high].sum(axis=1) for low, high in pairwise(edges) if high > low])


def _vertex(values: NDArray[np.float64], best: int) -> float:
    """Where the parabola through a maximum and its neighbours has its own, in steps from it, -0.5 .. 0.5."""
    if not 0 < best < len(values) - 1:
        return 0.0
    left, middle, right = (float(value) for value in values[best - 1 : best + 2])
    bend = left - 2 * middle + right
    return float(np.clip((left - right) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0

"""What every ear begins with: one channel of finite sound at one rate, and its magnitude spectra, frame by frame.

Conventions: `Sound` is mono float32 at `RATE_HZ`; frames are centred, so that frame i stands at second i * hop / RATE_HZ; spectra are
magnitudes, shape (frames, bins), given in batches so that memory stays bounded however long the sound. At most `LONGEST_SECONDS` are heard.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import checkpoint
from img2music.listening.features.resampling import resample_samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from img2music.audio import Audio

    Numbers = NDArray[np.float32]

__all__ = ["LONGEST_SECONDS", "LOUDEST", "RATE_HZ", "finite", "hann", "listen_to", "log_filters", "spectra"]

RATE_HZ = 22_050
LONGEST_SECONDS = 1800.0
"""What comes after that is not heard."""
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 2_000, 1_000_000
_BLOCK_FRAMES = 1 << 18
_BATCH = 512
LOUDEST = 1e3
"""Samples beyond are no sound: 60 dB over full scale."""


def listen_to(audio: Audio) -> Numbers:
    """One channel at `RATE_HZ`, finite: shape (frames,). Nothing where the rate is none of sound."""
    if not _LOWEST_RATE_HZ <= audio.sample_rate <= _HIGHEST_RATE_HZ:
        return np.zeros(0, np.float32)
    channels = audio.samples[:, : int(LONGEST_SECONDS * audio.sample_rate)]
    mono = np.zeros(channels.shape[1] if len(channels) else 0, np.float32)
    for start in range(0, len(mono), _BLOCK_FRAMES):
        checkpoint()
        mono[start : start + _BLOCK_FRAMES] = finite(channels[:, start : start + _BLOCK_FRAMES]).mean(0)
    return resample_samples(mono, audio.sample_rate, RATE_HZ)


def finite(samples: Numbers) -> Numbers:
    """The same, with silence for what is no number."""
    return np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -LOUDEST, LOUDEST)


def spectra(sound: Numbers, window: Numbers, hop: int) -> Iterator[tuple[int, Numbers]]:
    """The index of a batch's first frame and its magnitudes, shape (frames, size // 2 + 1), as many frames as hops have begun.

    Args:
        sound: from `listen_to`.
        window: what each frame is multiplied with, shape (size,).
        hop: from frame to frame, in samples.
    """
    size = len(window)
    frames = -(-len(sound) // hop)
    for first in range(0, frames, _BATCH):
        checkpoint()
        count = min(_BATCH, frames - first)
        begin = first * hop - size // 2
        stop = begin + (count - 1) * hop + size
        piece = np.zeros(stop - begin, np.float32)
        inside = sound[max(begin, 0) : max(stop, 0)]
        piece[max(-begin, 0) : max(-begin, 0) + len(inside)] = inside
        windows = np.lib.stride_tricks.sliding_window_view(piece, size)[::hop]
        yield first, np.abs(np.fft.rfft(windows * window, axis=1)).astype(np.float32)


@lru_cache(maxsize=8)
def hann(size: int) -> Numbers:
    """A Hann window under which a sine of amplitude 1 has a peak of 1."""
    window = np.hanning(size + 1)[:size]
    scaled: Numbers = (2 * window / window.sum()).astype(np.float32)
    return scaled


@lru_cache(maxsize=8)
def log_filters(bins: int, bands_an_octave: int, lowest_hz: float, highest_hz: float, *, rate_hz: int = RATE_HZ) -> Numbers:
    """Overlapping triangles of area 1 at even distances of pitch from 440 Hz, shape (bins, bands), as madmom makes them.

    Bands that would have the same middle bin are one (S. Böck et al., "madmom", ACM Multimedia 2016).
    """
    low = np.floor(np.log2(lowest_hz / 440.0) * bands_an_octave)
    high = np.ceil(np.log2(highest_hz / 440.0) * bands_an_octave)
    middles = 440.0 * 2.0 ** (np.arange(low, high) / bands_an_octave)
    middles = middles[(middles >= lowest_hz) & (middles <= highest_hz)]
    bin_hz = rate_hz / 2 / bins
    right = np.clip(np.searchsorted(np.arange(bins) * bin_hz, middles), 1, bins - 1)
    nearest = right - (middles - (right - 1) * bin_hz < right * bin_hz - middles)
    places = np.unique(nearest)
    filters = np.zeros((bins, max(0, len(places) - 2)), np.float32)
    for band in range(filters.shape[1]):
        start, centre, stop = places[band : band + 3]
        if stop - start < 2:
            start, stop = centre, centre + 1
        filters[start:centre, band] = np.arange(centre - start) / max(1, centre - start)
        filters[centre:stop, band] = 1 - np.arange(stop - centre) / max(1, stop - centre)
    level: Numbers = filters / np.maximum(filters.sum(0), 1e-9)
    return level

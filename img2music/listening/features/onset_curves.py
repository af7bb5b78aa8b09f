"""Where something begins to sound: how much louder each band of pitch becomes, frame by frame, and the onsets that stand out.

The curve is spectral flux under a filter that lets vibrato pass (SuperFlux: S. Böck & G. Widmer, "Maximum filter vibrato suppression for onset
detection", DAFx 2013): magnitudes in bands of a quarter tone, their logarithm, the rise over the loudest of three neighbouring bands two
frames before.

Conventions: `FRAMES_A_SECOND` frames; curves are float32 of shape (frames,) or (registers, frames), 0 or more, in units of log10. The time of
frame i is i / FRAMES_A_SECOND, which is when a sharp onset stands in the sound, within half a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from img2music.listening.features.spectra import RATE_HZ, hann, log_filters, spectra

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float32]

__all__ = ["FRAMES_A_SECOND", "OnsetCurves", "onset_curves", "onsets_in", "pitch_onsets", "smoothed"]

_HOP = 147
FRAMES_A_SECOND = RATE_HZ // _HOP
"""150: a frame is 6.7 ms."""
_WINDOW = 1024
_BANDS_AN_OCTAVE, _LOWEST_HZ, _HIGHEST_HZ = 24, 30.0, 10_000.0
_REGISTERS_HZ = (0.0, 200.0, 800.0, 3000.0, 1e9)
"""Bass and bass drum; the middle of chords; tunes; cymbals and attacks."""
_BEFORE_FRAMES = 3
"""What a frame is compared with lies so far back: about half the window (Böck & Widmer)."""
_LEVEL = 100.0
"""Root mean square that the sound is brought to before 1 is added to magnitudes and the logarithm taken: what is 40 dB below the whole counts
little, however loud the whole is."""
_SILENCE = 1e-6
_PITCHES_AN_OCTAVE, _PITCHES_HZ = 12, (55.0, 8000.0)
_FIRST_FRAMES, _LAST_FRAMES = 8, 4
"""Of a sound, in which its own edges would seem to begin something: half the window, and at first what is compared as well."""
_WAIT_SECONDS, _AROUND_SECONDS, _MEAN_SECONDS = 0.03, 0.03, 0.1


@dataclass(frozen=True, slots=True)
class OnsetCurves:
    """How much begins in each frame."""

    all: Numbers
    """Shape (frames,)."""
    registers: Numbers
    """Shape (4, frames): bass, chords, tunes, attacks."""
    loudness: Numbers
    """Shape (frames,): the mean of the logarithmic magnitudes."""


def onset_curves(sound: Numbers) -> OnsetCurves:
    """The curves of a sound from `listen_to`."""
    frames = -(-len(sound) // _HOP)
    filters = log_filters(_WINDOW // 2, _BANDS_AN_OCTAVE, _LOWEST_HZ, _HIGHEST_HZ)
    middles = (filters * np.arange(len(filters))[:, None]).sum(0) * RATE_HZ / _WINDOW
    inside = np.array([(low <= middles) & (middles < high) for low, high in pairwise(_REGISTERS_HZ)], np.float32)
    registers, loudness = np.zeros((len(inside), frames), np.float32), np.zeros(frames, np.float32)
    before = np.zeros((_BEFORE_FRAMES, filters.shape[1]), np.float32)
    power = float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0
    gain = _LEVEL / power if power > _SILENCE else 0.0
    for first, magnitudes in spectra(sound, hann(_WINDOW), _HOP):
        levels = np.log10(1 + gain * (magnitudes[:, : len(filters)] @ filters))
        held = np.concatenate([before, levels])
        widest = np.maximum(held, np.maximum(np.roll(held, 1, 1), np.roll(held, -1, 1)))[: len(levels)]
        rise = np.maximum(levels - widest, 0)
        registers[:, first : first + len(levels)] = (rise @ inside.T).T
        loudness[first : first + len(levels)] = levels.mean(1)
        before = held[len(levels) :]
    registers /= filters.shape[1]
    return OnsetCurves(registers.sum(0), registers, loudness)


def pitch_onsets(sound: Numbers) -> Numbers:
    """How much louder each band of a semitone becomes: shape (frames, bands), bands from low to high. Where a sound is cut off
    at its edges nothing begins.

    Args:
        sound: from `listen_to`.
    """
    frames = -(-len(sound) // _HOP)
    filters = log_filters(_WINDOW // 2, _PITCHES_AN_OCTAVE, *_PITCHES_HZ)
    rises = np.zeros((frames, filters.shape[1]), np.float32)
    before = np.zeros((_BEFORE_FRAMES, filters.shape[1]), np.float32)
    power = float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0
    gain = _LEVEL / power if power > _SILENCE else 0.0
    for first, magnitudes in spectra(sound, hann(_WINDOW), _HOP):
        levels = np.log10(1 + gain * (magnitudes[:, : len(filters)] @ filters))
        held = np.concatenate([before, levels])
        rises[first : first + len(levels)] = np.maximum(levels - held[: len(levels)], 0)
        before = held[len(levels) :]
    rises[:_FIRST_FRAMES] = 0
    rises[-_LAST_FRAMES:] = 0
    return rises


def onsets_in(curve: Numbers, threshold: float = 0.06) -> NDArray[np.float64]:
    """When something begins, in seconds: peaks of a curve that stand `threshold` over the mean of what is around, and over a tenth of its
    usual peaks.
    """
    if not len(curve) or not curve.max() > 0:
        return np.zeros(0)
    around, mean = round(_AROUND_SECONDS * FRAMES_A_SECOND), round(_MEAN_SECONDS * FRAMES_A_SECOND)
    padded = np.pad(curve, around)
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * around + 1).max(1)
    floor = smoothed(curve, 2 * mean + 1)
    usual = float(np.percentile(curve[curve >= highest], 90))
    peaks = np.flatnonzero((curve >= highest) & (curve >= floor + threshold * usual) & (curve > 0.1 * usual))
    kept: list[int] = []
    for peak in peaks.tolist():
        if not kept or peak - kept[-1] > _WAIT_SECONDS * FRAMES_A_SECOND:
            kept.append(peak)
    return np.array(kept) / FRAMES_A_SECOND


def smoothed(curve: Numbers, frames: int) -> Numbers:
    """The mean of so many frames around each; at the edges of those that are there."""
    if not len(curve):
        return curve
    running = np.concatenate([[0.0], np.cumsum(curve, dtype=np.float64)])
    starts = np.maximum(np.arange(len(curve)) - frames // 2, 0)
    stops = np.minimum(np.arange(len(curve)) + frames // 2 + 1, len(curve))
    mean: Numbers = ((running[stops] - running[starts]) / (stops - starts)).astype(np.float32)
    return mean

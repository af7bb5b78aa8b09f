"""What repeats in a curve, and how often: likeness after each lag, strength at each rate, and a curve of new chords.

Likeness to itself (autocorrelation) is high at every multiple of a beat, strength at a rate (Fourier's transform) at every part of it; together they
tell a beat from its bar and from its subdivisions (G. Peeters, "Template-based estimation of time-varying tempo", EURASIP 2007; P. Grosche & M.
Müller, "Extracting predominant local pulse information", IEEE TASLP 19, 2011).

Conventions: curves are float32 of shape (frames,), those of `onset_curves` with its frames a second; windows of twelve seconds, averaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import checkpoint
from img2music.listening.features.chroma import unit_rows
from img2music.listening.features.onset_curves import FRAMES_A_SECOND, smoothed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Numbers = NDArray[np.float32]
    Scores = NDArray[np.float64]

__all__ = ["Likeness", "Rates", "chord_changes", "loudness_rise", "rates", "self_similarity", "sharpened"]

_WINDOW_SECONDS, _LONGEST_LAG_SECONDS = 12.0, 12.5
_RISE_FRAMES, _BEGIN_FRAMES = 9, 20
_FASTEST_HZ, _LOUDEST_BELOW_HZ = 32.0, 16.0
_FINER = 8
"""How many times finer than the window's own the steps of rates are."""
_CHORD_FRAMES = 3
"""Of chroma, before and after, that are compared."""
_FULL_PERCENTILE = 90


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike a curve is to itself some time later."""

    values: Scores
    """Shape (lags,), one a frame from 0 to 12.5 seconds, at most 1. All 0 where nothing begins."""
    frames_a_second: int

    def after(self, seconds: Scores) -> Scores:
        """After so many seconds; 0 after longer than was looked at."""
        alike: Scores = np.interp(seconds * self.frames_a_second, np.arange(len(self.values)), self.values, right=0.0)
        return alike


@dataclass(frozen=True, slots=True)
class Rates:
    """How strongly a curve repeats at each rate."""

    hz: Scores
    """Shape (rates,), from 0."""
    strength: Scores
    """Shape (rates,); 1 is the strongest below 16 Hz. All 0 where nothing repeats."""

    def of(self, hz: Scores) -> Scores:
        """At each of these rates; 0 beyond those that were looked at."""
        strength: Scores = np.interp(hz, self.hz, self.strength, right=0.0)
        return strength


def loudness_rise(loudness: Numbers) -> Numbers:
    """How much louder it becomes, sharpened; the beginning of the sound itself is no rise."""
    if len(loudness) <= _BEGIN_FRAMES:
        return np.zeros_like(loudness)
    rise = np.maximum(np.diff(smoothed(loudness, _RISE_FRAMES), prepend=0), 0)
    rise[:_BEGIN_FRAMES] = 0
    return sharpened(rise)


def sharpened(curve: Numbers) -> Numbers:
    """What stands over the mean of a second around it, of mean square 1."""
    over = np.maximum(curve - smoothed(curve, FRAMES_A_SECOND), 0)
    power = float(np.sqrt(np.mean(np.square(over)))) if len(over) else 0.0
    sharp: Numbers = over / np.float32(power or 1.0)
    return sharp


def chord_changes(chroma: Numbers) -> Numbers:
    """How new the pitch classes of the next three frames are beside those of the last three, 0..1; what hardly sounds has no chord."""
    running = np.concatenate([np.zeros((1, 12)), np.cumsum(chroma, 0, dtype=np.float64)])
    places = np.arange(len(chroma))
    before = running[places] - running[np.maximum(places - _CHORD_FRAMES, 0)]
    after = running[np.minimum(places + _CHORD_FRAMES, len(chroma))] - running[places]
    power = np.minimum(np.linalg.norm(before, axis=1), np.linalg.norm(after, axis=1))
    change = 1 - (unit_rows(before.astype(np.float32)) * unit_rows(after.astype(np.float32))).sum(1)
    full = max(float(np.percentile(power, _FULL_PERCENTILE)), 1e-9) if len(power) else 1.0
    change *= np.minimum(power / full, 1)
    change[:_CHORD_FRAMES] = 0
    change[len(change) - min(_CHORD_FRAMES, len(change)) :] = 0
    changes: Numbers = change.astype(np.float32)
    return changes


def self_similarity(curve: Numbers, frames_a_second: int) -> Likeness:
    """Correlation of a curve with itself at each lag, the mean over windows of twelve seconds."""
    lags = round(_LONGEST_LAG_SECONDS * frames_a_second)
    total = np.zeros(lags + 1)
    for piece in _windows(curve, frames_a_second):
        spectrum = np.fft.rfft(piece, 1 << int(np.ceil(np.log2(len(piece) + lags + 1))))
        found = np.fft.irfft(np.square(np.abs(spectrum)))[: lags + 1]
        total += found * len(piece) / np.maximum(len(piece) - np.arange(lags + 1), len(piece) / 4)
    return Likeness(total / total[0] if total[0] > 0 else np.zeros(lags + 1), frames_a_second)


def rates(curve: Numbers, frames_a_second: int) -> Rates:
    """How strongly it repeats at each rate, over Hann windows of twelve seconds."""
    size = _FINER << int(np.ceil(np.log2(_WINDOW_SECONDS * frames_a_second)))
    hz = np.fft.rfftfreq(size, 1 / frames_a_second).astype(np.float64)
    power = np.zeros(len(hz))
    for piece in _windows(curve, frames_a_second):
        power += np.square(np.abs(np.fft.rfft(piece * np.hanning(len(piece)), size))) / len(piece)
    inside = hz < _FASTEST_HZ
    strength = np.sqrt(power)
    loudest = float(strength[hz < _LOUDEST_BELOW_HZ].max(initial=0.0))
    return Rates(hz[inside], strength[inside] / loudest if loudest > 0 else np.zeros(int(inside.sum())))


def _windows(curve: Numbers, frames_a_second: int) -> Iterator[Scores]:
    """Windows that overlap by half, each of mean 0."""
    size = round(_WINDOW_SECONDS * frames_a_second)
    for start in range(0, max(1, len(curve) - size // 2), size // 2):
        checkpoint()
        piece = curve[start : start + size].astype(np.float64)
        if len(piece) > 1:
            yield piece - piece.mean()

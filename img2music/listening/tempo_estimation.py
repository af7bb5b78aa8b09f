"""How fast the beat is: periods at which onsets come back, weighed by how likely people tap them.

The onset curve is compared with itself some seconds at a time; a period counts with its multiples, as bars and beats come back together
(P. Grosche & M. Müller, "Extracting predominant local pulse information", IEEE TASLP 19, 2011, on tempograms). People tap near 120 a
minute: a log-normal weight (D. Ellis, "Beat tracking by dynamic programming", Journal of New Music Research 36, 2007).

Conventions: curves as in `onset_curves`; tempo in beats a minute; strengths are correlations, -1..1. Steady tempi are meant: a tempo that moves
gives the one that holds longest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import checkpoint
from img2music.listening.features.onset_curves import FRAMES_A_SECOND, smoothed
from img2music.theory.tempo_map import SECONDS_A_MINUTE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float32]

__all__ = ["TEMPO_RANGE_BPM", "Pulse", "pulses", "self_similarity", "sharpened"]

TEMPO_RANGE_BPM = (36.0, 240.0)
_WINDOW_SECONDS = 12.0
_LONGEST_LAG_SECONDS = 5.0
_USUAL_BPM, _OCTAVES = 110.0, 1.0
"""Middle and width of the prior."""
_MULTIPLES = (1.0, 0.5, 0.33, 0.5)
"""What the first, second, third and fourth multiple of a period count."""
_MOST_PULSES = 8


@dataclass(frozen=True, slots=True)
class Pulse:
    """A tempo that may be the beat's."""

    bpm: float
    strength: float
    """With its multiples, before the prior."""
    score: float
    """After it."""


def sharpened(curve: Numbers) -> Numbers:
    """What stands over the mean of a second around it, of mean square 1."""
    over = np.maximum(curve - smoothed(curve, FRAMES_A_SECOND), 0)
    power = float(np.sqrt(np.mean(np.square(over)))) if len(over) else 0.0
    sharp: Numbers = over / np.float32(power or 1.0)
    return sharp


def self_similarity(curve: Numbers) -> NDArray[np.float64]:
    """Correlation of a sharpened curve with itself at each lag in frames, 0 to five seconds; the mean over windows of twelve seconds."""
    lags = round(_LONGEST_LAG_SECONDS * FRAMES_A_SECOND)
    size = round(_WINDOW_SECONDS * FRAMES_A_SECOND)
    total = np.zeros(lags + 1)
    for start in range(0, max(1, len(curve) - size // 2), size // 2):
        checkpoint()
        piece = curve[start : start + size].astype(np.float64)
        if len(piece) < 2:
            continue
        piece -= piece.mean()
        spectrum = np.fft.rfft(piece, 1 << int(np.ceil(np.log2(len(piece) + lags + 1))))
        found = np.fft.irfft(np.square(np.abs(spectrum)))[: lags + 1]
        total += found * len(piece) / np.maximum(len(piece) - np.arange(lags + 1), len(piece) / 4)
    return total / total[0] if total[0] > 0 else total


def pulses(similarity: NDArray[np.float64]) -> tuple[Pulse, ...]:
    """The tempi that stand out, the likeliest first; none where nothing comes back."""
    bpm = np.geomspace(*TEMPO_RANGE_BPM, 400)
    strength = np.zeros(len(bpm))
    periods = FRAMES_A_SECOND * SECONDS_A_MINUTE / bpm
    for multiple, weight in enumerate(_MULTIPLES, 1):
        at = periods * multiple
        strength += weight * np.interp(at, np.arange(len(similarity)), similarity, right=0.0)
    strength /= sum(_MULTIPLES)
    score = np.maximum(strength, 0) * np.exp(-0.5 * np.square(np.log2(bpm / _USUAL_BPM) / _OCTAVES))
    inside = (score[1:-1] > score[:-2]) & (score[1:-1] >= score[2:])
    peaks = np.flatnonzero(inside) + 1
    best = sorted(peaks.tolist(), key=lambda place: -score[place])[:_MOST_PULSES]
    return tuple(Pulse(float(bpm[place]), float(strength[place]), float(score[place])) for place in best)

"""How fast the beat is: periods at which the sound grows louder again, weighed by how fast music is beaten.

The rise of loudness is compared with itself, twelve seconds at a time; a tempo counts with what comes back after one, two, three and four of its
periods, as beats and bars come back together (P. Grosche & M. Müller, "Extracting predominant local pulse information", IEEE TASLP 19, 2011, on
tempograms). Where BeatNet listens too, it says which of the octaves (half, same, twice) is the beat that is tapped; which tempo it is but for
octaves is better left to the plain ear: BeatNet takes three eighths for a beat and a half.

The weights are those of a conditional logistic model of 163 pieces of ours, rounded; `evals.studies.music.listening_accuracy` reports on others. A
score is a logarithmic odds, so that the confidence is the share of what is likely.

Conventions: curves as in `features.onset_curves`; tempo in beats a minute; confidence 0..1 of the tempo or an octave of it. Steady tempi are meant:
one that moves gives the one that holds longest. Tempi come within `TEMPO_RANGE_BPM`, in steps of half a percent until beats refine them.
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
    Scores = NDArray[np.float64]

__all__ = ["TEMPO_RANGE_BPM", "HeardTempo", "estimate_tempo", "loudness_rise", "same_tempo", "self_similarity", "sharpened"]

TEMPO_RANGE_BPM = (36.0, 240.0)
_GRID = np.geomspace(*TEMPO_RANGE_BPM, 400)
_WINDOW_SECONDS, _LONGEST_LAG_SECONDS = 12.0, 7.0
_RISE_FRAMES, _BEGIN_FRAMES = 9, 20
_PLAIN: dict[float, float] = {1: 6.5, 2: 5.5, 3: 2.7, 4: 3.0}
"""What the similarity of loudness after so many periods counts."""
_USUAL_BPM, _SLOW_BPM, _FAST_BPM = 100.0, 60.0, 150.0
_PLAIN_PRIOR = (0.5, -1.1, -4.0, -2.2)
"""Of octaves from the usual tempo, their square, octaves below the slow and above the fast one."""
_WITH_BEATNET: dict[float, float] = {1: 6.6, 2: 4.0, 3: -0.7, 4: 0.5}
_BEATNET: dict[float, float] = {1 / 3: -2.2, 1 / 2: -2.9, 1: 2.9, 2: 3.8, 3: 1.8, 4: 3.4}
"""The same of BeatNet's beats and downbeats."""
_BEATNET_PRIOR = (-1.5, -1.2, -4.5, 2.8)
_NEAR = 0.04
"""Part of a tempo within which two are the same."""
_QUIET = 0.02
"""Less similarity than this after any lag is no pulse."""


@dataclass(frozen=True, slots=True)
class HeardTempo:
    """A tempo, and how sure it is but for octaves."""

    bpm: float
    confidence: float


def estimate_tempo(loudness: Numbers, beats: Numbers | None = None, beats_a_second: int = 1) -> HeardTempo | None:
    """The tempo that is likeliest; None where nothing comes back.

    Args:
        loudness: of `OnsetCurves`.
        beats: likelihood of a beat in each frame, if BeatNet was asked.
        beats_a_second: frames of `beats`.
    """
    similarity = self_similarity(loudness_rise(loudness), FRAMES_A_SECOND)
    slowest = round(FRAMES_A_SECOND * SECONDS_A_MINUTE / TEMPO_RANGE_BPM[1])
    if not similarity[slowest:].max(initial=0.0) > _QUIET:
        return None
    scores = _combed(similarity, FRAMES_A_SECOND, _PLAIN) + _prior(_PLAIN_PRIOR)
    best = int(scores.argmax())
    likely = np.exp(scores - scores.max())
    octaves = np.abs((np.log2(_GRID / _GRID[best]) + 0.5) % 1 - 0.5) < np.log2(1 + _NEAR)
    confidence = float(likely[octaves].sum() / likely.sum())
    if beats is not None and beats.max(initial=0.0) > 0:
        scores = _combed(similarity, FRAMES_A_SECOND, _WITH_BEATNET) + _prior(_BEATNET_PRIOR)
        scores += _combed(self_similarity(beats, beats_a_second), beats_a_second, _BEATNET)
        near = octaves & (np.abs(np.log2(_GRID / _GRID[best])) < 1.5)
        best = int(np.where(near, scores, -np.inf).argmax())
    return HeardTempo(float(_GRID[best]), confidence)


def same_tempo(one: float, other: float, *, octaves: bool = False) -> bool:
    """Whether two tempi are within four percent of each other, or one of half or twice the other."""
    factors = (0.5, 1.0, 2.0) if octaves else (1.0,)
    return any(abs(one / other / factor - 1) <= _NEAR for factor in factors)


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


def self_similarity(curve: Numbers, frames_a_second: int) -> Scores:
    """Correlation of a curve with itself at each lag in frames, 0 to seven seconds; the mean over windows of twelve seconds."""
    lags = round(_LONGEST_LAG_SECONDS * frames_a_second)
    size = round(_WINDOW_SECONDS * frames_a_second)
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
    return total / total[0] if total[0] > 0 else np.zeros(lags + 1)


def _combed(similarity: Scores, frames_a_second: int, weights: dict[float, float]) -> Scores:
    """The weighted similarity after multiples of each tempo's period; what is unlike counts as no likeness."""
    periods = frames_a_second * SECONDS_A_MINUTE / _GRID
    total = np.zeros(len(_GRID))
    for multiple, weight in weights.items():
        total += weight * np.interp(periods * multiple, np.arange(len(similarity)), similarity, right=0.0)
    return total


def _prior(weights: tuple[float, float, float, float]) -> Scores:
    octaves = np.log2(_GRID / _USUAL_BPM)
    slow, fast = np.maximum(np.log2(_SLOW_BPM / _GRID), 0), np.maximum(np.log2(_GRID / _FAST_BPM), 0)
    prior: Scores = np.array(weights) @ np.stack([octaves, np.square(octaves), slow, fast])
    return prior

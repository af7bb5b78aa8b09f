"""How many beats a bar has: where accents and new chords stand, and after how many beats their pattern comes back.

Two things are asked of each bar length: how far its first beats stand over the next strongest (the contrast of accents, with the phase that makes
it largest), and how alike the accents are one bar later. The better of 2 and 4 beats stands against the better of 3 and 6, beside the odds that
`tempo_estimation` found with the tempo, which also says which of the two it is.

Conventions: beats in seconds; accents are standardised; the confidence is that of twos or threes, 0.5..1. A bar of six eighths is two beats
where its dotted quarters are tapped. Bars of five and seven are heard as something else, and so are
bars of three where every second beat is tapped.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from img2music.listening.features import chroma as chroma_module
from img2music.listening.features.onset_curves import FRAMES_A_SECOND
from img2music.listening.pulse_weights import BARS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from img2music.listening.features.chroma import Chroma
    from img2music.listening.features.onset_curves import OnsetCurves

    Rows = NDArray[np.float64]

__all__ = ["HeardMeter", "beat_accents", "heard_meter", "is_triple"]

_DUPLE, _TRIPLE = tuple(bar for bar in BARS if bar % 3), tuple(bar for bar in BARS if bar % 3 == 0)
_NEAR_SECONDS = 0.05
_WEIGHTS = np.array([1.0, 0.5, 0.5, 0.3, 0.5, 1.0, 1.0])
"""What the rows of `beat_accents` count: the bass and new chords make bars."""
_FULL_PERCENTILE = 90
"""Of the strength of chroma: from there on a change of chord counts in full, below in proportion."""
_RETURN_WEIGHT = 3.0
"""What the likeness of accents a bar later counts beside a contrast in standard errors. 1 and 10 do nearly as well."""
_SURENESS = 1.0
"""From a difference of scores to log odds."""
_LEAST_BEATS = 8


@dataclass(frozen=True, slots=True)
class HeardMeter:
    """A number of beats a bar, and where bars begin."""

    beats: int | None
    confidence: float
    """That bars go in twos or in threes."""
    first_downbeat: int
    """Index of the first beat that begins a bar."""


def beat_accents(beats_seconds: NDArray[np.float64], curves: OnsetCurves, chroma: Chroma) -> Rows:
    """How strongly each beat is marked, standardised: shape (beats, 7): onsets in four registers, loudness, new chord, new bass."""
    frames = np.clip(np.rint(beats_seconds * FRAMES_A_SECOND).astype(int), 0, max(0, len(curves.all) - 1))
    near = round(_NEAR_SECONDS * FRAMES_A_SECOND)
    rows = [[curve[max(0, frame - near) : frame + near + 1].max(initial=0.0) for frame in frames] for curve in curves.registers]
    rows.append([curves.loudness[a:b].mean() if b > a else 0.0 for a, b in pairwise([*frames, len(curves.loudness)])])
    for kind in (chroma.all, chroma.bass):
        between = np.append(beats_seconds, beats_seconds[-1] + np.median(np.diff(beats_seconds))) * chroma_module.FRAMES_A_SECOND
        means = _means(kind, between)
        held, power = chroma_module.unit_rows(means), np.linalg.norm(means, axis=1)
        change = np.zeros(len(held))
        change[1:] = 1 - (held[1:] * held[:-1]).sum(1)
        # What hardly sounds has no chord: the chroma of a hiss is new on every beat and would speak against the bass that is heard.
        change *= np.minimum(power / max(float(np.percentile(power, _FULL_PERCENTILE)), 1e-9), 1)
        rows.append(change.tolist())
    accents = np.array(rows, np.float64).T
    spread = accents.std(0)
    standard: Rows = (accents - accents.mean(0)) / np.where(spread > 1e-9, spread, 1.0)
    return standard


def _means(chroma: NDArray[np.float32], edges: NDArray[np.float64]) -> NDArray[np.float32]:
    """The mean chroma between edges, which are in frames and may lie between two."""
    running = np.concatenate([np.zeros((1, 12)), np.cumsum(chroma, 0, dtype=np.float64)])
    places = np.arange(len(running))
    at = np.stack([np.interp(edges, places, running[:, pitch]) for pitch in range(12)], 1)
    means: NDArray[np.float32] = np.diff(at, axis=0).astype(np.float32)
    return means


def heard_meter(accents: Rows, beats_per_bar: Mapping[bool, int], triple_log_odds: float) -> HeardMeter:
    """Twos or threes by accents and by what was heard before, and where bars begin; nothing for fewer than eight beats.

    Args:
        accents: of `beat_accents`.
        beats_per_bar: how many they are if bars go in threes (True), and if they go in twos.
        triple_log_odds: that they go in threes, heard otherwise.
    """
    if len(accents) < _LEAST_BEATS or not accents.any():
        return HeardMeter(None, 0.0, 0)
    marks = accents @ (_WEIGHTS / _WEIGHTS.sum())
    contrasts = {bar: _contrast(marks, bar) for bar in BARS}
    returns = {bar: _return(accents, bar) for bar in BARS}
    triple = max(contrasts[bar][0] for bar in _TRIPLE) - max(contrasts[bar][0] for bar in _DUPLE)
    triple += _RETURN_WEIGHT * (max(returns[bar] for bar in _TRIPLE) - max(returns[bar] for bar in _DUPLE))
    log_odds = _SURENESS * triple + triple_log_odds
    best = beats_per_bar[log_odds > 0]
    return HeardMeter(best, float(1 / (1 + np.exp(-abs(log_odds)))), contrasts[best][1])


def is_triple(beats_per_bar: int) -> bool:
    """Whether so many beats a bar go in threes; else in twos."""
    return beats_per_bar % 3 == 0


def _contrast(marks: Rows, bar: int) -> tuple[float, int]:
    """How much the first beats of bars stand over the next strongest, in standard errors, and which beat is the first."""
    means = [float(marks[phase::bar].mean()) for phase in range(bar)]
    phase = int(np.argmax(means))
    rest = max(mean for place, mean in enumerate(means) if place != phase)
    error = float(marks.std() / np.sqrt(len(marks) / bar))
    return (means[phase] - rest) / (error + 1e-9), phase


def _return(accents: Rows, beats: int) -> float:
    """How alike accents are so many beats later, -1..1."""
    if len(accents) <= beats + _LEAST_BEATS // 2:
        return 0.0
    alike = (accents[beats:] * accents[:-beats]).sum(1).mean()
    return float(alike / np.square(accents).sum(1).mean())

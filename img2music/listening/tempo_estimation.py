"""How fast the beat is, how many beats a bar has and into how many parts they fall: one decision about all three.

A tempo alone can't be told from its thirds: the bars of a waltz are as regular as its beats, and the eighths of 6/8 as its dotted quarters. So beats,
bars and subdivisions are weighed together. Each tempo of a grid is scored by how strongly onsets come at its own rate, at parts and at multiples of
it; each number of beats a bar by how alike onsets and changes of chord are after a bar, half a bar and two, and by the rate of bars; each
subdivision by the rate of its halves or thirds; all by how fast such music is beaten (on such templates: G. Peeters, "Template-based estimation
of time-varying tempo", EURASIP 2007; on bars: A. Klapuri et al., "Analysis of the meter of acoustic musical signals", IEEE TASLP 14, 2006).

The weights stand in `pulse_weights`. A score is a logarithmic odds, so that a confidence is the share of what is likely.

Conventions: curves as in `features.onset_curves`; tempo in beats a minute; confidence 0..1 of the tempo or an octave of it. Steady tempi are meant:
one that moves gives the one that holds longest. Tempi come within `TEMPO_RANGE_BPM`, in steps of half a percent until beats refine them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from img2music.listening.features import chroma as chroma_module
from img2music.listening.features.onset_curves import FRAMES_A_SECOND
from img2music.listening.features.tempogram import (
    Likeness,
    Rates,
    chord_changes,
    loudness_rise,
    rates,
    self_similarity,
    sharpened,
)
from img2music.listening.pulse_weights import BARS, SUBDIVISIONS, WEIGHTS, PulseWeights
from img2music.theory.tempo_map import SECONDS_A_MINUTE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from img2music.listening.features.chroma import Chroma
    from img2music.listening.features.onset_curves import OnsetCurves

    Numbers = NDArray[np.float32]
    Scores = NDArray[np.float64]

__all__ = ["TEMPO_RANGE_BPM", "HeardBeat", "estimate_beat", "same_tempo"]

TEMPO_RANGE_BPM = (36.0, 240.0)
_GRID = np.geomspace(*TEMPO_RANGE_BPM, 400)
_PERIODS = SECONDS_A_MINUTE / _GRID
_USUAL_BPM, _SLOW_BPM, _FAST_BPM = 100.0, 60.0, 150.0
_NEAR = 0.04
"""Part of a tempo within which two are the same."""
_QUIET = 0.02
"""Less similarity than this after any lag is no pulse."""
_LEAST_ODDS = 1e-9
_LONGEST_BEATS = 8
"""What comes back after more beats than that is not asked for."""


@dataclass(frozen=True, slots=True)
class HeardBeat:
    """A beat, its bar and its parts."""

    bpm: float
    confidence: float
    """Of the tempo but for octaves."""
    beats_per_bar: dict[bool, int]
    """How many if bars go in threes (True), and if they go in twos."""
    subdivision: int
    """2 or 3."""
    triple_log_odds: float
    """That bars of this beat go in threes rather than in twos."""


def estimate_beat(curves: OnsetCurves, chroma: Chroma) -> HeardBeat | None:
    """The likeliest beat, bar and subdivision; None where nothing comes back."""
    rise = loudness_rise(curves.loudness)
    likeness = self_similarity(rise, FRAMES_A_SECOND)
    shortest = round(FRAMES_A_SECOND * SECONDS_A_MINUTE / TEMPO_RANGE_BPM[1])
    if not likeness.values[shortest:].max(initial=0.0) > _QUIET:
        return None
    registers = [sharpened(curve) for curve in curves.registers]
    onsets = {"rise": rise, "all": np.sum(registers, axis=0).astype(np.float32), "bass": registers[0]}
    similar = {name: self_similarity(curve, FRAMES_A_SECOND) for name, curve in onsets.items()}
    for name, kind in (("chord", chroma.all), ("root", chroma.bass)):
        similar[name] = self_similarity(chord_changes(kind), chroma_module.FRAMES_A_SECOND)
    scores = _scores(similar, {name: rates(curve, FRAMES_A_SECOND) for name, curve in onsets.items()})
    likely = np.exp(scores - scores.max())
    likely /= likely.sum()
    tempo, _, parts = np.unravel_index(int(scores.argmax()), scores.shape)
    octaves = np.abs((np.log2(_GRID / _GRID[tempo]) + 0.5) % 1 - 0.5) < np.log2(1 + _NEAR)
    bars = likely[np.abs(np.log2(_GRID / _GRID[tempo])) < np.log2(1 + _NEAR)].sum((0, 2))
    threes = {bar: float(bars[place]) for place, bar in enumerate(BARS) if bar % 3 == 0}
    twos = {bar: float(bars[place]) for place, bar in enumerate(BARS) if bar % 3}
    return HeardBeat(
        float(_GRID[tempo]),
        float(likely[octaves].sum()),
        {True: max(threes, key=threes.__getitem__), False: max(twos, key=twos.__getitem__)},
        SUBDIVISIONS[int(parts)],
        float(np.log((sum(threes.values()) + _LEAST_ODDS) / (sum(twos.values()) + _LEAST_ODDS))),
    )


def same_tempo(one: float, other: float, *, octaves: bool = False) -> bool:
    """Whether two tempi are within four percent of each other, or one of half or twice the other."""
    factors = (0.5, 1.0, 2.0) if octaves else (1.0,)
    return any(abs(one / other / factor - 1) <= _NEAR for factor in factors)


def _scores(similar: dict[str, Likeness], strength: dict[str, Rates], weights: PulseWeights = WEIGHTS) -> Scores:
    """The logarithmic odds of each tempo, number of beats a bar and subdivision: shape (tempi, 4, 2)."""
    usual = np.log2(_GRID / _USUAL_BPM)
    shape = np.stack([np.ones(len(_GRID)), usual, np.square(usual)])
    slow, fast = np.maximum(np.log2(_SLOW_BPM / _GRID), 0), np.maximum(np.log2(_GRID / _FAST_BPM), 0)
    tempo = np.array(weights.tempo_prior) @ np.stack([usual, np.square(usual), slow, fast])
    for name, by_rate in weights.rates.items():
        for rate, weight in by_rate.items():
            tempo = tempo + weight * strength[name].of(rate / _PERIODS)
    for name, by_length in weights.after_beats.items():
        for length, weight in by_length.items():
            tempo = tempo + weight * similar[name].after(length * _PERIODS)
    bars = np.array(weights.bar_prior) @ shape
    for place, bar in enumerate(BARS):
        for name, by_length in weights.after_bars.items():
            for length, weight in by_length.items():
                # Bars of six are not asked for what comes after two: that is longer than music is kept in mind.
                if length * bar <= _LONGEST_BEATS:
                    bars[place] += weight * similar[name].after(length * bar * _PERIODS)
        for name, weight in weights.bar_rates.items():
            bars[place] += weight * strength[name].of(1 / (bar * _PERIODS))
    parts = np.array(weights.subdivision_prior) @ shape
    for place, count in enumerate(SUBDIVISIONS):
        for name, weight in weights.subdivision_rates.items():
            parts[place] += weight * strength[name].of(count / _PERIODS)
    scores: Scores = tempo[:, None, None] + bars.T[:, :, None] + parts.T[:, None, :] + np.array(weights.together)
    return scores

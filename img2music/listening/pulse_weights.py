"""What counts how much when a beat, a bar and its parts are chosen (`tempo_estimation`).

The weights are those of a conditional logistic model of 96 of our pieces, in all styles and their metres, and of 32 sounds made of plucked tones:
each tempo with each bar and subdivision is an answer, octaves of the right tempo are right by a third, and the mean log likelihood of what is right
was made largest, less half a hundredth of the squares of the weights. Heard in three parts, each with weights of the other two, the tempo or
its octave was right in 98 % of the pieces (all: 99 %), twos or threes in 97 %. `evals.studies.music.listening_accuracy` reports on others. Leaving
out the rates costs most: exact tempi fell from 95 to 73 % on the first 74 pieces.

Conventions: curves are "rise" (of loudness), "all" (onsets of all registers), "bass" (of the lowest), "chord" and "root" (how new the chroma and its
bass are). Rates are in multiples of the beat's, lengths in bars. Priors are of the octaves from 100 beats a minute.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BARS", "SUBDIVISIONS", "WEIGHTS", "PulseWeights"]

BARS = (2, 3, 4, 6)
SUBDIVISIONS = (2, 3)


@dataclass(frozen=True, slots=True)
class PulseWeights:
    """Logarithmic odds for each part of the evidence."""

    rates: dict[str, dict[float, float]]
    """Of a tempo: by curve and rate, what the strength there counts."""
    after_beats: dict[str, dict[float, float]]
    """The same of so many beats later, what the likeness counts."""
    after_bars: dict[str, dict[float, float]]
    """Of a number of beats a bar: by curve and so many bars later, what the likeness counts."""
    bar_rates: dict[str, float]
    """The same for the strength at the rate of bars."""
    subdivision_rates: dict[str, float]
    """Of a subdivision: what the strength at its rate counts."""
    tempo_prior: tuple[float, float, float, float]
    """Of octaves from the usual tempo, their square, octaves below the slow and above the fast one."""
    bar_prior: tuple[tuple[float, float, float], ...]
    """For each of `BARS`: a constant, what octaves from the usual tempo and what their square count."""
    subdivision_prior: tuple[tuple[float, float, float], ...]
    """The same for each of `SUBDIVISIONS`."""
    together: tuple[tuple[float, float], ...]
    """For each of `BARS` and each of `SUBDIVISIONS`."""


WEIGHTS = PulseWeights(
    rates={
        "rise": {
            1 / 4: -0.15,
            1 / 3: -0.24,
            0.5: -0.27,
            2 / 3: -0.23,
            1.0: 1.12,
            1.5: -0.39,
            2.0: 0.93,
            3.0: 0.5,
            4.0: 0.85,
            6.0: 0.22,
        },
        "all": {
            1 / 4: 0.0,
            1 / 3: -0.3,
            0.5: -0.29,
            2 / 3: -0.57,
            1.0: 1.03,
            1.5: -0.58,
            2.0: 1.09,
            3.0: 0.56,
            4.0: 0.68,
            6.0: 0.2,
        },
        "bass": {
            1 / 4: -0.12,
            1 / 3: 0.02,
            0.5: -0.14,
            2 / 3: -0.24,
            1.0: 1.01,
            1.5: -0.26,
            2.0: 0.71,
            3.0: 0.26,
            4.0: 0.28,
            6.0: 0.42,
        },
    },
    after_beats={
        "rise": {1.0: 0.83, 1.5: -0.37, 2.0: 0.51, 3.0: 0.28},
        "all": {1.0: 0.52, 1.5: -0.22, 2.0: 0.36, 3.0: 0.18},
        "bass": {1.0: -0.01, 1.5: -0.17, 2.0: 0.35, 3.0: 0.06},
    },
    after_bars={
        "rise": {0.5: 0.09, 1.0: 0.89, 2.0: 0.94},
        "all": {0.5: 0.2, 1.0: 0.49, 2.0: 0.6},
        "bass": {0.5: 0.18, 1.0: 1.04, 2.0: 0.6},
        "chord": {0.5: -0.2, 1.0: 2.08, 2.0: 1.21},
        "root": {0.5: 0.2, 1.0: 1.72, 2.0: 1.25},
    },
    bar_rates={"rise": 0.49, "all": 0.17, "bass": 0.94},
    subdivision_rates={"rise": 1.87, "all": 2.49, "bass": 1.58},
    tempo_prior=(-0.33, -0.7, -0.05, -0.06),
    bar_prior=((0.04, -0.7, 0.1), (0.26, 0.18, -0.32), (0.47, 0.1, -0.26), (-0.76, 0.09, -0.22)),
    subdivision_prior=((0.33, 0.09, -0.66), (-0.33, -0.42, -0.05)),
    together=((-0.68, 0.72), (0.46, -0.21), (1.04, -0.57), (-0.5, -0.26)),
)
"""Rounded."""

"""The mark by which takes are chosen: how much a tune with its chords is like people's songs, rather than like songs that were spoiled.

A logistic regression over the measurements of tune, returns and chords, fitted to tell songs of POP909 and OpenEWLD from the same songs
with their bars shuffled, phrases swapped, two bars looped, pitches drawn as a random walk or shuffled, chords in another order, or another
song's chords (`evals/learn/learn_take_mark.py` makes `assets/statistics/take_mark.json`, which names the sets). Each measurement counts
by how far it lies from people's mean and, bent, by how far on either side. Voice-leading faults are subtracted elsewhere: no lead sheet
shows them. Conventions: marks in 0..1; half of people's songs have more than .75. Knows no kind of music without a tune.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from math import exp
from typing import TYPE_CHECKING

from img2music.resources import asset_path

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MarkTerm", "load_mark_terms", "song_likeness"]

_FARTHEST = 3.0
"""Standard deviations beyond which a measurement counts no more: one odd number shall not decide."""
_FEWEST = 20
"""Measurements, of 32, below which a tune says too little to be marked."""


@dataclass(frozen=True, slots=True)
class MarkTerm:
    """What one measurement counts for: `slope` a standard deviation, `bend` for the square of it less 1."""

    mean: float
    deviation: float
    slope: float
    bend: float

    def log_odds(self, value: float) -> float:
        """What a value adds to the log-odds of being a song."""
        distance = min(_FARTHEST, max(-_FARTHEST, (value - self.mean) / self.deviation))
        return self.slope * distance + self.bend * (distance * distance - 1)


def song_likeness(values: Mapping[str, float | None]) -> float | None:
    """The mark, 0..1, of measurements by name; those that are None or unknown count as the mean. None where too few are known."""
    terms, centre, scale = load_mark_terms()
    known = [(terms[name], value) for name, value in values.items() if name in terms and value is not None]
    if len(known) < _FEWEST:
        return None
    odds = sum(term.log_odds(value) for term, value in known)
    return 1 / (1 + exp(-(odds - centre) / scale))


@cache
def load_mark_terms() -> tuple[Mapping[str, MarkTerm], float, float]:
    """The terms by measurement, and the centre and scale that bring people's songs to marks of .5 to .9."""
    content = json.loads(asset_path("statistics/take_mark.json").read_text(encoding="utf-8"))
    return {name: MarkTerm(**row) for name, row in content["terms"].items()}, content["centre"], content["scale"]

"""A measurement: a number about a piece that says what it means.

Conventions: "not measured" is None, never 0. `low`..`high` is the range the value can take, not the range that is good;
`better` says which way is good, where one is. A change of definition raises `version`, and a number is quoted with it.
`band` is where the middle four fifths of people's music lie: inside is like people, which is not the same as good.
Knows nothing of what is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Measurement"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number and its card."""

    name: str
    value: float | None
    unit: str
    """What 1 means: "0..1", "semitones", "notes a beat"."""
    explanation: str
    """One sentence for people: what was counted and what this value says."""
    version: int = 1
    low: float = 0.0
    high: float = 1.0
    better: Literal["higher", "lower", "inside", "neither"] = "higher"
    """"inside" is good inside `band`; "neither" is for comparison only."""
    traps: str = ""
    """How the number misleads."""
    band: tuple[float, float] | None = None
    """10th and 90th percentile of the same measurement in music by people; None where there is no such figure."""
    band_of: str = ""
    """Whose music the band was taken from."""

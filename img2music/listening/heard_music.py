"""What was found by listening: values that are guessed from samples, each with how sure that is.

Conventions: tempo in quarter notes a minute; metre as beats a bar, as they are felt; loudness in LUFS, peaks in dBTP; times in seconds;
confidence 0..1, where 1 is as sure as that estimator ever is. What could not be found is None, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from img2music.theory import Key

__all__ = ["Estimate", "HeardMusic", "ScoreAgreement"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Estimate(Generic[T]):
    """A value that was guessed from sound."""

    value: T | None
    """None where nothing could be found."""
    confidence: float
    """How sure it is, 0..1; 0 where nothing was found."""
    by: tuple[str, ...] = ()
    """Names of the estimators that agree on it: "BeatNet", "onset autocorrelation"."""


@dataclass(frozen=True, slots=True)
class HeardMusic:
    """What the ears find in a sound of which nothing else is known."""

    seconds: float
    loudness_lufs: float | None
    """Integrated; None for silence."""
    true_peak_dbtp: float | None
    tempo_bpm: Estimate[float]
    """Of the beat that is felt, which may be twice or half of what is written."""
    beats_per_bar: Estimate[int]
    key: Estimate[Key]
    beats_seconds: tuple[float, ...] = ()
    """When a beat is felt; empty where none is."""
    downbeats_seconds: tuple[float, ...] = ()
    tags: tuple[tuple[str, float], ...] = ()
    """Words of a network for the sound with their weight 0..1, the strongest first; empty without the extra `listen`."""


@dataclass(frozen=True, slots=True)
class ScoreAgreement:
    """How far a sound follows a performance whose notes are known."""

    chroma: float | None
    """Mean cosine of what sounds and what is played, twelve pitch classes a frame, 0..1, at the best lag; None where no pitch is played."""
    chroma_by_chance: float | None
    """The same against the performance moved in time, averaged over moves: what a sound in that key reaches without following."""
    onsets: float | None
    """F measure of onsets within 70 ms at that lag, 0..1."""
    onsets_by_chance: float | None
    lag_seconds: float | None
    """How much later the sound is than the performance; None where no lag fits better than others."""

"""A song as every reader of a corpus gives it: a melody over chords.

Conventions: times in exact quarter notes from the song's start, pitches MIDI numbers, pitch classes 0..11 above C. Bars are
given by where they begin, so that an upbeat is a short first bar. Repeats are not written out.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

    from evals.corpora.progression import Progression

__all__ = ["Song", "SongChord", "SongNote", "correlation", "in_training_half"]


@dataclass(frozen=True, slots=True)
class SongNote:
    """One sung note; ties are joined."""

    onset: Fraction
    duration: Fraction
    pitch: int

    @property
    def end(self) -> Fraction:
        """Where it stops."""
        return self.onset + self.duration


@dataclass(frozen=True, slots=True)
class SongChord:
    """A chord; `quality` in Harte's short names: maj, min, 7, maj7, min7, dim, hdim7, aug, sus4, maj6, 9 ..."""

    onset: Fraction
    root: int
    quality: str
    pitch_classes: tuple[int, ...]
    """From the root upwards."""
    bass: int


@dataclass(frozen=True, slots=True)
class Song:
    """A melody with its chords."""

    corpus: str
    name: str
    """Unique in its corpus; stable."""
    meter: str
    tonic: int
    is_minor: bool
    notes: tuple[SongNote, ...]
    """In order, none overlapping."""
    chords: tuple[SongChord, ...]
    bars: tuple[Fraction, ...]
    """Where each bar begins."""
    end: Fraction
    phrases: tuple[Fraction, ...] = ()
    """Where phrases begin, where the corpus says so."""
    letters: tuple[str, ...] = ()
    """The letter of each phrase: those of one letter share their tune."""

    def chord_at(self, place: Fraction) -> SongChord | None:
        """The chord that sounds at a place."""
        index = bisect_right([chord.onset for chord in self.chords], place) - 1
        return self.chords[index] if index >= 0 else None


def in_training_half(song: Song | Progression) -> bool:
    """Whether a song belongs to the half that statistics are learned from; the other half only judges.

    Decided by a stable hash of its name, so that every script parts the songs alike.
    """
    return blake2b(f"{song.corpus}/{song.name}".encode(), digest_size=1).digest()[0] % 2 == 0


def correlation(histogram: tuple[float, ...], tonic: int, profile: tuple[float, ...]) -> float:
    """Pearson's r of a pitch-class histogram (12 values above C) with a probe-tone profile set on `tonic`."""
    turned = [histogram[(tonic + step) % 12] for step in range(12)]
    mean, middle = sum(turned) / 12, sum(profile) / 12
    covariance = sum((one - mean) * (other - middle) for one, other in zip(turned, profile, strict=True))
    spread = sum((one - mean) ** 2 for one in turned) * sum((other - middle) ** 2 for other in profile)
    return float(covariance / spread**0.5) if spread else 0.0

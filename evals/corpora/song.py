"""A song as every reader of a corpus gives it: a melody over chords.

Conventions: times in exact quarter notes from the song's start, pitches MIDI numbers, pitch classes 0..11 above C. Bars are
given by where they begin, so that an upbeat is a short first bar. Repeats are not written out.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from img2music.theory.pitch import fifths_of, pitch_class

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["CorpusPiece", "Song", "SongChord", "SongNote", "in_training_half", "pitch_class_of"]


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


class CorpusPiece(Protocol):
    """Anything that a reader of a corpus gives: a song, a progression."""

    @property
    def corpus(self) -> str:
        """The corpus's short name."""

    @property
    def name(self) -> str:
        """Unique in its corpus; stable."""


def in_training_half(piece: CorpusPiece) -> bool:
    """Whether a piece belongs to the half that statistics are learned from; the other half only judges.

    Decided by a stable hash of its name, so that every script parts the songs alike.
    """
    return blake2b(f"{piece.corpus}/{piece.name}".encode(), digest_size=1).digest()[0] % 2 == 0


def pitch_class_of(name: str) -> int:
    """Semitones above C of a name with any number of accidentals: "Bb" is 10."""
    return pitch_class(fifths_of(name[0], name.count("#") - name.count("b")))

"""Harmony as every reader of chords gives it: phrases of bars of chords around a tonic.

Conventions: places are exact shares of a bar, 0 its beginning; roots and basses are pitch classes above C (0..11). Qualities
are Harte's short names as in `evals.corpora.song`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

    from evals.corpora.song import Song

__all__ = ["BarChord", "ChordPhrase", "Progression", "progression_of_song"]


@dataclass(frozen=True, slots=True)
class BarChord:
    """A chord that begins in a bar."""

    place: Fraction
    root: int
    quality: str
    bass: int


@dataclass(frozen=True, slots=True)
class ChordPhrase:
    """Consecutive bars; a bar that only holds the chord before it is empty."""

    tonic: int
    bars: tuple[tuple[BarChord, ...], ...]
    label: str = ""
    """What the annotator called the section: "verse", "chorus" ..."""


@dataclass(frozen=True, slots=True)
class Progression:
    """The harmony of one piece."""

    corpus: str
    name: str
    meter: str
    phrases: tuple[ChordPhrase, ...]
    is_minor: bool | None = None
    """None where the reader leaves it to the chords."""


def progression_of_song(song: Song, phrase_bars: int = 8) -> Progression:
    """A lead sheet's chords in groups of `phrase_bars`, which are the phrases of nearly all songs of that kind.

    An upbeat is left out. Chords tied over from a bar before do not appear again.
    """
    edges = [*song.bars, song.end]
    lengths = [end - begin for begin, end in pairwise(edges)]
    full = max(lengths, key=lengths.count)
    first = next((index for index, length in enumerate(lengths) if length == full), 0)
    bars: list[tuple[BarChord, ...]] = []
    for begin, end in pairwise(edges[first:]):
        chords = [chord for chord in song.chords if begin <= chord.onset < end]
        bars.append(tuple(BarChord((chord.onset - begin) / full, chord.root, chord.quality, chord.bass) for chord in chords))
    groups = [tuple(bars[place : place + phrase_bars]) for place in range(0, len(bars), phrase_bars)]
    phrases = tuple(ChordPhrase(song.tonic, group) for group in groups if len(group) == phrase_bars)
    return Progression(song.corpus, song.name, song.meter, phrases, song.is_minor)

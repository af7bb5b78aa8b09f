"""The score: notes as written.

Conventions: times are exact `Fraction` quarter notes from the start of the piece; pitch is a MIDI number beside its
spelling (for drums the General MIDI percussion key, spelled only for the page); velocity 1..127 is the written dynamic.
In one part no two events overlap: notes with the same onset and duration form a chord, everything else follows.
Keys, metres and tempi stand in maps (`theory`); the score knows nothing of files and sound.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

from img2music.theory.key_map import KeyMap
from img2music.theory.meter_map import MeterMap
from img2music.theory.tempo_map import TempoMap

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from img2music.theory import Instrument, Key, Meter, SpelledPitch
    from img2music.theory.instruments import Hand

__all__ = ["ChordSymbol", "Note", "Part", "Score", "ScoreSection", "Timed", "index_at"]

_ONSET = attrgetter("onset")


class Timed(Protocol):
    """What begins somewhere: a chord, a note, a phrase."""

    @property
    def onset(self) -> Fraction:
        """In quarter notes from the start of the piece."""


def index_at(timed: Sequence[Timed], onset: Fraction) -> int:
    """Which of `timed`, in order of onset, is the last to begin at `onset` or before; -1 where none does.

    Chords follow each other without gaps, so of chords it is the one that sounds there.
    """
    return bisect_right(timed, onset, key=_ONSET) - 1


@dataclass(frozen=True, slots=True)
class Note:
    """One written note."""

    onset_quarters: Fraction
    duration_quarters: Fraction
    pitch: int
    spelling: SpelledPitch
    velocity: int
    articulation: str = ""
    """"", "staccato", "tenuto" or "accent"."""
    microtiming_quarters: float | None = None
    """How much later than written somebody really played it (negative: earlier); None leaves the timing to the performer."""

    @property
    def end_quarters(self) -> Fraction:
        """Where the note stops."""
        return self.onset_quarters + self.duration_quarters


@dataclass(frozen=True, slots=True)
class Part:
    """An instrument's line, in the order of the page."""

    name: str
    """Only shown."""
    instrument: Instrument
    role: str
    notes: tuple[Note, ...]
    """Sorted by onset, then pitch."""
    level_db: float = 0.0
    pan: float = 0.0
    id: str = ""
    """That of the plan's part; empty takes the name."""
    hand: Hand | None = None
    """Which hand of a player plays it; the hands of one instrument are one player."""

    def __post_init__(self) -> None:
        if not self.id:
            object.__setattr__(self, "id", self.name)

    def __repr__(self) -> str:
        return f"Part({self.name!r}, {self.instrument.name}, {self.role}, {len(self.notes)} notes)"


@dataclass(frozen=True, slots=True)
class ChordSymbol:
    """A chord above the page."""

    onset_quarters: Fraction
    symbol: str
    """"Dm7"."""
    numeral: str
    """"ii7"."""


@dataclass(frozen=True, slots=True)
class ScoreSection:
    """Where a section begins; `dynamic` is the mark written there ("p", "mf" ...)."""

    name: str
    first_bar: int
    bars: int
    energy: float
    dynamic: str
    phrase_bars: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """A whole piece as written. Bars are counted from 0."""

    title: str
    key_map: KeyMap
    meter_map: MeterMap
    tempo_map: TempoMap
    bars: int
    parts: tuple[Part, ...]
    chords: tuple[ChordSymbol, ...] = ()
    sections: tuple[ScoreSection, ...] = ()
    subtitle: str = field(default="")

    @classmethod
    def steady(
        cls, title: str, key: Key, meter: Meter, tempo_bpm: float, bars: int, parts: tuple[Part, ...], **other: Any
    ) -> Score:
        """A score in one key, metre and tempo; `other` are its other fields."""
        maps = KeyMap.constant(key), MeterMap.constant(meter), TempoMap.constant(tempo_bpm)
        return cls(title, *maps, bars, parts, **other)

    def __repr__(self) -> str:
        parts = ", ".join(f"{part.name} ({len(part.notes)} notes)" for part in self.parts)
        return f"Score({self.title!r}, {self.key.name}, {self.meter.name}, {self.tempo_bpm:.4g} bpm, {self.bars} bars: {parts})"

    @property
    def key(self) -> Key:
        """The key at the beginning."""
        return self.key_map.key

    @property
    def meter(self) -> Meter:
        """The metre at the beginning."""
        return self.meter_map.meter

    @property
    def tempo_bpm(self) -> float:
        """The tempo at the beginning."""
        return self.tempo_map.bpm

    @property
    def duration_quarters(self) -> Fraction:
        """Length of all bars."""
        return self.meter_map.bar_onset(self.bars)

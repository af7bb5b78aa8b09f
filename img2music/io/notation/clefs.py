"""Clefs, and which of them keeps a part's notes near its staff.

Conventions: pitches are MIDI numbers as they sound; an octave clef stands for the octaves between what is read and what sounds. A part
keeps one clef throughout: one that changed with every phrase would be harder to read than a few ledger lines. An instrument's own
clef stands in `theory.instruments`. Knows nothing of bars and file formats.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from img2music.score import Part

__all__ = ["CLEFS", "Clef", "clef_of"]


@dataclass(frozen=True, slots=True)
class Clef:
    """A clef: its MusicXML sign and line, the octaves it shifts, and the MIDI number of the staff's middle line."""

    name: str
    sign: str
    line: int
    octave_change: int
    middle: int


CLEFS: dict[str, Clef] = {
    clef.name: clef
    for clef in (
        Clef("treble", "G", 2, 0, 71),
        Clef("bass", "F", 4, 0, 50),
        Clef("alto", "C", 3, 0, 60),
        Clef("treble8", "G", 2, -1, 59),
        Clef("treble8up", "G", 2, 1, 83),
        Clef("bass8", "F", 4, -1, 38),
        Clef("percussion", "percussion", 2, 0, 50),
    )
}
"""By name, as `theory.instruments` calls them."""
_CHOICES = ("treble", "bass", "bass8", "treble8up")
_HALF_STAFF = 7  # semitones from the middle line to an edge
_WORTH_A_CHANGE = 2.0  # semitones on average


def clef_of(part: Part) -> Clef:
    """The instrument's own clef, unless another one brings the part's notes clearly nearer to the staff."""
    own = CLEFS[part.instrument.clef]
    if part.instrument.kit or not part.notes:
        return own
    best = min((CLEFS[name] for name in _CHOICES), key=lambda clef: _beyond(part, clef))
    return best if _beyond(part, best) + _WORTH_A_CHANGE <= _beyond(part, own) else own


def _beyond(part: Part, clef: Clef) -> float:
    """How far notes stand above or below the staff, in semitones on average."""
    return fmean(max(0, abs(note.pitch - clef.middle) - _HALF_STAFF) for note in part.notes)

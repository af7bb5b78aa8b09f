"""What a visitor may change in a take: one record for each kind of edit.

Values are checked where they are applied (`edit_plan`), against the take they are meant for. Parts go by their id, sections by
their name, bars from 1 in their section. Knows nothing of how an edit is carried out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from img2music.errors import DocumentError

if TYPE_CHECKING:
    from img2music.app.session.choices import Choices

__all__ = [
    "Edit",
    "PlanText",
    "PlanTextError",
    "SetAffect",
    "SetChord",
    "SetEnergy",
    "SetInstrument",
    "SetKey",
    "SetLevel",
    "SetSubject",
    "SetTempo",
    "SetWishes",
    "Transpose",
]


@dataclass(frozen=True, slots=True)
class SetAffect:
    """Another feeling, -1 to 1 each; the suggestions are made again from it and the piece is planned anew."""

    valence: float
    arousal: float


@dataclass(frozen=True, slots=True)
class SetSubject:
    """Another subject than the eye saw ("forest", "violin", "not sure"); likewise."""

    text: str


@dataclass(frozen=True, slots=True)
class SetWishes:
    """Other choices; the piece is planned anew from the same scene."""

    choices: Choices


@dataclass(frozen=True, slots=True)
class SetTempo:
    """Another tempo in quarter notes a minute; the notes stay."""

    bpm: float


@dataclass(frozen=True, slots=True)
class SetKey:
    """Another key, with its mode; the notes go there, by scale degrees where the mode is another."""

    key: str


@dataclass(frozen=True, slots=True)
class Transpose:
    """All pitched notes by so many semitones, -24 to 24."""

    semitones: int


@dataclass(frozen=True, slots=True)
class SetEnergy:
    """How loud and full a section is, 0 to 1; one number, or one a bar. Its tune stays."""

    section: str
    energy: float | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SetChord:
    """Other chords in one bar, as roman numerals ("ii7 V7"); the notes of all other bars stay."""

    section: str
    bar: int
    """From 1 in the section."""
    numerals: str


@dataclass(frozen=True, slots=True)
class SetInstrument:
    """Another player for a part; its notes stay, by octaves where the instrument needs it."""

    part: str
    name: str


@dataclass(frozen=True, slots=True)
class SetLevel:
    """Another place in the mix: level in dB, -40 to 12, and pan, -1 left to 1 right; None leaves it."""

    part: str
    level_db: float | None = None
    pan: float | None = None


@dataclass(frozen=True, slots=True)
class PlanText:
    """The whole plan as text, JSON or YAML, as a person edits it."""

    text: str


Edit: TypeAlias = (
    SetAffect
    | SetSubject
    | SetWishes
    | SetTempo
    | SetKey
    | Transpose
    | SetEnergy
    | SetChord
    | SetInstrument
    | SetLevel
    | PlanText
)


class PlanTextError(DocumentError):
    """A plan's text that is none; the take stays as it is."""

    def __init__(self, line: int, column: int, message: str) -> None:
        """`line` and `column` count from 1; `message` is one sentence that says what would be right."""
        super().__init__(f"line {line}, column {column}: {message}")
        self.line, self.column, self.message = line, column, message

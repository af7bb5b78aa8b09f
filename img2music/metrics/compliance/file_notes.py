"""What a file says and what sounds in it, whatever its format: notes, and marks that hold from a place on.

Labels (tempo, metre, key signature) are kept apart from notes, so that one can be held against the other. Conventions: onsets and durations
in quarter notes, programs 0-based. Knows nothing of what was asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "PLACE_QUARTERS",
    "FilePart",
    "Mark",
    "Marks",
    "SoundingNote",
    "ordered_marks",
    "pitched_notes",
    "single_value",
    "values_between",
]

T = TypeVar("T")
PLACE_QUARTERS = 0.01
"""Nearer than this two places are one: files count in whole ticks or divisions."""


class Mark(NamedTuple, Generic[T]):
    """What a file says from a place on: a tempo, a metre, a key."""

    onset_quarters: float
    value: T


Marks = tuple[Mark[T], ...]
"""In order. Where parts of a file disagree, two stand at one place."""


def ordered_marks(marks: Iterable[Mark[T]]) -> Marks[T]:
    """Marks in order, each said once: every part of a page repeats them."""
    return tuple(sorted(dict.fromkeys(marks), key=lambda mark: mark.onset_quarters))


def values_between(marks: Sequence[Mark[T]], begin: float, end: float) -> list[T]:
    """What holds from `begin` to before `end`, in order; empty where nothing is said before `end`.

    Two marks at one place both count; of neighbours that say the same only one.
    """
    before = [mark for mark in marks if mark.onset_quarters <= begin + PLACE_QUARTERS]
    there = [mark for mark in before if mark.onset_quarters == before[-1].onset_quarters]
    there += [mark for mark in marks if begin + PLACE_QUARTERS < mark.onset_quarters < end - PLACE_QUARTERS]
    return [mark.value for place, mark in enumerate(there) if not place or mark.value != there[place - 1].value]


@dataclass(frozen=True, order=True, slots=True)
class SoundingNote:
    """One note as a file has it; of a kit `pitch` is a drum. Tied notes are several."""

    onset_quarters: float
    duration_quarters: float
    pitch: int
    name: str = ""
    """Its letter and sign as written, "G#"; "" where the file does not spell."""
    velocity: int = field(default=0, compare=False)
    """How hard it is struck, 1..127; 0 where the file does not say."""

    @property
    def end_quarters(self) -> float:
        """Where it stops."""
        return self.onset_quarters + self.duration_quarters


@dataclass(frozen=True, slots=True)
class FilePart:
    """The notes that one part plays with one sound."""

    program: int
    is_kit: bool
    notes: tuple[SoundingNote, ...]


def pitched_notes(lines: Iterable[FilePart]) -> tuple[SoundingNote, ...]:
    """Every note but the drums', in order."""
    return tuple(sorted(note for line in lines if not line.is_kit for note in line.notes))


def single_value(values: set[T]) -> T | None:
    """The value where there is just one."""
    return next(iter(values)) if len(values) == 1 else None

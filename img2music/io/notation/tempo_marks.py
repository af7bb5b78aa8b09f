"""Marks of tempo as a page shows them: "♩ = 96" where the tempo is set, "rit." and "accel." where it glides.

A mark stands at the beginning, wherever the tempo becomes another, and where the beat that is counted does: a metre of dotted beats (6/8, 9/8,
12/8) is counted in dotted quarters. A glide has its word where it begins and the new mark where it arrives, and none on its way.
Conventions: onsets in quarter notes from the start of the piece; tempo in quarter notes a minute. Every file that shows tempo shows these
marks and no others. Knows nothing of formats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

    from img2music.theory.meter_map import MeterMap
    from img2music.theory.tempo_map import TempoMap

__all__ = ["Glide", "TempoMark", "glides", "tempo_marks"]


@dataclass(frozen=True, slots=True)
class TempoMark:
    """A tempo that is set."""

    onset_quarters: Fraction
    bpm: float
    is_dotted: bool
    """Whether dotted quarters are counted."""

    @property
    def beat(self) -> str:
        """The note that is counted."""
        return "♩." if self.is_dotted else "♩"

    @property
    def count(self) -> float:
        """How many of them a minute has."""
        return self.bpm * 2 / 3 if self.is_dotted else self.bpm

    @property
    def text(self) -> str:
        """As people write it: whole where it is nearly so, "ca." where it is not."""
        return f"{self.beat} = {f'{self.count:g}' if self.count == round(self.count) else f'ca. {round(self.count)}'}"


@dataclass(frozen=True, slots=True)
class Glide:
    """A stretch in which the tempo changes little by little."""

    onset_quarters: Fraction
    end_quarters: Fraction
    word: str
    """"accel." or "rit."."""


def tempo_marks(tempi: TempoMap, meters: MeterMap) -> tuple[TempoMark, ...]:
    """Every tempo that a page shows, in order."""
    passed = {
        point.onset_quarters
        for glide in tempi.glides
        for point in tempi.points
        if glide.onset_quarters < point.onset_quarters < glide.end_quarters
    }
    set_at = {point.onset_quarters: point.bpm for point in tempi.points if point.onset_quarters not in passed}
    dotted_at = {point.onset_quarters: point.meter.is_compound for point in meters.points}
    inside = iter(glides(tempi))
    glide = next(inside, None)
    marks: list[TempoMark] = []
    is_dotted = False
    for onset in sorted(set_at.keys() | dotted_at.keys()):
        is_dotted = dotted_at.get(onset, is_dotted)
        while glide is not None and glide.end_quarters <= onset:
            glide = next(inside, None)
        if onset not in set_at and glide is not None and glide.onset_quarters < onset:
            continue  # what is counted there changes all the time; the mark waits for the arrival
        mark = TempoMark(onset, set_at.get(onset, tempi.bpm_at(onset)), is_dotted)
        if not marks or (marks[-1].bpm, marks[-1].is_dotted) != (mark.bpm, mark.is_dotted):
            marks.append(mark)
    return tuple(marks)


def glides(tempi: TempoMap) -> tuple[Glide, ...]:
    """Where the tempo glides, in order."""
    return tuple(Glide(glide.onset_quarters, glide.end_quarters, "accel." if glide.rises else "rit.") for glide in tempi.glides)

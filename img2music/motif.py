"""The ideas of a composition: its motif, and what a letter of the form does with one of its own.

Conventions: steps are letters of the scale, 0 the motif's first note; rhythm in quarter notes. Knows nothing of pitches.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, model_validator

from img2music.strict_model import StrictModel

__all__ = ["Development", "Material", "Motif"]

Unit = Annotated[float, Field(ge=0, le=1)]
Development = Literal["repetition", "sequence", "inversion", "fragment", "augmentation"]
"""What a bar makes of the motif: the same again, a step away, upside down, its head twice, twice as slow."""


class Motif(StrictModel):
    """The smallest idea the piece grows from."""

    steps: Annotated[tuple[Annotated[int, Field(ge=-14, le=14)], ...], Field(min_length=2, max_length=12)]
    """Scale steps above the motif's first note, which is 0."""
    rhythm: Annotated[tuple[Annotated[float, Field(ge=1 / 24, le=8)], ...], Field(min_length=2, max_length=12)]
    """Durations in quarter notes, one for each step; on a grid of 1/24."""

    @model_validator(mode="after")
    def _same_length(self) -> Motif:
        if len(self.steps) != len(self.rhythm):
            raise ValueError(
                f"a motif needs as many durations as steps, not {len(self.rhythm)} and {len(self.steps)}; make them equal"
            )
        return self

    @property
    def durations(self) -> tuple[Fraction, ...]:
        """The rhythm as exact quarter notes."""
        return tuple(Fraction(round(duration * 24), 24) for duration in self.rhythm)


class Material(StrictModel):
    """What one letter of the form is made of, where it has something of its own."""

    letter: Annotated[str, Field(min_length=1, max_length=200)]
    """The `Section.material` that it belongs to."""
    motif: Motif | None = None
    """None takes the piece's motif; a contrast then turns it upside down."""
    contour: Annotated[tuple[Unit, ...], Field(min_length=2, max_length=64)] | None = None
    """The line its tune follows, low to high; None takes the piece's."""
    development: Annotated[tuple[Development, ...], Field(max_length=16)] = ()
    """What the bars after the motif do with it, in this order and round again; empty leaves it to the composer."""

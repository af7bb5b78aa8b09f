"""What a model that sees must answer.

The answer (schema "scene/1") names what the model sees, each with a place in the picture, and then decides, reasons before values:
a model that has to name its grounds first invents less. It can say nothing but music: no field holds an order, a path or an address,
and every text is short. What becomes of it is in `scene_from_answer`.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, Field

from img2music.errors import UsageError
from img2music.io.style_files import style_names
from img2music.strict_model import StrictModel
from img2music.theory import METERS, instrument_names

__all__ = ["DECISIONS", "Observation", "SceneAnswer"]

T = TypeVar("T")


def _one_of(names: tuple[str, ...], what: str) -> Any:
    def check(value: str) -> str:
        if value not in names:
            raise UsageError(f"{value[:40]!r} is no {what}; take one of those that were listed")
        return value

    return AfterValidator(check)


def _listed(names: tuple[str, ...]) -> Any:
    return Field(json_schema_extra=lambda schema: schema.update(enum=list(names)))


class Observation(StrictModel):
    """One thing in the picture."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,30}$", max_length=31)]
    text: Annotated[str, Field(min_length=1, max_length=160)]
    box: Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=4, max_length=4)]
    """Left, top, width, height in fractions of the picture."""


class _Decision(StrictModel, Generic[T]):
    because: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=4)]
    """None for what has no reason; then it counts for little."""
    value: T
    confidence: Annotated[float, Field(ge=0, le=1)]


_Feeling = Annotated[float, Field(ge=-1, le=1)]
_Style = Annotated[str, _one_of(style_names(), "style"), _listed(style_names())]
_Instrument = Annotated[str, _one_of(instrument_names(), "instrument"), _listed(instrument_names())]


class SceneAnswer(StrictModel):
    """The schema "scene/1"."""

    observations: Annotated[list[Observation], Field(min_length=1, max_length=8)]
    valence: _Decision[_Feeling]
    arousal: _Decision[_Feeling]
    mood: _Decision[Annotated[list[Annotated[str, Field(pattern=r"^[a-z][a-z -]{1,24}$")]], Field(min_length=1, max_length=4)]]
    tempo_bpm: _Decision[Annotated[int, Field(ge=40, le=220)]]
    key: _Decision[Literal["C", "C#", "Db", "D", "Eb", "E", "F", "F#", "Gb", "G", "Ab", "A", "Bb", "B"]]
    mode: _Decision[Literal["lydian", "major", "mixolydian", "dorian", "minor", "phrygian"]]
    meter: _Decision[Annotated[str, _one_of(METERS, "metre"), _listed(METERS)]]
    genre: _Decision[_Style]
    instruments: _Decision[Annotated[list[_Instrument], Field(min_length=1, max_length=6)]]


DECISIONS = tuple(name for name in SceneAnswer.model_fields if name != "observations")
"""The attributes that a model is asked for."""

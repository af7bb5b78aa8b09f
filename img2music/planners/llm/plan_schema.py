"""What a model that plans must answer, in three sizes.

    plan/1      a whole composition, for models that can compose
    changes/1   what to change in a sound draft, for models that can judge
    choice/1    one of some whole sound plans, with a title and a note, for models that can write a sentence

Reasons come before what they are for. The classes say what can be said to a grammar; what needs music (numerals, sums, citations) is
checked in `settle_plan`. Conventions as in `img2music.plan`, but density is 0..1 inside the style's own range.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from img2music.io.style_files import style_names
from img2music.strict_model import StrictModel
from img2music.theory import METERS, instrument_names

__all__ = [
    "MOST_CHOICES",
    "ChangedSection",
    "ChangesAnswer",
    "ChoiceAnswer",
    "PlanAnswer",
    "Record",
    "WireMotif",
    "WirePart",
    "WireReason",
    "WireSection",
]

MOST_CHOICES = 4
_KEY = r"^[A-G](#|b)? (major|minor|dorian|phrygian|lydian|mixolydian)$"
_NUMERALS = r"^[b#IViv+oø°0-9a-z/]{1,10}( [b#IViv+oø°0-9a-z/]{1,10}){0,3}$"
_TEXT = r"^[^\x00-\x1f<>]*$"
Unit = Annotated[float, Field(ge=0, le=1)]
Title = Annotated[str, Field(min_length=1, max_length=60, pattern=_TEXT)]
Sentence = Annotated[str, Field(min_length=1, max_length=300, pattern=_TEXT)]
Name = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9 '-]+$")]
Bar = Annotated[str, Field(max_length=60, json_schema_extra={"pattern": _NUMERALS})]
"""The pattern is for grammars; a bar that does not keep it costs the bar, not its section."""
StyleName = Annotated[str, Field(json_schema_extra=lambda schema: schema.update(enum=list(style_names())))]
MeterName = Annotated[str, Field(json_schema_extra=lambda schema: schema.update(enum=list(METERS)))]
InstrumentName = Annotated[str, Field(json_schema_extra=lambda schema: schema.update(enum=list(instrument_names())))]
Tempo = Annotated[int, Field(ge=30, le=240)]
Key = Annotated[str, Field(pattern=_KEY)]
Step = Annotated[int, Field(ge=-14, le=14)]
LENGTHS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
Length = Annotated[float, Field(ge=0.25, le=4, json_schema_extra=lambda schema: schema.update(enum=list(LENGTHS)))]
Contour = Annotated[list[Unit], Field(min_length=4, max_length=12)]
Choice = Literal[
    "style", "key", "mode", "metre", "tempo", "form", "harmony", "instruments", "motif", "density", "title", "mood"
]  # fmt: skip


class Record(StrictModel):
    """Strict."""


class WireReason(Record):
    """Why."""

    choice: Choice
    because: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=4)]
    text: Sentence


class WireMotif(Record):
    """As many lengths as steps."""

    steps: Annotated[list[Step], Field(min_length=2, max_length=8)]
    lengths: Annotated[list[Length], Field(min_length=2, max_length=8)]


class WireSection(Record):
    """A stretch of the form; sections of one letter share their tune."""

    name: Name
    letter: Literal["intro", "A", "B", "C", "D", "outro"]
    role: Literal["intro", "theme", "contrast", "return", "outro"]
    energy: Unit
    bars: Annotated[list[Bar], Field(min_length=1, max_length=24)]


class WirePart(Record):
    """A player; it rests in sections of less energy than `from_energy`."""

    instrument: InstrumentName
    role: Literal["melody", "counter", "chords", "arpeggio", "pad", "bass", "drums"]
    from_energy: Unit


class PlanAnswer(Record):
    """The schema "plan/1"."""

    idea: Sentence
    reasons: Annotated[list[WireReason], Field(min_length=1, max_length=10)]
    title: Title
    style: StyleName
    key: Key
    meter: MeterName
    tempo_bpm: Tempo
    density: Unit
    motif: WireMotif
    contour: Contour
    sections: Annotated[list[WireSection], Field(min_length=1, max_length=12)]
    parts: Annotated[list[WirePart], Field(min_length=1, max_length=8)]


class ChangedSection(Record):
    """A section of the draft, by name: its new energy and all its bars; an empty list leaves the bars as they are."""

    name: Name
    energy: Unit
    bars: Annotated[list[Bar], Field(max_length=32)]


class ChangesAnswer(Record):
    """The schema "changes/1": null leaves a thing as it is in the draft."""

    reasons: Annotated[list[WireReason], Field(min_length=1, max_length=10)]
    title: Title
    idea: Sentence
    key: Key | None
    tempo_bpm: Tempo | None
    density: Unit | None
    motif: WireMotif | None
    contour: Contour | None
    sections: Annotated[list[ChangedSection], Field(max_length=12)]
    parts: Annotated[list[WirePart], Field(max_length=8)]
    """Empty leaves the band as it is."""


class ChoiceAnswer(Record):
    """The schema "choice/1"."""

    note: Annotated[str, Field(pattern=r"^[A-Z][a-zA-Z', -]{19,99}[.]$")]
    title: Annotated[str, Field(pattern=r"^[A-Z][a-zA-Z' ]{3,29}$")]
    choice: Annotated[int, Field(ge=1, le=MOST_CHOICES)]

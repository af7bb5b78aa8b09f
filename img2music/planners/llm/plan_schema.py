"""What a model that plans must answer, in three sizes.

    plan/2      a whole composition that moves: its sections may have their own key, metre, tempo, loudness, players, hits
    plan/1      the same in one key, metre and tempo
    changes/1   what to change in a sound draft, for models that can judge
    choice/1    one of some whole sound plans, with a title and a note, for models that can write a sentence

Reasons come before what they are for. The classes say what can be said to a grammar; what needs music (numerals, sums, citations) is
checked in `settle_plan`. Conventions as in `img2music.plan`, but density is 0..1 inside the style's own range, and beats are counted from 1
as musicians do, up to the metre's upper number.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from img2music.io.style_files import style_names
from img2music.section import Action, Development, Texture
from img2music.strict_model import StrictModel
from img2music.theory import METERS, instrument_names

__all__ = [
    "MOST_CHOICES",
    "ChangedSection",
    "ChangesAnswer",
    "ChoiceAnswer",
    "Ending",
    "Mark",
    "MovingPlanAnswer",
    "MovingSection",
    "PlanAnswer",
    "Record",
    "WireDynamics",
    "WireHit",
    "WireMaterial",
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
Mark = Literal["pp", "p", "mp", "mf", "f", "ff"]
Ending = Literal["cut", "fade", "ring", "ritardando", "hold"]
"""How a section ends: all stop on its last beat; it grows softer; its last sound rings; it slows down; its last chord is held beyond its time."""
Player = Annotated[str, Field(max_length=40)]
"""An instrument or a role of the band."""
Cue = Annotated[str, Field(max_length=40)]
Choice = Literal[
    "style", "key", "mode", "metre", "tempo", "form", "harmony", "instruments", "motif", "density", "title", "mood"
]  # fmt: skip


class Record(StrictModel):
    """Strict."""


class WireReason(Record):
    """Why."""

    choice: Choice
    because: Annotated[list[Cue], Field(max_length=4)]
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


class WireDynamics(Record):
    """From one loudness to another over the section's bars."""

    start: Mark | Unit
    end: Mark | Unit


class WireHit(Record):
    """A moment that the music must mark: a blow of all, an entry, or silence to the bar line."""

    bar: Annotated[int, Field(ge=1, le=24)]
    """Of the section, from 1."""
    beat: Annotated[float, Field(ge=1, le=12.75)]
    action: Action = "accent"
    strength: Unit = 1.0
    because: Annotated[list[Cue], Field(max_length=2)] = Field(default_factory=list)


class MovingSection(WireSection):
    """A stretch of the form that may move: what is null or empty is as in the rest of the piece."""

    key: Key | None = None
    meter: MeterName | None = None
    tempo_bpm: Tempo | None = None
    tempo_end_bpm: Tempo | None = None
    """The tempo to which the section glides."""
    dynamics: WireDynamics | None = None
    tune_by: Player | None = None
    silent: Annotated[list[Player], Field(max_length=6)] = Field(default_factory=list)
    texture: Texture | None = None
    ending: Ending | None = None
    hits: Annotated[list[WireHit], Field(max_length=6)] = Field(default_factory=list)


class WireMaterial(Record):
    """What a letter has of its own: its motif, its line, what its bars do with the motif."""

    letter: Literal["A", "B", "C", "D"]
    motif: WireMotif | None = None
    contour: Contour | None = None
    development: Annotated[list[Development], Field(max_length=4)] = Field(default_factory=list)


class MovingPlanAnswer(Record):
    """The schema "plan/2". The band stands before the sections, which name its players."""

    idea: Sentence
    reasons: Annotated[list[WireReason], Field(min_length=1, max_length=10)]
    title: Title
    style: StyleName
    key: Key
    meter: MeterName
    tempo_bpm: Tempo
    density: Unit
    parts: Annotated[list[WirePart], Field(min_length=1, max_length=8)]
    motif: WireMotif
    contour: Contour
    materials: Annotated[list[WireMaterial], Field(max_length=4)] = Field(default_factory=list)
    sections: Annotated[list[MovingSection], Field(min_length=1, max_length=12)]


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

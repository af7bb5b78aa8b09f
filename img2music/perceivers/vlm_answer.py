"""What a model that sees must answer, and what becomes of it: a scene beside the measured one.

The answer (schema "scene/1") names what the model sees, each with a place in the picture, and then decides, reasons before values:
a model that has to name its grounds first invents less. It can say nothing but music: no field holds an order, a path or an address,
and every text is short. What it cites must be a measured cue, a colour, or one of its own observations; anything else is kept as
`unfounded` and counts for nothing.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from img2music.correspondences.telling import citable
from img2music.errors import UsageError
from img2music.io.styles import style_names
from img2music.scene import Box, Cue, MusicalAttributes, Scene
from img2music.theory import METERS, instrument_names

__all__ = ["SceneAnswer", "Seen", "read_scene"]

_UNSURE = 0.2
"""Confidence at most of a decision that cites nothing that is there. Our choice."""
T = TypeVar("T")


def _one_of(names: tuple[str, ...], what: str) -> Any:
    def check(value: str) -> str:
        if value not in names:
            raise UsageError(f"{value[:40]!r} is no {what}; take one of those that were listed")
        return value

    return AfterValidator(check)


def _listed(names: tuple[str, ...]) -> Any:
    return Field(json_schema_extra=lambda schema: schema.update(enum=list(names)))


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Observation(_Record):
    """One thing in the picture."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,30}$")]
    text: Annotated[str, Field(min_length=1, max_length=160)]
    box: Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=4, max_length=4)]
    """Left, top, width, height in fractions of the picture."""


class _Decision(_Record, Generic[T]):
    because: Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1, max_length=4)]
    value: T
    confidence: Annotated[float, Field(ge=0, le=1)]


_Feeling = Annotated[float, Field(ge=-1, le=1)]
_Style = Annotated[str, _one_of(style_names(), "style"), _listed(style_names())]
_Instrument = Annotated[str, _one_of(instrument_names(), "instrument"), _listed(instrument_names())]


class SceneAnswer(_Record):
    """The schema "scene/1"."""

    observations: Annotated[list[Observation], Field(min_length=1, max_length=8)]
    valence: _Decision[_Feeling]
    arousal: _Decision[_Feeling]
    mood: _Decision[Annotated[list[Annotated[str, Field(pattern=r"^[a-z][a-z -]{1,24}$")]], Field(min_length=1, max_length=4)]]
    tempo_bpm: _Decision[Annotated[int, Field(ge=40, le=200)]]
    key: _Decision[Literal["C", "C#", "Db", "D", "Eb", "E", "F", "F#", "Gb", "G", "Ab", "A", "Bb", "B"]]
    mode: _Decision[Literal["lydian", "major", "mixolydian", "dorian", "minor", "phrygian"]]
    meter: _Decision[Annotated[str, _one_of(METERS, "metre"), _listed(METERS)]]
    genre: _Decision[_Style]
    instruments: _Decision[Annotated[list[_Instrument], Field(min_length=1, max_length=6)]]


class Seen:
    """A scene from an answer, with the counts for the journal."""

    def __init__(self, scene: Scene, mended: tuple[str, ...], citations: int, unfounded: int) -> None:
        """`mended` says what was put right."""
        self.scene = scene
        self.mended = mended
        self.citations = citations
        self.unfounded = unfounded


def read_scene(answer: SceneAnswer, measured: Scene) -> Seen:
    """The scene: what was measured stays, the model's observations come beside it, its decisions take the attributes' place."""
    mended: list[str] = []
    known = citable(measured.cues, measured.colours)
    renamed: dict[str, str] = {}
    cues: list[Cue] = []
    for seen in answer.observations:
        name = seen.name if seen.name not in known else f"seen_{seen.name}"
        if name in renamed.values():
            mended.append(f"two observations are called {seen.name!r}; the second was left out")
            continue
        if name != seen.name:
            mended.append(f"the observation {seen.name!r} has the name of a measured cue and is called {name!r}")
        renamed.setdefault(seen.name, name)
        cues.append(Cue(name=name, value=seen.text, unit="words", text=seen.text, box=_box(seen, mended), source="model"))
    # A name that both use means the model's own observation: it has just said what it means by it.
    names = {**{name: name for name in known}, **renamed}
    attributes, citations, unfounded = {}, 0, 0
    for field in SceneAnswer.model_fields:
        if field == "observations":
            continue
        decision = getattr(answer, field)
        cited = tuple(dict.fromkeys(decision.because))
        there = tuple(dict.fromkeys(names[name] for name in cited if name in names))
        missing = tuple(name for name in cited if name not in names)
        citations, unfounded = citations + len(cited), unfounded + len(missing)
        if missing:
            mended.append(f"{field} cites {', '.join(map(repr, missing))}, which is not there")
        attributes[field] = {
            "value": decision.value,
            "because": there,
            "confidence": decision.confidence if there else min(_UNSURE, decision.confidence),
            "strengths": {name: round(1 / len(there), 3) for name in there},
            "source": "model",
            "unfounded": missing,
        }
    own = measured.attributes
    scene = measured.model_copy(
        update={
            "cues": (*measured.cues, *cues),
            "attributes": MusicalAttributes.model_validate({**own.model_dump(), **attributes}),
            "measured": own,
            "seal": None,
        }
    )
    return Seen(Scene.model_validate(scene.model_dump()), tuple(mended), citations, unfounded)


def _box(seen: Observation, mended: list[str]) -> Box | None:
    left, top, width, height = seen.box
    if width == 0 or height == 0:
        mended.append(f"the place of {seen.name!r} has no size and was left out")
        return None
    if left + width > 1 or top + height > 1:
        mended.append(f"the place of {seen.name!r} reaches out of the picture and was cut")
        width, height = min(width, 1 - left), min(height, 1 - top)
    return Box(x=left, y=top, width=width, height=height) if width > 0 and height > 0 else None

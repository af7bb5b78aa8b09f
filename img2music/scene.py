"""What was seen in a picture, and what it suggests for music.

A *cue* is one measured or recognised fact, with its place in the picture where it has one. An *attribute* is a musical
suggestion that cites cues by name. Both are saved as `scene.json`, which a person or a model may edit: it is checked
when it comes back.

A scene that an eye wrote also carries a *seal*: short hashes of what it wrote, by which an edited scene is known from an
untouched one (`img2music.crossmodal.scene_edits` seals and looks).

Conventions: boxes in fractions of width and height, origin at the top left; valence and arousal in [-1, 1]
(Russell 1980); confidence in [0, 1]; tempo in quarter notes a minute. Knows nothing of pixels and of plans.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, Field, model_validator

from img2music.strict_model import DocumentModel, StrictModel
from img2music.theory import Meter, instrument, parse_pitch_class

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Attribute",
    "Box",
    "ContourName",
    "Cue",
    "MusicalAttributes",
    "Number",
    "PictureInfo",
    "Scene",
    "Seal",
    "Source",
    "Swatch",
    "Unit",
    "lies_in_unit",
]

Unit = Annotated[float, Field(ge=0, le=1)]
Source = Literal["measured", "model"]
Number = Annotated[float, Field(ge=-1e6, le=1e6)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
ContourName = Literal["own", "arch", "wave", "rise", "fall", "still", "zigzag"]
"""The shape that a melody's long line leans to; "own" is the picture's own line as it is."""
T = TypeVar("T")
_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)")
_ROUNDING = 1e-6


class Box(StrictModel):
    """A rectangle in fractions of the picture."""

    x: Unit
    y: Unit
    width: Unit
    height: Unit


class Cue(StrictModel):
    """One fact about the picture."""

    name: str
    value: Number | Annotated[str, Field(max_length=200)] | Annotated[tuple[Number, ...], Field(max_length=512)]
    """A number, a word, or a curve from left to right."""
    unit: str
    """What a number means, with its range: "0..1", "bits", "degrees"."""
    text: str
    """The same for people: "bright, mostly in the upper half"."""
    box: Box | None = None
    source: Source = "measured"
    """Who says so: the eye that measures, or a model that was asked."""


class Swatch(StrictModel):
    """A dominant colour: also citable as a cue by its `name` ("colour_1" is the largest)."""

    name: str
    hex: Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
    words: str
    lightness: Unit
    """OKLab lightness."""
    chroma: Annotated[float, Field(ge=0, le=0.5)]
    """OKLab chroma; 0 is grey, about .32 the most saturated screen colour."""
    hue_degrees: Annotated[float, Field(ge=0, lt=360)]
    share: Unit
    """Part of the picture's area."""
    box: Box
    """Where most of it lies."""


class Attribute(StrictModel, Generic[T]):
    """A suggestion with its reasons."""

    value: T
    because: tuple[str, ...]
    """Names of cues and swatches."""
    confidence: Unit
    strengths: Annotated[dict[str, Unit], Field(max_length=20)] = Field(default_factory=dict)
    """How much of the decision each of them made, 0..1; what is missing to 1 was no cue's, such as a style's habit."""
    source: Source = "measured"
    """Whose suggestion it is: the rules' over what was measured, or a model's."""
    unfounded: Annotated[tuple[Annotated[str, Field(max_length=80)], ...], Field(max_length=12)] = ()
    """What a model gave as its reason though no cue of that name is there."""

    def __hash__(self) -> int:
        return hash((self.value, self.because))  # `strengths` is a dictionary, which has no hash of its own

    def __reduce__(self) -> tuple[Any, ...]:
        # A kind of attribute is a class without a name that could be imported: it is found again by the field that holds it.
        kinds = MusicalAttributes.model_fields
        field = next((name for name, info in kinds.items() if info.annotation is type(self)), None)
        return _attribute, (field, self.__getstate__())


def _attribute(field: str | None, state: dict[Any, Any]) -> Attribute[Any]:
    """An attribute as it was pickled, of the kind that the field of that name holds; None is a kind that no field holds."""
    kind: Any = Attribute if field is None else MusicalAttributes.model_fields[field].annotation
    found: Attribute[Any] = kind.__new__(kind)
    found.__setstate__(state)
    return found


_Shift = Attribute[Annotated[float, Field(ge=-1, le=1)]]
_Semitones = Attribute[Annotated[float, Field(ge=-12, le=12)]]
_Contour = Attribute[ContourName]


class MusicalAttributes(StrictModel):
    """What the picture suggests, each with the cues behind it."""

    valence: Attribute[Annotated[float, Field(ge=-1, le=1)]]
    arousal: Attribute[Annotated[float, Field(ge=-1, le=1)]]
    mood: Attribute[Annotated[tuple[str, ...], Field(max_length=8)]]
    tempo_bpm: Attribute[Annotated[float, Field(ge=20, le=300)]]
    key: Attribute[Annotated[str, AfterValidator(lambda text: (parse_pitch_class(text), text)[1])]]
    """The tonic: "D", "F#"."""
    mode: Attribute[Literal["lydian", "major", "mixolydian", "dorian", "minor", "phrygian"]]
    meter: Attribute[Annotated[str, AfterValidator(lambda text: Meter.parse(text).name)]]
    genre: Attribute[str]
    """The name of a style."""
    instruments: Attribute[
        Annotated[tuple[Annotated[str, AfterValidator(lambda name: instrument(name).name)], ...], Field(max_length=12)]
    ]
    density: _Shift = _Shift(value=0.0, because=(), confidence=0.0)
    """Thinner (-1) or fuller (1) than the feeling alone would have it."""
    height: _Semitones = _Semitones(value=0.0, because=(), confidence=0.0)
    """Semitones by which the tune lies higher than the feeling alone would have it."""
    contour: _Contour = _Contour(value="own", because=(), confidence=0.0)
    """What the melody's long line leans to."""


class PictureInfo(StrictModel):
    """Which picture it was."""

    file: str
    """File name without its folder."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    format: str
    notes: tuple[str, ...] = ()
    """What was done to read it: "first of 12 frames", "transparent parts on white"."""


class Seal(StrictModel):
    """Hashes of the values that an eye wrote, 12 hexadecimal digits each."""

    cues: Annotated[dict[str, Digest], Field(max_length=212)]
    """By the name of the cue or the swatch."""
    attributes: Annotated[dict[str, Digest], Field(max_length=40)]
    """By the name of the attribute."""

    def __hash__(self) -> int:
        return hash((*self.cues.values(), *self.attributes.values()))


class Scene(DocumentModel):
    """Everything seen in one picture."""

    version: Literal[1] = 1
    picture: PictureInfo
    cues: Annotated[tuple[Cue, ...], Field(max_length=200)]
    colours: Annotated[tuple[Swatch, ...], Field(max_length=12)]
    attributes: MusicalAttributes
    measured: MusicalAttributes | None = None
    """What the measuring eye alone suggests, where `attributes` hold a model's suggestions; else None."""
    seal: Seal | None = None
    """None where a person or a model wrote the scene: then it is taken as it stands."""

    def __repr__(self) -> str:
        """One line; `model_dump` has everything."""
        seen = self.attributes
        return (
            f"Scene({self.picture.file!r}, {self.picture.width}x{self.picture.height}, {len(self.cues)} cues, {len(self.colours)} colours, "
            f"suggests {seen.genre.value}, {seen.key.value} {seen.mode.value}, {seen.tempo_bpm.value:.4g} bpm, {seen.meter.value})"
        )

    __str__ = __repr__

    @model_validator(mode="after")
    def _every_citation_exists(self) -> Scene:
        known = {cue.name for cue in self.cues} | {swatch.name for swatch in self.colours}
        for attributes in (self.attributes, self.measured):
            for field in MusicalAttributes.model_fields if attributes is not None else ():
                attribute: Attribute[object] = getattr(attributes, field)
                for name in attribute.because:
                    if name not in known:
                        raise ValueError(
                            f"attribute {field!r} cites {name!r}, which is no cue of this scene; add that cue or take the name out"
                        )
        return self

    def cue(self, name: str) -> Cue | None:
        """The cue called `name`, or None if the eye did not report it."""
        return next((cue for cue in self.cues if cue.name == name), None)

    def number(self, name: str, default: float) -> float:
        """The value of a numeric cue, or `default` where it is missing or not a number."""
        cue = self.cue(name)
        return cue.value if cue is not None and isinstance(cue.value, float) else default

    def curve(self, name: str) -> tuple[float, ...]:
        """The value of a curve cue, or () where it is missing."""
        cue = self.cue(name)
        return cue.value if cue is not None and isinstance(cue.value, tuple) else ()


def lies_in_unit(values: Iterable[float], unit: str) -> bool:
    """Whether all `values` lie in the range that a unit says of itself ("0..1", "-1..1, left to right"); one without a range holds all."""
    span = _RANGE.match(unit)
    return span is None or all(float(span[1]) - _ROUNDING <= value <= float(span[2]) + _ROUNDING for value in values)

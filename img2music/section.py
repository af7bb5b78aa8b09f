"""A stretch of the form: its material, its harmony, and what may move in it: key, metre, tempo, energy, who has the tune and who is silent.

Conventions: what a section does not say is the piece's. Bars are counted from 1 as on the page, those of a `TempoChange` from the section's
first; places are quarter notes from the bar line, on a grid of 1/24; tempo in quarter notes a minute. Knows nothing of notes.
"""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from img2music.strict_model import StrictModel
from img2music.theory import Key, Meter

__all__ = [
    "BPM_RANGE",
    "Action",
    "Development",
    "Hit",
    "Material",
    "Motif",
    "Section",
    "TempoChange",
    "Texture",
    "place_quarters",
]

Unit = Annotated[float, Field(ge=0, le=1)]
BPM_RANGE = (20.0, 300.0)
Action = Literal["accent", "entry", "stop"]
Development = Literal["repetition", "sequence", "inversion", "fragment", "augmentation"]
"""What a bar makes of the motif: the same again, a step away, upside down, its head twice, twice as slow."""
Texture = Literal["solo", "unison", "stop_time"]
GRID = 24
"""Places are told to a twenty-fourth of a quarter note."""


def place_quarters(place: float) -> Fraction:
    """A place as an exact number of quarter notes."""
    return Fraction(round(place * GRID), GRID)


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


class TempoChange(StrictModel):
    """A jump of the tempo, or a glide."""

    bar: Annotated[int, Field(ge=1, le=512)]
    """Of the section, from 1."""
    place: Annotated[float, Field(ge=0, le=16)] = 0.0
    """Quarter notes from the bar line."""
    bpm: float
    """The tempo it leads to."""
    over_bars: Annotated[float, Field(ge=0, le=512)] = 0.0
    """How many bars it glides; 0 jumps."""


class Hit(StrictModel):
    """A moment that the music must mark."""

    bar: Annotated[int, Field(ge=1, le=9000)]
    """Of the piece, from 1."""
    place: Annotated[float, Field(ge=0, le=16)] = 0.0
    """Quarter notes from the bar line."""
    action: Action = "accent"
    """"accent": whoever plays strikes there, louder; "entry": who was silent before it comes in; "stop": from here to the bar line all rest."""
    strength: Unit = 1.0
    because: Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(max_length=20)] = ()
    """Names of the scene's cues behind it."""

    @property
    def place_quarters(self) -> Fraction:
        """The place, exact."""
        return place_quarters(self.place)


class Section(StrictModel):
    """A stretch of the form."""

    shown_where_set: ClassVar[tuple[str, ...]] = (
        "key", "meter", "tempo_bpm", "tempo_changes", "energy_curve", "tune_by", "silent", "texture",
    )  # fmt: skip

    name: str
    """Unique in the plan: "A1", "B", "intro"."""
    material: str
    """Sections of the same letter share their tune: "A", "B"; "intro" and "outro" have none of their own."""
    role: Literal["intro", "theme", "contrast", "return", "outro"]
    energy: Unit
    harmony: Annotated[tuple[str, ...], Field(min_length=1, max_length=512)]
    """One string of roman numerals a bar, in the section's key: ("I", "vi", "ii7 V7", "I")."""
    phrase_bars: Annotated[tuple[Annotated[int, Field(ge=1, le=16)], ...], Field(min_length=1)]
    """How the bars group into phrases; they add up to the section's bars."""
    key: Annotated[str, AfterValidator(lambda text: Key.parse(text).name)] | None = None
    meter: Annotated[str, AfterValidator(lambda text: Meter.parse(text).name)] | None = None
    tempo_bpm: float | None = None
    """The tempo of its first bar."""
    tempo_changes: Annotated[tuple[TempoChange, ...], Field(max_length=64)] = ()
    """Jumps and glides inside the section, in order; the next section begins in its own tempo."""
    energy_curve: tuple[Unit, ...] | None = None
    """The energy of every bar, where it changes inside the section: a crescendo, a fade."""
    tune_by: Annotated[str, Field(max_length=200)] | None = None
    """Id of the part that has the tune here; None leaves it to the part whose role is the melody."""
    silent: Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(max_length=16)] = ()
    """Ids of parts that rest here."""
    texture: Texture | None = None
    """"solo": nobody but the tune; "unison": every pitched part doubles the tune; "stop_time": the others strike only where bars begin."""

    @property
    def bars(self) -> int:
        """Length of the section."""
        return len(self.harmony)

    @property
    def bar_energies(self) -> tuple[float, ...]:
        """The energy of every bar."""
        return self.energy_curve or (self.energy,) * self.bars

    @property
    def moves(self) -> bool:
        """Whether it has a key, a metre or a tempo of its own."""
        return bool(self.key or self.meter or self.tempo_bpm is not None or self.tempo_changes)

    @model_validator(mode="after")
    def _consistent(self) -> Section:
        if sum(self.phrase_bars) != self.bars:
            raise ValueError(
                f"section {self.name!r}: its phrases hold {sum(self.phrase_bars)} bars and its harmony {self.bars}; make them equal"
            )
        if self.energy_curve is not None and len(self.energy_curve) != self.bars:
            raise ValueError(
                f"section {self.name!r}: its energy curve holds {len(self.energy_curve)} bars and its harmony {self.bars}; "
                "give one value a bar"
            )
        tempi = [(change.bar, change.bpm) for change in self.tempo_changes]
        for bar, bpm in tempi if self.tempo_bpm is None else [(1, self.tempo_bpm), *tempi]:
            if not (isfinite(bpm) and BPM_RANGE[0] <= bpm <= BPM_RANGE[1]):
                raise ValueError(
                    f"section {self.name!r}, bar {bar}: a tempo of {bpm:g}; give one from {BPM_RANGE[0]:g} to {BPM_RANGE[1]:g}"
                )
        return self

    @model_serializer(mode="wrap")
    def _without_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What does not move is not written, so that a plan that stays in one key and tempo reads as simply as ever."""
        return {name: value for name, value in handler(self).items() if value or name not in self.shown_where_set}

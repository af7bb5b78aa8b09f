"""What the page's scripts may send, checked: everything that comes from a browser is hostile.

Each message is a strict record; what does not fit is refused with one kind sentence and never reaches the visit. Values of music (keys, styles,
instruments, numerals) are only bounded here: the program itself says what is wrong with them, and that sentence is shown.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from img2music.app.components.page_texts import page_text
from img2music.errors import UsageError
from img2music.rng import Craft
from img2music.strict_model import StrictModel

__all__ = [
    "DownloadMessage",
    "EditMessage",
    "ExampleMessage",
    "InstantMessage",
    "WishMessage",
    "WorkMessage",
    "read_message",
]

_Name = Annotated[str, Field(max_length=200)]
_Line = Annotated[str, Field(max_length=2000)]
_LONGEST_PLAN = 400_000
Finite = Annotated[float, Field(allow_inf_nan=False)]


class WishMessage(StrictModel):
    """Wishes; None or "" leaves the choice to the picture."""

    seconds: Annotated[Finite, Field(ge=1, le=1800)] | None = None
    tempo: Finite | _Name | None = None
    key: _Name | None = None
    mode: _Name | None = None
    meter: _Name | None = None
    style: _Name | None = None
    instruments: _Line | None = None
    words: _Line | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    density: Annotated[Finite, Field(ge=-1, le=1)] | None = None
    pipeline: _Name | None = None
    model: _Name | None = None
    prompt: _Name | None = None


class AffectEdit(StrictModel):
    """Another feeling."""

    kind: Literal["affect"]
    valence: Annotated[Finite, Field(ge=-1, le=1)]
    arousal: Annotated[Finite, Field(ge=-1, le=1)]


class SubjectEdit(StrictModel):
    """What the picture shows, in words."""

    kind: Literal["subject"]
    text: Annotated[str, Field(min_length=1, max_length=200)]


class WishesEdit(StrictModel):
    """Other wishes; only those that are named change."""

    kind: Literal["wishes"]
    wishes: WishMessage


class EnergyEdit(StrictModel):
    """How strong a section is."""

    kind: Literal["energy"]
    section: _Name
    energy: Annotated[Finite, Field(ge=0, le=1)]


class ChordEdit(StrictModel):
    """The chords of one bar; bars are counted from 1 in the section."""

    kind: Literal["chord"]
    section: _Name
    bar: Annotated[int, Field(ge=1, le=512)]
    numerals: Annotated[str, Field(min_length=1, max_length=60)]


class InstrumentEdit(StrictModel):
    """Who plays a part."""

    kind: Literal["instrument"]
    part: _Name
    instrument: _Name


class LevelEdit(StrictModel):
    """How loud a part is."""

    kind: Literal["level"]
    part: _Name
    level_db: Annotated[Finite, Field(ge=-40, le=12)]


class TransposeEdit(StrictModel):
    """Higher or lower."""

    kind: Literal["transpose"]
    semitones: Annotated[int, Field(ge=-24, le=24)]


class TextEdit(StrictModel):
    """The plan as somebody wrote it."""

    kind: Literal["text"]
    text: Annotated[str, Field(max_length=_LONGEST_PLAN)]


EditMessage = Annotated[
    AffectEdit | SubjectEdit | WishesEdit | EnergyEdit | ChordEdit | InstrumentEdit | LevelEdit | TransposeEdit | TextEdit,
    Field(discriminator="kind"),
]


class SoundMessage(StrictModel):
    """The current take's notes, to sound another way."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    weights: _Name = ""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class WorkMessage(StrictModel):
    """Something that makes music."""

    action: Literal["compose", "edit", "reroll", "sound"]
    choices: WishMessage = WishMessage()
    edit: EditMessage | None = None
    keep: Annotated[tuple[Craft, ...], Field(max_length=20)] = ()
    sound: SoundMessage | None = None


class InstantMessage(StrictModel):
    """Something that is done at once."""

    action: Literal["choose", "drop", "keep_only", "undo", "redo"]
    number: Annotated[int, Field(ge=1, le=10_000)] | None = None
    keep_place: bool = False


class ExampleMessage(StrictModel):
    """One of the example pictures."""

    name: _Name


class DownloadMessage(StrictModel):
    """A file that is asked for; the last two only matter to a video."""

    what: Annotated[str, Field(max_length=40)]
    shape: Literal["wide", "square", "tall"] = "wide"
    shows: Literal["picture", "score"] = "picture"


M = TypeVar("M", bound=StrictModel)


def read_message(data: Any, model: type[M]) -> M:
    """What a script sent, checked.

    Raises:
        UsageError: it is not what the page's scripts send.
    """
    try:
        return TypeAdapter(model).validate_python(data)
    except (ValidationError, RecursionError):
        raise UsageError(page_text("errors.not_understood")) from None

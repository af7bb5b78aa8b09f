"""From what the page's controls send to what a visit is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from img2music.app.components.page_messages import (
    AffectEdit,
    ChordEdit,
    EditMessage,
    EnergyEdit,
    InstrumentEdit,
    LevelEdit,
    SubjectEdit,
    TextEdit,
    TransposeEdit,
    WishesEdit,
    WishMessage,
)
from img2music.app.components.page_texts import page_text
from img2music.app.session.choices import Choices
from img2music.app.session.edits import (
    Edit,
    PlanText,
    SetAffect,
    SetChord,
    SetEnergy,
    SetInstrument,
    SetKey,
    SetLevel,
    SetSubject,
    SetTempo,
    SetWishes,
    Transpose,
)
from img2music.errors import UsageError

if TYPE_CHECKING:
    from img2music.app.session.takes import MadeTake

__all__ = ["asked_choices", "asked_edit"]

_TEXTS = ("pipeline", "model", "prompt", "key", "mode", "meter", "style", "words")


def asked_choices(message: WishMessage, before: Choices | None = None) -> Choices:
    """The choices of a message; only what it names changes in those from `before`."""
    changes: dict[str, Any] = {}
    for name in message.model_fields_set:
        value = getattr(message, name)
        if name == "instruments":
            changes[name] = tuple(one.strip() for one in (value or "").split(",") if one.strip())
        elif name == "pipeline":
            changes[name] = value or "offline"
        else:
            changes[name] = (value or "") if name in _TEXTS else value
    return replace(before or Choices(), **changes)


def asked_edit(message: EditMessage | None, take: MadeTake) -> Edit:  # noqa: PLR0911  one line a kind of edit
    """What a visit is asked to change in a take.

    A tempo and a key go as far as they can with the notes that are there; every other wish plans the piece anew.
    """
    match message:
        case AffectEdit(valence=valence, arousal=arousal):
            return SetAffect(valence, arousal)
        case SubjectEdit(text=text):
            return SetSubject(text)
        case EnergyEdit(section=section, energy=energy):
            return SetEnergy(section, energy)
        case ChordEdit(section=section, bar=bar, numerals=numerals):
            return SetChord(section, bar, numerals)
        case InstrumentEdit(part=part, instrument=name):
            return SetInstrument(part, name)
        case LevelEdit(part=part, level_db=level):
            return SetLevel(part, level_db=level)
        case TransposeEdit(semitones=semitones):
            return Transpose(semitones)
        case TextEdit(text=text):
            return PlanText(text)
        case WishesEdit(wishes=wishes):
            return _wished(wishes, take)
    raise UsageError(page_text("errors.not_understood"))


def _wished(wishes: WishMessage, take: MadeTake) -> Edit:
    named = wishes.model_fields_set
    tonic, mode = take.piece.plan.parsed_key.name.split()
    if named == {"tempo"} and isinstance(wishes.tempo, float | int):
        return SetTempo(float(wishes.tempo))
    if named == {"key"} and wishes.key:
        return SetKey(f"{wishes.key} {mode}")
    if named == {"mode"} and wishes.mode:
        return SetKey(f"{tonic} {wishes.mode}")
    choices = asked_choices(wishes, take.choices)
    if named == {"mode"}:
        choices = replace(choices, key="")
    return SetWishes(choices)

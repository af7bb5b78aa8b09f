"""Reads what a model planned, field by field: what is sound is a wish, what is not is a fault and leaves the draft as it is.

A model's plan is laid over a whole valid draft that the rules made, so that one bad field never costs the others. Every fault is a
sentence with its place, ready to be quoted to the model, and to be put on record as a mend where no better answer came.
Knows nothing of lengths and of what was asked (`llm_settling` does).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from img2music.models.answers import AnswerError, field_of, validated
from img2music.plan import Motif, Section
from img2music.planners.form import phrases_of
from img2music.planners.llm_answer import ChangedSection, ChangesAnswer, PlanAnswer, WireMotif, WirePart, WireReason, WireSection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from img2music.plan import CompositionPlan

__all__ = ["Wish", "as_meant", "draft_as_answer", "read_changes", "read_whole"]

_LONGEST_SHOWN = 40
_LONGEST_TITLE, _LONGEST_SENTENCE = 60, 300
_NAME_SIGNS = re.compile(r"[^A-Za-z0-9 '-]+")
_LETTERS = ("intro", "outro", "A", "B", "C", "D")
_CHOICES = {
    "genre": "style", "meter": "metre", "sections": "form", "parts": "instruments", "instrument": "instruments",
    "chords": "harmony", "idea": "title", "contour": "motif", "melody": "motif", "texture": "density", "energy": "form",
}  # fmt: skip
"""Other names for a choice."""


@dataclass(slots=True)
class Wish:
    """What the model asks for; None leaves the draft as it is."""

    title: str | None = None
    idea: str | None = None
    style: str | None = None
    key: str | None = None
    meter: str | None = None
    tempo_bpm: float | None = None
    density: float | None = None
    """0..1 inside the style's range."""
    motif: Motif | None = None
    contour: tuple[float, ...] | None = None
    sections: tuple[Section, ...] | None = None
    """Their harmony is not checked yet."""
    band: tuple[WirePart, ...] | None = None
    reasons: tuple[WireReason, ...] = ()
    lost_sections: bool = False
    """Whether a section could not be read, so that the bars can't add up."""
    faults: list[str] = field(default_factory=list)


def read_whole(tree: Mapping[str, Any]) -> Wish:
    """The wish in an answer of the schema "plan/1".

    Raises:
        AnswerError: no section can be read, so that there is no composition to speak of.
    """
    tree = as_meant(tree)
    wish = _read(tree, PlanAnswer)
    sections = _items(tree, "sections", WireSection, wish.faults)
    wish.lost_sections = isinstance(tree.get("sections"), list) and len(sections) < len(tree["sections"])
    if not sections:
        raise AnswerError("sections: none can be read; give each a name, letter, role, energy and bars", *wish.faults)
    wish.sections = tuple(
        Section(
            name=section.name,
            material=section.letter,
            role=section.role,
            energy=section.energy,
            harmony=tuple(section.bars),
            phrase_bars=phrases_of(len(section.bars)),
        )
        for section in sections
    )
    wish.band = tuple(_items(tree, "parts", WirePart, wish.faults)) or None
    if wish.band is None:
        wish.faults.append("parts: nobody plays")
    return wish


def read_changes(tree: Mapping[str, Any], draft: CompositionPlan) -> Wish:
    """The wish in an answer of the schema "changes/1"."""
    tree = as_meant(tree)
    wish = _read(tree, ChangesAnswer)
    changes = _items(tree, "sections", ChangedSection, wish.faults)
    if changes:
        known = {section.name: section for section in draft.sections}
        for change in changes:
            section = known.get(change.name)
            if section is None:
                wish.faults.append(f"sections: the draft has no section {change.name!r}; it has {', '.join(known)}")
                continue
            harmony = tuple(change.bars) or section.harmony
            if len(harmony) != section.bars:
                wish.faults.append(f"sections.{change.name}.bars: the section has {section.bars} bars, not {len(harmony)}")
                harmony = section.harmony
            known[change.name] = section.model_copy(update={"energy": change.energy, "harmony": harmony})
        wish.sections = tuple(known.values())
    wish.band = tuple(_items(tree, "parts", WirePart, wish.faults)) or None
    return wish


def as_meant(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The answer with slips of writing put right that leave no doubt: capitals, a name in brackets, bars in one string."""
    made = dict(tree)
    if isinstance(made.get("key"), str):
        tonic, _, mode = made["key"].strip().partition(" ")
        made["key"] = f"{tonic[:1].upper()}{tonic[1:].replace('♭', 'b').replace('♯', '#')} {mode.strip().lower() or 'major'}"
    for name, most in (("title", _LONGEST_TITLE), ("idea", _LONGEST_SENTENCE)):
        if isinstance(made.get(name), str):
            made[name] = _cut(" ".join(made[name].split()), most)
    if isinstance(made.get("reasons"), list):
        made["reasons"] = [_reason_as_meant(reason) for reason in made["reasons"]]
    if isinstance(made.get("sections"), list):
        made["sections"] = [_section_as_meant(section) for section in made["sections"]]
    return made


def _cut(text: str, most: int) -> str:
    """The text, or as many whole sentences or words of it as there is room for."""
    if len(text) <= most:
        return text
    short = text[:most]
    sentence = short.rfind(". ")
    return short[: sentence + 1] if sentence > 0 else short.rpartition(" ")[0] or short


def _section_as_meant(section: Any) -> Any:
    if not isinstance(section, dict):
        return section
    made = dict(section)
    if isinstance(made.get("name"), str):
        made["name"] = " ".join(_NAME_SIGNS.sub(" ", made["name"]).split())[:20].strip() or "part"
    letter = made.get("letter")
    if isinstance(letter, str) and letter not in _LETTERS:
        made["letter"] = next((one for one in _LETTERS if letter.strip().lower().startswith(one.lower())), letter)
    if isinstance(made.get("bars"), str):
        made["bars"] = [bar.strip() for bar in made["bars"].split("|") if bar.strip()]
    return made


def _reason_as_meant(reason: Any) -> Any:
    if not isinstance(reason, dict):
        return reason
    made = dict(reason)
    choice = made.get("choice")
    if isinstance(choice, str):
        plain = choice.strip().lower().removesuffix("_bpm")
        made["choice"] = _CHOICES.get(plain, plain)
    if isinstance(made.get("because"), list):
        made["because"] = made["because"][:4]
    if isinstance(made.get("text"), str):
        made["text"] = _cut(" ".join(made["text"].split()), _LONGEST_SENTENCE)
    return made


def draft_as_answer(draft: CompositionPlan, density: float) -> dict[str, Any]:
    """A plan in the form in which a model would write it; `density` is the draft's inside its style's range."""
    return {
        "title": draft.title,
        "idea": draft.idea,
        "style": draft.style,
        "key": draft.key,
        "meter": draft.meter,
        "tempo_bpm": round(draft.tempo_bpm),
        "density": round(density, 2),
        "motif": {"steps": list(draft.motif.steps), "lengths": [round(length, 3) for length in draft.motif.rhythm]},
        "contour": [round(place, 2) for place in draft.contour[:: max(1, len(draft.contour) // 8)]],
        "sections": [
            {
                "name": section.name,
                "letter": section.material,
                "role": section.role,
                "energy": round(section.energy, 2),
                "bars": list(section.harmony),
            }
            for section in draft.sections
        ],
        "parts": [{"instrument": part.instrument, "role": part.role, "from_energy": part.from_energy} for part in draft.parts],
    }


def _read(tree: Mapping[str, Any], model: type[BaseModel]) -> Wish:
    """Every field but the lists of records."""
    wish = Wish()
    strange = sorted(tree.keys() - model.model_fields.keys())
    if strange:
        wish.faults.append(f"there is no field {', '.join(repr(name[:_LONGEST_SHOWN]) for name in strange[:5])}; leave it out")
    for name in model.model_fields:
        if name in {"sections", "parts", "reasons"}:
            continue
        try:
            _put(wish, name, field_of(model, name, tree))
        except AnswerError as error:
            wish.faults += error.faults
    wish.reasons = tuple(_items(tree, "reasons", WireReason, wish.faults))
    return wish


def _put(wish: Wish, name: str, value: Any) -> None:
    if isinstance(value, WireMotif):
        if len(value.steps) != len(value.lengths):
            wish.faults.append(f"motif: it has {len(value.steps)} steps and {len(value.lengths)} lengths; give as many of each")
        count = min(len(value.steps), len(value.lengths))
        first = value.steps[0]
        steps = tuple(max(-14, min(14, step - first)) for step in value.steps[:count])
        wish.motif = Motif(steps=steps, rhythm=tuple(value.lengths[:count]))
    elif name == "contour":
        wish.contour = None if value is None else tuple(value)
    else:
        setattr(wish, name, value)


def _items(tree: Mapping[str, Any], name: str, model: type[Any], faults: list[str]) -> list[Any]:
    """The sound ones of a list of records; the others are faults."""
    raw = tree.get(name)
    if not isinstance(raw, list):
        faults.append(f"{name}: give a list")
        return []
    most = 12
    if len(raw) > most:
        faults.append(f"{name}: {len(raw)} are too many, give at most {most}")
    made = []
    for place, item in enumerate(raw[:most]):
        try:
            made.append(validated(item, model))
        except AnswerError as error:
            faults.append(f"{name}.{place}.{error.faults[0]}")
    return made

"""Reads what a model planned, field by field: what is sound is a wish, what is not is a fault and leaves the draft as it is.

A model's plan is laid over a whole valid draft that the rules made, so that one bad field never costs the others. Every fault is a
sentence with its place, ready to be quoted to the model, and to be put on record as a mend where no better answer came.
Knows nothing of lengths and of what was asked (`llm_settling` does).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from img2music.models.answers import AnswerError
from img2music.plan import Motif, Section
from img2music.planners.form import phrases_of
from img2music.planners.llm_answer import ChangedSection, ChangesAnswer, PlanAnswer, WireMotif, WirePart, WireReason, WireSection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from img2music.plan import CompositionPlan

__all__ = ["Wish", "draft_as_answer", "read_changes", "read_whole"]

_LONGEST_SHOWN = 40


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
    faults: list[str] = field(default_factory=list)


def read_whole(tree: Mapping[str, Any]) -> Wish:
    """The wish in an answer of the schema "plan/1".

    Raises:
        AnswerError: no section can be read, so that there is no composition to speak of.
    """
    wish = _read(tree, PlanAnswer)
    sections = _items(tree, "sections", WireSection, wish.faults)
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
        if name not in tree:
            wish.faults.append(f"{name}: it is missing")
            continue
        try:
            value = _adapter(model, name).validate_python(tree[name])
        except ValidationError as error:
            wish.faults.append(_told(name, error))
            continue
        _put(wish, name, value)
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
            made.append(model.model_validate(item))
        except ValidationError as error:
            faults.append(_told(f"{name}.{place}", error))
    return made


@cache
def _adapter(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    """One field's own check."""
    info = model.model_fields[name]
    kind: Any = info.annotation
    for rule in info.metadata:
        kind = Annotated[kind, rule]
    return TypeAdapter(kind)


def _told(name: str, error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join([name, *(str(step) for step in first["loc"])])
    given = first.get("input")
    said = f" (you wrote {str(given)[:_LONGEST_SHOWN]!r})" if isinstance(given, str | int | float) else ""
    return f"{place}: {first['msg'].removeprefix('Value error, ')}{said}"

"""Reads what a model planned, field by field: what is sound is a wish, what is not is a fault and leaves the draft as it is.

A model's plan is laid over a whole valid draft that the rules made, so that one bad field never costs the others. Every fault is a
sentence with its place, ready to be quoted to the model, and to be put on record as a mend where no better answer came.
Knows nothing of lengths and of what was asked (`settle_plan` does).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from img2music.models.parsing.json_answer import AnswerError, drop_unknown_fields, validate_field, validate_record
from img2music.models.parsing.json_candidates import unwrap_answer
from img2music.models.parsing.loose_values import LenientReader, folded
from img2music.plan import Motif, Section
from img2music.planners.form import split_into_phrases
from img2music.planners.llm.moves.local_keys import local_key_of
from img2music.planners.llm.moves.moving_records import (
    MovingRecord,
    material_as_meant,
    materials_in,
    moving_part_as_meant,
    moving_section_as_meant,
)
from img2music.planners.llm.normalize_plan_answer import choice_as_meant, line_as_meant, plan_as_meant
from img2music.planners.llm.plan_schema import (
    ChangedSection,
    ChangesAnswer,
    ChoiceAnswer,
    MovingPlanAnswer,
    MovingSection,
    PlanAnswer,
    WireMaterial,
    WireMotif,
    WirePart,
    WireReason,
    WireSection,
)
from img2music.theory import Key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import BaseModel

    from img2music.models.parsing.json_schema import JsonObject
    from img2music.plan import CompositionPlan

__all__ = ["PlanProposal", "draft_as_answer", "read_changes_answer", "read_choice_answer", "read_plan_answer"]


@dataclass(slots=True)
class PlanProposal:
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
    moves: tuple[MovingSection, ...] = ()
    """What each section wants beside its bars, in the order of `sections`; () where the schema has no room for it."""
    materials: tuple[WireMaterial, ...] = ()
    """What letters of the form are to have of their own."""
    wanted: tuple[str, ...] = ()
    """What the model asked for and no plan can hold yet, in plain words with the place: "register in part 2"."""
    band: tuple[WirePart, ...] | None = None
    reasons: tuple[WireReason, ...] = ()
    lost_sections: bool = False
    """Whether a section could not be read, so that the bars can't add up."""
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What was written otherwise than it was read, or not said."""


def read_plan_answer(tree: JsonObject, model: type[BaseModel] = PlanAnswer) -> PlanProposal:
    """The wish in an answer of the schema "plan/1", or of "plan/2" where `model` is `MovingPlanAnswer`.

    Raises:
        AnswerError: no section can be read, so that there is no composition to speak of.
    """
    tree, wish = _read(tree, model)
    if model is MovingPlanAnswer:
        tree = _with_moves(tree, wish)
        sections: list[WireSection] = _items(tree, "sections", MovingSection, wish.faults)
        wish.moves = tuple(section for section in sections if isinstance(section, MovingSection))
    else:
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
            phrase_bars=split_into_phrases(len(section.bars)),
        )
        for section in sections
    )
    wish.band = tuple(_items(tree, "parts", WirePart, wish.faults)) or None
    if wish.band is None:
        wish.faults.append("parts: nobody plays")
    return wish


def read_changes_answer(tree: JsonObject, draft: CompositionPlan) -> PlanProposal:
    """The wish in an answer of the schema "changes/1".

    Raises:
        AnswerError: nothing in it is said, or nothing that can be read.
    """
    tree, wish = _read(tree, ChangesAnswer)
    known = {section.name: section for section in draft.sections}
    if isinstance(tree.get("sections"), list):
        tree["sections"] = [_of_draft(section, known) for section in tree["sections"]]
    changes = _items(tree, "sections", ChangedSection, wish.faults)
    if changes:
        for change in changes:
            section = known.get(change.name)
            if section is None:
                wish.faults.append(f"sections: the draft has no section {change.name!r}; it has {', '.join(known)}")
                continue
            harmony = tuple(change.bars) or section.harmony
            if len(harmony) != section.bars:
                wish.faults.append(f"sections.{change.name}.bars: the section has {section.bars} bars, not {len(harmony)}")
                harmony = section.harmony
            changed = {"energy": change.energy, "harmony": harmony, "energy_curve": _curve_at(section, change.energy)}
            known[change.name] = section.model_copy(update=changed)
        wish.sections = tuple(known.values())
    wish.band = tuple(_items(tree, "parts", WirePart, wish.faults)) or None
    said = (wish.title, wish.idea, wish.key, wish.tempo_bpm, wish.density, wish.motif, wish.contour, wish.sections, wish.band)
    if not wish.reasons and all(one is None for one in said):
        raise AnswerError("nothing in the answer can be read as a change; give at least a title and an idea", *wish.faults)
    return wish


def read_choice_answer(tree: JsonObject) -> tuple[ChoiceAnswer, tuple[str, ...]]:
    """An answer of the schema "choice/1", and what was written otherwise than it was read.

    Raises:
        AnswerError: a field of it is not sound.
    """
    slips = LenientReader()
    answer = validate_record(choice_as_meant(unwrap_answer(tree, ChoiceAnswer), slips), ChoiceAnswer)
    return answer, tuple(slips.remarks)


def _with_moves(tree: JsonObject, wish: PlanProposal) -> JsonObject:
    """The answer with everything that moves as it is meant; what can't be used is noted and left out."""
    slips, wanted = LenientReader(), list[str]()

    def read(name: str, items: Any, reader: Callable[[str, Any], MovingRecord], known: str = "name") -> Any:
        if not isinstance(items, list):
            return items
        records = [reader(f"{name}.{place}", item) for place, item in enumerate(items)]
        for place, record in enumerate(records):
            called = record.tree.get(known) if isinstance(record.tree, dict) else None
            where = "in section" if name == "sections" else "for"
            wanted.extend(f"{one} {where} {str(called or place + 1)[:30]}" for one in record.wanted if one)
        return [record.tree for record in records]

    def section(place: str, item: Any) -> MovingRecord:
        return moving_section_as_meant(place, item, slips, wish.meter, lambda value: local_key_of(value, home))

    def material(place: str, item: Any) -> MovingRecord:
        return material_as_meant(place, line_as_meant(f"{place}.", item, slips), slips)

    home = None if wish.key is None else Key.parse(wish.key)
    made = {
        **tree,
        "sections": read("sections", tree.get("sections"), section),
        "parts": read("parts", tree.get("parts"), lambda _, item: moving_part_as_meant(item), "instrument"),
    }
    for place, item in enumerate(read("materials", materials_in(tree.get("materials")), material, "letter")):
        try:
            wish.materials = (*wish.materials, validate_record(item, WireMaterial))
        except AnswerError as error:
            slips.note(f"materials.{place}.{error.faults[0]}; it was left out")
    wish.remarks += slips.remarks
    wish.wanted = tuple(dict.fromkeys(wanted))
    return made


def _curve_at(section: Section, energy: float) -> tuple[float, ...] | None:
    """The section's curve of energies, moved along with its energy."""
    if section.energy_curve is None:
        return None
    return tuple(round(min(1.0, max(0.0, one + energy - section.energy)), 3) for one in section.energy_curve)


def _of_draft(section: Any, known: Mapping[str, Section]) -> Any:
    """A changed section by the draft's spelling of its name, with the draft's energy where none is said."""
    if not isinstance(section, dict) or not isinstance(section.get("name"), str):
        return section
    name = next((one for one in known if folded(one) == folded(section["name"])), section["name"])
    shown = _shown_moves(known[name]) if name in known else {}
    made = {**{field: value for field, value in section.items() if shown.get(field) != value or value is None}, "name": name}
    if name in known and made.get("energy") is None:
        made["energy"] = known[name].energy
    return made


def draft_as_answer(draft: CompositionPlan, density: float) -> JsonObject:
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
                **_shown_moves(section),
            }
            for section in draft.sections
        ],
        "parts": [{"instrument": part.instrument, "role": part.role, "from_energy": part.from_energy} for part in draft.parts],
    }


def _shown_moves(section: Section) -> JsonObject:
    """What a model is shown of a section that has a key, a metre or a tempo of its own; it stays as it is."""
    moves = {"key": section.key, "meter": section.meter, "tempo_bpm": section.tempo_bpm and round(section.tempo_bpm)}
    return {name: value for name, value in moves.items() if value is not None}


def _read(tree: JsonObject, model: type[BaseModel]) -> tuple[JsonObject, PlanProposal]:
    """The answer as it is meant, and every field of it but the lists of records; what is not said is none of the faults."""
    slips, wish = LenientReader(), PlanProposal()
    made = plan_as_meant(unwrap_answer(tree, model), model, slips)
    made, strange = drop_unknown_fields(made, model.model_fields)
    wish.remarks = slips.remarks
    wish.remarks.extend(strange)
    for name, info in model.model_fields.items():
        if name in {"sections", "parts", "reasons", "materials"}:
            continue
        if name in made and made[name] is None:
            if type(None) not in get_args(info.annotation):
                slips.note(f"{name}: not said, so the draft's stands")
            continue
        try:
            _put(wish, name, validate_field(model, name, made))
        except AnswerError as error:
            wish.faults += error.faults
    wish.reasons = tuple(_items(made, "reasons", WireReason, wish.faults))
    return made, wish


def _put(wish: PlanProposal, name: str, value: Any) -> None:
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


def _items(tree: JsonObject, name: str, model: type[Any], faults: list[str]) -> list[Any]:
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
            made.append(validate_record(item, model))
        except AnswerError as error:
            faults.append(f"{name}.{place}.{error.faults[0]}")
    return made

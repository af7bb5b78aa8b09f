"""From a model's answer to a scene beside the measured one, decision by decision.

What is measured stays; the model's observations come beside it, its sound decisions take the attributes' place, and where one is not
sound the eye's own stands: one bad field never costs the others. Slips of writing that leave no doubt are put right (`normalize_scene_answer`).
What is cited must be a measured cue or a colour that the model was shown, or one of its own observations; anything else is kept as
`unfounded` and counts for nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from img2music.models.parsing.json_answer import (
    AnswerError,
    drop_unknown_fields,
    parse_json_answer,
    validate_field,
    validate_record,
)
from img2music.models.parsing.json_candidates import unwrap_answer
from img2music.models.parsing.loose_values import LenientReader
from img2music.perceivers.vlm.flat_scene_schema import FlatSceneAnswer, as_decisions, facts_called_wrong
from img2music.perceivers.vlm.normalize_scene_answer import (
    decision_as_meant,
    not_said,
    observation_as_meant,
    observations_in,
    plain_name,
)
from img2music.perceivers.vlm.scene_schema import DECISIONS, Observation, SceneAnswer
from img2music.scene import Box, Cue, MusicalAttributes, Scene

if TYPE_CHECKING:
    from img2music.models.parsing.json_schema import JsonObject

__all__ = ["SceneReading", "read_scene", "read_scene_answer"]

_UNSURE = 0.2
"""Confidence at most of a decision that cites nothing that is there. Our choice."""
_MOST_OBSERVATIONS = 8
_NOT_ASKED = frozenset(MusicalAttributes.model_fields) - frozenset(DECISIONS)


@dataclass(slots=True)
class SceneReading:
    """A scene from an answer, with what there is to say about it."""

    scene: Scene
    faults: tuple[str, ...]
    """What the model should mend; in the scene the eye's own stands there."""
    mended: tuple[str, ...]
    """What was put right, marked or left out without asking again."""
    citations: int
    unfounded: int
    wrong_facts: frozenset[str] = frozenset()
    """Measured facts that the model calls wrong."""


@dataclass(slots=True)
class _Notes:
    faults: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)


def read_scene_answer(text: str, schema_name: str, measured: Scene, shown: frozenset[str]) -> SceneReading:
    """The scene that the text of an answer gives over what was `measured`; `schema_name` is "scene/1" or "scene/2".

    Raises:
        AnswerError: there is no answer in it, or no decision in the answer is sound.
    """
    flat = schema_name == "scene/2"
    asked = FlatSceneAnswer if flat else SceneAnswer
    raw = parse_json_answer(text, asked)
    known = {*asked.model_fields, *MusicalAttributes.model_fields}
    tree, strange = drop_unknown_fields(as_decisions(raw) if flat else raw, known)
    seen = read_scene(tree, measured, shown)
    faults = seen.faults
    if flat:
        open_key = "key" in raw and raw["key"] is None
        faults = tuple(_flat_place(fault) for fault in faults if not (open_key and fault.startswith("key:")))
    return replace(seen, faults=faults, mended=(*strange, *seen.mended), wrong_facts=facts_called_wrong(raw, shown))


def _flat_place(fault: str) -> str:
    """A fault by the place that the answer has: where values stand alone there is no "value" in them."""
    return re.sub(r"^([a-z_]+)\.value\b", r"\1", fault)


def read_scene(tree: JsonObject, measured: Scene, shown: frozenset[str]) -> SceneReading:
    """The scene that an answer gives over what was `measured`; `shown` are the names that the model was told.

    Raises:
        AnswerError: no decision in it is sound.
    """
    notes, slips = _Notes(), LenientReader()
    tree = unwrap_answer(tree, SceneAnswer)
    strange = sorted(map(str, tree.keys() - SceneAnswer.model_fields.keys() - MusicalAttributes.model_fields.keys()))
    notes.mended += [f"{name} is not asked for" for name in tree if name in _NOT_ASKED]
    if strange:
        notes.faults.append(f"there is no field {', '.join(repr(name[:40]) for name in strange[:5])}; leave it out")
    cues, renamed = _observed(tree, measured, notes, slips)
    # A name that both use means the model's own observation: it has just said what it means by it.
    names = {**{name: name for name in shown}, **renamed}
    attributes: JsonObject = {}
    citations = unfounded = 0
    for name in DECISIONS:
        if name in tree and not_said(tree[name]):
            slips.note(f"{name}: not said, so the eye's own stands")
            continue
        try:
            decision = validate_field(
                SceneAnswer, name, {name: decision_as_meant(name, tree[name], slips)} if name in tree else {}
            )
        except AnswerError as error:
            notes.faults += error.faults
            continue
        cited = tuple(dict.fromkeys(decision.because))
        there = tuple(dict.fromkeys(names[one] for one in map(plain_name, cited) if one in names))
        missing = tuple(one for one in cited if plain_name(one) not in names)
        citations, unfounded = citations + len(cited), unfounded + len(missing)
        if missing:
            notes.mended.append(f"{name} cites {', '.join(map(repr, missing))}, which is not there")
        attributes[name] = {
            "value": decision.value,
            "because": there,
            "confidence": decision.confidence if there else min(_UNSURE, decision.confidence),
            "strengths": {one: round(1 / len(there), 3) for one in there},
            "source": "model",
            "unfounded": missing,
        }
    if not attributes:
        raise AnswerError("no decision in the answer can be read; decide at least about one", *notes.faults)
    notes.mended += slips.remarks
    own = measured.attributes
    scene = measured.model_copy(
        update={
            "cues": (*measured.cues, *cues),
            "attributes": MusicalAttributes.model_validate({**own.model_dump(), **attributes}),
            "measured": own,
            "seal": None,
        }
    )
    return SceneReading(Scene.model_validate(scene.model_dump()), tuple(notes.faults), tuple(notes.mended), citations, unfounded)


def _observed(tree: JsonObject, measured: Scene, notes: _Notes, slips: LenientReader) -> tuple[list[Cue], dict[str, str]]:
    """The model's observations as cues, and by the name that it gave each the name of the cue."""
    raw = observations_in(tree.get("observations"))
    if not isinstance(raw, list) or not raw:
        notes.faults.append("observations: name at least one thing in the picture")
        return [], {}
    taken = {cue.name for cue in measured.cues} | {colour.name for colour in measured.colours}
    renamed: dict[str, str] = {}
    cues: list[Cue] = []
    for place, item in enumerate(raw[:_MOST_OBSERVATIONS]):
        try:
            seen = validate_record(observation_as_meant(f"observations.{place}", item, slips), Observation)
        except AnswerError as error:
            notes.faults.append(f"observations.{place}.{error.faults[0]}")
            continue
        name = f"seen_{seen.name}" if seen.name in taken else seen.name
        if seen.name in renamed:
            notes.mended.append(f"two observations are called {seen.name!r}; the second was left out")
            continue
        if name != seen.name:
            notes.mended.append(f"the observation {seen.name!r} has the name of a measured cue and is called {name!r}")
        renamed[seen.name] = name
        cues.append(Cue(name=name, value=seen.text, unit="words", text=seen.text, box=_box(seen, notes), source="model"))
    return cues, renamed


def _box(seen: Observation, notes: _Notes) -> Box | None:
    left, top, width, height = seen.box
    if width == 0 or height == 0:
        notes.mended.append(f"the place of {seen.name!r} has no size and was left out")
        return None
    if left + width > 1 or top + height > 1:
        notes.mended.append(f"the place of {seen.name!r} reaches out of the picture and was cut")
        width, height = min(width, 1 - left), min(height, 1 - top)
    return Box(x=left, y=top, width=width, height=height) if width > 0 and height > 0 else None

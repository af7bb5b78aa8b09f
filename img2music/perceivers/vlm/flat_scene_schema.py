"""What a model that sees must answer, schema "scene/2": what it sees, its reasons, then the values, each said once.

It says the same as "scene/1" (`scene_schema`) in a third of the schema: the reasons stand in one list before the values, and a decision without
a reason has none instead of an invented one. Besides, a model may name measured facts that are wrong, and leave the key open. Read by
turning it into the other form (`as_decisions`), so that what is forgiven there is forgiven here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from img2music.io.style_files import style_names
from img2music.perceivers.vlm.scene_schema import DECISIONS, Observation
from img2music.strict_model import StrictModel
from img2music.theory import METERS, instrument_names

if TYPE_CHECKING:
    from img2music.models.parsing.json_schema import JsonObject

__all__ = ["FlatSceneAnswer", "as_decisions", "facts_called_wrong"]

_UNREASONED = 0.5
"""Confidence of a decision for which none is given; without a reason that is there it is lowered further. Our choice."""
_OTHER_NAMES = {"tempo": "tempo_bpm", "style": "genre", "metre": "meter", "tonic": "key", "instrument": "instruments"}
"""Other names for a decision that leave no doubt."""
_MOST_REASONS = 20


class _Reason(StrictModel):
    about: Literal["valence", "arousal", "mood", "genre", "tempo_bpm", "meter", "mode", "key", "instruments"]
    because: Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1, max_length=3)]
    confidence: Annotated[float, Field(ge=0, le=1)]


_Feeling = Annotated[float, Field(ge=-1, le=1)]
_Style = Annotated[str, Field(json_schema_extra=lambda schema: schema.update(enum=list(style_names())))]
_Meter = Annotated[str, Field(json_schema_extra=lambda schema: schema.update(enum=list(METERS)))]
_Instrument = Annotated[str, Field(json_schema_extra=lambda schema: schema.update(enum=list(instrument_names())))]


class FlatSceneAnswer(StrictModel):
    """The schema "scene/2"; its values are checked as those of "scene/1" are."""

    observations: Annotated[list[Observation], Field(min_length=1, max_length=6)]
    wrong_facts: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=6)]
    """Names of measured facts that are not so."""
    reasons: Annotated[list[_Reason], Field(min_length=1, max_length=9)]
    valence: _Feeling
    arousal: _Feeling
    mood: Annotated[
        list[Annotated[str, Field(pattern=r"^[a-z][a-z -]*$", min_length=2, max_length=25)]], Field(min_length=1, max_length=4)
    ]
    genre: _Style
    tempo_bpm: Annotated[int, Field(ge=40, le=220)]
    meter: _Meter
    mode: Literal["lydian", "major", "mixolydian", "dorian", "minor", "phrygian"]
    key: Literal["C", "C#", "Db", "D", "Eb", "E", "F", "F#", "Gb", "G", "Ab", "A", "Bb", "B"] | None
    """None leaves it to the picture's leading colour."""
    instruments: Annotated[list[_Instrument], Field(min_length=1, max_length=6)]


def as_decisions(tree: JsonObject) -> JsonObject:
    """An answer of "scene/2" as one of "scene/1": every value with its reasons and its confidence.

    Values that are given in that form already stay as they are. A key of null is left out.
    """
    reasons = _reasons(tree.get("reasons"))
    made = {_own_name(name, tree): value for name, value in tree.items() if name not in {"reasons", "wrong_facts"}}
    for name in DECISIONS:
        if name not in made or isinstance(made[name], dict):
            continue
        if name == "key" and made[name] is None:
            del made[name]
            continue
        because, confidence = reasons.get(name, ([], _UNREASONED))
        made[name] = {"because": because, "value": made[name], "confidence": confidence}
    return made


def _own_name(name: str, tree: JsonObject) -> str:
    """The decision that another name for it means, where the answer does not name it rightly too."""
    right = _OTHER_NAMES.get(name.strip().lower(), name)
    return name if right in tree else right


def _reasons(raw: Any) -> dict[str, tuple[Any, Any]]:
    """What is given as reasons and as confidence, by decision; a second entry for the same decision is passed over."""
    made: dict[str, tuple[Any, Any]] = {}
    for reason in raw[:_MOST_REASONS] if isinstance(raw, list) else ():
        about = reason.get("about") if isinstance(reason, dict) else None
        if isinstance(about, str):
            plain = about.strip().lower()
            made.setdefault(_OTHER_NAMES.get(plain, plain), (reason.get("because", []), reason.get("confidence", _UNREASONED)))
    return made


def facts_called_wrong(tree: JsonObject, shown: frozenset[str]) -> frozenset[str]:
    """The facts among those `shown` that an answer calls wrong."""
    raw = tree.get("wrong_facts")
    return frozenset(name for name in raw if isinstance(name, str)) & shown if isinstance(raw, list) else frozenset()

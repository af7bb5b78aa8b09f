"""A plan's answer with slips of writing put right that leave no doubt, each of them noted.

Capitals, signs of other alphabets, numbers as words or strings, percent, one thing where a list is asked for and a list of one where one
thing is, names of keys, notes, roles and players in other spellings. What leaves a doubt stays as it is written, and is a fault later.
Knows nothing of drafts and music beyond names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from img2music.models.parsing.json_candidates import match_field_names
from img2music.models.parsing.loose_music import length_of, meter_of, parse_key_name, whole_tempo_of
from img2music.models.parsing.loose_names import style_of
from img2music.models.parsing.loose_values import (
    LenientReader,
    is_unsaid,
    items_of,
    plain_text,
    scalar_of,
    share_of,
    shares_of,
    whole_number_of,
)
from img2music.planners.llm.normalize_plan_records import LONGEST_SENTENCE, one_line_text, records_as_meant, rename_fields
from img2music.planners.llm.plan_schema import ChoiceAnswer, WireMotif

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from img2music.models.parsing.json_schema import JsonObject

__all__ = ["choice_as_meant", "line_as_meant", "plan_as_meant"]

_LONGEST_TITLE = 60
_LISTS = ("reasons", "sections", "parts")


def plan_as_meant(tree: JsonObject, model: type[BaseModel], slips: LenientReader) -> JsonObject:
    """An answer of the schema "plan/1" or "changes/1" as it is meant; fields of which nothing is said are None."""
    made = rename_fields(match_field_names(tree, model), model, slips)
    for name, reader in _READERS.items():
        if name in made and name in model.model_fields:
            made[name] = None if is_unsaid(scalar_of(made[name])) else slips.read(name, made[name], reader)
    for name, most in (("title", _LONGEST_TITLE), ("idea", LONGEST_SENTENCE)):
        if name in made:
            made[name] = one_line_text(made[name], most) or None
    made = line_as_meant("", made, slips)
    for name in _LISTS:
        if name in made:
            made[name] = records_as_meant(name, made[name], slips)
    return made


def choice_as_meant(tree: JsonObject, slips: LenientReader) -> JsonObject:
    """An answer of the schema "choice/1" as it is meant."""
    made = match_field_names(tree, ChoiceAnswer)
    made["choice"] = slips.read("choice", made.get("choice"), _number_in)
    for name, end in (("title", ""), ("note", ".")):
        text = scalar_of(made.get(name))
        if isinstance(text, str) and text.strip():
            plain = plain_text(text).strip("\" '").rstrip("." if not end else "")
            plain = plain if plain.endswith((end, "!", "?")) else f"{plain}{end}"
            made[name] = slips.put(name, text, f"{plain[:1].upper()}{plain[1:]}")
    return made


def _number_in(value: Any) -> int | None:
    """A whole number, or the only one in a few words ("plan 2")."""
    number = whole_number_of(value)
    if number is None and isinstance(value, str) and len(found := set(re.findall(r"\d+", plain_text(value[:80])))) == 1:
        return int(found.pop()[:9])
    return number


_READERS: dict[str, Callable[[Any], Any]] = {
    "style": style_of,
    "key": parse_key_name,
    "meter": meter_of,
    "tempo_bpm": whole_tempo_of,
    "density": share_of,
}


def _numbers(place: str, value: Any, reader: Callable[[list[Any]], list[Any]], slips: LenientReader) -> Any:
    """A list of numbers, also where it is one string of them."""
    items = items_of(value, split=",;|" if isinstance(value, str) and re.search(r"[,;|]\s", plain_text(value)) else " ")
    if not isinstance(items, list) or len(items) > 100:
        return value
    meant = reader(items)
    return slips.put(place, value, meant)


def _each(reader: Callable[[Any], Any]) -> Callable[[list[Any]], list[Any]]:
    def read(values: list[Any]) -> list[Any]:
        return [value if (meant := reader(value)) is None else meant for value in values]

    return read


def line_as_meant(before: str, record: JsonObject, slips: LenientReader) -> JsonObject:
    """A record, of a piece or of a letter, with its motif and its contour as they are meant; `before` stands before their places."""
    made = dict(record)
    for name in ("motif", "contour"):
        if name not in made:
            continue
        value = made[name]
        if is_unsaid(value):
            made[name] = None
        elif name == "motif":
            made[name] = _motif(scalar_of(value), slips, before)
        else:
            made[name] = _numbers(f"{before}contour", value, shares_of, slips)
    return made


def _motif(motif: Any, slips: LenientReader, before: str) -> Any:
    if not isinstance(motif, dict):
        return motif
    made = rename_fields(match_field_names(motif, WireMotif), WireMotif, slips)
    for name, reader in (("steps", whole_number_of), ("lengths", length_of)):
        if name in made and made[name] is not None:
            made[name] = _numbers(f"{before}motif.{name}", made[name], _each(reader), slips)
    return made

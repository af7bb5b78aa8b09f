"""Which object of an answer counts: the last whole one that fits what was asked.

A model drafts before it decides, repeats the schema or an example of the question, and wraps what it says ({"plan": ...}, a list of
one, a tool's arguments as a string of JSON). So every object of the text is a candidate, also those inside others; an object fits when three
quarters of the asked fields are there with values of their kind. Size says nothing. Knows no schema but by its fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from img2music.models.parsing.json_schema import schema_of
from img2music.models.parsing.lenient_json import Budget, LenientJsonError, ParsedObject, parse_object, unescaped

if TYPE_CHECKING:
    from pydantic import BaseModel

    from img2music.models.parsing.json_schema import JsonObject

__all__ = ["Found", "find_answer_object", "is_schema", "match_field_names", "unwrap_answer"]

_MOST_STARTS = 1000
_DEEPEST, _MOST_INSIDE = 4, 300
_ESCAPED = re.compile(r'\{\s{0,20}(?:\\["u]|(?:\\[nrt]\s{0,20}){1,20}\S)')
"""How an object begins that stands in a string of JSON."""
_BEGINS = re.compile(r"[\s\ufeff\u200b\[]{0,40}(?:```\w{0,10}\s{0,10})?[\s\[]{0,40}\{")
"""How a string begins that is JSON itself."""
_MOST_STRINGS = 3
_PRICE = 20
"""Tokens of the budget that looking at an object inside another one costs."""
_FITS = 0.75
"""Share of the asked fields from which an object fits. Our choice."""
_KINDS = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_NODE = frozenset({"type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const", "items"})
_PLACEHOLDERS = _KINDS | {"", "...", "…", "str", "int", "float"}


@dataclass(slots=True)
class Found:
    """What there is in a text."""

    best: JsonObject | None = None
    """The object that counts; None where there is none, or a cut one fits better."""
    cut: str | None = None
    """Where the object that fits best is cut off."""
    fault: LenientJsonError | None = None
    """Why the object that came furthest can't be read."""
    schema: bool = False
    """Whether a schema was repeated."""
    _strings: int = 0
    _whole: list[tuple[float, JsonObject]] = field(default_factory=list)


def find_answer_object(text: str, model: type[BaseModel] | None = None) -> Found:
    """The object that counts; `model` says which fields are asked for.

    Without `model` it is the last whole one that is not empty and holds nothing but numbers where numbers stand.
    """
    found = Found()
    cuts: list[tuple[float, str]] = []
    budget = Budget()
    place = starts = 0
    while (start := text.find("{", place)) >= 0 and starts < _MOST_STARTS and budget.tokens > 0:
        starts += 1
        reading, place = _read(text, start, budget, found)
        if reading is None:
            continue
        if reading.no_number and model is None:  # nobody checks its field
            found.fault = LenientJsonError(f"{reading.no_number} is no number", start, 1)
            continue
        fit, tree = _best_inside(reading.tree, model, budget)
        if reading.cut is None or (reading.lacks_brace and model is not None and fit >= 1):
            found.schema = found.schema or is_schema(reading.tree)
            if not is_schema(tree):
                found._whole.append((fit, tree))
        elif reading.tree:
            cuts.append((fit, reading.cut))
            if model is None:
                break
            place = start + 1
        else:
            place = start + 1
    found.best = _last_that_fits(found._whole)
    fit = max((fit for fit, tree in found._whole if tree is found.best), default=-1.0)
    if cuts and fit < _FITS and max(cuts)[0] >= fit:
        found.best, found.cut = None, max(cuts, key=lambda one: one[0])[1]
    return found


def _read(text: str, start: int, budget: Budget, found: Found) -> tuple[ParsedObject | None, int]:
    """The object at a brace, and where to look on."""
    try:
        reading = parse_object(text, start, budget)
    except LenientJsonError as fault:
        if found._strings < _MOST_STRINGS and (text.startswith("\\", fault.place) or _ESCAPED.match(text, start)):
            found._strings += 1
            inside, end = unescaped(text, start)
            try:
                return parse_object(inside, 0, budget), end
            except LenientJsonError:
                pass
        if found.fault is None or fault.fields > found.fault.fields:
            found.fault = fault
        return None, start + 1
    return reading, reading.end


def _last_that_fits(whole: list[tuple[float, JsonObject]]) -> JsonObject | None:
    """The last that fits, else the one that fits best, the last among equals; an empty one only where there is no other."""
    if not whole:
        return None
    fitting = [tree for fit, tree in whole if fit >= _FITS and tree]
    return fitting[-1] if fitting else max(reversed(whole), key=lambda one: (one[0], bool(one[1])))[1]


def unwrap_answer(tree: JsonObject, model: type[BaseModel]) -> JsonObject:
    """The object itself or the one inside it that fits `model` best, its fields called as they are in `model`."""
    return match_field_names(_best_inside(dict(tree), model, Budget())[1], model)


def _best_inside(tree: JsonObject, model: type[BaseModel] | None, budget: Budget) -> tuple[float, JsonObject]:
    """The fit and the object: `tree` or the outermost inside it that fits better; what it lacks and its wrappers have is put in."""
    if model is None:
        return 1.0, tree
    fit, best = _fit(tree, model), tree
    level: list[tuple[JsonObject, JsonObject]] = [(tree, {})]
    seen = 0
    for _ in range(_DEEPEST):
        deeper: list[tuple[JsonObject, JsonObject]] = []
        for outer, around in level:
            if is_schema(outer):
                continue
            told = {
                **around,
                **{name: value for name, value in match_field_names(outer, model).items() if name in model.model_fields},
            }
            for inner in _inside(outer, budget):
                budget.tokens -= _PRICE
                seen += 1
                if seen > _MOST_INSIDE or budget.tokens <= 0:
                    return fit, best
                one = _fit(inner, model)
                if one > fit and not is_schema(inner):
                    fit, best = one, {**told, **match_field_names(inner, model)}
                deeper.append((inner, told))
        level = deeper
    return fit, best


def _inside(tree: JsonObject, budget: Budget) -> list[JsonObject]:
    """Objects directly inside, the last of a list first, strings of JSON read."""
    made: list[JsonObject] = []
    for value in tree.values():
        for item in reversed(value) if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                made.append(item)
            elif isinstance(item, str) and _BEGINS.match(item) and budget.tokens > 0:
                try:
                    reading = parse_object(item, item.index("{"), budget)
                except LenientJsonError:
                    continue
                if reading.cut is None:
                    made.append(reading.tree)
    return made


def is_schema(tree: JsonObject) -> bool:
    """Whether an object describes answers instead of being one."""
    if "$schema" in tree or "$defs" in tree:
        return True
    if "properties" in tree and (tree.get("type") == "object" or isinstance(tree["properties"], dict)):
        return True
    return bool(tree) and all(isinstance(value, dict) and _is_node(value) for value in tree.values())


def _is_node(value: JsonObject) -> bool:
    kind = value.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    return any(isinstance(one, str) and one in _KINDS for one in kinds) or bool(value.keys() & (_NODE - {"type"}))


def match_field_names(tree: JsonObject, model: type[BaseModel]) -> JsonObject:
    """The object with its fields called as in `model` where capitals or signs alone differ ("Tempo BPM"); other names stay."""
    known = _names(model)
    made: JsonObject = {}
    for name, value in tree.items():
        right = name if name in model.model_fields else known.get(_plain(name), name)
        if right == name or right not in tree:
            made[right] = value
    return made


@cache
def _names(model: type[BaseModel]) -> dict[str, str]:
    return {_plain(name): name for name in model.model_fields}


def _plain(name: str) -> str:
    return "".join(letter for letter in name[:60].casefold() if letter.isalnum())


def _fit(tree: JsonObject, model: type[BaseModel]) -> float:
    """The share of the asked fields that are there with a value of their kind, 0..1; 0 for a schema."""
    asked = schema_of(model).get("properties", {})
    if is_schema(tree) or not asked:
        return 0.0
    right = match_field_names(tree, model)
    return sum(name in right and _suits(right[name], node) for name, node in asked.items()) / len(asked)


def _suits(value: Any, node: JsonObject) -> bool:
    """Whether a value can be meant as an answer to a field: the kind is right, and it is no placeholder."""
    kinds = {str(one.get("type")) for one in (node, *node.get("anyOf", ())) if "type" in one}
    if value is None:
        return "null" in kinds
    if isinstance(value, str):
        return value.strip().lower() not in _PLACEHOLDERS and not (value.startswith("<") and value.endswith(">"))
    if isinstance(value, dict):
        return bool(kinds & {"object", "array"}) and not _is_node(value) and not is_schema(value)
    if isinstance(value, list):
        return bool(value) or "array" in kinds
    return True

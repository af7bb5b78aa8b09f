"""JSON schemas as servers and grammars understand them best: flat, every field required, nothing else allowed, all bounded.

A record's pydantic class is the one source: what the schema can't say (theory, sums, citations) the class checks when the answer
comes. References are written out, defaults, titles and docstrings left out, because strict servers refuse the one and small models copy the other.
What a prompt says of limits is made from the schema too (`limits_of`), so that the two can't disagree.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

__all__ = ["JsonObject", "limits_of", "narrowed", "schema_of", "without_lists"]

JsonObject = dict[str, Any]
"""A JSON object that nobody has checked, or a JSON schema. It stays inside the modules that read answers; what leaves them is a record."""
_DROPPED = frozenset({"title", "description", "default", "$defs", "discriminator"})
_SHORT_LIST, _SAID_LIST = 14, 8
"""A list of so many names at most stays in a schema in whatever case; of so many it is said among the limits."""


@cache
def schema_of(model: type[BaseModel]) -> JsonObject:
    """The schema of the answers that `model` reads. It is shared: don't change it."""
    tree = model.model_json_schema()
    made: JsonObject = _written_out(tree, tree.get("$defs", {}))
    return made


def _written_out(node: Any, definitions: JsonObject) -> Any:
    if isinstance(node, list):
        return [_written_out(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _written_out(definitions[node["$ref"].rpartition("/")[2]], definitions)
    made: JsonObject = {}
    for name, value in node.items():
        if name == "properties":
            made[name] = {field: _written_out(inner, definitions) for field, inner in value.items()}
        elif name not in _DROPPED:
            made[name] = _written_out(value, definitions)
    if made.get("type") == "object" and "properties" in made:
        made["required"] = list(made["properties"])
        made["additionalProperties"] = False
    return made


def without_lists(schema: JsonObject, fields: Iterable[str]) -> JsonObject:
    """The schema with long lists of names in those fields left out: the prompt lists them already, and once is enough.

    What the fields hold is bounded as before (a name is no longer than the longest of the list); whether it is one of the list is checked
    when the answer comes. `fields` are names of properties at any depth: "genre", "instrument".
    """
    wanted = frozenset(fields)

    def look(node: Any, inside: bool) -> Any:
        if isinstance(node, list):
            return [look(item, inside) for item in node]
        if not isinstance(node, dict):
            return node
        names = node.get("enum")
        if inside and isinstance(names, list) and len(names) > _SHORT_LIST and all(isinstance(name, str) for name in names):
            rest = {key: value for key, value in node.items() if key != "enum"}
            return {**rest, "maxLength": max(map(len, names))}
        return {
            key: {field: look(inner, inside or field in wanted) for field, inner in value.items()}
            if key == "properties"
            else look(value, inside)
            for key, value in node.items()
        }

    made: JsonObject = look(dict(schema), False)
    return made


def narrowed(schema: JsonObject, fields: Iterable[str]) -> JsonObject:
    """The schema of an answer that holds only those fields, all of them."""
    names = [name for name in schema["properties"] if name in frozenset(fields)]
    return {**schema, "properties": {name: schema["properties"][name] for name in names}, "required": names}


def limits_of(schema: JsonObject, fields: Iterable[str] | None = None, *, lists: bool = False) -> str:
    """What the schema allows, one field a line, in its order and in a short hand.

        observations 1-6 {name ≤31; text ≤160; box 4 of 0..1}

    is one to six of them, each with a name of at most 31 characters and so on; a..b a range of numbers, a|b one of. Names of long lists
    are left out unless `lists` is true.
    """
    names = schema["properties"] if fields is None else [name for name in schema["properties"] if name in frozenset(fields)]
    return "\n".join(f"{name} {_said(schema['properties'][name], lists)}".strip() for name in names)


def _said(node: JsonObject, lists: bool) -> str:
    if "anyOf" in node:
        return " or ".join(dict.fromkeys(_said(one, lists) or "text" for one in node["anyOf"]))
    if "enum" in node:
        values = [f"{value:g}" if isinstance(value, float) else str(value) for value in node["enum"]]
        return "|".join(values) if lists or len(values) <= _SAID_LIST else ""
    kind = node.get("type")
    if kind == "array":
        low, high = node.get("minItems", 0), node.get("maxItems")
        inner = _said(node["items"], lists)
        return f"{low if low == high else f'{low}-{high}'}{' of ' if inner and inner[0] != '≤' else ' '}{inner}".strip()
    if kind == "object":
        return f"{{{'; '.join(f'{name} {_said(inner, lists)}'.strip() for name, inner in node['properties'].items())}}}"
    if kind in {"number", "integer"}:
        return f"{node.get('minimum', '')}..{node.get('maximum', '')}{' whole' if kind == 'integer' else ''}"
    return f"≤{node['maxLength']}" if "maxLength" in node else str(kind) if kind != "string" else ""

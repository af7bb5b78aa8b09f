"""JSON schemas as servers and grammars understand them best: flat, every field required, nothing else allowed, all bounded.

A record's pydantic class is the one source: what the schema can't say (theory, sums, citations) the class checks when the answer
comes. References are written out, defaults, titles and docstrings left out, because strict servers refuse the one and small models copy the other.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["schema_of"]

_DROPPED = frozenset({"title", "description", "default", "$defs", "discriminator"})


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of the answers that `model` reads. It is shared: don't change it."""
    tree = model.model_json_schema()
    made: dict[str, Any] = _written_out(tree, tree.get("$defs", {}))
    return made


def _written_out(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_written_out(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _written_out(definitions[node["$ref"].rpartition("/")[2]], definitions)
    made: dict[str, Any] = {}
    for name, value in node.items():
        if name == "properties":
            made[name] = {field: _written_out(inner, definitions) for field, inner in value.items()}
        elif name not in _DROPPED:
            made[name] = _written_out(value, definitions)
    if made.get("type") == "object" and "properties" in made:
        made["required"] = list(made["properties"])
        made["additionalProperties"] = False
    return made

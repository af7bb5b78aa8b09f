"""Where in a YAML document a fault lies, and what was probably meant.

A validator names a path ("parts.2.role"); a person wants a line and the nearest right name. Lines count from 1.
Knows nothing of what a document means; the models say which names there are.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import yaml

__all__ = ["is_unknown_field", "line_of", "place_of", "suggest_correction"]

_CUTOFF = 0.6
"""How alike two names must be before one is offered for the other (`difflib`'s own default)."""
_EXPECTED = re.compile(r"'([^']*)'")


def line_of(root: yaml.Node | None, path: Sequence[int | str]) -> int | None:
    """The line of the deepest step of `path` that the document has; None for an empty document.

    `root` is what `yaml.compose` makes of it. A key leads to its own line, an entry of a list to that of its first character.
    """
    if root is None:
        return None
    node, mark = root, root.start_mark
    for step in path:
        entries = node.value if isinstance(node.value, list) else []
        if isinstance(step, int) and step < len(entries) and not isinstance(entries[step], tuple):
            node = entries[step]
            mark = node.start_mark
            continue
        found = next((pair for pair in entries if isinstance(pair, tuple) and pair[0].value == str(step)), None)
        if found is None:
            break
        mark, node = found[0].start_mark, found[1]
    return int(mark.line) + 1


def place_of(model: type[BaseModel], fault: Mapping[str, Any]) -> tuple[int | str, ...]:
    """Where a validator's `fault` lies in a document of `model`: keys and numbers from the top, down to the field where one is to blame."""
    field = fault.get("ctx", {}).get("field") or _refused_key(model, fault)
    return tuple(fault["loc"]) if field is None else (*fault["loc"], field)


def is_unknown_field(model: type[BaseModel], fault: Mapping[str, Any]) -> bool:
    """Whether the document holds a field that `model` does not know."""
    return fault["type"] in {"extra_forbidden", "unexpected_keyword_argument"} or _refused_key(model, fault) is not None


def _refused_key(model: type[BaseModel], fault: Mapping[str, Any]) -> str | None:
    """The key that a model which looks at its own keys has refused as unknown; None for any other fault."""
    owner = _model_at(model, fault["loc"]) if fault["type"] == "value_error" and isinstance(fault["input"], dict) else None
    return next((str(key) for key in fault["input"] if key not in _names(owner)), None) if owner else None


def suggest_correction(model: type[BaseModel], fault: Mapping[str, Any]) -> str:
    """What to add to the message of a validator's `fault`: the nearest right name and all there are, or nothing."""
    if is_unknown_field(model, fault):
        *path, name = place_of(model, fault)
        owner = _model_at(model, path)
        return _offer(str(name), _names(owner)) if owner else ""
    if fault["type"] == "literal_error":
        known = _EXPECTED.findall(str(fault["ctx"]["expected"]))
        given = fault["input"]
        if str(given) in str(fault["ctx"]["expected"]).split(" or "):
            return f" (not the {type(given).__name__} {given!r})".replace("the str", "the text")
        near = get_close_matches(str(given), known, n=1, cutoff=_CUTOFF)
        return f" (not {str(fault['input'])[:60]!r}{f'; did you mean {near[0]!r}?' if near else ''})"
    return ""


def _names(model: type[BaseModel]) -> list[str]:
    """The fields of a model as documents call them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _offer(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=_CUTOFF)
    return f" (did you mean {near[0]!r}?)" if near else f"; there are: {', '.join(sorted(known))}"


def _model_at(model: type[BaseModel], path: Sequence[int | str]) -> type[BaseModel] | None:
    """The model whose field the next step of a path would be."""
    kind: Any = model
    for step in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(step))
            kind = _core(field.annotation) if field else None
        else:  # an entry of a list or a table
            kind = _core((get_args(kind) or (None,))[1 if get_origin(kind) is dict else 0])
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _core(kind: Any) -> Any:
    """An annotation without its `Annotated` and `| None`."""
    while get_origin(kind) is not None and get_origin(kind) not in (tuple, list, dict):
        kind = next((one for one in get_args(kind) if one is not type(None)), None)
    return kind

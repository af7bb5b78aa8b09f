"""From a model's words to a checked record: find the JSON, check it, and say what is wrong so that a model can mend it.

An answer is hostile until checked: bounded in size, read as JSON and nothing else, no unknown field, finite numbers. What stands
around the JSON (a fence, "Sure, here is ...") is passed over. Knows nothing of what the record means.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["AnswerError", "field_of", "json_of", "validated"]

_LONGEST = 200_000
_MOST_STARTS = 20
_MOST_FAULTS = 12
_LONGEST_FAULT = 240
M = TypeVar("M", bound=BaseModel)


class AnswerError(Exception):
    """What is wrong with an answer: short sentences that a model is told. Never leaves a stage."""

    def __init__(self, *faults: str) -> None:
        """`faults` are told in the order given, the first dozen of them."""
        super().__init__("; ".join(faults))
        self.faults = tuple(_short(fault) for fault in faults[:_MOST_FAULTS])


def json_of(text: str) -> dict[str, Any]:
    """The JSON object in an answer: the whole of it, or the largest one inside.

    Raises:
        AnswerError: there is none, or it is cut off.
    """
    if not text.strip():
        raise AnswerError("the answer is empty; answer with one JSON object")
    if len(text) > _LONGEST:
        raise AnswerError(f"the answer has {len(text)} characters; answer with one JSON object and nothing else")
    found = max(_objects(text), key=lambda item: item[0], default=None)
    if found is not None:
        cleaned: dict[str, Any] = _printable(found[1])
        return cleaned
    if "{" in text:
        raise AnswerError("the JSON object is not complete or not sound; answer with one whole JSON object and nothing else")
    raise AnswerError("there is no JSON object in the answer; answer with one JSON object and nothing else")


def _objects(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every sound object in the text with its length, from the left; objects inside one that was found are passed over."""
    begin, starts = 0, 0
    while (start := text.find("{", begin)) >= 0 and starts < _MOST_STARTS:
        starts += 1
        end = _end(text, start)
        if end is None:
            begin = start + 1
            continue
        try:
            tree = from_json(text[start:end], allow_inf_nan=False)
        except (ValueError, TypeError):  # the latter for half a surrogate pair
            begin = start + 1
            continue
        if isinstance(tree, dict) and _finite(tree):
            yield end - start, tree
        begin = end


def _printable(tree: Any) -> Any:
    """The tree without characters that no one sees: controls, marks that turn the direction of writing."""
    if isinstance(tree, str):
        return "".join(letter if letter.isprintable() else " " * letter.isspace() for letter in tree)
    if isinstance(tree, dict):
        return {_printable(name): _printable(value) for name, value in tree.items()}
    return [_printable(item) for item in tree] if isinstance(tree, list) else tree


def _end(text: str, start: int) -> int | None:
    """One behind the brace that closes the one at `start`; None where it is never closed."""
    depth, quoted, escaped = 0, False, False
    for place in range(start, len(text)):
        letter = text[place]
        if escaped:
            escaped = False
        elif quoted:
            escaped = letter == "\\"
            quoted = letter != '"'
        elif letter == '"':
            quoted = True
        elif letter in "{}":
            depth += 1 if letter == "{" else -1
            if depth == 0:
                return place + 1
    return None


def validated(tree: Any, model: type[M]) -> M:
    """A record of a checked kind.

    Raises:
        AnswerError: each fault with its place: "sections.0.harmony.2: ...".
    """
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        raise AnswerError(*(_told(fault) for fault in error.errors(include_url=False))) from None


def field_of(model: type[BaseModel], name: str, tree: Mapping[str, Any]) -> Any:
    """One field of a record, checked alone, so that a fault in it does not cost the others.

    Raises:
        AnswerError: it is missing, or not what `model` demands; with its place.
    """
    if name not in tree:
        raise AnswerError(f"{name}: it is missing")
    try:
        return _adapter(model, name).validate_python(tree[name])
    except ValidationError as error:
        raise AnswerError(*(_told(fault, name) for fault in error.errors(include_url=False)[:1])) from None


@cache
def _adapter(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    info = model.model_fields[name]
    kind: Any = info.annotation
    for rule in info.metadata:
        kind = Annotated[kind, rule]
    return TypeAdapter(kind)


def _told(fault: Any, *before: str) -> str:
    place = ".".join([*before, *(str(step) for step in fault["loc"])])
    message = fault["msg"].removeprefix("Value error, ")
    given = fault.get("input")
    said = f" (you wrote {str(given)[:60]!r})" if isinstance(given, str | int | float) else ""
    return f"{place}: {message}{said}" if place else f"{message}{said}"


def _finite(tree: Any) -> bool:
    if isinstance(tree, float):
        return math.isfinite(tree)
    if isinstance(tree, dict):
        return all(map(_finite, tree.values()))
    return all(map(_finite, tree)) if isinstance(tree, list) else True


def _short(text: str) -> str:
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= _LONGEST_FAULT else line[:_LONGEST_FAULT] + "..."

"""From a model's words to a checked record: find the JSON, check it, and say what is wrong so that a model can mend it.

An answer is hostile until checked: bounded in size, read as JSON and nothing else, no unknown field, finite numbers. What stands
around the JSON (a thought, a fence, "Sure, here is ...") is passed over; which object counts is said in `json_candidates`. Knows nothing of
what the record means.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from img2music.models.parsing.json_candidates import Found, find_answer_object, match_field_names
from img2music.models.parsing.thinking_text import without_thinking

if TYPE_CHECKING:
    from collections.abc import Collection

    from img2music.models.parsing.json_schema import JsonObject

__all__ = ["AnswerError", "drop_unknown_fields", "parse_json_answer", "validate_field", "validate_record"]

_LONGEST = 200_000
_LONGEST_THOUGHT = 5_000_000
"""Characters of a text in which a thought is still looked for."""
_MOST_FAULTS = 12
_LONGEST_FAULT = 240
_LONGEST_NAME, _MOST_UNKNOWN = 40, 5
_NO_NUMBERS = frozenset({"NaN", "Infinity", "-Infinity"})
M = TypeVar("M", bound=BaseModel)


class AnswerError(Exception):
    """What is wrong with an answer: short sentences that a model is told. Never leaves a stage."""

    def __init__(self, *faults: str) -> None:
        """`faults` are told in the order given, the first dozen of them."""
        super().__init__("; ".join(faults))
        self.faults = tuple(_short(fault) for fault in faults[:_MOST_FAULTS])


def parse_json_answer(text: str, model: type[BaseModel] | None = None) -> JsonObject:
    """The JSON object that an answer means: behind the thinking, the last whole one that fits `model`, out of its wrappers.

    Its fields are called as in `model` where no more than capitals and signs were different.

    Without `model` the last whole one that is not empty. Read as leniently as `img2music.models.parsing.lenient_json` says. A number that
    is none (NaN) comes as its name, so that the check of its field tells it; without `model` it is a fault here.

    Raises:
        AnswerError: there is none, or it is cut off, or only the schema was repeated; the message says where it breaks.
    """
    if not text.strip():
        raise AnswerError("the answer is empty; answer with one JSON object")
    said, thinking = without_thinking(text) if len(text) <= _LONGEST_THOUGHT else (text, False)
    if len(said) > _LONGEST:
        raise AnswerError(f"the answer has {len(said)} characters; answer with one JSON object and nothing else")
    found = find_answer_object(said, model)
    if found.best is not None:
        cleaned: JsonObject = _printable(found.best if model is None else match_field_names(found.best, model))
        return cleaned
    raise AnswerError(_why_none(found, said, thinking=thinking))


def _why_none(found: Found, said: str, *, thinking: bool) -> str:
    """Why there is no object, as a model is told."""
    whole = "answer with one whole JSON object and nothing else"
    if found.cut is not None:
        return f"the JSON object is not complete: it is cut off in {found.cut!r}; {whole}, more briefly"
    if found.schema:
        return "that is the schema and no answer; answer with one JSON object that fills it in"
    if thinking:
        return "the thinking goes on to the end and no answer follows it; think less, then answer with one JSON object"
    if found.fault is not None and found.fault.fields:
        line = said.count("\n", 0, found.fault.place) + 1
        return f"the JSON object is not complete or not sound: in line {line}: {found.fault.text}; {whole}"
    if "{" in said:
        return f"the JSON object is not complete or not sound; {whole}"
    return "there is no JSON object in the answer; answer with one JSON object and nothing else"


def _printable(tree: Any) -> Any:
    """The tree without characters that no one sees: controls, marks that turn the direction of writing."""
    if isinstance(tree, str):
        return "".join(letter if letter.isprintable() else " " * letter.isspace() for letter in tree)
    if isinstance(tree, dict):
        return {_printable(name): _printable(value) for name, value in tree.items()}
    return [_printable(item) for item in tree] if isinstance(tree, list) else tree


def drop_unknown_fields(tree: JsonObject, names: Collection[str]) -> tuple[JsonObject, tuple[str, ...]]:
    """The answer without fields that nobody asked for, and a remark that names them: they cost nothing, so nobody is asked again."""
    strange = sorted(str(name)[:_LONGEST_NAME] for name in tree.keys() - set(names))
    kept = {name: value for name, value in tree.items() if name in names}
    if not strange:
        return kept, ()
    return kept, (f"there is no field {', '.join(map(repr, strange[:_MOST_UNKNOWN]))}; it was left out",)


def validate_record(tree: Any, model: type[M]) -> M:
    """A record of a checked kind.

    Raises:
        AnswerError: each fault with its place: "sections.0.harmony.2: ...".
    """
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        raise AnswerError(*(_told(fault) for fault in error.errors(include_url=False))) from None


def validate_field(model: type[BaseModel], name: str, tree: JsonObject) -> Any:
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
    if isinstance(given, str) and given in _NO_NUMBERS:
        return f"{place}: {given} is no number"
    said = f" (you wrote {str(given)[:60]!r})" if isinstance(given, str | int | float) else ""
    return f"{place}: {message}{said}" if place else f"{message}{said}"


def _short(text: str) -> str:
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= _LONGEST_FAULT else line[:_LONGEST_FAULT] + "..."

"""The question after an answer with faults: a patch of the fields at fault, or the whole again with the faults quoted.

A patch asks only for what is wrong, and sends nothing that was right: the request holds the model's answer so far, what is wrong with
it, what is allowed there, and a schema of the fields at fault alone. What comes back is laid over the answer as a JSON merge patch is
(RFC 7396), but for null, which stays a value because in some answers it means "as it was". Knows nothing of what the fields mean.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from img2music.models.parsing.json_answer import AnswerError, parse_json_answer
from img2music.models.parsing.json_schema import limits_of, narrowed
from img2music.templates import Message, wrap_untrusted

if TYPE_CHECKING:
    from collections.abc import Collection

    from img2music.models.parsing.json_schema import JsonObject
    from img2music.models.question import Question

__all__ = ["RepairQuestions", "fields_at_fault", "merge_patch", "patch_request"]

_LONGEST_QUOTED = 6000
_OTHER_SEED = 1_000_003
"""Far from the seeds that people take next."""
_LONGEST_ANSWER = 8_000
"""Characters of an answer that are shown to the model again."""
_PLACE = re.compile(r"[a-z_]+")


@dataclass(frozen=True, slots=True)
class RepairQuestions:
    """How faults are brought to the model's notice."""

    system: str
    """The template's system text."""
    quote: bool
    """Whether faults are quoted; else the same is asked with another seed."""
    patched: frozenset[str]
    """Fields that can be asked again by themselves."""
    vocabulary: JsonObject
    """The schema that names every value that is allowed."""

    def next_question(self, question: Question, text: str, faults: tuple[str, ...]) -> tuple[Question, JsonObject | None]:
        """What is asked next of the whole question, and the answer that a patch is asked for, None where all is asked again."""
        if not self.quote:
            return replace(question, seed=(question.seed + _OTHER_SEED) % 2**31), None
        written, fields = _to_patch(text, faults, question.schema, self.patched)
        if written is None:
            return replace(question, messages=(*question.messages, *_quoted(text, faults))), None
        asked = patch_request(self.system, written, faults, fields, self.vocabulary)
        return replace(question, messages=asked, schema=narrowed(question.schema or {}, fields), picture_jpeg=None), written


def fields_at_fault(faults: Collection[str], schema: JsonObject) -> tuple[str, ...]:
    """The fields of an answer that its faults name, in the schema's order; () where a fault names none, so that a patch can't mend all.

    A fault begins with its place: "tempo_bpm: ...", "sections.2.bars: ...".
    """
    named = [match[0] if (match := _PLACE.match(fault)) else "" for fault in faults]
    fields = schema.get("properties", {})
    return tuple(name for name in fields if name in named) if all(name in fields for name in named) else ()


def merge_patch(answer: JsonObject, patch: JsonObject) -> JsonObject:
    """The answer with the patch laid over it: objects are merge_patch field by field, everything else is replaced, lists as a whole."""
    made = dict(answer)
    for name, value in patch.items():
        before = made.get(name)
        made[name] = merge_patch(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return made


def patch_request(
    system: str, answer: JsonObject, faults: Collection[str], fields: Collection[str], vocabulary: JsonObject
) -> tuple[Message, ...]:
    """The messages that ask for `fields` anew; `vocabulary` is the schema that names every value that is allowed."""
    wrong = "\n".join(f"- {fault}" for fault in faults)
    written = wrap_untrusted("answer", json.dumps(answer, ensure_ascii=False, separators=(",", ":")), _LONGEST_ANSWER)
    text = (
        f"This was your answer:\n{written}\n\nSome of it can't be used:\n{wrong}\n\n"
        f"What is allowed:\n{limits_of(vocabulary, fields, lists=True)}\n\n"
        f"Answer with one JSON object that holds only {', '.join(fields)}, each whole and mended. The rest stays as you wrote it."
    )
    return (*((Message("system", system),) if system else ()), Message("user", text))


def _to_patch(
    text: str, faults: tuple[str, ...], schema: JsonObject | None, patched: Collection[str]
) -> tuple[JsonObject | None, tuple[str, ...]]:
    """The answer so far and the fields to be asked again; None where the whole question has to be."""
    fields = fields_at_fault(faults, schema) if schema is not None else ()
    if not fields or not all(field in patched for field in fields):
        return None, ()
    try:
        return parse_json_answer(text), fields
    except AnswerError:
        return None, ()


def _quoted(text: str, faults: tuple[str, ...]) -> tuple[Message, Message]:
    """The model's own answer, then what is wrong with it."""
    wrong = "\n".join(f"- {fault}" for fault in faults)
    return (
        Message("assistant", text[:_LONGEST_QUOTED] or "(empty)"),
        Message("user", f"That answer can't be used:\n{wrong}\nAnswer again, the whole of it, with these faults mended."),
    )

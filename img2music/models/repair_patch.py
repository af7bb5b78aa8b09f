"""A repair that asks for a patch: only what is at fault is asked again, and nothing is sent that was right.

The request holds the model's answer so far, what is wrong with it, what is allowed there, and a schema of the fields at fault alone. What
comes back is laid over the answer as a JSON merge patch is (RFC 7396), but for null, which stays a value because in some
answers it means "as it was". Knows nothing of what the fields mean.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from img2music.models.parsing.json_schema import limits_of
from img2music.templates import Message, wrap_untrusted

if TYPE_CHECKING:
    from collections.abc import Collection

    from img2music.models.parsing.json_schema import JsonObject

__all__ = ["drop_unknown_fields", "fields_at_fault", "merge_patch", "patch_request"]

_LONGEST_SHOWN = 40
_MOST_STRANGERS = 5
LONGEST_ANSWER = 8_000
"""Characters of an answer that are shown to the model again."""
_PLACE = re.compile(r"[a-z_]+")


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
    written = wrap_untrusted("answer", json.dumps(answer, ensure_ascii=False, separators=(",", ":")), LONGEST_ANSWER)
    text = (
        f"This was your answer:\n{written}\n\nSome of it can't be used:\n{wrong}\n\n"
        f"What is allowed:\n{limits_of(vocabulary, fields, lists=True)}\n\n"
        f"Answer with one JSON object that holds only {', '.join(fields)}, each whole and mended. The rest stays as you wrote it."
    )
    return (*((Message("system", system),) if system else ()), Message("user", text))


def drop_unknown_fields(tree: JsonObject, names: Collection[str]) -> tuple[JsonObject, tuple[str, ...]]:
    """The answer without fields that nobody asked for, and a remark that names them: they cost nothing, so nobody is asked again."""
    strange = sorted(str(name)[:_LONGEST_SHOWN] for name in tree.keys() - set(names))
    kept = {name: value for name, value in tree.items() if name in names}
    if not strange:
        return kept, ()
    return kept, (f"there is no field {', '.join(map(repr, strange[:_MOST_STRANGERS]))}; it was left out",)

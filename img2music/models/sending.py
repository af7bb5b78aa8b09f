"""A question as LangChain sends it: messages, the picture with the first of the user's, the form of the answer, the rate."""

from __future__ import annotations

import base64
import json
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from img2music.models.asking import Question
    from img2music.models.spec import ModelSpec

__all__ = ["messages_of", "response_format", "turn"]

_turns: dict[tuple[str, str | None, float], float] = {}
_booking = Lock()


def turn(spec: ModelSpec, until: float) -> float:
    """Seconds until the next request may go out: one limit for all who ask the same model, however many clients they are.

    The turn is booked where it comes before `until` (of `time.monotonic`).
    """
    per_minute = spec.options.per_minute
    if per_minute is None:
        return 0.0
    name = (f"{spec.provider}:{spec.name}", spec.options.base_url, per_minute)
    with _booking:
        now = monotonic()
        begin = max(_turns.get(name, now), now)
        if begin < until:
            _turns[name] = begin + 60 / per_minute
    return begin - now


def messages_of(question: Question, structured: str) -> list[BaseMessage]:
    """As LangChain has them; the picture goes with the first message of the user, the schema in words where no server holds to it."""
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    made: list[BaseMessage] = []
    first = True
    for message in question.messages:
        text = message.text
        if message.role == "user" and first and structured != "schema" and question.schema is not None:
            text += (
                f"\n\nAnswer with one JSON object that keeps this JSON schema, and nothing else:\n{json.dumps(question.schema)}"
            )
        if message.role == "system":
            made.append(SystemMessage(text))
        elif message.role == "assistant":
            made.append(AIMessage(text))
        elif first and question.picture_jpeg is not None:
            image = {"type": "image", "base64": base64.b64encode(question.picture_jpeg).decode(), "mime_type": "image/jpeg"}
            made.append(HumanMessage(content=[image, {"type": "text", "text": text}]))
        else:
            made.append(HumanMessage(text))
        first = first and message.role != "user"
    return made


def response_format(question: Question, structured: str) -> dict[str, Any]:
    """How a server is told of the form of its answer."""
    assert question.schema is not None  # noqa: S101  looked at by the caller
    if structured == "json":
        return {"type": "json_object"}
    name = question.schema_name.replace("/", "_")
    return {"type": "json_schema", "json_schema": {"name": name, "schema": dict(question.schema), "strict": True}}

"""A question as LangChain sends it: messages, the picture with the first of the user's, the form of the answer, the rate."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import BaseMessage
    from langchain_core.rate_limiters import InMemoryRateLimiter

    from img2music.models.asking import Question
    from img2music.models.spec import ModelSpec

__all__ = ["limit_rate", "messages_of", "response_format"]

_limiters: dict[tuple[str, str | None, float], InMemoryRateLimiter] = {}


def limit_rate(model: BaseChatModel, spec: ModelSpec) -> None:
    """One limit for all who ask the same model, however many clients they are."""
    per_minute = spec.options.per_minute
    if per_minute is None:
        return
    from langchain_core.rate_limiters import InMemoryRateLimiter

    name = (f"{spec.provider}:{spec.name}", spec.options.base_url, per_minute)
    if name not in _limiters:
        _limiters[name] = InMemoryRateLimiter(requests_per_second=per_minute / 60, check_every_n_seconds=0.05)
    model.rate_limiter = _limiters[name]


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

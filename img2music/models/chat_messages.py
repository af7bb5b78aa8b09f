"""A question as LangChain sends it: messages, the picture with the first of the user's, and the parameters that go along."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from img2music.models.http.negotiation import RequestSettings
    from img2music.models.question import Question

__all__ = ["langchain_messages", "request_parameters", "response_format"]


def langchain_messages(
    question: Question, structured: str, *, system_apart: bool = True, picture_longest: int | None = None
) -> list[BaseMessage]:
    """As LangChain has them; the picture goes with the first message of the user, the schema in words where no server holds to it.

    Args:
        question: what is asked.
        structured: how the answer is held to its form; see `ModelOptions`.
        system_apart: whether the system's words are a message of their own. Else they begin the user's first, and messages of one
            role that follow each other become one, because templates that know no system want the roles to alternate.
        picture_longest: pixels of the picture's longer side, where it is to be smaller.
    """
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    made: list[BaseMessage] = []
    first = True
    for role, text in _roles_and_texts(question, apart=system_apart):
        words = text
        if role == "user" and first and structured != "schema" and question.schema is not None:
            words += (
                f"\n\nAnswer with one JSON object that keeps this JSON schema, and nothing else:\n{json.dumps(question.schema)}"
            )
        if role == "system":
            made.append(SystemMessage(words))
        elif role == "assistant":
            made.append(AIMessage(words))
        elif first and question.picture_jpeg is not None:
            jpeg = question.picture_jpeg if picture_longest is None else _smaller(question.picture_jpeg, picture_longest)
            image = {"type": "image", "base64": base64.b64encode(jpeg).decode(), "mime_type": "image/jpeg"}
            made.append(HumanMessage(content=[image, {"type": "text", "text": words}]))
        else:
            made.append(HumanMessage(words))
        first = first and role != "user"
    return made


def _roles_and_texts(question: Question, *, apart: bool) -> list[tuple[str, str]]:
    """Roles and texts in their order."""
    told: list[tuple[str, str]] = [(message.role, message.text) for message in question.messages]
    if apart:
        return told
    system = "\n\n".join(text for role, text in told if role == "system")
    merged: list[tuple[str, str]] = [("user", system)] if system else []
    for role, text in told:
        if role == "system":
            continue
        if merged and merged[-1][0] == role:
            merged[-1] = (role, f"{merged[-1][1]}\n\n{text}")
        else:
            merged.append((role, text))
    return merged


def _smaller(jpeg: bytes, longest: int) -> bytes:
    """The same picture with fewer pixels; as it is where it can't be read."""
    from io import BytesIO

    from PIL import Image

    try:
        with Image.open(BytesIO(jpeg)) as image:
            image.thumbnail((longest, longest))
            packed = BytesIO()
            image.convert("RGB").save(packed, "JPEG", quality=80)
    except (OSError, ValueError):
        return jpeg
    return packed.getvalue()


def request_parameters(question: Question, settings: RequestSettings, provider: str, allowed: float) -> dict[str, Any]:
    """What goes beside the messages; `allowed` seconds may pass until the answer."""
    wanted = None
    if settings.structured != "none" and question.schema is not None:
        wanted = response_format(question, settings.structured)
    seed = {"seed": question.seed % 2**31} if settings.seed else {}
    if provider != "openai":
        return {**seed, "timeout": allowed, **({} if wanted is None else {"response_format": wanted})}
    # All of it goes in the body as it stands: a response format that LangChain knows of makes it raise on an answer that is cut off,
    # instead of giving what came, and the length has one name only there.
    body: dict[str, Any] = {**seed}
    if wanted is not None:
        body["response_format"] = wanted
    if settings.temperature is not None:
        body["temperature"] = settings.temperature
    if settings.tokens_name is not None:
        body[settings.tokens_name] = settings.max_tokens
    return {"timeout": allowed, "extra_body": body}


def response_format(question: Question, structured: str) -> dict[str, Any]:
    """How a server is told of the form of its answer."""
    assert question.schema is not None  # noqa: S101  looked at by the caller
    if structured == "json":
        return {"type": "json_object"}
    name = question.schema_name.replace("/", "_")
    return {"type": "json_schema", "json_schema": {"name": name, "schema": dict(question.schema), "strict": True}}

"""An answer as LangChain gives it, read: where its words stand, how it ended, what it took.

The words stand in the content, as a text or as parts; in the arguments of a tool that the model called instead; or, where a server
takes a whole answer for thinking, in what it thought. Whether they are any good is for `repair_loop`.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from img2music.errors import BackendError
from img2music.models.http.redaction import redact_secrets
from img2music.models.question import Answer
from img2music.provenance import MOST_TOKENS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_core.messages import AIMessage

__all__ = ["ParsedResponse", "parse_response", "refusal_error"]

_TAIL_BYTES = 2000
_REPEATS = 0.05
"""Share of its length to which a text that goes round in circles packs; plans pack to a fifth and more, our measurement."""


@dataclass(frozen=True, slots=True)
class ParsedResponse:
    """An answer and what else is known of how it came about."""

    answer: Answer
    thought: bool
    """Whether the model thought before it answered, or instead."""

    @property
    def ran_out(self) -> bool:
        """Whether the tokens were spent before the first word of the answer."""
        return self.answer.finish == "length" and not self.answer.text.strip()

    @property
    def worth_more(self) -> bool:
        """Whether the answer was cut off and would have ended some time: it does not go round in circles."""
        if self.answer.finish != "length" or self.ran_out:
            return self.ran_out
        tail = self.answer.text.encode()[-_TAIL_BYTES:]
        return len(tail) < _TAIL_BYTES // 10 or len(zlib.compress(tail)) > _REPEATS * len(tail)


def parse_response(message: AIMessage) -> ParsedResponse:
    """The answer in `message`."""
    usage: Mapping[str, Any] = message.usage_metadata or {}
    counts = (_count(usage, "input_tokens"), _count(usage, "output_tokens"))
    details = usage.get("output_token_details") or {}
    thinking = message.additional_kwargs.get("reasoning_content")
    thought = bool(thinking) or _count(details, "reasoning") > 0
    refusal = message.additional_kwargs.get("refusal")
    finish = message.response_metadata.get("finish_reason") or "stop"
    text = _sound(str(message.text))
    if not text.strip():
        text = _called(message) or text
    if refusal or finish == "content_filter":
        said = _sound(str(refusal or text))[:500]
        return ParsedResponse(Answer(said, "refusal", *counts), thought)
    if not text.strip() and finish != "length" and isinstance(thinking, str) and "{" in thinking:
        text = _sound(thinking)
    return ParsedResponse(Answer(text, "length" if finish == "length" else "stop", *counts), thought)


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # half a surrogate pair could not be written anywhere


def _called(message: AIMessage) -> str:
    """The arguments of the tools that the model called instead of answering."""
    said = [json.dumps(call.get("args")) for call in message.tool_calls]
    said += [str(call.get("args") or "") for call in message.invalid_tool_calls]
    function = message.additional_kwargs.get("function_call")
    if isinstance(function, dict):
        said.append(str(function.get("arguments") or ""))
    return _sound("\n".join(said))


def _count(usage: Mapping[str, Any], name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) and 0 <= value <= MOST_TOKENS else 0


def refusal_error(answer: Answer, label: str) -> BackendError:
    """The error for an answer by which the model refuses."""
    said = redact_secrets(" ".join(answer.text.split()))[:200] or "its content filter does, without a word"
    return BackendError(f"model {label!r} refuses to answer ({said}); change the picture or the words")

"""Answers recorded earlier, as a chat model: for tests, for talks, for a piece made again without the model.

A file of recorded answers holds one JSON object a line:

    {"question": "9f86d081884c7d65", "answer": "{...}", "tokens_in": 812, "tokens_out": 344}

`question` is the digest of what was asked (`question_digest`); a line without it answers whatever is asked next. Lines of one question
are used in their order, and each once. A question that is not on record is an error, never a guess.
"""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any

from langchain_core.language_models.chat_models import BaseChatModel
from pydantic import Field, PrivateAttr

from img2music.errors import BackendError, DocumentError
from img2music.io.documents import parse_json, read_file
from img2music.models.providers.local_model import chat_result
from img2music.provenance import MOST_TOKENS
from img2music.strict_model import StrictModel

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForLLMRun
    from langchain_core.messages import BaseMessage
    from langchain_core.outputs import ChatResult

    from img2music.models.model_spec import ModelSpec

__all__ = ["RecordedAnswer", "ReplayModel", "make", "question_digest"]

_MOST_ANSWERS = 100_000


class RecordedAnswer(StrictModel):
    """One line of a file of recorded answers."""

    question: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None
    answer: Annotated[str, Field(max_length=1_000_000)]
    tokens_in: Annotated[int, Field(ge=0, le=MOST_TOKENS)] = 0
    tokens_out: Annotated[int, Field(ge=0, le=MOST_TOKENS)] = 0


def question_digest(messages: list[BaseMessage]) -> str:
    """Sixteen hexadecimal digits of what is asked: roles, texts and the hashes of pictures, whatever the model."""
    told: list[Any] = []
    for message in messages:
        content = message.content
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        told.append([message.type, [_plain(block) for block in blocks]])
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _plain(block: str | dict[str, Any]) -> Any:
    if isinstance(block, str):
        return ["text", block]
    if block.get("type") == "image":
        return ["image", sha256(base64.b64decode(block.get("base64", ""))).hexdigest()]
    return ["text", block.get("text", "")]


class ReplayModel(BaseChatModel):
    """A chat model that answers from a record."""

    source: str
    """Name of the file, for messages."""
    records: list[RecordedAnswer]
    _used: set[int] = PrivateAttr(default_factory=set)

    @property
    def _llm_type(self) -> str:
        return "img2music-replay"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        question = question_digest(messages)
        for place, record in enumerate(self.records):
            if place not in self._used and record.question in {None, question}:
                self._used.add(place)
                return chat_result(record.answer, "stop", record.tokens_in, record.tokens_out)
        raise BackendError(f"{self.source} holds no answer to the question {question}; record it, or ask a model")


def make(spec: ModelSpec) -> ReplayModel:
    """The chat model for `spec`, whose name is the file.

    Raises:
        DocumentError: a file that can't be read.
    """
    lines = [line for line in read_file(spec.name, largest_bytes=50_000_000).splitlines() if line.strip()]
    if len(lines) > _MOST_ANSWERS:
        raise DocumentError(f"{spec.name} holds more than {_MOST_ANSWERS} answers; give a smaller file")
    records = [
        parse_json(line, RecordedAnswer, kind="answers", source=f"{spec.name}:{number}") for number, line in enumerate(lines, 1)
    ]
    return ReplayModel(source=spec.name, records=records)

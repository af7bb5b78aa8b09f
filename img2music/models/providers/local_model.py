"""What models in this process have in common: how a question is read, how an answer is written, and where loaded models are kept.

A question comes as LangChain's messages and as the keywords that `Client` sends; `ChatRequest` is both, checked. Pictures are bytes in
the message: an address is refused, so nothing is ever fetched for a message. A loaded model stays on a `ModelPool`, one of a kind in a
process, because loading costs more than asking.
Conventions: `until` is a moment of `time.monotonic`.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, convert_to_openai_messages
from langchain_core.outputs import ChatGeneration, ChatResult

from img2music.cancellation import checkpoint, is_cancelled
from img2music.errors import BackendError, UsageError
from img2music.models.model_spec import LONGEST_SECONDS, ModelSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from langchain_core.callbacks import CallbackManagerForLLMRun

    from img2music.models.model_spec import ModelOptions

__all__ = [
    "TOP_P",
    "ChatRequest",
    "LocalChatModel",
    "ModelPool",
    "chat_result",
    "cut_off_by_context",
    "error_line_of",
    "picture_bytes",
]

TOP_P = 0.95
"""The unlikely rest of the words that is never drawn from; llama.cpp's default, so that a temperature means the same everywhere."""
_ANY_OBJECT: dict[str, Any] = {"type": "object"}
_ROLES = frozenset({"system", "user", "assistant"})
_DATA = "data:image/"
_MARKS = re.compile(r"<\|(?=[^<>|]{1,40}\|>)|<(?=(?:start_of_turn|end_of_turn|/?s|image|__media__)>)|\[(?=/?INST\])")
"""How words begin by which models tell turns and pictures apart: in a text they would be taken for what they are not."""
_MOST_LOADED = 2  # our choice: one model that sees and one that plans
_LONGEST_LINE = 200
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to a model in this process.

    Attributes:
        messages: as OpenAI has them; a picture is an "image_url" whose address is its bytes ("data:image/jpeg;base64,...").
        schema: what the answer must be; None for plain text.
        any_object: whether any JSON object will do, so that `schema` says no more than that.
        pictures: how many there are.
        stop: texts that end the answer.
        seed: None leaves it to chance.
        until: when the answer is no longer wanted.
    """

    messages: list[dict[str, Any]]
    schema: Mapping[str, Any] | None
    any_object: bool
    pictures: int
    stop: tuple[str, ...]
    seed: int | None
    until: float

    @classmethod
    def of(
        cls, messages: list[BaseMessage], stop: list[str] | None, keywords: Mapping[str, Any], options: ModelOptions
    ) -> ChatRequest:
        """The question in what LangChain hands to a model.

        Raises:
            UsageError: a keyword, a role or a kind of content that models in this process don't take.
        """
        left = dict(keywords)
        timeout, seed, form = left.pop("timeout", None), left.pop("seed", None), left.pop("response_format", None)
        if left:
            raise UsageError(
                f"models in this process take seed, timeout and response_format, not {', '.join(sorted(left))}; leave it out"
            )
        converted = convert_to_openai_messages(messages)
        told = converted if isinstance(converted, list) else [converted]
        kind = form.get("type") if isinstance(form, dict) else None
        if form is not None and kind not in {"json_schema", "json_object", "text"}:
            raise UsageError(f"response_format {str(form)[:60]!r} is unknown; give json_schema or json_object")
        return cls(
            messages=[_unmarked(message) for message in told],
            schema=form["json_schema"]["schema"] if kind == "json_schema" else _ANY_OBJECT if kind == "json_object" else None,
            any_object=kind == "json_object",
            pictures=sum(_pictures(message) for message in told),
            stop=tuple(stop or ()),
            seed=seed,
            until=monotonic() + float(timeout or options.timeout or LONGEST_SECONDS),
        )

    def check_time(self) -> None:
        """Raises TimeoutError when the answer is no longer wanted, Cancelled when the work was stopped."""
        checkpoint()
        if monotonic() >= self.until:
            raise TimeoutError("no answer within the time limit")

    @property
    def left_seconds(self) -> float:
        """Until the answer is no longer wanted; never below zero, and zero when the work was stopped."""
        return 0.0 if is_cancelled() else max(0.0, self.until - monotonic())


class LocalChatModel(BaseChatModel):
    """A LangChain chat model that answers in this process."""

    spec: ModelSpec

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._answer(ChatRequest.of(messages, stop, kwargs, self.spec.options))

    def _answer(self, request: ChatRequest) -> ChatResult:
        """The answer, or TimeoutError after `request.until`; the rest is LangChain's."""
        raise NotImplementedError


def _pictures(message: dict[str, Any]) -> int:
    """How many pictures a message has, once it is known to hold nothing but texts and pictures."""
    if message.get("role") not in _ROLES or message.get("tool_calls"):
        raise UsageError("models in this process know system, user and assistant messages without tools; leave others out")
    content = message.get("content")
    blocks = content if isinstance(content, list) else []
    count = 0
    for block in blocks:
        kind = block.get("type")
        if kind == "image_url" and str(block["image_url"]["url"]).startswith(_DATA):
            count += 1
        elif kind != "text":
            raise UsageError(
                "a message holds what is neither text nor the bytes of a picture; nothing is fetched, send the bytes"
            )
    return count


def _unmarked(message: dict[str, Any]) -> dict[str, Any]:
    """The message without words that would end a turn or stand for a picture: a blank is put into them."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return {"role": message["role"], "content": _without_marks(content)}
    blocks = [{**block, "text": _without_marks(block["text"])} if block["type"] == "text" else block for block in content]
    return {"role": message["role"], "content": blocks}


def _without_marks(text: str) -> str:
    return _MARKS.sub(lambda mark: f"{mark[0]} ", text)


def picture_bytes(block: Mapping[str, Any]) -> bytes:
    """The bytes of the picture in a block of `Request.messages`.

    Raises:
        UsageError: they are no base64.
    """
    try:
        return base64.b64decode(str(block["image_url"]["url"]).partition(",")[2], validate=True)
    except binascii.Error:
        raise UsageError("a picture in a message is not base64; encode its bytes with base64.b64encode") from None


def chat_result(text: str, finish: str, tokens_in: int, tokens_out: int) -> ChatResult:
    """The answer as LangChain has it; `finish` is "stop" or "length"."""
    message = AIMessage(
        text,
        usage_metadata={"input_tokens": tokens_in, "output_tokens": tokens_out, "total_tokens": tokens_in + tokens_out},
        response_metadata={"finish_reason": finish},
    )
    return ChatResult(generations=[ChatGeneration(message=message)])


def error_line_of(error: object) -> str:
    """What an error of a library says, on one line of bounded length."""
    text = " ".join(str(error).split())
    return text if len(text) <= _LONGEST_LINE else text[:_LONGEST_LINE] + "..."


class ModelPool(Generic[T]):
    """Loaded models, one of a kind in a process; of too many the one that was longest not used is let go.

    Whoever holds a model keeps it, whatever the shelf does. A process that was forked starts with an empty shelf, because threads
    of a model don't outlive a fork.
    """

    def __init__(self) -> None:
        """An empty shelf."""
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._process = os.getpid()

    def get(self, key: Hashable, load: Callable[[], T], until: float) -> T:
        """The model of that kind; it is loaded when it is first wanted.

        Raises:
            TimeoutError: another one is still being loaded at `until`. Whatever `load` raises.
        """
        if self._process != os.getpid():
            self._lock, self._kept, self._process = threading.Lock(), OrderedDict(), os.getpid()
        if not self._lock.acquire(timeout=max(0.0, until - monotonic())):
            raise TimeoutError("a model is still being loaded")
        try:
            if key not in self._kept:
                while len(self._kept) >= _MOST_LOADED:
                    self._kept.popitem(last=False)
                self._kept[key] = load()
            self._kept.move_to_end(key)
            return self._kept[key]
        finally:
            self._lock.release()


def cut_off_by_context(label: str, held: int, remedy: str) -> BackendError:
    """The error for an answer that met the end of what the model can hold."""
    return BackendError(f"the answer of model {label!r} does not fit into the {held} tokens that the model holds; {remedy}")

"""Asks a model one question: from the cache if it is there, else within a time limit, with bounded retries and back-off.

A question is messages, perhaps a picture, and the schema of the answer. The answer is text as it came; whether it is any good is
for `conversing`. Whatever a provider does (hang, stream without end, fail, send nonsense), `Client.ask` comes back by its time
limit with an answer or one `BackendError`.
Conventions: seconds by the monotonic clock.
"""

from __future__ import annotations

import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from img2music.errors import BackendError, Img2MusicError
from img2music.journal import MODEL_THREAD, MOST_TOKENS, Heard, hear
from img2music.models.cache import AnswerCache, Kept, key_of
from img2music.models.faults import Trouble, give_up, trouble_of, without_secrets, without_value
from img2music.models.registry import chat_model, key_variable
from img2music.models.sending import messages_of, response_format, turn
from img2music.models.spec import ModelSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessage

    from img2music.templates import Message

__all__ = ["Answer", "Client", "Question"]

_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 20.0
_SHORTEST_SECONDS = 0.05
_PLAINER = {"schema": "json", "json": "none"}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None
    """JSON schema of the answer: every field required, nothing else allowed, everything bounded. None for plain text."""
    schema_name: str
    """With its version: "scene/1"."""
    prompt_digest: str
    picture_jpeg: bytes | None = None
    """Goes with the first message of the user."""
    picture_sha256: str = ""
    """Hash of the picture's file: what is asked about another picture is another question, whatever is sent."""
    seed: int = 0


@dataclass(slots=True)
class Answer:
    """What came back."""

    text: str
    finish: str = "stop"
    """"stop", "length" (cut off) or "refusal"."""
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    """Spent on waiting for the model, retries and back-off included."""
    asked: int = 0
    """Requests that went out; 0 when it came from the cache."""
    question: str = ""
    """Digest by which recorded answers name the question."""
    troubles: tuple[str, ...] = field(default=())
    """What failed before it came."""

    @property
    def cached(self) -> bool:
        """Whether nobody was asked."""
        return self.asked == 0


class Client:
    """A model as stages ask it. The model itself is made at the first question that the cache can't answer."""

    def __init__(
        self, spec: ModelSpec | str, *, cache: AnswerCache | None = None, sleeper: Callable[[float], None] = sleep
    ) -> None:
        """`cache` is where answers are kept, None for the usual place; `sleeper` waits between tries."""
        self.spec = spec if isinstance(spec, ModelSpec) else ModelSpec.parse(spec)
        self._cache = cache if cache is not None else AnswerCache()
        self._sleep = sleeper
        self._model: BaseChatModel | None = None
        self._structured = self.spec.options.structured
        self._without: set[str] = set()
        self.asked = 0
        """Requests that went out so far."""

    def ask(self, question: Question, *, until: float) -> Answer:
        """The answer to `question`, no later than `until` (of `time.monotonic`).

        Raises:
            BackendError: no answer, with the reason and the remedy. MissingPackageError, UsageError: the model can't be made.
        """
        key = self._key(question)
        kept = None if self.spec.provider == "replay" else self._cache.get(key)
        if kept is not None:
            hear(Heard(kept.question, kept.text, kept.tokens_in, kept.tokens_out))
            return Answer(kept.text, kept.finish, question=kept.question)
        answer = self._ask_anew(question, until)
        hear(Heard(answer.question, answer.text, answer.tokens_in, answer.tokens_out))
        if self.spec.provider != "replay":
            own = Kept(
                text=answer.text,
                finish=answer.finish,
                tokens_in=answer.tokens_in,
                tokens_out=answer.tokens_out,
                question=answer.question,
                model=self.spec.label,
            )
            self._cache.put(key, own)
        return answer

    def forget(self, question: Question) -> None:
        """Drops a kept answer that was of no use."""
        self._cache.forget(self._key(question))

    def _key(self, question: Question) -> str:
        spec = self.spec
        return key_of(
            {
                "model": [spec.provider, spec.name, spec.options.base_url, spec.options.mmproj, _weights(spec)],
                "parameters": [
                    spec.options.temperature,
                    spec.options.max_tokens,
                    spec.options.structured,
                    spec.options.context,
                    spec.options.device,
                    spec.options.dtype,
                    question.seed,
                ],
                "picture": question.picture_sha256,
                "sent": sha256(question.picture_jpeg or b"").hexdigest(),
                "prompt": question.prompt_digest,
                "messages": [[message.role, message.text] for message in question.messages],
                "schema": [question.schema_name, question.schema],
            }
        )

    def _ask_anew(self, question: Question, until: float) -> Answer:
        begin, asked = monotonic(), 0
        troubles: list[str] = []
        if self._model is None:
            self._model = self._made()
        from img2music.models.replay import digest_of  # needs what the model needed

        tries = 1 + self.spec.options.retries
        while True:
            left = until - monotonic()
            if left < _SHORTEST_SECONDS:
                raise give_up(_late(self.spec.label, troubles))
            self._wait_for_turn(until)
            allowed = min(until - monotonic(), self.spec.options.timeout)
            asked += 1
            self.asked += 1
            try:
                message = _within(allowed, partial(self._invoke, question, allowed))
            except Exception as error:
                trouble = trouble_of(error, self.spec.label, secret_variable=key_variable(self.spec))
                troubles.append(trouble.text)
                if self._ask_more_plainly(trouble):
                    tries += 1  # that was another question, not the same one again
                    continue
                if not trouble.again or asked >= tries:
                    raise give_up(trouble) from None
                self._wait(trouble, asked, until)
                continue
            answer = _answer_of(message)
            answer.text = without_value(answer.text, key_variable(self.spec))  # a server may repeat what it was sent
            answer.seconds, answer.asked = monotonic() - begin, asked
            answer.question, answer.troubles = digest_of(messages_of(question, self.spec.options.structured)), tuple(troubles)
            return answer

    def _made(self) -> BaseChatModel:
        try:
            return chat_model(self.spec)
        except Img2MusicError:
            raise
        except Exception as error:
            raise give_up(trouble_of(error, self.spec.label, secret_variable=key_variable(self.spec))) from None

    def _invoke(self, question: Question, allowed: float) -> AIMessage:
        assert self._model is not None  # noqa: S101  made by the caller
        messages = messages_of(question, self._structured)
        extra: dict[str, Any] = {"seed": question.seed % 2**31, "timeout": allowed}
        if self._structured != "none" and question.schema is not None:
            wanted = response_format(question, self._structured)
            # As a parameter of its own it makes LangChain raise on an answer that is cut off, instead of giving what came.
            extra |= (
                {"extra_body": {"response_format": wanted}} if self.spec.provider == "openai" else {"response_format": wanted}
            )
        for name in self._without:
            extra.pop(name, None)
        from langsmith import tracing_context

        # Tracing that the environment asks of LangChain for other programs would send prompt and picture elsewhere.
        with warnings.catch_warnings(), tracing_context(enabled=False):
            warnings.simplefilter("ignore")  # what providers have to say is in the error that follows
            return self._model.invoke(messages, **extra)

    def _ask_more_plainly(self, trouble: Trouble) -> bool:
        """Whether there is a plainer way to ask a server that does not take a parameter; it is kept for later questions."""
        if trouble.refuses is None:
            return False
        if trouble.refuses == "seed":
            if "seed" in self._without:
                return False
            self._without.add("seed")
            return True
        if trouble.refuses == "temperature" and getattr(self._model, "temperature", None) is not None:
            self._model.temperature = None  # type: ignore[union-attr]  # looked at above
            return True
        if trouble.refuses in {"response_format", "guided", "json_schema", "grammar"} and self._structured in _PLAINER:
            self._structured = _PLAINER[self._structured]  # type: ignore[assignment]  # its values are the names that there are
            return True
        return False

    def _wait_for_turn(self, until: float) -> None:
        wait = turn(self.spec, until)
        if wait > 0 and monotonic() + wait >= until:
            raise give_up(_late(self.spec.label, [f"at most {self.spec.options.per_minute:g} requests a minute"]))
        if wait > 0:
            self._sleep(wait)

    def _wait(self, trouble: Trouble, tried: int, until: float) -> None:
        wait = trouble.wait_seconds if trouble.wait_seconds is not None else _FIRST_WAIT_SECONDS * 2 ** (tried - 1)
        wait = min(wait, _LONGEST_WAIT_SECONDS)
        if monotonic() + wait >= until:
            raise give_up(trouble)
        self._sleep(wait)


def _weights(spec: ModelSpec) -> list[tuple[str, int, int]]:
    """Names, sizes and times of a local model's files: a model that was replaced under its name is another model."""
    from img2music.models.weights import find_file, stamps

    if spec.provider == "gguf":
        # One that is not there is told of when the model is made, after the packages that it needs.
        with suppress(Img2MusicError):
            eyes = spec.options.mmproj
            return [*stamps(find_file(spec.name)), *(stamps(eyes) if eyes else ())]
    elif spec.provider in {"hf", "vllm"} and Path(spec.name).is_dir():
        return [*stamps(spec.name)]
    return []


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """What `call` returns or raises, or TimeoutError after `seconds`: a call that hangs is left behind in its thread."""
    done: list[Any] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            done.append(call())
        except BaseException as error:  # whatever it is belongs to the caller
            failed.append(error)

    thread = threading.Thread(target=work, daemon=True, name=MODEL_THREAD)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise TimeoutError(f"no answer in {seconds:.1f} s")
    return done[0]


def _late(label: str, troubles: list[str]) -> Trouble:
    last = f" (last: {troubles[-1]})" if troubles else ""
    return Trouble(
        f"model {label!r} took longer than the time limit{last}; raise time_limit_seconds, or ask a faster model", again=False
    )


def _answer_of(message: AIMessage) -> Answer:
    usage: Mapping[str, Any] = message.usage_metadata or {}
    refusal = message.additional_kwargs.get("refusal")
    finish = message.response_metadata.get("finish_reason") or "stop"
    text = str(message.text).encode("utf-8", "replace").decode()  # half a surrogate pair could not be written anywhere
    if refusal or finish == "content_filter":
        said = str(refusal or text).encode("utf-8", "replace").decode()[:500]
        return Answer(said, "refusal", _count(usage, "input_tokens"), _count(usage, "output_tokens"))
    return Answer(text, "length" if finish == "length" else "stop", _count(usage, "input_tokens"), _count(usage, "output_tokens"))


def _count(usage: Mapping[str, Any], name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) and 0 <= value <= MOST_TOKENS else 0


def refused(answer: Answer, label: str) -> BackendError:
    """The error for an answer by which the model refuses."""
    return BackendError(
        f"model {label!r} refuses to answer ({without_secrets(' '.join(answer.text.split()))[:200]}); change the picture or the words"
    )

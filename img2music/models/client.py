"""Asks a model one question: from the cache if it is there, else within a time limit, with bounded retries and back-off.

A question is messages, perhaps a picture, and the schema of the answer. The answer is text as it came; whether it is any good is
for `conversing`. Whatever a provider does (hang, stream without end, fail, send nonsense), `Client.ask` comes back by its time
limit with an answer or one `BackendError`. What a server does not take is left out (`negotiating`), once for all later questions; a
model that is still loading is waited for; an answer for which the tokens did not suffice is asked for with more, once. The same is
never sent again while an answer to it may still be written: a server of one's own would only queue it.
Conventions: seconds by the monotonic clock.
"""

from __future__ import annotations

import re
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from img2music.errors import BackendError, Img2MusicError
from img2music.models.answer_cache import AnswerCache, CachedAnswer, cache_key
from img2music.models.chat_messages import keywords_of, messages_of, turn
from img2music.models.chat_response import Received, received, refusal_error
from img2music.models.failures import RequestContext, RequestFailure, backend_error, classify_failure
from img2music.models.http.negotiation import MOST_CHANGES, RequestSettings
from img2music.models.http.proxies import proxy_for
from img2music.models.http.redaction import redact_value
from img2music.models.model_factory import OPENAI_ADDRESS, chat_model, key_variable
from img2music.models.model_spec import LONGEST_SECONDS, ModelSpec
from img2music.models.question import Answer, Question
from img2music.provenance import MODEL_THREAD, RecordedExchange, record_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessage

__all__ = ["Answer", "Client", "Question", "refusal_error"]

_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 20.0
_LOADING_WAITS_SECONDS = (1.0, 2.0, 4.0, 5.0)
"""Between looks at a server that loads its model; the last one again and again. A large model takes minutes."""
_SHORTEST_SECONDS = 0.05
_CHOOSE_EYES = "name a model that sees (on llama.cpp its mmproj too), or an eye that asks none"
_MORE_TO_THINK, _MORE_TO_SAY = 4, 2
"""How many times the tokens are allowed once where thinking took them all, and where the answer was cut off."""


@dataclass(slots=True)
class _Course:
    """How far one question has come."""

    begin: float
    until: float
    asked: int = 0
    failures: int = 0
    changes: int = 0
    waited_seconds: float = 0.0
    """For the model to be loaded."""
    looks: int = 0
    thrown_away: int = 0
    before_guess: RequestSettings | None = None
    """How the server was asked before things were left out without its naming them; what did not help is not kept."""
    lengthened: bool = False
    held: Received | None = None
    """An answer that was cut off, while a longer one is asked for."""
    troubles: list[str] = field(default_factory=list)


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
        self._manner = RequestSettings.of(self.spec)
        self._moved = False
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
            record_answer(RecordedExchange(kept.question, kept.text, kept.tokens_in, kept.tokens_out))
            return Answer(kept.text, kept.finish, question=kept.question)
        answer = self._ask_anew(question, until)
        record_answer(RecordedExchange(answer.question, answer.text, answer.tokens_in, answer.tokens_out))
        if self.spec.provider != "replay":
            own = CachedAnswer(
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
        return cache_key(
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
        course = _Course(monotonic(), until)
        if question.picture_jpeg is not None and self._manner.blind:
            raise backend_error(RequestFailure(self._manner.blind, again=False, remedy=_CHOOSE_EYES))
        if self._model is None:
            self._model = self._made(self.spec)
        while True:
            try:
                self._wait_for_turn(until, course.troubles)
            except BackendError:
                if course.held is None:
                    raise
                return self._whole(course.held, question, course)
            allowed = min(until - monotonic(), self.spec.options.timeout or LONGEST_SECONDS)
            course.asked += 1
            self.asked += 1
            sent = monotonic()
            try:
                message = _within(allowed, partial(self._invoke, question, allowed))
            except Exception as error:
                trouble = classify_failure(error, self.spec.label, circumstances=self._circumstances(question, allowed, until))
                done = self._mend(trouble, question, course)
                if done is None and course.held is not None:  # an answer in the hand
                    course.troubles.append(trouble.text)
                    return self._whole(course.held, question, course)
                if done is None:
                    self._manner = course.before_guess or self._manner
                    raise backend_error(self._nowhere(trouble) if trouble.misplaced and self._moved else trouble) from None
                if done:
                    course.troubles.append(trouble.done(done))
                continue
            got = received(message)
            if self._asks_for_more(got, monotonic() - sent, course):
                continue
            if got.ran_out:
                raise backend_error(self._spent(got))
            return self._whole(got, question, course)

    def _whole(self, got: Received, question: Question, course: _Course) -> Answer:
        """The answer with what is known of how it was come by."""
        from img2music.models.providers.replay_model import question_digest  # needs what the model needed

        answer = got.answer
        answer.text = redact_value(answer.text, key_variable(self.spec))  # a server may repeat what it was sent
        if course.waited_seconds:
            course.troubles.append(f"the server was loading its model; {course.waited_seconds:.0f} s were waited for it")
        answer.seconds, answer.asked = monotonic() - course.begin, course.asked
        answer.question = question_digest(messages_of(question, self.spec.options.structured))
        answer.troubles = tuple(course.troubles)
        return answer

    def _mend(self, trouble: RequestFailure, question: Question, course: _Course) -> str | None:
        """What was done so that asking again may help, for the record ("" where that comes later); None where nothing is left."""
        if trouble.loading:
            return self._wait_for_loading(trouble, course)
        if trouble.misplaced and (done := self._look_below()) is not None:
            return done
        if trouble.garbled:
            course.thrown_away += 1
            return "asked again" if course.thrown_away == 1 else self._manner.without_form()
        if course.changes < MOST_CHANGES:
            if trouble.wordless and course.before_guess is None:
                course.before_guess = replace(self._manner)
            done = self._manner.give_way(trouble, has_schema=question.schema is not None)
            if done is not None:
                course.changes += 1
                return done
        if not trouble.again or course.failures >= self.spec.options.retries:
            return None
        course.failures += 1
        return self._wait(trouble, course)

    def _asks_for_more(self, got: Received, took: float, course: _Course) -> bool:
        """Whether a longer answer is asked for: once, where nobody set its length and the time may suffice."""
        if self.spec.provider != "openai" or "max_tokens" in self.spec.options.model_fields_set or course.lengthened:
            return False
        if not got.worth_more or course.until - monotonic() < took:
            return False
        before = self._manner.max_tokens
        done = self._manner.more_tokens(times=_MORE_TO_THINK if got.ran_out else _MORE_TO_SAY)
        if done is None:
            return False
        what = "thinking took all" if got.ran_out else "the answer was cut off after"
        course.troubles.append(f"{what} {before} tokens; {done}")
        course.lengthened, course.held = True, None if got.ran_out else got
        return True

    def _spent(self, got: Received) -> RequestFailure:
        tokens = self._manner.max_tokens
        why = "thinking" if got.thought else "what is no answer, thinking most likely"
        return RequestFailure(
            f"model {self.spec.label!r} spent all of its {tokens} tokens on {why} and gave no answer",
            again=False,
            remedy="raise max_tokens in its line, or switch its thinking off",
        )

    def _circumstances(self, question: Question, allowed: float, until: float) -> RequestContext:
        own = self.spec.options.timeout
        limit = "time_limit_seconds" if own is None or own > allowed else "its timeout"
        proxy = ""
        if self.spec.provider == "openai":
            found = proxy_for(self.spec.options.base_url or OPENAI_ADDRESS)
            proxy = "" if found is None else found.variable
        return RequestContext(
            key_variable(self.spec), shown=question.picture_jpeg is not None, proxy=proxy, limit=limit, seconds=allowed
        )

    def _made(self, spec: ModelSpec) -> BaseChatModel:
        try:
            made = chat_model(spec)
        except Img2MusicError:
            raise
        except Exception as error:
            raise backend_error(classify_failure(error, self.spec.label, secret_variable=key_variable(self.spec))) from None
        if spec.provider == "openai":  # they go with each request, because a server may not take them
            made.temperature = made.max_tokens = None  # type: ignore[attr-defined]
        return made

    def _look_below(self) -> str | None:
        """Asks at base_url/v1 from now on, where most servers answer and an address without it is easily written; tried once."""
        address = self.spec.options.base_url
        if self.spec.provider != "openai" or address is None or self._moved or re.search(r"/v\d", urlsplit(address).path):
            return None
        self._moved = True
        options = self.spec.options.model_copy(update={"base_url": f"{address}/v1"})
        self._model = self._made(self.spec.model_copy(update={"options": options}))
        return f"asked again at {address}/v1; write that as base_url"

    def _nowhere(self, trouble: RequestFailure) -> RequestFailure:
        address = self.spec.options.base_url
        return RequestFailure(f"{trouble.cause}, neither at {address} nor at {address}/v1", again=False, remedy="check base_url")

    def _invoke(self, question: Question, allowed: float) -> AIMessage:
        assert self._model is not None  # noqa: S101  made by the caller
        manner = self._manner
        messages = messages_of(
            question, manner.structured, system_apart=manner.system_apart, picture_longest=manner.picture_longest
        )
        from langsmith import tracing_context

        # Tracing that the environment asks of LangChain for other programs would send prompt and picture elsewhere.
        with warnings.catch_warnings(), tracing_context(enabled=False):
            warnings.simplefilter("ignore")  # what providers have to say is in the error that follows
            return self._model.invoke(messages, **keywords_of(question, manner, self.spec.provider, allowed))

    def _wait_for_turn(self, until: float, troubles: list[str]) -> None:
        if until - monotonic() < _SHORTEST_SECONDS:
            raise backend_error(_late(self.spec.label, troubles))
        wait = turn(self.spec, until)
        if wait > 0 and monotonic() + wait >= until:
            raise backend_error(_late(self.spec.label, [f"at most {self.spec.options.per_minute:g} requests a minute"]))
        if wait > 0:
            self._sleep(wait)

    def _wait(self, trouble: RequestFailure, course: _Course) -> str | None:
        """Waits before the same is sent again; raises where the server asks for longer than there is time."""
        asked = trouble.wait_seconds
        wait = min(_FIRST_WAIT_SECONDS * 2 ** (course.failures - 1), _LONGEST_WAIT_SECONDS) if asked is None else asked
        if monotonic() + wait >= course.until:
            if asked is None or course.held is not None:
                return None
            left = max(0.0, course.until - monotonic())
            raise backend_error(
                RequestFailure(
                    f"{trouble.cause} and asks to wait {min(asked, 1e9):.0f} s, and {left:.0f} s are left",
                    again=False,
                    remedy="try again then, or raise time_limit_seconds",
                )
            )
        self._sleep(wait)
        return "asked again"

    def _wait_for_loading(self, trouble: RequestFailure, course: _Course) -> str | None:
        usual = _LOADING_WAITS_SECONDS[min(course.looks, len(_LOADING_WAITS_SECONDS) - 1)]
        wait = max(usual, min(trouble.wait_seconds or 0.0, _LONGEST_WAIT_SECONDS))
        # By what was waited too: whoever hands in a sleeper of their own may not sleep at all.
        if max(monotonic(), course.begin + course.waited_seconds) + wait >= course.until:
            if course.held is not None:
                return None
            waited = f" after {course.waited_seconds:.0f} s of waiting" if course.waited_seconds else ""
            raise backend_error(RequestFailure(trouble.cause + waited, again=False, remedy=trouble.remedy))
        self._sleep(wait)
        course.looks += 1
        course.waited_seconds += wait
        return ""


def _weights(spec: ModelSpec) -> list[tuple[str, int, int]]:
    """Names, sizes and times of a local model's files: a model that was replaced under its name is another model."""
    from img2music.models.providers.weight_files import find_file, stamps

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


def _late(label: str, troubles: list[str]) -> RequestFailure:
    last = f" (last: {troubles[-1]})" if troubles else ""
    return RequestFailure(
        f"model {label!r} took longer than the time limit{last}",
        again=False,
        remedy="raise time_limit_seconds, or ask a faster model",
    )

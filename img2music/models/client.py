"""Asks a model one question: from the cache if it is there, else within a time limit, with bounded retries and back-off.

A question is messages, perhaps a picture, and the schema of the answer. The answer is text as it came; whether it is any good is
for `repair_loop`. Whatever a provider does (hang, stream without end, fail, send nonsense), `Client.ask` comes back by its time
limit with an answer or one `BackendError`. What a server does not take is left out (`http.negotiation`), once for all later questions;
a model that is still loading is waited for (`retries`); an answer for which the tokens did not suffice is asked for with more, once. The
same is never sent again while an answer to it may still be written: a server of one's own would only queue it.
Conventions: seconds by the monotonic clock.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from img2music.cancellation import sleep
from img2music.errors import BackendError, Img2MusicError
from img2music.models.answer_cache import AnswerCache, CachedAnswer, cache_key
from img2music.models.chat_messages import langchain_messages, request_parameters
from img2music.models.chat_response import ParsedResponse, parse_response
from img2music.models.failures import classify_failure
from img2music.models.http.failed_request import RequestContext, RequestFailure, backend_error
from img2music.models.http.negotiation import MOST_CHANGES, RequestSettings
from img2music.models.http.proxies import proxy_for
from img2music.models.http.redaction import redact_value
from img2music.models.model_factory import chat_model
from img2music.models.model_spec import LONGEST_SECONDS, ModelSpec
from img2music.models.question import Answer, Question
from img2music.models.retries import (
    RetryState,
    back_off_seconds,
    call_with_timeout,
    loading_wait_seconds,
    rate_limit_wait_seconds,
)
from img2music.provenance import RecordedExchange, record_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessage

__all__ = ["Client"]

_TAKE_A_MODEL_THAT_SEES = "name a model that sees (on llama.cpp its mmproj too), or an eye that asks none"
_TOKENS_AFTER_THINKING, _TOKENS_AFTER_CUT_OFF = 4, 2
"""How many times the tokens are allowed once where thinking took them all, and where the answer was cut off."""


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
        self._settings = RequestSettings.of(self.spec)
        self._is_at_v1 = False
        """Whether base_url/v1 is asked instead of base_url."""
        self.asked = 0
        """Requests that went out so far."""

    def ask(self, question: Question, *, until: float) -> Answer:
        """The answer to `question`, no later than `until` (of `time.monotonic`).

        Raises:
            BackendError: no answer, with the reason and the remedy. MissingPackageError, UsageError: the model can't be made.
        """
        key = cache_key(self.spec, question)
        cached = None if self.spec.provider == "replay" else self._cache.get(key)
        if cached is not None:
            record_answer(RecordedExchange(cached.question, cached.text, cached.tokens_in, cached.tokens_out))
            return Answer(cached.text, cached.finish, question=cached.question)
        answer = self._request_answer(question, until)
        record_answer(RecordedExchange(answer.question, answer.text, answer.tokens_in, answer.tokens_out))
        if self.spec.provider != "replay":
            kept = CachedAnswer(
                text=answer.text,
                finish=answer.finish,
                tokens_in=answer.tokens_in,
                tokens_out=answer.tokens_out,
                question=answer.question,
                model=self.spec.label,
            )
            self._cache.put(key, kept)
        return answer

    def forget(self, question: Question) -> None:
        """Drops a kept answer that was of no use."""
        self._cache.forget(cache_key(self.spec, question))

    def _request_answer(self, question: Question, until: float) -> Answer:
        state = RetryState(monotonic(), until)
        if question.picture_jpeg is not None and self._settings.picture_refusal:
            raise backend_error(RequestFailure(self._settings.picture_refusal, retryable=False, remedy=_TAKE_A_MODEL_THAT_SEES))
        if self._model is None:
            self._model = self._make_model(self.spec)
        while True:
            try:
                self._wait_for_turn(state)
            except BackendError:
                if state.cut_off is None:
                    raise
                return self._finish(state.cut_off, question, state)
            response = self._try_once(question, state)
            if response is not None and not self._asks_for_more(response, state):
                if response.ran_out:
                    raise backend_error(self._out_of_tokens(response))
                return self._finish(response, question, state)

    def _try_once(self, question: Question, state: RetryState) -> ParsedResponse | None:
        """What came of one request; None where it failed and asking again may help.

        Raises:
            BackendError: nothing is left to try.
        """
        seconds = min(state.until - monotonic(), self.spec.options.timeout or LONGEST_SECONDS)
        state.requests += 1
        self.asked += 1
        state.last_begin = monotonic()
        try:
            return parse_response(call_with_timeout(seconds, partial(self._invoke, question, seconds)))
        except Exception as error:
            failure = classify_failure(error, self.spec.label, context=self._context(question, seconds))
        action = self._recover(failure, question, state)
        if action is not None:
            if action:
                state.incidents.append(failure.with_action(action))
            return None
        if state.cut_off is not None:  # an answer that was cut off is better than none
            state.incidents.append(failure.text)
            return state.cut_off
        self._settings = state.settings_before_guess or self._settings
        raise backend_error(self._nowhere(failure) if failure.wrong_address and self._is_at_v1 else failure)

    def _recover(self, failure: RequestFailure, question: Question, state: RetryState) -> str | None:
        """What was done so that asking again may help, for the record ("" where that comes later); None where nothing is left."""
        if failure.loading:
            return self._wait_for_loading(failure, state)
        if failure.wrong_address and (action := self._move_to_v1()) is not None:
            return action
        if failure.answer_discarded:
            state.discarded_answers += 1
            return "asked again" if state.discarded_answers == 1 else self._settings.drop_response_format()
        if state.changes < MOST_CHANGES:
            if failure.unexplained and state.settings_before_guess is None:
                state.settings_before_guess = replace(self._settings)
            action = self._settings.adapt(failure, has_schema=question.schema is not None)
            if action is not None:
                state.changes += 1
                return action
        return self._back_off(failure, state)

    def _back_off(self, failure: RequestFailure, state: RetryState) -> str | None:
        if not failure.retryable or state.failures >= self.spec.options.retries:
            return None
        state.failures += 1
        wait = back_off_seconds(failure, state)
        if wait is None:
            return None
        self._sleep(wait)
        return "asked again"

    def _wait_for_loading(self, failure: RequestFailure, state: RetryState) -> str | None:
        wait = loading_wait_seconds(failure, state)
        if wait is None:
            return None
        self._sleep(wait)
        state.loading_looks += 1
        state.loading_seconds += wait
        return ""

    def _wait_for_turn(self, state: RetryState) -> None:
        wait = rate_limit_wait_seconds(self.spec, state.until, state.incidents)
        if wait > 0:
            self._sleep(wait)

    def _move_to_v1(self) -> str | None:
        """Asks at base_url/v1 from now on, where most servers answer and an address without it is easily written; tried once."""
        address = self.spec.options.base_url
        if self.spec.provider != "openai" or address is None or self._is_at_v1 or re.search(r"/v\d", urlsplit(address).path):
            return None
        self._is_at_v1 = True
        options = self.spec.options.model_copy(update={"base_url": f"{address}/v1"})
        self._model = self._make_model(self.spec.model_copy(update={"options": options}))
        return f"asked again at {address}/v1; write that as base_url"

    def _nowhere(self, failure: RequestFailure) -> RequestFailure:
        address = self.spec.options.base_url
        return RequestFailure(
            f"{failure.cause}, neither at {address} nor at {address}/v1", retryable=False, remedy="check base_url"
        )

    def _asks_for_more(self, response: ParsedResponse, state: RetryState) -> bool:
        """Whether a longer answer is asked for: once, where nobody set its length and the time may suffice."""
        if self.spec.provider != "openai" or "max_tokens" in self.spec.options.model_fields_set or state.was_lengthened:
            return False
        now = monotonic()
        if not response.worth_more or state.until - now < now - state.last_begin:
            return False
        before = self._settings.max_tokens
        action = self._settings.raise_max_tokens(times=_TOKENS_AFTER_THINKING if response.ran_out else _TOKENS_AFTER_CUT_OFF)
        if action is None:
            return False
        what = "thinking took all" if response.ran_out else "the answer was cut off after"
        state.incidents.append(f"{what} {before} tokens; {action}")
        state.was_lengthened, state.cut_off = True, None if response.ran_out else response
        return True

    def _out_of_tokens(self, response: ParsedResponse) -> RequestFailure:
        why = "thinking" if response.thought else "what is no answer, thinking most likely"
        return RequestFailure(
            f"model {self.spec.label!r} spent all of its {self._settings.max_tokens} tokens on {why} and gave no answer",
            retryable=False,
            remedy="raise max_tokens in its line, or switch its thinking off",
        )

    def _finish(self, response: ParsedResponse, question: Question, state: RetryState) -> Answer:
        """The answer with what is known of how it came about."""
        from img2music.models.providers.replay_model import question_digest  # needs what the model needed

        answer = response.answer
        answer.text = redact_value(answer.text, self.spec.key_variable)  # a server may repeat what it was sent
        if state.loading_seconds:
            state.incidents.append(f"the server was loading its model; {state.loading_seconds:.0f} s were waited for it")
        answer.seconds, answer.asked = monotonic() - state.begin, state.requests
        answer.question = question_digest(langchain_messages(question, self.spec.options.structured))
        answer.incidents = tuple(state.incidents)
        return answer

    def _context(self, question: Question, seconds: float) -> RequestContext:
        own = self.spec.options.timeout
        limit = "time_limit_seconds" if own is None or own > seconds else "its timeout"
        proxy = proxy_for(self.spec.server_address) if self.spec.provider == "openai" else None
        return RequestContext(
            self.spec.key_variable,
            has_picture=question.picture_jpeg is not None,
            proxy="" if proxy is None else proxy.variable,
            limit_name=limit,
            limit_seconds=seconds,
        )

    def _make_model(self, spec: ModelSpec) -> BaseChatModel:
        try:
            made = chat_model(spec)
        except Img2MusicError:
            raise
        except Exception as error:
            raise backend_error(classify_failure(error, spec.label, secret_variable=spec.key_variable)) from None
        if spec.provider == "openai":  # they go with each request, because a server may not take them
            made.temperature = made.max_tokens = None  # type: ignore[attr-defined]
        return made

    def _invoke(self, question: Question, seconds: float) -> AIMessage:
        assert self._model is not None  # noqa: S101  made by the caller
        settings = self._settings
        messages = langchain_messages(
            question, settings.structured, system_apart=settings.system_apart, picture_longest=settings.picture_longest
        )
        from langsmith import tracing_context

        # Tracing that the environment asks of LangChain for other programs would send prompt and picture elsewhere.
        with warnings.catch_warnings(), tracing_context(enabled=False):
            warnings.simplefilter("ignore")  # what providers have to say is in the error that follows
            return self._model.invoke(messages, **request_parameters(question, settings, self.spec.provider, seconds))

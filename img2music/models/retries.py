"""When a request goes out again and how long is waited before: back-off, a server that loads its model, the rate, the time limit.

Exponential back-off without jitter, because one user's few requests don't meet; a wait that the server asks for takes its place. What is
changed before the next try is for `negotiation`, the loop itself for `client`. Conventions: seconds; `until` is a moment of
`time.monotonic`.
"""

from __future__ import annotations

import threading
from contextvars import copy_context
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from img2music.cancellation import Alarm
from img2music.models.http.failed_request import RequestFailure, backend_error
from img2music.provenance import MODEL_THREAD
from img2music.theory.tempo_map import SECONDS_A_MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable

    from img2music.errors import BackendError
    from img2music.models.chat_response import ParsedResponse
    from img2music.models.http.negotiation import RequestSettings
    from img2music.models.model_spec import ModelSpec

__all__ = ["RetryState", "back_off_seconds", "call_with_timeout", "loading_wait_seconds", "rate_limit_wait_seconds"]

_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 20.0
_LOADING_WAITS_SECONDS = (1.0, 2.0, 4.0, 5.0)
"""Between looks at a server that loads its model; the last one again and again. A large model takes minutes."""
_SHORTEST_SECONDS = 0.05
"""With less time left no request goes out."""
_next_free: dict[tuple[str, str | None, float], float] = {}
"""By model and rate: the moment from which the next request may go out."""
_next_free_lock = threading.Lock()
T = TypeVar("T")


@dataclass(slots=True)
class RetryState:
    """How far one question has come."""

    begin: float
    until: float
    requests: int = 0
    last_begin: float = 0.0
    """When the last request went out."""
    failures: int = 0
    """Requests that failed and were sent again as they were."""
    changes: int = 0
    """Things that were left out because the server refused them."""
    loading_seconds: float = 0.0
    """Waited for the model to be loaded."""
    loading_looks: int = 0
    discarded_answers: int = 0
    """Answers that the server threw away because they did not keep their form."""
    settings_before_guess: RequestSettings | None = None
    """How the server was asked before things were left out without its naming them; what did not help is not kept."""
    was_lengthened: bool = False
    cut_off: ParsedResponse | None = None
    """An answer that was cut off, while a longer one is asked for."""
    incidents: list[str] = field(default_factory=list)


def back_off_seconds(failure: RequestFailure, state: RetryState) -> float | None:
    """How long to wait before the same is sent again; None where the time does not suffice.

    Raises:
        BackendError: the server asks for longer than there is time.
    """
    asked = failure.wait_seconds
    wait = min(_FIRST_WAIT_SECONDS * 2 ** (state.failures - 1), _LONGEST_WAIT_SECONDS) if asked is None else asked
    if monotonic() + wait < state.until:
        return wait
    if asked is None or state.cut_off is not None:
        return None
    left = max(0.0, state.until - monotonic())
    raise backend_error(
        RequestFailure(
            f"{failure.cause} and asks to wait {min(asked, 1e9):.0f} s, and {left:.0f} s are left",
            retryable=False,
            remedy="try again then, or raise time_limit_seconds",
        )
    )


def loading_wait_seconds(failure: RequestFailure, state: RetryState) -> float | None:
    """How long to wait before the next look at a server that loads its model; None where an answer is at hand and time is short.

    Raises:
        BackendError: the time does not suffice, and no answer is at hand.
    """
    usual = _LOADING_WAITS_SECONDS[min(state.loading_looks, len(_LOADING_WAITS_SECONDS) - 1)]
    wait = max(usual, min(failure.wait_seconds or 0.0, _LONGEST_WAIT_SECONDS))
    # By what was waited too: whoever hands in a sleeper of their own may not sleep at all.
    if max(monotonic(), state.begin + state.loading_seconds) + wait < state.until:
        return wait
    if state.cut_off is not None:
        return None
    waited = f" after {state.loading_seconds:.0f} s of waiting" if state.loading_seconds else ""
    raise backend_error(RequestFailure(failure.cause + waited, retryable=False, remedy=failure.remedy))


def rate_limit_wait_seconds(spec: ModelSpec, until: float, incidents: list[str]) -> float:
    """How long to wait until the next request may go out. The turn is booked: one limit for all who ask the same model.

    Raises:
        BackendError: it would be too late then; the last of the `incidents` is told.
    """
    if until - monotonic() < _SHORTEST_SECONDS:
        raise _too_late(spec.label, incidents)
    per_minute = spec.options.per_minute
    if per_minute is None:
        return 0.0
    name = (f"{spec.provider}:{spec.name}", spec.options.base_url, per_minute)
    with _next_free_lock:
        now = monotonic()
        begin = max(_next_free.get(name, now), now)
        if begin < until:
            _next_free[name] = begin + SECONDS_A_MINUTE / per_minute
    wait = begin - now
    if wait > 0 and monotonic() + wait >= until:
        raise _too_late(spec.label, [f"at most {per_minute:g} requests a minute"])
    return wait


def call_with_timeout(seconds: float, call: Callable[[], T]) -> T:
    """What `call` returns or raises, or TimeoutError after `seconds`: a call that hangs is left behind in its thread.

    Raises:
        Cancelled: the work was stopped; the call is left behind too, and a model in this process stops at its next token.
    """
    done: list[T] = []
    failed: list[BaseException] = []
    ended = Alarm()

    def work() -> None:
        try:
            done.append(call())
        except BaseException as error:  # whatever it is belongs to the caller
            failed.append(error)
        ended.ring()

    threading.Thread(target=copy_context().run, args=(work,), daemon=True, name=MODEL_THREAD).start()
    ended.wait(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise TimeoutError(f"no answer in {seconds:.1f} s")
    return done[0]


def _too_late(label: str, incidents: list[str]) -> BackendError:
    last = f" (last: {incidents[-1]})" if incidents else ""
    return backend_error(
        RequestFailure(
            f"model {label!r} took longer than the time limit{last}",
            retryable=False,
            remedy="raise time_limit_seconds, or ask a faster model",
        )
    )

"""Work that can be stopped at any time, and that says how far it is: every long loop calls `checkpoint`.

    token = CancelToken()                          # kept by whoever may stop the work: another thread, a handler of Ctrl-C
    with cancelled_by(token):
        piece = pipeline.compose("photo.jpg")      # raises Cancelled soon after token.cancel()

Token and listener travel in the context (`contextvars`): a thread that works for somebody else runs in a copy of their context. Where nobody
listens a checkpoint is one look-up. What waits instead of working (for a program, a server, a clock) is woken: `when_cancelled`,
`Alarm`, `sleep`. A step of three minutes of music is never longer than about a tenth of a second without a checkpoint
(`evals/bench/cancel_latency.py` measures it); a stage of somebody else that has none is stopped when it returns.

Conventions: progress is a fraction of the step, 0..1. `CancelToken.cancel` takes no lock and may be called in a handler of signals.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "Alarm",
    "CancelToken",
    "Cancelled",
    "CheckedBytes",
    "cancelled_by",
    "checkpoint",
    "is_cancelled",
    "share_of_step",
    "sleep",
    "stoppable_call",
    "told_progress",
    "when_cancelled",
]


class Cancelled(BaseException):
    """The work was stopped because somebody asked for it.

    No `Img2MusicError` and no `Exception`, as in asyncio: what steps in for a stage that failed, or goes on with the next picture, must
    not take it for a failure.
    """


class CancelToken:
    """Stops the work that was given it, once and for all."""

    __slots__ = ("_calls", "_cancelled")

    def __init__(self) -> None:
        self._cancelled = False
        self._calls: dict[object, Callable[[], object]] = {}

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled

    def cancel(self) -> None:
        """Asks the work to stop; returns at once. From any thread, any number of times."""
        self._cancelled = True
        for call in tuple(self._calls.values()):
            call()

    def raise_if_cancelled(self) -> None:
        """Raises `Cancelled` after `cancel`."""
        if self._cancelled:
            raise Cancelled("the work was stopped")

    @contextmanager
    def calling(self, call: Callable[[], object]) -> Iterator[None]:
        """While the block runs, `cancel` calls `call` too, in its own thread; at once where it was called before. `call` may come twice."""
        key = object()
        self._calls[key] = call
        try:
            if self._cancelled:
                call()
            yield
        finally:
            del self._calls[key]


@dataclass(frozen=True, slots=True)
class _Work:
    """Who may stop what runs in this context, and who is told how far it is."""

    tokens: tuple[CancelToken, ...] = ()
    report: Callable[[float, str], None] | None = None
    begin: float = 0.0
    width: float = 1.0
    """The share of the step that is being done."""


_NOBODY = _Work()
_work: ContextVar[_Work] = ContextVar("img2music_work", default=_NOBODY)


def checkpoint(done: float = 0, total: float = 0, message: str = "") -> None:
    """Where a loop stands: so much `done` of a `total` (0: not known). `message` is what is being done, where that says more than the step.

    Raises:
        Cancelled: somebody stopped the work.
    """
    work = _work.get()
    if work is _NOBODY:
        return
    for token in work.tokens:
        if token.cancelled:
            token.raise_if_cancelled()
    if total and work.report is not None:
        work.report(work.begin + work.width * min(1.0, done / total), message)


def is_cancelled() -> bool:
    """Whether somebody stopped the work, for whoever has to end it in another way than by `Cancelled`."""
    return any(token.cancelled for token in _work.get().tokens)


@contextmanager
def cancelled_by(token: CancelToken | None) -> Iterator[None]:
    """While the block runs, `token` stops what is done in it, beside those that could before; None changes nothing.

    Raises:
        Cancelled: somebody stopped the work before the block, or in it.
    """
    if token is None:
        yield
        return
    before = _work.get()
    mark = _work.set(replace(before, tokens=(*before.tokens, token)))
    try:
        token.raise_if_cancelled()
        yield
    finally:
        _work.reset(mark)


@contextmanager
def told_progress(report: Callable[[float, str], None] | None) -> Iterator[None]:
    """While the block runs, `report` is told of every checkpoint that knows how far it is: the fraction of the block, and a message."""
    mark = _work.set(replace(_work.get(), report=report, begin=0.0, width=1.0))
    try:
        yield
    finally:
        _work.reset(mark)


@contextmanager
def share_of_step(begin: float, end: float) -> Iterator[None]:
    """The block is the part from `begin` to `end` (0..1) of what is being done; checkpoints in it count within that part."""
    before = _work.get()
    if before.report is None:
        yield
        return
    mark = _work.set(replace(before, begin=before.begin + before.width * begin, width=before.width * (end - begin)))
    try:
        yield
    finally:
        _work.reset(mark)


@contextmanager
def when_cancelled(call: Callable[[], object]) -> Iterator[None]:
    """While the block waits, whoever stops the work also calls `call`, which ends the waiting; a checkpoint should follow."""
    with ExitStack() as stack:
        for token in _work.get().tokens:
            stack.enter_context(token.calling(call))
        yield


@contextmanager
def stoppable_call() -> Iterator[None]:
    """Round a call of the system that nothing wakes (reading what somebody types): a handler of signals that stops the work ends it.

    Raises:
        Cancelled: the work was stopped by this thread.
    """
    waiting = threading.get_ident()
    with when_cancelled(lambda: checkpoint() if threading.get_ident() == waiting else None):
        yield


class Alarm:
    """Wakes one thread that waits. Unlike `threading.Event` it may be rung in a handler of signals, whatever the thread is doing."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def ring(self) -> None:
        """Wakes the thread that waits or will wait; again is no more than once."""
        with suppress(RuntimeError):  # rung already
            self._lock.release()

    def wait(self, seconds: float) -> None:
        """Until it is rung or the work is stopped, at most so long.

        Raises:
            Cancelled: the work was stopped.
        """
        with when_cancelled(self.ring):
            self._lock.acquire(timeout=min(max(0.0, seconds), threading.TIMEOUT_MAX))
        checkpoint()


class CheckedBytes(BytesIO):
    """Bytes as a file of which each read is a checkpoint: for readers of others that read in pieces."""

    def read(self, size: int | None = -1, /) -> bytes:
        """As `BytesIO.read`; raises `Cancelled` when the work was stopped."""
        checkpoint()
        return super().read(size)


def sleep(seconds: float) -> None:
    """As `time.sleep`, but ends when the work is stopped.

    Raises:
        Cancelled: then.
    """
    Alarm().wait(seconds)

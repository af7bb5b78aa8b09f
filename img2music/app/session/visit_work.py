"""The work of one visit: one job at a time that makes a take, what is done beside it, and stopping all of it.

A job runs in a thread of its own (`step_stream`) and a new one stops the one before. Work beside it (stems, files to take away) runs in the thread
of whoever asks. Both are stopped by tokens, so `stop` returns at once, and what was stopped ends within .3 s. Knows nothing of takes.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import RLock, Semaphore
from typing import TYPE_CHECKING

from img2music.cancellation import Cancelled, CancelToken, cancelled_by, sleep
from img2music.pipeline.step_stream import stream_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from img2music.piece import Piece
    from img2music.pipeline.progress import Log, Step

__all__ = ["VisitWork"]

_LOOK_SECONDS = 0.05
"""How often a job looks whether it is its turn."""


class VisitWork:
    """What a visit is doing. Thread-safe; its `lock` is the visit's."""

    def __init__(self, turns: Semaphore | None) -> None:
        """`turns` bounds how many visitors' jobs are done at once."""
        self.lock = RLock()
        self._turns = turns
        self._job: CancelToken | None = None
        self._beside: set[CancelToken] = set()
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether a job is being done."""
        return self._job is not None

    def stream(self, do: Callable[[Log, CancelToken], Piece], heavy: Semaphore | None = None) -> Iterator[Step]:
        """Does a job as a stream of steps, from when its first is asked for; `do` may put results in place while its token is not cancelled.

        A job that needs a turn of `heavy` too waits for that one first, so that it is in nobody's way meanwhile.

        Raises:
            Cancelled: stopped, or the visit was closed. Whatever `do` raises.
        """
        token = CancelToken()

        def work(log: Log) -> Piece:
            with _turn(heavy, log), _turn(self._turns, log):
                return do(log, token)

        with self.lock:
            self.check_open()
            self.stop()
            self._job = token
        try:
            yield from stream_steps(work, {"cancel": token})
        finally:
            token.cancel()
            with self.lock:
                self._job = None if self._job is token else self._job

    @contextmanager
    def beside(self) -> Iterator[None]:
        """While the block runs, `stop` stops it too.

        Raises:
            Cancelled: stopped, or the visit was closed.
        """
        token = CancelToken()
        with self.lock:
            self.check_open()
            self._beside.add(token)
        try:
            with cancelled_by(token):
                yield
        finally:
            with self.lock:
                self._beside.discard(token)

    def stop(self) -> None:
        """Stops all that is being done."""
        with self.lock:
            for token in (self._job, *self._beside):
                if token is not None:
                    token.cancel()

    def close(self) -> None:
        """The same, and nothing is begun any more."""
        with self.lock:
            self._closed = True
            self.stop()

    def check_open(self) -> None:
        """Raises Cancelled after `close`."""
        if self._closed:
            raise Cancelled("the visit was closed")


@contextmanager
def _turn(turns: Semaphore | None, log: Log) -> Iterator[None]:
    """Waits until no more visitors are served than the machine can."""
    if turns is None:
        yield
        return
    if not turns.acquire(blocking=False):
        with log.step("files", "waiting until other visitors are served"):
            while not turns.acquire(blocking=False):
                sleep(_LOOK_SECONDS)
    try:
        yield
    finally:
        turns.release()

"""A stream of steps: what happens while a piece is made, one record after the other, as it happens.

The work tells its steps to a listener (`Log`). Who is content with being called reads them in the thread of the work: that is `compose`
with `on_event`, and costs nothing. Who wants to ask for the next one, a page that is drawn while a stage still computes, reads
`stream_steps`: there the work runs in a thread of its own, because a generator can't yield from inside a stage, and its steps come through a
queue. The thread runs in a copy of the caller's context, so that collectors and tokens are those of the caller; what it raises is raised
to the caller. The work does not wait for its reader. Closing the generator (or leaving a loop over it) stops the work and waits until
it has ended.
"""

from __future__ import annotations

import threading
from contextvars import copy_context
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from img2music.cancellation import CancelToken, cancelled_by
from img2music.pipeline.progress import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from img2music.piece import Piece
    from img2music.pipeline.output_options import OutputOptions
    from img2music.pipeline.progress import Step
    from img2music.provenance import Event

__all__ = ["Work", "run_work", "stream_steps", "stream_work"]

T = TypeVar("T")
Work: TypeAlias = "Callable[[Log], Piece]"
"""Makes a piece, and tells a log of it."""
_THREAD = "img2music-steps"
_LOOK_SECONDS = 0.2
"""How often the reader's thread wakes while it waits: on Windows Ctrl-C reaches no thread that waits without a limit."""


def run_work(work: Work, listening: OutputOptions, log: Log | None = None) -> Piece:
    """The piece that `work` makes, its events told in this thread.

    Args:
        work: what is to be done.
        listening: who is told (`on_event`) and who may stop it (`cancel`).
        log: what was done before; then it says who is told.

    Raises:
        Cancelled: somebody stopped it. Whatever the work raises.
    """
    with cancelled_by(listening.get("cancel")):
        return work(log or Log(listening.get("on_event")))


def stream_steps(work: Work, listening: OutputOptions) -> Iterator[Step]:
    """Every step of `work` as it happens, the piece last; the work begins with the first that is asked for.

    Args:
        work: what is to be done.
        listening: who may stop it (`cancel`), and who is told beside the reader (`on_event`, in the thread of the work).

    Raises:
        Cancelled: somebody stopped it. Whatever the work raises.
    """
    told = listening.get("on_event")

    def run(tell: Callable[[Step], None]) -> None:
        def tell_both(event: Event) -> None:
            if told is not None:
                told(event)
            tell(event)

        run_work(work, listening, Log(tell_both, tell))

    return stream_work(run, CancelToken(), _THREAD)


def stream_work(run: Callable[[Callable[[T], None]], None], stop: CancelToken, name: str) -> Iterator[T]:
    """Whatever `run` tells its argument, as it happens; `run` begins with the first that is asked for, in a thread of that name.

    Closing the iterator cancels `stop` and waits until `run` has ended, and who cancels it from outside stops `run`, too.

    Raises:
        Cancelled: it was stopped. Whatever `run` raises.
    """
    told: SimpleQueue[T | _End] = SimpleQueue()

    def work() -> None:
        error: BaseException | None = None
        try:
            with cancelled_by(stop):
                run(told.put)
        except BaseException as raised:  # whatever it is belongs to the reader
            error = raised
        told.put(_End(error))

    thread = threading.Thread(target=copy_context().run, args=(work,), name=name)
    thread.start()
    try:
        while True:
            try:
                one = told.get(timeout=_LOOK_SECONDS)
            except Empty:
                continue
            if isinstance(one, _End):
                if one.error is not None:
                    raise one.error
                return
            yield one
    finally:
        stop.cancel()
        if threading.current_thread() is not thread:  # the garbage collector closes generators in whatever thread it runs
            thread.join()


@dataclass(frozen=True, slots=True)
class _End:
    """The work has ended, perhaps with an error."""

    error: BaseException | None

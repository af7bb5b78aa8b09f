"""Calls of libraries' own models, remembered while a renderer makes its sound, so that they can be made again bare.

What is given to the call of progress, of cancelling and of choosing tokens is ours and taken off, so it counts as ours.
"""

from __future__ import annotations

from contextlib import contextmanager
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Cost", "again", "cost_of", "remembered_calls"]

OURS = ("callback_on_step_end", "callback", "logits_processor", "stopping_criteria", "streamer")
Call = tuple[Any, tuple[Any, ...], dict[str, Any]]


class Cost:
    """Seconds of one call: of the processor (this process) and by the clock."""

    def __init__(self, processor: float, clock: float) -> None:
        self.processor, self.clock = processor, clock


def cost_of(work: Callable[[], object]) -> Cost:
    """What a call takes; on a card everything that was asked for is waited for."""
    _wait()
    clock, processor = perf_counter(), process_time()
    work()
    _wait()
    return Cost(process_time() - processor, perf_counter() - clock)


@contextmanager
def remembered_calls(owner: type, name: str) -> Iterator[list[Call]]:
    """A list that fills with the outermost calls of ``owner.name`` and their arguments."""
    calls: list[Call] = []
    original = vars(owner).get(name)
    bare = getattr(owner, name)
    depth = 0

    def told(self: Any, *arguments: Any, **named: Any) -> Any:
        nonlocal depth
        if not depth:
            calls.append((self, arguments, dict(named)))
        depth += 1
        try:
            return bare(self, *arguments, **named)
        finally:
            depth -= 1

    setattr(owner, name, told)
    try:
        yield calls
    finally:
        if original is None:
            delattr(owner, name)
        else:
            setattr(owner, name, original)


def again(calls: list[Call], name: str) -> None:
    """Makes the calls once more, without what is ours."""
    for owner, arguments, named in calls:
        getattr(owner, name)(*arguments, **{key: value for key, value in named.items() if key not in OURS})


def _wait() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()

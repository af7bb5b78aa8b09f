"""What happens while a piece is made: progress for whoever shows it, seconds and fallbacks for the manifest.

A fallback is never silent: it is an event where somebody listens, a Python warning where nobody does, and an entry of the
manifest in any case.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

from img2music.manifest import Fallback
from img2music.provenance import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from img2music.provenance import ModelUse

__all__ = ["Log"]


@dataclass(slots=True)
class Log:
    """Collects what one piece's manifest tells of its making."""

    on_event: Callable[[Event], None] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)
    """Name of the stage that did each job."""
    fallbacks: list[Fallback] = field(default_factory=list)
    models: list[ModelUse] = field(default_factory=list)
    """Every conversation with a model, also of a stage that failed."""

    @contextmanager
    def step(self, stage: str, message: str) -> Iterator[None]:
        """Times a step and tells of its begin and end; a step that fails tells only of its begin."""
        self._tell(Event(stage, "started", 0.0, message))
        begin = perf_counter()
        yield
        seconds = perf_counter() - begin
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        self._tell(Event(stage, "finished", seconds, message))

    def add_model_uses(self, uses: Sequence[ModelUse]) -> None:
        """Puts conversations with models on record; the time spent waiting goes to the seconds."""
        for use in uses:
            name = f"{use.stage}: waiting for the model"
            self.seconds[name] = self.seconds.get(name, 0.0) + use.seconds
            self.models.append(use.model_copy(update={"seconds": 0.0}))

    def add_fallback(self, stage: str, asked: str, used: str, why: str) -> None:
        """Puts a fallback on record."""
        self.fallbacks.append(Fallback(stage=stage, asked=asked, used=used, why=why[:2000]))
        message = f"{stage} {asked!r} could not work, {used!r} did: {why}"
        if self.on_event is None:
            warnings.warn(message, stacklevel=2)
        self._tell(Event(stage, "fallback", 0.0, message))

    def _tell(self, event: Event) -> None:
        if self.on_event is not None:
            self.on_event(event)

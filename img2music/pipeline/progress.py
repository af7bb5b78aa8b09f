"""What happens while a piece is made: steps and documents for whoever listens, seconds and fallbacks for the manifest.

A fallback is never silent: it is an event where somebody listens, a Python warning where nobody does, and an entry of the
manifest in any case.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

from img2music.cancellation import checkpoint, told_progress
from img2music.manifest import Fallback, Take
from img2music.performance import Performance
from img2music.piece import Piece
from img2music.plan import CompositionPlan
from img2music.provenance import Event
from img2music.scene import Scene
from img2music.score import Score
from img2music.stages import Rendering

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from img2music.provenance import ModelUse, SoundUse

__all__ = ["Document", "DocumentMade", "Log", "Step"]

Document: TypeAlias = Scene | CompositionPlan | Score | Take | Performance | Rendering | Piece


@dataclass(frozen=True, slots=True)
class DocumentMade:
    """A document is there: what was seen, the plan, the notes as written, how a take was judged, as played, the sound, the piece."""

    stage: str
    """Who made it: a kind of stage ("perceiver", "planner" ...), or "files" for the piece."""
    document: Document


Step: TypeAlias = Event | DocumentMade
"""What a stream of steps yields."""


@dataclass(slots=True)
class Log:
    """Tells of one piece's making, and collects what its manifest tells of it."""

    on_event: Callable[[Event], None] | None = None
    on_document: Callable[[DocumentMade], None] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)
    """Name of the stage that did each job."""
    fallbacks: list[Fallback] = field(default_factory=list)
    models: list[ModelUse] = field(default_factory=list)
    """Every conversation with a model, also of a stage that failed."""
    sounds: list[SoundUse] = field(default_factory=list)
    """What neural renderers did, also one that failed."""
    notices: list[str] = field(default_factory=list)
    """What people were told before it happened, each once."""

    @contextmanager
    def step(self, stage: str, message: str) -> Iterator[None]:
        """Times a step and tells of its begin, of how far it is, and of its end; a step that fails or is stopped tells of no end.

        Raises:
            Cancelled: the work was stopped, before the step or in it.
        """
        checkpoint()
        self._tell(Event(stage, "started", 0.0, message, 0.0))
        begin = perf_counter()
        with told_progress(None if self.on_event is None else _ProgressTeller(stage, message, self.on_event)):
            yield
        checkpoint()
        seconds = perf_counter() - begin
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        self._tell(Event(stage, "finished", seconds, message, 1.0))

    def add_document(self, stage: str, document: Document) -> None:
        """Tells of a document that `stage` has made."""
        if self.on_document is not None:
            self.on_document(DocumentMade(stage, document))

    def add_model_uses(self, uses: Sequence[ModelUse]) -> None:
        """Puts conversations with models on record; the time spent waiting goes to the seconds."""
        for use in uses:
            name = f"{use.stage}: waiting for the model"
            self.seconds[name] = self.seconds.get(name, 0.0) + use.seconds
            self.models.append(use.model_copy(update={"seconds": 0.0}))

    def add_notice(self, stage: str, message: str) -> None:
        """Tells what binds the user or what is about to be fetched, once for each piece."""
        if message not in self.notices:
            self.notices.append(message)
            self._tell(Event(stage, "notice", 0.0, message))

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


class _ProgressTeller:
    """Tells of a step's checkpoints when a whole hundredth more is done, so that loops may come to one as often as they like."""

    def __init__(self, stage: str, message: str, on_event: Callable[[Event], None]) -> None:
        self._stage, self._message, self._on_event = stage, message, on_event
        self._told = 0

    def __call__(self, fraction: float, message: str) -> None:
        hundredths = int(100 * fraction)
        if self._told < hundredths < 100:  # the end is told by the step itself
            self._told = hundredths
            self._on_event(Event(self._stage, "progress", 0.0, message or self._message, hundredths / 100))

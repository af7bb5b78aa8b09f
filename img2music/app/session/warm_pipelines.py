"""Pipelines that are loaded once and shared by all visitors, with the networks and tables that their stages hold.

Stages keep no state between pieces, so that several visitors may use one at a time. One whose model a visitor names is not kept. Of renderers that
play by a neural model one is in memory at a time, and one visitor is served by it at a time: it fills the machine.
"""

from __future__ import annotations

from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING

from img2music.app.session.editing.sound_making import with_sound_of
from img2music.app.session.sounds.sound_wish import departs_from_score

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Semaphore

    from img2music.app.session.choices import Choices
    from img2music.app.session.takes import MadeTake
    from img2music.pipeline import Pipeline
    from img2music.pipeline_config import PipelineConfig, StageConfig

__all__ = ["WarmPipelines", "shared_pipelines", "warm_up"]

_MOST_KEPT = 8
_WARM_PIXELS = 64
_WARM_SECONDS = 8.0
"""Longer than what the synthesizer plays inside this process, so that its own way is warm too."""


class WarmPipelines:
    """The pipelines that were asked for so far."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[tuple[str, str], Pipeline] = {}
        self._renderer: tuple[StageConfig, Callable[..., object]] | None = None
        self._renderer_lock = Lock()
        self._heavy = BoundedSemaphore(1)

    def load(self, choices: Choices) -> Pipeline:
        """The pipeline of a visitor's choices, which were checked before.

        Raises:
            UsageError: it takes no such model or prompt.
        """
        from img2music.pipeline import Pipeline

        prompts = (choices.prompt,) if choices.prompt else ()
        if choices.model:
            return Pipeline.load(choices.pipeline, model=choices.model, prompts=prompts)
        with self._lock:
            name = (choices.pipeline, choices.prompt)
            if name not in self._kept:
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[name] = Pipeline.load(choices.pipeline, prompts=prompts)
            return self._kept[name]

    def of_config(self, config: PipelineConfig) -> Pipeline:
        """The pipeline of a configuration, with its renderer as it was made the last time, if it was the last one.

        Raises:
            BackendError: the renderer can't be made.
        """
        from img2music.pipeline import Pipeline
        from img2music.stages import load_stage

        stage = config.stages.renderer
        if not departs_from_score(stage.use):
            return Pipeline(config)
        with self._renderer_lock:
            if self._renderer is None or self._renderer[0] != stage:
                self._renderer = None  # its memory goes before the next one's is taken
                self._renderer = stage, load_stage("renderer", stage.use, stage.options)
            return Pipeline(config).with_stage("renderer", self._renderer[1])

    def of_take(self, take: MadeTake) -> Pipeline:
        """The pipeline that made a take, to make it sound again."""
        return (
            self.load(take.choices)
            if take.sound is None
            else self.of_config(with_sound_of(take.piece.manifest.pipeline, take.sound))
        )

    def turns_of(self, stage: StageConfig) -> Semaphore | None:
        """What whoever makes sound with a renderer takes a turn of; None where nobody needs to wait."""
        return self._heavy if any(departs_from_score(one.use) for one in stage.chain()) else None


shared_pipelines = WarmPipelines()


def warm_up() -> float:
    """Makes a short piece of a small grey picture, so that networks, tables and the soundfont are in memory; how many seconds that took.

    The first piece of a program takes some two seconds longer than the next ones. Call it in a thread when the page starts.
    """
    from time import perf_counter

    import numpy as np

    from img2music.app.session.choices import Choices
    from img2music.app.session.files.sounding_takes import encode_mix

    begin = perf_counter()
    rows = np.linspace(40, 220, _WARM_PIXELS, dtype=np.uint8)
    picture = np.broadcast_to(rows[:, None, None], (_WARM_PIXELS, _WARM_PIXELS, 3)).copy()
    piece = shared_pipelines.load(Choices()).compose(picture, seconds=_WARM_SECONDS, audio="wav")
    if piece.audio is not None:
        encode_mix(piece.audio, piece.plan)
    return perf_counter() - begin

"""Pipelines that are loaded once and shared by all visitors, with the networks and tables that their stages hold.

Stages keep no state between pieces, so that several visitors may use one at a time. One whose model a visitor names is not kept.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from img2music.app.session.choices import Choices
    from img2music.pipeline import Pipeline

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

"""What was seen in a visit's picture: once by each eye, however often it is composed.

The offline eye always sees the same, so a second press of the button need not wait for it. An eye that asks a model is asked each time: what the
asking told is part of the record. Thread-safe. Knows nothing of takes.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from img2music.io.pictures import Picture
    from img2music.pipeline import Pipeline
    from img2music.pipeline.progress import Log
    from img2music.scene import Scene

__all__ = ["SeenScenes"]


class SeenScenes:
    """Scenes of one picture, by who saw them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._picture: Picture | None = None
        self._scenes: dict[str, Scene] = {}

    def see(self, picture: Picture, pipeline: Pipeline, log: Log) -> Scene:
        """What is in the picture; `log` is told as if it were seen now.

        Raises:
            BackendError: the eye failed.
        """
        eye = pipeline.config.stages.perceiver
        if any("model" in stage.options for stage in eye.chain()):
            return pipeline.see(picture, log=log)
        name = eye.model_dump_json()
        with self._lock:
            known = self._scenes.get(name) if self._picture is picture else None
        if known is None:
            seen = pipeline.see(picture, log=log)
            if log.used.get("perceiver") == eye.use:
                self._keep(picture, name, seen)
            return seen
        with log.step("perceiver", "seeing the picture"):
            log.used["perceiver"] = eye.use
        log.add_document("perceiver", known)
        return known

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._picture = None
            self._scenes.clear()

    def _keep(self, picture: Picture, name: str, seen: Scene) -> None:
        with self._lock:
            if self._picture is not picture:
                self._picture, self._scenes = picture, {}
            self._scenes[name] = seen

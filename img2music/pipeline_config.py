"""What a pipeline file says: which stage does each job, what it needs, and what leaves the machine.

Stages are names, never code, so reading a pipeline runs nothing. Knows nothing of what the stages do, and not where files lie (see
`img2music.pipeline.presets`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, JsonValue, PrivateAttr, model_serializer

from img2music.strict_model import DocumentModel, StrictModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SerializerFunctionWrapHandler

__all__ = ["PipelineConfig", "StageConfig", "StageTable"]

Name = Annotated[str, Field(min_length=1, max_length=100)]
Line = Annotated[str, Field(max_length=1000)]


class StageConfig(StrictModel):
    """Who does one job."""

    use: Name
    """A built-in stage or a plug-in's, by name."""
    options: Annotated[dict[Name, JsonValue], Field(max_length=50)] = Field(default_factory=dict)
    """Handed to the stage when it is made."""
    fallback: StageConfig | None = None
    """Who steps in when this one fails for want of a package, a program or a service; without it the job fails."""

    def chain(self) -> Iterator[StageConfig]:
        """This stage, then its fallback, then that one's."""
        stage: StageConfig | None = self
        while stage is not None:
            yield stage
            stage = stage.fallback


class StageTable(StrictModel):
    """All five jobs."""

    perceiver: StageConfig = StageConfig(use="offline")
    planner: StageConfig = StageConfig(use="rules")
    realizer: StageConfig = StageConfig(use="composer")
    performer: StageConfig = StageConfig(use="expressive")
    renderer: StageConfig = StageConfig(use="soundfont")


class PipelineConfig(DocumentModel):
    """A pipeline file."""

    name: Name
    description: Line
    stages: StageTable
    """A job left out is done as in the offline pipeline."""
    needs: Line
    """Beyond the installation: a GPU, a server, a key; "nothing beyond the installation"."""
    leaves_machine: Line
    """What is sent over the network; "nothing"."""
    licence: Line
    """What binds the user of the result."""
    commercial: bool = False
    """Whether the result is meant to be sold: then whatever forbids that is refused before it works. Not written where it is not asked."""
    _file: str | None = PrivateAttr(default=None)

    @property
    def file(self) -> str | None:
        """Name of the file that it was read from, without its folder; None of one that comes with the program, or was never in a file."""
        return self._file

    def read_from(self, file: str) -> PipelineConfig:
        """The same, which knows the name of its file."""
        known = self.model_copy()
        known._file = re.split(r"[/\\]", file)[-1]
        return known

    @model_serializer(mode="wrap")
    def _without_unasked(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = write(self)
        if not self.commercial:
            written.pop("commercial", None)
        return written

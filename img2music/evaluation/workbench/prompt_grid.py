"""The grid: every prompt with every model on every picture from every seed, and what makes a cell the same cell.

A cell's name is a hash of whatever can change its piece: the prompt's text, the model and the parameters that change an answer, the
picture's bytes, the seed, the length, and the version of what is kept of it. The paths, labels and prices are no part of it, so a
renamed file is the same cell and an edited one is another.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import product
from typing import TYPE_CHECKING

from img2music.evaluation.workbench.cell_record import FORMAT
from img2music.models.model_spec import CHANGES_NO_ANSWER
from img2music.pipeline_config import PipelineConfig, StageConfig, StageTable
from img2music.registry import asking_stages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from img2music.models import ModelSpec
    from img2music.templates import PromptTemplate

__all__ = ["Cell", "Grid", "GridModel", "GridPicture", "GridPrompt", "Variant", "cell_config"]


@dataclass(frozen=True)
class GridPrompt:
    """A prompt in the grid."""

    label: str
    """Its name, or its file where names are shared."""
    source: str
    """As the user named it: what the stage is given."""
    template: PromptTemplate

    @property
    def purpose(self) -> str:
        """Which stage it is for."""
        return self.template.purpose


@dataclass(frozen=True)
class GridModel:
    """A model in the grid."""

    label: str
    line: str
    """What the stage is given."""
    spec: ModelSpec
    content: str = ""
    """Digest of the recorded answers, where the model is a file of them."""

    @cached_property
    def identity(self) -> str:
        """Everything that can change an answer."""
        return json.dumps(
            [self.spec.model_dump(mode="json", exclude={"options": set(CHANGES_NO_ANSWER)}), self.content], sort_keys=True
        )


@dataclass(frozen=True)
class GridPicture:
    """A picture in the grid; its pixels are read again when they are needed."""

    label: str
    file: str
    """Its name without the folder."""
    path: Path
    sha256: str


@dataclass(frozen=True)
class Variant:
    """A prompt with a model: what is scored."""

    prompt: GridPrompt
    model: GridModel

    @property
    def label(self) -> str:
        """For tables."""
        return f"{self.prompt.label} · {self.model.label}"


@dataclass(frozen=True)
class Cell:
    """One piece to be made."""

    prompt: GridPrompt
    model: GridModel
    picture: GridPicture
    seed: int
    seconds: float

    @property
    def variant(self) -> Variant:
        """Its prompt and model."""
        return Variant(self.prompt, self.model)

    @cached_property
    def name(self) -> str:
        """Sixteen hexadecimal digits; see the module's docstring."""
        parts = [FORMAT, self.prompt.template.digest, self.model.identity, self.picture.sha256, self.seed, self.seconds]
        return sha256(json.dumps(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Grid:
    """All cells."""

    prompts: tuple[GridPrompt, ...]
    models: tuple[GridModel, ...]
    pictures: tuple[GridPicture, ...]
    seeds: tuple[int, ...]
    seconds: float

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """Every prompt with every model, in the order given."""
        return tuple(Variant(prompt, model) for prompt, model in product(self.prompts, self.models))

    def cells(self) -> Iterator[Cell]:
        """Every cell, a model at a time, so that one model is in memory.

        Then picture by picture, so that a stopped run has whole rows; but prompt by prompt where the model may only be asked so often
        a minute, because every stage keeps count of its own requests alone.
        """
        for model in self.models:
            if model.spec.options.per_minute is None:
                for picture, seed, prompt in product(self.pictures, self.seeds, self.prompts):
                    yield Cell(prompt, model, picture, seed, self.seconds)
            else:
                for prompt, seed, picture in product(self.prompts, self.seeds, self.pictures):
                    yield Cell(prompt, model, picture, seed, self.seconds)


def cell_config(cell: Cell) -> PipelineConfig:
    """The pipeline of a cell: one stage asks the model, with the usual stage to step in; the others work offline.

    An eye is not told the piece's seed, so it gets it here: else all seeds would share one answer.
    """
    entry, usual = asking_stages()[cell.prompt.purpose], StageTable()
    options: dict[str, str | int] = {"model": cell.model.line, "prompt": cell.prompt.source}
    if entry.kind == "perceiver":
        options["seed"] = cell.seed
    asking = StageConfig.model_validate({"use": entry.name, "options": options, "fallback": getattr(usual, entry.kind)})
    return PipelineConfig(
        name="workbench",
        description=f"{cell.prompt.label} asked of {cell.model.label}"[:1000],
        stages=usual.model_copy(update={entry.kind: asking}),
        needs="the model",
        leaves_machine="what the prompt says, if the model is elsewhere",
        licence="the model's terms",
    )

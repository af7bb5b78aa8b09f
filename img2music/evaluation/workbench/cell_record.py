"""What is kept of a finished cell, and where.

OUT/cells.jsonl has a line a cell, written at once and never rewritten. Beside it lie OUT/pieces/<cell>/ with the plan, the notes and perhaps
the sound, and OUT/answers.jsonl with every answer word for word, to be asked again as `replay:OUT/answers.jsonl`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from img2music.evaluation.diversity import Trait
from img2music.evaluation.records import RecordStore
from img2music.provenance import ModelUse
from img2music.strict_model import StrictModel

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FORMAT", "CellRecord", "CellStore", "CitedChoice", "PieceExtract"]

FORMAT = 1
"""Rises when a field changes, or what it means: then every cell is another one."""
Short = Annotated[str, Field(max_length=300)]
Line = Annotated[str, Field(max_length=2000)]
Sign = Annotated[float, Field(ge=-1, le=1)]


class CitedChoice(StrictModel):
    """One choice with the cues that it names."""

    choice: Short
    value: Short
    because: Annotated[tuple[Short, ...], Field(max_length=50)]


class PieceExtract(StrictModel):
    """The piece, as far as a page shows it."""

    title: Line
    idea: Line
    key: Short
    meter: Short
    tempo_bpm: Annotated[float, Field(gt=0, le=1000)]
    style: Short
    bars: Annotated[int, Field(ge=0, le=10_000)]
    seconds: Annotated[float, Field(ge=0, le=10_000)]
    instruments: Annotated[tuple[Short, ...], Field(max_length=40)]
    text: Annotated[tuple[Line, ...], Field(max_length=600)]
    """What the prompt decided, as short lines: the plan, or the written notes."""
    cited: Annotated[tuple[CitedChoice, ...], Field(max_length=100)] = ()


class CellRecord(StrictModel):
    """What came of one cell."""

    format: Literal[1] = 1
    cell: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    prompt: Short
    prompt_digest: Short
    purpose: Literal["see", "plan", "abc"]
    model: Short
    picture: Short
    picture_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    status: Literal["done", "failed"]
    """"failed": no answer came, or no piece; then nothing is measured."""
    fell_back: bool
    """Whether another stage stepped in for the one that asks."""
    why: Line = ""
    """Of the failure or the fallback."""
    uses: Annotated[tuple[ModelUse, ...], Field(max_length=50)] = ()
    """The conversations with the model."""
    promises: Annotated[int, Field(ge=0, le=1000)] = 0
    promises_kept: Annotated[int, Field(ge=0, le=1000)] = 0
    broken: Annotated[tuple[Line, ...], Field(max_length=100)] = ()
    """The promises that were not kept, in words."""
    feeling: tuple[Sign, Sign] | None = None
    """Valence and arousal that the model decided; None where it does not decide them, or did not."""
    eye: tuple[Sign, Sign] | None = None
    """Valence and arousal that the offline eye measured."""
    traits: Annotated[dict[Short, Trait], Field(max_length=40)] = Field(default_factory=dict)
    """What the model decided, to be compared between pictures; empty where another stage stepped in."""
    made: PieceExtract | None = None


class CellStore(RecordStore[CellRecord]):
    """The folder OUT of a grid."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when something is first kept."""
        super().__init__(folder, CellRecord, lambda record: record.cell, lines="cells.jsonl", files="pieces")

"""Prompts tried in tests: prompt files, recorded answers, records by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from img2music.evaluation.workbench.cell_record import CellRecord
from img2music.evaluation.workbench.grid_inputs import load_grid
from img2music.evaluation.workbench.prompt_grid import Grid, GridPicture
from img2music.provenance import ModelUse
from tests.support.model_answers import record_answers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DIGEST = "0123456789abcdef"


def prompt_file(folder: Path, name: str, text: str = "Look.", purpose: str = "see", schema: str = "scene/1") -> Path:
    """A prompt of one's own."""
    path = folder / f"{name}.md"
    path.write_text(
        f"---\nname: mine/{name}\nversion: 1\npurpose: {purpose}\nschema: {schema}\nsummary: A test.\nwhy: A test.\n---\n"
        f"# System\nYou test.\n# User\n{text}\n"
    )
    return path


def attribute_answer(**values: Any) -> dict[str, Any]:
    """What a model that sees answers; `values` by attribute, `because` for all."""
    because = values.pop("because", ["lantern"])
    usual: dict[str, Any] = {
        "valence": 0.2, "arousal": -0.1, "mood": ["calm"], "tempo_bpm": 90, "key": "D", "mode": "dorian", "meter": "3/4",
        "genre": "waltz", "instruments": ["violin"],
    }  # fmt: skip
    decided = {name: {"because": because, "value": value, "confidence": 0.5} for name, value in (usual | values).items()}
    return {"observations": [{"name": "lantern", "text": "a lantern over water", "box": [0, 0, 0.5, 0.5]}], **decided}


def record_cell_answers(path: Path, answers: Sequence[object], tokens: tuple[int, int] = (100, 20)) -> str:
    """The line of a model that gives these answers in turn, each for so many tokens."""
    return record_answers(path, *answers, tokens=tokens)


def small_grid(prompts: Sequence[Path], pictures: Sequence[Path], models: Sequence[str], seeds: int = 1, **more: Any) -> Grid:
    """A grid of pieces of a few seconds."""
    return load_grid([*map(str, prompts)], models, [*map(str, pictures)], seeds=seeds, seconds=more.pop("seconds", 4.0), **more)


def model_use(**facts: Any) -> ModelUse:
    """One conversation, accepted at once unless told otherwise."""
    usual: dict[str, Any] = {
        "stage": "perceiver", "model": "openai:x", "prompt": "mine/a", "prompt_digest": DIGEST, "schema_name": "scene/1",
        "accepted": True, "answers": 1, "asked": 1, "repairs": 0, "tokens_in": 100, "tokens_out": 20, "seconds": 2.0,
    }  # fmt: skip
    return ModelUse(**(usual | facts))


def cell_record(**facts: Any) -> CellRecord:
    """A finished cell, valid unless told otherwise."""
    usual: dict[str, Any] = {
        "cell": DIGEST, "prompt": "mine/a", "prompt_digest": DIGEST, "purpose": "see", "model": "openai:x", "picture": "a.png",
        "picture_sha256": "ab" * 32, "seed": 0, "status": "done", "fell_back": False, "uses": (model_use(),), "promises": 6,
        "promises_kept": 6, "feeling": (0.0, 0.0), "eye": (0.0, 0.0),
    }  # fmt: skip
    return CellRecord.model_validate(usual | facts)


def many_pictures(grid: Grid, count: int) -> Grid:
    """The grid on pictures that nobody needs to open."""
    shown = tuple(
        GridPicture(f"{number}.png", f"{number}.png", grid.pictures[0].path, f"{number:064x}") for number in range(count)
    )
    return Grid(grid.prompts, grid.models, shown, grid.seeds, grid.seconds)


def records_of(grid: Grid, facts: Any) -> dict[str, CellRecord]:
    """A record for every cell; `facts(cell)` says what is not usual."""
    made = {}
    for cell in grid.cells():
        about = {
            "cell": cell.name, "prompt": cell.prompt.label, "prompt_digest": cell.prompt.template.digest,
            "purpose": cell.prompt.purpose, "model": cell.model.label, "picture": cell.picture.file,
            "picture_sha256": cell.picture.sha256, "seed": cell.seed,
        }  # fmt: skip
        made[cell.name] = cell_record(**(about | facts(cell)))
    return made


__all__ = [
    "attribute_answer",
    "cell_record",
    "many_pictures",
    "model_use",
    "prompt_file",
    "record_cell_answers",
    "records_of",
    "small_grid",
]

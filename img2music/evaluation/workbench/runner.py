"""Makes the cells that are missing, one after the other, and keeps each at once.

A cell's errors are its own: it is kept as failed and the next one is made. What stops a run is whoever cancels it (Ctrl-C; see
`img2music.cancellation`), also in the middle of a cell, a full disk and the budget; whatever was finished by then stays, and the same
command goes on from there. One model is in memory at a time.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from img2music.brief import Brief
from img2music.cancellation import checkpoint
from img2music.errors import Img2MusicError, MissingPackageError, OutputError, UsageError
from img2music.evaluation.diversity import decided_feeling, extract_traits
from img2music.evaluation.workbench.cell_record import CellRecord
from img2music.evaluation.workbench.cost_estimate import Spending
from img2music.evaluation.workbench.document_lines import extract_piece
from img2music.evaluation.workbench.prompt_grid import cell_config
from img2music.pipeline import Pipeline
from img2music.provenance import ModelUse, collect_answers, collect_model_uses
from img2music.registry import STAGE_KINDS, asking_stages
from img2music.stages import load_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from img2music.evaluation.workbench.cell_record import CellStore
    from img2music.evaluation.workbench.prompt_grid import Cell, Grid, GridModel, GridPrompt
    from img2music.io.pictures import Picture
    from img2music.performance import Performance
    from img2music.piece import Piece
    from img2music.pipeline import Event
    from img2music.pipeline_config import StageConfig
    from img2music.scene import Scene

__all__ = ["RunOutcome", "add_missing_sounds", "check_usable", "run_cells"]


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How a run ended."""

    made: int
    spent_usd: float
    stopped: bool
    """Whether the budget ended it."""


def check_usable(todo: Sequence[Cell]) -> None:
    """Whether the models and stages that `todo` needs are there, before anything is asked.

    Raises:
        UsageError: a key or a file is missing, or there is no such stage. MissingPackageError: a package is missing.
    """
    from img2music.models import unavailable_reason

    for model in dict.fromkeys(cell.model for cell in todo):
        reason = unavailable_reason(model.spec)
        if reason is not None:
            error = MissingPackageError if "pip install" in reason else UsageError
            raise error(f"model {model.label!r} {reason}")
    for cell in {cell.variant: cell for cell in todo}.values():
        stages = cell_config(cell).stages
        for kind in STAGE_KINDS:
            stage: StageConfig = getattr(stages, kind)
            if "model" in stage.options:
                load_stage(kind, stage.use, stage.options)


def run_cells(
    todo: Sequence[Cell],
    store: CellStore,
    *,
    audio_seed: int | None = None,
    budget_usd: float | None = None,
    on_start: Callable[[int, Cell], None] = lambda _place, _cell: None,
    on_event: Callable[[Event], None] = lambda _: None,
    on_record: Callable[[int, CellRecord], None] = lambda _place, _record: None,
) -> RunOutcome:
    """Makes every cell of `todo` and keeps it in `store`.

    Args:
        todo: the cells, in this order.
        store: where they are kept.
        audio_seed: cells of this seed get a sound; None makes none.
        budget_usd: the run ends before the cell that would be expected to pass it.
        on_start: told the place of a cell in `todo`, and the cell.
        on_event: told of every step of a cell, and how far it is.
        on_record: told the place of a cell and what came of it.

    Raises:
        OutputError: OUT can't be written. Cancelled: the run was stopped.
    """
    maker, spending = _CellMaker(on_event), Spending(store.records())
    for place, cell in enumerate(todo):
        if budget_usd is not None and spending.spent_usd + spending.expected_usd(cell) > budget_usd:
            return RunOutcome(place, spending.spent_usd, stopped=True)
        checkpoint(place, len(todo))
        on_start(place, cell)
        with collect_answers() as answers:
            record, files = maker.make(cell, sound=cell.seed == audio_seed)
        store.save(record, files, answers)
        spending.add(cell, record)
        on_record(place, record)
    return RunOutcome(len(todo), spending.spent_usd, stopped=False)


class _CellMaker:
    """Holds what the next cell is likely to need again: pipelines of one model, one picture, what the eye saw in it."""

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._offline = Pipeline.load("offline")
        self._model: GridModel | None = None
        self._pipelines: dict[tuple[GridPrompt, int], Pipeline] = {}
        self._picture: Picture | None = None
        self._eye: Scene | None = None

    def make(self, cell: Cell, *, sound: bool) -> tuple[CellRecord, dict[str, bytes]]:
        """What came of a cell, and its files."""
        with collect_model_uses() as uses:
            try:
                piece = self._pipeline(cell).compose(
                    self._see(cell), Brief.of(seconds=cell.seconds, seed=cell.seed), audio=None, on_event=self._on_event
                )
            except OutputError:
                raise
            except Exception as error:
                return _failed_record(cell, _describe_error(error), uses), {}
        kind = asking_stages()[cell.prompt.purpose].kind
        told = _with_seconds(_model_uses(piece.manifest.models or uses), piece, kind)
        fallback = next((one for one in piece.manifest.fallbacks if one.stage == kind), None)
        if fallback is not None and not _got_answer(told):
            return _failed_record(cell, fallback.why, told, fell_back=True), {}
        record = self._record(cell, piece, told, None if fallback is None else fallback.why)
        return record, self._files(piece, sound=sound)

    def _pipeline(self, cell: Cell) -> Pipeline:
        if self._model is not cell.model:
            self._model, self._pipelines = cell.model, {}
        key = cell.prompt, cell.seed if cell.prompt.purpose == "see" else 0
        if key not in self._pipelines:
            self._pipelines[key] = Pipeline(cell_config(cell))
        return self._pipelines[key]

    def _see(self, cell: Cell) -> Picture:
        from img2music.io.pictures import open_picture

        if self._picture is None or self._picture.sha256 != cell.picture.sha256:
            self._picture, self._eye = open_picture(cell.picture.path), None
        return self._picture

    def _seen(self, cell: Cell, piece: Piece) -> Scene | None:
        """What the offline eye sees in the picture: at hand where the pipeline looked with it."""
        if cell.prompt.purpose != "see":
            return piece.scene
        if self._eye is None:
            self._eye = self._offline.see(self._see(cell))
        return self._eye

    def _record(self, cell: Cell, piece: Piece, uses: tuple[ModelUse, ...], fallback: str | None) -> CellRecord:
        own, purpose = fallback is None, cell.prompt.purpose
        eye = self._seen(cell, piece)
        rows = [row for row in piece.manifest.compliance if row.passed is not None]
        return CellRecord.model_validate(
            _cell_fields(cell)
            | {
                "status": "done",
                "fell_back": not own,
                "why": (fallback or "")[:2000],
                "uses": uses,
                "promises": len(rows),
                "promises_kept": sum(bool(row.passed) for row in rows),
                "broken": [f"{row.promise}: {row.asked} asked, {row.found} found"[:2000] for row in rows if not row.passed],
                "feeling": decided_feeling(piece, purpose) if own else None,
                "eye": None if eye is None else _measured_feeling(eye),
                "traits": extract_traits(piece, purpose) if own else {},
                "made": extract_piece(piece, purpose, cites=own and any(use.citations for use in uses)),
            }
        )

    def _files(self, piece: Piece, *, sound: bool) -> dict[str, bytes]:
        from img2music.io.documents import dump_json
        from img2music.io.midi.export_midi import write_midi

        files = {"plan.json": dump_json(piece.plan).encode(), "score.mid": write_midi(piece.performance)}
        if sound:
            with suppress(Img2MusicError):  # the page says that there is no sound; the notes are what counts
                files["audio.ogg"] = self.sound(piece.performance)
        return files

    def sound(self, performance: Performance) -> bytes:
        """A performance as an Ogg file."""
        from img2music.io.audio_files import encode
        from img2music.io.audio_tags import Tags

        mix = self._offline.render(performance, on_event=self._on_event).mix
        return encode(mix, "ogg", tags=Tags(performance.title), loop=performance.loop)


def add_missing_sounds(
    grid: Grid, records: Mapping[str, CellRecord], store: CellStore, *, on_event: Callable[[Event], None] = lambda _: None
) -> int:
    """Makes the sounds of the first seed that an earlier run left out, from their notes, and returns how many: no model is asked."""
    from img2music.io.midi.import_midi import read_midi

    maker, made = None, 0
    for cell in grid.cells():
        record = records.get(cell.name)
        if (
            cell.seed != grid.seeds[0]
            or record is None
            or record.made is None
            or store.read_file(cell.name, "audio.ogg") is not None
        ):
            continue
        notes = store.read_file(cell.name, "score.mid")
        if notes is not None:
            maker = maker or _CellMaker(on_event)
            with suppress(Img2MusicError):
                store.add_file(cell.name, "audio.ogg", maker.sound(read_midi(notes, name=f"{cell.name}/score.mid")))
                made += 1
    return made


def _cell_fields(cell: Cell) -> dict[str, Any]:
    return {
        "cell": cell.name,
        "prompt": cell.prompt.label,
        "prompt_digest": cell.prompt.template.digest,
        "purpose": cell.prompt.purpose,
        "model": cell.model.label,
        "picture": cell.picture.file[:300],
        "picture_sha256": cell.picture.sha256,
        "seed": cell.seed,
    }


def _failed_record(cell: Cell, why: str, uses: Sequence[ModelUse], *, fell_back: bool = False) -> CellRecord:
    return CellRecord.model_validate(
        _cell_fields(cell) | {"status": "failed", "fell_back": fell_back, "why": why[:2000], "uses": _model_uses(uses)}
    )


def _describe_error(error: Exception) -> str:
    if isinstance(error, Img2MusicError):
        return str(error)
    return f"unexpected {type(error).__name__}: {' '.join(str(error).split())[:300]}; report it as a fault of img2music"


def _got_answer(uses: Sequence[ModelUse]) -> bool:
    """Whether the model said anything, a refusal too."""
    return any(use.answers or any("refuses to answer" in fault for fault in use.faults) for use in uses)


def _model_uses(uses: Sequence[ModelUse]) -> tuple[ModelUse, ...]:
    """The conversations as they are recorded: without the answers, which lie in the files."""
    return tuple(use.model_copy(update={"answer": ""}) for use in uses[:50])


def _with_seconds(uses: tuple[ModelUse, ...], piece: Piece, kind: str) -> tuple[ModelUse, ...]:
    """The conversations with the time spent waiting, which a manifest keeps apart from what two runs have in common."""
    if not uses or any(use.seconds for use in uses):
        return uses
    waited = piece.timing.get(f"{kind}: waiting for the model", 0.0)
    return uses[0].model_copy(update={"seconds": waited}), *uses[1:]


def _measured_feeling(scene: Scene) -> tuple[float, float]:
    return scene.attributes.valence.value, scene.attributes.arousal.value

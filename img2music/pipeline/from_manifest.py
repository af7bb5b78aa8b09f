"""What a manifest takes to write its piece again: the stages that did it, without asking a model, and what it kept of an earlier one.

A manifest may come from anywhere, so nothing in it is opened as a path (see `replay`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from img2music.errors import BackendError, DocumentError
from img2music.pipeline.records.recorded_pipeline import trusted_config
from img2music.pipeline.run import Pipeline

if TYPE_CHECKING:
    from img2music.manifest import KeptMusic, Manifest
    from img2music.piece import Piece
    from img2music.plan import CompositionPlan
    from img2music.score import Score

__all__ = ["pipeline_of_manifest", "with_kept_lines", "with_kept_record", "with_manifest_fields", "with_recorded_music"]


def pipeline_of_manifest(record: Manifest, source: str, *, commercial: bool = False) -> Pipeline:
    """The pipeline that makes the piece of a manifest again from its plan or its scene; `source` names it in messages.

    With `commercial` it is held to what commercial use allows; so it is where the piece was.

    Raises:
        UsageError: a stage that forbids commercial use.
        DocumentError: the manifest names files, or lacks what a model made.
    """
    config = trusted_config(record, source)
    config = config.model_copy(update={"commercial": commercial or config.commercial})
    return with_recorded_music(Pipeline(config), record)


def with_recorded_music(stages: Pipeline, record: Manifest) -> Pipeline:
    """`stages`, writing what a model wrote and what was kept of an earlier piece as they are on record.

    Raises:
        DocumentError: kept lines that are none, or don't belong to the plan on record.
    """
    if record.tune is not None:
        stages = stages.with_stage("realizer", partial(_as_told, record.tune))
    return with_kept_lines(stages, record)


def with_kept_lines(stages: Pipeline, record: Manifest) -> Pipeline:
    """`stages`, writing the lines that the piece kept of an earlier one.

    Raises:
        DocumentError: lines that are none, or don't belong to the plan on record.
    """
    if record.kept is None or not record.kept.parts:
        return stages
    from img2music.realizers.kept_notes import read_kept_line

    if record.plan is None:
        raise DocumentError("the kept notes on record have no plan; give a piece.json as `img2music compose` wrote it")
    return stages.with_kept_parts({part.part: read_kept_line(part.bars, record.plan, part.part) for part in record.kept.parts})


def with_kept_record(piece: Piece, kept: KeptMusic) -> Piece:
    """`piece`, its manifest saying what was kept of an earlier one."""
    return with_manifest_fields(piece, kept=kept, conflicts=(*piece.manifest.conflicts, *kept.notes))


def with_manifest_fields(piece: Piece, **entries: object) -> Piece:
    """`piece` with other entries in its manifest."""
    return replace(piece, manifest=piece.manifest.model_copy(update=entries))


def _as_told(tune: str, plan: CompositionPlan) -> Score:
    """The notes of a tune that a model wrote, mended as they were then."""
    from img2music.realizers.abc.abc_realizer import read_tune

    try:
        return read_tune(tune, plan)[0]
    except BackendError as error:
        raise DocumentError(
            f"the tune on record can't be read ({error}); give a piece.json as `img2music compose` wrote it"
        ) from None

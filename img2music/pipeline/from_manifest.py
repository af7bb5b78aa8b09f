"""What a manifest takes to write its piece again: the stages that did it, without asking a model, and what it kept of an earlier one.

A manifest may come from anywhere, so nothing in it is opened as a path (see `replay`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from img2music.errors import BackendError, DocumentError
from img2music.pipeline.presets import load_pipeline_config, pipeline_names
from img2music.pipeline.run import Pipeline
from img2music.pipeline_config import StageConfig, StageTable

if TYPE_CHECKING:
    from pydantic import JsonValue

    from img2music.manifest import KeptMusic, Manifest
    from img2music.piece import Piece
    from img2music.pipeline_config import PipelineConfig
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
    config = _trusted(record, source)
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


def _trusted(record: Manifest, source: str) -> PipelineConfig:
    """What has to be done again, by who did it in the end; refused where options of a pipeline of one's own may name files."""
    config = record.pipeline
    preset = load_pipeline_config(config.name) if config.name in pipeline_names() else None
    is_preset = preset is not None and preset == config.model_copy(update={"commercial": preset.commercial})
    on_record = {"perceiver": True, "planner": record.plan is not None, "realizer": record.tune is not None}
    stages: dict[str, StageConfig] = {}
    for kind in type(config.stages).model_fields:
        asked: StageConfig = getattr(config.stages, kind)
        if on_record.get(kind, False):
            stages[kind] = StageConfig(use=asked.use)
            continue
        stages[kind] = next((stage for stage in asked.chain() if stage.use == record.stages.get(kind)), asked)
        if any("model" in stage.options for stage in stages[kind].chain() if stage.use == stages[kind].use):
            raise DocumentError(
                f"{source} does not hold what a model made for its {kind}, and none is asked again unasked; "
                "give a pipeline with --pipeline"
            )
        stages[kind] = _without_models(stages[kind])
        if not is_preset and any(_holds_text(stage.options) for stage in stages[kind].chain()):
            raise DocumentError(
                f"{source} was made with a pipeline of its own, whose {kind} has options that may name files; "
                "give its file with --pipeline"
            )
    return config.model_copy(update={"stages": StageTable(**stages)})


def _without_models(stage: StageConfig) -> StageConfig:
    """The stage without the fallbacks that ask a model."""
    fallback = stage.fallback
    while fallback is not None and "model" in fallback.options:
        fallback = fallback.fallback
    return stage.model_copy(update={"fallback": None if fallback is None else _without_models(fallback)})


def _holds_text(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_text, value.values()))
    return any(map(_holds_text, value)) if isinstance(value, list) else isinstance(value, str)

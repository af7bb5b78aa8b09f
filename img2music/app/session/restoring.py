"""A visit brought back from a `piece.json`: its choices, its scene, its take.

The record comes from a browser, so it is hostile: it is read by its model within bounds, nothing in it is opened as a path, and no model
is asked that it names, now or later; what a neural model made to sound is played by the soundfont, until its visitor asks for another sound.
Whatever is wrong with it is one kind sentence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from img2music.app.session.choices import Choices
from img2music.app.session.sounds.sound_wish import SOUNDFONT, departs_from_score
from img2music.app.session.take_making import UNNUMBERED
from img2music.app.session.takes import MadeTake
from img2music.errors import BriefError, DocumentError, PictureError
from img2music.io.documents import check_cues, parse_json
from img2music.manifest import Manifest
from img2music.pipeline.from_manifest import pipeline_of_manifest, with_kept_record, with_manifest_fields
from img2music.pipeline.presets import load_pipeline_config, pipeline_names
from img2music.pipeline_config import StageConfig
from img2music.style import is_style_file

if TYPE_CHECKING:
    from img2music.app.session.limits import Limits
    from img2music.app.session.take_making import Making
    from img2music.io.pictures import Picture
    from img2music.pipeline.progress import Log

__all__ = ["check_same_picture", "read_record_bytes", "restored_take"]

_NAME = "piece.json"
_OPTION = re.compile(r"give (?:a pipeline|its file) with --pipeline$")


def read_record_bytes(data: bytes, limits: Limits) -> Manifest:
    """The record in the bytes of a file.

    Raises:
        DocumentError: no sound `piece.json`, or one that names a style file. BriefError: a piece beyond the limits.
    """
    limits.check_manifest(data)
    try:
        record = parse_json(data, Manifest, kind="manifest", source=_NAME)
    except RecursionError:
        raise DocumentError(f"{_NAME} is nested too deeply; give one as img2music wrote it") from None
    if record.scene is not None:
        check_cues(record.scene, _NAME, prefix="scene.", kind="manifest")
    named = (record.brief.style, None if record.plan is None else record.plan.style)
    if any(is_style_file(name or "") for name in named):
        raise DocumentError(f"{_NAME} was made with a style file, which can't be opened here; replay it on your own computer")
    limits.check_brief(record.brief)
    if record.plan is not None and (
        record.plan.bars > limits.bars or max(record.plan.seconds, record.plan.bars_seconds) > limits.seconds
    ):
        raise BriefError(f"the piece on record is too long for this page; at most {limits.seconds:g} s can be made here")
    try:
        pipeline_of_manifest(_played_plainly(record), _NAME)  # what can't be made again is told now
    except DocumentError as error:
        raise DocumentError(_OPTION.sub("replay it on your own computer", str(error))) from None
    return record


def check_same_picture(record: Manifest, picture: Picture | None) -> None:
    """Raises PictureError where a picture is another one than that on record."""
    if picture is not None and record.picture is not None and picture.sha256 != record.picture.sha256:
        raise PictureError(
            f"{picture.file} is not the picture of this piece ({record.picture.file[:80]}); give that one, or the record alone"
        )


def restored_take(record: Manifest, picture: Picture | None) -> Making:
    """The take of a record, made again as it was."""

    def make(log: Log) -> MadeTake:
        start = record.plan or record.scene
        assert start is not None  # noqa: S101  checked by the manifest
        brief = record.brief.model_copy(update={"seed": record.seed})
        stages = pipeline_of_manifest(_played_plainly(record), _NAME)
        piece = stages.compose_from(start, brief, picture=picture, scene=record.scene, log=log, audio="wav")
        done = {**record.stages, **piece.manifest.stages}
        piece = with_manifest_fields(
            piece,
            models=record.models,
            stages=done,
            pipeline=record.pipeline,
            chosen=record.chosen,
            fallbacks=record.fallbacks,
        )
        if record.kept is not None:
            piece = with_kept_record(piece, record.kept)
        other = _departing(record)
        words = f"restored from {_NAME}" + (f", played by the soundfont instead of {other}" if other else "")
        return MadeTake(UNNUMBERED, piece, words, _choices(record))

    return make


def _departing(record: Manifest) -> str:
    """The renderer on record whose sound is not made again unasked; empty where it is."""
    name = record.stages.get("renderer", record.pipeline.stages.renderer.use)
    return name if departs_from_score(name) else ""


def _played_plainly(record: Manifest) -> Manifest:
    """The record with the soundfont in place of a renderer whose weights a file must not choose."""
    if not any(departs_from_score(stage.use) for stage in record.pipeline.stages.renderer.chain()):
        return record
    stages = record.pipeline.stages.model_copy(update={"renderer": StageConfig(use=SOUNDFONT)})
    return record.model_copy(
        update={
            "pipeline": record.pipeline.model_copy(update={"stages": stages}),
            "stages": {**record.stages, "renderer": SOUNDFONT},
        }
    )


def _choices(record: Manifest) -> Choices:
    """The choices of a record. A pipeline that asks a model or plays by one is not taken over: a file must not decide what is sent where."""
    name = record.pipeline.name
    return Choices.of_brief(record.brief, pipeline=name if name in pipeline_names() and not _is_heavy(name) else "offline")


def _is_heavy(pipeline: str) -> bool:
    stages = load_pipeline_config(pipeline).stages
    plays = any(departs_from_score(stage.use) for stage in stages.renderer.chain())
    return plays or any("model" in stage.options for kind in type(stages).model_fields for stage in getattr(stages, kind).chain())

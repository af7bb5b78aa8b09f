"""The same notes made to sound another way: a take of its own beside the old one, so that the two can be compared at the same place.

Plan, notes and performance are those of the take; its renderer alone is another, which is told what the music is about. What was promised is
checked again, as far as the sound has to do with it. Nothing steps in for a renderer that fails: then there is no new take.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from img2music.app.session.takes import MadeTake
from img2music.pipeline.from_manifest import with_kept_record
from img2music.pipeline.presets import load_pipeline_config, pipeline_names
from img2music.pipeline.records.recorded_pipeline import pipeline_choice
from img2music.pipeline.stage_facts import stage_facts
from img2music.registry import find_entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from img2music.app.session.sounds.sound_wish import SoundWish
    from img2music.io.pictures import Picture
    from img2music.piece import Piece
    from img2music.pipeline import Pipeline
    from img2music.pipeline.progress import Log
    from img2music.pipeline_config import PipelineConfig

__all__ = ["resounded_take", "with_sound_of"]

_UNNUMBERED = 0
_OF_THE_MUSIC = ("brief", "models", "picture", "plan", "scene", "seed", "takes")
"""Entries of a record that the sound leaves as they are."""


def resounded_take(
    take: MadeTake, wish: SoundWish, pipeline: Callable[[PipelineConfig], Pipeline], picture: Picture | None
) -> Callable[[Log], MadeTake]:
    """A take with the notes of `take` that sounds as `wish` says; `wish` was checked before.

    `pipeline` gives the pipeline of a configuration, with its renderer in memory where it was made to sound before.
    """
    config = with_sound_of(take.piece.manifest.pipeline, wish)

    def make(log: Log) -> MadeTake:
        piece = _resounded(take.piece, pipeline(config), picture, log)
        others = "".join([f" with {wish.weights}" if wish.weights else "", f", seed {wish.seed}" if wish.seed else ""])
        return MadeTake(_UNNUMBERED, piece, f"sound by {wish.name}{others}; notes the same", take.choices, take.number, wish)

    return make


def with_sound_of(config: PipelineConfig, wish: SoundWish) -> PipelineConfig:
    """The pipeline with another renderer, which says what that needs, sends and binds the user to.

    Where that is what a pipeline of the program does, it is that pipeline, so that a record of it can be replayed by its name.
    """
    stage = wish.stage()
    stages = config.stages.model_copy(update={"renderer": stage})
    for name in (wish.name, "offline"):
        if name in pipeline_names():
            preset = load_pipeline_config(name)
            bare = preset.stages.renderer.model_copy(update={"fallback": None})
            if preset.stages.model_copy(update={"renderer": bare}) == stages:
                return preset.model_copy(update={"stages": stages, "commercial": config.commercial})
    entry, facts = find_entry("renderer", stage.use), stage_facts("renderer", stage)
    others: dict[str, Any] = {
        "name": f"{config.name[:40]} with the sound of {wish.name[:40]}",
        "description": f"{config.description} The sound is made by {wish.name}."[:1000],
        "needs": _joined(config.needs, "nothing beyond the installation", entry.needs or entry.pip_line),
        "leaves_machine": _joined(config.leaves_machine, "nothing", facts.leaves_machine),
        "licence": _joined(config.licence, "", facts.licence or ""),
    }
    return config.model_copy(update={"stages": stages, **others})


def _resounded(piece: Piece, pipeline: Pipeline, picture: Picture | None, log: Log) -> Piece:
    pinned = pipeline
    for kind, document in (("planner", piece.plan), ("realizer", piece.score), ("performer", piece.performance)):
        pinned = pinned.with_stage(kind, _always(document))  # type: ignore[arg-type]
    start = piece.plan if piece.scene is None else piece.scene
    made = pinned.compose_from(start, piece.brief, picture=picture, scene=piece.scene, log=log, audio="wav")
    before = piece.manifest
    entries: dict[str, Any] = {name: getattr(before, name) for name in _OF_THE_MUSIC}
    if pipeline.config.name in pipeline_names():  # with its fallbacks, so that it is the one of that name
        preset = load_pipeline_config(pipeline.config.name)
        entries["pipeline"] = preset.model_copy(update={"commercial": pipeline.config.commercial})
    entries["stages"] = {**before.stages, "renderer": made.manifest.stages["renderer"]}
    others = tuple(one for one in before.fallbacks if one.stage != "renderer")
    entries["fallbacks"] = (*others, *(one for one in made.manifest.fallbacks if one.stage == "renderer"))
    record = made.manifest.model_copy(update=entries)
    record = record.model_copy(update={"chosen": pipeline_choice(record)})
    made = replace(made, manifest=record, preview_jpeg=piece.preview_jpeg)
    return made if before.kept is None else with_kept_record(made, before.kept)


def _always(document: object) -> Callable[..., object]:
    """A stage that gives what is there already."""
    return lambda *_: document


def _joined(said: str, nothing: str, more: str) -> str:
    return "; ".join(dict.fromkeys(part for part in ("" if said == nothing and more else said, more) if part))[:1000]

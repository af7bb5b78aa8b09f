"""The pipeline of a piece as its record holds it: without folders, with the words that choose it again, and what of it may be done again.

A record goes to other people, and folders tell who somebody is: of an option that is a path only its last part is written, as of the weights and
models on record. So the record of a pipeline of one's own often can't be worked from; then it says which pipeline has to be given.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from img2music.errors import DocumentError
from img2music.manifest import PipelineChoice
from img2music.pipeline.presets import load_pipeline_config, pipeline_names
from img2music.pipeline_config import StageConfig, StageTable
from img2music.registry import find_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import JsonValue

    from img2music.manifest import Manifest
    from img2music.pipeline_config import PipelineConfig

__all__ = ["UNKNOWN_FILE", "pipeline_choice", "trusted_config", "without_folders"]

UNKNOWN_FILE = "PIPELINE.yaml"
"""What stands for the file of a pipeline that was never in one, or that nobody knows."""
_PATH = re.compile(r"(?:^|(?<=[:=]))(?:~[^/\\?&]*|\.{1,2}|[A-Za-z]:)?(?:/(?!/)|\\)[^?&]*")
"""A path that is no mere name: one from the root, from a drive, from here or from home; also in the line of a model. No address."""
_LONGEST = 1000


def without_folders(config: PipelineConfig) -> PipelineConfig:
    """The pipeline as it goes on record: of paths in its options only the last part."""
    stages = {kind: _stage_without_folders(getattr(config.stages, kind)) for kind in type(config.stages).model_fields}
    return config.model_copy(update={"stages": StageTable(**stages)})


def pipeline_choice(record: Manifest) -> PipelineChoice | None:
    """What has to be said on a command line to have the pipeline of a piece again; None of one that comes with the program, as it is."""
    config = record.pipeline
    choice = ["--pipeline", _named(config)]
    words = [*choice, *_adaptations(config)]
    if config.file is None and config.name == choice[1] and len(words) == 2 and _can_replay(record):
        return None
    return PipelineChoice(
        words=tuple(word[:_LONGEST] for word in words), replay_words=() if _can_replay(record) else tuple(choice)
    )


def trusted_config(record: Manifest, source: str) -> PipelineConfig:
    """What has to be done again, by who did it in the end; `source` names the record in messages.

    Raises:
        DocumentError: options of a pipeline of one's own that may name files, or a model would have to be asked again.
    """
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
                f"give a pipeline with --pipeline{_for_example(record)}"
            )
        stages[kind] = _without_models(stages[kind])
        if not is_preset and any(_holds_text(stage.options) for stage in stages[kind].chain()):
            raise DocumentError(
                f"{source} was made with a pipeline of its own, whose {kind} has options that may name files; "
                f"give its file with --pipeline{_for_example(record)}"
            )
    return config.model_copy(update={"stages": StageTable(**stages)})


def _can_replay(record: Manifest) -> bool:
    try:
        trusted_config(record, "")
    except DocumentError:
        return False
    return True


def _named(config: PipelineConfig) -> str:
    """What `--pipeline` takes to have this pipeline: its file, the one that comes with the program and does the same, or a stand-in."""
    if config.file is not None:
        return config.file
    if config.name in pipeline_names():
        return config.name
    return next((name for name in pipeline_names() if _does_the_same(load_pipeline_config(name), config)), UNKNOWN_FILE)


def _does_the_same(preset: PipelineConfig, config: PipelineConfig) -> bool:
    """Whether both do each job alike; of a sound that need not be the same again only the renderer has to be."""
    usual, own = preset.stages, config.stages
    sound = usual.renderer.use == own.renderer.use and find_entry("renderer", own.renderer.use).listened
    return usual == own or (sound and usual.model_copy(update={"renderer": own.renderer}) == own)


def _adaptations(config: PipelineConfig) -> Iterator[str]:
    """What was chosen beside a pipeline that comes with the program: another model, other prompts, nobody who steps in."""
    if config.file is not None or config.name not in pipeline_names():
        return
    usual, models, gives_way = load_pipeline_config(config.name).stages, list[str](), False
    for kind in type(usual).model_fields:
        stage: StageConfig = getattr(config.stages, kind)
        before: StageConfig = getattr(usual, kind)
        for option in ("model", "prompt"):
            value = stage.options.get(option)
            if stage.use != before.use or not isinstance(value, str) or value == before.options.get(option):
                continue
            if option == "prompt":
                yield from ("--prompt", _last_part(value))
            elif value not in models:
                models.append(value)
        gives_way = gives_way or (before.fallback is not None and stage.fallback is None)
    for model in models[:1]:
        yield from ("--model", _last_part(model))
    if gives_way:
        yield "--no-fallback"


def _for_example(record: Manifest) -> str:
    return f", here {record.chosen.words[1]}" if record.chosen is not None and len(record.chosen.words) > 1 else ""


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


def _stage_without_folders(stage: StageConfig) -> StageConfig:
    options = {name: _value_without_folders(value) for name, value in stage.options.items()}
    fallback = None if stage.fallback is None else _stage_without_folders(stage.fallback)
    return stage.model_copy(update={"options": options, "fallback": fallback})


def _value_without_folders(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _value_without_folders(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_value_without_folders(inner) for inner in value]
    return _last_part(value) if isinstance(value, str) else value


def _last_part(text: str) -> str:
    return _PATH.sub(lambda found: re.split(r"[/\\]", found[0].rstrip("/\\"))[-1] or "?", text)

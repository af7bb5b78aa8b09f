"""Pipelines by name or by file, and with another model, other prompts or without fallbacks.

A preset is `pipelines/NAME.yaml`; a file of one's own may lie anywhere. Knows nothing of what the stages do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.errors import UsageError, unknown_name
from img2music.io.documents import parse_yaml, read_file
from img2music.pipeline_config import PipelineConfig, StageConfig, StageTable
from img2music.registry import asking_stages
from img2music.resources import data_folder
from img2music.templates import load_prompt

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["adapted", "load_pipeline_config", "pipeline_names", "with_sound_prompt"]

_LARGEST_BYTES = 200_000


def pipeline_names() -> tuple[str, ...]:
    """The pipelines that come with the program, in alphabetical order."""
    return tuple(
        sorted(file.name.removesuffix(".yaml") for file in data_folder("pipelines").iterdir() if file.name.endswith(".yaml"))
    )


def load_pipeline_config(name_or_path: str | Path) -> PipelineConfig:
    """The preset called `name_or_path`, or the pipeline in the YAML file at that path (ending in .yaml or .yml).

    Raises:
        UsageError: no such preset; the message names the nearest one.
        DocumentError: a file that can't be read; the message names file, place and fault.
    """
    name = str(name_or_path)
    if name.lower().endswith((".yaml", ".yml")):
        own = parse_yaml(read_file(name, largest_bytes=_LARGEST_BYTES), PipelineConfig, kind="pipeline", source=name)
        return own.read_from(name)
    if name not in pipeline_names():
        raise unknown_name("pipeline", name, pipeline_names())
    content = data_folder("pipelines").joinpath(f"{name}.yaml").read_bytes()
    return parse_yaml(content, PipelineConfig, kind="pipeline", source=f"{name}.yaml")


def adapted(
    config: PipelineConfig,
    *,
    model: str | None = None,
    prompts: Iterable[str] = (),
    fallbacks: bool = True,
    commercial: bool = False,
) -> PipelineConfig:
    """The pipeline with another model, other prompts, without fallbacks, or held to what commercial use allows.

    Args:
        config: the pipeline.
        model: the line of a model that every stage which asks one shall ask.
        prompts: names or files of templates; each goes to the stage that its purpose says.
        fallbacks: whether stages that step in are kept; without them a stage that fails ends the work.
        commercial: whether the result is meant to be sold; a pipeline that says so itself stays so.

    Raises:
        UsageError: the pipeline has no stage that asks a model, or none of a template's purpose; an unknown model or template. That a
            stage forbids commercial use is found by `Pipeline`.
        DocumentError: a template that can't be read.
    """
    stages = {name: getattr(config.stages, name) for name in type(config.stages).model_fields}
    if model is not None:
        from img2music.models.model_spec import ModelSpec

        ModelSpec.parse(model)
        with_model = [name for name, stage in stages.items() if "model" in stage.options]
        if not with_model:
            raise UsageError(
                f"pipeline {config.name!r} asks no model; choose one that does with --pipeline, see `img2music pipelines ls`"
            )
        for name in with_model:
            stages[name] = _with_option(stages[name], "model", model)
    named: dict[str, str] = {}
    for prompt in prompts:
        purpose = load_prompt(prompt).purpose
        if purpose == "sound" and "prompt" in stages["renderer"].options:
            stages["renderer"] = with_sound_prompt(stages["renderer"], prompt)
            continue
        if purpose == "sound":
            raise UsageError(f"pipeline {config.name!r} has no renderer that is told words, which prompt {prompt!r} is for")
        if purpose not in asking_stages():
            raise UsageError(f"prompt {prompt!r} is for {purpose!r}, which no stage asks by itself; see `img2music prompts ls`")
        name = asking_stages()[purpose].kind
        if name in named:
            raise UsageError(f"prompts {named[name]!r} and {prompt!r} are both for the {name}; give one of them")
        named[name] = prompt
        if "model" not in stages[name].options:
            raise UsageError(f"pipeline {config.name!r} has no {name} that asks a model, which prompt {prompt!r} is for")
        stages[name] = _with_option(stages[name], "prompt", prompt)
    if not fallbacks:
        stages = {name: stage.model_copy(update={"fallback": None}) for name, stage in stages.items()}
    return config.model_copy(update={"stages": StageTable(**stages), "commercial": commercial or config.commercial})


def with_sound_prompt(stage: StageConfig, prompt: str) -> StageConfig:
    """The renderer with other words to tell; one that are filled in without asking needs no language model any more."""
    told = _with_option(stage, "prompt", prompt)
    if "model" not in told.options or load_prompt(prompt).is_question:
        return told
    return told.model_copy(update={"options": {name: value for name, value in told.options.items() if name != "model"}})


def _with_option(stage: StageConfig, name: str, value: str) -> StageConfig:
    return stage.model_copy(update={"options": {**stage.options, name: value}})

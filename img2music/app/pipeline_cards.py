"""The pipelines as the page shows them: what each stage is, what leaves the machine, under which licence, and why one can't work here.

Plain dictionaries, quoted from the pipeline files and the registry. Whether a package is installed, a key is set or a server
on this machine listens is looked up each time, so that the answer is that of now; servers elsewhere are not called just to be looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.pipeline.presets import load_pipeline_config, pipeline_names
from img2music.pipeline.stage_facts import pipeline_facts, unanswered_server
from img2music.registry import STAGE_KINDS, find_entry
from img2music.renderers.neural.weights_facts import weights_facts

if TYPE_CHECKING:
    from pydantic import JsonValue

    from img2music.pipeline.stage_facts import StageFacts
    from img2music.pipeline_config import PipelineConfig
    from img2music.renderers.neural.weights_facts import WeightsFacts

__all__ = ["ModelField", "PipelineCard", "pipeline_choices"]

PipelineCard = dict[str, "JsonValue"]
ModelField = dict[str, "JsonValue"]


def pipeline_choices() -> tuple[PipelineCard, ...]:
    """Every pipeline that comes with the program, "offline" first.

    Each has: name, description, usable, remedy (what to do where it is not usable; empty else), needs, leaves_machine, stays (whether nothing
    leaves this machine), licence, weights (licence and size of those that its sound is made with, a line each), stages (`_stage_row`),
    models (`_model_fields`), repeats (whether the same bytes come again).
    """
    return tuple(_card(name) for name in sorted(pipeline_names(), key=lambda name: (name != "offline", name)))


def _card(name: str) -> PipelineCard:
    config = load_pipeline_config(name)
    facts = pipeline_facts(config)
    silent = (unanswered_server(getattr(config.stages, kind), name) for kind in STAGE_KINDS)
    faults = tuple(dict.fromkeys(fault for fault in (*(stage.fault for stage in facts if not stage.steps_in), *silent) if fault))
    return {
        "name": name,
        "description": config.description,
        "usable": not faults,
        "remedy": "; ".join(faults),
        "needs": config.needs,
        "leaves_machine": config.leaves_machine,
        "stays": not any(stage.leaves_machine for stage in facts),
        "licence": config.licence,
        "weights": [f"{one.label}: {one.text}" for one in _weights(facts)],
        "repeats": all(stage.deterministic for stage in facts if not stage.steps_in),
        "stages": [_stage_row(stage) for stage in facts],
        "models": list(_model_fields(config)),
    }


def _weights(stages: tuple[StageFacts, ...]) -> list[WeightsFacts]:
    return [weights_facts(name) for name in dict.fromkeys(name for stage in stages for name in stage.weights)]


def _stage_row(stage: StageFacts) -> dict[str, JsonValue]:
    """What one stage is; `steps_in` says that it only works where the one before it fails."""
    return {
        "kind": stage.kind,
        "name": stage.name,
        "summary": find_entry(stage.kind, stage.name).summary,
        "leaves_machine": stage.leaves_machine,
        "licence": stage.licence or "",
        "repeats": stage.deterministic,
        "steps_in": stage.steps_in,
        "fault": stage.fault,
    }


def _model_fields(config: PipelineConfig) -> tuple[ModelField, ...]:
    """The stages that ask a model, each with the model's line and the prompt's name, as fields that may be filled in otherwise."""
    return tuple(
        {"kind": kind, "model": str(options["model"]), "prompt": str(options.get("prompt", ""))}
        for kind in STAGE_KINDS
        if "model" in (options := getattr(config.stages, kind).options)
    )

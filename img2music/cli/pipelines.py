"""The verbs `pipelines ls`, `pipelines show` and `pipelines cp`: what each pipeline does, repeats, sends, and under which licences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.cli.shared.data_file_group import FileAbout, data_file_group

if TYPE_CHECKING:
    import typer

    from img2music.pipeline.stage_facts import StageFacts

__all__ = ["pipelines_group"]


def pipelines_group() -> typer.Typer:
    """The group with its verbs."""
    return data_file_group("pipelines", "pipeline", _about)


def _about(name: str) -> FileAbout:
    from img2music.pipeline.presets import load_pipeline_config
    from img2music.pipeline.stage_facts import pipeline_facts
    from img2music.renderers.neural.weights_facts import weights_facts

    config = load_pipeline_config(name)
    stages = pipeline_facts(config)
    varying = [stage.kind for stage in stages if not stage.deterministic and not stage.steps_in]
    repeats = f"not the same bytes again: {', '.join(varying)}" if varying else "the same bytes again"
    weights = [weights_facts(name) for name in dict.fromkeys(name for stage in stages for name in stage.weights)]
    return FileAbout(
        summary=config.description,
        lines=(
            f"{repeats}; leaves the machine: {config.leaves_machine}",
            f"licence: {config.licence}",
            *(f"weights {one.label}: {one.text}" for one in weights),
        ),
        record={
            "deterministic": not varying,
            "leaves_machine": config.leaves_machine,
            "licence": config.licence,
            "needs": config.needs,
            "stages": [
                {
                    "kind": stage.kind,
                    "name": stage.name,
                    "steps_in": stage.steps_in,
                    "deterministic": stage.deterministic,
                    "leaves_machine": stage.leaves_machine,
                    "licence": stage.licence,
                    "fault": stage.fault,
                }
                for stage in stages
            ],
            "weights": [one.record for one in weights],
        },
        comments=("What its stages are, on this machine:", *map(_line, stages)),
    )


def _line(stage: StageFacts) -> str:
    name = f"{stage.kind} {stage.name}" + (", where that one fails" if stage.steps_in else "")
    return f"{name}: {stage.text}" + (f"; can't work here yet: {stage.fault}" if stage.fault else "")

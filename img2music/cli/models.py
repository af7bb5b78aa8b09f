"""The verbs `models ls`, `models install` and `models uninstall`: weights of neural sound, and the environments that some of them need."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from img2music.cli.shared import options as opt  # noqa: TC001  typer reads the annotations
from img2music.cli.shared.console import print_json, print_notice, print_text, stopped_by_ctrl_c

if TYPE_CHECKING:
    from img2music.renderers.model_installation import ModelState

__all__ = ["models_group"]


def models_group() -> typer.Typer:
    """The group with its verbs."""
    group = typer.Typer(help="See and get weights of neural sound: licence, size, whether they are here.", rich_markup_mode=None)
    group.command("ls", help="List all weights that are known by name.")(_ls)
    group.command("install", help="Get weights, and the environment they need: says what that is, and asks, before it does.")(
        _install
    )
    group.command("uninstall", help="Remove the environment of a renderer; weights stay where their programs keep them.")(
        _uninstall
    )
    return group


def _ls(
    as_json: opt.JsonOption = False,
    commercial: Annotated[
        bool, typer.Option("--commercial", help="Only those whose licence allows commercial use, perhaps under conditions.")
    ] = False,
) -> int:
    from img2music.renderers.model_installation import model_states

    for state in model_states():
        if commercial and not state.model.commercial:
            continue
        if as_json:
            print_json(_record(state))
            continue
        model = state.model
        print_text(f"{model.name} ({model.renderer}): {model.summary}")
        print_text(f"  {'here' if state.here else 'not here'}; {model.facts}")
        if state.needs:
            print_text(f"  {state.needs}")
    return 0


def _install(
    name: Annotated[str, typer.Argument(help="A pipeline, or weights as `models ls` names them.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    commercial: Annotated[
        bool,
        typer.Option("--commercial", help="Refuse weights whose licence forbids commercial use, before anything is fetched."),
    ] = False,
) -> int:
    from img2music.errors import UsageError
    from img2music.renderers.model_installation import install_model, plan_installation

    for weights in _weights_of(name):
        plan = plan_installation(weights, commercial=commercial)
        if plan.nothing_to_do:
            print_text(
                f"{plan.model.name}: all is here" + (f", but for what its renderer needs: {plan.needs}" if plan.needs else "")
            )
            continue
        for line in plan.lines:
            print_text(line)
        print_text(f"to download: {plan.gigabytes:g} GB")
        if dry_run:
            continue
        if not yes:
            if not sys.stdin.isatty():
                raise UsageError(f"nobody is there to be asked; `img2music models install {name} --yes` does it")
            if not typer.confirm("Download and install this?", err=True):
                print_notice("nothing was done")
                return 0
        with stopped_by_ctrl_c():
            install_model(plan, print_notice)
        print_text(f"{plan.model.name}: all is here")
    return 0


def _weights_of(name: str) -> tuple[str, ...]:
    """What a name asks for: all weights that the pipeline of that name plays, or the weights or renderer of that name.

    A pipeline goes before a renderer of the same name: it is what people compose with.
    """
    from img2music.errors import unknown_name
    from img2music.pipeline.presets import load_pipeline_config, pipeline_names
    from img2music.pipeline.stage_facts import pipeline_weights
    from img2music.registry import builtin_names
    from img2music.registry.sound_models import SOUND_MODELS

    if name not in pipeline_names():
        if name not in SOUND_MODELS and name not in builtin_names("renderer"):
            playing = [one for one in pipeline_names() if pipeline_weights(load_pipeline_config(one))]
            raise unknown_name("pipeline and no weights", name, [*SOUND_MODELS, *playing])
        return (name,)
    config = load_pipeline_config(name)
    played = pipeline_weights(config)
    if not played:
        print_text(f"pipeline {name} plays no weights for sound: there is nothing to install")
    elif any("model" in getattr(config.stages, kind).options for kind in type(config.stages).model_fields):
        print_notice(f"the language model of pipeline {name} is not installed by this: img2music pipelines show {name}")
    return played


def _uninstall(
    name: Annotated[str, typer.Argument(help="A renderer with an environment of its own: magenta-rt, audiocraft.")],
) -> int:
    from img2music.errors import unknown_name
    from img2music.renderers.external.environment_table import ENVIRONMENTS
    from img2music.renderers.external.environments import environment_folder, remove_environment

    if name not in ENVIRONMENTS:
        raise unknown_name("environment", name, ENVIRONMENTS)
    removed = remove_environment(name)
    print_text(f"removed {environment_folder(name)}" if removed else f"no environment of {name} is here")
    keeps = ENVIRONMENTS[name].keeps
    if keeps:
        print_text(f"its weights, if there are any, stay in {keeps}")
    return 0


def _record(state: ModelState) -> dict[str, object]:
    """One line for programs."""
    model = state.model
    return {
        "name": model.name,
        "renderer": model.renderer,
        "summary": model.summary,
        "licence": model.licence,
        "commercial": model.commercial,
        "conditions": model.conditions,
        "gigabytes": model.gigabytes,
        "sample_rate": model.sample_rate,
        "longest_seconds": model.longest_seconds,
        "source": model.source,
        "gated": model.gated,
        "here": state.here,
        "needs": state.needs,
    }

"""What binds the user of a pipeline's result: the weights that its stages play or ask, and whether those may be used commercially.

Everything is known before a stage is made: names stand in the options, licences in a table, on model cards that are here, or nowhere. Of sound
the weights shape every sample, so weights of which nobody says that they may be used commercially are refused. A model that talks decides what
notes are played; few of their makers forbid anything, and a server does not say what it runs, so there only what is known to forbid it is
refused, and what is not known is told. Nothing is fetched or asked here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.errors import UsageError
from img2music.registry import NOT_SAID, STAGE_KINDS, find_entry, label
from img2music.registry.commercial_use import commercial_use_of, talking_model_licence
from img2music.registry.sound_models import find_sound_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import JsonValue

    from img2music.pipeline_config import PipelineConfig, StageConfig
    from img2music.registry import RegistryEntry

__all__ = ["check_commercial_use", "commercial_notes", "sound_weights"]

_REMEDY = "choose another pipeline with --pipeline, or leave out --commercial"


def sound_weights(entry: RegistryEntry, options: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Names of the weights that a stage plays: those that its options name, however deep, else its own; empty of a stage without any."""
    named = tuple(dict.fromkeys(_named(dict(options))))
    return named or ((entry.weights,) if entry.weights else ())


def check_commercial_use(config: PipelineConfig) -> None:
    """Refuses a pipeline whose result may not be sold.

    Raises:
        UsageError: a stage, also one that would only step in, whose weights, model or plug-in forbid it; sound weights whose licence is not
            known.
        BackendError: a plug-in that can't be imported.
    """
    for stage, entry in _stages(config):
        who = label(entry.kind, entry.name)
        for name in sound_weights(entry, stage.options):
            from img2music.renderers.neural.weights import commercial_fault

            fault = commercial_fault(name)
            if fault:
                raise UsageError(f"{who}: {fault}")
        model = _talking_model(stage)
        if model is not None and model[2] is False:
            raise UsageError(
                f"{who}: model {model[0]} forbids commercial use (licence {model[1]}); name another with --model, or {_REMEDY}"
            )
        if entry.plugin_of is not None and entry.licence and commercial_use_of(entry.licence) is False:
            raise UsageError(f"{who} forbids commercial use (licence {entry.licence}); {_REMEDY}")


def commercial_notes(config: PipelineConfig) -> tuple[str, ...]:
    """What to look at before a result that was held to commercial use is sold: conditions of weights, licences that are not known here."""
    notes = []
    for stage, entry in _stages(config):
        for name in sound_weights(entry, stage.options):
            sound = find_sound_model(name)
            if sound is not None and sound.conditions:
                notes.append(f"weights {name} may be used commercially under a condition: {sound.conditions}")
        model = _talking_model(stage)
        if model is not None and model[2] is None:
            notes.append(f"whether model {model[0]} may be used commercially is not known here; read its licence")
        if entry.plugin_of is not None and entry.licence == NOT_SAID:
            notes.append(
                f"whether {label(entry.kind, entry.name)} ({entry.plugin_of}) may be used commercially is not known; ask its author"
            )
    return tuple(dict.fromkeys(notes))


def _stages(config: PipelineConfig) -> Iterator[tuple[StageConfig, RegistryEntry]]:
    """Every stage with its record, each followed by those that step in for it."""
    for kind in STAGE_KINDS:
        chain: StageConfig = getattr(config.stages, kind)
        for stage in chain.chain():
            yield stage, find_entry(kind, stage.use)


def _named(value: JsonValue) -> Iterator[str]:
    """Values of every option called `weights`, also inside tables and lists of options."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "weights" and isinstance(inner, str):
                yield inner
            else:
                yield from _named(inner)
        yield from _own_of(value)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)


def _own_of(value: Mapping[str, JsonValue]) -> Iterator[str]:
    """What a renderer that is named inside options (`use`, `options`) plays by itself where it is given no weights."""
    use, options = value.get("use"), value.get("options") or {}
    if isinstance(use, str) and isinstance(options, dict) and not any(True for _ in _named(options)):
        entry = find_entry("renderer", use)
        if entry.weights:
            yield entry.weights


def _talking_model(stage: StageConfig) -> tuple[str, str, bool | None] | None:
    """The model that a stage asks: its line without secrets, its licence, and whether that allows commercial use; None where it asks none."""
    line = stage.options.get("model")
    if not isinstance(line, str):
        return None
    from img2music.models.model_spec import ModelSpec

    spec = ModelSpec.parse(line)
    licence, allowed = talking_model_licence(spec.name)
    if allowed is None and spec.provider == "hf":
        from img2music.renderers.neural.weights import licence_of

        licence, allowed = licence_of(spec.name)
    return spec.label, licence, allowed

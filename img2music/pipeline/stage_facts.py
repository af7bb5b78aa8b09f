"""What the stages of a pipeline are: whether they repeat themselves, what they send, what binds the user, and why one can't work here.

What binds the user is known before a stage is made: names of weights and models stand in its options, licences in a table, on model cards that
are here, or nowhere. Weights for sound shape every sample, so those of which nobody says that they may be used commercially are refused where the
result is to be sold. A model that talks decides which notes are played; few makers forbid anything and a server does not say what it runs,
so there only what is known to forbid it is refused, and what is not known is told.
The registry says the rest of a stage by itself. A stage that asks a model is what its model is: recorded answers are the same again, a server
elsewhere is sent what the stage asks with. Nothing is made, loaded or asked here; a plug-in is imported, as only that tells what it is.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from img2music.errors import UsageError
from img2music.registry import NOT_SAID, STAGE_KINDS, facts_text, find_entry, find_provider, label
from img2music.registry.commercial_use import commercial_use_of, talking_model_licence
from img2music.registry.sound_models import find_sound_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import JsonValue

    from img2music.models.model_spec import ModelSpec
    from img2music.pipeline_config import PipelineConfig, StageConfig
    from img2music.registry import RegistryEntry, StageKind

__all__ = [
    "StageFacts",
    "check_commercial_use",
    "commercial_notes",
    "pipeline_facts",
    "pipeline_weights",
    "sound_weights",
    "stage_facts",
    "unanswered_server",
]

_CAPTION = "words for what was seen and planned, without the picture"
"""What a renderer sends that has a language model write a caption."""
_REMEDY = "choose another pipeline with --pipeline, or leave out --commercial"
_ANSWER_SECONDS = 0.5
"""A server on this machine answers sooner."""


@dataclass(frozen=True, slots=True)
class StageFacts:
    """A stage as a pipeline names it."""

    kind: StageKind
    name: str
    deterministic: bool
    """Whether the same input gives the same bytes, on one machine with the same versions."""
    leaves_machine: str
    """What is sent, and where to; empty where nothing is."""
    licence: str | None
    fault: str
    """Why it can't work here, and what to do; empty where nothing speaks against it."""
    steps_in: bool = False
    """Whether it only works where the one before it fails."""
    weights: tuple[str, ...] = ()
    """Of a neural renderer: the weights that it plays."""

    @property
    def text(self) -> str:
        """Whether it repeats itself, what it sends and what binds the user, in one line."""
        return facts_text(deterministic=self.deterministic, leaves_machine=self.leaves_machine, licence=self.licence)

    @property
    def why_not_compared(self) -> str:
        """Why what it makes need not be the same again; empty where it has to be."""
        return "" if self.deterministic else f"{label(self.kind, self.name)} does not promise the same bytes again"


def stage_facts(kind: StageKind, config: StageConfig, *, steps_in: bool = False) -> StageFacts:
    """What the first stage of `config` is; its fallbacks are left out.

    Raises:
        UsageError: no such stage, or no such model.
        BackendError: a plug-in that can't be imported.
    """
    entry = find_entry(kind, config.use)
    fault = entry.lacking() or _not_ready(entry, config)
    deterministic, leaves = entry.deterministic, entry.leaves_machine
    line = config.options.get("model")
    if entry.asks_model and isinstance(line, str):
        from img2music.models.model_factory import unavailable_reason
        from img2music.models.model_spec import ModelSpec

        spec = ModelSpec.parse(line)
        fault = fault or unavailable_reason(spec) or ""
        deterministic = find_provider(spec.provider).deterministic and not entry.listened
        leaves = _sent(entry, spec)
    weights = sound_weights(entry, config.options)
    return StageFacts(kind, config.use, deterministic, leaves, _licence(entry, weights), fault, steps_in, weights)


def pipeline_facts(config: PipelineConfig) -> tuple[StageFacts, ...]:
    """What every stage of a pipeline is, each followed by those that step in for it; errors as of `stage_facts`."""
    return tuple(
        stage_facts(kind, stage, steps_in=place > 0)
        for kind in STAGE_KINDS
        for place, stage in enumerate(getattr(config.stages, kind).chain())
    )


def unanswered_server(config: StageConfig, pipeline: str) -> str:
    """Why the server of this machine that a stage asks can't be asked, and what to do; empty where it listens, or there is none.

    Servers elsewhere are not called just to be looked at. `pipeline` is the name that is told.
    """
    from img2music.models.model_spec import ModelSpec

    line = config.options.get("model")
    if not isinstance(line, str):
        return ""
    spec = ModelSpec.parse(line)
    if spec.provider != "openai" or not spec.is_local:
        return ""
    address = urlsplit(spec.options.base_url or "")
    try:
        with socket.create_connection((address.hostname or "localhost", address.port or 80), timeout=_ANSWER_SECONDS):
            return ""
    except OSError:
        return (
            f"no server at {address.netloc}: start it (see `img2music pipelines show {pipeline}`), or name another with --model"
        )


def sound_weights(entry: RegistryEntry, options: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Names of the weights that a stage plays: those that its options name, however deep, else its own; empty of a stage without any."""
    named = tuple(dict.fromkeys(_named(dict(options))))
    return named or ((entry.weights,) if entry.weights else ())


def pipeline_weights(config: PipelineConfig) -> tuple[str, ...]:
    """Names of all weights for sound that a pipeline plays, those of stages that step in too; errors as of `stage_facts`."""
    return tuple(dict.fromkeys(name for stage, entry in _stages(config) for name in sound_weights(entry, stage.options)))


def check_commercial_use(config: PipelineConfig) -> None:
    """Refuses a pipeline that is meant for commercial use, and whose result may not be sold.

    Raises:
        UsageError: a stage, also one that would only step in, whose weights, model or plug-in forbid it; sound weights whose licence is not
            known.
        BackendError: a plug-in that can't be imported.
    """
    if not config.commercial:
        return
    for stage, entry in _stages(config):
        who = label(entry.kind, entry.name)
        for name in sound_weights(entry, stage.options):
            from img2music.renderers.neural.weights import commercial_fault

            fault = commercial_fault(name)
            if fault:
                raise UsageError(f"{who}: {fault}")
        for model, licence, allowed in _talking_models(stage):
            if allowed is False:
                raise UsageError(
                    f"{who}: model {model} forbids commercial use (licence {licence}); name another with --model, or {_REMEDY}"
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
        notes += [
            f"whether model {model} may be used commercially is not known here; read its licence"
            for model, _, allowed in _talking_models(stage)
            if allowed is None
        ]
        if entry.plugin_of is not None and entry.licence == NOT_SAID:
            notes.append(
                f"whether {label(entry.kind, entry.name)} ({entry.plugin_of}) may be used commercially is not known; ask its author"
            )
    return tuple(dict.fromkeys(notes))


def _not_ready(entry: RegistryEntry, config: StageConfig) -> str:
    """Why a stage can't work with these options, though its packages are here."""
    if not entry.readiness:
        return ""
    module, _, function = entry.readiness.partition(":")
    fault: str = getattr(import_module(module), function)(config.options)
    return fault


def _licence(entry: RegistryEntry, weights: tuple[str, ...]) -> str | None:
    """What binds the user: of a stage that plays weights for sound that of those, else what its record says."""
    if not weights:
        return entry.licence
    from img2music.renderers.neural.weights import licence_facts, weights_label

    return "; ".join(f"{weights_label(name)}: {licence_facts(name)}" for name in weights)


def _sent(entry: RegistryEntry, spec: ModelSpec) -> str:
    """What a stage that asks this model sends, and where to."""
    if spec.is_local:
        return ""
    sends = entry.leaves_machine or _CAPTION
    if spec.provider == "openai":
        return f"{sends}, to {urlsplit(spec.server_address).hostname}"
    return f"{sends} (by {spec.provider}: {find_provider(spec.provider).leaves_machine})"


def _stages(config: PipelineConfig) -> Iterator[tuple[StageConfig, RegistryEntry]]:
    """Every stage with its record, each followed by those that step in for it."""
    for kind in STAGE_KINDS:
        chain: StageConfig = getattr(config.stages, kind)
        for stage in chain.chain():
            yield stage, find_entry(kind, stage.use)


def _named(value: JsonValue, name: str = "weights") -> Iterator[str]:
    """Values of every option called `name`, also inside tables and lists of options."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name and isinstance(inner, str):
                yield inner
            else:
                yield from _named(inner, name)
        if name == "weights":
            yield from _own_of(value)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner, name)


def _own_of(value: Mapping[str, JsonValue]) -> Iterator[str]:
    """What a renderer that is named inside options (`use`, `options`) plays by itself where it is given no weights."""
    use, options = value.get("use"), value.get("options") or {}
    if isinstance(use, str) and isinstance(options, dict) and not any(True for _ in _named(options)):
        entry = find_entry("renderer", use)
        if entry.weights:
            yield entry.weights


def _talking_models(stage: StageConfig) -> Iterator[tuple[str, str, bool | None]]:
    """Models that a stage asks: the line without secrets, the licence, and whether that allows commercial use."""
    for line in dict.fromkeys(_named(dict(stage.options), "model")):
        from img2music.models.model_spec import ModelSpec

        spec = ModelSpec.parse(line)
        licence, allowed = talking_model_licence(spec.name)
        if allowed is None and spec.provider == "hf":
            from img2music.renderers.neural.weights import licence_of

            licence, allowed = licence_of(spec.name)
        yield spec.label, licence, allowed

"""What the stages of a pipeline are: whether they repeat themselves, what they send, what binds the user, and why one can't work here.

The registry says it of a stage by itself. A stage that asks a model is what its model is: recorded answers are the same again, a server
elsewhere is sent what the stage asks with. Nothing is made, loaded or asked here; a plug-in is imported, as only that tells what it is.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from img2music.pipeline.licence_check import sound_weights
from img2music.registry import STAGE_KINDS, facts_text, find_entry, find_provider, label

if TYPE_CHECKING:
    from img2music.models.model_spec import ModelSpec
    from img2music.pipeline_config import PipelineConfig, StageConfig
    from img2music.registry import RegistryEntry, StageKind

__all__ = ["StageFacts", "pipeline_facts", "stage_facts", "unanswered_server"]

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
        deterministic = find_provider(spec.provider).deterministic
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
    if spec.provider == "openai":
        return f"{entry.leaves_machine}, to {urlsplit(spec.server_address).hostname}"
    return f"{entry.leaves_machine} (by {spec.provider}: {find_provider(spec.provider).leaves_machine})"

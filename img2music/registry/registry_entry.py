"""The record of a stage, a provider of models or a metric: all that others may know of it without importing it.

Conventions: a factory is "module:attribute"; a sentence that is empty says that there is nothing to say; `licence` is None where
all of it is this program's own code. Knows nothing of what the things do.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal, get_args

__all__ = ["KINDS", "STAGE_KINDS", "Kind", "ProviderEntry", "RegistryEntry", "StageKind", "facts_text"]

StageKind = Literal["perceiver", "planner", "realizer", "performer", "renderer"]
STAGE_KINDS: tuple[StageKind, ...] = get_args(StageKind)
"""In the order in which they work: each has what those before it made."""
Kind = Literal[StageKind, "provider", "metric"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryEntry:
    """One thing that can be named."""

    kind: Kind
    name: str
    factory: str
    """Where it is, imported on first use: "package.module:attribute". Of a stage, what takes the options and returns the stage; of a provider,
    what takes an `img2music.models.ModelSpec` and returns a LangChain chat model; of a metric, the function that measures."""
    summary: str
    """One line, without a full stop."""
    extra: str | None = None
    """What pip is asked for beside img2music itself: "img2music[llm]"; None where nothing is needed."""
    packages: tuple[str, ...] = ()
    """Import names of what that brings, to be looked for."""
    needs: str = ""
    """What pip can't bring: a server, weights, a corpus."""
    deterministic: bool = False
    """Whether the same input gives the same bytes, on one machine with the same versions of packages."""
    leaves_machine: str = ""
    """What is sent over the network, in one sentence. Of a stage that asks a model: what it asks with, which goes wherever the model runs."""
    licence: str | None = None
    """Of the weights, fonts or data that it brings."""
    prompt_purpose: str | None = None
    """Of a stage that asks a model (option `model`): which prompt templates it asks with; None where it asks none."""
    listened: bool = False
    """Of a renderer: whether its sound may depart from the score, so that it is listened to and what was heard stands beside what was asked."""
    readiness: str = ""
    """What says why it can't work here yet, beyond packages: "package.module:function", called with the stage's options as a mapping; it
    returns one sentence with the remedy, or an empty one. It must import nothing heavy and ask no network."""
    weights: str = ""
    """Of a neural renderer: what it plays where its option `weights` names nothing, so that their licence is known before it works."""
    plugin_of: str | None = None
    """The package that brings it, with its version; None where it is built in."""

    @property
    def asks_model(self) -> bool:
        """Whether it asks a model, which its option `model` names."""
        return self.prompt_purpose is not None

    @property
    def pip_line(self) -> str:
        """The command that brings what it needs; empty where nothing is."""
        if self.extra is None:
            return ""
        return f"pip install '{self.extra}'" if "[" in self.extra else f"pip install {self.extra}"

    @property
    def facts(self) -> str:
        """Whether it repeats itself, what it sends and what binds the user, in one line."""
        return facts_text(deterministic=self.deterministic, leaves_machine=self.leaves_machine, licence=self.licence)

    def lacking(self) -> str:
        """Which of its packages are not installed, with the command that brings them; empty where none is. Nothing is imported."""
        missing = [name for name in self.packages if not _is_installed(name)]
        return f"needs {', '.join(missing)}: {self.pip_line or f'pip install {missing[0]}'}" if missing else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEntry(RegistryEntry):
    """A provider of models, and how the line of one of its models is read."""

    options: frozenset[str] = frozenset()
    """Options of `img2music.models.model_spec.ModelOptions` that it takes beside the common ones."""
    names_file: bool = False
    """Whether a model's name is the path of a file, of which only the last part goes on record."""

    @property
    def local(self) -> bool:
        """Whether asking keeps everything on this machine."""
        return not self.leaves_machine


def facts_text(*, deterministic: bool, leaves_machine: str, licence: str | None) -> str:
    """What a table says of something beside its summary: whether it repeats itself, what it sends, what binds the user."""
    repeats = "the same bytes again" if deterministic else "not the same bytes again"
    sends = f"leaves the machine: {leaves_machine}" if leaves_machine else "nothing leaves the machine"
    return "; ".join([repeats, sends, *([f"licence: {licence}"] if licence else [])])


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):  # what a name raises that can be none, or whose parent is not there
        return False

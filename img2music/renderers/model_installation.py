"""What `img2music models` does: which weights are known, which are here, and getting the others, after saying what that is.

An installation is planned first, as a list of steps for people and for the work: an environment of its own where the renderer works in one, then the
weights. Nothing is asked of the network before it is carried out. Weights of the Hugging Face hub come by `img2music.renderers.neural.weights`,
those that come by a program of their makers by that program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.errors import BackendError, UsageError, unknown_name
from img2music.registry import builtin_names, find_entry, registered_names
from img2music.registry.sound_models import SOUND_MODELS, SoundModel
from img2music.renderers.external.environment_table import ENVIRONMENTS, Environment
from img2music.renderers.external.environments import (
    environment_fault,
    environment_folder,
    failed_environment,
    find_python,
    make_environment,
    names_own_python,
    run_in_environment,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PICKLED = (
    "these weights are pickles, which can run code: this program never reads them; the program in that environment does, and takes "
    "nothing from them but numbers, so any that hold more are refused"
)
__all__ = ["Installation", "ModelState", "install_model", "model_states", "plan_installation"]


@dataclass(frozen=True, slots=True)
class ModelState:
    """One set of weights on this machine."""

    model: SoundModel
    here: bool
    needs: str
    """What else its renderer needs that is not here, with the remedy; empty where all is."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What has to be done for one model."""

    model: SoundModel
    environment: Environment | None
    """To be made; None where the renderer works in this one, or its own is there."""
    python: Path | None
    """What the environment is made from."""
    weights: bool
    """Whether the weights have to be fetched."""
    needs: str = ""
    """What its renderer needs in this environment, with the command that brings it; empty where all is here."""

    @property
    def nothing_to_do(self) -> bool:
        """Whether all is here."""
        return self.environment is None and not self.weights

    @property
    def gigabytes(self) -> float:
        """To download."""
        return (self.environment.gigabytes if self.environment else 0.0) + (self.model.gigabytes if self.weights else 0.0)

    @property
    def lines(self) -> tuple[str, ...]:
        """What will be done, a line each, with sizes, licences, sources and places."""
        told = []
        if self.environment is not None:
            packages = " ".join(argument for line in self.environment.packages for argument in line)
            told.append(
                f"packages: {packages} and what they need, {self.environment.gigabytes:g} GB from {self.environment.source}"
            )
            told.append(f"licence of the packages: {self.environment.licence}")
            told.append(f"into an environment of their own: {environment_folder(self.environment.name)} (from {self.python})")
        if self.weights:
            told.append(f"weights: {self.model.name}, {self.model.facts}")
            own = ENVIRONMENTS.get(self.model.renderer)
            told.append(f"into {own.keeps if own else 'the cache of the Hugging Face hub ($HF_HOME)'}")
            if self.model.pickled:
                told.append(_PICKLED)
        if self.needs:
            told.append(f"not installed by this: {self.needs}")
        return tuple(told)


def model_states() -> tuple[ModelState, ...]:
    """All weights that are known, in order. Nothing is loaded and nobody is asked."""
    return tuple(ModelState(model, _is_here(model), _lacking(model)) for model in SOUND_MODELS.values())


def plan_installation(name: str, *, commercial: bool = False) -> Installation:
    """What has to be done for weights, or for a renderer and the weights that it plays by itself.

    Whether an environment that is there works is looked at by starting its Python.

    Args:
        name: of the weights, or of the renderer.
        commercial: whether weights that forbid commercial use are refused.

    Raises:
        UsageError: no such weights, or their licence forbids what is meant.
        BackendError: no Python to make its environment from, or a Python of the user's own that can't work.
    """
    renderers = {one: find_entry("renderer", one).weights for one in builtin_names("renderer")}
    model = SOUND_MODELS.get(name) or SOUND_MODELS.get(renderers.get(name, ""))
    if model is None:
        raise unknown_name("weights", name, [*SOUND_MODELS, *(one for one, weights in renderers.items() if weights)])
    if commercial and not model.commercial:
        from img2music.renderers.neural.weights import commercial_fault

        raise UsageError(commercial_fault(model.name))
    own = ENVIRONMENTS.get(model.renderer)
    fault = failed_environment(own.name) if own else ""
    if fault and own and names_own_python(own.name):
        raise BackendError(fault)
    needed = own if fault else None
    return Installation(
        model, needed, find_python(needed) if needed else None, not _is_here(model), "" if own else _lacking(model)
    )


def install_model(plan: Installation, tell: Callable[[str], None]) -> None:
    """Carries a plan out; `tell` is told what is being done. What is interrupted can be begun again.

    Raises:
        BackendError: no network, a full disk, a program that failed: one line. Cancelled: the work was stopped.
    """
    model = plan.model
    if plan.environment is not None and plan.python is not None:
        make_environment(plan.environment, plan.python, tell)
    if not plan.weights:
        return
    own = ENVIRONMENTS.get(model.renderer)
    if own is None:
        from img2music.renderers.neural.weights import weights_folder

        weights_folder(model.name, renderer=model.renderer)
        return
    if model.renderer == "audiocraft":
        from img2music.renderers.neural.audiocraft.audiocraft_process import fetch_weights

        tell(f"fetching: weights {model.name}, and what listens and reads for them")
        fetch_weights(model.name)
    for arguments in own.fetches:
        told = [argument.replace("{name}", model.name) for argument in arguments]
        tell(f"fetching: {' '.join(told[3:] if told[1:2] == ['-c'] or told[:2] == ['-I', '-c'] else told)}")
        run_in_environment(own, told, f"weights {model.name} can't be fetched")


def _is_here(model: SoundModel) -> bool:
    if model.renderer == "magenta-rt":
        from img2music.renderers.neural.magenta_rt.magenta_rt_files import weights_fault

        return not weights_fault(model.name)
    if model.renderer == "audiocraft":
        from img2music.renderers.neural.audiocraft.audiocraft_environment import weights_here

        return weights_here(model.name)
    from img2music.renderers.neural.weights import is_here

    return is_here(model.name)


def _lacking(model: SoundModel) -> str:
    if model.renderer in ENVIRONMENTS:
        return environment_fault(model.renderer)
    return find_entry("renderer", model.renderer).lacking() if model.renderer in registered_names("renderer") else ""

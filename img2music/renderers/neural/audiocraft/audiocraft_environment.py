"""Where audiocraft lives: an environment of its own (Python 3.9 to 3.11, torch 2.1), which `img2music models install jasco` makes.

Whoever has one already names its Python in IMG2MUSIC_AUDIOCRAFT_PYTHON (several are separated as in PATH): the file of a pipeline or of a piece,
which may come from anybody, can choose among those and name no other. Weights are what audiocraft loads: pickles of Meta's on the Hugging
Face hub, read in that environment and by nothing else (the worker takes only numbers from them), so only those of their makers are taken, and no
folder.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from img2music.errors import MissingPackageError, UsageError
from img2music.registry.sound_models import find_sound_model
from img2music.renderers.external.environments import (
    environment_fault,
    environment_pythons,
    names_own_python,
    python_variable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "DEBUG",
    "DEFAULT_WEIGHTS",
    "VARIABLE",
    "find_python",
    "licence_here",
    "model_kind",
    "readiness",
    "weights_here",
]

_NAME = "audiocraft"
VARIABLE = python_variable(_NAME)
DEFAULT_WEIGHTS = "facebook/jasco-chords-drums-melody-400M"
DEBUG = "debug"
"""A MusicGen of random numbers that audiocraft brings for tests."""
_FILES = ("state_dict.bin", "compression_state_dict.bin")
"""Of each of its weights."""
_MAKERS = re.compile(r"facebook/(jasco|musicgen)-[A-Za-z0-9.-]{1,60}")
_STYLE = "facebook/musicgen-style"
_LICENCE = "CC-BY-NC-4.0"
"""Of all weights that audiocraft's makers publish."""


def find_python(chosen: str | None = None) -> Path:
    """The Python of the environment.

    Args:
        chosen: one of those that the variable names; None takes the first, or the one that `img2music models install` makes.

    Raises:
        UsageError: the variable does not name the chosen one.
        MissingPackageError: there is none.
    """
    named = environment_pythons(_NAME)
    if chosen is not None:
        wanted = Path(chosen).expanduser()
        if not names_own_python(_NAME) or wanted not in named:
            raise UsageError(f"python: {wanted.name!r} is started only where {VARIABLE} names it; add its path there")
        named = (wanted,)
    if not named[0].is_file():
        raise MissingPackageError(f"audiocraft: {environment_fault(_NAME) or f'{named[0].name} is not there; change {VARIABLE}'}")
    return named[0]


def model_kind(weights: str) -> str:
    """What plays these weights: "jasco", "style", "musicgen" or "debug".

    Raises:
        UsageError: no weights of audiocraft's makers.
    """
    if weights == DEBUG:
        return DEBUG
    if not _MAKERS.fullmatch(weights):
        raise UsageError(
            f"weights {weights[:80]!r} are none that audiocraft plays here; take {DEFAULT_WEIGHTS}, {_STYLE} or {DEBUG} "
            "(its files are pickles, which can run code: only the makers' own are taken)"
        )
    return "jasco" if weights.startswith("facebook/jasco-") else "style" if weights == _STYLE else "musicgen"


def licence_here(weights: str) -> tuple[str, bool]:
    """Licence of the weights, and whether it allows commercial use."""
    if weights == DEBUG:
        return "MIT (random numbers)", True
    known = find_sound_model(weights)
    return (known.licence, known.commercial) if known else (_LICENCE, False)


def weights_here(weights: str) -> bool:
    """Whether audiocraft finds its files of these weights on this machine; nobody is asked, and huggingface_hub need not be here."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface"
    cache = os.environ.get("AUDIOCRAFT_CACHE_DIR") or os.environ.get("HF_HUB_CACHE") or Path(home) / "hub"
    snapshots = Path(cache).expanduser() / f"models--{weights.replace('/', '--')}" / "snapshots"
    try:
        return any(all((one / name).is_file() for name in _FILES) for one in snapshots.iterdir())
    except OSError:
        return False


def readiness(options: Mapping[str, Any]) -> str:
    """Why it can't play here yet, with the remedy; empty where it can. Starts nothing."""
    chosen, weights = options.get("python"), options.get("weights", DEFAULT_WEIGHTS)
    try:
        find_python(chosen if isinstance(chosen, str) else None)
    except (MissingPackageError, UsageError) as error:
        return str(error)
    if not isinstance(weights, str) or weights == DEBUG or options.get("download") is True or weights_here(weights):
        return ""
    known = find_sound_model(weights)
    how = f"img2music models install {weights}" if known else "set download: true in the pipeline to fetch them"
    return f"weights {weights[:80]} are not here yet: {how}"

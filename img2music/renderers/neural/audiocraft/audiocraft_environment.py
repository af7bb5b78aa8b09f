"""Where audiocraft lives: an environment of its own (Python 3.9 to 3.11, torch 2.1), which the user makes and names.

    python3.10 -m venv ~/audiocraft && git clone https://github.com/facebookresearch/audiocraft
    ~/audiocraft/bin/pip install 'torch==2.1.0' && ~/audiocraft/bin/pip install -e ./audiocraft
    export IMG2MUSIC_AUDIOCRAFT_PYTHON=~/audiocraft/bin/python

A program is only started where this variable names it (several are separated as in PATH): the file of a pipeline or of a piece, which may come
from anybody, can choose among those and name no other. Weights are what audiocraft loads: pickles of Meta's on the Hugging Face hub, read in
that environment and by nothing else, so only those of their makers are taken, and no folder.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from img2music.errors import MissingPackageError, UsageError
from img2music.registry.sound_models import find_sound_model

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
]

VARIABLE = "IMG2MUSIC_AUDIOCRAFT_PYTHON"
DEFAULT_WEIGHTS = "facebook/jasco-chords-drums-melody-400M"
DEBUG = "debug"
"""A MusicGen of random numbers that audiocraft brings for tests."""
_REMEDY = f"make it as docs/neural.md says and name its Python in {VARIABLE}"
_MAKERS = re.compile(r"facebook/(jasco|musicgen)-[A-Za-z0-9.-]{1,60}")
_STYLE = "facebook/musicgen-style"
_LICENCE = "CC-BY-NC-4.0"
"""Of all weights that audiocraft's makers publish."""


def find_python(chosen: str | None = None) -> Path:
    """The Python of the environment.

    Args:
        chosen: one of those that the variable names; None takes the first.

    Raises:
        UsageError: the variable does not name the chosen one.
        MissingPackageError: it names none, or one that is not there.
    """
    named = [Path(one).expanduser() for one in os.environ.get(VARIABLE, "").split(os.pathsep) if one.strip()]
    if chosen is not None:
        wanted = Path(chosen).expanduser()
        if wanted not in named:
            raise UsageError(f"python: {wanted.name!r} is started only where {VARIABLE} names it; add its path there")
        named = [wanted]
    if not named:
        raise MissingPackageError(f"audiocraft needs an environment of its own, and none is named; {_REMEDY}")
    if not named[0].is_file():
        raise MissingPackageError(f"no Python is at the place that {VARIABLE} names ({named[0].name}); {_REMEDY}")
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


def readiness(options: Mapping[str, Any]) -> str:
    """Why it can't play here yet, with the remedy; empty where it can. Starts nothing."""
    chosen = options.get("python")
    try:
        find_python(chosen if isinstance(chosen, str) else None)
    except (MissingPackageError, UsageError) as error:
        return str(error)
    return ""

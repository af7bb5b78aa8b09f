"""Where Magenta RealTime 2 lies on this machine: its environment, its checkpoints and what it shares among them.

The weights are fetched by its own program (`img2music models install mrt2_small` runs it) and lie where that looks for them:
``$MAGENTA_HOME``, or Documents/Magenta in the home folder, as of magenta-rt 2.0.3. They are safetensors and TensorFlow Lite files; no pickle.
Imports nothing heavy and asks nobody.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from img2music.renderers.external.environments import environment_fault

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SIZES", "WORKER", "checkpoint_of", "readiness", "weights_fault"]

WORKER = Path(__file__).with_name("magenta_rt_worker.py")
"""The script that works in the environment."""
SIZES = ("mrt2_small", "mrt2_base")
_NAME = "magenta-rt"
_SHARED = ("resources/musiccoca/spm.model", "resources/musiccoca/text_encoder.tflite")
"""Files without which no style can be read: some of what `mrt models init` fetches."""


def checkpoint_of(weights: str) -> tuple[str, Path] | None:
    """Size and file of weights: of a name, or of a folder that holds one of the checkpoints; None of anything else."""
    if weights in SIZES:
        return weights, _home() / "checkpoints" / f"{weights}.safetensors"
    for size in SIZES:
        file = Path(weights) / f"{size}.safetensors"
        try:
            if file.is_file():
                return size, file
        except (OSError, ValueError):  # a name that no file can have
            return None
    return None


def weights_fault(weights: str) -> str:
    """Why weights can't be played, with the remedy; empty where they are here."""
    found = checkpoint_of(weights)
    if found is None:
        return f"weights {weights[:80]!r} are none of {', '.join(SIZES)}, and no folder that holds one of them; change the option weights"
    size, file = found
    lacking = [path for path in (file, *(_home() / name for name in _SHARED)) if not path.is_file()]
    return f"weights {size} are not here yet: img2music models install {size}" if lacking else ""


def readiness(options: Mapping[str, Any]) -> str:
    """Why the renderer can't work with these options, with the remedy; empty where it can."""
    python = options.get("python")
    chosen = Path(python).expanduser() if isinstance(python, str) else None
    weights = options.get("weights", SIZES[0])
    return environment_fault(_NAME, chosen) or (weights_fault(weights) if isinstance(weights, str) else "")


def _home() -> Path:
    return Path(os.environ.get("MAGENTA_HOME") or Path.home() / "Documents" / "Magenta") / "magenta-rt-v2"

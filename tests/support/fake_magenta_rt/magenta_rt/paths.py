from __future__ import annotations

import os
from pathlib import Path


def checkpoints_dir() -> Path:
    return Path(os.environ["MAGENTA_HOME"]) / "magenta-rt-v2" / "checkpoints"

"""Running the command line in tests."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

PIECE_FILES = {
    "piece.json", "scene.json", "plan.json", "score.mid", "score.musicxml", "score.abc", "score.svg", "pianoroll.svg", "report.html",
    "picture.jpg",
}  # fmt: skip
QUICK_OPTIONS = ["--seconds", "5", "--audio", "none"]


def run_cli(arguments: Sequence[object], **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs a command as a user does."""
    command = [sys.executable, "-m", "img2music", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def assert_one_line(text: str) -> str:
    """The text, which is one clear line."""
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    return text

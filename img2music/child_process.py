"""Runs a program and waits for it; whoever stops the work ends the program at once (see `img2music.cancellation`).

For what can't be stopped or trusted inside this process: C code that holds Python's lock for seconds, decoders of hostile files.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint, when_cancelled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["can_run_python", "python_command", "python_environment", "run_program"]


def run_program(
    command: Sequence[str], *, given: bytes = b"", seconds: float | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """How `command` ended, and what it wrote; whatever its exit code.

    Args:
        command: the program and its arguments; no shell.
        given: its standard input.
        seconds: how long it may take; None has no limit.
        environment: None for that of this process.

    Raises:
        subprocess.TimeoutExpired: it took longer, and was ended. OSError: it can't be run.
        Cancelled: the work was stopped, and the program with it.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment) as process:  # noqa: S603  no shell
        try:
            with when_cancelled(process.kill):
                out, errors = process.communicate(given, timeout=seconds)
        except BaseException:
            process.kill()
            raise
    checkpoint()
    return subprocess.CompletedProcess(command, process.returncode, out, errors)


def can_run_python() -> bool:
    """Whether this interpreter can be started again: not where the program was packed into one file."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


def python_command(script: Path, *arguments: str) -> list[str]:
    """Runs a script of ours, that imports nothing of img2music, in this interpreter; `site` is left out, which halves the start."""
    return [sys.executable, "-S", "-P", str(script), *arguments]


def python_environment() -> dict[str, str]:
    """Where such a script finds the packages that this process finds."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}

"""Environments of their own, for programs that can't share this one's packages: which there are, where they lie, and making them.

An environment is made in a folder beside its place and renamed when it is whole, so that what was interrupted leaves nothing that looks
ready. It lies in the cache: whoever deletes it makes it again. Conventions: sizes in gigabytes, to download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from img2music.cancellation import checkpoint
from img2music.child_process import run_program
from img2music.errors import BackendError
from img2music.resources import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "ENVIRONMENTS",
    "Environment",
    "environment_fault",
    "environment_folder",
    "environment_python",
    "find_python",
    "make_environment",
    "remove_environment",
    "run_in_environment",
]

_INSTALL_SECONDS, _FETCH_SECONDS = 3600.0, 6 * 3600.0
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Environment:
    """What an environment is made of."""

    name: str
    """Of the renderer that works in it."""
    pythons: tuple[str, ...]
    """Versions of Python that its packages run on, the best first: "3.11"."""
    packages: tuple[tuple[str, ...], ...]
    """What pip is asked for, a line each: its arguments."""
    gigabytes: float
    """Of all packages."""
    licence: str
    """Of the packages."""
    fetches: tuple[tuple[str, ...], ...] = ()
    """What fetches the weights, a command each: arguments of its Python, in which "{name}" is their name. Empty where they come in another way."""
    keeps: str = ""
    """Where that puts them."""


_MRT = "from magenta_rt.cli import main; main()"
ENVIRONMENTS: dict[str, Environment] = {
    environment.name: environment
    for environment in (
        Environment(
            name="magenta-rt",
            pythons=("3.11", "3.12"),
            # 2.0.3 is what our side was written against; typeguard 4 refuses its annotations.
            packages=(("magenta-rt[jax]==2.0.3", "typeguard==2.13.3"),),
            gigabytes=0.5,
            licence="Apache-2.0",
            fetches=(("-I", "-c", _MRT, "models", "init"), ("-I", "-c", _MRT, "checkpoints", "download", "{name}")),
            keeps="$MAGENTA_HOME, or Documents/Magenta in your home folder",
        ),
    )
}
"""By name."""


def environment_folder(name: str) -> Path:
    """Where an environment lies, or would."""
    return cache_folder() / "environments" / name


def environment_python(name: str) -> Path:
    """Its Python, whether it is there or not."""
    return _python_in(environment_folder(name))


def environment_fault(name: str, python: Path | None = None) -> str:
    """Why programs can't work in it, with the remedy; empty where they can. `python` is that of another one."""
    if python is not None:
        return "" if python.is_file() else f"no Python is at {python.name}; change the option python, or leave it out"
    if environment_python(name).is_file():
        return ""
    return f"needs an environment of its own, which is not here yet: img2music models install {name}"


def find_python(environment: Environment) -> Path:
    """A Python that its packages run on: this program's own, or one on the path.

    Raises:
        BackendError: there is none.
    """
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    for version in environment.pythons:
        program = sys.executable if version == own else shutil.which(f"python{version}")
        if program and _runs(program, version):
            return Path(program)
    wanted = " or ".join(environment.pythons)
    raise BackendError(f"{environment.name} needs Python {wanted}, and none is on the path; install one and try again")


def make_environment(environment: Environment, python: Path, tell: Callable[[str], None]) -> Path:
    """Makes an environment with all its packages, in place of one that is there; its Python.

    Args:
        environment: which.
        python: what it is made from, see `find_python`.
        tell: is told what is being done.

    Raises:
        BackendError: no network, a full disk, packages that don't fit: one line. What was there before is still there then.
        Cancelled: likewise.
    """
    folder = environment_folder(environment.name)
    temporary = folder.with_name(f".{environment.name}-{uuid4().hex[:8]}")
    try:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BackendError(
                f"no folder can be made at {folder.parent} ({error.strerror}); set IMG2MUSIC_CACHE to another"
            ) from None
        tell(f"making an environment with Python {'.'.join(environment.pythons[:1])} in {folder}")
        _run([str(python), "-m", "venv", str(temporary)], environment, "its environment can't be made")
        inside = _python_in(temporary)
        for arguments in environment.packages:
            tell(f"pip install {' '.join(arguments)}")
            pip = [str(inside), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet", *arguments]
            _run(pip, environment, "its packages can't be installed")
        checkpoint()
        old = folder.with_name(f".{environment.name}-old-{uuid4().hex[:8]}")
        if folder.exists():
            folder.rename(old)
        temporary.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return _python_in(folder)


def run_in_environment(environment: Environment, arguments: Sequence[str], what: str) -> None:
    """Runs its Python with `arguments`; `what` says what is wrong where that fails.

    Raises:
        BackendError: it failed: one line. Cancelled: the work was stopped.
    """
    _run([str(environment_python(environment.name)), *arguments], environment, what, _FETCH_SECONDS)


def remove_environment(name: str) -> bool:
    """Whether there was one to remove."""
    folder = environment_folder(name)
    if not folder.is_dir():
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return True


def _python_in(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _runs(program: str, version: str) -> bool:
    """Whether it starts and is that version: launchers stand on the path for versions that are not here."""
    with suppress(OSError, subprocess.TimeoutExpired):
        run = run_program([program, "-I", "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"], seconds=20)
        return run.returncode == 0 and run.stdout.decode("utf-8", "replace").strip() == version
    return False


def _run(command: list[str], environment: Environment, what: str, seconds: float = _INSTALL_SECONDS) -> None:
    quiet = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")} | {
        "PIP_NO_COLOR": "1",
        "NO_COLOR": "1",
    }
    again = f"`img2music models install {environment.name}` tries again"
    try:
        run = run_program(command, seconds=seconds, environment=quiet)
    except subprocess.TimeoutExpired:
        raise BackendError(f"{environment.name}: {what} within {seconds / 3600:g} hours; {again}") from None
    except OSError as error:
        raise BackendError(f"{environment.name}: {what} ({error.strerror}); {again}") from None
    if run.returncode:
        raise BackendError(f"{environment.name}: {what} ({_reason(run.stderr, run.stdout)}); {again}")


def _reason(*written: bytes) -> str:
    """The line of a program's output that says what went wrong."""
    for text in written:
        lines = [" ".join(line.split()) for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
        lines = [line for line in lines if not line.lower().startswith(("warning", "[notice]"))]
        faults = [line for line in lines if "error" in line.lower()]
        if lines:
            line = (faults or lines)[-1]
            return "".join(letter for letter in line if letter.isprintable())[:_LONGEST_REASON]
    return "it did not say why"

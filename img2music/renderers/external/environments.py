"""Environments of their own, for programs that can't share this one's packages: where they lie, whether they work, and making them.

An environment is made in a folder beside its place and renamed when it is whole, so that what was interrupted leaves nothing that looks
ready; the next attempt removes what is left of it. It lies in the cache: whoever deletes it makes it again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from img2music.cancellation import checkpoint
from img2music.child_process import run_program
from img2music.errors import BackendError
from img2music.renderers.external.environment_table import ENVIRONMENTS
from img2music.resources import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from img2music.renderers.external.environment_table import Environment

__all__ = [
    "environment_fault",
    "environment_folder",
    "environment_python",
    "environment_pythons",
    "environment_remedy",
    "failed_environment",
    "find_python",
    "make_environment",
    "names_own_python",
    "python_variable",
    "remove_environment",
    "run_in_environment",
]

_INSTALL_SECONDS, _FETCH_SECONDS = 3600.0, 6 * 3600.0
_LONGEST_REASON = 300
_LOOK_SECONDS = 60.0
_LOOK = (
    "import sys\nfrom importlib.util import find_spec\n"
    "for name in sys.argv[1:]:\n    if find_spec(name.partition('.')[0]) is None: sys.exit(print('lacks', name))\n"
    "print('whole')"
)
"""Says whether modules can be found, without importing any."""


def environment_folder(name: str) -> Path:
    """Where an environment lies, or would."""
    return cache_folder() / "environments" / name


def python_variable(name: str) -> str:
    """The variable that may name the Python of another environment: "IMG2MUSIC_MAGENTA_RT_PYTHON"."""
    return f"IMG2MUSIC_{name.upper().replace('-', '_')}_PYTHON"


def environment_pythons(name: str) -> tuple[Path, ...]:
    """Its Python, whether it is there or not: those that its variable names (several as in PATH), else that of the environment that
    `make_environment` makes.

    No file says which: a pipeline or a piece may come from anybody, and must not start a program of theirs.
    """
    named = tuple(Path(one.strip()).expanduser() for one in _named(name).split(os.pathsep) if one.strip())
    return named or (_python_in(environment_folder(name)),)


def environment_python(name: str) -> Path:
    """The first of `environment_pythons`."""
    return environment_pythons(name)[0]


def names_own_python(name: str) -> bool:
    """Whether the user names a Python of his own, which is his to see to."""
    return bool(_named(name))


def environment_remedy(name: str) -> str:
    """What to do where its Python does not work: one's own has to be seen to by oneself."""
    again = f"img2music models install {name}"
    if names_own_python(name):
        return f"{python_variable(name)} names its Python: let it name one that has {name}, or unset it and run `{again}`"
    return f"make its environment again: {again}"


def environment_fault(name: str) -> str:
    """Why programs can't work in it, with the remedy; empty where its Python is there. Starts nothing."""
    if environment_python(name).is_file():
        return ""
    if names_own_python(name):
        variable = python_variable(name)
        return f"{variable} names no Python that is there; let it name one that has {name}, or unset it and run `img2music models install {name}`"
    return f"needs an environment of its own, which is not here yet: img2music models install {name}"


def failed_environment(name: str) -> str:
    """Like `environment_fault`, but starts its Python and looks for what it needs, which takes a second.

    Raises:
        Cancelled: the work was stopped.
    """
    fault = environment_fault(name)
    if fault:
        return fault
    python = environment_python(name)
    try:
        run = run_program([str(python), "-I", "-c", _LOOK, *ENVIRONMENTS[name].modules], seconds=_LOOK_SECONDS)
        found = run.stdout.decode("utf-8", "replace").split() if run.returncode == 0 else []
    except (OSError, subprocess.TimeoutExpired):
        found = []
    if found == ["whole"]:
        return ""
    what = f"has no {found[1][:60]}" if found[:1] == ["lacks"] and len(found) == 2 else "does not work"
    return f"{name}: its Python ({_short(python)}) {what}; {environment_remedy(name)}"


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
    temporary = folder.with_name(f".{environment.name}-{os.getpid()}-{uuid4().hex[:8]}")
    try:
        _sweep(environment.name)
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
        for arguments in environment.files:
            tell(f"fetching: {' '.join(arguments[3:])}")
            _run([str(inside), *arguments], environment, "a file that it needs can't be fetched")
        checkpoint()
        old = folder.with_name(f".{environment.name}-{os.getpid()}-old-{uuid4().hex[:8]}")
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
    _sweep(name)
    if not folder.is_dir():
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return True


def _named(name: str) -> str:
    return os.environ.get(python_variable(name), "").strip(f" {os.pathsep}")


def _sweep(name: str) -> None:
    """Removes what attempts have left that were killed: their folders hold the number of their process."""
    for left in environment_folder(name).parent.glob(f".{name}-*-*"):
        process = left.name.removeprefix(f".{name}-").partition("-")[0]
        if not (process.isdigit() and _is_alive(int(process))):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(process: int) -> bool:
    """Whether a process of that number runs; where the system does not say, it does."""
    if os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _short(path: Path) -> str:
    return str(path).replace(str(Path.home()), "~")


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

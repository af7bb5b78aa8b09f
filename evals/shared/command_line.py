"""The command line that all scripts have: `--help` prints the script's docstring; what is missing is said in one line, with exit code 2.

    def main(arguments: Sequence[str] | None = None) -> None:
        parser = ScriptParser(__doc__)
        parser.add_data("folder", OASIS)
        parser.add_argument("--pictures", type=int, default=100)
        parser.need_packages("music21", install="pip install -e '.[test]'")
        options = parser.parse_args(arguments)

A script reads nothing and imports nothing heavy before its arguments are parsed; what it needs beside the base installation it
imports in the functions that use it.
"""

from __future__ import annotations

import argparse
import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evals.shared.data_sets import DataSet

__all__ = ["ScriptParser"]

_COMMAND = re.compile(r"python -m (evals(?:\.\w+)+)")


class ScriptParser(argparse.ArgumentParser):
    """Arguments of a script, its data sets, packages and programs."""

    def __init__(self, docstring: str | None) -> None:
        """`docstring` is the module's; the command that stands in it is the program's name."""
        command = _COMMAND.search(docstring or "")
        if command is None:
            raise ValueError("the script's docstring names no command `python -m evals...`")
        super().__init__(
            prog=f"python -m {command[1]}", description=docstring, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        self._data_sets: dict[str, DataSet] = {}
        self._files: list[str] = []
        self._needs: list[str] = []

    def add_data(self, name: str, data_set: DataSet, **options: Any) -> None:
        """A folder of a data set: positional, or an option where the name begins with dashes."""
        self._data_sets[name] = data_set
        self.add_argument(name, type=Path, help=f"folder of {data_set.line}".replace("%", "%%"), **options)

    def add_file(self, *names: str, **options: Any) -> None:
        """A file that has to be there, or several where `nargs` says so; what `argparse.ArgumentParser.add_argument` takes."""
        self._files.append(self.add_argument(*names, type=Path, **options).dest)

    def need_packages(self, *modules: str, install: str) -> None:
        """Modules without which the script can't work, and how to get them."""
        missing = [module for module in modules if find_spec(module) is None]
        if missing:
            self._needs.append(f"needs {', '.join(missing)}: {install}")

    def need_program(self, program: str, install: str) -> None:
        """A program on the path without which the script can't work, and how to get it."""
        if shutil.which(program) is None:
            self._needs.append(f"needs the program {program}: {install}")

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """The arguments, once everything that they and the script need is there."""
        options = super().parse_args(args, namespace)
        for name, data_set in self._data_sets.items():
            folder = getattr(options, name.lstrip("-").replace("-", "_"))
            if folder is not None and (pattern := data_set.missing(folder)) is not None:
                self.error(f"{folder} holds no {pattern} of {data_set.line}")
        for name in self._files:
            given = getattr(options, name) or []
            for path in given if isinstance(given, list) else [given]:
                if not path.is_file():
                    self.error(f"{path} is no file; {name.upper()} has to be one")
        if self._needs:
            self.error("; ".join(self._needs))
        return options

    def error(self, message: str) -> NoReturn:
        """One line, and exit code 2."""
        wanted = [f"{name}: {data_set.line}" for name, data_set in self._data_sets.items() if f" {name}" in f" {message}"]
        if message.startswith("the following arguments are required") and wanted:
            message = f"{message} ({'; '.join(wanted)})"
        self.exit(2, f"{self.prog}: {message}\n")

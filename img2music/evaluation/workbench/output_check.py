"""Whether a folder may become, or go on being, the folder OUT of a grid: nothing that is not ours is written over or added to.

A folder is taken if it is empty or not there, or if an earlier run left it: its `cells.jsonl` holds a cell (of whatever version), or it
holds nothing but what a run leaves that was stopped before its first cell was kept. Links and other things that bear the names of our
files are refused, wherever they lead. What it does not know: whether somebody edited the files of an earlier run; the page is made anew.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from img2music.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["check_grid_folder"]

_CELL = re.compile(r"[0-9a-f]{16}")
_TORN = b'{"format":'
"""How the first line of cells.jsonl begins, of which the rest may be missing."""
_TITLE = b"<title>Prompts tried: img2music</title>"
_LONGEST_HEAD = 4096
_LONGEST_LINE = 5_000_000
_FILES = ("cells.jsonl", "answers.jsonl", "index.html")


def check_grid_folder(folder: Path) -> None:
    """Looks at `folder` before anything is asked or written.

    Raises:
        OutputError: it holds other files, or something that only bears the name of a file of ours.
    """
    try:
        if not os.path.lexists(folder) or not (names := sorted(path.name for path in folder.iterdir())):
            return
        for path in _foreign_entries(folder):
            raise OutputError(f"{path} is no file of ours but a link, or something else; choose another folder with -o")
        if _any_line(folder / "cells.jsonl", _is_cell):
            return
        foreign = next((name for name in names if not _left_by_a_stopped_run(folder / name)), None)
    except OSError as error:
        raise OutputError(f"can't read {folder} ({error.strerror}); choose another folder with -o") from None
    if foreign is not None:
        raise OutputError(f"{folder} holds other files ({foreign}) and no grid to go on with; choose another folder with -o")


def _foreign_entries(folder: Path) -> Iterator[Path]:
    """Links and the like where files and folders of ours would be."""
    for name in _FILES:
        path = folder / name
        if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
            yield path
    pieces = folder / "pieces"
    if os.path.lexists(pieces) and (pieces.is_symlink() or not pieces.is_dir()):
        yield pieces
    elif pieces.is_dir():
        for cell in sorted(pieces.iterdir()):
            if not _CELL.fullmatch(cell.name):
                continue
            if cell.is_symlink() or not cell.is_dir():
                yield cell
            else:
                yield from (file for file in sorted(cell.iterdir()) if file.is_symlink() or not file.is_file())


def _left_by_a_stopped_run(path: Path) -> bool:
    """Whether this is what a run leaves in OUT that kept no cell: the files of one, its answers, half a line, a page of none."""
    if path.name == "pieces":
        return all(_CELL.fullmatch(cell.name) for cell in path.iterdir())
    if path.name == "answers.jsonl":
        return not _any_line(path, lambda line: not _is_answer(line))
    if path.name == "cells.jsonl":
        return not _any_line(path, lambda line: not line.startswith(_TORN))
    if path.name == "index.html":
        with path.open("rb") as stream:
            return _TITLE in stream.read(_LONGEST_HEAD)
    return False


def _any_line(path: Path, holds: Callable[[bytes], bool]) -> bool:
    """Whether a line of the file, which may be missing, is so."""
    if not path.exists():
        return False
    with path.open("rb") as stream:
        while line := stream.readline(_LONGEST_LINE):
            if line.strip() and holds(line):
                return True
    return False


def _is_cell(line: bytes) -> bool:
    found = _object(line)
    return isinstance(found.get("format"), int) and bool(_CELL.fullmatch(str(found.get("cell")))) and "prompt_digest" in found


def _is_answer(line: bytes) -> bool:
    return isinstance((found := _object(line)).get("question"), str) and isinstance(found.get("answer"), str)


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

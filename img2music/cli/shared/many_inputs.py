"""Several inputs in one call: each on its own, a bad one reported and the rest done, and where results go.

Results of `photos/hills.jpg` go to `OUT/hills/`; a second input of the same name gets `hills-2`. Files that bear the name
of a result (`plan.json`, `score.mid` ...) are called after the folder they lie in. Names that Windows keeps for devices (CON,
aux, nul) get another. What is in a folder already is not lost: see `img2music.output_folder`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from img2music.cli.shared.console import error_line, exit_code_of, print_error, print_json, print_notice
from img2music.errors import OutputError, UsageError
from img2music.output_folder import save_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from img2music.output_folder import SavedFiles
    from img2music.piece import Piece
    from img2music.provenance import Event

__all__ = ["check_writable", "folder_names", "for_each_input", "safe_folder_name", "save_documents", "save_piece"]

_RESULTS = {"scene.json", "storyboard.json", "plan.json", "piece.json", "score.mid"}
_LONGEST_NAME, _LONGEST_NAME_BYTES = 100, 200
"""In letters, and in UTF-8: file systems take 255 bytes, and a number has to fit too."""
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³")}
"""Windows takes these for devices, whatever follows a dot: *Naming Files, Paths, and Namespaces* (Microsoft)."""
_GRAVITY = (0, 2, 3, 4, 1)
"""Exit codes, the worst last."""


def for_each_input(inputs: Sequence[str], work: Callable[[int, str], None], *, as_json: bool, what: str = "picture") -> int:
    """Does `work(place, input)` for every input, whatever becomes of the others, and returns the worst exit code.

    With `as_json` a failure is an object too, in its place among the results; `what` is the input's name in it.
    """
    failed: list[str] = []
    worst = 0
    for place, source in enumerate(inputs):
        try:
            work(place, source)
        except BrokenPipeError:
            raise
        except Exception as error:
            print_error(error, source)
            if as_json:
                print_json({what: source, "error": error_line(error), "exit_code": exit_code_of(error)})
            failed.append(source)
            worst = max(worst, exit_code_of(error), key=_GRAVITY.index)
    if failed and len(inputs) > 1:
        print_notice(f"{len(failed)} of {len(inputs)} failed: {', '.join(failed)}")
    return worst


def folder_names(inputs: Sequence[str]) -> list[str]:
    """A folder's name for every input, no two alike, even where capitals don't count."""
    names: list[str] = []
    taken = {safe_folder_name(source).casefold() for source in inputs}
    for source in inputs:
        name = safe_folder_name(source)
        number = 1
        while name.casefold() in {other.casefold() for other in names} or (number > 1 and name.casefold() in taken):
            number += 1
            name = f"{safe_folder_name(source)}-{number}"
        if number > 1:
            print_notice(f"{source} goes to the folder {name}, because another input has the same name")
        names.append(name)
    return names


def safe_folder_name(source: str) -> str:
    """A folder's name for an input, which every usual file system takes."""
    path = Path(source)
    stem = path.resolve().parent.name if path.name in _RESULTS else path.stem
    letters = "".join(letter if letter.isprintable() and letter not in '\\/:*?"<>|' else "_" for letter in stem)
    name = (
        letters[:_LONGEST_NAME].encode("utf-8", "replace")[:_LONGEST_NAME_BYTES].decode("utf-8", "ignore").strip(" .") or "piece"
    )
    return f"{name}_" if name.partition(".")[0].rstrip(" ").lower() in _DEVICES else name


def check_writable(out: str) -> Path:
    """`out` as a path, if a folder of that name is there or can be made; nothing is made yet.

    Raises:
        UsageError: no name at all.
        OutputError: a file is in the way, or the folder's permissions forbid writing.
    """
    if not out.strip():
        raise UsageError("-o names no folder; give one, or -o . for the folder you are in")
    target = Path(out)
    try:
        nearest = next(folder for folder in (target, *target.absolute().parents) if folder.exists())
        fault = "" if nearest.is_dir() else f"{nearest} is not a folder"
        link = next((folder for folder in (target, *target.parents) if folder.is_symlink() and not folder.exists()), None)
        fault = f"{link} is a link that leads nowhere" if link is not None else fault
        if not fault and not os.access(nearest, os.W_OK | os.X_OK):
            fault = f"no permission to write in {nearest}"
    except (OSError, ValueError) as error:
        fault = getattr(error, "strerror", None) or str(error)
    if fault:
        raise OutputError(f"can't write to {out} ({fault}); choose another folder with -o")
    return target


def save_piece(
    piece: Piece, folder: Path, *, force: bool, spare: Path | None = None, on_event: Callable[[Event], None] | None = None
) -> SavedFiles:
    """Writes a piece; `spare` is a folder that stays as it is, `on_event` is told of each step.

    Raises:
        OutputError: the folder can't be written; everything is as it was before.
    """
    return save_files(folder, piece.files(on_event), identity=piece.manifest.identity, force=force, spare=spare)


def save_documents(folder: Path | None, files: list[tuple[str, bytes]], *, force: bool) -> None:
    """Writes files by name, where a folder is wanted, and says where they went if they are elsewhere."""
    if folder is None:
        return
    saved = save_files(folder, files, force=force)
    if saved.note:
        print_notice(saved.note)

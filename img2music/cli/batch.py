"""Several inputs in one call: each on its own, a bad one reported and the rest done, and where results go.

Results of `photos/hills.jpg` go to `OUT/hills/`; a second input of the same name gets `hills-2`. Files that bear the name
of a result (`plan.json`, `score.mid` ...) are called after the folder they lie in.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from img2music.cli.screen import code_of, complain, describe, note, say_object
from img2music.errors import DocumentError, OutputError
from img2music.piece import write_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from img2music.piece import Piece

__all__ = ["check_writable", "each", "folder_names", "free_folder", "save_piece"]

_RESULTS = {"scene.json", "plan.json", "piece.json", "score.mid"}
_SOUND = re.compile(r"(audio|stems/[0-9]{2}-[a-z0-9-]+)\.(wav|flac|mp3|ogg)")
_LONGEST_NAME = 100
_GRAVITY = (0, 2, 3, 4, 1)
"""Exit codes, the worst last."""


def each(inputs: Sequence[str], work: Callable[[int, str], None], *, as_json: bool, what: str = "picture") -> int:
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
            complain(error, source)
            if as_json:
                say_object({what: source, "error": describe(error), "exit_code": code_of(error)})
            failed.append(source)
            worst = max(worst, code_of(error), key=_GRAVITY.index)
    if failed and len(inputs) > 1:
        note(f"{len(failed)} of {len(inputs)} failed: {', '.join(failed)}")
    return worst


def folder_names(inputs: Sequence[str]) -> list[str]:
    """A folder's name for every input, no two alike, even where capitals don't count."""
    names: list[str] = []
    taken = {_plain_name(source).casefold() for source in inputs}
    for source in inputs:
        name = _plain_name(source)
        number = 1
        while name.casefold() in {other.casefold() for other in names} or (number > 1 and name.casefold() in taken):
            number += 1
            name = f"{_plain_name(source)}-{number}"
        if number > 1:
            note(f"{source} goes to the folder {name}, because another input has the same name")
        names.append(name)
    return names


def free_folder(target: Path, source: str) -> Path:
    """A folder in `target` named after `source`, with a number where one is there already: an earlier piece stays as it is."""
    stem = _plain_name(source)
    folder, number = target / stem, 1
    while folder.exists():
        number += 1
        folder = target / f"{stem}-{number}"
    return folder


def _plain_name(source: str) -> str:
    path = Path(source)
    stem = path.resolve().parent.name if path.name in _RESULTS else path.stem
    letters = "".join(letter if letter.isprintable() and letter not in '\\/:*?"<>|' else "_" for letter in stem)
    return letters[:_LONGEST_NAME].strip(" .") or "piece"


def check_writable(out: str) -> Path:
    """`out` as a path, if a folder of that name is there or can be made; nothing is made yet.

    Raises:
        OutputError: a file is in the way, or the folder's permissions forbid writing.
    """
    target = Path(out)
    try:
        nearest = next(folder for folder in (target, *target.absolute().parents) if folder.exists())
        fault = "" if nearest.is_dir() else f"{nearest} is not a folder"
        if not fault and not os.access(nearest, os.W_OK | os.X_OK):
            fault = f"no permission to write in {nearest}"
    except (OSError, ValueError) as error:
        fault = getattr(error, "strerror", None) or str(error)
    if fault:
        raise OutputError(f"can't write to {out} ({fault}); choose another folder with -o")
    return target


def save_piece(piece: Piece, folder: Path) -> list[str]:
    """Writes a piece and returns its files. Sound of an earlier piece in the folder is removed, as it would no longer fit.

    Raises:
        OutputError: the folder can't be written; one that was not there before is removed again.
    """
    before = _sounds_on_record(folder)
    names = write_files(folder, piece.files())
    old = sorted(before - set(names))
    with suppress(OSError):
        for name in old:
            (folder / name).unlink(missing_ok=True)
        if not any(name.startswith("stems/") for name in names):
            (folder / "stems").rmdir()  # stays if it holds anything else
    if old:
        note(f"removed the sound of the piece that was in {folder} before: {', '.join(old)}")
    return names


def _sounds_on_record(folder: Path) -> set[str]:
    """Sound files that the manifest of an earlier piece names; none where there is no sound manifest."""
    from img2music.io.documents import parse, read_file
    from img2music.pipeline.manifest import Manifest

    path = folder / "piece.json"
    try:
        record = parse(read_file(path), Manifest, kind="manifest", source=str(path)) if path.exists() else None
    except DocumentError:
        return set()
    return {name for name in record.files if _SOUND.fullmatch(name)} if record is not None else set()

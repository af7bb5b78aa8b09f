"""What `styles cp`, `pipelines cp` and `prompts cp` have in common: where a copy goes, and what it may not replace."""

from __future__ import annotations

import os
from pathlib import Path

from img2music.atomic_files import write_file
from img2music.errors import OutputError, UsageError

__all__ = ["copy_out"]

_SEPARATORS = tuple(sign for sign in (os.sep, os.altsep) if sign)


def copy_out(content: bytes, file: str, to: str | None, *, force: bool) -> Path:
    """Writes a copy and returns its path.

    Args:
        content: of the copy.
        file: its name where `to` names none.
        to: a file, a folder, or None for `file` here; a folder that ends in a slash has to be there.
        force: replace a file, or a link to one, that bears the name. Nothing else is ever replaced.

    Raises:
        UsageError: `to` is blank.
        OutputError: the name is taken, or can't be written.
    """
    if to is not None and not to.strip():
        raise UsageError(f"FILE is blank; name a file or a folder, or leave it out for {file} here")
    target = Path(file if to is None else to)
    if to is not None and to.endswith(_SEPARATORS) and not os.path.isdir(target):  # noqa: PTH112  Path.is_dir raises for long names
        raise OutputError(f"{to} is not a folder; make it first, or name a file")
    if os.path.isdir(target):  # noqa: PTH112
        target /= file
    try:
        _check_free(target, force=force)
        write_file(target, content)
    except OutputError as error:
        cause = error.__context__  # `write_file` speaks of -o, which no copy has
        if isinstance(cause, OSError):
            raise _unwritable(target, cause) from None
        raise
    except (OSError, ValueError) as error:
        raise _unwritable(target, error) from None
    return target


def _check_free(target: Path, *, force: bool) -> None:
    if not os.path.lexists(target):
        return
    if not os.path.isfile(target):  # noqa: PTH113  also of links that lead nowhere or in a circle
        raise OutputError(f"{target} is there and is neither a file nor a link to one; name another file")
    if not force:
        raise OutputError(f"{target} is there already; name another file, or replace it with --force")


def _unwritable(target: Path, error: Exception) -> OutputError:
    reason = getattr(error, "strerror", None) or str(error)
    return OutputError(f"can't write {target} ({reason}); name another file or folder")

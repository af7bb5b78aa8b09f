"""What people felt in the pictures: ratings.csv beside them, with the columns picture, valence, arousal.

`picture` is the file's name without its folder, the others lie in [-1, 1] (Russell 1980). Where such a file is there, it is what a
prompt's feeling is held against, and a picture that it leaves out is not measured: two yardsticks in one mean would be none.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from img2music.errors import DocumentError
from img2music.io.documents import read_file

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["find_ratings", "load_ratings"]

_COLUMNS = ("picture", "valence", "arousal")


def find_ratings(pictures: Iterable[Path]) -> dict[str, tuple[float, float]] | None:
    """Ratings by the picture's file name from every folder that holds a picture; None where no folder has any.

    Raises:
        DocumentError: a ratings.csv that can't be read.
    """
    found: dict[str, tuple[float, float]] | None = None
    for folder in sorted({path.parent for path in pictures}):
        path = folder / "ratings.csv"
        if path.is_file():
            found = (found or {}) | load_ratings(path)
    return found


def load_ratings(path: Path) -> dict[str, tuple[float, float]]:
    """Valence and arousal by the picture's file name.

    Raises:
        DocumentError: not UTF-8, a column is missing, or a number out of range; the message names the line.
    """
    try:
        text = read_file(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DocumentError(f"{path} is not UTF-8 text; save it as CSV in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    found: dict[str, tuple[float, float]] = {}
    try:
        if missing := [name for name in _COLUMNS if name not in (reader.fieldnames or ())]:
            raise DocumentError(f"{path} has no column {missing[0]!r}; its first line must be picture,valence,arousal")
        for row in reader:
            found[Path(row["picture"] or "").name] = (
                _parse_rating(row, "valence", path, reader),
                _parse_rating(row, "arousal", path, reader),
            )
    except csv.Error as error:
        raise DocumentError(f"{path}:{reader.line_num}: {error}; save it as plain CSV") from None
    return found


def _parse_rating(row: dict[str, str], column: str, path: Path, reader: csv.DictReader[str]) -> float:
    try:
        value = float(row[column])
    except (TypeError, ValueError):
        value = 2.0
    if not -1 <= value <= 1:
        raise DocumentError(f"{path}:{reader.line_num}: {column} {str(row[column])[:40]!r} is no number from -1 to 1; scale it")
    return value

"""The picture of a piece that is made again or anew: the small copy beside its record, where that is the one on record.

A record and the folder it lies in may come from anywhere. Only the plain name `picture.jpg` is looked for, only a regular file of bounded
size is read, no link is followed, its hash has to be the one on record, and it has to be a JPEG as this program writes it
(`img2music.io.saved_picture`). Else there is none, and why, and the report shows a sketch of what was seen; a piece is never refused for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from img2music.atomic_files import RECORD
from img2music.errors import Img2MusicError
from img2music.io.documents import LARGEST_BYTES, parse_json
from img2music.manifest import PICTURE_FILE, Manifest
from img2music.regular_files import read_regular_file

if TYPE_CHECKING:
    from img2music.io.saved_picture import SavedPicture

__all__ = ["PictureBeside", "picture_beside_plan", "picture_beside_record"]

_PLAN = "plan.json"


@dataclass(frozen=True, slots=True)
class PictureBeside:
    """What was found."""

    picture: SavedPicture | None
    why_not: str = ""
    """Why there is none, as the end of a sentence: "is not beside the record"; "" where none is on record."""


def picture_beside_record(record: Manifest, folder: Path) -> PictureBeside:
    """The picture of the piece of a record that lies in `folder`."""
    from img2music.io.saved_picture import MOST_BYTES, open_saved_picture

    digest = record.files.get(PICTURE_FILE)
    if digest is None:
        return PictureBeside(None)
    try:
        content = read_regular_file(folder, PICTURE_FILE, MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return PictureBeside(None, "is not beside the record")
    except OSError:
        return PictureBeside(None, "beside the record is no regular file that can be read, or too large")
    if sha256(content).hexdigest() != digest:
        return PictureBeside(None, "beside the record was changed")
    try:
        return PictureBeside(open_saved_picture(content))
    except Img2MusicError:
        return PictureBeside(None, "beside the record is no JPEG as img2music writes it")


def picture_beside_plan(plan: str | Path) -> SavedPicture | None:
    """The picture of the piece whose folder the `plan.json` at this path lies in, edited or not; None where there is none."""
    path = Path(plan)
    if path.name != _PLAN:
        return None
    try:
        content = read_regular_file(path.parent, RECORD, LARGEST_BYTES)
        record = parse_json(content, Manifest, kind="manifest", source=RECORD)
    except (OSError, Img2MusicError, RecursionError):
        return None
    return picture_beside_record(record, path.parent).picture if _PLAN in record.files else None

"""Files that an assistant names on the user's machine: a picture anywhere, a document below the output folder.

What is opened is a regular file and no pipe, device or socket, read once and never more than a bound; whether it is a picture is decided by
decoding it. Addresses of the web are refused. Messages say the path that was given and never what is in the file.
"""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from img2music.app.call_arguments import LARGEST_PLAN_BYTES
from img2music.app.calls import LARGEST_PICTURE_BYTES, open_called_picture
from img2music.errors import DocumentError, PictureError

if TYPE_CHECKING:
    from img2music.io.pictures import Picture

__all__ = ["named_picture", "named_plan", "path_of_address", "read_below"]


def path_of_address(address: str) -> Path:
    """The path in a ``file://`` address."""
    return Path(url2pathname(urlsplit(address).path))


def named_picture(named: Any) -> Picture:
    """The picture at a path of this machine, or in a data address.

    Raises:
        PictureError: no regular file, or none that decodes as a picture.
    """
    if not isinstance(named, str) or not named.strip():
        raise PictureError("no picture is named; give the path of a picture on this machine, such as /home/me/photo.jpg")
    if named.startswith("data:"):
        head, _, body = named.partition(",")
        if not head.endswith(";base64") or len(body) > LARGEST_PICTURE_BYTES * 4 // 3 + 4:
            raise PictureError("the data address is too long, or not in base64; give the picture's path instead")
        try:
            return open_called_picture(base64.b64decode(body, validate=True), "picture")
        except ValueError as error:
            if isinstance(error, PictureError):
                raise
            raise PictureError("the data address is not in base64; give the picture's path instead") from None
    if "://" in named and not named.startswith("file://"):
        raise PictureError("addresses are not fetched; download the picture and give its path")
    path = path_of_address(named) if named.startswith("file://") else Path(named).expanduser()
    return open_called_picture(_read_regular(path, LARGEST_PICTURE_BYTES + 1, PictureError), path.name)


def _read_regular(path: Path, most: int, error: type[PictureError] | type[DocumentError]) -> bytes:
    """The first bytes of a regular file; nothing else is opened for long, and a pipe is not waited for."""
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0))) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise error(f"{str(path)!r} is no regular file; give the path of a file")
            return file.read(most)
    except (OSError, ValueError) as fault:
        if isinstance(fault, error):
            raise
        reason = getattr(fault, "strerror", None) or str(fault)
        raise error(f"{str(path)!r} can't be read ({reason}); check the path") from None


def read_below(home: Path, path: Path, most: int) -> bytes:
    """A file of the output folder; links that lead out of it are followed nowhere.

    Raises:
        DocumentError: it lies elsewhere, is no regular file, or has more than `most` bytes.
    """
    real = Path(os.path.realpath(path if path.is_absolute() else home / path))
    if not real.is_relative_to(os.path.realpath(home)):
        raise DocumentError(f"only files in {home} are read; give the path of one of them")
    content = _read_regular(real, most + 1, DocumentError)
    if len(content) > most:
        raise DocumentError(f"{real.name} has more than {most // 1_000_000} MB; open it on this machine")
    return content


def named_plan(home: Path, named: str) -> str:
    """The text of a plan that is named by its path in the output folder.

    Raises:
        DocumentError: it lies elsewhere, can't be read, or is too large.
    """
    if not named.strip().lower().endswith(".json"):
        raise DocumentError(f"plan is neither JSON nor the path of a plan.json in {home}; give one of them")
    return read_below(home, Path(named.strip()).expanduser(), LARGEST_PLAN_BYTES).decode("utf-8", "replace")

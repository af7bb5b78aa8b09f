"""Files of a folder that may come from anywhere: only regular files are opened, no link is followed, no pipe is waited for.

A name is a plain one or one in a folder, as a manifest has checked it; links in the way to the folder itself are the caller's. What is
opened is judged again once it is open, since it may have been exchanged meanwhile, and no more is read than was judged.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

__all__ = ["file_digest", "read_regular_file"]

_BLOCK_BYTES = 1 << 20
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)  # no link, even one that was put there a moment ago
    | getattr(os, "O_NONBLOCK", 0)  # nor a pipe
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def file_digest(folder: Path, name: str, most_bytes: int | None = None) -> tuple[str, int]:
    """SHA-256 and bytes of the regular file `name`, a plain name or one in a folder, in `folder`.

    Raises:
        FileNotFoundError, NotADirectoryError: there is none.
        OSError: a link, or behind one; no regular file; no permission; more than `most_bytes`.
    """
    digest, used = sha256(), 0
    with _regular_file(folder, name, most_bytes) as (stream, size):
        while used <= size and (block := stream.read(_BLOCK_BYTES)):  # one that grows meanwhile is another file
            digest.update(block)
            used += len(block)
    return digest.hexdigest(), used


def read_regular_file(folder: Path, name: str, most_bytes: int) -> bytes:
    """What the regular file `name` in `folder` holds; errors as of `file_digest`."""
    with _regular_file(folder, name, most_bytes) as (stream, size):
        return stream.read(size)


@contextmanager
def _regular_file(folder: Path, name: str, most_bytes: int | None) -> Iterator[tuple[BinaryIO, int]]:
    """The open file and its bytes, which are those that were judged."""
    path = folder / name
    if path.parent != folder and not stat.S_ISDIR(path.parent.lstat().st_mode):
        raise OSError(errno.ELOOP, "behind a link")
    if not stat.S_ISREG(path.lstat().st_mode):
        raise OSError(errno.EINVAL, "no regular file")
    with os.fdopen(os.open(path, _FLAGS), "rb") as stream:
        about = os.fstat(stream.fileno())
        if not stat.S_ISREG(about.st_mode) or (most_bytes is not None and about.st_size > most_bytes):
            raise OSError(errno.EFBIG, "no regular file, or too large")
        yield stream, about.st_size

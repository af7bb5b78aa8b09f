"""Files that lie beside a manifest, compared with the hashes in it: what was changed since the piece was made.

The folder may come from anywhere. Names are those of the manifest, which checks them (a plain name, or one in `stems/`); only regular
files are opened, no link is followed, a pipe is not waited for, and no more is read than a long piece with all its stems can hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from img2music.atomic_files import file_digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["FileState", "compare_recorded_files"]

FileState = Literal["as recorded", "changed", "missing", "not read"]
""""not read": a link, no regular file, no permission, or more than is read."""
_MOST_BYTES = 2**33
"""Of all files together: 30 minutes of 48 kHz stereo in 16 bits are 346 MB, and 16 stems may go with the mix."""


def compare_recorded_files(folder: Path, hashes: Mapping[str, str], most_bytes: int = _MOST_BYTES) -> dict[str, FileState]:
    """What became of each file of a manifest that lies in `folder`; nothing where none of them is there.

    Args:
        folder: where the manifest lies.
        hashes: SHA-256 by name, as the manifest has them.
        most_bytes: what is read at most; files beyond are "not read".
    """
    found: dict[str, FileState] = {}
    left = most_bytes
    for name, digest in hashes.items():
        found[name], used = _compare(folder, name, digest, left)
        left -= used
    return found if set(found.values()) - {"missing"} else {}


def _compare(folder: Path, name: str, digest: str, left: int) -> tuple[FileState, int]:
    """What became of one file, and how many bytes that took."""
    try:
        found, used = file_digest(folder, name, left)
    except (FileNotFoundError, NotADirectoryError):
        return "missing", 0
    except OSError:
        return "not read", 0
    return ("as recorded" if found == digest else "changed"), used

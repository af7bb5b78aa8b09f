"""Where results go: never over what somebody changed, and all files or none.

Files are written into a hidden folder beside their place first. Only when all are there is it decided which folder they take,
and they are moved into it; a failure on the way puts back whatever was there. So nobody ever sees half a piece.

The rule for a folder that is not empty: it is used where nothing in it would change, and replaced where its `piece.json` tells
of the same picture (or the same plan) and no file was changed since, by the hashes on record. Else the results go to `-2`, `-3` ...
`force` replaces all the same. Files that the results do not name are never touched.
Does not know what the files mean. A record found in a folder is hostile: its names are checked, nothing in it is opened as a path.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from img2music.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Saved", "identity_of", "save_files", "write_file", "write_files"]

RECORD = "piece.json"
"""The file that tells of all the others, and is written last."""
_LARGEST_RECORD_BYTES = 20_000_000
_FILE_NAME = re.compile(r"(stems/)?[a-z0-9][a-z0-9.-]{0,80}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_STAGING = ".img2music-"
_BLOCK_BYTES = 1 << 20
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of some files."""

    folder: Path
    names: tuple[str, ...]
    """In the order in which they were given."""
    replaced: bool = False
    """Whether an earlier piece made room."""
    note: str = ""
    """One line for people where the folder is not simply the one that was asked for, or was not empty."""


@dataclass(frozen=True, slots=True)
class _Earlier:
    """The piece that a folder holds."""

    identity: str
    files: Mapping[str, str]
    """Names and hashes on record."""


def identity_of(record: Mapping[str, Any]) -> str:
    """What a manifest was made from: the picture, or without one the plan but for its seeds; "" where it tells of neither."""
    picture, plan = record.get("picture"), record.get("plan")
    if isinstance(picture, dict):
        return f"picture {picture.get('sha256')}"
    if isinstance(plan, dict):
        content = json.dumps({name: value for name, value in plan.items() if name not in {"seed", "seeds"}}, sort_keys=True)
        return f"plan {sha256(content.encode()).hexdigest()}"
    return ""


def save_files(
    folder: Path,
    files: Iterable[tuple[str, bytes]],
    *,
    identity: str = "",
    force: bool = False,
    numbered: bool = True,
    spare: Path | None = None,
) -> Saved:
    """Write `files`, (relative name, content), into `folder` or one beside it, all of them or none.

    Args:
        folder: where they are to go; made if it is not there.
        files: read one at a time, so that no more than one is in memory.
        identity: what they were made from (`identity_of`); "" never replaces a piece.
        force: replace what is there.
        numbered: go to `folder-2`, `folder-3` ... where `folder` has to stay as it is, instead of raising. Without it, files go beside
            others that bear other names.
        spare: a folder that stays as it is whatever it holds, because the work began from it.

    Raises:
        OutputError: the folder can't be made or written, or has to stay as it is; everything is as it was before.
    """
    with _Staging(folder) as staging:
        for name, content in files:
            staging.add(name, content)
        first_reason = ""
        for number in count(1):
            place = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
            earlier = None if not (place / RECORD).is_file() else _earlier(place / RECORD)
            reason = (
                "" if force else _reason_to_stay(place, earlier, staging.hashes, identity if numbered or earlier else "", spare)
            )
            if not reason:
                break
            if not numbered:
                raise OutputError(f"{place} {reason}; choose another folder, or replace it with force")
            first_reason = first_reason or f"{place} {reason}"
        lost = _differing(place, staging.hashes)
        known = {} if earlier is None else earlier.files
        edited = [name for name in lost if name != RECORD and _hash(place / name) != known.get(name)]
        stale = [name for name in known if RECORD in staging.hashes and name not in staging.hashes]
        removed = [name for name in stale if os.path.lexists(place / name)]
        staging.commit(place, stale)
    said = [f"written to {place}, because {first_reason}; --force replaces it"] if first_reason else []
    if lost:
        edits = f", also {', '.join(edited[:_MOST_NAMED])}, which had been changed" if edited else ""
        said.append(f"replaced the earlier files in {place}{edits}")
    if removed:
        said.append(f"removed {', '.join(removed[:_MOST_NAMED])}, which the earlier piece had and this one has not")
    return Saved(place, tuple(staging.hashes), bool(lost), "; ".join(said))


def _reason_to_stay(place: Path, earlier: _Earlier | None, hashes: Mapping[str, str], identity: str, spare: Path | None) -> str:
    """Why `place` has to stay as it is, as the end of a sentence; "" where files of these hashes may go there."""
    if os.path.lexists(place) and not place.is_dir():
        return "is a file"
    if spare is not None and place.exists() and spare.exists() and place.samefile(spare):
        return "holds what this was made from"
    try:
        empty = not place.exists() or not any(place.iterdir())
    except OSError as error:
        raise _unwritable(place, error) from None
    if empty:
        return ""
    if identity:
        return _reason_to_keep(place, earlier, hashes, identity)
    differing = _differing(place, hashes)
    return f"holds another {differing[0]}" if differing else ""


def _reason_to_keep(place: Path, earlier: _Earlier | None, hashes: Mapping[str, str], identity: str) -> str:
    """Why what is in `place` may not make room for another piece of this identity; "" where it may."""
    if earlier is None:
        return "holds other files"
    if earlier.identity != identity:
        return "holds the piece of another picture" if identity.startswith("picture") else "holds another piece"
    names = sorted({*earlier.files, *hashes} - {RECORD})
    changed = [name for name in names if os.path.lexists(place / name) and _hash(place / name) != earlier.files.get(name)]
    return f"holds files that were changed ({', '.join(changed[:_MOST_NAMED])})" if changed else ""


def _differing(place: Path, hashes: Mapping[str, str]) -> list[str]:
    """The names of `hashes` that are there with other content."""
    return [name for name, digest in hashes.items() if os.path.lexists(place / name) and _hash(place / name) != digest]


def _hash(path: Path) -> str:
    """Of a regular file's content; "" for anything else, which so counts as changed."""
    if path.is_symlink() or not path.is_file():
        return ""
    digest = sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def _earlier(record: Path) -> _Earlier | None:
    """The piece that a `piece.json` of any version tells of; None where it makes no sense."""
    try:
        with record.open("rb") as file:
            content = file.read(_LARGEST_RECORD_BYTES + 1)
        document = json.loads(content) if len(content) <= _LARGEST_RECORD_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None
    files = document.get("files") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(files, dict) or not files:
        return None
    known = all(
        _FILE_NAME.fullmatch(name) and isinstance(digest, str) and _SHA256.fullmatch(digest) for name, digest in files.items()
    )
    return _Earlier(identity_of(document), files) if known else None


def write_files(folder: Path, files: Iterable[tuple[str, bytes]]) -> list[str]:
    """Write all files into `folder` or none, over whatever bears their names, and return the names.

    Raises:
        OutputError: the folder can't be made or written; everything is as it was before.
    """
    with _Staging(folder) as staging:
        for name, content in files:
            staging.add(name, content)
        staging.commit(folder)
    return list(staging.hashes)


class _Staging:
    """A hidden folder in which files wait until all are there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hashes: dict[str, str] = {}
        self._place: Path | None = None
        self._made: list[Path] = []  # parents that were not there before, the outermost first

    def __enter__(self) -> _Staging:
        parent = self.folder.absolute().parent
        self._made = [path for path in reversed((parent, *parent.parents)) if not path.exists()]
        try:
            parent.mkdir(parents=True, exist_ok=True)
            self._place = Path(tempfile.mkdtemp(dir=parent, prefix=_STAGING, suffix=".part"))
            (self._place / "new").mkdir()  # mkdtemp's own folder is private; this one gets the usual permissions
        except OSError as error:
            self._remove_made()
            raise _unwritable(self.folder, error) from None
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self._place is not None:
            rmtree(self._place, ignore_errors=True)
        if kind is not None:
            self._remove_made()

    def add(self, name: str, content: bytes) -> None:
        """One more file that waits."""
        assert self._place is not None  # noqa: S101  entered
        path = self._place / "new" / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise _unwritable(self.folder / name, error) from None
        self.hashes[name] = sha256(content).hexdigest()

    def commit(self, folder: Path, stale: Iterable[str] = ()) -> None:
        """Move everything to `folder`; `stale` are names of an earlier piece that go if nothing takes their place."""
        assert self._place is not None  # noqa: S101  entered
        new, old = self._place / "new", self._place / "old"
        moved: list[tuple[Path, Path]] = []
        try:
            if not folder.exists():
                new.rename(folder)
                return
            _check_clear(folder, self.hashes)
            # The record goes first and comes last: a folder that holds one is complete.
            leaving = sorted({*self.hashes, *stale}, key=lambda name: (name != RECORD, name))
            for name in leaving:
                if os.path.lexists(folder / name):
                    _move(folder / name, old / name, moved)
            for name in sorted(self.hashes, key=lambda name: name == RECORD):
                _move(new / name, folder / name, moved)
        except BaseException as error:
            for source, target in reversed(moved):
                target.replace(source)
                if target.parent != folder:
                    with suppress(OSError):
                        target.parent.rmdir()
            if isinstance(error, OSError):
                raise _unwritable(folder, error) from None
            raise
        for name in stale:
            if "/" in name:
                with suppress(OSError):
                    (folder / name).parent.rmdir()  # stays if it holds anything else

    def _remove_made(self) -> None:
        for path in reversed(self._made):
            with suppress(OSError):
                path.rmdir()


def _check_clear(folder: Path, names: Iterable[str]) -> None:
    """Raises OutputError where a folder bears the name of a file, or a file that of a folder."""
    for name in names:
        path = folder / name
        in_the_way = path if path.is_dir() and not path.is_symlink() else None
        if path.parent != folder and os.path.lexists(path.parent) and not path.parent.is_dir():
            in_the_way = path.parent
        if in_the_way is not None:
            kind = "folder" if in_the_way.is_dir() else "file"
            raise OutputError(f"a {kind} named {in_the_way.name} is in the way in {folder}; move it, or choose another folder")


def _move(source: Path, target: Path, moved: list[tuple[Path, Path]]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    moved.append((source, target))


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, over one that is there.

    Raises:
        OutputError: no permission, no space, or a folder in the way.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_STAGING, suffix=".part")
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)  # mkstemp makes files private; a result is an ordinary file
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(f"can't write {path} ({reason}); choose another folder with -o, or make room and try again")

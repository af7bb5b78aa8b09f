"""Where results go: never over what somebody changed, and all files or none.

Files are written into a hidden folder first. Only when all are there is it decided which folder they take, and they are moved into it,
while other processes and interruptions wait; a failure on the way puts back whatever was there. Should the process be killed
in the middle of replacing a piece, the earlier files lie in ``.img2music-*.part/old`` beside it, and the next run says so.

The rule for a folder that is not empty: it is used where nothing in it would change, and replaced where its `piece.json` tells
of the same picture (or the same plan) and no file was changed since, by the hashes on record. Else the results go to `-2`, `-3` ...
`force` replaces all the same. Files that neither the results nor, unchanged, the record names are never touched.
Does not know what the files mean. A record found in a folder is hostile: its names are checked, links are not followed.
"""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import tempfile
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from shutil import copy2, copytree, rmtree
from typing import TYPE_CHECKING, Any

from img2music.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["RECORD", "Saved", "identity_of", "save_files", "with_checksum", "write_file", "write_files"]

RECORD = "piece.json"
"""The file that tells of all the others, and is written last."""
_LARGEST_RECORD_BYTES = 20_000_000
_FILE_NAME = re.compile(r"(stems/)?[a-z0-9][a-z0-9.-]{0,80}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHECKSUM = re.compile(rb'^  "checksum": "([0-9a-f]{64})"', re.MULTILINE)
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
    """Whether earlier files of these names made room."""
    note: str = ""
    """One line for people where the folder is not simply the one that was asked for, or was not empty."""


@dataclass(frozen=True, slots=True)
class _Earlier:
    """The piece that a folder holds."""

    identity: str
    files: Mapping[str, str]
    """Names and hashes on record."""
    sound: bool
    """Whether the record is as it was written."""


def identity_of(record: Mapping[str, Any]) -> str:
    """What a manifest was made from: the picture, or without one the plan but for its seeds; "" where it tells of neither."""
    picture, plan = record.get("picture"), record.get("plan")
    if isinstance(picture, dict):
        return f"picture {picture.get('sha256')}"
    if isinstance(plan, dict):
        content = json.dumps({name: value for name, value in plan.items() if name not in {"seed", "seeds"}}, sort_keys=True)
        return f"plan {sha256(content.encode()).hexdigest()}"
    return ""


def with_checksum(record: str) -> str:
    """A manifest as JSON, whose ``checksum`` is null, with the hash of that text in its place."""
    return record.replace('\n  "checksum": null', f'\n  "checksum": "{sha256(record.encode()).hexdigest()}"', 1)


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
        with staging.alone():
            first_reason = ""
            for number in count(1):
                place = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
                earlier = _earlier(place / RECORD)
                asked = identity if numbered or earlier else ""
                reason = "" if force else _reason_to_stay(place, earlier, staging.hashes, asked, spare)
                if not reason:
                    break
                if not numbered:
                    raise OutputError(f"{place} {reason}; choose another folder, or replace it with force")
                first_reason = (
                    first_reason or f"{place} {reason}{'' if _obstacle(place, staging.hashes) else '; --force replaces it'}"
                )
            known = {} if earlier is None else earlier.files
            lost = _differing(place, staging.hashes)
            edited = [name for name in lost if name != RECORD and earlier is not None and _hash(place, name) != known.get(name)]
            # Of what the earlier piece had more, only what is still as it was goes, and nothing else that bears such a name.
            more = [name for name in known if RECORD in staging.hashes and name not in staging.hashes]
            stale = [name for name in more if _hash(place, name) == known[name]]
            said = [f"written to {place}, because {first_reason}"] if first_reason else []
            if lost:
                of = " of another piece" if earlier is not None and identity and earlier.identity != identity else ""
                edits = f", also {_listed(edited)}, which had been changed" if edited else ""
                said.append(f"replaced the earlier files{of} in {place}{edits}")
            if stale:
                said.append(f"removed {_listed(stale)}, which the earlier piece had and this one has not")
            said += staging.leftovers()
            staging.commit(place, stale)
    return Saved(place, tuple(staging.hashes), bool(lost), "; ".join(said))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _reason_to_stay(place: Path, earlier: _Earlier | None, hashes: Mapping[str, str], identity: str, spare: Path | None) -> str:
    """Why `place` has to stay as it is, as the end of a sentence; "" where files of these hashes may go there."""
    obstacle = _obstacle(place, hashes)
    if obstacle:
        return obstacle
    if spare is not None and place.exists() and spare.exists() and place.samefile(spare):
        return "holds what this was made from"
    try:
        empty = not place.exists() or all(path.name.startswith(_STAGING) for path in place.iterdir())
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
    changed = [name for name in names if os.path.lexists(place / name) and _hash(place, name) != earlier.files.get(name)]
    changed += [] if earlier.sound else [RECORD]
    return f"holds files that were changed ({_listed(changed)})" if changed else ""


def _obstacle(place: Path, names: Iterable[str]) -> str:
    """What no file can be put over: the end of a sentence about `place`, or ""."""
    if os.path.lexists(place) and not place.is_dir():
        return "is a file" if place.is_file() else "is neither a folder nor a file"
    for name in names:
        path = place / name
        if path.is_dir() and not path.is_symlink():
            return f"has a folder named {name} in the way"
        if path.parent != place and os.path.lexists(path.parent) and (path.parent.is_symlink() or not path.parent.is_dir()):
            return f"has something named {path.parent.name} in the way that is no folder of its own"
    return ""


def _differing(place: Path, hashes: Mapping[str, str]) -> list[str]:
    """The names of `hashes` that are there with other content."""
    return [name for name, digest in hashes.items() if os.path.lexists(place / name) and _hash(place, name) != digest]


def _hash(place: Path, name: str) -> str:
    """Of a regular file's content; "" for anything else, or behind a link, which so counts as changed."""
    path = place / name
    if path.is_symlink() or not path.is_file() or (path.parent != place and path.parent.is_symlink()):
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
    """The piece that a `piece.json` of any version tells of; None where there is none, or one that makes no sense."""
    if record.is_symlink() or not record.is_file():
        return None
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
    told = _CHECKSUM.search(content)  # records of earlier versions have none
    plain = content if told is None else content[: told.start()] + b'  "checksum": null' + content[told.end() :]
    sound = told is None or sha256(plain).hexdigest() == told[1].decode()
    return _Earlier(identity_of(document), files, sound) if known else None


def write_files(folder: Path, files: Iterable[tuple[str, bytes]]) -> list[str]:
    """Write all files into `folder` or none, over whatever bears their names, and return the names.

    Raises:
        OutputError: the folder can't be made or written; everything is as it was before.
    """
    with _Staging(folder) as staging:
        for name, content in files:
            staging.add(name, content)
        with staging.alone():
            staging.commit(folder)
    return list(staging.hashes)


class _Staging:
    """A hidden folder in which files wait until all are there: beside their place, or in it where nothing can be made beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hashes: dict[str, str] = {}
        self._place: Path | None = None
        self._made: list[Path] = []  # parents that were not there before, the outermost first
        self._stays = False  # because what it holds could not be put back

    def __enter__(self) -> _Staging:
        try:
            beside = self.folder.absolute().parent
            parent = self.folder if self.folder.is_dir() and not os.access(beside, os.W_OK | os.X_OK) else beside
            self._made = [path for path in reversed((parent, *parent.parents)) if not path.exists()]
            parent.mkdir(parents=True, exist_ok=True)
            self._place = Path(tempfile.mkdtemp(dir=parent, prefix=_STAGING, suffix=".part"))
            (self._place / "new").mkdir()  # mkdtemp's own folder is private; this one gets the usual permissions
        except (OSError, ValueError) as error:
            self._remove_made()
            raise _unwritable(self.folder, error) from None
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._remove()
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

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Until the end of the block no other process decides or moves beside `folder`, and interruptions wait; then nothing waits here."""
        assert self._place is not None  # noqa: S101  entered
        with _uninterrupted(), _locked(self._place.parent):
            try:
                yield
            finally:
                self._remove()

    def leftovers(self) -> list[str]:
        """A line for each earlier run that was killed while it replaced a piece here."""
        assert self._place is not None  # noqa: S101  entered
        found = sorted(self._place.parent.glob(f"{_STAGING}*.part/old"))
        return [
            f"an earlier run was stopped while it replaced files; they are in {path}" for path in found if any(path.iterdir())
        ]

    def commit(self, folder: Path, stale: Iterable[str] = ()) -> None:
        """Move everything to `folder`; `stale` are names of an earlier piece that go if nothing takes their place."""
        assert self._place is not None  # noqa: S101  entered
        new, old = self._place / "new", self._place / "old"
        obstacle = _obstacle(folder, self.hashes)
        if obstacle:
            raise OutputError(f"{folder} {obstacle}; move it, or choose another folder")
        moves: list[tuple[Path, Path]] = []
        try:
            if not folder.exists():
                new.rename(folder)
                return
            # The record goes first and comes last: a folder that holds one is complete.
            leaving = sorted({*self.hashes, *stale}, key=lambda name: (name != RECORD, name))
            moves = [(folder / name, old / name) for name in leaving if os.path.lexists(folder / name)]
            moves += [(new / name, folder / name) for name in sorted(self.hashes, key=lambda name: name == RECORD)]
            for source, target in moves:
                _move(source, target)
        except BaseException as error:
            self._put_back(moves, folder)
            if isinstance(error, OSError | ValueError):
                raise _unwritable(folder, error) from None
            raise
        for name in stale:
            if "/" in name:
                with suppress(OSError):
                    (folder / name).parent.rmdir()  # stays if it holds anything else

    def _put_back(self, moves: list[tuple[Path, Path]], folder: Path) -> None:
        try:
            for source, target in reversed(moves):
                if os.path.lexists(target) and not os.path.lexists(source):
                    _move(target, source)
                if target.parent != folder:
                    with suppress(OSError):
                        target.parent.rmdir()
        except OSError as error:
            self._stays = True
            raise OutputError(
                f"can't write {folder}, nor put back what was there ({error.strerror or error}); the earlier files are in {self._place}"
            ) from None

    def _remove(self) -> None:
        if self._place is not None and not self._stays:
            rmtree(self._place, ignore_errors=True)

    def _remove_made(self) -> None:
        for path in reversed(self._made):
            with suppress(OSError):
                path.rmdir()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Holds back Ctrl-C and the wish to terminate until the end of the block."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or None in map(signal.getsignal, numbers):
        yield  # interruptions reach the main thread only; a handler that is not Python's can't be put back
        return
    caught: list[int] = []
    before = {one: signal.signal(one, lambda number, _: caught.append(number)) for one in numbers}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        for number in caught[:1]:
            signal.raise_signal(number)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Waits until no other process is in such a block for the same folder. Where the system has no such locks, does not wait."""
    try:
        import fcntl
    except ModuleNotFoundError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _move(source: Path, target: Path) -> None:
    """Renames, or where `target` lies on another file system copies beside it first."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target.with_name(f"{_STAGING}{target.name}")
        if source.is_dir() and not source.is_symlink():
            copytree(source, beside, symlinks=True)
        else:
            copy2(source, beside, follow_symlinks=False)
        beside.replace(target)
        rmtree(source) if source.is_dir() and not source.is_symlink() else source.unlink()


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


def _unwritable(path: Path, error: OSError | ValueError) -> OutputError:
    reason = getattr(error, "strerror", None) or str(error)
    return OutputError(f"can't write {path} ({reason}); choose another folder with -o, or make room and try again")

"""Files that appear all together or not at all, in a folder that nobody else changes meanwhile.

They wait in a hidden folder until all are there, and are then moved to their place while other processes (a lock on the folder around it)
and interruptions (Ctrl-C, SIGTERM) wait; a failure on the way puts back whatever was there. Should the process be killed in
the middle, the earlier files lie in ``.img2music-*.part/old``. Links are not followed. Does not know what the files mean.
"""

from __future__ import annotations

import errno
import os
import signal
import tempfile
import threading
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from shutil import copy2, copytree, rmtree
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "RECORD",
    "STAGING",
    "Staging",
    "obstacle",
    "temporary_folder",
    "unwritable",
    "write_file",
    "write_files",
]

RECORD = "piece.json"
"""The file that tells of all the others, and is written last."""
STAGING = ".img2music-"
"""How the names of hidden folders and files begin."""


def write_files(folder: Path, files: Iterable[tuple[str, bytes]]) -> list[str]:
    """Write all files into `folder` or none, over whatever bears their names, and return the names.

    Raises:
        OutputError: the folder can't be made or written; everything is as it was before.
    """
    with Staging(folder) as staging:
        for name, content in files:
            staging.add(name, content)
        with staging.locked():
            staging.commit(folder)
    return list(staging.hashes)


class Staging:
    """A hidden folder in which files wait until all are there: beside their place, or in it where nothing can be made beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hashes: dict[str, str] = {}
        self._place: Path | None = None
        self._made: list[Path] = []  # parents that were not there before, the outermost first
        self._stays = False  # because what it holds could not be put back

    def __enter__(self) -> Staging:
        try:
            beside = self.folder.absolute().parent
            parent = self.folder if self.folder.is_dir() and not os.access(beside, os.W_OK | os.X_OK) else beside
            self._made = [path for path in reversed((parent, *parent.parents)) if not path.exists()]
            parent.mkdir(parents=True, exist_ok=True)
            self._place = Path(tempfile.mkdtemp(dir=parent, prefix=STAGING, suffix=".part"))
            (self._place / "new").mkdir()  # mkdtemp's own folder is private; this one gets the usual permissions
        except (OSError, ValueError) as error:
            self._remove_made()
            raise unwritable(self.folder, error) from None
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._remove()
        if kind is not None:
            self._remove_made()

    def add(self, name: str, content: bytes) -> None:
        """One more file that waits; raises `Cancelled` when the work was stopped."""
        checkpoint()
        assert self._place is not None  # noqa: S101  entered
        path = self._place / "new" / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise unwritable(self.folder / name, error) from None
        self.hashes[name] = sha256(content).hexdigest()

    @contextmanager
    def locked(self) -> Iterator[None]:
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
        found = sorted(self._place.parent.glob(f"{STAGING}*.part/old"))
        return [
            f"an earlier run was stopped while it replaced files; they are in {path}" for path in found if any(path.iterdir())
        ]

    def commit(self, folder: Path, stale: Iterable[str] = ()) -> None:
        """Move everything to `folder`; `stale` are names of an earlier piece that go if nothing takes their place."""
        assert self._place is not None  # noqa: S101  entered
        new, old = self._place / "new", self._place / "old"
        reason = obstacle(folder, self.hashes)
        if reason:
            raise OutputError(f"{folder} {reason}; move it, or choose another folder")
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
                raise unwritable(folder, error) from None
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


def obstacle(place: Path, names: Iterable[str]) -> str:
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
        beside = target.with_name(f"{STAGING}{target.name}")
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
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=STAGING, suffix=".part")
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)  # mkstemp makes files private; a result is an ordinary file
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise unwritable(path, error) from None


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """A folder of the system's for what is needed while the block runs.

    Raises:
        OutputError: it can't be made or written, because the disk is full above all.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=prefix) as folder:
            yield Path(folder)
    except OSError as error:
        where, reason = tempfile.gettempdir(), error.strerror or error
        raise OutputError(
            f"no temporary files can be kept in {where} ({reason}); make room there, or set TMPDIR to another folder"
        ) from None


def unwritable(path: Path, error: OSError | ValueError) -> OutputError:
    """The error for a place that can't be written, with the system's reason and what to do."""
    reason = getattr(error, "strerror", None) or str(error)
    return OutputError(f"can't write {path} ({reason}); choose another folder with -o, or make room and try again")

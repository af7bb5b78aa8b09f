"""The files of one visit: a private folder with a name that nobody guesses, a bound on its size, and nothing left when it is closed.

What a page plays lies there encoded; the samples of each mix lie there as they were rendered (float32), so that any format of it can be written
later without playing the piece again. Files appear whole, under one lock: after `close` nobody writes any more. When there is too
much, what can be made again goes first: samples and stems of takes that are not shown.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from shutil import copyfileobj, rmtree
from threading import RLock
from typing import IO, TYPE_CHECKING

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import Cancelled
from img2music.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SoundStore", "served_folder"]

_ROOT = "GRADIO_TEMP_DIR"
_SAMPLES = ".f32"


def served_folder() -> Path:
    """Below which the page's server serves files: GRADIO_TEMP_DIR, or the folder that it takes without one."""
    return Path(os.environ.get(_ROOT) or Path(tempfile.gettempdir()) / "gradio")


class SoundStore:
    """The files of one visit, by the number of their take. Thread-safe."""

    def __init__(self, root: Path | None, most_bytes: int) -> None:
        """Makes the folder below `root` (None: `served_folder`), only for this user.

        Raises:
            OutputError: it can't be made.
        """
        self.folder = (root or served_folder()) / f"img2music-{secrets.token_urlsafe(18)}"
        self.most_bytes = most_bytes
        self._lock = RLock()
        self._sizes: dict[tuple[int, str], int] = {}
        self._held: set[tuple[int, str]] = set()
        self._closed = False
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700)
        except OSError as error:
            raise OutputError(
                f"can't make a folder for the visit ({error.strerror or error}); set {_ROOT} to a folder with room"
            ) from None

    @property
    def bytes_used(self) -> int:
        """Of all files."""
        with self._lock:
            return sum(self._sizes.values())

    def write(self, take: int, name: str, content: bytes) -> Path:
        """A file of a take, over one of that name; `name` is ours and may lie in one folder: "stems/01-violin.flac".

        Raises:
            Cancelled: the visit was closed. OutputError: no room on the disk.
        """
        path = self._path(take, name)
        with self._lock:
            self._check_open()
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.write_bytes(content)
            except OSError as error:
                with suppress(OSError):
                    path.unlink()
                raise _no_room(error) from None
            self._sizes[take, name] = len(content)
        return path

    def write_stream(self, take: int, name: str, stream: IO[bytes]) -> Path:
        """The same from a file that is open; it is copied in blocks."""
        path = self._path(take, name)
        with self._lock:
            self._check_open()
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with path.open("wb") as target:
                    copyfileobj(stream, target)
            except OSError as error:
                with suppress(OSError):
                    path.unlink()
                raise _no_room(error) from None
            self._sizes[take, name] = path.stat().st_size
        return path

    def hold(self, take: int, name: str) -> None:
        """A file that can't be made again alike: it stays as long as its take."""
        with self._lock:
            self._held.add((take, name))

    def find(self, take: int, name: str) -> Path | None:
        """The path of a file, if it is there."""
        with self._lock:
            return self._path(take, name) if (take, name) in self._sizes else None

    def write_samples(self, take: int, audio: Audio) -> None:
        """Keeps the samples of a mix; errors as of `write`."""
        channels = np.ascontiguousarray(audio.samples, dtype="<f4")
        self.write(take, _samples_name(audio.sample_rate, channels.shape[0]), channels.tobytes())

    def read_samples(self, take: int) -> Audio | None:
        """The samples of a mix, if they are still there."""
        with self._lock:
            name = next((name for number, name in self._sizes if number == take and name.endswith(_SAMPLES)), None)
            if name is None:
                return None
            content = self._path(take, name).read_bytes()
        rate, channels = (int(word) for word in name.removesuffix(_SAMPLES).split("-")[1:])
        return Audio(np.frombuffer(content, "<f4").reshape(channels, -1).astype(np.float32), rate)

    def drop(self, takes: Iterable[int]) -> None:
        """Removes all files of some takes."""
        gone = set(takes)
        with self._lock:
            self._remove([key for key in self._sizes if key[0] in gone])

    def make_room(self, shown: Iterable[int]) -> None:
        """Removes files until the bound is kept: of takes that are not `shown` samples, stems and files to take away, then mixes; then samples
        of those that are. What is held stays.
        """
        keep = set(shown)
        with self._lock:
            order = sorted(
                self._sizes, key=lambda key: (key[0] in keep, not key[1].endswith(_SAMPLES), "/" not in key[1], key[0])
            )
            for key in order:
                if self.bytes_used <= self.most_bytes:
                    return
                if key not in self._held and (key[0] not in keep or key[1].endswith(_SAMPLES)):
                    self._remove([key])

    def close(self) -> None:
        """Removes the folder; nothing is written any more."""
        with self._lock:
            self._closed = True
            self._sizes.clear()
            rmtree(self.folder, ignore_errors=True)

    def _check_open(self) -> None:
        if self._closed:
            raise Cancelled("the visit was closed")

    def _path(self, take: int, name: str) -> Path:
        return self.folder / f"take-{take}" / name

    def _remove(self, keys: Iterable[tuple[int, str]]) -> None:
        for take, name in keys:
            self._path(take, name).unlink(missing_ok=True)
            self._sizes.pop((take, name), None)
            self._held.discard((take, name))


def _samples_name(rate: int, channels: int) -> str:
    return f"mix-{rate}-{channels}{_SAMPLES}"


def _no_room(error: OSError) -> OutputError:
    return OutputError(f"can't keep a file ({error.strerror or error}); drop some takes and try again")

"""A piece: everything made for one picture, and how to save it.

A piece does not know file formats: the pipeline hands it a function that turns it into files. Saving is all or nothing
(temporary names, then all take their own).
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from img2music.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from img2music.audio import Audio
    from img2music.brief import Brief
    from img2music.performance import Performance
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene
    from img2music.score import Score

__all__ = ["Piece", "write_file", "write_files"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Everything made for one picture: each stage's result, the sound, and the manifest that can make it again.

    Attributes:
        brief: what was asked.
        scene: what was seen; None when the piece began from a plan.
        plan, score, performance: the composition before its notes, as written, as played.
        audio: the mastered mix, float32 (channels, frames); None when sound was not asked for.
        stems: each part's sound by name; empty unless asked for.
        manifest: what `piece.json` holds: versions, hashes, stages, seed, fallbacks, compliance, seconds a stage.
    """

    brief: Brief
    scene: Scene | None
    plan: CompositionPlan
    score: Score
    performance: Performance
    audio: Audio | None
    manifest: Mapping[str, Any]
    stems: Mapping[str, Audio] = field(default_factory=dict)
    exporter: Callable[[Piece], Iterable[tuple[str, bytes]]] = field(kw_only=True, repr=False, compare=False)

    def files(self) -> Iterable[tuple[str, bytes]]:
        """Every file of the output folder as (relative name, content), one at a time."""
        return self.exporter(self)

    def save(self, folder: str | Path) -> Path:
        """Write every file into `folder` (made if missing) and return it.

        Raises:
            OutputError: the folder can't be made or written; nothing half-written stays behind.
        """
        target = Path(folder)
        write_files(target, self.files())
        return target


def write_files(folder: Path, files: Iterable[tuple[str, bytes]]) -> list[str]:
    """Write all files into `folder` or none, and return their names.

    Everything is written beside its place first; only when all is there the files take their names, in the order given. So a
    full disk leaves an earlier piece as it was, and a folder that was not there before is removed again.

    Raises:
        OutputError: the folder can't be made or written.
    """
    existed = folder.exists()
    waiting: list[tuple[Path, Path]] = []
    try:
        for name, content in files:
            waiting.append((_write_beside(folder / name, content), folder / name))
        for temporary, path in waiting:
            _take_name(temporary, path)
    except BaseException:
        for temporary, _ in waiting:
            temporary.unlink(missing_ok=True)
        if not existed:
            rmtree(folder, ignore_errors=True)
        raise
    return [path.relative_to(folder).as_posix() for _, path in waiting]


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        OutputError: no permission, no space, or a folder in the way.
    """
    temporary = _write_beside(path, content)
    try:
        _take_name(temporary, path)
    except OutputError:
        temporary.unlink(missing_ok=True)
        raise


def _write_beside(path: Path, content: bytes) -> Path:
    """The content in a new file of the same folder, readable as any result is."""
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)  # mkstemp makes files private; a result is an ordinary file
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise _unwritable(path, error) from None
    return Path(temporary)


def _take_name(temporary: Path, path: Path) -> None:
    try:
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(f"can't write {path} ({reason}); choose another folder with -o, or make room and try again")

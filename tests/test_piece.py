from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from img2music.errors import OutputError
from img2music.piece import write_file, write_files


def files(*, fails: bool = False, text: bytes = b"new") -> Iterator[tuple[str, bytes]]:
    yield "plan.json", text
    yield "stems/01-flute.wav", text
    if fails:
        raise OutputError("no room; make some")
    yield "piece.json", text


def listing(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_all_files_are_written_in_order(tmp_path: Path) -> None:
    assert write_files(tmp_path / "out", files()) == ["plan.json", "stems/01-flute.wav", "piece.json"]
    assert listing(tmp_path / "out") == ["piece.json", "plan.json", "stems/01-flute.wav"]


def test_a_failure_leaves_an_earlier_piece_as_it_was(tmp_path: Path) -> None:
    write_files(tmp_path / "out", files(text=b"old"))
    with pytest.raises(OutputError, match="no room"):
        write_files(tmp_path / "out", files(fails=True))
    assert listing(tmp_path / "out") == ["piece.json", "plan.json", "stems/01-flute.wav"]
    assert {(tmp_path / "out" / name).read_bytes() for name in listing(tmp_path / "out")} == {b"old"}


def test_a_failure_leaves_no_new_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no room"):
        write_files(tmp_path / "out", files(fails=True))
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(OutputError, match=r"No space left on device.*make room"):
        write_file(tmp_path / "a.txt", b"x")
    assert listing(tmp_path) == []


def test_results_are_ordinary_files(tmp_path: Path) -> None:
    ordinary = tmp_path / "ordinary"
    ordinary.write_bytes(b"")
    write_file(tmp_path / "a.txt", b"x")
    assert (tmp_path / "a.txt").stat().st_mode == ordinary.stat().st_mode

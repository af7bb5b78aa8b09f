"""Files that appear all together, also where renaming is not enough and where even putting back fails."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from img2music.atomic_files import STAGING, write_files
from img2music.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator


def files(text: bytes) -> Iterator[tuple[str, bytes]]:
    yield "plan.json", text
    yield "stems/01-flute.wav", text
    yield "piece.json", text


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def other_file_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is staged lies on another file system: it can't be renamed to its place."""
    rename = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.parent != Path(target).parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", replace)


@pytest.mark.usefixtures("other_file_system")
def test_files_are_copied_where_they_can_not_be_renamed(tmp_path: Path) -> None:
    names = write_files(tmp_path / "out", files(b"old"))
    assert names == ["plan.json", "stems/01-flute.wav", "piece.json"]
    write_files(tmp_path / "out", files(b"new"))
    assert contents(tmp_path / "out") == dict(files(b"new"))
    assert not list(tmp_path.rglob(f"{STAGING}*"))


def test_a_failure_on_the_way_puts_back_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path / "out", files(b"old"))
    rename = Path.replace

    def fail_once(self: Path, target: Path) -> Path:
        if Path(target) == tmp_path / "out" / "plan.json" and not failed:
            failed.append(True)
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    failed: list[bool] = []
    monkeypatch.setattr(Path, "replace", fail_once)
    with pytest.raises(OutputError, match="Input/output error"):
        write_files(tmp_path / "out", files(b"new"))
    assert contents(tmp_path / "out") == dict(files(b"old"))


def test_where_even_that_fails_the_earlier_files_stay_and_their_place_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path / "out", files(b"old"))
    rename = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if Path(target).is_relative_to(tmp_path / "out") and Path(target).name == "plan.json":
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match=r"nor put back what was there .*; the earlier files are in (.*)") as error:
        write_files(tmp_path / "out", files(b"new"))
    place = Path(str(error.value).partition("the earlier files are in ")[2])
    assert place.is_dir()
    assert b"old" in contents(place).values()

"""Files beside a manifest: what was changed since, and nothing opened that should not be."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from img2music.pipeline.replay import compare_recorded_files
from tests.support.commands import QUICK_OPTIONS, assert_one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONTENT = b"notes" * 1000
DIGEST = sha256(CONTENT).hexdigest()
NAMES = ("score.mid", "stems/01-violin.flac")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "piece" / "stems").mkdir(parents=True)
    for name in NAMES:
        (tmp_path / "piece" / name).write_bytes(CONTENT)
    return tmp_path / "piece"


def found(folder: Path, most_bytes: int = 10**6) -> list[str]:
    return list(compare_recorded_files(folder, dict.fromkeys(NAMES, DIGEST), most_bytes).values())


def test_each_file_is_told_apart(folder: Path) -> None:
    assert found(folder) == ["as recorded", "as recorded"]
    (folder / NAMES[0]).write_bytes(CONTENT[:-1] + b"x")
    assert found(folder) == ["changed", "as recorded"]
    (folder / NAMES[0]).unlink()
    assert found(folder) == ["missing", "as recorded"]
    (folder / NAMES[1]).write_bytes(b"")
    assert found(folder) == ["missing", "changed"]


def test_where_nothing_lies_nothing_is_told(tmp_path: Path) -> None:
    assert found(tmp_path) == []
    (tmp_path / "stems").write_text("a file")
    assert compare_recorded_files(tmp_path, {"stems/01-x.wav": DIGEST}) == {"stems/01-x.wav": "not read"}


def test_no_link_is_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "01-violin.flac").write_bytes(CONTENT)
    (tmp_path / "secret").write_bytes(CONTENT)
    (folder / NAMES[0]).unlink()
    (folder / NAMES[0]).symlink_to(tmp_path / "secret")
    (folder / NAMES[1]).unlink()
    (folder / "stems").rmdir()
    (folder / "stems").symlink_to(tmp_path / "elsewhere")
    assert found(folder) == ["not read", "not read"]
    (folder / NAMES[0]).unlink()
    (folder / NAMES[0]).symlink_to(tmp_path / "nowhere")
    assert found(folder)[0] == "not read"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that have a name")
def test_pipes_and_folders_are_not_read(folder: Path) -> None:
    (folder / NAMES[0]).unlink()
    os.mkfifo(folder / NAMES[0])
    (folder / NAMES[1]).unlink()
    (folder / NAMES[1]).mkdir()
    assert found(folder) == ["not read", "not read"]


def test_what_is_read_is_bounded(folder: Path) -> None:
    assert found(folder, len(CONTENT)) == ["as recorded", "not read"]
    assert found(folder, 2 * len(CONTENT)) == ["as recorded", "as recorded"]
    os.truncate(folder / NAMES[0], 2**40)  # takes no room on the disk
    assert found(folder, 2**33) == ["not read", "as recorded"]


def test_a_file_that_can_not_be_read_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr("img2music.atomic_files.os.open", refuse)
    assert found(folder) == ["not read", "not read"]


def test_the_command_tells_of_changed_files_and_leaves_with_0(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    assert run("compose", make_picture(), "-o", tmp_path / "out", *QUICK_OPTIONS)[0] == 0
    folder = tmp_path / "out" / "hills"
    recorded = set(json.loads((folder / "piece.json").read_text())["files"])
    code, out, err = run("replay", folder / "piece.json", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["beside"] == dict.fromkeys(recorded, "as recorded")
    original = (folder / "score.mid").read_bytes()
    (folder / "score.mid").write_bytes(original + b"edited")
    (folder / "score.abc").unlink()
    code, out, err = run("replay", folder / "piece.json", "--json")
    told = json.loads(out)
    assert (code, told["same"]) == (0, True)
    assert (told["files"]["score.mid"], told["beside"]["score.mid"]) == ("same", "changed")
    assert (told["beside"]["score.abc"], told["beside"]["plan.json"]) == ("missing", "as recorded")
    assert "files beside it are not as recorded: score.mid (changed), score.abc (missing)" in assert_one_line(err)
    # Compared before it is written over, which is done only if asked for.
    for force, place in (((), tmp_path / "out" / "hills-2"), (("--force",), folder)):
        code, out, _ = run("replay", folder / "piece.json", "-o", tmp_path / "out", "--json", *force)
        assert (code, json.loads(out)["folder"], json.loads(out)["beside"]["score.mid"]) == (0, str(place), "changed")
        assert (place / "score.mid").read_bytes() == original
        assert ((folder / "score.mid").read_bytes() == original) == (place == folder)


def test_a_manifest_alone_has_nothing_beside_it(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    assert run("compose", make_picture(), "-o", tmp_path / "out", *QUICK_OPTIONS)[0] == 0
    (tmp_path / "alone").mkdir()
    alone = (tmp_path / "out" / "hills" / "piece.json").rename(tmp_path / "alone" / "piece.json")
    code, out, err = run("replay", alone, "--json")
    assert (code, err, json.loads(out)["beside"]) == (0, "", {})

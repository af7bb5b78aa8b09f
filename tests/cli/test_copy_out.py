"""`styles cp`, `pipelines cp` and `prompts cp`: a copy replaces nothing that nobody named, and says in a line why it can't be made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.commands import assert_one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]

SHELVES = [("styles", "waltz", "waltz.yaml"), ("pipelines", "offline", "offline.yaml"), ("prompts", "see/cited", "cited.md")]
everywhere = pytest.mark.parametrize(("group", "name", "file"), SHELVES)


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(run: Run, *words: object, code: int = 3) -> str:
    found, out, err = run(*words)
    assert (found, out) == (code, ""), err
    assert " -o" not in err
    return assert_one_line(err)


@everywhere
def test_a_link_that_leads_nowhere_stays(run: Run, tmp_path: Path, group: str, name: str, file: str) -> None:
    (tmp_path / file).symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    for target in ([], ["loop"], ["--force"], ["loop", "--force"]):
        assert "neither a file nor a link to one; name another file" in refused(run, group, "cp", name, *target)
    assert (tmp_path / file).readlink().name == "nowhere"
    assert (tmp_path / "loop").readlink().name == "loop"


@everywhere
def test_force_replaces_files_and_links_to_files_alone(run: Run, tmp_path: Path, group: str, name: str, file: str) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "link").symlink_to("mine")
    assert "--force" in refused(run, group, "cp", name, "link")
    assert run(group, "cp", name, "link", "--force")[0] == 0
    assert (tmp_path / "mine").read_text() == "mine"
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder" / file).mkdir(parents=True)
    for target in ("pipe", os.devnull, "folder"):
        assert "neither a file" in refused(run, group, "cp", name, target, "--force")
    assert (tmp_path / "pipe").is_fifo()


@everywhere
def test_a_name_that_is_none_is_one_line(run: Run, tmp_path: Path, group: str, name: str, file: str) -> None:
    assert "name another" in refused(run, group, "cp", name, "x" * 300)
    assert "name another" in refused(run, group, "cp", name, f"{'x' * 300}/y")
    for blank in ("", " "):
        assert f"for {file} here" in refused(run, group, "cp", name, blank, code=2)
    assert "nodir/ is not a folder; make it first" in refused(run, group, "cp", name, "nodir/")
    assert [*tmp_path.iterdir()] == []
    (tmp_path / "nodir").mkdir()
    assert run(group, "cp", name, "nodir/")[0] == 0
    assert [*tmp_path.glob("*/*")] == [tmp_path / "nodir" / file]


@everywhere
def test_a_place_that_can_not_be_written_is_told_without_an_option_that_is_not_there(
    run: Run, tmp_path: Path, group: str, name: str, file: str
) -> None:
    (tmp_path / "a-file").write_text("mine")
    told = refused(run, group, "cp", name, f"a-file/{file}")
    assert "can't write" in told
    assert told.endswith("name another file or folder\n")


def test_a_prompt_of_ones_own_keeps_its_name(run: Run, tmp_path: Path) -> None:
    assert run("prompts", "cp", "see/cited")[0] == 0
    (tmp_path / "sub").mkdir()
    assert run("prompts", "cp", "cited.md", "sub")[0] == 0
    assert [*(tmp_path / "sub").iterdir()] == [tmp_path / "sub" / "cited.md"]
    assert "is there already" in refused(run, "prompts", "cp", tmp_path / "cited.md")
    assert run("prompts", "cp", "sub/cited.md", "other.md")[0] == 0
    assert {path.name for path in tmp_path.iterdir()} == {"cited.md", "other.md", "sub"}

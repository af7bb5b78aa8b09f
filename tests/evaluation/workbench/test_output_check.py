"""A grid lives in a folder of its own: what people keep elsewhere is neither written over nor added to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from img2music.errors import OutputError
from img2music.evaluation.workbench import CellStore
from img2music.evaluation.workbench.output_check import check_grid_folder
from tests.support import extras
from tests.support.commands import assert_one_line
from tests.support.prompt_trials import DIGEST, attribute_answer, cell_record, prompt_file, record_cell_answers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]
    Words = Callable[..., list[object]]

ANSWER = '{"question": "ab", "answer": "{}", "tokens_in": 1, "tokens_out": 1}\n'


@pytest.fixture
def tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_picture: Callable[..., Path]) -> Words:
    """The words of a run of one cell."""
    extras.require("llm")
    monkeypatch.chdir(tmp_path)
    prompt_file(tmp_path, "a")
    make_picture("one.png")
    line = record_cell_answers(tmp_path / "recorded.jsonl", [attribute_answer()])
    words = ["prompts", "try", "--prompts", "a.md", "--pictures", "one.png", "--models", line, "--no-audio"]
    return lambda *more: [*words, *more]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["index.html", "cells.jsonl", "answers.jsonl", "holiday.txt", ".hidden", "pieces/song.mid"])
def test_a_folder_of_other_files_is_left_alone(run: Run, tried: Words, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "g"
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_text("mine\n")
    code, _, err = run(*tried("--seconds", "4", "-o", "g"))
    assert code == 3
    assert f"g holds other files ({name.partition('/')[0]})" in assert_one_line(err)
    assert err.endswith("choose another folder with -o\n")
    assert content(folder) == {name: b"mine\n"}


@pytest.mark.parametrize("name", ["index.html", "cells.jsonl", "answers.jsonl", "pieces", f"pieces/{DIGEST}"])
@pytest.mark.parametrize("resumed", [False, True])
def test_links_that_bear_our_names_are_refused(tmp_path: Path, name: str, resumed: bool) -> None:
    folder, mine = tmp_path / "g", tmp_path / "mine"
    (folder / name).parent.mkdir(parents=True)
    mine.write_text("mine\n")
    if resumed and name != "cells.jsonl":
        CellStore(folder)._append("cells.jsonl", cell_record().model_dump_json())
    for target in (mine, tmp_path / "nowhere", tmp_path):
        (folder / name).symlink_to(target)
        with pytest.raises(OutputError, match=r"is no file of ours but a link.*choose another folder with -o"):
            check_grid_folder(folder)
        (folder / name).unlink()
    assert mine.read_text() == "mine\n"


def test_a_link_in_a_cell_is_refused(tmp_path: Path) -> None:
    CellStore(tmp_path).save(cell_record(), {"plan.json": b"{}"})
    check_grid_folder(tmp_path)
    (tmp_path / "pieces" / DIGEST / "audio.ogg").symlink_to("plan.json")
    with pytest.raises(OutputError, match=r"audio\.ogg is no file of ours"):
        check_grid_folder(tmp_path)


def test_the_folder_of_an_earlier_run_is_gone_on_with(run: Run, tried: Words, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert run(*tried("--seconds", "4", "-o", "out"))[0] == 0
    (tmp_path / "out" / "notes.txt").write_text("mine")
    code, _, err = run(*tried("--seconds", "0:04", "-o", "out"))  # a length as on a clock is the same length
    assert (code, "all done: nobody is asked" in err) == (0, True)
    cells = tmp_path / "out" / "cells.jsonl"
    cells.write_text("half a li\n" + cells.read_text().replace('"format":1', '"format":7'))  # torn, and of another version
    check_grid_folder(tmp_path / "out")


def test_a_run_that_was_stopped_early_goes_on(tmp_path: Path) -> None:
    check_grid_folder(tmp_path / "nowhere")
    (tmp_path / "pieces" / DIGEST).mkdir(parents=True)
    (tmp_path / "pieces" / DIGEST / "plan.json").write_text("{}")
    (tmp_path / "answers.jsonl").write_text(ANSWER)
    (tmp_path / "cells.jsonl").write_text(cell_record().model_dump_json()[:60])
    (tmp_path / "index.html").write_text("<!DOCTYPE html>\n<html><head><title>Prompts tried: img2music</title>")
    check_grid_folder(tmp_path)
    (tmp_path / "answers.jsonl").write_text(ANSWER + "mine\n")
    with pytest.raises(OutputError, match=r"answers\.jsonl"):
        check_grid_folder(tmp_path)


def test_a_length_that_is_none_is_told_as_everywhere(run: Run, tried: Words) -> None:
    code, _, err = run(*tried("--seconds", "long"))
    assert (code, "such as 90 or 1:30" in assert_one_line(err)) == (3, True)

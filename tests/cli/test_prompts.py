"""`img2music prompts`: ls, show, cp, try."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from img2music.cancellation import Cancelled
from img2music.evaluation.workbench.result_tables import SCORES
from img2music.resources import data_folder
from img2music.templates import TEMPLATE_VARIABLES, UNTRUSTED_LIMITS, load_prompt, prompt_names
from tests.support import extras
from tests.support.commands import assert_one_line
from tests.support.prompt_trials import attribute_answer, prompt_file, record_cell_answers

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]
    MakePicture = Callable[..., Path]


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative paths lie in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_ls_names_every_prompt(run: Run) -> None:
    code, out, _ = run("prompts", "ls")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(prompt_names())
    code, out, _ = run("prompts", "ls", "--json")
    assert {one["name"]: one["purpose"] for one in objects(out)} == {name: name.partition("/")[0] for name in prompt_names()}


def test_the_guide_names_every_variable_score_and_option(run: Run) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "prompts.md").read_text()
    for name in {variable for offered in TEMPLATE_VARIABLES.values() for variable in offered}:
        assert f"`{name}`{'*' if name in UNTRUSTED_LIMITS else ' '}" in guide.replace("|", " "), name
    for score in SCORES:
        assert f"\n| {score.removesuffix(' in').removesuffix(' out')}" in guide, score
    code, out, _ = run("prompts", "try", "--help")
    assert code == 0
    for option in {word for word in re.findall(r"--[a-z-]+", out) if word not in {"--help", "--out"}}:
        assert f"`{option}" in guide, option


def test_show_prints_a_prompt_as_it_is_written(run: Run) -> None:
    code, out, _ = run("prompts", "show", "see/cited")
    assert code == 0
    assert out.startswith("---\nname: see/cited\n")
    assert "{{ cues }}" in out
    code, _, err = run("prompts", "show", "see/cite")
    assert code == 2
    assert "did you mean 'see/cited'" in assert_one_line(err)


def test_cp_makes_a_file_to_be_edited(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("prompts", "cp", "see/cited")
    assert (code, out) == (0, "cited.md\n")
    assert load_prompt("cited.md").digest == load_prompt("see/cited").digest
    code, _, err = run("prompts", "cp", "see/cited")
    assert code == 3
    assert "--force" in assert_one_line(err)
    assert run("prompts", "cp", "see/cited", "--force")[0] == 0
    (tmp_path / "sub").mkdir()
    assert run("prompts", "cp", "see/cited", "sub")[0] == 0
    assert (tmp_path / "sub" / "cited.md").is_file()
    assert run("prompts", "cp", "see/cited", "mine/x.md")[0] == 0
    assert run("prompts", "cp", "../README")[0] == 2


@pytest.fixture
def tried(tmp_path: Path, make_picture: MakePicture) -> Callable[..., list[object]]:
    """The words of a small run: two prompts, two pictures, one model."""
    extras.require("llm")
    prompt_file(tmp_path, "a")
    prompt_file(tmp_path, "b", "Look again.")
    make_picture("pics/one.png")
    make_picture("pics/two.png", tint=2)
    line = record_cell_answers(tmp_path / "answers.jsonl", [attribute_answer(), attribute_answer(tempo_bpm=150)])

    def words(*more: object) -> list[object]:
        return [
            "prompts",
            "try",
            "--prompts",
            "a.md",
            "b.md",
            "--pictures",
            "pics",
            "--models",
            line,
            "--seconds",
            "4",
            "--no-audio",
            *more,
        ]

    return words


def test_try_makes_a_page_and_goes_on_where_it_stopped(run: Run, tried: Callable[..., list[object]], tmp_path: Path) -> None:
    code, out, err = run(*tried("-o", "out"))
    assert code == 0
    assert "4 cells, 0 done, 4 to make: at most 36 requests" in err
    assert "nothing leaves this machine" in err
    assert "4/4 mine/b · replay:answers.jsonl · two.png · seed 0: valid" in err
    assert "mine/a less mine/b" in out
    assert "can't tell: 2 pictures, 5 are needed" in out
    page = tmp_path / "out" / "index.html"
    assert page.read_text().startswith("<!DOCTYPE html>")
    before = (tmp_path / "out" / "cells.jsonl").read_bytes()
    code, again, err = run(*tried("-o", "out"))
    assert (code, again) == (0, out)
    assert "4 cells, all done: nobody is asked" in assert_one_line(err)
    assert (tmp_path / "out" / "cells.jsonl").read_bytes() == before


def test_try_prints_objects_for_programs(run: Run, tried: Callable[..., list[object]]) -> None:
    code, out, _ = run(*tried("--json"))
    assert code == 0
    told = objects(out)
    scores = [one for one in told if one["what"] == "scores"]
    assert [(one["prompt"], one["done"], one["scores"]["validity"]) for one in scores] == [
        ("mine/a", 2, {"mean": 1.0, "count": 2}), ("mine/b", 2, {"mean": 1.0, "count": 2}),
    ]  # fmt: skip
    assert scores[0]["scores"]["seconds"] == {"mean": None, "count": 0}
    assert scores[0]["scores"]["diversity"]["mean"] > 0
    differences = {one["score"]: one for one in told if one["what"] == "difference"}
    assert differences["affect"] | {"interval_95": 0} == {
        "what": "difference", "compare": "prompts", "first": "mine/a", "second": "mine/b", "with": "replay:answers.jsonl",
        "score": "affect", "difference": 0.0, "interval_95": 0, "pictures": 2, "better": None,
    }  # fmt: skip
    assert told[-1] == {"what": "page", "file": "prompts-tried/index.html"}


@pytest.mark.parametrize(
    "prompts",
    [
        ["--prompts", "a.md", "b.md"],
        ["--prompts", "a.md", "--prompts", "b.md"],
        ["--prompts", "a.md,b.md"],
        ["--prompts=a.md", "b.md"],
        ["--prompts=a.md,b.md"],
    ],
)
def test_several_values_may_be_written_in_every_way(
    run: Run, tried: Callable[..., list[object]], prompts: list[str], tmp_path: Path
) -> None:
    line = tried()[tried().index("--models") + 1]
    words = [
        "prompts",
        "try",
        "--pictures",
        "pics/one.png",
        "pics/two.png",
        *prompts,
        "--no-audio",
        "--models",
        line,
        "--seconds",
        "4",
    ]
    code, out, err = run(*words, "--json", "-o", "out")
    assert code == 0, err
    assert [one["prompt"] for one in objects(out) if one["what"] == "scores"] == ["mine/a", "mine/b"]


def test_words_that_belong_to_no_list_are_wrong_use(run: Run, tried: Callable[..., list[object]]) -> None:
    code, _, err = run(*tried("--seeds", "1", "c.md"))
    assert code == 2
    assert "c.md" in assert_one_line(err)
    code, _, err = run("prompts", "try", "--prompts", "--models", "x")
    assert code == 2
    code, _, err = run("prompts", "try")
    assert code == 2
    assert "--prompts" in assert_one_line(err)


def test_wrong_use_is_one_line_with_the_remedy(run: Run, tried: Callable[..., list[object]], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "wrong.md").write_text((tmp_path / "a.md").read_text() + "{{ weather }}\n")
    (tmp_path / "full").write_text("x")
    good = tried()

    def but(option: str, value: str) -> list[object]:
        words = [*good]
        if option in words:
            place = words.index(option)
            end = next((at for at in range(place + 1, len(words)) if str(words[at]).startswith("-")), len(words))
            words[place + 1 : end] = [value]
        else:
            words += [option, value]
        return words

    for option, value, code, part in (
        ("--models", "magic:x", 2, "no model provider"),
        ("--models", "openai:x?api_key=1", 2, "environment variable"),
        ("--prompts", "see/none", 2, "no prompt 'see/none'"),
        ("--prompts", "gone.md", 3, "gone.md"),
        ("--prompts", "wrong.md", 2, "weather"),
        ("--pictures", "empty", 3, "no pictures in empty"),
        ("--pictures", "a.md", 3, "no picture that can be read"),
        ("--seeds", "0", 2, "1 to 100"),
        ("--seconds", "0", 3, "1 to 1800"),
        ("--budget", "-1", 2, "from 0 up"),
        ("--limit-per-minute", "0", 2, "above 0"),
        ("-o", "full", 3, "not a folder"),
    ):
        found, out, err = run(*but(option, value))
        assert (found, out) == (code, ""), (option, value, err)
        assert part in assert_one_line(err)
    assert not (tmp_path / "prompts-tried").exists()


def test_a_dear_run_does_not_begin(run: Run, tried: Callable[..., list[object]], tmp_path: Path) -> None:
    words = [
        word if not str(word).startswith("replay:") else f"{word}?price_in=1000&price_out=1000"
        for word in tried("--budget", "0.01")
    ]
    code, _, err = run(*words)
    assert code == 2
    assert "above the budget of 0.01" in err
    assert not (tmp_path / "prompts-tried").exists()


def test_a_budget_stops_a_run_and_a_higher_one_goes_on(run: Run, tried: Callable[..., list[object]], tmp_path: Path) -> None:
    """Each answer costs far more than was estimated before the first of its kind."""
    line = record_cell_answers(tmp_path / "dear.jsonl", [attribute_answer()] * 4, tokens=(1_000_000, 0))
    line += "?price_in=1&price_out=1"
    words = [word if not str(word).startswith("replay:") else line for word in tried()]
    code, out, err = run(*words, "--budget", "2.5")
    assert code == 0
    assert "stopped: the next cell would pass the budget of 2.5 USD (2.0000 spent); raise it to go on" in err
    assert "The pieces side by side" in out
    _, _, err = run(*words, "--budget", "100")
    assert "4 cells, 2 done, 2 to make" in err


def test_a_damaged_line_of_the_record_is_told_and_its_cell_made_again(
    run: Run, tried: Callable[..., list[object]], tmp_path: Path
) -> None:
    run(*tried())
    cells = tmp_path / "prompts-tried" / "cells.jsonl"
    first, *rest = cells.read_text().splitlines()
    cells.write_text("\n".join([first[: len(first) // 2], *rest]) + "\n")
    code, _, err = run(*tried())
    assert code == 0
    assert "1 lines of " in err
    assert "are damaged or from another version, and are skipped" in err
    assert "4 cells, 3 done, 1 to make" in err


def test_on_a_terminal_only_what_went_wrong_stays_on_the_screen(
    run: Run, tried: Callable[..., list[object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "200")
    code, out, err = run(*tried())
    assert code == 0
    assert "1/4" not in err
    assert "validity" in out
    (tmp_path / "answers.jsonl").write_text("")
    code, _, err = run(*tried("-o", "other"))
    assert code == 4
    assert "4/4 mine/b" in err


def test_somebody_at_a_terminal_is_asked_before_anything_leaves_the_machine(
    run: Run, tried: Callable[..., list[object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extras.require("llm")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-nobody")
    for stream in (sys.stdin, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    asked = []

    def refuse(question: str, **_: object) -> bool:
        asked.append(question)
        return False

    monkeypatch.setattr("typer.confirm", refuse)
    code, _, err = run(*(word if not str(word).startswith("replay:") else "openai:gpt-4o-mini" for word in tried()))
    assert (code, asked) == (130, ["Go on?"])
    assert "interrupted" in err
    assert not (tmp_path / "prompts-tried").exists()


def test_nothing_leaves_the_machine_unless_somebody_agreed(
    run: Run, tried: Callable[..., list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    words = [word if not str(word).startswith("replay:") else "openai:gpt-4o-mini" for word in tried()]
    code, _, err = run(*words)
    assert code == 2
    assert "set OPENAI_API_KEY" in err  # told before anybody has to agree
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-nobody")
    code, _, err = run(*words)
    assert code == 2
    assert "prompts and pictures would go to openai:gpt-4o-mini; agree with --yes" in err
    code, _, err = run(*words, "--budget", "1", "--yes")
    assert code == 2
    assert "--budget needs prices" in err
    monkeypatch.delenv("OPENAI_API_KEY")
    code, _, err = run(*words, "--yes")
    assert code in {2, 4}  # no key, or no package
    assert "OPENAI_API_KEY" in err or "pip install" in err


def test_a_run_without_any_answer_is_an_error_that_is_told_once(
    run: Run, tried: Callable[..., list[object]], tmp_path: Path
) -> None:
    (tmp_path / "answers.jsonl").write_text("")
    code, out, err = run(*tried())
    assert code == 4
    assert "no cell got an answer" in err
    assert "0/2, 2 failed" in out
    assert (tmp_path / "prompts-tried" / "index.html").is_file()
    code, _, err = run(*tried())
    assert code == 0
    assert "4 of them failed (run them again with --retry-failed)" in assert_one_line(err)
    assert run(*tried("--retry-failed"))[0] == 4


def test_ratings_beside_the_pictures_are_the_yardstick(run: Run, tried: Callable[..., list[object]], tmp_path: Path) -> None:
    run(*tried())
    (tmp_path / "pics" / "ratings.csv").write_text("picture,valence,arousal\none.png,0.2,-0.1\n")
    code, out, _ = run(*tried("--json"))
    assert code == 0
    affect = [one["scores"]["affect"] for one in objects(out) if one["what"] == "scores"]
    assert affect == [{"mean": 1.0, "count": 1}] * 2
    (tmp_path / "pics" / "ratings.csv").write_text("picture,valence,arousal\none.png,2,0\n")
    code, _, err = run(*tried())
    assert code == 3
    assert "ratings.csv:2" in assert_one_line(err)


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, Cancelled])
def test_an_interrupted_run_says_how_to_go_on(
    run: Run, tried: Callable[..., list[object]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, interrupt: type[BaseException]
) -> None:
    from img2music.evaluation.workbench import runner

    original = runner._CellMaker.make

    def stop(self: Any, cell: Any, **options: Any) -> Any:
        if cell.prompt.label == "mine/b":
            raise interrupt
        return original(self, cell, **options)

    with monkeypatch.context() as patch:
        patch.setattr(runner._CellMaker, "make", stop)
        code, _, err = run(*tried())
    assert code == 130
    assert "the same command goes on from there" in err
    assert (tmp_path / "prompts-tried" / "cells.jsonl").read_text().count("\n") == 1
    code, _, err = run(*tried())
    assert code == 0
    assert "4 cells, 1 done, 3 to make" in err


def test_a_folder_of_ones_own_works_the_same(run: Run, tmp_path: Path) -> None:
    for name in ("see/cited", "plan/refine"):
        assert run("prompts", "cp", name, tmp_path / f"{name.replace('/', '-')}.md")[0] == 0
    code, out, _ = run("prompts", "ls", tmp_path)
    assert code == 0
    assert [Path(line.split()[0]).name for line in out.splitlines()] == ["plan-refine.md", "see-cited.md"]
    code, out, _ = run("prompts", "show", tmp_path / "see-cited.md")
    assert (code, "purpose: see" in out) == (0, True)
    code, _, err = run("prompts", "ls", tmp_path / "nowhere")
    assert (code, "give a folder of prompts" in err) == (3, True)
    (tmp_path / "empty").mkdir()
    code, _, err = run("prompts", "ls", tmp_path / "empty")
    assert (code, "holds no prompts" in err) == (3, True)


def test_a_folder_of_prompts_is_tried_whole(tmp_path: Path, make_picture: Callable[..., Path]) -> None:
    from img2music.evaluation.workbench import load_grid

    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("plan/compose", "plan/refine"):
        (folder / f"{name.partition('/')[2]}.md").write_bytes(data_folder("prompts").joinpath(f"{name}.md").read_bytes())
    answers = tmp_path / "a.jsonl"
    answers.write_text('{"answer": "x"}\n')
    grid = load_grid([str(folder)], [f"replay:{answers}"], [str(make_picture())], seeds=1, seconds=10)
    assert len(grid.prompts) == 2

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from img2music.pipeline import Pipeline
from tests.support.commands import PIECE_FILES, QUICK_OPTIONS, assert_one_line, run_cli
from tests.support.registered import register

if TYPE_CHECKING:
    from collections.abc import Callable

# As a user types it


def test_compose_as_a_program(make_picture: Callable[..., Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run_cli(["compose", make_picture("a hill.png"), "-o", out, "--seed", "3", *QUICK_OPTIONS])
    assert (done.returncode, done.stderr) == (0, "")
    assert str(out / "a hill") in done.stdout
    assert {path.name for path in (out / "a hill").iterdir()} == PIECE_FILES
    again = run_cli(["replay", out / "a hill" / "piece.json", "-o", tmp_path / "again", "--json"])
    assert (again.returncode, again.stderr) == (0, "")
    assert json.loads(again.stdout)["same"] is True


def test_failures_as_a_program(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no picture")
    done = run_cli(["compose", tmp_path / "note.txt", "-o", tmp_path / "out"])
    assert (done.returncode, done.stdout) == (3, "")
    assert "note.txt" in assert_one_line(done.stderr)
    assert not (tmp_path / "out").exists()


def test_nobody_reads() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "img2music", "styles", "ls"], stdout=closed, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "")


def test_a_terminal_that_lacks_a_letter(make_picture: Callable[..., Path]) -> None:
    path = make_picture(f"{'long' * 20}/hügel.png")
    done = run_cli(["see", path], env=os.environ | {"PYTHONIOENCODING": "iso8859-5"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "h\\xfcgel.png" in done.stdout


# Help and wrong use


def test_help_names_every_verb(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run()
    assert (code, err) == (0, "")
    for verb in ("compose", "see", "plan", "realize", "render", "hear", "replay", "pipelines", "styles", "doctor"):
        assert re.search(rf"^  {verb} ", out, re.MULTILINE)
        code, text, _ = run(verb, "--help")
        assert code == 0
        assert "Usage: img2music" in text


def test_version(run: Callable[..., tuple[int, str, str]]) -> None:
    from img2music import __version__

    assert run("--version") == (0, f"{__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compse"], "No such command 'compse'.*compose.*see `img2music --help`"),
        (["styles"], "Missing command; see `img2music styles --help`"),
        (["compose"], "see `img2music compose --help`"),
        (["render", "-o", "OUT"], "Missing argument"),
        (["compose", "x.png", "-o", "OUT", "--tempo", "fast"], "--tempo"),
        (["compose", "x.png", "-o", "OUT", "--tempo", "96-"], "--tempo"),
        (["compose", "x.png", "-o", "OUT", "--tempo", "72-fast"], "write such as 90, or 72-96"),
        (["compose", "x.png", "-o", "OUT", "--key", "D minor, H major"], "'H' is no pitch name"),
        (["compose", "x.png", "-o", "OUT", "--audio", "aac"], "--audio"),
        (["compose", "x.png", "-o", "OUT", "--loud"], "No such option.*--loud"),
        (["compose", "x.png", "-o", "OUT", "--key", "H minor"], "H"),
        (["compose", "x.png", "-o", "OUT", "--meter", "13/8"], "no metre '13/8'"),
        (["compose", "x.png", "-o", "OUT", "--style", "walz"], "no style 'walz' .did you mean 'waltz'"),
        (["compose", "x.png", "-o", "OUT", "--instrument", "vilin"], "no instrument 'vilin' .did you mean 'violin'"),
        (["compose", "x.png", "-o", "OUT", "--pipeline", "oflin"], "no pipeline 'oflin' .did you mean 'offline'"),
        (["compose", "x.png", "-o", "OUT", "--max-pixels", "0"], "max_pixels"),
        (["render", "x.mid", "-o", "OUT", "--audio", "none"], "render makes nothing but sound"),
        (["styles", "show", "walz"], "no style 'walz' .did you mean 'waltz'"),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, arguments: list[str], message: str
) -> None:
    out = tmp_path / "out"
    code, text, err = run(*(str(out) if argument == "OUT" else argument for argument in arguments))
    assert (code, text) == (2, "")
    assert re.search(message, assert_one_line(err))
    assert not out.exists()


# Bad input


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        (["--tempo", "900"], "give a tempo of 20 to 300"),
        (["--tempo", "nan"], "give a tempo of 20 to 300"),
        (["--tempo", "-5"], "give a tempo of 20 to 300"),
        (["--tempo", "0-90"], "give a tempo of 20 to 300"),
        (["--tempo", "90-900"], "give a tempo of 20 to 300"),
        (["--tempo", "72-96", "--loop"], "a loop ends as it begins, so its tempo can't go from 72 to 96"),
        (["--key", "C, D, C, D, C, D, C, D, C, D, C, D, C"], "name at most 12 keys"),
        (["--seconds", "5", "--key", "C, D, E, F", "--tempo", "60"], "too few for 4 keys"),
        (["--seconds", "0.5"], "give a length of 1 to 1800"),
        (["--seconds", "inf"], "give a length of 1 to 1800"),
        (["--seed", "-1"], "whole number from 0 up"),
        (["--takes", "0"], "takes from 1 to 100"),
        (["--words", "x" * 10_001], "at most 10000 characters"),
        (["--instrument", ",".join(["piano"] * 13)], "at most 12 instruments"),
        (["--style", "missing.yaml"], "missing.yaml can't be read"),
        (["--pipeline", "missing.yaml"], "missing.yaml can't be read"),
    ],
)
def test_a_wish_that_cant_be_met_is_exit_3(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path, wishes: list[str], message: str
) -> None:
    code, out, err = run("compose", make_picture(), "-o", tmp_path / "out", "--audio", "none", *wishes)
    assert (code, out) == (3, "")
    assert message in assert_one_line(err)
    assert not (tmp_path / "out").exists()


def bad_pictures(folder: Path, good: Path) -> dict[str, str]:
    """Pictures that can't be read, and what the line about each says."""
    content = good.read_bytes()
    (folder / "empty.png").write_bytes(b"")
    (folder / "truncated.png").write_bytes(content[: len(content) // 2])
    (folder / "text.jpg").write_text("not a picture")
    (folder / "folder.png").mkdir()
    return {
        "missing.png": "missing.png",
        "empty.png": "empty",
        "truncated.png": "truncated",
        "text.jpg": "no picture",
        "folder.png": "folder.png",
    }


def test_bad_pictures_are_told_and_leave_nothing(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    for name, message in bad_pictures(tmp_path, make_picture()).items():
        code, out, err = run("compose", tmp_path / name, "-o", tmp_path / "out", *QUICK_OPTIONS)
        assert (code, out) == (3, ""), name
        assert message in assert_one_line(err)
        assert name in err
        assert not (tmp_path / "out").exists()


def test_the_limit_of_pixels_can_be_set(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    code, _, err = run("see", make_picture(), "--max-pixels", "1000")
    assert (code, "more than 1000 pixels" in assert_one_line(err)) == (3, True)
    code, _, err = run("compose", make_picture(), "-o", tmp_path / "out", "--max-pixels", "3000", *QUICK_OPTIONS)
    assert (code, "more than 3000 pixels" in assert_one_line(err)) == (3, True)
    assert run("see", make_picture(), "--max-pixels", "3072")[0] == 0


def test_the_others_go_on_and_the_failed_are_listed(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    good = [make_picture("one.png"), make_picture("two.png", tint=2)]
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    code, out, err = run("compose", good[0], tmp_path / "bad.png", "missing.jpg", good[1], "-o", tmp_path / "out", *QUICK_OPTIONS)
    assert code == 3
    assert out.count("bpm") == 2
    lines = err.splitlines()
    assert len(lines) == 3
    assert lines[-1] == f"img2music: 2 of 4 failed: {tmp_path / 'bad.png'}, missing.jpg"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["one", "two"]
    assert all({path.name for path in folder.iterdir()} == PIECE_FILES for folder in (tmp_path / "out").iterdir())


def test_the_exit_code_is_the_worst(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, "renderer", "lacking", "tests.support.stand_in_stages:Lacking")
    path = tmp_path / "lacking.yaml"
    path.write_text("name: l\ndescription: d\nneeds: n\nleaves_machine: n\nlicence: l\nstages: {renderer: {use: lacking}}\n")
    code, _, err = run("compose", make_picture(), "missing.png", "-o", tmp_path / "out", "--pipeline", path, "--seconds", "5")
    assert code == 4
    assert "hills.png: this stage needs nosuchpackage: pip install nosuchpackage" in err
    assert not (tmp_path / "out").exists()


def test_a_full_disk_leaves_nothing_half_written(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [make_picture("one.png"), make_picture("two.png")]
    write, failures = Path.write_bytes, [True, False, True]

    def full(self: Path, content: bytes) -> int:
        if self.name == "score.svg" and failures.pop(0):
            write(self, content[:10])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(self, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    code, _, err = run("compose", *pictures, "-o", tmp_path / "out", *QUICK_OPTIONS)
    assert code == 3
    assert "No space left on device" in err.splitlines()[0]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["two"]
    assert {path.name for path in (tmp_path / "out" / "two").iterdir()} == PIECE_FILES
    (tmp_path / "out" / "one").mkdir()
    (tmp_path / "out" / "one" / "mine.txt").write_text("kept")
    assert run("compose", pictures[0], "-o", tmp_path / "out", *QUICK_OPTIONS)[0] == 3
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["one", "two"]
    assert [path.name for path in (tmp_path / "out" / "one").iterdir()] == ["mine.txt"]


def test_a_disk_that_is_full_at_once(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    picture = make_picture()
    monkeypatch.setattr("img2music.atomic_files.tempfile.mkdtemp", full)
    code, out, err = run("compose", picture, "-o", tmp_path / "out", *QUICK_OPTIONS)
    assert (code, out) == (3, "")
    assert "No space left on device" in assert_one_line(err)
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_way(run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    for out in (tmp_path / "taken", tmp_path / "taken" / "below"):
        code, text, err = run("compose", make_picture(), "-o", out, *QUICK_OPTIONS)
        assert (code, text) == (3, "")
        assert "is not a folder" in assert_one_line(err) or "Not a directory" in err


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_permission(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    code, _, err = run("compose", make_picture(), "-o", closed / "out", *QUICK_OPTIONS)
    assert (code, "no permission" in assert_one_line(err)) == (3, True)


def test_an_unexpected_fault_is_one_line_and_exit_1(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object, **__: object) -> None:
        raise ZeroDivisionError("deep\ninside")

    monkeypatch.setattr(Pipeline, "see", fault)
    code, out, err = run("see", make_picture())
    assert (code, out) == (1, "")
    assert "unexpected ZeroDivisionError: deep inside" in assert_one_line(err)
    assert "IMG2MUSIC_DEBUG=1" in err
    monkeypatch.setenv("IMG2MUSIC_DEBUG", "1")
    assert "Traceback" in run("see", make_picture())[2]


def test_an_interruption_is_quiet(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Pipeline, "see", interrupt)
    code, out, err = run("see", make_picture())
    assert (code, out) == (130, "")
    assert "Traceback" not in err


def test_names_from_outside_can_not_reach_the_terminal_raw(run: Callable[..., tuple[int, str, str]]) -> None:
    code, _, err = run("see", "\x1b[31mred\nline.png")
    assert code == 3
    assert "\x1b" not in assert_one_line(err)

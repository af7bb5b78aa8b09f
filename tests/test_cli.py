from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from img2music.cli import main
from img2music.io.documents import load_plan, load_scene
from img2music.pipeline import Event, Pipeline
from img2music.stages import BUILTIN
from img2music.style import load_style, style_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONTRACT = {
    "piece.json", "scene.json", "plan.json", "score.mid", "score.musicxml", "score.abc", "score.svg", "pianoroll.svg", "report.html",
}  # fmt: skip
QUICK = ["--seconds", "5", "--audio", "none"]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs a command in this process: exit code, standard output, standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def humming(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipeline whose renderer hums."""
    monkeypatch.setitem(BUILTIN["renderer"], "hum", "standins:Hum")
    path = tmp_path / "humming.yaml"
    path.write_text(
        "name: humming\ndescription: d\nneeds: n\nleaves_machine: nothing\nlicence: l\nstages: {renderer: {use: hum}}\n"
    )
    return path


def shell(arguments: Sequence[object], **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs a command as a user does."""
    command = [sys.executable, "-m", "img2music", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def one_line(text: str) -> str:
    """The text, which is one clear line."""
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    return text


# As a user types it


def test_compose_as_a_program(make_picture: Callable[..., Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = shell(["compose", make_picture("a hill.png"), "-o", out, "--seed", "3", *QUICK])
    assert (done.returncode, done.stderr) == (0, "")
    assert str(out / "a hill") in done.stdout
    assert {path.name for path in (out / "a hill").iterdir()} == CONTRACT
    again = shell(["replay", out / "a hill" / "piece.json", "-o", tmp_path / "again", "--json"])
    assert (again.returncode, again.stderr) == (0, "")
    assert json.loads(again.stdout)["same"] is True


def test_failures_as_a_program(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no picture")
    done = shell(["compose", tmp_path / "note.txt", "-o", tmp_path / "out"])
    assert (done.returncode, done.stdout) == (3, "")
    assert "note.txt" in one_line(done.stderr)
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
    done = shell(["see", make_picture("hügel.png")], env=os.environ | {"PYTHONIOENCODING": "iso8859-5"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "h\\xfcgel.png" in done.stdout


# Help and wrong use


def test_help_names_every_verb(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run()
    assert (code, err) == (0, "")
    for verb in ("compose", "see", "plan", "realize", "render", "replay", "pipelines", "styles", "doctor"):
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
        (["compose", "x.png"], "Missing option.*--out"),
        (["compose", "x.png", "-o", "OUT", "--tempo", "fast"], "--tempo"),
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
    assert re.search(message, one_line(err))
    assert not out.exists()


# Bad input


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        (["--tempo", "900"], "give a tempo of 20 to 300"),
        (["--tempo", "nan"], "give a tempo of 20 to 300"),
        (["--tempo", "-5"], "give a tempo of 20 to 300"),
        (["--seconds", "0.5"], "give a length of 1 to 1800"),
        (["--seconds", "inf"], "give a length of 1 to 1800"),
        (["--seed", "-1"], "whole number from 0 up"),
        (["--takes", "0"], "takes from 1 to 100"),
        (["--words", "x" * 401], "at most 400 characters"),
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
    assert message in one_line(err)
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
        code, out, err = run("compose", tmp_path / name, "-o", tmp_path / "out", *QUICK)
        assert (code, out) == (3, ""), name
        assert message in one_line(err)
        assert name in err
        assert not (tmp_path / "out").exists()


def test_the_limit_of_pixels_can_be_set(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    code, _, err = run("see", make_picture(), "--max-pixels", "1000")
    assert (code, "more than 1000 pixels" in one_line(err)) == (3, True)
    code, _, err = run("compose", make_picture(), "-o", tmp_path / "out", "--max-pixels", "3000", *QUICK)
    assert (code, "more than 3000 pixels" in one_line(err)) == (3, True)
    assert run("see", make_picture(), "--max-pixels", "3072")[0] == 0


def test_the_others_go_on_and_the_failed_are_listed(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    good = [make_picture("one.png"), make_picture("two.png", tint=2)]
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    code, out, err = run("compose", good[0], tmp_path / "bad.png", "missing.jpg", good[1], "-o", tmp_path / "out", *QUICK)
    assert code == 3
    assert out.count("bpm") == 2
    lines = err.splitlines()
    assert len(lines) == 3
    assert lines[-1] == f"img2music: 2 of 4 failed: {tmp_path / 'bad.png'}, missing.jpg"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["one", "two"]
    assert all({path.name for path in folder.iterdir()} == CONTRACT for folder in (tmp_path / "out").iterdir())


def test_the_exit_code_is_the_worst(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BUILTIN["renderer"], "lacking", "standins:Lacking")
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
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.parent.name == "one" and target.name == "score.svg":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    code, _, err = run("compose", *pictures, "-o", tmp_path / "out", *QUICK)
    assert code == 3
    assert "No space left on device" in err.splitlines()[0]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["two"]
    assert {path.name for path in (tmp_path / "out" / "two").iterdir()} == CONTRACT
    (tmp_path / "out" / "one").mkdir()
    (tmp_path / "out" / "one" / "mine.txt").write_text("kept")
    assert run("compose", pictures[0], "-o", tmp_path / "out", *QUICK)[0] == 3
    assert (tmp_path / "out" / "one" / "mine.txt").read_text() == "kept"
    assert not list((tmp_path / "out" / "one").glob(".*"))


def test_a_disk_that_is_full_while_writing(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            os.close(self.handle)

        def __init__(self, handle: int, _mode: str) -> None:
            self.handle = handle

        def write(self, content: bytes) -> None:
            os.write(self.handle, content[:10])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    picture = make_picture()
    monkeypatch.setattr("img2music.piece.os.fdopen", Full)
    code, out, err = run("compose", picture, "-o", tmp_path / "out", *QUICK)
    assert (code, out) == (3, "")
    assert "No space left on device" in one_line(err)
    assert list((tmp_path / "out").rglob("*")) == []


def test_a_file_in_the_way(run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    for out in (tmp_path / "taken", tmp_path / "taken" / "below"):
        code, text, err = run("compose", make_picture(), "-o", out, *QUICK)
        assert (code, text) == (3, "")
        assert "is not a folder" in one_line(err) or "Not a directory" in err


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_permission(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    code, _, err = run("compose", make_picture(), "-o", closed / "out", *QUICK)
    assert (code, "no permission" in one_line(err)) == (3, True)


def test_an_unexpected_fault_is_one_line_and_exit_1(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object, **__: object) -> None:
        raise ZeroDivisionError("deep\ninside")

    monkeypatch.setattr(Pipeline, "see", fault)
    code, out, err = run("see", make_picture())
    assert (code, out) == (1, "")
    assert "unexpected ZeroDivisionError: deep inside" in one_line(err)
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
    assert "\x1b" not in one_line(err)


# Where results go


def test_two_pictures_of_one_name_get_two_folders(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    pictures = [make_picture("a/sea.png"), make_picture("b/SEA.png"), make_picture("sea-2.png"), make_picture("c/sea.png")]
    code, out, err = run("compose", *pictures, "-o", tmp_path / "out", *QUICK)
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["SEA-3", "sea", "sea-2", "sea-4"]
    assert err.count("because another input has the same name") == 2
    assert out.count("bpm") == 4


@pytest.mark.parametrize(
    ("name", "folder"),
    [(".hidden.png", "hidden"), (". .png", "piece"), ("tab\there .png", "tab_here"), ("x" * 200 + ".png", "x" * 100)],
)
def test_odd_names_become_plain_folders(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path, name: str, folder: str
) -> None:
    assert run("see", make_picture(name), "-o", tmp_path / "out")[0] == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == [folder]


def test_sound_of_the_piece_before_is_removed(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path, humming: Path
) -> None:
    folder = tmp_path / "out" / "hills"
    base = ["compose", make_picture(), "-o", tmp_path / "out", "--pipeline", humming, "--seconds", "3"]
    assert run(*base, "--stems")[0] == 0
    (folder / "mine.wav").write_text("mine")
    assert (folder / "audio.wav").exists()
    assert list((folder / "stems").iterdir()) != []
    code, _, err = run(*base, "--audio", "none", "--seed", "2")
    assert code == 0
    assert f"removed the sound of the piece that was in {folder} before: audio.wav, stems/01-" in one_line(err)
    assert {path.name for path in folder.iterdir()} == CONTRACT | {"mine.wav"}


# What is printed


def test_compose_tells_what_became_of_a_wish(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    wishes = ["--tempo", "141", "--key", "Eb lydian", "--meter", "5/4", "--instrument", "viola, harp", "--seed", "9"]
    code, out, err = run("compose", make_picture(), "-o", tmp_path / "out", *QUICK, *wishes, "--style", "folk", "--words", "calm")
    assert (code, err) == (0, "")
    assert "folk, Eb lydian, 5/4, 141 bpm, 0:05, seed 9" in out
    assert "note: you asked for" in out
    plan = load_plan(tmp_path / "out" / "hills" / "plan.json")
    assert {part.instrument for part in plan.parts} == {"viola", "harp"}


def test_compose_for_programs(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    pictures = [make_picture("one.png"), "missing.png", make_picture("two.png", tint=1)]
    code, out, _ = run("compose", *pictures, "-o", tmp_path / "out", *QUICK, "--json", "--tempo", "99.5")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 3
    assert [row["picture"] for row in rows] == [str(picture) for picture in pictures]
    assert rows[0]["folder"] == str(tmp_path / "out" / "one")
    assert rows[0]["tempo_bpm"] == 99.5
    assert set(rows[0]["files"]) == CONTRACT
    assert all(row["passed"] for row in rows[0]["compliance"])
    assert (rows[1]["exit_code"], "missing.png" in rows[1]["error"]) == (3, True)


def test_see_and_plan_print_one_object_a_line_in_order(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    pictures = [make_picture("one.png"), tmp_path / "bad.png", make_picture("zwei ü.png", tint=1)]
    code, out, err = run("see", *pictures, "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 3
    assert out.isascii()
    assert [row.get("picture", {}) for row in rows][1] == str(pictures[1])
    assert [rows[0]["picture"]["file"], rows[2]["picture"]["file"]] == ["one.png", "zwei ü.png"]
    attribute = rows[0]["attributes"]["tempo_bpm"]
    assert set(attribute) == {"value", "because", "confidence"}
    assert err.count("\n") == 2
    code, out, _ = run("plan", *pictures, "--json", "--seconds", "5")
    plans = [json.loads(line) for line in out.splitlines()]
    assert code == 3
    assert [sorted(plan)[:2] for plan in plans][1] == ["error", "exit_code"]
    assert plans[0]["seconds"] == plans[2]["seconds"] == 5


def test_what_is_printed_is_what_is_written(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    _, out, _ = run("see", make_picture(), "--json", "-o", tmp_path)
    assert json.loads(out) == json.loads((tmp_path / "hills" / "scene.json").read_text())
    _, out, _ = run("plan", tmp_path / "hills" / "scene.json", "--json", "-o", tmp_path / "planned", "--key", "A minor")
    written = tmp_path / "planned" / "hills" / "plan.json"
    assert json.loads(out) == json.loads(written.read_text())
    assert load_plan(written).key == "A minor"
    assert load_scene(tmp_path / "planned" / "hills" / "scene.json") == load_scene(tmp_path / "hills" / "scene.json")


def test_see_and_plan_for_people(run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path]) -> None:
    code, out, err = run("see", make_picture())
    assert (code, err) == (0, "")
    assert re.search(r"^    tempo_bpm +[\d.]+ \(\d+% sure\) because of ", out, re.MULTILINE)
    code, out, err = run("plan", make_picture(), "--tempo", "88")
    assert (code, err) == (0, "")
    assert "Why:" in out
    assert "88" in out


# From one stage to the next


def test_an_edited_plan_is_realized_and_rendered(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path, humming: Path
) -> None:
    assert run("plan", make_picture(), "-o", tmp_path / "one", "--seconds", "4", "--tempo", "100")[0] == 0
    path = tmp_path / "one" / "hills" / "plan.json"
    path.write_text(path.read_text().replace('"tempo_bpm": 100.0', '"tempo_bpm": 120.0'))
    code, out, err = run("realize", path, "-o", tmp_path / "two", "--json")
    assert (code, err) == (0, "")
    row = json.loads(out)
    assert (row["plan"], row["tempo_bpm"], row["folder"]) == (str(path), 120, str(tmp_path / "two" / "hills"))
    assert set(row["files"]) == CONTRACT - {"scene.json"}
    for source in (path, tmp_path / "two" / "hills" / "score.mid"):
        code, out, err = run(
            "render", source, "-o", tmp_path / "three", "--pipeline", humming, "--audio", "flac", "--stems", "--json"
        )
        assert (code, err) == (0, "")
        row = json.loads(out)
        assert row["files"][0] == "audio.flac"
        assert row["seconds"] == pytest.approx(4, abs=0.05)
        assert all((tmp_path / "three" / "hills" / name).is_file() for name in row["files"])
        assert len(row["files"]) > 1


def test_the_real_sound_is_made_again_byte_for_byte(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    import numpy as np
    import soundfile

    assert run("compose", make_picture(), "-o", tmp_path / "one", "--seconds", "3", "--stems")[0] == 0
    folder = tmp_path / "one" / "hills"
    samples, rate = soundfile.read(folder / "audio.wav")
    assert samples.shape == (3 * rate, 2)
    assert np.abs(samples).max() > 0.05
    stems = sorted(path.name for path in (folder / "stems").iterdir())
    assert [name[:3] for name in stems] == [f"{number:02}-" for number in range(1, len(stems) + 1)]
    code, out, err = run("replay", folder / "piece.json", "-o", tmp_path / "two", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["files"]["audio.wav"] == "same"
    for name in ("audio.wav", "score.mid", "score.abc", "score.musicxml", f"stems/{stems[0]}"):
        assert (tmp_path / "two" / "hills" / name).read_bytes() == (folder / name).read_bytes()
    code, _, err = run("render", folder / "score.mid", "-o", tmp_path / "three")
    assert (code, err) == (0, "")
    assert soundfile.info(tmp_path / "three" / "hills" / "audio.wav").duration == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize(
    ("verb", "name", "content", "message"),
    [
        ("realize", "plan.json", b"{", "plan.json: not a JSON document"),
        ("realize", "none.json", None, "none.json can't be read"),
        ("render", "song.mid", b"MThd\x00\x00\x00\x06\x00\x01", "song.mid"),
        ("render", "song.mid", b"", "song.mid"),
        ("render", "song.wav", b"RIFF", "is neither MIDI nor a plan"),
        ("plan", "scene.json", b"[]", "scene.json: Input should be"),
        ("replay", "piece.json", b'{"format": 2}', "piece.json"),
    ],
)
def test_broken_documents_are_exit_3(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, verb: str, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, out, err = run(verb, tmp_path / name, "-o", tmp_path / "out")
    assert (code, out) == (3, "")
    assert message in one_line(err)
    assert not (tmp_path / "out").exists()


def test_replay_leaves_with_4_when_a_file_differs(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    assert run("compose", make_picture(), "-o", tmp_path, *QUICK)[0] == 0
    path = tmp_path / "hills" / "piece.json"
    code, out, err = run("replay", path)
    assert (code, err) == (0, "")
    assert "7 files the same" in out
    manifest = json.loads(path.read_text())
    manifest["files"]["score.mid"] = "0" * 64
    manifest["versions"]["mido"] = "0.0.1"
    path.write_text(json.dumps(manifest))
    code, out, err = run("replay", path, "-o", tmp_path / "again", "--picture", make_picture())
    assert code == 4
    assert "score.mid (different)" in err
    assert "mido was 0.0.1" in err
    assert "data:image/jpeg" in (tmp_path / "again" / "hills" / "report.html").read_text()


def test_a_fallback_is_told_on_the_screen(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BUILTIN["perceiver"], "lacking", "standins:Lacking")
    path = tmp_path / "p.yaml"
    path.write_text(
        "name: p\ndescription: d\nneeds: n\nleaves_machine: n\nlicence: l\n"
        "stages: {perceiver: {use: lacking, fallback: {use: offline}}}\n"
    )
    code, out, err = run("compose", make_picture(), "-o", tmp_path / "out", "--pipeline", path, *QUICK, "--json")
    assert code == 0
    assert "'lacking' could not work, 'offline' did" in one_line(err)
    assert json.loads(out)["fallbacks"][0]["used"] == "offline"


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from img2music.cli.screen import progress

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress("[bold]hills.png") as on_event:
        on_event(Event("planner", "started", 0.0, "planning"))
        on_event(Event("planner", "fallback", 0.0, "planner 'a' could not work, 'b' did"))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "planner 'a' could not work, 'b' did" in captured.err


# Styles, pipelines, doctor


@pytest.mark.parametrize(("group", "name"), [("styles", "waltz"), ("pipelines", "offline")])
def test_a_shelf_is_listed_shown_and_copied(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: str, name: str
) -> None:
    code, out, _ = run(group, "ls")
    assert code == 0
    assert re.search(rf"^{name} +\S", out, re.MULTILINE)
    rows = [json.loads(line) for line in run(group, "ls", "--json")[1].splitlines()]
    assert name in {row["name"] for row in rows}
    assert all(row["summary"] for row in rows)
    shown = run(group, "show", name)[1]
    assert "name: " in shown
    monkeypatch.chdir(tmp_path)
    assert run(group, "cp", name)[0] == 0
    assert (tmp_path / f"{name}.yaml").read_text(encoding="utf-8") == shown
    code, _, err = run(group, "cp", name)
    assert (code, "is there already" in one_line(err)) == (3, True)
    (tmp_path / "folder").mkdir()
    assert run(group, "cp", name, "folder")[0] == 0
    assert run(group, "cp", name, "folder", "--force")[0] == 0
    assert (tmp_path / "folder" / f"{name}.yaml").is_file()


def test_a_copied_style_and_pipeline_are_used(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    assert run("styles", "cp", "waltz", tmp_path / "mine.yaml")[0] == 0
    assert run("pipelines", "cp", "offline", tmp_path / "own.yml")[0] == 0
    (tmp_path / "own.yml").write_text((tmp_path / "own.yml").read_text().replace("expressive", "strict"))
    code, out, _ = run(
        "compose",
        make_picture(),
        "-o",
        tmp_path / "out",
        *QUICK,
        "--style",
        tmp_path / "mine.yaml",
        "--pipeline",
        tmp_path / "own.yml",
    )
    assert code == 0
    assert "mine.yaml" in out
    manifest = json.loads((tmp_path / "out" / "hills" / "piece.json").read_text())
    assert manifest["stages"]["performer"] == "strict"


def test_every_style_is_listed(run: Callable[..., tuple[int, str, str]]) -> None:
    rows = [json.loads(line) for line in run("styles", "ls", "--json")[1].splitlines()]
    assert rows == [{"name": name, "summary": load_style(name).summary} for name in style_names()]


def test_the_doctor(run: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = run("doctor")
    assert (code, err) == (0, "")
    assert "everything needed works" in out
    findings = json.loads(run("doctor", "--json")[1])["findings"]
    names = {finding["name"] for finding in findings}
    assert {"python", "numpy", "soundfont", "cache", "styles", "perceiver", "renderer", "fluidsynth", "abc2midi"} <= names
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("IMG2MUSIC_CACHE", str(tmp_path / "file"))
    code, out, _ = run("doctor", "--json")
    broken = [finding for finding in json.loads(out)["findings"] if finding["needed"] and not finding["works"]]
    assert code == 4
    assert [finding["name"] for finding in broken] == ["cache"]
    assert "IMG2MUSIC_CACHE" in broken[0]["text"]

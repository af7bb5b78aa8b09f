"""Options of the command line for files to take away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from img2music.cli.shared.export_options import AudioChoice, NotesExport, PieceExport, VideoShapeChoice, VideoShowsChoice
from tests.support.commands import PIECE_FILES, QUICK_OPTIONS, assert_one_line
from tests.support.extras import require

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_paper_on_the_command_line(run: Run, make_picture: Callable[..., Path], tmp_path: Path) -> None:
    require("pdf")
    out = tmp_path / "out"
    code, told, _ = run("compose", make_picture(), "-o", out, *QUICK_OPTIONS, "--pdf", "--parts", "--json")
    assert code == 0
    more = names(out / "hills") - set(PIECE_FILES)
    assert {name for name in more if not name.startswith("parts/")} == {"score.pdf"}
    assert {name.rpartition(".")[2] for name in more} == {"pdf", "musicxml"}
    assert more <= set(json.loads(told)["files"])
    code, told, _ = run("replay", out / "hills" / "piece.json", "--json")
    assert code == 0
    assert {json.loads(told)["files"][name] for name in more} == {"same"}
    code, _, _ = run("realize", out / "hills" / "plan.json", "-o", tmp_path / "plain", "--parts")
    assert code == 0
    assert {name for name in names(tmp_path / "plain" / "hills") if name.startswith("parts/")} == {
        name for name in more if "/" in name
    }
    code, _, err = run("compose", make_picture(), "-o", out, *QUICK_OPTIONS)
    assert code == 0
    assert "removed score.pdf" in err or "removed parts/" in err
    assert names(out / "hills") == set(PIECE_FILES)


def test_parts_without_the_extra_say_how_to_get_pdf(
    run: Run, make_picture: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("img2music.registry.extras.find_spec", lambda _: None)
    code, out, _ = run("compose", make_picture(), "-o", tmp_path, *QUICK_OPTIONS, "--parts")
    assert code == 0
    assert "note: the parts are MusicXML only; pip install 'img2music[pdf]' brings them as PDF too" in out


@pytest.mark.parametrize(
    ("options", "code", "fault"),
    [
        (["--pdf"], 4, "score.pdf, and the parts as PDF needs typst: pip install 'img2music[pdf]'"),
        (["--video"], 4, "video.mp4 needs av: pip install 'img2music[video]'"),
        (["--video", "--audio", "none"], 2, "a video has sound, and no sound is asked for; give a format with --audio"),
        (["--video-shows", "score"], 2, "none is asked for; give --video too"),
        (["--video-shape", "9:16"], 2, "none is asked for; give --video too"),
    ],
)
def test_what_can_not_be_made_is_told_before_any_work(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], code: int, fault: str
) -> None:
    monkeypatch.setattr("img2music.registry.extras.find_spec", lambda _: None)
    found, out, err = run("compose", "no-such-picture.jpg", "-o", tmp_path / "out", *options)
    assert (found, out) == (code, "")
    assert fault in assert_one_line(err)
    assert not (tmp_path / "out").exists()


def test_shapes_and_what_is_shown() -> None:
    require("video")
    made: Any = PieceExport(video=True).settings()
    assert (made["video"], made["video_shape"]) == ("picture", "wide")
    chosen: Any = PieceExport(video=True, video_shows=VideoShowsChoice.SCORE, video_shape=VideoShapeChoice.SQUARE).settings()
    assert (chosen["video"], chosen["video_shape"]) == ("score", "square")
    plan: Any = NotesExport(audio=AudioChoice.OGG, video=True, video_shape=VideoShapeChoice.TALL).settings()
    assert (plan["video"], plan["video_shape"]) == ("score", "tall")
    assert PieceExport().settings().get("video") is None


@pytest.mark.enable_socket
@pytest.mark.parametrize("there", [True, False])
def test_the_doctor_lists_the_extras(run: Run, monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    monkeypatch.setattr("img2music.registry.extras.find_spec", lambda _: object() if there else None)
    rows = {row["name"]: row for row in json.loads(run("doctor", "--json")[1])["findings"]}
    for name in ("pdf", "video", "demo", "mcp"):
        row = rows[f"extra {name}"]
        assert (row["works"], row["needed"], row["extra"]) == (there, False, f"img2music[{name}]")
        assert (f"pip install 'img2music[{name}]'" in row["text"]) is not there

"""Files to take away: those of the command line, byte for byte."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from img2music.app.session.choices import Choices
from img2music.app.session.files import downloads
from img2music.app.session.files.downloads import DOWNLOADS, available, read_download
from img2music.app.session.visit import Visit
from img2music.errors import UsageError
from img2music.registry import extras as registered_extras
from tests.support.extras import require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def visit(tmp_path: Path, make_picture: Callable[..., Path]) -> Iterator[Visit]:
    """A visit with a take of five seconds."""
    made = Visit(root=tmp_path / "served")
    made.open_picture(make_picture().read_bytes(), "hills.png")
    list(made.compose(Choices(seconds=5, style="folk", words="calm")))
    yield made
    made.close()


def of_command_line(run: Callable[..., tuple[int, str, str]], picture: Path, out: Path, *options: str) -> dict[str, bytes]:
    code, _, told = run("compose", picture, "-o", out, "--seconds", "5", "--style", "folk", "--words", "calm", *options)
    assert code == 0, told
    folder = out / "hills"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without_times(record: bytes) -> dict[str, object]:
    tree: dict[str, object] = json.loads(record)
    return {name: value for name, value in tree.items() if name not in {"timing", "checksum"}}


def of_zip(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ((), {}),
        (("--audio", "flac", "--stems"), {"audio": "flac", "stems": True}),
        (("--audio", "ogg", "--embed-audio"), {"audio": "ogg", "embed_audio": True}),
        (("--audio", "none"), {"audio": None}),
    ],
)
def test_a_zip_is_the_folder_of_the_command_line(
    visit: Visit,
    make_picture: Callable[..., Path],
    tmp_path: Path,
    run: Callable[..., tuple[int, str, str]],
    options: tuple[str, ...],
    wanted: dict[str, object],
) -> None:
    assert visit.current is not None
    expected = of_command_line(run, make_picture(), tmp_path / "out", *options)
    found = of_zip(visit.download(visit.current, "zip", **wanted))
    assert without_times(found.pop("piece.json")) == without_times(expected.pop("piece.json"))
    assert found == expected


def test_each_file_is_that_of_the_folder(
    visit: Visit, make_picture: Callable[..., Path], tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    take = visit.current
    assert take is not None
    expected = of_command_line(run, make_picture(), tmp_path / "out", "--stems", "--parts")
    names = {
        "midi": "score.mid",
        "musicxml": "score.musicxml",
        "abc": "score.abc",
        "svg": "score.svg",
        "pianoroll": "pianoroll.svg",
        "plan": "plan.json",
        "scene": "scene.json",
    }
    for what, name in names.items():
        path = visit.download(take, what)
        assert path.read_bytes() == expected[name], what
        assert path.is_relative_to(visit.folder)
        assert visit.download(take, what) == path
    stems = of_zip(visit.download(take, "stems", audio="wav"))
    assert stems == {name.removeprefix("stems/"): content for name, content in expected.items() if name.startswith("stems/")}
    parts = of_zip(visit.download(take, "parts"))
    assert parts == {name.removeprefix("parts/"): content for name, content in expected.items() if name.startswith("parts/")}
    plain = of_command_line(run, make_picture(), tmp_path / "other")
    assert visit.download(take, "wav").read_bytes() == plain["audio.wav"]
    assert without_times(visit.download(take, "manifest").read_bytes()) == without_times(plain["piece.json"])


def test_a_report_carries_its_sound(
    visit: Visit, make_picture: Callable[..., Path], tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    assert visit.current is not None
    page = visit.download(visit.current, "report")
    expected = of_command_line(run, make_picture(), tmp_path / "out", "--audio", "mp3", "--embed-audio")
    assert page.read_bytes() == expected["report.html"]
    assert b"data:audio/mpeg;base64," in page.read_bytes()


def test_names_are_for_people(visit: Visit) -> None:
    assert visit.current is not None
    assert all(part.isascii() for part in visit.download(visit.current, "midi").parts)
    names = {what: read_download(visit.current.piece, what).name for what in DOWNLOADS if not available(what)}
    assert names["manifest"] == "piece.json"
    assert names["stems"].endswith("-stems.zip")
    assert len(set(names.values())) == len(names)


def test_a_missing_extra_says_what_to_do(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "has_extra", lambda name: name not in registered_extras.EXTRAS)
    assert "pip install 'img2music[pdf]'" in available("pdf")
    assert available("midi") == ""
    assert visit.current is not None
    with pytest.raises(UsageError, match=r"pip install 'img2music\[video\]'"):
        visit.download(visit.current, "video")


@pytest.mark.parametrize(
    ("what", "options"),
    [("exe", {}), ("midi", {"audio": "wav"}), ("zip", {"audio": "../x"}), ("zip", {"folder": "/"}), ("report", {"audio": 7})],
)
def test_only_what_there_is(visit: Visit, what: str, options: dict[str, object]) -> None:
    assert visit.current is not None
    with pytest.raises(UsageError):
        visit.download(visit.current, what, **options)


def test_paper(visit: Visit, make_picture: Callable[..., Path], tmp_path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    require("pdf")
    assert visit.current is not None
    expected = of_command_line(run, make_picture(), tmp_path / "out", "--pdf")
    assert visit.download(visit.current, "pdf").read_bytes() == expected["score.pdf"]


@pytest.mark.parametrize("shows", ["picture", "score"])
def test_video(
    visit: Visit, make_picture: Callable[..., Path], tmp_path: Path, run: Callable[..., tuple[int, str, str]], shows: str
) -> None:
    require("video")
    assert visit.current is not None
    expected = of_command_line(run, make_picture(), tmp_path / "out", "--video", "--video-shows", shows, "--video-shape", "1:1")
    assert visit.download(visit.current, "video", shows=shows, shape="1:1").read_bytes() == expected["video.mp4"]
    record = json.loads(expected["piece.json"])
    whole = of_zip(visit.download(visit.current, "zip", video=shows, shape="1:1"))
    assert without_times(whole["piece.json"])["more_files"] == record["more_files"]


@pytest.mark.parametrize("shape", ["wide", "square", "tall"])
@pytest.mark.parametrize("shows", ["picture", "score"])
def test_a_video_of_each_shape(visit: Visit, shows: str, shape: str) -> None:
    require("video")
    import av

    assert visit.current is not None
    path = visit.download(visit.current, "video", shows=shows, shape=shape)
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        ratio = stream.width / stream.height
        assert {one.type for one in film.streams} == {"video", "audio"}
    assert ratio == pytest.approx({"wide": 16 / 9, "square": 1, "tall": 9 / 16}[shape], rel=0.01)

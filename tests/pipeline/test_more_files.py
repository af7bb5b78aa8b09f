"""Files to take away: what is asked for, where it goes on record, and that it comes again."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

import img2music
from img2music.errors import MissingPackageError, UsageError
from img2music.manifest import Manifest
from img2music.pipeline import Pipeline, recompose, replay
from img2music.pipeline.output_options import Output
from tests.support.extras import require
from tests.support.made_pipelines import SHORT, SYMBOLIC, files_of, manifest_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def without_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if neither typst nor PyAV were installed."""
    monkeypatch.setattr("img2music.registry.extras.find_spec", lambda _: None)


@pytest.fixture
def with_pdf() -> None:
    require("pdf")


@pytest.mark.usefixtures("with_pdf")
def test_score_and_parts_as_paper(make_picture: Callable[..., Path], tmp_path: Path) -> None:
    import pypdf

    piece = img2music.compose(make_picture(), SHORT, audio=None, pdf=True, parts=True)
    folder = piece.save(tmp_path / "out")
    files = manifest_of(folder)["files"]
    players = sorted(name.removesuffix(".pdf") for name in files if name.startswith("parts/") and name.endswith(".pdf"))
    assert len(players) >= 2
    assert set(files) == {*SYMBOLIC, "score.pdf", *(f"{name}.{end}" for name in players for end in ("pdf", "musicxml"))} - {
        "piece.json"
    }
    assert manifest_of(folder)["more_files"] == {
        "pdf": True, "parts": True, "part_pdfs": True, "video": None, "video_shape": "wide",
    }  # fmt: skip
    assert "typst" in manifest_of(folder)["versions"]
    assert "av" not in manifest_of(folder)["versions"]
    for name in ("score", *players):
        reader = pypdf.PdfReader(io.BytesIO((folder / f"{name}.pdf").read_bytes()))
        assert piece.score.title in reader.pages[0].extract_text()
    assert len(reader.pages) >= 1
    report = (folder / "report.html").read_text()
    assert all(f">{name}</a>" in report for name in ("score.pdf", f"{players[0]}.pdf", f"{players[0]}.musicxml"))


@pytest.mark.usefixtures("with_pdf")
def test_paper_comes_again_byte_for_byte(make_picture: Callable[..., Path], tmp_path: Path) -> None:
    folder = img2music.compose(make_picture(), SHORT, audio=None, pdf=True, parts=True).save(tmp_path / "out")
    again = replay(folder / "piece.json", tmp_path / "again")
    assert again.same
    paper = {file.name: file.status for file in again.files if file.name == "score.pdf" or file.name.startswith("parts/")}
    assert set(paper.values()) == {"same"}
    assert len(paper) >= 5
    assert again.version_notes == ()
    assert manifest_of(tmp_path / "again")["more_files"] == manifest_of(folder)["more_files"]
    (folder / "parts" / next(iter(paper)).rpartition("/")[2]).write_bytes(b"mine")
    (folder / "score.pdf").unlink()
    beside = replay(folder / "piece.json").beside
    assert beside["score.pdf"] == "missing"


@pytest.mark.usefixtures("with_pdf")
def test_an_edited_part_is_seen(make_picture: Callable[..., Path], tmp_path: Path) -> None:
    folder = img2music.compose(make_picture(), SHORT, audio=None, parts=True).save(tmp_path / "out")
    part = min((folder / "parts").glob("*.musicxml"))
    part.write_text("mine")
    assert replay(folder / "piece.json").beside[f"parts/{part.name}"] == "changed"


@pytest.mark.usefixtures("with_pdf")
def test_a_finished_piece_writes_more_files_when_it_is_saved(make_picture: Callable[..., Path], tmp_path: Path) -> None:
    piece = Pipeline.load().compose(make_picture(), SHORT, audio=None)
    asked = img2music.compose(make_picture(), SHORT, audio=None, pdf=True, parts=True)
    folder = piece.save(tmp_path / "out", pdf=True, parts=True)
    expected = {name: content for name, content in files_of(asked).items() if name not in {"piece.json", "report.html"}}
    assert {name: (folder / name).read_bytes() for name in expected} == expected
    assert replay(folder / "piece.json").same
    assert piece.manifest.more_files is None, "the piece itself is what it was"
    more = piece.with_files(pdf=True).with_files(parts=True).manifest.more_files
    assert more is not None
    assert (more.pdf, more.parts) == (True, True)
    assert piece.with_files(pdf=True).with_files(pdf=False).manifest == piece.manifest


@pytest.mark.usefixtures("with_pdf")
def test_a_piece_made_anew_and_one_from_a_plan(make_picture: Callable[..., Path]) -> None:
    piece = Pipeline.load().compose(make_picture(), SHORT, audio=None)
    assert "score.pdf" in files_of(recompose(piece, keep=["harmony"], audio=None, pdf=True))
    names = files_of(Pipeline.load().compose_from(piece.plan, audio=None, pdf=True, parts=True)).keys()
    assert {"score.pdf", "scene.json"} & names == {"score.pdf"}


def test_who_asks_for_nothing_gets_what_there_always_was(make_picture: Callable[..., Path]) -> None:
    files = files_of(Pipeline.load().compose(make_picture(), SHORT, audio=None))
    assert list(files) == SYMBOLIC
    record = json.loads(files["piece.json"])
    assert "more_files" not in record
    assert not {"typst", "av"} & record["versions"].keys()
    assert Manifest.model_validate(record).more_files is None


@pytest.mark.usefixtures("without_extras")
def test_parts_alone_need_no_extra(make_picture: Callable[..., Path], tmp_path: Path) -> None:
    folder = img2music.compose(make_picture(), SHORT, audio=None, parts=True).save(tmp_path / "out")
    assert {path.suffix for path in (folder / "parts").iterdir()} == {".musicxml"}
    assert manifest_of(folder)["more_files"]["part_pdfs"] is False


def test_parts_stay_as_on_record_when_the_extra_comes_or_goes(
    make_picture: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("pdf")
    with monkeypatch.context() as patch:
        patch.setattr("img2music.registry.extras.find_spec", lambda _: None)
        plain = img2music.compose(make_picture(), SHORT, audio=None, parts=True).save(tmp_path / "plain")
    assert replay(plain / "piece.json").same, "no PDF is new"
    full = img2music.compose(make_picture(), SHORT, audio=None, parts=True).save(tmp_path / "full")
    monkeypatch.setattr("img2music.registry.extras.find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match=r"pip install 'img2music\[pdf\]'"):
        replay(full / "piece.json")


@pytest.mark.usefixtures("without_extras")
def test_a_missing_extra_is_told_before_any_work(make_picture: Callable[..., Path]) -> None:
    told: list[object] = []
    for options, extra in (({"pdf": True}, "pdf"), ({"video": "picture"}, "video")):
        given: Any = options
        with pytest.raises(MissingPackageError, match=rf"pip install 'img2music\[{extra}\]'") as caught:
            img2music.compose(make_picture(), SHORT, on_event=told.append, **given)
        assert caught.value.exit_code == 4
    assert told == []
    piece = Pipeline.load().compose(make_picture(), SHORT, audio=None)
    with pytest.raises(MissingPackageError, match="needs typst"):
        piece.save("nowhere", pdf=True)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"video": "film"}, r"no kind of video 'film'; there are: picture, score"),
        ({"video_shape": "long"}, r"no video shape 'long'; there are: square, tall, wide"),
        ({"video": "score", "audio": None}, r"a video has sound, and no sound is asked for; give a format with --audio"),
        ({"pdfs": True}, r"no option 'pdfs' \(did you mean 'pdf'\?\)"),
    ],
)
def test_what_can_not_be_asked_for(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        Output.of(**options)


def test_what_a_silent_or_finished_piece_can_not_be_asked_for(make_picture: Callable[..., Path]) -> None:
    piece = Pipeline.load().compose(make_picture(), SHORT, audio=None)
    wrong: Any = {"poster": True}
    with pytest.raises(UsageError, match="no file option 'poster'; there are: pdf, parts, video, video_shape"):
        piece.with_files(**wrong)
    require("video")
    with pytest.raises(UsageError, match="this piece has none; make it with sound first"):
        piece.with_files(video="score")


@pytest.mark.parametrize("name", ["parts/../x", "parts//x", "other/x", "parts/", "parts/x/y", "/parts/x"])
def test_names_that_lead_elsewhere_are_refused(make_picture: Callable[..., Path], name: str) -> None:
    record = json.loads(files_of(Pipeline.load().compose(make_picture(), SHORT, audio=None))["piece.json"])
    Manifest.model_validate(record | {"files": {"parts/01-violin.pdf": "0" * 64}})
    with pytest.raises(ValueError, match="files"):
        Manifest.model_validate(record | {"files": {name: "0" * 64}})

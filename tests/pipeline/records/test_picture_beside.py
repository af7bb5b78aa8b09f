"""The picture of a piece stays with it: beside its record, and in the report of whatever is made of it."""

from __future__ import annotations

import io
import json
import os
import re
from base64 import b64decode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from img2music.errors import BriefError, PictureError
from img2music.io.pictures import open_picture, preview_jpeg
from img2music.io.saved_picture import LONGEST_PIXELS, MOST_BYTES, open_saved_picture
from img2music.pipeline import Pipeline, recompose, replay
from img2music.pipeline.records.picture_beside import picture_beside_plan
from tests.support.made_pipelines import SHORT, files_of, manifest_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]

NOTES = ("--audio", "none")


def shown_picture(folder: Path) -> bytes | None:
    """The bytes of the picture in a report; None where a sketch is shown."""
    found = re.findall(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", (folder / "report.html").read_text(encoding="utf-8"))
    assert len(set(found)) <= 1
    return b64decode(found[0]) if found else None


def jpeg(size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (200, 120, 40)).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def exif_bomb() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "x" * 60_000
    return jpeg(exif=exif)


@pytest.fixture
def made(make_picture: Callable[..., Path], tmp_path: Path) -> Path:
    return Pipeline.load().compose(make_picture(), SHORT, audio=None).save(tmp_path / "made" / "hills")


def put(folder: Path, content: bytes) -> None:
    """Makes this the picture of the piece, its hash on record."""
    (folder / "picture.jpg").write_bytes(content)
    record = manifest_of(folder)
    record["files"]["picture.jpg"] = sha256(content).hexdigest()
    (folder / "piece.json").write_text(json.dumps(record))


def test_the_copy_is_the_picture_of_the_page_and_on_record(made: Path, make_picture: Callable[..., Path]) -> None:
    copy = (made / "picture.jpg").read_bytes()
    assert copy == preview_jpeg(open_picture(make_picture())) == shown_picture(made)
    assert manifest_of(made)["files"]["picture.jpg"] == sha256(copy).hexdigest()
    assert open_saved_picture(copy).jpeg == copy


def test_it_goes_from_compose_to_realize_to_replay_and_on(run: Run, made: Path, tmp_path: Path) -> None:
    copy = (made / "picture.jpg").read_bytes()
    plan = made / "plan.json"
    plan.write_text(plan.read_text().replace('"title": "', '"title": "Edited '))
    folders = [tmp_path / name / "hills" for name in ("realized", "again", "other", "anew")]
    for arguments in (
        ("realize", plan, "-o", tmp_path / "realized"),
        ("replay", folders[0] / "piece.json", "-o", tmp_path / "again"),
        ("realize", plan, "-o", tmp_path / "other", "--seed", "9", "--keep", "melody"),
        ("compose", "--from", made / "piece.json", "-o", tmp_path / "anew", *NOTES),
    ):
        code, _, err = run(*arguments)
        assert (code, err) == (0, ""), err
    for folder in folders:
        assert (folder / "picture.jpg").read_bytes() == shown_picture(folder) == copy
    assert (folders[1] / "report.html").read_bytes() == (folders[0] / "report.html").read_bytes()
    assert recompose(made / "piece.json", audio=None).preview_jpeg == copy


def test_a_replay_compares_the_copy_and_the_page(made: Path, tmp_path: Path) -> None:
    result = replay(made / "piece.json", tmp_path / "again")
    assert result.same
    assert {check.name: check.status for check in result.files if check.status != "same"} == {"piece.json": "not compared"}
    assert files_of(result.piece)["report.html"] == (made / "report.html").read_bytes()


def test_a_replay_says_that_the_copy_is_not_there(
    run: Run, made: Path, tmp_path: Path, make_picture: Callable[..., Path]
) -> None:
    (made / "picture.jpg").unlink()
    code, out, _ = run("replay", made / "piece.json", "-o", tmp_path / "again")
    assert code == 0
    lacking = "picture.jpg is not beside the record; give the picture with --picture"
    assert f"not compared: picture.jpg, because {lacking}" in out
    assert f"not compared: report.html, because it shows the picture, and {lacking}" in out
    assert shown_picture(tmp_path / "again" / "hills") is None
    given = replay(made / "piece.json", picture=open_picture(make_picture()))
    assert {check.name: check.status for check in given.files if check.status != "same"} == {"piece.json": "not compared"}
    other = replay(made / "piece.json", picture=open_picture(make_picture("b.png", tint=1)))
    assert other.same
    assert other.not_compared["picture.jpg"] == "it was made of the picture that was given"


def test_a_record_of_before_there_was_a_copy(made: Path, make_picture: Callable[..., Path]) -> None:
    record = manifest_of(made)
    del record["files"]["picture.jpg"]
    (made / "piece.json").write_text(json.dumps(record))
    alone = replay(made / "piece.json")
    assert alone.same
    assert alone.piece.preview_jpeg is None, "a file that is not on record is not taken for the piece's"
    assert alone.not_compared["report.html"] == "it shows the picture, which is not on record"
    assert replay(made / "piece.json", picture=open_picture(make_picture())).same


HOSTILE = {
    "a text": b"no picture",
    "nothing": b"",
    "a PNG": b"\x89PNG\r\n\x1a\n" + b"\0" * 99,
    "too many bytes": jpeg()[:-2] + b"\0" * MOST_BYTES + b"\xff\xd9",
    "too many pixels": jpeg((LONGEST_PIXELS + 1, 4)),
    "an Exif bomb": exif_bomb(),
    "a comment": jpeg(comment=b"<script>"),
    "a profile": jpeg(icc_profile=b"x" * 500),
    "progressive": jpeg(progressive=True),
    "half of it": jpeg()[: len(jpeg()) // 2],
    "a page behind it": jpeg() + b"<html></html>" + b"\xff\xd9",
    "two of them": jpeg() * 2,
    "a frame alone": b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\xff\xd9",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_copy_on_record_gives_the_sketch(run: Run, made: Path, tmp_path: Path, what: str) -> None:
    with pytest.raises(PictureError, match=r"picture\.jpg|is damaged|is a damaged") as caught:
        open_saved_picture(HOSTILE[what])
    assert "\n" not in str(caught.value)
    put(made, HOSTILE[what])
    assert picture_beside_plan(made / "plan.json") is None
    code, out, err = run("replay", made / "piece.json", "-o", tmp_path / "again")
    assert (code, "Traceback" in out + err) == (0, False), err
    assert "picture.jpg beside the record is no" in out
    assert shown_picture(tmp_path / "again" / "hills") is None
    assert not (tmp_path / "again" / "hills" / "picture.jpg").exists()


def test_no_link_pipe_or_other_file_is_taken(run: Run, made: Path, tmp_path: Path) -> None:
    copy = made / "picture.jpg"
    content = copy.read_bytes()
    (tmp_path / "elsewhere.jpg").write_bytes(content)

    def told(*, why: str) -> None:
        assert picture_beside_plan(made / "plan.json") is None
        code, out, err = run("replay", made / "piece.json")
        assert (code, "Traceback" in out + err) == (0, False)
        assert f"not compared: picture.jpg, because picture.jpg beside the record {why}" in out
        code, _, err = run("realize", made / "plan.json", "-o", tmp_path / "two", "--force")
        assert (code, "Traceback" in err) == (0, False)
        assert shown_picture(tmp_path / "two" / "hills") is None
        assert recompose(made / "piece.json", audio=None).preview_jpeg is None

    copy.unlink()
    copy.symlink_to(tmp_path / "elsewhere.jpg")
    told(why="is no regular file")
    copy.unlink()
    os.mkfifo(copy)
    told(why="is no regular file")
    copy.unlink()
    copy.mkdir()
    told(why="is no regular file")
    copy.rmdir()
    copy.write_bytes(jpeg())
    told(why="was changed")
    copy.write_bytes(content)
    assert picture_beside_plan(made / "plan.json") is not None


@pytest.mark.parametrize(
    "record", [b"", b"{", b"[" * 100_000, b"[]", b"null", b'{"files": {"picture.jpg": 5}}', b" " * 6_000_000], ids=range(7)
)
def test_a_record_that_is_none_gives_no_picture_to_a_plan(run: Run, made: Path, tmp_path: Path, record: bytes) -> None:
    (made / "piece.json").write_bytes(record)
    code, _, err = run("realize", made / "plan.json", "-o", tmp_path / "two")
    assert (code, err) == (0, "")
    assert shown_picture(tmp_path / "two" / "hills") is None


def test_a_plan_of_another_folder_has_no_picture(made: Path, tmp_path: Path) -> None:
    assert picture_beside_plan(made / "plan.json") is not None
    (made / "mine.json").write_bytes((made / "plan.json").read_bytes())
    assert picture_beside_plan(made / "mine.json") is None, "a plan that is not the piece's may be that of any picture"
    assert picture_beside_plan("-") is None
    record = manifest_of(made)
    del record["files"]["plan.json"]
    (made / "piece.json").write_text(json.dumps(record))
    assert picture_beside_plan(made / "plan.json") is None


def test_a_picture_that_is_given_is_still_checked(made: Path, make_picture: Callable[..., Path]) -> None:
    with pytest.raises(BriefError, match="is not the picture on record"):
        recompose(made / "piece.json", picture=open_picture(make_picture("b.png", tint=1)), audio=None)

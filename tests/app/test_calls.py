"""The calls of programs, without any server: what comes back, what is refused, what is left behind."""

from __future__ import annotations

import json
import os
import threading
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import mido
import pytest

from img2music.app.call_arguments import (
    CALLS,
    ComposeArguments,
    PlanArguments,
    RealizeArguments,
    SeeArguments,
    TakesArguments,
    read_arguments,
)
from img2music.app.calls import AgingFolders, Calls, NamedFolders, folder_name, open_called_picture
from img2music.cancellation import Cancelled, CancelToken
from img2music.errors import BriefError, DocumentError, PictureError, UsageError
from img2music.pipeline import Event, Pipeline
from tests.support import extras
from tests.support.stub_server import StubServer

MOON = (Path(__file__).parents[2] / "demo" / "examples" / "moon.jpg").read_bytes()
PICTURE = open_called_picture(MOON, "moon.jpg")
STAGES = Pipeline.load()


@pytest.fixture
def calls(tmp_path: Path) -> Calls:
    return Calls(STAGES, AgingFolders(tmp_path))


def test_each_call_answers_with_json_and_files(calls: Calls, tmp_path: Path) -> None:
    seen = calls.see(PICTURE, SeeArguments())
    assert "A minor" in str(seen.account["shows"])
    planned = calls.plan(PICTURE, PlanArguments(seconds=10, tempo="72-96", whole=True))
    assert str(planned.account["tempo"]).startswith("72")
    composed = calls.compose(PICTURE, ComposeArguments(seconds=8, key="D minor", instruments="flute, cello", audio="none"))
    assert composed.account["key"] == "D minor"
    assert composed.account["not_kept"] == []
    assert mido.MidiFile(composed.path("score.mid")).length == pytest.approx(8, abs=0.5)
    for answer, expected in ((seen, {"scene.json"}), (planned, {"scene.json", "plan.json"})):
        assert set(answer.files) == expected
    for answer in (seen, planned, composed):
        assert len(json.dumps(answer.account)) < 60_000
        assert answer.folder.parent == tmp_path
        assert answer.folder.stat().st_mode & 0o77 == 0
        assert all(answer.path(name).is_file() for name in answer.files)


def test_an_edited_plan_is_realized_and_the_melody_may_stay(calls: Calls) -> None:
    plan: Any = calls.plan(PICTURE, PlanArguments(seconds=8, whole=True)).account["plan"]
    faster = calls.realize(RealizeArguments(plan=json.dumps({**plan, "tempo_bpm": 120}), audio="none"))
    assert faster.account["tempo"] == "120"
    other = calls.realize(RealizeArguments(plan=json.dumps(plan), seed=5, keep="melody", audio="none"))
    record = json.loads(other.path("piece.json").read_text())
    assert record["seed"] == 5
    assert "melody" in record["kept"]["named"]


def test_takes_are_different_pieces_with_marks(calls: Calls) -> None:
    answer = calls.takes(PICTURE, TakesArguments(seconds=8, count=3))
    rows: Any = answer.account["takes"]
    assert [row["take"] for row in rows] == [1, 2, 3]
    assert max(rows, key=lambda row: row["mark"])["take"] == answer.account["best"]
    assert len({answer.path(f"take-{number}.mid").read_bytes() for number in (1, 2, 3)}) == 3
    again = RealizeArguments(plan=answer.path("take-2-plan.json").read_text(), audio="none")
    assert calls.realize(again).path("score.mid").read_bytes() == answer.path("take-2.mid").read_bytes()


@pytest.mark.parametrize(
    ("wishes", "error", "words"),
    [
        ({"seconds": 601}, BriefError, "give a length of 1 to 600"),
        ({"seconds": "soon"}, UsageError, "seconds can't be 'soon'"),
        ({"tempo": 999}, BriefError, "20 to 300"),
        ({"style": "walz"}, UsageError, "did you mean 'waltz'"),
        ({"style": "/etc/passwd.yaml"}, UsageError, "by their names"),
        ({"style": "../../x.yml"}, UsageError, "by their names"),
        ({"words": "x" * 2001}, UsageError, "words can't be"),
        ({"seed": -1}, UsageError, "seed can't be -1"),
        ({"audio": "exe"}, UsageError, "audio can't be 'exe'"),
        ({"pipeline": "openai"}, UsageError, "no argument 'pipeline'"),
    ],
)
def test_wrong_wishes_are_told_before_any_work(calls: Calls, wishes: dict[str, Any], error: type[Exception], words: str) -> None:
    begin = time.perf_counter()
    with pytest.raises(error, match=words):
        calls.compose(PICTURE, read_arguments(ComposeArguments, wishes))
    assert time.perf_counter() - begin < 1


def test_hostile_plans_are_refused(calls: Calls) -> None:
    plan: Any = calls.plan(PICTURE, PlanArguments(seconds=8, whole=True)).account["plan"]
    for changed, error in (
        ("{}", DocumentError),
        ("[" * 5000, DocumentError),
        ('{"title": ' + "1" * 5000 + "}", DocumentError),
        (json.dumps({**plan, "style": "somewhere/x.yaml"}), DocumentError),
        (
            json.dumps({**plan, "tempo_bpm": 20, "sections": [{**plan["sections"][0], "name": f"A{n}"} for n in range(40)]}),
            BriefError,
        ),
        (
            json.dumps({**plan, "sections": [{**plan["sections"][0], "name": f"A{n}"} for n in range(600)]}),
            (DocumentError, BriefError),
        ),
        (json.dumps({**plan, "unknown": 1}), DocumentError),
    ):
        with pytest.raises(error):
            calls.realize(RealizeArguments(plan=changed))
    with pytest.raises(UsageError, match="plan can't be"):
        read_arguments(RealizeArguments, {"plan": "x" * 1_000_001})


def test_pictures_and_their_names_are_hostile() -> None:
    for content in (b"", b"hello", MOON[:600], b"\x89PNG\r\n\x1a\n" + b"\0" * 50):
        with pytest.raises(PictureError):
            open_called_picture(content, "x.png")
    with pytest.raises(PictureError, match="larger than 50 MB"):
        open_called_picture(b"\0" * 50_000_001, "x.png")
    assert open_called_picture(MOON, "../../etc/<b>me</b>.JPG").file == "b.JPG".lower()
    assert [folder_name(name) for name in ("", "...", "a/b\\My Photo (1).jpeg", "ÄÖ.png", "x" * 300)] == [
        "picture", "picture", "My-Photo-1", "picture", "x" * 60,
    ]  # fmt: skip


def test_a_call_stops_soon_and_leaves_nothing(tmp_path: Path) -> None:
    token, ended = CancelToken(), []
    calls = Calls(STAGES, AgingFolders(tmp_path))

    def work() -> None:
        with pytest.raises(Cancelled):
            calls.compose(PICTURE, ComposeArguments(seconds=300), cancel=token)
        ended.append(time.perf_counter())

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.5)
    token.cancel()
    begin = time.perf_counter()
    thread.join()
    assert ended[0] - begin < 2
    assert list(tmp_path.iterdir()) == []


def test_old_folders_are_removed_and_nothing_else(tmp_path: Path) -> None:
    folders = AgingFolders(tmp_path, seconds=100)
    for name in ("call-old", "call-new", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "call-file").write_text("x")
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "call-link").symlink_to(outside, target_is_directory=True)
    for name in ("call-old", "other", "call-file"):
        os.utime(tmp_path / name, (0, 0))
    assert folders.remove_old() == 1
    assert {path.name for path in tmp_path.iterdir()} == {"call-new", "other", "call-file", "call-link", "outside"}
    assert folders.remove_old(everything=True) == 1


def test_named_folders_lose_nothing(tmp_path: Path) -> None:
    folders = NamedFolders(tmp_path)
    first = folders.keep("moon", [("a.txt", b"1")], "")
    second = folders.keep("moon", [("a.txt", b"2")], "")
    assert (first.folder.name, second.folder.name) == ("moon", "moon-2")
    assert first.folder.joinpath("a.txt").read_bytes() == b"1"


def test_every_argument_says_what_left_out_means() -> None:
    for kind in CALLS:
        assert len(kind.text) < 400
        for name, field in kind.arguments.model_fields.items():
            assert field.description, (kind.name, name)
            assert "\n" not in field.description
            assert field.is_required() or "Left out:" in field.description, (kind.name, name)


def test_the_picture_may_be_any_that_is_read() -> None:
    from PIL import Image

    buffer = BytesIO()
    Image.new("RGB", (40, 30), "navy").save(buffer, "WEBP")
    assert open_called_picture(buffer.getvalue(), "night").format == "WEBP"


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_model_that_dies_leaves_a_piece_by_the_rules_and_says_so(tmp_path: Path) -> None:
    extras.require("llm")
    events: list[Event] = []
    with StubServer(default="closed") as server:
        stages = Pipeline.load("ollama", model=f"openai:stub?base_url={server.base_url}&retries=0")
        answer = Calls(stages, AgingFolders(tmp_path)).compose(PICTURE, ComposeArguments(seconds=6, audio="none"), events.append)
    instead: Any = answer.account["instead"]
    assert [line.split(" could not work")[0] for line in instead] == ["perceiver vlm", "planner llm"]
    assert all(line.endswith(("offline did", "rules did")) for line in instead)
    assert [event.stage for event in events if event.state == "fallback"] == ["perceiver", "planner"]
    assert answer.path("score.mid").is_file()

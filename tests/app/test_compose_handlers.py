"""What the first tab's handlers put on the page, without a server: documents as they arrive, faults as sentences, nothing left behind."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from PIL import Image

from img2music.app.session.visits import Visits
from img2music.errors import BackendError
from tests.support import extras
from tests.support.picture_files import HEIC

if TYPE_CHECKING:
    from collections.abc import Iterator

extras.require("demo")

pytestmark = pytest.mark.filterwarnings("ignore")
REQUEST: Any = SimpleNamespace(session_hash="somebody")
SHORT = {"seconds": 6}


@pytest.fixture
def visits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visits]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    (tmp_path / "uploads").mkdir()
    made = Visits(root=tmp_path / "served")
    yield made
    made.close_all()


@pytest.fixture
def handlers(visits: Visits) -> Any:
    from img2music.app.tabs.compose_handlers import ComposeHandlers

    return ComposeHandlers(visits)


def event(data: Any) -> Any:
    return SimpleNamespace(_data=data)


def drawn(updates: list[Any]) -> dict[str, Any]:
    """The views of an update that get something."""
    from img2music.app.components.screen import VIEWS

    return {view: value for view, value in zip(VIEWS, updates, strict=True) if value.get("__type__") != "update"}


def worked(handlers: Any, **message: Any) -> list[dict[str, Any]]:
    return [drawn(updates) for updates in handlers.work(event(message), REQUEST)]


def composed(handlers: Any) -> list[dict[str, Any]]:
    handlers.open_example(event({"name": "moon"}), REQUEST)
    return worked(handlers, action="compose", choices=SHORT)


def test_documents_arrive_in_their_order_and_the_bar_never_goes_back(handlers: Any) -> None:
    updates = composed(handlers)
    first = {view: place for place, update in reversed(list(enumerate(updates))) for view in update}
    assert first["see"] < first["plan"] < first["hear"] <= first["takes"]
    fractions = [update["status"]["fraction"] for update in updates if update.get("status", {}).get("working")]
    assert fractions == sorted(fractions)
    last = updates[-1]
    assert last["status"] == {
        "working": False,
        "message": "Take 1 is ready: composed from the picture.",
        "error": "",
        "notes": [],
    }
    path = Path(unquote(last["hear"]["url"].removeprefix("gradio_api/file=")))
    music = json.loads(path.read_bytes())
    assert music["pages"]
    assert len(music["stems"]) == len(music["parts"])
    for url in (music["audio"], *(stem["url"] for stem in music["stems"])):
        assert Path(unquote(url.removeprefix("gradio_api/file="))).is_file()


def test_a_plan_with_a_fault_keeps_the_text_and_names_the_line(handlers: Any) -> None:
    text = next(update["plan"]["text"] for update in reversed(composed(handlers)) if "plan" in update)
    wrong = text.replace('"tempo_bpm": ', '"tempo_bpm": fast')
    (update,) = worked(handlers, action="edit", edit={"kind": "text", "text": wrong})
    error = update["plan"]["error"]
    assert "tempo_bpm" in wrong.splitlines()[error["line"] - 1]
    assert error["text"] == wrong
    assert update["status"]["error"]


def test_faults_are_sentences(handlers: Any, visits: Visits, monkeypatch: pytest.MonkeyPatch) -> None:
    (update,) = worked(handlers, action="compose")
    assert "picture" in update["status"]["error"]
    (update,) = worked(handlers, action="edit", edit={"kind": "transpose", "semitones": 1})
    assert update["status"]["error"].startswith("There is no music yet")
    (update,) = worked(handlers, action="compose", file="/etc/passwd")
    assert "does not know" in update["status"]["error"]
    assert "does not know" in drawn(handlers.open_example(event({"name": "../../etc/passwd"}), REQUEST))["status"]["error"]
    assert drawn(handlers.open_upload(None, REQUEST))["status"]["error"]

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr(visits.get("somebody"), "compose", broken)
    (update,) = worked(handlers, action="compose")
    assert "secret" not in update["status"]["error"]
    assert update["status"]["error"].startswith("Something went wrong")


def test_takes_are_chosen_and_taken_away(handlers: Any, visits: Visits) -> None:
    composed(handlers)
    worked(handlers, action="edit", edit={"kind": "transpose", "semitones": 2})
    value = drawn(handlers.instant(event({"action": "choose", "number": 1}), REQUEST))
    assert value["takes"]["compare"] == 2
    assert [take["current"] for take in value["takes"]["takes"]] == [True, False]
    assert "no take 9" in drawn(handlers.instant(event({"action": "drop", "number": 9}), REQUEST))["status"]["error"]
    *_, made = [drawn(updates) for updates in handlers.download(event({"what": "midi"}), REQUEST)]
    path = Path(unquote(made["away"]["ready"]["url"].removeprefix("gradio_api/file=")))
    assert path.read_bytes()[:4] == b"MThd"
    assert path.is_relative_to(visits.get("somebody").folder)
    *_, refused = [drawn(updates) for updates in handlers.download(event({"what": "passwords"}), REQUEST)]
    assert "passwords" in refused["status"]["error"]


def test_a_closed_page_leaves_no_file(handlers: Any, visits: Visits) -> None:
    composed(handlers)
    folder = visits.get("somebody").folder
    assert folder.is_dir()
    handlers.close(REQUEST)
    assert not folder.exists()
    assert len(visits) == 0


def test_two_visitors_do_not_meet(handlers: Any, visits: Visits) -> None:
    composed(handlers)
    other: Any = SimpleNamespace(session_hash="another")
    (update,) = [drawn(updates) for updates in handlers.work(event({"action": "reroll", "keep": []}), other)]
    assert update["status"]["error"].startswith("There is no music yet")
    assert visits.get("another").folder != visits.get("somebody").folder


def opened(handlers: Any, path: Path, data: bytes) -> dict[str, Any]:
    path.write_bytes(data)
    return drawn(handlers.open_upload(str(path), REQUEST))


def test_what_a_browser_cannot_draw_is_shown_by_our_decoder(handlers: Any, tmp_path: Path, has_heic: None) -> None:
    tiff = BytesIO()
    Image.new("RGB", (30, 20), "teal").save(tiff, "TIFF")
    for name, data in (("a.tiff", tiff.getvalue()), ("a.heic", HEIC)):
        shown = opened(handlers, tmp_path / "uploads" / name, data)["picture"]
        assert shown["name"] == name
        assert b64decode(shown["url"].removeprefix("data:image/jpeg;base64,"))[:2] == b"\xff\xd8"


def test_a_second_picture_leaves_nothing_of_the_first(handlers: Any) -> None:
    composed(handlers)
    value = drawn(handlers.open_example(event({"name": "cat"}), REQUEST))
    assert all(value[view] == {} for view in ("see", "plan", "hear", "takes", "away"))
    assert "cues" not in value["picture"]
    assert value["picture"]["name"] == "cat.jpg"


def restored(handlers: Any, path: Path, record: dict[str, Any]) -> list[dict[str, Any]]:
    path.write_text(json.dumps(record), encoding="utf-8")
    return [drawn(updates) for updates in handlers.open_manifest(str(path), REQUEST)]


def test_an_earlier_piece_is_not_drawn_over_the_picture_that_is_shown(handlers: Any, visits: Visits, tmp_path: Path) -> None:
    composed(handlers)
    visit = visits.get("somebody")
    assert visit.current is not None
    record = json.loads(visit.download(visit.current, "manifest").read_bytes())
    handlers.open_example(event({"name": "cat"}), REQUEST)
    worked(handlers, action="compose", choices=SHORT)
    updates = restored(handlers, tmp_path / "uploads" / "piece.json", record)
    drawings = [update["picture"] for update in updates if "picture" in update]
    assert drawings
    assert all("url" not in drawing for drawing in drawings)


def test_a_piece_without_a_scene_leaves_no_scene_on_the_page(handlers: Any, visits: Visits) -> None:
    from img2music.app.components.screen import Screen

    composed(handlers)
    visit, screen = visits.get("somebody"), Screen()
    take = visit.shown()
    handlers._draw_take(visit, replace(take, piece=replace(take.piece, scene=None)), screen)
    value = drawn(screen.updates())
    assert value["see"] == {}
    assert "cues" not in value["picture"]


def test_work_that_fails_leaves_the_take_on_the_page(handlers: Any, visits: Visits, monkeypatch: pytest.MonkeyPatch) -> None:
    before = next(update for update in reversed(composed(handlers)) if "plan" in update)["plan"]

    def broken(*_: Any, **__: Any) -> None:
        raise BackendError("no sound today")

    monkeypatch.setattr(visits.get("somebody"), "_put", broken)
    updates = worked(handlers, action="reroll")
    assert updates[-1]["status"]["error"] == "no sound today"
    assert any(update.get("plan", before) != before for update in updates[:-1])
    assert updates[-1]["plan"] == before


def test_the_wishes_offer_pipelines_and_models(monkeypatch: pytest.MonkeyPatch) -> None:
    from img2music.app import pipeline_cards
    from img2music.app.components import wishes_value as module

    monkeypatch.setattr(pipeline_cards, "unanswered_server", lambda _, name: "" if name == "offline" else "no server")
    value = module.wishes_value(pipelines=True, own_models=True)
    assert value["pipelines"][0]["name"] == "offline"
    assert value["pipelines"][0]["usable"]
    assert value["own_models"]
    for one in value["pipelines"]:
        assert bool(one["remedy"]) == (not one["usable"])
        assert len(one["said"]) == 3
    assert any(one["asks"] for one in value["pipelines"])
    assert module.wishes_value()["pipelines"] == []


def test_the_pipeline_that_is_chosen_makes_the_music(handlers: Any, visits: Visits) -> None:
    handlers.open_example(event({"name": "moon"}), REQUEST)
    wishes = {**SHORT, "pipeline": "offline", "style": "waltz", "key": "D", "mode": "dorian", "tempo": 100, "seed": 7}
    worked(handlers, action="compose", choices=wishes)
    take = visits.get("somebody").current
    assert take is not None
    assert (take.choices.pipeline, take.piece.plan.style, take.piece.plan.key) == ("offline", "waltz", "D dorian")
    assert (round(take.piece.plan.tempo_bpm), take.piece.plan.seed) == (100, 7)
    (update,) = worked(handlers, action="compose", choices={**wishes, "pipeline": "openai", "model": "openai:x"})
    assert "no models that a visitor names" in update["status"]["error"]
    (update,) = worked(handlers, action="compose", choices={**wishes, "pipeline": "nowhere"})
    assert "no pipeline 'nowhere'" in update["status"]["error"]

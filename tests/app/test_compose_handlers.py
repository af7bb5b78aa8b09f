"""What the first tab's handlers put on the page, without a server: documents as they arrive, faults as sentences, nothing left behind."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from img2music.app.session.visits import Visits
from tests.support import extras

if TYPE_CHECKING:
    from collections.abc import Iterator

extras.require("demo")

pytestmark = pytest.mark.filterwarnings("ignore")
REQUEST: Any = SimpleNamespace(session_hash="somebody")
SHORT = {"seconds": 6}


@pytest.fixture
def visits(tmp_path: Path) -> Iterator[Visits]:
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

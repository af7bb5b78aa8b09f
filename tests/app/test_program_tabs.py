"""The tabs of prompts and pipelines: what their buttons do, and that no text becomes markup. How they look is tried in a browser."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import extras
from tests.support.stub_server import StubServer

if TYPE_CHECKING:
    from collections.abc import Iterator

extras.require("demo")

pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).parents[2]
MOON = str(ROOT / "demo" / "examples" / "moon.jpg")
REQUEST: Any = SimpleNamespace(session_hash="somebody")


@pytest.fixture
def handlers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from img2music.app.tabs.prompt_lab_tab import LabHandlers

    monkeypatch.setenv("IMG2MUSIC_PROMPTS", str(tmp_path / "own"))
    return LabHandlers(lambda session_hash: tmp_path / session_hash)


def running(handlers: Any, server: StubServer, **changes: Any) -> Iterator[Any]:
    asked = {
        "names": ["plan/choose"],
        "tried": False,
        "text": "",
        "models": f"openai:stub?base_url={server.base_url}&retries=0\n",
        "files": [MOON],
        "seeds": 1,
        "seconds": 5,
        "agreed": False,
    }
    steps: Iterator[Any] = handlers.run(**{**asked, **changes}, request=REQUEST)
    return steps


def test_the_pipelines_are_markup_without_any_of_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    from img2music.app.tabs import pipelines_tab

    row = {"kind": "planner", "name": "<b>x", "summary": "<script>", "leaves_machine": "<i>", "licence": "", "repeats": False}
    row |= {"steps_in": True, "fault": "<u>"}
    card = {
        "name": "own",
        "description": "<img src=x>",
        "usable": False,
        "remedy": "<a>",
        "needs": "<p>",
        "leaves_machine": "<s>",
    }
    card |= {
        "stays": False,
        "licence": "<q>",
        "repeats": False,
        "stages": [row],
        "models": [{"kind": "planner", "model": "<m>", "prompt": ""}],
    }
    monkeypatch.setattr(pipelines_tab, "pipeline_choices", lambda: (card,))
    made = pipelines_tab.pipelines_html()
    assert 'class="pipeline unusable"' in made
    for tag in ("<b>", "<script", "<i>", "<u>", "<img", "<a>", "<s>", "<q>", "<m>"):
        assert tag not in made


def test_prompts_are_loaded_checked_and_kept(handlers: Any, tmp_path: Path) -> None:
    text, about = handlers.load("plan/choose", REQUEST)
    assert "is sound: for plan" in about
    assert 'role="alert"' in handlers.load("../secret", REQUEST)[1]
    assert 'class="wrong"' in handlers.check("<script>hello", REQUEST)
    assert "<script" not in handlers.check("<script>hello", REQUEST)
    assert str(tmp_path / "own" / "mine.md") in handlers.save("mine", text, replace=False, request=REQUEST)
    assert "already" in handlers.save("mine", text, replace=False, request=REQUEST)
    assert "own/mine" in handlers.names(REQUEST)[0]["choices"]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_comparison_comes_in_a_frame_without_rights(handlers: Any) -> None:
    extras.require("llm")
    with StubServer() as server:
        *_, (status, frame, file) = running(handlers, server)
    assert "Done." in status
    assert frame.startswith('<iframe class="lab-frame"')
    assert 'sandbox=""' in frame
    assert "<script" not in frame
    assert file["visible"]
    assert Path(file["value"]).name == "index.html"
    assert handlers._running == {}


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_one_comparison_at_a_time_and_it_stops_at_once(handlers: Any) -> None:
    extras.require("llm")
    seen: list[Any] = []
    with StubServer(default="slow:30") as server:
        thread = threading.Thread(target=lambda: seen.extend(running(handlers, server)))
        thread.start()
        while len(seen) < 2 and thread.is_alive():
            time.sleep(0.05)
        ((busy, *_),) = list(running(handlers, server))
        assert "running already" in busy
        begin = time.monotonic()
        handlers.stop(REQUEST)
        thread.join(10)
        assert time.monotonic() - begin < 5
    assert "Stopped" in seen[-1][0]


def test_what_is_missing_is_said(handlers: Any) -> None:
    server: Any = SimpleNamespace(base_url="http://127.0.0.1:1/v1")
    for changes, words in (
        ({"files": None}, "No picture is chosen"),
        ({"models": ""}, "0 models"),
        ({"names": []}, "0 prompts"),
        ({"models": "openai:gpt-4o-mini"}, "agree to that first"),
    ):
        *_, (status, _, _) = running(handlers, server, **changes)
        assert words in status
        assert 'role="alert"' in status


def test_a_pipeline_says_what_of_it_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes are the same where only the sound is by a model: no record replays that."""
    from img2music.app.components.page_texts import page_text
    from img2music.app.pipeline_cards import pipeline_choices
    from img2music.app.tabs import pipelines_tab

    monkeypatch.setattr("img2music.app.pipeline_cards.unanswered_server", lambda *_: "")
    cards = {card["name"]: card for card in pipeline_choices()}
    for name, key in (("offline", "same"), ("musicgen", "sound_differs"), ("ollama", "differs")):
        monkeypatch.setattr(pipelines_tab, "pipeline_choices", lambda name=name: (cards[name],))
        shown = pipelines_tab.pipelines_html()
        assert [page_text(f"pipelines.{one}") in shown for one in ("same", "sound_differs", "differs")] == [
            one == key for one in ("same", "sound_differs", "differs")
        ]

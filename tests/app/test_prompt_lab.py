"""The prompt lab and the pipelines behind their tabs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from img2music.app.pipeline_cards import pipeline_choices
from img2music.app.prompt_lab import LabRequest, LabResult, PromptLab
from img2music.cancellation import CancelToken
from img2music.errors import DocumentError, OutputError, PictureError, UsageError
from img2music.pipeline import pipeline_names
from tests.support import extras
from tests.support.stub_server import StubServer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
MOON = (ROOT / "demo" / "examples" / "moon.jpg").read_bytes()
SHIPPED = (ROOT / "prompts" / "plan" / "choose.md").read_text(encoding="utf-8")


@pytest.fixture
def lab(tmp_path: Path) -> PromptLab:
    return PromptLab(tmp_path / "visit", tmp_path / "own")


@pytest.fixture
def stub() -> Iterator[StubServer]:
    extras.require("llm")
    with StubServer() as server:
        yield server


def asking(server: StubServer, **changes: Any) -> LabRequest:
    models = (f"openai:stub?base_url={server.base_url}&retries=0",)
    return replace(LabRequest(("plan/choose",), "", models, (("moon.jpg", MOON),), seconds=5.0), **changes)


def test_prompts_are_read_checked_and_kept(lab: PromptLab, tmp_path: Path) -> None:
    assert lab.text("plan/choose") == SHIPPED
    assert lab.check(SHIPPED).purpose == "plan"
    kept = lab.save("my-plan", SHIPPED.replace("poetic", "plain"))
    assert kept == tmp_path / "own" / "my-plan.md"
    assert "own/my-plan" in lab.names()
    assert "plain one-sentence" in lab.text("own/my-plan")
    with pytest.raises(OutputError, match="already"):
        lab.save("my-plan", SHIPPED)
    lab.save("my-plan", SHIPPED, replace=True)
    assert lab.text("own/my-plan") == SHIPPED


@pytest.mark.parametrize("name", ["", "../x", "plan/choose", "A", "x.md", "x" * 41, "/etc/cron"])
def test_a_name_makes_no_path(lab: PromptLab, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="can't be a prompt's name"):
        lab.save(name, SHIPPED)
    assert not (tmp_path / "own").exists()


def test_a_link_among_the_own_prompts_is_not_written_through(lab: PromptLab, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("mine")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "link.md").symlink_to(outside)
    with pytest.raises(OutputError):
        lab.save("link", SHIPPED, replace=True)
    assert outside.read_text() == "mine"


@pytest.mark.parametrize("name", ["/etc/passwd", "own/../../x", "own/nothing", "../plan/choose.md", str(ROOT / "README.md")])
def test_only_listed_prompts_are_read(lab: PromptLab, name: str) -> None:
    with pytest.raises(UsageError, match="no prompt"):
        lab.text(name)


@pytest.mark.parametrize(
    "text",
    ["", "hello", "---\n---\n", SHIPPED.replace("{{ gist }}", "{{ secrets }}"), SHIPPED.replace("version: 1", "version: &a [*a]"), "x" * 70_000],
    ids=["empty", "prose", "no head", "unknown variable", "alias", "long"],
)  # fmt: skip
def test_hostile_texts_are_refused_without_a_path_of_the_server(lab: PromptLab, tmp_path: Path, text: str) -> None:
    with pytest.raises((UsageError, DocumentError)) as refused:
        lab.check(text)
    assert str(tmp_path) not in str(refused.value)


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_comparison_ends_in_a_page(lab: PromptLab, stub: StubServer) -> None:
    asked = asking(stub, edited=SHIPPED.replace("plan/choose", "plan/mine"))
    assert lab.estimate(asked).run == 2
    *steps, result = lab.run(asked)
    assert isinstance(result, LabResult)
    assert len(steps) == len(result.rows) == 2
    assert "Is plan/choose better than plan/mine?" in result.page
    assert result.file.read_text(encoding="utf-8") == result.page
    assert stub.requests


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_model_that_dies_is_told_kindly(lab: PromptLab, stub: StubServer) -> None:
    stub.default = "closed"
    *_, result = lab.run(asking(stub))
    assert isinstance(result, LabResult)
    assert "was cut before its answer was whole" in result.rows[0]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_run_can_be_stopped(lab: PromptLab, stub: StubServer) -> None:
    stub.default = "slow:30"
    token = CancelToken()
    run = lab.run(asking(stub), token)
    next(run)
    token.cancel()
    assert list(run) == []


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"prompts": ()}, UsageError, "0 prompts"),
        ({"models": ()}, UsageError, "0 models"),
        ({"models": ("a:b",) * 4}, UsageError, "4 models"),
        ({"pictures": ()}, UsageError, "0 pictures"),
        ({"seeds": 99}, UsageError, "99 seeds"),
        ({"seconds": 900.0}, UsageError, "900 seconds"),
        ({"pictures": (("x.png", b"no picture"),)}, PictureError, "no picture"),
        ({"models": ("nobody:x",)}, UsageError, "nobody"),
        ({"models": ("openai:gpt-4o-mini",)}, UsageError, "agree to that first"),
    ],
)
def test_what_can_not_be_compared_is_said_before_anybody_is_asked(
    lab: PromptLab, changes: dict[str, Any], error: type[Exception], words: str
) -> None:
    request = replace(LabRequest(("plan/choose",), "", ("gguf:x.gguf",), (("moon.jpg", MOON),)), **changes)
    with pytest.raises(error, match=words):
        lab.run(request)


def test_every_pipeline_has_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(
        "img2music.app.pipeline_cards.unanswered_server", lambda _config, name: "no server" if name == "ollama" else ""
    )
    cards = {str(card["name"]): card for card in pipeline_choices()}
    assert set(cards) == set(pipeline_names())
    assert next(iter(cards)) == "offline"
    assert cards["offline"]["usable"]
    assert cards["offline"]["stays"]
    assert cards["offline"]["models"] == []
    assert not cards["openai"]["usable"]
    assert "OPENAI_API_KEY" in str(cards["openai"]["remedy"]) or "pip install" in str(cards["openai"]["remedy"])
    assert not cards["openai"]["stays"]
    assert cards["ollama"]["remedy"] == "no server" or "pip install" in str(cards["ollama"]["remedy"])
    for card in cards.values():
        assert isinstance(card["stages"], list)
        assert len(card["stages"]) >= 5
        assert card["licence"]

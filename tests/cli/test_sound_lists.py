"""What lists say of a renderer that plays by a neural model: its weights, their licence and size, and what to do where it can't play yet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from img2music.pipeline_config import PipelineConfig
from tests.support.extras import require
from tests.support.registered import register

if TYPE_CHECKING:
    from collections.abc import Callable

WEIGHTS = "facebook/musicgen-large"
FACTS = "licence CC-BY-NC-4.0: no commercial use; 14 GB from Hugging Face hub"


@pytest.fixture
def choir(monkeypatch: pytest.MonkeyPatch) -> None:
    """A renderer that plays weights which are not here, and the pipeline `choir` with it."""
    config = PipelineConfig.model_validate(
        {
            "name": "choir", "description": "A choir sings.", "needs": "patience", "leaves_machine": "nothing", "licence": "of the weights",
            "stages": {"renderer": {"use": "choir", "fallback": {"use": "soundfont"}}},
        }
    )  # fmt: skip
    register(
        monkeypatch,
        "renderer",
        "choir",
        "tests.support.stand_in_stages:Choir",
        weights=WEIGHTS,
        listened=True,
        readiness="img2music.renderers.neural.weights:readiness",
    )
    for module in ("img2music.pipeline.presets", "img2music.app.pipeline_cards", "img2music.cli.shared.data_file_group"):
        monkeypatch.setattr(f"{module}.pipeline_names", lambda: ("choir", "offline"), raising=False)
        monkeypatch.setattr(f"{module}.load_pipeline_config", lambda _: config, raising=False)


def test_pipelines_say_what_binds_whoever_sells_the_sound(choir: None) -> None:
    require("demo")
    from img2music.app.tabs.pipelines_tab import pipelines_html
    from img2music.cli.pipelines import _about

    about = _about("choir")
    assert f"weights {WEIGHTS}: {FACTS}" in about.lines
    assert about.record["weights"] == [
        {"name": WEIGHTS, "licence": "CC-BY-NC-4.0", "commercial": False, "conditions": "", "gigabytes": 14.0, "here": False}
    ]
    assert any(FACTS in line for line in about.comments)
    page = pipelines_html()
    assert "Weights of the sound" in page
    assert FACTS in page


def test_doctor_says_that_weights_are_not_here_and_how_they_come(choir: None, run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run("doctor", "--json")
    rows = {row["name"]: row for row in json.loads(out)["findings"]}
    told = rows["renderer choir"]
    assert code == 0, "nothing that is needed lacks"
    assert told["weights"] == WEIGHTS
    assert FACTS in told["text"]

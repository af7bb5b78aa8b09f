"""Faults that published programs of this kind have, each as a promise of ours.

1 a wish that never reaches the model, and a mode without a model that fails; 2 retries without end, and a title taken for voices;
3 a cache that ignores the picture; 4 ABC that is no ABC; 5 a key that changes from run to run; 6 "None" pasted into a prompt, and the
same said twice; 7 a prompt that exists and is never used; 8 an evaluation that can't run as published.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from img2music import Brief, Pipeline
from img2music.io.abc.export_abc import write_abc
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.templates import load_prompt, prompt_names
from tests.support import extras
from tests.support.commands import run_cli
from tests.support.made_pipelines import make_pipeline
from tests.support.made_scenes import make_scene
from tests.support.model_answers import changes_answer, choice_answer, plan_answer, scene_answer
from tests.support.stub_server import StubServer, schema_of_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    MakePicture = Callable[..., Path]

_STAGES = {"see": ("perceiver", "vlm", "offline"), "plan": ("planner", "llm", "rules"), "abc": ("realizer", "abc", "composer")}


def sensible(body: dict[str, Any]) -> Any:
    schema = schema_of_request(body)
    if schema is None:
        return "X:1\nT:Tune\nM:4/4\nL:1/8\nK:C\nCDEF GABc|"
    asked = schema["properties"]
    if "glosses" in asked:
        return {"glosses": []}
    if "observations" in asked:
        return scene_answer()
    return plan_answer() if "style" in asked else changes_answer() if "density" in asked else choice_answer()


def asking(kind: str, stage: str, fallback: str, **options: object) -> Pipeline:
    return make_pipeline(**{kind: {"use": stage, "options": options, "fallback": {"use": fallback}}})


@pytest.mark.enable_socket
@pytest.mark.parametrize("name", [name for name in prompt_names() if not name.startswith("sound/")])
def test_1_6_7_what_is_asked_for_is_what_is_sent_once_and_in_the_prompt_that_was_named(
    name: str, make_picture: MakePicture
) -> None:
    extras.require("llm")
    template = load_prompt(name)
    with StubServer(answer=sensible) as server:
        line = f"openai:stub?base_url={server.base_url}&retries=0"
        asks_words = template.purpose == "words"
        stage = _STAGES["plan" if asks_words else template.purpose]
        pipeline = asking(*stage, model=line, prompt="plan/compose" if asks_words else name)
        pipeline.compose(make_picture(), seconds=30, words="like a zeppelin", audio=None, on_event=lambda _: None)
        messages = server.requests[0 if asks_words else -1].body["messages"]  # a planner explains words before it plans
    text = "\n".join(_text(message["content"]) for message in messages)
    for piece in template.system.split("{{")[0].strip(), template.user.split("{{")[0].strip():
        assert piece[:200] in text
    assert "{{" not in text
    assert "None" not in text
    assert text.count("like a zeppelin") == ("words" in template.variables())
    if template.purpose == "see":
        images = [block for block in messages[-1]["content"] if block["type"] == "image_url"]
        assert len(images) == 1
        assert images[0]["image_url"]["url"].startswith("data:image/jpeg;base64,")
    else:
        assert isinstance(messages[-1]["content"], str)  # no picture leaves


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(block.get("text", "") for block in content)


def test_1_without_any_model_a_picture_becomes_music(make_picture: MakePicture) -> None:
    assert Pipeline.load("offline").compose(make_picture(), seconds=5, audio=None).score.parts


@pytest.mark.enable_socket
@pytest.mark.parametrize("kind", _STAGES)
def test_2_a_model_that_never_learns_is_asked_three_times(kind: str, make_picture: MakePicture) -> None:
    extras.require("llm")
    with StubServer(answer=lambda _: "I would rather talk about the weather.") as server:
        line = f"openai:stub?base_url={server.base_url}&retries=0"
        piece = asking(*_STAGES[kind], model=line).compose(make_picture(), seconds=6, audio=None, on_event=lambda _: None)
        assert len(server.requests) == 3
    assert len(piece.manifest.fallbacks) == 1


def test_2_a_title_starts_no_voices() -> None:
    from img2music.realizers.abc.abc_realizer import read_tune

    plan = RulesPlanner()(make_scene(), Brief(seconds=12, instruments=("flute",), key="C major", meter="4/4"))
    bars = " ".join(["CDEF GABc|"] * (plan.bars - 1))
    score, _ = read_tune(f"X:1\nT:Velvet evening, very vivid\nM:4/4\nL:1/8\nK:C\n{bars} c8", plan)
    assert len(score.parts) == len(plan.parts)
    last = max(score.parts[0].notes, key=lambda note: note.onset_quarters)
    assert last.pitch % 12 == 0
    assert last.duration_quarters == 4  # the last character is still there


@pytest.mark.enable_socket
def test_3_two_pictures_never_share_an_answer(make_picture: MakePicture) -> None:
    extras.require("llm")
    with StubServer(answer=sensible) as server:
        line = f"openai:stub?base_url={server.base_url}&retries=0"
        for purpose in ("see", "plan"):
            before = len(server.requests)
            pipeline = asking(*_STAGES[purpose], model=line)
            for tint in (0, 1):
                pipeline.compose(make_picture(f"{tint}.png", tint=tint), seconds=30, audio=None, on_event=lambda _: None)
            assert len(server.requests) == before + 2


def test_4_abc_is_abc(tmp_path: Path) -> None:
    text = write_abc(Composer()(RulesPlanner()(make_scene(), Brief(seconds=12))))
    assert text.startswith("%abc-2.1\n")
    assert "object at 0x" not in text
    if shutil.which("abc2midi") is None:
        pytest.skip("abc2midi is not installed")
    (tmp_path / "a.abc").write_text(text)
    done = subprocess.run(["abc2midi", str(tmp_path / "a.abc")], capture_output=True, text=True, check=False)
    assert "Error" not in done.stdout


def test_5_the_same_picture_has_the_same_key_whatever_strings_hash_to(make_picture: MakePicture) -> None:
    import os

    picture, plans = make_picture(), set()
    for salt in ("1", "2"):
        done = run_cli(["plan", picture, "--json", "--seconds", "5"], env={**os.environ, "PYTHONHASHSEED": salt})
        assert done.returncode == 0, done.stderr
        plans.add(done.stdout)
    assert len(plans) == 1
    assert json.loads(plans.pop())["key"]


@pytest.mark.parametrize(
    "script", ["studies/models/misbehaving_server.py", "bench/bench_models.py", "studies/models/constrained_decoding.py"]
)
def test_8_evaluations_run_as_they_are_described(script: str) -> None:
    from pathlib import Path

    path = Path(__file__).parents[1] / "evals" / script
    done = subprocess.run([sys.executable, str(path), "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.lower()

"""Pipelines on record: the commands of the report work, and no folder of this machine goes with a piece."""

from __future__ import annotations

import html
import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest

from img2music.errors import DocumentError
from img2music.manifest import Manifest
from img2music.pipeline import Pipeline, replay
from img2music.pipeline.presets import adapted, load_pipeline_config
from img2music.pipeline.records.recorded_pipeline import UNKNOWN_FILE, pipeline_choice, without_folders
from tests.support.made_pipelines import make_pipeline, manifest_of
from tests.support.stand_in_sound import register_neural

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]
    MakePicture = Callable[..., Path]

FILE = """
name: my band
description: d
needs: n
leaves_machine: nothing
licence: l
stages: %s
"""


@pytest.fixture(autouse=True)
def neural(monkeypatch: pytest.MonkeyPatch) -> None:
    register_neural(monkeypatch, "obedient")


def commands(folder: Path) -> list[list[str]]:
    """The commands that a report prints, in order, as a shell reads them."""
    page = (folder / "report.html").read_text()
    told = [html.unescape(code) for code in re.findall(r"<pre[^>]*><code>(img2music .*?)</code>", page)]
    return [shlex.split(one)[1:] for one in told]


@pytest.mark.parametrize("kind", ["weights", "no text", "style", "asked"])
def test_the_commands_of_a_report_work_with_a_pipeline_of_ones_own(
    kind: str, make_picture: MakePicture, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, weights = tmp_path / "here", tmp_path / "home" / "nobody" / "my-weights"
    here.mkdir()
    weights.mkdir(parents=True)
    stages = {
        "weights": {"renderer": {"use": "obedient", "options": {"weights": str(weights)}}},
        "no text": {"renderer": {"use": "soundfont", "options": {"loudness_lufs": -16}}},
        "style": {},
        "asked": {"renderer": {"use": "obedient", "options": {"weights": str(weights)}, "fallback": {"use": "soundfont"}}},
    }[kind]
    (here / "band.yaml").write_text(FILE % json.dumps(stages))
    make_picture().rename(here / "hills.png")
    monkeypatch.chdir(here)
    more: list[str] = ["--no-fallback"] if kind == "asked" else []
    if kind == "style":
        assert run("styles", "cp", "waltz", "own.yaml")[0] == 0
        more = ["--style", "own.yaml"]
    code, _, err = run("compose", "hills.png", "--seconds", "6", "--pipeline", here / "band.yaml", *more, "-o", here)
    assert code == 0, err
    folder = here / "hills"
    for file in ("band.yaml", "hills.png", *(["own.yaml"] if kind == "style" else [])):
        (folder / file).write_bytes((here / file).read_bytes())
    record, again = (folder / "piece.json").read_text(), commands(folder)
    assert again[0][:2] == ["replay", "piece.json"]
    assert ("--pipeline" in again[0]) is (kind in {"weights", "asked"})
    assert str(tmp_path) not in record
    assert str(tmp_path) not in (folder / "report.html").read_text()
    assert again[1][again[1].index("--pipeline") + 1] == "band.yaml"
    monkeypatch.chdir(folder)
    for words in again:
        code, _, err = run(*(str(tmp_path / "out") if word == "OUT" else word for word in words))
        assert code == 0, (words, err)


def test_a_record_names_no_folder() -> None:
    options = {
        "weights": "/home/me/models/tiny",
        "deep": [{"weights": "~/models/tiny/"}, "C:\\Users\\me\\tiny", "./tiny", "../x/tiny"],
        "model": "gguf:/home/me/small.gguf?threads=2",
        "server": "openai:qwen?base_url=http://localhost:11434/v1",
        "hub": "facebook/musicgen-small",
        "prompt": "sound/plain",
        "mark": 0.5,
    }
    config = make_pipeline(renderer={"use": "obedient", "fallback": {"use": "obedient", "options": options}}).config
    fallback = without_folders(config).stages.renderer.fallback
    assert fallback is not None
    assert fallback.options == {
        "weights": "tiny",
        "deep": [{"weights": "tiny"}, "tiny", "tiny", "tiny"],
        "model": "gguf:small.gguf?threads=2",
        "server": options["server"],
        "hub": "facebook/musicgen-small",
        "prompt": "sound/plain",
        "mark": 0.5,
    }
    assert without_folders(load_pipeline_config("musicgen-caption")) == load_pipeline_config("musicgen-caption")


def test_what_has_to_be_said_beside_the_record(make_picture: MakePicture, tmp_path: Path) -> None:
    piece = Pipeline.load("offline").compose(make_picture(), seconds=6)
    record = piece.manifest
    assert record.chosen is None
    assert "chosen" not in record.model_dump()

    def chosen(config: object, **entries: object) -> tuple[list[str], list[str]] | None:
        found = pipeline_choice(record.model_copy(update={"pipeline": config, **entries}))
        return None if found is None else (list(found.words), list(found.replay_words))

    musicgen = load_pipeline_config("musicgen")
    neural = {"stages": {**record.stages, "renderer": "musicgen"}}
    assert chosen(musicgen, **neural) is None
    assert chosen(adapted(musicgen, prompts=["sound/tags"], fallbacks=False), **neural) == (
        ["--pipeline", "musicgen", "--prompt", "sound/tags", "--no-fallback"],
        ["--pipeline", "musicgen"],
    )
    # A caption is no note: it is asked for again, and only where that is said.
    caption = adapted(load_pipeline_config("musicgen-caption"), model="openai:other?base_url=http://127.0.0.1:9/v1")
    assert chosen(caption, **neural) == (
        ["--pipeline", "musicgen-caption", "--model", "openai:other?base_url=http://127.0.0.1:9/v1"],
        ["--pipeline", "musicgen-caption"],
    )
    # Made in Python, so in no file; and one of the page, which sounds as one that comes with the program.
    own = make_pipeline(renderer={"use": "obedient", "options": {"weights": "/home/me/tiny"}}).config
    assert chosen(own, stages={**record.stages, "renderer": "obedient"}) == (["--pipeline", UNKNOWN_FILE],) * 2
    page = musicgen.model_copy(update={"name": "offline with the sound of musicgen"})
    assert chosen(page, **neural) == (["--pipeline", "musicgen"],) * 2


def test_a_record_that_asks_for_its_pipeline_names_it(make_picture: MakePicture, tmp_path: Path) -> None:
    (tmp_path / "band.yaml").write_text(FILE % '{"renderer": {"use": "obedient", "options": {"weights": "/home/me/tiny"}}}')
    folder = Pipeline.load(tmp_path / "band.yaml").compose(make_picture(), seconds=6).save(tmp_path / "made")
    assert manifest_of(folder)["pipeline"]["stages"]["renderer"]["options"] == {"weights": "tiny"}
    with pytest.raises(DocumentError, match=r"give its file with --pipeline, here band\.yaml$"):
        replay(folder / "piece.json")
    again = replay(folder / "piece.json", tmp_path / "again", pipeline=tmp_path / "band.yaml")
    assert again.same
    read = Manifest.model_validate_json((folder / "piece.json").read_bytes())
    assert read.chosen is not None
    assert read.chosen.replay_words == ("--pipeline", "band.yaml")

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from img2music.errors import DocumentError, PictureError
from img2music.io.documents import dump_json, load_plan, load_scene
from img2music.pipeline import Pipeline, replay
from tests.support.made_pipelines import SHORT, SYMBOLIC, make_pipeline, manifest_of
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from collections.abc import Callable


# Scenes and plans from outside


@pytest.fixture
def plan_tree() -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(dump_json(Pipeline.load().plan(make_scene(), SHORT)))
    return tree


def test_documents_come_back_as_they_were(tmp_path: Path) -> None:
    scene = make_scene()
    plan = Pipeline.load().plan(scene, SHORT)
    (tmp_path / "scene.json").write_text(dump_json(scene))
    (tmp_path / "plan.json").write_text(dump_json(plan))
    assert load_scene(tmp_path / "scene.json") == scene
    assert load_plan(tmp_path / "plan.json") == plan
    assert dump_json(plan).endswith("}\n")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"tempo_bpm": 900}, r"plan\.json, tempo_bpm: Input should be less than or equal to 300; mend it"),
        ({"tempo_bpm": "fast"}, r"plan\.json, tempo_bpm: "),
        ({"key": "H minor"}, r"plan\.json, key: "),
        ({"parts": []}, r"plan\.json, parts: "),
        ({"surprise": 1}, r"plan\.json, surprise: unknown field"),
        ({"seed": -1}, r"plan\.json, seed: "),
        ({"motif": {"steps": [0, 1], "rhythm": [1]}}, r"plan\.json, motif"),
    ],
)
def test_a_broken_plan_names_place_fault_and_remedy(
    tmp_path: Path, plan_tree: dict[str, Any], change: dict[str, Any], fault: str
) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan_tree | change))
    with pytest.raises(DocumentError, match=fault) as caught:
        load_plan(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("`img2music plan`")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "not a JSON document"),
        (b"{", "not a JSON document"),
        (b"\xff\xfe", "not a JSON document"),
        (b'{"tempo_bpm": NaN}', "not a JSON document"),
        (b'{"tempo_bpm": 1e999}', "a number is too large"),
        (b"[" * 100_000, "recursion limit"),
        (b'{"x": ' + b"1" * 100_000 + b"}", "out of range"),
        (b" " * 5_000_001, "too large"),
        (b'"plan"', "Input should be"),
    ],
)
def test_hostile_documents(tmp_path: Path, content: bytes, fault: str) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=fault):
        load_plan(path)


def test_a_scene_given_as_a_plan_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(dump_json(make_scene()))
    with pytest.raises(DocumentError, match="this is a scene, not a plan"):
        load_plan(tmp_path / "x.json")


def test_only_files_are_read(tmp_path: Path) -> None:
    import os

    with pytest.raises(DocumentError, match="is not a file"):
        load_plan(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DocumentError, match="is not a file"):
        load_plan(tmp_path / "pipe")
    with pytest.raises(DocumentError, match="can't be read"):
        load_plan("a\0b")


def test_a_missing_picture() -> None:
    with pytest.raises(PictureError, match=r"nothing\.png"):
        Pipeline.load().compose("nothing.png")


# Replay


@pytest.fixture
def made(make_picture: Callable[..., Path], tmp_path: Path) -> Path:
    return Pipeline.load().compose(make_picture(), SHORT, audio=None).save(tmp_path / "made")


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    manifest = manifest_of(folder)
    change(manifest)
    path = folder / "piece.json"
    path.write_text(json.dumps(manifest))
    return path


def test_replay_needs_the_manifest_alone(made: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.json"
    (made / "piece.json").rename(alone)
    result = replay(alone, tmp_path / "again")
    assert result.same
    assert result.version_notes == ()
    for name in SYMBOLIC:
        if name not in {"piece.json", "report.html", "picture.jpg"}:
            assert (tmp_path / "again" / name).read_bytes() == (made / name).read_bytes()
    assert (tmp_path / "again" / "report.html").exists()


@pytest.mark.usefixtures("stand_ins")
def test_replay_makes_the_same_sound(make_picture: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = make_pipeline(renderer={"use": "hum"})
    folder = pipeline.compose(make_picture(), SHORT, audio="flac", stems=True).save(tmp_path / "made")
    result = replay(folder / "piece.json")
    assert {check.status for check in result.files if check.name.startswith(("audio", "stems/"))} == {"same"}
    monkeypatch.setattr("tests.support.stand_in_stages.RATE", 8001)
    changed = replay(folder / "piece.json")
    assert not changed.same
    assert {check.status for check in changed.files if check.name.startswith(("audio", "stems/"))} == {"different"}
    assert {check.status for check in changed.files if check.name.startswith("score")} == {"same"}


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("audio", ["wav", "flac", "mp3", "ogg"])
def test_every_format_is_made_again(make_picture: Callable[..., Path], tmp_path: Path, audio: Any) -> None:
    folder = make_pipeline(renderer={"use": "hum"}).compose(make_picture(), SHORT, audio=audio).save(tmp_path / "made")
    result = replay(folder / "piece.json")
    assert result.same
    assert {check.name: check.status for check in result.files}[f"audio.{audio}"] == "same"


def test_replay_finds_what_differs(made: Path) -> None:
    def change(manifest: dict[str, Any]) -> None:
        manifest["files"]["score.abc"] = "0" * 64
        manifest["files"]["extra.txt"] = "0" * 64
        del manifest["files"]["score.mid"]
        manifest["versions"]["numpy"] = "0.1"

    result = replay(edit(made, change))
    statuses = {check.name: check.status for check in result.files}
    assert not result.same
    assert (statuses["score.abc"], statuses["extra.txt"], statuses["score.mid"]) == ("different", "missing", "new")
    assert statuses["score.musicxml"] == "same"
    assert statuses["piece.json"] == "not compared"
    assert statuses["report.html"] == statuses["picture.jpg"] == "same"
    assert [note for note in result.version_notes if note.startswith("numpy was 0.1, is ")] == list(result.version_notes)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda manifest: manifest["files"].update({"../../escape": "0" * 64}), "String should match pattern"),
        (lambda manifest: manifest["files"].update({"score.mid": "x"}), "String should match pattern"),
        (lambda manifest: manifest.update(surprise=1), "surprise: unknown field"),
        (lambda manifest: manifest.update(scene=None), "holds a scene or a plan"),
        (lambda manifest: manifest["brief"].update(seconds=1e9), "brief.seconds"),
        (lambda manifest: manifest.update(takes=[{**manifest["takes"][0], "measurements": []}] * 1001), "takes"),
        (lambda manifest: manifest["brief"].update(style="/etc/passwd.yaml"), "give that file with --style"),
        (
            lambda manifest: manifest["pipeline"]["stages"]["renderer"]["options"].update(soundfont="/etc/passwd"),
            "renderer has options that may name files; give its file with --pipeline",
        ),
        (
            lambda manifest: manifest["pipeline"]["stages"]["planner"].update(
                fallback={"use": "rules", "options": {"deep": [{"x": "name"}]}}
            ),
            "planner has options that may name files",
        ),
    ],
)
def test_a_hostile_manifest_opens_nothing(made: Path, tmp_path: Path, change: Callable[[Any], object], fault: str) -> None:
    path = edit(made, change)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DocumentError, match=fault):
        replay(path, tmp_path / "out")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_style_file_is_given_again(make_picture: Callable[..., Path], tmp_path: Path) -> None:
    from img2music.resources import data_folder

    style = tmp_path / "mine.yaml"
    style.write_text(data_folder("styles").joinpath("waltz.yaml").read_text(encoding="utf-8"))
    made = Pipeline.load().compose(make_picture(), SHORT, style=str(style), audio=None).save(tmp_path / "made")
    with pytest.raises(DocumentError, match="give that file with --style"):
        replay(made / "piece.json")
    assert replay(made / "piece.json", style=str(style)).same


@pytest.mark.parametrize(("name", "kind"), [("openai", "planner"), ("local-llm", "planner"), ("abc-llm", "realizer")])
def test_a_replay_asks_no_model(made: Path, name: str, kind: str) -> None:
    from img2music.pipeline.presets import load_pipeline_config

    def change(manifest: Any) -> None:
        manifest["pipeline"] = json.loads(load_pipeline_config(name).model_dump_json())
        manifest["stages"][kind] = {"planner": "llm", "realizer": "abc"}[kind]

    with pytest.raises(DocumentError, match=f"does not hold what a model made for its {kind}"):
        replay(edit(made, change))


def test_a_tune_on_record_that_is_none_is_bad_input(made: Path) -> None:
    def change(manifest: Any) -> None:
        manifest["stages"]["realizer"] = "abc"
        use = {
            "model": "openai:x",
            "prompt": "abc/tune",
            "prompt_digest": "0",
            "schema_name": "abc/1",
            "answers": 1,
            "asked": 1,
            "repairs": 0,
        }
        manifest["models"] = [{"stage": "realizer", "accepted": True, "answer": "no tune at all", **use}]

    with pytest.raises(DocumentError, match="the tune on record can't be read"):
        replay(edit(made, change))

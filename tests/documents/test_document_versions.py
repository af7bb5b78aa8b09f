"""Documents of other versions: older ones are read and make the same music, newer ones are refused in one line that says so.

`tests/documents/version_1` was written by the program as it was before its packages were rearranged.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from img2music.brief import Brief
from img2music.errors import DocumentError
from img2music.io.documents import load_plan, load_scene, parse_json, parse_yaml, read_file
from img2music.io.lexicon_files import Language
from img2music.io.style_files import load_style
from img2music.manifest import Manifest
from img2music.pipeline import replay
from img2music.pipeline.presets import load_pipeline_config
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.scene import Scene
from img2music.strict_model import DocumentModel
from img2music.templates import load_prompt

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION_1 = Path(__file__).parent / "version_1"
PIECES = sorted(path.parent.name for path in VERSION_1.glob("*/piece.json"))
STYLE = VERSION_1 / "style.yaml"
MUSIC = ("score.mid", "score.musicxml", "score.abc")
"""The MIDI file is the performance; the others are the score."""


def style_of(piece: str) -> list[str]:
    return ["--style", str(STYLE)] if piece == "own-style" else []


# Older documents


def test_all_pieces_of_version_1_are_here() -> None:
    assert len(PIECES) == 13


@pytest.mark.parametrize("piece", PIECES)
def test_every_piece_replays_byte_for_byte(piece: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No model is asked, also where one was; a style file is given again under its old name, for the plan names it."""
    manifest = VERSION_1 / piece / "piece.json"
    style = json.loads(manifest.read_text(encoding="utf-8"))["brief"]["style"] if piece == "own-style" else None
    if style is not None:
        (tmp_path / style).write_bytes(STYLE.read_bytes())
        monkeypatch.chdir(tmp_path)
    made = replay(manifest, style=style)
    status = {file.name: file.status for file in made.files}
    assert {name: status[name] for name in MUSIC} == dict.fromkeys(MUSIC, "same")
    assert made.same


@pytest.mark.parametrize("path", sorted(VERSION_1.glob("*/scene.json")), ids=lambda path: path.parent.name)
def test_every_scene_can_be_planned(path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run("plan", path, "--json", "--seconds", "20")
    assert (code, err) == (0, "")
    assert json.loads(out)["version"] == 2


@pytest.mark.parametrize("piece", PIECES)
def test_every_plan_can_be_realized(piece: str, run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    code, _, err = run("realize", VERSION_1 / piece / "plan.json", *style_of(piece), "--audio", "none", "-o", tmp_path)
    assert code == 0, err


def test_a_style_file_with_the_old_field_for_its_words_is_read(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    assert "\nwords: [" in STYLE.read_text(encoding="utf-8")
    assert load_style(str(STYLE)).name == "celtic"
    scene = VERSION_1 / "plain" / "scene.json"
    code, out, err = run("plan", scene, "--json", "--seconds", "20", "--style", STYLE)
    assert (code, err, json.loads(out)["style"]) == (0, "", str(STYLE))


def test_an_old_pipeline_file_is_read() -> None:
    config = load_pipeline_config(VERSION_1 / "pipeline.yaml")
    assert (config.name, config.stages.planner.options["prompt"]) == ("ollama", "plan/refine")


# Newer ones, and such as hold the old and the new


class Renamed(DocumentModel):
    """A document of which two fields had other names."""

    old_fields: ClassVar[dict[str, str]] = {"metre": "meter", "mood": ""}
    meter: str


GET_NEWER = "get a newer img2music: pip install --upgrade img2music"
SCENE, PLAN = "mend it there, or see the picture again with `img2music see`", "mend it there, or plan again with `img2music plan`"
PIECE, OWN_STYLE = "give a piece.json as `img2music compose` wrote it", "compare with `img2music styles show waltz`"
PIPELINE, PROMPT = "compare with `img2music pipelines show offline`", "compare with `img2music prompts show see/cited`"


def load_manifest(path: str) -> object:
    return parse_json(read_file(path), Manifest, kind="manifest", source=path)


def inside(*path: str | int, **fields: object) -> Callable[[Any], None]:
    """Writes fields into the table at `path`."""

    def change(tree: Any) -> None:
        for step in path:
            tree = tree[step]
        tree.update(fields)

    return change


@pytest.mark.parametrize(
    ("name", "change", "load", "line"),
    [
        ("scene.json", inside(version=99, shots=[]), load_scene, f"version: 99 is newer than this program reads (1); {GET_NEWER}"),
        ("plan.json", inside(version=99, tempo_bpm="x"), load_plan, f"version: 99 is newer than this program reads (2); {GET_NEWER}"),
        ("piece.json", inside(format=99), load_manifest, f"format: 99 is newer than this program reads (1); {GET_NEWER}"),
        (
            "piece.json", inside("scene", version=2), load_manifest,
            f"scene.version: 2 is newer than this program reads (1); {GET_NEWER}",
        ),
        (
            "scene.json", inside(color=[]), load_scene,
            f"color: unknown field (did you mean 'colours'?); get a newer img2music if one wrote this, else {SCENE}",
        ),
        (
            "plan.json", inside("sections", 0, mood="dark"), load_plan,
            ("sections.0.mood: unknown field; there are: energy, energy_curve, harmony, key, material, meter, name, phrase_bars, "
            "role, silent, tempo_bpm, tempo_changes, texture, tune_by; "
            f"get a newer img2music if one wrote this, else {PLAN}"),
        ),
        (
            "piece.json", inside("brief", metre="3/4"), load_manifest,
            f"brief.metre: unknown field (did you mean 'meter'?); get a newer img2music if one wrote this, else {PIECE}",
        ),
        (
            "piece.json", inside("audio", loudness_db=-14), load_manifest,
            ("audio.loudness_db: unknown field; there are: embed, format, sample_rate, stems; "
            f"get a newer img2music if one wrote this, else {PIECE}"),
        ),
        ("plan.json", inside(version=0), load_plan, f"version: Input should be 2 (not '0'); {PLAN}"),
    ],
)  # fmt: skip
def test_a_newer_json_document_is_told_in_one_line(
    name: str, change: Callable[[Any], None], load: Callable[[str], object], line: str, tmp_path: Path
) -> None:
    tree = json.loads((VERSION_1 / "takes" / name).read_text(encoding="utf-8"))
    if name == "piece.json":
        tree["audio"] = {"format": "wav", "stems": False, "embed": False, "sample_rate": 44100}
    change(tree)
    path = tmp_path / name
    path.write_text(json.dumps(tree))
    with pytest.raises(DocumentError) as caught:
        load(str(path))
    assert str(caught.value) == f"{path}, {line}"


@pytest.mark.parametrize(
    ("name", "added", "load", "line"),
    [
        (
            "style.yaml", "tempo_map: []\n", load_style,
            f":43, tempo_map: unknown field (did you mean 'tempo_bpm'?); get a newer img2music if one wrote this, else {OWN_STYLE}",
        ),
        (
            "pipeline.yaml", "version: 99\n", load_pipeline_config,
            (":19, version: unknown field; there are: commercial, description, leaves_machine, licence, name, needs, stages; "
            f"get a newer img2music if one wrote this, else {PIPELINE}"),
        ),
        (
            "pipeline.yaml", "  watcher: {use: eye}\n", load_pipeline_config,
            (":19, stages.watcher: unknown field; there are: perceiver, performer, planner, realizer, renderer; "
            f"get a newer img2music if one wrote this, else {PIPELINE}"),
        ),
    ],
)  # fmt: skip
def test_a_newer_yaml_document_is_told_in_one_line(
    name: str, added: str, load: Callable[[str], object], line: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text((VERSION_1 / name).read_text(encoding="utf-8") + added)
    with pytest.raises(DocumentError) as caught:
        load(str(path))
    assert str(caught.value) == f"{path}{line}"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("schema: scene/1", "schema: scene/99", f", schema: scene/99 is newer than this program reads; {GET_NEWER}"),
        (
            "purpose: see", "purpose: see\ntemperature: 0",
            (":4, temperature: unknown field; there are: name, purpose, schema, summary, variables, version, why; "
            f"get a newer img2music if one wrote this, else {PROMPT}"),
        ),
    ],
)  # fmt: skip
def test_a_newer_prompt_is_told_in_one_line(old: str, new: str, line: str, tmp_path: Path) -> None:
    path = tmp_path / "own.md"
    text = (Path(__file__).parent / "prompts_version_1" / "see-cited.md").read_text(encoding="utf-8")
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(DocumentError) as caught:
        load_prompt(path)
    assert str(caught.value) == f"{path}{line}"


def test_a_newer_lexicon_is_told_in_one_line() -> None:
    with pytest.raises(DocumentError) as caught:
        parse_yaml(b"language: Latin\ndances: {waltz: saltatio}\n", Language, kind="lexicon", source="la.yaml")
    line = str(caught.value)
    assert line.startswith("la.yaml:2, dances: unknown field (did you mean ")
    assert line.endswith("get a newer img2music if one wrote this, else mend it there")


def test_an_old_field_is_read_as_the_new_one() -> None:
    assert parse_yaml(b"metre: 3/4\nmood: [sad]\n", Renamed, kind="style", source="own.yaml").meter == "3/4"
    assert parse_json(b'{"metre": "3/4"}', Renamed, kind="plan", source="plan.json").meter == "3/4"


def test_an_old_field_beside_its_new_one_is_told_in_one_line() -> None:
    told = "metre: the old name of 'meter', which is there too; take one of them out"
    with pytest.raises(DocumentError) as caught:
        parse_yaml(b"meter: 4/4\nmetre: 3/4\n", Renamed, kind="style", source="own.yaml")
    assert str(caught.value) == f"own.yaml:2, {told}; {OWN_STYLE}"
    with pytest.raises(DocumentError) as caught:
        parse_json(b'{"meter": "4/4", "metre": "3/4"}', Renamed, kind="plan", source="plan.json")
    assert str(caught.value) == f"plan.json, {told}; {PLAN}"


# Such as are not of any version


def test_a_style_file_may_lie_elsewhere_when_its_piece_is_replayed() -> None:
    done = replay(VERSION_1 / "own-style" / "piece.json", style=str(STYLE))
    assert {check.name: check.status for check in done.files if check.name in {"plan.json", "score.mid", "score.musicxml", "score.abc"}} == {
        "plan.json": "same", "score.mid": "same", "score.musicxml": "same", "score.abc": "same",
    }  # fmt: skip


def test_a_key_that_stands_twice_in_json_is_told(tmp_path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    text = (VERSION_1 / "plain" / "plan.json").read_text(encoding="utf-8")
    path = tmp_path / "plan.json"
    path.write_text(text.replace('"key": ', '"key": "A minor", "key": ', 1), encoding="utf-8")
    code, _, err = run("realize", path, "-o", tmp_path / "out")
    assert (code, err) == (3, f"img2music: {path}, key: this key stands there twice; {PLAN}\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("value", [50, -50])
def test_a_cue_outside_its_unit_is_told(value: float, tmp_path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    scene = json.loads((VERSION_1 / "plain" / "scene.json").read_text(encoding="utf-8"))
    place = next(place for place, cue in enumerate(scene["cues"]) if cue["name"] == "lightness")
    scene["cues"][place]["value"] = value
    path = tmp_path / "scene.json"
    path.write_text(json.dumps(scene), encoding="utf-8")
    code, _, err = run("plan", path)
    assert (code, err) == (3, f"img2music: {path}, cues.{place}.value: 'lightness' lies outside its unit 0..1; {SCENE}\n")
    # A scene made in memory is not refused, and ends in no traceback either.
    assert RulesPlanner()(Scene.model_validate(scene), Brief(seconds=10)).bars


@pytest.mark.parametrize("field", ["id", "name"])
def test_a_part_with_an_endless_name_is_told(field: str, tmp_path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    plan = json.loads((VERSION_1 / "plain" / "plan.json").read_text(encoding="utf-8"))
    plan["parts"][0][field] = "x" * 201
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    code, _, err = run("realize", path, "-o", tmp_path / "out")
    assert code == 3
    assert f"{path}, parts.0.{field}" in err or f"{path}, parts.0.id" in err
    assert err.count("\n") == 1

"""The registry: what is in the table, what a plug-in says of itself, and who reads it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from img2music.errors import BackendError, MissingPackageError, UsageError
from img2music.metrics.metric_cards import list_metrics, metric_cards
from img2music.metrics.symbolic.symbolic_metrics import measure_score
from img2music.pipeline import Pipeline, replay
from img2music.pipeline.export import maker_of
from img2music.pipeline.presets import load_pipeline_config, pipeline_names
from img2music.pipeline.stage_facts import pipeline_facts, stage_facts
from img2music.pipeline_config import StageConfig, StageTable
from img2music.registry import (
    BUILTIN,
    KINDS,
    NOT_SAID,
    STAGE_KINDS,
    RegistryEntry,
    asking_stages,
    builtin_names,
    find_entry,
    find_provider,
    load_factory,
    registered_names,
)
from tests.support.made_pipelines import SHORT, make_pipeline
from tests.support.registered import installed_package, register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., tuple[int, str, str]]

ROOT = Path(__file__).parents[2]
PLAYERS = '''
from dataclasses import replace
from itertools import count
from img2music.measurement import card, cards_by_name
from img2music.performers.strict import StrictPerformer

calls = count(40)

class Moody:
    """Another loudness at every call."""
    def __call__(self, score, plan, /):
        loudness = next(calls)
        played = StrictPerformer()(score, plan)
        return replace(played, parts=tuple(
            replace(part, notes=tuple(replace(note, velocity=loudness) for note in part.notes)) for part in played.parts
        ))

class Steady(StrictPerformer):
    registry_entry = {
        "summary": "always\\nthe same", "deterministic": True, "leaves_machine": "", "licence": None,
        "extra": "mine[fast]", "packages": ["json", "no_such_package"],
    }

class Unreadable(StrictPerformer):
    registry_entry = {"deterministic": "perhaps"}

class Misspelt(StrictPerformer):
    registry_entry = {"determinstic": True}

class Wordy(StrictPerformer):
    registry_entry = "yes"

def loudness(score, plan):
    return ()
loudness.registry_entry = {"summary": "how loud", "deterministic": True, "needs": "ears"}
CARDS = cards_by_name(card("loudness", "dB", "How loud.", "Ears differ."))
'''
BROKEN = "raise RuntimeError('two\\nlines')"
ENTRY_POINTS = """
[img2music.performer]
moody = players:Moody
steady = players:Steady
unreadable = players:Unreadable
misspelt = players:Misspelt
wordy = players:Wordy
broken = broken_players:Any

[img2music.metric]
loudness = players:loudness
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    modules = {"players": PLAYERS, "broken_players": BROKEN}
    with installed_package(tmp_path / "site", monkeypatch, "players 3", modules=modules, entry_points=ENTRY_POINTS):
        yield


# The table


def test_every_row_is_where_it_says_and_says_what_it_is() -> None:
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    for (kind, name), entry in BUILTIN.items():
        assert (entry.kind, entry.name, entry.plugin_of) == (kind, name, None)
        assert entry.summary
        assert not entry.summary.endswith(".")
        module, _, attribute = entry.factory.partition(":")
        source = (ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8")
        assert re.search(rf"^(?:class|def) {attribute}\b", source, re.MULTILINE), entry.factory
        assert (entry.extra is None) is (entry.packages == ())
        if entry.extra is not None:
            assert entry.extra.removeprefix("img2music[").removesuffix("]") in extras
            assert entry.pip_line == f"pip install '{entry.extra}'"


def test_every_provider_in_the_tree_is_a_row() -> None:
    """A module that no row names can't be used."""
    folder = ROOT / "img2music" / "models" / "providers"
    makers = [
        path.stem
        for path in sorted(folder.glob("*.py"))
        if re.search(r"^def make\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    rows = [find_provider(name).factory for name in builtin_names("provider")]
    assert sorted(rows) == [f"img2music.models.providers.{stem}:make" for stem in makers]


def test_kinds_stand_in_the_order_of_the_work() -> None:
    assert tuple(StageTable.model_fields) == STAGE_KINDS
    assert (*STAGE_KINDS, "provider", "metric") == KINDS


def test_nothing_is_imported_before_it_is_used() -> None:
    code = (
        "import sys; from img2music.registry import BUILTIN, find_entry; find_entry('realizer', 'composer'); "
        "print(sorted(name for name in sys.modules if name.partition('.')[0] in "
        "('numpy', 'pydantic', 'yaml') or name.startswith('img2music.') and name.count('.') == 1))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['img2music.errors', 'img2music.registry']"


def test_a_missing_package_of_a_built_in_one_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    register(
        monkeypatch, "renderer", "neural", "no_such_package.sound:Neural", extra="mine[sound]", packages=("no_such_package",)
    )
    with pytest.raises(MissingPackageError, match=r"^renderer 'neural' needs no_such_package: pip install 'mine\[sound\]'$"):
        load_factory("renderer", "neural")
    assert find_entry("renderer", "neural").lacking() == "needs no_such_package: pip install 'mine[sound]'"


@pytest.mark.parametrize("name", ["", "..", "json.nothing.at.all", "no such package"])
def test_a_name_that_no_package_can_have_is_missing(name: str) -> None:
    assert (
        RegistryEntry(kind="metric", name="m", factory="", summary="", packages=(name,))
        .lacking()
        .startswith(f"needs {name}: pip")
    )


# Plug-ins


@pytest.mark.usefixtures("plugin")
def test_a_plug_in_that_says_nothing_is_taken_for_the_worst() -> None:
    entry = find_entry("performer", "moody")
    assert (entry.deterministic, entry.leaves_machine, entry.licence) == (False, NOT_SAID, NOT_SAID)
    assert (entry.plugin_of, entry.factory, entry.extra) == ("players 3", "players:Moody", None)


@pytest.mark.usefixtures("plugin")
def test_a_plug_in_says_what_the_table_says_of_others() -> None:
    entry = find_entry("performer", "steady")
    assert (entry.deterministic, entry.leaves_machine, entry.licence) == (True, "", None)
    assert (entry.summary, entry.packages) == ("always the same", ("json", "no_such_package"))
    assert entry.lacking() == "needs no_such_package: pip install 'mine[fast]'"


@pytest.mark.usefixtures("plugin")
@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("unreadable", "the registry_entry of performer 'unreadable', deterministic: Input should be a valid boolean"),
        ("misspelt", "the registry_entry of performer 'misspelt' may hold deterministic, extra, .*, not determinstic"),
        ("wordy", "the registry_entry of performer 'wordy' may hold .*, not str"),
        ("broken", r"performer 'broken' can't be imported \(RuntimeError: two lines\)"),
    ],
)
def test_a_bad_plug_in_is_one_line_about_its_author(name: str, fault: str) -> None:
    for look in (find_entry, load_factory):
        with pytest.raises(BackendError, match=fault) as caught:
            look("performer", name)
        assert "\n" not in str(caught.value)
        assert str(caught.value).endswith("tell the plug-in's author")


@pytest.mark.enable_socket  # it looks whether a server on this machine answers
@pytest.mark.usefixtures("plugin")
def test_the_doctor_reads_the_registry(run: Run) -> None:
    code, out, _ = run("doctor", "--json")
    assert code == 0
    rows = {row["name"]: row for row in json.loads(out)["findings"]}
    for kind, name in BUILTIN:
        row, entry = rows[f"{kind} {name}"], find_entry(kind, name)
        assert (row["extra"], row["deterministic"], row["licence"]) == (entry.extra, entry.deterministic, entry.licence)
        lacking = entry.lacking()
        if kind in STAGE_KINDS and entry.readiness:  # packages are not all that one with weights needs
            config = StageConfig(use=name, options={"weights": entry.weights} if entry.weights else {})
            lacking = stage_facts(kind, config).fault
        assert row["works"] is not bool(lacking)
    assert "leaves the machine: the picture at 768 pixels" in rows["perceiver vlm"]["text"]
    assert "licence: FluidR3Mono (MIT)" in rows["renderer soundfont"]["text"]
    assert (rows["performer steady"]["works"], rows["performer steady"]["needed"]) == (False, False)
    assert "pip install 'mine[fast]'" in rows["performer steady"]["text"]
    assert "two lines" in rows["performer broken"]["text"]
    assert rows["metric loudness"]["text"].startswith("plug-in of players 3: how loud; needs ears; ")


# Pipelines


@pytest.mark.parametrize("name", pipeline_names())
def test_what_a_pipeline_file_says_leaves_the_machine_is_what_its_stages_send(name: str) -> None:
    config = load_pipeline_config(name)
    sent = [stage.leaves_machine for stage in pipeline_facts(config) if stage.leaves_machine]
    assert (sent == []) is config.leaves_machine.startswith("nothing")
    for text in sent:
        assert "api.openai.com" in text
        assert "api.openai.com" in config.leaves_machine
    varying = {stage.kind for stage in pipeline_facts(config) if not stage.deterministic and not stage.steps_in}
    asking = {kind for kind in STAGE_KINDS if "model" in getattr(config.stages, kind).options}
    neural = {"renderer"} if find_entry("renderer", config.stages.renderer.use).listened else set()  # GPUs promise no bytes
    assert varying == asking | neural


def test_a_stage_that_asks_is_what_its_model_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(line: str) -> tuple[bool, str]:
        facts = stage_facts("planner", StageConfig(use="llm", options={"model": line}))
        return facts.deterministic, facts.leaves_machine

    brief = "the words for what was seen, and the brief, without the picture"
    assert asked("replay:answers.jsonl") == (True, "")
    told = StageConfig(use="musicgen", options={"model": "replay:answers.jsonl", "prompt": "sound/caption"})
    assert not stage_facts("renderer", told).deterministic, "the words repeat, not the sound"
    assert asked("gguf:model.gguf") == (False, "")
    assert asked("openai:m?base_url=http://localhost:8080/v1") == (False, "")
    assert asked("openai:m?base_url=https://host.example/v1") == (False, f"{brief}, to host.example")
    assert asked("openai:m") == (False, f"{brief}, to api.openai.com")
    register(monkeypatch, "provider", "mail", "json:loads", deterministic=False, leaves_machine="all of it, by post")
    assert asked("mail:m") == (False, f"{brief} (by mail: all of it, by post)")


def test_pipelines_are_listed_with_what_they_repeat_send_and_bind(run: Run) -> None:
    rows = {row["name"]: row for row in map(json.loads, run("pipelines", "ls", "--json")[1].splitlines())}
    assert (rows["offline"]["deterministic"], rows["openai"]["deterministic"]) == (True, False)
    assert all(row["licence"] == load_pipeline_config(name).licence for name, row in rows.items())
    stages = [(stage["kind"], stage["name"], stage["steps_in"]) for stage in rows["abc-llm"]["stages"]]
    assert stages[2:4] == [("realizer", "abc", False), ("realizer", "composer", True)]
    lines = run("pipelines", "ls")[1]
    assert "not the same bytes again: perceiver, planner; leaves the machine: the picture" in lines
    shown = run("pipelines", "show", "openai")[1]
    assert re.search(
        r"^# perceiver vlm: not the same bytes again; leaves the machine: .* to api\.openai\.com; licence: ", shown, re.MULTILINE
    )
    assert re.search(r"^# perceiver offline, where that one fails: the same bytes again; nothing leaves", shown, re.MULTILINE)


def test_prompts_go_to_the_stage_that_asks_with_them() -> None:
    assert {purpose: (entry.kind, entry.name) for purpose, entry in asking_stages().items()} == {
        "see": ("perceiver", "vlm"), "plan": ("planner", "llm"), "abc": ("realizer", "abc"),
        "sound": ("renderer", "musicgen"),
    }  # fmt: skip


# Replay


def test_every_file_of_a_piece_has_a_maker_but_for_the_page_and_the_record(make_picture: Callable[..., Path]) -> None:
    piece = Pipeline.load().compose(make_picture(), SHORT, audio="flac", stems=True)
    made = {name: maker_of(name) for name, _ in piece.files()}
    assert {name for name, maker in made.items() if maker is None} == {"report.html", "picture.jpg", "piece.json"}
    assert {maker for maker in made.values() if maker} == set(STAGE_KINDS)


@pytest.mark.usefixtures("plugin", "stand_ins")
def test_a_replay_compares_what_comes_before_a_stage_that_promises_nothing(
    run: Run, make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    pipeline = make_pipeline(performer={"use": "moody"}, renderer={"use": "hum"})
    folder = pipeline.compose(make_picture(), SHORT, audio="flac", stems=True).save(tmp_path / "made")
    result = replay(folder / "piece.json")
    status = {check.name: check.status for check in result.files}
    assert result.same
    assert {name for name, found in status.items() if found == "same"} == {
        "scene.json", "plan.json", "score.musicxml", "score.abc", "score.svg", "picture.jpg",
    }  # fmt: skip
    left_out = {name: why for name, why in result.not_compared.items() if name not in {"piece.json", "report.html"}}
    assert {"score.mid", "pianoroll.svg", "audio.flac"} < left_out.keys()  # the sound too, which is made of what was played
    assert set(left_out.values()) == {"performer 'moody' does not promise the same bytes again"}
    code, out, err = run("replay", folder / "piece.json")
    assert (code, err) == (0, "")
    assert "6 files the same" in out
    assert "not compared: score.mid, because performer 'moody' does not promise the same bytes again" in out
    assert "not compared: report.html, because performer 'moody' does not promise the same bytes again" in out
    told = json.loads(run("replay", folder / "piece.json", "--json")[1])
    assert told["not_compared"] == result.not_compared


@pytest.mark.usefixtures("stand_ins")
def test_a_stage_that_promises_the_same_bytes_is_held_to_it(
    make_picture: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_pipeline(renderer={"use": "hum"}).compose(make_picture(), SHORT, audio="wav").save(tmp_path / "made")
    monkeypatch.setattr("tests.support.stand_in_stages.RATE", 8001)
    assert not replay(folder / "piece.json").same
    register(monkeypatch, "renderer", "hum", "tests.support.stand_in_stages:Hum", deterministic=False)
    again = replay(folder / "piece.json")
    assert again.same
    assert again.not_compared["audio.wav"] == "renderer 'hum' does not promise the same bytes again"
    assert "score.mid" not in again.not_compared


# Metrics


def test_every_number_of_a_score_has_its_card_in_one_metric() -> None:
    plan = Pipeline.load().plan(_scene(), SHORT)
    measured = measure_score(Pipeline.load().realize(plan), plan)
    listed = [one for name, (entry, cards) in list_metrics().items() if ".symbolic." in entry.factory for one in cards]
    assert sorted(one.name for one in listed) == sorted(one.name for one in measured)
    cards: dict[str, Any] = {one.name: one for one in listed}
    for one in measured:
        card = cards[one.name]
        assert card.value is None
        assert (card.unit, card.explanation, card.traps, card.band, card.version) == (
            one.unit, one.explanation, one.traps, one.band, one.version,
        )  # fmt: skip


def test_a_metric_without_numbers_and_one_with_needs() -> None:
    assert metric_cards("compliance") == ()
    assert [card.name for card in metric_cards("affect")] == ["estimated valence", "estimated arousal"]
    assert "pieces that people rated" in find_entry("metric", "affect").needs
    with pytest.raises(UsageError, match=r"no metric 'tunes' \(did you mean 'tune'\?\)"):
        metric_cards("tunes")


@pytest.mark.usefixtures("plugin")
def test_a_metric_of_another_package_is_listed_and_never_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    assert registered_names("metric") == tuple(sorted((*builtin_names("metric"), "loudness")))
    entry, cards = list_metrics()["loudness"]
    assert (entry.needs, [card.name for card in cards]) == ("ears", ["loudness"])
    plan = Pipeline.load().plan(_scene(), SHORT)
    assert "loudness" not in {one.name for one in measure_score(Pipeline.load().realize(plan), plan)}
    monkeypatch.setattr(import_module("players"), "CARDS", ["loudness"])
    with pytest.raises(BackendError, match="CARDS of metric 'loudness' are no measurements without a value by name"):
        metric_cards("loudness")


def _scene() -> Any:
    from tests.support.made_scenes import make_scene

    return make_scene()


def test_providers_say_how_a_model_is_read() -> None:
    assert find_provider("gguf").names_file
    assert [name for name in builtin_names("provider") if not find_provider(name).local] == ["openai"]
    assert [name for name in builtin_names("provider") if find_provider(name).deterministic] == ["replay"]

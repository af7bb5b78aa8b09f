"""Sound that may depart from the score, in whole pieces: heard, told, held to what was asked, refused, replayed; and what may be sold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from img2music.brief import Brief
from img2music.errors import BackendError, UsageError
from img2music.manifest import Manifest
from img2music.measurement import ComplianceRow
from img2music.pipeline import Pipeline, recompose, replay
from img2music.pipeline.presets import adapted, load_pipeline_config
from img2music.pipeline.stage_facts import commercial_notes, sound_weights, stage_facts
from img2music.pipeline_config import PipelineConfig, StageConfig
from img2music.registry import find_entry
from img2music.registry.sound_models import SOUND_MODELS
from tests.support.commands import assert_one_line
from tests.support.made_pipelines import files_of, make_pipeline, manifest_of
from tests.support.stand_in_sound import WEIGHTS, Obedient, register_neural

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from img2music.provenance import Event

    Run = Callable[..., tuple[int, str, str]]
    MakePicture = Callable[..., Path]

ASKED = Brief.of(seconds=12, seed=3, tempo_bpm=96, key="D major", meter="4/4", style="pop")
HEARD = [
    "tempo of the sound", "metre of the sound", "key of the sound", "notes in the sound", "rhythm of the sound", "loudness",
    "sound as written",
]  # fmt: skip
FILE = """
name: mine
description: d
needs: n
leaves_machine: nothing
licence: l
stages:
  renderer: {use: %s, options: {threshold: %s, weights: %s}%s}
"""


@pytest.fixture(autouse=True)
def neural(monkeypatch: pytest.MonkeyPatch) -> None:
    register_neural(monkeypatch, "obedient")
    register_neural(monkeypatch, "wilful")
    register_neural(monkeypatch, "silent_on_weights", weights="facebook/musicgen-small")


def neural_pipeline(use: str = "obedient", fallback: bool = False, **options: object) -> Pipeline:
    stage: dict[str, object] = {"use": use, "options": options}
    return make_pipeline(renderer=stage | ({"fallback": {"use": "soundfont"}} if fallback else {}))


def rows_of(manifest: Manifest) -> dict[str, ComplianceRow]:
    return {row.promise: row for row in manifest.compliance}


def test_sound_that_obeys_is_heard_and_told(make_picture: MakePicture, tmp_path: Path, run: Run) -> None:
    piece = neural_pipeline(takes=2, seed=7).compose(make_picture(), ASKED)
    rows = rows_of(piece.manifest)
    assert list(rows)[-7:] == HEARD
    assert all(row.passed is not False for row in rows.values()), rows
    assert {row.read_from for promise, row in rows.items() if promise in HEARD} == {("audio",)}
    assert rows["tempo of the sound"].by == "brief"
    assert rows["tempo of the sound"].is_guess
    assert not rows["loudness"].is_guess
    assert rows["sound as written"].passed
    (use,) = piece.manifest.sounds
    assert (use.weights, use.licence, use.commercial) == (WEIGHTS, "MIT", True)
    assert [(take.seed, take.kept) for take in use.takes] == [(7, True), (8, False)]
    assert use.takes[0].mark is not None
    assert use.takes[0].mark > 0.5
    assert "from a picture" in use.text
    folder = piece.save(tmp_path / "made")
    record = manifest_of(folder)
    assert Manifest.model_validate_json((folder / "piece.json").read_bytes()).sounds == piece.manifest.sounds
    guesses = {row["promise"] for row in record["compliance"] if "confidence" in row}
    assert guesses == set(HEARD) - {"loudness"}
    page = (folder / "report.html").read_text()
    assert "but for the sound, which is played anew" in page
    assert "the very same files" not in page
    assert 'id="sound"' in page
    assert "sound/&lt;script&gt;" in page
    assert "sound/<script>" not in page
    for words in ("no commercial use", "a guess, "):
        assert (words in page) is (words == "a guess, ")
    assert "MIT: commercial use allowed" in page
    assert f"Sound: {WEIGHTS}, licence MIT." in page
    assert "FluidR3Mono" not in page


def test_sound_that_does_not_obey_is_told_as_a_guess(make_picture: MakePicture, monkeypatch: pytest.MonkeyPatch) -> None:
    piece = neural_pipeline("wilful").compose(make_picture(), ASKED)
    rows = rows_of(piece.manifest)
    assert rows["notes in the sound"].passed is False
    assert rows["sound as written"].passed is False
    assert any(
        "the sound follows the score too little (" in one and "%, where 70% is fair)" in one for one in piece.manifest.conflicts
    )
    assert "sure)" in rows["notes in the sound"].shortfall
    assert all(rows[name].passed is not False for name in ("tempo", "metre", "key", "bars"))  # the files are as asked
    # Of two takes the one that obeys is kept.
    chosen = neural_pipeline("wilful", takes=2).compose(make_picture(), ASKED)
    assert [take.kept for take in chosen.manifest.sounds[0].takes] == [False, True]
    assert rows_of(chosen.manifest)["sound as written"].passed


def test_below_its_threshold_the_fallback_plays_and_says_so(make_picture: MakePicture, tmp_path: Path) -> None:
    events: list[Event] = []
    piece = neural_pipeline("wilful", fallback=True, threshold=0.6).compose(make_picture(), ASKED, on_event=events.append)
    assert piece.manifest.stages["renderer"] == "soundfont"
    (fallback,) = piece.manifest.fallbacks
    assert "follows the score too little (mark 0." in fallback.why
    assert "try more takes, another seed or a lower threshold" in fallback.why
    states = [event.state for event in events if event.stage == "renderer" and event.state != "progress"]
    assert states == ["notice", "started", "fallback", "started", "finished"]
    (use,) = piece.manifest.sounds
    assert [take.kept for take in use.takes] == [False]
    assert not set(HEARD) & set(rows_of(piece.manifest))
    offline = Pipeline.load("offline").compose(make_picture(), ASKED)
    assert files_of(piece)["audio.wav"] == files_of(offline)["audio.wav"]
    assert "Sound: FluidR3Mono" in files_of(piece)["report.html"].decode()
    with pytest.raises(BackendError, match="follows the score too little"):
        neural_pipeline("wilful", threshold=0.6).compose(make_picture(), ASKED)


def test_the_record_holds_the_versions_of_what_made_the_sound(
    make_picture: MakePicture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of its packages, and of a program in an environment of its own, which may say anything; not where the soundfont played."""
    offline = Pipeline.load("offline").compose(make_picture(), Brief.of(seconds=4)).manifest.versions
    assert not {"rich", "torch"} & set(offline)
    register_neural(monkeypatch, "obedient", packages=("rich",))
    monkeypatch.setattr(Obedient, "versions", {"jax": "1.2\n", "x": 3, **{f"p{n}": "y" * 999 for n in range(20)}})
    piece = neural_pipeline().compose(make_picture(), Brief.of(seconds=4))
    versions = piece.manifest.versions
    assert versions.keys() > offline.keys()
    assert versions["rich"][0].isdigit()
    assert versions["jax (obedient)"] == "1.2?"
    assert versions["p6 (obedient)"] == "y" * 60
    assert len(versions) == len(offline) + 1 + 8
    assert Manifest.model_validate_json(piece.manifest.model_dump_json()).versions == versions
    saved = piece.save(tmp_path / "made")
    monkeypatch.setattr(Obedient, "versions", {"jax": "1.3"})
    notes = replay(saved / "piece.json").version_notes
    assert "jax (obedient) was 1.2?, is 1.3" in notes
    assert not any("rich" in note for note in notes)
    fallen = neural_pipeline(fallback=True, threshold=1.0).compose(make_picture(), Brief.of(seconds=4), on_event=lambda _: None)
    assert fallen.manifest.stages["renderer"] == "soundfont"
    assert fallen.manifest.versions == offline


def test_the_command_line_tells_sound_and_licence(make_picture: MakePicture, tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(FILE % ("wilful", 0.6, WEIGHTS, ", fallback: {use: soundfont}"))
    picture, out = make_picture(), tmp_path / "out"
    wishes = ("--seconds", "8", "--pipeline", tmp_path / "p.yaml", "-o", out)
    code, printed, err = run("compose", picture, *wishes)
    assert code == 0
    notice, fallback = err.splitlines()
    assert notice == f"img2music: the sound is made by {WEIGHTS}: {SOUND_MODELS[WEIGHTS].facts}"
    assert "'soundfont' did" in fallback
    assert f"sound: {WEIGHTS} (wilful), licence MIT, not used" in printed
    code, printed, err = run("compose", picture, *wishes, "--no-fallback")
    assert code == 4
    assert_one_line(err.splitlines(keepends=True)[-1])
    (tmp_path / "p.yaml").write_text(FILE % ("wilful", 0, WEIGHTS, ""))
    code, printed, err = run("compose", picture, make_picture("two.png", 1), *wishes, "--json")
    first, second = map(json.loads, printed.splitlines())
    assert err.count("the sound is made by") == 1, "a licence is told once"
    assert first["sounds"][0]["takes"][0]["kept"] is second["sounds"][0]["takes"][0]["kept"] is True
    row = next(row for row in first["compliance"] if row["promise"] == "notes in the sound")
    assert 0 < row["confidence"] <= 1
    code, printed, err = run("compose", picture, *wishes)
    assert "not kept: notes in the sound should be those of the score; heard: " in printed
    assert "(a guess, " in printed


def test_replay_and_recompose_keep_working(make_picture: MakePicture, tmp_path: Path) -> None:
    folder = neural_pipeline().compose(make_picture(), ASKED).save(tmp_path / "made")
    again = replay(folder / "piece.json", tmp_path / "again")
    assert again.same, again.files
    assert "renderer 'obedient' does not promise the same bytes again" in again.not_compared["audio.wav"]
    assert "score.mid" not in again.not_compared
    assert manifest_of(tmp_path / "again")["sounds"] == manifest_of(folder)["sounds"]
    anew = recompose(folder / "piece.json", keep=["melody"], pipeline=neural_pipeline(seed=9))
    assert anew.manifest.sounds[0].takes[0].seed == 9
    assert rows_of(anew.manifest)["sound as written"].passed


def test_a_midi_file_and_a_plan_are_rendered(make_picture: MakePicture, tmp_path: Path, run: Run) -> None:
    folder = Pipeline.load("offline").compose(make_picture(), seconds=6, audio=None).save(tmp_path / "made")
    (tmp_path / "p.yaml").write_text(FILE % ("obedient", 0, WEIGHTS, ""))
    for source, knows_style in (("score.mid", False), ("plan.json", True)):
        code, printed, err = run("render", folder / source, "--pipeline", tmp_path / "p.yaml", "-o", tmp_path / "out", "--json")
        assert code == 0, err
        assert "licence MIT" in err
        (use,) = json.loads(printed)["sounds"]
        assert (", a " in use["text"]) is knows_style
    code, printed, err = run("render", folder / "score.mid", "-o", tmp_path / "plain", "--json")
    assert "sounds" not in json.loads(printed)


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ({"renderer": {"use": "obedient", "options": {"weights": "facebook/musicgen-small"}}}, "licence CC-BY-NC-4.0"),
        ({"renderer": {"use": "silent_on_weights"}}, "weights facebook/musicgen-small forbid commercial use"),
        ({"renderer": {"use": "obedient", "options": {"weights": "some/other"}}}, "their licence is 'not known'"),
        ({"renderer": {"use": "obedient", "options": {"parts": [{"weights": "facebook/musicgen-small"}]}}}, "forbid"),
        ({"renderer": {"use": "obedient", "options": {"under": {"use": "silent_on_weights", "options": {}}}}}, "forbid"),
        (
            {"renderer": {"use": "soundfont", "fallback": {"use": "silent_on_weights"}}},
            "renderer 'silent_on_weights': weights facebook/musicgen-small forbid",
        ),
        (
            {
                "renderer": {
                    "use": "obedient",
                    "options": {"neural": {"use": "obedient", "options": {"model": "hf:LGAI/EXAONE-3.5-2B"}}},
                }
            },
            "model hf:LGAI/EXAONE-3.5-2B forbids commercial use",
        ),
        (
            {"planner": {"use": "llm", "options": {"model": "openai:c4ai-command-r-v01?base_url=http://127.0.0.1:9/v1"}}},
            r"planner 'llm': model .*c4ai-command-r-v01.* forbids commercial use \(licence CC-BY-NC-4.0\); name another with --model",
        ),
    ],
)
def test_what_may_not_be_sold_is_refused_before_any_work(stages: dict[str, Any], words: str, make_picture: MakePicture) -> None:
    free = make_pipeline(**stages)
    config = free.config.model_copy(update={"commercial": True})
    with pytest.raises(UsageError, match=words) as caught:
        Pipeline(config)
    assert_one_line(f"img2music: {caught.value}\n")
    assert "--commercial" in str(caught.value)


def test_a_pipeline_that_may_be_sold_says_so_on_record(make_picture: MakePicture, tmp_path: Path, run: Run) -> None:
    assert Pipeline.load("offline", commercial=True).config.commercial
    plain = Pipeline.load("offline").compose(make_picture(), seconds=6, audio=None)
    assert "commercial" not in json.loads(files_of(plain)["piece.json"])["pipeline"]
    code, _, err = run("compose", make_picture(), "--seconds", "6", "--commercial", "-o", tmp_path / "out", "--audio", "none")
    assert (code, err) == (0, "")
    folder = tmp_path / "out" / "hills"
    assert manifest_of(folder)["pipeline"]["commercial"] is True
    assert "img2music compose hills.png" in (folder / "report.html").read_text()
    assert "--commercial" in (folder / "report.html").read_text()
    assert replay(folder / "piece.json").same
    # What is on record is held to where the piece is made again with another pipeline.
    (tmp_path / "p.yaml").write_text(FILE % ("obedient", 0, "facebook/musicgen-small", ""))
    with pytest.raises(UsageError, match="forbid commercial use"):
        replay(folder / "piece.json", pipeline=tmp_path / "p.yaml")
    code, _, err = run("replay", folder / "piece.json", "--pipeline", tmp_path / "p.yaml", "--commercial")
    assert code == 2
    assert "leave out --commercial" in err
    code, printed, err = run("compose", make_picture(), "--pipeline", tmp_path / "p.yaml", "--commercial", "-o", tmp_path / "no")
    assert (code, printed) == (2, "")
    assert not (tmp_path / "no").exists()


def test_conditions_and_unknown_licences_are_noted(make_picture: MakePicture) -> None:
    config = make_pipeline(
        renderer={"use": "obedient", "options": {"weights": "stabilityai/stable-audio-open-1.0"}},
        planner={"use": "llm", "options": {"model": "openai:some-model?base_url=http://127.0.0.1:9/v1"}},
    ).config
    condition, unknown = sorted(commercial_notes(config))
    assert "below 1 million US dollars" in condition
    assert "whether model openai:some-model" in unknown
    assert "read its licence" in unknown
    sold = Pipeline(
        make_pipeline(renderer={"use": "obedient", "options": {"weights": "mrt2_small"}}).config.model_copy(
            update={"commercial": True}
        )
    )
    piece = sold.compose(make_picture(), seconds=6)
    assert any("name Magenta RealTime 2" in conflict for conflict in piece.manifest.conflicts)


def test_weights_that_only_the_renderer_names_are_refused_where_they_are_looked_for(make_picture: MakePicture) -> None:
    """A stage whose options do not say what it plays is held to it all the same, and gives way."""
    config = make_pipeline(renderer={"use": "obedient", "options": {"weights": WEIGHTS}, "fallback": {"use": "soundfont"}}).config
    from tests.support.stand_in_sound import Obedient

    sly = Pipeline(config.model_copy(update={"commercial": True})).with_stage(
        "renderer", Obedient(weights="facebook/musicgen-small")
    )
    piece = sly.compose(make_picture(), seconds=6, on_event=lambda _: None)
    assert piece.manifest.stages["renderer"] == "soundfont"
    assert "forbid commercial use" in piece.manifest.fallbacks[0].why


def test_the_weights_of_a_stage_and_their_licence_are_known_before_it_is_made() -> None:
    entry = find_entry("renderer", "obedient")
    assert sound_weights(entry, {}) == (WEIGHTS,)
    assert sound_weights(entry, {"weights": "a/b", "deep": [{"weights": "c/d"}, {"weights": 3}], "x": {"use": "soundfont"}}) == (
        "a/b",
        "c/d",
    )
    assert sound_weights(find_entry("renderer", "soundfont"), {}) == ()
    facts = stage_facts("renderer", StageConfig(use="silent_on_weights"))
    assert facts.licence == "facebook/musicgen-small: licence CC-BY-NC-4.0: no commercial use; 2.4 GB from Hugging Face hub"
    config = load_pipeline_config("offline")
    assert adapted(config, commercial=True) == config.model_copy(update={"commercial": True})
    assert PipelineConfig.model_validate_json(adapted(config, commercial=True).model_dump_json()).commercial
    assert "commercial" not in config.model_dump()

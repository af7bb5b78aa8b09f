from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from img2music.brief import Brief
from img2music.errors import BackendError, BriefError, DocumentError, MissingPackageError, UsageError
from img2music.io.documents import load_plan, load_scene
from img2music.manifest import Fallback
from img2music.pipeline import Event, Pipeline, pipeline_names, replay
from img2music.pipeline.make_piece import reconcile_length
from img2music.pipeline.presets import load_pipeline_config
from img2music.rng import spawn_seeds
from img2music.stages import KINDS, load_stage, stage_names
from tests.support.made_pipelines import SHORT, SYMBOLIC, files_of, make_pipeline, manifest_of
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from collections.abc import Callable


# What a piece is


def test_every_file_of_the_folder_and_its_hash(make_picture: Callable[..., Path], tmp_path: Path) -> None:
    piece = Pipeline.load("offline").compose(make_picture(), SHORT, audio=None)
    folder = piece.save(tmp_path / "out")
    assert sorted(path.name for path in folder.iterdir()) == sorted(SYMBOLIC)
    assert [name for name, _ in piece.files()] == SYMBOLIC
    manifest = manifest_of(folder)
    assert manifest["files"] == {
        name: sha256((folder / name).read_bytes()).hexdigest() for name in SYMBOLIC if name != "piece.json"
    }
    assert manifest["picture"]["sha256"] == sha256(make_picture().read_bytes()).hexdigest()
    assert manifest["stages"] == {"perceiver": "offline", "planner": "rules", "realizer": "composer", "performer": "expressive"}
    assert manifest["seed"] == 5
    assert manifest["audio"] is None
    assert manifest["fallbacks"] == []
    assert manifest["versions"]["mido"]
    assert set(manifest["timing"]) == {"perceiver", "planner", "realizer", "performer", "files"}
    assert all(row["passed"] for row in manifest["compliance"])
    assert (load_scene(folder / "scene.json"), load_plan(folder / "plan.json")) == (piece.scene, piece.plan)


def test_the_same_job_gives_the_same_bytes(make_picture: Callable[..., Path]) -> None:
    picture = make_picture()
    first, second = (files_of(Pipeline.load().compose(picture, SHORT, audio=None)) for _ in range(2))
    manifests = [json.loads(files.pop("piece.json")) for files in (first, second)]
    assert first == second
    assert [manifest.pop("timing") for manifest in manifests] != []
    assert all(len(manifest.pop("checksum")) == 64 for manifest in manifests)  # over the timing too
    assert manifests[0] == manifests[1]


def test_another_seed_gives_other_notes(make_picture: Callable[..., Path]) -> None:
    picture = make_picture()
    scores = [files_of(Pipeline.load().compose(picture, seconds=6, seed=seed, audio=None))["score.mid"] for seed in (1, 2)]
    assert scores[0] != scores[1]


def test_stages_one_at_a_time_make_the_same_piece(make_picture: Callable[..., Path]) -> None:
    pipeline = Pipeline.load()
    scene = pipeline.see(make_picture())
    plan = pipeline.plan(scene, SHORT)
    score = pipeline.realize(plan)
    piece = pipeline.compose(make_picture(), SHORT, audio=None)
    assert (scene, plan, score, pipeline.perform(score, plan)) == (piece.scene, piece.plan, piece.score, piece.performance)


def test_wishes_win_over_the_brief_and_the_picture(make_picture: Callable[..., Path]) -> None:
    piece = Pipeline.load().compose(make_picture(), SHORT, tempo_bpm=77, key="F# dorian", audio=None)
    assert (piece.plan.tempo_bpm, piece.plan.key, piece.plan.seconds) == (77, "F# dorian", 6)
    assert piece.brief == Brief.of(seconds=6, seed=5, tempo_bpm=77, key="F# dorian")


def test_a_plan_is_a_beginning_too(tmp_path: Path) -> None:
    pipeline = Pipeline.load()
    plan = pipeline.plan(make_scene(), SHORT).model_copy(update={"title": "Edited"})
    piece = pipeline.compose_from(plan, audio=None)
    assert (piece.scene, piece.plan) == (None, plan)
    manifest = manifest_of(piece.save(tmp_path))
    assert "scene.json" not in manifest["files"]
    assert manifest["plan"]["title"] == "Edited"
    assert all(row["passed"] for row in manifest["compliance"])
    assert replay(tmp_path / "piece.json").same


# Takes


def test_the_best_take_is_kept_and_every_take_recorded(make_picture: Callable[..., Path]) -> None:
    piece = Pipeline.load().compose(make_picture(), seconds=8, seed=11, takes=4, audio=None)
    takes = piece.manifest.takes
    assert [take.seed for take in takes] == list(spawn_seeds(11, 4))
    assert takes[0].seed == 11
    kept = [take for take in takes if take.kept]
    assert len(kept) == 1
    assert kept[0].mark == max(take.mark for take in takes)
    assert piece.manifest.seed == piece.plan.seed == kept[0].seed
    assert len({take.mark for take in takes}) > 1
    assert all(one.explanation for take in takes for one in take.measurements)


def test_the_kept_take_is_replayed(make_picture: Callable[..., Path], tmp_path: Path) -> None:
    picture = make_picture()
    for seed in range(20):  # until the first take is not the best
        piece = Pipeline.load().compose(picture, seconds=15, seed=seed, takes=3, audio=None)
        if not piece.manifest.takes[0].kept:
            break
    assert piece.manifest.seed != seed
    assert replay(piece.save(tmp_path) / "piece.json").same


@pytest.mark.parametrize("takes", [0, 101])
def test_a_number_of_takes_that_cant_be_met(takes: int) -> None:
    with pytest.raises(BriefError, match=f"takes {takes} can't be met: give a number of takes from 1 to 100"):
        Pipeline.load().compose("nothing.png", takes=takes)


def test_an_unknown_audio_format() -> None:
    with pytest.raises(UsageError, match="no audio format 'aac'"):
        Pipeline.load().compose("nothing.png", audio="aac")  # type: ignore[arg-type]  # what a program might pass


# Sound


def test_stems_without_sound_are_told_before_any_work() -> None:
    with pytest.raises(UsageError, match="stems are sound, and no sound is asked for; give a format with --audio"):
        Pipeline.load().compose("nothing.png", audio=None, stems=True)


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("name", ["wav", "flac", "ogg", "mp3"])
def test_stems_come_in_the_format_of_the_mix_and_say_what_they_are(
    make_picture: Callable[..., Path], tmp_path: Path, name: Any
) -> None:
    import soundfile

    pipeline = make_pipeline(renderer={"use": "hum"})
    piece = pipeline.compose(make_picture(), SHORT, audio=name, stems=True, key="Eb lydian", tempo_bpm=100)
    folder = piece.save(tmp_path / "out")
    stems = sorted((folder / "stems").iterdir())
    assert {path.suffix for path in stems} == {f".{name}"}
    titles = [piece.plan.title, *(f"{piece.plan.title} – {part}" for part in piece.stems)]
    for path, title in zip([folder / f"audio.{name}", *stems], titles, strict=True):
        with soundfile.SoundFile(path) as file:
            assert file.title == title
            assert file.comment == f"Eb lydian, {piece.plan.meter}, 100 quarter notes a minute"
            assert file.format == name.upper()


@pytest.mark.usefixtures("stand_ins")
def test_sound_and_stems(make_picture: Callable[..., Path], tmp_path: Path) -> None:
    pipeline = make_pipeline(renderer={"use": "hum", "options": {"level": 0.2}})
    piece = pipeline.compose(make_picture(), SHORT, stems=True, instruments=("violin", "piano"))
    folder = piece.save(tmp_path / "out")
    stems = sorted(path.name for path in (folder / "stems").iterdir())
    assert len(stems) == len(piece.performance.parts)
    assert all(re.fullmatch(r"0\d-(violin|piano)[a-z-]*\.wav", name) for name in stems)
    manifest = manifest_of(folder)
    assert manifest["audio"] == {"format": "wav", "stems": True, "embed": False, "sample_rate": 8000}
    assert {f"stems/{name}" for name in stems} | {"audio.wav"} <= set(manifest["files"])
    length = next(row for row in manifest["compliance"] if row["promise"] == "length")
    assert length["read_from"] == ["MIDI", "audio"]
    page = (folder / "report.html").read_text()
    assert "audio.wav" in page
    assert "data:audio" not in page
    assert (folder / "audio.wav").read_bytes()[:4] == b"RIFF"


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize(
    ("audio", "embed", "carried"), [("wav", True, "audio/ogg"), ("ogg", False, "audio/ogg"), ("mp3", False, "audio/mpeg")]
)
def test_a_page_that_carries_its_sound(make_picture: Callable[..., Path], audio: Any, embed: bool, carried: str) -> None:
    files = files_of(make_pipeline(renderer={"use": "hum"}).compose(make_picture(), SHORT, audio=audio, embed_audio=embed))
    assert f"data:{carried};base64," in files["report.html"].decode()
    assert f"audio.{audio}" in files


# Events and fallbacks


def test_events_come_in_order(make_picture: Callable[..., Path]) -> None:
    events: list[Event] = []
    piece = Pipeline.load().compose(make_picture(), SHORT, audio=None, on_event=events.append)
    for _ in piece.files(events.append):
        pass
    begun = [event.stage for event in events if event.state == "started"]
    assert begun == ["perceiver", "planner", "realizer", "performer", "files", "files", "files"]
    assert [event.stage for event in events if event.state == "finished"] == begun
    assert all(event.message for event in events)


@pytest.mark.usefixtures("stand_ins")
def test_a_fallback_is_on_record(make_picture: Callable[..., Path]) -> None:
    pipeline = make_pipeline(performer={"use": "lacking", "fallback": {"use": "strict"}})
    events: list[Event] = []
    piece = pipeline.compose(make_picture(), SHORT, audio=None, on_event=events.append)
    why = "this stage needs nosuchpackage: pip install nosuchpackage"
    assert piece.manifest.fallbacks == (Fallback(stage="performer", asked="lacking", used="strict", why=why),)
    assert piece.manifest.stages["performer"] == "strict"
    assert [event.message for event in events if event.state == "fallback"] == [
        "performer 'lacking' could not work, 'strict' did: this stage needs nosuchpackage: pip install nosuchpackage"
    ]
    again = pipeline.compose(make_picture(), SHORT, audio=None, on_event=events.append)
    assert again.manifest.fallbacks == piece.manifest.fallbacks


@pytest.mark.usefixtures("stand_ins")
def test_a_fallback_that_nobody_listens_to_is_a_warning() -> None:
    pipeline = make_pipeline(planner={"use": "lacking", "fallback": {"use": "lacking", "fallback": {"use": "rules"}}})
    with pytest.warns(UserWarning, match="planner 'lacking' could not work") as caught:
        pipeline.plan(make_scene())
    assert len(caught) == 2


@pytest.mark.usefixtures("stand_ins")
def test_without_a_fallback_the_error_goes_on() -> None:
    with pytest.raises(MissingPackageError, match="pip install nosuchpackage"):
        make_pipeline(planner={"use": "lacking"}).plan(make_scene())
    with pytest.raises(MissingPackageError, match="pip install nosuchpackage"), pytest.warns(UserWarning, match="lacking"):
        make_pipeline(planner={"use": "lacking", "fallback": {"use": "lacking"}}).plan(make_scene())


@pytest.mark.usefixtures("stand_ins")
def test_a_stage_that_returns_nonsense() -> None:
    with pytest.raises(BackendError, match="planner 'wrong' returned int, not CompositionPlan"):
        make_pipeline(planner={"use": "wrong"}).plan(make_scene())


# Pipeline files


def test_every_pipeline_that_comes_along_names_stages_that_exist() -> None:
    assert "offline" in pipeline_names()
    for name in pipeline_names():
        config = load_pipeline_config(name)
        assert config.name == name
        for kind in KINDS:
            for stage in getattr(config.stages, kind).chain():
                assert stage.use in stage_names(kind)


def test_the_offline_stages_take_their_options() -> None:
    config = load_pipeline_config("offline")
    for kind in KINDS:
        stage = getattr(config.stages, kind)
        if kind != "renderer" or stage.use != "soundfont":
            assert callable(load_stage(kind, stage.use, stage.options))


def test_an_unknown_pipeline_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"no pipeline 'oflin' \(did you mean 'offline'\?\)"):
        Pipeline.load("oflin")


GOOD = """
name: mine
description: d
needs: n
leaves_machine: nothing
licence: l
stages:
  performer: {use: strict}
"""


def test_a_pipeline_of_ones_own(tmp_path: Path, make_picture: Callable[..., Path]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    piece = Pipeline.load(path).compose(make_picture(), SHORT, audio=None)
    assert piece.manifest.stages["performer"] == "strict"
    assert piece.manifest.pipeline.name == "mine"
    assert replay(piece.save(tmp_path / "out") / "piece.json").same


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (GOOD.replace("name: mine", "nam: mine"), r"mine.yaml:2, nam: unknown field .did you mean 'name'"),
        (
            GOOD.replace("performer", "player"),
            r"mine.yaml:8, stages.player: unknown field .did you mean 'planner'",
        ),
        (GOOD.replace("strict", "[1, 2]"), r"mine.yaml:8, stages.performer.use: Input should be a valid string"),
        (GOOD + "x: &a [1]\ny: *a", "aliases and deep nesting"),
        (GOOD + "x: " + "[" * 5000, "aliases and deep nesting"),
        (GOOD + "x: !!python/object/apply:os.system [ls]", "not YAML"),
        (GOOD + "x: {", "not YAML"),
        (GOOD + "name: other\n", r"mine.yaml:9: 'name' stands there for the second time; compare"),
        ("- 1", "mine.yaml: Input should be"),
        ("", "mine.yaml: Input should be"),
        ("\xff", "not UTF-8 text"),
        ("x" * 200_001, "too large"),
        ("x: .inf", "a number is too large"),
    ],
)
def test_a_broken_pipeline_file_is_one_line(tmp_path: Path, content: str, fault: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(DocumentError, match=fault) as caught:
        Pipeline.load(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_a_missing_pipeline_file(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"none\.yml can't be read \(No such file"):
        Pipeline.load(tmp_path / "none.yml")


def test_options_that_a_stage_does_not_take() -> None:
    with pytest.raises(UsageError, match="performer 'strict' does not take these options: swing; it takes none"):
        make_pipeline(performer={"use": "strict", "options": {"swing": 1}}).perform(*scored())
    engine = "renderer 'soundfont' does not take these options: voices; it takes soundfont, engine, loudness_lufs, peak_dbtp"
    with pytest.raises(UsageError, match=engine):
        load_stage("renderer", "soundfont", {"voices": 64})
    with pytest.raises(UsageError, match="renderer 'layered' needs the option neural; it takes neural"):
        load_stage("renderer", "layered", {})


def scored() -> tuple[Any, Any]:
    plan = Pipeline.load().plan(make_scene(), SHORT)
    return Pipeline.load().realize(plan), plan


@pytest.mark.parametrize(
    "edit",
    [
        {"tempo_bpm": 60.0},
        {"tempo_bpm": 103.0},
        {"tempo_bpm": 200.0},
        {"seconds": 12.0},
        {"seconds": 90.0},
        {"meter": "4/4"},
        {"meter": "12/8"},
    ],
)
def test_an_edited_plan_gets_the_length_its_bars_need(edit: dict[str, Any]) -> None:
    plan = Pipeline.load().plan(make_scene(meter="6/8"), Brief.of(seconds=30, tempo_bpm=100, meter="6/8"))
    edited = plan.model_copy(update=edit)
    piece = Pipeline.load().compose_from(edited, audio=None)
    bars_seconds = piece.plan.bars * float(piece.plan.parsed_meter.bar_quarters) * 60 / piece.plan.tempo_bpm
    bar_seconds = bars_seconds / piece.plan.bars
    assert bars_seconds < piece.plan.seconds < bars_seconds + bar_seconds + 4
    assert piece.plan.seconds == edited.seconds or "so the length became" in piece.plan.conflicts[-1]
    last = piece.performance.seconds_at(max(note.onset_ticks for part in piece.performance.parts for note in part.notes))
    assert piece.performance.seconds - last > 0.5
    assert all(row.passed for row in piece.manifest.compliance)


def test_an_edited_plan_that_moves_gets_the_length_its_bars_need() -> None:
    plan = Pipeline.load().plan(make_scene(), Brief.of(seconds=40, tempo_bpm="72-96", key="D minor, F major"))
    assert reconcile_length(plan) is plan
    slower = plan.sections[-1].model_copy(update={"tempo_bpm": 30.0, "tempo_changes": ()})
    mended = reconcile_length(plan.model_copy(update={"sections": (*plan.sections[:-1], slower)}))
    assert mended.seconds == pytest.approx(mended.bars_seconds + 2, abs=0.01)
    assert mended.bars_seconds > plan.bars_seconds
    assert "at their tempi last" in mended.conflicts[-1]


def test_an_unedited_plan_keeps_its_length() -> None:
    for seconds in (1, 3, 7.5, 30, 61):
        plan = Pipeline.load().plan(make_scene(), Brief.of(seconds=seconds, tempo_bpm=40))
        assert reconcile_length(plan) is plan


def test_a_plan_too_long_to_play_is_refused() -> None:
    plan = Pipeline.load().plan(make_scene(), Brief.of(seconds=1500, tempo_bpm=200))
    with pytest.raises(BriefError, match="take bars out or raise the tempo"):
        reconcile_length(plan.model_copy(update={"tempo_bpm": 20.0}))

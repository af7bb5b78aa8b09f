from __future__ import annotations

import json
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from img2music.io.documents import load_plan, load_scene
from img2music.io.style_files import load_style, style_names
from img2music.pipeline import Event
from tests.support.commands import PIECE_FILES, QUICK_OPTIONS, assert_one_line
from tests.support.registered import register

if TYPE_CHECKING:
    from collections.abc import Callable

# Where results go


def test_two_pictures_of_one_name_get_two_folders(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    pictures = [make_picture("a/sea.png"), make_picture("b/SEA.png"), make_picture("sea-2.png"), make_picture("c/sea.png")]
    code, out, err = run("compose", *pictures, "-o", tmp_path / "out", *QUICK_OPTIONS)
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["SEA-3", "sea", "sea-2", "sea-4"]
    assert err.count("because another input has the same name") == 2
    assert out.count("bpm") == 4


def test_a_folder_is_spoken_of_only_where_one_is_written(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path]
) -> None:
    pictures = [make_picture("a/sea.png"), make_picture("b/sea.png", tint=1)]
    for verb in (["see"], ["plan", "--seconds", "5"]):
        code, out, err = run(*verb, *pictures, "--json")
        assert (code, out.count("\n"), err) == (0, 2, "")
    assert "standard input can be read only once" in run("see", "-", "-")[2]


@pytest.mark.parametrize(
    ("name", "folder"),
    [(".hidden.png", "hidden"), (". .png", "piece"), ("tab\there .png", "tab_here"), ("x" * 200 + ".png", "x" * 100)],
)
def test_odd_names_become_plain_folders(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path, name: str, folder: str
) -> None:
    assert run("see", make_picture(name), "-o", tmp_path / "out")[0] == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == [folder]


def test_sound_of_the_piece_before_is_removed(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path, humming: Path
) -> None:
    folder = tmp_path / "out" / "hills"
    base = ["compose", make_picture(), "-o", tmp_path / "out", "--pipeline", humming, "--seconds", "3"]
    assert run(*base, "--stems")[0] == 0
    (folder / "mine.wav").write_text("mine")
    assert (folder / "audio.wav").exists()
    assert list((folder / "stems").iterdir()) != []
    code, _, err = run(*base, "--audio", "none", "--seed", "2")
    assert code == 0
    assert f"replaced the earlier files in {folder}; removed audio.wav, stems/01-" in assert_one_line(err)
    assert {path.name for path in folder.iterdir()} == PIECE_FILES | {"mine.wav"}


@pytest.mark.parametrize(("first", "second"), [("flac", "ogg"), ("mp3", "wav")])
def test_stems_of_another_format_do_not_stay_behind(
    run: Callable[..., tuple[int, str, str]],
    make_picture: Callable[..., Path],
    tmp_path: Path,
    humming: Path,
    first: str,
    second: str,
) -> None:
    base = ["compose", make_picture(), "-o", tmp_path / "out", "--pipeline", humming, "--seconds", "3", "--stems"]
    assert run(*base, "--audio", first)[0] == 0
    assert run(*base, "--audio", second)[0] == 0
    folder = tmp_path / "out" / "hills"
    sounds = {path.suffix for path in folder.rglob("*") if path.suffix in {".wav", ".flac", ".mp3", ".ogg"}}
    assert sounds == {f".{second}"}


@pytest.mark.parametrize("verb", [["compose", "none.png", "--audio", "none"], ["realize", "none.json"]])
def test_stems_without_sound_are_one_error(run: Callable[..., tuple[int, str, str]], tmp_path: Path, verb: list[str]) -> None:
    code, out, err = run(*verb, "--stems", "-o", tmp_path / "out")
    assert (code, out) == (2, "")
    assert "stems are sound, and no sound is asked for; give a format with --audio, or leave --stems out" in assert_one_line(err)
    assert not (tmp_path / "out").exists()


def test_a_path_is_no_title(run: Callable[..., tuple[int, str, str]], tmp_path: Path, humming: Path) -> None:
    import mido
    import soundfile

    song = mido.MidiFile(tracks=[mido.MidiTrack([mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=960)])])
    song.save(tmp_path / "my song.mid")
    assert run("render", tmp_path / "my song.mid", "-o", tmp_path, "--pipeline", humming)[0] == 0
    with soundfile.SoundFile(tmp_path / "my song" / "audio.wav") as file:
        assert (file.title, file.comment) == ("my song", "")


# What is printed


def test_compose_tells_what_became_of_a_wish(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    wishes = ["--tempo", "141", "--key", "Eb lydian", "--meter", "5/4", "--instrument", "viola, harp", "--seed", "9"]
    code, out, err = run(
        "compose", make_picture(), "-o", tmp_path / "out", *QUICK_OPTIONS, *wishes, "--style", "folk", "--words", "calm"
    )
    assert (code, err) == (0, "")
    assert "folk, Eb lydian, 5/4, 141 bpm, 0:05, seed 9" in out
    assert "note: you asked for" in out
    plan = load_plan(tmp_path / "out" / "hills" / "plan.json")
    assert {part.instrument for part in plan.parts} == {"viola", "harp"}


def test_plan_moves_where_several_keys_and_two_tempi_are_asked_for(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    wishes = ["--tempo", "72-96", "--key", "D minor, F major", "--seconds", "40"]
    assert run("plan", make_picture(), "-o", tmp_path, *wishes)[0] == 0
    plan = load_plan(tmp_path / "hills" / "plan.json")
    assert [point.key.name for point in plan.key_map.points] == ["D minor", "F major"]
    assert (plan.tempo_map.bpm, plan.tempo_map.steps[-1].bpm) == (72, 96)


def test_compose_for_programs(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    pictures = [make_picture("one.png"), "missing.png", make_picture("two.png", tint=1)]
    code, out, _ = run("compose", *pictures, "-o", tmp_path / "out", *QUICK_OPTIONS, "--json", "--tempo", "99.5")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 3
    assert [row["picture"] for row in rows] == [str(picture) for picture in pictures]
    assert rows[0]["folder"] == str(tmp_path / "out" / "one")
    assert rows[0]["tempo_bpm"] == 99.5
    assert set(rows[0]["files"]) == PIECE_FILES
    assert all(row["passed"] for row in rows[0]["compliance"])
    assert (rows[1]["exit_code"], "missing.png" in rows[1]["error"]) == (3, True)


def test_see_and_plan_print_one_object_a_line_in_order(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    pictures = [make_picture("one.png"), tmp_path / "bad.png", make_picture("zwei ü.png", tint=1)]
    code, out, err = run("see", *pictures, "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 3
    assert out.isascii()
    assert [row.get("picture", {}) for row in rows][1] == str(pictures[1])
    assert [rows[0]["picture"]["file"], rows[2]["picture"]["file"]] == ["one.png", "zwei ü.png"]
    attribute = rows[0]["attributes"]["tempo_bpm"]
    assert set(attribute) == {"value", "because", "strengths", "confidence", "source", "unfounded"}
    assert attribute["source"] == "measured"
    assert err.count("\n") == 2
    code, out, _ = run("plan", *pictures, "--json", "--seconds", "5")
    plans = [json.loads(line) for line in out.splitlines()]
    assert code == 3
    assert [sorted(plan)[:2] for plan in plans][1] == ["error", "exit_code"]
    assert plans[0]["seconds"] == plans[2]["seconds"] == 5


def test_what_is_printed_is_what_is_written(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    _, out, _ = run("see", make_picture(), "--json", "-o", tmp_path)
    assert json.loads(out) == json.loads((tmp_path / "hills" / "scene.json").read_text())
    _, out, _ = run("plan", tmp_path / "hills" / "scene.json", "--json", "-o", tmp_path / "planned", "--key", "A minor")
    written = tmp_path / "planned" / "hills" / "plan.json"
    assert json.loads(out) == json.loads(written.read_text())
    assert load_plan(written).key == "A minor"
    assert load_scene(tmp_path / "planned" / "hills" / "scene.json") == load_scene(tmp_path / "hills" / "scene.json")


def test_see_and_plan_for_people(run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path]) -> None:
    code, out, err = run("see", make_picture())
    assert (code, err) == (0, "")
    assert re.search(r"^  tempo +[\d.]+ +\d+% +\w", out, re.MULTILINE)
    heads = [out.index(f"\n{head}\n") for head in ("What it shows", "How it looks", "Colours", "What that suggests")]
    assert heads == sorted(heads)
    assert max(map(len, out.splitlines()[1:])) <= 80
    assert "\x1b" not in out
    code, out, err = run("plan", make_picture(), "--tempo", "88")
    assert (code, err) == (0, "")
    assert "Why:" in out
    assert "88" in out


# From one stage to the next


def test_an_edited_plan_is_realized_and_rendered(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path, humming: Path
) -> None:
    import soundfile

    assert run("plan", make_picture(), "-o", tmp_path / "one", "--seconds", "4", "--tempo", "100")[0] == 0
    path = tmp_path / "one" / "hills" / "plan.json"
    path.write_text(path.read_text().replace('"tempo_bpm": 100.0', '"tempo_bpm": 120.0'))
    code, out, err = run("realize", path, "-o", tmp_path / "two", "--json")
    assert (code, err) == (0, "")
    row = json.loads(out)
    assert (row["plan"], row["tempo_bpm"], row["folder"]) == (str(path), 120, str(tmp_path / "two" / "hills"))
    assert set(row["files"]) == PIECE_FILES - {"scene.json", "picture.jpg"}
    for source, target in ((path, tmp_path / "three"), (tmp_path / "two" / "hills" / "score.mid", tmp_path / "four")):
        code, out, err = run("render", source, "-o", target, "--pipeline", humming, "--audio", "flac", "--stems", "--json")
        assert (code, err) == (0, "")
        row = json.loads(out)
        assert row["files"][0] == "audio.flac"
        assert all(name.endswith(".flac") for name in row["files"])
        with soundfile.SoundFile(target / "hills" / "audio.flac") as file:
            assert file.title == load_plan(path).title
            assert file.comment.endswith("120 quarter notes a minute" if source == path else "")
        assert row["seconds"] == pytest.approx(4, abs=0.05)
        assert all((target / "hills" / name).is_file() for name in row["files"])
        assert len(row["files"]) > 1


def test_the_real_sound_is_made_again_byte_for_byte(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    import numpy as np
    import soundfile

    assert run("compose", make_picture(), "-o", tmp_path / "one", "--seconds", "3", "--stems")[0] == 0
    folder = tmp_path / "one" / "hills"
    samples, rate = soundfile.read(folder / "audio.wav")
    assert samples.shape == (3 * rate, 2)
    assert np.abs(samples).max() > 0.05
    stems = sorted(path.name for path in (folder / "stems").iterdir())
    assert [name[:3] for name in stems] == [f"{number:02}-" for number in range(1, len(stems) + 1)]
    code, out, err = run("replay", folder / "piece.json", "-o", tmp_path / "two", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["files"]["audio.wav"] == "same"
    for name in ("audio.wav", "score.mid", "score.abc", "score.musicxml", f"stems/{stems[0]}"):
        assert (tmp_path / "two" / "hills" / name).read_bytes() == (folder / name).read_bytes()
    code, _, err = run("render", folder / "score.mid", "-o", tmp_path / "three")
    assert (code, err) == (0, "")
    assert soundfile.info(tmp_path / "three" / "hills" / "audio.wav").duration == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize(
    ("verb", "name", "content", "message"),
    [
        ("realize", "plan.json", b"{", "plan.json: not a JSON document"),
        ("realize", "none.json", None, "none.json can't be read"),
        ("render", "song.mid", b"MThd\x00\x00\x00\x06\x00\x01", "song.mid"),
        ("render", "song.mid", b"", "song.mid"),
        ("render", "song.wav", b"RIFF", "is neither MIDI nor a plan"),
        ("plan", "scene.json", b"[]", "scene.json: Input should be"),
        ("replay", "piece.json", b'{"format": 2}', "piece.json"),
    ],
)
def test_broken_documents_are_exit_3(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, verb: str, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, out, err = run(verb, tmp_path / name, "-o", tmp_path / "out")
    assert (code, out) == (3, "")
    assert message in assert_one_line(err)
    assert not (tmp_path / "out").exists()


def test_replay_leaves_with_4_when_a_file_differs(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    assert run("compose", make_picture(), "-o", tmp_path, *QUICK_OPTIONS)[0] == 0
    path = tmp_path / "hills" / "piece.json"
    code, out, err = run("replay", path)
    assert (code, err) == (0, "")
    assert "9 files the same" in out
    manifest = json.loads(path.read_text())
    manifest["files"]["score.mid"] = "0" * 64
    manifest["versions"]["mido"] = "0.0.1"
    path.write_text(json.dumps(manifest))
    code, out, err = run("replay", path, "-o", tmp_path / "again", "--picture", make_picture())
    assert code == 4
    assert "score.mid (different)" in err
    assert "mido was 0.0.1" in err
    assert "data:image/jpeg" in (tmp_path / "again" / "hills" / "report.html").read_text()


def test_a_fallback_is_told_on_the_screen(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, "perceiver", "lacking", "tests.support.stand_in_stages:Lacking")
    path = tmp_path / "p.yaml"
    path.write_text(
        "name: p\ndescription: d\nneeds: n\nleaves_machine: n\nlicence: l\n"
        "stages: {perceiver: {use: lacking, fallback: {use: offline}}}\n"
    )
    code, out, err = run("compose", make_picture(), "-o", tmp_path / "out", "--pipeline", path, *QUICK_OPTIONS, "--json")
    assert code == 0
    assert "'lacking' could not work, 'offline' did" in assert_one_line(err)
    assert json.loads(out)["fallbacks"][0]["used"] == "offline"


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from img2music.cli.shared.console import progress

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress("[bold]hills.png") as on_event:
        on_event(Event("planner", "started", 0.0, "planning"))
        on_event(Event("planner", "fallback", 0.0, "planner 'a' could not work, 'b' did"))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "planner 'a' could not work, 'b' did" in captured.err


# Styles, pipelines, doctor


@pytest.mark.parametrize(("group", "name"), [("styles", "waltz"), ("pipelines", "offline")])
def test_a_shelf_is_listed_shown_and_copied(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: str, name: str
) -> None:
    code, out, _ = run(group, "ls")
    assert code == 0
    assert re.search(rf"^{name} +\S", out, re.MULTILINE)
    rows = [json.loads(line) for line in run(group, "ls", "--json")[1].splitlines()]
    assert name in {row["name"] for row in rows}
    assert all(row["summary"] for row in rows)
    shown = run(group, "show", name)[1]
    assert "name: " in shown
    monkeypatch.chdir(tmp_path)
    assert run(group, "cp", name)[0] == 0
    copied = (tmp_path / f"{name}.yaml").read_text(encoding="utf-8")
    assert shown.startswith(copied)
    assert all(line.startswith("# ") for line in shown.removeprefix(copied).splitlines())  # so that what is shown can be used too
    code, _, err = run(group, "cp", name)
    assert (code, "is there already" in assert_one_line(err)) == (3, True)
    (tmp_path / "folder").mkdir()
    assert run(group, "cp", name, "folder")[0] == 0
    assert run(group, "cp", name, "folder", "--force")[0] == 0
    assert (tmp_path / "folder" / f"{name}.yaml").is_file()


def test_a_copied_style_and_pipeline_are_used(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    assert run("styles", "cp", "waltz", tmp_path / "mine.yaml")[0] == 0
    assert run("pipelines", "cp", "offline", tmp_path / "own.yml")[0] == 0
    (tmp_path / "own.yml").write_text((tmp_path / "own.yml").read_text().replace("expressive", "strict"))
    code, out, _ = run(
        "compose",
        make_picture(),
        "-o",
        tmp_path / "out",
        *QUICK_OPTIONS,
        "--style",
        tmp_path / "mine.yaml",
        "--pipeline",
        tmp_path / "own.yml",
    )
    assert code == 0
    assert "mine.yaml" in out
    manifest = json.loads((tmp_path / "out" / "hills" / "piece.json").read_text())
    assert manifest["stages"]["performer"] == "strict"


def test_every_style_is_listed(run: Callable[..., tuple[int, str, str]]) -> None:
    rows = [json.loads(line) for line in run("styles", "ls", "--json")[1].splitlines()]
    assert rows == [{"name": name, "summary": load_style(name).summary} for name in style_names()]


@pytest.mark.enable_socket  # it looks whether a server on this machine answers
def test_the_doctor(run: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = run("doctor")
    assert (code, err) == (0, "")
    assert "everything needed works" in out
    findings = json.loads(run("doctor", "--json")[1])["findings"]
    names = {finding["name"] for finding in findings}
    assert {
        "python",
        "numpy",
        "soundfont",
        "cache",
        "styles",
        "perceiver offline",
        "renderer soundfont",
        "fluidsynth",
        "abc2midi",
    } <= names
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("IMG2MUSIC_CACHE", str(tmp_path / "file"))
    code, out, _ = run("doctor", "--json")
    broken = [finding for finding in json.loads(out)["findings"] if finding["needed"] and not finding["works"]]
    assert code == 4
    assert [finding["name"] for finding in broken] == ["cache"]
    assert "IMG2MUSIC_CACHE" in broken[0]["text"]


@pytest.mark.enable_socket
def test_the_doctor_says_which_pipelines_can_run_and_why_not(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr("img2music.registry.registry_entry.find_spec", lambda name: None if name == "vllm" else find_spec(name))
    code, out, _ = run("doctor", "--json")
    assert code == 0
    rows = {row["name"]: row for row in json.loads(out)["findings"]}
    assert rows["pipeline offline"]["works"]
    assert rows["pipeline offline"]["needed"]
    assert (rows["pipeline vllm-offline"]["works"], "pip install 'img2music[vllm]'" in rows["pipeline vllm-offline"]["text"]) == (
        False,
        True,
    )
    if find_spec("langchain_openai") is not None:
        assert "set OPENAI_API_KEY in the environment" in rows["pipeline openai"]["text"]
        assert "no server at localhost:11434: start it" in rows["pipeline ollama"]["text"]
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-nobody")
        _, out, _ = run("doctor")
        assert "sk-of-nobody" not in out
        assert any(line.startswith("ok") and "pipeline openai" in line for line in out.splitlines())

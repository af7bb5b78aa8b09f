"""The verb `hear`: what is heard, for people and for programs; hostile files are one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from img2music.audio import Audio
from img2music.io.audio_files import FORMATS, encode
from tests.listening.made_sounds import clicks
from tests.support.commands import assert_one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def beats(tmp_path: Path) -> Path:
    path = tmp_path / "beats.wav"
    sound = clicks(120, 4)
    path.write_bytes(encode(Audio(np.repeat(sound.samples, 2, 0), sound.sample_rate), "wav"))
    return path


def test_people_read_lines(run: Callable[..., tuple[int, str, str]], beats: Path) -> None:
    code, out, err = run("hear", "--plain", beats)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith(f"{beats}: 0:16, -")
    assert "LUFS, true peak" in lines[0]
    assert lines[1].split()[0] == "tempo"
    assert "beats a minute" in lines[1]
    assert "% sure   loudness rise" in lines[1]
    assert "beats a bar" in lines[2]
    assert lines[3].split()[0] == "key"
    assert "tags" not in out


def test_programs_read_objects(run: Callable[..., tuple[int, str, str]], beats: Path, tmp_path: Path) -> None:
    silent = tmp_path / "silent.wav"
    silent.write_bytes(encode(Audio(np.zeros((1, 48_000), np.float32), 48_000), "wav"))
    code, out, err = run("hear", beats, silent, "--json", "--plain")
    assert (code, err) == (0, "")
    first, second = map(json.loads, out.splitlines())
    assert first["sound"] == str(beats)
    assert min(abs(first["tempo_bpm"]["value"] / bpm - 1) for bpm in (60, 120)) < 0.02
    assert 0 < first["tempo_bpm"]["confidence"] <= 1
    assert first["tempo_bpm"]["by"] == ["loudness rise"]
    assert len(first["beats_seconds"]) > 10
    assert second["loudness_lufs"] is second["tempo_bpm"]["value"] is second["key"]["value"] is None


def test_every_format_of_ours_is_read(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    for kind in FORMATS:
        (tmp_path / f"beats.{kind}").write_bytes(encode(clicks(120, 4, 8.0, 44_100), kind))
    code, out, err = run("hear", *(tmp_path / f"beats.{kind}" for kind in FORMATS), "--json", "--plain")
    assert (code, err, out.count("\n")) == (0, "", 4)
    assert all(json.loads(line)["seconds"] == pytest.approx(8, abs=0.1) for line in out.splitlines())


def test_a_hostile_file_is_one_line_and_the_rest_is_heard(
    run: Callable[..., tuple[int, str, str]], beats: Path, tmp_path: Path
) -> None:
    whole = beats.read_bytes()
    for name, content, said in (
        ("empty.wav", b"", "no sound that can be read"),
        ("note.txt", b"no sound", "no sound that can be read"),
        ("cut.wav", whole[:30], "is a broken WAV file"),
        ("nothing.wav", whole[:44], "holds no sound"),
        ("flac.flac", b"fLaC" + b"\xff" * 200, "is a broken FLAC file"),
        ("ogg.ogg", b"OggS" + b"\0" * 200, "is a broken Ogg file"),
        ("mp3.mp3", b"ID3\x04\0\0\0\0\0\x0a" + b"\0" * 99, "is a broken MP3 file"),
        ("rate.wav", whole[:24] + (10).to_bytes(4, "little") + whole[28:], "10 Hz"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        code, out, err = run("hear", path, "--plain")
        assert (code, out) == (3, "")
        assert said in assert_one_line(err)
    code, _, err = run("hear", tmp_path / "missing.wav")
    assert code == 3
    assert "missing.wav can't be read" in assert_one_line(err)
    assert run("hear", tmp_path)[0] == 3
    code, out, _ = run("hear", tmp_path / "note.txt", beats, "--json", "--plain")
    assert code == 3
    assert [("error" in json.loads(line)) for line in out.splitlines()] == [True, False]

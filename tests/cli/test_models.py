"""The verbs `models ls`, `models install` and `models uninstall` as a user types them; nothing is fetched."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from img2music.pipeline.presets import load_pipeline_config, pipeline_names
from img2music.pipeline.stage_facts import pipeline_weights
from img2music.registry.sound_models import SOUND_MODELS
from tests.support.commands import assert_one_line, run_cli

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("IMG2MUSIC_CACHE", "MAGENTA_HOME", "HF_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("IMG2MUSIC_MAGENTA_RT_PYTHON", "IMG2MUSIC_AUDIOCRAFT_PYTHON", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "IMG2MUSIC_CACHE"


def test_models_are_listed_with_licence_size_and_whether_they_are_here() -> None:
    told = run_cli(["models", "ls"])
    assert (told.returncode, told.stderr) == (0, "")
    assert "mrt2_small (magenta-rt)" in told.stdout
    assert "not here; licence CC-BY-NC-4.0: no commercial use; 2.4 GB from Hugging Face hub" in told.stdout
    assert "img2music models install magenta-rt" in told.stdout
    records = [json.loads(line) for line in run_cli(["models", "ls", "--json"]).stdout.splitlines()]
    assert [record["name"] for record in records] == list(SOUND_MODELS)
    assert {record["here"] for record in records} == {False}


def test_nothing_is_fetched_before_somebody_agrees(cache: Path) -> None:
    told = run_cli(["models", "install", "facebook/musicgen-small", "--dry-run"])
    assert told.returncode == 0
    assert told.stdout.splitlines()[0].startswith("weights: facebook/musicgen-small, licence CC-BY-NC-4.0: no commercial use")
    assert told.stdout.splitlines()[-1] == "to download: 2.4 GB"
    alone = run_cli(["models", "install", "facebook/musicgen-small"], input="y\n")
    assert alone.returncode == 2
    assert "--yes" in assert_one_line(alone.stderr)
    assert not cache.exists()


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("musicgen", "facebook/musicgen-stereo-small"),
        ("musicgen-caption", "facebook/musicgen-small"),
        ("musicgen-layered", "facebook/musicgen-stereo-small"),
        ("ace-step", "ACE-Step/acestep-v15-xl-turbo-diffusers"),
        ("stable-audio", "stabilityai/stable-audio-open-1.0"),
    ],
)
def test_a_pipeline_is_installed_by_its_name(name: str, weights: str, run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run("models", "install", name, "--dry-run")
    assert code == 0
    assert out.startswith(f"weights: {weights}, {SOUND_MODELS[weights].facts}\ninto the cache of the Hugging Face hub")
    assert f"to download: {SOUND_MODELS[weights].gigabytes:g} GB" in out
    assert ("language model" in err) is (name == "musicgen-caption")


def test_every_pipeline_that_plays_weights_can_be_installed_by_its_name(run: Callable[..., tuple[int, str, str]]) -> None:
    for name in pipeline_names():
        played = pipeline_weights(load_pipeline_config(name))
        assert set(played) <= set(SOUND_MODELS)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("img2music.renderers.model_installation.find_python", lambda _: Path(sys.executable))
            code, out, _ = run("models", "install", name, "--dry-run")
        assert code == 0
        assert all(weights in out for weights in played) if played else "nothing to install" in out


def test_jasco_says_what_it_is_made_of_and_that_its_weights_are_pickles(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("img2music.renderers.model_installation.find_python", lambda _: Path(sys.executable))
    code, out, _ = run("models", "install", "jasco", "--dry-run")
    lines = out.splitlines()
    assert code == 0
    assert "torch==2.1.0" in lines[0]
    assert "GB from the Python Package Index and github.com" in lines[0]
    assert lines[2].startswith("into an environment of their own: ")
    assert lines[3].startswith("weights: facebook/jasco-chords-drums-melody-400M, licence CC-BY-NC-4.0: no commercial use")
    assert "pickles, which can run code: this program never reads them" in lines[5]
    _, listed, _ = run("models", "ls")
    assert "needs an environment of its own, which is not here yet: img2music models install audiocraft" in listed


def test_commercial_use_is_looked_at_before_anything_is_fetched(run: Callable[..., tuple[int, str, str]], cache: Path) -> None:
    for name in ("musicgen", "jasco", "facebook/musicgen-large"):
        code, out, err = run("models", "install", name, "--yes", "--commercial")
        assert (code, out) == (2, "")
        assert "forbid commercial use (licence CC-BY-NC-4.0)" in assert_one_line(err)
    assert run("models", "install", "ace-step", "--dry-run", "--commercial")[0] == 0
    assert not cache.exists()
    _, out, _ = run("models", "ls", "--commercial", "--json")
    shown = [json.loads(line) for line in out.splitlines()]
    assert [one["name"] for one in shown] == [one.name for one in SOUND_MODELS.values() if one.commercial]


def test_the_environment_has_to_have_its_python(tmp_path: Path) -> None:
    """Where none is on the path and this one is another, it is said before anything is asked."""
    told = run_cli(["models", "install", "magenta-rt", "--dry-run"], env={**os.environ, "PATH": str(tmp_path)})
    assert told.returncode in (0, 4)
    assert "magenta-rt" in told.stdout if told.returncode == 0 else "needs Python 3.11 or 3.12" in assert_one_line(told.stderr)


def test_unknown_names_are_one_line() -> None:
    for verb in ("install", "uninstall"):
        told = run_cli(["models", verb, "magenta"])
        assert told.returncode == 2
        assert "did you mean 'magenta-rt'" in assert_one_line(told.stderr)
    told = run_cli(["models", "uninstall", "magenta-rt"])
    assert (told.returncode, told.stdout.splitlines()[0]) == (0, "no environment of magenta-rt is here")

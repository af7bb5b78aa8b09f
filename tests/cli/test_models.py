"""The verbs `models ls`, `models install` and `models uninstall` as a user types them; nothing is fetched."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from img2music.registry.sound_models import SOUND_MODELS
from tests.support.commands import assert_one_line, run_cli


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("IMG2MUSIC_CACHE", "MAGENTA_HOME", "HF_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
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

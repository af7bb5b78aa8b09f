"""Environments are made whole or not at all: with real Python and pip, from a package that lies in a folder."""

from __future__ import annotations

import os
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from img2music.cancellation import Cancelled, CancelToken, cancelled_by
from img2music.errors import BackendError, UsageError
from img2music.registry.sound_models import SOUND_MODELS
from img2music.renderers.external.environment_table import ENVIRONMENTS, Environment
from img2music.renderers.external.environments import (
    environment_fault,
    environment_folder,
    environment_python,
    failed_environment,
    find_python,
    make_environment,
    remove_environment,
    run_in_environment,
)
from img2music.renderers.model_installation import install_model, model_states, plan_installation

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMG2MUSIC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MAGENTA_HOME", str(tmp_path / "magenta"))
    return tmp_path / "cache"


@pytest.fixture
def made_of(tmp_path: Path) -> Environment:
    """An environment of one small package, whose program writes the weights that it is asked for."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    about = "quiet_tune-1.0.dist-info"
    with zipfile.ZipFile(shelf / "quiet_tune-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("quiet_tune.py", "import pathlib, sys\ndef fetch(): pathlib.Path(sys.argv[1]).write_text(sys.argv[2])\n")
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: quiet-tune\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    packages = (("--no-index", "--find-links", str(shelf), "quiet-tune==1.0"),)
    weights = str(tmp_path / "weights")
    fetches = (("-I", "-c", "from quiet_tune import fetch; fetch()", weights, "{name}"),)
    files = (("-I", "-c", "import pathlib, sys; pathlib.Path(sys.prefix, sys.argv[1]).write_text('x')", "beside"),)
    return Environment("magenta-rt", (OWN,), packages, 0.1, "Apache-2.0", fetches, "a folder", ("quiet_tune",), files)


def left_in(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "environments").iterdir())


def test_a_model_is_installed_whole_again_and_removed(
    made_of: Environment, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENVIRONMENTS, "magenta-rt", made_of)
    plan = plan_installation("mrt2_small")
    assert plan.environment == made_of
    assert plan.weights
    assert plan.gigabytes == pytest.approx(4.1)
    lines = "\n".join(plan.lines)
    for word in ("quiet-tune==1.0", "CC-BY-4.0", "Apache-2.0", "4 GB", "Hugging Face hub", str(environment_folder("magenta-rt"))):
        assert word in lines
    told: list[str] = []
    left = cache / "environments" / ".magenta-rt-4194305-0a0b0c0d"
    of_another = cache / "environments" / f".magenta-rt-{os.getpid()}-0a0b0c0d"
    for folder in (left, of_another):
        (folder / "bin").mkdir(parents=True)
    install_model(plan, told.append)
    assert left_in(cache) == [of_another.name, "magenta-rt"], "what was killed is removed; another attempt may be going on"
    of_another.joinpath("bin").rmdir()
    of_another.rmdir()
    assert (tmp_path / "weights").read_text() == "mrt2_small"
    assert environment_fault("magenta-rt") == ""
    assert left_in(cache) == ["magenta-rt"]
    assert any("pip install" in line for line in told)
    assert (environment_folder("magenta-rt") / "beside").is_file()
    assert plan_installation("magenta-rt").environment is None, "it is there"

    marker = environment_folder("magenta-rt") / "marker"
    marker.write_text("old")
    broken = replace(made_of, packages=(*made_of.packages, ("--no-index", "no-such-package-at-all")))
    with pytest.raises(
        BackendError, match=r"^magenta-rt: its packages can't be installed \(ERROR: .*no-such-package-at-all.*tries again$"
    ):
        make_environment(broken, find_python(broken), told.append)
    assert marker.exists(), "what was there works on"
    assert left_in(cache) == ["magenta-rt"]
    with pytest.raises(BackendError, match=r"weights x can't be fetched \(ValueError: no"):
        run_in_environment(made_of, ["-c", "raise ValueError('no\\tnetwork')"], "weights x can't be fetched")

    # Its Python is there, and still it does not work: a package is gone, or what the Python was made from.
    assert failed_environment("magenta-rt") == ""
    next(environment_folder("magenta-rt").rglob("quiet_tune.py")).unlink()
    assert "has no quiet_tune; make its environment again: img2music models install magenta-rt" in failed_environment(
        "magenta-rt"
    )
    assert plan_installation("mrt2_small").environment == made_of
    python = environment_python("magenta-rt")
    python.unlink()
    python.write_text("#!/bin/sh\nexit 0\n")
    python.chmod(0o755)
    assert environment_fault("magenta-rt") == "", "nothing is started for a list"
    assert "does not work; make its environment again" in failed_environment("magenta-rt")
    install_model(plan_installation("mrt2_small"), told.append)
    assert failed_environment("magenta-rt") == ""

    assert remove_environment("magenta-rt")
    assert not remove_environment("magenta-rt")
    assert environment_fault("magenta-rt").endswith("img2music models install magenta-rt")


def test_who_stops_the_work_leaves_no_half_environment(made_of: Environment, cache: Path) -> None:
    token = CancelToken()
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        if "pip install" in line:
            token.cancel()

    with pytest.raises(Cancelled), cancelled_by(token):
        make_environment(made_of, find_python(made_of), tell)
    assert left_in(cache) == []
    assert not environment_python("magenta-rt").exists()


def test_a_python_of_ones_own_is_not_installed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that is made would not be used as long as the variable names another."""
    for python, why in (
        ("/bin/false", "does not work"),
        (sys.executable, "has no jax"),
        (str(tmp_path / "gone"), "names no Python"),
    ):
        monkeypatch.setenv("IMG2MUSIC_MAGENTA_RT_PYTHON", python)
        if Path(python).is_file() or "gone" in python:
            with pytest.raises(BackendError, match=f"{why}.*let it name one that has magenta-rt, or unset it and run") as caught:
                plan_installation("mrt2_small")
            assert "\n" not in str(caught.value)


def test_a_cache_that_cannot_be_written_says_what_to_set(made_of: Environment, cache: Path) -> None:
    cache.write_text("a file")
    with pytest.raises(BackendError, match="set IMG2MUSIC_CACHE to another"):
        make_environment(made_of, find_python(made_of), print)


def test_the_python_is_one_that_the_packages_run_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = replace(ENVIRONMENTS["magenta-rt"], pythons=("3.7", OWN))
    assert find_python(wanted) == Path(sys.executable)
    if os.name != "nt":  # a launcher for a version that is not here
        launcher = tmp_path / "python3.7"
        launcher.write_text("#!/bin/sh\nexit 127\n")
        launcher.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendError, match=r"needs Python 3\.7, and none is on the path; install one"):
        find_python(replace(wanted, pythons=("3.7",)))


def test_names_that_can_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"no weights 'mrt2_smal' .*did you mean 'mrt2_small'"):
        plan_installation("mrt2_smal")
    hub = plan_installation("facebook/musicgen-small")
    assert hub.environment is None
    assert "no commercial use" in hub.lines[0]
    asked: list[tuple[str, str]] = []

    def fetched(name: str, *, renderer: str) -> Path:
        asked.append((name, renderer))
        return Path()

    with pytest.raises(UsageError, match="forbid commercial use"):
        plan_installation("facebook/musicgen-small", commercial=True)
    assert plan_installation("mrt2_small", commercial=True).model.commercial
    monkeypatch.setattr("img2music.renderers.neural.weights.weights_folder", fetched)
    install_model(hub, print)
    assert asked == [("facebook/musicgen-small", "musicgen")]


def test_all_weights_are_listed_with_what_they_need() -> None:
    states = {state.model.name: state for state in model_states()}
    assert list(states) == list(SOUND_MODELS)
    assert states["mrt2_small"].needs.endswith("img2music models install magenta-rt")
    assert not states["mrt2_small"].here

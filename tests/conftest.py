"""What every test may rely on: derived files go to a folder of this session, and pictures are small and made on the spot."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from img2music.cli import main
from img2music.stages import KINDS
from tests.support import extras
from tests.support.registered import register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def pytest_collectreport(report: pytest.CollectReport) -> None:
    extras.note_skipped_file(report)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    extras.note_skipped_file(report)


@pytest.fixture(scope="session", autouse=True)
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder shared by all tests and the programs they start; one that is named outside is kept in use."""
    named = os.environ.get("IMG2MUSIC_CACHE")
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMG2MUSIC_CACHE", named or str(folder))
        yield folder


@pytest.fixture
def make_picture(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small picture: a sky over hills, its colours shifted by `tint`."""

    def make(name: str = "hills.png", tint: int = 0) -> Path:
        import numpy as np
        from PIL import Image

        rows, columns = np.mgrid[0:48, 0:64]
        ridge = 24 + 8 * np.sin(columns / 9 + tint)
        ground = rows > ridge
        pixels = np.stack(
            [np.where(ground, 60 + tint * 20, 120), np.where(ground, 110, 170), np.where(ground, 50, 230 - tint * 30)], axis=2
        ).astype(np.uint8)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, "PNG")
        return path

    return make


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs a command in this process: exit code, standard output, standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="session")
def has_heic() -> None:
    extras.require("heic")


@pytest.fixture
def humming(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipeline whose renderer hums."""
    register(monkeypatch, "renderer", "hum", "tests.support.stand_in_stages:Hum")
    path = tmp_path / "humming.yaml"
    path.write_text(
        "name: humming\ndescription: d\nneeds: n\nleaves_machine: nothing\nlicence: l\nstages: {renderer: {use: hum}}\n"
    )
    return path


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small stages beside the real ones: a renderer that hums, and stages that fail in every way."""
    register(monkeypatch, "renderer", "hum", "tests.support.stand_in_stages:Hum")
    for kind in KINDS:
        register(monkeypatch, kind, "lacking", "tests.support.stand_in_stages:Lacking")
        register(monkeypatch, kind, "wrong", "tests.support.stand_in_stages:Wrong")
        register(monkeypatch, kind, "broken", "tests.support.stand_in_stages:Broken")

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import img2music

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_the_public_surface_is_sorted_and_complete() -> None:
    assert img2music.__all__ == [
        "Audio",
        "Brief",
        "CompositionPlan",
        "Event",
        "Img2MusicError",
        "Performance",
        "Piece",
        "Pipeline",
        "Scene",
        "Score",
        "__version__",
        "compose",
    ]
    assert sorted(img2music.__all__) == img2music.__all__
    assert set(img2music.__all__) <= set(dir(img2music))


def test_every_public_name_resolves_and_keeps_its_name() -> None:
    for name in img2music.__all__:
        value = getattr(img2music, name)
        if name != "__version__":
            assert value.__name__ == name
            assert value.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'img2music' has no attribute 'Composr'"):
        _ = img2music.Composr


def loaded_after(statement: str) -> set[str]:
    program = f"{statement}; import json, sys; print(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_importing_loads_nothing_heavy() -> None:
    assert (
        loaded_after("import img2music") & {"numpy", "pydantic", "PIL", "yaml", "mido", "typer", "verovio", "soundfile"} == set()
    )


def test_the_command_line_starts_light() -> None:
    assert loaded_after("import img2music.cli") & {"numpy", "pydantic", "PIL", "yaml", "mido", "rich", "verovio"} == set()


def test_a_piece_in_one_call(make_picture: Callable[..., Path], tmp_path: Path) -> None:
    piece = img2music.compose(make_picture(), seconds=6, seed=7, key="D minor", audio=None)
    assert isinstance(piece, img2music.Piece)
    assert isinstance(piece.scene, img2music.Scene)
    assert isinstance(piece.plan, img2music.CompositionPlan)
    assert isinstance(piece.score, img2music.Score)
    assert isinstance(piece.performance, img2music.Performance)
    assert piece.audio is None
    assert (piece.plan.key, piece.plan.seed) == ("D minor", 7)
    assert (piece.save(tmp_path / "out") / "report.html").is_file()


def test_errors_of_one_call_are_one_family() -> None:
    for wishes in ({"tempo_bpm": 900}, {"style": "polka-metal"}, {"words": 5}, {"loudness": 3}, {}):
        with pytest.raises(img2music.Img2MusicError, match=r"\S") as caught:
            img2music.compose("nothing-here.png", audio=None, **wishes)
        assert "\n" not in str(caught.value)

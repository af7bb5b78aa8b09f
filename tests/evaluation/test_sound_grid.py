"""The workbench of sounds: the same pieces played by several renderers are listened to, kept, compared and put side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from img2music.errors import UsageError
from img2music.evaluation.sound_grid.sound_cells import SoundStore, read_variant
from tests.support.sine_sound import SINE, sine_package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_several_renderers_play_the_same_pieces(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    asked = [
        "prompts",
        "sounds",
        "--sounds",
        "soundfont",
        f"{SINE}?seed=5",
        "--pictures",
        make_picture(),
        "--seconds",
        "8",
        "-o",
        out,
    ]
    with sine_package(tmp_path / "site", monkeypatch):
        monkeypatch.setenv("SINE_FAILS", "1")
        code, told, _ = run(*asked)
        assert code == 0, "the soundfont played"
        assert f"{SINE}?seed=5: mark not measured" in told
        assert "1 failed" in told
        monkeypatch.delenv("SINE_FAILS")
        code, told, said = run(*asked, "--json")
    assert code == 0
    assert "soundfont" not in said, "what is finished is not made again"
    rows = [json.loads(line) for line in told.splitlines()]
    assert [row.get("sound") for row in rows] == ["soundfont", f"{SINE}?seed=5", None]
    records = SoundStore(out).records()
    font, choir = sorted(records.values(), key=lambda record: record.use is not None)
    assert all(record.mark is not None and record.mark > 0.3 for record in (font, choir)), "both play the piece"
    assert choir.use is not None
    assert choir.use.takes[0].seed == 5
    assert any(line.startswith("pitches: asked") for line in choir.heard)
    page = (out / "index.html").read_text(encoding="utf-8")
    assert page.count("<audio") == 2
    assert "A choir of sines" in page
    assert "<script" not in page


def test_a_sound_is_named_with_its_options() -> None:
    stage = read_variant("soundfont?gain=0.5&loud=true&name=a%20b").stage
    assert stage.options == {"gain": 0.5, "loud": True, "name": "a b"}
    with pytest.raises(UsageError, match="soundfont"):
        read_variant("soundfond")
    with pytest.raises(UsageError, match="option=value"):
        read_variant("soundfont?loud")

"""The renderer `diffusers` with tiny pipelines: from a performance to a mix of the exact length, with a record of what the model was told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.support.extras import require

require("diffusers")

from img2music.cancellation import Cancelled, CancelToken, cancelled_by, told_progress
from img2music.errors import BackendError, UsageError
from img2music.performance import Performance, PlayedNote, PlayedPart
from img2music.provenance import SoundUse, collect_sound_uses
from img2music.renderers.neural.diffusers import diffusers_renderer
from img2music.renderers.neural.diffusers.diffusers_renderer import DiffusersRenderer
from img2music.renderers.neural.diffusers.loaded_pipeline import LoadedPipeline
from img2music.stages import PlanReader, load_stage
from img2music.theory import Key, Meter

if TYPE_CHECKING:
    from collections.abc import Callable

    from img2music.audio import Audio


def piece(
    seconds: float = 4.3, bpm: float = 120.0, key: str = "A minor", meter: Meter | None = None, **other: Any
) -> Performance:
    """A piano that plays a scale in eighths."""
    notes = tuple(PlayedNote(240 * place, 240, 57 + place * 5 % 12, 80) for place in range(int(seconds * bpm / 30)))
    part = PlayedPart("Piano", 0, 0, notes, ())
    return Performance.steady("A piece", Key.parse(key), meter or Meter(4, 4), bpm, seconds, (part,), **other)


SECTIONS = ((0, "A"), (2 * 1920, "B"), (3 * 1920, "C"))
"""At 120 quarters a minute: 0, 4 and 6 seconds."""


@pytest.fixture
def render(tiny_pipelines: Path) -> Callable[..., Audio]:
    def call(name: str, performance: Performance | None = None, **options: Any) -> Audio:
        told: dict[str, Any] = {"steps": 2, "device": "cpu"}
        made = DiffusersRenderer(weights=tiny_pipelines / name, **told | options)
        return made(performance or piece()).mix

    return call


def differ(first: Audio, second: Audio) -> float:
    return float(np.abs(first.samples - second.samples).max())


def test_every_pipeline_plays_a_mix_of_the_exact_length(render: Callable[..., Audio]) -> None:
    for name in ("ace", "stable", "stable3"):
        mix = render(name)
        assert (mix.sample_rate, mix.samples.shape) == (48_000, (2, round(4.3 * 48_000)))
        assert 0.1 < mix.peak <= 1
    assert render("stable3") == mix, "the same seed, the same sound"
    assert differ(render("stable3", seed=1), mix) > 0.01


def test_the_score_changes_what_is_played(render: Callable[..., Audio]) -> None:
    """Words alone first: then tempo, key and metre reach the model by its arguments, and only by them in ACE-Step."""
    told = render("ace", start="none")
    for other in (piece(bpm=90), piece(key="C major"), piece(meter=Meter(3, 4))):
        assert differ(render("ace", other, start="none"), told) > 1e-4
    cover = render("ace")
    assert differ(cover, told) > 0.01
    up = Performance.steady(
        "A piece", Key.parse("A minor"), Meter(4, 4), 120, 4.3, (PlayedPart("Piano", 0, 0, (PlayedNote(0, 1920, 88, 120),), ()),)
    )
    assert differ(render("ace", up), cover) > 1e-3, "our rendering reaches the model"


def test_pieces_longer_than_the_model_are_joined_to_the_exact_length(render: Callable[..., Audio]) -> None:
    for name, start, loop in (("stable", "guide", False), ("stable3", "none", False), ("stable3", "guide", True)):
        with collect_sound_uses() as uses:
            mix = render(name, piece(10.7, loop=loop), start=start)
        assert mix.samples.shape == (2, round(10.7 * 48_000))
        assert any("windows joined at bar lines" in note for note in uses[0].notes)


def test_a_section_is_played_anew_inside_our_rendering(render: Callable[..., Audio]) -> None:
    performance = piece(10.0, markers=SECTIONS)
    whole = render("stable3", performance, task="repaint", section="B")
    assert whole.samples.shape == (2, 480_000)
    other = render("stable3", performance, task="repaint", section=2, seed=7)
    near = np.abs(whole.samples - other.samples).max(axis=0)
    outside = np.concatenate([near[: round(3.9 * 48_000)], near[round(6.1 * 48_000) :]])
    assert near[round(4.1 * 48_000) : round(5.9 * 48_000)].max() > 0.05, "the section is another one"
    assert np.median(outside) < 0.05 * np.median(near[round(4.1 * 48_000) : round(5.9 * 48_000)]), (
        "the rest is the same but for the master"
    )
    with pytest.raises(UsageError, match="no section 'D' to repaint; there are: A, B, C"):
        render("stable3", performance, task="repaint", section="D")
    with pytest.raises(UsageError, match="no section 4"):
        render("stable3", performance, task="repaint", section=4)


def test_takes_are_listened_to_and_what_was_told_is_on_record(tiny_pipelines: Path) -> None:
    renderer = load_stage("renderer", "diffusers", {"weights": str(tiny_pipelines / "ace"), "takes": 3, "seed": 4, "steps": 2})
    assert issubclass(DiffusersRenderer, PlanReader)
    with collect_sound_uses() as uses:
        rendering = renderer(piece(), stems=True)
    (use,) = uses
    assert isinstance(use, SoundUse)
    assert (use.renderer, use.weights, use.device.partition(":")[0]) == ("diffusers", "ace", "cpu")
    assert [take.seed for take in use.takes] == [4, 5, 6]
    assert sum(take.kept for take in use.takes) == 1
    assert {"bpm 120", "keyscale A minor", "timesignature 4", "2 steps"} <= set(use.conditions)
    assert "cover of our soundfont rendering, strength 1" in use.conditions
    assert use.text
    assert "no stems: the model plays all parts at once" in use.notes
    assert rendering.stems == {}
    kept = next(take.seed for take in use.takes if take.kept)
    alone = load_stage("renderer", "diffusers", {"weights": str(tiny_pipelines / "ace"), "seed": kept, "steps": 2})
    assert differ(alone(piece()).mix, rendering.mix) < 1e-3, "its seed alone makes it again"


def test_what_was_done_otherwise_is_said(tiny_pipelines: Path) -> None:
    with collect_sound_uses() as uses:
        DiffusersRenderer(weights=tiny_pipelines / "stable3", steps=2, guidance=5.0, precision="float32")(piece())
        DiffusersRenderer(weights=tiny_pipelines / "ace", steps=2)(piece(key="A phrygian", meter=Meter(5, 4)))
    assert any("takes no guidance for cover" in note for note in uses[0].notes)
    assert any("A phrygian is told as A minor" in note for note in uses[1].notes)
    assert any("no 5/4" in note for note in uses[1].notes)


def test_a_take_below_the_threshold_is_refused_and_on_record(tiny_pipelines: Path) -> None:
    renderer = DiffusersRenderer(weights=tiny_pipelines / "stable3", steps=2, threshold=1.0)
    with collect_sound_uses() as uses, pytest.raises(BackendError, match="follows the score too little"):
        renderer(piece())
    assert [take.kept for take in uses[0].takes] == [False]


def test_work_stops_in_the_middle_and_is_on_record(tiny_pipelines: Path) -> None:
    token = CancelToken()
    told: list[float] = []

    def hear(fraction: float, _: str) -> None:
        told.append(fraction)
        if fraction > 0.4:
            token.cancel()

    renderer = DiffusersRenderer(weights=tiny_pipelines / "ace", steps=40)
    with collect_sound_uses() as uses, told_progress(hear), cancelled_by(token), pytest.raises(Cancelled):
        renderer(piece())
    assert told == sorted(told)
    assert max(told) < 0.6
    assert len(uses) == 1


def test_too_little_memory_names_what_is_smaller(tiny_pipelines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def full(loaded: LoadedPipeline, performance: Performance, *told: Any, together: bool) -> Any:
        asked.append(together)
        raise RuntimeError("CUDA out of memory. Tried to allocate 20 GiB")

    monkeypatch.setattr(diffusers_renderer, "play_windows", full)
    renderer = DiffusersRenderer(weights=tiny_pipelines / "stable3", steps=2, takes=2)
    smaller = (
        r"memory is too small .* use takes: 1, or precision: bfloat16, or weights stabilityai/stable-audio-open-1.0 \(5.4 GB\)"
    )
    with collect_sound_uses() as uses, pytest.raises(BackendError, match=smaller):
        renderer(piece())
    assert asked == [True, False], "all takes at once first, then one after the other"
    assert any("one after the other" in note for note in uses[0].notes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "sing"}, "no task 'sing'"),
        ({"start": "file"}, "no start 'file'"),
        ({"strength": 0.5, "init_noise_level": 0.5}, "say the same thing"),
        ({"strength": 1.5}, "strength is a number from 0 to 1"),
        ({"init_noise_level": "much"}, "init_noise_level is a number"),
        ({"task": "repaint"}, "belong together"),
        ({"section": "B"}, "belong together"),
        ({"task": "cover", "start": "none"}, "begins from our rendering"),
        ({"steps": 0}, "steps is a whole number from 1 to 1000"),
        ({"takes": 9}, "takes is a whole number from 1 to 8"),
        ({"seed": -1}, "seed is a whole number"),
        ({"guidance": float("nan")}, "guidance is a number"),
        ({"threshold": 2}, "threshold is a number from 0 to 1"),
        ({"weights": 7}, "weights are a name or a folder, not 7"),
        ({"weights": ["a/b"]}, "weights are a name or a folder"),
        ({"device": 3}, "no device '3'"),
        ({"precision": ["float32"]}, "no precision"),
    ],
)
def test_options_out_of_range_are_refused_at_once(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        DiffusersRenderer(**options)


@pytest.mark.parametrize("part", ["text_encoder", "transformer", "vae"])
def test_files_that_lack_tensors_are_refused(part: str, tiny_pipelines: Path, tmp_path: Path) -> None:
    """Libraries give a text encoder random numbers in their place, and the sound would be as random."""
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "lacking"
    shutil.copytree(tiny_pipelines / "ace", folder)
    file = next((folder / part).glob("*.safetensors"))
    tensors = load_file(file)
    save_file({name: tensor for place, (name, tensor) in enumerate(sorted(tensors.items())) if place % 4}, file, {"format": "pt"})
    with (
        collect_sound_uses() as uses,
        pytest.raises(BackendError, match=rf"^weights lacking \({part}\) lack \d+ of \d+ tensors; ") as no,
    ):
        DiffusersRenderer(weights=folder, device="cpu")(piece())
    assert "\n" not in str(no.value)
    assert len(uses) == 1


def test_weights_that_are_not_here_or_not_music_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_bytes(b"{")
    for weights in (tmp_path, tmp_path / "nothing"):
        with collect_sound_uses() as uses, pytest.raises((BackendError, UsageError)) as caught:
            DiffusersRenderer(weights=weights)(piece())
        assert "\n" not in str(caught.value)
        assert len(uses) == 1
    with pytest.raises(UsageError, match="are for the renderer 'musicgen'"):
        DiffusersRenderer(weights="facebook/musicgen-small")(piece())

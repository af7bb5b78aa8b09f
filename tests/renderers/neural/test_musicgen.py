"""The renderer musicgen, with tiny random models that transformers saved and loads: told words and chroma, exact in length, repeatable, stoppable.

Random weights play noise, so nothing here says how good the sound is; it says what reaches the model and what comes of it.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from img2music.cancellation import Cancelled, CancelToken, cancelled_by, told_progress
from img2music.errors import BackendError, Img2MusicError, UsageError
from img2music.pipeline.presets import adapted, load_pipeline_config
from img2music.pipeline.stage_facts import stage_facts
from img2music.pipeline_config import StageConfig
from img2music.provenance import collect_sound_uses
from img2music.stages import PlanReader
from tests.support import extras

extras.require("musicgen")

import torch

from img2music.renderers.neural.device import pick
from img2music.renderers.neural.joins import windows
from img2music.renderers.neural.musicgen.loaded_musicgen import load_musicgen
from img2music.renderers.neural.musicgen.musicgen_renderer import MusicGenRenderer
from img2music.renderers.neural.musicgen.window_play import Sampling, play_windows
from tests.support.made_performances import performance_of
from tests.support.tiny_sound_models import tiny_melody, tiny_musicgen, tiny_stereo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from img2music.audio import Audio

__all__ = ["tiny_melody", "tiny_musicgen", "tiny_stereo"]

SAMPLING = Sampling(guidance=3.0, temperature=1.0, top_k=0)
SHORT = performance_of([(0, 0.5, 60), (0.5, 0.5, 64), (1, 0.6, 67)])
LONG = performance_of([(n * 0.5, 0.5, 60 + n % 12) for n in range(10)])


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def play(
    folder: Path,
    text: str = "calm piano",
    seeds: tuple[int, ...] = (0,),
    *,
    chroma: Callable[[float], NDArray[np.float32]] | None = None,
    performance: Any = SHORT,
    longest: float = 30.0,
    sampling: Sampling = SAMPLING,
) -> list[list[Audio]]:
    loaded = load_musicgen(folder, pick("cpu", "float32"), smaller="less")
    layout = windows(performance, longest, min(1.0, longest / 2))
    return play_windows(loaded, layout, text, chroma, seeds, sampling)


def samples(made: list[list[Audio]], take: int = 0) -> NDArray[np.float32]:
    return np.concatenate([piece.samples for piece in made[take]], axis=1)


def test_the_mix_is_as_long_as_the_piece_and_what_was_told_is_on_record(tiny_musicgen: Path) -> None:
    renderer = MusicGenRenderer(weights=str(tiny_musicgen), takes=2, seed=5, melody="melody")
    assert isinstance(renderer, PlanReader)
    assert renderer.kind == "text"
    before, told = torch.random.get_rng_state(), []
    with collect_sound_uses() as uses, told_progress(lambda fraction, message: told.append((fraction, message))):
        rendering = renderer(SHORT, stems=True)
    assert torch.equal(before, torch.random.get_rng_state())
    assert (rendering.mix.sample_rate, rendering.mix.samples.shape) == (48_000, (2, round(1.6 * 48_000)))
    assert 0.01 < rendering.mix.peak <= 1
    assert dict(rendering.stems) == {}
    (use,) = uses
    assert (use.renderer, use.weights, use.device, use.precision) == ("musicgen", "tiny-musicgen", "cpu", "float32")
    assert "piano" in use.text
    assert use.prompt == "sound/plain"
    assert [take.seed for take in use.takes] == [5, 6]
    assert sum(take.kept for take in use.takes) == 1
    assert any("no stems" in note for note in use.notes)
    assert any("words alone" in note for note in use.notes)
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert len([one for one, message in told if message == "playing"]) > 50  # at each token


def test_a_seed_is_a_sound_and_takes_are_each_as_if_alone(tiny_musicgen: Path) -> None:
    alone = [samples(play(tiny_musicgen, seeds=(seed,))) for seed in (0, 1)]
    torch.manual_seed(99)
    assert np.array_equal(samples(play(tiny_musicgen, seeds=(0,))), alone[0])
    assert not np.allclose(alone[0], alone[1], atol=1e-3)
    both = play(tiny_musicgen, seeds=(0, 1))
    for take in (0, 1):  # the same tokens; sums of other order differ in the last bits
        assert np.allclose(samples(both, take), alone[take], atol=1e-4)
    assert not np.allclose(samples(play(tiny_musicgen, text="strong drums, bpm 92")), alone[0], atol=1e-3)
    for other in (Sampling(guidance=1.0, temperature=1.0, top_k=0), Sampling(guidance=3.0, temperature=1.0, top_k=2)):
        assert not np.allclose(samples(play(tiny_musicgen, sampling=other)), alone[0], atol=1e-3)


@pytest.mark.parametrize("kind", ["mono", "stereo"])
def test_windows_are_exact_and_each_goes_on_from_the_last(kind: str, tiny_musicgen: Path, tiny_stereo: Path) -> None:
    folder = tiny_musicgen if kind == "mono" else tiny_stereo
    layout = windows(LONG, 2.5, 1.0)
    (take,) = play(folder, performance=LONG, longest=2.5)
    assert len(take) == len(layout) > 1
    for piece, window in zip(take, layout, strict=True):
        assert piece.samples.shape == (1 if kind == "mono" else 2, round(window.seconds * 800))
        assert piece.samples.std() > 1e-4
    if kind == "stereo":
        assert not np.allclose(take[0].samples[0], take[0].samples[1], atol=1e-3)
    for number in range(1, len(layout)):
        shared = round((layout[number - 1].end_seconds - layout[number].begin_seconds) * 800)
        assert shared >= 0.9 * 800
        old, new = take[number - 1].samples[:, -shared:], take[number].samples[:, :shared]
        # A decoder that begins anew needs a moment, and each ends without what would follow; between them the same tokens sound the same.
        inside = slice(shared // 4, shared * 3 // 4)
        likeness = np.corrcoef(old[:, inside].ravel(), new[:, inside].ravel())[0, 1]
        assert likeness > 0.9


def test_the_chroma_of_the_score_changes_the_sound(tiny_melody: Path) -> None:
    renderers = {melody: MusicGenRenderer(weights=str(tiny_melody), melody=melody) for melody in ("melody", "chords", "off")}
    chord = performance_of([(0, 1.5, 62), (0, 1.5, 65), (0, 1.5, 69)])
    made = {}
    for melody, renderer in renderers.items():
        with collect_sound_uses() as uses:
            made[melody] = renderer(chord).mix.samples
        assert ("chroma" in " ".join(uses[0].conditions)) is (melody != "off")
    assert renderers["off"].kind == "melody"
    for one, other in (("melody", "chords"), ("melody", "off"), ("chords", "off")):
        assert not np.allclose(made[one], made[other], atol=1e-2)
    # The model itself writes "no melody" as the first class in every frame; we say just that.
    nothing = np.zeros((40, 12), np.float32)
    nothing[:, 0] = 1
    assert np.allclose(samples(play(tiny_melody, chroma=lambda _: nothing)), samples(play(tiny_melody)), atol=1e-4)
    assert len(play(tiny_melody, performance=LONG, longest=3.2)[0]) > 1


def test_it_stops_between_two_tokens(tiny_musicgen: Path) -> None:
    token, seen = CancelToken(), []

    def report(fraction: float, message: str) -> None:
        if message == "playing":
            seen.append(fraction)
            if len(seen) == 20:
                token.cancel()

    with collect_sound_uses() as uses, told_progress(report), pytest.raises(Cancelled), cancelled_by(token):
        MusicGenRenderer(weights=str(tiny_musicgen))(LONG)
    assert len(seen) == 20
    assert len(uses) == 1


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("missing", "not whole|no file in safetensors"),
        ("pickle", "pickle"),
        ("config", "config.json"),
        ("other", "no MusicGen"),
        ("pipeline", "play them with the renderer diffusers"),
        ("cut", "can't be loaded"),
        ("empty", "lack .* tensors"),
        ("some", r"lack \d+ of \d+ tensors"),
        ("nothing", "neither a folder nor a name"),
        ("tokenizer", "can't be loaded"),
    ],
)
def test_broken_weights_are_told_in_one_line_and_are_on_record(
    fault: str, says: str, tiny_musicgen: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_musicgen, tmp_path / "broken")
    weights, config = folder / "model.safetensors", folder / "config.json"
    if fault == "missing":
        weights.unlink()
    elif fault == "pickle":
        weights.rename(folder / "pytorch_model.bin")
    elif fault == "config":
        config.write_text("{")
    elif fault == "other":
        config.write_text(json.dumps({"model_type": "llama"}))
    elif fault == "cut":
        weights.write_bytes(weights.read_bytes()[:5000])
    elif fault == "pipeline":
        (folder / "model_index.json").write_text(
            '{"_class_name": "StableAudioPipeline", "vae": ["diffusers", "AutoencoderOobleck"]}'
        )
        (folder / "vae").mkdir()
    elif fault == "empty":
        from safetensors.torch import save_file

        save_file({"unknown": torch.zeros(1)}, weights, metadata={"format": "pt"})
    elif fault == "some":
        from safetensors.torch import load_file, save_file

        tensors = load_file(weights)
        save_file({name: one for place, (name, one) in enumerate(tensors.items()) if place % 30}, weights, {"format": "pt"})
    elif fault == "tokenizer":
        (folder / "tokenizer.json").write_text("[]")
    elif fault == "nothing":
        shutil.rmtree(folder)
    with collect_sound_uses() as uses, pytest.raises(Img2MusicError, match=says) as caught:
        MusicGenRenderer(weights=str(folder))(SHORT)
    assert "\n" not in str(caught.value)
    assert len(uses) == (fault != "nothing")


@pytest.mark.parametrize(
    "options",
    [
        {"takes": 0}, {"takes": 9}, {"takes": True}, {"takes": 1.5}, {"seed": -1}, {"guidance": "3"}, {"threshold": 2}, {"temperature": 0},
        {"melody": "song"}, {"prompt": "see/cited"}, {"prompt": "sound/caption"}, {"weights": "mrt2_small"}, {"weights": "../x y"},
        {"weights": 3}, {"device": 3}, {"precision": "float8"}, {"window_seconds": 60}, {"overlap_seconds": float("nan")},
    ],
)  # fmt: skip
def test_a_wrong_option_is_told_before_anything_is_fetched(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        MusicGenRenderer(**options)
    assert "\n" not in str(caught.value)


def test_too_little_memory_names_what_needs_less(tiny_musicgen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from img2music.renderers.neural.musicgen import musicgen_renderer

    def full(*_: object) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("img2music.renderers.neural.musicgen.window_play._generate", full)
    with pytest.raises(BackendError, match=r"GPU's memory is too small .* takes: 1, or weights facebook/musicgen-small"):
        MusicGenRenderer(weights=str(tiny_musicgen), takes=4)(SHORT)
    assert musicgen_renderer._smaller("facebook/musicgen-stereo-melody", 1) == "weights facebook/musicgen-stereo-small"
    assert musicgen_renderer._smaller("facebook/musicgen-large", 1) == "weights facebook/musicgen-medium"
    assert musicgen_renderer._smaller("facebook/musicgen-stereo-medium", 1) == "weights facebook/musicgen-stereo-small"


def test_a_prompt_goes_to_the_renderer_and_a_model_elsewhere_is_told_of() -> None:
    for name, told in (("musicgen", "sound/scored"), ("musicgen-melody", "sound/scored"), ("musicgen-caption", "sound/caption")):
        config = load_pipeline_config(name)
        renderer = config.stages.renderer
        assert renderer.options["prompt"] == told
        assert renderer.fallback is not None
        assert "CC-BY-NC" in config.licence
        options: dict[str, Any] = dict(renderer.options)
        if "model" not in options:
            assert MusicGenRenderer(**options).weights.startswith("facebook/musicgen-stereo")
        assert adapted(config, prompts=["sound/tags"]).stages.renderer.options["prompt"] == "sound/tags"
    with pytest.raises(UsageError, match="no renderer that is told words"):
        adapted(load_pipeline_config("offline"), prompts=["sound/tags"])
    asks = StageConfig(use="musicgen", options={"model": "openai:gpt-4o-mini", "prompt": "sound/caption"})
    assert "without the picture, to api.openai.com" in stage_facts("renderer", asks).leaves_machine
    assert stage_facts("renderer", StageConfig(use="musicgen")).leaves_machine == ""

"""Tiny pipelines, the real code of diffusers: what they are told changes the sound, lengths are exact, what is kept is kept."""

from __future__ import annotations

import json
import shutil
import sys
import time
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.support.extras import require

require("diffusers")

from img2music.audio import Audio
from img2music.cancellation import Cancelled, CancelToken, cancelled_by, told_progress
from img2music.errors import BackendError, MissingPackageError
from img2music.renderers.neural.device import pick
from img2music.renderers.neural.diffusers import loaded_pipeline, pipeline_calls
from img2music.renderers.neural.diffusers.loaded_pipeline import LoadedPipeline, load_pipeline, table_of_folder
from img2music.renderers.neural.diffusers.pipeline_calls import Ask, play
from img2music.renderers.neural.diffusers.score_facts import ScoreFacts
from img2music.renderers.neural.diffusers.windowed_play import Told, play_section, play_windows
from tests.support.made_performances import performance_of
from tests.support.tiny_diffusion_models import SAMPLE_RATE, STABLE_AUDIO_3_SECONDS, STABLE_AUDIO_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = ("ace", "stable", "stable3")
SECONDS = 3.7653
FRAMES = round(SECONDS * SAMPLE_RATE)
FACTS = ScoreFacts(92, "A minor", "3")
PIECE = performance_of([(index * 0.5, 0.5, 60 + index % 12) for index in range(20)])
"""Ten seconds."""


def tone(seconds: float, period: float = 7.0) -> Audio:
    wave = 0.2 * np.sin(np.arange(round(seconds * SAMPLE_RATE)) / period)
    return Audio(np.stack([wave, wave]).astype(np.float32), SAMPLE_RATE)


@pytest.fixture
def load(tiny_pipelines: Path) -> Callable[[str], LoadedPipeline]:
    return lambda name: load_pipeline(tiny_pipelines / name, pick("cpu", "float32"), smaller="less")


def ask(**other: Any) -> Ask:
    told: dict[str, Any] = {"task": "text2music", "text": "calm piano", "seconds": SECONDS, "facts": FACTS, "steps": 2}
    return Ask(**told | other)


def differ(first: Audio, second: Audio) -> float:
    return float(np.abs(first.samples - second.samples).max())


@pytest.mark.parametrize("name", ALL)
def test_words_and_seeds_make_sounds_of_the_exact_length(load: Callable[[str], LoadedPipeline], name: str) -> None:
    loaded = load(name)
    sounds = play(loaded, ask(), [5, 6])
    assert [sound.samples.shape for sound in sounds] == [(2, FRAMES)] * 2
    assert all(sound.sample_rate == SAMPLE_RATE and sound.peak > 0.01 for sound in sounds)
    assert play(loaded, ask(), [5, 6]) == sounds
    assert differ(*sounds) > 0.01
    assert differ(play(loaded, ask(), [6])[0], sounds[1]) < 1e-4, "a take is the same beside others"
    assert differ(play(loaded, ask(text="wild drums"), [5])[0], sounds[0]) > 1e-4
    assert differ(play(loaded, ask(steps=3), [5])[0], sounds[0]) > 1e-3


@pytest.mark.parametrize("name", ALL)
def test_the_start_changes_the_sound_and_its_strength_does(load: Callable[[str], LoadedPipeline], name: str) -> None:
    loaded = load(name)
    cover = partial(ask, task="cover", starts=[tone(SECONDS)])
    sounds = play(loaded, cover(), [5, 6])
    assert [sound.samples.shape for sound in sounds] == [(2, FRAMES)] * 2
    assert play(loaded, cover(), [5, 6]) == sounds
    assert differ(play(loaded, cover(), [6])[0], sounds[1]) < 1e-4
    other = play(loaded, cover(starts=[tone(SECONDS, 3.0)]), [5])[0]
    assert differ(other, sounds[0]) > 1e-4
    near, far = (play(loaded, cover(noise=noise), [5])[0] for noise in (0.1, 0.9))
    assert differ(near, far) > 1e-3
    assert not np.array_equal(sounds[0].samples[:, -400:], 0), "a shorter start is padded, not the sound"
    short = play(loaded, cover(starts=[tone(1.0)]), [5])[0]
    assert short.samples.shape == (2, FRAMES)


def test_stable_audio_keeps_more_of_its_start_at_less_noise(load: Callable[[str], LoadedPipeline]) -> None:
    """The scheduler's highest sigma, as it comes, drowns the start; it is lowered for the call and put back."""
    loaded = load("stable")
    before = loaded.pipeline.scheduler

    def spread(noise: float) -> float:
        starts = [tone(SECONDS), tone(SECONDS, 3.0)]
        return differ(*(play(loaded, ask(task="cover", starts=[start], noise=noise), [5])[0] for start in starts))

    assert spread(0.3) > 10 * spread(1.0)
    assert loaded.pipeline.scheduler is before
    assert before.config.sigma_max == 500


def test_ace_step_is_told_tempo_key_and_metre(load: Callable[[str], LoadedPipeline]) -> None:
    loaded = load("ace")
    told = play(loaded, ask(), [5])[0]
    for other in ({"bpm": 140}, {"key": "C major"}, {"metre": "4"}, {"bpm": None, "key": None, "metre": None}):
        assert differ(play(loaded, ask(facts=replace(FACTS, **other)), [5])[0], told) > 1e-5, other
    timbres = play(loaded, ask(timbres=[tone(2.0), tone(2.0, 3.0)]), [5, 5])
    assert differ(*timbres) > 1e-5


def test_longest_and_shortest_are_the_pipelines_own(
    load: Callable[[str], LoadedPipeline], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [load(name).longest_seconds for name in ALL] == [600, STABLE_AUDIO_SECONDS, STABLE_AUDIO_3_SECONDS]
    for name in ("stable", "stable3"):
        loaded = load(name)
        whole = play(loaded, ask(seconds=loaded.longest_seconds), [5])[0]
        assert whole.samples.shape[1] == round(loaded.longest_seconds * SAMPLE_RATE)
    seen: list[float] = []
    loaded = load("ace")
    call = type(loaded.pipeline).__call__

    def listen(self: Any, **told: Any) -> Any:
        seen.append(told["audio_duration"])
        return call(self, **told)

    monkeypatch.setattr(type(loaded.pipeline), "__call__", listen)
    assert play(loaded, ask(seconds=1.0), [5])[0].samples.shape == (2, SAMPLE_RATE)
    assert 10 <= seen[0] < 10.1, "ACE-Step plays ten seconds at least"


@pytest.mark.parametrize("name", ["ace", "stable3"])
def test_a_section_played_anew_leaves_the_rest_as_it_is(load: Callable[[str], LoadedPipeline], name: str) -> None:
    loaded = load(name)
    source = tone(10.0)
    told = Told(task="repaint", text="calm piano", steps=2)
    sounds = play_section(loaded, PIECE, (4.0, 6.5), told, source, [5, 6])
    begin, end = 4 * SAMPLE_RATE, round(6.5 * SAMPLE_RATE)
    for sound in sounds:
        assert sound.samples.shape == source.samples.shape
        assert np.array_equal(sound.samples[:, :begin], source.samples[:, :begin])
        assert np.array_equal(sound.samples[:, end:], source.samples[:, end:])
        anew = sound.samples[:, begin + 100 : end - 100]
        assert np.abs(anew - source.samples[:, begin + 100 : end - 100]).mean() > 0.01
    assert differ(*sounds) > 0.01
    other = play_section(loaded, PIECE, (4.0, 6.5), told, tone(10.0, 3.0), [5])[0]
    inside = slice(begin + 100, end - 100)
    assert np.abs(other.samples[:, inside] - sounds[0].samples[:, inside]).max() > 1e-4, "what stands around it is heard"
    if name == "stable3":
        with pytest.raises(BackendError, match="lasts 9 s, and the model plays 8 s at once"):
            play_section(loaded, PIECE, (0.5, 9.5), told, source, [5])


@pytest.mark.parametrize("name", ALL)
def test_windows_go_on_from_the_last_one(load: Callable[[str], LoadedPipeline], name: str) -> None:
    loaded = load(name)
    windows = [(0.0, 5.0), (4.5, 10.0)]
    covers = play_windows(loaded, PIECE, windows, Told(task="cover", text="calm", steps=2), tone(10.0), [5, 6])
    words = play_windows(loaded, PIECE, windows, Told(task="text2music", text="calm", steps=2), None, [5, 6])
    for made in (*covers, *words):
        assert [piece.samples.shape[1] for piece in made] == [5 * SAMPLE_RATE, round(5.5 * SAMPLE_RATE)]
    overlap = SAMPLE_RATE // 2
    for first, second in words:
        kept = np.array_equal(first.samples[:, -overlap:], second.samples[:, :overlap])
        assert kept == loaded.can("repaint"), "the end of the last window is kept where the pipeline repaints"
    # The second window hears what the first one played: the end of another take leads elsewhere.
    alone = play_windows(loaded, PIECE, windows[1:], Told(task="cover", text="calm", steps=2), tone(10.0), [5])[0][0]
    assert differ(alone, covers[0][1]) > 1e-4
    one_by_one = play_windows(
        loaded, PIECE, windows, Told(task="cover", text="calm", steps=2), tone(10.0), [5, 6], together=False
    )
    assert all(differ(a, b) < 1e-3 for a, b in zip(one_by_one[1], covers[1], strict=True))


def test_progress_is_told_and_work_stops_between_steps(load: Callable[[str], LoadedPipeline]) -> None:
    for name in ALL:
        loaded, token = load(name), CancelToken()
        told: list[float] = []

        def hear(fraction: float, message: str, told: list[float] = told, token: CancelToken = token) -> None:
            told.append(fraction)
            if fraction >= 0.2:
                token.cancel()

        with told_progress(hear), cancelled_by(token), pytest.raises(Cancelled):
            play(loaded, ask(steps=20), [5], message="playing")
        assert told
        assert max(told) <= 0.3
        assert play(loaded, ask(), [5]), "and the pipeline can be asked again"


def test_a_pipeline_is_loaded_once(load: Callable[[str], LoadedPipeline]) -> None:
    first = load("stable")
    assert load("stable") is first
    assert load("stable3") is not first
    began = time.perf_counter()
    load("stable3")
    assert time.perf_counter() - began < 0.5


def test_sounds_that_are_none_are_refused(load: Callable[[str], LoadedPipeline], monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load("stable3")
    answers = {
        "no numbers; use precision": np.full((1, 2, 100), np.nan),
        "no usable sound .*64, 64": np.zeros((1, 64, 64, 3)),
        "failed .* try other options": None,
    }
    for message, audios in answers.items():
        monkeypatch.setattr(
            type(loaded.pipeline), "__call__", lambda self, audios=audios, **_: type("Made", (), {"audios": audios})()
        )
        if audios is None:
            monkeypatch.setattr(type(loaded.pipeline), "__call__", lambda self: None)
        with pytest.raises(BackendError, match=message) as caught:
            play(loaded, ask(), [5])
        assert "\n" not in str(caught.value)


def test_what_a_pipeline_cannot_do_is_said(load: Callable[[str], LoadedPipeline], tiny_pipelines: Path, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"StableAudioPipeline can't repaint; use task: text2music or cover"):
        load("stable").task_table("repaint")
    folder = shutil.copytree(tiny_pipelines / "ace", tmp_path / "ace")
    index = json.loads((folder / "model_index.json").read_text())
    index |= {"audio_tokenizer": [None, None], "audio_token_detokenizer": [None, None]}
    (folder / "model_index.json").write_text(json.dumps(index))
    lacking = load_pipeline(folder, pick("cpu", "float32"), smaller="less")
    assert not lacking.can("cover")
    with pytest.raises(BackendError, match="can't cover without its audio_tokenizer and audio_token_detokenizer"):
        play(lacking, ask(task="cover", starts=[tone(SECONDS)]), [5])


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (None, "have no model_index.json"),
        (b"", "names no pipeline"),
        (b"\xff\xfe{", "names no pipeline"),
        (b"[" * 100_000, "names no pipeline"),
        (b'{"_class_name": ["pipeline", "Evil"]}', "names no pipeline"),
        (b'{"_class_name": "../evil"}', "names no pipeline"),
        (b'{"_class_name": "NoSuchPipeline"}', "no pipeline of this diffusers"),
        (b'{"_class_name": "AutoencoderOobleck"}', "no pipeline of this diffusers"),
        (b'{"_class_name": "StableDiffusionPipeline"}', "takes no prompt with a length in seconds"),
    ],
)
def test_folders_that_hold_no_music_are_one_line(tmp_path: Path, index: bytes | None, message: str) -> None:
    if index is not None:
        (tmp_path / "model_index.json").write_bytes(index)
    with pytest.raises(BackendError, match=message) as caught:
        table_of_folder(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_makers_own_format_names_the_script_that_converts_it(tmp_path: Path) -> None:
    (tmp_path / "model_config.json").write_text("{}")
    with pytest.raises(BackendError, match="convert_stable_audio_3_to_diffusers"):
        table_of_folder(tmp_path)


def test_broken_weights_are_one_line(tiny_pipelines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(change: Callable[[Path], object], message: str, error: type[BackendError] = BackendError) -> None:
        folder = shutil.copytree(tiny_pipelines / "stable", tmp_path / str(len(list(tmp_path.iterdir()))))
        change(folder)
        with pytest.raises(error, match=message) as caught:
            load_pipeline(folder, pick("cpu", "float32"), smaller="less")
        assert "\n" not in str(caught.value)

    weights = "vae/diffusion_pytorch_model.safetensors"
    fails(lambda folder: (folder / weights).unlink(), "can't be loaded .* fetch them again")
    fails(lambda folder: (folder / weights).write_bytes(b"garbage" * 99), "can't be loaded")
    fails(lambda folder: (folder / weights).rename(folder / "vae/diffusion_pytorch_model.bin"), "can't be loaded")
    fails(lambda folder: shutil.rmtree(folder / "text_encoder"), "can't be loaded")

    def set_config(folder: Path, place: str, **values: Any) -> None:
        file = folder / place
        file.write_text(json.dumps(json.loads(file.read_text()) | values))

    fails(lambda folder: set_config(folder, "vae/config.json", sampling_rate=0), "no usable sample rate")
    if find_spec("torchsde") is None:
        cosine = ["diffusers", "CosineDPMSolverMultistepScheduler"]
        missing = "needs torchsde: pip install torchsde"
        fails(lambda folder: set_config(folder, "model_index.json", scheduler=cosine), missing, MissingPackageError)
    fails(lambda folder: set_config(folder, "model_index.json", vae=["subprocess", "Popen"]), "can't be loaded")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "diffusers", None)
        fails(
            lambda _: None, r"need diffusers, which can't be imported: pip install 'img2music\[diffusers\]'", MissingPackageError
        )
    monkeypatch.setattr(loaded_pipeline, "check_memory", lambda *_: (_ for _ in ()).throw(MemoryError))
    with pytest.raises(MemoryError):
        load_pipeline(tiny_pipelines / "ace", pick("cpu", "float32"), smaller="less")


def test_memory_that_runs_out_is_left_to_who_knows_what_is_smaller(
    load: Callable[[str], LoadedPipeline], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load("stable3")

    def full(self: Any, **_: Any) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 20 GiB")

    monkeypatch.setattr(type(loaded.pipeline), "__call__", full)
    with pytest.raises(RuntimeError, match="out of memory"):
        pipeline_calls.play(loaded, ask(), [5])

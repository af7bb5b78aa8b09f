"""The renderer with a real program in an environment of its own, in which a stand-in of magenta-rt sounds as it is told."""

from __future__ import annotations

import os
import site
import venv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from img2music.audio import Audio
from img2music.errors import BackendError, MissingPackageError, UsageError
from img2music.performance import Performance
from img2music.provenance import collect_sound_uses
from img2music.renderers.neural.joins.finishing import finished_samples
from img2music.renderers.neural.magenta_rt import magenta_rt_files
from img2music.renderers.neural.magenta_rt.magenta_rt_renderer import MagentaRTRenderer
from img2music.renderers.neural.magenta_rt.part_stems import stems_of
from img2music.renderers.post.sound_end import end_fade
from img2music.stages import load_stage
from tests.support.made_performances import performance_of

FAKE = Path(__file__).parents[3] / "support" / "fake_magenta_rt"


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environments") / "magenta-rt"
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    packages = next(folder.rglob("site-packages"))
    (packages / "beside.pth").write_text("\n".join([str(FAKE), str(Path(np.__file__).parents[1]), *site.getsitepackages()]))
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@pytest.fixture(autouse=True)
def home(python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMG2MUSIC_MAGENTA_RT_PYTHON", str(python))
    monkeypatch.setenv("MAGENTA_HOME", str(tmp_path))
    monkeypatch.setenv("IMG2MUSIC_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "magenta-rt-v2"
    for name in ("checkpoints/mrt2_small.safetensors", *magenta_rt_files._SHARED):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"weights")
    return folder


def strength(samples: np.ndarray, pitch: int, begin: float, end: float) -> float:
    """How much of a pitch's fundamental is in a stretch."""
    part = samples[0, round(begin * 48_000) : round(end * 48_000)]
    wave = np.exp(2j * np.pi * 440 * 2 ** ((pitch - 69) / 12) * np.arange(len(part)) / 48_000)
    return float(abs((part * wave * np.hanning(len(part))).mean()))


TUNE = performance_of([(0.5, 0.9, 60), (1.5, 0.9, 67), (2.5, 1.5, 72)], drums=[(1.0, 0.1, 36), (3.0, 0.1, 38)])


def test_every_note_is_heard_when_and_where_it_is_written() -> None:
    told = MagentaRTRenderer()
    with collect_sound_uses() as uses:
        sound = told(TUNE).mix
    assert (sound.sample_rate, sound.samples.shape) == (48_000, (2, 4 * 48_000))
    for begin, end, pitch in ((0.5, 1.4, 60), (1.5, 2.4, 67), (2.5, 4.0, 72)):
        others = [strength(sound.samples, other, begin, end) for other in (60, 67, 72) if other != pitch]
        assert strength(sound.samples, pitch, begin, end) > 5 * max(others)
    loud = np.abs(sound.samples[0]) > 0.25 * sound.peak
    assert abs(int(np.flatnonzero(loud)[0]) / 48_000 - 0.5) < 0.045, "the codec's lateness is taken off"
    (use,) = uses
    assert (use.renderer, use.weights, use.licence, use.commercial) == ("magenta-rt", "mrt2_small", "CC-BY-4.0", True)
    assert use.device == "cpu"
    assert use.versions.keys() == {"magenta-rt", "jax", "python"}
    assert "100 frames of 40 ms" in use.conditions[0]
    assert use.prompt == "sound/tags"
    assert use.text
    assert len(use.takes) == 1


def test_seeds_and_takes() -> None:
    one, same, other = (MagentaRTRenderer(seed=seed)(TUNE).mix for seed in (3, 3, 4))
    assert one == same
    assert one != other
    with collect_sound_uses() as uses:
        kept = MagentaRTRenderer(seed=3, takes=2)(TUNE).mix
    assert [take.seed for take in uses[0].takes] == [3, 4]
    assert kept == (one if uses[0].takes[0].kept else other)


def test_stems_are_made_apart_and_add_up() -> None:
    with collect_sound_uses() as uses:
        made = MagentaRTRenderer()(TUNE, stems=True)
    assert list(made.stems) == ["Piano", "Drums"]
    assert all(stem.samples.shape == made.mix.samples.shape for stem in made.stems.values())
    total = made.stems["Piano"].samples + made.stems["Drums"].samples
    assert np.corrcoef(total[0], made.mix.samples[0])[0, 1] > 0.9, "the mix is their sum, mastered, which holds the drums down"
    assert strength(made.stems["Piano"].samples, 67, 1.5, 2.4) > 20 * strength(made.stems["Drums"].samples, 67, 1.5, 2.4)
    assert "because stems were asked for" in uses[0].notes[0]


def test_stems_are_their_sum_before_mastering() -> None:
    draw = np.random.default_rng(1)
    sounds = [Audio(draw.normal(0, 0.1, (2, 4 * 48_000)).astype(np.float32), 48_000) for _ in range(2)]
    whole = Audio(sounds[0].samples + sounds[1].samples, 48_000)
    stems = stems_of(TUNE, sounds, whole, whole)
    expected = finished_samples(whole, TUNE)
    fade = end_fade(expected, 48_000)
    expected[:, expected.shape[1] - len(fade) :] *= fade
    np.testing.assert_allclose(sum(stem.samples for stem in stems.values()), expected, atol=1e-6)


def test_a_style_of_our_own_rendering_is_another_style() -> None:
    with collect_sound_uses() as uses:
        by_guide = MagentaRTRenderer(style="guide")(TUNE).mix
    assert by_guide != MagentaRTRenderer()(TUNE).mix
    assert "style of our soundfont rendering" in uses[0].conditions
    assert uses[0].text == ""


def test_a_loop_goes_round() -> None:
    loop = replace(performance_of([(0, 0.5, 60), (0.5, 0.49, 64)]), loop=True, seconds=1.0)
    sound = MagentaRTRenderer()(loop).mix
    assert sound.samples.shape == (2, 48_000)
    assert strength(sound.samples, 60, 0, 0.4) > 3 * strength(sound.samples, 64, 0, 0.4)


def test_a_piece_that_is_no_whole_number_of_frames_has_its_exact_length() -> None:
    odd = replace(TUNE, seconds=4.0123)
    assert MagentaRTRenderer()(odd).mix.samples.shape == (2, round(4.0123 * 48_000))


def test_silence_is_a_piece_too() -> None:
    silent = replace(TUNE, parts=tuple(replace(part, notes=()) for part in TUNE.parts), seconds=1.0)
    for stems in (False, True):
        assert MagentaRTRenderer()(silent, stems=stems).mix.samples.shape == (2, 48_000)


def fault_of(performance: Performance = TUNE, **options: object) -> str:
    with collect_sound_uses() as uses, pytest.raises(BackendError) as caught:
        MagentaRTRenderer(**options)(performance)  # type: ignore[arg-type]
    assert len(uses) == 1, "what failed is on record too"
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_can_go_wrong_is_one_line_with_the_remedy(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.delenv("IMG2MUSIC_MAGENTA_RT_PYTHON")
        assert fault_of().endswith("img2music models install magenta-rt")
    assert fault_of(weights="mrt2_base").endswith("img2music models install mrt2_base")
    assert "no folder that holds one of them" in fault_of(weights="facebook/musicgen-small")
    checkpoint = home / "checkpoints" / "mrt2_small.safetensors"
    checkpoint.write_bytes(b"too large")
    assert "does not fit into memory" in fault_of()
    checkpoint.write_bytes(b"weights")
    monkeypatch.setenv("FAKE_MAGENTA_RT_DIES", "1")
    assert "ended before it answered" in fault_of()


def test_an_environment_without_the_package_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=os.name != "nt")
    bare = tmp_path / "bare" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    monkeypatch.setenv("IMG2MUSIC_MAGENTA_RT_PYTHON", str(bare))
    with pytest.raises(MissingPackageError, match=r"lacks numpy .*img2music models install magenta-rt"):
        MagentaRTRenderer()(TUNE)


def test_a_folder_with_a_checkpoint_is_weights_too(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (home / "checkpoints" / "mrt2_small.safetensors").rename(folder / "mrt2_small.safetensors")
    assert MagentaRTRenderer(weights=str(folder))(TUNE).mix.samples.any()


def test_readiness(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = magenta_rt_files.readiness
    assert ready({}) == ""
    assert ready({"weights": "mrt2_base"}).endswith("img2music models install mrt2_base")
    (home / magenta_rt_files._SHARED[0]).unlink()
    assert ready({}).endswith("img2music models install mrt2_small")
    monkeypatch.setenv("IMG2MUSIC_MAGENTA_RT_PYTHON", str(home))
    assert ready({}).startswith("IMG2MUSIC_MAGENTA_RT_PYTHON names no Python")
    monkeypatch.delenv("IMG2MUSIC_MAGENTA_RT_PYTHON")
    assert ready({}).endswith("img2music models install magenta-rt")


def test_no_file_can_name_a_program_to_start() -> None:
    with pytest.raises(UsageError, match="python"):
        load_stage("renderer", "magenta-rt", {"python": "anything"})


@pytest.mark.parametrize(
    "options",
    [
        {"style": "loud"}, {"onsets": "late"}, {"parts": "none"}, {"device": "tpu"}, {"precision": "float8"}, {"takes": 9}, {"takes": True},
        {"seed": -1}, {"seed": 2**31}, {"notes_guidance": 8}, {"style_guidance": "3"}, {"threshold": 2}, {"prompt": "sound/none"}, {"weights": [1]},
    ],
)  # fmt: skip
def test_options_out_of_range_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        MagentaRTRenderer(**options)  # type: ignore[arg-type]

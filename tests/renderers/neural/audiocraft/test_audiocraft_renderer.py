"""The renderer `audiocraft` with a real worker in another process, whose audiocraft takes what the recorded signatures take."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from img2music.cancellation import Cancelled, CancelToken, cancelled_by
from img2music.errors import BackendError, MissingPackageError, UsageError
from img2music.pipeline.presets import load_pipeline_config
from img2music.provenance import SoundUse, collect_sound_uses
from img2music.registry import find_entry
from img2music.renderers.external.environment_table import ENVIRONMENTS
from img2music.renderers.external.worker import Worker
from img2music.renderers.model_installation import install_model, plan_installation
from img2music.renderers.neural.audiocraft import audiocraft_process
from img2music.renderers.neural.audiocraft.audiocraft_environment import VARIABLE, readiness
from img2music.renderers.neural.audiocraft.audiocraft_renderer import AudiocraftRenderer
from img2music.renderers.neural.soundfont_guide import kept_guides
from tests.support.extras import require
from tests.support.fake_audiocraft import fake_audiocraft
from tests.support.made_performances import performance_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from img2music.audio import Audio
    from img2music.performance import Performance

JASCO = "facebook/jasco-chords-drums-melody-400M"
WORDS = "sound/plain"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """This interpreter, with a made audiocraft in front; called again it does something wrong."""
    monkeypatch.setenv(VARIABLE, sys.executable)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "none"))

    def made(**ways: Any) -> Path:
        folder = fake_audiocraft(tmp_path / "modules", **ways)
        monkeypatch.setattr(audiocraft_process, "MODULE_FOLDERS", (folder,))
        return folder

    made()
    with kept_guides():
        yield made


def piece(seconds: float = 8.0, shift: int = 0) -> Performance:
    """Chords in the left hand, a tune above, drums; a bar is two seconds."""
    notes = []
    for bar in range(int(seconds / 2)):
        root = 48 + (0, 5, 7, 0)[bar % 4] + shift
        notes += [(2.0 * bar, 2.0, root + interval) for interval in (0, 4, 7)]
        notes += [(2.0 * bar + beat * 0.5, 0.5, root + 24 + step) for beat, step in enumerate((0, 4, 7, 4))]
    return performance_of(notes, drums=[(0.5 * beat, 0.1, (36, 38)[beat % 2]) for beat in range(int(2 * seconds))])


def play(performance: Performance | None = None, **options: Any) -> tuple[Audio, SoundUse]:
    with collect_sound_uses() as uses:
        mix = AudiocraftRenderer(**options)(performance or piece()).mix
    (use,) = uses
    return mix, use


def test_one_window_is_told_the_score_and_it_goes_on_record() -> None:
    mix, use = play()
    assert (mix.sample_rate, mix.samples.shape) == (48_000, (2, 8 * 48_000))
    assert (use.renderer, use.weights, use.commercial) == ("audiocraft", JASCO, False)
    assert (use.licence, use.device, use.precision) == ("CC-BY-NC-4.0", "cpu", "float32")
    assert use.prompt == WORDS
    assert (use.versions["audiocraft"], use.versions["torch"]) == ("0 of the tests", "0 of the tests")
    assert use.text
    assert use.conditions[0] == "4 chords that the notes make"
    assert [line.split()[0] for line in use.conditions[1:]] == ["drums", "melody", "guidance"]
    assert use.conditions[-1] == "guidance 1.75 for all, 3.5 for the words"
    assert [(take.kept, take.mark is not None) for take in use.takes] == [(True, True)]
    assert play()[0] == mix
    assert play(seed=1)[0] != mix


@pytest.mark.parametrize("control", ["chords", "drums", "melody"])
def test_the_sound_depends_on_each_control(control: str) -> None:
    without = [one for one in ("chords", "drums", "melody") if one != control]
    told, untold = play(controls=[control])[0], play(controls=[])[0]
    assert told != untold
    assert play()[0] != play(controls=without)[0]
    other = piece(shift=2) if control != "drums" else replace(piece(), parts=piece().parts[:1])
    assert play(other, controls=[control])[0] != told


def test_a_long_piece_is_joined_at_bar_lines_and_takes_are_chosen() -> None:
    mix, use = play(piece(24.0), takes=2)
    assert mix.samples.shape[1] == 24 * 48_000
    assert any("10 s at most" in note and "joined at bar lines" in note for note in use.notes)
    assert [take.seed for take in use.takes] == [0, 1]
    assert sum(take.kept for take in use.takes) == 1
    looped, _ = play(replace(piece(24.0), loop=True))
    assert looped.samples.shape[1] == 24 * 48_000


def test_what_the_piece_lacks_and_the_model_does_not_know_is_said(environment: Callable[..., Path]) -> None:
    inversion = performance_of([(0.0, 4.0, 52), (0.0, 4.0, 60), (0.0, 4.0, 67), (0.0, 4.0, 108)])
    use = play(inversion)[1]
    assert "no drums play: the model is free to add some" in use.notes
    assert "C/E is told without its bass: the model knows no such chord" in use.notes
    environment(slash_chords=True)
    assert not [note for note in play(inversion)[1].notes if "bass" in note]


def test_musicgen_goes_on_from_its_tail_and_takes_a_style() -> None:
    mix, use = play(piece(40.0), weights="debug")
    assert mix.samples.shape[1] == 40 * 48_000
    assert use.licence == "MIT (random numbers)"
    styled, use = play(weights="facebook/musicgen-style", style_seconds=2.0)
    assert use.conditions == ("style of our soundfont rendering, 2 s of each window",)
    assert styled != play(piece(shift=3), weights="facebook/musicgen-style", style_seconds=2.0)[0]


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("dies", "audiocraft ended before it answered"),
        ("hangs", "gave no sign of life within 3 s"),
        ("not numbers", "no numbers; try another seed"),
        ("short", "1 channels of 0.0 s for a window of 8.0 s"),
        ("raises", "the tensors do not fit"),
        ("memory", "does not fit into memory; use smaller weights"),
        (
            "not here",
            f"`img2music models install {JASCO}` fetches it, or set download: true in the pipeline (licence CC-BY-NC-4.0",
        ),
        ("fetches", f"demucs.th is not here yet, and downloading is not allowed; `img2music models install {JASCO}` fetches it"),
        ("no torch", "lacks a package (libtorch.so is not there)"),
    ],
)
def test_whatever_the_worker_does_wrong_is_one_line(
    way: str, said: str, environment: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(way=way)
    monkeypatch.setattr(audiocraft_process, "_ANSWER_SECONDS", 3.0)
    with collect_sound_uses() as uses, pytest.raises(BackendError) as raised:
        AudiocraftRenderer()(piece())
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(uses) == 1


def test_weights_are_fetched_by_audiocraft_itself(environment: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Loaded once where they belong, nothing played; so `models install` brings what the first piece needs."""
    monkeypatch.setitem(ENVIRONMENTS, "audiocraft", replace(ENVIRONMENTS["audiocraft"], modules=()))
    plan = plan_installation(JASCO)
    assert (plan.environment, plan.weights) == (None, True)
    told: list[str] = []
    install_model(plan, told.append)
    assert told == [f"fetching: weights {JASCO}, and what listens and reads for them"]
    environment(way="not here")
    with pytest.raises(BackendError, match="not in its cache"):
        install_model(plan, told.append)


def test_pickles_are_read_for_their_numbers_alone(tmp_path: Path) -> None:
    """The worker's side of it, with the torch that is here: what a file of weights names is not run."""
    require("musicgen")
    script = tmp_path / "worker.py"
    script.write_text(PICKLES.format(worker=str(audiocraft_process._SCRIPT), folder=str(tmp_path)))
    evil, legacy = tmp_path / "evil.bin", tmp_path / "legacy.bin"
    with Worker(Path(sys.executable), script, name="audiocraft") as worker:
        assert worker.ask({"do": "save"}).fields["same"] is True
    for file in (evil, legacy):
        assert file.is_file()
        with (
            Worker(Path(sys.executable), script, name="audiocraft") as worker,
            pytest.raises(BackendError, match=r"names code \((posix|nt)\.system\), which is never run; remove it from the cache"),
        ):
            worker.ask({"do": file.name})
    assert not (tmp_path / "ran").exists()


PICKLES = """
import runpy
from worker_protocol import serve
def job(fields, sounds, tell):
    import os, torch
    from collections import OrderedDict
    side = runpy.run_path({worker!r})
    folder = {folder!r}
    class Evil:
        def __reduce__(self):
            return os.system, ("touch " + os.path.join(folder, "ran"),)
    if fields["do"] == "save":
        half = torch.ones(2, 3, dtype=torch.float16)
        good = {{"xp.cfg": "a: 1", "best_state": OrderedDict(w=half, b=torch.nn.Parameter(torch.arange(3.0))), "version": "1"}}
        for new in (True, False):
            torch.save(good, folder + "/good.bin", _use_new_zipfile_serialization=new)
            torch.save({{"best_state": Evil()}}, folder + ("/evil.bin" if new else "/legacy.bin"), _use_new_zipfile_serialization=new)
            side["only_numbers"](torch)
            read = torch.load(folder + "/good.bin", map_location="cpu")
            same = torch.equal(read["best_state"]["w"], half) and read["best_state"]["b"].tolist() == [0, 1, 2]
        return {{"same": bool(same)}}, {{}}
    side["only_numbers"](torch)
    torch.load(os.path.join(folder, fields["do"]), map_location="cpu")
    return {{}}, {{}}
serve(job)
"""


def test_no_file_of_chords_is_said(environment: Callable[..., Path]) -> None:
    folder = environment(chords_file=False)
    (folder / "assets/chord_to_index_mapping.pkl").unlink()
    with pytest.raises(BackendError, match="copy of its repository"):
        AudiocraftRenderer()(piece())


def test_stopping_ends_the_worker(environment: Callable[..., Path]) -> None:
    environment(way="hangs")
    token = CancelToken()
    threading.Timer(2.0, token.cancel).start()
    with cancelled_by(token), pytest.raises(Cancelled):
        AudiocraftRenderer()(piece())


def test_only_a_python_that_the_user_named_is_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert readiness({"download": True}) == ""
    assert readiness({}).endswith(f"not here yet: img2music models install {JASCO}")
    for name in ("state_dict.bin", "compression_state_dict.bin"):
        file = tmp_path / f"hub/models--{JASCO.replace('/', '--')}/snapshots/1/{name}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    assert readiness({}) == ""
    assert AudiocraftRenderer(python=sys.executable, controls=[])(piece()).mix.samples.any()
    monkeypatch.setenv(VARIABLE, os.pathsep.join([str(tmp_path / "gone"), sys.executable]))
    assert "names no Python that is there" in readiness({"download": True})
    assert readiness({"python": sys.executable, "download": True}) == ""
    with pytest.raises(UsageError, match=f"only where {VARIABLE} names it"):
        AudiocraftRenderer(python=str(tmp_path / "evil"))(piece())
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(MissingPackageError, match="not here yet: img2music models install audiocraft"):
        AudiocraftRenderer()(piece())
    assert "img2music models install audiocraft" in readiness({})
    monkeypatch.setenv(VARIABLE, "/bin/false")
    with pytest.raises(BackendError, match=f"did not begin.*{VARIABLE} names its Python: let it name one that has audiocraft"):
        AudiocraftRenderer()(piece())


@pytest.mark.parametrize(
    "options",
    [
        {"weights": "facebook/../evil"},
        {"weights": "somebody/jasco-chords"},
        {"weights": "./folder"},
        {"weights": ["facebook/jasco-x"]},
        {"python": 3},
        {"controls": "chords"},
        {"controls": ["chord"]},
        {"controls": 7},
        {"cfg_all": "much"},
        {"cfg_all": True},
        {"cfg_text": 31},
        {"cfg_text": float("nan")},
        {"style_seconds": 9},
        {"download": "yes"},
        {"takes": 0},
        {"takes": 1.5},
        {"seed": -1},
        {"threshold": 2},
        {"device": "tpu"},
        {"precision": "float8"},
    ],
)
def test_options_that_cannot_be_are_refused_in_one_line(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as raised:
        AudiocraftRenderer(**options)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300


def test_the_pipeline_and_the_registry_know_it() -> None:
    config = load_pipeline_config("jasco").stages.renderer
    assert (config.use, config.fallback and config.fallback.use) == ("audiocraft", "soundfont")
    options: dict[str, Any] = dict(config.options)
    assert AudiocraftRenderer(**options).takes == 2
    entry = find_entry("renderer", "audiocraft")
    assert entry.listened
    assert entry.readiness.endswith("audiocraft_environment:readiness")


@pytest.mark.skipif(
    "IMG2MUSIC_AUDIOCRAFT_PYTHON" not in os.environ, reason="no environment with audiocraft is named (docs/neural.md)"
)
def test_the_real_debug_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: IMG2MUSIC_AUDIOCRAFT_PYTHON=... pytest -k real_debug."""
    monkeypatch.setenv(VARIABLE, REAL)
    monkeypatch.setattr(audiocraft_process, "MODULE_FOLDERS", ())
    mix, use = play(piece(4.0), weights="debug", device="cpu")
    assert mix.samples.shape == (2, 4 * 48_000)
    assert np.isfinite(mix.samples).all()
    assert mix.samples.any()
    assert (use.device, use.precision) == ("cpu", "float32")
    assert play(piece(4.0), weights="debug", device="cpu")[0] == mix


REAL = os.environ.get("IMG2MUSIC_AUDIOCRAFT_PYTHON", "")

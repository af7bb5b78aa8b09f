"""Layers: a neural sound under exact parts, on one beat, at its level; what can't be done is said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from img2music.audio import Audio
from img2music.errors import BackendError, UsageError
from img2music.listening.lag import measure_lag
from img2music.listening.loudness import integrated_loudness, k_weighted_energy
from img2music.performance import Performance, PlayedNote, PlayedPart
from img2music.pipeline.run import Pipeline
from img2music.provenance import SoundUse, collect_sound_uses, record_sound_use
from img2music.renderers.layered_renderer import LayeredRenderer, chosen_ids, readiness
from img2music.renderers.neural.soundfont_guide import guide
from img2music.stages import Rendering, load_stage
from img2music.theory import Key, Meter
from tests.support.made_pictures import landscape
from tests.support.registered import register

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene

RATE = 48_000


class Pads:
    """Plays what it is given as slow strings would, so many seconds late, in mono at 32 kHz and too loud."""

    last: Performance
    plan: CompositionPlan | None = None

    def __init__(self, *, late: float = 0.0, fails: bool = False, silent: bool = False) -> None:
        self.late, self.fails, self.silent = late, fails, silent

    def for_plan(self, plan: CompositionPlan, scene: Scene | None, /) -> Pads:
        Pads.plan = plan
        return self

    def __call__(self, performance: Performance, /, *, stems: bool = False) -> Rendering:
        Pads.last = performance
        record_sound_use(
            SoundUse(renderer="pads", weights="none", licence="MIT", commercial=True, device="cpu", precision="float32")
        )
        if self.fails:
            raise BackendError("the pads are out of order; take others")
        parts = tuple(part if part.is_drums else replace(part, program=48) for part in performance.parts)
        sound = guide(replace(performance, parts=parts), sample_rate=32_000).samples.mean(axis=0, keepdims=True)
        sound = np.roll(sound, round(self.late * 32_000), axis=1) if not self.silent else np.zeros_like(sound)
        return Rendering(Audio(2 * sound.astype(np.float32), 32_000))


@pytest.fixture(autouse=True)
def pads(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, "renderer", "pads", "tests.renderers.test_layered_renderer:Pads", listened=True)
    Pads.plan = None


def band(**other: Any) -> Performance:
    """Eight bars at 120: a tune, chords, a bass and drums."""
    rows: dict[str, tuple[int, int, list[tuple[float, float, int]]]] = {
        "tune": (73, 0, [(beat, 0.8, 72 + (beat * 5) % 12) for beat in range(32)]),
        "chords": (0, 1, [(bar * 4, 3.8, 55 + step + 5 * (bar % 3)) for bar in range(8) for step in (0, 4, 7)]),
        "low": (33, 2, [(beat * 2, 1.5, 36 + 5 * (beat // 2 % 3)) for beat in range(16)]),
        "kit": (0, 9, [(beat / 2, 0.2, 42 if beat % 2 else 36) for beat in range(64)]),
    }
    parts = tuple(
        PlayedPart(name, program, channel, tuple(PlayedNote(round(at * 480), round(length * 480), pitch, 80) for at, length, pitch in notes), ())
        for name, (program, channel, notes) in rows.items()
    )  # fmt: skip
    return Performance.steady("band", Key.parse("C"), Meter(4, 4), 120.0, 16.0, parts, **other)


def layered(late: float = 0.0, **options: Any) -> LayeredRenderer:
    return LayeredRenderer(neural={"use": "pads", "options": {"late": late}}, **{"symbolic": ["melody"], **options})


def loudness(audio: Audio) -> float:
    found = integrated_loudness(k_weighted_energy(audio.samples, RATE))
    assert found is not None
    return found


def test_layers_add_up_and_each_is_at_its_level() -> None:
    performance = band()
    made = layered(symbolic=["melody", "bass"], neural_level_db=-6)(performance, stems=True)
    assert list(made.stems) == ["tune", "low", "neural"]
    assert {stem.samples.shape for stem in made.stems.values()} == {(2, 16 * RATE)} == {made.mix.samples.shape}
    assert loudness(made.mix) == pytest.approx(-14, abs=1)
    exact = Audio(made.stems["tune"].samples + made.stems["low"].samples, RATE)
    assert loudness(made.stems["neural"]) - loudness(exact) == pytest.approx(-6, abs=0.3)
    total = np.sum([stem.samples for stem in made.stems.values()], axis=0)
    part = slice(RATE, 3 * RATE)
    gain = made.mix.samples[0, part] @ total[0, part] / (total[0, part] @ total[0, part])
    assert np.corrcoef(made.mix.samples[0, part], gain * total[0, part])[0, 1] > 0.99
    assert not layered()(performance).stems


@pytest.mark.parametrize("late", [0.083, -0.05, 1.2])
def test_the_neural_sound_is_moved_onto_the_beat(late: float) -> None:
    performance = band()
    with collect_sound_uses() as uses:
        neural = layered(late, neural_plays="all")(performance, stems=True).stems["neural"]
    left = measure_lag(neural, guide(performance))
    assert left is not None
    assert abs(left) < 0.01
    assert len(uses) == 1
    assert ("late" if late > 0 else "early") in uses[0].notes[-1]
    as_it_was = layered(late, align=False, neural_plays="all")(performance, stems=True).stems["neural"]
    assert measure_lag(as_it_was, guide(performance)) == pytest.approx(late, abs=0.02)


def test_a_loop_is_turned_round_and_keeps_its_length() -> None:
    performance = band(loop=True)
    made = layered(0.3, neural_plays="all")(performance, stems=True)
    assert made.mix.samples.shape == (2, 16 * RATE)
    on_the_beat = layered(0.0, neural_plays="all", align=False)(performance, stems=True)
    power = [np.square(one.stems["neural"].samples[:, -RATE // 2 :]).mean() for one in (made, on_the_beat)]
    assert power[0] == pytest.approx(power[1], rel=0.2)  # nothing is missing at the end


def test_the_model_is_given_the_rest_or_all() -> None:
    layered(symbolic=["melody", "drums"])(band())
    assert [part.id for part in Pads.last.parts] == ["chords", "low"]
    layered(symbolic=["melody"], neural_plays="all")(band())
    assert len(Pads.last.parts) == 4
    layered(symbolic=["tune", "chords", "low", "kit"])(band())
    assert len(Pads.last.parts) == 4, "a model that is given nothing plays anything"


@pytest.mark.parametrize(
    ("names", "ids"),
    [(["melody", "bass", "drums"], {"tune", "low", "kit"}), (["flute"], {"tune"}), (["Piano"], {"chords"}), (["kit", "pad"], {"kit"}),
     (["counter"], set()), ([], set())],
)  # fmt: skip
def test_parts_are_named_by_role_id_or_instrument(names: list[str], ids: set[str]) -> None:
    assert chosen_ids(band(), names) == ids


def test_a_name_that_is_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="no role, part or instrument 'flutte'"):
        chosen_ids(band(), ["flutte"])


def test_a_plan_says_what_parts_are_for_and_the_model_is_told_of_its_own() -> None:
    made = Pipeline.load("offline").compose(landscape(), seconds=8, audio=None)
    stage = load_stage("renderer", "layered", {"neural": {"use": "pads"}, "symbolic": ["melody"]})
    told = stage.for_plan(made.plan, made.scene)
    tune = next(part for part in made.plan.parts if part.role == "melody")
    rendering = told(made.performance, stems=True)
    assert list(rendering.stems) == [tune.name, "neural"]
    assert Pads.plan is not None
    assert tune.id not in {part.id for part in Pads.plan.parts}
    assert stage._plan is None


def test_without_such_a_part_the_neural_sound_is_alone() -> None:
    made = layered(symbolic=["counter"])(band(), stems=True)
    assert list(made.stems) == ["neural"]
    assert loudness(made.mix) == pytest.approx(-14, abs=1)


def test_a_silent_or_failing_model_is_no_stranger() -> None:
    silent = LayeredRenderer(neural={"use": "pads", "options": {"silent": True}})
    assert loudness(silent(band()).mix) == pytest.approx(-14, abs=1)
    failing = LayeredRenderer(neural={"use": "pads", "options": {"fails": True}})
    with collect_sound_uses() as uses, pytest.raises(BackendError, match="out of order"):
        failing(band())
    assert [use.renderer for use in uses] == ["pads"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"neural": "musicgen"}, "neural names a renderer and its options"),
        ({"neural": {"use": "pads", "late": 3}}, "neural names a renderer and its options"),
        ({"neural": {"use": "pads", "options": [1]}}, "are a table"),
        ({"neural": {"use": "layered"}}, "layers cannot lie in layers"),
        (
            {"neural": {"use": "soundfont"}},
            "the renderer 'soundfont' plays what is written.*name one under neural that makes sound",
        ),
        ({"neural": {"use": "pads", "options": {"latte": 1}}}, "does not take these options"),
        ({"neural": {"use": "paddes"}}, "paddes"),
        ({"neural": {"use": "pads"}, "symbolic": "melody"}, "symbolic is a list"),
        ({"neural": {"use": "pads"}, "symbolic": [3]}, "symbolic is a list"),
        ({"neural": {"use": "pads"}, "neural_level_db": "loud"}, "neural_level_db is a number"),
        ({"neural": {"use": "pads"}, "neural_level_db": 40}, "neural_level_db is a number"),
        ({"neural": {"use": "pads"}, "neural_plays": "some"}, "neural_plays"),
        ({"neural": {"use": "pads"}, "align": "yes"}, "align is true or false"),
        ({"neural": {"use": "pads"}, "loudness_lufs": 3}, "loudness_lufs"),
    ],
)
def test_wrong_options_are_told_in_one_line(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said) as refusal:
        load_stage("renderer", "layered", options)
    assert "\n" not in str(refusal.value)


def test_it_is_as_ready_as_what_lies_underneath(monkeypatch: pytest.MonkeyPatch) -> None:
    assert readiness({"neural": {"use": "pads"}}) == ""
    assert "--pipeline musicgen-layered" in readiness({})
    assert "neural names" in readiness({"neural": "pads"})
    assert "plays what is written" in readiness({"neural": {"use": "soundfont"}})
    register(
        monkeypatch,
        "renderer",
        "lacking",
        "nowhere:Nothing",
        packages=("no_such_package",),
        extra="img2music[listen]",
        listened=True,
    )
    assert readiness({"neural": {"use": "lacking"}}) == "needs no_such_package: pip install 'img2music[listen]'"
    register(
        monkeypatch,
        "renderer",
        "weighty",
        "nowhere:Nothing",
        readiness="img2music.renderers.neural.weights:readiness",
        listened=True,
    )
    assert "are not here yet" in readiness({"neural": {"use": "weighty", "options": {"weights": "facebook/musicgen-small"}}})

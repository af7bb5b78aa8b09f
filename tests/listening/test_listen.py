"""What the ears find is what was played; what is no sound is heard as nothing."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from img2music.audio import Audio
from img2music.cancellation import Cancelled, CancelToken, cancelled_by
from img2music.errors import MissingPackageError
from img2music.listening.listen import hear
from img2music.registry import extras
from img2music.theory import Meter
from tests.listening.made_sounds import RATE, clicks, played, song
from tests.support.extras import require


@pytest.mark.parametrize(("bpm", "bar"), [(120.0, 4), (80.0, 3), (96.0, 3), (112.0, 3), (140.0, 2)])
def test_clicks_are_counted(bpm: float, bar: int) -> None:
    heard = hear(clicks(bpm, bar), learned=False)
    assert heard.tempo_bpm.value is not None
    assert min(abs(heard.tempo_bpm.value / bpm / factor - 1) for factor in (0.5, 1, 2)) < 0.02
    assert heard.beats_per_bar.value is not None
    assert (heard.beats_per_bar.value % 3 == 0) == (bar == 3)
    assert heard.tempo_bpm.by == ("loudness rise",)
    period = 60 / heard.tempo_bpm.value
    steps = np.diff(heard.beats_seconds)
    assert np.median(steps) == pytest.approx(period, abs=0.02)
    assert set(heard.downbeats_seconds) <= set(heard.beats_seconds)


@pytest.mark.parametrize(("key", "meter", "bpm"), [("Eb major", Meter(4, 4), 126.0), ("F# minor", Meter(3, 4), 98.0)])
def test_a_rendering_is_heard_as_it_was_written(key: str, meter: Meter, bpm: float) -> None:
    audio = played(song(key, meter, bpm))
    heard = hear(audio, learned=False)
    assert heard.key.value is not None
    assert heard.key.value.pitch_classes[0] == song(key).key.pitch_classes[0]
    assert heard.key.value.is_minor == song(key).key.is_minor
    assert heard.tempo_bpm.value is not None
    assert min(abs(heard.tempo_bpm.value / bpm / factor - 1) for factor in (0.5, 1, 2)) < 0.04
    assert heard.beats_per_bar.value is not None
    assert (heard.beats_per_bar.value % 3 == 0) == (meter.count == 3)
    assert heard.loudness_lufs == pytest.approx(-14, abs=0.5)
    assert heard.true_peak_dbtp is not None
    assert heard.true_peak_dbtp < 0
    assert heard.seconds == pytest.approx(audio.seconds)
    assert heard.tags == ()


def test_a_detuned_sound_keeps_its_key() -> None:
    audio = played(song("D major", bars=8))
    sharp = Audio(audio.samples, round(audio.sample_rate * 2 ** (0.4 / 12)))
    heard = hear(sharp, learned=False)
    assert heard.key.value is not None
    assert heard.key.value.name == "D major"


def test_trained_ears_join_in() -> None:
    require("listen")
    heard = hear(played(song(bpm=120.0, bars=12)), learned=True)
    assert heard.tempo_bpm.value == pytest.approx(120, rel=0.04)
    assert heard.tempo_bpm.by == ("loudness rise", "BeatNet")
    weights = [weight for _, weight in heard.tags]
    assert weights == sorted(weights, reverse=True)
    assert len(weights) == 50
    assert all(0 <= weight <= 1 for weight in weights)


def test_without_the_extra_plain_ears_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    missing: Any = None
    monkeypatch.setitem(sys.modules, "madmom_infer", missing)
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    heard = hear(clicks(120, 4))
    assert heard.tempo_bpm.by == ("loudness rise",)
    assert heard.beats_per_bar.by == ("accents",)
    with pytest.raises(MissingPackageError, match=r"img2music\[listen\]"):
        hear(clicks(120, 4), learned=True)


def _garbage() -> dict[str, Audio]:
    chance = np.random.default_rng(0)
    noise = chance.normal(0, 0.1, (2, RATE * 4)).astype(np.float32)
    broken = noise.copy()
    broken[:, ::7] = np.nan
    broken[0, 5] = np.inf
    return {
        "no frames": Audio(np.zeros((2, 0), np.float32), 48_000),
        "no channels": Audio(np.zeros((0, 100), np.float32), 48_000),
        "one sample": Audio(np.ones((1, 1), np.float32), 48_000),
        "a hundred samples": Audio(noise[:, :100], 48_000),
        "half a second": Audio(noise[:, : RATE // 2], RATE),
        "silence": Audio(np.zeros((2, RATE * 4), np.float32), RATE),
        "no numbers": Audio(np.full((2, RATE), np.nan, np.float32), RATE),
        "some no numbers": Audio(broken, RATE),
        "noise": Audio(noise, RATE),
        "one level": Audio(np.full((1, RATE * 2), 0.5, np.float32), RATE),
        "8 kHz, mono": Audio(noise[:1, : 8000 * 3], 8_000),
        "five channels": Audio(np.repeat(noise[:1], 5, 0), 11_025),
        "an odd rate": Audio(noise, 44_101),
        "no rate of sound": Audio(noise[:, :50], 3),
        "too loud": Audio(noise * np.float32(1e30), RATE),
        "tiny": Audio(noise * np.float32(1e-30), RATE),
    }


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", _garbage())
def test_what_is_no_music_never_raises(name: str) -> None:
    audio = _garbage()[name]
    heard = hear(audio)
    assert heard.seconds == audio.seconds
    for estimate in (heard.tempo_bpm, heard.beats_per_bar, heard.key):
        assert 0 <= estimate.confidence <= 1
        assert (estimate.value is None) == (estimate.by == ())
    if name in {"no frames", "no channels", "silence", "no numbers"}:
        nothing = (heard.tempo_bpm.value, heard.beats_per_bar.value, heard.key.value, heard.loudness_lufs)
        assert nothing == (None, None, None, None)
        assert not heard.beats_seconds
        assert not heard.tags


def test_listening_can_be_stopped() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled), cancelled_by(token):
        hear(clicks(120, 4))


@pytest.mark.parametrize("rate", [4_000, 8_000, 384_000, 500_000])
def test_loudness_is_measured_at_any_rate(rate: int) -> None:
    """At none of them a sound that plays is called silence."""
    seconds = np.arange(rate * 2) / rate
    tone = (0.25 * np.sin(2 * np.pi * 997 * seconds)).astype(np.float32)[None]
    heard = hear(Audio(tone, rate), learned=False)
    assert heard.loudness_lufs == pytest.approx(-15.0, abs=0.15)

"""Seams that are not heard: the same sound cut and joined is itself, others meet beat on beat and as loud; lengths are exact."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from img2music.audio import Audio
from img2music.errors import BackendError
from img2music.listening.loudness import integrated_loudness, k_weighted_energy
from img2music.renderers.neural.joins import Window, cut, finish, join, sounding_seconds, windows
from img2music.renderers.neural.joins.seam_match import measured_lag
from img2music.renderers.neural.soundfont_guide import guide, kept_guides
from tests.renderers.neural.joins.test_bar_windows import piece
from tests.support.made_performances import performance_of

RATE = 32_000
Sound = np.ndarray[Any, np.dtype[np.float32]]


def beats(seconds: float, *, late: float = 0.0, seed: int = 1, hertz: float = 300.0, level: float = 0.2) -> Audio:
    """Decaying notes twice a second (the first of four the strongest), a little noise; other seeds are other sounds."""
    times = np.arange(round(seconds * RATE)) / RATE - late
    since = times % 0.5
    strong = np.where(times // 0.5 % 4 == 0, 1.0, 0.6)
    noise = np.random.default_rng(seed).standard_normal((2, len(times)))
    tone = np.sin(2 * np.pi * hertz * since) * np.exp(-9 * since) * strong
    return Audio((level * (tone + 0.03 * noise + 0.3 * noise * np.exp(-60 * since))).astype(np.float32), RATE)


def onsets(sound: Sound) -> list[float]:
    """When the beats come, to a frame: where the energy rises to a tenth of the highest."""
    power = np.square(sound).sum(axis=0)
    smooth = np.convolve(power, np.ones(160) / 160, mode="same")
    fast = np.flatnonzero((smooth[320:] > 6 * smooth[:-320]) & (smooth[320:] > 0.05 * smooth.max())) + 320
    return [
        float(first) / RATE for first, last in zip(fast, np.insert(fast, 0, -RATE)[:-1], strict=True) if first - last > RATE // 5
    ]


LAYOUT = windows(piece(seconds=40.0), 18.0, 4.0)


def test_the_same_sound_cut_and_joined_is_itself() -> None:
    whole = beats(40.0)
    joined = join([cut(whole, window) for window in LAYOUT], LAYOUT, 40.0, RATE)
    assert joined.samples.shape == whole.samples.shape
    assert np.abs(joined.samples - whole.samples).max() < 1e-5


def test_a_window_that_plays_late_is_moved_to_the_frame() -> None:
    whole = beats(40.0)
    late = [cut(Audio(np.roll(whole.samples, 700 * (number % 2), axis=1), RATE), window) for number, window in enumerate(LAYOUT)]
    joined = join(late, LAYOUT, 40.0, RATE)
    assert np.abs(joined.samples - whole.samples)[:, : 39 * RATE].max() < 1e-5


def test_other_sounds_meet_beat_on_beat_and_as_loud() -> None:
    pieces = [
        cut(beats(40.0, late=0.03 * (number % 2), seed=number, hertz=300 + 170 * number, level=0.2 / (1 + 0.4 * number)), window)
        for number, window in enumerate(LAYOUT)
    ]
    joined = join(pieces, LAYOUT, 40.0, RATE).samples
    gaps = np.diff(onsets(joined))
    assert len(gaps) > 70
    assert np.abs(gaps - 0.5).max() < 0.01
    for window in LAYOUT[1:]:
        seam = round(window.join_seconds * RATE)
        loudness = [
            integrated_loudness(k_weighted_energy(joined[:, first : first + 2 * RATE], RATE)) for first in (seam - 2 * RATE, seam)
        ]
        assert loudness[0] is not None
        assert loudness[1] == pytest.approx(loudness[0], abs=1.0)


def test_a_window_is_never_moved_far_nor_made_much_louder() -> None:
    first, second = beats(18.0), beats(18.0, late=0.2, level=0.002)
    layout = (Window(0, 18, 0), Window(12, 30, 16, 0.0625))
    joined = join([first, second], layout, 30.0, RATE).samples
    rest = second.samples[:, round(4.2 * RATE) : 18 * RATE] * 10 ** (6 / 20)
    assert np.abs(joined[:, round(16.2 * RATE) :] - rest).max() < 1e-5


def test_a_chance_step_at_the_seam_vanishes_and_is_not_kept() -> None:
    """The new window is 5 dB softer just after the bar line only: there it is lifted, and seconds later it is as it was played."""
    noise = 0.1 * np.random.default_rng(4).standard_normal((3, 1, 34 * RATE)).astype(np.float32)
    softer = noise[1].copy()
    softer[:, 11 * RATE : 14 * RATE] *= np.float32(10 ** (-5 / 20))
    joined = join([Audio(noise[0][:, : 14 * RATE], RATE), Audio(softer, RATE)], (Window(0, 14, 0), Window(0, 34, 12)), 34.0, RATE)
    level = {at: 10 * np.log10(np.square(joined.samples[:, round(at * RATE) :][:, :RATE]).mean()) for at in (10.5, 12.1, 30.0)}
    assert level[12.1] == pytest.approx(level[10.5], abs=0.5)
    assert level[30.0] == pytest.approx(-20, abs=1.0)
    gains = joined.samples[0, 13 * RATE :] / softer[0, 13 * RATE :]
    assert np.abs(np.diff(gains[:: RATE // 10])).max() < 0.05  # no step: less than half a decibel in a tenth of a second


def test_a_click_there_is_not() -> None:
    """Two sines that have nothing in common: no step between two frames is larger than theirs, and the power stays."""
    times = np.arange(20 * RATE) / RATE
    sines = [Audio(np.sin(2 * np.pi * hz * times)[None].astype(np.float32), RATE) for hz in (200.0, 311.0)]
    joined = join(sines, (Window(0, 20, 0), Window(14, 34, 18, 0.06)), 34.0, RATE).samples[0]
    assert np.abs(np.diff(joined)).max() < 1.5 * 2 * np.pi * 311 / RATE
    power = np.sqrt(np.convolve(joined**2, np.ones(RATE // 20) / (RATE // 20), mode="valid"))
    assert abs(power / np.sqrt(0.5) - 1).max() < 0.25


@pytest.mark.parametrize("seconds", [39.99999, 40.0, 40.3, 35.0])
def test_the_length_is_exact(seconds: float) -> None:
    layout = windows(piece(seconds=seconds), 18.0, 4.0)
    short = [Audio(np.full((1, round(window.seconds * RATE) - 96), 0.1, np.float32), RATE) for window in layout]
    long = [Audio(np.full((2, round(window.seconds * RATE) + 640), 0.1, np.float32), RATE) for window in layout]
    for pieces in (short, long):
        assert join(pieces, layout, seconds, 48_000).samples.shape[1] == round(seconds * 48_000)


def test_a_piece_that_breaks_off_leaves_silence_and_no_click() -> None:
    layout = (Window(0, 10, 0), Window(6, 16, 9, 0.06))
    steady = [Audio(np.full((1, frames), 0.5, np.float32), RATE) for frames in (3 * RATE, 10 * RATE)]
    joined = join(steady, layout, 16.0, RATE).samples[0]
    assert np.abs(np.diff(joined)).max() < 0.005
    assert not joined[4 * RATE : 5 * RATE].any()


def test_a_loop_goes_on_into_its_beginning() -> None:
    looped = piece(seconds=32.0, loop=True)
    layout = windows(looped, 18.0, 4.0)
    times = np.arange(34 * RATE) / RATE
    slow = Audio(np.sin(2 * np.pi * 50.3 * times)[None].astype(np.float32), RATE)  # no whole number of waves
    joined = join([cut(slow, window) for window in layout], layout, 32.0, RATE).samples[0]
    around = np.concatenate([joined[-100:], joined[:100]])
    assert np.abs(np.diff(around)).max() < 1.2 * 2 * np.pi * 50.3 / RATE


def test_windows_without_overlap_are_put_together_as_they_are() -> None:
    whole = beats(40.0)
    layout = windows(piece(seconds=40.0), 16.0, 0.0)
    assert len(layout) > 2
    assert np.array_equal(join([cut(whole, window) for window in layout], layout, 40.0, RATE).samples, whole.samples)


def test_what_is_no_sound_is_refused() -> None:
    broken = Audio(np.full((1, RATE), np.nan, np.float32), RATE)
    with pytest.raises(BackendError, match="no numbers"):
        join([broken], (Window(0, 1, 0),), 1.0, RATE)
    with pytest.raises(BackendError, match="no numbers"):
        finish(broken, piece(seconds=1.0))
    with pytest.raises(BackendError, match="no sound"):
        finish(Audio(np.zeros((2, 0), np.float32), RATE), piece(seconds=1.0))
    with pytest.raises(ValueError, match="0 pieces for 1"):
        join([], (Window(0, 1, 0),), 1.0, RATE)


@pytest.mark.parametrize("late", [-0.041, -0.004, 0.0, 0.013, 0.05])
@pytest.mark.parametrize("hertz", [300.0, 700.0])
def test_the_lag_of_another_sound_is_found(late: float, hertz: float) -> None:
    found = measured_lag(beats(6.0).samples, beats(6.0, late=late, seed=9, hertz=hertz).samples, RATE, RATE // 8)
    assert found / RATE == pytest.approx(late, abs=0.004)


def test_sounds_that_do_not_meet_have_no_lag() -> None:
    noise = [np.random.default_rng(seed).standard_normal((1, 6 * RATE)).astype(np.float32) for seed in (1, 2)]
    assert measured_lag(noise[0], noise[1], RATE, RATE // 8) == 0
    assert measured_lag(noise[0] * 0, noise[1], RATE, RATE // 8) == 0


def test_a_bass_is_not_taken_for_a_cymbal() -> None:
    """A high tick 60 ms after each bass note: that one sound has loud ticks and the other loud notes does not move the beats."""
    times = np.arange(6 * RATE) / RATE

    def sound(bass: float, tick: float, late: float) -> Sound:
        since, off = (times - late) % 0.731, (times - late - 0.06) % 0.731
        low, high = np.sin(2 * np.pi * 90 * since), np.sin(2 * np.pi * 7000 * off)
        noise = np.random.default_rng(round(1000 * bass)).standard_normal(len(times))
        made = bass * low * np.exp(-12 * since) + tick * high * np.exp(-60 * off) + 1e-4 * noise
        return made[None].astype(np.float32)

    found = measured_lag(sound(0.5, 0.03, 0.0), sound(0.03, 0.5, 0.02), RATE, RATE // 8)
    assert found / RATE == pytest.approx(0.02, abs=0.004)


def test_a_doubtful_lag_is_none() -> None:
    """Even ticks every 50 ms fit 20 ms later as well as 30 ms earlier."""
    times = np.arange(6 * RATE) / RATE
    sounds = [
        (np.exp(-300 * ((times - late) % 0.05)) * np.random.default_rng(seed).standard_normal((1, len(times)))).astype(np.float32)
        for seed, late in ((1, 0.0), (2, 0.02))
    ]
    assert measured_lag(sounds[0], sounds[1], RATE, RATE // 8) == 0


def test_what_is_finished_is_a_mix() -> None:
    performance = piece(seconds=12.3)
    mix = finish(Audio(beats(11.0).samples[:1], RATE), performance)
    assert mix.sample_rate == 48_000
    assert mix.samples.shape == (2, round(12.3 * 48_000))
    assert integrated_loudness(k_weighted_energy(mix.samples, 48_000)) == pytest.approx(
        -14, abs=1.5
    )  # its beats would need more limiting than is good
    assert abs(mix.samples[:, -1]).max() < 1e-6


def test_what_rings_may_go_on_and_no_longer_than_it_sounds() -> None:
    from dataclasses import replace

    rings = replace(piece(seconds=10.0), rings=True)
    assert sounding_seconds(rings) == 12.0
    assert finish(beats(30.0), rings).seconds == 12.0
    assert finish(Audio(beats(30.0).samples[:, : 9 * RATE], RATE), rings).seconds == 10.0


def test_a_guide_is_as_long_as_the_piece_and_played_once(monkeypatch: pytest.MonkeyPatch) -> None:
    performance = performance_of([(0.0, 0.5, 60), (1.0, 0.4, 64)], drums=[(0.0, 0.1, 36), (0.5, 0.1, 38)])
    with kept_guides():
        whole, drums = guide(performance, sample_rate=RATE), guide(performance, ["Drums"], RATE)
        monkeypatch.setattr("img2music.renderers.neural.soundfont_guide._played", None)
        assert guide(performance, sample_rate=RATE) is whole
        assert guide(performance, ["Drums"], RATE) is drums
    assert whole.samples.shape == drums.samples.shape == (2, round(performance.seconds * RATE))
    assert not np.array_equal(whole.samples, drums.samples)
    with pytest.raises(TypeError):
        guide(performance, sample_rate=RATE)  # nothing is kept after the block


def test_every_window_has_its_part_of_a_guide() -> None:
    ramp = Audio(np.arange(40 * 100, dtype=np.float32)[None], 100)
    for before, after in pairwise(LAYOUT):
        part = cut(ramp, after).samples[0]
        assert part[0] == after.begin_seconds * 100
        assert len(part) == round(after.seconds * 100)
        assert cut(ramp, before).samples[0, -1] == round(before.end_seconds * 100) - 1
    assert not cut(ramp, Window(39, 45, 40)).samples[0, 100:].any()

"""Beats, bars and subdivisions are told from their thirds: waltzes that are fast, six eighths that are slow."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from img2music.listening.features.chroma import chroma_of
from img2music.listening.features.onset_curves import onset_curves
from img2music.listening.features.spectra import listen_to
from img2music.listening.features.tempogram import chord_changes, rates, self_similarity
from img2music.listening.heard_pulse import estimate_pulse
from img2music.listening.tempo_estimation import estimate_beat
from tests.listening.made_sounds import figures


@pytest.mark.parametrize(
    ("bpm", "beats", "parts", "tune"),
    [
        (180.0, 3, 2, 1.0),  # a bar of it lasts as long as a slow beat
        (180.0, 3, 2, 0.3),
        (168.0, 3, 2, 0.6),
        (60.0, 2, 3, 0.6),  # an eighth of it lasts as long as a fast beat
        (60.0, 4, 3, 0.3),
        (66.0, 2, 3, 0.6),
        (92.0, 3, 2, 1.0),
        (126.0, 4, 2, 0.6),
    ],
)
def test_a_beat_is_told_from_its_thirds(bpm: float, beats: int, parts: int, tune: float) -> None:
    sound = listen_to(figures(bpm, beats, parts, tune))
    curves, chroma = onset_curves(sound), chroma_of(sound)
    pulse, beat = estimate_pulse(curves, chroma), estimate_beat(curves, chroma)
    assert beat is not None
    assert pulse.tempo.value is not None
    assert min(abs(pulse.tempo.value / bpm / factor - 1) for factor in (0.5, 1, 2)) < 0.02
    assert pulse.beats_per_bar.value is not None
    assert (pulse.beats_per_bar.value % 3 == 0) == (beats == 3)
    assert pulse.tempo.confidence > 0.5
    if abs(pulse.tempo.value / bpm - 1) < 0.02:
        assert beat.subdivision == parts


def test_rates_and_likeness_of_a_row_of_clicks() -> None:
    curve = np.zeros(3000, np.float32)
    curve[::75] = 1
    alike, often = self_similarity(curve, 150), rates(curve, 150)
    assert alike.after(np.array([0.5, 1.0])) == pytest.approx(1, abs=0.1)
    assert abs(alike.after(np.array([0.25]))[0]) < 0.1
    assert alike.after(np.array([20.0]))[0] == 0
    assert often.of(np.array([2.0, 4.0])).min() > 0.9
    assert often.of(np.array([1.0, 3.0, 100.0])).max() < 0.1


def test_new_chords_stand_where_pitch_classes_change() -> None:
    chroma = np.zeros((80, 12), np.float32)
    for place, (begin, end) in enumerate(pairwise(range(0, 81, 20))):
        chroma[begin:end, place] = 1
    found = chord_changes(chroma)
    assert np.flatnonzero(found > 0.9).tolist() == [20, 40, 60]
    assert found[5:15].max() == 0
    assert chord_changes(chroma[:2]).tolist() == [0, 0]
    assert not len(chord_changes(chroma[:0]))

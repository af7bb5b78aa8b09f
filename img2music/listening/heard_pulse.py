"""Tempo, beats and metre together, from plain estimators and, where it listened, BeatNet.

The plain ear names tempo and metre: `tempo_estimation` decides about beats, bars and subdivisions together, the accents of the beats that are then
tracked have their say on twos or threes, their odds multiplied, and tell where bars begin. BeatNet's decoded bars make either surer where they
say the same; what they disagree about stays with the plain ear, which is right more often (`evals.studies.music.listening_accuracy`), less sure.
Its likelihoods added nothing to the joint decision.

Conventions: times in seconds of the sound; confidence 0..1 of the tempo but for octaves, and of bars in twos or threes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from img2music.errors import BackendError
from img2music.listening.beat_tracking import beat_frames, steady_bpm
from img2music.listening.features.onset_curves import FRAMES_A_SECOND
from img2music.listening.features.tempogram import sharpened
from img2music.listening.heard_music import Estimate
from img2music.listening.learned import beatnet
from img2music.listening.learned.bar_decoder import DecodedBars, decode_bars
from img2music.listening.meter_estimation import beat_accents, heard_meter, is_triple
from img2music.listening.tempo_estimation import estimate_beat, same_tempo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from img2music.listening.features.chroma import Chroma
    from img2music.listening.features.onset_curves import OnsetCurves

__all__ = ["HeardPulse", "NetworkBeats", "beats_of_network", "estimate_pulse"]

_PLAIN_TEMPO, _PLAIN_METER, _NETWORK = "loudness rise", "accents", "BeatNet"
_AGREED, _DISPUTED = 0.5, 0.8
"""Part of the doubt that is left where the network agrees; part of the confidence where it does not."""


@dataclass(frozen=True, slots=True)
class NetworkBeats:
    """What BeatNet says."""

    likelihoods: NDArray[np.float32]
    """Shape (frames, 2), 50 frames a second."""
    bars: DecodedBars | None


@dataclass(frozen=True, slots=True)
class HeardPulse:
    """What is beaten and counted."""

    tempo: Estimate[float]
    beats_per_bar: Estimate[int]
    beats_seconds: NDArray[np.float64]
    downbeats_seconds: NDArray[np.float64]


def beats_of_network(sound: NDArray[np.float32]) -> NetworkBeats | None:
    """BeatNet's beats of a sound from `listen_to`; None where the network or its decoder can't be used here, or nothing sounds."""
    if not len(sound) or not np.abs(sound).max() > 0:
        return None
    try:
        likelihoods = beatnet.beat_likelihoods(sound)
        return NetworkBeats(likelihoods, decode_bars(likelihoods))
    except BackendError:
        return None


def estimate_pulse(curves: OnsetCurves, chroma: Chroma, trained: NetworkBeats | None = None) -> HeardPulse:
    """Tempo, metre and beats of a sound; without a pulse all are None and empty."""
    tempo = estimate_beat(curves, chroma)
    nothing = np.zeros(0)
    if tempo is None:
        return HeardPulse(Estimate(None, 0.0), Estimate(None, 0.0), nothing, nothing)
    registers = np.sum([sharpened(curve) for curve in curves.registers], axis=0)
    beats = beat_frames(registers.astype(np.float32), tempo.bpm) / FRAMES_A_SECOND
    bpm = steady_bpm(beats)
    if bpm is None or not same_tempo(bpm, tempo.bpm):
        bpm = tempo.bpm
    bars = None if trained is None else trained.bars
    network_bpm = None if bars is None else steady_bpm(bars.beats_seconds)
    agrees = None if network_bpm is None else same_tempo(network_bpm, bpm, octaves=True)
    heard_tempo = Estimate(bpm, _confidence(tempo.confidence, agrees), (_PLAIN_TEMPO, *([_NETWORK] if agrees else [])))
    accents = beat_accents(beats, curves, chroma) if len(beats) > 1 else np.zeros((0, 1))
    meter = heard_meter(accents, tempo.beats_per_bar, tempo.triple_log_odds)
    if meter.beats is None:
        return HeardPulse(heard_tempo, Estimate(None, 0.0), beats, nothing)
    same = None if bars is None or not agrees else is_triple(bars.beats_per_bar) == is_triple(meter.beats)
    heard_bars = Estimate(meter.beats, _confidence(meter.confidence, same), (_PLAIN_METER, *([_NETWORK] if same else [])))
    return HeardPulse(heard_tempo, heard_bars, beats, beats[meter.first_downbeat :: meter.beats])


def _confidence(plain: float, agrees: bool | None) -> float:
    """How sure a plain estimate is once the network was asked; None: it had nothing to say."""
    if agrees is None:
        return plain
    return 1 - (1 - plain) * _AGREED if agrees else plain * _DISPUTED

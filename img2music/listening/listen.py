"""The ears: what is found in a sound of which nothing else is known.

    heard = hear(audio)
    heard.tempo_bpm.value, heard.key.value.name

Plain estimators always listen; the learned ones (extra `listen`) join them where they are there. Loudness and true peak are those of the whole
sound; the rest is of its first half hour. What is no sound (silence, no frames, no numbers) is heard as nothing and never raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.listening.beat_tracking import beat_frames, steady_bpm
from img2music.listening.features.chroma import chroma_of
from img2music.listening.features.onset_curves import FRAMES_A_SECOND, onset_curves
from img2music.listening.features.spectra import finite, listen_to
from img2music.listening.heard_music import Estimate, HeardMusic
from img2music.listening.key_estimation import estimate_key
from img2music.listening.loudness import integrated_loudness, k_weighted_energy
from img2music.listening.meter_estimation import beat_accents, heard_meter
from img2music.listening.tempo_estimation import pulses, self_similarity, sharpened
from img2music.listening.true_peak import true_peaks

if TYPE_CHECKING:
    from img2music.audio import Audio

__all__ = ["hear"]

_LOUDNESS_RATES_HZ = (8_000, 400_000)


def hear(audio: Audio, *, learned: bool | None = None) -> HeardMusic:
    """Everything the ears find.

    Args:
        audio: any sound; more than two channels are heard as the mean of all.
        learned: whether networks listen too; None: those that can.

    Raises:
        MissingPackageError: `learned` is True and the extra `listen` is missing.
    """
    loudness, peak = _levels(audio)
    sound = listen_to(audio)
    curves = onset_curves(sound)
    chroma = chroma_of(sound)
    sharp = sharpened(curves.all)
    found = pulses(self_similarity(sharp))
    key, key_confidence = estimate_key(chroma)
    beats = beat_frames(sharp, found[0].bpm) / FRAMES_A_SECOND if found else np.zeros(0)
    bpm = steady_bpm(beats)
    meter = heard_meter(beat_accents(beats, curves, chroma)) if len(beats) > 1 else heard_meter(np.zeros((0, 7)))
    downbeats = beats[meter.first_downbeat :: meter.beats] if meter.beats else beats[:0]
    return HeardMusic(
        seconds=audio.seconds,
        loudness_lufs=loudness,
        true_peak_dbtp=peak,
        tempo_bpm=Estimate(bpm, found[0].strength if found and bpm else 0.0, ("onset autocorrelation",) if bpm else ()),
        beats_per_bar=Estimate(meter.beats, meter.confidence, ("accents",) if meter.beats else ()),
        key=Estimate(key, key_confidence, ("chroma profile",) if key else ()),
        beats_seconds=tuple(beats.tolist()),
        downbeats_seconds=tuple(downbeats.tolist()),
    )


def _levels(audio: Audio) -> tuple[float | None, float | None]:
    """Integrated loudness in LUFS and true peak in dBTP; None for silence."""
    if not audio.samples.size:
        return None, None
    samples = audio.samples if np.isfinite(audio.samples).all() else finite(audio.samples)
    if len(samples) > 2:
        samples = samples.mean(0, keepdims=True)
    peak = float(true_peaks(samples).max(initial=0.0))
    inside = _LOUDNESS_RATES_HZ[0] <= audio.sample_rate <= _LOUDNESS_RATES_HZ[1]
    loudness = integrated_loudness(k_weighted_energy(samples, audio.sample_rate)) if inside else None
    return loudness, float(20 * np.log10(peak)) if peak > 0 else None

"""The ears: what is found in a sound of which nothing else is known.

    heard = hear(audio)
    heard.tempo_bpm.value, heard.key.value.name

Plain estimators always listen. BeatNet joins them for the beat where the extra `listen` is there, and MusiCNN finds words, which needs no extra;
`Estimate.by` says who agrees. Loudness and true peak are those of the whole
sound; the rest is of its first half hour. What is no sound (silence, no frames, no numbers) is heard as nothing and never raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import share_of_step
from img2music.errors import BackendError
from img2music.listening.features.chroma import chroma_of
from img2music.listening.features.onset_curves import onset_curves
from img2music.listening.features.resampling import resample_samples
from img2music.listening.features.spectra import LOUDEST, finite, listen_to
from img2music.listening.heard_music import Estimate, HeardMusic
from img2music.listening.heard_pulse import beats_of_network, estimate_pulse
from img2music.listening.key_estimation import estimate_key
from img2music.listening.learned.music_tags import music_tags
from img2music.listening.loudness import integrated_loudness, k_weighted_energy
from img2music.listening.true_peak import true_peaks
from img2music.registry.extras import has_extra, require_extra

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from img2music.audio import Audio

__all__ = ["hear"]

_LOUDNESS_RATES_HZ = (8_000, 400_000)
"""Sound of other rates is brought to the one below first."""
_USUAL_RATE_HZ = 48_000


def hear(audio: Audio, *, learned: bool | None = None) -> HeardMusic:
    """Everything the ears find.

    Args:
        audio: any sound; more than two channels are heard as the mean of all.
        learned: whether networks listen too; None: those that can; False: no network at all, not even for tags.

    Raises:
        MissingPackageError: `learned` is True and the extra `listen` is missing.
    """
    if learned:
        require_extra("listen")
    loudness, peak = _levels(audio)
    sound = listen_to(audio)
    with share_of_step(0.0, 0.3):
        curves = onset_curves(sound)
        chroma = chroma_of(sound)
    with share_of_step(0.3, 0.9):
        trained = beats_of_network(sound) if learned or (learned is None and has_extra("listen")) else None
        tags = () if learned is False else _tags(sound)
    key, key_confidence = estimate_key(chroma)
    pulse = estimate_pulse(curves, chroma, trained)
    return HeardMusic(
        seconds=audio.seconds,
        loudness_lufs=loudness,
        true_peak_dbtp=peak,
        tempo_bpm=pulse.tempo,
        beats_per_bar=pulse.beats_per_bar,
        key=Estimate(key, key_confidence, ("chroma profile",) if key else ()),
        beats_seconds=tuple(pulse.beats_seconds.tolist()),
        downbeats_seconds=tuple(pulse.downbeats_seconds.tolist()),
        tags=tags,
    )


def _tags(sound: NDArray[np.float32]) -> tuple[tuple[str, float], ...]:
    """None where the network can't be opened: words are no reason to fail."""
    try:
        return music_tags(sound)
    except BackendError:
        return ()


def _levels(audio: Audio) -> tuple[float | None, float | None]:
    """Integrated loudness in LUFS and true peak in dBTP; None for silence."""
    if not audio.samples.size:
        return None, None
    samples = audio.samples if audio.peak <= LOUDEST and np.isfinite(audio.samples).all() else finite(audio.samples)
    if len(samples) > 2:
        samples = samples.mean(0, keepdims=True)
    peak = float(true_peaks(samples).max(initial=0.0))
    rate = audio.sample_rate
    if not _LOUDNESS_RATES_HZ[0] <= rate <= _LOUDNESS_RATES_HZ[1]:
        samples, rate = resample_samples(samples, rate, _USUAL_RATE_HZ), _USUAL_RATE_HZ
    loudness = integrated_loudness(k_weighted_energy(samples, rate))
    return loudness, float(20 * np.log10(peak)) if peak > 0 else None

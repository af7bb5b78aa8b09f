"""The last step of every neural renderer: its sound becomes a mix like any other, 48 kHz, stereo, as long as the piece, mastered.

Conventions: sound is float32 (channels, frames). Of a loop nothing is faded and the mastering goes round; of a piece that rings the sound may go on
after its length until it has died away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import checkpoint
from img2music.errors import BackendError
from img2music.listening.features.resampling import resample
from img2music.renderers.neural.joins.bar_windows import sounding_seconds
from img2music.renderers.neural.joins.crossfade import stereo
from img2music.renderers.post.mastering import master
from img2music.renderers.post.sound_end import audible_frames, end_fade
from img2music.renderers.post.subsonic_filter import remove_subsonic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from img2music.performance import Performance

__all__ = ["MIX_RATE", "finish", "finished_samples"]

MIX_RATE = 48_000
"""In Hz, of every mix."""


def finish(audio: Audio, performance: Performance, *, loudness_lufs: float = -14.0, peak_dbtp: float = -1.0) -> Audio:
    """The mix of a performance from a model's sound of it.

    Exactly ``round(performance.seconds * 48000)`` frames; of one that rings as many more as it sounds, at most those of
    `sounding_seconds`. What is missing at the end is silence.

    Args:
        audio: the model's sound, mono or stereo, at any sample rate, frame 0 at the start of the piece.
        performance: what it is of.
        loudness_lufs: integrated loudness, -40 to -5 LUFS.
        peak_dbtp: highest true peak, -12 to 0 dBTP.

    Raises:
        BackendError: the sound is empty, or holds values that are no numbers.
    """
    samples = finished_samples(audio, performance)
    if not performance.loop:
        fade = end_fade(samples, MIX_RATE)
        samples[:, samples.shape[1] - len(fade) :] *= fade
    checkpoint()
    master(samples, MIX_RATE, loudness_lufs, peak_dbtp, goes_round=performance.loop)
    return Audio(samples, MIX_RATE)


def finished_samples(audio: Audio, performance: Performance) -> NDArray[np.float32]:
    """The same before its end is faded and it is mastered: 48 kHz, stereo, of exact length, without what lies below hearing.

    Raises:
        BackendError: the sound is empty, or holds values that are no numbers.
    """
    if not audio.samples.size:
        raise BackendError("the model made no sound at all; choose another seed, or another renderer")
    if not np.isfinite(audio.samples).all():
        raise BackendError("the model gave samples that are no numbers; use another seed, or precision: float32 in the pipeline")
    made = stereo(resample(audio, MIX_RATE).samples)
    frames = round(performance.seconds * MIX_RATE)
    if performance.rings and not performance.loop:
        most = round(sounding_seconds(performance) * MIX_RATE)
        frames = max(frames, audible_frames(made[:, :most]))
    samples = np.zeros((2, frames), np.float32)
    kept = made[:, :frames]
    samples[:, : kept.shape[1]] = kept
    remove_subsonic(samples, MIX_RATE, goes_round=performance.loop)
    return samples

"""How a sound ends: where it has died away, and the fade of what still sounds when its time is over.

Conventions: sound is float32 (channels, frames); levels are parts of the highest peak.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["audible_frames", "end_fade"]

_SHORT_FADE_SECONDS, _LONG_FADE_SECONDS = 0.05, 1.0
_LONGEST_FADE = 0.1
"""Part of the piece that the fade may take."""
_INAUDIBLE = 10 ** (-66 / 20)
"""Part of the highest peak below which what rings has ended: a little beyond the 60 dB of a reverberation time."""
_QUIET = 10 ** (-50 / 20)
"""Below this part of the highest peak the end counts as died away."""


def end_fade(mix: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Gains for the last frames, from 1 to 0 along a half cosine: quick where the sound has died away, over a second where it goes on.

    They are to be multiplied into the last ``len(gains)`` frames of the mix and of what adds up to it.
    """
    frames = mix.shape[1]
    quick = min(round(_SHORT_FADE_SECONDS * sample_rate), frames)
    died_away = _peak(mix[:, frames - quick :]) <= _QUIET * _peak(mix)
    slow = min(round(_LONG_FADE_SECONDS * sample_rate), int(frames * _LONGEST_FADE))
    length = quick if died_away else max(quick, slow)
    fade: NDArray[np.float32] = (0.5 + 0.5 * np.cos(math.pi * (np.arange(length) + 1) / max(length, 1))).astype(np.float32)
    return fade


def audible_frames(mix: NDArray[np.float32]) -> int:
    """Frames until the sound is inaudible for good; 0 of silence."""
    audible = np.flatnonzero(np.abs(mix).max(axis=0) > _INAUDIBLE * _peak(mix))
    return int(audible[-1]) + 1 if len(audible) else 0


def _peak(samples: NDArray[np.float32]) -> float:
    return float(max(samples.max(initial=0.0), -samples.min(initial=0.0)))  # without a copy of all absolute values

"""When each beat falls, once the tempo is known: the row of onsets that are strong and evenly spaced.

Dynamic programming after D. Ellis, "Beat tracking by dynamic programming", Journal of New Music Research 36 (2007): a beat's score is the
onset there, plus the best score of a beat before it less the square of how far, in octaves, their distance is from the period.

Conventions: curves as in `onset_curves`, sharpened; beats in frames of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import checkpoint
from img2music.listening.features.onset_curves import FRAMES_A_SECOND
from img2music.theory.tempo_map import SECONDS_A_MINUTE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float32]

__all__ = ["beat_frames", "steady_bpm"]

_TIGHTNESS = 400.0
_ATTACK_SECONDS = 0.02
_FRAMES_A_CHECK = 4096


def beat_frames(curve: Numbers, bpm: float) -> NDArray[np.intp]:
    """The frames of the beats, in order; none where nothing begins."""
    if len(curve) < 2 or not curve.max() > 0:
        return np.zeros(0, np.intp)
    period = SECONDS_A_MINUTE * FRAMES_A_SECOND / bpm
    width = _ATTACK_SECONDS * FRAMES_A_SECOND
    bell = np.exp(-0.5 * np.square(np.arange(-round(3 * width), round(3 * width) + 1) / width))
    onset = np.convolve(curve, bell / bell.sum(), "same").astype(np.float64)
    onset /= onset.std() or 1.0
    steps = np.arange(round(period / 2), round(period * 2) + 1)
    cost = -_TIGHTNESS * np.square(np.log2(steps / period))
    reach = int(steps[-1])
    score, before = np.full(len(onset) + reach, -np.inf), np.full(len(onset), -1, np.intp)
    back = reach - steps  # of a frame's row in `score`, which begins `reach` frames early
    for frame in range(len(onset)):
        if frame % _FRAMES_A_CHECK == 0:
            checkpoint()
        options = score[frame + back] + cost
        best = int(options.argmax())
        gain = options[best]
        if gain > 0:
            before[frame] = frame - steps[best]
            score[frame + reach] = onset[frame] + gain
        else:
            score[frame + reach] = onset[frame]
    scores = score[reach:]
    tail = max(1, round(1.5 * period))
    frame = len(scores) - tail + int(scores[-tail:].argmax()) if len(scores) > tail else int(scores.argmax())
    beats = []
    while frame >= 0:
        beats.append(frame)
        frame = int(before[frame])
    return np.array(beats[::-1], np.intp)


def steady_bpm(beats_seconds: NDArray[np.float64]) -> float | None:
    """The tempo of most of the beats: the median of their distances, then the mean of those near it; None for fewer than four."""
    if len(beats_seconds) < 4:
        return None
    steps = np.diff(beats_seconds)
    middle = float(np.median(steps))
    near = steps[np.abs(steps - middle) < 0.1 * middle]
    return SECONDS_A_MINUTE / float(near.mean()) if len(near) else None

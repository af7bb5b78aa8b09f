"""Takes away what lies below hearing: an offset of the samples (some fonts' pads have a large one) and slow drift.

Conventions: sound is float32 (channels, frames). What is taken away is the sound's own running mean over a tenth of a second
(a Hann window, so its transform has its first zero at 20 Hz and is small above): an offset vanishes, 5 Hz loses 16 dB,
10 Hz loses 6 dB, 20 Hz and all that music uses stay. No phase is turned. The mean is taken on a grid of a millisecond.
Knows nothing of loudness.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import checkpoint
from img2music.renderers.post.loop_seam import extend_around

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["remove_subsonic"]

_GRID_PER_SECOND = 1000
"""Means a second."""
_WINDOW_SECONDS = 0.1
"""Length of the running mean."""
_ROWS = 4096
"""How many steps of the grid are filtered at a time: bounds memory."""


def remove_subsonic(samples: NDArray[np.float32], sample_rate: int, *, goes_round: bool = False) -> None:
    """Take offset and drift out of `samples`, shape (channels, frames), in place.

    Silence surrounds the sound, or the sound itself where it `goes_round`.
    """
    if goes_round:
        margin = round(2 * _WINDOW_SECONDS * _GRID_PER_SECOND) * max(sample_rate // _GRID_PER_SECOND, 1)
        wider = extend_around(samples, margin)
        remove_subsonic(wider, sample_rate)
        samples[:] = wider[:, margin : margin + samples.shape[1]]
        return
    size = max(sample_rate // _GRID_PER_SECOND, 1)
    frames = samples.shape[1]
    whole = frames // size
    window = np.hanning(round(_WINDOW_SECONDS * sample_rate / size) + 2)[1:-1]
    window /= window.sum()
    ramp = np.arange(size, dtype=np.float32) / size
    for channel in samples:
        means = np.zeros(-(-frames // size))
        means[:whole] = channel[: whole * size].reshape(whole, size).mean(1)
        if whole < len(means):
            means[whole] = channel[whole * size :].sum() / size
        if not means.any():
            continue
        drift = np.convolve(means, window, mode="full")[len(window) // 2 :][: len(means)]
        borders = ((np.append(drift, drift[-1]) + np.insert(drift, 0, drift[0])) / 2).astype(np.float32)
        for row in range(0, len(means), _ROWS):
            checkpoint()
            nodes = borders[row : row + _ROWS + 1]
            curve = nodes[:-1, None] + (nodes[1:] - nodes[:-1])[:, None] * ramp
            piece = channel[row * size : (row + _ROWS) * size]
            piece -= curve.reshape(-1)[: len(piece)]

"""Sound at another sample rate: a polyphase filter with a windowed sinc, worked as one matrix a block.

Conventions: samples are float32, one channel, shape (frames,), or several, shape (channels, frames). A rate that makes no small ratio with
the other is taken as the nearest ratio of numbers up to `_MOST_STEPS`: off by less than a millionth, two milliseconds in half an hour.
Below nine tenths of the lower rate's half nothing is lost; what lies above that half is at least 70 dB down (window: J. Kaiser & R. Schafer,
"On the use of the I0-sinh window for spectrum analysis", IEEE Trans. ASSP 28, 1980).
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import checkpoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["resample"]

_MOST_STEPS = 1000
_ZERO_CROSSINGS = 40
"""Of the sinc, on each side, at the lower rate."""
_KAISER_BETA = 7.0
_PASS = 0.945
"""The middle of the transition band, as part of the lower rate's half."""
_BLOCK_ROWS = 512
"""Blocks that are worked at a time: bounds memory."""
_LEAST_OUTPUTS = 64
"""Of a block, so that the matrix is worth a product."""


def resample(samples: NDArray[np.float32], from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """The same sound at another rate: shape (..., ceil(frames * to / from)); what is not there counts as silence.

    Args:
        samples: shape (frames,) or (channels, frames), finite.
        from_hz: rate that it has, above 0.
        to_hz: rate that is wanted, above 0.
    """
    if samples.ndim > 1:
        return np.stack([resample(channel, from_hz, to_hz) for channel in samples])
    ratio = Fraction(to_hz, from_hz)
    if ratio == 1 or not len(samples):
        return samples.astype(np.float32)
    ratio = ratio.limit_denominator(_MOST_STEPS) if ratio < 1 else 1 / (1 / ratio).limit_denominator(_MOST_STEPS)
    inputs, outputs, half, matrix = _block(ratio)
    wanted = -(-len(samples) * to_hz // from_hz)
    blocks = -(-wanted // outputs)
    result = np.empty(blocks * outputs, np.float32)
    span = len(matrix)
    for first in range(0, blocks, _BLOCK_ROWS):
        checkpoint()
        rows = min(_BLOCK_ROWS, blocks - first)
        begin = first * inputs - half
        stop = begin + (rows - 1) * inputs + span
        piece = np.zeros(stop - begin, np.float32)
        inside = samples[max(begin, 0) : max(stop, 0)]
        piece[max(-begin, 0) : max(-begin, 0) + len(inside)] = inside
        windows = np.lib.stride_tricks.sliding_window_view(piece, span)[::inputs]
        result[first * outputs : (first + rows) * outputs] = (windows @ matrix).ravel()
    return result[:wanted]


@lru_cache(maxsize=4)
def _block(ratio: Fraction) -> tuple[int, int, int, NDArray[np.float32]]:
    """How many samples a block takes and gives, how many it sees before its first, and the matrix (seen, given)."""
    outputs, inputs = ratio.numerator, ratio.denominator
    times = max(1, -(-_LEAST_OUTPUTS // outputs))
    outputs, inputs = outputs * times, inputs * times
    cutoff = _PASS * min(1.0, float(ratio))  # in halves of the rate that the sound has
    half = int(np.ceil(_ZERO_CROSSINGS / min(1.0, float(ratio)))) + 1
    places = np.arange(outputs) / float(ratio)
    offsets = np.arange(inputs + 2 * half)[:, None] - half - places
    reach = _ZERO_CROSSINGS / min(1.0, float(ratio))
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (offsets / reach) ** 2, 0, None))) / np.i0(_KAISER_BETA)
    window[np.abs(offsets) >= reach] = 0
    taps = cutoff * np.sinc(cutoff * offsets) * window
    taps /= taps.sum(0)
    return inputs, outputs, half, taps.astype(np.float32)

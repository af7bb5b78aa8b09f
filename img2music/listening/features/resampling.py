"""Sound at another sample rate: a polyphase filter with a windowed sinc, worked as one matrix a block.

Conventions: samples are float32, one channel, shape (frames,), or several, shape (channels, frames). For rates without a small ratio (44 101 and
22 050 Hz) each point is taken where a table of `_PHASES` places between two samples comes nearest, which is 60 dB below the sound.
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
"""Of a ratio's numerator and denominator, for the matrix to be small."""
_PHASES = 1024
_ZERO_CROSSINGS = 40
"""Of the sinc, on each side, at the lower rate."""
_KAISER_BETA = 7.0
_PASS = 0.945
"""The middle of the transition band, as part of the lower rate's half."""
_BLOCK_ROWS = 512
"""Blocks that are worked at a time: bounds memory."""
_BLOCK_POINTS = 1 << 14
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
    if max(ratio.numerator, ratio.denominator) > _MOST_STEPS:
        return _by_table(samples, ratio)
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


def _by_table(samples: NDArray[np.float32], ratio: Fraction) -> NDArray[np.float32]:
    """The same for any ratio, point by point."""
    slower = min(1.0, float(ratio))
    half = int(np.ceil(_ZERO_CROSSINGS / slower)) + 1
    table = _taps(np.arange(-half, half + 1)[:, None] - np.arange(_PHASES + 1) / _PHASES, slower).T
    padded = np.pad(samples.astype(np.float32), (half, half + 1))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    wanted = -(-len(samples) * ratio.numerator // ratio.denominator)
    result = np.empty(wanted, np.float32)
    for first in range(0, wanted, _BLOCK_POINTS):
        checkpoint()
        points = np.arange(first, min(first + _BLOCK_POINTS, wanted), dtype=np.int64) * ratio.denominator
        whole, rest = np.divmod(points, ratio.numerator)
        phases = np.rint(rest * (_PHASES / ratio.numerator)).astype(int)
        result[first : first + len(points)] = np.einsum("ij,ij->i", windows[whole], table[phases])
    return result


@lru_cache(maxsize=4)
def _block(ratio: Fraction) -> tuple[int, int, int, NDArray[np.float32]]:
    """How many samples a block takes and gives, how many it sees before its first, and the matrix (seen, given)."""
    outputs, inputs = ratio.numerator, ratio.denominator
    times = max(1, -(-_LEAST_OUTPUTS // outputs))
    outputs, inputs = outputs * times, inputs * times
    half = int(np.ceil(_ZERO_CROSSINGS / min(1.0, float(ratio)))) + 1
    places = np.arange(outputs) / float(ratio)
    offsets = np.arange(inputs + 2 * half)[:, None] - half - places
    return inputs, outputs, half, _taps(offsets, min(1.0, float(ratio)))


def _taps(offsets: NDArray[np.float64], slower: float) -> NDArray[np.float32]:
    """What samples count for points so far before them, one point a column; `slower` is the lower rate as part of the sound's own."""
    cutoff = _PASS * slower  # in halves of the rate that the sound has
    reach = _ZERO_CROSSINGS / slower
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (offsets / reach) ** 2, 0, None)))
    window[np.abs(offsets) >= reach] = 0
    taps = np.sinc(cutoff * offsets) * window
    scaled: NDArray[np.float32] = (taps / taps.sum(0)).astype(np.float32)
    return scaled

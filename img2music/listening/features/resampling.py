"""Other sample rates: a windowed sinc, evaluated at the phases that occur.

Between two rates with a common divisor the same phases come back, so whole blocks of frames are one product with a matrix that holds the filter at
every phase; of rates without one it is read between the entries of a table, 100 dB below the sound. The filter has 64 zero crossings
on either side under a Kaiser window: its stop band lies below -90 dB, and it keeps what is below 0.92 of the lower rate's half. Base
installations have numpy only; scipy's `resample_poly` is what the tests compare with.

Conventions: sound is float32, (channels, frames) or (frames,); no delay: frame 0 stays at time 0; what is not there counts as silence.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import checkpoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["resample", "resample_samples"]

_CROSSINGS = 64
_KAISER = 9.5
_CUTOFF = 0.96
"""Of the lower rate's half: there the filter is 6 dB down."""
_MOST_PHASES = 4096
"""Frames of either rate in a block; of rates that need more the filter is read from a table."""
_LEAST_BLOCK = 128
_TABLE_PHASES = 1024
"""Of the table, between two frames of the old rate; a line between neighbours misses the filter by less than 1e-5."""
_GATHER = 1 << 20
"""Values that are held at a time."""


def resample(audio: Audio, sample_rate: int) -> Audio:
    """The sound at another sample rate, ``ceil(frames * new rate / old rate)`` frames; the same object at its own rate.

    Raises:
        ValueError: a sample rate that is not above 0.
    """
    if sample_rate == audio.sample_rate:
        return audio
    return Audio(resample_samples(audio.samples, audio.sample_rate, sample_rate), sample_rate)


def resample_samples(samples: NDArray[np.float32], from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """The same of samples alone: shape (..., ceil(frames * to / from)); the same array at its own rate.

    Args:
        samples: shape (frames,) or (channels, frames), finite.
        from_hz: the rate that it has.
        to_hz: the rate that is wanted.

    Raises:
        ValueError: a sample rate that is not above 0.
    """
    if to_hz < 1 or from_hz < 1:
        raise ValueError(f"from {from_hz} to {to_hz} Hz; sample rates are above 0")
    if to_hz == from_hz:
        return samples
    ratio = Fraction(to_hz, from_hz)
    frames = -(-samples.shape[-1] * ratio.numerator // ratio.denominator)
    channels = samples[None] if samples.ndim == 1 else samples
    result = np.zeros((len(channels), frames), np.float32)
    if frames:
        if max(ratio.numerator, ratio.denominator) <= _MOST_PHASES:
            _by_blocks(channels, result, ratio)
        else:
            _by_table(channels, result, ratio)
    return result.reshape(*samples.shape[:-1], frames)


def _reach(ratio: Fraction) -> int:
    """Frames of the old rate on either side that a frame of the new one is made of."""
    return int(np.ceil(_CROSSINGS / min(1.0, float(ratio)))) + 1


def _kernel(offsets: NDArray[np.float64], ratio: Fraction) -> NDArray[np.float64]:
    """The filter at distances in frames of the old rate; over all frames around a place it adds up to 1."""
    lower = min(1.0, float(ratio))
    inside = np.clip(1 - (offsets * lower / _CROSSINGS) ** 2, 0, 1)
    window = np.where(inside > 0, np.i0(_KAISER * np.sqrt(inside)), 0.0)
    values = np.sinc(offsets * lower * _CUTOFF) * window
    normal: NDArray[np.float64] = values / values.sum(axis=-1, keepdims=True)
    return normal


def _by_blocks(samples: NDArray[np.float32], result: NDArray[np.float32], ratio: Fraction) -> None:
    periods = -(-_LEAST_BLOCK // max(ratio.numerator, ratio.denominator))
    new, old = periods * ratio.numerator, periods * ratio.denominator
    reach = _reach(ratio)
    span = old + 2 * reach
    places = np.arange(new) * float(1 / ratio)
    matrix = np.zeros((span, new), np.float32)
    around = np.arange(-reach, reach + 1)
    for column, place in enumerate(places):
        middle = int(place)
        # Row 0 is the frame `reach` before the block's first.
        matrix[middle : middle + len(around), column] = _kernel(around - (place - middle), ratio)
    blocks = -(-result.shape[1] // new)
    rows = max(1, _GATHER // span)
    for channel, target in zip(samples, result, strict=True):
        padded = np.zeros((blocks - 1) * old + span, np.float32)
        held = channel[: len(padded) - reach]
        padded[reach : reach + len(held)] = held
        views = np.lib.stride_tricks.sliding_window_view(padded, span)[::old]
        for row in range(0, blocks, rows):
            checkpoint()
            made = (views[row : row + rows] @ matrix).reshape(-1)
            part = target[row * new : row * new + len(made)]
            part[:] = made[: len(part)]


def _by_table(samples: NDArray[np.float32], result: NDArray[np.float32], ratio: Fraction) -> None:
    reach = _reach(ratio)
    around = np.arange(-reach, reach + 1)
    table = _kernel(around - np.arange(_TABLE_PHASES + 1)[:, None] / _TABLE_PHASES, ratio).astype(np.float32)
    slopes = np.diff(table, axis=0)
    rows = max(1, _GATHER // len(around))
    for channel, target in zip(samples, result, strict=True):
        views = np.lib.stride_tricks.sliding_window_view(np.pad(channel, (reach, reach + 1)), len(around))
        for start in range(0, len(target), rows):
            checkpoint()
            numbers = np.arange(start, min(start + rows, len(target)))
            middles, parts = np.divmod(numbers * ratio.denominator, ratio.numerator)
            phases, between = np.divmod(parts * _TABLE_PHASES, ratio.numerator)
            weights = table[phases] + slopes[phases] * (between / ratio.numerator).astype(np.float32)[:, None]
            target[start : start + len(numbers)] = np.einsum("fk,fk->f", views[middles], weights)

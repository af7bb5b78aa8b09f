"""True peaks: how high the sound rises between its samples, as a converter will play it (ITU-R BS.1770-4, annex 2).

Conventions: sound is float32 (channels, frames); peaks are linear, full scale at 1, given for segments of `SEGMENT` frames
(about a millisecond). The sound is oversampled four times with a windowed sinc; what still hides between those points
is below 0.1 dB for sound below a fifth of the sample rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import checkpoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SEGMENT", "true_peaks"]

SEGMENT = 48
_TAPS, _PHASES = 24, 4
_BEND = 0.42
"""Sum of the weights with which the sinc's points depend on second differences, for the taps above; 0.403, rounded up."""
_GATHER = 1024
"""How many segments are oversampled at a time: bounds memory."""


def _interpolator() -> NDArray[np.float32]:
    """The points 1/4, 1/2 and 3/4 of the way after each sample, as one matrix: (SEGMENT + _TAPS, 3 * (SEGMENT + 1)).

    Its rows are a segment's samples with half the taps on both sides; its points begin before the first sample and end
    after the last, so a peak on a border counts for both sides.
    """
    offsets = np.arange(_TAPS)[:, None] - (_TAPS // 2 - 1) - np.arange(1, _PHASES) / _PHASES
    window = np.i0(7.0 * np.sqrt(np.clip(1 - (offsets / (_TAPS / 2)) ** 2, 0, 1)))
    taps = np.sinc(offsets) * window
    taps /= taps.sum(0)
    matrix = np.zeros((SEGMENT + _TAPS, SEGMENT + 1, _PHASES - 1), np.float32)
    for point in range(SEGMENT + 1):
        matrix[point : point + _TAPS, point] = taps
    return matrix.reshape(SEGMENT + _TAPS, -1)


def true_peaks(samples: NDArray[np.float32], floor: float = 0.0) -> NDArray[np.float32]:
    """The largest true peak of any channel in each segment, shape (ceil(frames / SEGMENT),).

    Where the true peak surely lies below `floor`, the largest sample is given instead: it costs no oversampling.
    """
    frames = samples.shape[1]
    if not frames:
        return np.zeros(0, np.float32)
    peaks, bends = _peaks_and_bends(samples)
    # A point between two samples lies near the straight line between them: off it by at most _BEND times the sharpest bend
    # around. That rules out nearly everything that is not loud already.
    highest = _with_neighbours(peaks) + _BEND * _with_neighbours(bends)
    loud = np.flatnonzero((highest >= floor) & (highest > 0))
    matrix = _interpolator()
    offsets = np.arange(-(_TAPS // 2), SEGMENT + _TAPS // 2)
    for start in range(0, len(loud), _GATHER):
        checkpoint()
        chosen = loud[start : start + _GATHER]
        places = chosen[:, None] * SEGMENT + offsets
        inside = (places >= 0) & (places < frames)
        np.clip(places, 0, frames - 1, out=places)
        for channel in samples:
            between = (channel[places] * inside) @ matrix
            peaks[chosen] = np.maximum(peaks[chosen], np.maximum(between.max(1), -between.min(1)))
    return peaks


def _peaks_and_bends(samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The largest sample and the largest second difference in each segment, silence before and after the sound."""
    frames = samples.shape[1]
    count = -(-frames // SEGMENT)
    peaks, bends = np.zeros(count, np.float32), np.zeros(count, np.float32)
    size = SEGMENT * _GATHER
    for channel in samples:
        for start in range(0, frames, size):
            checkpoint()
            stop = min(start + size, frames)
            rows = slice(start // SEGMENT, -(-stop // SEGMENT))
            piece = np.zeros((rows.stop - rows.start) * SEGMENT + 2, np.float32)
            begin = max(start - 1, 0)
            following = channel[begin : stop + 1]
            piece[begin - start + 1 : begin - start + 1 + len(following)] = following
            steps = np.diff(piece)
            for result, values in ((peaks, piece[1:-1]), (bends, np.diff(steps))):
                blocks = values.reshape(-1, SEGMENT)
                np.maximum(result[rows], np.maximum(blocks.max(1), -blocks.min(1)), out=result[rows])
    return peaks, bends


def _with_neighbours(values: NDArray[np.float32]) -> NDArray[np.float32]:
    around: NDArray[np.float32] = np.maximum(values, np.maximum(np.append(values[1:], 0), np.append(0, values[:-1])))
    return around

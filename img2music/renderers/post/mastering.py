"""Mastering: the mix at its target loudness, its true peaks under a ceiling.

Conventions: sound is float32 (channels, frames), full scale at 1; levels in LUFS, dBTP and dB.

One gain for the whole piece and a look-ahead limiter for its peaks. The limiter works in decibels on segments of a
millisecond: what each segment needs, held back with a straight release and led in with a steep attack (both are running
maxima of a tilted curve, so no loop over time), then smoothed. Because it sees ahead, the ceiling holds exactly at the
points of `true_peaks`. Limiting costs loudness; the gain that makes up for it is searched on the same millisecond grid
with the K-weighted energy measured once, so the sound itself is filtered once and multiplied once.

Material that would need more than `MAX_GAIN_DB` or more than `MAX_LIMITING_DB` on its highest peak stays softer than the
target: a few loud clicks do not become a wall. Silence stays silence.

Of a loop the limiter's gain goes round: at the end it is what it is at the beginning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import checkpoint
from img2music.listening.loudness import STEPS_PER_SECOND, integrated_loudness, k_weighted_energy
from img2music.listening.true_peak import SEGMENT, true_peaks
from img2music.renderers.post.loop_seam import extend_around

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["MAX_GAIN_DB", "MAX_LIMITING_DB", "master"]

MAX_GAIN_DB = 36.0
MAX_LIMITING_DB = 8.0
_MARGIN_DB = 0.1
"""Kept below the ceiling for what four-times oversampling, rounding to 16 bits and other meters may add."""
_ATTACK_DB = 1.5
_RELEASE_DB = 0.03
"""How far the limiter moves in a segment."""
_MAKE_UPS_DB = (2.0, MAX_LIMITING_DB)
"""How much loudness the limiter may cost: tried first, and where that was not enough."""
_TRIES = 12
_WORTH_IT = 0.2
"""Loudness that a decibel of gain must bring."""
_SMOOTH = np.hanning(7)[1:-1] / np.hanning(7)[1:-1].sum()
_TOLERANCE_LU = 0.02
_BLOCK = SEGMENT * 4096
_REACH = 2 * round(MAX_LIMITING_DB / _RELEASE_DB)
"""Segments after which the limiter has forgotten everything, twice over."""


def master(
    samples: NDArray[np.float32],
    sample_rate: int,
    loudness_lufs: float = -14.0,
    peak_dbtp: float = -1.0,
    *,
    goes_round: bool = False,
) -> None:
    """Bring `samples`, shape (1 or 2, frames), to a loudness and under a true-peak ceiling, in place.

    With `goes_round` the end is followed by the beginning, not by silence.
    """
    energy = k_weighted_energy(samples, sample_rate)
    loudness = integrated_loudness(energy)
    if loudness is None:
        return
    ceiling_db = peak_dbtp - _MARGIN_DB
    wanted_db = round(loudness_lufs - loudness, 3)
    gain_db, reduction_db = 0.0, np.zeros(0)
    for make_up_db in _MAKE_UPS_DB:
        # Only peaks that could reach the ceiling under the largest gain tried here matter: the rest costs no oversampling.
        tried_db = min(wanted_db + make_up_db, MAX_GAIN_DB)
        floor = float(10 ** ((ceiling_db - tried_db) / 20))
        peaks_db = _to_db(_peaks_around(samples, floor) if goes_round else true_peaks(samples, floor))
        loudest_db = min(tried_db, ceiling_db + MAX_LIMITING_DB - float(peaks_db.max()))
        gain_db, reduction_db = _search(
            energy,
            sample_rate,
            peaks_db - ceiling_db,
            loudness_lufs,
            min(wanted_db, loudest_db),
            loudest_db,
            _limit_around if goes_round else _limit,
        )
        if gain_db < tried_db or tried_db == MAX_GAIN_DB:
            break
    _apply(samples, gain_db, reduction_db, goes_round=goes_round)


def _search(
    energy: NDArray[np.float64],
    sample_rate: int,
    peaks_over_db: NDArray[np.float64],
    loudness_lufs: float,
    gain_db: float,
    loudest_db: float,
    limit: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> tuple[float, NDArray[np.float64]]:
    """The gain, at most `loudest_db`, at which the limited sound is as loud as wanted, and the limiter's reduction then.

    The search stops early where more gain only brings more limiting.
    """
    before = step_db = 0.0
    for attempt in range(_TRIES):
        checkpoint()
        reduction_db = limit(peaks_over_db + gain_db)
        measured = integrated_loudness(energy * _per_step(gain_db, reduction_db, len(energy), sample_rate))
        if measured is None:
            break
        if attempt and step_db > 0 and measured - before < _WORTH_IT * step_db:
            gain_db -= step_db
            break
        before, step_db = measured, round(min(loudness_lufs - measured, loudest_db - gain_db), 3)
        if abs(step_db) < _TOLERANCE_LU:
            break
        gain_db += step_db
    return gain_db, limit(peaks_over_db + gain_db)


def _to_db(linear: NDArray[np.float32]) -> NDArray[np.float64]:
    """In decibels, rounded up to a thousandth: far below hearing, far above what processors round differently."""
    levels: NDArray[np.float64] = np.ceil(20_000 * np.log10(np.maximum(linear.astype(np.float64), 1e-10))) / 1000
    return levels


def _limit(over_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many dB to take away at every border between segments, shape (segments + 1,), given how far each is over."""
    need = np.maximum(over_db, 0.0)
    if not need.any():
        return np.zeros(len(need) + 1)
    need = _widen(need, len(_SMOOTH) // 2)
    tilt = np.arange(len(need))
    held = np.maximum.accumulate(need + _RELEASE_DB * tilt) - _RELEASE_DB * tilt
    led = (np.maximum.accumulate((held - _ATTACK_DB * tilt)[::-1])[::-1]) + _ATTACK_DB * tilt
    padded = np.pad(np.maximum(led, 0.0), len(_SMOOTH) // 2, mode="edge")
    smooth = np.convolve(padded, _SMOOTH, mode="valid")
    # Between two borders the gain runs straight: with the larger reduction at each, no point falls short.
    borders: NDArray[np.float64] = np.maximum(np.append(smooth, smooth[-1]), np.insert(smooth, 0, smooth[0]))
    return borders


def _limit_around(over_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same for a loop: the reduction at its end is that at its beginning."""
    count = len(over_db)
    reduction_db = _limit(over_db[np.arange(-_REACH, count + _REACH) % count])[_REACH : _REACH + count + 1]
    reduction_db[-1] = reduction_db[0]
    return reduction_db


def _peaks_around(samples: NDArray[np.float32], floor: float) -> NDArray[np.float32]:
    """`true_peaks` of a loop, whose last segment may be a short one."""
    return true_peaks(extend_around(samples, SEGMENT), floor)[1 : 1 + -(-samples.shape[1] // SEGMENT)]


def _widen(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Running maximum over `reach` values on both sides."""
    padded = np.pad(values, reach, mode="edge")
    widened: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(1)
    return widened


def _per_step(gain_db: float, reduction_db: NDArray[np.float64], steps: int, sample_rate: int) -> NDArray[np.float64]:
    """Mean power gain in each of loudness's steps, shape (steps,)."""
    power = 10 ** ((gain_db - (reduction_db[:-1] + reduction_db[1:]) / 2) / 10)
    running = np.concatenate([[0.0], np.cumsum(power)])
    edges = np.minimum(np.arange(steps + 1) * (sample_rate / STEPS_PER_SECOND / SEGMENT), len(power))
    means: NDArray[np.float64] = np.diff(np.interp(edges, np.arange(len(running)), running)) / np.maximum(np.diff(edges), 1e-9)
    return means


def _apply(samples: NDArray[np.float32], gain_db: float, reduction_db: NDArray[np.float64], *, goes_round: bool) -> None:
    frames = samples.shape[1]
    gains = (10 ** ((gain_db - reduction_db) / 20)).astype(np.float32)
    if goes_round and frames % SEGMENT:  # the last segment is short: its ramp has to arrive earlier
        gains[-1] = gains[-2] + (gains[0] - gains[-2]) * np.float32(SEGMENT / (frames % SEGMENT))
    steady = np.float32(10 ** (gain_db / 20))
    ramp = np.arange(SEGMENT, dtype=np.float32) / SEGMENT
    for start in range(0, frames, _BLOCK):
        checkpoint()
        stop = min(start + _BLOCK, frames)
        nodes = gains[start // SEGMENT : -(-stop // SEGMENT) + 1]
        if (nodes == steady).all():
            samples[:, start:stop] *= steady
        else:
            curve = nodes[:-1, None] + (nodes[1:] - nodes[:-1])[:, None] * ramp
            samples[:, start:stop] *= curve.reshape(-1)[: stop - start]

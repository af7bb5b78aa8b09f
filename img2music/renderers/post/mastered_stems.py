"""Stems as loud as they are in the mix: what a mixer plays, so that all of them together are the master.

A renderer's stems are not mastered; the master is their sum under one gain and a limiter, that is, under a gain that changes in time.
That gain is read back from the two, and every stem is put under it: then the sum is the mix, a part that is muted takes exactly itself away,
and a part alone is what it is in the mix. Where the mix is something else than such a sum (a neural renderer), the stems get the one gain
that brings their sum nearest to it.

Conventions: sound is float32 (channels, frames) of one length and sample rate; gains in dB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import checkpoint
from img2music.listening.true_peak import SEGMENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["mastered_stems", "stem_gain_db"]

_QUIET = 1e-9
"""Part of the loudest segment's energy below which a ratio would be one of rounding errors: the gain is then taken from the neighbours."""
_FAITHFUL = 10 ** (-40 / 10)
"""Part of the mix's energy that the sum under the gain may miss and still be taken for it."""


def mastered_stems(mix: Audio, stems: Mapping[str, Audio]) -> dict[str, Audio]:
    """The stems under the mastering's gain; silence stays as it is.

    Raises:
        ValueError: a stem of another length or sample rate than the mix.
    """
    if not stems:
        return {}
    total = _sum(mix, stems)
    energy = float(np.square(total, dtype=np.float64).sum())
    if not energy or not mix.peak:
        return dict(stems)
    gain = _gain(mix.samples, total)
    missed = mix.samples - total * gain
    if np.square(missed, dtype=np.float64).sum() > _FAITHFUL * np.square(mix.samples, dtype=np.float64).sum():
        gain = np.full(total.shape[1], 10 ** (stem_gain_db(mix, stems) / 20), np.float32)
    mastered = {}
    for name, stem in stems.items():
        checkpoint()
        mastered[name] = Audio(stem.samples * gain, stem.sample_rate)
    return mastered


def stem_gain_db(mix: Audio, stems: Mapping[str, Audio]) -> float:
    """The one gain that brings the sum of the stems nearest to the mix; 0 for silence.

    The limiter makes single moments up to some 4 dB softer than that.
    """
    total = _sum(mix, stems)
    both = float(np.einsum("cf,cf", mix.samples, total, dtype=np.float64))
    alone = float(np.einsum("cf,cf", total, total, dtype=np.float64))
    return 20 * float(np.log10(both / alone)) if both > 0 and alone > 0 else 0.0


def _sum(mix: Audio, stems: Mapping[str, Audio]) -> NDArray[np.float32]:
    total = np.zeros_like(mix.samples)
    for name, stem in stems.items():
        if stem.samples.shape != mix.samples.shape or stem.sample_rate != mix.sample_rate:
            raise ValueError(f"the stem {name!r} is no part of this mix: it has another length or sample rate")
        total += stem.samples
    return total


def _gain(mix: NDArray[np.float32], total: NDArray[np.float32]) -> NDArray[np.float32]:
    """The gain of every frame: least squares in each segment of a millisecond, straight lines between their middles."""
    frames = mix.shape[1]
    borders = np.arange(0, frames, SEGMENT)
    both = np.add.reduceat((mix * total).sum(axis=0, dtype=np.float64), borders)
    alone = np.add.reduceat(np.square(total).sum(axis=0, dtype=np.float64), borders)
    heard = alone > _QUIET * alone.max()
    middles = borders + np.minimum(SEGMENT, frames - borders) / 2 - 0.5
    ratios = both[heard] / alone[heard]
    gain: NDArray[np.float32] = np.interp(np.arange(frames), middles[heard], ratios).astype(np.float32)
    return gain

"""How much later one sound is than another of the same music: where their onsets and their chroma agree best.

Conventions: a lag is in seconds, above 0 where the sound is later than the reference. Onset curves tell it to about a millisecond (a parabola
through the best of three frames of 6.7 ms), chroma tells the right onset from its neighbours. Timbres with a slow attack are heard late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import checkpoint
from img2music.listening.features import chroma as chroma_module
from img2music.listening.features.chroma import chroma_of, unit_rows
from img2music.listening.features.onset_curves import FRAMES_A_SECOND, onset_curves
from img2music.listening.features.spectra import listen_to
from img2music.listening.features.tempogram import sharpened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float32]

__all__ = ["MOST_SECONDS", "align", "best_lag", "measure_lag"]

MOST_SECONDS = 5.0
"""Lags beyond are not looked for."""
_LEAST_STANDING_OUT = 2.5
"""How many standard deviations over the mean of all lags the best one has to be."""
_LEAST_ALIKE, _LEAST_ALIKE_ONSETS = 0.2, 0.3
"""Least mean correlation of onsets and chroma, and of onsets where nothing has a pitch. Forty pieces with their own scores reach 0.42 and more,
with those of others 0.15."""
_ATTACK_FRAMES = 2.0


def measure_lag(audio: Audio, reference: Audio) -> float | None:
    """How many seconds later `audio` is than `reference`; None where no lag fits better than others (silence, other music).

    Args:
        audio: any sound.
        reference: the same music, from -5 to 5 seconds earlier; rates and timbres may differ.
    """
    sounds = listen_to(audio), listen_to(reference)
    curves = [sharpened(onset_curves(sound).all) for sound in sounds]
    chromas = [unit_rows(chroma_of(sound).all) for sound in sounds]
    return best_lag(curves[0], curves[1], chromas[0], chromas[1])


def best_lag(curve: Numbers, reference: Numbers, chroma: Numbers | None, reference_chroma: Numbers | None) -> float | None:
    """The same for sharpened onset curves and unit chroma, which may be None."""
    if not (len(curve) and len(reference) and curve.max() > 0 and reference.max() > 0):
        return None
    most = round(min(MOST_SECONDS, len(curve) / FRAMES_A_SECOND, len(reference) / FRAMES_A_SECOND) * FRAMES_A_SECOND)
    least = _LEAST_ALIKE_ONSETS
    onsets = _correlation(_softened(curve)[:, None], _softened(reference)[:, None], most)
    total = onsets.copy()
    if chroma is not None and reference_chroma is not None and chroma.any() and reference_chroma.any():
        steps = FRAMES_A_SECOND // chroma_module.FRAMES_A_SECOND
        reach = -(-most // steps) + 1
        coarse = _correlation(_centred(chroma), _centred(reference_chroma), reach)
        total = (total + np.interp(np.arange(-most, most + 1) / steps, np.arange(-reach, reach + 1), coarse)) / 2
        least = _LEAST_ALIKE
    best = int(total.argmax())
    if total[best] < least or onsets[best] <= 0 or total[best] - total.mean() < _LEAST_STANDING_OUT * total.std():
        return None
    shift = 0.0
    if 0 < best < len(total) - 1:
        left, middle, right = onsets[best - 1 : best + 2]
        bend = left - 2 * middle + right
        shift = float(np.clip(0.5 * (left - right) / bend, -1, 1)) if bend < 0 else 0.0
    return (best - most + shift) / FRAMES_A_SECOND


def align(audio: Audio, lag_seconds: float, frames: int) -> Audio:
    """The sound `lag_seconds` earlier (later where the lag is below 0), cut or filled with silence to `frames` frames."""
    offset = round(lag_seconds * audio.sample_rate)
    samples = np.zeros((audio.samples.shape[0], frames), np.float32)
    piece = audio.samples[:, max(offset, 0) : max(offset + frames, 0)]
    begin = min(max(-offset, 0), frames)
    piece = piece[:, : frames - begin]
    samples[:, begin : begin + piece.shape[1]] = piece
    return Audio(samples, audio.sample_rate)


def _softened(curve: Numbers) -> Numbers:
    """With attacks some frames wide, so that two that are nearly at the same time agree."""
    reach = int(4 * _ATTACK_FRAMES)
    bell = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / _ATTACK_FRAMES))
    soft = np.convolve(curve, bell / bell.sum(), "same") if len(curve) > len(bell) else curve
    centred: Numbers = (soft - soft.mean()).astype(np.float32)
    return centred


def _centred(chroma: Numbers) -> Numbers:
    sounds = chroma.max(1) > 0
    centred: Numbers = np.where(sounds[:, None], chroma - chroma[sounds].mean(0), 0)
    return centred


def _correlation(values: Numbers, reference: Numbers, most: int) -> NDArray[np.float64]:
    """Normalised correlation at each lag from -most to most, over what overlaps; summed over columns."""
    size = 1 << int(np.ceil(np.log2(len(values) + len(reference) + 1)))
    product = np.zeros(size // 2 + 1, np.complex128)
    for column in range(values.shape[1]):
        checkpoint()
        product += np.fft.rfft(values[:, column], size) * np.fft.rfft(reference[:, column], size).conj()
    found = np.fft.irfft(product, size)
    lags = np.arange(-most, most + 1)
    norm = float(np.sqrt(np.square(values, dtype=np.float64).sum() * np.square(reference, dtype=np.float64).sum()))
    overlap = np.minimum(len(values) - lags, len(reference)) - np.maximum(-lags, 0)
    share = np.maximum(overlap, 1) / min(len(values), len(reference))
    correlation: NDArray[np.float64] = found[lags] / max(norm, 1e-12) / np.clip(share, 0.25, None)
    return correlation

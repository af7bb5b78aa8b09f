"""How much later one sound is than another of the same music: where the same pitches begin to sound in both.

What begins is compared pitch by pitch, the correlations of all bands together, so that the lag of another beat, where other notes begin, does not
stand as high. A lag is told only where that sum is high (attacks of another kind lower and blur it), where no lag elsewhere comes near it
(music that repeats itself) and where eight ranges of pitch, each alone, agree about it. Of 32 pieces with the instruments exchanged
(struck ones, or slow strings and pads), on which the constants were chosen, 41 of 64 lags were told, 40 of them within 10 ms, the worst 17 ms off;
timbres with a slow attack are heard late.

Conventions: a lag is in seconds, above 0 where the sound is later than the reference; it is read from a parabola through the best of three frames of
6.7 ms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import checkpoint
from img2music.listening.features import chroma as chroma_module
from img2music.listening.features.onset_curves import FRAMES_A_SECOND, pitch_onsets
from img2music.listening.features.spectra import listen_to

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
_LEAST_ALIKE_PITCHES = 0.15
"""Least correlation of what begins in all bands. Other music reaches 0.07, the same by other instruments 0.3 to 0.7."""
_SHARP_FRAMES = 1.0
_APART_SECONDS, _MOST_OF_SECOND = 0.04, 0.9
"""How high the best lag may be elsewhere, as part of the best."""
_RANGES, _NEAR_FRAMES, _LEAST_AGREEMENT_SECONDS = 8, 6, 0.0055
"""Ranges of pitch, how far from the common lag the lag of each is looked for, and how far they may be spread about their mean."""


def measure_lag(audio: Audio, reference: Audio) -> float | None:
    """How many seconds later `audio` is than `reference`; None where no lag can be trusted (silence, other music, blurred attacks, loops).

    Args:
        audio: any sound.
        reference: the same music, from -5 to 5 seconds earlier; rates and timbres may differ.
    """
    begun = [pitch_onsets(listen_to(sound)) for sound in (audio, reference)]
    if min(map(len, begun)) < FRAMES_A_SECOND or not all(curves.max() > 0 for curves in begun):
        return None
    curves, others = (_softened(curves, _SHARP_FRAMES) for curves in begun)
    most = round(min(MOST_SECONDS, len(curves) / FRAMES_A_SECOND, len(others) / FRAMES_A_SECOND) * FRAMES_A_SECOND)
    total = _correlation(curves, others, most)
    best = int(total.argmax())
    apart = np.abs(np.arange(len(total)) - best) > _APART_SECONDS * FRAMES_A_SECOND
    if total[best] < max(_LEAST_ALIKE_PITCHES, total[apart].max() / _MOST_OF_SECOND):
        return None
    return (
        None
        if _spread_of_ranges(curves, others, best - most) > _LEAST_AGREEMENT_SECONDS
        else _peak(total, best) - most / FRAMES_A_SECOND
    )


def _spread_of_ranges(curves: Numbers, others: Numbers, lag_frames: int) -> float:
    """How far from each other ranges of pitch put the lag near the common one: the standard deviation in seconds, by how alike they are."""
    places, weights = [], []
    most = abs(lag_frames) + _NEAR_FRAMES
    for values, reference in zip(np.array_split(curves, _RANGES, 1), np.array_split(others, _RANGES, 1), strict=True):
        power = float(np.sqrt(np.square(values).sum() * np.square(reference).sum()))
        near = _correlation(values, reference, most)[most + lag_frames - _NEAR_FRAMES : most + lag_frames + _NEAR_FRAMES + 1]
        best = int(near.argmax())
        places.append(_peak(near, best))
        weights.append(max(float(near[best]), 0.0) * power)
    mean = np.average(places, weights=weights)
    return float(np.sqrt(np.average(np.square(np.array(places) - mean), weights=weights)))


def best_lag(curve: Numbers, reference: Numbers, chroma: Numbers | None, reference_chroma: Numbers | None) -> float | None:
    """The lag of one sharpened onset curve to another, as of a score, with unit chroma beside them, which may be None."""
    if not (len(curve) and len(reference) and curve.max() > 0 and reference.max() > 0):
        return None
    most = round(min(MOST_SECONDS, len(curve) / FRAMES_A_SECOND, len(reference) / FRAMES_A_SECOND) * FRAMES_A_SECOND)
    least = _LEAST_ALIKE_ONSETS
    onsets = _correlation(_softened(curve[:, None], _ATTACK_FRAMES), _softened(reference[:, None], _ATTACK_FRAMES), most)
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
    return _peak(onsets, best) - most / FRAMES_A_SECOND


def align(audio: Audio, lag_seconds: float, frames: int) -> Audio:
    """The sound `lag_seconds` earlier (later where the lag is below 0), cut or filled with silence to `frames` frames."""
    offset = round(lag_seconds * audio.sample_rate)
    samples = np.zeros((audio.samples.shape[0], frames), np.float32)
    piece = audio.samples[:, max(offset, 0) : max(offset + frames, 0)]
    begin = min(max(-offset, 0), frames)
    piece = piece[:, : frames - begin]
    samples[:, begin : begin + piece.shape[1]] = piece
    return Audio(samples, audio.sample_rate)


def _peak(values: NDArray[np.float64], best: int) -> float:
    """Where a parabola through a highest value and its neighbours is highest, in seconds."""
    shift = 0.0
    if 0 < best < len(values) - 1:
        left, middle, right = values[best - 1 : best + 2]
        bend = left - 2 * middle + right
        shift = float(np.clip(0.5 * (left - right) / bend, -1, 1)) if bend < 0 else 0.0
    return (best + shift) / FRAMES_A_SECOND


def _softened(curves: Numbers, frames: float) -> Numbers:
    """Each column with attacks some frames wide, so that two that are nearly at the same time agree, less its mean."""
    reach = int(4 * frames)
    bell = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / frames))
    soft = curves
    if len(curves) > len(bell):
        padded = np.pad(curves, ((reach, reach), (0, 0)))
        soft = np.zeros_like(curves)
        for place, weight in enumerate(bell / bell.sum()):
            soft += np.float32(weight) * padded[place : place + len(curves)]
    centred: Numbers = (soft - soft.mean(0)).astype(np.float32)
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

"""How much later one sound is than another of the same music: right, or not told.

Both are heard as what begins in each band of a semitone. Sought is the response that turns one into the other, the same for all bands: their
cross-spectrum divided by the power of the reference (Roth's processor, in C. H. Knapp & G. C. Carter, "The generalized correlation method for
estimation of time delay", IEEE Trans. ASSP 24, 1976). Where the sound is the same music later, the response is one narrow peak at the lag; that
a beat is like the next, a plain correlation's usual error, is divided out. Blurred attacks are a low response or one of several peaks, and
then nothing is told; peaks on other beats are told from the best only where the pitch classes that sound say so as well.

Conventions: a lag is in seconds, above 0 where the sound is later than the reference; it is read from a parabola through three frames of 6.7 ms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import checkpoint
from img2music.listening.features import chroma as chroma_module
from img2music.listening.features.chroma import chroma_of, unit_rows
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
_ATTACK_FRAMES, _SHARP_FRAMES = 2.0, 1.0
"""Standard deviations of the bells that soften one curve, and those of all bands."""
_LEAST_SECONDS = 1.0
_LEAST_RESPONSE = 0.035
"""Of a sound that is the same the response is 0.4, of other instruments 0.05 to 0.25, of other music up to 0.03 (with many peaks nearly as high).
Chosen, as what follows, on 12 pieces (seeds 3 and 17) under the disturbances of `evals/studies/music/stem_alignment` and some more, and tried on 6
others (seed 23): every lag told of 198 sounds was within 8 ms, and of 8 of 18 with slow attacks none was told."""
_MOST_OF_RIVAL = 0.65
"""How high the response may be elsewhere, as part of the best."""
_LEAST_ALIKE_CHROMA = 0.3
_ATTACK_SECONDS = 0.1
"""Peaks so near are attacks of one note, which chroma can't tell from each other."""
_LEFT_POWER = 0.1
"""Of the reference's mean power, added to that of every frequency: noise is not blown up."""


def measure_lag(audio: Audio, reference: Audio, most_seconds: float = MOST_SECONDS) -> float | None:
    """How many seconds later `audio` is than `reference`; None where that can't be told (silence, other music, blurred attacks).

    Args:
        audio: any sound, at least a second.
        reference: the same music; rates and timbres may differ.
        most_seconds: how much earlier or later it may be, above 0. What lies beyond is no rival either.
    """
    sounds = listen_to(audio), listen_to(reference)
    curves, others = (pitch_onsets(sound) for sound in sounds)
    frames = min(len(curves), len(others))
    if frames < _LEAST_SECONDS * FRAMES_A_SECOND or not (curves.any() and others.any()):
        return None
    most = min(round(most_seconds * FRAMES_A_SECOND), frames - 1)
    response = _response(curves, others, most)
    best = int(response.argmax())
    if response[best] < _LEAST_RESPONSE or not 0 < best < 2 * most:  # at the end it may be higher beyond
        return None
    inner = response[1:-1]
    peaks = 1 + np.flatnonzero((inner > response[:-2]) & (inner >= response[2:]) & (inner > _MOST_OF_RIVAL * response[best]))
    rivals = peaks[peaks != best]
    if (abs(rivals - best) <= _ATTACK_SECONDS * FRAMES_A_SECOND).any():
        return None
    if len(rivals):
        alike = _chroma_alike(unit_rows(chroma_of(sounds[0]).all), unit_rows(chroma_of(sounds[1]).all), most)
        both = response * np.maximum(alike, 0)
        if alike[best] < _LEAST_ALIKE_CHROMA or both[rivals].max() > _MOST_OF_RIVAL * both[best]:
            return None
    return _vertex(response, best) - most / FRAMES_A_SECOND


def best_lag(curve: Numbers, reference: Numbers, chroma: Numbers | None, reference_chroma: Numbers | None) -> float | None:
    """The lag of a sharpened onset curve to another, as of a score, with unit chroma beside them, which may be None."""
    if not (len(curve) and len(reference) and curve.max() > 0 and reference.max() > 0):
        return None
    most = round(min(MOST_SECONDS, len(curve) / FRAMES_A_SECOND, len(reference) / FRAMES_A_SECOND) * FRAMES_A_SECOND)
    least = _LEAST_ALIKE_ONSETS
    onsets = _correlation(_softened(curve, _ATTACK_FRAMES)[:, None], _softened(reference, _ATTACK_FRAMES)[:, None], most)
    total = onsets.copy()
    if chroma is not None and reference_chroma is not None and chroma.any() and reference_chroma.any():
        total = (total + _chroma_alike(chroma, reference_chroma, most)) / 2
        least = _LEAST_ALIKE
    best = int(total.argmax())
    if total[best] < least or onsets[best] <= 0 or total[best] - total.mean() < _LEAST_STANDING_OUT * total.std():
        return None
    return _vertex(onsets, best) - most / FRAMES_A_SECOND


def align(audio: Audio, lag_seconds: float, frames: int) -> Audio:
    """The sound `lag_seconds` earlier (later where the lag is below 0), cut or filled with silence to `frames` frames."""
    offset = round(lag_seconds * audio.sample_rate)
    samples = np.zeros((audio.samples.shape[0], frames), np.float32)
    piece = audio.samples[:, max(offset, 0) : max(offset + frames, 0)]
    begin = min(max(-offset, 0), frames)
    piece = piece[:, : frames - begin]
    samples[:, begin : begin + piece.shape[1]] = piece
    return Audio(samples, audio.sample_rate)


def _response(curves: Numbers, others: Numbers, most: int) -> NDArray[np.float64]:
    """What `others` would have to be convolved with to become `curves`, both of shape (frames, bands), at lags of -most..most frames."""
    size = 1 << int(np.ceil(np.log2(len(curves) + len(others) + 1)))
    product, power = np.zeros(size // 2 + 1, np.complex128), np.zeros(size // 2 + 1)
    for curve, other in zip(curves.T, others.T, strict=True):
        checkpoint()
        spectrum = np.fft.rfft(_softened(other, _SHARP_FRAMES), size)
        product += np.fft.rfft(_softened(curve, _SHARP_FRAMES), size) * spectrum.conj()
        power += np.square(np.abs(spectrum))
    response = np.fft.irfft(product / np.maximum(power + _LEFT_POWER * power.mean(), 1e-12), size)
    near: NDArray[np.float64] = response[np.arange(-most, most + 1)]
    return near


def _chroma_alike(chroma: Numbers, reference: Numbers, most: int) -> NDArray[np.float64]:
    """Normalised correlation of unit chroma at lags of -most..most frames of onset curves."""
    steps = FRAMES_A_SECOND // chroma_module.FRAMES_A_SECOND
    reach = -(-most // steps) + 1
    coarse = _correlation(_centred(chroma), _centred(reference), reach)
    alike: NDArray[np.float64] = np.interp(np.arange(-most, most + 1) / steps, np.arange(-reach, reach + 1), coarse)
    return alike


def _vertex(values: NDArray[np.float64], best: int) -> float:
    """Where a parabola through the highest value and its neighbours is highest, in seconds."""
    shift = 0.0
    if 0 < best < len(values) - 1:
        left, middle, right = values[best - 1 : best + 2]
        bend = left - 2 * middle + right
        shift = float(np.clip(0.5 * (left - right) / bend, -1, 1)) if bend < 0 else 0.0
    return (best + shift) / FRAMES_A_SECOND


def _softened(curve: Numbers, frames: float) -> Numbers:
    """With attacks some frames wide, so that two that are nearly at the same time agree; less its mean."""
    reach = int(4 * frames)
    bell = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / frames))
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

"""BeatNet: how likely a beat or a downbeat is in each frame, by a small convolutional and recurrent network.

M. Heydari, F. Cwitkowitz & Z. Duan, "BeatNet: CRNN and particle filtering for online joint beat, downbeat and meter tracking", ISMIR 2021; the
weights are its first model (CC BY 4.0). The features are those that it was trained with: 136 bands of a logarithmic spectrum, and their rise.
The network hears forward only, so that it knows little in its first seconds.

Conventions: sound from `features.spectra.listen_to`, 22 050 Hz; `FRAMES_A_SECOND` frames; likelihoods 0..1. Very long sounds are heard in pieces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.listening.features.spectra import RATE_HZ, log_filters, spectra
from img2music.onnx_networks import run_network

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float32]

__all__ = ["FRAMES_A_SECOND", "beat_features", "beat_likelihoods"]

_WINDOW, _HOP = 1411, 441
FRAMES_A_SECOND = RATE_HZ // _HOP
"""50."""
_BANDS_AN_OCTAVE, _LOWEST_HZ, _HIGHEST_HZ = 24, 30.0, 17_000.0
_PIECE_FRAMES = 60 * FRAMES_A_SECOND
_WARM_UP_FRAMES = 8 * FRAMES_A_SECOND
"""Heard again before a piece, so that the network knows where it is."""


def beat_features(sound: Numbers) -> Numbers:
    """What the network takes: shape (frames, 272)."""
    bins = _WINDOW // 2
    filters = log_filters(bins, _BANDS_AN_OCTAVE, _LOWEST_HZ, _HIGHEST_HZ)
    levels = np.zeros((-(-len(sound) // _HOP), filters.shape[1]), np.float32)
    for first, magnitudes in spectra(sound, np.hanning(_WINDOW).astype(np.float32), _HOP):
        levels[first : first + len(magnitudes)] = np.log10(1 + magnitudes[:, :bins] @ filters)
    rises = np.zeros_like(levels)
    np.maximum(levels[1:] - levels[:-1], 0, out=rises[1:])
    return np.concatenate([levels, rises], 1)


def beat_likelihoods(sound: Numbers) -> Numbers:
    """How likely a beat that is no downbeat, and a downbeat, are: shape (frames, 2).

    Raises:
        MissingPackageError: onnxruntime can't be loaded here.
        BackendError: the network is damaged.
    """
    features = beat_features(sound)
    likelihoods = np.zeros((len(features), 2), np.float32)
    for first in range(0, len(features), _PIECE_FRAMES):
        begin = max(0, first - _WARM_UP_FRAMES)
        answer = run_network("beatnet1", features[begin : first + _PIECE_FRAMES])["p"]
        likelihoods[first : first + _PIECE_FRAMES] = answer[first - begin :, :2]
    return likelihoods

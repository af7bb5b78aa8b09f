"""Words for a sound: MusiCNN's fifty tags of the Million Song Dataset.

J. Pons & X. Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging", ISMIR late-breaking 2019; the network MSD_musicnn
(ISC licence). The words are those that listeners gave to songs on last.fm: genres, instruments, decades, moods. It hears three seconds at a
time; what is told is the mean over the sound, of at most `_MOST_WINDOWS` windows at even distances.

Conventions: sound from `features.spectra.listen_to`; a tag's weight is 0..1 and says how often people would give it, so that rare words are
always light.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import checkpoint
from img2music.listening.features.resampling import resample_samples
from img2music.listening.features.spectra import RATE_HZ, spectra
from img2music.onnx_networks import run_network

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float32]

__all__ = ["TAGS", "mel_levels", "music_tags"]

TAGS = (
    "rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s", "alternative rock", "jazz", "beautiful", "metal",
    "chillout", "male vocalists", "classic rock", "soul", "indie rock", "mellow", "electronica", "80s", "folk", "90s", "chill", "instrumental",
    "punk", "oldies", "blues", "hard rock", "ambient", "acoustic", "experimental", "female vocalist", "guitar", "hip-hop", "70s", "party",
    "country", "easy listening", "sexy", "catchy", "funk", "electro", "heavy metal", "progressive rock", "60s", "rnb", "indie pop", "sad",
    "house", "happy",
)  # fmt: skip
_RATE_HZ, _WINDOW, _HOP, _BANDS = 16_000, 512, 256, 96
_FRAMES = 187
"""Of a window: three seconds."""
_BATCH = 8
_MOST_WINDOWS = 64


def music_tags(sound: Numbers) -> tuple[tuple[str, float], ...]:
    """Every tag with its weight, the heaviest first; none for less than three seconds or silence.

    Raises:
        MissingPackageError: onnxruntime can't be loaded here.
        BackendError: the network is damaged.
    """
    if not len(sound) or not np.abs(sound).max() > 0:
        return ()
    levels = mel_levels(resample_samples(sound, RATE_HZ, _RATE_HZ))
    count = len(levels) // _FRAMES
    if not count:
        return ()
    chosen = np.unique(np.linspace(0, count - 1, min(count, _MOST_WINDOWS)).astype(int))
    weights = np.zeros(len(TAGS))
    for first in range(0, len(chosen), _BATCH):
        checkpoint()
        windows = np.stack([levels[place * _FRAMES : (place + 1) * _FRAMES] for place in chosen[first : first + _BATCH]])
        weights += run_network("musicnn_msd", windows)["tags"].sum(0)
    weights /= len(chosen)
    return tuple((TAGS[place], float(weights[place])) for place in np.argsort(-weights, kind="stable"))


def mel_levels(sound: Numbers) -> Numbers:
    """What the network takes, of sound at 16 kHz: shape (frames, 96), 62.5 frames a second."""
    levels = np.zeros((-(-len(sound) // _HOP), _BANDS), np.float32)
    filters = _mel_filters()
    for first, magnitudes in spectra(sound, np.hanning(_WINDOW + 1)[:_WINDOW].astype(np.float32), _HOP):
        # Half precision, as the network was trained with; what is louder than it holds is as loud as it holds.
        power = np.minimum(np.square(magnitudes) @ filters, np.finfo(np.float16).max).astype(np.float16).astype(np.float32)
        levels[first : first + len(magnitudes)] = np.log10(1 + 10_000 * power)
    return levels


@lru_cache(maxsize=1)
def _mel_filters() -> Numbers:
    """Triangles of area 1 at even distances on Slaney's mel scale: shape (257, 96). Linear to 1 kHz, logarithmic above (Slaney 1998)."""
    step = np.log(6.4) / 27
    top = 15 + np.log(_RATE_HZ / 2 / 1000) / step
    mels = np.linspace(0, top, _BANDS + 2)
    hz = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(step * (mels - 15)))
    bins = np.arange(_WINDOW // 2 + 1)[:, None] * _RATE_HZ / _WINDOW
    low, middle, high = hz[:-2], hz[1:-1], hz[2:]
    triangles = np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
    filters: Numbers = (triangles * 2 / (high - low)).astype(np.float32)
    return filters

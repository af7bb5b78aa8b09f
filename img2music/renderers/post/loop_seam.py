"""Loops in sound: the end goes on in the beginning.

One pass is played with room behind it, and what rings into that room is added to the beginning, as often as the loop fits into
it. Because instruments, room and mixing add up, this is the sound of a loop that has been going round for ever: the last frame
is followed by the first as by any other. Playing two passes and cutting out the second would not be: a synthesizer acts on
blocks of frames and its chorus sways to a clock of its own, so no two passes are the same frame by frame.

Conventions: sound is float32 (channels, frames). Knows nothing of bars: the performance has the length of its bars.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TAIL_SECONDS", "extend_around", "fold_tail"]

TAIL_SECONDS = 8
"""What is still heard so long after the last note was let go (nothing in the built-in font) fades out."""
_FADE_SECONDS = 2.0


def fold_tail(samples: NDArray[np.float32], frames: int, sample_rate: int) -> NDArray[np.float32]:
    """A loop of `frames` frames from one pass and what rings after it, shape (channels, frames or more)."""
    rest = samples[:, frames:]
    fading = min(round(_FADE_SECONDS * sample_rate), rest.shape[1])
    if fading:
        fade = 0.5 + 0.5 * np.cos(math.pi * (np.arange(fading) + 1) / fading)
        rest[:, rest.shape[1] - fading :] *= fade.astype(np.float32)
    folded = samples[:, :frames].copy()
    for start in range(0, rest.shape[1], frames):
        piece = rest[:, start : start + frames]
        folded[:, : piece.shape[1]] += piece
    return folded


def extend_around(samples: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """A loop with `frames` frames of its end before it and as many of its beginning after it."""
    result: NDArray[np.float32] = np.take(samples, np.arange(-frames, samples.shape[1] + frames), axis=1, mode="wrap")
    return result

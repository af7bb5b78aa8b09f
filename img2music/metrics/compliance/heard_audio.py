"""When a sound begins and ends to be heard, read from its samples.

Conventions: samples are float32 (channels, frames), full scale at 1; seconds. What is softer than a quiet room is silence. Knows nothing of
what was asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from img2music.audio import Audio

__all__ = ["HeardAudio"]

_AUDIBLE = 10 ** (-60 / 20)
"""Of full scale: what is softer passes for silence (-60 dB, the floor of a quiet room under music)."""
_LOOK_FRAMES = 1 << 16
"""Frames that are looked at together: a second or so, in which most sounds begin and end."""


@dataclass(frozen=True, slots=True)
class HeardAudio:
    """What a sound's samples say."""

    seconds: float
    first_seconds: float | None
    """When something is first heard; None where nothing ever is."""
    last_seconds: float | None
    """When something is last heard."""

    @classmethod
    def read(cls, audio: Audio) -> HeardAudio:
        """Where the sound begins and ends, by its loudest channel."""
        first, last = _first_heard(audio.samples), _first_heard(audio.samples[:, ::-1])
        rate = audio.sample_rate
        end = None if last is None else audio.samples.shape[1] - last
        return cls(audio.seconds, None if first is None else first / rate, None if end is None else end / rate)


def _first_heard(samples: NDArray[np.float32]) -> int | None:
    """The first audible frame; only as much is looked at as it takes to find it."""
    import numpy as np

    for start in range(0, samples.shape[1], _LOOK_FRAMES):
        checkpoint()
        heard = np.flatnonzero(np.abs(samples[:, start : start + _LOOK_FRAMES]).max(axis=0) > _AUDIBLE)
        if heard.size:
            return start + int(heard[0])
    return None

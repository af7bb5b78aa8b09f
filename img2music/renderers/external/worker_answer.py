"""What a worker answers, and its sounds on their way through the pipe.

Conventions: here sound is `Audio`, float32 of shape (channels, frames); in the pipe it is `Sound`, the channels of a frame side by side.
What comes from a worker is not trusted: samples that are no numbers are refused, and those that are far beyond full scale are clipped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from img2music.audio import Audio
from img2music.renderers.external.worker_protocol import Sound

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LOUDEST", "ProbeResult", "WorkerAnswer", "sound_for_pipe", "sound_from_pipe"]

LOUDEST = 32.0
"""Full scale is 1: what is so much beyond is a fault of the model, and would be one in every sum."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Whether a worker's packages can be imported."""

    ok: bool
    missing: str
    """The first module that can't be imported; empty where all can."""
    reason: str
    """What its import said."""
    versions: Mapping[str, str]
    """Of those that could."""
    python: str


@dataclass(frozen=True, slots=True)
class WorkerAnswer:
    """What a worker answered; its fields are JSON that nobody has checked yet."""

    fields: Mapping[str, Any]
    audio: Mapping[str, Audio] = field(default_factory=dict)


def sound_for_pipe(audio: Audio) -> Sound:
    """The sound as a worker is given it."""
    interleaved = np.ascontiguousarray(audio.samples.T, dtype="<f4").tobytes()
    return Sound(interleaved, audio.samples.shape[0], audio.sample_rate)


def sound_from_pipe(sound: Sound) -> Audio:
    """The sound that a worker gave.

    Raises:
        ValueError: it holds values that are no numbers.
    """
    samples = np.frombuffer(sound.interleaved, "<f4").reshape(-1, sound.channels).T.astype(np.float32)
    if not np.isfinite(samples).all():
        raise ValueError("samples that are no numbers")
    return Audio(np.ascontiguousarray(np.clip(samples, -LOUDEST, LOUDEST)), sound.sample_rate)

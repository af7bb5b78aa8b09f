"""Parts that a model played alone: as loud beside each other as our own rendering has them, and as stems of the finished mix.

Conventions: 48 kHz, stereo, float32 (channels, frames). A model gives each part the loudness that it likes; the soundfont's stems say what the
performance means, so each part gets their root mean square. Stems add up to the mix before mastering and have its length and its fade.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from img2music.audio import Audio
from img2music.renderers.neural.joins.finishing import MIX_RATE, finished_samples
from img2music.renderers.post.sound_end import end_fade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from img2music.performance import Performance

__all__ = ["balanced", "stems_of"]

_LOUDEST_GAIN = 30.0
"""A part that the model hardly played is not made of its noise."""
_SILENT = 1e-6


def balanced(sounds: Sequence[Audio], alone: Sequence[Performance]) -> list[Audio]:
    """The sounds, each with the root mean square of our own rendering of its part; `alone` are the performances of one part each."""
    from img2music.renderers.soundfont.soundfont_renderer import SoundfontRenderer

    made = []
    for sound, performance in zip(sounds, alone, strict=True):
        ours = next(iter(SoundfontRenderer()(replace(performance, rings=False), stems=True).stems.values()))
        level = _level(sound.samples)
        gain = min(_LOUDEST_GAIN, _level(ours.samples) / level) if level > _SILENT else 1.0
        made.append(Audio(sound.samples * np.float32(gain), sound.sample_rate))
    return made


def stems_of(performance: Performance, sounds: Sequence[Audio], whole: Audio, mix: Audio) -> dict[str, Audio]:
    """A stem a part by its name, silent where it does not play.

    Args:
        performance: what was played.
        sounds: one for each part that has notes, in order.
        whole: their sum.
        mix: the finished mix, whose length the stems get.
    """
    frames = mix.samples.shape[1]
    exact = replace(performance, seconds=frames / MIX_RATE, rings=False)
    fade = np.ones(0, np.float32) if performance.loop else end_fade(finished_samples(whole, exact), MIX_RATE)
    played = iter(sounds)
    stems: dict[str, Audio] = {}
    for part in performance.parts:
        samples = finished_samples(next(played), exact) if part.notes else np.zeros((2, frames), np.float32)
        samples[:, frames - len(fade) :] *= fade
        stems[_unused(part.name, stems)] = Audio(samples, MIX_RATE)
    return stems


def _level(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if samples.size else 0.0


def _unused(name: str, taken: dict[str, Audio]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name} {number}", number + 1
    return free

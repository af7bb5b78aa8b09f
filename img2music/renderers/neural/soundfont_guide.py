"""Our own soundfont rendering of a performance, or of some of its parts, as a model is given it: drums to follow, a melody, a whole to cover.

    with kept_guides():                     # around one rendering: nothing is played twice in it
        drums = guide(performance, parts=["drums"], sample_rate=32_000)

Conventions: float32, stereo, exactly ``round(performance.seconds * sample_rate)`` frames, frame 0 at the start of the piece, mastered to -14 LUFS.
Of a loop it is the loop; what rings is cut at the end of the piece.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from img2music.audio import Audio
from img2music.errors import UsageError, unknown_name
from img2music.listening.features.resampling import resample

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from img2music.performance import Performance, PlayedPart

__all__ = ["chosen_parts", "guide", "kept_guides"]

_kept: ContextVar[dict[tuple[Performance, int], Audio] | None] = ContextVar("img2music_guides", default=None)


@contextmanager
def kept_guides() -> Iterator[None]:
    """While the block runs every guide is played once; a block inside of another has the same ones."""
    token = _kept.set({}) if _kept.get() is None else None
    try:
        yield
    finally:
        if token is not None:
            _kept.reset(token)


def guide(performance: Performance, parts: Collection[str] | None = None, sample_rate: int = 48_000) -> Audio:
    """The sound of a performance, or of the parts with these ids; silence where none of them plays.

    Raises:
        UsageError: no part of that id.
        DocumentError, MissingPackageError, BackendError: as `SoundfontRenderer` raises them.
    """
    chosen = performance.parts if parts is None else chosen_parts(performance, parts)
    played = replace(performance, parts=chosen, rings=False)
    kept = _kept.get()
    if kept is not None and (played, sample_rate) in kept:
        return kept[played, sample_rate]
    sound = _played(played, sample_rate)
    if kept is not None:
        kept[played, sample_rate] = sound
    return sound


def chosen_parts(performance: Performance, ids: Collection[str]) -> tuple[PlayedPart, ...]:
    """The parts with these ids, in the order of the performance.

    Raises:
        UsageError: no part of that id.
    """
    if isinstance(ids, str):
        raise UsageError(f"parts are a list of ids, not the one text {ids!r}; write [{ids!r}]")
    known = [part.id for part in performance.parts]
    for name in ids:
        if name not in known:
            raise unknown_name("part", name, known)
    return tuple(part for part in performance.parts if part.id in ids)


def _played(performance: Performance, sample_rate: int) -> Audio:
    from img2music.renderers.soundfont.soundfont_renderer import SoundfontRenderer

    frames = round(performance.seconds * sample_rate)
    sound = resample(SoundfontRenderer()(performance).mix, sample_rate).samples
    exact = np.zeros((2, frames), np.float32)
    kept = sound[:, :frames]
    exact[:, : kept.shape[1]] = kept
    return Audio(exact, sample_rate)

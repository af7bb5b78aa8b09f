"""Patterns of held chords. What each means stands in `theory.patterns`; conventions as in `grid`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.realizers.chords.patterns.pattern_grid import PatternContext, PatternStroke, fill, level, strongest_places
from img2music.realizers.chords.patterns.struck_chords import sustain

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PAD"]


def _swell(now: PatternContext) -> list[PatternStroke]:
    first, *again = fill(strongest_places(now.meter, level(now.drive, 1, 1, 2, 2, 3)), now.meter)
    return [first, *(PatternStroke(hit.place, hit.duration, "all", 8) for hit in again)]


def _breathe(now: PatternContext) -> list[PatternStroke]:
    if not now.ends_phrase:
        return sustain(now)
    return [PatternStroke(now.meter.onsets[0], now.meter.onsets[-1], "all")]


PAD: dict[str, Callable[[PatternContext], list[PatternStroke]]] = {
    "breathe": _breathe,
    "drone": sustain,
    "swell": _swell,
    "sustain": sustain,
}

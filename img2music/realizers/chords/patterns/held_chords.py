"""Patterns of held chords. What each means stands in `theory.patterns`; conventions as in `grid`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.realizers.chords.patterns.pattern_grid import Hit, Moment, fill, level, strokes
from img2music.realizers.chords.patterns.struck_chords import sustain

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PAD"]


def _swell(now: Moment) -> list[Hit]:
    first, *again = fill(strokes(now.meter, level(now.drive, 1, 1, 2, 2, 3)), now.meter)
    return [first, *(Hit(hit.place, hit.duration, "all", 8) for hit in again)]


def _breathe(now: Moment) -> list[Hit]:
    if not now.ends_phrase:
        return sustain(now)
    return [Hit(now.meter.onsets[0], now.meter.onsets[-1], "all")]


PAD: dict[str, Callable[[Moment], list[Hit]]] = {"breathe": _breathe, "drone": sustain, "swell": _swell, "sustain": sustain}

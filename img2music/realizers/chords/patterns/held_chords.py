"""Patterns whose chords are held until the next one: those of pads, and of chords the plain ones (block, chorale, hymn, lazy).

What each is called and means stands in `theory.pattern_names`; conventions as in `pattern_grid`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.realizers.chords.patterns.pattern_grid import (
    EIGHTH,
    PatternStroke,
    count_for_drive,
    strokes_until_next,
    strongest_places,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from img2music.realizers.chords.patterns.pattern_grid import PatternContext

__all__ = ["PAD_PATTERNS", "block", "chorale", "hymn", "lazy", "sustain"]


def sustain(now: PatternContext) -> list[PatternStroke]:
    """One chord a bar."""
    return [PatternStroke(Fraction(0), now.meter.bar_quarters, "all")]


def block(now: PatternContext) -> list[PatternStroke]:
    """One chord on the strongest beats, more of them as the activity rises."""
    return strokes_until_next(strongest_places(now.meter, count_for_drive(now.drive, 1, 1, 2, 2, 3)), now.meter)


def lazy(now: PatternContext) -> list[PatternStroke]:
    """The chord, and again late in the bar's second half."""
    if now.meter.bar_quarters < 3:
        return sustain(now)
    late = now.meter.half_quarters + EIGHTH
    places = [Fraction(0), late]
    if (now.drive > 0.45 and now.bar % 2) or now.drive > 0.62:
        places.append(now.meter.bar_quarters - EIGHTH)
    return strokes_until_next(sorted(set(places[: count_for_drive(now.drive, 1, 2, 3, 3)])), now.meter)


def chorale(now: PatternContext) -> list[PatternStroke]:
    """A chord on every beat."""
    return strokes_until_next(list(now.meter.onsets), now.meter)


def hymn(now: PatternContext) -> list[PatternStroke]:
    """Two chords a bar, or one on every beat."""
    return strokes_until_next(
        strongest_places(now.meter, count_for_drive(now.drive, 2, 2, len(now.meter.beats), len(now.meter.beats))), now.meter
    )


def _swell(now: PatternContext) -> list[PatternStroke]:
    first, *again = strokes_until_next(strongest_places(now.meter, count_for_drive(now.drive, 1, 1, 2, 2, 3)), now.meter)
    return [first, *(PatternStroke(hit.place, hit.duration, "all", 8) for hit in again)]


def _breathe(now: PatternContext) -> list[PatternStroke]:
    if not now.ends_phrase:
        return sustain(now)
    return [PatternStroke(now.meter.onsets[0], now.meter.onsets[-1], "all")]


PAD_PATTERNS: dict[str, Callable[[PatternContext], list[PatternStroke]]] = {
    "breathe": _breathe,
    "drone": sustain,
    "swell": _swell,
    "sustain": sustain,
}

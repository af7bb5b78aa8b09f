"""Patterns that break a chord into single notes: keys, guitars, harps, mallets, sequencers.

What each is called and means stands in `theory.pattern_names`; conventions as in `pattern_grid`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.realizers.chords.patterns.pattern_grid import (
    EIGHTH,
    SIXTEENTH,
    PatternContext,
    PatternStroke,
    Pick,
    beat_halves,
    count_for_drive,
    grid_places,
    strokes_from_text,
    strokes_until_next,
    strongest_places,
)
from img2music.realizers.chords.patterns.struck_chords import habanera, stride

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ARPEGGIO_PATTERNS"]

_UPS: tuple[tuple[Pick, ...], ...] = ((0, 1, 2, 3, 2, 1), (0, 2, 1, 3, 1, 2), (0, 1, 2, 1, 3, 2), (0, 2, 3, 2, 1, 2))
"""Orders in which threes are broken, one a variant; fours repeat their middle."""
# The piano montuno over a 2-3 son clave (R. Mauleón, *Salsa Guidebook*, 1993), in sixteenths of 4/4.
_MONTUNO = ("x...x.x...x...x.", "..x...x...x...x.")


def _broken(now: PatternContext) -> list[PatternStroke]:
    """Beats when very calm, eighths from there on, one more at a time."""
    beats, eighths = len(now.meter.beats), len(grid_places(now.meter, EIGHTH))
    count = count_for_drive(now.drive, beats, (beats + eighths) // 2, eighths, eighths)
    order = _UPS[now.variant % 4]
    if not (now.meter.is_compound or now.meter.bar_quarters == 3):
        order = (*order, order[-2], order[-1])
    places = strongest_places(now.meter, count)
    # The note belongs to the place, so that a thinner bar is the same figure with notes left out.
    return strokes_until_next(places, now.meter, [order[int(place / EIGHTH) % len(order)] for place in places])


def _wide(now: PatternContext) -> list[PatternStroke]:
    beats, eighths = len(now.meter.beats), len(grid_places(now.meter, EIGHTH))
    threes = now.meter.is_compound or now.meter.bar_quarters == 3
    order: tuple[Pick, ...] = ("root", 1, 2, 3, 2, 1) if threes else ("root", 1, 2, 3, 4, 3, 2, 1)
    if now.variant % 2:
        order = ("root", 2, 1, 3, 1, 2) if threes else ("root", 1, 3, 2, 4, 2, 3, 1)
    count = count_for_drive(now.drive, min(beats, 3), (beats + eighths) // 2, eighths - 1, eighths)
    # Nearly full: the end of the bar is left to ring, instead of holes in it.
    places = grid_places(now.meter, EIGHTH)[:count] if count in (eighths - 2, eighths - 1) else strongest_places(now.meter, count)
    return strokes_until_next(places, now.meter, [order[int(place / EIGHTH) % len(order)] for place in places])


def _alberti(now: PatternContext) -> list[PatternStroke]:
    order: tuple[Pick, ...] = (0, 1, 2) if now.meter.is_compound else (0, 2, 1, 2)
    if now.drive < 0.25:
        return strokes_until_next(list(now.meter.onsets), now.meter, order)
    return strokes_until_next(grid_places(now.meter, SIXTEENTH if now.drive > 0.72 else EIGHTH), now.meter, order)


def _sixteenths(now: PatternContext) -> list[PatternStroke]:
    eighths = len(grid_places(now.meter, EIGHTH))
    places = strongest_places(now.meter, count_for_drive(now.drive, eighths // 2, eighths, 2 * eighths, 2 * eighths), SIXTEENTH)
    orders = ((0, 1, 2, 3, 1, 2, 3, 4), (0, 2, 1, 3, 2, 4, 3, 1), (0, 3, 1, 2, 0, 4, 2, 3), (4, 3, 2, 1, 3, 2, 1, 0))
    order = orders[(now.bar + now.variant) % 4 if now.drive > 0.4 else now.variant % 2]
    if len(places) == 2 * eighths or len(places) <= eighths:
        return strokes_until_next(places, now.meter, order)
    return strokes_until_next(places, now.meter, [order[int(place / SIXTEENTH) % 8] for place in places])


def _interlock(now: PatternContext) -> list[PatternStroke]:
    """A cell of three or five against the metre, so that its accents wander from bar to bar."""
    eighths = len(grid_places(now.meter, EIGHTH))
    places = strongest_places(now.meter, count_for_drive(now.drive, eighths - 2, eighths, eighths + 2, 2 * eighths), SIXTEENTH)
    cells = ((0, 2, 1), (0, 1, 3, 2, 1), (0, 2, 3), (0, 3, 1, 2, 1))
    cell = cells[now.variant % 4]
    shift = now.bar * len(places)
    return [
        PatternStroke(hit.place, hit.duration, cell[(shift + index) % len(cell)])
        for index, hit in enumerate(strokes_until_next(places, now.meter))
    ]


def _ostinato(now: PatternContext) -> list[PatternStroke]:
    """Beats, eighths, then a gallop on strong beats, then on all."""
    beats = now.meter.onsets
    places = {*beats} if now.drive < 0.22 else {*grid_places(now.meter, EIGHTH)}
    riders = sorted(beats, key=lambda place: (-now.meter.weight(place), place))[: count_for_drive(now.drive, 0, 0, 1, len(beats))]
    places |= {onset + EIGHTH + SIXTEENTH for onset in riders}
    high = 2 + now.variant % 2
    return strokes_until_next(sorted(places), now.meter, [high if place in beats[1::2] else 0 for place in sorted(places)])


def _sparse(now: PatternContext) -> list[PatternStroke]:
    """Two to four notes a bar that ring into each other, and the fourth bar silent while it is calm."""
    if now.bar % 4 == 3 and now.drive < 0.4:
        return []
    onsets = now.meter.onsets
    ladder = [Fraction(0), onsets[-1], onsets[len(onsets) // 3] + EIGHTH, onsets[len(onsets) // 2]]
    places = sorted(set(ladder[: count_for_drive(now.drive, 2, 3, 4, 4)]))
    return strokes_until_next(
        places, now.meter, ((0, 2, 1, 3), (1, 3, 2, 4), (2, 0, 3, 1), (0, 3, 1, 2))[(now.bar + now.variant) % 4]
    )


def _travis(now: PatternContext) -> list[PatternStroke]:
    """The thumb alternates root and fifth on the beats; fingers pluck between them, more as the energy rises."""
    beats, between = now.meter.onsets, [middle for _, middle, _ in beat_halves(now.meter)]
    fingers = sorted(between[len(between) - count_for_drive(now.drive, 1, len(between) - 1, len(between), len(between)) :])
    picks: dict[Fraction, Pick] = {onset: ("root", 1)[index % 2] for index, onset in enumerate(beats)}
    upper = ((3, 2), (2, 3), (3, 4), (4, 2))[now.variant % 4]
    picks |= {place: upper[index % 2] for index, place in enumerate(fingers)}
    if now.bar % 2 == 0 and now.drive > 0.4:
        picks[Fraction(0)] = "pinch"
    return strokes_until_next(sorted(picks), now.meter, [picks[place] for place in sorted(picks)])


def _octaves(now: PatternContext) -> list[PatternStroke]:
    fast = now.drive > 0.62
    orders: tuple[tuple[Pick, ...], ...] = ((0, 3), (0, 3, 1, 4), (0, 3, 0, 2), (0, 0, 3, 3))
    return strokes_until_next(grid_places(now.meter, SIXTEENTH if fast else EIGHTH), now.meter, orders[now.variant % 4])


def _chip(now: PatternContext) -> list[PatternStroke]:
    step = SIXTEENTH if now.drive > 0.28 else EIGHTH
    orders: tuple[tuple[Pick, ...], ...] = ((0, 1, 2), (2, 1, 0), (0, 1, 2, 3), (0, 2, 1))
    return strokes_until_next(grid_places(now.meter, step), now.meter, orders[now.variant % 4])


def _harp(now: PatternContext) -> list[PatternStroke]:
    """A sweep over as many notes as the energy asks, then the strings ring; at the end of a phrase twice as fast."""
    eighths = len(grid_places(now.meter, EIGHTH))
    count = count_for_drive(now.drive, 3, max(3, eighths - 2), eighths, eighths)
    places = grid_places(now.meter, EIGHTH)[:count]
    if now.drive > 0.6 and now.ends_phrase:
        places = grid_places(now.meter, SIXTEENTH)[: 2 * eighths - 3]
    turn = len(places) if now.variant % 2 else (len(places) + 1) // 2 + 1
    return strokes_until_next(
        places, now.meter, [index if index < turn else max(0, 2 * turn - 2 - index) for index in range(len(places))]
    )


def _montuno(now: PatternContext) -> list[PatternStroke]:
    text = _MONTUNO[now.bar % 2]
    if now.drive < 0.3:
        text = "x.....x.....x..." if now.bar % 2 == 0 else "..x.......x....."
    if now.drive > 0.68:
        text = "x.x.x.x...x.x.x." if now.bar % 2 == 0 else "..x.x.x.x.x.x.x."
    picks: tuple[Pick, ...] = (("all", 1, 0, 2), (0, "all", 1, 2), ("all", 0, 2, 1), (0, 2, "all", 1))[now.variant % 4]
    return strokes_from_text(now.meter, text, picks)


ARPEGGIO_PATTERNS: dict[str, Callable[[PatternContext], list[PatternStroke]]] = {
    "alberti": _alberti,
    "broken": _broken,
    "chip": _chip,
    "habanera": habanera,
    "harp": _harp,
    "interlock": _interlock,
    "montuno": _montuno,
    "octaves": _octaves,
    "ostinato": _ostinato,
    "sixteenths": _sixteenths,
    "sparse": _sparse,
    "stride": stride,
    "travis": _travis,
    "wide": _wide,
}

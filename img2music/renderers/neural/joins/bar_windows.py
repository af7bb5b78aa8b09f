"""Windows: a piece that is longer than a model can play at once, laid out in stretches that overlap and change over at bar lines.

A window takes over from the one before it at a bar line, at the border of a section where one is near, and it begins at a bar line, early enough for
the two to share a stretch: the model that goes on is given it as what was played last, and the cross-fade lies in it. The layout is the
cheapest of all: as few windows as can be, but one more rather than five changes inside of sections, and among equals the most even one.
Where a bar is too long for the model (a slow 12/8 and ten seconds) beats serve as bar lines do, and where a beat is, parts of it.

Conventions: times in seconds from the start of the piece; only the performance's tempo map makes them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf
from operator import attrgetter
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.performance import TICKS_PER_QUARTER
from img2music.theory.meter import METERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from img2music.performance import Performance
    from img2music.theory import Meter

__all__ = ["RING_SECONDS", "Window", "sounding_seconds", "windows"]

RING_SECONDS = 2.0
"""How much longer than its length a performance that rings is played, so that its last notes die away."""
_AFTER = 0.25
"""Part of the overlap that lies after the change: there the old window still plays, so that its own ending is not heard."""
_STEP = 0.25
"""Part of the longest window that a bar may last, so that every layout finds its bar lines; a longer beat has parts of half of that."""
_WINDOW, _NO_BORDER, _NO_BAR, _NO_BEAT, _BEGINS_OFF = 1.0, 0.25, 0.5, 0.75, 0.25
"""What a window costs, a change that is none of sections, of bars or of beats, and a window that begins at no bar line. Our choice."""
_NEAR = 1e-6
"""Seconds within which two times are one."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the piece that is played at once."""

    begin_seconds: float
    end_seconds: float
    """Where its sound ends; of a loop's last window perhaps after the end of the piece (see `returns`)."""
    join_seconds: float
    """Where it takes over from the window before, at a bar line if at all possible; of the first its begin."""
    slack_seconds: float = 0.0
    """How far its sound may be shifted so that its beats meet those before: half a sixteenth."""
    returns: bool = False
    """Whether what it plays after the end of the piece is the piece's beginning again: a loop goes round."""

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end_seconds - self.begin_seconds


def sounding_seconds(performance: Performance) -> float:
    """How long a performance sounds when a model plays it: its length, and a little more where it rings."""
    return performance.seconds + (RING_SECONDS if performance.rings and not performance.loop else 0.0)


def windows(performance: Performance, longest_seconds: float, overlap_seconds: float) -> tuple[Window, ...]:
    """Windows that cover a performance from its beginning to `sounding_seconds`, each with the next in common at least `overlap_seconds`.

    Of a loop the last goes on for a quarter of the overlap after the end, where the loop begins again. A performance that fits into one
    window is one window. Without overlap every window begins where the one before ends, and `join` puts them together as they are.

    Args:
        performance: what is to be played.
        longest_seconds: what the model can play at once, above 0; no window is longer.
        overlap_seconds: 0 to half of `longest_seconds`.

    Raises:
        ValueError: lengths out of range.
    """
    if not longest_seconds > 0 or not 0 <= overlap_seconds <= longest_seconds / 2:
        raise ValueError(
            f"windows of {longest_seconds:g} s cannot share {overlap_seconds:g} s; at most half of a window is shared"
        )
    after = overlap_seconds * _AFTER
    length = sounding_seconds(performance)
    end = length + (after if performance.loop else 0.0)
    if length <= longest_seconds:
        end = min(end, longest_seconds)
        return (Window(0.0, end, 0.0, returns=performance.loop and end > length),)
    places = _places(performance, length, longest_seconds * _STEP)
    return tuple(_layout(performance, places, end, longest_seconds, overlap_seconds - after, after))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a window may take over or begin."""

    seconds: float
    cost: float
    """Of a change there: 0 at a section's border."""
    bar_line: bool


def _places(performance: Performance, length: float, longest_step: float) -> list[_Place]:
    """The start, then every bar line inside, and between those that are further apart than `longest_step` beats and parts of beats."""
    borders = {Fraction(ticks, TICKS_PER_QUARTER) for ticks, _ in performance.markers}
    meters, seconds_at = performance.meter_map, performance.tempo_map.seconds_at
    places: list[_Place] = []
    bar = 0
    while (begin := seconds_at(meters.bar_onset(bar))) < length - _NEAR:
        onset, following = meters.bar_onset(bar), meters.bar_onset(bar + 1)
        places.append(_Place(begin, 0.0 if onset in borders else _NO_BORDER, bar_line=True))
        if seconds_at(following) - begin > longest_step:
            beats = [seconds_at(onset + place) for place in _beats(meters.meter_at(bar)) if onset + place < following]
            for beat, after in zip(beats, [*beats[1:], seconds_at(following)], strict=True):
                parts = ceil(2 * (after - beat) / longest_step) if after - beat > longest_step else 1
                found = [_Place(beat, _NO_BAR, bar_line=False)] if beat > begin else []
                found += [_Place(beat + (after - beat) * part / parts, _NO_BEAT, bar_line=False) for part in range(1, parts)]
                places += [place for place in found if place.seconds < length - _NEAR]
        bar += 1
    return places


def _beats(meter: Meter) -> tuple[Fraction, ...]:
    """Where the beats of a bar begin; of a metre that is none of ours its units."""
    if meter.name in METERS:
        return meter.onsets
    return tuple(Fraction(4 * unit, meter.unit) for unit in range(meter.count))


_Choice = tuple[int, int]
"""A window: the place where it takes over, and the one where it begins."""


def _layout(
    performance: Performance, places: list[_Place], end: float, longest: float, before: float, after: float
) -> Iterator[Window]:
    """The cheapest windows; `before` and `after` are what neighbours share on both sides of a change."""
    chain = _cheapest(places, end, longest, before, after)
    for number, (index, start) in enumerate(chain):
        join, is_last = places[index].seconds, number + 1 == len(chain)
        stop = end if is_last else places[chain[number + 1][0]].seconds + after
        slack = _half_sixteenth(performance, join) if number else 0.0
        yield Window(places[start].seconds, stop, join, slack, returns=is_last and performance.loop and after > 0)


def _cheapest(places: list[_Place], end: float, longest: float, before: float, after: float) -> list[_Choice]:
    begins = [[0], *(_begins(places, index, before) for index in range(1, len(places)))]
    best: dict[_Choice, tuple[float, float, _Choice | None]] = {(0, 0): (0.0, 0.0, None)}
    last: tuple[float, float, _Choice] | None = None
    for choice in ((index, start) for index in range(len(places)) for start in begins[index]):
        if choice not in best:
            continue
        checkpoint()
        cost, unevenness, _ = best[choice]
        cost += _WINDOW
        begin = places[choice[1]].seconds
        if end - begin <= longest + _NEAR:
            found = (cost, unevenness + (end - begin) ** 2, choice)
            last = found if last is None else min(last, found)
        for following in range(choice[0] + 1, len(places)):
            length = places[following].seconds + after - begin
            if length > longest + _NEAR:
                break
            for start in begins[following]:
                off = 0.0 if places[start].bar_line else _BEGINS_OFF
                way = (cost + places[following].cost + off, unevenness + length**2, choice)
                if way[:2] < best.get((following, start), (inf,))[:2]:
                    best[following, start] = way
    if last is None:
        raise AssertionError("places are close enough for every window to reach the next")
    chain = [last[2]]
    while (earlier := best[chain[-1]][2]) is not None:
        chain.append(earlier)
    return chain[::-1]


def _begins(places: list[_Place], index: int, before: float) -> list[int]:
    """Where a window that takes over at a place may begin: the last place early enough, and the last bar line; nowhere too near the start."""
    latest = places[index].seconds - before
    nearest = bisect_right(places, latest + _NEAR, key=attrgetter("seconds")) - 1
    if nearest < 0:
        return []
    bar = next(number for number in range(nearest, -1, -1) if places[number].bar_line)
    return sorted({nearest, bar})


def _half_sixteenth(performance: Performance, seconds: float) -> float:
    tempo = performance.tempo_map
    quarters = tempo.quarters_at(seconds)
    return tempo.seconds_between(quarters, quarters + 1 / 8)

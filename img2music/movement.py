"""How a plan moves: its sections' keys, metres and tempi as maps over the whole piece.

Everything that can't be is refused in one line that names the section and the bar. Conventions: bars of a map from 0, those of a message
from 1 as on the page. Knows nothing of harmony and notes.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from img2music.section import place_quarters
from img2music.theory.key_map import KeyMap
from img2music.theory.keys import Key
from img2music.theory.meter import Meter
from img2music.theory.meter_map import MeterMap, bars_quarters
from img2music.theory.tempo_map import TempoMap, TempoPoint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from img2music.section import Hit, Section, TempoChange

__all__ = ["check_hits", "first_bars", "key_map_of", "meter_map_of", "tempo_map_of"]


def first_bars(sections: Sequence[Section]) -> tuple[int, ...]:
    """The bar, from 0, in which each section begins."""
    return tuple(accumulate((section.bars for section in sections[:-1]), initial=0))


def meter_map_of(sections: Sequence[Section], meter: Meter) -> MeterMap:
    """The metres of sections in a piece whose own is `meter`."""
    return MeterMap.of_bars((section.bars, Meter.parse(section.meter) if section.meter else meter) for section in sections)


def key_map_of(sections: Sequence[Section], key: Key, meters: MeterMap) -> KeyMap:
    """The keys of sections in a piece whose own is `key`."""
    return KeyMap.of_stretches(
        (meters.bar_onset(bar), Key.parse(section.key) if section.key else key)
        for bar, section in zip(first_bars(sections), sections, strict=True)
    )


def tempo_map_of(sections: Sequence[Section], bpm: float, meters: MeterMap) -> TempoMap:
    """The tempi of sections in a piece whose own is `bpm`.

    Raises:
        ValueError: a change that lies outside its bar or its section, or that begins before the one before it has ended.
    """
    points: list[TempoPoint] = []
    for bar, section in zip(first_bars(sections), sections, strict=True):
        now = bpm if section.tempo_bpm is None else section.tempo_bpm
        free = meters.bar_onset(bar)
        _set(points, TempoPoint(free, now))
        end = meters.bar_onset(bar + section.bars)
        for change in section.tempo_changes:
            begin, arrival = _span(section, change, bar, meters)
            if begin < free:
                raise ValueError(
                    f"section {section.name!r}, bar {change.bar}: the tempo changes before the change before it has ended; "
                    "put them in order, one after the other"
                )
            if arrival > end:
                raise ValueError(
                    f"section {section.name!r}, bar {change.bar}: the tempo glides over {change.over_bars:g} bars, "
                    f"beyond the section's {section.bars}; let it arrive inside"
                )
            if arrival > begin:
                _set(points, TempoPoint(begin, now, change.bpm))
            _set(points, TempoPoint(arrival, change.bpm))
            now, free = change.bpm, arrival
    steady = [points[0]]
    for before, point in pairwise(points):
        if point.ramp_to_bpm is not None or before.ramp_to_bpm is not None or point.bpm != steady[-1].bpm:
            steady.append(point)
    return TempoMap(tuple(steady))


def check_hits(hits: Sequence[Hit], sections: Sequence[Section], meters: MeterMap) -> None:
    """Refuses hits that lie outside the piece or their bar.

    Raises:
        ValueError: such a hit; the message names its section and bar.
    """
    bars = sum(section.bars for section in sections)
    for hit in hits:
        if hit.bar > bars:
            raise ValueError(
                f"section {sections[-1].name!r}, bar {hit.bar}: a hit outside the piece, which has {bars} bars; take it out"
            )
        if hit.place_quarters >= meters.bar_quarters(hit.bar - 1):
            name = next(
                section.name for bar, section in reversed(list(zip(first_bars(sections), sections, strict=True))) if bar < hit.bar
            )
            raise ValueError(
                f"section {name!r}, bar {hit.bar}: a hit at {hit.place:g} lies outside a bar of {meters.meter_at(hit.bar - 1).name}; "
                f"places go from 0 to below {float(meters.bar_quarters(hit.bar - 1)):g} quarter notes"
            )


def _set(points: list[TempoPoint], point: TempoPoint) -> None:
    """Adds a point, in place of one that begins where it does."""
    if points and points[-1].onset_quarters == point.onset_quarters:
        points.pop()
    points.append(point)


def _span(section: Section, change: TempoChange, first_bar: int, meters: MeterMap) -> tuple[Fraction, Fraction]:
    """Where a change begins and where it has arrived."""
    meter = meters.meter_at(first_bar)
    if change.bar > section.bars:
        raise ValueError(
            f"section {section.name!r}, bar {change.bar}: the tempo changes outside the section, which has {section.bars} bars; "
            "count its bars from 1"
        )
    place = place_quarters(change.place)
    if place >= meter.bar_quarters:
        raise ValueError(
            f"section {section.name!r}, bar {change.bar}: a tempo at {change.place:g} lies outside a bar of {meter.name}; "
            f"places go from 0 to below {float(meter.bar_quarters):g} quarter notes"
        )
    begin = meters.onset(first_bar + change.bar - 1, place)
    return begin, begin + place_quarters(float(bars_quarters(change.over_bars, meter)))

"""How a plan moves: its sections' keys, metres and tempi as maps over the whole piece.

Everything that can't be is refused in one line that names the section and the bar. Conventions: bars of a map from 0, those of a message
from 1 as on the page. Knows nothing of harmony and notes.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

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

__all__ = ["check_hits", "first_bars", "key_map_of", "meter_map_of", "place_in_words", "tempo_map_of"]

_LONGEST_NAME, _LARGEST_NUMBER = 80, 1e9


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
                    f"beyond the end in bar {section.bars}; let it arrive inside"
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
    stops: dict[int, Fraction] = {}
    for hit in hits:
        if hit.action == "stop":
            stops[hit.bar] = min(hit.place_quarters, stops.get(hit.bar, hit.place_quarters))
    for hit in hits:
        if hit.bar > bars:
            raise ValueError(
                f"section {sections[-1].name!r}, bar {hit.bar}: a hit outside the piece, which has {bars} bars; take it out"
            )
        if hit.place_quarters >= meters.bar_quarters(hit.bar - 1):
            raise ValueError(
                f"section {_name_at(hit.bar, sections)!r}, bar {hit.bar}: a hit at {hit.place:g} lies outside "
                f"a bar of {meters.meter_at(hit.bar - 1).name}; "
                f"places go from 0 to below {float(meters.bar_quarters(hit.bar - 1)):g} quarter notes"
            )
        if hit.action != "stop" and hit.bar in stops and hit.place_quarters >= stops[hit.bar]:
            raise ValueError(
                f"section {_name_at(hit.bar, sections)!r}, bar {hit.bar}: an {hit.action} at {hit.place:g} falls into the silence that the "
                f"stop at {float(stops[hit.bar]):g} makes; take one of them out"
            )


def _name_at(bar: int, sections: Sequence[Section]) -> str:
    """The section that holds a bar, counted from 1."""
    return next(
        section.name for first, section in reversed(list(zip(first_bars(sections), sections, strict=True))) if first < bar
    )


def place_in_words(tree: Any, path: Sequence[int | str]) -> str:
    """The section and the bar of a fault in a plan's document: "section 'B', bar 3"; "" where it lies in none.

    Args:
        tree: the document, which may hold anything.
        path: keys and numbers that lead to the fault.
    """
    match path:
        case ["sections", int(number), *inside]:
            section = _at(tree, ("sections", number))
            bar = _at(section, (*inside[:2], "bar")) if inside[:1] == ["tempo_changes"] else None
            if len(inside) > 1 and inside[0] in {"harmony", "energy_curve"} and isinstance(inside[1], int):
                bar = inside[1] + 1
        case ["hits", int(number), *_]:
            bar = _at(tree, ("hits", number, "bar"))
            section = _section_of(tree, bar)
        case _:
            return ""
    name = _at(section, ("name",))
    words = [f"section {name[:_LONGEST_NAME]!r}"] if isinstance(name, str) else []
    return ", ".join([*words, f"bar {bar:g}"] if _is_number(bar) else words)


def _at(tree: Any, path: Sequence[int | str]) -> Any:
    """What stands at a path; None where it leads nowhere."""
    for step in path:
        try:
            tree = tree[step]
        except (LookupError, TypeError):
            return None
    return tree


def _is_number(value: Any) -> bool:
    """Whether it is a number that can be shown; a file may hold one of a thousand digits."""
    return isinstance(value, int | float) and abs(value) < _LARGEST_NUMBER


def _section_of(tree: Any, bar: Any) -> Any:
    """The section of a document that holds a bar of the piece, counted from 1; None where none does."""
    sections = _at(tree, ("sections",))
    if not _is_number(bar) or not isinstance(sections, list | tuple):
        return None
    end = 0
    for section in sections:
        harmony = _at(section, ("harmony",))
        end += len(harmony) if isinstance(harmony, list | tuple) else 0
        if 1 <= bar < end + 1:
            return section
    return None


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

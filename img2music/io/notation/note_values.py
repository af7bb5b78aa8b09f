"""How a length of time is written: where a note is cut at the beats, and which beats are triplets.

Conventions: times are whole *units* of 1/192 quarter from the start of a bar, so that everything a page can show (64ths,
their dots, and triplets of 32nds) is an integer. A *value* is what is printed: in a triplet 3/2 of the sounding length.
A value is plain (a power of two times a whole note) or has one dot; anything else is written as several tied values.
Cuts follow the metre's tree bar > half > beat > half beat: a value may cross a branch only where readers expect it to
(E. Gould, *Behind Bars*, 2011, "Grouping of note-values"): it fills branches, is a syncopation of just one branch's
length, or touches an edge. Rests are cut more strictly. Knows nothing of pitch, staves and files.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.theory import Meter

__all__ = ["UNITS_PER_QUARTER", "NoteValue", "Tuplet", "is_value", "split_into_values", "tuplets"]

UNITS_PER_QUARTER = 192
_SMALLEST = 3  # units: a 256th, where the tree ends
_PLAIN = frozenset(_SMALLEST << power for power in range(9))
_DOTTED = frozenset(3 * _SMALLEST << power for power in range(8))
_HALVES_FROM_BEATS = 4  # a bar of four or more beats is felt in two groups


@dataclass(frozen=True, slots=True)
class NoteValue:
    """One printed value: sounding from `begin` to `end`, printed as `value`, all in units."""

    begin: int
    end: int
    value: int
    tuplet: Tuplet | None


@dataclass(frozen=True, slots=True)
class Tuplet:
    """Three in the time of two from `begin` to `end`, in units."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity: its hash is asked for often
class _Branch:
    begin: int
    end: int
    branches: tuple[_Branch, ...]


def is_value(units: int) -> bool:
    """Whether a length is one plain or once dotted value, from a 256th to a dotted whole note."""
    return units in _PLAIN or units in _DOTTED


def _branch(begin: int, end: int, parts: int) -> _Branch:
    """A stretch divided into `parts`, and these into halves down to the smallest value."""
    step = (end - begin) // parts
    if step < _SMALLEST or (end - begin) % parts:
        return _Branch(begin, end, ())
    return _Branch(begin, end, tuple(_branch(begin + i * step, begin + (i + 1) * step, 2) for i in range(parts)))


@lru_cache(maxsize=64)
def _bar(meter: Meter) -> _Branch:
    beats, place = [], 0
    for beat in meter.beats:
        length = int(beat * UNITS_PER_QUARTER)
        beats.append(_branch(place, place + length, 2 if length == UNITS_PER_QUARTER else 3))
        place += length
    if len(beats) < _HALVES_FROM_BEATS:
        return _Branch(0, place, tuple(beats))
    middle = int(meter.half_quarters * UNITS_PER_QUARTER)
    first = tuple(beat for beat in beats if beat.begin < middle)
    second = tuple(beat for beat in beats if beat.begin >= middle)
    return _Branch(0, place, (_Branch(0, middle, first), _Branch(middle, place, second)))


@lru_cache(maxsize=64)
def _triplet(length: int) -> _Branch:
    """The written inside of a tuplet that sounds for `length` units: three branches in 3/2 of its length."""
    return _branch(0, length * 3 // 2, 3)


@lru_cache(maxsize=16384)
def _values(begin: int, end: int, branch: _Branch, rest: bool) -> tuple[tuple[int, int], ...]:
    """The stretch as values, each (begin, end), as few as the rules allow."""
    for inner in branch.branches:
        if inner.begin <= begin and end <= inner.end:
            return _values(begin, end, inner, rest)
    if is_value(end - begin) and _may_stand(begin, end, branch, rest):
        return ((begin, end),)
    best: tuple[tuple[int, int], ...] = ()
    for inner in branch.branches[1:]:
        if begin < inner.begin < end:
            found = _values(begin, inner.begin, branch, rest) + _values(inner.begin, end, branch, rest)
            if not best or len(found) <= len(best):
                best = found
    if not best:
        raise ValueError(
            f"a length of {end - begin}/{UNITS_PER_QUARTER} quarter can't be written; use a grid of 1/32 or 1/48 quarter"
        )
    return best


def _may_stand(begin: int, end: int, branch: _Branch, rest: bool) -> bool:
    """Whether one value may be written from `begin` to `end`, crossing branches of `branch`."""
    at_begin, at_end = begin == branch.begin, end == branch.end
    if at_begin and at_end:
        return True
    edges = {branch.begin, *(inner.end for inner in branch.branches)}
    steps = {inner.end - inner.begin for inner in branch.branches}
    in_threes = len(branch.branches) == 3 and branch.end - branch.begin < 3 * UNITS_PER_QUARTER
    if rest:
        # A rest fills a branch, or is the first two thirds of a beat that divides into three.
        return at_begin and in_threes and end in edges and end - begin in _PLAIN
    if begin in edges and end in edges:
        return True
    if len(steps) != 1:
        return False
    step = steps.pop()
    half = step / 2
    on_halves = (begin - branch.begin) % half == 0 and (end - branch.begin) % half == 0
    return on_halves and (end - begin == step or at_begin or at_end)


def _is_third(place: int) -> bool:
    return place % _SMALLEST != 0


def tuplets(events: Sequence[tuple[int, int]], meter: Meter) -> tuple[Tuplet, ...]:
    """Where a bar is written in triplets, in order and without overlap.

    `events` are the bar's (begin, end) without gaps, rests included. A place off the binary grid needs a triplet around
    it: the smallest stretch (half a beat, a beat, two beats, a bar) whose middle no such event crosses.
    """
    if not any(_is_third(begin) for begin, _ in events):
        return ()
    steps = [step for beat in meter.beats for step in ([beat] if beat == 1 else [beat / 3] * 3)]
    lines = [0]
    for step in steps:
        lines.append(lines[-1] + int(step * UNITS_PER_QUARTER))
    places = [begin for begin, _ in events]
    groups: list[Tuplet] = []
    for begin, end in events:
        # A plain triplet value over a line belongs to a group of three such values, if nothing begins on the lines within.
        length = end - begin
        if length * 3 // 2 in _PLAIN and _is_third(length) and any(begin < line < end for line in lines):
            for start in (begin, begin - length, begin - 2 * length):
                stop = start + 3 * length
                inner = {line for line in lines if start < line < stop}
                free = (not groups or start >= groups[-1].end) and inner.isdisjoint(places)
                if start in lines and stop in lines and free:
                    groups.append(Tuplet(start, stop))
                    break
    covered = [line for line in lines[:-1] if any(group.begin <= line < group.end for group in groups)]
    for begin, end in pairwise(lines):
        if begin not in covered:
            groups += _shrunk(events, begin, end)
    return tuple(sorted(groups, key=lambda group: group.begin))


def _shrunk(events: Sequence[tuple[int, int]], begin: int, end: int) -> list[Tuplet]:
    """The smallest triplets within a stretch that hold all its places off the binary grid."""
    inside = [(max(a, begin), min(b, end)) for a, b in events if a < end and b > begin]
    if not any(_is_third(a) for a, _ in inside):
        return []
    middle = (begin + end) // 2
    if any(a < middle < b and (_is_third(a) or _is_third(b)) for a, b in inside):
        return [Tuplet(begin, end)]
    return _shrunk(events, begin, middle) + _shrunk(events, middle, end)


def split_into_values(
    begin: int, end: int, meter: Meter, groups: Sequence[Tuplet] = (), *, rest: bool = False
) -> tuple[NoteValue, ...]:
    """One event of a bar as printed values.

    Raises:
        ValueError: a length that no value down to a 256th can show.
    """
    pieces: list[NoteValue] = []
    place = begin
    for group in (*(group for group in groups if group.end > begin), Tuplet(end, end)):
        if place < min(group.begin, end):
            plain = _values(place, min(group.begin, end), _bar(meter), rest)
            pieces += [NoteValue(a, b, b - a, None) for a, b in plain]
        place = max(begin, group.begin)
        if place >= end:
            break
        first, last = place - group.begin, min(end, group.end) - group.begin
        inner = _triplet(group.end - group.begin)
        for a, b in _values(first * 3 // 2, last * 3 // 2, inner, rest):
            pieces.append(NoteValue(group.begin + a * 2 // 3, group.begin + b * 2 // 3, b - a, group))
        place = group.end
    return tuple(pieces)

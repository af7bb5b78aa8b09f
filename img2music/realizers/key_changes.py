"""Voice leading over a change of key: the last notes before it and the first after it without parallels and crossings.

The crafts lead their lines from chord to chord and know little of each other; inside a key the odd parallel between tune and bass passes
unheard, at the one place to which everybody listens it does not. So where two lines would move in parallel fifths, octaves or unisons, or
where the bass would stand above the tune, one of the accompanying lines takes another note of its chord there: the cheapest that
makes no new fault (rules after W. Piston, *Harmony*, 5th ed., 1987, ch. 2 and 3). Conventions: those of `timeline`.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from img2music.realizers.timeline import chord_at
from img2music.score import index_at
from img2music.theory import instrument

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from fractions import Fraction

    from img2music.plan import CompositionPlan, PartPlan
    from img2music.realizers.timeline import ChordSpan, NoteEvent

__all__ = ["mend_key_changes"]

_ONSET = attrgetter("onset")
_PERFECT = frozenset({0, 7})
_SINGERS = frozenset({"voices", "strings", "winds", "brass"})
"""Families in which a chord is a line for each player."""
_MOST_VOICES = 3
_REACH = 3
"""Notes of a line looked at on each side of the change."""
_FIRST_MOVES = 8
"""How many first notes are tried where two have to change."""
_FAULT = 1000.0
_WIDEST_LEAP = 12


@dataclass(frozen=True, slots=True)
class _Seam:
    """One change of key."""

    plan: CompositionPlan
    spans: Sequence[ChordSpan]
    onset: Fraction

    def has_tune(self, part: PartPlan, onset: Fraction) -> bool:
        """Whether a part has the tune there, or doubles it."""
        section = self.plan.section_of(self.plan.meter_map.bar_at(onset))
        return part.role == "melody" or section.tune_by == part.id or section.texture == "unison"


class _Move(NamedTuple):
    """A part with another note, and what the lines cost with it."""

    cost: float
    part: str
    line: list[NoteEvent]


def mend_key_changes(
    plan: CompositionPlan, spans: Sequence[ChordSpan], lines: Mapping[str, Sequence[NoteEvent]], kept: Collection[str]
) -> dict[str, list[NoteEvent]]:
    """The lines with other notes where the key changes, if there were faults; tunes and lines of `kept` ids stay."""
    mended = {part: list(events) for part, events in lines.items()}
    for point in plan.key_map.points[1:]:
        seam = _Seam(plan, spans, point.onset_quarters)
        for _ in range(len(plan.parts)):
            if not _mend_one(seam, mended, kept):
                break
    return mended


def _mend_one(seam: _Seam, lines: dict[str, list[NoteEvent]], kept: Collection[str]) -> bool:
    """Changes one note of one part for the better, or two where one is not enough, if there is a fault and that can be."""
    now = _cost(seam, lines)
    if now < _FAULT:
        return False
    moves = _moves(seam, lines, kept)
    if moves and moves[0].cost < now:
        lines[moves[0].part] = moves[0].line
        return True
    for first in moves[:_FIRST_MOVES]:
        both = {**lines, first.part: first.line}
        second = next(iter(_moves(seam, both, kept)), None)
        if second is not None and second.cost < now:
            lines.update(both | {second.part: second.line})
            return True
    return False


def _moves(seam: _Seam, lines: Mapping[str, list[NoteEvent]], kept: Collection[str]) -> list[_Move]:
    """What one other note would make of the lines, the cheapest first."""
    found = []
    for part in seam.plan.parts:
        if part.id in kept or part.role == "melody" or instrument(part.instrument).kit:
            continue
        for line, moved in _others(seam, part, lines[part.id]):
            found.append(_Move(_cost(seam, {**lines, part.id: line}) + moved, part.id, line))
    return sorted(found, key=lambda move: move.cost)


def _others(seam: _Seam, part: PartPlan, line: list[NoteEvent]) -> Iterator[tuple[list[NoteEvent], float]]:
    """The line with another note or inversion in one of the events next to the change, and how far that is from the old one."""
    player = instrument(part.instrument)
    middle = index_at(line, seam.onset)
    if middle >= 0 and line[middle].onset < seam.onset:
        middle += 1
    for index in range(max(0, middle - _REACH), min(len(line), middle + _REACH)):
        event = line[index]
        if seam.has_tune(part, event.onset):
            continue
        span = chord_at(seam.spans, event.onset)
        if len(event.pitches) == 1:
            pitch = event.pitches[0]
            # A bass that comes in on a chord keeps its bass note, in any octave.
            classes = {pitch % 12} if part.role == "bass" and event.onset == span.onset else set(span.chord.pitch_classes)
            choices: list[tuple[int, ...]] = [
                (other,) for other in range(pitch - 12, pitch + 13) if other % 12 in classes and other != pitch
            ]
        else:
            low, *rest = event.pitches
            *first, high = event.pitches
            choices = [
                tuple(sorted({*rest, low + 12})),
                tuple(sorted({*first, high - 12})),
                event.pitches[1:],
                event.pitches[:-1],
            ]
        for pitches in choices:
            if pitches and player.low <= pitches[0] and pitches[-1] <= player.high:
                moved = abs(sum(pitches) / len(pitches) - sum(event.pitches) / len(event.pitches))
                fewer = 6.0 * (len(event.pitches) - len(pitches))
                yield [*line[:index], replace(event, pitches=pitches), *line[index + 1 :]], moved + fewer


def _cost(seam: _Seam, lines: Mapping[str, Sequence[NoteEvent]]) -> float:
    """A thousand for every fault over the change, less for faults beside it and for leaps."""
    pitched = [part.id for part in seam.plan.parts if not instrument(part.instrument).kit]
    begin = _last_strikes(seam, [lines[part] for part in pitched])
    near = {part: _near(seam, lines[part], begin) for part in pitched}
    cost = 0.0
    voices: list[tuple[str, dict[Fraction, int]]] = []
    for part in seam.plan.parts:
        if part.id not in near:
            continue
        voices += [(part.role, voice) for voice in _voices(part, near[part.id])]
        for one, other in pairwise(near[part.id]):
            leap = abs(other.pitches[0] - one.pitches[0])
            cost += max(0, leap - 7) + (50 if leap > _WIDEST_LEAP else 0)
    unison = seam.plan.section_of(seam.plan.meter_map.bar_at(seam.onset)).texture == "unison"
    for (upper, high), (lower, low) in combinations(voices, 2):
        strikes = [(onset, high[onset], low[onset]) for onset in sorted(high.keys() & low.keys())]
        for start, arrival in pairwise(strikes):
            if unison and arrival[0] >= seam.onset:
                continue  # who doubles a tune moves along with it
            weight = _FAULT if start[0] < seam.onset <= arrival[0] else _FAULT / 20
            up, down = arrival[1] - start[1], arrival[2] - start[2]
            interval = (arrival[1] - arrival[2]) % 12
            if interval in _PERFECT and interval == (start[1] - start[2]) % 12 and up * down > 0:
                cost += weight
            crossed = arrival[1] < arrival[2] if upper == "melody" else arrival[1] > arrival[2]
            if {upper, lower} == {"melody", "bass"} and crossed:
                cost += weight
    return cost


def _last_strikes(seam: _Seam, lines: Sequence[Sequence[NoteEvent]]) -> Fraction:
    """Where the longest note before the change begins, whoever holds it: from there on others may strike with it."""
    struck = [line[index - 1] for line in lines if (index := bisect_left(line, seam.onset, key=_ONSET))]
    return min((event.onset for event in struck if event.end == seam.onset), default=seam.onset)


def _near(seam: _Seam, line: Sequence[NoteEvent], begin: Fraction) -> Sequence[NoteEvent]:
    """The notes round the change, and all since `begin`."""
    middle = index_at(line, seam.onset)
    return line[max(0, min(middle - 2 * _REACH, bisect_left(line, begin, key=_ONSET))) : middle + 2 * _REACH + 1]


def _voices(part: PartPlan, events: Sequence[NoteEvent]) -> list[dict[Fraction, int]]:
    """The lines of a part, by rank from the top: those of one note at a time, and of choirs of a few singers."""
    sizes = {len(event.pitches) for event in events}
    most = _MOST_VOICES if instrument(part.instrument).family in _SINGERS else 1
    if not sizes or (part.role not in {"melody", "bass"} and (len(sizes) != 1 or max(sizes) > most)):
        return []
    if part.role in {"melody", "bass"}:
        return [{event.onset: event.pitches[-1 if part.role == "melody" else 0] for event in events}]
    return [{event.onset: event.pitches[-1 - rank] for event in events} for rank in range(max(sizes))]

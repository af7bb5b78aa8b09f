"""Tempo and metre of a plan that moves, found section by section in the written files.

A section is kept where every file says there, from place to place, what was asked: its tempo at every step of every glide, its metre with bars
that are full. One tempo or metre in the brief is a wish for the whole piece, and two tempi are how it begins and ends: a plan that does
otherwise is told and not kept. A tempo of words that ask for another later ("90 bpm, accelerando") is a wish for the beginning.
Conventions: places are those of the plan, in quarter notes; bars from 0. Does not know whether the music is good.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from fractions import Fraction
from operator import attrgetter
from typing import TYPE_CHECKING

from img2music.metrics.compliance.compliance_rows import (
    TEMPO_TOLERANCE_BPM,
    UNCLEAR,
    SectionFinds,
    by_section,
    by_whom,
    sections_in_time,
)
from img2music.metrics.compliance.file_notes import Mark, values_between
from img2music.metrics.compliance.midi_contents import bpm_of, bpm_within
from img2music.theory import Meter
from img2music.theory.tempo_map import TempoMap, TempoPoint
from img2music.words.exact_wishes import wishes_for_the_beginning

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from img2music.brief import Brief
    from img2music.measurement import ComplianceRow, Source
    from img2music.metrics.compliance.compliance_rows import Find, SectionInTime
    from img2music.metrics.compliance.file_notes import Marks
    from img2music.metrics.compliance.midi_contents import MidiContents
    from img2music.metrics.compliance.musicxml_contents import MusicXmlContents
    from img2music.plan import CompositionPlan

__all__ = ["moving_meter", "moving_tempo"]

_FINEST_PLACE = 960
"""Parts of a quarter note; plans have places on a grid of 1/24, our MIDI files of 1/480."""
_MOST_TEMPI = 8
"""Of a section; what changes oftener is only counted on."""


def moving_tempo(plan: CompositionPlan, brief: Brief, played: MidiContents, written: MusicXmlContents) -> ComplianceRow:
    """The tempo of every section, with its jumps and glides."""
    wish = brief.tempo_bpm
    begins = wish is not None and "tempo_bpm" in wishes_for_the_beginning(brief)
    asked = plan.tempo_map if wish is None or brief.tempo_to_bpm is not None or begins else TempoMap.constant(wish)
    said: tuple[tuple[Source, Marks[float]], ...] = (
        ("MIDI", tuple(Mark(mark.onset_quarters, bpm_of(mark.value)) for mark in played.tempi)),
        ("MusicXML", written.tempi),
    )
    row = by_section(
        "tempo",
        by_whom(wish),
        [
            SectionFinds(
                span.section.name,
                _joined(_stretch_words(point) for _, point in stretches),
                tuple(_find_tempo(source, asked, marks, span, stretches) for source, marks in said),
            )
            for span in sections_in_time(plan)
            for stretches in [_stretches(asked, span)]
        ],
    )
    if wish is not None and begins and plan.tempo_map.bpm != wish:
        return replace(row, asked=f"{wish:.5g} bpm at the beginning", passed=False)
    if wish is None or brief.tempo_to_bpm is None or (plan.tempo_map.bpm, _last_bpm(plan)) == (wish, brief.tempo_to_bpm):
        return row
    return replace(row, asked=f"{wish:.5g} to {brief.tempo_to_bpm:.5g} bpm", passed=False)


def _last_bpm(plan: CompositionPlan) -> float:
    """The tempo in which the piece ends, or to which it glides until its end."""
    within = [point for point in plan.tempo_map.points if point.onset_quarters < plan.duration_quarters]
    return within[-1].bpm if within[-1].ramp_to_bpm is None else within[-1].ramp_to_bpm


def _stretches(asked: TempoMap, span: SectionInTime) -> list[tuple[Fraction, TempoPoint]]:
    """What is asked of a section: stretches of one tempo or one glide, each with its end; what a glide leads to is not said twice."""
    inside = [point for point in asked.points if span.begin < point.onset_quarters < span.end]
    begins = next(point for point in reversed(asked.points) if point.onset_quarters <= span.begin)
    points = [replace(begins, onset_quarters=span.begin), *inside]
    ends = [*(point.onset_quarters for point in inside), span.end]
    return list(zip(ends, points, strict=True))


def _tolerance_bpm(source: Source, asked: TempoMap, place: Fraction) -> float:
    """How far a tempo may be off: in MIDI also by what the stretch before has lost to whole microseconds, which is made up for here."""
    index = bisect_right(asked.steps, place, key=attrgetter("onset_quarters")) - 1
    if source != "MIDI" or not 0 < index < len(asked.steps) - 1:
        return TEMPO_TOLERANCE_BPM
    before, here, after = asked.steps[index - 1 : index + 2]
    lost = (here.onset_quarters - before.onset_quarters) / (after.onset_quarters - here.onset_quarters) / 2
    return TEMPO_TOLERANCE_BPM + bpm_within(here.bpm, float(lost))


def _stretch_words(point: TempoPoint) -> list[str]:
    """The tempo of a stretch, and what it glides to."""
    words = [f"{point.bpm:.5g}"]
    if point.ramp_to_bpm is not None and point.ramp_to_bpm != point.bpm:
        words.append(f"{'rising' if point.ramp_to_bpm > point.bpm else 'slowing'} to {point.ramp_to_bpm:.5g}")
    return words


def _joined(stretches: Iterable[list[str]]) -> str:
    """The stretches of a section in words; a tempo that has been reached is not said again, and a glide that goes on is one."""
    told: list[str] = []
    for first, *glide in stretches:
        if not told or told[-1].rpartition(" ")[2] != first:
            told.append(first)
        elif glide and told[-1].partition(" ")[0] == glide[0].partition(" ")[0]:
            told.pop()
        told += glide
    rest = max(0, len(told) - _MOST_TEMPI)
    return f"{', '.join(told[:_MOST_TEMPI])} bpm{f' and {rest} more' if rest else ''}"


def _exact(mark: Mark[float]) -> Fraction:
    """A mark's place as the plan tells it: a third of a quarter note is no number of a file's."""
    return Fraction(mark.onset_quarters).limit_denominator(_FINEST_PLACE)


def _find_tempo(
    source: Source, asked: TempoMap, marks: Marks[float], span: SectionInTime, stretches: Sequence[tuple[Fraction, TempoPoint]]
) -> Find:
    told: list[list[str]] = []
    kept = True
    for end, point in stretches:
        begin = point.onset_quarters
        places = {begin, *(step.onset_quarters for step in asked.steps if begin <= step.onset_quarters < end)}
        places |= {place for place in map(_exact, marks) if begin < place < end}
        there = [
            (values_between(marks, float(place), float(place)), asked.bpm_at(place), _tolerance_bpm(source, asked, place))
            for place in sorted(places)
        ]
        right = all(len(found) == 1 and abs(found[0] - bpm) <= within for found, bpm, within in there)
        values = [value for found, *_ in there for value in found]
        told.append(_stretch_words(point) if right else _values_words(values))
        kept = kept and right
    return source, _joined(told) if marks else UNCLEAR, kept


def _values_words(values: Sequence[float]) -> list[str]:
    """Tempi as found: the first and the last, where there are more."""
    first, last = (f"{value:.5g}" for value in (values[0], values[-1])) if values else ("no", "no")
    return [first] if first == last else [first, f"to {last}"]


def moving_meter(plan: CompositionPlan, wish: str | None, played: MidiContents, written: MusicXmlContents) -> ComplianceRow:
    """The metre of every section; of the page, also whether its bars are full."""

    def find(source: Source, asked: Meter, marks: Marks[tuple[int, int]], span: SectionInTime) -> Find:
        found = values_between(marks, float(span.begin), float(span.end))
        named = found == [(asked.count, asked.unit)]
        full = source == "MIDI" or written.unfilled.isdisjoint(range(span.first_bar, span.first_bar + span.section.bars))
        words = " then ".join(f"{count}/{unit}" for count, unit in found) or UNCLEAR
        return source, words + (", but not in every bar" if named and not full else ""), named and full

    sections = []
    for span in sections_in_time(plan):
        asked = plan.meter_of(span.section) if wish is None else Meter.parse(wish)
        finds = find("MIDI", asked, played.meters, span), find("MusicXML", asked, written.meters, span)
        sections.append(SectionFinds(span.section.name, asked.name, finds))
    return by_section("metre", by_whom(wish), sections)

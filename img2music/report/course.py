"""How a piece moves, in plain English: its keys, metres and tempi one after the other.

    D minor (F major from bar 9, D minor again from bar 13)
    4/4 (3/4 from bar 9)
    72 quarter notes a minute (rising to 96 from bar 6, 72 again from bar 13)

Of a piece that stays as it is only the first is said. Everything that shows a piece takes its words from here. Conventions: bars from 1, as on the
page; tempo in quarter notes a minute. Knows nothing of HTML.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.movement import meter_map_of, tempo_map_of
from img2music.report.text_format import format_clock, format_number, tempo_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from img2music.plan import CompositionPlan, Hit, Section
    from img2music.theory.tempo_map import TempoMap

__all__ = ["Course", "hit_words", "key_course", "meter_course", "section_words", "tempo_course", "tempo_range_words"]

_MOST_CHANGES = 4
"""What changes oftener is only counted on."""


@dataclass(frozen=True, slots=True)
class Course:
    """What holds at the beginning, and what it becomes."""

    begins: str
    then: str = ""
    """Empty where nothing changes."""

    def __str__(self) -> str:
        return f"{self.begins} ({self.then})" if self.then else self.begins

    @classmethod
    def of(cls, begins: str, changes: Iterable[tuple[str, str]]) -> Course:
        """From what holds first and what it becomes: words and where."""
        told, before = [], {begins}
        for words, where in changes:
            told.append(f"{words}{' again' if words in before else ''} {where}")
            before.add(words)
        rest = len(told) - _MOST_CHANGES
        if rest > 1:
            told = [*told[:_MOST_CHANGES], f"and {rest} more changes"]
        return cls(begins, ", ".join(told))


def key_course(plan: CompositionPlan, shown: Callable[[str], str] = str) -> Course:
    """The keys; `shown` writes a key's name."""
    points = plan.key_map.points
    return Course.of(
        shown(points[0].key.name), ((shown(point.key.name), _where(plan, point.onset_quarters)) for point in points[1:])
    )


def meter_course(plan: CompositionPlan) -> Course:
    """The metres."""
    points = plan.meter_map.points
    return Course.of(points[0].meter.name, ((point.meter.name, _where(plan, point.onset_quarters)) for point in points[1:]))


def tempo_course(plan: CompositionPlan, unit: str = "", shown: Callable[[float], str] = format_number) -> Course:
    """The tempi with their glides; `unit` follows the first, such as " quarter notes a minute", and `shown` writes a tempo."""
    changes = [
        (f"{way}{' to ' if way else ''}{shown(bpm)}", _where(plan, onset))
        for onset, way, bpm in _tempo_changes(plan.tempo_map, plan.duration_quarters)
    ]
    first = shown(plan.tempo_map.bpm)
    course = Course.of(first, changes)
    return Course(first + unit, course.then)


def _tempo_changes(tempi: TempoMap, end_quarters: Fraction) -> Iterator[tuple[Fraction, str, float]]:
    """Where the tempo changes before an end, the way it glides ("" for a jump) and where it leads; glides the same way are one."""
    glides = {glide.onset_quarters: glide for glide in tempi.glides}
    reached, arrives = tempi.bpm, Fraction(0)
    for point in tempi.points:
        onset = point.onset_quarters
        if arrives > onset or onset >= end_quarters:
            continue
        if point.bpm != reached:
            yield onset, "", point.bpm
        reached = point.bpm
        if (glide := glides.get(onset)) is not None:
            yield onset, "rising" if glide.rises else "slowing", glide.end_bpm
            reached, arrives = glide.end_bpm, glide.end_quarters


def tempo_range_words(plan: CompositionPlan) -> str:
    """The Italian word for the tempo, or those for the slowest and the fastest."""
    tempi = [bpm for point in plan.tempo_map.points for bpm in (point.bpm, point.ramp_to_bpm) if bpm is not None]
    slowest, fastest = tempo_words(min(tempi)), tempo_words(max(tempi))
    return slowest if slowest == fastest else f"{slowest} to {fastest}"


def section_words(plan: CompositionPlan, section: Section) -> str:
    """What a section has of its own: "F major, 3/4, 96 rising to 120"; empty where it has nothing."""
    words = [section.key or "", section.meter or ""]
    tempo = "" if section.tempo_bpm is None else format_number(section.tempo_bpm)
    meters = meter_map_of((section,), plan.parsed_meter)
    tempi = tempo_map_of((section,), plan.tempo_bpm, meters)
    for _, way, bpm in _tempo_changes(tempi, meters.bar_onset(section.bars)):
        tempo = f"{tempo} {f'{way} to' if way else 'then'} {format_number(bpm)}".strip()
    return ", ".join(word for word in (*words, tempo) if word)


def hit_words(plan: CompositionPlan, hit: Hit) -> str:
    """A hit and where it is heard: "accent in bar 5 at 2.5 quarter notes, 0:14.2"."""
    seconds = plan.tempo_map.seconds_at(plan.meter_map.onset(hit.bar - 1, hit.place_quarters))
    place = f" at {format_number(hit.place)} quarter notes" if hit.place else ""
    return f"{hit.action} in bar {hit.bar}{place}, {format_clock(seconds)}"


def _where(plan: CompositionPlan, onset: Fraction) -> str:
    """Where a change stands: from a bar line, or inside a bar."""
    bar, place = plan.meter_map.place_in_bar(onset)
    return f"{'in' if place else 'from'} bar {bar + 1}"

"""How a piece moves, in plain English: its keys, metres and tempi one after the other.

    D minor (F major from bar 9, D minor again from bar 13)
    4/4 (3/4 from bar 9)
    72 quarter notes a minute (rising to 96 from bar 6, 72 again from bar 13)

Of a piece that stays as it is only the first is said. Everything that shows a piece takes its words from here. Conventions: bars from 1, as on the
page; tempo in quarter notes a minute. Knows nothing of HTML.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.report.text_format import format_clock, format_number, tempo_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from fractions import Fraction

    from img2music.plan import CompositionPlan, Hit, Section

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
    changes: list[tuple[str, str]] = []
    reached: float | None = None
    for point in plan.tempo_map.points:
        if point.onset_quarters >= plan.duration_quarters:
            break
        where = _where(plan, point.onset_quarters)
        if point.onset_quarters and point.bpm != reached:
            changes.append((shown(point.bpm), where))
        reached = point.bpm
        if point.ramp_to_bpm is not None and point.ramp_to_bpm != point.bpm:
            changes.append((f"{'rising' if point.ramp_to_bpm > point.bpm else 'slowing'} to {shown(point.ramp_to_bpm)}", where))
            reached = point.ramp_to_bpm
    first = shown(plan.tempo_map.bpm)
    course = Course.of(first, changes)
    return Course(first + unit, course.then)


def tempo_range_words(plan: CompositionPlan) -> str:
    """The Italian word for the tempo, or those for the slowest and the fastest."""
    tempi = [bpm for point in plan.tempo_map.points for bpm in (point.bpm, point.ramp_to_bpm) if bpm is not None]
    slowest, fastest = tempo_words(min(tempi)), tempo_words(max(tempi))
    return slowest if slowest == fastest else f"{slowest} to {fastest}"


def section_words(plan: CompositionPlan, section: Section) -> str:
    """What a section has of its own: "F major, 3/4, 96 rising to 120"; empty where it has nothing."""
    words = [section.key or "", section.meter or ""]
    tempo = "" if section.tempo_bpm is None else format_number(section.tempo_bpm)
    now = plan.tempo_bpm if section.tempo_bpm is None else section.tempo_bpm
    for change in section.tempo_changes:
        glides = "then" if not change.over_bars else "rising to" if change.bpm > now else "slowing to"
        tempo, now = f"{tempo} {glides} {format_number(change.bpm)}".strip(), change.bpm
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

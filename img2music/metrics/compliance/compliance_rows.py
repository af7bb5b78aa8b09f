"""Rows of the compliance table: from what each file says to one answer, for a whole piece or section by section.

Conventions: a row quotes one answer where the files agree, each file's own where they don't; sections that say the same are told together,
"A1-A2: 72 bpm; B: 96 bpm". Knows nothing of what is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from img2music.measurement import ComplianceRow, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

    from img2music.measurement import Promise
    from img2music.plan import CompositionPlan, Section

__all__ = [
    "TEMPO_TOLERANCE_BPM",
    "UNCLEAR",
    "Find",
    "SectionFinds",
    "SectionInTime",
    "accidentals_words",
    "answer_of",
    "by_section",
    "by_whom",
    "make_row",
    "sections_in_time",
]

TEMPO_TOLERANCE_BPM = 0.01
"""MIDI keeps whole microseconds a quarter: at 300 quarters a minute that rounds by less than 0.001."""
UNCLEAR = "none, or more than one"
Find = tuple[Source, str, bool]
"""Where something was found, what it says in words, and whether that is what was asked."""


@dataclass(frozen=True, slots=True)
class SectionFinds:
    """What was asked of one section and found in it."""

    name: str
    asked: str
    finds: tuple[Find, ...]


@dataclass(frozen=True, slots=True)
class SectionInTime:
    """Where a section lies, in quarter notes and in bars from 0."""

    section: Section
    first_bar: int
    begin: Fraction
    end: Fraction


def sections_in_time(plan: CompositionPlan) -> list[SectionInTime]:
    """Every section with its place, in order."""
    bars = plan.meter_map
    return [
        SectionInTime(section, first, bars.bar_onset(first), bars.bar_onset(first + section.bars))
        for first, section in zip(plan.first_bars, plan.sections, strict=True)
    ]


def answer_of(finds: Sequence[Find]) -> str:
    """One answer where the files agree, each file's own where they don't."""
    answers = {answer for _, answer, _ in finds}
    return finds[0][1] if len(answers) == 1 else ", ".join(f"{answer} in {source}" for source, answer, _ in finds)


def make_row(promise: Promise, by: Literal["brief", "plan"], asked: str, *finds: Find) -> ComplianceRow:
    """A row from what each file says of the whole piece."""
    sources = tuple(source for source, _, _ in finds)
    return ComplianceRow(promise, by, asked, answer_of(finds), sources, all(passed for _, _, passed in finds))


def by_section(promise: Promise, by: Literal["brief", "plan"], sections: Sequence[SectionFinds]) -> ComplianceRow:
    """A row from what each file says of every section, or of every stretch of sections."""
    asked = _told((one.name, one.asked) for one in sections)
    found = _told((one.name, answer_of(one.finds)) for one in sections)
    sources = tuple(dict.fromkeys(source for one in sections for source, _, _ in one.finds))
    return ComplianceRow(promise, by, asked, found, sources, all(passed for one in sections for _, _, passed in one.finds))


def _told(said: Iterable[tuple[str, str]]) -> str:
    """Names and what is said of them, neighbours of whom the same is said together; no names where it is said of all."""
    runs: list[tuple[str, list[str]]] = []
    for name, words in said:
        if runs and runs[-1][0] == words:
            runs[-1][1].append(name)
        else:
            runs.append((words, [name]))
    if len(runs) == 1:
        return runs[0][0]
    return "; ".join(f"{names[0]}{f'-{names[-1]}' if len(names) > 1 else ''}: {words}" for words, names in runs)


def by_whom(wish: object) -> Literal["brief", "plan"]:
    """Who asked: the user, where there is a wish."""
    return "brief" if wish else "plan"


def accidentals_words(fifths: int) -> str:
    """A key signature in words: "2 flats"."""
    count = abs(fifths)
    return f"{count} {'sharp' if fifths > 0 else 'flat'}{'s' * (count > 1)}" if count else "no accidentals"

"""The timeline of a plan: phrases and chords at their exact places, each with the key, the metre and the tempo that hold there.

Conventions: bars counted from 0, onsets in quarter notes from the start of the piece. What sounds at an onset is asked here and
nowhere else. Knows nothing of how pitches are chosen.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

from img2music.score import Timed, index_at
from img2music.theory.meter_map import steps_in_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import CompositionPlan, Section
    from img2music.theory import Chord, Key, Meter

__all__ = ["ChordSpan", "NoteEvent", "Phrase", "chord_at", "layout_chords", "layout_phrases", "note_at", "reached_between"]

T = TypeVar("T", bound=Timed)
_ONSET = attrgetter("onset")


@dataclass(frozen=True, slots=True)
class NoteEvent:
    """Notes struck together, before they are spelled. A part is a list of events in order that never overlap."""

    onset: Fraction
    duration: Fraction
    pitches: tuple[int, ...]
    emphasis: int = 0
    """Added to the velocity that the section's dynamic gives."""
    articulation: str = ""
    weights: tuple[float, ...] = ()
    """Of strokes as a drummer played them, in the order of `pitches`: velocity as a multiple of the section's dynamic."""
    lags: tuple[float, ...] = ()
    """Likewise how much later than written each was played, in quarter notes; negative is earlier."""

    @property
    def end(self) -> Fraction:
        """Where the event stops."""
        return self.onset + self.duration


@dataclass(frozen=True, slots=True)
class Phrase:
    """A breath of music."""

    section: Section
    section_index: int
    index: int
    """Place in its section, from 0."""
    first_bar: int
    bars: int
    onset: Fraction
    """Where it begins."""
    key: Key
    meter: Meter
    bpm: float
    """The tempo with which it begins."""
    closes: bool
    """Whether it ends with a cadence on the tonic (second of a pair, or last of the piece)."""
    is_last: bool
    """Whether the piece ends with it."""


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord and where it sounds."""

    onset: Fraction
    duration: Fraction
    chord: Chord
    bar: int
    key: Key
    meter: Meter
    bar_onset: Fraction

    @property
    def bar_end(self) -> Fraction:
        """Where the next bar begins."""
        return self.bar_onset + self.meter.bar_quarters

    @property
    def end(self) -> Fraction:
        """Where the next chord begins."""
        return self.onset + self.duration


def chord_at(spans: Sequence[ChordSpan], onset: Fraction) -> ChordSpan:
    """The chord that sounds at an onset; the first one before it begins."""
    return spans[max(0, index_at(spans, onset))]


def reached_between(timed: Sequence[T], begin: Fraction, end: Fraction) -> Sequence[T]:
    """Of chords or notes in order the last that begins at `begin` or before, and those that begin after it and before `end`."""
    return timed[max(0, index_at(timed, begin)) : bisect_left(timed, end, key=_ONSET)]


def note_at(events: Sequence[NoteEvent], onset: Fraction) -> NoteEvent | None:
    """What a part sounds at an onset; None where it rests."""
    index = index_at(events, onset)
    return events[index] if index >= 0 and events[index].end > onset else None


def layout_phrases(plan: CompositionPlan) -> tuple[Phrase, ...]:
    """Every phrase of the piece in order."""
    phrases, bar = [], 0
    for number, section in enumerate(plan.sections):
        for index, bars in enumerate(section.phrase_bars):
            ends = number == len(plan.sections) - 1 and index == len(section.phrase_bars) - 1
            is_last = ends and not plan.loop
            onset = plan.meter_map.bar_onset(bar)
            heard = onset, plan.key_of(section), plan.meter_of(section), plan.tempo_map.bpm_at(onset)
            closes = is_last or (not ends and section.role != "contrast" and (index % 2 == 1 or len(section.phrase_bars) == 1))
            phrases.append(Phrase(section, number, index, bar, bars, *heard, closes, is_last))
            bar += bars
    return tuple(phrases)


def layout_chords(plan: CompositionPlan) -> tuple[ChordSpan, ...]:
    """Every chord of the piece; chords of one bar change on beats, the earlier ones staying longer."""
    spans = []
    for bar, chords in enumerate(plan.chords()):
        start = plan.meter_map.bar_onset(bar)
        key, meter = plan.key_map.key_at(start), plan.meter_map.meter_at(bar)
        places = [*_change_places(meter, len(chords)), meter.bar_quarters]
        for chord, begin, end in zip(chords, places, places[1:], strict=False):
            spans.append(ChordSpan(start + begin, end - begin, chord, bar, key, meter, start))
    return tuple(spans)


def _change_places(meter: Meter, count: int) -> list[Fraction]:
    onsets = meter.onsets
    if count <= len(onsets):
        return [onsets[ceil(Fraction(index * len(onsets), count))] for index in range(count)]
    # More chords than beats: on eighths, as evenly as the bar allows.
    eighths = steps_in_bar(meter, 2)
    return [Fraction(index * eighths // count, 2) for index in range(count)]

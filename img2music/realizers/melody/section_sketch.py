"""A section's strokes before they have pitches: ideas become bars, bars strokes, with what ties each stroke to an earlier one.

The motif stands in the section's first bar; what the ideas of `phrase_plan` make of it is said stroke by stroke: a step of the motif,
a step like an earlier stroke's, a place to begin from, a goal. A contrast takes the motif upside down, in another rhythm and register.
Conventions: onsets in quarter notes from the start of the piece, strokes in a bar from its beginning. Knows nothing of chords.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from img2music.realizers.melody.beam_search import MelodySlot
from img2music.realizers.melody.melody_rhythm import (
    augment_rhythm,
    draw_bar,
    draw_cadence_bar,
    fit_note_count,
    motif_strokes,
    notes_wanted,
    repeat_head,
)
from img2music.section import Material
from img2music.theory.meter_map import bars_quarters
from img2music.theory.rhythms import shortest_stroke

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import CompositionPlan, Section
    from img2music.realizers.melody.phrase_plan import BarIdea
    from img2music.realizers.timeline import Phrase
    from img2music.theory import Meter
    from img2music.theory.rhythms import Dialect, Place, Stroke

__all__ = ["CONTOUR_SPAN", "SectionSketch", "begin_sketch", "lay_phrase", "through"]

_MOTIF_RHYTHM: frozenset[BarIdea] = frozenset({"motif", "repetition", "sequence", "inversion"})
"""Ideas with the motif's whole rhythm."""
CONTOUR_SPAN = 11
"""Semitones from the lowest to the highest place of the contour (our choice)."""


@dataclass(slots=True)
class SectionSketch:
    """A section on its way: rhythms by idea, strokes so far, where each idea's bar last began."""

    plan: CompositionPlan
    section: Section
    dialect: Dialect
    chance: np.random.Generator
    wanted: float
    steps: tuple[int, ...]
    rhythms: dict[BarIdea, tuple[Stroke, ...]]
    middle: float
    contour: tuple[float, ...]
    meter: Meter
    bpm: float
    first_bar: int
    start: Fraction
    """Where its first bar begins."""
    bars: int
    slots: list[MelodySlot] = field(default_factory=list)
    seen: dict[BarIdea, int] = field(default_factory=dict)
    """Number of the first stroke of the bar in which an idea last stood; its sequences and repetitions are the motif's."""
    before: tuple[Stroke, ...] = ()
    is_firm: bool = False
    """Whether the plan says what becomes of the motif, so that it has to be heard."""


def begin_sketch(
    plan: CompositionPlan,
    phrases: Sequence[Phrase],
    limits: tuple[int, int],
    previous: int | None,
    dialect: Dialect,
    chance: np.random.Generator,
) -> SectionSketch:
    """The section's material: the motif as it is; for a contrast its other side, upside down, in another rhythm, elsewhere."""
    section, meter, bpm = phrases[0].section, phrases[0].meter, phrases[0].bpm
    material = plan.material_of(section) or Material(letter=section.material)
    wanted = notes_wanted(plan.density, bpm, meter, section.energy)
    middle = (limits[0] + limits[1]) / 2 + 3 * (section.energy - 0.5)
    motif, contour = material.motif or plan.motif, material.contour or plan.contour
    steps = motif.steps
    strokes = fit_note_count(motif_strokes(motif.durations, meter), wanted, meter)
    if section.role == "contrast":
        if material.contour is None:
            contour = tuple(1 - height for height in reversed(contour))
        if material.motif is None:
            steps = tuple(-step for step in steps)
            strokes, _ = draw_bar(meter, dialect, "first", wanted, chance, avoid=(strokes,), shortest=shortest_stroke(bpm))
        middle += 3 if section.energy >= 0.5 else -3
    elif section.role == "outro" and previous is not None:
        middle = float(previous)  # the ending stays where the tune has come to rest
    place = phrases[0].first_bar, phrases[0].onset, sum(phrase.bars for phrase in phrases)
    sketch = SectionSketch(plan, section, dialect, chance, wanted, steps, {"motif": strokes}, middle, contour, meter, bpm, *place)
    sketch.is_firm = bool(material.motif or material.development)
    return sketch


def lay_phrase(sketch: SectionSketch, phrase: Phrase, ideas: Sequence[BarIdea]) -> None:
    """Adds the strokes of one phrase."""
    begin = len(sketch.slots)
    goal = "home" if phrase.is_last else "close" if phrase.closes else "open"
    if sketch.section.role == "outro" and len(ideas) >= 3:
        _lay_outro(sketch, phrase, ideas)
    else:
        for number, idea in enumerate(ideas):
            if idea == "augmentation":
                _lay_slow_motif(sketch, phrase.first_bar + number)
            elif idea != "augmentation_end":  # laid with the bar before it
                _lay_bar(sketch, phrase.first_bar + number, idea, goal, is_first=number == 0)
    if goal != "open":
        arrival = next((index for index in range(begin, len(sketch.slots)) if sketch.slots[index].goal == goal), begin)
        if arrival > begin:
            sketch.slots[arrival - 1] = replace(sketch.slots[arrival - 1], goal="approach", like=None, step=None)
    sketch.before = ()


def _lay_outro(sketch: SectionSketch, phrase: Phrase, ideas: Sequence[BarIdea]) -> None:
    """The motif once more, twice as slow; then long notes; then home."""
    bar = sketch.meter.bar_quarters
    _lay_slow_motif(sketch, phrase.first_bar)
    for number in range(2, len(ideas) - 1):
        _add(sketch, phrase.first_bar + number, Fraction(0), bar)
    _add(sketch, phrase.first_bar + len(ideas) - 1, Fraction(0), bar, goal="home" if phrase.is_last else "close")


def _lay_slow_motif(sketch: SectionSketch, first_bar: int) -> None:
    """The motif twice as slow, over two bars."""
    bar = sketch.meter.bar_quarters
    slow = [(place, duration) for place, duration in augment_rhythm(sketch.rhythms["motif"]) if place < 2 * bar]
    for index, (place, duration) in enumerate(slow):
        number = int(place >= bar)
        step = sketch.steps[index] - sketch.steps[index - 1] if 0 < index < len(sketch.steps) else None
        _add(sketch, first_bar + number, place - number * bar, min(duration, 2 * bar - place), step=step)


def _lay_bar(sketch: SectionSketch, bar: int, idea: BarIdea, goal: str, *, is_first: bool) -> None:
    """Adds one bar's strokes with their relations."""
    meter = sketch.meter
    if idea == "home":
        _lay_home(sketch, bar, goal)
        return
    if idea == "cadence":
        strokes, arrival = draw_cadence_bar(
            meter, sketch.dialect, sketch.wanted, sketch.chance, sketch.before, shortest_stroke(sketch.bpm)
        )
        for index, (place, duration) in enumerate(strokes):
            _add(sketch, bar, place, duration, goal=goal if index == arrival else "")
        sketch.before = strokes
        return
    strokes, is_tied, period = _rhythm(sketch, idea, is_first=is_first)
    if is_tied and sketch.slots and strokes[0][0] > 0:
        _ring_over(sketch, _bar_onset(sketch, bar), strokes[0][0])
    source, shifts, sign = _relation(sketch, idea, is_first=is_first)
    begin = len(sketch.slots)
    for index, (place, duration) in enumerate(strokes):
        within = index % period if period else index
        step: int | None = None
        like: tuple[int, int] | None = None
        anchor: tuple[int, tuple[int, ...]] | None = None
        if index == 0 or (period and within == 0):
            if index and period:  # the head again: a step away from where it just was
                anchor = (begin, (-2, -1, 1, 2))
            elif source is not None and shifts:
                anchor = (source, shifts)
        elif source is not None and sign:
            like = (source + within, sign)
        elif idea == "motif" and within < len(sketch.steps):
            step = sketch.steps[within] - sketch.steps[within - 1]
        _add(sketch, bar, place, duration, step=step, like=like, anchor=anchor)
    sketch.seen["motif" if idea in {"repetition", "sequence"} else idea] = begin
    sketch.before = strokes


def _lay_home(sketch: SectionSketch, bar: int, goal: str) -> None:
    """The last bar: one long note; a piece of one bar still has something to say before it lands."""
    alone = sketch.plan.bars == 1
    strokes = sketch.rhythms["motif"] if alone else ((Fraction(0), sketch.meter.bar_quarters),)
    for index, (place, duration) in enumerate(strokes):
        _add(sketch, bar, place, duration, goal=goal if index == len(strokes) - 1 else "")


def _rhythm(sketch: SectionSketch, idea: BarIdea, *, is_first: bool) -> tuple[tuple[Stroke, ...], bool, int]:
    """An idea's strokes, whether the note before rings into them, and the length of the figure that they repeat (0 if none)."""
    meter = sketch.meter
    motif = sketch.rhythms["motif"]
    if idea in _MOTIF_RHYTHM:
        return motif, False, 0
    if idea == "fragment":
        strokes, length = repeat_head(motif, meter)
        if length >= 2 and len(strokes) == 2 * length and 2 * length <= sketch.wanted * 1.6 + 1:
            return strokes, False, length
        return motif, False, 0
    if idea not in sketch.rhythms:
        wanted = sketch.wanted * (1.2 if idea == "drive" else 1.0)
        place: Place = "first" if is_first else "middle"
        used = tuple(sketch.rhythms.values()) if idea != "answer" or float(sketch.chance.random()) < 0.75 else ()
        strokes, is_tied = draw_bar(
            meter,
            sketch.dialect,
            place,
            wanted,
            sketch.chance,
            after=sketch.before,
            avoid=used,
            shortest=shortest_stroke(sketch.bpm),
        )
        sketch.rhythms[idea] = strokes
        return strokes, is_tied, 0
    return sketch.rhythms[idea], False, 0


def _relation(sketch: SectionSketch, idea: BarIdea, *, is_first: bool) -> tuple[int | None, tuple[int, ...], int]:
    """The stroke that begins the bar an idea is related to, how far from it this bar may begin, and 1 upright, -1 turned, 0 free."""
    source = sketch.seen.get("motif" if idea in {*_MOTIF_RHYTHM, "fragment"} else idea)
    if source is None or idea == "drive":
        return None, (), 0
    if idea == "sequence":
        return source, (-2, -1, 1, 2), 1
    if idea == "fragment":
        return source, (-1, 0, 1, 2), 1
    if idea == "inversion":
        return source, (), -1
    if idea == "motif" and not is_first:
        return source, (-1, 0, 1), 1
    return source, (0,), 1


def _ring_over(sketch: SectionSketch, bar_line: Fraction, until: Fraction) -> None:
    """Holds the last note over the bar line, if it reaches it and is not an arrival."""
    last = sketch.slots[-1]
    if last.onset + last.duration == bar_line and not last.goal:
        sketch.slots[-1] = replace(last, duration=last.duration + until)


def _add(
    sketch: SectionSketch,
    bar: int,
    place: Fraction,
    duration: Fraction,
    *,
    step: int | None = None,
    like: tuple[int, int] | None = None,
    anchor: tuple[int, tuple[int, ...]] | None = None,
    goal: str = "",
) -> None:
    meter = sketch.meter
    onset = _bar_onset(sketch, bar) + place
    through = _share(sketch, onset)
    height = float(np.interp(through, np.linspace(0, 1, len(sketch.contour)), sketch.contour))
    span = 4 if sketch.section.role == "outro" else CONTOUR_SPAN
    target = sketch.middle + (height - 0.5) * span
    sketch.slots.append(
        MelodySlot(onset, duration, meter.weight(place), target, step, like, anchor, goal, is_firm=sketch.is_firm)
    )


def through(sketch: SectionSketch, slot: MelodySlot) -> float:
    """How far through the section a stroke begins, 0..1."""
    return _share(sketch, slot.onset)


def _bar_onset(sketch: SectionSketch, bar: int) -> Fraction:
    return sketch.start + bars_quarters(bar - sketch.first_bar, sketch.meter)


def _share(sketch: SectionSketch, onset: Fraction) -> float:
    return float((onset - sketch.start) / bars_quarters(sketch.bars, sketch.meter))

"""A new tune for one section: letters become bars, bars strokes, strokes pitches.

The motif stands in the section's first bar; what comes later says how it is related to earlier strokes (see `phrasing`), and the search
finds the pitches that keep those relations, the harmony, the picture's contour and the learned ways of melodies all at once.
One stroke of the section is its peak: where the contour is highest inside the section's middle, else at about two thirds.

Conventions: onsets in quarter notes from the start of the piece; pitches MIDI numbers; `limits` are the lowest and highest pitch.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from img2music.realizers.melody.beam_search import MelodySlot, search_line, tones_over_chord
from img2music.realizers.melody.melody_rhythm import (
    augmented,
    cadence,
    draw_bar,
    fit_note_count,
    head,
    motif_strokes,
    notes_wanted,
)
from img2music.realizers.melody.phrase_letters import phrase_letters
from img2music.realizers.timeline import chord_at
from img2music.rng import generator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import CompositionPlan, Section
    from img2music.realizers.timeline import ChordSpan, Phrase
    from img2music.theory.rhythms import Dialect, Place, Stroke

__all__ = ["SectionMelody", "Sung", "compose_section_melody"]

_SPAN = 15
"""Semitones from a section's lowest to its highest note, about a tenth: what a singer is asked for (our choice)."""
_CONTOUR_SPAN = 11


@dataclass(frozen=True, slots=True)
class Sung:
    """A stroke and its pitch."""

    slot: MelodySlot
    pitch: int


@dataclass(frozen=True, slots=True)
class SectionMelody:
    """What a letter of the form has to repeat: its strokes, where they began, and the chords they were written over."""

    notes: tuple[Sung, ...]
    start: Fraction
    bars: int


@dataclass(slots=True)
class _Sketch:
    """A section on its way: rhythms by letter, strokes so far, where each letter's bar last began."""

    plan: CompositionPlan
    section: Section
    dialect: Dialect
    chance: np.random.Generator
    wanted: float
    steps: tuple[int, ...]
    rhythms: dict[str, tuple[Stroke, ...]]
    middle: float
    contour: tuple[float, ...]
    first_bar: int
    bars: int
    slots: list[MelodySlot] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    """Number of the first stroke of the bar in which a letter last stood."""
    before: tuple[Stroke, ...] = ()


def compose_section_melody(
    plan: CompositionPlan,
    phrases: Sequence[Phrase],
    spans: Sequence[ChordSpan],
    limits: tuple[int, int],
    previous: int | None,
    dialect: Dialect,
) -> SectionMelody:
    """The tune of the section that holds `phrases`; `previous` is the last pitch before it."""
    section = phrases[0].section
    # The motif is part of the purpose: two pictures with one seed share no luck, and one picture saved twice has one motif.
    idea = f"{plan.motif.steps} {plan.motif.rhythm}"
    chance = generator(plan.seed_for("melody"), "melody", section.material, idea)
    sketch = _sketch(plan, phrases, limits, previous, dialect, chance)
    letters = phrase_letters([phrase.bars for phrase in phrases], chance, is_last=phrases[-1].is_last)
    ends = []
    for phrase, row in zip(phrases, letters, strict=True):
        _lay_phrase(sketch, phrase, row)
        ends.append(len(sketch.slots))
    low, top = _crown(sketch, spans, limits)
    history: list[int] = []
    pitches: list[int] = []
    begin = 0
    for end in ends:
        slots = sketch.slots[begin:end]
        high = top if any(slot.is_peak for slot in slots) else max(low + 5, top - 1)
        found, degrees = search_line(slots, spans, plan.parsed_key, (low, high), previous, history, chance)
        pitches.extend(found)
        history.extend(degrees)
        previous = pitches[-1] if pitches else previous
        begin = end
    start = phrases[0].first_bar * plan.parsed_meter.bar_quarters
    sung = tuple(Sung(slot, pitch) for slot, pitch in zip(sketch.slots, pitches, strict=True))
    return SectionMelody(sung, start, sketch.bars)


def _sketch(
    plan: CompositionPlan,
    phrases: Sequence[Phrase],
    limits: tuple[int, int],
    previous: int | None,
    dialect: Dialect,
    chance: np.random.Generator,
) -> _Sketch:
    """The section's material: the motif as it is; for a contrast its other side, upside down, in another rhythm, elsewhere."""
    section, meter = phrases[0].section, plan.parsed_meter
    wanted = notes_wanted(plan.density, plan.tempo_bpm, meter, section.energy)
    middle = (limits[0] + limits[1]) / 2 + 3 * (section.energy - 0.5)
    steps, contour = plan.motif.steps, plan.contour
    strokes = fit_note_count(motif_strokes(plan.motif.durations, meter), wanted, meter)
    if section.role == "contrast":
        steps = tuple(-step for step in steps)
        contour = tuple(1 - height for height in reversed(contour))
        strokes, _ = draw_bar(meter, dialect, "first", wanted, chance, avoid=(strokes,), shortest=_shortest(plan))
        middle += 3 if section.energy >= 0.5 else -3
    elif section.role == "outro" and previous is not None:
        middle = float(previous)  # the ending stays where the tune has come to rest
    first, bars = phrases[0].first_bar, sum(phrase.bars for phrase in phrases)
    return _Sketch(plan, section, dialect, chance, wanted, steps, {"m": strokes}, middle, contour, first, bars)


def _lay_phrase(sketch: _Sketch, phrase: Phrase, letters: str) -> None:
    """Adds the strokes of one phrase."""
    begin = len(sketch.slots)
    goal = "home" if phrase.is_last else "close" if phrase.closes else "open"
    if sketch.section.role == "outro" and len(letters) >= 3:
        _lay_outro(sketch, phrase, letters)
    else:
        for number, letter in enumerate(letters):
            _lay_bar(sketch, phrase.first_bar + number, letter, goal, is_first=number == 0)
    if goal != "open":
        arrival = next((index for index in range(begin, len(sketch.slots)) if sketch.slots[index].goal == goal), begin)
        if arrival > begin:
            sketch.slots[arrival - 1] = replace(sketch.slots[arrival - 1], goal="approach", like=None, step=None)
    sketch.before = ()


def _lay_outro(sketch: _Sketch, phrase: Phrase, letters: str) -> None:
    """The motif once more, twice as slow; then long notes; then home."""
    bar = sketch.plan.parsed_meter.bar_quarters
    slow = [(place, duration) for place, duration in augmented(sketch.rhythms["m"]) if place < 2 * bar]
    for index, (place, duration) in enumerate(slow):
        number, inside = divmod(place, bar)
        step = sketch.steps[index] - sketch.steps[index - 1] if 0 < index < len(sketch.steps) else None
        _add(sketch, phrase.first_bar + int(number), inside, min(duration, 2 * bar - place), step=step)
    for number in range(2, len(letters) - 1):
        _add(sketch, phrase.first_bar + number, Fraction(0), bar)
    _add(sketch, phrase.first_bar + len(letters) - 1, Fraction(0), bar, goal="home" if phrase.is_last else "close")


def _lay_bar(sketch: _Sketch, bar: int, letter: str, goal: str, *, is_first: bool) -> None:
    """Adds one bar's strokes with their relations."""
    meter = sketch.plan.parsed_meter
    if letter == "h":
        _lay_home(sketch, bar, goal)
        return
    if letter == "c":
        strokes, arrival = cadence(meter, sketch.dialect, sketch.wanted, sketch.chance, sketch.before, _shortest(sketch.plan))
        for index, (place, duration) in enumerate(strokes):
            _add(sketch, bar, place, duration, goal=goal if index == arrival else "")
        sketch.before = strokes
        return
    strokes, is_tied, period = _rhythm(sketch, letter, is_first=is_first)
    if is_tied and sketch.slots and strokes[0][0] > 0:
        _ring_over(sketch, bar * meter.bar_quarters, strokes[0][0])
    source, shifts, sign = _relation(sketch, letter, is_first=is_first)
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
        elif letter == "m" and within < len(sketch.steps):
            step = sketch.steps[within] - sketch.steps[within - 1]
        _add(sketch, bar, place, duration, step=step, like=like, anchor=anchor)
    sketch.seen["m" if letter in "rs" else letter] = begin
    sketch.before = strokes


def _lay_home(sketch: _Sketch, bar: int, goal: str) -> None:
    """The last bar: one long note; a piece of one bar still has something to say before it lands."""
    alone = sketch.plan.bars == 1
    strokes = sketch.rhythms["m"] if alone else ((Fraction(0), sketch.plan.parsed_meter.bar_quarters),)
    for index, (place, duration) in enumerate(strokes):
        _add(sketch, bar, place, duration, goal=goal if index == len(strokes) - 1 else "")


def _rhythm(sketch: _Sketch, letter: str, *, is_first: bool) -> tuple[tuple[Stroke, ...], bool, int]:
    """A letter's strokes, whether the note before rings into them, and the length of the figure that they repeat (0 if none)."""
    meter = sketch.plan.parsed_meter
    motif = sketch.rhythms["m"]
    if letter in "mrsi":
        return motif, False, 0
    if letter == "f":
        strokes, length = head(motif, meter)
        if length >= 2 and len(strokes) == 2 * length and 2 * length <= sketch.wanted * 1.6 + 1:
            return strokes, False, length
        return motif, False, 0
    if letter not in sketch.rhythms:
        wanted = sketch.wanted * (1.2 if letter == "d" else 1.0)
        place: Place = "first" if is_first else "middle"
        used = tuple(sketch.rhythms.values()) if letter != "a" or float(sketch.chance.random()) < 0.75 else ()
        strokes, is_tied = draw_bar(
            meter, sketch.dialect, place, wanted, sketch.chance, after=sketch.before, avoid=used, shortest=_shortest(sketch.plan)
        )
        sketch.rhythms[letter] = strokes
        return strokes, is_tied, 0
    return sketch.rhythms[letter], False, 0


def _relation(sketch: _Sketch, letter: str, *, is_first: bool) -> tuple[int | None, tuple[int, ...], int]:
    """The stroke that begins the bar a letter is related to, how far from it this bar may begin, and 1 upright, -1 turned, 0 free."""
    source = sketch.seen.get("m" if letter in "mrsif" else letter)
    if source is None or letter == "d":
        return None, (), 0
    if letter == "s":
        return source, (-2, -1, 1, 2), 1
    if letter == "f":
        return source, (-1, 0, 1, 2), 1
    if letter == "i":
        return source, (), -1
    if letter == "m" and not is_first:
        return source, (-1, 0, 1), 1
    return source, (0,), 1


def _ring_over(sketch: _Sketch, bar_line: Fraction, until: Fraction) -> None:
    """Holds the last note over the bar line, if it reaches it and is not an arrival."""
    last = sketch.slots[-1]
    if last.onset + last.duration == bar_line and not last.goal:
        sketch.slots[-1] = replace(last, duration=last.duration + until)


def _add(
    sketch: _Sketch,
    bar: int,
    place: Fraction,
    duration: Fraction,
    *,
    step: int | None = None,
    like: tuple[int, int] | None = None,
    anchor: tuple[int, tuple[int, ...]] | None = None,
    goal: str = "",
) -> None:
    meter = sketch.plan.parsed_meter
    through = float((bar - sketch.first_bar + place / meter.bar_quarters) / sketch.bars)
    height = float(np.interp(through, np.linspace(0, 1, len(sketch.contour)), sketch.contour))
    span = 4 if sketch.section.role == "outro" else _CONTOUR_SPAN
    target = sketch.middle + (height - 0.5) * span
    onset = bar * meter.bar_quarters + place
    sketch.slots.append(MelodySlot(onset, duration, meter.weight(place), target, step, like, anchor, goal))


def _crown(sketch: _Sketch, spans: Sequence[ChordSpan], limits: tuple[int, int]) -> tuple[int, int]:
    """Marks the peak and gives the lowest and highest pitch of the section."""
    low, high = limits
    candidates = [
        (number, slot)
        for number, slot in enumerate(sketch.slots)
        if not slot.goal and 0.3 <= _through(sketch, slot) <= 0.9 and slot.weight >= 1
    ]
    top = min(high, max(low + 7, round(sketch.middle + _CONTOUR_SPAN / 2)))
    if sketch.section.role in {"intro", "outro"} or not candidates or len(sketch.slots) < 6:
        # An octave below the note that is kept for a peak, so that the tonic is in it.
        low = max(low, top - 13)
        return low, min(high + 1, max(top, low + 12))
    number, slot = max(
        candidates,
        key=lambda one: (
            one[1].target / 3 + min(2.0, float(one[1].duration)) + one[1].weight / 2 - 6 * abs(_through(sketch, one[1]) - 0.68)
        ),
    )
    chord = chord_at(spans, slot.onset).chord
    members = [
        tone.pitch
        for tone in tones_over_chord(chord, sketch.plan.parsed_key, max(low, top - 3), min(high, top + 3))
        if tone.role < 4
    ]
    if members:
        top = min(members, key=lambda pitch: (abs(pitch - top), pitch))
    sketch.slots[number] = replace(slot, is_peak=True, like=None, step=None, anchor=None)
    return max(low, top - _SPAN), top


def _shortest(plan: CompositionPlan) -> float:
    """The shortest stroke that still sings, in quarter notes: about a seventh of a second (our choice)."""
    return 0.14 * plan.tempo_bpm / 60


def _through(sketch: _Sketch, slot: MelodySlot) -> float:
    return float((slot.onset / sketch.plan.parsed_meter.bar_quarters - sketch.first_bar) / sketch.bars)

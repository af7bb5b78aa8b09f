"""A new tune for one section: ideas become bars, bars strokes, strokes pitches.

`section_sketch` lays the strokes and says how each is related to earlier ones; the search (`beam_search`) finds the pitches that keep
those relations, the harmony, the picture's contour and the learned ways of melodies all at once.
One stroke of the section is its peak: where the contour is highest inside the section's middle, else at about two thirds.

Conventions: onsets in quarter notes from the start of the piece; pitches MIDI numbers; `limits` are the lowest and highest pitch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from img2music.realizers.melody.beam_search import search_line
from img2music.realizers.melody.phrase_plan import plan_phrases
from img2music.realizers.melody.scale_tones import tones_over_chord
from img2music.realizers.melody.section_sketch import CONTOUR_SPAN, SectionSketch, begin_sketch, lay_phrase, through
from img2music.realizers.timeline import chord_at
from img2music.rng import generator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from img2music.realizers.context import CompositionContext
    from img2music.realizers.melody.beam_search import MelodySlot
    from img2music.realizers.timeline import ChordSpan, Phrase
    from img2music.theory import Key, Meter
    from img2music.theory.rhythms import Dialect

__all__ = ["PitchedSlot", "SectionMelody", "compose_section_melody"]

_SPAN = 15
"""Semitones from a section's lowest to its highest note, about a tenth: what a singer is asked for (our choice)."""


@dataclass(frozen=True, slots=True)
class PitchedSlot:
    """A stroke and its pitch."""

    slot: MelodySlot
    pitch: int
    heard: tuple[int, ...] = ()
    """Pitch classes of the chord under it, where the tune was moved to another key; empty is the chord where it stands."""


@dataclass(frozen=True, slots=True)
class SectionMelody:
    """What a letter of the form has to repeat: its strokes, where they began, and the chords they were written over."""

    notes: tuple[PitchedSlot, ...]
    start: Fraction
    bars: int
    key: Key
    meter: Meter


def compose_section_melody(
    context: CompositionContext, phrases: Sequence[Phrase], limits: tuple[int, int], previous: int | None, dialect: Dialect
) -> SectionMelody:
    """The tune of the section that holds `phrases`; `previous` is the last pitch before it."""
    plan, spans, section, key = context.plan, context.spans, phrases[0].section, phrases[0].key
    material = plan.material_of(section)
    # The motif is part of the purpose: two pictures with one seed share no luck, and one picture saved twice has one motif.
    motif = (material and material.motif) or plan.motif
    idea = f"{motif.steps} {motif.rhythm}"
    chance = generator(plan.seed_for("melody"), "melody", section.material, idea)
    sketch = begin_sketch(plan, phrases, limits, previous, dialect, chance)
    development = material.development if material else ()
    ideas = plan_phrases([phrase.bars for phrase in phrases], chance, is_last=phrases[-1].is_last, development=development)
    ends = []
    for phrase, row in zip(phrases, ideas, strict=True):
        lay_phrase(sketch, phrase, row)
        ends.append(len(sketch.slots))
    low, top = _crown(sketch, spans, key, limits)
    history: list[int] = []
    pitches: list[int] = []
    begin = 0
    for end in ends:
        slots = sketch.slots[begin:end]
        high = top if any(slot.is_peak for slot in slots) else max(low + 5, top - 1)
        found, degrees = search_line(slots, spans, key, (low, high), previous, history, chance)
        pitches.extend(found)
        history.extend(degrees)
        previous = pitches[-1] if pitches else previous
        begin = end
    sung = tuple(PitchedSlot(slot, pitch) for slot, pitch in zip(sketch.slots, pitches, strict=True))
    return SectionMelody(sung, phrases[0].onset, sketch.bars, key, sketch.meter)


def _crown(sketch: SectionSketch, spans: Sequence[ChordSpan], key: Key, limits: tuple[int, int]) -> tuple[int, int]:
    """Marks the peak and gives the lowest and highest pitch of the section."""
    low, high = limits
    candidates = [
        (number, slot)
        for number, slot in enumerate(sketch.slots)
        if not slot.goal and 0.3 <= through(sketch, slot) <= 0.9 and slot.weight >= 1
    ]
    top = min(high, max(low + 7, round(sketch.middle + CONTOUR_SPAN / 2)))
    if sketch.section.role in {"intro", "outro"} or not candidates or len(sketch.slots) < 6:
        # An octave below the note that is kept for a peak, so that the tonic is in it.
        low = max(low, top - 13)
        return low, min(high + 1, max(top, low + 12))
    number, slot = max(
        candidates,
        key=lambda one: (
            one[1].target / 3 + min(2.0, float(one[1].duration)) + one[1].weight / 2 - 6 * abs(through(sketch, one[1]) - 0.68)
        ),
    )
    chord = chord_at(spans, slot.onset).chord
    members = [tone.pitch for tone in tones_over_chord(chord, key, max(low, top - 3), min(high, top + 3)) if tone.role < 4]
    if members:
        top = min(members, key=lambda pitch: (abs(pitch - top), pitch))
    sketch.slots[number] = replace(slot, is_peak=True, like=None, step=None, anchor=None)
    return max(low, top - _SPAN), top

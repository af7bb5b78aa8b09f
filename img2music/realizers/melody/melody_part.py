"""The melody of a piece: tunes in their sections, led into, brought back, and brought home.

    phrase_plan     what each bar does with the motif       melody_rhythm   which strokes it has
    section_sketch  a section's strokes                     section_melody  their pitches: a new tune for a section
    beam_search     how pitches are found                   melody_model    what the search has learned
    variation       the tune again, varied                  originality     no run of eight notes that a song has

Conventions: onsets in quarter notes from the start of the piece; pitches MIDI numbers. One note at a time, never overlapping.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.realizers.melody.originality import avoid_known_runs
from img2music.realizers.melody.section_melody import SectionMelody, compose_section_melody
from img2music.realizers.melody.variation import note_event, vary_melody
from img2music.realizers.orchestration import has_tune
from img2music.realizers.timeline import NoteEvent
from img2music.rng import generator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import CompositionPlan
    from img2music.realizers.context import CompositionContext
    from img2music.realizers.timeline import Phrase
    from img2music.theory import Instrument
    from img2music.theory.rhythms import Dialect

__all__ = ["write_melody"]

_ABOVE_CHORDS = 62
"""D4: the chords' register ends about there."""


def write_melody(context: CompositionContext, *, dialect: Dialect = "song") -> list[NoteEvent]:
    """The tune of the whole piece.

    Where nobody else plays, it fills introduction and ending too; `dialect` is the kind of song whose rhythms it takes.
    """
    plan = context.plan
    limits = _register(plan, context.player, context.part.octave)
    tunes: dict[str, SectionMelody] = {}
    line: list[NoteEvent] = []
    for number, section in enumerate(plan.sections):
        own = [phrase for phrase in context.phrases if phrase.section_index == number]
        if not (has_tune(plan, section) or context.alone):
            continue
        known = tunes.get(section.material)
        previous = line[-1].pitches[0] if line else None
        fits = known is not None and section.bars <= known.bars and own[0].meter == known.meter
        if known is not None and fits and section.role not in {"intro", "outro"}:
            events = vary_melody(context, known, own, limits, previous)
        else:
            tune = compose_section_melody(context, own, limits, previous, dialect)
            tune = _made_ours(context, tune)
            tunes.setdefault(section.material, tune)
            events = [note_event(note.slot, note.pitch) for note in tune.notes]
        line.extend(_pickup(context, line, events, own[0]))
        line.extend(events)
    return _all_ours(context, line)


def _made_ours(context: CompositionContext, tune: SectionMelody) -> SectionMelody:
    """The tune without known runs, so that its returns have none either."""
    events = _all_ours(context, [note_event(note.slot, note.pitch) for note in tune.notes])
    notes = tuple(replace(note, pitch=event.pitches[0]) for note, event in zip(tune.notes, events, strict=True))
    return replace(tune, notes=notes)


def _all_ours(context: CompositionContext, events: list[NoteEvent]) -> list[NoteEvent]:
    return avoid_known_runs(events, context.spans, context.player.low, context.player.high)


def _register(plan: CompositionPlan, player: Instrument, octave: int) -> tuple[int, int]:
    """A singable range of about an octave and a half round the centre of the instrument's tessitura, moved by the plan's height."""
    centre = player.tessitura_centre + 12 * octave + plan.height
    reach = 8 + round(2 * (plan.arousal + 1))
    low, high = max(player.low, centre - reach), min(player.high, centre + reach)
    if any(part.role in {"chords", "arpeggio", "pad"} for part in plan.parts):
        # Above the chords, as far as the instrument reaches: a tune inside its accompaniment is not heard.
        lift = max(0, min(_ABOVE_CHORDS + plan.height, player.high - 14) - low)
        low, high = low + lift, min(player.high, high + lift)
    if high - low < 12:
        low, high = max(player.low, high - 14), min(player.high, max(high, low + 14))
    return low, high


def _pickup(
    context: CompositionContext, line: Sequence[NoteEvent], events: Sequence[NoteEvent], phrase: Phrase
) -> list[NoteEvent]:
    """One or two eighths that lead by step into a new section, where a breath stays free before them; more often with energy."""
    if not line or not events:
        return []
    player = context.player
    chance = generator(context.plan.seed_for("melody"), "melody", "pickup", str(phrase.section_index))
    gap = events[0].onset - line[-1].end
    half = Fraction(1, 2)
    if gap <= half or float(chance.random()) > 0.25 + 0.6 * phrase.section.energy:
        return []
    goal = events[0].pitches[0]
    # From the side on which the tune was resting; from below where it rests on the goal itself.
    direction = 1 if goal >= line[-1].pitches[0] else -1
    scale = set(phrase.key.pitch_classes)
    steps = [goal - direction * size for size in range(1, 5) if (goal - direction * size) % 12 in scale][
        : 1 if gap < 3 * half else 2
    ]
    if not all(player.low <= pitch <= player.high for pitch in steps):
        return []
    begin = events[0].onset - half * len(steps)
    return [NoteEvent(begin + half * place, half, (pitch,), emphasis=-4) for place, pitch in enumerate(reversed(steps))]

"""The composer: a plan becomes a score. It says who plays when and how loud; each craft has modules of its own.

    timeline    phrases and chords at their places      context     what a craft is told
    texture     who rests                               orchestration, hits     what sections and moments ask for
    melody/     the tune and the counter-melody         chords/     voice leading and accompaniment
    bass/       bass lines                              drums/      drummers and hand percussion

Conventions: events in quarter notes from the start of the piece; `energies` a bar, -1 where a part rests.
Every promise of the plan (key, metre, tempo, bars, instruments) is kept exactly; how it is played is the performer's matter.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import checkpoint
from img2music.realizers.bass.bass_line import write_bass
from img2music.realizers.chords.accompaniment import write_chords
from img2music.realizers.context import compose_context
from img2music.realizers.drums.drum_kit import drum_spelling
from img2music.realizers.drums.drum_part import write_drums
from img2music.realizers.drums.hand_percussion import write_percussion
from img2music.realizers.hits import mark_hits
from img2music.realizers.key_changes import mend_key_changes
from img2music.realizers.melody.countermelody import write_counter
from img2music.realizers.melody.melody_part import write_melody
from img2music.realizers.orchestration import orchestrate, playing_energies, tune_for_others
from img2music.realizers.texture import apply_rests
from img2music.realizers.timeline import chord_at
from img2music.score import ChordSymbol, Note, Part, Score, ScoreSection
from img2music.theory import instrument

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from img2music.plan import CompositionPlan, PartPlan
    from img2music.realizers.context import CompositionContext
    from img2music.realizers.timeline import ChordSpan, NoteEvent
    from img2music.theory.rhythms import Dialect

__all__ = ["Composer", "bar_velocities", "base_velocity", "dynamic_mark", "finish_lines", "notate", "write_part"]

_DYNAMICS = ((0.22, "pp"), (0.36, "p"), (0.5, "mp"), (0.64, "mf"), (0.8, "f"), (1.01, "ff"))
_VELOCITY = {"pp": 44, "p": 54, "mp": 64, "mf": 75, "f": 87, "ff": 99}
"""MIDI velocities of the marks (after MuseScore's defaults, drawn towards the middle)."""
_ROLE_VELOCITY = {"melody": 8, "counter": -2, "chords": -8, "arpeggio": -10, "pad": -12, "bass": 0, "drums": 0}


def dynamic_mark(energy: float) -> str:
    """The mark written for an energy of 0..1: "pp" to "ff"."""
    return next(mark for limit, mark in _DYNAMICS if energy < limit)


def base_velocity(energy: float, role: str, *, steps: bool = True) -> int:
    """The MIDI velocity of an unaccented note of a role at an energy of 0..1; without `steps` also between the marks, for a crescendo."""
    if steps:
        return _VELOCITY[dynamic_mark(energy)] + _ROLE_VELOCITY[role]
    limits = [0.0, *(limit for limit, _ in _DYNAMICS)]
    middles = [(low + high) / 2 for low, high in pairwise(limits)]
    return round(float(np.interp(energy, middles, list(_VELOCITY.values())))) + _ROLE_VELOCITY[role]


def bar_velocities(plan: CompositionPlan, role: str) -> list[int]:
    """The MIDI velocity of a role's unaccented notes in every bar."""
    return [
        base_velocity(energy, role, steps=section.energy_curve is None)
        for section in plan.sections
        for energy in section.bar_energies
    ]


class Composer:
    """Writes the notes of a plan; see the module's docstring."""

    def __call__(self, plan: CompositionPlan, /) -> Score:
        """The score of `plan`; the same plan always gives the same score.

        Raises:
            UsageError: the plan names a style or a pattern that does not exist.
        """
        return self.compose_around(plan, {})

    def compose_around(self, plan: CompositionPlan, kept: Mapping[str, Sequence[NoteEvent]]) -> Score:
        """The score of `plan` round lines that stay as they are, by the id of their part.

        Raises:
            UsageError: the plan names a style or a pattern that does not exist.
        """
        context = compose_context(plan)
        written: dict[str, list[NoteEvent]] = {}
        tune: list[NoteEvent] = []
        for part in sorted(plan.parts, key=lambda part: part.role != "melody"):
            checkpoint(len(written), len(plan.parts))
            events = list(kept.get(part.id, ()))
            if part.id not in kept:
                events = write_part(context.for_part(part, context.energies, tune))
            if part.role == "melody" and not instrument(part.instrument).kit and not tune:
                tune = tune_for_others(plan, events)
            written[part.id] = events
        written = finish_lines(context, written, kept)
        return Score(
            title=plan.title,
            subtitle=plan.idea,
            key_map=plan.key_map,
            meter_map=plan.meter_map,
            tempo_map=plan.tempo_map,
            bars=plan.bars,
            parts=tuple(notate(plan, part, written[part.id], context.spans) for part in plan.parts),
            chords=_symbols(context.spans),
            sections=_sections(plan),
        )


def write_part(context: CompositionContext) -> list[NoteEvent]:
    """One part's events; the context's energies are the piece's, and the part's rests are worked out here."""
    plan, part, style = context.plan, context.part, context.style
    resting = apply_rests(plan, part, context.phrases, _rests(plan, part, context.energies, alone=context.alone))
    context = context.for_part(part, playing_energies(plan, part, resting), context.tune)
    if context.player.kit:
        return write_percussion(context) if part.pattern else write_drums(context)
    match part.role:
        case "melody":
            # Straight styles with a drum kit sing as pop does, off the beat; the others as songs and folk tunes do.
            dialect: Dialect = "pop" if (style.drums or style.grooves) and style.swing < 0.2 else "song"
            return write_melody(context, dialect=dialect)
        case "bass":
            return write_bass(context)
        case "counter":
            return write_counter(context)
        case _:
            return write_chords(context)


def finish_lines(
    context: CompositionContext, lines: Mapping[str, list[NoteEvent]], kept: Collection[str] = ()
) -> dict[str, list[NoteEvent]]:
    """The written lines with what sections ask of their players, with the hits, and led over changes of key; those of `kept` ids stay."""
    plan, finished = context.plan, dict(lines)
    if any(section.tune_by or section.silent or section.texture for section in plan.sections):
        finished = orchestrate(plan, finished, kept)
    if plan.hits:
        finished = mark_hits(plan, context.spans, finished, kept)
    return finished if plan.key_map.is_constant else mend_key_changes(plan, context.spans, finished, kept)


def _rests(plan: CompositionPlan, part: PartPlan, energies: Sequence[float], *, alone: bool) -> list[float]:
    """Energy a bar for one part, -1 where it rests. Somebody always plays: the calmest part carries a bar all others leave."""
    # Every seat joins at least the loudest section: an empty staff is worse than a full band in a calm piece.
    threshold = min(part.from_energy, max(energies))
    playing = [-1.0 if energy < threshold else energy for energy in energies]
    if alone:
        return list(energies)
    others = [other for other in plan.parts if other is not part and other.role != "melody"]
    least = min((other.from_energy for other in others), default=1.1)
    if part.role != "melody" and part.from_energy <= least:
        playing = list(energies)
    if len(energies) > 1 and playing[-2] >= 0:
        playing[-1] = energies[-1]  # who plays before the last chord plays the last chord
    return playing


def notate(plan: CompositionPlan, part: PartPlan, events: Sequence[NoteEvent], spans: Sequence[ChordSpan]) -> Part:
    """Events as spelled notes with written dynamics."""
    bases = bar_velocities(plan, part.role)
    player = instrument(part.instrument)
    notes = []
    for event in events:
        checkpoint()
        span = chord_at(spans, event.onset)
        base = bases[min(len(bases) - 1, plan.meter_map.bar_at(event.onset))]
        velocity = min(124, max(16, base + event.emphasis))
        if event.weights:
            notes += _strokes(event, base)
            continue
        for pitch in sorted(set(event.pitches)):
            spelling = drum_spelling(pitch) if player.kit else span.key.spell(pitch, span.chord.members)
            notes.append(Note(event.onset, event.duration, pitch, spelling, velocity, event.articulation))
    return Part(part.name, player, part.role, tuple(notes), part.level_db, part.pan, id=part.id, hand=part.hand)


def _strokes(event: NoteEvent, base: int) -> list[Note]:
    """Drum strokes with the velocity and the timing that a drummer gave them."""
    return [
        Note(
            event.onset,
            event.duration,
            pitch,
            drum_spelling(pitch),
            min(127, max(8, round(base * weight))),
            microtiming_quarters=lag,
        )
        for pitch, weight, lag in sorted(zip(event.pitches, event.weights, event.lags, strict=True))
    ]


def _symbols(spans: Sequence[ChordSpan]) -> tuple[ChordSymbol, ...]:
    symbols: list[ChordSymbol] = []
    for span in spans:
        if not symbols or symbols[-1].symbol != span.chord.symbol:
            symbols.append(ChordSymbol(span.onset, span.chord.symbol, span.chord.numeral))
    return tuple(symbols)


def _sections(plan: CompositionPlan) -> tuple[ScoreSection, ...]:
    sections, bar = [], 0
    for section in plan.sections:
        sections.append(
            ScoreSection(
                section.name, bar, section.bars, section.energy, dynamic_mark(section.bar_energies[0]), section.phrase_bars
            )
        )
        bar += section.bars
    return tuple(sections)

"""A tune that comes back: recognisable, not the same.

Where the chords are those of the first time, its notes stay; where they differ, the search finds notes near the old ones. A return with
energy rises by an octave if the instrument can, long notes are ornamented, and its last bar may close in a new way. Conventions as
in `section_melody`.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.realizers.chords.voice_leading import nearest_pitch
from img2music.realizers.melody.beam_search import search_line
from img2music.realizers.timeline import NoteEvent, chord_at
from img2music.rng import generator
from img2music.theory.meter_map import bars_quarters
from img2music.theory.transposition import transpose_pitch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from img2music.plan import CompositionPlan
    from img2music.realizers.context import CompositionContext
    from img2music.realizers.melody.beam_search import MelodySlot
    from img2music.realizers.melody.section_melody import SectionMelody
    from img2music.realizers.timeline import Phrase
    from img2music.theory import Instrument, Key

__all__ = ["ornament_line", "vary_melody"]


def vary_melody(
    context: CompositionContext, tune: SectionMelody, phrases: Sequence[Phrase], limits: tuple[int, int], previous: int | None
) -> list[NoteEvent]:
    """The tune over the chords of the section that holds `phrases`, which has at most as many bars."""
    plan, spans, player = context.plan, context.spans, context.player
    section, number, key = phrases[0].section, phrases[0].section_index, phrases[0].key
    bar = phrases[0].meter.bar_quarters
    if key != tune.key:
        tune = _in_key(context, tune, phrases[0], limits)
    chance = generator(plan.seed_for("melody"), "melody", "return", str(number))
    start, cut = phrases[0].onset, bars_quarters(sum(phrase.bars for phrase in phrases), phrases[0].meter)
    lift = _lift(plan, tune, number, player)
    last_bar = start + cut - bar
    new_end = float(chance.random()) < 0.5 or phrases[-1].is_last or cut < bars_quarters(tune.bars, tune.meter)
    slots: list[MelodySlot] = []
    for note in tune.notes:
        place = note.slot.onset - tune.start
        if place >= cut:
            break
        onset = start + place
        heard = note.heard or chord_at(spans, note.slot.onset).chord.pitch_classes
        hears = chord_at(spans, onset).chord.pitch_classes
        same = set(heard) == set(hears) and not (new_end and onset >= last_bar - bar / 2)
        pitch = note.pitch + lift
        slot = replace(note.slot, onset=onset, like=None, step=None, anchor=None, is_peak=False)
        near = pitch if same or pitch % 12 in hears or slot.weight < 2 else None  # a strong beat stands on its new chord
        slots.append(replace(slot, duration=min(slot.duration, start + cut - onset), pitch=pitch if same else None, near=near))
    if phrases[-1].is_last:
        slots = [slot for slot in slots if slot.onset < last_bar]
        if slots:
            slots[-1] = replace(
                slots[-1], duration=min(slots[-1].duration, last_bar - slots[-1].onset), goal="approach", pitch=None
            )
        template = tune.notes[-1].slot
        home = replace(template, onset=last_bar, duration=bar, weight=3, like=None, step=None, anchor=None)
        slots.append(replace(home, goal="home", is_peak=False, pitch=None, near=None))
    elif slots and new_end:
        goal = "close" if phrases[-1].closes else "open"
        arrival = max(range(len(slots)), key=lambda index: (slots[index].onset >= last_bar, slots[index].duration, index))
        slots[arrival] = replace(slots[arrival], goal=goal, pitch=None, near=None)
    pitches = [note.pitch + lift for note in tune.notes]
    low, high = min(player.high - 5, limits[0] + lift, *pitches), min(player.high, max(limits[1], *pitches))
    found, _ = search_line(slots, spans, key, (low, high), previous, (), chance)
    events = [note_event(slot, pitch) for slot, pitch in zip(slots, found, strict=True)]
    return ornament_line(key, events, player, chance, 0.05 + 0.12 * section.energy)


def _in_key(context: CompositionContext, tune: SectionMelody, phrase: Phrase, limits: tuple[int, int]) -> SectionMelody:
    """The tune in the phrase's key, by octaves as near as can be to where the melody sings, and where the instrument reaches."""
    notes = []
    for note in tune.notes:
        onset = phrase.onset + note.slot.onset - tune.start
        was, now = (chord_at(context.spans, place).chord.members for place in (note.slot.onset, onset))
        spelled = tune.key.spell(note.pitch, was)
        heard = chord_at(context.spans, note.slot.onset).chord
        moved = tuple(
            sorted(
                transpose_pitch(tune.key.spell(60 + one, was), tune.key, phrase.key, was, now) % 12 for one in heard.pitch_classes
            )
        )
        notes.append(replace(note, pitch=transpose_pitch(spelled, tune.key, phrase.key, was, now), heard=moved))
    pitches = [note.pitch for note in notes] or [limits[0]]
    player = context.player
    reach, sung = (player.low, player.high), (limits[0] - 2, limits[1] + 2)
    octave = min((-12, 0, 12), key=lambda shift: (_beyond(pitches, shift, reach), _beyond(pitches, shift, sung), abs(shift)))
    # A wide tune on an instrument of few notes: what no octave of the whole brings there goes by itself.
    found = (nearest_pitch(note.pitch % 12, note.pitch + octave, *reach) for note in notes)
    return replace(
        tune, notes=tuple(replace(note, pitch=pitch) for note, pitch in zip(notes, found, strict=True)), key=phrase.key
    )


def _beyond(pitches: Sequence[int], shift: int, bounds: tuple[int, int]) -> int:
    """By how much pitches that are moved by `shift` go below and above the bounds."""
    return max(0, bounds[0] - min(pitches) - shift) + max(0, max(pitches) + shift - bounds[1])


def note_event(slot: MelodySlot, pitch: int) -> NoteEvent:
    """A stroke as an event: arrivals are held their full length, strong beats said a little louder."""
    arrives = slot.goal in {"open", "close", "home"} and slot.duration >= 1
    return NoteEvent(
        slot.onset, slot.duration, (pitch,), emphasis=2 * (slot.weight > 1), articulation="tenuto" if arrives else ""
    )


def ornament_line(
    key: Key, events: Sequence[NoteEvent], player: Instrument, chance: np.random.Generator, likelihood: float
) -> list[NoteEvent]:
    """Long notes before other notes get a passing or neighbour note in their last half beat, now and then."""
    result: list[NoteEvent] = []
    for event, following in zip(events, [*events[1:], None], strict=True):
        result.extend(_ornament(key, event, following, player, chance, likelihood))
    return result


def _lift(plan: CompositionPlan, tune: SectionMelody, section: int, player: Instrument) -> int:
    """An octave for a return of high energy, where the instrument still sings."""
    here = plan.sections[section]
    top = max((note.pitch for note in tune.notes), default=player.high) + 12
    return 12 if here.role == "return" and here.energy > 0.6 and top <= min(player.high, player.tessitura_centre + 14) else 0


def _ornament(
    key: Key,
    event: NoteEvent,
    following: NoteEvent | None,
    player: Instrument,
    chance: np.random.Generator,
    likelihood: float,
) -> list[NoteEvent]:
    draw = float(chance.random())  # drawn for every note, so that one changed note leaves the others' luck alone
    half = Fraction(1, 2)
    if following is None or following.onset != event.end or event.duration < 1 or draw > likelihood:
        return [event]
    scale = set(key.pitch_classes)
    pitch, goal = event.pitches[0], following.pitches[0]
    between = [candidate for candidate in range(min(pitch, goal) + 1, max(pitch, goal)) if candidate % 12 in scale]
    if between:
        ornament = between[-1] if goal > pitch else between[0]
    else:
        ornament = next((pitch + step for step in (2, 1, -1, -2) if (pitch + step) % 12 in scale and pitch + step != goal), pitch)
    if ornament == pitch or abs(ornament - goal) > 4 or not player.low <= ornament <= player.high:
        return [event]
    return [
        replace(event, duration=event.duration - half, articulation=""),
        NoteEvent(event.end - half, half, (ornament,), emphasis=-4),
    ]

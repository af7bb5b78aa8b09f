"""The bass line: the chords' bass notes in the rhythm of the style, with leading notes into what follows.

What each pattern is called and means stands in `theory.pattern_names`; how it goes, in `bass_patterns`. This module decides the
register, keeps leaps inside an octave, and leads from phrase to phrase. Conventions: events in quarter notes from the start of
the piece, one note at a time; `energies` a bar, -1 where the part rests.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.realizers.bass.bass_context import BassContext
from img2music.realizers.bass.bass_patterns import BASS_PATTERNS
from img2music.realizers.chords.accompaniment import rhythmic_activity
from img2music.realizers.chords.voice_leading import nearest_pitch
from img2music.realizers.timeline import NoteEvent
from img2music.rng import generator
from img2music.theory.pattern_names import check_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import PartPlan
    from img2music.realizers.context import CompositionContext
    from img2music.realizers.timeline import ChordSpan
    from img2music.theory import Instrument

__all__ = ["write_bass"]

_CEILING = 52
"""A bass climbs no higher than E3, where the chords begin."""
_OCTAVE = 12
_LEAPING = {"octave", "offbeat", "funk"}
"""Patterns that leap an octave up need room above the root."""
_FLOWING = {"walking", "running", "boogie", "melodic", "pedal", "drone", "tumbao"}
"""Patterns that lead on by themselves, or that never do."""
_LEADS_FROM = 0.33
"""From this drive on a phrase's last beat leads into the next phrase (our choice)."""


def write_bass(context: CompositionContext) -> list[NoteEvent]:
    """The whole bass part.

    Raises:
        UsageError: no such pattern.
    """
    plan, part, player = context.plan, context.part, context.player
    phrases, energies = context.phrases, context.energies
    spans: Sequence[ChordSpan] = context.spans
    name = check_pattern("bass", part.pattern) or "root-fifth"
    low, high, centre = _register(part, player)
    root_high = max(low + 11, high - _OCTAVE) if name in _LEAPING else high
    if name == "drone":
        homes = {span.key: span.chord for span in spans}  # the last chord in each key
        spans = [replace(span, chord=homes[span.key]) for span in spans]
    roots = _roots(spans, centre, low, root_high)
    chance = generator(plan.seed_for("bass"), "bass", part.id)
    variants = [int(chance.integers(4)) for _ in phrases]
    events: list[NoteEvent] = []
    phrase_of = {phrase.first_bar + number: index for index, phrase in enumerate(phrases) for number in range(phrase.bars)}
    for index, span in enumerate(spans):
        energy = energies[span.bar]
        if energy < 0:
            continue
        if span.bar == plan.final_bar:
            events.append(NoteEvent(span.onset, span.duration, (roots[index],)))
            continue
        phrase = phrases[phrase_of[span.bar]]
        ends = span.bar == phrase.first_bar + phrase.bars - 1
        following = spans[min(index + 1, len(spans) - 1)]
        chord = BassContext(
            span=span,
            root=roots[index],
            goal=roots[min(index + 1, len(spans) - 1)],
            limits=(low, high),
            drive=rhythmic_activity(energy, plan.density),
            scale=frozenset(span.key.pitch_classes),
            bar=span.bar - phrase.first_bar,
            variant=variants[phrase_of[span.bar]],
            held=index > 0 and spans[index - 1].chord == span.chord and not ends,
            chance=chance,
        )
        played = BASS_PATTERNS[name](chord)
        last_of_phrase = ends and (index + 1 == len(spans) or spans[index + 1].bar != span.bar)
        if last_of_phrase and name not in _FLOWING and chord.drive > _LEADS_FROM:
            played = _lead(played, replace(chord, scale=frozenset(following.key.pitch_classes)))
        events.extend(played)
    return _tame(_untangle(events, spans[-1].end), low, high)


def _register(part: PartPlan, player: Instrument) -> tuple[int, int, int]:
    """Lowest and highest note of the line, and the middle it is drawn to."""
    low = player.low
    high = max(low + _OCTAVE, min(player.high, low + 2 * _OCTAVE, _CEILING))
    return low, high, max(low + 5, min(player.tessitura_centre + _OCTAVE * part.octave, high - 5))


def _roots(spans: Sequence[ChordSpan], centre: int, low: int, high: int) -> list[int]:
    """The bass note of each chord, near the one before and not far from the middle."""
    roots: list[int] = []
    previous = centre
    for span in spans:
        previous = nearest_pitch(span.chord.bass * 7 % 12, round(0.6 * previous + 0.4 * centre), low, high)
        roots.append(previous)
    return roots


def _lead(events: list[NoteEvent], context: BassContext) -> list[NoteEvent]:
    """The last beat of a phrase leads by step into the next chord: one note, or two where the energy is up."""
    half = Fraction(1, 2)
    span = context.span
    if span.duration < 2 or not events:
        return events
    count = 2 if context.drive > 0.5 or context.variant % 2 else 1
    # From the side on which the line is, so that it arrives by going on.
    before = events[-1].pitches[0]
    direction = 1 if context.goal >= before else -1
    if before == context.goal:
        direction = 1 if context.variant < 2 else -1
    steps = [
        pitch
        for pitch in range(context.goal - direction, context.goal - 6 * direction, -direction)
        if pitch % 12 in context.scale and context.limits[0] <= pitch <= context.limits[1]
    ][:count]
    if len(steps) < count:
        return events
    length = half if count == 2 else Fraction(1)
    begin = span.end - length * count
    kept = [replace(event, duration=min(event.duration, begin - event.onset)) for event in events if event.onset < begin]
    return [*kept, *(NoteEvent(begin + length * place, length, (pitch,)) for place, pitch in enumerate(reversed(steps)))]


def _untangle(events: list[NoteEvent], end: Fraction) -> list[NoteEvent]:
    """A note held over the bar line stops where the next one begins, and the last of a loop with its last bar."""
    onsets = [*(event.onset for event in events[1:]), end]
    return [
        replace(event, duration=min(event.duration, onset - event.onset)) for event, onset in zip(events, onsets, strict=False)
    ]


def _tame(events: list[NoteEvent], low: int, high: int) -> list[NoteEvent]:
    """No leap wider than an octave: the note after one is taken in the octave that lies nearer, where the register has it."""
    tamed: list[NoteEvent] = []
    for event in events:
        pitch = event.pitches[0]
        if tamed:
            before = tamed[-1].pitches[0]
            while pitch - before > _OCTAVE and pitch - _OCTAVE >= low:
                pitch -= _OCTAVE
            while before - pitch > _OCTAVE and pitch + _OCTAVE <= high:
                pitch += _OCTAVE
        tamed.append(event if pitch == event.pitches[0] else replace(event, pitches=(pitch,)))
    return tamed

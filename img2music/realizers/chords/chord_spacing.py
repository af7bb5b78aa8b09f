"""Spacing: chords wide below and close above, and always under the tune.

Small intervals in a low register blur: their partials beat inside one critical band. Arrangers keep to *low interval limits*,
the lowest place at which each interval is still clear; the table is the commonly taught one (Sweetwater inSync,
"Low Interval Limit"; the same figures are taught at Berklee), written here as the MIDI number of the lower note.
Conventions: pitches are MIDI numbers, voicings sorted upwards. Knows nothing of harmony.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from img2music.realizers.timeline import reached_between

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from img2music.realizers.timeline import NoteEvent

__all__ = [
    "LOW_LIMITS",
    "avoid_shared_keys",
    "keep_below_melody",
    "lowest_melody_pitch",
    "respects_low_limits",
    "widen_low_intervals",
]

LOW_LIMITS = {1: 52, 2: 51, 3: 48, 4: 47, 5: 45, 6: 46, 7: 37, 8: 41, 9: 41, 10: 41, 11: 41}
"""Lowest note under which an interval of so many semitones may stand. (The tritone is often given as B1; we keep it with
its neighbours, as it is never clearer than a fourth.)"""


def respects_low_limits(voicing: Sequence[int]) -> bool:
    """Whether every neighbouring pair of a voicing keeps to its low interval limit."""
    return all(lower >= LOW_LIMITS.get(upper - lower, 0) for lower, upper in pairwise(voicing))


def widen_low_intervals(voicing: tuple[int, ...], high: int) -> tuple[int, ...]:
    """The voicing with its muddy neighbours spread: the upper of the two moves up an octave if `high` allows, else is left out."""
    notes = sorted(voicing)
    for _ in range(4 * len(voicing)):
        muddy = next((i for i, (lower, upper) in enumerate(pairwise(notes)) if lower < LOW_LIMITS.get(upper - lower, 0)), None)
        if muddy is None:
            break
        moved = notes.pop(muddy + 1) + 12
        if moved <= high and moved not in notes:
            notes = sorted((*notes, moved))
    return tuple(notes)


def keep_below_melody(events: Sequence[NoteEvent], tune: Sequence[NoteEvent], low: int) -> list[NoteEvent]:
    """The same events with every note that reaches the tune of its moment put an octave lower, or left out of a chord.

    `low` is the player's lowest note. A single note that fits nowhere stays: a hole in a figure is heard more than a crossing.
    """
    return [
        replace(event, pitches=_below(event.pitches, lowest_melody_pitch(event.onset, event.end, tune), low)) for event in events
    ]


def avoid_shared_keys(events: Sequence[NoteEvent], tune: Sequence[NoteEvent]) -> list[NoteEvent]:
    """The events of one hand without the keys that the other, which plays the tune, holds at some time of theirs."""
    kept = []
    for event in events:
        held = [other for other in reached_between(tune, event.onset, event.end) if other.end > event.onset]
        taken = {pitch for other in held for pitch in other.pitches}
        free = tuple(pitch for pitch in event.pitches if pitch not in taken)
        if free:
            kept.append(replace(event, pitches=free))
    return kept


def lowest_melody_pitch(begin: Fraction, end: Fraction, tune: Sequence[NoteEvent]) -> int | None:
    """The lowest note of the tune that sounds between two places; None where it rests."""
    sung = (other.pitches[0] for other in reached_between(tune, begin, end) if other.end > begin)
    return min(sung, default=None)


def _below(pitches: tuple[int, ...], sung: int | None, low: int) -> tuple[int, ...]:
    if sung is None or pitches[-1] < sung:
        return pitches
    kept = [pitch for pitch in pitches if pitch < sung]
    for pitch in pitches:
        if pitch < sung:
            continue
        lower = pitch - 12 * ((pitch - sung) // 12 + 1)
        fitted = tuple(sorted({*kept, lower}))
        # An octave lower it must neither leave the instrument nor muddy the chord.
        if lower >= low and (len(fitted) == 1 or respects_low_limits(fitted)):
            kept = list(fitted)
    return tuple(kept) or pitches[:1]

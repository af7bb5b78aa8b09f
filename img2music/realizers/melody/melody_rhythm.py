"""Rhythm of a melody: how many notes a bar wants, and which bar people would sing there.

Bars are drawn from those of `theory.rhythms` by how often people sing them at that place of a phrase and after that bar, and by how many
notes are wanted. A bar that no song fills so thinly or so busily is made from the nearest one: the longest stroke is divided, or the
weakest joined to the one before. Conventions: strokes are (place in the bar, duration) in exact quarter notes. Knows nothing of pitch.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import log
from typing import TYPE_CHECKING

from img2music.theory.rhythms import bar_rhythms, follow_counts, notes_a_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from img2music.theory import Meter
    from img2music.theory.rhythms import Dialect, Place, Stroke

__all__ = ["augment_rhythm", "draw_bar", "draw_cadence_bar", "fit_note_count", "motif_strokes", "notes_wanted", "repeat_head"]

_HALF = Fraction(1, 2)
_SHORTEST = Fraction(1, 4)


def notes_wanted(density: float, tempo_bpm: float, meter: Meter, energy: float) -> float:
    """Notes a bar for a density and a section's energy, both 0..1; energy adds a little."""
    return notes_a_bar(density, tempo_bpm, meter) * (0.92 + 0.16 * energy)


def motif_strokes(durations: Sequence[Fraction], meter: Meter) -> tuple[Stroke, ...]:
    """The motif's rhythm as strokes of one bar, cut or repeated to fill it exactly."""
    strokes: list[Stroke] = []
    place, index = Fraction(0), 0
    while place < meter.bar_quarters:
        duration = min(durations[index % len(durations)], meter.bar_quarters - place)
        strokes.append((place, duration))
        place += duration
        index += 1
    return tuple(strokes)


def draw_bar(
    meter: Meter,
    dialect: Dialect,
    place: Place,
    wanted: float,
    chance: np.random.Generator,
    *,
    after: Sequence[Stroke] = (),
    avoid: Sequence[tuple[Stroke, ...]] = (),
    shortest: float = 0,
) -> tuple[tuple[Stroke, ...], bool]:
    """A bar as people sing it there, and whether the note before rings into it.

    `after` is the bar before it, `avoid` holds bars to leave to others, `shortest` is the shortest stroke that
    sings at this tempo, in quarter notes. The draw is by Gumbel's trick: the best of log-weights with noise.
    """
    known = bar_rhythms(meter, dialect)
    follow = follow_counts(meter, dialect)
    before = next((number for number, rhythm in enumerate(known) if rhythm.strokes == tuple(after)), -1)
    noise = chance.gumbel(size=len(known))
    spread = 0.6 + 0.12 * wanted
    best, best_score = 0, float("-inf")
    for number, rhythm in enumerate(known):
        score = log(rhythm.count(place) + 0.3) + float(noise[number])
        score -= ((len(rhythm.strokes) - wanted) / spread) ** 2
        score += log(1 + follow.get((before, number), 0))
        if rhythm.strokes in avoid:
            score -= 3
        if not rhythm.is_tied and rhythm.strokes[0][0] > 0 and place != "first":
            score -= 1.5  # a hole on the downbeat, where the note before does not ring
        if min(duration for _, duration in rhythm.strokes) < shortest:
            score -= 2.5
        if score > best_score:
            best, best_score = number, score
    chosen = known[best]
    return fit_note_count(chosen.strokes, wanted, meter), chosen.is_tied


def fit_note_count(strokes: tuple[Stroke, ...], wanted: float, meter: Meter) -> tuple[Stroke, ...]:
    """The strokes themselves if their number is near what is wanted (three quarters to four thirds, one either way), else
    divided or joined until it is.
    """
    now = list(strokes)
    while len(now) < wanted * 0.75 - 0.5:
        index = max(range(len(now)), key=lambda number: (now[number][1], -number))
        place, duration = now[index]
        first = _first_share(place, duration, meter)
        if first is None:
            break
        now[index : index + 1] = [(place, first), (place + first, duration - first)]
    while len(now) > wanted * 1.33 + 1 and len(now) > 1:
        # The weakest goes: off the beat before on it, short before long, late before early.
        index = min(range(1, len(now)), key=lambda number: (meter.weight(now[number][0]), now[number][1], -number))
        place, duration = now[index - 1]
        now[index - 1 : index + 1] = [(place, now[index][0] + now[index][1] - place)]
    return tuple(now)


def repeat_head(strokes: tuple[Stroke, ...], meter: Meter) -> tuple[tuple[Stroke, ...], int]:
    """The motif's first half twice, and how many strokes it has; where the bar has no half, its first beat or two and again."""
    half = meter.half_quarters
    first = [(place, min(duration, half - place)) for place, duration in strokes if place < half]
    length = len(first)
    rest = meter.bar_quarters - half
    again = [(half + place, min(duration, rest - place)) for place, duration in first if place < rest]
    return (*first, *again), length


def draw_cadence_bar(
    meter: Meter, dialect: Dialect, wanted: float, chance: np.random.Generator, after: Sequence[Stroke], shortest: float = 0
) -> tuple[tuple[Stroke, ...], int]:
    """A bar that arrives and breathes, and the number of the stroke that arrives; strokes after it lead on."""
    strokes, _ = draw_bar(meter, dialect, "last", min(wanted * 0.6, 5.0), chance, after=after, shortest=shortest)
    strokes = tuple(stroke for stroke in strokes if stroke[0] < meter.bar_quarters)
    arrival = max(range(len(strokes)), key=lambda number: (strokes[number][1], number))
    place, duration = strokes[arrival]
    lead = strokes[arrival + 1 :]
    if duration < Fraction(3, 2) or len(lead) > 3 or meter.weight(place) == 0:
        # Not an arrival: come to rest on the bar's second half.
        half = meter.half_quarters
        strokes = (*(stroke for stroke in strokes if stroke[0] + stroke[1] <= half), (half, meter.bar_quarters - half))
        arrival, lead = len(strokes) - 1, ()
        place, duration = strokes[arrival]
    end = lead[0][0] if lead else meter.bar_quarters
    breath = meter.beats[-1] if end - place >= 2 * meter.beats[-1] and not lead else _HALF
    duration = min(duration, end - place - breath)
    if duration < _HALF:
        return ((Fraction(0), meter.bar_quarters - _HALF),), 0
    # What leads to the arrival is sung through.
    way = tuple((begin, after - begin) for (begin, _), (after, _) in pairwise(strokes[: arrival + 1]))
    return (*way, (place, duration), *lead), arrival


def augment_rhythm(strokes: Sequence[Stroke]) -> tuple[Stroke, ...]:
    """Twice as slow."""
    return tuple((2 * place, 2 * duration) for place, duration in strokes)


def _first_share(place: Fraction, duration: Fraction, meter: Meter) -> Fraction | None:
    """Where a stroke may be divided: at the end of its beat if it reaches beyond, else as its beat divides; None if too short."""
    begin, end = meter.beat_at(place)
    if place + duration > end and end - place < duration:
        return end - place
    if duration <= _SHORTEST:
        return None
    if duration == Fraction(3, 2) and end - begin == duration:
        return Fraction(1)
    if duration == Fraction(3, 4):
        return _HALF
    half = duration / 2
    return half if half >= _SHORTEST else None

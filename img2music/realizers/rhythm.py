"""Rhythm of a melody: what happens in each bar of a phrase, and with which strokes.

A phrase states the motif, answers it, brings it back and closes with a long note and a breath (the sentence and the
period; Caplin, *Classical Form*, 1998, ch. 3-4). Conventions: strokes are (place in the bar, duration) in exact quarter notes.
Knows nothing of pitch.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

    from img2music.theory import Meter

__all__ = ["BarKind", "Stroke", "bar_kinds", "cadence_strokes", "motif_strokes", "vary_strokes"]

Stroke = tuple[Fraction, Fraction]
BarKind = Literal["motif", "answer", "again", "develop", "cadence", "final"]

_HALF = Fraction(1, 2)


def bar_kinds(bars: int, *, is_second: bool, is_last: bool) -> tuple[BarKind, ...]:
    """What each bar of a phrase does."""
    end: BarKind = "final" if is_last else "cadence"
    if bars == 1:
        return (end,)
    if bars == 2:
        return ("motif", end)
    if bars == 3:
        return ("motif", "again", end)
    cycle: tuple[BarKind, ...] = ("motif", "answer", "develop" if is_second else "again")
    return (*(cycle[index % 3] for index in range(bars - 1)), end)


def motif_strokes(durations: tuple[Fraction, ...], meter: Meter) -> tuple[Stroke, ...]:
    """The motif's rhythm as strokes of one bar, cut or repeated to fill it exactly."""
    strokes: list[Stroke] = []
    place, index = Fraction(0), 0
    while place < meter.bar_quarters:
        duration = min(durations[index % len(durations)], meter.bar_quarters - place)
        strokes.append((place, duration))
        place += duration
        index += 1
    return tuple(strokes)


def vary_strokes(strokes: tuple[Stroke, ...], meter: Meter, density: float, chance: np.random.Generator) -> tuple[Stroke, ...]:
    """A relative of a rhythm: one stroke divided or two joined, whichever leads towards `density` strokes a beat."""
    wanted = (0.6 + 1.1 * density) * len(meter.beats)
    options: list[tuple[Stroke, ...]] = []
    for index, (place, duration) in enumerate(strokes):
        begin, end = meter.beat_at(place)
        following = strokes[index + 1][1] if index + 1 < len(strokes) else None
        # Joined strokes begin on a beat or stay inside one, so that the beat is never blurred twice.
        joined = duration + following if following is not None and len(strokes) > 2 else None
        if joined and joined <= meter.bar_quarters / 2 and (place == begin or place + joined <= end):
            options.append((*strokes[:index], (place, joined), *strokes[index + 2 :]))
        first = _first_share(place, duration, end, compound=end - begin != 1)
        if first:
            options.append((*strokes[:index], (place, first), (place + first, duration - first), *strokes[index + 1 :]))
    if not options:
        return strokes
    options.sort(key=lambda option: abs(len(option) - wanted))
    return options[int(chance.integers(min(3, len(options))))]


def cadence_strokes(strokes: tuple[Stroke, ...], meter: Meter, *, final: bool) -> tuple[Stroke, ...]:
    """The last bar of a phrase: a few strokes of the motif lead to a long note; then a breath (none at the very end)."""
    bar = meter.bar_quarters
    if final:
        return ((Fraction(0), bar),)
    if len(meter.beats) <= 2 or bar <= 3:
        breath = meter.beats[-1] if len(meter.beats) > 2 else _HALF
        return ((Fraction(0), bar - breath),)
    arrival = meter.half_quarters
    head = tuple((place, min(duration, arrival - place)) for place, duration in strokes if place < arrival)
    if len(head) > 3 or arrival + meter.beats[-1] >= bar:
        return ((Fraction(0), bar - meter.beats[-1]),)
    return (*head, (arrival, bar - arrival - meter.beats[-1]))


def _first_share(place: Fraction, duration: Fraction, beat_end: Fraction, *, compound: bool) -> Fraction | None:
    """Where a stroke may be divided: at the end of its beat if it reaches beyond, else as its beat divides; None if too short."""
    if place + duration > beat_end and place != beat_end:
        return beat_end - place
    if duration < 1:
        return None
    return Fraction(1) if compound and duration == Fraction(3, 2) else duration / 2

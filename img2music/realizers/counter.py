"""The counter-melody: a second voice against the tune.

Conventions: events in quarter notes from the start of the piece, in order and without overlap.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from img2music.realizers.form import Event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from img2music.plan import CompositionPlan, PartPlan
    from img2music.realizers.form import Span
    from img2music.theory import Instrument

__all__ = ["write_counter"]


def write_counter(
    plan: CompositionPlan,
    part: PartPlan,
    player: Instrument,
    spans: Sequence[Span],
    energies: Sequence[float],
    tune: Sequence[Event],
) -> list[Event]:
    """A second voice of guide tones (thirds and sevenths before roots), one or two notes a chord, against the tune.

    It moves by least motion, prefers the opposite direction of the tune, and keeps out of its way: never in unison with it,
    no perfect fifth or octave reached in the same direction.
    """
    centre = player.heart + 12 * part.octave
    mean = sum(event.pitches[0] for event in tune) / len(tune) if tune else centre
    if player.heart >= mean - 3:
        centre = max(player.low + 6, round(mean) - 9)
    low, high = max(player.low, centre - 9), min(player.high, centre + 9)
    if high - low < 8:
        low, high = max(player.low, high - 12), min(player.high, low + 12)
    onsets = [event.onset for event in tune]
    events: list[Event] = []
    previous, previous_tune = centre, round(mean)
    for span in spans:
        energy = energies[span.bar]
        if energy < 0:
            continue
        for onset, duration in _pieces(span, energy, plan):
            index = bisect_right(onsets, onset) - 1
            sung = tune[index].pitches[0] if index >= 0 and tune[index].end > onset else None
            members = span.chord.pitch_classes
            is_last = span.bar == plan.final_bar and span is spans[-1]
            candidates = [pitch for pitch in range(low, high + 1) if pitch % 12 in members]
            if not candidates:
                candidates = [min(max(previous, low), high)]
            pitch = min(candidates, key=lambda one: (_counter_cost(one, previous, sung, previous_tune, members, is_last), one))
            events.append(Event(onset, duration, (pitch,)))
            previous, previous_tune = pitch, sung if sung is not None else previous_tune
    return events


def _pieces(span: Span, energy: float, plan: CompositionPlan) -> list[tuple[Fraction, Fraction]]:
    meter = plan.parsed_meter
    half = meter.half_quarters
    if energy > 0.55 and span.duration == meter.bar_quarters and half and span.bar + 1 < plan.bars:
        return [(span.onset, half), (span.onset + half, span.duration - half)]
    return [(span.onset, span.duration)]


def _counter_cost(
    pitch: int, previous: int, sung: int | None, previous_sung: int, members: tuple[int, ...], is_last: bool
) -> float:
    cost = float(abs(pitch - previous)) + (3.0 if pitch == previous else 0.0)
    role = members.index(pitch % 12)
    cost += (1.0 if is_last else 2.0, 0.0, 1.5, -0.5, 0.5)[min(role, 4)]
    if sung is not None:
        interval = sung - pitch
        if interval <= 0:
            cost += 8
        if interval % 12 == 0:
            cost += 5
        elif interval % 12 == 7 and (sung - previous_sung) * (pitch - previous) > 0:
            cost += 4
        if (sung - previous_sung) * (pitch - previous) < 0:
            cost -= 1
    return cost

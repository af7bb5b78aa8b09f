"""A tempo that moves through the whole piece, from one that was asked for to another: an accelerando, or a ritardando.

The first bar stands in the first tempo and the last bar in the last (in the shortest pieces a beat does), so that both can be heard
exactly; between them the tempo glides, linearly from one beginning of a section to the next. How many bars there are follows from the
length: the number whose glide fills it with a chord's ring left, whole phrases first. Where an even glide does not fill it, it is bent: it
rises later and lasts longer, or earlier.

Conventions: tempo in quarter notes a minute; places in quarter notes from the start of the piece. Knows nothing of harmony.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, log, log2
from typing import TYPE_CHECKING

from img2music.planners.form import bars_loss, count_bars, ring_seconds
from img2music.section import TempoChange
from img2music.theory.meter_map import MeterMap
from img2music.theory.tempo_map import seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    from img2music.planners.form import SectionLayout
    from img2music.theory import Meter

__all__ = ["GradualTempo", "SectionTempo", "bend_to_fill", "fit_gradual_tempo", "gradual_seconds", "section_tempi"]

_MOST_BENT = 3.0
"""The glide has passed its middle tempo no earlier than after an eighth (a half to the power of 3) of its way, and no later than mirrored."""
_NEAR_BARS, _HALVINGS = 6, 14
_BENT_LOSS = 1.0
"""Twice as bent costs as much as a second of silence, or two bars beside whole phrases (our choice)."""
_FEW_POINTS = 3
_DECIMALS = 1
"""Tempi on the way are rounded, so that a plan can be read."""


@dataclass(frozen=True, slots=True)
class GradualTempo:
    """From one tempo to another."""

    begin_bpm: float
    end_bpm: float
    bend: float = 1.0
    """The share of the way from the first tempo to the second is the share of the bars to this power: above 1 it moves later."""

    @property
    def moves(self) -> bool:
        """Whether there are two."""
        return self.begin_bpm != self.end_bpm

    @property
    def middle_bpm(self) -> float:
        """The one tempo at which bars would last as long as in an even glide."""
        return _mean_bpm(self.begin_bpm, self.end_bpm)


@dataclass(frozen=True, slots=True)
class SectionTempo:
    """How a section begins, and how its tempo moves on: fields of a `Section`."""

    tempo_bpm: float | None
    tempo_changes: tuple[TempoChange, ...]


def fit_gradual_tempo(
    seconds: float,
    asked: GradualTempo,
    meter: Meter,
    layout: Callable[[int], Sequence[SectionLayout]],
    *,
    least_bars: int = 1,
) -> tuple[tuple[SectionLayout, ...], GradualTempo]:
    """The sections that fill `seconds`, the last chord's ring included, and the glide through them.

    Args:
        seconds: length of the piece.
        asked: the tempi, which stay as they are.
        meter: of all bars.
        layout: the sections of so many bars.
        least_bars: so many the form needs; `layout` is asked for no fewer.
    """
    least, _ = ring_seconds(seconds)
    meters = MeterMap.constant(meter)
    near = count_bars(seconds, asked.middle_bpm, meter)
    found: list[tuple[bool, float, float, int, tuple[SectionLayout, ...], GradualTempo]] = []
    around = range(max(least_bars, near - _NEAR_BARS), max(least_bars, near + _NEAR_BARS) + 1)
    for bars in sorted(around, key=lambda count: abs(count - near)):
        if any(not short and loss <= bars_loss(bars, 0.0) for short, _, loss, *_ in found):
            continue  # another number is better however well this one fills the length
        layouts = tuple(layout(bars))
        bent = bend_to_fill(seconds, asked, meters, layouts)
        ring = seconds - gradual_seconds(layouts, meters, bent)
        loss = bars_loss(bars, ring) + _BENT_LOSS * abs(log2(bent.bend))
        found.append((ring < least - 1e-9, max(0.0, least - ring), loss, bars, layouts, bent))
    *_, layouts, bent = min(found, key=lambda one: one[:4])
    return layouts, bent


def section_tempi(layouts: Sequence[SectionLayout], meters: MeterMap, tempo: GradualTempo) -> tuple[SectionTempo, ...]:
    """What each section says of its tempo; the first begins in the piece's, which is `tempo.begin_bpm`."""
    if not tempo.moves:
        return (SectionTempo(None, ()),) * len(layouts)
    points = _points(layouts, meters, tempo)
    told: list[SectionTempo] = []
    first_bar, now = 0, tempo.begin_bpm
    for layout in layouts:
        begin, end = meters.bar_onset(first_bar), meters.bar_onset(first_bar + layout.bars)
        own = MeterMap.constant(meters.meter_at(first_bar))
        start, changes = now, []
        for (place, bpm), (arrival, goal) in pairwise(points):
            if begin <= place < end and bpm != goal:
                bar, inside = own.place_in_bar(place - begin)
                over = float(own.bars_through(arrival - place))
                changes.append(TempoChange(bar=bar + 1, place=float(inside), bpm=goal, over_bars=over))
                now = goal
        told.append(SectionTempo(None if start == tempo.begin_bpm else start, tuple(changes)))
        first_bar += layout.bars
    return tuple(told)


def bend_to_fill(seconds: float, asked: GradualTempo, meters: MeterMap, layouts: Sequence[SectionLayout]) -> GradualTempo:
    """The glide nearest to an even one whose bars fill `seconds` but for the last chord's ring, as far as it can be bent."""
    least, most = ring_seconds(seconds)
    even = seconds - gradual_seconds(layouts, meters, asked)
    if least <= even <= most:
        return asked
    goal = least if even < least else most
    slower = asked.begin_bpm < asked.end_bpm  # whether a later glide lasts longer
    later = (even > most) == slower
    low, high = 0.0, log(_MOST_BENT) * (1 if later else -1)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        left = seconds - gradual_seconds(layouts, meters, replace(asked, bend=_power(middle)))
        short_of = left < goal if even < least else left > goal
        low, high = (middle, high) if short_of else (low, middle)
    return replace(asked, bend=_power(high))


def _power(exponent: float) -> float:
    """E to the `exponent`, in four digits, which every machine gives alike."""
    return round(exp(exponent), 4)


def gradual_seconds(layouts: Sequence[SectionLayout], meters: MeterMap, tempo: GradualTempo) -> float:
    """How long the bars last, to a thousandth."""
    points = _points(layouts, meters, tempo)
    end = meters.bar_onset(sum(layout.bars for layout in layouts))
    held = seconds_of(points[0][0], tempo.begin_bpm) + seconds_of(end - points[-1][0], tempo.end_bpm)
    return held + sum(seconds_of(arrival - place, _mean_bpm(bpm, goal)) for (place, bpm), (arrival, goal) in pairwise(points))


def _mean_bpm(begin: float, end: float) -> float:
    """The tempo at which quarters last as long as in a linear glide: the integral of 1 / tempo is a logarithm."""
    return begin if abs(end / begin - 1) < 1e-6 else (end - begin) / log(end / begin)


def _points(layouts: Sequence[SectionLayout], meters: MeterMap, tempo: GradualTempo) -> list[tuple[Fraction, float]]:
    """Where the glide begins, where it passes a round tempo, and where it arrives, with the tempi there."""
    bars = sum(layout.bars for layout in layouts)
    beats = meters.meter.onsets
    begin = meters.bar_onset(1) if bars > 3 else beats[1] if bars > 1 else beats[1] / 2
    arrival = meters.bar_onset(bars - 1) if bars > 1 else beats[-1]
    starts, phrases, first = [], [], 0
    for layout in layouts:
        starts.append(first)
        for length in layout.phrase_bars:
            phrases.append(first)
            first += length
    stops = starts
    if tempo.bend != 1:
        stops = phrases if len(phrases) > _FEW_POINTS else list(range(bars))
    inner = [place for place in map(meters.bar_onset, stops) if begin < place < arrival]
    way = tempo.end_bpm - tempo.begin_bpm
    passed = [
        (place, round(tempo.begin_bpm + way * float((place - begin) / (arrival - begin)) ** tempo.bend, _DECIMALS))
        for place in inner
    ]
    return [(begin, tempo.begin_bpm), *passed, (arrival, tempo.end_bpm)]

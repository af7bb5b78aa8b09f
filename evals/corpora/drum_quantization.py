"""What was meant and how it was played: strokes of a drummer as places on a written grid and deviations from it.

Beats are read one by one, because a drummer who plays sixteenths may throw in a triplet: each beat takes the grid that explains its
strokes best, a finer grid paying for its fineness. In swung playing the second eighth is written at the half of the beat, and its
deviation is counted from where this performance's second eighths fall, so that swing and human timing are two things.

Conventions: slots count 24 a quarter note; deviations are quarter notes, later is positive, after the performance's own median is
taken out (a drummer who plays all of it 20 ms ahead of the click, or a cable that does). The grids, what they cost and the limits are
our choice.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evals.corpora.groove_midi import DrumRecording, DrumStroke

__all__ = [
    "SLOTS",
    "DrumBar",
    "DrumHit",
    "QuantizedDrums",
    "density",
    "groove_similarity",
    "is_swung",
    "quantize_recording",
    "swing_place",
]

SLOTS = 24
HALF = SLOTS // 2
_NOISE = 8
"""Velocities below it are the pads shaking along."""
_SIXTEENTHS, _TRIPLETS = (0, 6, 12, 18), (0, 8, 16)
_GRIDS = ((_SIXTEENTHS, 0.0), (_TRIPLETS, 6.0), ((0, 4, 8, 12, 16, 20), 12.0), ((0, 3, 6, 9, 12, 15, 18, 21), 12.0))
_SWUNG_GRIDS = ((_TRIPLETS, 2.0), (_SIXTEENTHS, 6.0), ((0, 4, 8, 12, 16, 20), 12.0))
_SPREAD = 0.03
"""Standard deviation of human timing in quarter notes that the cost of a grid is counted in."""
_BOUNCE_MS = 90
_HATS = {42, 46}
_FEET = {36, 44}


@dataclass(frozen=True, order=True, slots=True)
class DrumHit:
    """One stroke, written and played."""

    slot: int
    """From the start of its bar."""
    key: int
    velocity: int
    lag: float


DrumBar = tuple[DrumHit, ...]


@dataclass(frozen=True, slots=True)
class QuantizedDrums:
    """A performance as bars of strokes."""

    performance: DrumRecording
    bar_slots: int
    swing: float | None
    """Where second eighths fall in the beat, None in straight playing."""
    offset: float
    """Median deviation from the click that was taken out, in quarter notes."""
    bars: tuple[DrumBar, ...]


def swing_place(places: Sequence[float]) -> float | None:
    """Where swung second eighths fall in the beat (0.56 to 0.72), None if they are straight.

    Raises:
        ValueError: the playing is neither clearly swung nor clearly straight.
    """
    inside = [place % 1 for place in places]
    late = [place for place in inside if 0.56 < place < 0.72]
    # Straight eighths and second sixteenths: swung sixteenths alone do not make a shuffle.
    straight = sum(abs(place - 0.5) < 0.05 or abs(place - 0.24) < 0.05 for place in inside)
    if len(late) < 0.08 * len(inside) or len(late) < 0.75 * straight:
        return None
    if len(late) < 1.5 * straight:
        raise ValueError("neither straight nor swung")
    return median(late)


def quantize_recording(performance: DrumRecording, *, swing: float | None = None) -> QuantizedDrums:
    """The bars of a performance; `swing` as `swing_place` gives it."""
    count, unit = (int(number) for number in performance.meter.split("/"))
    bar_slots = SLOTS * 4 * count // unit
    strokes = _without_bounces([stroke for stroke in performance.strokes if stroke.velocity >= _NOISE], performance.quarter_ms)
    offset = median([_nearest(stroke.place_quarters, swing) for stroke in strokes] or [0.0])
    beats: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
    for stroke in strokes:
        place = max(0.0, stroke.place_quarters - offset)
        beats[int(place)].append((place % 1, stroke.key, stroke.velocity))
    found: dict[tuple[int, int], DrumHit] = {}
    for beat, inside in sorted(beats.items()):
        for (slot, lag), (_, key, velocity) in zip(_written([place for place, _, _ in inside], swing), inside, strict=True):
            where = beat * SLOTS + slot
            if (where, key) not in found or found[where, key].velocity < velocity:
                found[where, key] = DrumHit(where % bar_slots, key, velocity, lag)
    last = max((where for where, _ in found), default=-1)
    bars: list[list[DrumHit]] = [[] for _ in range(last // bar_slots + 1)]
    for (where, _), hit in sorted(found.items()):
        bars[where // bar_slots].append(hit)
    return QuantizedDrums(performance, bar_slots, swing, offset, tuple(_playable(bar) for bar in bars))


def _without_bounces(strokes: Sequence[DrumStroke], quarter_ms: float) -> list[DrumStroke]:
    """The strokes without those of a foot that bounces off its pedal: soon after a harder one of the same pedal."""
    kept: list[DrumStroke] = []
    last: dict[int, DrumStroke] = {}
    for stroke in strokes:
        before = last.get(stroke.key)
        if stroke.key in _FEET and before is not None:
            soon = (stroke.place_quarters - before.place_quarters) * quarter_ms < _BOUNCE_MS
            if soon and stroke.velocity <= before.velocity:
                continue
        last[stroke.key] = stroke
        kept.append(stroke)
    return kept


def _nearest(place: float, swing: float | None) -> float:
    """Deviation from the simplest grid."""
    lines = (0.0, swing, 1.0) if swing else (0.0, 0.25, 0.5, 0.75, 1.0)
    return min((place % 1 - line for line in lines), key=abs)


def _written(places: Sequence[float], swing: float | None) -> list[tuple[int, float]]:
    """The strokes of one beat as (slot, deviation); slot 24 is the next beat."""
    grids = [({slot: slot / SLOTS for slot in slots}, cost) for slots, cost in (_SWUNG_GRIDS if swing else _GRIDS)]
    if swing:
        grids.insert(0, ({0: 0.0, HALF: swing}, 0.0))
    best: list[tuple[int, float]] = []
    least = float("inf")
    for grid, cost in grids:
        lines = {**grid, SLOTS: 1.0}
        chosen = [min(((slot, place - line) for slot, line in lines.items()), key=lambda pair: abs(pair[1])) for place in places]
        total = cost + sum((lag / _SPREAD) ** 2 for _, lag in chosen)
        if total < least:
            best, least = chosen, total
    if swing and all(slot in {0, 2 * SLOTS // 3, SLOTS} for slot, _ in best):
        # Nothing on the middle of the triplet: a long and a short, which are written as two eighths.
        return [
            (HALF, place - swing) if 0 < slot < SLOTS else (slot, lag) for (slot, lag), place in zip(best, places, strict=True)
        ]
    return best


def _playable(hits: Iterable[DrumHit]) -> DrumBar:
    """At one slot two hands strike two things, the louder ones, and one hi-hat is either open or closed."""
    slots: dict[int, list[DrumHit]] = defaultdict(list)
    for hit in hits:
        slots[hit.slot].append(hit)
    kept: list[DrumHit] = []
    for together in slots.values():
        louder = sorted(together, key=lambda hit: (-hit.velocity, hit.key))
        hats = [hit for hit in louder if hit.key in _HATS]
        hands = [hit for hit in louder if hit.key not in _FEET and hit not in hats[1:]][:2]
        kept += hands + [hit for hit in louder if hit.key in _FEET]
    return tuple(sorted(kept))


def is_swung(bars: Iterable[DrumBar]) -> bool:
    """Whether the strokes between beats are triplets more than sixteenths."""
    slots = [hit.slot % SLOTS for bar in bars for hit in bar]
    threes, twos = sum(slot in {8, 16, 4, 20} for slot in slots), sum(slot in {6, 18, 12} for slot in slots)
    return threes > twos


def density(bars: Sequence[DrumBar], bar_slots: int) -> float:
    """How much is going on: struck velocity a quarter note, 1 for one stroke as hard as can be."""
    return sum(hit.velocity for bar in bars for hit in bar) / 127 / (len(bars) * bar_slots / SLOTS)


def groove_similarity(one: Sequence[DrumBar], other: Sequence[DrumBar]) -> float:
    """How alike two stretches are, 0..1: the cosine between their struck velocities by slot and drum."""
    first = {(number, hit.slot, hit.key): hit.velocity for number, bar in enumerate(one) for hit in bar}
    second = {(number, hit.slot, hit.key): hit.velocity for number, bar in enumerate(other) for hit in bar}
    product = sum(velocity * second.get(place, 0) for place, velocity in first.items())
    size = sum(velocity**2 for velocity in first.values()) * sum(velocity**2 for velocity in second.values())
    return product / size**0.5 if size else 0.0

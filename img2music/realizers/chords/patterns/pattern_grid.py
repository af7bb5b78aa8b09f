"""What patterns are made of: the bar they play in, the strokes they give, and places ranked by how much a bar needs them.

Density is not a switch. A grid's places are ranked (downbeat, second strongest beat, other beats, the off-beat that leads
into the next bar, other off-beats, sixteenths), and a bar takes as many of them as its drive asks: a little more energy
adds one stroke, at the place where a player would put it.

Conventions: places and durations in exact quarter notes from the start of the bar; drive 0..1. Knows nothing of chords.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.theory import Meter

__all__ = [
    "EIGHTH",
    "SIXTEENTH",
    "PatternContext",
    "PatternStroke",
    "Pick",
    "beat_halves",
    "count_for_drive",
    "grid_places",
    "shorten_strokes",
    "strokes_from_text",
    "strokes_until_next",
    "strongest_places",
]

Pick = int | str
"""Which notes of the voicing: an index counted from below and running on into the next octave, or one of "all", "root"
(the chord's bass note, below the voicing), "fifth" (below the voicing too), "octave" (the root doubled below), "sixth"
(root and sixth)."""
EIGHTH, SIXTEENTH = Fraction(1, 2), Fraction(1, 4)
_CALM, _BUSY = 0.15, 0.85
"""Drives at which a pattern is as thin and as full as it gets; real pieces lie between them."""


@dataclass(frozen=True, slots=True)
class PatternStroke:
    """One stroke of a pattern."""

    place: Fraction
    duration: Fraction
    pick: Pick
    emphasis: int = 0
    """Added to the velocity."""
    articulation: str = ""


@dataclass(frozen=True, slots=True)
class PatternContext:
    """A bar as a pattern sees it."""

    meter: Meter
    bar: int
    """Counted from the start of its phrase, so that figures of two bars fall where phrases begin."""
    drive: float
    """How busy to be, 0..1: the section's energy and the piece's density together."""
    variant: int = 0
    """0..3, drawn once a phrase: which of its figures a pattern takes."""
    ends_phrase: bool = False


def count_for_drive(drive: float, *counts: int) -> int:
    """A count that climbs with the drive through `counts`, evenly spread from calm to busy."""
    through = min(1.0, max(0.0, (drive - _CALM) / (_BUSY - _CALM))) * (len(counts) - 1)
    index = min(int(through), len(counts) - 2)
    return int(counts[index] + (counts[index + 1] - counts[index]) * (through - index) + 0.5)


def grid_places(meter: Meter, step: Fraction) -> list[Fraction]:
    """Every place on a grid of `step`."""
    return [step * index for index in range(int(meter.bar_quarters / step))]


@cache
def _ranked(meter: Meter, step: Fraction) -> tuple[Fraction, ...]:
    """The places of a grid, the most needed first; equals from the end of the bar backwards, where they lead on."""

    def need(place: Fraction) -> tuple[int, int, Fraction]:
        begin, end = meter.beat_at(place)
        inside = place - begin
        # Inside a beat of three eighths the last one leads on and comes first, inside one of two there is only one.
        between = 1 if inside == end - begin - EIGHTH else (2 if (inside / EIGHTH).denominator == 1 else 3)
        return (0 if place in meter.onsets else between, -meter.weight(place), -place)

    return tuple(sorted(grid_places(meter, step), key=need))


def strongest_places(meter: Meter, count: int, step: Fraction = EIGHTH) -> list[Fraction]:
    """The `count` most needed places on a grid of `step`, in order; at least one."""
    return sorted(_ranked(meter, step)[: max(1, count)])


def strokes_until_next(
    places: Sequence[Fraction], meter: Meter, picks: Sequence[Pick] = ("all",), *, longest: Fraction | None = None
) -> list[PatternStroke]:
    """Hits that each last until the next one (or `longest`), taking `picks` in turn."""
    ends = [*places[1:], meter.bar_quarters]
    return [
        PatternStroke(place, min(end - place, longest) if longest else end - place, picks[index % len(picks)])
        for index, (place, end) in enumerate(zip(places, ends, strict=True))
    ]


def shorten_strokes(hits: Sequence[PatternStroke], longest: Fraction, articulation: str = "staccato") -> list[PatternStroke]:
    """The same hits, no longer than `longest` and marked."""
    return [replace(hit, duration=min(hit.duration, longest), articulation=articulation) for hit in hits]


def strokes_from_text(
    meter: Meter, text: str, picks: Sequence[Pick] = ("all",), *, longest: Fraction | None = None
) -> list[PatternStroke]:
    """A rhythm written in sixteenths as a drum groove is (. x X), cut or repeated to the bar's length."""
    steps = int(meter.bar_quarters / SIXTEENTH)
    fitted = (text * (steps // len(text) + 1))[:steps]
    hits = strokes_until_next(
        [index * SIXTEENTH for index in range(steps) if fitted[index] != "."], meter, picks, longest=longest
    )
    return [replace(hit, emphasis=8) if fitted[int(hit.place / SIXTEENTH)] == "X" else hit for hit in hits]


def beat_halves(meter: Meter) -> list[tuple[Fraction, Fraction, Fraction]]:
    """Each beat as (begin, where its second half begins, end): long and short in a beat of three eighths."""
    return [
        (onset, onset + (EIGHTH if beat == 1 else 2 * EIGHTH), onset + beat)
        for onset, beat in zip(meter.onsets, meter.beats, strict=True)
    ]

"""Where notes fall in time when a person plays: swing, rubato, the last ritardando.

Bar lines stay on the tempo map; a player's freedom is a displacement of notes, the same for everybody (an ensemble breathes
together), so that the tempo of the file is exactly the tempo that was asked for. Where the plan has a hit nothing is displaced: who plays
to a picture is on time there.

- Swing moves the second eighth of a beat from 1/2 towards 2/3 (Friberg & Sundström, *Music Perception* 19, 2002).
- Rubato slows towards the ends of phrases and hurries in their middle: the phrase arch of Todd (*JASA* 77, 1985).
- The last two bars slow down as runners stop: displacement grows with the square of time (Friberg & Sundberg, *JASA* 105, 1999). Where
  the plan itself changes the tempo in the last phrase, or has a hit in these bars, the end is as it is written.

Conventions: places in quarter notes, displacements in seconds.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from math import pi, sin
from typing import TYPE_CHECKING

from img2music.performance import TICKS_PER_QUARTER
from img2music.theory.tempo_map import seconds_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import CompositionPlan
    from img2music.playing_style import Playing
    from img2music.score import Score
    from img2music.theory.meter_map import MeterMap
    from img2music.theory.tempo_map import TempoMap

__all__ = ["PerformanceClock"]

_RUBATO = 0.055
"""Largest change of local tempo at rubato 1: about what pianists do in a calm phrase (Todd 1985), halved for an ensemble."""
_RITARDANDO_BEATS = 0.7
"""How many quarter notes late the last chord is when the piece ends with a ritardando."""
_LONGEST_RITARDANDO_SECONDS = 0.6


@dataclass(frozen=True)
class PerformanceClock:
    """Turns places in the score into seconds."""

    meter_map: MeterMap
    tempo_map: TempoMap
    swing: float
    rubato: float
    phrase_starts: tuple[Fraction, ...]
    """Where each phrase begins, and where the last one ends."""
    hits: frozenset[Fraction]
    """Places that are played exactly in time."""
    breaths: tuple[Fraction, ...]
    """Between which rubato swings: the phrases' borders and the hits."""
    ritardando: tuple[Fraction, Fraction]
    """Where the last slowing down begins, and where the last bar does."""
    ritardando_seconds: float
    """How late the very end is."""

    @classmethod
    def of(cls, score: Score, plan: CompositionPlan, style: Playing) -> PerformanceClock:
        """The clock of a score: its tempo and metre, the plan's phrases, hits and length, the style's freedom."""
        bars, tempi = score.meter_map, score.tempo_map
        end = score.duration_quarters
        starts = (*plan.phrase_starts, end)
        hits = frozenset(bars.onset(hit.bar - 1, hit.place_quarters) for hit in plan.hits)
        slowing = bars.bar_onset(score.bars - 2), bars.bar_onset(score.bars - 1)
        late = 0.0
        if style.ending == "ritardando" and score.bars >= 4 and not _is_settled(tempi, hits, slowing[0], starts[-2], end):
            quarter = seconds_of(1, tempi.bpm_at(slowing[1]))
            spare = plan.seconds - tempi.seconds_at(end)
            late = max(0.0, min(_RITARDANDO_BEATS * quarter, _LONGEST_RITARDANDO_SECONDS, spare - 0.8))
        breaths = tuple(sorted({*starts, *hits}))
        return cls(bars, tempi, style.swing, style.rubato, starts, hits, breaths, slowing, late)

    def seconds(self, place: Fraction) -> float:
        """When the note written at `place` is played."""
        if place in self.hits:
            return self.tempo_map.seconds_at(place)
        return self.tempo_map.seconds_at(self._swung(place)) + self._rubato(place) + self._ritardando(place)

    def ticks(self, seconds: float) -> int:
        """The nearest tick to a time, none before the beginning."""
        return max(0, round(self.tempo_map.quarters_at(seconds) * TICKS_PER_QUARTER))

    def through_phrase(self, place: Fraction) -> float:
        """How far through its phrase a place is, 0..1."""
        begin, end = _stretch(self.phrase_starts, place)
        return min(1.0, float((place - begin) / (end - begin)))

    def _swung(self, place: Fraction) -> float:
        if not self.swing:
            return float(place)
        bar, inside_bar = self.meter_map.place_in_bar(place)
        meter = self.meter_map.meter_at(bar)
        if meter.is_compound:
            return float(place)
        begin, end = meter.beat_at(inside_bar)
        inside = inside_bar - begin
        if end - begin != 1 or inside.denominator % 3 == 0:
            return float(place)  # a triplet is played as it is written: it is what swing leans on
        # Straight in two halves: the first half of the beat stretches, the second shrinks.
        middle = 0.5 + self.swing / 6
        moved = float(inside) * 2 * middle if inside <= Fraction(1, 2) else middle + (float(inside) - 0.5) * 2 * (1 - middle)
        return float(place - inside) + moved

    def _rubato(self, place: Fraction) -> float:
        if not self.rubato:
            return 0.0
        begin, end = _stretch(self.breaths, place)
        through = min(1.0, float((place - begin) / (end - begin)))
        return _RUBATO * self.rubato * self.tempo_map.seconds_between(begin, end) / (2 * pi) * sin(2 * pi * through)

    def _ritardando(self, place: Fraction) -> float:
        begin, last_bar = self.ritardando
        if not self.ritardando_seconds or place <= begin:
            return 0.0
        through = min(1.0, float((place - begin) / (last_bar - begin)))
        return self.ritardando_seconds * through**2


def _stretch(borders: Sequence[Fraction], place: Fraction) -> tuple[Fraction, Fraction]:
    """The two borders, in order, between which a place lies; beyond the last border the last stretch."""
    index = min(max(0, bisect_right(borders, place) - 1), len(borders) - 2)
    return borders[index], borders[index + 1]


def _is_settled(tempi: TempoMap, hits: frozenset[Fraction], slowing: Fraction, last_phrase: Fraction, end: Fraction) -> bool:
    """Whether the plan says itself how the piece ends: a change of tempo in the last phrase, or a hit where it would slow down."""
    written = any(min(slowing, last_phrase) < step.onset_quarters < end for step in tempi.steps)
    return written or any(hit > slowing for hit in hits)

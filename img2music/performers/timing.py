"""Where notes fall in time when a person plays: swing, rubato, the last ritardando.

Bar lines stay on the tempo map; a player's freedom is a displacement of notes, the same for everybody (an ensemble breathes
together), so that the tempo of the file is exactly the tempo that was asked for.

- Swing moves the second eighth of a beat from 1/2 towards 2/3 (Friberg & Sundström, *Music Perception* 19, 2002).
- Rubato slows towards the ends of phrases and hurries in their middle: the phrase arch of Todd (*JASA* 77, 1985).
- The last two bars slow down as runners stop: displacement grows with the square of time (Friberg & Sundberg, *JASA* 105, 1999).

Conventions: places in quarter notes, displacements in seconds.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from math import pi, sin
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.style import Style
    from img2music.theory import Meter

__all__ = ["PerformanceClock"]

_RUBATO = 0.055
"""Largest change of local tempo at rubato 1: about what pianists do in a calm phrase (Todd 1985), halved for an ensemble."""
_RITARDANDO_BEATS = 0.7
"""How many quarter notes late the last chord is when the piece ends with a ritardando."""
_LONGEST_RITARDANDO_SECONDS = 0.6


@dataclass(frozen=True)
class PerformanceClock:
    """Turns places in the score into seconds."""

    meter: Meter
    quarter_seconds: float
    swing: float
    rubato: float
    phrase_starts: tuple[Fraction, ...]
    """Where each phrase begins, and where the last one ends."""
    ritardando_seconds: float
    """How late the very end is."""

    @classmethod
    def of(cls, plan: CompositionPlan, style: Style) -> PerformanceClock:
        """The clock of a plan in its style."""
        meter = plan.parsed_meter
        starts = (*plan.phrase_starts, plan.bars * meter.bar_quarters)
        quarter = 60 / plan.tempo_bpm
        spare = plan.seconds - float(starts[-1]) * quarter
        late = 0.0
        if style.ending == "ritardando" and plan.bars >= 4:
            late = max(0.0, min(_RITARDANDO_BEATS * quarter, _LONGEST_RITARDANDO_SECONDS, spare - 0.8))
        return cls(meter, quarter, style.swing, style.rubato, starts, late)

    def seconds(self, place: Fraction) -> float:
        """When the note written at `place` is played."""
        return float(self._swung(place)) * self.quarter_seconds + self._rubato(place) + self._ritardando(place)

    def phrase(self, place: Fraction) -> tuple[float, float]:
        """How far through its phrase a place is (0..1), and the phrase's length in seconds."""
        index = min(max(0, bisect_right(self.phrase_starts, place) - 1), len(self.phrase_starts) - 2)
        begin, end = self.phrase_starts[index], self.phrase_starts[index + 1]
        length = end - begin
        return min(1.0, float((place - begin) / length)), float(length) * self.quarter_seconds

    def _swung(self, place: Fraction) -> float:
        if not self.swing or self.meter.is_compound:
            return float(place)
        begin, end = self.meter.beat_at(place)
        inside = place % self.meter.bar_quarters - begin
        if end - begin != 1 or inside.denominator % 3 == 0:
            return float(place)  # a triplet is played as it is written: it is what swing leans on
        # Straight in two halves: the first half of the beat stretches, the second shrinks.
        middle = 0.5 + self.swing / 6
        moved = float(inside) * 2 * middle if inside <= Fraction(1, 2) else middle + (float(inside) - 0.5) * 2 * (1 - middle)
        return float(place - inside) + moved

    def _rubato(self, place: Fraction) -> float:
        if not self.rubato:
            return 0.0
        through, length = self.phrase(place)
        return _RUBATO * self.rubato * length / (2 * pi) * sin(2 * pi * through)

    def _ritardando(self, place: Fraction) -> float:
        if not self.ritardando_seconds:
            return 0.0
        last_bar = self.phrase_starts[-1] - self.meter.bar_quarters
        begin = last_bar - self.meter.bar_quarters
        if place <= begin:
            return 0.0
        through = min(1.0, float((place - begin) / (last_bar - begin)))
        return self.ritardando_seconds * through**2

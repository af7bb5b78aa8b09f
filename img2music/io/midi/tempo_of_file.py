"""The tempo of a MIDI file, flattened to one.

Conventions: tempo in microseconds a quarter, as files have it; 120 quarters a minute until a file says otherwise. Ticks come in as
the file counts them and go out as a performance does. Source: *Standard MIDI Files 1.0* (MMA, 1996).
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from img2music.io.midi.smf_events import META
from img2music.performance import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from img2music.io.midi.smf_events import MidiEvent

__all__ = ["ConstantTempoTicks", "bpm_from_microseconds", "microseconds_per_quarter"]

_TEMPO = 0x51
_DEFAULT_TEMPO = 500_000  # until a file names a tempo
_USUAL_TEMPI = range(60_000, 6_000_001)  # 1000 to 10 quarters a minute


class ConstantTempoTicks:
    """From a file's ticks to a performance's, all at one tempo.

    Args:
        changes: (tick, tempo) in the order of time.
        ticks_per_beat: the file's.
        first_note: its tick; the tempo there is `tempo`, the one of the performance.
    """

    def __init__(self, changes: Sequence[tuple[int, int]], ticks_per_beat: Fraction, first_note: int) -> None:
        self.ticks, self.passed, self.tempi = [0], [0], [_DEFAULT_TEMPO]
        for ticks, tempo in changes:
            # Passed time in microseconds times ticks a beat, so that it stays whole.
            self.passed.append(self.passed[-1] + (ticks - self.ticks[-1]) * self.tempi[-1])
            self.ticks.append(ticks)
            self.tempi.append(tempo)
        at_first = self.tempi[bisect_right(self.ticks, first_note) - 1]
        self.tempo = at_first if at_first in _USUAL_TEMPI else _DEFAULT_TEMPO
        scale = ticks_per_beat * self.tempo
        self.scale, self.parts = scale.numerator, scale.denominator

    def flat(self, ticks: int) -> int:
        """A tick of the file as the performance's tick of the same second, rounded."""
        place = bisect_right(self.ticks, ticks) - 1
        exact = (self.passed[place] + (ticks - self.ticks[place]) * self.tempi[place]) * TICKS_PER_QUARTER * self.parts
        return (2 * exact + self.scale) // (2 * self.scale)


def microseconds_per_quarter(event: MidiEvent) -> int:
    """Microseconds a quarter of a tempo event; 0 for any other, and for a foolish one."""
    return int.from_bytes(event.data, "big") if event.status == META and event.kind == _TEMPO and len(event.data) == 3 else 0


def bpm_from_microseconds(tempo: int) -> float:
    """Quarter notes a minute with as few decimals as give the same microseconds a quarter."""
    exact = 60e6 / tempo
    rounded = (round(exact, digits) for digits in range(9))
    return next((bpm for bpm in rounded if round(60e6 / bpm) == tempo), exact)

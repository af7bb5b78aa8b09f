"""The tempo of a MIDI file: written at every step of a tempo map, and read again as one.

What is read is kept: a map of as many tempi as the file has, with all its ticks scaled to the performance's. Only where a file's tempo is
none that is played (slower than 10 quarters a minute, faster than 1000), or changes more than 20,000 times, are its ticks moved so that
every note keeps its second at one tempo.

Conventions: tempo in whole microseconds a quarter, as files have it; 120 quarters a minute until a file says otherwise. Ticks come in as
the file counts them and go out as a performance does. Source: *Standard MIDI Files 1.0* (MMA, 1996).
"""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from img2music.io.midi.smf_events import META
from img2music.performance import TICKS_PER_QUARTER
from img2music.theory.tempo_map import SECONDS_A_MINUTE, TempoMap, TempoPoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from img2music.io.midi.smf_events import MidiEvent, MidiFile

__all__ = ["FileClock", "clock_of", "microseconds_per_quarter", "tempo_changes"]

_TEMPO = 0x51
_MICROSECONDS = 1_000_000
_DEFAULT_TEMPO = 500_000  # until a file names a tempo
_USUAL_TEMPI = range(60_000, 6_000_001)  # 1000 to 10 quarters a minute
_MOST_TEMPI = 20_000
"""A pianist's rubato, written down sixteenth by sixteenth for half an hour, has 15,000."""
_NEAR = 50.0
"""Microseconds by which round numbers of quarters a minute may be off at any time; half a tick is longer at every tempo that is kept."""


def tempo_changes(tempi: TempoMap) -> Iterator[tuple[int, int]]:
    """A tempo map as (tick, microseconds a quarter), in order.

    A file knows only whole microseconds. What one stretch gains or loses by that is given back in the next, so that errors never add up: at every
    change the file is off by at most half a microsecond for each quarter note of the stretch that ends there.
    """
    places = [round(step.onset_quarters * TICKS_PER_QUARTER) for step in tempi.steps]
    reached, written = 0, 0  # microseconds times ticks a quarter, so that they stay whole
    for step, (begin, end) in zip(tempi.steps, pairwise([*places, places[-1]]), strict=True):
        if step is tempi.steps[-1]:
            tempo = _microseconds(step.bpm)
        elif end > begin:
            due = tempi.seconds_at(Fraction(end, TICKS_PER_QUARTER)) * _MICROSECONDS * TICKS_PER_QUARTER
            tempo = max(1, round((due - reached) / (end - begin)))
            reached += tempo * (end - begin)
        else:
            continue
        if tempo != written:
            written = tempo
            yield begin, tempo


class FileClock(Protocol):
    """From a file's ticks to a performance's."""

    tempo_map: TempoMap

    def ticks_of(self, ticks: int) -> int:
        """A tick of the file as the performance's, rounded."""


def clock_of(file: MidiFile) -> FileClock:
    """The clock that keeps the file's tempi, or one that has flattened them. Of SMPTE time they count for nothing."""
    changes = (
        [] if file.is_smpte else [(event.ticks, tempo) for event in file.events if (tempo := microseconds_per_quarter(event))]
    )
    steady = _steady(changes)
    if len(steady) > _MOST_TEMPI or any(tempo not in _USUAL_TEMPI for _, tempo in steady):
        first_note = next((event.ticks for event in file.events if event.status >> 4 == 9 and event.data[1]), 0)
        return _FlattenedTempo(changes, file.ticks_per_quarter, first_note)
    return _KeptTempo(steady, file.ticks_per_quarter, max(file.track_ends))


def _steady(changes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The changes from tick 0 on, one at each tick, each to another tempo."""
    at = {0: _DEFAULT_TEMPO} | dict(changes)
    steady: list[tuple[int, int]] = []
    for ticks, tempo in at.items():  # in the order of time, as the changes are
        if not steady or tempo != steady[-1][1]:
            steady.append((ticks, tempo))
    return steady


class _KeptTempo:
    """All tempi of the file.

    Args:
        changes: (tick, tempo) in the order of time, the first at 0.
        ticks_per_quarter: the file's.
        end: its last tick.
    """

    def __init__(self, changes: Sequence[tuple[int, int]], ticks_per_quarter: Fraction, end: int) -> None:
        scale = TICKS_PER_QUARTER / ticks_per_quarter
        self.scale, self.parts = scale.numerator, scale.denominator
        points: list[TempoPoint] = []
        off = 0.0
        for (ticks, tempo), (following, _) in pairwise([*changes, (max(end, changes[-1][0]), 0)]):
            bpm = _bpm(tempo)
            error = float((following - ticks) / ticks_per_quarter) * (SECONDS_A_MINUTE * _MICROSECONDS / bpm - tempo)
            if len(changes) > 1 and abs(off + error) > _NEAR:
                bpm, error = SECONDS_A_MINUTE * _MICROSECONDS / tempo, 0.0
            off += error
            points.append(TempoPoint(ticks / ticks_per_quarter, bpm))
        self.tempo_map = TempoMap(tuple(points))

    def ticks_of(self, ticks: int) -> int:
        """A tick of the file as the performance's, rounded."""
        return (2 * ticks * self.scale + self.parts) // (2 * self.parts)


class _FlattenedTempo:
    """All at one tempo: every tick is moved so that it keeps its second.

    Args:
        changes: (tick, tempo) in the order of time.
        ticks_per_quarter: the file's.
        first_note: its tick; the tempo there becomes the performance's.
    """

    def __init__(self, changes: Sequence[tuple[int, int]], ticks_per_quarter: Fraction, first_note: int) -> None:
        self.ticks, self.passed, self.tempi = [0], [0], [_DEFAULT_TEMPO]
        for ticks, tempo in changes:
            # Passed time in microseconds times ticks a quarter, so that it stays whole.
            self.passed.append(self.passed[-1] + (ticks - self.ticks[-1]) * self.tempi[-1])
            self.ticks.append(ticks)
            self.tempi.append(tempo)
        at_first = self.tempi[bisect_right(self.ticks, first_note) - 1]
        tempo = at_first if at_first in _USUAL_TEMPI else _DEFAULT_TEMPO
        self.tempo_map = TempoMap.constant(_bpm(tempo))
        scale = ticks_per_quarter * tempo
        self.scale, self.parts = scale.numerator, scale.denominator

    def ticks_of(self, ticks: int) -> int:
        """A tick of the file as the performance's tick of the same second, rounded."""
        place = bisect_right(self.ticks, ticks) - 1
        exact = (self.passed[place] + (ticks - self.ticks[place]) * self.tempi[place]) * TICKS_PER_QUARTER * self.parts
        return (2 * exact + self.scale) // (2 * self.scale)


def microseconds_per_quarter(event: MidiEvent) -> int:
    """Microseconds a quarter of a tempo event; 0 for any other, and for a foolish one."""
    return int.from_bytes(event.data, "big") if event.status == META and event.kind == _TEMPO and len(event.data) == 3 else 0


def _microseconds(bpm: float) -> int:
    return round(SECONDS_A_MINUTE * _MICROSECONDS / bpm)


def _bpm(tempo: int) -> float:
    """Quarter notes a minute with as few decimals as give the same microseconds a quarter."""
    exact = SECONDS_A_MINUTE * _MICROSECONDS / tempo
    rounded = (round(exact, digits) for digits in range(9))
    return next((bpm for bpm in rounded if _microseconds(bpm) == tempo), exact)

"""What of a performance fits into a model's few arguments: one tempo, one key, one metre for a stretch of time.

Conventions: seconds from the beginning of the piece; tempo in felt beats a minute, which is a quarter note's in 4/4 and a dotted
quarter's in 6/8. Where something moves in the stretch, what holds longest is told, and that it moves is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from img2music.theory.pitch import pitch_class_name
from img2music.theory.tempo_map import bpm_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.performance import Performance
    from img2music.theory import Meter

__all__ = ["ScoreFacts", "facts_between"]

_SLOWEST_BPM, _FASTEST_BPM = 30, 300
_METRES = ("2", "3", "4", "6")
_MOVES = 0.02
"""Part of the tempo by which it may differ before it is said to move."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ScoreFacts:
    """What is told of a stretch; None where it can't be said in a model's words."""

    bpm: int | None
    key: str | None
    """ "A minor": of other modes major or minor, whichever has their third."""
    metre: str | None
    """Beats a bar as they are felt: "2", "3", "4", or "6" for 6/8."""
    notes: tuple[str, ...] = ()
    """What could not be told as it is, a sentence each without a full stop."""


def facts_between(performance: Performance, begin_seconds: float, end_seconds: float) -> ScoreFacts:
    """Tempo, key and metre of a stretch."""
    tempo_map = performance.tempo_map
    stretch = (begin_seconds, end_seconds)
    keys = [(tempo_map.seconds_at(point.onset_quarters), point.key) for point in performance.key_map.points]
    key, one_key = _longest(keys, stretch)
    meter_map = performance.meter_map
    meters = [(tempo_map.seconds_at(point.onset_quarters), point.meter) for point in meter_map.points]
    meter, one_meter = _longest(meters, stretch)
    tempi = [(step.onset_seconds, step.bpm) for step in tempo_map.steps]
    quarters_bpm, one_tempo = _longest(tempi, stretch)
    if not one_tempo:
        quarters = tempo_map.quarters_at(end_seconds) - tempo_map.quarters_at(begin_seconds)
        mean = bpm_between(quarters, max(end_seconds - begin_seconds, 1e-6))
        one_tempo = abs(mean - quarters_bpm) <= _MOVES * mean
    bpm = round(quarters_bpm / _felt_quarters(meter))
    told_key = f"{pitch_class_name(key.tonic)} {'minor' if key.is_minor else 'major'}"
    metre = _felt_beats(meter)
    notes = []
    if not one_key:
        notes.append(f"the key moves; the model is told {told_key}")
    if key.mode not in ("major", "minor"):
        notes.append(f"the model knows major and minor only: {key.name} is told as {told_key}")
    if not one_tempo:
        notes.append(f"the tempo moves; the model is told {bpm} bpm")
    if not _SLOWEST_BPM <= bpm <= _FASTEST_BPM:
        notes.append(f"the model knows {_SLOWEST_BPM} to {_FASTEST_BPM} bpm; {bpm} is not told")
    if metre is None:
        notes.append(f"the model knows no {meter.name}; the metre is not told")
    elif not one_meter:
        notes.append(f"the metre moves; the model is told {metre}")
    return ScoreFacts(bpm if _SLOWEST_BPM <= bpm <= _FASTEST_BPM else None, told_key, metre, tuple(notes))


def _longest(values: Sequence[tuple[float, T]], stretch: tuple[float, float]) -> tuple[T, bool]:
    """The value that holds longest between two times, and whether no other does; each holds from its onset until the next one's."""
    held: dict[T, float] = {}
    ends = [onset for onset, _ in values[1:]] + [float("inf")]
    for index, ((onset, value), end) in enumerate(zip(values, ends, strict=True)):
        begin = onset if index else 0.0
        seconds = min(end, stretch[1]) - max(begin, stretch[0])
        if seconds > 0:
            held[value] = held.get(value, 0.0) + seconds
    if not held:
        return values[-1][1], True
    return max(held, key=lambda value: held[value]), len(held) == 1


def _felt_quarters(meter: Meter) -> float:
    """How many quarter notes a felt beat lasts; told of metres that are none of ours, too."""
    if meter.is_compound:
        return 1.5
    return 2.0 if meter.unit == 2 else 1.0


def _felt_beats(meter: Meter) -> str | None:
    """The metre as ACE-Step's makers write it, whose 6 is 6/8."""
    if meter.is_compound:
        beats = "6" if meter.count == 6 else str(meter.count // 3)
    elif meter.unit in (2, 4) or meter.count == 3:
        beats = str(meter.count)
    else:
        beats = ""
    return beats if beats in _METRES else None

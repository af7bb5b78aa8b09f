"""What every performer shares: channels, volume, pan and reverb, and keeping the promised length.

Conventions as in `performance`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.errors import UsageError
from img2music.performance import TICKS_PER_QUARTER, Control, Performance, PlayedNote, PlayedPart

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

    from img2music.plan import CompositionPlan
    from img2music.score import Part, Score

__all__ = ["assign_channels", "build_performance", "mix_controls", "quarters_to_ticks", "trim_notes"]

VOLUME, PAN, EXPRESSION, PEDAL, REVERB, CHORUS = 7, 10, 11, 64, 91, 93
_DRUM_CHANNEL = 9
_DRY_ROLES = {"bass": 0.35, "drums": 0.5}
_SHIMMER = {"synth": 30, "keys": 0, "strings": 12, "voices": 18}


def quarters_to_ticks(quarters: Fraction | float) -> int:
    """Quarter notes in ticks, rounded."""
    return round(quarters * TICKS_PER_QUARTER)


def assign_channels(parts: Sequence[Part]) -> tuple[int, ...]:
    """A MIDI channel for each part, 9 for every drum kit.

    Raises:
        UsageError: more than fifteen pitched parts.
    """
    free = [channel for channel in range(16) if channel != _DRUM_CHANNEL]
    if sum(not part.instrument.kit for part in parts) > len(free):
        raise UsageError("MIDI has room for fifteen pitched parts; take some out of the plan")
    return tuple(_DRUM_CHANNEL if part.instrument.kit else free.pop(0) for part in parts)


def mix_controls(part: Part, volume: int, reverb: float) -> tuple[Control, ...]:
    """Volume (1..127), pan, reverb and chorus of a part at tick 0; `reverb` 0..1 is the style's."""
    wet = round(110 * reverb * _DRY_ROLES.get(part.role, 1.0))
    return (
        Control(0, VOLUME, volume),
        Control(0, PAN, min(127, max(0, round(64 + 63 * part.pan)))),
        Control(0, REVERB, min(127, wet)),
        Control(0, CHORUS, _SHIMMER.get(part.instrument.family, 0)),
    )


def trim_notes(notes: Iterable[PlayedNote], end_ticks: int) -> tuple[PlayedNote, ...]:
    """Notes in order, none beyond the end, none struck again while it still sounds."""
    ordered = sorted(note for note in notes if note.onset_ticks < end_ticks)
    kept: list[PlayedNote] = []
    sounding: dict[int, int] = {}
    for note in ordered:
        checkpoint()
        played = replace(note, duration_ticks=max(1, min(note.duration_ticks, end_ticks - note.onset_ticks)))
        if note.pitch in sounding:
            before = kept[sounding[note.pitch]]
            if before.onset_ticks == played.onset_ticks:
                continue
            gap = played.onset_ticks - before.onset_ticks
            kept[sounding[note.pitch]] = replace(before, duration_ticks=min(before.duration_ticks, gap))
        sounding[note.pitch] = len(kept)
        kept.append(played)
    return tuple(kept)


def build_performance(score: Score, plan: CompositionPlan, parts: Sequence[PlayedPart]) -> Performance:
    """The performance as a whole: keys, metres and tempi are the score's, the length is the plan's."""
    end = quarters_to_ticks(score.tempo_map.quarters_at(plan.seconds))
    markers = [(quarters_to_ticks(score.meter_map.bar_onset(section.first_bar)), section.name) for section in score.sections]
    return Performance(
        title=score.title,
        tempo_map=score.tempo_map,
        meter_map=score.meter_map,
        key_map=score.key_map,
        seconds=plan.seconds,
        loop=plan.loop,
        parts=tuple(parts),
        markers=tuple(marker for marker in markers if marker[0] < end),
    )

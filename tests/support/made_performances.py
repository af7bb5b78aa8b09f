"""Performances made by hand, note by note in seconds."""

from __future__ import annotations

from collections.abc import Sequence

from img2music.performance import Performance, PlayedNote, PlayedPart
from img2music.theory import Key, Meter

_TICKS_A_SECOND = 960  # at 120 quarter notes a minute


def performance_of(notes: Sequence[tuple[float, float, int]], *, drums: Sequence[tuple[float, float, int]] = ()) -> Performance:
    """One part of (onset, length, pitch) in seconds, and drums if wanted, at 120 quarter notes a minute."""

    def part(name: str, channel: int, rows: Sequence[tuple[float, float, int]]) -> PlayedPart:
        played = sorted(
            PlayedNote(round(onset * _TICKS_A_SECOND), round(length * _TICKS_A_SECOND), pitch, 80)
            for onset, length, pitch in rows
        )
        return PlayedPart(name, 0, channel, tuple(played), ())

    parts = (part("Piano", 0, notes), *((part("Drums", 9, drums),) if drums else ()))
    end = max(onset + length for onset, length, _ in (*notes, *drums))
    return Performance.steady("made", Key.parse("C"), Meter(4, 4), 120.0, end, parts)

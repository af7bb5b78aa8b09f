"""How a printed value is named in MusicXML: type, dots, triplets, and the beams that join flagged neighbours.

Conventions: values are `Fraction` quarter notes, plain or with one dot, from a whole note to a 256th. Source: W3C Music Notation Community
Group, *MusicXML 4.0* (2021), note-type-value and beam-value. Knows nothing of pitch.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.io.notation.page_layout import NotatedEvent

__all__ = ["beam_marks", "printed_value", "tuplet_bracket"]

_TYPES = ("whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th")
_PLAIN = {Fraction(4, 2**power): name for power, name in enumerate(_TYPES)}
# Printed value: type, dots, and how many flags a note of it has.
_VALUES = {value: (name, 0, max(0, _TYPES.index(name) - 2)) for value, name in _PLAIN.items()}
_VALUES |= {value * 3 / 2: (name, 1, max(0, _TYPES.index(name) - 2)) for value, name in _PLAIN.items()}


def printed_value(event: NotatedEvent) -> tuple[str, str]:
    """Type with dots, and the triplet's time modification."""
    name, dots, _ = _VALUES[event.value_quarters]
    modification = ""
    if event.tuplet:
        modification = "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>"
    return f"<type>{name}</type>{'<dot/>' * dots}", modification


def tuplet_bracket(event: NotatedEvent) -> str:
    """The bracket that begins or ends at an event; empty for others."""
    return f'<tuplet type="{event.tuplet}" number="1"/>' if event.tuplet in {"start", "stop"} else ""


def beam_marks(events: Sequence[NotatedEvent]) -> list[str]:
    """The beam marks of every event: flagged neighbours of one beat are joined; a rest or a longer note parts them."""
    flags = [_VALUES[event.value_quarters][2] if event.notes else 0 for event in events]
    marks = [""] * len(events)
    start = 0
    while start < len(events):
        stop = start + 1
        while stop < len(events) and flags[start] and flags[stop] and events[stop].beam_group == events[start].beam_group:
            stop += 1
        if stop - start > 1:
            for index in range(start, stop):
                before = flags[index - 1] if index > start else 0
                after = flags[index + 1] if index + 1 < stop else 0
                marks[index] = "".join(
                    f'<beam number="{level}">{_beam(level, before, after)}</beam>' for level in range(1, flags[index] + 1)
                )
        start = stop
    return marks


def _beam(level: int, before: int, after: int) -> str:
    """One level of a beam between neighbours of so many flags."""
    if before >= level and after >= level:
        return "continue"
    if after >= level:
        return "begin"
    if before >= level:
        return "end"
    return "backward hook" if before else "forward hook"

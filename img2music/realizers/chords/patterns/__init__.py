"""Accompaniment patterns: where in a bar a role strikes and which notes of the voicing it takes.

A pattern is a function of a `PatternContext` (metre, place in the phrase, drive, variant) and returns hits in order and without
overlap. Every pattern works in every metre, because it is written in beats. None knows anything of chords.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.realizers.chords.patterns.broken_chords import ARPEGGIO_PATTERNS
from img2music.realizers.chords.patterns.held_chords import PAD_PATTERNS
from img2music.realizers.chords.patterns.pattern_grid import PatternContext, PatternStroke
from img2music.realizers.chords.patterns.struck_chords import CHORD_PATTERNS
from img2music.theory.pattern_names import check_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ARPEGGIO_PATTERNS", "CHORD_PATTERNS", "PAD_PATTERNS", "PatternContext", "PatternStroke", "find_pattern"]

_PLAIN = {"chords": "block", "arpeggio": "broken", "pad": "sustain"}


def find_pattern(role: str, name: str) -> Callable[[PatternContext], list[PatternStroke]]:
    """The pattern of a role; an empty name takes the role's plainest.

    Raises:
        UsageError: no such pattern.
    """
    return {"chords": CHORD_PATTERNS, "arpeggio": ARPEGGIO_PATTERNS, "pad": PAD_PATTERNS}[role][
        check_pattern(role, name) or _PLAIN[role]
    ]

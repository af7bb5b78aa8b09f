"""Accompaniment patterns: where in a bar a role strikes and which notes of the voicing it takes.

A pattern is a function of a `PatternContext` (metre, place in the phrase, drive, variant) and returns hits in order and without
overlap. Every pattern works in every metre, because it is written in beats. None knows anything of chords.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.realizers.chords.patterns.broken_chords import ARPEGGIO
from img2music.realizers.chords.patterns.held_chords import PAD
from img2music.realizers.chords.patterns.pattern_grid import PatternContext, PatternStroke
from img2music.realizers.chords.patterns.struck_chords import CHORDS
from img2music.theory.pattern_names import check_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ARPEGGIO", "CHORDS", "PAD", "PatternContext", "PatternStroke", "pattern"]

_PLAIN = {"chords": "block", "arpeggio": "broken", "pad": "sustain"}


def pattern(role: str, name: str) -> Callable[[PatternContext], list[PatternStroke]]:
    """The pattern of a role; an empty name takes the role's plainest.

    Raises:
        UsageError: no such pattern.
    """
    return {"chords": CHORDS, "arpeggio": ARPEGGIO, "pad": PAD}[role][check_pattern(role, name) or _PLAIN[role]]

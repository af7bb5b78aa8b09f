"""Percussion beside the drummer: one player with one thing in the hand, by the patterns of the role "drums".

    maracas     shaken in eighths through every bar, the beats accented
    gong        one stroke where a section begins and where the piece ends

General MIDI has maracas and no gong: the kit's Chinese cymbal stands for it, on an orchestra's kit (where that key is a kettledrum) the
concert cymbal. Conventions as in `drum_part`; nothing is left to chance.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.realizers.drums.drum_kit import DRUMS
from img2music.realizers.timeline import NoteEvent
from img2music.theory.pattern_names import check_pattern

if TYPE_CHECKING:
    from img2music.realizers.context import CompositionContext

__all__ = ["write_percussion"]

_ORCHESTRAL = 48
_EIGHTH = Fraction(1, 2)
_BETWEEN_BEATS = -18
"""Added to the velocity of a shake between the beats."""


def write_percussion(context: CompositionContext) -> list[NoteEvent]:
    """The part of a pattern; `energies` a bar, bars of energy -1 are rests.

    Raises:
        UsageError: the role "drums" has no such pattern.
    """
    return _gong(context) if check_pattern("drums", context.part.pattern) == "gong" else _maracas(context)


def _gong(context: CompositionContext) -> list[NoteEvent]:
    key = DRUMS["concert cymbal" if context.player.program == _ORCHESTRAL else "chinese cymbal"][0]
    begins = {phrase.first_bar for phrase in context.phrases if phrase.index == 0}
    struck = begins if context.plan.loop else {*begins, context.plan.bars - 1}
    return [
        NoteEvent(context.bar_onset(bar), context.meter_at(bar).beats[0], (key,))
        for bar in sorted(struck)
        if context.energies[bar] >= 0
    ]


def _maracas(context: CompositionContext) -> list[NoteEvent]:
    key = DRUMS["shaker"][0]
    events = []
    for bar, energy in enumerate(context.energies):
        if energy < 0:
            continue
        begin, place, meter = context.bar_onset(bar), Fraction(0), context.meter_at(bar)
        if bar == context.plan.final_bar:
            events.append(NoteEvent(begin, min(_EIGHTH, meter.beats[0]), (key,)))
            continue
        while place < meter.bar_quarters:
            length = min(_EIGHTH, meter.bar_quarters - place)
            events.append(NoteEvent(begin + place, length, (key,), emphasis=0 if place in meter.onsets else _BETWEEN_BEATS))
            place += length
    return events

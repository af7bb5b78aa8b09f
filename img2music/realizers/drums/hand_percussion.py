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
    from collections.abc import Sequence

    from img2music.plan import CompositionPlan, PartPlan
    from img2music.realizers.timeline import Phrase
    from img2music.theory import Instrument

__all__ = ["write_percussion"]

_ORCHESTRAL = 48
_EIGHTH = Fraction(1, 2)
_BETWEEN_BEATS = -18
"""Added to the velocity of a shake between the beats."""


def write_percussion(
    plan: CompositionPlan, part: PartPlan, player: Instrument, phrases: Sequence[Phrase], energies: Sequence[float]
) -> list[NoteEvent]:
    """The part of a pattern; `energies` a bar, bars of energy -1 are rests.

    Raises:
        UsageError: the role "drums" has no such pattern.
    """
    if check_pattern("drums", part.pattern) == "gong":
        return _gong(plan, player, phrases, energies)
    return _maracas(plan, energies)


def _gong(plan: CompositionPlan, player: Instrument, phrases: Sequence[Phrase], energies: Sequence[float]) -> list[NoteEvent]:
    key = DRUMS["concert cymbal" if player.program == _ORCHESTRAL else "chinese cymbal"][0]
    meter = plan.parsed_meter
    begins = {phrase.first_bar for phrase in phrases if phrase.index == 0}
    struck = begins if plan.loop else {*begins, plan.bars - 1}
    return [NoteEvent(bar * meter.bar_quarters, meter.beats[0], (key,)) for bar in sorted(struck) if energies[bar] >= 0]


def _maracas(plan: CompositionPlan, energies: Sequence[float]) -> list[NoteEvent]:
    meter, key = plan.parsed_meter, DRUMS["shaker"][0]
    events = []
    for bar, energy in enumerate(energies):
        if energy < 0:
            continue
        begin, place = bar * meter.bar_quarters, Fraction(0)
        if bar == plan.final_bar:
            events.append(NoteEvent(begin, min(_EIGHTH, meter.beats[0]), (key,)))
            continue
        while place < meter.bar_quarters:
            length = min(_EIGHTH, meter.bar_quarters - place)
            events.append(NoteEvent(begin + place, length, (key,), emphasis=0 if place in meter.onsets else _BETWEEN_BEATS))
            place += length
    return events

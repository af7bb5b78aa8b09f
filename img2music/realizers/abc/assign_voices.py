"""Which part a voice of a tune belongs to: by its id, by number, in order.

A voice belongs to the part whose id it has for a name (the id is what a model is shown), else to the part with its number (voices are
numbered as the parts of the plan), else
to the part whose instrument or job it names, else to the next that is free, unless its number is beyond the plan's. A voice alone in
its tune is the melody, unless its name or number say otherwise.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from img2music.theory import instrument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.io.abc.import_abc import AbcVoice
    from img2music.plan import CompositionPlan, PartPlan

__all__ = ["assign_voices"]


def assign_voices(voices: Sequence[AbcVoice], plan: CompositionPlan) -> tuple[dict[str, AbcVoice], list[str]]:
    """Voices by the id of their part, and sentences on those that nobody can play."""
    seats: dict[str, AbcVoice] = {}
    waiting: list[AbcVoice] = []
    alone = len(voices) == 1
    for voice in voices:
        part = _part_by_name(voice, plan, alone=alone)
        if part is not None and part.id not in seats:
            seats[part.id] = voice
        else:
            waiting.append(voice)
    mends = []
    for voice in waiting:
        part = _free_part(voice, plan, seats)
        if part is None:
            mends.append(f"Voice {(voice.label or voice.name)[:40]!r} has no part in the plan and is left out.")
        else:
            seats[part.id] = voice
    return seats, mends


def _part_by_name(voice: AbcVoice, plan: CompositionPlan, *, alone: bool) -> PartPlan | None:
    """The part whose id a voice is called by, or whose number it has."""
    names = {text.casefold() for text in (voice.name, voice.label) if text}
    for part in plan.parts:
        if part.id.casefold() in names:
            return part
    number = re.fullmatch(r"[vV]?0*(\d{1,3})", voice.label)
    place = int(number[1]) if number else 0
    if alone and place <= 1:
        return plan.lead or _pitched_part(plan)
    return plan.parts[place - 1] if 1 <= place <= len(plan.parts) else None


def _free_part(voice: AbcVoice, plan: CompositionPlan, seats: dict[str, AbcVoice]) -> PartPlan | None:
    """A free part that the voice's words speak of, else the next free one that is not for drums."""
    words = f"{voice.name} {voice.label}".casefold()
    free = [part for part in plan.parts if part.id not in seats]
    spoken = [part for part in free if part.instrument in words or part.role in words]
    numbered = voice.label.isdecimal() and int(voice.label) > len(plan.parts)
    pitched = [] if numbered else [part for part in free if not instrument(part.instrument).kit]
    return next(iter(spoken or pitched), None)


def _pitched_part(plan: CompositionPlan) -> PartPlan:
    """The first part that is not for drums; where there is none, the first."""
    return next((part for part in plan.parts if not instrument(part.instrument).kit), plan.parts[0])

"""What of the rules' draft still holds where a model planned another form or another band, and what no plan can hold yet.

A whole plan of a model's own takes the place of the draft's form, so what the draft says of bars goes with it; a plan that only changes the
draft keeps it. What is left of the wishes is told to people, in the plan's conflicts. Knows nothing of how the model's answer was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.planners.rules.ensemble import missing_harmony

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import CompositionPlan, Hit, Material, PartPlan, Section
    from img2music.style import Style

__all__ = ["hits_left", "materials_left", "not_yet", "still_true"]

_OF_THE_WISHES = ("you asked for", "these words", "the picture shows")
"""Beginnings of conflicts that hold whoever plays."""
_MOST_WANTED = 8
"""Things that can't be done yet, which are named."""


def not_yet(wanted: Sequence[str]) -> tuple[str, ...]:
    """One sentence on all that a model asked for and no plan can hold yet; () where there is nothing."""
    if not wanted:
        return ()
    more = f" and {len(wanted) - _MOST_WANTED} more" if len(wanted) > _MOST_WANTED else ""
    return (f"the model also asked for {', '.join(wanted[:_MOST_WANTED])}{more}, which can't be done yet",)


def materials_left(materials: Sequence[Material], sections: Sequence[Section]) -> tuple[Material, ...]:
    """The draft's materials whose letters are still there.

    A plan with a material for no section is refused, so the others have to go.
    """
    letters = {section.material for section in sections}
    return tuple(material for material in materials if material.letter in letters)


def hits_left(draft: CompositionPlan, sections: Sequence[Section]) -> tuple[Hit, ...]:
    """The draft's hits where its form is as it was; in another form they would mark other moments."""
    same = [(one.name, one.bars, one.meter) for one in sections] == [(one.name, one.bars, one.meter) for one in draft.sections]
    return draft.hits if same else ()


def still_true(draft: CompositionPlan, parts: Sequence[PartPlan], style: Style) -> tuple[str, ...]:
    """The draft's conflicts without those about a band that does not play; `style` is the draft's."""
    if parts == draft.parts:
        return draft.conflicts
    left = {part.instrument for part in draft.parts}
    without_chords = missing_harmony(draft.parts, style)
    return tuple(
        conflict
        for conflict in draft.conflicts
        if conflict != without_chords and (conflict.startswith(_OF_THE_WISHES) or not any(name in conflict for name in left))
    )

"""In which keys a kept form stands, and who still plays in its sections.

The new plan says through which keys the piece goes. Kept chords stay in the sections where they were, as long as those keys are theirs; else the keys
are given to the sections of the kept form as the planner gives them to its own. Conventions as in `img2music.plan`.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from img2music.errors import BriefError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import CompositionPlan, Section
    from img2music.rng import Craft
    from img2music.theory import Key

__all__ = ["assign_kept_keys", "with_known_players"]


def assign_kept_keys(
    sections: Sequence[Section], new: CompositionPlan, old: CompositionPlan, crafts: Sequence[Craft]
) -> list[Key]:
    """The key of each section of a kept form in the new piece.

    Args:
        sections: the kept form as it is played, with the keys that it had in `old`.
        new: the planner's plan, which goes through the keys that are asked for.
        old: the plan of the piece on record.
        crafts: what is kept.

    Raises:
        BriefError: more keys than the kept form has sections.
    """
    from img2music.planners.form import SectionLayout
    from img2music.planners.rules.tonal_plan import assign_keys

    asked = [point.key for point in new.key_map.points]
    was = [old.key_of(section) for section in sections]
    if "harmony" in crafts and [key for key, _ in groupby(was)] == asked:
        return was
    if [section.phrase_bars for section in sections] == [section.phrase_bars for section in new.sections]:
        return [new.key_of(section) for section in new.sections]
    if len(asked) == 1:
        return asked * len(sections)
    layouts = [SectionLayout.of(section) for section in sections]
    body = [layout for layout in layouts if layout.role not in {"intro", "outro"}] or layouts
    if len(body) < len(asked):
        raise BriefError(
            f"the kept form has {len(body)} {'section' if len(body) == 1 else 'sections'}, too few for {len(asked)} keys; "
            "keep no form, or ask for fewer keys"
        )
    shares = [
        sum(section.bars for _, section in group)
        for _, group in groupby(((new.key_of(section), section) for section in new.sections), key=lambda one: one[0])
    ]
    return [asked[place] for place in assign_keys(layouts, shares)]


def with_known_players(plan: CompositionPlan) -> CompositionPlan:
    """The plan without what its sections say of players that it has not."""
    ids = {part.id for part in plan.parts}

    def known(section: Section) -> Section:
        silent = tuple(id_ for id_ in section.silent if id_ in ids)
        tune = section.tune_by if section.tune_by in ids else None
        silent = silent if set(silent) != ids else ()
        alone = tune or (plan.lead.id if plan.lead else None)
        texture = None if section.texture == "solo" and alone in silent else section.texture
        return section.model_copy(update={"silent": silent, "tune_by": tune, "texture": texture})

    return plan.model_copy(update={"sections": tuple(map(known, plan.sections))})

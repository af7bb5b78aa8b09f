"""Plans that move, made by hand from the rules' plan of a still picture, and files that other programs write of them."""

from __future__ import annotations

from typing import Any

from img2music.brief import Brief
from img2music.plan import CompositionPlan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.section import Hit, TempoChange
from tests.support.made_scenes import make_scene

__all__ = ["COURSE", "HITS", "moving_plan", "with_hits"]

COURSE: dict[str, dict[str, Any]] = {
    "A2": {"tempo_changes": (TempoChange(bar=2, bpm=96.0, over_bars=2),)},
    "B": {"key": "F major", "meter": "3/4", "tempo_bpm": 96.0, "harmony": ("I", "V6 I", "IV V7", "I")},
    "A3": {"energy_curve": (0.3, 0.45, 0.6, 0.75)},
}
"""By section: a glide from 72 to 96, then F major in three-four time at 96, then D minor at 72 again with a crescendo."""
HITS = (
    Hit(bar=5, place=2.5, action="accent", because=("sees_door",)),
    Hit(bar=9, action="entry"),
    Hit(bar=11, place=1.5, action="stop"),
    Hit(bar=14, action="accent", strength=0.6),
)


def moving_plan(course: dict[str, dict[str, Any]] | None = None, **brief: Any) -> CompositionPlan:
    """A plan in D minor, 4/4 and 72 quarter notes a minute, of sections A1, A2, B, A3 (four bars each) and outro (one), and how they move.

    Args:
        course: what each section says for itself; without it they move as `COURSE` says.
        brief: further wishes; the style is solo-piano where none is given.
    """
    wishes = {"seconds": 60, "key": "D minor", "tempo_bpm": 72, "meter": "4/4", "style": "solo-piano", "seed": 3, **brief}
    plan = RulesPlanner()(make_scene(), Brief.of(**wishes))
    moves = COURSE if course is None else course
    sections = tuple(section.model_copy(update=moves.get(section.name, {})) for section in plan.sections)
    return _settled(plan.model_copy(update={"sections": sections}))


def with_hits(plan: CompositionPlan, *hits: Hit) -> CompositionPlan:
    """The plan with these hits, or with `HITS`."""
    return _settled(plan.model_copy(update={"hits": hits or HITS}))


def _settled(plan: CompositionPlan) -> CompositionPlan:
    """Checked anew, as long as its bars and two seconds."""
    seconds = plan.bars_seconds if plan.loop else round(plan.bars_seconds + 2, 2)
    return CompositionPlan.model_validate({**plan.model_dump(), "seconds": seconds})

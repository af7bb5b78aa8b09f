"""Why a plan is as it is: the model's reasons, their citations checked, and the rules' for what the model left as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from img2music.plan import Reason

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.planners.llm.fixed_choices import FixedChoices
    from img2music.planners.llm.plan_from_answer import PlanProposal

__all__ = ["CheckedReasons", "check_reasons"]

_ALWAYS = frozenset({"words", "mood", "scene", "register"})
"""What the rules decide whatever the model plans."""


class CheckedReasons(NamedTuple):
    """Reasons, and how many of their citations name nothing that is there."""

    reasons: tuple[Reason, ...]
    remarks: tuple[str, ...]
    citations: int
    unfounded: int


def check_reasons(wish: PlanProposal, draft: CompositionPlan, known: frozenset[str], settled: FixedChoices) -> CheckedReasons:
    """The model's reasons, then the draft's for what the model did not explain and did not change; `known` may be cited."""
    made: list[Reason] = []
    remarks: list[str] = []
    citations = unfounded = 0
    for reason in wish.reasons:
        cited = tuple(dict.fromkeys(reason.because))
        there = tuple(name for name in cited if name in known)
        missing = tuple(name for name in cited if name not in known)
        citations, unfounded = citations + len(cited), unfounded + len(missing)
        if missing:
            remarks.append(f"the reason for {reason.choice} cites {', '.join(map(repr, missing))}, which is not there")
        made.append(Reason(choice=reason.choice, text=reason.text, because=there, source="model", unfounded=missing))
    stands = (_ALWAYS | _unchanged(wish, settled)) - {reason.choice for reason in made}
    kept = tuple(reason for reason in draft.reasons if reason.choice in stands)
    return CheckedReasons((*made, *kept), tuple(remarks), citations, unfounded)


def _unchanged(wish: PlanProposal, settled: FixedChoices) -> frozenset[str]:
    """Choices that are still the draft's."""
    same = {
        "style": wish.style is None or settled.style,
        "metre": wish.meter is None or settled.meter,
        "key": wish.key is None or settled.key,
        "mode": wish.key is None or settled.key,
        "tempo": wish.tempo_bpm is None or settled.tempo,
        "instruments": wish.band is None or settled.band,
        "motif": wish.motif is None and wish.contour is None,
        "density": wish.density is None,
        "form": wish.sections is None,
        "harmony": wish.sections is None,
    }
    return frozenset(choice for choice, is_same in same.items() if is_same)

"""The length of a plan that was edited: its seconds follow its bars where the two have parted.

Conventions: seconds of the finished sound; tempo in quarter notes a minute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.brief import SECONDS_RANGE
from img2music.errors import BriefError

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan

__all__ = ["reconcile_length"]

_SHORTEST_RING_SECONDS, _LONGEST_RING_SECONDS = 0.1, 4.0
"""How much longer than its bars a plan may last."""
_ROUNDING_SECONDS = 1e-6


def reconcile_length(plan: CompositionPlan) -> CompositionPlan:
    """`plan`, its length set to what its bars need at its tempo where an edit has parted the two, which is noted as a conflict.

    A little less than the bars is as wrong as a long rest behind them: the last chord gets two seconds to ring. A single bar may
    be cut by its length, since the shortest pieces are shorter than a bar. A loop lasts exactly as long as its bars.
    """
    bar_seconds = float(plan.parsed_meter.bar_quarters) * 60 / plan.tempo_bpm
    needed = plan.bars * bar_seconds
    if plan.loop:
        seconds = needed if abs(plan.seconds - needed) > _ROUNDING_SECONDS else plan.seconds
    elif plan.bars == 1 or needed + _SHORTEST_RING_SECONDS <= plan.seconds <= needed + bar_seconds + _LONGEST_RING_SECONDS:
        return plan
    else:
        seconds = round(needed + 2.0, 2)
    if seconds == plan.seconds:
        return plan
    longest = SECONDS_RANGE[1]
    if seconds > longest:
        raise BriefError(
            f"{plan.bars} bars at {plan.tempo_bpm:g} last {needed:.0f} s; take bars out or raise the tempo: {longest:g} s is the limit"
        )
    note = (
        f"{plan.bars} bars of {plan.meter} at {plan.tempo_bpm:g} last {needed:.1f} s, "
        f"so the length became {seconds:.6g} s instead of {plan.seconds:g}"
    )
    return plan.model_copy(update={"seconds": seconds, "conflicts": (*plan.conflicts, note)})

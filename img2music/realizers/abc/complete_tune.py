"""The whole score where a model wrote some of its voices: the composer writes what is missing, round the model's tune.

Everything that is not a note (chords, sections, dynamics, seats) is as the composer has it. Knows nothing of ABC.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from img2music.realizers.abc.repair_bars import describe_bars
from img2music.realizers.composer import notate, write_part
from img2music.realizers.context import compose_context
from img2music.realizers.orchestration import lead_part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from img2music.plan import CompositionPlan, PartPlan
    from img2music.realizers.abc.repair_bars import RepairedVoice
    from img2music.realizers.timeline import NoteEvent
    from img2music.score import Part, Score

__all__ = ["complete_score"]

_ROUND_THE_TUNE = {"counter", "chords", "arpeggio", "pad"}
"""Roles that listen to the melody; basses and drums don't."""


def complete_score(plan: CompositionPlan, composed: Score, given: Mapping[str, RepairedVoice]) -> tuple[Score, list[str]]:
    """The whole score: the model's voices, and the composer's for all that is missing, round the model's tune."""
    context = compose_context(plan)
    lead = lead_part(plan)
    tune: list[NoteEvent] = []
    mends: list[str] = []
    parts: dict[str, Part] = {}
    left_out: list[str] = []

    def write(part: PartPlan) -> list[NoteEvent]:
        return write_part(context.for_part(part, context.energies, tune))

    # The melody comes first, because the others are written round it.
    for part in sorted(plan.parts, key=lambda part: part is not lead):
        mended = given.get(part.id)
        if mended is not None:
            events = mended.events
            if mended.bars < plan.bars:
                begin = plan.meter_map.bar_onset(mended.bars)
                events = [*events, *(event for event in write(part) if event.onset >= begin)]
                missing = describe_bars(range(mended.bars, plan.bars))
                mends.append(f"{part.name}: {missing} missing, so the composer's.")
            written = notate(plan, part, events, context.spans)
            if part is lead:
                tune = [replace(event, pitches=event.pitches[-1:]) for event in events]
        else:
            left_out.append(part.name)
            if tune and part.role in _ROUND_THE_TUNE:
                written = notate(plan, part, write(part), context.spans)
            else:
                written = next(other for other in composed.parts if other.id == part.id)
        parts[part.id] = written
    if left_out:
        mends.append(f"Not in the answer, so the composer's: {', '.join(left_out)}.")
    return replace(composed, parts=tuple(parts[part.id] for part in plan.parts)), mends

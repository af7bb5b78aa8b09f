"""The whole score where a model wrote some of its voices: the composer writes what is missing, round the model's tune.

Everything that is not a note (chords, sections, dynamics, seats) is as the composer has it. Knows nothing of ABC.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from img2music.realizers.abc.repair_bars import describe_bars
from img2music.realizers.composer import finish_lines, notate, write_part
from img2music.realizers.context import compose_context
from img2music.realizers.hits import mark_hits
from img2music.realizers.orchestration import tune_for_others

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from img2music.plan import CompositionPlan
    from img2music.realizers.abc.repair_bars import RepairedVoice
    from img2music.realizers.timeline import ChordSpan, NoteEvent
    from img2music.score import Score

__all__ = ["complete_score"]

_ROUND_THE_TUNE = {"counter", "chords", "arpeggio", "pad"}
"""Roles that listen to the melody; basses and drums don't."""


def complete_score(plan: CompositionPlan, composed: Score, given: Mapping[str, RepairedVoice]) -> tuple[Score, list[str]]:
    """The whole score: the model's voices, and the composer's for all that is missing, round the model's tune.

    What the plan's sections and hits ask of players is done to the composer's voices; the model's stay as it wrote them, but for silences.
    """
    context = compose_context(plan)
    lead = plan.lead
    tune: list[NoteEvent] = []
    mends: list[str] = []
    lines: dict[str, list[NoteEvent]] = {}
    # The melody comes first, because the others are written round it.
    for part in sorted(plan.parts, key=lambda part: part is not lead):
        mended = given.get(part.id)
        heard = tune_for_others(plan, tune) if part.role in _ROUND_THE_TUNE else ()
        if mended is None:
            lines[part.id] = write_part(context.for_part(part, context.energies, heard))
        elif mended.bars < plan.bars:
            begin = plan.meter_map.bar_onset(mended.bars)
            rest = write_part(context.for_part(part, context.energies, heard))
            lines[part.id] = [*mended.events, *(event for event in rest if event.onset >= begin)]
            missing = describe_bars(range(mended.bars, plan.bars))
            mends.append(f"{part.name}: {missing} missing, so the composer's.")
        else:
            lines[part.id] = mended.events
        if part is lead:
            tune = [replace(event, pitches=event.pitches[-1:]) for event in lines[part.id]]
    left_out = [part.name for part in plan.parts if part.id not in given]
    if left_out:
        mends.append(f"Not in the answer, so the composer's: {', '.join(left_out)}.")
    finished = _as_promised(plan, context.spans, finish_lines(context, lines, given.keys()), given.keys())
    parts = tuple(notate(plan, part, finished[part.id], context.spans) for part in plan.parts)
    return replace(composed, parts=parts), mends


def _as_promised(
    plan: CompositionPlan, spans: Sequence[ChordSpan], lines: dict[str, list[NoteEvent]], given: Collection[str]
) -> dict[str, list[NoteEvent]]:
    """The lines with the model's voices silent where the plan says so: in sections, where another player took over its tune, at stops."""
    lead = plan.lead
    kept = dict(lines)
    for first, section in zip(plan.first_bars, plan.sections, strict=True):
        begin, end = plan.meter_map.bar_onset(first), plan.meter_map.bar_onset(first + section.bars)
        gone = {part for part in given if part in section.silent}
        if lead is not None and lead.id in given and section.tune_by not in {None, lead.id, *given}:
            gone.add(lead.id)
        for part in gone:
            kept[part] = [
                event if event.end <= begin else replace(event, duration=min(event.duration, begin - event.onset))
                for event in kept[part]
                if event.onset < begin
            ] + [event for event in kept[part] if event.onset >= end]
    stops = tuple(hit for hit in plan.hits if hit.action == "stop")
    if not stops:
        return kept
    return mark_hits(plan.model_copy(update={"hits": stops}), spans, kept, [part for part in kept if part not in given])

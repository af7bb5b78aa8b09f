"""The whole score where a model wrote some of its voices: the composer writes what is missing, round the model's tune.

Everything that is not a note (chords, sections, dynamics, seats) is as the composer has it. Knows nothing of ABC.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from img2music.io.style_files import load_style
from img2music.realizers.abc.repair_bars import describe_bars
from img2music.realizers.composer import notate, write_part
from img2music.realizers.timeline import layout_chords, layout_phrases
from img2music.theory import instrument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from img2music.plan import CompositionPlan, PartPlan
    from img2music.realizers.abc.repair_bars import RepairedVoice
    from img2music.realizers.timeline import NoteEvent
    from img2music.score import Part, Score

__all__ = ["complete_score", "melody_part"]

_ROUND_THE_TUNE = {"counter", "chords", "arpeggio", "pad"}
"""Roles that listen to the melody; basses and drums don't."""


def melody_part(plan: CompositionPlan) -> PartPlan | None:
    """The part that has the melody, if any."""
    return next((part for part in plan.parts if part.role == "melody" and not instrument(part.instrument).kit), None)


def complete_score(plan: CompositionPlan, composed: Score, given: Mapping[str, RepairedVoice]) -> tuple[Score, list[str]]:
    """The whole score: the model's voices, and the composer's for all that is missing, round the model's tune."""
    style, phrases, spans = load_style(plan.style), layout_phrases(plan), layout_chords(plan)
    energies = plan.bar_energies
    bar_quarters, alone = plan.parsed_meter.bar_quarters, len(plan.parts) == 1
    lead = melody_part(plan)
    tune: list[NoteEvent] = []
    mends: list[str] = []
    parts: dict[str, Part] = {}
    left_out: list[str] = []

    def write(part: PartPlan) -> list[NoteEvent]:
        return write_part(plan, part, instrument(part.instrument), style, phrases, spans, energies, tune, alone=alone)

    # The melody comes first, because the others are written round it.
    for part in sorted(plan.parts, key=lambda part: part is not lead):
        mended = given.get(part.id)
        if mended is not None:
            events = mended.events
            if mended.bars < plan.bars:
                begin = mended.bars * bar_quarters
                events = [*events, *(event for event in write(part) if event.onset >= begin)]
                missing = describe_bars(range(mended.bars, plan.bars))
                mends.append(f"{part.name}: {missing} missing, so the composer's.")
            written = notate(plan, part, events, spans, energies)
            if part is lead:
                tune = [replace(event, pitches=event.pitches[-1:]) for event in events]
        else:
            left_out.append(part.name)
            if tune and part.role in _ROUND_THE_TUNE:
                written = notate(plan, part, write(part), spans, energies)
            else:
                written = next(other for other in composed.parts if other.id == part.id)
        parts[part.id] = written
    if left_out:
        mends.append(f"Not in the answer, so the composer's: {', '.join(left_out)}.")
    return replace(composed, parts=tuple(parts[part.id] for part in plan.parts)), mends

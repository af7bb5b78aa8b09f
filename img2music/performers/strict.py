"""The strict performer: every note exactly as written. For checking, for notation programs, and for other performers to start from.

Conventions as in `performance`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.io.style_files import playing_style
from img2music.performance import PlayedNote, PlayedPart
from img2music.performers.balance import balance_volumes
from img2music.performers.performance_builder import (
    assign_channels,
    build_performance,
    mix_controls,
    quarters_to_ticks,
    trim_notes,
)

if TYPE_CHECKING:
    from img2music.performance import Performance
    from img2music.plan import CompositionPlan
    from img2music.score import Score

__all__ = ["StrictPerformer"]


class StrictPerformer:
    """Plays onsets, durations and dynamics to the letter."""

    def __call__(self, score: Score, plan: CompositionPlan, /) -> Performance:
        """The performance of `score`, as long as the plan says."""
        reverb = playing_style(plan).reverb
        end = quarters_to_ticks(score.tempo_map.quarters_at(plan.seconds))
        parts = []
        for part, channel, volume in zip(
            score.parts, assign_channels(score.parts), balance_volumes(score.parts, score.tempo_map), strict=True
        ):
            notes = (
                PlayedNote(
                    quarters_to_ticks(note.onset_quarters),
                    max(1, quarters_to_ticks(note.duration_quarters)),
                    note.pitch,
                    note.velocity,
                )
                for note in part.notes
            )
            parts.append(
                PlayedPart(
                    part.name,
                    part.instrument.program,
                    channel,
                    trim_notes(notes, end),
                    mix_controls(part, volume, reverb),
                    id=part.id,
                )
            )
        return build_performance(score, plan, parts)

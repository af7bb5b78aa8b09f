"""What a craft of the composer is told: the plan, its timeline, who plays, when the part rests, and the tune that is there already.

It is the crafts' only door to time and harmony. Conventions: those of `timeline`; `energies` a bar, -1 where the part rests.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from img2music.io.style_files import playing_style
from img2music.realizers.timeline import layout_chords, layout_phrases
from img2music.theory import instrument

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from img2music.plan import CompositionPlan, PartPlan
    from img2music.playing_style import PlayingStyle
    from img2music.realizers.timeline import ChordSpan, NoteEvent, Phrase
    from img2music.theory import Instrument, Meter

__all__ = ["CompositionContext", "compose_context"]


@dataclass(frozen=True, slots=True)
class CompositionContext:
    """One part's view of the composition."""

    plan: CompositionPlan
    style: PlayingStyle
    phrases: tuple[Phrase, ...]
    spans: tuple[ChordSpan, ...]
    """Every chord, in order."""
    part: PartPlan
    player: Instrument
    energies: Sequence[float]
    """Of every bar, 0..1; -1 where the part rests."""
    tune: Sequence[NoteEvent] = ()
    """What the melody plays, for those who play round it; empty before it is written."""

    @property
    def alone(self) -> bool:
        """Whether nobody else plays."""
        return len(self.plan.parts) == 1

    def for_part(self, part: PartPlan, energies: Sequence[float], tune: Sequence[NoteEvent] = ()) -> CompositionContext:
        """The same composition as another part sees it."""
        return replace(self, part=part, player=instrument(part.instrument), energies=energies, tune=tune)

    def bar_onset(self, bar: int) -> Fraction:
        """Where a bar begins."""
        return self.plan.meter_map.bar_onset(bar)

    def meter_at(self, bar: int) -> Meter:
        """The metre of a bar."""
        return self.plan.meter_map.meter_at(bar)


def compose_context(plan: CompositionPlan, part: PartPlan | None = None) -> CompositionContext:
    """The context of a part, or of the plan's first one, that rests nowhere.

    Raises:
        UsageError: the plan names a style that does not exist.
    """
    seat = part or plan.parts[0]
    return CompositionContext(
        plan,
        playing_style(plan),
        layout_phrases(plan),
        layout_chords(plan),
        seat,
        instrument(seat.instrument),
        tuple(plan.bar_energies),
    )

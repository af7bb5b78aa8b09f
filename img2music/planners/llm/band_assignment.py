"""The band that a model wished for: roles that each player can play, one tune, nobody who was to be left out.

Each departure is a fault to be quoted, or a remark where nobody has to be asked again. Knows nothing of notes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from img2music.errors import Img2MusicError
from img2music.planners.rules.ensemble import assign_parts, missing_harmony
from img2music.theory import instrument, is_excluded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import CompositionPlan, PartPlan, Role
    from img2music.planners.llm.plan_from_answer import PlanProposal
    from img2music.planners.llm.plan_schema import WirePart
    from img2music.style import Style
    from img2music.theory import Instrument

__all__ = ["BandAssignment", "assign_band"]

_MOST_PLAYERS = 12
_FEWEST_VOICES = 3
"""An instrument that sounds fewer notes at once plays no chords."""


@dataclass(slots=True)
class BandAssignment:
    """Who plays, and what there is to say about it."""

    parts: tuple[PartPlan, ...] = ()
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


def assign_band(
    wish: PlanProposal, draft: CompositionPlan, style: Style, *, asked: bool, without: Sequence[str]
) -> BandAssignment:
    """The band of `wish` in the manner of `style`.

    Args:
        wish: what the model wants.
        draft: whose band plays where the model has none, or the user asked for it.
        style: whose seats say how a role is played.
        asked: whether the user named the instruments.
        without: roles, families and instruments that the user wants left out.
    """
    seats = BandAssignment(parts=draft.parts)
    if asked or wish.band is None:
        same = {part.instrument for part in draft.parts}
        if asked and wish.band is not None and {part.instrument for part in wish.band} != same:
            seats.faults.append(f"parts: the user asked for exactly {', '.join(sorted(same))}, so these play")
        return seats
    players: list[tuple[Instrument, Role]] = []
    joins: list[float] = []
    for part in wish.band[:_MOST_PLAYERS]:
        role = _role(part, seats, without)
        if role is not None:
            players.append((instrument(part.instrument), role))
            joins.append(part.from_energy)
    if not any(role == "melody" for _, role in players):
        lead = next((place for place, (player, _) in enumerate(players) if not player.kit and player.family != "bass"), None)
        if lead is None:
            seats.faults.append("parts: nobody can play the melody, so the rules' band plays")
            return seats
        seats.faults.append(f"parts: nobody plays the melody, so {players[lead][0].name} does")
        players[lead] = (players[lead][0], "melody")
    band = assign_parts(players, style)
    missing = missing_harmony(band, style)
    if missing:
        seats.conflicts.append(missing)
    seats.parts = tuple(
        part.model_copy(update={"from_energy": 0.0 if part.role == "melody" else energy})
        for part, energy in zip(band, joins, strict=True)
    )
    return seats


def _role(part: WirePart, seats: BandAssignment, without: Sequence[str]) -> Role | None:
    """What a player can do of what was wished; None where it is left out."""
    try:
        player = instrument(part.instrument)
    except Img2MusicError:
        seats.faults.append(f"parts: there is no instrument {part.instrument[:40]!r}; it was left out")
        return None
    if is_excluded(player, without, part.role):
        what = part.role if part.role in without else player.name
        seats.faults.append(f"parts: the user wants no {what}, so it was left out")
        return None
    if player.kit != (part.role == "drums"):
        if player.kit:
            seats.remarks.append(f"parts: {player.name} can't play {part.role}, so it plays the drums")
            return "drums"
        seats.remarks.append(f"parts: {player.name} can't play the drums; it was left out")
        return None
    if part.role in {"chords", "pad"} and player.voices < _FEWEST_VOICES:
        seats.remarks.append(f"{player.name} has one voice, so it plays a second line instead of {part.role}")
        return "counter"
    return part.role

"""Who plays what is kept of an earlier piece, in the band of a new plan.

The band is the new style's; a kept part is played by whoever has its job there, by its own instrument where that one can't, and comes
along where the style has no such job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.errors import BriefError
from img2music.plan import MOST_PARTS, MOST_PITCHED_PARTS, PartPlan
from img2music.realizers.kept_notes import transfer_part
from img2music.theory import instrument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.brief import Brief
    from img2music.plan import CompositionPlan
    from img2music.rng import Craft
    from img2music.score import Part

__all__ = ["NOTE_CRAFTS", "assign_kept_parts", "craft_of"]

NOTE_CRAFTS: tuple[Craft, ...] = ("melody", "counter", "chords", "bass", "drums")
_ROLE_CRAFT: dict[str, Craft] = {
    "melody": "melody",
    "counter": "counter",
    "chords": "chords",
    "arpeggio": "chords",
    "pad": "chords",
    "bass": "bass",
    "drums": "drums",
}
_ORCHESTRAL = "orchestral percussion"


def craft_of(part: Part | PartPlan) -> Craft:
    """Whose notes a part's are."""
    player = instrument(part.instrument) if isinstance(part, PartPlan) else part.instrument
    return "drums" if player.kit else _ROLE_CRAFT[part.role]


def assign_kept_parts(
    plan: CompositionPlan, brief: Brief, old: CompositionPlan, carried: Sequence[Part], places: Sequence[int]
) -> tuple[CompositionPlan, dict[str, str]]:
    """The plan's band with a part for every kept one, and for each of those, by id, the earlier part that it is."""
    own = {part.id: part for part in old.parts}
    fixed = bool(brief.instruments)
    crafts = {craft_of(part) for part in carried}
    free = [seat for seat in plan.parts if craft_of(seat) in crafts]
    chosen: dict[str, PartPlan] = {}  # by the id of the seat that it takes
    added: list[PartPlan] = []
    seats: dict[str, str] = {}
    taken = [seat for seat in plan.parts if seat not in free]
    # Who finds the very same seat goes first, so that nobody else takes it.
    for part in sorted(carried, key=lambda part: not any(_same_seat(part, seat) for seat in free)):
        earlier = own[part.id]
        match = _match(part, free)
        if match is None and fixed:
            raise BriefError(
                f"nobody in the band that was asked for ({', '.join(brief.instruments)}) plays the kept {craft_of(part)}; "
                f"name {earlier.instrument} too with --instrument, or keep no {craft_of(part)}"
            )
        if match is not None:
            free.remove(match)
            seat = earlier.model_copy(
                update={name: getattr(match, name) for name in ("id", "name", "hand", "instrument", "level_db", "pan")}
            )
            # An accompaniment that climbs an octave is no longer under its tune: then its own player goes on.
            if _plays(part, old, plan, seat, places, same_octave=not fixed and craft_of(part) != "melody"):
                chosen[match.id] = seat
                seats[seat.id] = part.id
                taken.append(seat)
                continue
            if fixed:
                raise BriefError(
                    f"{match.instrument} can't play the kept {craft_of(part)}, which {earlier.instrument} played: not in its range, or "
                    "not so many notes at once; name another instrument"
                )
        own_names = {
            "id": _unique(earlier.id, {seat.id for seat in taken}),
            "name": _unique(earlier.name, {seat.name for seat in taken}),
        }
        seat = earlier.model_copy(update=own_names)
        if not _plays(part, old, plan, seat, places):
            raise BriefError(
                f"the kept {craft_of(part)} can't be played by {earlier.instrument} in {plan.key}; ask for another key or instrument"
            )
        taken.append(seat)
        seats[seat.id] = part.id
        if match is not None:
            chosen[match.id] = seat
        else:
            added.append(seat)
    # Seats of a kept craft that nobody took would play beside it what was never there; an asked band plays on.
    gone = set() if fixed else {seat.id for seat in free}
    parts = [chosen.get(seat.id, seat) for seat in plan.parts if seat.id not in gone]
    parts += added
    pitched = sum(not instrument(part.instrument).kit for part in parts)
    if len(parts) > MOST_PARTS or pitched > MOST_PITCHED_PARTS:
        raise BriefError(
            f"with what is kept the band would have {len(parts)} parts, and {MOST_PARTS} is the limit; keep less, or another style"
        )
    return plan.model_copy(update={"parts": tuple(parts)}), seats


def _same_seat(part: Part, seat: PartPlan) -> bool:
    return (seat.role, seat.instrument, seat.id) == (part.role, part.instrument.name, part.id)


def _match(part: Part, free: Sequence[PartPlan]) -> PartPlan | None:
    """The seat for a kept part: of its instrument and role if there is one, then of its role, then of its craft."""
    mine = [seat for seat in free if craft_of(seat) == craft_of(part)]
    return min(
        mine,
        key=lambda seat: (seat.role != part.role, seat.instrument != part.instrument.name, seat.id != part.id),
        default=None,
    )


def _plays(
    part: Part, old: CompositionPlan, plan: CompositionPlan, seat: PartPlan, places: Sequence[int], *, same_octave: bool = False
) -> bool:
    """Whether the seat's player can play the kept notes."""
    player = instrument(seat.instrument)
    if player.kit or part.instrument.kit:
        # An orchestra's percussion has other drums on the same keys.
        return player.kit and part.instrument.kit and (player.name == _ORCHESTRAL) == (part.instrument.name == _ORCHESTRAL)
    try:
        transfer_part(part, old, plan, seat, places, same_octave=same_octave)
    except ValueError:
        return False
    return True


def _unique(name: str, taken: set[str]) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name} {number}", number + 1
    return free

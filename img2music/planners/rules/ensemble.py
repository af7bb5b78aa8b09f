"""The band: who plays what.

Without a wish, the style's seats are filled, each with the instrument the picture suggests or, of the seat's
candidates, the one whose register suits the picture's lightness (brighter picture, higher instrument: Marks, *J. Exp. Psychol. HPP*
13, 1987). With named instruments exactly those play, each in the role it is made for.
Knows nothing of notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from img2music.plan import PartPlan
from img2music.theory import Instrument, instrument, is_excluded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import Role
    from img2music.style import Style, StylePart

__all__ = ["add_instrument", "assign_parts", "assign_style_parts", "assign_wished_parts", "missing_harmony"]

# Where a part of each role sits on the stage and how loud, when no style says so.
_BASS_HIGH = 58
"""An instrument that reaches no higher than B flat 3 plays the bass."""

_HARMONY = frozenset({"chords", "arpeggio", "pad"})
_STAGE: dict[str, tuple[float, float]] = {
    "melody": (0.0, 1.0),
    "counter": (0.3, -3.0),
    "chords": (-0.3, -5.0),
    "arpeggio": (-0.3, -5.0),
    "pad": (0.2, -8.0),
    "bass": (0.1, -2.5),
    "drums": (0.0, -4.0),
}


def assign_style_parts(
    style: Style, suggested: Sequence[str], lightness: float, without: Sequence[str], *, leading: Sequence[str] = ()
) -> tuple[PartPlan, ...]:
    """The style's own band, `lightness` 0..1, `suggested` and `without` by name (roles, families, instruments).

    Whoever is `leading` will have the tune, and takes another seat only where the style knows nobody else for it.
    """
    parts: list[PartPlan] = []
    for seat in style.parts:
        players = [instrument(name) for name in seat.instruments]
        allowed = [player for player in players if not is_excluded(player, without, seat.role)]
        if not allowed:
            continue
        taken = {part.instrument for part in parts}
        if seat.role != "melody":
            allowed = [player for player in allowed if player.name not in leading] or allowed
        allowed = [
            player for player in allowed if player.name not in taken
        ] or allowed  # two of a kind only where the style says so
        parts.append(_part(seat, _choose(allowed, suggested, lightness), parts))
    if not parts:  # everything was kept out: a plan still needs a voice
        parts.append(_part(style.parts[0], instrument(style.parts[0].instruments[0]), parts))
    return tuple(parts)


def assign_wished_parts(wishes: Sequence[str], style: Style) -> tuple[PartPlan, ...]:
    """Exactly the named instruments; one that can hold chords and tune alone (a piano) gets both hands."""
    players = [instrument(name) for name in wishes]
    roles = _roles(players)
    parts: list[PartPlan] = []
    for player, role in zip(players, roles, strict=True):
        seat = _seat_for(role, style)
        if role == "arpeggio" and "chords" not in roles and "pad" not in roles:
            seat = seat.model_copy(update={"pattern": "broken", "octave": 0})  # nobody else carries the harmony
        parts.append(_part(seat, player, parts))
    if len(players) == 1 and players[0].voices >= 4 and not players[0].kit:
        right, left = (f"{_title(players[0])} ({hand} hand)" for hand in ("right", "left"))
        melody = parts[0].model_copy(update={"id": right, "name": right, "hand": "right"})
        seat = _seat_for("arpeggio", style)
        below = _part(seat, players[0], parts).model_copy(
            update={
                "id": left,
                "name": left,
                "hand": "left",
                "pattern": "wide" if players[0].family in {"keys", "plucked"} else "broken",
                "octave": -1,
                "from_energy": 0.0,
                "pan": melody.pan,
            }
        )
        parts = [melody, below]
    return tuple(parts)


def assign_parts(players: Sequence[tuple[Instrument, Role]], style: Style) -> tuple[PartPlan, ...]:
    """Players whose roles are settled, each in the style's manner."""
    parts: list[PartPlan] = []
    for player, role in players:
        parts.append(_part(_seat_for(role, style), player, parts))
    return tuple(parts)


def missing_harmony(parts: Sequence[PartPlan], style: Style) -> str | None:
    """What becomes of the chords where a band of single lines plays a style that lives on them; None where somebody can play them."""
    players = {part.instrument for part in parts if not instrument(part.instrument).kit}
    if any(instrument(name).voices >= 3 for name in players) or not any(seat.role in _HARMONY for seat in style.parts):
        return None
    if not players:
        return f"{style.name} is played with chords, and nobody in the band has pitches: only its beat is left"
    names = " and ".join(sorted(players))
    many = len(players) > 1
    broken = any(part.role in _HARMONY for part in parts)
    instead = "the chords are broken into single notes" if broken else "the tune alone has to hint at the chords"
    return f"{style.name} is played with chords, and {names} {'play' if many else 'plays'} one line{' each' * many}: {instead}"


def add_instrument(
    parts: Sequence[PartPlan], name: str, style: Style, *, may_lead: bool, keep: Sequence[str] = ()
) -> tuple[tuple[PartPlan, ...], Role]:
    """The band with an instrument that the style has no seat for, and the role it got.

    It takes the tune (if it may), the bass or the drums over from who had them, unless that is one of those to `keep`; otherwise it joins
    as one more voice.
    """
    player = instrument(name)
    role: Role = "counter" if player.voices < 4 else ("pad" if player.sustains else "chords")
    if player.kit:
        role = "drums"
    elif player.family == "bass" or player.high <= _BASS_HIGH:
        role = "bass"
    elif may_lead:
        role = "melody"
    stays = [part for part in parts if part.role != role or role in {"counter", "pad", "chords"} or part.instrument in keep]
    guest = _part(_seat_for(role, style), player, stays)
    place = next((index for index, part in enumerate(parts) if part not in stays), len(stays))
    return (*stays[:place], guest, *stays[place:]), role


def _roles(players: Sequence[Instrument]) -> list[Role]:
    """A role for each player: the first that can sing takes the tune, the lowest the bass, the others by what they are."""
    roles: list[Role | None] = ["drums" if player.kit else None for player in players]
    singers = [index for index, player in enumerate(players) if not player.kit and player.family != "bass" and player.high > 55]
    lead = singers[0] if singers else next((index for index, role in enumerate(roles) if role is None), None)
    if lead is not None:
        roles[lead] = "melody"
    open_seats = [index for index, role in enumerate(roles) if role is None]
    low = [index for index in open_seats if players[index].tessitura_centre <= 55]
    if low:
        lowest = min(low, key=lambda index: players[index].tessitura_centre)
        # With nobody to play chords, a nimble low voice breaks them: a duo needs more than one long note a bar.
        alone = not any(player.voices >= 4 for player in players if not player.kit)
        nimble = players[lowest].family in {"strings", "winds"} and players[lowest].high - players[lowest].low >= 30
        roles[lowest] = "arpeggio" if alone and nimble else "bass"
    taken_chords = taken_counter = 0
    for index in open_seats:
        player = players[index]
        if roles[index] is not None:
            continue
        if player.voices >= 4:
            order: tuple[Role, ...] = ("pad", "chords") if player.sustains else ("chords", "arpeggio")
            roles[index] = order[taken_chords % 2]
            taken_chords += 1
        else:
            roles[index] = "counter"
            taken_counter += 1
    return [cast("Role", role) for role in roles]


def _seat_for(role: Role, style: Style) -> StylePart:
    """The style's seat of that role, so that a wished-for instrument plays in the style's manner."""
    from img2music.style import StylePart

    for seat in style.parts:
        if seat.role == role:
            return seat.model_copy(update={"from_energy": 0.0, "name": "", "hand": None})
    pan, level = _STAGE[role]
    return StylePart(role=role, instruments=("drums" if role == "drums" else "piano",), pan=pan, level_db=level)


def _choose(players: Sequence[Instrument], suggested: Sequence[str], lightness: float) -> Instrument:
    for name in suggested:
        for player in players:
            if player.name == name:
                return player
    ranked = sorted(players, key=lambda player: (player.tessitura_centre, player.name))
    return ranked[max(0, min(len(ranked) - 1, int(lightness * len(ranked))))]


def _part(seat: StylePart, player: Instrument, others: Sequence[PartPlan]) -> PartPlan:
    # A seat's own name and hand are those of its first player: an oboe that sits among "Violins" is called an oboe.
    is_typical = player.name == seat.instruments[0]
    name = seat.name if seat.name and is_typical else _title(player)
    taken = {part.name for part in others}
    number = 2
    unique = name
    while unique in taken:
        unique = f"{name} {number}"
        number += 1
    return PartPlan(
        id=unique,
        name=unique,
        hand=seat.hand if is_typical else None,
        instrument=player.name,
        role=seat.role,
        pattern=seat.pattern,
        from_energy=0.0 if seat.role == "melody" else seat.from_energy,
        octave=seat.octave,
        level_db=seat.level_db,
        pan=seat.pan,
    )


def _title(player: Instrument) -> str:
    return player.name[0].upper() + player.name[1:]

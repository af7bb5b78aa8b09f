"""Instruments that the picture shows, in the band of any style: what the eye names, plays.

The surest that can sing takes the tune, unless the user's words gave it to somebody; further ones join as one more voice, and what has no
pitch joins the percussion. A style that seats the instrument already keeps its seat. What the scene's `instruments` do not
name, because a person or a model wrote others, does not play. Knows nothing of notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.crossmodal.seen_instruments import recognised_instruments
from img2music.plan import MOST_PARTS, MOST_PITCHED_PARTS, PartPlan
from img2music.planners.rules.ensemble import add_instrument
from img2music.theory import instrument, is_excluded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.crossmodal.seen_instruments import RecognisedInstrument
    from img2music.scene import Scene
    from img2music.style import Style

__all__ = ["add_seen_instrument", "choose_lead", "players_seen"]

_BESIDE = {"gong": ("Gong", -6.0, 0.2), "maracas": ("Maracas", -8.0, 0.35)}
"""Name, level and place of percussion beside a drummer."""
_DOES = {
    "melody": "plays the tune",
    "counter": "plays a second line",
    "chords": "plays the chords",
    "arpeggio": "breaks the chords",
    "pad": "holds the chords",
    "bass": "plays the bass",
    "drums": "plays the drums",
    "gong": "is struck where sections begin, by the kit's cymbal that is most like one",
    "maracas": "is shaken in eighths",
}


def players_seen(scene: Scene) -> tuple[RecognisedInstrument, ...]:
    """The instruments of the scene's cues that are sure enough to play and that its `instruments` name, the surest first."""
    named = set(scene.attributes.instruments.value)
    numbers = {cue.name: cue.value for cue in scene.cues if isinstance(cue.value, float)}
    return tuple(one for one in recognised_instruments(numbers) if named & set(one.rule.players))


def choose_lead(shown: Sequence[RecognisedInstrument], without: Sequence[str]) -> RecognisedInstrument | None:
    """Who takes the tune: the first that can, if nobody wants it or the tune left out."""
    singers = (one for one in shown if one.rule.sings and "melody" not in without)
    return next((one for one in singers if not is_excluded(instrument(one.rule.players[0]), without, "melody")), None)


def add_seen_instrument(
    parts: Sequence[PartPlan], one: RecognisedInstrument, style: Style, without: Sequence[str], *, may_lead: bool
) -> tuple[tuple[PartPlan, ...], str]:
    """The band with an instrument that is seen, and what it does there; "" where it is kept out or the band is full."""
    player = _player(one, parts, style)
    if is_excluded(instrument(player), without) or (not one.rule.sings and "drums" in without):
        return tuple(parts), ""
    if one.rule.percussion in _BESIDE:
        return _beside(parts, one)
    tune = next((part for part in parts if part.role == "melody"), None)
    if may_lead and (tune is None or tune.instrument not in one.rule.players):
        parts, role = add_instrument(parts, player, style, may_lead=True)
        return _one_handed(parts), _does(one, player, role)
    there = [part for part in parts if part.instrument in one.rule.players or (not one.rule.sings and part.role == "drums")]
    if there:
        first = next((part for part in there if part.role == "melody"), there[0])
        return tuple(parts), _does(one, first.instrument, first.role)
    pitched = sum(not instrument(part.instrument).kit for part in parts)
    if len(parts) >= MOST_PARTS or (one.rule.sings and pitched >= MOST_PITCHED_PARTS):
        return tuple(parts), ""
    parts, role = add_instrument(parts, player, style, may_lead=False)
    return parts, _does(one, player, role)


def _player(one: RecognisedInstrument, parts: Sequence[PartPlan], style: Style) -> str:
    """Of its players the first that leads in the style, else has a seat there, else the likeliest."""
    lead = {name for seat in style.parts if seat.role == "melody" for name in seat.instruments}
    seated = {name for seat in style.parts for name in seat.instruments} | {part.instrument for part in parts}
    order = (*(name for name in one.rule.players if name in lead), *(name for name in one.rule.players if name in seated))
    return next(iter(order), one.rule.players[0])


def _beside(parts: Sequence[PartPlan], one: RecognisedInstrument) -> tuple[tuple[PartPlan, ...], str]:
    """One more player on the kit that is there: MIDI has one channel for drums."""
    pattern = one.rule.percussion
    name, level, pan = _BESIDE[pattern]
    if len(parts) >= MOST_PARTS or any(part.pattern == pattern for part in parts):
        return tuple(parts), ""
    kit = next((part.instrument for part in parts if instrument(part.instrument).kit), one.rule.players[0])
    added = PartPlan(id=name, name=name, instrument=kit, role="drums", pattern=pattern, level_db=level, pan=pan)
    return (*parts, added), _does(one, kit, pattern)


def _one_handed(parts: Sequence[PartPlan]) -> tuple[PartPlan, ...]:
    """A left hand whose right hand gave the tune away is simply its instrument."""
    names = {part.name for part in parts}
    rights = {part.instrument for part in parts if part.hand == "right"}

    def alone(part: PartPlan) -> PartPlan:
        plain = part.name.removesuffix(" (left hand)")
        if part.hand != "left" or part.instrument in rights or plain in names:
            return part
        return part.model_copy(update={"id": plain, "name": plain, "hand": None})

    return tuple(map(alone, parts))


def _does(one: RecognisedInstrument, player: str, role: str) -> str:
    """The reason as a sentence: "acoustic guitar seen (.95): plays the tune, on steel guitar."."""
    on = "" if player == one.seen or not one.rule.sings else f", on {player}"
    return f"{one.seen} seen ({f'{one.share:.2f}'.removeprefix('0')}): {_DOES[role]}{on}."

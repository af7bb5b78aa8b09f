"""Who is in the band: the user's instruments, or the style's with those that words name and that the picture shows.

Who decides: the brief, then plain words, then the picture, then the style's habit. Conventions as in `plan`; a band holds at most 16
parts. How each is seated is `ensemble` and `seen_players`. Knows nothing of notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.plan import MOST_PARTS
from img2music.planners.rules.ensemble import add_instrument, assign_style_parts, assign_wished_parts, missing_harmony
from img2music.planners.rules.plan_wording import ROLE_PHRASES
from img2music.planners.rules.seen_players import add_seen_instrument, choose_lead, players_seen
from img2music.theory import instrument, is_excluded

if TYPE_CHECKING:
    from img2music.brief import Brief
    from img2music.plan import PartPlan
    from img2music.planners.rules.plan_wording import DecisionLog
    from img2music.scene import Scene
    from img2music.style import Style
    from img2music.words import WordsReading

__all__ = ["choose_parts"]

_SURE_OF_INSTRUMENTS, _HEARD_INSTRUMENTS = 0.5, 2
"""How sure a model has to be to seat instruments that the style has no seat for, and how many of them. Our choice."""


def choose_parts(scene: Scene, brief: Brief, words: WordsReading, style: Style, log: DecisionLog) -> tuple[PartPlan, ...]:
    """The parts of a plan, with a reason in `log` for who plays and a conflict for who can't.

    An asked band plays exactly so. Else the style's seats are filled, then come the instruments that the user's words or a model's eye name,
    then those that the picture shows.
    """
    seen = scene.attributes.instruments
    if brief.instruments:
        suggestion = ", ".join(seen.value) or "none"
        log.asked("instruments", ", ".join(brief.instruments), suggestion)
        band = assign_wished_parts(brief.instruments, style)
        missing = missing_harmony(band, style)
        if missing:
            log.conflicts.append(missing)
        return band
    lightness = scene.number("lightness", 0.5)
    shown = players_seen(scene)
    lead = choose_lead(shown, words.without)
    avoided = lead.rule.players if lead is not None and not words.instruments else ()
    parts = assign_style_parts(style, (*words.instruments, *seen.value), lightness, words.without, leading=avoided)
    wished = (*words.instruments, *_heard_in_picture(scene, words))
    guests = [name for name in dict.fromkeys(wished) if name not in {part.instrument for part in parts}]
    leads = any(part.role == "melody" and part.instrument in wished for part in parts)
    for number, name in enumerate(guests):
        parts = _with_room(parts, wished)
        parts, role = add_instrument(parts, name, style, may_lead=number == 0 and not leads, keep=words.instruments)
        log.conflicts.append(f"{name} is unusual in {style.name}; it plays {ROLE_PHRASES[role]}")
    tune = next((part.instrument for part in parts if part.role == "melody"), "")
    for one in shown:
        may_lead = one is lead and tune not in wished
        parts, does = add_seen_instrument(parts, one, style, words.without, may_lead=may_lead)
        if does:
            log.because("instruments", does, (one.cue,), {one.cue: 1.0})
        else:
            log.conflicts.append(f"the picture shows {one.seen}, which your words or the size of the band keep out")
    log.because(
        "instruments",
        ", ".join(dict.fromkeys(part.instrument for part in parts)) + f": the band of {style.name}.",
        seen.because,
        seen.strengths,
    )
    return parts


def _with_room(parts: tuple[PartPlan, ...], wished: tuple[str, ...]) -> tuple[PartPlan, ...]:
    """The band with a free place: where it is full, the last player that nobody wished for gives way."""
    if len(parts) < MOST_PARTS:
        return parts
    leaves = max(index for index, part in enumerate(parts) if part.instrument not in wished or index == 0)
    return (*parts[:leaves], *parts[leaves + 1 :])


def _heard_in_picture(scene: Scene, words: WordsReading) -> tuple[str, ...]:
    """The leading instruments that a model heard in the picture, if it was sure: the eye's own are among the style's seats anyway."""
    seen = scene.attributes.instruments
    if seen.source != "model" or seen.confidence < _SURE_OF_INSTRUMENTS:
        return ()
    players = (instrument(name) for name in seen.value[:_HEARD_INSTRUMENTS])
    return tuple(player.name for player in players if not is_excluded(player, words.without))

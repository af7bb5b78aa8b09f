"""What the rules' reasons and conflicts say, read back from their wording: the one place that knows it.

Reasons begin with what was chosen, or name it in a fixed place, so that it can be held against the plan: "D major: you asked for it" in
a plan that says E minor by now was left behind by an edit. What a model wrote in its own words is not read. Knows nothing of who edited
what.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from img2music.report.text_format import format_number
from img2music.theory import MODES

if TYPE_CHECKING:
    from collections.abc import Collection

    from img2music.plan import CompositionPlan, Reason

__all__ = [
    "changed_choice",
    "is_about_loop_bars",
    "is_about_usual_meter",
    "is_about_wish",
    "is_stale_conflict",
    "tempo_without_fill",
]

_TONIC, _MODE = r"[A-G](?:##?|bb?)?", "|".join(MODES)
_CHOSEN = {
    "key": re.compile(rf"({_TONIC} (?:{_MODE}))\b|The tonic ({_TONIC}) "),
    "mode": re.compile(rf"({_MODE})\b"),
    "harmony": re.compile(rf"Progressions of ({_MODE})\b"),
    "metre": re.compile(r"(\d+/\d+)\b"),
    "tempo": re.compile(r"(\d+(?:\.\d+)?)[ :]"),
}


_WISH = re.compile(r"you asked for (tempo|key|metre) ([^;]+); the picture suggested ")
_USUAL_METER, _NO_WHOLE_BARS, _HAVE_TO_FILL = " is usually in ", " are no whole bars of ", ", and whole phrases have to fill "


def is_stale_conflict(conflict: str, plan: CompositionPlan) -> bool:
    """Whether a conflict tells of a wish that the plan does not hold any more: "you asked for tempo 120" in a plan that says 60."""
    match = _WISH.match(conflict)
    if match is None:
        return False
    choice, wish = match.groups()
    keys, tempi = [point.key.name for point in plan.key_map.points], plan.tempo_map.points
    says = {
        "tempo": {f"{plan.tempo_bpm:g}", f"{plan.tempo_bpm:g} to {tempi[-1].bpm:g}"},
        "key": {plan.key, ", then ".join(keys)},
        "metre": {plan.meter},
    }[choice]
    return wish not in says


def changed_choice(reason: Reason, plan: CompositionPlan) -> str | None:
    """What the plan says where `reason` was given for something else; None where they agree, or nothing is known of it."""
    pattern = _CHOSEN.get(reason.choice)
    match = pattern.match(reason.text) if pattern is not None and reason.source == "rules" else None
    if match is None:
        return None
    tonic, _, mode = plan.key.partition(" ")
    said = next(group for group in match.groups() if group)
    says = {
        "key": plan.key if " " in said else tonic,
        "mode": mode,
        "harmony": mode,
        "metre": plan.meter,
        "tempo": format_number(plan.tempo_bpm),
    }[reason.choice]
    same = abs(float(said) - plan.tempo_bpm) < 1 if reason.choice == "tempo" else said == says
    return None if same else says


def is_about_wish(conflict: str, choices: Collection[str]) -> bool:
    """Whether a conflict says that one of these choices ("key", "metre", "tempo") was asked for against what the picture suggested."""
    match = _WISH.match(conflict)
    return match is not None and match[1] in choices


def is_about_usual_meter(conflict: str, style: str) -> bool:
    """Whether a conflict says that a style is usually in other metres."""
    return conflict.startswith(f"{style}{_USUAL_METER}")


def is_about_loop_bars(conflict: str) -> bool:
    """Whether a conflict says that an asked length is no whole bars, as the planner's own form needs them."""
    return _NO_WHOLE_BARS in conflict


def tempo_without_fill(text: str) -> str | None:
    """A tempo's reason without the length that whole phrases have to fill; None where it names none."""
    before, fill, _ = text.partition(_HAVE_TO_FILL)
    return before if fill else None

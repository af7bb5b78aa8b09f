"""A new plan in a key and a metre in which what is kept can stay.

What nobody asks anew stays with what is kept: notes keep their metre, chords and tunes their key. New words are a wish for what they
say, and for nothing else: "calm" asks for no metre, "happy" for another mode over the same tonic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.errors import BriefError
from img2music.io.style_files import load_style
from img2music.pipeline.recomposition.form_fitting import regroup_bars
from img2music.pipeline.recomposition.kept_parts import NOTE_CRAFTS
from img2music.plan import Reason
from img2music.report.planner_phrases import is_about_usual_meter, is_about_wish
from img2music.theory import Key
from img2music.words import read_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from img2music.brief import Brief
    from img2music.plan import CompositionPlan
    from img2music.rng import Craft
    from img2music.theory import Meter

__all__ = ["keys_in_order", "plan_around_kept"]


_NAMES = {"meter": "metre", "key": "key"}
"""What a brief calls a field, and what a plan's reasons call it."""


def plan_around_kept(
    ask: Callable[[Brief], CompositionPlan], brief: Brief, old: CompositionPlan, crafts: Sequence[Craft], wished: set[str]
) -> CompositionPlan:
    """The planner's plan, asked again where it would leave the key or the metre of what is kept though nobody wished that.

    Which metre and mode a style, a picture and words lead to, only the planner can say, and those that hold what is kept are taken: so it
    is asked freely first, and a second time only for what has to stay.

    Args:
        ask: the planner.
        brief: what is asked.
        old: the plan of the piece on record.
        crafts: what is kept.
        wished: names of the brief's fields that were given now, and of those that new words say exactly.
    """
    free = ask(brief)
    turned = "words" in wished and _turned(brief, old, free)
    pins: dict[str, str] = {}
    if set(crafts) & set(NOTE_CRAFTS) and "meter" not in wished and not _holds(free.parsed_meter, old):
        pins["meter"] = old.meter
    keys = [Key.readable(old.parsed_key.tonic, free.parsed_key.mode).name] if turned else keys_in_order(old)
    if "harmony" in crafts and "key" not in wished and keys_in_order(free) != keys:
        pins["key"] = keys[0]
    if not pins:
        return free
    later = {"later_keys": tuple(keys[1:])} if "key" in pins else {}
    pinned = ask(brief.model_copy(update={**pins, **later}))
    reasons = _reasons(pinned, free, pins, turned=turned)
    return pinned.model_copy(update={"reasons": reasons, "conflicts": _conflicts(pinned, pins)})


def keys_in_order(plan: CompositionPlan) -> list[str]:
    """The keys that a plan goes through."""
    return [point.key.name for point in plan.key_map.points]


def _reasons(pinned: CompositionPlan, free: CompositionPlan, pins: Mapping[str, str], *, turned: bool) -> tuple[Reason, ...]:
    """The planner's reasons, but that nobody asked for what was pinned."""
    told = {_NAMES[field] for field in pins} | ({"mode"} if "key" in pins else set())
    reasons = [reason for reason in pinned.reasons if reason.choice not in told]
    for field, pin in pins.items():
        way = ", in the mode that your words ask for" if turned and field == "key" else ""
        reasons.append(Reason(choice=_NAMES[field], text=f"{pin}: that of what is kept{way}."))
    if turned and "key" in pins:
        reasons += [reason for reason in free.reasons if reason.choice == "mode"]
    return tuple(reasons)


def _conflicts(pinned: CompositionPlan, pins: Mapping[str, str]) -> tuple[str, ...]:
    """The planner's conflicts, but for those with wishes that nobody had."""
    told = {_NAMES[field] for field in pins}
    conflicts = [note for note in pinned.conflicts if not is_about_wish(note, told)]
    meter = pins.get("meter")
    if meter is None:
        return tuple(conflicts)
    style = load_style(pinned.style)
    conflicts = [note for note in conflicts if not is_about_usual_meter(note, style.name)]
    if meter not in style.meters:
        usual = " or ".join(style.meters)
        conflicts.append(f"{style.name} is usually in {usual}; what is kept is in {meter}, and so is the piece")
    return tuple(conflicts)


def _holds(meter: Meter, old: CompositionPlan) -> bool:
    """Whether bars of another metre hold the notes of `old` as they are."""
    try:
        regroup_bars(old, meter)
    except BriefError:
        return False
    return True


def _turned(brief: Brief, old: CompositionPlan, new: CompositionPlan) -> bool:
    """Whether the brief's words ask for another mode than the kept one, and the planner heard them."""
    from img2music.planners.rules.word_steering import changes_mode

    reading = read_words(brief.words, brief.glosses)
    before, after = old.parsed_key, new.parsed_key
    if not changes_mode(before.mode, reading):
        return False
    return after.mode == reading.mode if reading.mode is not None else after.is_minor != before.is_minor

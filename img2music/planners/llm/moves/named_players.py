"""Which parts a model means by "the violin", "Piano (left hand)", "strings", "bass", "everyone else".

Conventions: parts are known by their ids. Knows nothing of sections.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from img2music.models.parsing.loose_names import instrument_of, one_of
from img2music.models.parsing.loose_values import folded, plain_text
from img2music.planners.llm.normalize_plan_records import PART_ROLES
from img2music.theory import instrument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import PartPlan

__all__ = ["lead_of", "parts_named"]

_ROLES = ("melody", "counter", "chords", "arpeggio", "pad", "bass", "drums")
_FAMILIES = {
    "strings": "strings", "stringsection": "strings", "winds": "winds", "woodwinds": "winds", "woodwind": "winds", "brass": "brass", "keys": "keys",
    "keyboards": "keys", "mallets": "mallets", "percussion": "percussion", "plucked": "plucked", "guitars": "plucked",
}  # fmt: skip
_EVERYBODY = frozenset({"all", "everyone", "everybody", "allparts", "allplayers", "thewholeband", "band", "tutti"})
_OTHERS = re.compile(
    r"(?:all|every(?:one|body|thing))?\s*(?:of\s+)?(?:the\s+)?(?:others?|rest|else|other parts)|accompaniment|the band"
)
_AND = re.compile(r"\s*(?:,|;|/|\+|&|\band\b|\bwith\b)\s*")
_HAND = re.compile(r"\b(left|right)[ -]hand\b")
_BUT = re.compile(r"(?:all|everyone|everybody|everything)\s+(?:but|except|save|besides)\s+(?:for\s+)?(?:the\s+)?(.+)")


def lead_of(parts: Sequence[PartPlan]) -> PartPlan | None:
    """The part that has the tune where a section names none: the melody, else the first with pitches."""
    pitched = [part for part in parts if not instrument(part.instrument).kit]
    return next((part for part in pitched if part.role == "melody"), next(iter(pitched), None))


def parts_named(text: str, parts: Sequence[PartPlan], tune: PartPlan | None) -> tuple[PartPlan, ...]:
    """The parts that a few words name, () where they name none; `tune` has the tune, and is none of "the others"."""
    plain = plain_text(text).casefold().strip(" .")
    found = _whole(plain, parts, tune)
    several = _AND.split(plain)
    if found or len(several) == 1:
        return found
    each = [parts_named(one, parts, tune) for one in several]
    return tuple(dict.fromkeys(part for one in each for part in one))


def _whole(plain: str, parts: Sequence[PartPlan], tune: PartPlan | None) -> tuple[PartPlan, ...]:
    """The parts that the words name as they stand together."""
    for names in ((part.id for part in parts), (part.name for part in parts)):
        found = tuple(part for part, name in zip(parts, names, strict=True) if folded(name) == folded(plain))
        if found:
            return found
    if folded(plain) in _EVERYBODY:
        found = tuple(parts)
    elif match := _BUT.fullmatch(plain):
        kept = parts_named(match[1], parts, tune)
        found = tuple(part for part in parts if part not in kept) if kept else ()
    elif _OTHERS.fullmatch(plain):
        found = tuple(part for part in parts if part is not tune)
    elif match := _HAND.search(plain):
        found = _by_hand(match[1], parts)
    else:
        found = _by_player(plain, parts) or _by_role(plain, parts)
    return found


def _by_hand(hand: str, parts: Sequence[PartPlan]) -> tuple[PartPlan, ...]:
    """By the hand that plays it; of two parts on one instrument that name none the first is the right hand's."""
    found = tuple(part for part in parts if part.hand == hand)
    if found:
        return found
    names = [part.instrument for part in parts]
    twins = [part for part in parts if names.count(part.instrument) == 2 and instrument(part.instrument).family == "keys"]
    return (twins[0 if hand == "right" else 1],) if len(twins) == 2 else ()


def _by_player(plain: str, parts: Sequence[PartPlan]) -> tuple[PartPlan, ...]:
    """By instrument, also only by its last word ("guitar"), or by family."""
    name = instrument_of(plain)
    if name is not None:
        found = tuple(part for part in parts if part.instrument == name)
        if found:
            return found
    word = re.sub(r"^(?:the|a|an|all|solo|lead)\s+", "", plain).removesuffix("s")
    found = tuple(part for part in parts if word and part.instrument.split()[-1].removesuffix("s") == word)
    if found:
        return found
    family = _FAMILIES.get(folded(re.sub(r"^(?:the|all)\s+", "", plain)))
    if family == "percussion":
        return tuple(part for part in parts if instrument(part.instrument).kit or instrument(part.instrument).family == family)
    return tuple(part for part in parts if instrument(part.instrument).family == family)


def _by_role(plain: str, parts: Sequence[PartPlan]) -> tuple[PartPlan, ...]:
    role = one_of(re.sub(r"^the\s+", "", plain), _ROLES, PART_ROLES)
    return tuple(part for part in parts if part.role == role)

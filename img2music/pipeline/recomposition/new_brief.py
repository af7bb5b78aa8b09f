"""What is asked of a piece that is made anew: new wishes over the brief on record, and what new words say over both."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from img2music.brief import Brief, with_wishes
from img2music.errors import DocumentError, UsageError
from img2music.plan import CompositionPlan
from img2music.style import is_style_file
from img2music.theory import Key
from img2music.words import read_words, without_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from img2music.brief import Wishes
    from img2music.rng import Craft
    from img2music.scene import Scene

__all__ = ["given_wishes", "new_brief"]

_SAID_EXACTLY = ("seconds", "tempo_bpm", "key", "meter", "loop")
_MOST_INSTRUMENTS = 12
_LARGEST_SEED = 2**63


def given_wishes(wishes: Wishes) -> Wishes:
    """The wishes that ask for something, without the seed, which any piece takes."""
    return cast("Wishes", {name: wish for name, wish in wishes.items() if wish is not None and name != "seed"})


def new_brief(
    start: Scene | CompositionPlan,
    brief: Brief,
    crafts: Sequence[Craft],
    wishes: Wishes,
    settle: Callable[[Brief], Brief],
) -> tuple[Brief, set[str]]:
    """The brief of the new piece, and the fields that are asked for now, by a wish or by new words that say them exactly.

    Args:
        start: where the new piece begins.
        brief: the one on record.
        crafts: what is kept; its seeds stay.
        wishes: what is asked for now. Without a seed it is the one after that on record.
        settle: turns what words say exactly into wishes (`Pipeline.settle`).

    Raises:
        BriefError: a wish out of range.
        UsageError: a wish that a plan has settled.
        DocumentError: the style is a file, which the record only names.
    """
    given = given_wishes(wishes)
    origin: Brief | CompositionPlan = start if isinstance(start, CompositionPlan) else brief
    seed = wishes.get("seed")
    stays = without_words(brief) if "words" in given else brief.model_dump(exclude_unset=True)
    merged: Wishes = {
        **with_wishes(stays, given),
        "seed": (origin.seed + 1) % _LARGEST_SEED if seed is None else seed,
        "seeds": {craft: origin.seed_for(craft) for craft in crafts},
    }
    asked = Brief.of(**merged)
    if isinstance(start, CompositionPlan):
        if given:
            raise UsageError(
                f"the piece was made from a plan, which has settled its {', '.join(given)}; edit the plan and realize it"
            )
        return asked, set()
    if is_style_file(brief.style or "") and "style" not in wishes:
        raise DocumentError("the piece on record was made with a style file, which it only names; give that file with --style")
    asked, wished = settle(asked), set(given)
    if "words" in given:
        asked, said = _as_new_words_say(asked, wished)
        wished |= said
    return asked, wished


def _as_new_words_say(brief: Brief, given: set[str]) -> tuple[Brief, set[str]]:
    """`brief` where new words win over wishes that only the record has, and the fields that they say exactly.

    Args:
        brief: a brief with new words, settled.
        given: the fields that were given beside them; those win over words.
    """
    reading = read_words(brief.words, brief.glosses)
    exact = {name: getattr(reading, name) for name in _SAID_EXACTLY}
    if reading.only and 0 < len(reading.instruments) <= _MOST_INSTRUMENTS:
        exact["instruments"] = reading.instruments
    if reading.mode is not None and brief.key is not None:
        exact["key"] = Key.readable(Key.parse(brief.key).tonic, reading.mode).name
    update = {name: value for name, value in exact.items() if value is not None and name not in given}
    said = set(update)
    # What only steers leaves the field open: the planner reads it in the words.
    if reading.tempo_range is not None and not {"tempo_bpm"} & (given | said):
        update["tempo_bpm"] = None
    if reading.style is not None and "style" not in given and not is_style_file(brief.style or ""):
        update["style"] = None
    # A new key or tempo takes the place of the whole movement on record.
    update |= {"later_keys": ()} if "key" in update else {}
    update |= {"tempo_to_bpm": None} if "tempo_bpm" in update else {}
    return brief.model_copy(update=update), said

"""Which section is in which key, where several were asked for.

The keys come in the order of the wish, each at least once: the first theme has the first one, the piece ends in the last one. A key changes
where the form brings something new or comes home, rather than between two turns of one idea, and each key has about its share of the
bars. An introduction is in the key that it leads to, an ending in the key that it follows. Costs are our choice.

Conventions: keys by their number in the wish, from 0. Knows nothing of chords.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from img2music.errors import BriefError
from img2music.viterbi import cheapest_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.planners.form import SectionLayout
    from img2music.theory import Key

__all__ = ["LEAST_BARS_A_KEY", "assign_keys", "check_room", "tonal_plan_words"]

LEAST_BARS_A_KEY = 2
"""Home, and what leads on."""
_ENDS = frozenset({"intro", "outro"})
_AT_RETURN, _AT_REPETITION = 0.15, 0.6
"""What a change of key costs where an earlier idea comes home, and where the idea before is told once more; at a new idea it is free."""
_OUT_OF_SHARE = 4.0
"""What a section costs for its length and its distance from the part of the piece that is its key's."""
_NEVER = 1e9


def check_room(bars: int, keys: Sequence[Key], seconds: float) -> None:
    """Refuses more keys than the bars have room for.

    Raises:
        BriefError: the message says how many there are.
    """
    if bars < LEAST_BARS_A_KEY * len(keys):
        raise BriefError(
            f"{seconds:g} s are {bars} {'bar' if bars == 1 else 'bars'} here, too few for {len(keys)} keys, which need {LEAST_BARS_A_KEY} "
            "each; ask for more time or fewer keys"
        )


def assign_keys(layouts: Sequence[SectionLayout], shares: Sequence[float]) -> tuple[int, ...]:
    """The key of each section, as its number among `shares`.

    Args:
        layouts: the sections; at least as many as keys that are neither introduction nor ending.
        shares: for each key, how much of the piece is to be in it, beside the others.
    """
    body = [layout for layout in layouts if layout.role not in _ENDS] or list(layouts)
    total, asked = sum(layout.bars for layout in body), sum(shares)
    borders = [0.0, *(share / asked for share in accumulate(shares))]
    layers, begin = [], 0
    for number, layout in enumerate(body):
        middle = (begin + layout.bars / 2) / total
        begin += layout.bars
        row = []
        for key in range(len(shares)):
            off = max(0.0, borders[key] - middle, middle - borders[key + 1])
            barred = (number == 0 and key != 0) or (number == len(body) - 1 and key != len(shares) - 1)
            row.append((key, _NEVER if barred else _OUT_OF_SHARE * off * layout.bars / total))
        layers.append(row)

    def step(place: int, before: int, after: int) -> float:
        if after == before:
            return 0.0
        if after != before + 1:
            return _NEVER
        idea, earlier = body[place].material, [layout.material for layout in body[:place]]
        return _AT_REPETITION if idea == earlier[-1] else _AT_RETURN if idea in earlier else 0.0

    found = iter(cheapest_path(layers, step, least_step_cost=0.0))
    chosen: list[int] = []
    for layout in layouts:
        if layout.role in _ENDS and len(body) < len(layouts):
            chosen.append(0 if layout.role == "intro" else len(shares) - 1)
        else:
            chosen.append(next(found))
    return tuple(chosen)


def tonal_plan_words(layouts: Sequence[SectionLayout], keys: Sequence[Key]) -> str:
    """Which sections are in which key: "A1 A2 in D minor, B in F major"; `keys` are those of the sections."""
    starts = [0, *(place for place, (one, other) in enumerate(pairwise(keys), 1) if one != other), len(keys)]
    return ", ".join(
        f"{' '.join(layout.name for layout in layouts[begin:end])} in {keys[begin].name}" for begin, end in pairwise(starts)
    )

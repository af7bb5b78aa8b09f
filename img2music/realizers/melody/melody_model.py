"""What a step, a harmony or a cadence costs: log-probabilities learned from songs, and the rules musicians state.

Costs are whole thousandths of a nat, so that every machine adds them alike; lower is likelier. The probabilities come from
`assets/statistics/melody.json` (`evals/learn/learn_melody.py` says from which songs). P(step | step before, whether the two notes belong to their
chords) is smoothed towards P(step | membership) with the weight of `_BELIEF` counts, and that towards evenness; so a context seen
twice says little and one seen a thousand times all.

The rules are of Fux and of every harmony class: dissonance is left by step, leaps are answered, no augmented second, and of Huron, *Sweet
Anticipation* (2006), ch. 5; how much they cost is our choice. Steps are in letters, members are chord tones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import TYPE_CHECKING

from img2music.resources import asset_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["WIDEST_STEP", "MelodyModel", "load_melody_model"]

WIDEST_STEP = 7
"""No step is wider than an octave."""
_BELIEF = 12
_SCALE = 1000
_STRANGER = (0, 200, 950, 950)
"""Added by metrical weight: songs have strangers on a third of their strong beats, but sung words excuse what a bare line must explain."""
_LONG_STRANGER = (0, 200, 900)
"""Added by length class: the longer a stranger is held, the more it wants a reason."""


_CALIBRATION = (400, 320, -520, -650, -620, -450, -320, -300)
"""Added by width (0 a repeated note, 1 a second ... 7 an octave): the search for the best line prefers what is likely beyond its
likelihood, and would make of the learned steps a tune of hardly anything but seconds (seconds were .84 of the moves of our tunes,
.43 to .73 of those of people's)."""


@dataclass(frozen=True, slots=True)
class MelodyModel:
    """Costs by context."""

    steps: Mapping[tuple[int | None, int, int], tuple[int, ...]]
    """(step before or None, whether the last note is a member, whether the next is) -> cost of each step -7..7."""
    roles: Mapping[tuple[int, int], tuple[int, ...]]
    """(metrical weight, length class) -> cost of root, third, fifth, other member, stranger."""

    def step_costs(self, before: int | None, member: int, following: int) -> tuple[int, ...]:
        """Cost of each step -7..7 with the rules of leaps in it."""
        return self.steps[before if before is None else max(-4, min(4, before)), member, following]


@lru_cache(maxsize=1)
def load_melody_model() -> MelodyModel:
    """The model, read once."""
    table = json.loads(asset_path("statistics/melody.json").read_text(encoding="utf-8"))
    sizes = range(-WIDEST_STEP, WIDEST_STEP + 1)
    counts: dict[tuple[str, int, int], list[float]] = {}
    for key, count in table["steps"].items():
        before, member, following, step = key.split()
        row = counts.setdefault((before, int(member), int(following)), [0.0] * len(sizes))
        row[int(step) + WIDEST_STEP] += count
    steps: dict[tuple[int | None, int, int], tuple[int, ...]] = {}
    for member in (0, 1):
        for following in (0, 1):
            known = [row for (_, one, other), row in counts.items() if (one, other) == (member, following)]
            pooled = [sum(row[index] for row in known) + 1 for index in range(len(sizes))]
            shares = [count / sum(pooled) for count in pooled]
            for before in (None, *range(-4, 5)):
                row = counts.get(("*" if before is None else str(before), member, following), [0.0] * len(sizes))
                total = sum(row) + _BELIEF
                logs = [-log((count + _BELIEF * share) / total) for count, share in zip(row, shares, strict=True)]
                steps[before, member, following] = tuple(
                    round(_SCALE * cost) + _rule(before, member, following, step) for cost, step in zip(logs, sizes, strict=True)
                )
    return MelodyModel(
        steps, {(weight, length): _roles(table["roles"], weight, length) for weight in range(4) for length in range(3)}
    )


def length_class(quarters: float) -> int:
    """0 shorter than a quarter, 1 shorter than a half note, 2 longer."""
    return 0 if quarters < 1 else 1 if quarters < 2 else 2


def _roles(table: Mapping[str, int], weight: int, length: int) -> tuple[int, ...]:
    counts: Sequence[float] = [table.get(f"{weight} {length} {role}", 0) + 1.0 for role in range(5)]
    costs = [round(-_SCALE * log(count / sum(counts))) for count in counts]
    # A stranger to the chord may be any of four letters, a member is one of three: a fair price for each letter.
    costs[4] += round(_SCALE * log(4 / 3)) + _STRANGER[weight] + _LONG_STRANGER[length]
    return tuple(costs)


def _rule(before: int | None, member: int, following: int, step: int) -> int:
    """What rules add to a step: see the module's docstring."""
    width = abs(step)
    cost = _CALIBRATION[width]
    if not member and width != 1:
        cost += 900 if step == 0 else 2200
    if not following and width > 1:
        cost += 700
    if before is not None and abs(before) >= 3:
        if step * before > 0 and width >= 2:
            cost += 2400
        elif not (step * before < 0 and width <= 2):
            cost += 1300 if abs(before) == 4 else 400
    return cost

"""How people fill a bar: rhythms of sung melodies with their counts, for every metre.

The bars of 2/4, 3/4, 4/4 and 6/8 were counted in two corpora (`assets/statistics/melody.json`, which says which and how); the metres that
people rarely sing are put together from their groups: 5/4 is 3/4 and 2/4, 7/8 is 2/4 and half a bar of 6/8, 9/8 and 12/8
are halves of 6/8. Compound bars are few in the corpora, so the figures of jig, siciliano and barcarole stand beside them (our choice).

Conventions: a stroke is (place in the bar, duration) in exact quarter notes; counts are by where the bar stands in its phrase:
"first" after a breath, "middle", "last" before one. Dialects: "song" (lead sheets of standards and folk-like songs) and
"pop" (syncopated, 4/4 only; other metres take "song"). Knows nothing of pitch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import exp, log
from typing import TYPE_CHECKING, Any, Literal

from img2music.resources import asset_path
from img2music.theory.tempo_map import quarters_in, seconds_of

if TYPE_CHECKING:
    from img2music.theory.meter import Meter

__all__ = ["BarRhythm", "Dialect", "Place", "Stroke", "bar_rhythms", "follow_counts", "notes_a_bar", "shortest_stroke"]

Stroke = tuple[Fraction, Fraction]
Dialect = Literal["song", "pop"]
Place = Literal["first", "middle", "last"]

# Half bars of 6/8 in sixteenths with a weight: dotted quarter, quarter and eighth, three eighths, siciliano, running sixteenths.
_HALVES = (
    ("0-6", 20),
    ("0-4 4-2", 30),
    ("0-2 2-2 4-2", 30),
    ("0-3 3-1 4-2", 12),
    ("0-2 2-4", 4),
    ("0-2 2-2 4-1 5-1", 5),
    ("0-2 2-1 3-1 4-2", 4),
    ("0-1 1-1 2-1 3-1 4-1 5-1", 2),
)
_GROUPS: dict[str, tuple[str, ...]] = {
    "5/4": ("3/4", "2/4"),
    "6/8": ("3/8", "3/8"),
    "7/8": ("2/4", "3/8"),
    "9/8": ("3/8", "3/8", "3/8"),
    "12/8": ("6/8", "6/8"),
}
_LARGEST_PRODUCT = (40, 40, 6)
"""How many rhythms of each group are combined in bars of one, two and three groups."""


_SPARSE, _BUSY = 0.55, 5.5
"""Notes a second in the calmest and the busiest melody at a hundred beats a minute (our choice: from a note in two beats to
sixteenths with rests; POP909's and OpenEWLD's songs lie between)."""


@dataclass(frozen=True, slots=True)
class BarRhythm:
    """A bar's strokes and how often people sing it."""

    strokes: tuple[Stroke, ...]
    is_tied: bool
    """Whether the note before rings into the bar up to its first stroke."""
    first: float
    middle: float
    last: float

    def count(self, place: Place) -> float:
        """How often it stands there."""
        return self.first if place == "first" else self.middle if place == "middle" else self.last


def shortest_stroke(tempo_bpm: float) -> float:
    """The shortest stroke that still sings at a tempo, in quarter notes: about a seventh of a second (our choice)."""
    return quarters_in(0.14, tempo_bpm)


def notes_a_bar(density: float, tempo_bpm: float, meter: Meter) -> float:
    """Notes a melody wants in a bar for a density of 0..1: even steps of density are even ratios.

    Notes a second grow with the square root of the tempo: quick music has fewer notes a beat than slow music, but more a second.
    """
    second: float = _SPARSE * exp(density * log(_BUSY / _SPARSE)) * (tempo_bpm / 100) ** 0.5
    return second * seconds_of(meter.bar_quarters, tempo_bpm)


@lru_cache(maxsize=32)
def bar_rhythms(meter: Meter, dialect: Dialect = "song") -> tuple[BarRhythm, ...]:
    """The rhythms of a whole bar, those of the corpus in its order, the commonest first."""
    counted = _read(f"{dialect} {meter.name}") or _read(f"song {meter.name}")
    if meter.name not in _GROUPS:
        return counted
    groups = _GROUPS[meter.name]
    most = _LARGEST_PRODUCT[len(groups) - 1]
    pools = []
    for group in groups:
        pool = _halves() if group == "3/8" else _joined(("3/8", "3/8")) if group == "6/8" else _read(f"song {group}")
        # What joins with a neighbour begins on its own first beat; a held note may not hide where a group begins.
        pools.append([rhythm for rhythm in pool if rhythm.strokes[0][0] == 0][:most])
    return (*counted, *_product(groups, pools))


@lru_cache(maxsize=32)
def follow_counts(meter: Meter, dialect: Dialect = "song") -> dict[tuple[int, int], int]:
    """How often one rhythm (its number in `bar_rhythms`) is followed by another; empty for metres put together."""
    if meter.name in _GROUPS:
        return {}
    table = _table()["rhythms"]
    rows = table.get(f"{dialect} {meter.name}") or table.get(f"song {meter.name}") or {"pairs": []}
    return {(one, other): count for one, other, count in rows["pairs"]}


def _joined(groups: tuple[str, ...]) -> tuple[BarRhythm, ...]:
    return _product(groups, [list(_halves()) for _ in groups])


def _product(groups: tuple[str, ...], pools: list[list[BarRhythm]]) -> tuple[BarRhythm, ...]:
    """Every combination of one rhythm a group, the likeliest first."""
    lengths = [Fraction(3, 2) if group == "3/8" else Fraction(int(group[0]) * 4, int(group[2])) for group in groups]
    found = []
    for choice in product(*pools):
        strokes: list[Stroke] = []
        begin = Fraction(0)
        for rhythm, length in zip(choice, lengths, strict=True):
            strokes.extend((begin + place, duration) for place, duration in rhythm.strokes)
            begin += length
        open_, close = 1.0, 1.0
        for index, rhythm in enumerate(choice):
            total = rhythm.first + rhythm.middle + rhythm.last + 3
            # A middle group looks like the middle of a phrase; only the last one can close it.
            open_ *= (rhythm.first + rhythm.middle + 1) / total
            close *= ((rhythm.last if index == len(choice) - 1 else rhythm.first + rhythm.middle) + 1) / total
            weight = total**0.5
            open_, close = open_ * weight, close * weight
        found.append(BarRhythm(tuple(strokes), False, open_, open_, close))
    return tuple(sorted(found, key=lambda rhythm: -(rhythm.first + rhythm.last)))


@lru_cache(maxsize=1)
def _halves() -> tuple[BarRhythm, ...]:
    return tuple(
        BarRhythm(_strokes(text), False, weight, weight, weight if text in {"0-6", "0-4 4-2"} else weight / 8)
        for text, weight in _HALVES
    )


@lru_cache(maxsize=8)
def _read(name: str) -> tuple[BarRhythm, ...]:
    rows = _table()["rhythms"].get(name, {"bars": []})["bars"]
    return tuple(BarRhythm(_strokes(text.lstrip("~")), text.startswith("~"), *counts) for text, *counts in rows)


def _strokes(text: str) -> tuple[Stroke, ...]:
    """``"0-4 4-2"`` in sixteenths as strokes."""
    pairs = (word.split("-") for word in text.split())
    return tuple((Fraction(int(place), 4), Fraction(int(duration), 4)) for place, duration in pairs)


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(asset_path("statistics/melody.json").read_text(encoding="utf-8"))
    return table

"""Grooves that drummers played: the library of recorded bars, the choice among them, and how they fit a metre.

The library (`assets/statistics/grooves.json`, made by `evals/learn/learn_grooves.py` from the Groove MIDI Dataset) holds two-bar grooves
with three variants each, and one-bar fills, by family of styles, metre, feel and level of energy. Nearly all of it is in 4/4; a few
were recorded in 3/4 and serve there as they are. Other metres are made from real beats:

    2/4     a bar of 4/4 is two bars
    3/4     beats 1, 2 and 4, where a style's families have nothing recorded in 3/4
    5/4     beats 1, 2, 4 and 3, 4
    7/8     a bar of 4/4 without its last eighth
    6/8, 9/8, 12/8      swung beats, which are triplets, written as dotted quarters: two (a bar of 4/4 is two bars), three, four

Strokes keep the velocity and the timing that they were played with. How far a stroke lies from the grid shrinks in seconds as the
tempo rises, but less than the beat does: over 282 straight performances of the set the spread as a fraction of the beat grows with the
0.62nd power of the tempo (`python -m evals.studies.music.drums_human FOLDER`), so deviations are carried over by the square root.

Conventions: places and lags in quarter notes of the piece, lag positive when late; weight 1 is a groove's own root mean square
velocity. Knows nothing of sections and phrases.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import sqrt
from typing import TYPE_CHECKING, Any

from img2music.resources import asset_path
from img2music.rng import draw_index
from img2music.theory.meter_map import steps_in_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from img2music.theory import Meter

__all__ = ["DrumBar", "DrumStroke", "Fill", "Groove", "choose_fill", "choose_groove", "fill_bar", "groove_bar", "groove_library"]

_SLOTS = 24
_LEVELS = 3
_DEFAULT = ("rock", "shuffle", "jazz")
"""Where a style's own families have nothing that fits."""
_BEATS_OF_FOUR: dict[str, tuple[tuple[int, ...], ...]] = {
    "2/4": ((0, 1), (2, 3)),
    "3/4": ((0, 1, 3),),
    "5/4": ((0, 1, 3, 2, 3),),
    "6/8": ((0, 1), (2, 3)),
    "9/8": ((0, 1, 3),),
    "12/8": ((0, 1, 2, 3),),
}
_IN_THREES = {12: 16, 6: 8, 18: 20, 3: 4, 9: 8, 15: 16, 21: 20}
"""Slots of a swung beat on the triplets that they stand for."""
_HURRY = 1.35
"""A groove played so much faster than it was recorded loses its soft sixteenths, as a drummer would leave them out."""
_SAME_DRUMMER = 2.5
_OTHER_FAMILY = 0.4


@dataclass(frozen=True, order=True, slots=True)
class DrumStroke:
    """One stroke in a bar of the piece."""

    place: Fraction
    pitch: int
    weight: float
    lag: float


DrumBar = tuple[DrumStroke, ...]


@dataclass(frozen=True, slots=True)
class _Hit:
    slot: int
    key: int
    velocity: int
    lag: float


@dataclass(frozen=True, slots=True)
class Fill:
    """A bar that leads into something, as it was played; 4/4."""

    family: str
    feel: str
    bpm: int
    source: str
    hits: tuple[_Hit, ...]


@dataclass(frozen=True, slots=True)
class Groove:
    """Two bars and their variants, all from one performance."""

    family: str
    meter: str
    feel: str
    bpm: int
    source: str
    """The performance in the set: "drummer1/session1/3"."""
    level: int
    """0 calm, 1 middle, 2 full."""
    windows: tuple[tuple[tuple[_Hit, ...], ...], ...]
    """The groove, then its variants; each two bars."""

    @property
    def drummer(self) -> str:
        """Who played it."""
        return self.source.partition("/")[0]

    @property
    def loudness(self) -> float:
        """Root mean square velocity of the groove: what weight 1 stands for."""
        return _loudness([hit for bar in self.windows[0] for hit in bar])


def _loudness(hits: Sequence[_Hit]) -> float:
    return sqrt(sum(hit.velocity**2 for hit in hits) / len(hits))


def _hits(numbers: Sequence[int]) -> tuple[_Hit, ...]:
    rows = zip(*(numbers[start::4] for start in range(4)), strict=True)
    return tuple(_Hit(slot, key, velocity, lag / 1000) for slot, key, velocity, lag in rows)


@cache
def groove_library() -> tuple[tuple[Groove, ...], tuple[Fill, ...]]:
    """All grooves and all fills, in the order of the file."""
    content: dict[str, Any] = json.loads(asset_path("statistics/grooves.json").read_text(encoding="utf-8"))
    shared = ("family", "feel", "bpm", "source")
    grooves = (
        Groove(
            meter=row["meter"],
            level=row["level"],
            windows=tuple(tuple(_hits(bar) for bar in window) for window in row["bars"]),
            **{name: row[name] for name in shared},
        )
        for row in content["grooves"]
    )
    fills = (Fill(hits=_hits(row["bar"]), **{name: row[name] for name in shared}) for row in content["fills"])
    return tuple(grooves), tuple(fills)


def _beat_bpm(meter: Meter, tempo_bpm: float) -> float:
    """Beats a minute as a drummer feels them."""
    return tempo_bpm * 2 / 3 if meter.is_compound else tempo_bpm


def choose_groove(
    families: Sequence[str],
    meter: Meter,
    tempo_bpm: float,
    level: int,
    chance: np.random.Generator,
    *,
    swung: bool,
    drummer: str = "",
    without: Sequence[Groove] = (),
) -> Groove:
    """A groove for a level of energy (0..2): of the style's families and feel, recorded near the tempo, of `drummer` rather than of others.

    Grooves recorded in the metre come first, then those that its bars can be made from; a family that has only straight grooves plays
    them in a swinging style too, where the performer swings their eighths as everybody's. `without` are avoided.
    """
    grooves, _ = groove_library()
    feel = "swung" if swung or meter.is_compound else "straight"
    made_here = [one for one in grooves if one.meter == meter.name and one.family in families and one.feel == feel]
    in_four = [one for one in grooves if one.meter == "4/4" and one.feel == feel]
    own = [one for one in grooves if one.meter == "4/4" and one.family in families]
    for shelf in (
        made_here,
        [one for one in own if one.feel == feel],
        own if not meter.is_compound else [],
        [one for one in in_four if one.family in _DEFAULT],
    ):
        left = [one for one in shelf if one not in without] or shelf
        if left:
            nearest = min(abs(one.level - level) for one in left)
            candidates = [one for one in left if abs(one.level - level) == nearest]
            break
    weights = [
        _nearness(one.bpm, _beat_bpm(meter, tempo_bpm))
        * (1.0 if one.family == families[0] else _OTHER_FAMILY)
        * (_SAME_DRUMMER if one.drummer == drummer else 1.0)
        for one in candidates
    ]
    return candidates[draw_index(weights, chance)]


def choose_fill(
    families: Sequence[str], tempo_bpm: float, meter: Meter, energy: float, chance: np.random.Generator, *, swung: bool
) -> Fill:
    """A fill of the style's families and feel; the fuller ones where the energy (0..1) is high."""
    feel = "swung" if swung or meter.is_compound else "straight"
    _, fills = groove_library()
    for names in (families, _DEFAULT):
        shelf = [one for one in fills if one.family in names and one.feel == feel]
        if len(shelf) >= 2:
            break
    ordered = sorted(shelf, key=lambda one: (len(one.hits) * _loudness(one.hits), one.source))
    middle = energy * (len(ordered) - 1)
    weights = [_nearness(one.bpm, _beat_bpm(meter, tempo_bpm)) / (1 + (index - middle) ** 2) for index, one in enumerate(ordered)]
    return ordered[draw_index(weights, chance)]


def _nearness(bpm: float, wanted: float) -> float:
    """1 at the recorded tempo, a half at four thirds or three quarters of it (our choice)."""
    ratio = max(bpm / wanted, wanted / bpm)
    return 1 / (1 + 9 * (ratio - 1) ** 2)


def groove_bar(groove: Groove, variant: int, bar: int, meter: Meter, tempo_bpm: float) -> DrumBar:
    """Bar number `bar` (from 0, counted from where the groove began) of a variant of `groove`, in the piece's metre and tempo."""
    window = groove.windows[variant % len(groove.windows)]
    speed = _beat_bpm(meter, tempo_bpm) / groove.bpm
    loudness = groove.loudness
    if meter.name in {groove.meter, "7/8"}:
        end = steps_in_bar(meter, _SLOTS)
        inside = [(Fraction(hit.slot, _SLOTS), hit) for hit in window[bar % len(window)] if hit.slot < end]
        stretch = Fraction(1)
    else:
        beats = _BEATS_OF_FOUR[meter.name]
        cut = beats[bar % len(beats)]
        stretch = Fraction(3, 2) if meter.is_compound else Fraction(1)
        inside = [
            (stretch * (number + _part(hit, meter)), hit)
            for number, beat in enumerate(cut)
            for hit in window[bar // len(beats) % len(window)]
            if hit.slot // _SLOTS == beat
        ]
    if speed > _HURRY:
        inside = [(place, hit) for place, hit in inside if hit.slot % (_SLOTS // 2) == 0 or hit.velocity > 0.8 * loudness]
    return _strokes(inside, loudness, float(stretch) * sqrt(speed))


def _part(hit: _Hit, meter: Meter) -> Fraction:
    """Where a stroke stands in its beat, 0..1."""
    slot = hit.slot % _SLOTS
    return Fraction(_IN_THREES.get(slot, slot) if meter.is_compound else slot, _SLOTS)


def fill_bar(fill: Fill, quarters: Fraction, meter: Meter, tempo_bpm: float) -> DrumBar:
    """The last `quarters` of a bar, played as the end of `fill`; places from the start of that bar."""
    stretch = Fraction(3, 2) if meter.is_compound else Fraction(1)
    first = 4 - quarters / stretch
    inside = [
        (meter.bar_quarters - stretch * (4 - hit.slot // _SLOTS - _part(hit, meter)), hit)
        for hit in fill.hits
        if hit.slot // _SLOTS + _part(hit, meter) >= first
    ]
    speed = _beat_bpm(meter, tempo_bpm) / fill.bpm
    return _strokes(inside, _loudness(fill.hits), float(stretch) * sqrt(speed))


def _strokes(inside: Sequence[tuple[Fraction, _Hit]], loudness: float, scale: float) -> DrumBar:
    """Strokes in order; of two of one drum at one place the harder stays."""
    found: dict[tuple[Fraction, int], DrumStroke] = {}
    for place, hit in inside:
        stroke = DrumStroke(place, hit.key, round(hit.velocity / loudness, 4), round(hit.lag * scale, 4))
        if (place, hit.key) not in found or found[place, hit.key].weight < stroke.weight:
            found[place, hit.key] = stroke
    return tuple(sorted(found.values()))

"""Measurements of what comes back in a tune: rhythms, shapes, whole bars, and whether the chords come back with them.

People state a hook, say it again two, four and eight bars later, and change its tail; over the same chords they sing the same notes.
The same functions measure this program's tunes and people's songs (`evals/learn/learn_take_mark.py`). Conventions: those of
`melody_view`; a bar's rhythm is where its notes begin, its shape the intervals between at least three of them. None where there are
fewer than eight sung bars.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from statistics import pstdev
from typing import TYPE_CHECKING

from img2music.measurement import card, cards_by_name
from img2music.metrics.symbolic.norms import fill_cards

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from fractions import Fraction

    from img2music.measurement import Measurement
    from img2music.metrics.symbolic.melody_view import MelodyView

__all__ = ["CARDS", "measure_returns", "return_values"]

_FEW_BARS = 8
_SHAPE_NOTES = 3
_STRETCH = 8
"""Bars of a stretch whose height and density are compared."""


@dataclass(frozen=True, slots=True)
class _Bars:
    """The tune bar by bar, from its first sung one to its last."""

    rhythms: tuple[tuple[Fraction, ...], ...]
    pitches: tuple[tuple[int, ...], ...]
    chords: tuple[frozenset[frozenset[int]], ...]

    @property
    def sung(self) -> int:
        return sum(bool(rhythm) for rhythm in self.rhythms)

    def shape(self, bar: int) -> tuple[int, ...]:
        return tuple(after - one for one, after in pairwise(self.pitches[bar]))


def _bars_of(tune: MelodyView) -> _Bars:
    places = [tune.meters.place_in_bar(tone.onset) for tone in tune.tones]
    first, last = places[0][0], places[-1][0]
    rhythms: list[list[Fraction]] = [[] for _ in range(last - first + 1)]
    pitches: list[list[int]] = [[] for _ in rhythms]
    for (bar, place), tone in zip(places, tune.tones, strict=True):
        rhythms[bar - first].append(place)
        pitches[bar - first].append(tone.pitch)
    chords: list[set[frozenset[int]]] = [set() for _ in rhythms]
    spans = [*(chord.onset for chord in tune.harmonies[1:]), None] if tune.harmonies else []
    for chord, end in zip(tune.harmonies, spans, strict=True):
        begin = max(0, tune.meters.bar_at(chord.onset) - first)
        until = len(rhythms) if end is None else min(len(rhythms), tune.meters.place_in_bar(end)[0] - first + 1)
        for bar in range(begin, until):
            if end is None or tune.meters.bar_onset(bar + first) < end:
                chords[bar].add(chord.pitch_classes)
    return _Bars(tuple(map(tuple, rhythms)), tuple(map(tuple, pitches)), tuple(frozenset(one) for one in chords))


def _rhythm_again(lag: int, bars: _Bars) -> float | None:
    """Share of sung bars with the rhythm of the bar `lag` before."""
    pairs = [(bars.rhythms[bar], bars.rhythms[bar - lag]) for bar in range(lag, len(bars.rhythms)) if bars.rhythms[bar]]
    return sum(one == before for one, before in pairs) / len(pairs) if len(pairs) >= _FEW_BARS // 2 else None


def _shape_again(bars: _Bars) -> float | None:
    """Share of bars of three notes and more whose intervals were sung in an earlier bar, in the same rhythm."""
    seen: set[object] = set()
    again, count = 0, 0
    for bar, rhythm in enumerate(bars.rhythms):
        if len(rhythm) >= _SHAPE_NOTES:
            item = (rhythm, bars.shape(bar))
            again, count = again + (item in seen), count + 1
            seen.add(item)
    return again / count if count >= _FEW_BARS // 2 else None


def _head_again(bars: _Bars) -> float | None:
    """Share of bars of four notes and more that begin with three notes of an earlier bar, its rhythm too, and go on otherwise."""
    heads: dict[object, set[object]] = {}
    again, count = 0, 0
    for rhythm, pitches in zip(bars.rhythms, bars.pitches, strict=True):
        if len(rhythm) > _SHAPE_NOTES:
            head = (rhythm[:_SHAPE_NOTES], tuple(pitch - pitches[0] for pitch in pitches[:_SHAPE_NOTES]))
            tails = heads.setdefault(head, set())
            tail = (rhythm[_SHAPE_NOTES:], pitches[_SHAPE_NOTES:])
            again, count = again + bool(tails and tail not in tails), count + 1
            tails.add(tail)
    return again / count if count >= _FEW_BARS // 2 else None


def _chords_again(lag: int, bars: _Bars) -> float | None:
    pairs = [(bars.chords[bar], bars.chords[bar - lag]) for bar in range(lag, len(bars.chords)) if bars.chords[bar]]
    return sum(one == before for one, before in pairs) / len(pairs) if len(pairs) >= _FEW_BARS // 2 else None


def _same_over_same(bars: _Bars) -> float | None:
    """Of the bars that are sung note for note as an earlier one, the share over the same chords."""
    seen: dict[object, set[frozenset[frozenset[int]]]] = {}
    same, count = 0, 0
    for rhythm, pitches, chords in zip(bars.rhythms, bars.pitches, bars.chords, strict=True):
        if len(rhythm) >= 2:
            earlier = seen.setdefault((rhythm, pitches), set())
            if earlier:
                same, count = same + (chords in earlier), count + 1
            earlier.add(chords)
    return same / count if count >= 2 else None


def _density_contrast(bars: _Bars) -> float | None:
    return pstdev(map(len, bars.rhythms)) if bars.sung >= _FEW_BARS else None


def _distinct_rhythms(bars: _Bars) -> float | None:
    return len({rhythm for rhythm in bars.rhythms if rhythm}) / bars.sung if bars.sung >= _FEW_BARS else None


def _lift(bars: _Bars) -> float | None:
    """Highest less lowest mean pitch of stretches of eight bars."""
    means = []
    for begin in range(0, len(bars.pitches) - _STRETCH + 1, _STRETCH):
        sung = [pitch for bar in bars.pitches[begin : begin + _STRETCH] for pitch in bar]
        if sung:
            means.append(sum(sung) / len(sung))
    return max(means) - min(means) if len(means) > 1 else None


_CARD_OF: dict[Callable[[_Bars], float | None], Measurement] = {
    partial(_rhythm_again, 1): card(
        "rhythm one bar on", "0..1", "Share of bars with the rhythm of the bar before.", "A loop has 1.", better="inside"
    ),
    partial(_rhythm_again, 2): card(
        "rhythm two bars on", "0..1", "Share of bars with the rhythm of two bars before.", "A loop has 1.", better="inside"
    ),
    partial(_rhythm_again, 4): card(
        "rhythm four bars on", "0..1", "Share of bars with the rhythm of four bars before.", "A loop has 1.", better="inside"
    ),
    partial(_rhythm_again, 8): card(
        "rhythm eight bars on", "0..1", "Share of bars with the rhythm of eight bars before.", "A loop has 1.", better="inside"
    ),
    _shape_again: card(
        "bars again", "0..1", "Share of bars whose rhythm and intervals were sung before, at any height.",
        "Written-out returns of a section count.", better="inside",
    ),
    _head_again: card(
        "heads with new tails", "0..1", "Share of bars that begin as an earlier one and go on otherwise.",
        "Needs bars of four notes and more.", better="inside",
    ),
    partial(_chords_again, 4): card(
        "chords four bars on", "0..1", "Share of bars with the chords of four bars before.", "A loop has 1.", better="inside"
    ),
    partial(_chords_again, 8): card(
        "chords eight bars on", "0..1", "Share of bars with the chords of eight bars before.", "A loop has 1.", better="inside"
    ),
    _same_over_same: card(
        "same tune, same chords", "0..1", "Of the bars that are sung again note for note, the share over the same chords.",
        "A reharmonised return counts against it.", better="inside",
    ),
    _density_contrast: card(
        "contrast of density", "notes a bar", "Standard deviation of the notes a bar.", "Grows with density itself.",
        high=32.0, better="inside",
    ),
    _distinct_rhythms: card(
        "different bar rhythms", "0..1", "Different rhythms of bars, a sung bar.", "Falls with length.", better="inside"
    ),
    _lift: card(
        "lift", "semitones", "Highest less lowest mean pitch of stretches of eight bars.", "A change of key moves it.",
        high=127.0, better="inside",
    ),
}  # fmt: skip
"""By the function that measures it."""
CARDS = cards_by_name(*_CARD_OF.values())


def return_values(tune: MelodyView) -> Mapping[str, float | None]:
    """Every measurement as a bare number."""
    bars = _bars_of(tune)
    return {one.name: measured(bars) for measured, one in _CARD_OF.items()}


def measure_returns(tune: MelodyView | None) -> tuple[Measurement, ...]:
    """Every measurement with its card; all None where there is no tune."""
    return fill_cards(CARDS, dict.fromkeys(CARDS) if tune is None or not tune.tones else return_values(tune))

"""How a lead sheet surprises a listener who knows songs: bits under small models of pitch, rhythm and harmony, and how it hangs together.

The models are trigrams and pairs with Witten & Bell's weights (see `chord_model`), learned from whatever sheets are given. None of these
numbers is one that the program's own marks or `sheet_features` know.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from math import log2
from typing import TYPE_CHECKING

import numpy as np

from evals.shared.lead_sheets.chord_model import ChordModel, triads_of_sheet
from evals.shared.lead_sheets.sheet_ngrams import cells

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from evals.shared.lead_sheets.lead_sheet import LeadSheet

    Pair = tuple[Hashable, Hashable]

__all__ = ["SheetListener"]

_OCTAVE = 12


class _Backoff:
    """The chance of a sign after a context, backed off to its overall chance and to an even share of `kinds` signs."""

    def __init__(self, pairs: Iterable[Pair], kinds: int) -> None:
        self._after: dict[Hashable, Counter[Hashable]] = defaultdict(Counter)
        self._all: Counter[Hashable] = Counter()
        self._kinds = kinds
        for context, sign in pairs:
            self._after[context][sign] += 1
            self._all[sign] += 1

    def bits(self, pairs: Sequence[Pair]) -> float:
        """Mean surprise."""
        total = 0.0
        for context, sign in pairs:
            share = 1 / self._kinds
            for seen in (self._all, self._after.get(context)):
                if seen:
                    count = seen.total()
                    share = (seen[sign] + len(seen) * share) / (count + len(seen))
            total -= log2(share)
        return total / max(1, len(pairs))


class SheetListener:
    """Knows the songs it was given."""

    def __init__(self, sheets: Sequence[LeadSheet]) -> None:
        """Learns from sheets with chords."""
        self._models = {
            name: _Backoff((pair for sheet in sheets for pair in read(sheet)), kinds) for name, (read, kinds) in _READINGS.items()
        }
        self._chords = ChordModel([triads_of_sheet(sheet) for sheet in sheets])

    def numbers(self, sheet: LeadSheet) -> dict[str, float]:
        """Name to number, for a sheet with at least two notes and a chord."""
        triads = triads_of_sheet(sheet)
        steps = [two[1] - one[1] for one, two in pairwise(sheet.notes)]
        rhythm = [two[0] - one[0] for one, two in pairwise(sheet.notes)]
        return {
            **{f"bits of {name}": model.bits(_READINGS[name][0](sheet)) for name, model in self._models.items()},
            "bits of chords": self._chords.surprise(triads).bits / max(1, len(triads)),
            "new phrases of steps": _phrases(steps) / max(1, len(steps)),
            "new phrases of rhythm": _phrases(rhythm) / max(1, len(rhythm)),
            "leaps turned back": _turned_back(steps),
            "likeness over four bars": _likeness(sheet, 4),
            "likeness over eight bars": _likeness(sheet, 8),
        }


def _degrees(sheet: LeadSheet) -> list[Pair]:
    """A pitch class above the tonic, after the two before it."""
    classes = [pitch % 12 for _, pitch, _ in sheet.notes]
    return [((one, two), three) for one, two, three in zip(classes, classes[1:], classes[2:], strict=False)]


def _steps(sheet: LeadSheet) -> list[Pair]:
    steps = [max(-_OCTAVE - 1, min(_OCTAVE + 1, two[1] - one[1])) for one, two in pairwise(sheet.notes)]
    return [((one, two), three) for one, two, three in zip(steps, steps[1:], steps[2:], strict=False)]


def _cells(sheet: LeadSheet) -> list[Pair]:
    return list(pairwise(cells(sheet)))


def _over_chords(sheet: LeadSheet) -> list[Pair]:
    """A pitch above its chord's root, by quality, place in the bar and whether it is long."""
    places = [chord.at for chord in sheet.chords]
    found: list[Pair] = []
    for onset, pitch, length in sheet.notes:
        index = int(np.searchsorted(places, onset, side="right")) - 1
        if index >= 0:
            chord = sheet.chords[index]
            found.append(((chord.label.removeprefix(str(chord.root)), onset % 4 == 0, length >= 4), (pitch - chord.root) % 12))
    return found


def _places(sheet: LeadSheet) -> list[Pair]:
    """Where in the bar notes of each length begin."""
    return [(min(length, 16), onset % sheet.bar_sixteenths) for onset, _, length in sheet.notes]


_READINGS = {
    "degrees": (_degrees, 12), "steps": (_steps, 27), "cells": (_cells, 400), "notes over chords": (_over_chords, 12), "places": (_places, 16),
}  # fmt: skip
"""What each model reads, and how many signs there can be."""


def _phrases(signs: Sequence[int]) -> int:
    """How many phrases J. Ziv and A. Lempel's parsing makes of it (IEEE Trans. Inf. Theory 24, 1978); few where much returns."""
    known: set[tuple[int, ...]] = set()
    phrase: tuple[int, ...] = ()
    for sign in signs:
        phrase = (*phrase, sign)
        if phrase not in known:
            known.add(phrase)
            phrase = ()
    return len(known) + bool(phrase)


def _turned_back(steps: Sequence[int]) -> float:
    """Share of leaps beyond a fourth that a move the other way follows."""
    after = [two * one < 0 for one, two in pairwise(steps) if abs(one) > 5]
    return sum(after) / len(after) if after else 0.5


def _likeness(sheet: LeadSheet, bars: int) -> float:
    """Correlation of the tune's height, sixteenth by sixteenth, with itself so many bars later, where both sound."""
    line: list[float] = []
    for pitch, length in sheet.melody:
        line += [float(pitch) if pitch else float("nan")] * length
    lag = bars * sheet.bar_sixteenths
    if len(line) <= lag:
        return 0.0
    one, two = np.array(line[:-lag]), np.array(line[lag:])
    both = ~(np.isnan(one) | np.isnan(two))
    if both.sum() < 2 * sheet.bar_sixteenths or one[both].std() == 0 or two[both].std() == 0:
        return 0.0
    return float(np.corrcoef(one[both], two[both])[0, 1])

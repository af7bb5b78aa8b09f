"""A lead sheet as a bag of n-grams: rhythm cells, and intervals with and without their rhythm.

A rhythm cell is what begins in half a bar (the whole bar of 3/4): places of onsets, and whether it starts with a note held or a rest.
Counted are one and two cells; one, two and three intervals in semitones (beyond an octave as one); two intervals with their lengths'
ratios. Each kind's counts are shares, so that long and short sheets compare.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from evals.shared.lead_sheets.lead_sheet import LeadSheet

    Tokens = dict[str, Counter[Hashable]]

__all__ = ["KINDS", "cells", "gram_table", "grams"]

KINDS = ("cell", "two cells", "interval", "two intervals", "three intervals", "moves")
_OCTAVE = 12
_IN_SHEETS = 4
_MOST = 600


def cells(sheet: LeadSheet) -> list[tuple[str, tuple[int, ...]]]:
    """What begins in each half-bar (bar of 3/4): "onset", "held" or "rest" at its start, and the places of onsets."""
    unit = sheet.bar_sixteenths if sheet.meter == "3/4" else sheet.bar_sixteenths // 2
    starts: dict[int, list[int]] = {}
    held: set[int] = set()
    for onset, _, length in sheet.notes:
        starts.setdefault(onset // unit, []).append(onset % unit)
        held.update(range(onset // unit + 1, (onset + length - 1) // unit + 1))
    found = []
    for number in range(sheet.bars * sheet.bar_sixteenths // unit):
        places = tuple(starts.get(number, ()))
        begins = "onset" if places and places[0] == 0 else "held" if number in held else "rest"
        found.append((begins, places))
    return found


def grams(sheet: LeadSheet) -> Tokens:
    """Counts of each kind."""
    halves = cells(sheet)
    notes = sheet.notes
    steps = [max(-_OCTAVE - 1, min(_OCTAVE + 1, two[1] - one[1])) for one, two in pairwise(notes)]
    ratios = [Fraction(two[2], one[2]) for one, two in pairwise(notes)]
    moves = list(zip(steps, ratios, strict=True))
    return {
        "cell": Counter(halves),
        "two cells": Counter(pairwise(halves)),
        "interval": Counter(steps),
        "two intervals": Counter(pairwise(steps)),
        "three intervals": Counter(zip(steps, steps[1:], steps[2:], strict=False)),
        "moves": Counter(pairwise(moves)),
    }


def gram_table(sheets: Sequence[LeadSheet]) -> NDArray[np.float64]:
    """A row a sheet, a column an n-gram: the commonest by the number of sheets that have it, whichever batch they are of."""
    counted = [grams(sheet) for sheet in sheets]
    spread: Counter[tuple[str, Hashable]] = Counter((kind, gram) for tokens in counted for kind in KINDS for gram in tokens[kind])
    kept = sorted(
        (one for one, count in spread.items() if count >= _IN_SHEETS), key=lambda one: (-spread[one], one[0], repr(one[1]))
    )[:_MOST]
    totals = [{kind: max(1, tokens[kind].total()) for kind in KINDS} for tokens in counted]
    return np.array(
        [[tokens[kind][gram] / total[kind] for kind, gram in kept] for tokens, total in zip(counted, totals, strict=True)]
    )

"""How surprised a listener to people's songs is by a chord: bits a change, under a trigram of triads.

Chords are triads above the tonic ("5", "2m", "11dim" in semitones); one that lasts is one. The chance of a triad after two others backs
off to its chance after one, to its share of all, and to an even share of what can be written (Witten & Bell, IEEE Trans. Inf. Theory
37, 1991: a context with n followers of k kinds keeps n/(n+k) of its own opinion). The beginning of a sheet is a context too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from math import log2
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evals.shared.lead_sheets.lead_sheet import LeadSheet

__all__ = ["ChordModel", "Surprise", "triads_of_sheet"]

_ALL = 36
"""Twelve roots, three kinds."""
_ORDERS = 3
_START = "start"


class Surprise(NamedTuple):
    """Of one sheet."""

    bits: float
    changes: int


def triads_of_sheet(sheet: LeadSheet) -> list[str]:
    """The triads in order, none twice in a row."""
    found: list[str] = []
    for chord in sheet.chords:
        name = _triad(chord.root, chord.label)
        if not found or found[-1] != name:
            found.append(name)
    return found


def _triad(root: int, label: str) -> str:
    kind = label.removeprefix(str(root)).removesuffix("7")
    return f"{root}{kind}"


class ChordModel:
    """Counts of songs, smoothed."""

    def __init__(self, sequences: Iterable[Sequence[str]]) -> None:
        """Sequences of triads, a song each."""
        self._counts: list[dict[tuple[str, ...], Counter[str]]] = [defaultdict(Counter) for _ in range(_ORDERS)]
        for sequence in sequences:
            whole = [_START, *sequence]
            for index in range(1, len(whole)):
                for order in range(min(_ORDERS, index + 1)):
                    self._counts[order][tuple(whole[index - order : index])][whole[index]] += 1

    def surprise(self, sequence: Sequence[str]) -> Surprise:
        """Bits of all its chords, and how many they are."""
        whole, total = [_START, *sequence], 0.0
        for index in range(1, len(whole)):
            share = 1 / _ALL
            for order in range(min(_ORDERS, index + 1)):
                seen = self._counts[order].get(tuple(whole[index - order : index]))
                if seen:
                    count, kinds = seen.total(), len(seen)
                    share = (seen[whole[index]] + kinds * share) / (count + kinds)
            total -= log2(share)
        return Surprise(total, len(sequence))

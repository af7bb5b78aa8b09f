"""Which chords follow which: counts over the phrases of a corpus, and the three corpora of harmony by the name of their source.

What is counted is described in `evals.learn.learn_harmony`, which writes the counts; `evals.studies.music.harmony_human` counts
the other half of the same corpora. Triads are roman numerals (`evals.corpora.roman_numerals`); counts are raw.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from evals.corpora import billboard, jsb, openewld
from evals.corpora.progression import progression_of_song
from evals.corpora.roman_numerals import colour_of, triads_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from evals.corpora.progression import ChordPhrase, Progression

__all__ = ["HarmonyCounts", "read_progressions"]

_RAREST = 250
_LEAST_TRIPLE = 3


def read_progressions(billboard_folder: Path, openewld_folder: Path, jsb_folder: Path) -> dict[str, Iterable[Progression]]:
    """The pieces of each source: "chart" (McGill Billboard), "standards" (OpenEWLD), "chorales" (Bach)."""
    return {
        "chart": billboard.read(billboard_folder),
        "standards": (progression_of_song(song) for song in openewld.read(openewld_folder)),
        "chorales": jsb.read(jsb_folder),
    }


class HarmonyCounts:
    """Counts of one source and mode."""

    def __init__(self) -> None:
        self.pieces = self.phrases = 0
        self.chords: dict[str, list[int]] = defaultdict(lambda: [0] * 5)
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.triples: Counter[tuple[str, str, str]] = Counter()
        self.cadences: Counter[tuple[str, str]] = Counter()
        self.rhythm = [[0] * 5 for _ in range(4)]
        self.colours: dict[str, Counter[str]] = defaultdict(Counter)
        self.basses: dict[str, list[int]] = defaultdict(lambda: [0] * 4)

    def add(self, phrase: ChordPhrase, mode: str, *, has_bars: bool) -> None:
        """Counts one phrase."""
        triads = triads_of(phrase, mode)
        if len(triads) < 2 or (has_bars and not 4 <= len(phrase.bars) <= 16):
            return
        self.phrases += 1
        names = [name for _, name, _ in triads]
        for index, (_, name, chord) in enumerate(triads):
            place = 1 if index == 0 else 4 if index == len(names) - 1 else 3 if index == len(names) - 2 else 2
            self.chords[name][0] += 1
            self.chords[name][place] += 1
            self.colours[name][colour_of(chord.quality)] += 1
            above = (chord.bass - chord.root) % 12
            member = 0 if above == 0 else 1 if above in {3, 4} else 2 if above in {6, 7, 8} else 3 if above in {9, 10, 11} else 0
            self.basses[name][member] += 1
        self.pairs.update(pairwise(names))
        self.triples.update(zip(names, names[1:], names[2:], strict=False))
        self.cadences[names[-2], names[-1]] += 1
        for number in range(len(phrase.bars) if has_bars else 0):
            last = len(phrase.bars) - 1
            row = 0 if number == 0 else 3 if number == last else 2 if number == last - 1 else 1
            self.rhythm[row][min(4, sum(bar == number for bar, _, _ in triads))] += 1

    def tree(self) -> dict[str, object]:
        """What the file holds: common triads only, keys in a stable order."""
        total = sum(counts[0] for counts in self.chords.values())
        kept = sorted((name for name, counts in self.chords.items() if counts[0] * _RAREST >= total), key=self._order)
        return {
            "pieces": self.pieces,
            "phrases": self.phrases,
            "chords": {name: self.chords[name] for name in kept},
            "pairs": _nested({pair: count for pair, count in self.pairs.items() if set(pair) <= set(kept)}, kept),
            "triples": _nested(
                {
                    (f"{one} {two}", three): count
                    for (one, two, three), count in self.triples.items()
                    if {one, two, three} <= set(kept) and count >= _LEAST_TRIPLE
                },
                [f"{one} {two}" for one in kept for two in kept],
            ),
            "cadences": {
                f"{one} {two}": self.cadences[one, two]
                for one in kept
                for two in kept
                if self.cadences[one, two] >= _LEAST_TRIPLE
            },
            "rhythm": self.rhythm,
            "colours": {name: {figure: self.colours[name][figure] for figure in sorted(self.colours[name])} for name in kept},
            "basses": {name: self.basses[name] for name in kept},
        }

    def _order(self, name: str) -> tuple[int, str]:
        return -self.chords[name][0], name


def _nested(counts: dict[tuple[str, str], int], order: list[str]) -> dict[str, dict[str, int]]:
    rows: dict[str, dict[str, int]] = {}
    for context in order:
        row = {two: count for (one, two), count in counts.items() if one == context}
        if row:
            rows[context] = dict(sorted(row.items(), key=lambda item: (-item[1], item[0])))
    return rows

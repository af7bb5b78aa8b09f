"""Learns which chords follow which and writes `img2music/assets/statistics/harmony.json`.

    python evals/learn/learn_harmony.py BILLBOARD OPENEWLD JSB

What is counted, by source ("chart": McGill Billboard, "standards": OpenEWLD, "chorales": Bach) and mode, in the training half of
the pieces only (`corpora.song.in_training_half`; the other half judges, see `harmony_human.py`), a progression being counted in
changes of triad:

- **chords**: how often each triad stands anywhere, first, in the middle, last but one, last in its phrase;
- **pairs** and **triples**: what follows one triad, and two;
- **cadences**: the last two triads of a phrase;
- **rhythm**: how many chords begin in the first, an inner, the last but one and the last bar of a phrase (0: the one before holds);
- **colours**: what is added to a triad, and **basses**: whether root, third, fifth or seventh lies lowest.

A phrase is a line of Billboard of four to sixteen bars, eight bars of a lead sheet, a whole chorale. Triads rarer than one in
`_RAREST` end a run (a rare chord is neither learned nor bridged). Counts are raw; the reader smooths them (see
`img2music.planners.harmony.markov`). Phrygian and lydian songs are too few to be believed alone: there the nearest mode's
progressions are turned onto the new centre (the same chords, another of them the tonic) and marked `derived`; phrase ends are
then left to the cadences that `img2music.planners.harmony.cadences` lists. Prints what it found.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from evals.corpora import billboard, jsb, openewld
from evals.corpora.progression import progression_of_song
from evals.corpora.roman_numerals import colour_of, mode_of, triads_of
from evals.corpora.song import in_training_half
from img2music.theory import MODES, Chord, Key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evals.corpora.progression import ChordPhrase, Progression

_OUT = Path(__file__).parents[2] / "img2music" / "assets" / "statistics" / "harmony.json"
_RAREST = 250
_FEWEST_SONGS = 40
"""A mode heard in fewer songs of the training half is derived from its neighbour where there is one."""
_LEAST_TRIPLE = 3
_NEIGHBOUR = {"lydian": "major", "phrygian": "minor"}
_SETS = [
    {
        "source": "chart",
        "name": "McGill Billboard",
        "licence": "CC0",
        "citation": "J. A. Burgoyne, J. Wild & I. Fujinaga, An expert ground truth set for audio chord recognition and music "
        "analysis, ISMIR 2011",
    },
    {
        "source": "standards",
        "name": "OpenEWLD",
        "licence": "MIT; songs said to be in the public domain",
        "citation": "F. Simonetta, Enhanced Wikifonia Leadsheet Dataset, 2018",
    },
    {
        "source": "chorales",
        "name": "JSB Chorales",
        "licence": "music in the public domain; statistics only",
        "citation": "N. Boulanger-Lewandowski, Y. Bengio & P. Vincent, ICML 2012; music by J. S. Bach",
    },
]


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


def main(billboard_folder: str, openewld_folder: str, jsb_folder: str) -> None:
    """Counts, writes the file, prints a summary."""
    corpora: dict[str, Iterable[Progression]] = {
        "chart": billboard.read(Path(billboard_folder)),
        "standards": (progression_of_song(song) for song in openewld.read(Path(openewld_folder))),
        "chorales": jsb.read(Path(jsb_folder)),
    }
    sources: dict[str, dict[str, object]] = {}
    for source, pieces in corpora.items():
        tables: dict[str, HarmonyCounts] = {}
        for piece in pieces:
            if not in_training_half(piece) or not piece.phrases:
                continue
            mode = mode_of(piece)
            table = tables.setdefault(mode, HarmonyCounts())
            table.pieces += 1
            for phrase in piece.phrases:
                table.add(phrase, mode, has_bars=source != "chorales")
        sources[source] = {}
        for mode in MODES:
            neighbour = _NEIGHBOUR.get(mode)
            if neighbour and source == "chart" and (mode not in tables or tables[mode].pieces < _FEWEST_SONGS):
                sources[source][mode] = _turned(tables[neighbour].tree(), neighbour, mode)
            elif mode in tables and tables[mode].pieces >= 8 and not neighbour:
                sources[source][mode] = tables[mode].tree()
            count = tables[mode].pieces if mode in tables else 0
            print(f"{source:10s} {mode:10s} {count:4d} pieces{'' if mode in sources[source] else ', left out'}")
    tree = {
        "what": "counts of triads, what follows them, cadences, chords a bar, colours and basses, by source and mode",
        "script": "evals/learn/learn_harmony.py",
        "sets": _SETS,
        "places": ["anywhere", "first", "middle", "last but one", "last"],
        "sources": sources,
    }
    _OUT.write_text(_compact(tree), encoding="utf-8")
    print(f"{_OUT.name}: {_OUT.stat().st_size / 1000:.0f} kB")


def _turned(tree: dict[str, object], mode: str, onto: str) -> dict[str, object]:
    """The same chords around another centre: only those of the scale are kept, and phrase ends are forgotten.

    Lydian stands on the fourth degree of its major scale (I becomes V), phrygian on the fifth of its minor (v becomes i).
    """
    key, other = Key(0, mode), Key(MODES[onto] - MODES[mode], onto)
    names: dict[str, str] = {}
    chords: dict[str, list[int]] = tree["chords"]  # type: ignore[assignment]
    for name in chords:
        turned = _on_centre(name, key, other)
        if turned is not None:
            names[name] = turned
    pairs: dict[str, dict[str, int]] = tree["pairs"]  # type: ignore[assignment]
    triples: dict[str, dict[str, int]] = tree["triples"]  # type: ignore[assignment]
    return {
        "derived": f"{mode} turned onto another centre; no counts of phrase ends",
        "pieces": tree["pieces"],
        "phrases": tree["phrases"],
        "chords": {names[name]: [counts[0], 0, counts[2], 0, 0] for name, counts in chords.items() if name in names},
        "pairs": {
            names[one]: {names[two]: count for two, count in row.items() if two in names}
            for one, row in pairs.items()
            if one in names
        },
        "triples": {
            " ".join(names[word] for word in context.split()): {names[two]: count for two, count in row.items() if two in names}
            for context, row in triples.items()
            if set(context.split()) <= set(names)
        },
        "cadences": {},
        "rhythm": tree["rhythm"],
        "colours": {names[name]: row for name, row in tree["colours"].items() if name in names},  # type: ignore[attr-defined]
        "basses": {names[name]: row for name, row in tree["basses"].items() if name in names},  # type: ignore[attr-defined]
    }


def _on_centre(name: str, key: Key, other: Key) -> str | None:
    """The numeral in `other` of the chord that `name` is in `key`; None where it leaves the common scale."""
    chord = Chord.parse(name, key)
    if set(chord.pitch_classes) - set(key.pitch_classes):
        return None
    for candidate in (
        "I",
        "II",
        "III",
        "IV",
        "V",
        "VI",
        "VII",
        "i",
        "ii",
        "iii",
        "iv",
        "v",
        "vi",
        "vii",
        "iio",
        "vo",
        "viio",
        "#ivo",
        "ivo",
    ):
        found = Chord.parse(candidate, other)
        if found.members == chord.members:
            return candidate
    return None


def _nested(counts: dict[tuple[str, str], int], order: list[str]) -> dict[str, dict[str, int]]:
    rows: dict[str, dict[str, int]] = {}
    for context in order:
        row = {two: count for (one, two), count in counts.items() if one == context}
        if row:
            rows[context] = dict(sorted(row.items(), key=lambda item: (-item[1], item[0])))
    return rows


def _compact(tree: object, depth: int = 0) -> str:
    """JSON with one line a row of counts."""
    if isinstance(tree, dict) and depth < 5 and any(isinstance(value, dict | list) for value in tree.values()):
        inner = ",\n".join(f"{' ' * depth} {json.dumps(key)}: {_compact(value, depth + 1)}" for key, value in tree.items())
        return "{\n" + inner + "\n" + " " * depth + "}" + ("\n" if depth == 0 else "")
    return json.dumps(tree, separators=(",", ":"), ensure_ascii=False)


if __name__ == "__main__":
    main(*sys.argv[1:4])

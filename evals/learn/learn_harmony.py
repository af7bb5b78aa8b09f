"""Learns which chords follow which and writes `img2music/assets/statistics/harmony.json`.

    python -m evals.learn.learn_harmony BILLBOARD OPENEWLD JSB

What is counted, by source ("chart": McGill Billboard, "standards": OpenEWLD, "chorales": Bach) and mode, in the training half of
the pieces only (`evals.corpora.song.in_training_half`; the other half judges, see `evals.studies.music.harmony_human`), a
progression being counted in changes of triad:

- **chords**: how often each triad stands anywhere, first, in the middle, last but one, last in its phrase;
- **pairs** and **triples**: what follows one triad, and two;
- **cadences**: the last two triads of a phrase;
- **rhythm**: how many chords begin in the first, an inner, the last but one and the last bar of a phrase (0: the one before holds);
- **colours**: what is added to a triad, and **basses**: whether root, third, fifth or seventh lies lowest.

A phrase is a line of Billboard of four to sixteen bars, eight bars of a lead sheet, a whole chorale. Triads rarer than one in
250 end a run (a rare chord is neither learned nor bridged). Counts are raw; the reader smooths them (see
`img2music.planners.harmony.markov`). Phrygian and lydian songs are too few to be believed alone: there the nearest mode's
progressions are turned onto the new centre (the same chords, another of them the tonic) and marked `derived`; phrase ends are
then left to the cadences that `img2music.planners.harmony.cadences` lists. Prints what it found.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from evals.corpora.harmony_counts import HarmonyCounts, read_progressions
from evals.corpora.roman_numerals import mode_of
from evals.corpora.song import in_training_half
from evals.shared.command_line import ScriptParser
from evals.shared.data_sets import BILLBOARD, JSB, OPENEWLD
from evals.shared.paths import ASSETS
from img2music.theory import MODES, Chord, Key

if TYPE_CHECKING:
    from collections.abc import Sequence

_OUT = ASSETS / "statistics" / "harmony.json"
_FEWEST_SONGS = 40
"""A mode heard in fewer songs of the training half is derived from its neighbour where there is one."""
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Counts, writes the file, prints a summary."""
    parser = ScriptParser(__doc__)
    parser.add_data("billboard", BILLBOARD)
    parser.add_data("openewld", OPENEWLD)
    parser.add_data("jsb", JSB)
    options = parser.parse_args(arguments)
    corpora = read_progressions(options.billboard, options.openewld, options.jsb)
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
                sources[source][mode] = _on_other_centre(tables[neighbour].tree(), neighbour, mode)
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


def _on_other_centre(tree: dict[str, object], mode: str, onto: str) -> dict[str, object]:
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
    for candidate in [
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
    ]:
        found = Chord.parse(candidate, other)
        if found.members == chord.members:
            return candidate
    return None


def _compact(tree: object, depth: int = 0) -> str:
    """JSON with one line a row of counts."""
    if isinstance(tree, dict) and depth < 5 and any(isinstance(value, dict | list) for value in tree.values()):
        inner = ",\n".join(f"{' ' * depth} {json.dumps(key)}: {_compact(value, depth + 1)}" for key, value in tree.items())
        return "{\n" + inner + "\n" + " " * depth + "}" + ("\n" if depth == 0 else "")
    return json.dumps(tree, separators=(",", ":"), ensure_ascii=False)


if __name__ == "__main__":
    main()

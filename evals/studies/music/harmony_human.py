"""Our harmony beside people's: how a model of the judging half hears it, and how far four voices move.

    python -m evals.studies.music.harmony_human BILLBOARD OPENEWLD JSB [--draws 150]

Chords: a model of triads (`img2music.planners.harmony.markov`, the same smoothing) is learned from the *judging* half of each
corpus; bits a change of triad are printed for our phrases (drawn from the training half), for the training half's own phrases,
and for our phrases with their triads shuffled and with triads picked evenly. Ours should lie beside people's and far from the
shuffled ones. Voices: mean motion of each voice from chord to chord in Bach's chorales (at quarters where the chord changes) and
in `img2music.realizers.chords.part_writing` over the very same chords, and the same with Bach's soprano given; parallels per
hundred changes, counted alike in both.
"""

from __future__ import annotations

from itertools import combinations, pairwise
from math import log2
from typing import TYPE_CHECKING

from evals.corpora import jsb
from evals.corpora.harmony_counts import HarmonyCounts, read_progressions
from evals.corpora.roman_numerals import mode_of, triads_of
from evals.corpora.song import in_training_half
from evals.shared.command_line import ScriptParser
from evals.shared.data_sets import BILLBOARD, JSB, OPENEWLD
from img2music.io.style_files import load_style
from img2music.planners.form import layout_sections
from img2music.planners.harmony.harmonize import harmonize
from img2music.planners.harmony.markov import build_harmony_model, load_harmony_model
from img2music.realizers.chords.part_writing import write_parts
from img2music.rng import generator
from img2music.style import Vocabulary
from img2music.theory import Chord, Key, parse_bar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from img2music.planners.harmony.markov import HarmonyModel


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints both tables."""
    parser = ScriptParser(__doc__)
    parser.add_data("billboard", BILLBOARD)
    parser.add_data("openewld", OPENEWLD)
    parser.add_data("jsb", JSB)
    parser.add_argument("--draws", type=int, default=150, help="harmonies of ours a source and mode (%(default)s)")
    options = parser.parse_args(arguments)
    corpora = read_progressions(options.billboard, options.openewld, options.jsb)
    print("bits a change of triad under a model of the judging half (lower: more like people)")
    print(f"{'source':10s} {'mode':8s} {'people':>7s} {'ours':>7s} {'shuffled':>9s} {'even':>7s}")
    for source, pieces in corpora.items():
        halves: dict[tuple[str, bool], list[list[str]]] = {}
        tables = {mode: HarmonyCounts() for mode in ("major", "minor")}
        for piece in pieces:
            mode = mode_of(piece)
            if mode not in tables or not piece.phrases:
                continue
            training = in_training_half(piece)
            for phrase in piece.phrases:
                halves.setdefault((mode, training), []).append([name for _, name, _ in triads_of(phrase, mode)])
                if not training:
                    tables[mode].add(phrase, mode, has_bars=source != "chorales")
        for mode, table in tables.items():
            judge = build_harmony_model(source, mode, table.tree())
            ours = _ours(source, mode, options.draws)
            chance = generator(1, "harmony_human", source, mode)
            shuffled = [[phrase[index] for index in chance.permutation(len(phrase))] for phrase in ours]
            names = load_harmony_model(source, mode).triads
            even = [[names[int(chance.integers(len(names)))] for _ in phrase] for phrase in ours]
            row = [_bits(judge, phrases) for phrases in (halves[mode, True], ours, shuffled, even)]
            print(f"{source:10s} {mode:8s} " + " ".join(f"{bits:8.2f}" for bits in row))
    _voices(options.jsb)


def _ours(source: str, mode: str, draws: int) -> list[list[str]]:
    """Triads of our themes, phrase by phrase, without figures."""
    words = Vocabulary.model_validate({"source": source, "chords": "power" if source == "chart" else "triads", "inversions": 0, "cadence": "any",
                                       "suspensions": 0})  # fmt: skip
    style = load_style("solo-piano").model_copy(update={"harmony": {}, "vocabulary": words})
    key = Key(0, mode)
    names = {Chord.parse(name, key).members: name for name in load_harmony_model(source, mode).triads}
    phrases = []
    for seed in range(draws):
        for bars in harmonize(layout_sections(16), mode, style, generator(seed, "harmony")):
            for place in range(0, len(bars), 4):
                chords = [chord for bar in bars[place : place + 4] for chord in parse_bar(bar, key)]
                triads = [names.get(chord.members[:3], "?") for chord in chords]
                phrases.append([triads[0], *(two for one, two in pairwise(triads) if one != two)])
    return phrases


def _bits(judge: HarmonyModel, phrases: Sequence[Sequence[str]]) -> float:
    """Mean surprise; a repeated triad (only shuffling makes them) is skipped, a triad unknown to the judge counts 10 bits."""
    total, count = 0.0, 0
    for phrase in phrases:
        whole = [phrase[0], *(two for one, two in pairwise(phrase) if one != two)] if phrase else []
        chances = judge.likelihoods(whole)
        total += sum(-log2(max(chance, 2.0**-10)) for chance in chances) + 10.0 * (len(whole) - len(chances))
        count += len(whole)
    return total / max(1, count)


def _voices(folder: Path) -> None:
    moved: dict[str, list[list[int]]] = {"Bach": [], "ours, Bach's tune": [], "ours, free": []}
    faults = dict.fromkeys(moved, 0)
    key = Key(0, "major")
    for number, (_, steps) in enumerate(jsb.voices(folder)):
        if number % 8:
            continue
        chords: list[Chord] = []
        human: list[tuple[int, ...]] = []
        for place, found in enumerate(jsb.beats(steps)):
            step = steps[place * 4]
            if found is None or min(step) < 0:
                continue
            chord = _chord(*found)
            if not chords or chord.members != chords[-1].members or chord.bass != chords[-1].bass:
                chords.append(chord)
                human.append((step[3], step[2], step[1], step[0]))
        sets: dict[str, Sequence[Sequence[int]]] = {
            "Bach": human,
            "ours, Bach's tune": write_parts(chords, key, soprano=[setting[3] for setting in human]),
            "ours, free": write_parts(chords, key),
        }
        for name, settings in sets.items():
            for before, after in pairwise(settings):
                moved[name].append([abs(two - one) for one, two in zip(before, after, strict=True)])
                faults[name] += _parallels(before, after)
    print("\nsemitones a voice moves from chord to chord (every eighth chorale)")
    print(f"{'':18s} {'changes':>8s} {'bass':>6s} {'tenor':>6s} {'alto':>6s} {'soprano':>8s}  parallels a hundred changes")
    for name, rows in moved.items():
        means = [sum(row[voice] for row in rows) / len(rows) for voice in range(4)]
        print(
            f"{name:18s} {len(rows):8d} "
            + " ".join(f"{mean:6.2f}" for mean in means)
            + f"   {100 * faults[name] / len(rows):.2f}"
        )


def _chord(root: int, quality: str, bass: int) -> Chord:
    """The chord on the line of fifths, spelled around C; the spelling does not matter here."""
    members = {"maj": (0, 4, 1), "min": (0, -3, 1), "7": (0, 4, 1, -2), "dim": (0, -3, -6), "min7": (0, -3, 1, -2),
               "hdim7": (0, -3, -6, -2), "maj7": (0, 4, 1, 5), "dim7": (0, -3, -6, -9)}[quality]  # fmt: skip
    fifths = root * 7 % 12
    whole = tuple(fifths + member for member in members)
    lowest = next((member for member in whole if member * 7 % 12 == bass), whole[0])
    return Chord(quality, fifths, whole, lowest)


def _parallels(before: Sequence[int], after: Sequence[int]) -> int:
    return sum(
        (before[high] - before[low]) % 12 == (after[high] - after[low]) % 12
        and (after[high] - after[low]) % 12 in {0, 7}
        and (after[low] - before[low]) * (after[high] - before[high]) > 0
        for low, high in combinations(range(4), 2)
    )


if __name__ == "__main__":
    main()

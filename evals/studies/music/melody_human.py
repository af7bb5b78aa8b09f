"""Melodies as people write them: ours beside songs that nothing here has learned from, and beside two baselines that must fail.

    python -m evals.studies.music.melody_human OPENEWLD POP909 [--pieces 96] [--first 0]

Four measurements of a tune:

- **surprise**: cross-entropy a note, in bits, of (interval in semitones, time since the last onset in sixteenths) given the pair before it,
  under an interpolated trigram with Witten-Bell weights. It is trained here, on the training half of the songs
  (`evals.corpora.song.in_training_half`), transposition ignored; it is not the composer's model, which knows letters, chords and bars.
- **strong**: share of the notes on the bar's strong beats (weight 2 and 3 of `Meter.weight`) that belong to their chord.
- **breath**: share of phrases whose last bar breathes: a rest of at least a quarter, or half a bar until the next onset. Phrases are
  those that POP909's listeners marked (OpenEWLD marks none, so its songs have no value) and those of our plans.
- **repeat**: the longest stretch of (interval, time) that comes twice without overlapping, as a share of the notes.

The band is the 10-90 % range over the left-out half of the songs, both corpora together. Ours: made scenes and seeds over every
style in turn, 60 to 90 s. Baselines: our tunes with their notes shuffled, lengths and all (*shuffled*), and a random walk of
steps up to a fourth in our tunes' lengths (*walk*). A share inside is printed with its Wilson 95 % interval; 80 % is what
people reach by the band's definition.

The composer's constants were chosen while reading this table with `--first 0`; a figure to quote takes other pictures and seeds
(`--first 1000`), looked at after the constants were settled.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import log2
from statistics import quantiles
from typing import TYPE_CHECKING

import numpy as np

from evals.corpora import openewld, pop909
from evals.corpora.song import in_training_half
from evals.shared.command_line import ScriptParser
from evals.shared.data_sets import OPENEWLD, POP909
from img2music.brief import Brief
from img2music.errors import UsageError
from img2music.evaluation.statistics import wilson_interval
from img2music.io.style_files import style_names
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.realizers.timeline import layout_chords, layout_phrases
from img2music.theory import Meter
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from evals.corpora.song import Song
    from img2music.plan import CompositionPlan

_Sign = tuple[int, int]


@dataclass(frozen=True)
class MelodyLine:
    """A tune with what the measurements need: (onset, end, pitch) from the first bar line on, chord tones by where they begin."""

    notes: tuple[tuple[Fraction, Fraction, int], ...]
    chords: tuple[tuple[Fraction, tuple[int, ...]], ...]
    meter: Meter
    phrases: tuple[Fraction, ...] = ()
    """Where phrases begin, where known."""

    def signs(self) -> list[_Sign]:
        """Interval and time of each note after the first."""
        return [(max(-13, min(13, b[2] - a[2])), min(64, round((b[0] - a[0]) * 4))) for a, b in pairwise(self.notes)]


class Trigram:
    """Witten-Bell interpolated n-gram of signs, down to an even share of all signs possible."""

    def __init__(self, lines: Iterable[MelodyLine]) -> None:
        """Counts all lines."""
        self._counts: list[dict[tuple[_Sign, ...], Counter[_Sign]]] = [defaultdict(Counter) for _ in range(3)]
        for line in lines:
            signs = line.signs()
            for index, sign in enumerate(signs):
                for order in range(min(3, index + 1)):
                    self._counts[order][tuple(signs[index - order : index])][sign] += 1

    def bits(self, line: MelodyLine) -> float:
        """Mean surprise of a line's notes."""
        signs = line.signs()
        total = 0.0
        for index, sign in enumerate(signs):
            share = 1 / (27 * 64)
            for order in range(min(3, index + 1)):
                seen = self._counts[order].get(tuple(signs[index - order : index]))
                if seen:
                    count, kinds = sum(seen.values()), len(seen)
                    share = (seen[sign] + kinds * share) / (count + kinds)
            total -= log2(share)
        return total / max(1, len(signs))


def strong_beat_chord_tones(line: MelodyLine) -> float:
    """Share of strong-beat notes that are chord tones."""
    begins = [begin for begin, _ in line.chords]
    inside = total = 0
    for onset, _, pitch in line.notes:
        index = bisect_right(begins, onset) - 1
        if line.meter.weight(onset) >= 2 and index >= 0:
            total += 1
            inside += pitch % 12 in line.chords[index][1]
    return inside / max(1, total)


def phrase_end_rests(line: MelodyLine) -> float | None:
    """Share of phrases that end with a breath; None where phrases are not known."""
    bar = line.meter.bar_quarters
    breathing = set()
    for (onset, end, _), following in zip(line.notes, [*(note[0] for note in line.notes[1:]), None], strict=True):
        if following is None or following - end >= 1 or following - onset >= bar / 2:
            breathing.add(int(onset // bar))
    sung = {int(onset // bar) for onset, _, _ in line.notes}
    ends = [int(begin // bar) - 1 for begin in line.phrases if begin > line.notes[0][0]]
    ends = [end for end in ends if end in sung]
    return sum(end in breathing for end in ends) / len(ends) if ends else None


def longest_repeat(line: MelodyLine) -> float:
    """Length of the longest stretch that comes twice, over the number of notes."""
    signs = line.signs()

    def has(length: int) -> bool:
        first: dict[tuple[_Sign, ...], int] = {}
        for index in range(len(signs) - length + 1):
            begin = first.setdefault(tuple(signs[index : index + length]), index)
            if index - begin >= length:
                return True
        return False

    low, high = 0, len(signs) // 2
    while low < high:  # a stretch that comes twice holds shorter ones that do
        middle = (low + high + 1) // 2
        low, high = (middle, high) if has(middle) else (low, middle - 1)
    return (low + 1) / max(1, len(line.notes)) if low else 0.0


def line_of_song(song: Song) -> MelodyLine | None:
    """A corpus song; None if its metre is none of ours. An upbeat is moved so that bar lines fall on whole bars."""
    try:
        meter = Meter.parse(song.meter)
    except UsageError:
        return None
    shift = meter.bar_quarters - song.bars[1] if len(song.bars) > 1 and song.bars[1] < meter.bar_quarters else Fraction(0)
    notes = tuple((note.onset + shift, note.end + shift, note.pitch) for note in song.notes)
    chords = tuple((chord.onset + shift, chord.pitch_classes) for chord in song.chords)
    return MelodyLine(notes, chords, meter, song.phrases)


def line_of_plan(plan: CompositionPlan) -> MelodyLine:
    """Our tune for a plan."""
    score = Composer()(plan)
    part = next(part for part in score.parts if part.role == "melody")
    chords = tuple((span.onset, span.chord.pitch_classes) for span in layout_chords(plan))
    phrases = tuple(phrase.first_bar * score.meter.bar_quarters for phrase in layout_phrases(plan))
    return MelodyLine(
        tuple((note.onset_quarters, note.end_quarters, note.pitch) for note in part.notes), chords, score.meter, phrases
    )


def shuffled(line: MelodyLine, chance: np.random.Generator) -> MelodyLine:
    """The same notes, each with its length and the rest after it, in another order."""
    ends = [*(onset for onset, _, _ in line.notes[1:]), line.notes[-1][1]]
    cards = [(after - onset, end - onset, pitch) for (onset, end, pitch), after in zip(line.notes, ends, strict=True)]
    return _dealt([cards[int(index)] for index in chance.permutation(len(cards))], line)


def random_walk(line: MelodyLine, chance: np.random.Generator) -> MelodyLine:
    """A walk of steps up to a fourth, turned back at an octave from its start; lengths drawn from the piece's own."""
    pitch = start = line.notes[0][2]
    gaps = [after[0] - note[0] for note, after in pairwise(line.notes)]
    cards = []
    for index in chance.integers(0, len(gaps), size=len(line.notes)):
        cards.append((gaps[int(index)], gaps[int(index)], pitch))
        step = int(chance.integers(-5, 6))
        pitch = pitch + step if abs(pitch + step - start) <= 12 else pitch - step
    return _dealt(cards, line)


def _dealt(cards: Sequence[tuple[Fraction, Fraction, int]], line: MelodyLine) -> MelodyLine:
    """Notes one after another, given as (time to the next, length, pitch), over a line's chords."""
    notes, place = [], line.notes[0][0]
    for gap, length, pitch in cards:
        notes.append((place, place + length, pitch))
        place += gap
    return MelodyLine(tuple(notes), line.chords, line.meter, line.phrases)


def share_with_interval(inside: int, total: int) -> str:
    """A share with its 95 % interval."""
    low, high = wilson_interval(inside, total)
    return f"{inside / total:4.2f} [{low:.2f}, {high:.2f}]"


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = ScriptParser(__doc__)
    parser.add_data("openewld", OPENEWLD)
    parser.add_data("pop909", POP909)
    parser.add_argument("--pieces", type=int, default=96, help="of ours (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first picture and seed")
    options = parser.parse_args(arguments)
    songs = [*openewld.read(options.openewld), *pop909.read(options.pop909)]
    train = [line for song in songs if in_training_half(song) and (line := line_of_song(song))]
    left = [line for song in songs if not in_training_half(song) and (line := line_of_song(song))]
    model = Trigram(train)
    styles = style_names()
    plans = [
        RulesPlanner()(
            make_scene(line=options.first + number),
            Brief.of(
                style=styles[number % len(styles)], seed=options.first + number // len(styles), seconds=60 + 10 * (number % 4)
            ),
        )
        for number in range(options.pieces)
    ]
    ours = [line_of_plan(plan) for plan in plans]
    chance = np.random.default_rng(1)
    columns = {
        "left-out songs": left,
        "ours": ours,
        "shuffled": [shuffled(line, chance) for line in ours],
        "walk": [random_walk(line, chance) for line in ours],
    }
    measures: dict[str, Callable[[MelodyLine], float | None]] = {
        "surprise": model.bits,
        "strong": strong_beat_chord_tones,
        "breath": phrase_end_rests,
        "repeat": longest_repeat,
    }
    print(f"{len(train)} songs train the n-gram, {len(left)} are left out, {len(ours)} pieces")
    for name, measure in measures.items():
        values = {column: [value for line in lines if (value := measure(line)) is not None] for column, lines in columns.items()}
        cuts = quantiles(values["left-out songs"], n=10, method="inclusive")
        low, high = cuts[0], cuts[8]
        print(f"\n{name}: people {low:.3f} .. {high:.3f}, median {cuts[4]:.3f}")
        for column, row in values.items():
            inside = sum(low <= value <= high for value in row)
            middle = quantiles(row, n=10, method="inclusive")
            print(
                f"  {column:15} median {middle[4]:6.3f} (10-90 % {middle[0]:.3f} .. {middle[8]:.3f})   inside {share_with_interval(inside, len(row))}"
            )
        if name == "surprise":
            _print_styles(styles, values["ours"], low, high)


def _print_styles(styles: Sequence[str], values: Sequence[float], low: float, high: float) -> None:
    """Mean surprise a style, marked where it lies outside."""
    for number, style in enumerate(styles):
        own = values[number :: len(styles)]
        if own:
            mean = sum(own) / len(own)
            print(f"      {style:20} {mean:6.3f}{'' if low <= mean <= high else '  outside'}")


if __name__ == "__main__":
    main()

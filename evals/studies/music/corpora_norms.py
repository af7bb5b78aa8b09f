"""Are batches of pieces like the human music of their kind? Ten features, like with like.

    nice python -m evals.studies.music.corpora_norms --pop909 FOLDER --emopia FOLDER --jsb FOLDER --folk [--pieces 40]

Each kind is optional:

    pop      style `pop`, played, against the MIDI files of POP909, in seconds
    piano    style `solo-piano`, played, 30 s, against the clips of EMOPIA (for evaluation only), in seconds
    chorale  style `choral` (or another: `--chorale-style`), as written, against Bach's chorales, both on a grid of sixteenths that
             keeps four voices (of more the highest and the lowest) and joins repeated notes, in quarter notes
    folk     the tune of style `folk`, as written, against German songs and fiddle tunes that come with music21, in quarter notes

A batch is made from the example pictures with other seeds. Printed for every feature: the corpus's 10th, 50th and 90th percentile,
the batch's median and whether it lies inside, the overlap of the two densities (Gaussian kernels, 0..1), and what the corpus
itself reaches: as many of its own pieces as the batch has, against the rest (median of ten draws). `~` marks a batch that is more
than twice as narrow as its corpus, which a median cannot show.
"""

from __future__ import annotations

import random
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np

import img2music
from evals.corpora import folk, jsb
from evals.corpora.rated_music import emopia_files
from evals.shared.command_line import ScriptParser
from evals.shared.data_sets import EMOPIA, JSB, POP909
from evals.shared.paths import example_pictures
from evals.shared.song_features import midi_notes, piece_features, tune_features
from img2music.io.midi.export_midi import write_midi
from img2music.io.style_files import style_names
from img2music.metrics.symbolic.melody_view import view_melody
from img2music.performers.expressive import ExpressivePerformer
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from img2music.plan import CompositionPlan
    from img2music.score import Score

    Row = dict[str, float]

MOST_SONGS = 300
VOICES = 4


def batch(style: str, seconds: float, count: int) -> Iterator[tuple[CompositionPlan, Score]]:
    """Pieces in a style, a picture and a seed each; metre and tempo as the pictures suggest."""
    pipeline = img2music.Pipeline.load("offline")
    scenes = [pipeline.see(picture) for picture in example_pictures()]
    for seed, scene in zip(range(count), cycle(scenes), strict=False):
        plan = RulesPlanner()(scene, img2music.Brief.of(style=style, seconds=seconds, seed=seed))
        yield plan, Composer()(plan)


def played(plan: CompositionPlan, score: Score) -> Row | None:
    return piece_features(midi_notes(write_midi(ExpressivePerformer()(score, plan))))


def gridded(_: CompositionPlan, score: Score) -> Row | None:
    steps: list[set[int]] = [set() for _ in range(int(score.duration_quarters * 4))]
    for part in score.parts:
        if not part.instrument.kit:
            for note in part.notes:
                for step in range(int(note.onset_quarters * 4), min(len(steps), max(1, int(note.end_quarters * 4)))):
                    steps[step].add(note.pitch)
    return grid_features(sorted(step, reverse=True) for step in steps)


def grid_features(steps: Iterable[Iterable[int]]) -> Row | None:
    """Features of sixteenth steps, each with its pitches from the top; a pitch that stays in its voice is one note."""
    rows: list[tuple[float, float, float]] = []
    held: dict[int, tuple[int, int]] = {}
    for place, step in enumerate([*steps, ()]):
        pitches = [pitch for pitch in step if pitch >= 0]
        voices = dict(enumerate(pitches if len(pitches) <= VOICES else [*pitches[: VOICES - 1], pitches[-1]]))
        for voice, (begin, pitch) in list(held.items()):
            if voices.get(voice) != pitch:
                rows.append((begin / 4, (place - begin) / 4, float(pitch)))
                del held[voice]
        held |= {voice: (place, pitch) for voice, pitch in voices.items() if voice not in held}
    return piece_features(np.array(sorted(rows)).reshape(-1, 3))


def sung(plan: CompositionPlan, score: Score) -> Row | None:
    tune = view_melody(score, plan)
    return None if tune is None else tune_features(tune)


def overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Area under the lower of two densities; 0 where a batch has no spread at all."""
    from scipy.stats import gaussian_kde  # type: ignore[import-untyped]  # no stubs

    if one.std() < 1e-9 or other.std() < 1e-9:
        return 0.0
    low, high = min(one.min(), other.min()), max(one.max(), other.max())
    grid = np.linspace(low - 0.5 * (high - low), high + 0.5 * (high - low), 512)
    lower = np.minimum(gaussian_kde(one)(grid), gaussian_kde(other)(grid))
    return float(lower.sum() * (grid[1] - grid[0]))


def column(rows: list[Row], name: str) -> NDArray[np.float64]:
    return np.array([row[name] for row in rows])


def compare(kind: str, ours: list[Row], theirs: list[Row]) -> None:
    print(f"\n{kind}: {len(ours)} pieces against {len(theirs)}")
    print(f"  {'feature':26}{'10 %':>8}{'median':>8}{'90 %':>8}{'batch':>9}      overlap  ceiling")
    inside, overlaps, ceilings = 0, [], []
    chance = random.Random(1)
    for name in ours[0]:
        mine, people = column(ours, name), column(theirs, name)
        low, middle, high = np.percentile(people, (10, 50, 90))
        median = float(np.median(mine))
        within = round(low, 2) <= round(median, 2) <= round(high, 2)  # as printed: a band may be a single number
        inside += within
        overlaps.append(overlap(mine, people))
        draws = []
        for _ in range(10):
            order = chance.sample(range(len(people)), len(people))
            cut = min(len(mine), len(people) // 2)
            draws.append(overlap(people[order[:cut]], people[order[cut:]]))
        ceilings.append(float(np.median(draws)))
        narrow = "~" if np.subtract(*np.percentile(mine, (90, 10))) < (high - low) / 2 else " "
        place = "inside" if within else "below" if median < low else "above"
        print(
            f"  {name:26}{low:8.2f}{middle:8.2f}{high:8.2f}{median:8.2f}{narrow} {place:7}{overlaps[-1]:6.2f}{ceilings[-1]:9.2f}"
        )
    print(f"  inside {inside} of {len(ours[0])}; mean overlap {np.mean(overlaps):.2f}, the corpus's own {np.mean(ceilings):.2f}")


def known(rows: Iterable[Row | None]) -> list[Row]:
    return [row for row in rows if row is not None]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_data("--pop909", POP909)
    parser.add_data("--emopia", EMOPIA)
    parser.add_data("--jsb", JSB)
    parser.add_argument("--folk", action="store_true", help="folk tunes, which come with music21")
    parser.add_argument("--pieces", type=int, default=40, help="of ours a kind (%(default)s)")
    parser.add_argument("--chorale-style", default="choral", help="(%(default)s)")
    parser.need_packages("music21", "scipy", install="pip install -e '.[test]'")
    options = parser.parse_args(arguments)
    if not (options.pop909 or options.emopia or options.jsb or options.folk):
        parser.error("name a kind of music: --folk, or one of --pop909 --emopia --jsb with its folder")

    def ours(style: str, seconds: float, view: Callable[[CompositionPlan, Score], Row | None]) -> list[Row]:
        return known(view(plan, score) for plan, score in batch(style, seconds, options.pieces))

    if options.pop909:
        files = sorted(options.pop909.glob("*/[0-9][0-9][0-9].mid"))[::2][:MOST_SONGS]
        compare("pop", ours("pop", 120, played), known(piece_features(midi_notes(path.read_bytes())) for path in files))
    if options.emopia:
        paths = [path for path, *_ in emopia_files(options.emopia)][::3][:MOST_SONGS]
        compare("piano", ours("solo-piano", 30, played), known(piece_features(midi_notes(path.read_bytes())) for path in paths))
    if options.jsb:
        chorales = known(grid_features(sorted(step, reverse=True) for step in steps) for _, steps in jsb.voices(options.jsb))
        if options.chorale_style in style_names():
            compare("chorale", ours(options.chorale_style, 60, gridded), chorales[:MOST_SONGS])
        else:
            print(f"\nchorale: there is no style {options.chorale_style!r}; give another with --chorale-style")
    if options.folk:
        compare("folk", ours("folk", 60, sung), known(tune_features(tune) for tune in folk.read()))


if __name__ == "__main__":
    main()

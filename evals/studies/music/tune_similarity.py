"""Does a form sound like its letters, and do different pictures get different tunes?

    nice python -m evals.studies.music.tune_similarity FOLDER [--pictures 100] [--pieces 40]

FOLDER holds pictures (none of them becomes part of this project), of which so many are taken at even distances in the order of names.

Form: the tunes of sections of one letter, and of different letters, compared move by move (interval and time to the next note; one
minus the edit distance in parts of the longer section) in 90 s pieces of all styles. AUC is the chance that a pair of one letter
is more alike than a pair of different letters of the same piece; its 95 % interval is a bootstrap over pieces. The same figures
of songs by people stand in `img2music/assets/statistics/bands.json`.

Tunes: every pair of pictures, with the same seed, all else left to the program. `shapes` is the share of four-note shapes
(intervals and rhythm, at any pitch) that two tunes have in common (Jaccard's index), `moves` the likeness of the whole tunes
as above. Beside them the same picture with another seed. Tunes are the same when all their moves are.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, cycle
from typing import TYPE_CHECKING, Any

import numpy as np

import img2music
from evals.shared.command_line import ScriptParser
from evals.shared.data_sets import PHOTOGRAPHS
from evals.shared.pictures import evenly, pictures_in
from img2music.evaluation.statistics import bootstrap_interval
from img2music.io.style_files import style_names
from img2music.metrics.symbolic.form_similarity import section_likenesses
from img2music.metrics.symbolic.melody_view import view_melody
from img2music.metrics.symbolic.norms import band
from img2music.metrics.symbolic.sequence_similarity import edit_likeness, jaccard, runs
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.metrics.symbolic.melody_view import MelodyView

    Moves = list[tuple[int, Fraction]]

DRAWS = 2000


def write(scene: img2music.Scene, **wishes: Any) -> MelodyView | None:
    """The tune of a piece for what was seen; None where a style has none."""
    plan = RulesPlanner()(scene, img2music.Brief.of(**wishes))
    return view_melody(Composer()(plan), plan)


def moves_of(tune: MelodyView) -> Moves:
    """Moves in quarter notes, so that tunes of different grids can be compared."""
    return [(step, Fraction(wait, tune.unit)) for step, wait in tune.moves]


def spread(values: Sequence[float]) -> str:
    """How a row of numbers lies."""
    low, middle, high = np.percentile(values, (10, 50, 90))
    return f"median {middle:.3f}  10-90 % {low:.3f} .. {high:.3f}  most {max(values):.3f}  least {min(values):.3f}"


def auc(pairs: Sequence[tuple[list[float], list[float]]]) -> float:
    """Chance that a like pair is more alike than an unlike one of the same piece, ties counting half."""
    wins = sum((one > other) + 0.5 * (one == other) for alike, unlike in pairs for one in alike for other in unlike)
    total = sum(len(alike) * len(unlike) for alike, unlike in pairs)
    return wins / total if total else float("nan")


def form(scenes: Sequence[img2music.Scene], count: int) -> None:
    """Sections of one letter beside sections of different letters."""
    pairs = []
    for seed, scene, style in zip(range(count), cycle(scenes), cycle(style_names()), strict=False):
        tune = write(scene, style=style, seconds=90, seed=seed)
        if tune is not None:
            pairs.append(section_likenesses(tune))
    alike = [value for one, _ in pairs for value in one]
    unlike = [value for _, other in pairs for value in other]
    low, high = bootstrap_interval(
        np.arange(len(pairs)), lambda drawn: auc([pairs[int(number)] for number in drawn]), draws=DRAWS
    )
    print(f"form: {len(pairs)} pieces, {len(alike)} pairs of one letter, {len(unlike)} of different letters")
    print(f"  one letter         {spread(alike)}   people 10-90 % {band('likeness of one letter')}")
    print(f"  different letters  {spread(unlike)}   people 10-90 % {band('likeness of different letters')}")
    same = sum(value == 1.0 for value in alike)
    print(f"  note for note the same: {same} of {len(alike)}   AUC {auc(pairs):.3f} [{low:.3f}, {high:.3f}]")


def tunes(scenes: Sequence[tuple[str, img2music.Scene]]) -> None:
    """Tunes of different pictures, and of one picture with two seeds."""
    written = {name: moves_of(tune) for name, scene in scenes if (tune := write(scene, seed=1)) is not None}
    again = {name: moves_of(tune) for name, scene in scenes if (tune := write(scene, seed=2)) is not None}
    shapes = {name: set(runs(moves, 3)) for name, moves in written.items()}
    pairs = list(combinations(written, 2))
    shared = {pair: jaccard(shapes[pair[0]], shapes[pair[1]]) for pair in pairs}
    likes = {pair: edit_likeness(written[pair[0]], written[pair[1]]) for pair in pairs}
    different = len({tuple(moves) for moves in written.values()})
    print(f"\ntunes: {len(written)} pictures, {different} different tunes, {len(pairs)} pairs")
    print(f"  shapes  {spread(list(shared.values()))}")
    print(f"  moves   {spread(list(likes.values()))}")
    for what, values in (("shapes", shared), ("moves", likes)):
        closest = max(values, key=lambda pair: values[pair])
        print(f"  closest by {what}: {closest[0]} and {closest[1]}, {values[closest]:.3f}")
    both = [name for name in written if name in again]
    print(f"the same picture with another seed: {len(both)} pairs")
    print(f"  shapes  {spread([jaccard(shapes[name], set(runs(again[name], 3))) for name in both])}")
    print(f"  moves   {spread([edit_likeness(written[name], again[name]) for name in both])}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_data("folder", PHOTOGRAPHS)
    parser.add_argument("--pictures", type=int, default=100, help="how many of them (%(default)s)")
    parser.add_argument("--pieces", type=int, default=40, help="of 90 s, for the form (%(default)s)")
    options = parser.parse_args(arguments)
    paths = evenly(pictures_in(options.folder), options.pictures)
    pipeline = img2music.Pipeline.load("offline")
    scenes = [(path.name, pipeline.see(path)) for path in paths]
    form([scene for _, scene in scenes], options.pieces)
    tunes(scenes)


if __name__ == "__main__":
    main()

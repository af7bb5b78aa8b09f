"""Do takes help? A judge that knows nothing of the mark by which takes are chosen compares the kept one with the first.

    OMP_NUM_THREADS=1 python -m evals.studies.music.takes_judge DATA PHOTOGRAPHS [--pieces-folder FOLDER] [--pictures 50] [--takes 8]

DATA, PHOTOGRAPHS and FOLDER as for `evals.studies.music.told_apart`. The judge is a forest that parts songs (OpenEWLD and POP909 in 4/4, only
those that nothing may learn from) from the same songs spoiled in seven ways (`evals.shared.lead_sheets.sheet_corruptions`). It reads what a
listener is surprised by (`sheet_surprise`): the listener's models learn from every second song, the forest from the others. Its
AUC for each way of spoiling is printed, cross-validated by song: a judge who can't tell them has no say.

Then pieces of `--seconds` in several styles are made with one take and with `--takes`, the choice being the program's. Printed: on how
many pictures the judge likes the kept take better than the first (ties, where the first was kept, count half; .5: takes buy nothing), how
much its mark rises, with 95 % bootstrap intervals over pictures, and how the mark of the program's choice agrees with the judge (Spearman's
rank correlation over first takes).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from evals.shared.correlations import correlation_with_interval
from evals.shared.lead_sheets.forests import area
from evals.shared.lead_sheets.made_pieces import PieceMaker, kept_in, pieces_parser, study_pictures
from evals.shared.lead_sheets.music_kinds import MUSIC_KINDS, peoples_sheets, sheets_of_pieces
from evals.shared.lead_sheets.sheet_corruptions import SHEET_CORRUPTIONS, patchwork
from evals.shared.lead_sheets.sheet_surprise import SheetListener
from img2music.evaluation.statistics import bootstrap_interval

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from evals.shared.lead_sheets.lead_sheet import LeadSheet

    Numbers = NDArray[np.float64]

_STYLES = ("pop", "jazz-ballad", "country", "swing", "rock", "folk")
_FOLDS, _TREES = 5, 200
_PATCHWORK = "patchwork"


class TakesJudge:
    """Parts songs from spoiled ones."""

    def __init__(self, songs: Sequence[LeadSheet]) -> None:
        """Learns from sheets of songs with chords, in one metre."""
        from sklearn.ensemble import RandomForestClassifier

        self._listener = SheetListener(songs[::2])
        rows, kinds, numbers = self._examples(songs[1::2])
        groups = np.array(numbers)
        votes = np.zeros(len(rows))
        for fold in range(_FOLDS):
            left = groups % _FOLDS == fold
            votes[left] = self._grown(RandomForestClassifier, rows[~left], kinds[~left]).predict_proba(rows[left])[:, 1]
        self.areas = {
            kind: area([vote for vote, own in zip(votes, kinds, strict=True) if own == kind], votes[[own == "" for own in kinds]])
            for kind in sorted(set(kinds) - {""})
        }
        """For each way of spoiling, the chance that a song is preferred to a spoiled one."""
        self._forest = self._grown(RandomForestClassifier, rows, kinds)

    @staticmethod
    def _grown(make: Any, rows: Numbers, kinds: Sequence[str] | NDArray[np.str_]) -> Any:
        forest = make(_TREES, min_samples_leaf=3, class_weight="balanced", random_state=0, n_jobs=1)
        return forest.fit(rows, [kind == "" for kind in kinds])

    def _examples(self, songs: Sequence[LeadSheet]) -> tuple[Numbers, NDArray[np.str_], list[int]]:
        rows, kinds, numbers = [], [], []
        for number, song in enumerate(songs):
            chance = np.random.default_rng(number)
            spoiled = {name: spoil(song, chance) for name, spoil in SHEET_CORRUPTIONS.items()}
            spoiled[_PATCHWORK] = patchwork(song, songs[(number + 1) % len(songs)])
            for kind, sheet in (("", song), *spoiled.items()):
                if sheet is not None and len(sheet.notes) > 2 and sheet.chords:
                    rows.append(self._row(sheet))
                    kinds.append(kind)
                    numbers.append(number)
        return np.array(rows), np.array(kinds), numbers

    def _row(self, sheet: LeadSheet) -> list[float]:
        return list(self._listener.numbers(sheet).values())

    def marks(self, sheets: Sequence[LeadSheet]) -> Numbers:
        """For each sheet the share of trees that take it for an unspoiled song."""
        votes: Numbers = self._forest.predict_proba(np.array([self._row(sheet) for sheet in sheets]))[:, 1]
        return votes


def kept_take(maker: PieceMaker, picture: Path, takes: int, wishes: dict[str, Any]) -> tuple[int, float]:
    """Seed and mark of the take that the program keeps, and the mark of the first; kept like pieces are."""
    from img2music import Brief, Pipeline

    def choose() -> dict[str, Any]:
        piece = Pipeline.load("offline").compose_from(maker.scene(picture), Brief.of(**wishes), audio=None, takes=takes)
        seed = next(take.seed for take in piece.manifest.takes if take.kept)
        return {"seed": seed, "first_mark": piece.manifest.takes[0].mark}

    found = json.loads(maker.kept_text(f"takes-{picture.stem}", f"{picture}{takes}{wishes}", lambda: json.dumps(choose())))
    return int(found["seed"]), float(found["first_mark"])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = pieces_parser(__doc__)
    parser.add_argument("--pictures", type=int, default=50, help="how many (%(default)s)")
    parser.add_argument("--takes", type=int, default=8, help="of which the program keeps one (%(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="length of a piece (%(default)s)")
    parser.need_packages("sklearn", install="pip install --group evals")
    options = parser.parse_args(arguments)
    with kept_in(options.pieces_folder) as folder:
        study(options, folder)


def study(options: Namespace, folder: Path) -> None:
    """Prints what the options ask for; what is made or read is kept in `folder`."""
    maker = PieceMaker(folder)
    songs = [sheet for kind in ("pop", "standards") for sheet in peoples_sheets(MUSIC_KINDS[kind], options.data, folder)]
    judge = TakesJudge(songs)
    print(f"the judge knows {len(songs)} songs; AUC, songs told from spoiled ones:")
    print("  " + ", ".join(f"{name} {value:.2f}" for name, value in judge.areas.items()), flush=True)
    pairs, marks = [], []
    for number, picture in enumerate(study_pictures(options.photographs, options.pictures)):
        wishes = {"style": _STYLES[number % len(_STYLES)], "meter": "4/4", "seconds": options.seconds, "seed": 0}
        seed, first_mark = kept_take(maker, picture, options.takes, wishes)
        pieces = [maker.make(picture, **wishes), maker.make(picture, **{**wishes, "seed": seed})]
        sheets = sheets_of_pieces(pieces)
        if len(sheets) == len(pieces):
            pairs.append(judge.marks(sheets))
            marks.append((first_mark, float(pairs[-1][0])))
    rows = np.array(pairs)
    _print_verdict(rows, options.takes)
    ranks = [np.argsort(np.argsort(values)).astype(float) for values in zip(*marks, strict=True)]
    print(f"  the program's mark and the judge's, first takes: {correlation_with_interval(ranks[0], ranks[1])}")


def _print_verdict(rows: Numbers, takes: int) -> None:
    better = (rows[:, 1] > rows[:, 0]) + 0.5 * (rows[:, 1] == rows[:, 0])
    for name, values in (("liked better", better), ("mark rises by", rows[:, 1] - rows[:, 0])):
        low, high = bootstrap_interval(values)
        print(f"  {takes} takes beside one, {len(rows)} pictures: {name} {values.mean():.3f} [{low:.3f}, {high:.3f}]")
    print(f"  the judge's mark: one take {rows[:, 0].mean():.3f}, the kept take {rows[:, 1].mean():.3f}")


if __name__ == "__main__":
    main()

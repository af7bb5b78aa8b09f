"""How surprising is our harmony to somebody who knows people's songs? Bits a change of triad, ours beside people's and beside shuffled ones.

    OMP_NUM_THREADS=1 python -m evals.studies.songs.harmony_bits DATA PHOTOGRAPHS [--pieces-folder FOLDER] [--pieces 60]

DATA, PHOTOGRAPHS and FOLDER as for `evals.studies.music.told_apart`, whose pieces are found again. For each kind with chords a trigram of
triads (`evals.shared.lead_sheets.chord_model`) learns from the corpus's songs to learn from, all metres; printed are mean bits a change of
the judge's songs and of our pieces, as they are and with each sheet's triads shuffled, and ours over people's, all with 95 %
intervals by bootstrap over sheets. Keys are the global ones of song and plan, so a modulation counts as surprise on both sides. Beside
them changes a bar, and different triads a sheet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evals.shared.lead_sheets.chord_model import ChordModel, triads_of_sheet
from evals.shared.lead_sheets.made_pieces import PieceMaker, kept_in, pieces_parser, study_pictures
from evals.shared.lead_sheets.music_kinds import MUSIC_KINDS, made_pieces, peoples_sheets, sheets_of_pieces
from evals.shared.lead_sheets.song_sheets import corpus_sheets
from img2music.evaluation.statistics import bootstrap_interval

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

_DRAWS = 2000


def bits_a_change(rows: Numbers) -> float:
    """Of rows of bits and changes."""
    return float(rows[:, 0].sum() / max(1.0, rows[:, 1].sum()))


def with_interval(rows: Numbers) -> str:
    """The mean a change with its interval over sheets."""
    low, high = bootstrap_interval(rows, bits_a_change, draws=_DRAWS)
    return f"{bits_a_change(rows):.2f} [{low:.2f}, {high:.2f}]"


def ratio_interval(ours: Numbers, people: Numbers) -> str:
    """Ours over people's; both are drawn again."""
    chance = np.random.default_rng(0)
    drawn = [
        bits_a_change(ours[chance.integers(len(ours), size=len(ours))])
        / bits_a_change(people[chance.integers(len(people), size=len(people))])
        for _ in range(_DRAWS)
    ]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return f"{bits_a_change(ours) / bits_a_change(people):.2f} [{low:.2f}, {high:.2f}]"


def surprises(model: ChordModel, sequences: Sequence[Sequence[str]], *, shuffled: bool = False) -> Numbers:
    """Rows of bits and changes; shuffled triads that meet their like are one."""
    chance = np.random.default_rng(1)
    rows = []
    for sequence in sequences:
        order = chance.permutation(len(sequence)) if shuffled else range(len(sequence))
        whole: list[str] = []
        for index in order:
            if not whole or whole[-1] != sequence[int(index)]:
                whole.append(sequence[int(index)])
        rows.append(model.surprise(whole))
    return np.array(rows, dtype=float).reshape(-1, 2)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = pieces_parser(__doc__)
    parser.add_argument("--pieces", type=int, default=60, help="of ours a kind (%(default)s)")
    options = parser.parse_args(arguments)
    with kept_in(options.pieces_folder) as folder:
        study(options, folder)


def study(options: Namespace, folder: Path) -> None:
    """Prints what the options ask for; what is made or read is kept in `folder`."""
    maker = PieceMaker(folder)
    pictures = study_pictures(options.photographs, options.pieces)
    for name, kind in MUSIC_KINDS.items():
        if not kind.has_chords:
            continue
        learned = [sheet for corpus in kind.corpora for sheet in corpus_sheets(corpus, options.data, folder)[0]]
        model = ChordModel([triads_of_sheet(sheet) for sheet in learned])
        people = peoples_sheets(kind, options.data, folder)
        ours = sheets_of_pieces(made_pieces(kind, maker, pictures))
        print(f"{name}: a model of {len(learned)} songs; {len(people)} songs of the judge, {len(ours)} pieces")
        rows = {}
        for whose, sheets in (("people", people), ("ours", ours)):
            sequences = [triads_of_sheet(sheet) for sheet in sheets]
            rows[whose] = surprises(model, sequences)
            changes = np.mean([len(one) / sheet.bars for one, sheet in zip(sequences, sheets, strict=True)])
            different = np.median([len(set(one)) for one in sequences])
            print(
                f"  {whose:7} {with_interval(rows[whose])}   shuffled {with_interval(surprises(model, sequences, shuffled=True))}   "
                f"changes a bar {changes:.2f}   different triads {different:g}"
            )
        print(f"  ours over people's {ratio_interval(rows['ours'], rows['people'])}", flush=True)


if __name__ == "__main__":
    main()

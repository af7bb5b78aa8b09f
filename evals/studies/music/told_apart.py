"""Is our music told from people's? Lead sheets of both are mixed, and a forest is asked which is which.

    OMP_NUM_THREADS=1 python -m evals.studies.music.told_apart DATA PHOTOGRAPHS [--pieces-folder FOLDER] [--pieces 100] [--kinds pop,waltzes]

DATA holds the folders `pop909` and `openewld`; PHOTOGRAPHS any pictures (those that come with img2music are taken first). For each kind of
music so many pieces of ours are made, one a picture, in the kind's styles and metre, all else left to the program and the seed 0 for all;
they are kept in FOLDER, about one CPU second a piece to make them, and so are the songs' sheets. Their lead sheets are read
back from the MusicXML that was written. People's are the judge's songs of the kind (`evals.corpora.split`), which nothing may learn
from; at most 200 a kind.

Printed for each kind:

- AUC of a forest, cross-validated, on the features of `evals.shared.lead_sheets.sheet_features` (.5: not told apart), of each family of
  them alone, and on bags of n-grams (`sheet_ngrams`): the chance that the forest thinks a song likelier to be a person's than a piece of
  ours; 95 % interval by bootstrap over pieces and songs. `people` is the same forest asked to part people's songs, halved at random (mean
  of two halvings), which shows what chance is here.
- The table: people's median and 10-90 % band, our median, whether it lies inside, our spread over theirs (width of the 10-90 % band;
  standard deviations where theirs has no width), and the AUC of that feature alone (above .5: ours has less of it). In the last line,
  how many features have our median inside and at least half of people's spread.

With `--outside` the sheets of so many pieces are read by music21 as well, and differences are counted. With `--corpora` POP909's songs are
told from OpenEWLD's: two kinds of people's music. No composer reads any of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evals.shared.lead_sheets.feature_tables import cadence_rows, compare_features, feature_rows
from evals.shared.lead_sheets.forests import tell_apart
from evals.shared.lead_sheets.made_pieces import PieceMaker, kept_in, pieces_parser, study_pictures
from evals.shared.lead_sheets.music_kinds import MUSIC_KINDS, kind_names, made_pieces, peoples_sheets, sheets_of_pieces
from evals.shared.lead_sheets.sheet_features import FAMILIES
from evals.shared.lead_sheets.sheet_ngrams import gram_table
from evals.shared.lead_sheets.written_sheet import sheet_by_music21, sheet_of_files

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from pathlib import Path

    from evals.shared.lead_sheets.lead_sheet import LeadSheet
    from evals.shared.lead_sheets.made_pieces import MadePiece

_HALVINGS = 2


def tell_kind(ours: Sequence[LeadSheet], people: Sequence[LeadSheet], *, with_chords: bool) -> None:
    """Prints the verdicts and the table of one kind."""
    names, own = feature_rows(ours, with_chords=with_chords)
    _, theirs = feature_rows(people, with_chords=with_chords)
    whole = tell_apart(own, theirs)
    print(f"  {len(names)} features  {whole}   people {_halves(theirs):.3f}")
    for family, members in FAMILIES.items():
        columns = [names.index(member) for member in members if member in names]
        if columns:
            print(f"    {family:10} {tell_apart(own[:, columns], theirs[:, columns])}")
    grams = gram_table([*ours, *people])
    split = len(ours)
    print(f"  n-grams      {tell_apart(grams[:split], grams[split:])}   people {_halves(grams[split:]):.3f}")
    comparison = compare_features(names, own, theirs, whole.importances)
    for row in comparison:
        print(f"    {row}")
    cadences, own_ends = cadence_rows(ours, with_chords=with_chords)
    for row in compare_features(cadences, own_ends, cadence_rows(people, with_chords=with_chords)[1]):
        print(f"    {row}   (no forest reads it)")
    inside, wide = sum(row.is_inside for row in comparison), sum(row.is_wide for row in comparison)
    both = sum(row.is_inside and row.is_wide for row in comparison)
    print(f"  median inside {inside}, spread at least half {wide}, both {both} of {len(comparison)} features")


def _halves(rows: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Mean AUC of people's songs told from people's songs."""
    found = []
    for number in range(_HALVINGS):
        order = np.random.default_rng(number).permutation(len(rows))
        middle = len(rows) // 2
        found.append(tell_apart(rows[order[:middle]], rows[order[middle:]], seed=number).auc)
    return float(np.mean(found))


def read_outside(pieces: Sequence[MadePiece]) -> str:
    """How far music21 reads the same sheets."""
    notes = chords = count = 0
    for piece in pieces:
        own, other = (read(piece.name, piece.plan, piece.musicxml) for read in (sheet_of_files, sheet_by_music21))
        if own is not None and other is not None:
            count += 1
            notes += own.melody == other.melody
            labels = [[(chord.at, chord.label) for chord in sheet.chords] for sheet in (own, other)]
            chords += labels[0] == labels[1]
    return f"read by music21: the same tune in {notes} of {count} pieces, the same chords in {chords}"


def tell_corpora(data: Path, folder: Path) -> None:
    """Two corpora told apart."""
    sheets = [peoples_sheets(MUSIC_KINDS[kind], data, folder) for kind in ("pop", "standards")]
    rows = [feature_rows(batch, with_chords=True)[1] for batch in sheets]
    grams = gram_table([*sheets[0], *sheets[1]])
    print(f"POP909 ({len(sheets[0])}) told from OpenEWLD in 4/4 ({len(sheets[1])})")
    print(f"  features {tell_apart(rows[0], rows[1])}   n-grams {tell_apart(grams[: len(sheets[0])], grams[len(sheets[0]) :])}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = pieces_parser(__doc__)
    parser.add_argument("--pieces", type=int, default=100, help="of ours a kind (%(default)s)")
    parser.add_argument("--kinds", type=kind_names, default=",".join(MUSIC_KINDS), help="which (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of every piece (%(default)s)")
    parser.add_argument("--outside", type=int, default=0, help="pieces a kind that music21 reads too (%(default)s)")
    parser.add_argument("--corpora", action="store_true", help="also tell two corpora apart")
    parser.need_packages("sklearn", install="pip install --group evals")
    parser.need_packages("music21", install="pip install -e '.[test]'")
    options = parser.parse_args(arguments)
    with kept_in(options.pieces_folder) as folder:
        study(options, folder)


def study(options: Namespace, folder: Path) -> None:
    """Prints what the options ask for; what is made or read is kept in `folder`."""
    maker = PieceMaker(folder)
    pictures = study_pictures(options.photographs, options.pieces)
    for name in options.kinds:
        kind = MUSIC_KINDS[name]
        people = peoples_sheets(kind, options.data, folder)
        pieces = made_pieces(kind, maker, pictures, seed=options.seed)
        ours = sheets_of_pieces(pieces)
        print(
            f"{name}: {len(ours)} of {len(pieces)} pieces ({', '.join(kind.styles)}) and {len(people)} songs "
            f"({', '.join(kind.corpora)}) in {kind.meter}",
            flush=True,
        )
        tell_kind(ours, people, with_chords=kind.has_chords)
        if options.outside:
            print(f"  {read_outside(pieces[: options.outside])}")
        print(flush=True)
    if options.corpora:
        tell_corpora(options.data, folder)


if __name__ == "__main__":
    main()

"""Does our music copy? The longest run of notes that each tune shares with any song of the corpora.

    OMP_NUM_THREADS=1 python -m evals.studies.songs.known_runs DATA PHOTOGRAPHS [--pieces-folder FOLDER] [--pieces 40] [--kinds pop,standards]

DATA, PHOTOGRAPHS and FOLDER as for `evals.studies.music.told_apart`. Two readings of "the same notes": *as written*, intervals and times between
onsets (a transposed copy is a copy; what `img2music.realizers.melody.originality` refuses), and *at any speed*, intervals and the ratios of
successive times. A run's length is counted in notes. Songs are POP909 and OpenEWLD whole, both sides of the split, and the kept sheets of folk
tunes; *without folk* is without the latter. Printed: median, 90th percentile and longest, and how many tunes share a run of eight notes and
more; the same for the judge's songs beside all other songs (songs of one corpus that are versions of each other are in it).
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from evals.corpora.folk import FOLK_SETS
from evals.shared.lead_sheets.made_pieces import PieceMaker, kept_in, pieces_parser, study_pictures
from evals.shared.lead_sheets.music_kinds import MUSIC_KINDS, kind_names, made_pieces, peoples_sheets, sheets_of_pieces
from evals.shared.lead_sheets.song_sheets import corpus_sheets, songs_of

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Hashable, Mapping, Sequence
    from pathlib import Path

    from evals.shared.lead_sheets.lead_sheet import LeadSheet

    Notes = Sequence[tuple[int, int]]

FIRST, LAST = 5, 24
"""Notes: runs of fewer are everybody's; longer ones than the last need not be told apart."""
RUN = 8


def signs(notes: Notes, *, any_speed: bool) -> list[Hashable]:
    """What two runs are compared by, one sign for each note after the first (from the second on where ratios are taken)."""
    moves = [(two[1] - one[1], two[0] - one[0]) for one, two in pairwise(notes)]
    if not any_speed:
        return list(moves)
    return [(two[0], Fraction(two[1], one[1])) for one, two in pairwise(moves) if one[1]]


def longest_known(tunes: Mapping[str, Notes], songs: Mapping[str, Notes], *, any_speed: bool) -> dict[str, int]:
    """For each tune the longest run, in notes, that a song of another name has; `FIRST` - 1 where it has none."""
    lost = 2 if any_speed else 1
    numbers: dict[Hashable, int] = {}

    def numbered(notes: Notes) -> list[int]:  # whole numbers compare faster than what they stand for
        return [numbers.setdefault(sign, len(numbers)) for sign in signs(notes, any_speed=any_speed)]

    own = {name: numbered(notes) for name, notes in tunes.items()}
    known = {name: numbered(notes) for name, notes in songs.items()}
    places = {song: list(range(len(row) - FIRST + lost + 1)) for song, row in known.items()}
    longest = dict.fromkeys(tunes, FIRST - 1)
    for notes in range(FIRST, LAST + 1):
        length = notes - lost
        wanted: dict[tuple[int, ...], set[str]] = {}
        for name, row in own.items():
            if longest[name] == notes - 1:
                for index in range(len(row) - length + 1):
                    wanted.setdefault(tuple(row[index : index + length]), set()).add(name)
        for song, row in known.items():
            found = [index for index in places[song] if tuple(row[index : index + length]) in wanted]
            places[song] = found  # a longer run begins where a shorter one was found
            for index in found:
                for name in wanted[tuple(row[index : index + length])]:
                    if name != song:
                        longest[name] = notes
        if notes not in longest.values():
            break
    return longest


def onsets(sheet: LeadSheet) -> Notes:
    """Onset in sixteenths and pitch."""
    return [(onset, pitch) for onset, pitch, _ in sheet.notes]


def line(found: Mapping[str, int]) -> str:
    """How the longest runs lie."""
    values = np.array(list(found.values()))
    return (
        f"median {np.median(values):.0f}, 90 % {np.percentile(values, 90):.0f}, longest {values.max()}; "
        f"{int((values >= RUN).sum())} of {len(values)} share {RUN} notes and more"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = pieces_parser(__doc__)
    parser.add_argument("--pieces", type=int, default=40, help="of ours a kind (%(default)s)")
    parser.add_argument("--kinds", type=kind_names, default="pop,standards,waltzes,folk", help="which (%(default)s)")
    parser.need_packages("music21", install="pip install -e '.[test]'")
    options = parser.parse_args(arguments)
    with kept_in(options.pieces_folder) as folder:
        study(options, folder)


def study(options: Namespace, folder: Path) -> None:
    """Prints what the options ask for; what is made or read is kept in `folder`."""
    maker = PieceMaker(folder)
    songs: dict[str, Notes] = {}
    for corpus in ("pop909", "openewld"):
        for song in songs_of(corpus, options.data):
            songs[f"{corpus}/{song.name}"] = [(round(note.onset * 4), note.pitch) for note in song.notes]
    without_folk = dict(songs)
    for corpus in FOLK_SETS:
        for batch in corpus_sheets(corpus, options.data, folder):
            songs |= {sheet.name: onsets(sheet) for sheet in batch}
    print(f"{len(songs)} songs")
    pictures = study_pictures(options.photographs, options.pieces)
    for name in options.kinds:
        kind = MUSIC_KINDS[name]
        ours = {sheet.name: onsets(sheet) for sheet in sheets_of_pieces(made_pieces(kind, maker, pictures))}
        people = {sheet.name: onsets(sheet) for sheet in peoples_sheets(kind, options.data, folder, most=60)}
        print(name)
        for reading, known, any_speed in (
            ("as written, without folk", without_folk, False),
            ("as written", songs, False),
            ("at any speed", songs, True),
        ):
            for whose, tunes in (("ours", ours), ("people", people)):
                print(f"  {reading:24} {whose:7} {line(longest_known(tunes, known, any_speed=any_speed))}", flush=True)


if __name__ == "__main__":
    main()

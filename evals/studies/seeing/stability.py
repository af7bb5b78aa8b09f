"""Is the eye steady? How far valence and arousal move when the same picture is stored in another way.

    python -m evals.studies.seeing.stability FOLDER [--pictures 200]

FOLDER holds photographs; every n-th of them is taken, so that N remain. Each is resized to 60 %, recompressed (JPEG,
quality 60), cropped by 5 % (2.5 % a side), and stored lying on its side with the EXIF flag that turns it upright again; resized,
cropped and turned pictures are stored without loss. Printed for each change: median, 95th percentile and largest of how far the
readings move (-1..1), and the share that moves by less than .1 with its 95 % bootstrap interval.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evals.shared.command_line import ScriptParser
from evals.shared.data_sets import PHOTOGRAPHS
from evals.shared.pictures import evenly, pictures_in, save_copy
from img2music.evaluation.statistics import bootstrap_interval
from img2music.io.pictures import open_picture
from img2music.perceivers.offline import OfflinePerceiver

if TYPE_CHECKING:
    from collections.abc import Sequence

Numbers = NDArray[np.float64]
SMALL_MOVE = 0.1
CHANGES = ("resized to 60 %", "JPEG quality 60", "cropped by 5 %", "EXIF-turned")


def share(moves: Numbers) -> str:
    """The share of small moves and its 95 % bootstrap interval."""
    small = moves < SMALL_MOVE
    low, high = bootstrap_interval(small)
    return f"{small.mean():.3f} [{low:.3f}, {high:.3f}]"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_data("folder", PHOTOGRAPHS)
    parser.add_argument("--pictures", type=int, default=200, help="how many; 0 takes all (%(default)s)")
    options = parser.parse_args(arguments)
    pictures = evenly(pictures_in(options.folder), options.pictures)
    count = len(pictures)
    see = OfflinePerceiver()

    def felt(path: Path) -> tuple[float, float]:
        attributes = see(open_picture(path)).attributes
        return attributes.valence.value, attributes.arousal.value

    moves = np.zeros((len(CHANGES), count, 2))
    with tempfile.TemporaryDirectory() as folder:
        for column, picture in enumerate(pictures):
            before = np.array(felt(picture))
            for row, change in enumerate(CHANGES):
                moves[row, column] = np.abs(np.array(felt(save_copy(picture, change, Path(folder)))) - before)
    print(f"{count} pictures; moves of the reading".ljust(34), "median   95 %   largest   share below .1 [95 %]")
    for change, row in zip((*CHANGES, "all changes"), (*moves, moves.reshape(-1, 2)), strict=True):
        for axis, label in enumerate(("valence", "arousal")):
            own = row[:, axis]
            figures = f"{np.median(own):.3f}   {np.quantile(own, 0.95):.3f}   {own.max():.3f}     {share(own)}"
            print(f"  {change:18s} {label:13s} {figures}")


if __name__ == "__main__":
    main()

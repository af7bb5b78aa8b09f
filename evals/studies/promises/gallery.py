"""Ten photographs, ten pieces: are they different, complete, and true to what was promised?

    python -m evals.studies.promises.gallery [PICTURE ...] [-o OUT]

Composes every picture (default: demo/examples) with default wishes, checks that each folder has the files of the contract and that
every promise in its compliance table was kept, and prints how alike the tunes are: the share of four-note shapes (three intervals
with their durations, transposition left out) that two tunes have in common, Jaccard, for all pairs; 1 is the same tune in another key.
"""

from __future__ import annotations

import tempfile
from itertools import combinations, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import img2music
from evals.shared.command_line import ScriptParser
from evals.shared.paths import example_pictures
from img2music.metrics.symbolic.sequence_similarity import jaccard, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

FILES = {
    "piece.json",
    "scene.json",
    "plan.json",
    "score.mid",
    "score.musicxml",
    "score.abc",
    "score.svg",
    "pianoroll.svg",
    "audio.wav",
    "report.html",
}


def shapes(piece: img2music.Piece) -> set[tuple[object, ...]]:
    """The four-note shapes of a piece's tune."""
    tune = next(part for part in piece.score.parts if part.role == "melody").notes
    moves = [(after.pitch - before.pitch, before.duration_quarters) for before, after in pairwise(tune)]
    return set(runs(moves, 3))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_file("pictures", nargs="*", help="demo/examples if none is named")
    parser.add_argument("-o", "--out", type=Path, help="keep the pieces in this folder")
    options = parser.parse_args(arguments)
    pictures = options.pictures or example_pictures()
    with tempfile.TemporaryDirectory() as scratch:
        pieces = {picture.stem: compose(picture, (options.out or Path(scratch)) / picture.stem) for picture in pictures}
    for name, piece in pieces.items():
        plan = piece.plan
        rows = [row for row in piece.manifest.compliance if row.passed is not None]
        kept = sum(bool(row.passed) for row in rows)
        band = ", ".join(part.instrument for part in plan.parts)
        print(
            f"{name:13} {plan.style:16} {plan.key:14} {plan.meter:5} {plan.tempo_bpm:5g}  kept {kept}/{len(rows)}  {plan.title}: {band}"
        )
    tunes = {name: shapes(piece) for name, piece in pieces.items()}
    alike = sorted((jaccard(tunes[a], tunes[b]), a, b) for a, b in combinations(tunes, 2))
    middle, (most, one, other) = alike[len(alike) // 2][0], alike[-1]
    print(f"{len(alike)} pairs of tunes share {middle:.3f} of their shapes in the median, {most:.3f} at most ({one}, {other})")


def compose(picture: Path, folder: Path) -> img2music.Piece:
    """The piece of a picture, saved and checked against the contract."""
    piece = img2music.compose(picture)
    piece.save(folder)
    missing = FILES - {file.name for file in folder.iterdir() if file.stat().st_size}
    if missing:
        raise SystemExit(f"{picture}: {', '.join(sorted(missing))} missing")
    return piece


if __name__ == "__main__":
    main()

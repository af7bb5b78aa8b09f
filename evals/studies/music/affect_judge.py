"""How well the affect estimator agrees with people: held-out correlations on EMOPIA and VGMIDI, and from one to the other.

    python -m evals.studies.music.affect_judge EMOPIA VGMIDI [--cache FILE]

EMOPIA and VGMIDI are the folders that `evals.corpora.rated_music` describes; both sets are for evaluation only and
are no part of this project. Folds leave out whole songs (EMOPIA) and whole game series (VGMIDI). Intervals are 95 % bootstrap
intervals over the groups left out. `--cache` keeps the features of the sets between runs (an .npz of numbers; delete it after changing
the features).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evals.corpora.rated_music import rated_pieces
from evals.shared.command_line import ScriptParser
from evals.shared.correlations import correlation_with_interval
from evals.shared.data_sets import EMOPIA, VGMIDI
from img2music.metrics.affect.affect_estimator import AffectEstimator, held_out
from img2music.metrics.affect.affect_features import AffectFeatures

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_data("emopia", EMOPIA)
    parser.add_data("vgmidi", VGMIDI)
    parser.add_argument("--cache", type=Path, help="file that keeps the features between runs")
    options = parser.parse_args(arguments)
    pieces = rated_pieces(options.emopia, options.vgmidi, options.cache)
    sets = {source: [piece for piece in pieces if piece.source == source] for source in ("EMOPIA", "VGMIDI")}
    print("Pearson r of estimated and rated [95 % interval]     valence                     arousal")
    for source, own in sets.items():
        groups = [piece.group for piece in own]
        for name, rows in ((f"{source} alone", own), ("both sets", pieces)):
            estimated, rated = held_out(rows)[source]
            marks = [correlation_with_interval(estimated[:, axis], rated[:, axis], groups) for axis in (0, 1)]
            print(f"  {source} ({len(own)}), trained on {name}, groups left out".ljust(52), *marks)
        other = next(rest for name, rest in sets.items() if name != source)
        rule = AffectEstimator.fit(other)
        guesses = np.array([rule.estimate(piece.features) for piece in own])
        truth = np.array([(piece.valence, piece.arousal) for piece in own])
        print(
            f"  {source} ({len(own)}), trained on the other set".ljust(52),
            *(correlation_with_interval(guesses[:, axis], truth[:, axis], groups) for axis in (0, 1)),
        )
        right = np.mean(np.all(np.sign(estimated) == np.sign(rated), axis=1)) if source == "EMOPIA" else None
        if right is not None:
            print(f"  {source}: share put into the right quadrant".ljust(52), f"{right:.3f}")
    rule = AffectEstimator.fit(pieces)
    print("\nWhat a deviation of each feature adds (rule of both sets)")
    for name, (valence, arousal) in zip(AffectFeatures.names(), rule.weights, strict=True):
        print(f"  {name:20s} valence {valence:+.2f}   arousal {arousal:+.2f}")


if __name__ == "__main__":
    main()

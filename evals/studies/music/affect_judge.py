"""How well the affect estimator agrees with people: held-out correlations on EMOPIA and VGMIDI, and from one to the other.

    python evals/studies/music/affect_judge.py EMOPIA VGMIDI [--cache FILE]

EMOPIA and VGMIDI are the folders that `corpora.emopia` and `corpora.vgmidi` describe; both sets are for evaluation only and
are no part of this project. Folds leave out whole songs (EMOPIA) and whole game series (VGMIDI). Intervals are 95 % bootstrap
intervals over the groups left out. `--cache` keeps the features of the sets between runs (an .npz of numbers; delete it after changing
the features).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.corpora import emopia, vgmidi
from img2music.errors import DocumentError
from img2music.metrics.affect.affect_estimator import AffectEstimator, RatedPiece, held_out, pearson
from img2music.metrics.affect.affect_features import AffectFeatures, read_features

Numbers = NDArray[np.float64]
RESAMPLES = 2000


def rated_pieces(emopia_folder: Path, vgmidi_folder: Path, cache: Path | None = None) -> list[RatedPiece]:
    """Every readable piece of the two sets with its features."""
    if cache is not None and cache.exists():
        with np.load(cache) as kept:
            table, labels = kept["table"], kept["labels"]
        return [
            RatedPiece(AffectFeatures(*map(float, row[:-2])), float(row[-2]), float(row[-1]), str(group), str(source))
            for row, (group, source) in zip(table, labels, strict=True)
        ]
    pieces = []
    for source, files in (("EMOPIA", emopia.rated_files(emopia_folder)), ("VGMIDI", vgmidi.rated_files(vgmidi_folder))):
        for file, valence, arousal, group in files:
            try:
                features = read_features(file.read_bytes())
            except DocumentError as error:
                print(f"left out: {error}")
                continue
            if features is not None:
                pieces.append(RatedPiece(features, valence, arousal, group, source))
    if cache is not None:
        table = np.array([(*piece.features.vector(), piece.valence, piece.arousal) for piece in pieces])
        np.savez(cache, table=table, labels=np.array([(piece.group, piece.source) for piece in pieces]))
    return pieces


def interval(one: Numbers, other: Numbers, groups: list[str] | None = None) -> str:
    """Pearson's r and its 95 % bootstrap interval, resampling whole groups where they are given."""
    chance = np.random.default_rng(np.random.SeedSequence(0))
    names = [str(index) for index in range(len(one))] if groups is None else groups
    members = [np.flatnonzero(np.array(names) == name) for name in sorted(set(names))]
    drawn = []
    for _ in range(RESAMPLES):
        pick = np.concatenate([members[index] for index in chance.integers(0, len(members), len(members))])
        if np.ptp(one[pick]) > 0 and np.ptp(other[pick]) > 0:
            drawn.append(pearson(one[pick], other[pick]))
    if not drawn or np.ptp(one) < 1e-9:
        return "  (does not vary)         "
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{pearson(one, other):+.3f} [{low:+.3f}, {high:+.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description="held-out quality of the affect estimator")
    parser.add_argument("emopia", type=Path)
    parser.add_argument("vgmidi", type=Path)
    parser.add_argument("--cache", type=Path, help="file that keeps the features between runs")
    arguments = parser.parse_args()
    pieces = rated_pieces(arguments.emopia, arguments.vgmidi, arguments.cache)
    sets = {source: [piece for piece in pieces if piece.source == source] for source in ("EMOPIA", "VGMIDI")}
    print("Pearson r of estimated and rated [95 % interval]     valence                     arousal")
    for source, own in sets.items():
        groups = [piece.group for piece in own]
        for name, rows in ((f"{source} alone", own), ("both sets", pieces)):
            estimated, rated = held_out(rows)[source]
            marks = [interval(estimated[:, axis], rated[:, axis], groups) for axis in (0, 1)]
            print(f"  {source} ({len(own)}), trained on {name}, groups left out".ljust(52), *marks)
        other = next(rest for name, rest in sets.items() if name != source)
        rule = AffectEstimator.fit(other)
        guesses = np.array([rule.estimate(piece.features) for piece in own])
        truth = np.array([(piece.valence, piece.arousal) for piece in own])
        print(
            f"  {source} ({len(own)}), trained on the other set".ljust(52),
            *(interval(guesses[:, axis], truth[:, axis], groups) for axis in (0, 1)),
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

"""How a piece is likely to feel: valence and arousal estimated from its notes alone, by a rule learned from people's ratings.

A ridge regression on the features of `affect_features`, trained on demand from pieces that people have rated (EMOPIA: Hung et
al., ISMIR 2021; VGMIDI: Ferreira & Whitehead, ISMIR 2019). Both sets are for evaluation only: neither they nor anything fitted to them
is part of this project, so an estimator exists only where a user has the files and fits one (`evals/studies/music/affect_grid.py` does).

Conventions: an estimate counts standard deviations of people's ratings, 0 for the average rated piece; ratings are standardised
within each source, because a quadrant (-1 or 1) and a mean of thirty raters have different spreads. Rates, lengths and ratios
enter as logarithms; a feature further than three deviations from its mean counts as three, so that an extreme
piece does not get an absurd answer. Good enough to score batches (averages over 30 pieces and more), not one piece.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from img2music.errors import UsageError
from img2music.measurement import card, cards_by_name
from img2music.metrics.affect.affect_features import AffectFeatures, read_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from img2music.measurement import Measurement
    from img2music.performance import Performance

__all__ = ["CARDS", "AffectEstimator", "RatedPiece", "held_out", "pearson"]

_LOGARITHMIC = (
    "notes_a_second", "attacks_a_second", "interval_seconds", "interval_variation", "length_seconds", "articulation", "polyphony",
)  # fmt: skip
_RIDGE = 0.03
"""Weight of the penalty against the summed weight of the rows (our choice; held-out r moves by less than .01 from .005 to .1)."""
_FOLDS = 10
_FEWEST_ROWS = 30
_CUT = 3.0

CARDS = cards_by_name(
    *(
        card(
            f"estimated {name}",
            "standard deviations of ratings",
            f"{says} people would find it, from speed, register, mode and dissonance of its notes.",
            "Blind to loudness, timbre and drums; taught by piano music, so a band's many notes look like excitement; meant for "
            "averages over thirty pieces and more, not for one.",
            low=-_CUT,
            high=_CUT,
            better="neither",
        )
        for name, says in (("valence", "How pleasant"), ("arousal", "How stirring"))
    )
)


@dataclass(frozen=True, slots=True)
class RatedPiece:
    """One piece and what people felt in it."""

    features: AffectFeatures
    valence: float
    arousal: float
    group: str
    """What it shares with other pieces (song, game series): a group is never split between training and testing."""
    source: str
    """The set it is from; ratings are standardised within it, and every set weighs the same."""


@dataclass(frozen=True)
class AffectEstimator:
    """A fitted rule; see the module's docstring. Make one with `fit`."""

    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    weights: NDArray[np.float64]
    """Shape (features, 2): what a deviation of each feature adds to valence and to arousal."""
    pieces: int
    """How many it was fitted on."""
    quality: tuple[float, float]
    """Pearson r of valence and arousal on pieces of groups it was not fitted on, averaged over the sources."""

    @classmethod
    def fit(cls, rows: Sequence[RatedPiece], *, ridge: float = _RIDGE) -> AffectEstimator:
        """The rule that explains the ratings best; its quality is measured on the way, by leaving groups out.

        Raises:
            UsageError: fewer than thirty pieces, or fewer than two groups, which leaves nothing to test on.
        """
        if len(rows) < _FEWEST_ROWS or len({(row.source, row.group) for row in rows}) < 2:
            raise UsageError(
                f"{len(rows)} rated pieces are too few to learn from; give {_FEWEST_ROWS} or more, of several groups"
            )
        quality = np.mean([_quality(*pair) for pair in held_out(rows, ridge=ridge).values()], axis=0)
        return cls(*_fit(rows, ridge), len(rows), (float(quality[0]), float(quality[1])))

    def estimate(self, features: AffectFeatures) -> tuple[float, float]:
        """Valence and arousal, in standard deviations of people's ratings; not limited."""
        deviations = np.clip((_scaled([features]) - self.means) / self.deviations, -_CUT, _CUT)
        valence, arousal = (deviations @ self.weights)[0]
        return float(valence), float(arousal)

    def measure(self, music: Performance | bytes) -> tuple[Measurement, Measurement]:
        """Valence and arousal of a performance or a MIDI file, each with its card; None where there are too few notes.

        Raises:
            DocumentError: the bytes are no readable MIDI file.
        """
        features = read_features(music)
        valence, arousal = (None, None) if features is None else self.estimate(features)
        return self._card("valence", valence, self.quality[0]), self._card("arousal", arousal, self.quality[1])

    def _card(self, name: str, value: float | None, quality: float) -> Measurement:
        found = CARDS[f"estimated {name}"]
        basis = f": 0 is the average of {self.pieces} rated pieces, on unseen ones r = {quality:.2f}."
        clipped = None if value is None else min(_CUT, max(-_CUT, value))
        return replace(found, value=clipped, explanation=found.explanation.removesuffix(".") + basis)


def held_out(rows: Sequence[RatedPiece], *, ridge: float = _RIDGE) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """For each source what was estimated and what was rated, each of shape (pieces, 2), every piece by a rule that never met its group.

    Whole groups are left out: ten folds of them, or as many as there are groups.
    """
    groups = sorted({(row.source, row.group) for row in rows})
    counts = {source: len(list(members)) for source, members in groupby(groups, key=lambda group: group[0])}
    folds: dict[tuple[str, str], int] = {}
    for source, members in groupby(groups, key=lambda group: group[0]):
        folds.update({group: number % min(_FOLDS, counts[source]) for number, group in enumerate(members)})
    estimated, rated = np.zeros((len(rows), 2)), _ratings(rows)
    places = np.array([folds[row.source, row.group] for row in rows])
    for fold in range(places.max() + 1):
        testing = [index for index, place in enumerate(places) if place == fold]
        means, deviations, weights = _fit([row for row, place in zip(rows, places, strict=True) if place != fold], ridge)
        unseen = _scaled([rows[index].features for index in testing])
        estimated[testing] = np.clip((unseen - means) / deviations, -_CUT, _CUT) @ weights
    sources = np.array([row.source for row in rows])
    return {source: (estimated[sources == source], rated[sources == source]) for source in sorted(counts)}


def pearson(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Pearson's correlation."""
    return float(np.corrcoef(one, other)[0, 1])


def _quality(estimated: NDArray[np.float64], rated: NDArray[np.float64]) -> tuple[float, float]:
    return pearson(estimated[:, 0], rated[:, 0]), pearson(estimated[:, 1], rated[:, 1])


def _scaled(features: Sequence[AffectFeatures]) -> NDArray[np.float64]:
    """Features as rows, those of `_LOGARITHMIC` as natural logarithms."""
    table = np.array([one.vector() for one in features])
    for column, name in enumerate(AffectFeatures.names()):
        if name in _LOGARITHMIC:
            table[:, column] = np.log(np.maximum(table[:, column], 1e-2))
    return table


def _ratings(rows: Sequence[RatedPiece]) -> NDArray[np.float64]:
    """Valence and arousal as rows, standardised within each source."""
    ratings = np.array([(row.valence, row.arousal) for row in rows], dtype=np.float64)
    sources = np.array([row.source for row in rows])
    for source in sorted(set(sources.tolist())):
        own = ratings[sources == source]
        spread = own.std(axis=0)
        ratings[sources == source] = (own - own.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)
    return ratings


def _fit(rows: Sequence[RatedPiece], ridge: float) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Means and deviations of the features, and the weights of a ridge regression in which every source weighs the same."""
    table = _scaled([row.features for row in rows])
    means, deviations = table.mean(axis=0), table.std(axis=0)
    deviations = np.where(deviations > 1e-9, deviations, 1.0)
    standard = np.clip((table - means) / deviations, -_CUT, _CUT)
    sources = [row.source for row in rows]
    weight = np.array([1 / sources.count(source) for source in sources])
    weight *= len(rows) / weight.sum()
    gram = standard.T @ (standard * weight[:, None]) + ridge * len(rows) * np.eye(standard.shape[1])
    return means, deviations, np.linalg.solve(gram, standard.T @ (_ratings(rows) * weight[:, None]))

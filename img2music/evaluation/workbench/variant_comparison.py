"""What the cells say together: the scores of every variant, and which of two is better.

Two prompts are compared on the same pictures with the same model, and two models on the same pictures with the same prompt. Seeds of a
picture are averaged first, because they are not independent of each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from img2music.evaluation.comparison import FEWEST_PAIRS, means_by_name, paired_difference
from img2music.evaluation.diversity import mean_trait_distance
from img2music.evaluation.statistics import mean_of_measured
from img2music.evaluation.workbench.cell_scores import SCORE_CARDS, score_record
from img2music.rng import generator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from img2music.evaluation.statistics import Mean
    from img2music.evaluation.workbench.cell_record import CellRecord
    from img2music.evaluation.workbench.prompt_grid import Grid, Variant

__all__ = [
    "Difference",
    "Summary",
    "compare_variants",
    "mean_diversity",
    "summarize_variants",
]


@dataclass(frozen=True, slots=True)
class Summary:
    """A prompt with a model over all its cells."""

    variant: Variant
    cells: int
    """In the grid."""
    done: int
    failed: int
    fell_back: int
    means: dict[str, Mean]
    """By score, "diversity" among them (it counts pairs of pictures)."""
    troubles: tuple[str, ...]
    """Why cells failed or fell back, each reason once, the most frequent first."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One score of two variants, `a` less `b`."""

    score: str
    a: Variant
    b: Variant
    mean: float
    low: float | None
    high: float | None
    """95 % interval; None with fewer than five pictures."""
    pictures: int
    """On which both were measured."""
    better: Variant | None
    """None is "can't tell"."""

    @property
    def verdict(self) -> str:
        """In words."""
        if self.low is None:
            return f"can't tell: {self.pictures} picture{'s' * (self.pictures != 1)}, {FEWEST_PAIRS} are needed"
        return "can't tell" if self.better is None else f"{self.better.label} is better"


def _records_by_variant(grid: Grid, records: Mapping[str, CellRecord]) -> dict[Variant, list[CellRecord]]:
    found: dict[Variant, list[CellRecord]] = {variant: [] for variant in grid.variants}
    for cell in grid.cells():
        if cell.name in records:
            found[cell.variant].append(records[cell.name])
    return found


def summarize_variants(
    grid: Grid, records: Mapping[str, CellRecord], ratings: Mapping[str, tuple[float, float]] | None
) -> list[Summary]:
    """Every prompt with every model, in the order given."""
    made = []
    for variant, own in _records_by_variant(grid, records).items():
        scored = [score_record(record, ratings) for record in own]
        means = {name: mean_of_measured([scores[name] for scores in scored]) for name in SCORE_CARDS}
        means["diversity"] = mean_diversity(own)
        reasons: dict[str, int] = {}
        for record in own:
            if record.why:
                reasons[record.why] = reasons.get(record.why, 0) + 1
        made.append(
            Summary(
                variant,
                len(grid.pictures) * len(grid.seeds),
                sum(record.status == "done" for record in own),
                sum(record.status == "failed" for record in own),
                sum(record.status == "done" and record.fell_back for record in own),
                means,
                tuple(sorted(reasons, key=lambda reason: -reasons[reason])),
            )
        )
    return made


def mean_diversity(records: Sequence[CellRecord]) -> Mean:
    """Mean distance of the traits over all pairs of different pictures at the same seed."""
    by_seed: dict[int, list[CellRecord]] = {}
    for record in records:
        if record.traits:
            by_seed.setdefault(record.seed, []).append(record)
    apart = [
        mean_trait_distance(one.traits, other.traits)
        for own in by_seed.values()
        for one, other in combinations(own, 2)
        if one.picture_sha256 != other.picture_sha256
    ]
    return mean_of_measured(apart)


def compare_variants(
    grid: Grid, records: Mapping[str, CellRecord], ratings: Mapping[str, tuple[float, float]] | None
) -> list[Difference]:
    """Every score of every two prompts of one purpose with the same model, then of every two models with the same prompt."""
    by_picture = {variant: _scores_by_picture(own, ratings) for variant, own in _records_by_variant(grid, records).items()}
    made = []
    for a, b in _pairs(grid):
        for score in SCORE_CARDS:
            difference = _difference(score, a, b, by_picture[a][score], by_picture[b][score])
            if difference is not None:
                made.append(difference)
    return made


def _pairs(grid: Grid) -> list[tuple[Variant, Variant]]:
    pairs = list(combinations(grid.variants, 2))
    same_model = [(a, b) for a, b in pairs if a.model is b.model and a.prompt.purpose == b.prompt.purpose]
    return same_model + [(a, b) for a, b in pairs if a.prompt is b.prompt]


def _scores_by_picture(
    records: Sequence[CellRecord], ratings: Mapping[str, tuple[float, float]] | None
) -> dict[str, dict[str, float]]:
    """By score and picture, the mean over seeds of what was measured."""
    scored = [(record.picture_sha256, score_record(record, ratings)) for record in records]
    return {score: means_by_name((picture, scores[score]) for picture, scores in scored) for score in SCORE_CARDS}


def _difference(score: str, a: Variant, b: Variant, of_a: Mapping[str, float], of_b: Mapping[str, float]) -> Difference | None:
    found = paired_difference(of_a, of_b, seed=generator(0, "workbench", score, a.label, b.label))
    if found is None:
        return None
    low, high = found.interval or (None, None)
    better = None
    if found.tells:
        better = a if (found.mean > 0) == (SCORE_CARDS[score].better == "higher") else b
    return Difference(score, a, b, found.mean, low, high, found.pairs, better)

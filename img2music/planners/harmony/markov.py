"""Progressions drawn from statistics: which triad follows which, under weights and an ending that must be met.

`harmony.json` holds counts of chart songs, standards and chorales by mode (made by `evals/learn/learn_harmony.py`; only the training
half of each corpus). A `HarmonyModel` smooths them: the chance of a triad after two others backs off to its chance after one, and that to
its share of all triads, each as far as the context has been seen (Witten & Bell, IEEE Trans. Inf. Theory 37, 1991: a context
with n followers of k kinds keeps n/(n+k) of its own opinion). A triad never follows itself; how long it lasts is drawn apart.

`HarmonyModel.draw` is exact: messages run backwards from the cadence over all pairs of triads (forward filtering turned round), then the
triads are drawn from the front, so that every phrase has just the probability that the statistics and the weights give it among
all phrases that end as they must. (`phrase_harmony` draws some of them again, where a phrase that comes home has no dominant.)

Conventions: triads are numerals without figures ("V", "ii", "bVII", see `theory.chords`); weights are plain factors, 0 forbids. Sums run
in a fixed order over doubles without powers or logarithms, so that all machines draw alike. Knows nothing of bars and figures.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from img2music.resources import asset_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["HarmonyModel", "build_harmony_model", "load_harmony_model"]

_ORDER = {"chart": ("chart",), "standards": ("standards", "chart"), "chorales": ("chorales", "standards", "chart")}
"""Where a source has nothing to say about a mode, the next one is asked."""
_START_BELIEF = 6.0
"""Phrases' worth of trust in the overall shares where few openings were counted (our choice)."""

# Modes too rare in the corpora stand on turned progressions of a neighbour (see `evals/learn/learn_harmony.py`), whose tonic was another
# chord. These shares, mixed in, make the new one the centre: the tonic, then the chords with the mode's own note (our choice).
_CENTRE: dict[str, dict[str, float]] = {
    "lydian": {"I": 0.42, "II": 0.24, "vii": 0.08, "V": 0.1, "iii": 0.08, "vi": 0.08},
    "phrygian": {"i": 0.42, "II": 0.24, "vii": 0.12, "iv": 0.07, "VI": 0.08, "III": 0.07},
}
_CENTRE_SHARE = 0.55


@dataclass(frozen=True, slots=True, eq=False)
class HarmonyModel:
    """Smoothed statistics of one source and mode."""

    source: str
    """Where the counts came from in the end."""
    triads: tuple[str, ...]
    """The most common first."""
    share: NDArray[np.float64]
    """(K,): share of each triad."""
    first: NDArray[np.float64]
    """(K,): chance to begin a phrase."""
    after_one: NDArray[np.float64]
    """(K, K): chance of the second index after the first."""
    after_two: NDArray[np.float64]
    """(K, K, K): chance of the third index after the first two."""
    cadences: Mapping[tuple[str, str], int]
    """How often phrases ended with two triads."""
    rhythm: tuple[tuple[int, ...], ...]
    """Counts of 0, 1 .. 4 chords in a first, inner, last but one and last bar; empty where unknown."""
    colours: Mapping[str, Mapping[str, int]]
    """What was added to each triad, with its count."""

    def draw(
        self,
        count: int,
        endings: Mapping[tuple[str, str], float],
        weights: Sequence[Mapping[str, float]],
        chance: np.random.Generator,
        *,
        before: str | None = None,
    ) -> tuple[str, ...]:
        """A progression of `count` triads.

        Args:
            count: How many changes of triad, from 1.
            endings: Allowed last pairs with their weights; a single triad has to be the second of one of them.
            weights: A factor for every triad at every place (`count` of them); a triad left out counts 1.
            chance: The stream to draw from; `count` numbers are taken.
            before: The triad that sounded before, if any.

        Raises:
            ValueError: no progression meets both the weights and the endings.
        """
        index = {name: place for place, name in enumerate(self.triads)}
        factors = np.ones((count, len(index)))
        for place, row in enumerate(weights):
            for name, factor in row.items():
                if name in index:
                    factors[place, index[name]] = factor
        ending = np.zeros((len(index), len(index)))
        for (one, two), weight in endings.items():
            if one in index and two in index:
                ending[index[one], index[two]] = weight
        draws = chance.random(count)
        if count == 1:
            return (self.triads[_pick(_add(ending) * factors[0], draws[0])],)
        ending = ending * factors[-1]
        # ahead[t][a, b]: total weight of everything that may follow the triads a and b at the places t - 1 and t.
        ahead = {count - 2: np.broadcast_to(_add(ending.T), ending.shape)}
        for place in range(count - 3, 0, -1):
            coming = factors[place + 1] * ahead[place + 1]
            ahead[place] = _add(np.moveaxis(self.after_two * coming[None, :, :], 2, 0))
        begin = self._start(before) * factors[0]
        begin = begin * (ahead[0][0] if count == 2 else _add((self.after_one * factors[1] * ahead[1]).T))
        path = [_pick(begin, draws[0])]
        for place in range(1, count - 1):
            likely = self.after_one[path[0]] if place == 1 else self.after_two[path[-2], path[-1]]
            path.append(_pick(likely * factors[place] * ahead[place][path[-1]], draws[place]))
        path.append(_pick(ending[path[-1]], draws[-1]))
        return tuple(self.triads[place] for place in path)

    def bent(self, pairs: Mapping[tuple[str, str], float]) -> HarmonyModel:
        """The same model with factors on what follows what; chances are no longer normed, which drawing does not need."""
        index = {name: place for place, name in enumerate(self.triads)}
        factors = np.ones_like(self.after_one)
        for (one, two), factor in pairs.items():
            factors[index[one], index[two]] = factor
        return replace(self, after_one=self.after_one * factors, after_two=self.after_two * factors[None, :, :])

    def likelihoods(self, triads: Sequence[str]) -> list[float]:
        """The chance of each triad of a phrase after those before it, without weights or ending; unknown triads break the chain."""
        index = {name: place for place, name in enumerate(self.triads)}
        known = [index.get(name) for name in triads]
        chances: list[float] = []
        for place, one in enumerate(known):
            if one is None:
                continue
            last = known[place - 1] if place else None
            before = known[place - 2] if place > 1 else None
            if last is None:
                chances.append(float((self.first if place == 0 else self.share)[one]))
            else:
                chances.append(float(self.after_one[last, one] if before is None else self.after_two[before, last, one]))
        return chances

    def _start(self, before: str | None) -> NDArray[np.float64]:
        """How likely each triad begins a phrase after `before`, which may go on sounding."""
        if before not in self.triads:
            return self.first
        place = self.triads.index(before)
        follows = self.after_one[place].copy()
        follows[place] = 0.5 * self.first[place]
        begin: NDArray[np.float64] = self.first * (0.15 + follows)
        return begin


@lru_cache(maxsize=32)
def load_harmony_model(source: str, mode: str) -> HarmonyModel:
    """The model of a style's source in a mode; a neighbouring source speaks where it is silent."""
    sources: dict[str, Any] = _tree()["sources"]
    name = next(name for name in _ORDER[source] if mode in sources[name])
    return build_harmony_model(name, mode, sources[name][mode])


def build_harmony_model(source: str, mode: str, table: Mapping[str, Any]) -> HarmonyModel:
    """A model of counts as `harmony.json` holds them for one source and mode."""
    triads = tuple(table["chords"])
    counts = np.array([table["chords"][triad] for triad in triads], dtype=float)
    share = counts[:, 0] / _total(counts[:, 0])
    first = counts[:, 1] + _START_BELIEF * share
    first = first / _total(first)
    pairs = {(one, two): n for one, row in table["pairs"].items() for two, n in row.items()}
    triples = {(*context.split(), three): n for context, row in table["triples"].items() for three, n in row.items()}
    if mode in _CENTRE and "derived" in table:
        centre = np.array([_CENTRE[mode].get(triad, 0.0) for triad in triads])
        share = (1 - _CENTRE_SHARE) * share + _CENTRE_SHARE * centre
        first = np.array([0.8 if triad in {"I", "i"} else 0.0 for triad in triads]) + 0.2 * share
    after_one = _after_one(triads, pairs, share, centre=share if "derived" in table else None)
    return HarmonyModel(
        source=source,
        triads=triads,
        share=share,
        first=first,
        after_one=after_one,
        after_two=_after_two(triads, triples, after_one),
        cadences={(one, two): n for text, n in table["cadences"].items() for one, two in [text.split()]},
        rhythm=tuple(tuple(row) for row in table["rhythm"]) if _has_rhythm(table["rhythm"]) else (),
        colours=table["colours"],
    )


def _after_one(
    triads: tuple[str, ...],
    pairs: Mapping[tuple[str, str], int],
    share: NDArray[np.float64],
    centre: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """(K, K) chances, each row backing off to the shares of all other triads; `centre` draws turned rows to the new tonic."""
    rows = []
    for place, one in enumerate(triads):
        counts = np.array([pairs.get((one, two), 0) for two in triads], dtype=float)
        others = share.copy()
        others[place] = 0.0
        others = others / _total(others)
        kinds = max(1.0, float(np.count_nonzero(counts)))
        row = (counts + kinds * others) / (_total(counts) + kinds)
        if centre is not None:
            row = (1 - _CENTRE_SHARE) * row + _CENTRE_SHARE * others
        rows.append(row)
    return np.array(rows)


def _after_two(
    triads: tuple[str, ...], triples: Mapping[tuple[str, ...], int], after_one: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(K, K, K) chances, each row backing off to the chances after its second triad."""
    size = len(triads)
    index = {name: place for place, name in enumerate(triads)}
    counts = np.zeros((size, size, size))
    for (one, two, three), count in triples.items():
        counts[index[one], index[two], index[three]] = count
    totals = _add(np.moveaxis(counts, 2, 0))[:, :, None]
    kinds = np.maximum(1.0, np.count_nonzero(counts, axis=2).astype(float))[:, :, None]
    smoothed: NDArray[np.float64] = (counts + kinds * after_one[None, :, :]) / (totals + kinds)
    return smoothed


@lru_cache(maxsize=1)
def _tree() -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(asset_path("statistics/harmony.json").read_text(encoding="utf-8"))
    return tree


def _has_rhythm(rows: Sequence[Sequence[int]]) -> bool:
    return any(any(row) for row in rows)


def _add(layers: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum over the first axis, layer after layer, so that the order of additions is the same everywhere."""
    total: NDArray[np.float64] = np.zeros(layers.shape[1:])
    for layer in layers:
        total = total + layer
    return total


def _total(values: NDArray[np.float64]) -> float:
    return float(_add(values))


def _pick(weights: NDArray[np.float64], draw: float) -> int:
    """The index where the running sum of weights passes `draw` (0..1) of the total."""
    values = [float(weight) for weight in weights]
    total = 0.0
    for value in values:
        total += value
    if not total > 0:
        raise ValueError("no progression meets these weights and endings")
    goal, passed = draw * total, 0.0
    for place, value in enumerate(values):
        passed += value
        if value > 0 and passed > goal:
            return place
    return max(place for place, value in enumerate(values) if value > 0)

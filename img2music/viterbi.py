"""The cheapest path through layers of choices: Viterbi's algorithm (IEEE Trans. Inf. Theory 13, 1967), written once.

Walking basses, counter-melodies, voicings, part-writing and chord inversions all choose one thing a step so that the whole costs least.
Conventions: costs are plain numbers that add up, lower is better, negative ones allowed; of equals the first choice of a layer wins, so
the order in a layer is part of what is asked. Knows nothing of what a step or a cost means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from img2music.cancellation import checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["cheapest_path"]

T = TypeVar("T")


def cheapest_path(
    layers: Sequence[Sequence[tuple[T, float]]],
    step_cost: Callable[[int, T, T], float],
    *,
    arrival_cost: Callable[[int, T, T], float] | None = None,
    least_step_cost: float = float("-inf"),
) -> list[T]:
    """The choice made in each layer on the cheapest path, first layer first.

    Args:
        layers: for each step its choices, at least one, each with what it costs by itself.
        step_cost: what it costs to go from a choice of the layer before to one of layer number `place`: (place, before, after).
        arrival_cost: what a choice costs beside the one that was found the cheapest before it: it is added, and moves no choice of
            a way to it. For rules that are looked at afterwards.
        least_step_cost: no step costs less; ways that can't win any more are then not asked for.
    """
    if not layers:
        return []
    totals = [cost for _, cost in layers[0]]
    pointers: list[list[int]] = []
    for place in range(1, len(layers)):
        earlier = layers[place - 1]
        row, back = [], []
        checkpoint()
        for choice, own in layers[place]:
            best, best_index = float("inf"), 0
            for index, (before, _) in enumerate(earlier):
                total = totals[index]
                if total + least_step_cost >= best:
                    continue
                total += step_cost(place, before, choice)
                if total < best:
                    best, best_index = total, index
            best += own
            if arrival_cost is not None:
                best += arrival_cost(place, earlier[best_index][0], choice)
            row.append(best)
            back.append(best_index)
        totals = row
        pointers.append(back)
    index = min(range(len(totals)), key=totals.__getitem__)
    path = [layers[-1][index][0]]
    for place in range(len(layers) - 1, 0, -1):
        index = pointers[place - 1][index]
        path.append(layers[place - 1][index][0])
    return path[::-1]

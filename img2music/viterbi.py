"""The last step of every dynamic programme here: from the cheapest end back to the beginning.

Knows nothing of what a step or a cost is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["trace_back"]


def trace_back(costs: Sequence[float], back: Sequence[Sequence[int]]) -> list[int]:
    """The choice made in each layer on the cheapest path, first layer first.

    Args:
        costs: what the best path to each choice of the last layer costs; of equals the first wins.
        back: for each layer but the first, which choice of the layer before is the best way to each of its own.
    """
    place = min(range(len(costs)), key=costs.__getitem__)
    path = [place]
    for pointers in reversed(back):
        place = pointers[place]
        path.append(place)
    return path[::-1]

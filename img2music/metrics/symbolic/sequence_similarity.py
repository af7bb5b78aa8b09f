"""Likeness of sequences: edit distance, common subsequence, longest repetition, shared shapes.

A sequence holds anything hashable; here mostly the moves of a tune, so that transposition doesn't matter. All results are exact
and the same on every machine. Knows nothing of music.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = ["common_length", "edit_distance", "edit_likeness", "jaccard", "longest_repeat", "runs"]

T = TypeVar("T", bound="Hashable")


def edit_distance(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """Levenshtein's distance: the fewest insertions, deletions and replacements that turn one sequence into the other.

    One column of the table a step, its differences kept as bits of an integer (H. Hyyrö, "A bit-vector algorithm for computing
    Levenshtein and Damerau edit distances", Nordic Journal of Computing 10, 2003, figure 8).
    """
    if not one or not other:
        return max(len(one), len(other))
    where = _places(one)
    everything, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    up, down, distance = everything, 0, len(one)
    for item in other:
        equal = where.get(item, 0)
        diagonal = (((equal & up) + up) ^ up) | equal | down
        right_up, right_down = down | (everything & ~(diagonal | up)), diagonal & up
        distance += bool(right_up & last) - bool(right_down & last)
        right_up = (right_up << 1 | 1) & everything
        right_down = right_down << 1 & everything
        up, down = right_down | (everything & ~(diagonal | right_up)), right_up & diagonal
    return distance


def edit_likeness(one: Sequence[Hashable], other: Sequence[Hashable]) -> float:
    """1 for equal sequences, 0 where nothing fits: one minus the edit distance in parts of the longer sequence."""
    longest = max(len(one), len(other))
    return 1 - edit_distance(one, other) / longest if longest else 1.0


def common_length(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """Length of the longest common subsequence (M. Crochemore et al., Information Processing Letters 80, 2001: bit vectors)."""
    where = _places(one)
    everything = (1 << len(one)) - 1
    row = everything
    for item in other:
        hit = row & where.get(item, 0)
        row = (row + hit) | (row - hit)
    return len(one) - (row & everything).bit_count()


def _places(items: Sequence[Hashable]) -> dict[Hashable, int]:
    """For each item the bits of its places."""
    where: dict[Hashable, int] = {}
    for place, item in enumerate(items):
        where[item] = where.get(item, 0) | 1 << place
    return where


def runs(items: Sequence[T], length: int) -> list[tuple[T, ...]]:
    """Every run of `length` items, in order."""
    return [tuple(items[place : place + length]) for place in range(len(items) - length + 1)]


def jaccard(one: set[T], other: set[T]) -> float:
    """Shared members in parts of all members; 0 for two empty sets."""
    union = len(one | other)
    return len(one & other) / union if union else 0.0


def longest_repeat(items: Sequence[Hashable]) -> int:
    """Length of the longest run that comes again without overlapping itself; 0 if nothing does."""
    if len(items) < 2:
        return 0
    numbers: dict[Hashable, int] = {}
    word = [numbers.setdefault(item, len(numbers)) for item in items]

    def repeats(length: int) -> bool:
        first: dict[tuple[int, ...], int] = {}
        return any(place - first.setdefault(run, place) >= length for place, run in enumerate(runs(word, length)))

    # Every run inside a repeated run is repeated too, so the longest is found by halving.
    low, high = 0, len(word) // 2
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if repeats(middle) else (low, middle - 1)
    return low

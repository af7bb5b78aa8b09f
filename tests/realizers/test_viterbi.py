"""The cheapest path is the one that trying all of them finds."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from img2music.viterbi import cheapest_path

COSTS = st.integers(-4, 9)
LAYERS = st.lists(st.lists(COSTS, min_size=1, max_size=4), min_size=1, max_size=5)


def total(path: tuple[int, ...], layers: list[list[int]], steps: dict[tuple[int, int, int], int]) -> int:
    own = sum(layer[index] for layer, index in zip(layers, path, strict=True))
    return own + sum(steps[place, path[place - 1], path[place]] for place in range(1, len(path)))


@given(layers=LAYERS, data=st.data())
def test_no_path_costs_less(layers: list[list[int]], data: st.DataObject) -> None:
    places = range(1, len(layers))
    keys = [(p, one, two) for p in places for one in range(len(layers[p - 1])) for two in range(len(layers[p]))]
    steps = {key: data.draw(COSTS) for key in keys}
    priced = [[(index, float(cost)) for index, cost in enumerate(layer)] for layer in layers]
    least = min(steps.values(), default=0)
    for bound in (float("-inf"), float(least)):
        found = cheapest_path(priced, lambda *key: float(steps[key]), least_step_cost=bound)
        every = product(*(range(len(layer)) for layer in layers))
        assert total(tuple(found), layers, steps) == min(total(path, layers, steps) for path in every)


def test_of_equals_the_first_wins() -> None:
    layers = [[("a", 0.0), ("b", 0.0)], [("c", 0.0), ("d", 0.0)], [("e", 0.0), ("f", 0.0)]]
    assert cheapest_path(layers, lambda *_: 0.0) == ["a", "c", "e"]
    assert cheapest_path(layers, lambda *_: 0.0, least_step_cost=0.0) == ["a", "c", "e"]


def test_what_arrives_is_paid_and_chooses_no_way() -> None:
    layers = [[("a", 0.0), ("b", 1.0)], [("c", 0.0), ("d", 4.0)]]
    arrivals: list[tuple[int, str, str]] = []

    def arrival(place: int, before: str, after: str) -> float:
        arrivals.append((place, before, after))
        return 5.0 if after == "c" else 0.0

    assert cheapest_path(layers, lambda *_: 0.0, arrival_cost=arrival) == ["a", "d"]
    assert arrivals == [(1, "a", "c"), (1, "a", "d")]


@pytest.mark.parametrize("layers", [[], [[("a", 2.0), ("b", 1.0)]]])
def test_no_step_asks_for_no_step_cost(layers: list[list[tuple[str, float]]]) -> None:
    def never(*_: object) -> float:
        raise AssertionError

    assert cheapest_path(layers, never) == (["b"] if layers else [])

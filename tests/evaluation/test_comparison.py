"""Two measured on the same things: which is better, and when one can't tell."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from img2music.evaluation.comparison import FEWEST_PAIRS, means_by_name, paired_difference
from img2music.evaluation.statistics import Interval

FIRST = {str(place): 0.5 + place / 100 for place in range(8)}
SECOND = {str(place): 0.2 + place / 50 for place in range(2, 12)}


def test_only_what_both_were_measured_on_counts() -> None:
    found = paired_difference(FIRST, SECOND)
    assert found is not None
    assert found.pairs == 6
    assert found.mean == pytest.approx(sum(0.3 - place / 100 for place in range(2, 8)) / 6)
    assert found.tells
    other = paired_difference(SECOND, FIRST)
    assert other is not None
    assert other.mean == -found.mean
    assert paired_difference(FIRST, {}) is None


def test_few_pairs_and_an_interval_around_nothing_tell_nothing() -> None:
    few = {name: FIRST[name] for name in sorted(FIRST)[: FEWEST_PAIRS - 1]}
    found = paired_difference(few, dict.fromkeys(few, 0.0))
    assert found is not None
    assert (found.interval, found.tells) == (None, False)
    found = paired_difference(FIRST, {name: value + (-1) ** int(name) for name, value in FIRST.items()})
    assert found is not None
    assert isinstance(found.interval, Interval)
    assert not found.tells


def test_measurements_of_one_thing_are_averaged_first() -> None:
    assert means_by_name([("a", 1.0), ("b", None), ("a", 2.0), ("a", None), ("c", 4.0)]) == {"a": 1.5, "c": 4.0}


def test_what_is_general_knows_nothing_of_the_workbench() -> None:
    folder = Path(__file__).parents[2] / "img2music" / "evaluation"
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert "workbench" not in (node.module or ""), path.name

"""Tables of scores: numbers that can be read, and columns whose names fit however many prompts and models there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from img2music.evaluation.statistics import Mean
from img2music.evaluation.workbench.result_tables import column_names, format_mean, format_score, status_line
from tests.support.prompt_trials import cell_record, model_use, prompt_file, small_grid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    MakePicture = Callable[..., Path]


@pytest.mark.parametrize(
    ("score", "value", "text"),
    [
        ("affect", 0.834, "0.83"),
        ("affect", 0.00123, "0.0012"),
        ("affect", 0.0, "0.00"),
        ("cost", 0.0, "0.00"),
        ("cost", 0.000_072_4, "0.000072"),
        ("cost", 3.456, "3.46"),
        ("tokens in", 12_345.6, "12,346"),
        ("seconds", 61.26, "61.3"),
        ("seconds", 6.126, "6.13"),
    ],
)
def test_a_score_is_written_in_digits_that_count(score: str, value: float, text: str) -> None:
    written = format_score(score, value)
    assert written == text
    assert format_score(score, value, signed=True).startswith("+")


def test_what_was_not_measured_is_a_dash() -> None:
    assert format_mean("affect", Mean(None, 0)) == "-"
    assert format_mean("affect", Mean(0.5, 6)) == "0.50 (6)"


def test_a_line_says_what_became_of_a_cell() -> None:
    name = "mine/a"
    assert status_line(cell_record()).endswith(": valid")
    assert status_line(cell_record(uses=(model_use(repairs=1),))).endswith(": valid after 1 repair")
    assert status_line(cell_record(uses=(model_use(repairs=1), model_use(repairs=2)))).endswith(": valid after 3 repairs")
    assert status_line(cell_record(status="failed", why="no answer")).endswith(": failed: no answer")
    assert status_line(cell_record(fell_back=True, why="no JSON")).endswith(": not valid, made without the model: no JSON")
    assert status_line(cell_record()).startswith(name)


def test_columns_are_named_by_what_differs(tmp_path: Path, make_picture: MakePicture) -> None:
    prompts = [prompt_file(tmp_path, name, f"Look at {name}.") for name in ("a", "b")]
    picture = make_picture()
    many_prompts = small_grid(prompts, [picture], ["openai:x"]).variants
    assert column_names(many_prompts) == (["mine/a", "mine/b"], ["model: openai:x"])
    many_models = small_grid(prompts[:1], [picture], ["openai:x", "openai:y"]).variants
    assert column_names(many_models) == (["openai:x", "openai:y"], ["prompt: mine/a"])
    both = small_grid(prompts, [picture], ["openai:x", "openai:y"]).variants
    heads, legend = column_names(both)
    assert heads == ["#1", "#2", "#3", "#4"]
    assert legend == [f"{head}: {variant.label}" for head, variant in zip(heads, both, strict=True)]


def test_names_that_are_too_long_for_a_line_become_numbers(tmp_path: Path, make_picture: MakePicture) -> None:
    names = [f"{'long-' * 12}{number}" for number in range(3)]
    grid = small_grid([prompt_file(tmp_path, name, f"Look at {name}.") for name in names], [make_picture()], ["openai:x"])
    heads, legend = column_names(grid.variants)
    assert heads == ["#1", "#2", "#3"]
    assert legend[0] == f"#1: mine/{names[0]} · openai:x"

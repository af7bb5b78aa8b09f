"""Summaries and differences as rows of text for a terminal, and as objects for programs."""

from __future__ import annotations

from itertools import groupby
from math import floor, log10
from typing import TYPE_CHECKING, Any

from img2music.evaluation.workbench.cell_scores import SCORE_CARDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.evaluation.statistics import Mean
    from img2music.evaluation.workbench.cell_record import CellRecord
    from img2music.evaluation.workbench.prompt_grid import Variant
    from img2music.evaluation.workbench.variant_comparison import Difference, Summary

__all__ = [
    "SCORES",
    "column_names",
    "difference_object",
    "difference_rows",
    "format_mean",
    "format_score",
    "group_by_pair",
    "pair_names",
    "score_rows",
    "status_line",
    "summary_object",
    "verdict_words",
]

_WIDTH = 64
"""Of all heads together: the rest of a narrow terminal is for the scores' names."""
SCORES: tuple[str, ...] = (
    "validity", "first try", "repairs", "mends", "compliance", "citations", "affect", "diversity", "tokens in", "tokens out", "seconds",
    "cost",
)  # fmt: skip
"""In the order of tables."""
assert set(SCORES) == {*SCORE_CARDS, "diversity"}  # noqa: S101  a new score needs a place


def format_score(score: str, value: float, *, signed: bool = False) -> str:
    """A score's value in few characters."""
    sign = "+" if signed else ""
    if score == "cost" or 0 < abs(value) < 0.005:
        digits = 2 if value == 0 else min(9, max(2, 1 - floor(log10(abs(value)))))  # two that count, however small it is
        return f"{value:{sign}.{digits}f}"
    if score in {"tokens in", "tokens out"}:
        return f"{value:{sign},.0f}"
    return f"{value:{sign}.1f}" if score == "seconds" and abs(value) >= 10 else f"{value:{sign}.2f}"


def format_mean(score: str, mean: Mean) -> str:
    """A mean with its count: "0.83 (6)"; a dash where nothing was measured."""
    return "-" if mean.value is None else f"{format_score(score, mean.value)} ({mean.count})"


def status_line(record: CellRecord) -> str:
    """Which cell it was and what came of it, in one line."""
    name = f"{record.prompt} · {record.model} · {record.picture} · seed {record.seed}"
    if record.status == "failed":
        return f"{name}: failed: {record.why}"
    if record.fell_back:
        return f"{name}: not valid, made without the model: {record.why}"
    repairs = sum(use.repairs for use in record.uses)
    return f"{name}: valid" + (f" after {repairs} repair{'s' * (repairs != 1)}" if repairs else "")


def column_names(variants: Sequence[Variant]) -> tuple[list[str], list[str]]:
    """A short name for every variant, and lines that say what the names stand for, where they need it."""
    models, prompts = {variant.model for variant in variants}, {variant.prompt for variant in variants}
    if len(models) == 1 and sum(len(variant.prompt.label) + 2 for variant in variants) <= _WIDTH:
        return [variant.prompt.label for variant in variants], [f"model: {variants[0].model.label}"]
    if len(prompts) == 1 and sum(len(variant.model.label) + 2 for variant in variants) <= _WIDTH:
        return [variant.model.label for variant in variants], [f"prompt: {variants[0].prompt.label}"]
    letters = [f"#{number}" for number in range(1, len(variants) + 1)]
    return letters, [f"{letter}: {variant.label}" for letter, variant in zip(letters, variants, strict=True)]


def score_rows(table: Sequence[Summary], heads: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Heads and rows: a score a row, a prompt with a model a column; what nobody measured has no row."""
    cells = [f"{one.done}/{one.cells}" + (f", {one.failed} failed" if one.failed else "") for one in table]
    rows = [["cells", *cells]]
    rows += [
        [score, *(format_mean(score, summary.means[score]) for summary in table)]
        for score in SCORES
        if any(summary.means[score].value is not None for summary in table)
    ]
    return ["score", *heads], rows


def difference_rows(differences: Sequence[Difference]) -> tuple[list[str], list[list[str]]]:
    """Heads and rows for two variants: a score a row."""
    rows = []
    for one in differences:
        reach = "-"
        if one.low is not None and one.high is not None:
            reach = f"{format_score(one.score, one.low, signed=True)} to {format_score(one.score, one.high, signed=True)}"
        rows.append([one.score, format_score(one.score, one.mean, signed=True), reach, str(one.pictures), verdict_words(one)])
    return ["score", "difference", "95 % interval", "pictures", "verdict"], rows


def verdict_words(one: Difference) -> str:
    """Who is better, by name."""
    first, second, _ = pair_names(one)
    return one.verdict if one.better is None else f"{first if one.better is one.a else second} is better"


def group_by_pair(differences: Sequence[Difference]) -> list[list[Difference]]:
    """The differences of every two variants together, in order."""
    return [list(group) for _, group in groupby(differences, key=lambda one: (one.a, one.b))]


def pair_names(one: Difference) -> tuple[str, str, str]:
    """What is compared with what, and what both have in common."""
    if one.a.model is one.b.model:
        return one.a.prompt.label, one.b.prompt.label, one.a.model.label
    return one.a.model.label, one.b.model.label, one.a.prompt.label


def summary_object(summary: Summary) -> dict[str, Any]:
    """For programs."""
    return {
        "what": "scores",
        "prompt": summary.variant.prompt.label,
        "prompt_digest": summary.variant.prompt.template.digest,
        "purpose": summary.variant.prompt.purpose,
        "model": summary.variant.model.label,
        "cells": summary.cells,
        "done": summary.done,
        "failed": summary.failed,
        "fell_back": summary.fell_back,
        "scores": {name: {"mean": summary.means[name].value, "count": summary.means[name].count} for name in SCORES},
        "troubles": list(summary.troubles),
    }


def difference_object(one: Difference) -> dict[str, Any]:
    """For programs."""
    first, second, common = pair_names(one)
    return {
        "what": "difference",
        "compare": "prompts" if one.a.model is one.b.model else "models",
        "first": first,
        "second": second,
        "with": common,
        "score": one.score,
        "difference": one.mean,
        "interval_95": None if one.low is None else [one.low, one.high],
        "pictures": one.pictures,
        "better": None if one.better is None else ("first" if one.better is one.a else "second"),
    }

"""Options of a renderer: they come from pipeline files, so anything may be in them."""

from __future__ import annotations

import math
from os import PathLike

from img2music.errors import UsageError

__all__ = ["number_option", "weights_option", "whole_option"]

_LONGEST = 40
"""Characters of a wrong value that are quoted."""


def number_option(name: str, value: object, low: float, high: float) -> float:
    """`value` where it is a number from `low` to `high`.

    Raises:
        UsageError: it is none, or lies outside.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not low <= value <= high:
        raise UsageError(f"{name} is a number from {low:g} to {high:g}, not {_quoted(value)}; change it in the pipeline")
    return float(value)


def whole_option(name: str, value: object, low: int, high: int) -> int:
    """`value` where it is a whole number from `low` to `high`; errors as of `number_option`."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise UsageError(f"{name} is a whole number from {low} to {high}, not {_quoted(value)}; change it in the pipeline")
    return value


def weights_option(value: object) -> str:
    """`value` where it may be a name of weights or a folder: a path or a text; errors as of `number_option`."""
    if not isinstance(value, str | PathLike) or not str(value):
        raise UsageError(f"weights are a name or a folder, not {_quoted(value)}; change it in the pipeline")
    return str(value)


def _quoted(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."

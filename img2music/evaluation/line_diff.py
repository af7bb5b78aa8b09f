"""Two lists of lines side by side in one: what only the first has, what only the second has, and a little of what both have.

Added and removed lines are marked by their sign and by `ins` and `del`, colour being the third mark and never the only one.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from img2music.report.page.html import Html, el

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["diff_lines"]

_AROUND = 1
_MOST_LINES = 300


def diff_lines(first: Sequence[str], second: Sequence[str]) -> tuple[list[Html], int]:
    """The lines as markup, and how many of them are in one list only."""
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    made: list[Html] = []
    count = 0
    for number, group in enumerate(matcher.get_grouped_opcodes(_AROUND)):
        if number:
            made.append(el("span", "…", class_="gap"))
        for tag, begin, end, begin_other, end_other in group:
            if tag == "equal":
                made += [el("span", f"  {line}") for line in first[begin:end]]
                continue
            made += [el("del", f"− {line}") for line in first[begin:end]]
            made += [el("ins", f"+ {line}") for line in second[begin_other:end_other]]
            count += (end - begin) + (end_other - begin_other)
    if len(made) > _MOST_LINES:
        made = [*made[:_MOST_LINES], el("span", f"… {len(made) - _MOST_LINES} more lines", class_="gap")]
    return made, count

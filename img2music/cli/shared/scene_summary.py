"""A scene on the screen: a sentence, then what it shows, how it looks, its colours, and what that suggests.

A terminal gets colour and its own width, anything else plain lines of at most 80 columns. Words come from `report.scene_text`.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import typer

from img2music.cli.shared.console import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from img2music.scene import Scene

__all__ = ["print_scene_summary"]

_PLAIN_WIDTH, _WIDEST = 80, 110
"""Columns without a terminal, and at most on one: longer lines are hard to read."""


def print_scene_summary(scene: Scene, source: str) -> None:
    """Prints what was seen in the picture `source`, for people."""
    from rich.console import Console
    from rich.text import Text

    from img2music.report.scene_text import scene_sentences

    terminal = sys.stdout.isatty()
    width = min(_WIDEST, Console().width) if terminal else _PLAIN_WIDTH
    page = Console(file=io.StringIO(), force_terminal=terminal, width=width, highlight=False, emoji=False, markup=False)
    picture = scene.picture
    # Not wrapped: a path that is broken in two is none.
    page.print(Text(clean(f"{source}: {picture.format}, {picture.width} × {picture.height}"), style="bold"), soft_wrap=True)
    for remark in picture.notes:
        page.print(Text(clean(f"note: {remark}")))
    page.print(Text(clean(" ".join(scene_sentences(scene)))))
    _print_sections(page, scene)
    assert isinstance(page.file, io.StringIO)  # noqa: S101  made above
    for line in page.file.getvalue().split("\n"):
        typer.echo(line.rstrip())


def _print_sections(page: Console, scene: Scene) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from img2music.report.scene_rows import feeling_rows, look_rows, shown_rows, suggestions

    looks = look_rows(scene)
    half = (len(looks) + 1) // 2
    beside = [(*one, *other) for one, other in zip(looks[:half], (*looks[half:], ("", "")), strict=False)]
    colours = [("██", swatch.words, swatch.hex, f"{swatch.share:.0%}") for swatch in scene.colours]
    styles = [swatch.hex for swatch in scene.colours]
    sections = (
        ("What it shows", _table(list(shown_rows(scene)))),
        ("How it looks", _table(beside, names=(0, 2))),
        ("How people may feel at it", _table(list(feeling_rows(scene)))),
        ("Colours", _table(colours if page.is_terminal else [row[1:] for row in colours], names=(), paints=styles)),
        ("What that suggests", _table(list(suggestions(scene)), heads=("", "", "sure", "because (share)"))),
    )
    for title, table in sections:
        if table.row_count:
            page.print()
            page.print(Text(title, style="bold"))
            page.print(Padding(table, (0, 0, 0, 2)))


def _table(
    rows: Sequence[tuple[str, ...]],
    *,
    names: tuple[int, ...] = (0,),
    heads: tuple[str, ...] = (),
    paints: list[str] | None = None,
) -> Table:
    """Rows without lines; `names` are the columns that name what the next one says, `paints` a colour for each row's first cell."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=bool(heads), header_style="dim", pad_edge=False)
    for column in range(len(rows[0]) if rows else 0):
        named = column in names
        right = bool(rows) and all(row[column].endswith("%") for row in rows)
        table.add_column(
            heads[column] if heads else "",
            style="cyan" if named else "",
            no_wrap=named or right,
            justify="right" if right else "left",
        )
    for place, row in enumerate(rows):
        cells = [Text(clean(cell)) for cell in row]
        if paints and row[0].startswith("█"):
            cells[0].stylize(paints[place])
        table.add_row(*cells)
    return table

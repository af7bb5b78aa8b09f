"""Writes docs/styles.md from the style files: `python docs/make_styles.py`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from img2music.io.style_files import load_style, style_names
from img2music.theory.pattern_names import PATTERNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from img2music.style import Style

HEAD = """# Styles

Made by `python docs/make_styles.py` from `img2music/styles/*.yaml`. Tempo in quarter notes a minute; the first metre is the one a
style is most at home in, others are played when asked for. `img2music styles show NAME` prints the file.

| style | what it is | tempo | metres | modes | feel | band (pattern) |
|---|---|---|---|---|---|---|
"""
PATTERNS_HEAD = """
## Patterns

What a style file or a plan may write under `pattern`. Each plays in every metre, more of it the more energy and density ask.

| role | pattern | what it plays | styles |
|---|---|---|---|
"""


def table() -> str:
    """The page."""
    rows = []
    for name in style_names():
        style = load_style(name)
        feel = "straight" if not style.swing else f"swing {style.swing:g}"
        tempo = f"{style.tempo_bpm[0]:g}–{style.tempo_bpm[1]:g}"
        rows.append(
            f"| {name} | {style.summary} | {tempo} | {', '.join(style.meters)} | {', '.join(style.modes)} | {feel} | {_band(style)} |\n"
        )
    return HEAD + "".join(rows) + PATTERNS_HEAD + "".join(_patterns())


def _band(style: Style) -> str:
    """Who plays what, and how."""
    return "; ".join(
        f"{part.role}{f' ({part.pattern})' if part.pattern else ''}: {' / '.join(part.instruments)}" for part in style.parts
    )


def _patterns() -> Iterator[str]:
    """A row a pattern, with the styles that play it."""
    styles = {name: {(part.role, part.pattern) for part in load_style(name).parts} for name in style_names()}
    for role, table in PATTERNS.items():
        for name, meaning in table.items():
            users = ", ".join(style for style, played in styles.items() if (role, name) in played)
            yield f"| {role} | {name} | {meaning} | {users} |\n"


if __name__ == "__main__":
    Path(__file__).with_name("styles.md").write_text(table(), encoding="utf-8")

"""Writes docs/styles.md from the style files: `python docs/make_styles.py`."""

from __future__ import annotations

from pathlib import Path

from img2music.io.styles import load_style, style_names

HEAD = """# Styles

Made by `python docs/make_styles.py` from `img2music/styles/*.yaml`. Tempo in quarter notes a minute; the first metre is the one a
style is most at home in, others are played when asked for. `img2music styles show NAME` prints the file.

| style | what it is | tempo | metres | modes | band |
|---|---|---|---|---|---|
"""


def table() -> str:
    """The page."""
    rows = []
    for name in style_names():
        style = load_style(name)
        band = "; ".join(f"{part.role}: {' / '.join(part.instruments)}" for part in style.parts)
        tempo = f"{style.tempo_bpm[0]:g}–{style.tempo_bpm[1]:g}"
        rows.append(f"| {name} | {style.summary} | {tempo} | {', '.join(style.meters)} | {', '.join(style.modes)} | {band} |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    Path(__file__).with_name("styles.md").write_text(table(), encoding="utf-8")

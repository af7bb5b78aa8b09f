"""What can be played, in lines for a model to read: kinds of music with their limits, instruments with what they can do.

Each name stands in one line and no more. Knows nothing of prompts and of pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.io.style_files import load_style, style_names
from img2music.theory import instrument, instrument_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from img2music.theory import Instrument

__all__ = ["CHORD_VOICES", "genre_lines", "instrument_lines", "player_lines", "style_lines"]

CHORD_VOICES = 3
"""An instrument that sounds fewer notes at once plays no chords."""


def style_lines(names: Iterable[str] | None = None) -> str:
    """One style a line: its name, what it is, its tempo, metres and modes; all of them, or those named in their order."""
    lines = []
    for name in style_names() if names is None else names:
        style = load_style(name)
        low, high = style.tempo_bpm
        lines.append(f"{name}: {style.summary} {low:g}-{high:g} bpm; {' '.join(style.meters)}; {' '.join(style.modes)}")
    return "\n".join(lines)


def genre_lines() -> str:
    """One style a line, as short as can be: its name, its limits of tempo, its metres."""
    lines = []
    for name in style_names():
        style = load_style(name)
        low, high = style.tempo_bpm
        lines.append(f"{name} {low:g}-{high:g} {' '.join(style.meters)}")
    return "\n".join(lines)


def instrument_lines() -> str:
    """One family a line: its name and its instruments."""
    families: dict[str, list[str]] = {}
    for name in instrument_names():
        families.setdefault(instrument(name).family, []).append(name)
    return "\n".join(f"{family}: {', '.join(names)}" for family, names in families.items())


def player_lines() -> str:
    """One line for all instruments that may take the same roles: the roles, then their names."""
    able: dict[str, list[str]] = {}
    for name in instrument_names():
        able.setdefault(_roles(instrument(name)), []).append(name)
    return "\n".join(f"{roles}: {', '.join(names)}" for roles, names in able.items())


def _roles(player: Instrument) -> str:
    if player.kit:
        return "only drums"
    if player.family == "bass":
        return "bass, counter, arpeggio"
    if player.voices < CHORD_VOICES:
        return "melody, counter, arpeggio, bass"
    return "every role but drums"

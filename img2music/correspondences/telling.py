"""What was seen and what can be played, in lines for a model to read.

Only names and words, no curves: a model can't read sixty numbers, and every line has a name that it may cite. Knows nothing of
prompts; who fills a template wraps these lines as data.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from img2music.io.styles import load_style, style_names
from img2music.scene import MusicalAttributes
from img2music.theory import instrument, instrument_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from img2music.scene import Cue, Scene, Swatch

__all__ = ["attribute_lines", "citable", "colour_lines", "cue_lines", "gist", "instrument_lines", "style_lines"]

_MOST_CITED = 3
_LEAST_SEEN = 0.05
"""What the eye is less sure of than this is not told: fifty subjects that are not there would bury the one that is."""


_ABSENT = ("no face", "no sign of", "no horizon", "nothing tells", "the light does not tell")
"""How the eye words that there is nothing to say."""


def cue_lines(cues: Iterable[Cue]) -> str:
    """One cue a line: its name and its words."""
    return "\n".join(f"{cue.name}: {cue.text}" for cue in cues if _tells(cue))


def _tells(cue: Cue) -> bool:
    if cue.name.startswith("sees_") and isinstance(cue.value, float):
        return cue.value >= _LEAST_SEEN
    return not cue.text.startswith(_ABSENT)


_INSIDE = re.compile(r"\(([^()]{3,60})\)")
_GIST = ("subject", "scene", "setting", "faces", "time_of_day", "weather", "season")
_NOTHING = frozenset({"", "unclear", "not sure", "none"})


def gist(scene: Scene) -> str:
    """The picture in one line: what it shows, when, how it feels, its colours. For models that lose themselves in a list."""
    words = [word for name in _GIST if (cue := scene.cue(name)) is not None and isinstance(cue.value, str) for word in _said(cue)]
    said = [cue.text.rstrip(".") for cue in scene.cues if cue.source == "model"][:3]
    moods = scene.attributes.mood.value[:3]
    colours = [colour.words for colour in scene.colours[:2]]
    told = [word.replace("_", " ") for word in (*said, *words, *moods, *colours) if word not in _NOTHING]
    return ", ".join(dict.fromkeys(told))


def _said(cue: Cue) -> list[str]:
    """The value of a cue that is a word; of a subject first the names that stand in brackets: "tabby cat" tells more than "pet"."""
    inside = _INSIDE.search(cue.text) if cue.name == "subject" and cue.value not in _NOTHING else None
    names = (
        [name.strip() for name in inside[1].split(",")[:2]] if inside is not None and not any(map(str.isdigit, inside[1])) else []
    )
    return [*names, str(cue.value)]


def colour_lines(colours: Iterable[Swatch]) -> str:
    """One colour a line: its name, its words, how much of the picture it covers."""
    return "\n".join(f"{colour.name}: {colour.words}, {colour.share:.0%} of the picture" for colour in colours)


def attribute_lines(attributes: MusicalAttributes, names: Iterable[str] = tuple(MusicalAttributes.model_fields)) -> str:
    """One attribute of those named a line: its name, its value, the leading cues behind it."""
    lines = []
    for name in names:
        attribute = getattr(attributes, name)
        value = attribute.value
        if isinstance(value, tuple):
            value = ", ".join(map(str, value))
        elif isinstance(value, float):
            value = f"{value:g}"
        cited = f" (from {', '.join(attribute.because[:_MOST_CITED])})" if attribute.because else ""
        lines.append(f"{name}: {value}{cited}")
    return "\n".join(lines)


def style_lines() -> str:
    """One style a line: its name, what it is, its tempo, metres and modes."""
    lines = []
    for name in style_names():
        style = load_style(name)
        low, high = style.tempo_bpm
        lines.append(f"{name}: {style.summary} {low:g}-{high:g} bpm; {', '.join(style.meters)}; {', '.join(style.modes)}")
    return "\n".join(lines)


def instrument_lines() -> str:
    """One family a line: its name and its instruments."""
    families: dict[str, list[str]] = {}
    for name in instrument_names():
        families.setdefault(instrument(name).family, []).append(name)
    return "\n".join(f"{family}: {', '.join(names)}" for family, names in families.items())


def citable(cues: Iterable[Cue], colours: Iterable[Swatch]) -> frozenset[str]:
    """Every name that may be given as a reason."""
    return frozenset([*(cue.name for cue in cues), *(colour.name for colour in colours)])

"""What was seen, in lines for a model to read.

Only names and words, no curves: a model can't read sixty numbers, and every line has a name that it may cite. Told are the facts that the
eye is sure of and that say something: what is recognised from a share on, what is measured where it differs from an ordinary photograph,
and of several that say the same the one that says it most. What the eye makes of people's feelings is not told to a model that is to
judge for itself. Knows nothing of prompts; who fills a template wraps these lines as data. What can be played is told in
`crossmodal.menus`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from img2music.crossmodal.cue_evidence import TYPICAL
from img2music.crossmodal.seen_instruments import INSTRUMENT_PREFIX, SURE
from img2music.scene import MusicalAttributes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from img2music.scene import Cue, Scene, Swatch

__all__ = [
    "SURE_TO_EYES",
    "attribute_lines",
    "citable",
    "colour_lines",
    "cue_lines",
    "notable_cues",
    "scene_gist",
    "scene_prompt_text",
]

SURE_TO_EYES = 0.7
"""Share of a recognised thing from which it is told to a model that sees the picture itself: gravel has been a salamander at .54, a firework a
sea urchin at .64. Our choice."""
_MOST_FACTS, _MOST_SEEN, _MOST_COLOURS = 12, 15, 3
_MOST_CITED = 3
_FEWEST_DEVIATIONS = 0.7
"""How far from an ordinary photograph a measured cue has to be to be worth a line, in standard deviations. Our choice."""
_UNTOLD = frozenset({"", "unclear", "not sure", "none"})

# Measured cues that say much the same: of each row one is told, the one that is least usual.
_ALIKE: tuple[tuple[str, ...], ...] = (
    ("lightness", "brightness", "dark_share"),
    ("chroma", "saturation", "colourfulness"),
    ("warmth",),
    ("contrast", "tones", "masses"),
    ("edge_density", "texture"),
    ("edge_order", "edges_horizontal", "edges_vertical", "edges_diagonal"),
    ("open_space", "focus"),
    ("symmetry",),
    ("horizon_strength",),
    ("top_light",),
)
_CIRCUMSTANCES = ("time_of_day", "weather", "season")
_COURSES = ("skyline", "brightness_profile")
"""Curves, in words; where the contour of a tune may come from."""


def notable_cues(cues: Iterable[Cue], *, sure: float = SURE, feelings: bool = True, most: int = _MOST_FACTS) -> tuple[Cue, ...]:
    """The measured cues that are worth telling, the recognised ones first, then the least usual.

    Args:
        cues: of a scene; those that a model said are passed over.
        sure: share (0..1) from which a recognised thing is told.
        feelings: whether the eye's reading of feelings may be told too.
        most: how many at most.
    """
    known = {cue.name: cue for cue in cues if cue.source == "measured"}
    told = [*_recognised(known, sure)]
    told += [known[name] for name in _CIRCUMSTANCES if name in known and known[name].value not in _UNTOLD]
    kind, content = known.get("picture_kind"), known.get("content")
    told += [kind] if kind is not None and kind.value != "photograph" else []
    told += [content] if content is not None and isinstance(content.value, float) and content.value < SURE else []
    if isinstance(size := _value(known, "face_size"), float) and size > 0:
        told.append(known["face_size"])
        if feelings and isinstance(smiles := _value(known, "smiles"), float) and abs(smiles) >= SURE:
            told.append(known["smiles"])
    unusual = [max((known[name] for name in row if name in known), key=_unusual, default=None) for row in _ALIKE]
    measured = sorted((cue for cue in unusual if cue is not None), key=lambda cue: -_unusual(cue))
    told += [cue for cue in measured if _unusual(cue) >= _FEWEST_DEVIATIONS]
    if feelings:
        told += [known[name] for name in _COURSES if name in known and "level" not in known[name].text]
    return tuple(told[:most])


def _recognised(known: dict[str, Cue], sure: float) -> Iterable[Cue]:
    """The subject where it is sure enough, and the instruments that are seen."""
    groups = [cue.value for name, cue in known.items() if name.startswith("sees_") and isinstance(cue.value, float)]
    subject = known.get("subject")
    if subject is not None and subject.value not in _UNTOLD and sum(groups) >= sure:
        yield subject
    for name, cue in known.items():
        if name.startswith(INSTRUMENT_PREFIX) and isinstance(cue.value, float) and cue.value >= sure:
            yield cue


def _value(known: dict[str, Cue], name: str) -> object:
    return known[name].value if name in known else None


def _unusual(cue: Cue) -> float:
    """How many standard deviations a measured cue is from that of an ordinary photograph."""
    if not isinstance(cue.value, float) or cue.name not in TYPICAL:
        return 0.0
    mean, deviation = TYPICAL[cue.name]
    return abs(cue.value - mean) / deviation


def cue_lines(cues: Iterable[Cue]) -> str:
    """One cue a line: its name and its words."""
    return "\n".join(f"{cue.name}: {cue.text}" for cue in cues)


def scene_prompt_text(scene: Scene) -> str:
    """A whole scene for a model that plans: what a model saw, then the facts, then the leading colours; fifteen lines at most."""
    seen = [cue for cue in scene.cues if cue.source == "model"]
    colours = scene.colours[:_MOST_COLOURS]
    left = _MOST_SEEN - len(colours) - len(seen)
    told = notable_cues(scene.cues, feelings=not seen, most=max(0, min(_MOST_FACTS, left)))
    return "\n".join(text for text in (cue_lines((*seen, *told)), colour_lines(colours)) if text)


_INSIDE = re.compile(r"\(([^()]{3,60})\)")
_GIST = ("subject", "scene", "setting", "faces", "time_of_day", "weather", "season")


def scene_gist(scene: Scene) -> str:
    """The picture in one line: what it shows, when, how it feels, its colours. For models that lose themselves in a list."""
    words = [word for name in _GIST if (cue := scene.cue(name)) is not None and isinstance(cue.value, str) for word in _said(cue)]
    said = [cue.text.rstrip(".") for cue in scene.cues if cue.source == "model"][:3]
    moods = scene.attributes.mood.value[:3]
    colours = [colour.words for colour in scene.colours[:2]]
    told = [word.replace("_", " ") for word in (*said, *words, *moods, *colours) if word not in _UNTOLD]
    return ", ".join(dict.fromkeys(told))


def _said(cue: Cue) -> list[str]:
    """The value of a cue that is a word; of a subject first the names that stand in brackets: "tabby cat" tells more than "pet"."""
    inside = _INSIDE.search(cue.text) if cue.name == "subject" and cue.value not in _UNTOLD else None
    names = (
        [name.strip() for name in inside[1].split(",")[:2]] if inside is not None and not any(map(str.isdigit, inside[1])) else []
    )
    return [*names, str(cue.value)]


def colour_lines(colours: Iterable[Swatch]) -> str:
    """One colour a line: its name, its words, how much of the picture it covers."""
    return "\n".join(f"{colour.name}: {colour.words}, {colour.share:.0%}" for colour in colours)


_SCALES = {
    "valence": "-1 unpleasant..1 pleasant",
    "arousal": "-1 calm..1 stirring",
    "density": "-1 thinner..1 fuller than usual",
    "height": "semitones higher than usual, -12..12",
    "contour": "what the tune's long line leans to",
}
_LEAST_SAID = {"density": 0.05, "height": 0.5}
"""Shifts of less say nothing."""


def attribute_lines(
    attributes: MusicalAttributes,
    names: Iterable[str] = tuple(MusicalAttributes.model_fields),
    shown: frozenset[str] = frozenset(),
) -> str:
    """One attribute of those named a line: its name, its value with its scale, the leading cues behind it.

    Cues are named only where they are among those `shown`. What moves nothing (a density or a height of 0, a contour of the picture's own)
    is left out.
    """
    lines = []
    for name in names:
        attribute = getattr(attributes, name)
        value = attribute.value
        if value == "own" or (name in _LEAST_SAID and abs(value) < _LEAST_SAID[name]):
            continue
        if isinstance(value, tuple):
            value = ", ".join(map(str, value))
        elif isinstance(value, float):
            value = f"{value:.3g}" if name == "tempo_bpm" else f"{value:+.2f}" if abs(value) < 1 else f"{value:+.1f}"
        scale = f" ({_SCALES[name]})" if name in _SCALES else ""
        cited = [cue for cue in attribute.because if cue in shown][:_MOST_CITED]
        lines.append(f"{name}: {value}{scale}" + (f" because of {', '.join(cited)}" if cited else ""))
    return "\n".join(lines)


def citable(cues: Iterable[Cue], colours: Iterable[Swatch]) -> frozenset[str]:
    """Every name that may be given as a reason."""
    return frozenset([*(cue.name for cue in cues), *(colour.name for colour in colours)])

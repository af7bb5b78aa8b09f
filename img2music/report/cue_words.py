"""How cues are called on a page and on the screen, and what they say there: plain words for names such as ``sees_ruin`` and ``weight_x``.

A scene's own names and texts stay in `scene.json`, where they are cited and edited; here they are only shown. Names that other eyes give are
shown with spaces. Knows nothing of HTML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from img2music.report.text_format import format_number

if TYPE_CHECKING:
    from img2music.scene import Cue, Scene, Swatch

__all__ = ["cue_figure", "cue_name", "cue_statement", "cue_text", "find_cue", "swatch_figure", "thing_words"]

_NAMES = {
    "aspect": "format",
    "brightness": "brightness",
    "brightness_profile": "light from left to right",
    "chroma": "depth of colour",
    "colour_mood": "mood of the colours",
    "content": "how much there is to see",
    "dark_share": "dark areas",
    "edge_density": "amount of detail",
    "edge_direction": "direction of the lines",
    "edge_order": "order of the lines",
    "edges_diagonal": "slanting lines",
    "edges_horizontal": "level lines",
    "edges_vertical": "upright lines",
    "face_size": "size of the largest face",
    "feels_arousal": "how stirring it feels",
    "feels_spread": "how far people may differ",
    "feels_valence": "how pleasant it feels",
    "focus": "centre of attention",
    "fog": "mist",
    "horizon_strength": "how clear the horizon is",
    "masses": "large areas of light and dark",
    "open_space": "empty space",
    "picture_kind": "kind of picture",
    "smiles": "look on the faces",
    "tones": "range of tones",
    "top_light": "light from above",
    "weight_x": "balance from left to right",
    "weight_y": "balance from top to bottom",
}
_NO_ARTICLE = {"food", "clothing", "jewellery", "electronics", "medicine", "text", "snow", "sport"}
_PHRASES = {
    "freshwater": "fresh water",
    "household": "household things",
    "art": "a work of art",
    "light_fire": "a candle or fire",
    "sealife": "a sea animal",
    "medical": "medicine",
}
_SEEN = ("sees_", "instrument_")
"""How the names of cues begin that say what is recognised; their values are shares of certainty."""
_LIKELY = "likely_"
_SHARE = re.compile(r"(?<= )([01]\.\d{2})(?=[,)]|$)")
_BESIDE_NAMED = re.compile(r"(less|more) (pleasant|exciting) than what can be named \([-+][\d.]+\)")
_AS_NAMED = re.compile(r"no more and no less than what can be named \([-+][\d.]+\)")
_SPREAD = re.compile(r"people's mean rating is likely within ([\d.]+) of the reading")


def thing_words(subject: str) -> str:
    """A subject as a sentence names it: "a sea", "an insect", "food"."""
    if subject in _PHRASES:
        return _PHRASES[subject]
    plain = subject.replace("_", " ")
    return plain if plain in _NO_ARTICLE else f"{'an' if plain[:1] in 'aeiou' else 'a'} {plain}"


def cue_name(name: str) -> str:
    """A cue's name for people: "sees_ruin" is "a ruin", "weight_x" is "balance from left to right"."""
    if name in _NAMES:
        return _NAMES[name]
    for prefix in _SEEN:
        if name.startswith(prefix) and len(name) > len(prefix):
            return thing_words(name.removeprefix(prefix))
    if name.startswith(_LIKELY):
        return f"{name.removeprefix(_LIKELY).replace('_', ' ')} of any kind"
    return name.replace("_", " ")


def cue_text(cue: Cue) -> str:
    """What a cue says, without the program's own words: "less exciting than what it shows would be"."""
    text = cue.text
    if cue.name.startswith(_SEEN):
        return _SHARE.sub(lambda share: f"{float(share[1]):.0%}", text.partition(": ")[2] or text)
    if cue.name.startswith("edge"):
        text = re.sub(r"\bedges\b", "lines", text)
    text = re.sub(r"^brightest channel at (\d+%)", r"\1 bright", text)
    if cue.name == "fog" and text.startswith("contrast ") and isinstance(cue.value, float):
        return f"{cue.value:.0%} misty, by how soft its contrast and its colours are"
    text = _BESIDE_NAMED.sub(r"\1 \2 than what it shows would be", text)
    text = _AS_NAMED.sub("neither more nor less than what it shows would be", text)
    return _SPREAD.sub(r"people on average should lie within \1 of this", text)


def cue_figure(cue: Cue) -> str:
    """A cue's value in few characters: "0.82", "35%", "34°"; "" of a curve, which is drawn or told in words."""
    if not isinstance(cue.value, float):
        return cue.value if isinstance(cue.value, str) else ""
    if cue.name.startswith((*_SEEN, _LIKELY)):
        return f"{cue.value:.0%}"
    if cue.unit.startswith("degree"):
        return f"{format_number(round(cue.value))}°"
    if cue.unit.startswith("0..20"):
        return format_number(cue.value)  # faces are counted
    if not cue.unit or cue.unit[0] in "-−0123456789" or cue.unit.startswith(("width", "bits")):  # the unit only says the range
        return f"{cue.value:.2f}"
    return f"{cue.value:.3g} {cue.unit.partition(',')[0]}"


def cue_statement(cue: Cue) -> str:
    """Figure and words: "0.82: warm"."""
    figure, text = cue_figure(cue), cue_text(cue)
    return f"{figure}: {text}" if figure and figure != text else text


def find_cue(scene: Scene | None, name: str) -> tuple[Cue | None, Swatch | None]:
    """The cue or the swatch that a citation names; (None, None) where the scene has neither."""
    if scene is None:
        return None, None
    cue = scene.cue(name)
    return cue, None if cue is not None else next((swatch for swatch in scene.colours if swatch.name == name), None)


def swatch_figure(swatch: Swatch) -> str:
    """A colour in few words: "deep blue, #123456, 31% of the picture"."""
    return f"{swatch.words}, {swatch.hex}, {swatch.share:.0%} of the picture"

"""A scene in rows for people: what it shows, how it looks, what people may feel at it, and what it suggests for music.

Everything is quoted from the scene; what is absent or unclear is left out. Scenes of other eyes and written by hand may lack any cue.
Knows nothing of terminals and of HTML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from img2music.report.cue_words import cue_figure, cue_name, cue_text
from img2music.report.scene_text import FELT, LEFT_OUT, WIDE, attribute_label, cited_name, cue_value, short_figure
from img2music.report.text_format import format_number, join_words

if TYPE_CHECKING:
    from img2music.scene import Attribute, Cue, Scene

__all__ = ["Suggestion", "feeling_rows", "look_rows", "shown_rows", "suggestions"]

_SHOWN = (
    "subject",
    "sees_",
    "instrument_",
    "faces",
    "face_",
    "people",
    "picture_kind",
    "time_of_day",
    "weather",
    "season",
    "night",
    "low_sun",
    "fog",
)
_WORDS_THAT_MAY_BE_UNCLEAR = ("time_of_day", "weather", "season")


class Suggestion(NamedTuple):
    """One musical suggestion for people."""

    name: str
    value: str
    sure: str
    because: str
    """The cues with their shares where the scene says them: "sees sea .62, lightness .2"."""


def shown_rows(scene: Scene) -> tuple[tuple[str, str], ...]:
    """What the picture shows, as (name, words); what is unclear or zero is left out, and named in a last row."""
    rows = []
    for cue in scene.cues:
        if not _is_shown(cue.name) or cue.name in LEFT_OUT or (cue.value == 0 and cue.name != "faces") or cue.value == "unclear":
            continue
        strength = f", {cue_figure(cue)}" if cue.name in {"people", "night", "low_sun", "fog"} else ""
        rows.append((cue_name(cue.name), cue_text(cue) + strength))
    unclear = tuple(cue_name(name) for name in _WORDS_THAT_MAY_BE_UNCLEAR if cue_value(scene, name) == "unclear")
    return (*rows, *((("not clear", join_words(unclear)),) if unclear else ()))


def look_rows(scene: Scene) -> tuple[tuple[str, str], ...]:
    """How it looks, as (name, words with the figure), in the order of the scene; cues of other eyes are among them."""
    return tuple(
        (cue_name(cue.name), _with_figure(cue))
        for cue in scene.cues
        if not _is_shown(cue.name) and not cue.name.startswith((FELT, WIDE)) and cue.name not in LEFT_OUT
    )


def feeling_rows(scene: Scene) -> tuple[tuple[str, str], ...]:
    """What people may feel at it beyond what has a name, as (name, words)."""
    return tuple((cue_name(cue.name), _with_figure(cue)) for cue in scene.cues if cue.name.startswith(FELT))


def suggestions(scene: Scene) -> tuple[Suggestion, ...]:
    """What the scene suggests for music; what it leaves as it is has no row."""
    told, rows = scene.attributes, []
    for name in type(told).model_fields:
        attribute: Attribute[object] = getattr(told, name)
        if not attribute.because and attribute.confidence == 0:
            continue
        reasons = [
            cited_name(scene, cited) + (f" {short_figure(attribute.strengths[cited])}" if cited in attribute.strengths else "")
            for cited in attribute.because
        ]
        reasons += [f"{cue_name(cited)} (not there)" for cited in attribute.unfounded]
        if attribute.source == "model":
            reasons.insert(0, "the model says so")
        rows.append(
            Suggestion(
                attribute_label(name), _value_words(name, attribute.value), f"{attribute.confidence:.0%}", ", ".join(reasons)
            )
        )
    return tuple(rows)


def _is_shown(name: str) -> bool:
    return any(name == one or (one.endswith("_") and name.startswith(one)) for one in _SHOWN)


def _with_figure(cue: Cue) -> str:
    text = cue_text(cue)
    if isinstance(cue.value, float) and not any(letter.isdigit() for letter in text):
        return f"{text}, {cue_figure(cue)}"
    return text


def _value_words(name: str, value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value)
    if not isinstance(value, float):
        return str(value)
    if name in {"valence", "arousal"}:
        return short_figure(value, "+")
    if name == "density":
        return f"{short_figure(value, '+')}, {'fuller' if value > 0 else 'thinner'}" if value else "as usual"
    if name == "height":
        return f"{value:+.1f} semitones"
    return format_number(value)

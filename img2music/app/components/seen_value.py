"""What the views `picture`, `see` and `colours` draw of a scene."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from img2music.crossmodal.subject_rules import SUBJECTS
from img2music.report.cue_words import cue_figure, find_cue, swatch_figure
from img2music.report.page.page_colours import Theme, themes
from img2music.report.scene_rows import feeling_rows, look_rows, shown_rows
from img2music.report.scene_text import cited_name, scene_sentences
from img2music.scene import MusicalAttributes

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.scene import Box, Scene

__all__ = ["cited_cues", "colours_value", "seen_value"]

_MOST_CUES = 10
"""That are numbered on the picture; the rest stands in the list of all facts."""
_WHOLE_PICTURE = 0.98
"""A box of more than this part of the picture marks nothing."""


def cited_cues(scene: Scene) -> tuple[str, ...]:
    """Names of the cues and swatches that led to something, those that led to most first."""
    weights: dict[str, float] = {}
    for field in MusicalAttributes.model_fields:
        attribute = getattr(scene.attributes, field)
        for name in attribute.because:
            weights[name] = weights.get(name, 0.0) + attribute.strengths.get(name, 0.1)
    return tuple(sorted(weights, key=lambda name: -weights[name]))[:_MOST_CUES]


def seen_value(scene: Scene, plan: CompositionPlan | None = None, first: Scene | None = None) -> dict[str, Any]:
    """What the view `see` draws; its cues are those of the picture's marks, too.

    Args:
        scene: what was seen, perhaps with a person's corrections.
        plan: what was made of it, where that is known already.
        first: what the eye itself saw, where the scene was corrected.
    """
    sentences = scene_sentences(scene, plan)
    subject = scene.cue("subject")
    feeling, arousal = scene.attributes.valence.value, scene.attributes.arousal.value
    seen = scene if first is None else first
    moved = (seen.attributes.valence.value, seen.attributes.arousal.value) != (feeling, arousal)
    return {
        "sentence": " ".join(sentences),
        "cues": _cues(scene),
        "rows": [list(row) for row in (*shown_rows(scene), *look_rows(scene), *feeling_rows(scene))],
        "colours": [{"hex": one.hex, "words": one.words, "share": one.share} for one in scene.colours],
        "subject": {
            "value": "" if subject is None else str(subject.value).replace("_", " "),
            "text": "" if subject is None else subject.text,
            "known": sorted(name.replace("_", " ") for name in SUBJECTS),
        },
        "affect": {
            "valence": feeling,
            "arousal": arousal,
            "words": ", ".join(scene.attributes.mood.value).capitalize() + ".",
            "seen": {"valence": seen.attributes.valence.value, "arousal": seen.attributes.arousal.value} if moved else None,
        },
    }


def colours_value(scene: Scene | None) -> dict[str, Any]:
    """The page's colours for a picture: names of CSS variables and #rrggbb, for the light and the dark page."""
    light, dark = themes(scene.colours if scene is not None else ())
    return {"light": _variables(light), "dark": _variables(dark)}


def _variables(theme: Theme) -> dict[str, str]:
    plain = ("paper", "card", "line", "ink", "soft", "accent", "tint", "good", "bad")
    named = {name: getattr(theme, name) for name in plain}
    return {**named, "on-accent": theme.on_accent, **{f"m{place}": colour for place, colour in enumerate(theme.materials)}}


def _cues(scene: Scene) -> list[dict[str, Any]]:
    """Those with a place in the picture first, numbered from 1; the others have no number."""
    cues = sorted((_cue(scene, name) for name in cited_cues(scene)), key=lambda cue: cue["box"] is None)
    return [{**cue, "number": number if cue["box"] else None} for number, cue in enumerate(cues, 1)]


def _cue(scene: Scene, name: str) -> dict[str, Any]:
    cue, swatch = find_cue(scene, name)
    text = cue.text if cue is not None else swatch.words if swatch is not None else cited_name(scene, name)
    figure = cue_figure(cue) if cue is not None else swatch_figure(swatch) if swatch is not None else ""
    box = cue.box if cue is not None else swatch.box if swatch is not None else None
    return {
        "name": name,
        "text": text.split(", ")[0] if name.startswith("sees_") else text,
        "figure": figure,
        "box": _marked(box),
    }


def _marked(box: Box | None) -> dict[str, float] | None:
    if box is None or not 0 < box.width * box.height < _WHOLE_PICTURE:
        return None
    return {"x": box.x, "y": box.y, "width": box.width, "height": box.height}

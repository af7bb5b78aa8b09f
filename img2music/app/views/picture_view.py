"""A scene as the page draws it over the picture: cues with their places, their words, and how much each made of the music.

Words and figures are those of the report. Conventions: places in fractions of width and height from the top left; strengths 0..1, None
where a scene says none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from img2music.report.cue_words import cue_figure, cue_name, swatch_figure
from img2music.report.scene_rows import feeling_rows, look_rows, shown_rows, suggestions
from img2music.report.scene_text import attribute_label, cited_name, scene_sentences
from img2music.scene import Swatch

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.scene import Attribute, Box, Cue, Scene

__all__ = ["cited_cues", "picture_view"]

_WHOLE_PICTURE = 0.98
"""A place of more than this part of the picture marks nothing, as in the report."""


def picture_view(scene: Scene, plan: CompositionPlan | None = None) -> dict[str, Any]:
    """What was seen.

    Args:
        scene: what was seen.
        plan: the composition made of it, whose key, tempo and players the sentences then tell.

    Returns:
        ``file``, ``width``, ``height``, ``notes`` [text], ``sentences`` [text], ``subject``,
        ``cues`` [{name, label, words, figure, number or None, place {x, y, width, height} or None, strength or None,
        used_for [{quality, share}], source}], the strongest first,
        ``colours`` [the same with hex and share of the picture],
        ``shown``, ``looks``, ``feelings`` [[name, words]] and
        ``suggestions`` [{quality, value, sure, because}].
    """
    used = _uses(scene)
    cues = [_cue(scene, cue, used.get(cue.name, [])) for cue in scene.cues]
    subject = scene.cue("subject")
    return {
        "file": scene.picture.file,
        "width": scene.picture.width,
        "height": scene.picture.height,
        "notes": list(scene.picture.notes),
        "sentences": list(scene_sentences(scene, plan)),
        "subject": "" if subject is None else str(subject.value),
        "cues": sorted(cues, key=lambda cue: -(cue["strength"] or 0)),
        "colours": [_cue(scene, swatch, used.get(swatch.name, [])) for swatch in scene.colours],
        "shown": [list(row) for row in shown_rows(scene)],
        "looks": [list(row) for row in look_rows(scene)],
        "feelings": [list(row) for row in feeling_rows(scene)],
        "suggestions": [
            {"quality": row.name, "value": row.value, "sure": row.sure, "because": row.because} for row in suggestions(scene)
        ],
    }


def cited_cues(scene: Scene | None, names: tuple[str, ...], strengths: dict[str, float]) -> list[dict[str, Any]]:
    """Citations of a reason: [{name, label, share or None}]."""
    return [
        {
            "name": name,
            "label": cue_name(name) if scene is None else cited_name(scene, name),
            "share": strengths.get(name),
        }
        for name in names
    ]


def _uses(scene: Scene) -> dict[str, list[dict[str, Any]]]:
    """For every cue the musical qualities that cite it, the largest share first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for field in type(scene.attributes).model_fields:
        attribute: Attribute[object] = getattr(scene.attributes, field)
        for name in attribute.because:
            found.setdefault(name, []).append({"quality": attribute_label(field), "share": attribute.strengths.get(name)})
    return {name: sorted(uses, key=lambda use: -(use["share"] or 0)) for name, uses in found.items()}


def _cue(scene: Scene, item: Cue | Swatch, uses: list[dict[str, Any]]) -> dict[str, Any]:
    shares = [use["share"] for use in uses if use["share"] is not None]
    told: dict[str, Any] = {
        "name": item.name,
        "label": cited_name(scene, item.name),
        "place": _place(item.box),
        "strength": max(shares, default=None),
        "used_for": uses,
    }
    if isinstance(item, Swatch):
        return {**told, "words": item.words, "figure": swatch_figure(item), "hex": item.hex, "share": item.share}
    number = item.value if isinstance(item.value, float) else None
    return {**told, "words": item.text, "figure": cue_figure(item), "number": number, "source": item.source}


def _place(box: Box | None) -> dict[str, float] | None:
    return None if box is None or not 0 < box.width * box.height < _WHOLE_PICTURE else box.model_dump()

"""What the views `picture`, `see` and `colours` draw of a scene: `picture_view` and `affect_view`, with what the page's controls need beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from img2music.app.views.affect_view import affect_view
from img2music.app.views.picture_view import picture_view
from img2music.crossmodal.subject_rules import SUBJECTS
from img2music.report.page.page_colours import Theme, themes

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene

__all__ = ["colours_value", "seen_value"]

_MOST_CUES = 10
"""That are shown as chips; the rest stands in the list of all facts."""


def seen_value(scene: Scene, plan: CompositionPlan | None = None, first: Scene | None = None) -> dict[str, Any]:
    """What the view `see` draws; its numbered cues are those of the picture's marks, too.

    Args:
        scene: what was seen, perhaps with a person's corrections.
        plan: what was made of it, where that is known already.
        first: what the eye itself saw, where the scene was corrected.
    """
    view, feeling, subject = picture_view(scene, plan), affect_view(scene, plan), scene.cue("subject")
    point, seen = feeling["picture"], affect_view(first or scene)["picture"]
    moved = any(point[axis] != seen[axis] for axis in ("valence", "arousal"))
    return {
        "sentence": " ".join(view["sentences"]),
        "cues": _leading(view),
        "rows": [*view["shown"], *view["looks"], *view["feelings"]],
        "colours": view["colours"],
        "subject": {
            "value": view["subject"].replace("_", " "),
            "text": "" if subject is None else subject.text,
            "known": sorted(name.replace("_", " ") for name in SUBJECTS),
        },
        "affect": {**point, "seen": seen if moved else None, "axes": feeling["axes"]},
    }


def colours_value(scene: Scene | None) -> dict[str, Any]:
    """The page's colours for a picture: names of CSS variables and #rrggbb, for the light and the dark page."""
    light, dark = themes(scene.colours if scene is not None else ())
    return {"light": _variables(light), "dark": _variables(dark)}


def _variables(theme: Theme) -> dict[str, str]:
    plain = ("paper", "card", "line", "ink", "soft", "accent", "tint", "good", "bad")
    named = {name: getattr(theme, name) for name in plain}
    return {**named, "on-accent": theme.on_accent, **{f"m{place}": colour for place, colour in enumerate(theme.materials)}}


def _leading(view: dict[str, Any]) -> list[dict[str, Any]]:
    """The cues and colours that led to most; those with a place in the picture come first and are numbered."""
    told = sorted((one for one in (*view["cues"], *view["colours"]) if one["used_for"]), key=lambda one: -(one["strength"] or 0))
    rows = [
        {
            "name": one["name"],
            "text": one["words"].split(", ")[0] if one["name"].startswith("sees_") else one["words"],
            "figure": one["figure"],
            "box": one["place"],
        }
        for one in told[:_MOST_CUES]
    ]
    rows.sort(key=lambda row: row["box"] is None)
    return [{**row, "number": number if row["box"] else None} for number, row in enumerate(rows, 1)]

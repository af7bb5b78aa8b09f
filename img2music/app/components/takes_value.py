"""What the views `takes` and `away` draw: cards of the takes, what can be locked, and files to take away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from img2music.app.components.page_texts import page_text
from img2music.app.session.files.downloads import available
from img2music.app.views.take_view import take_view

if TYPE_CHECKING:
    from img2music.app.session.takes import MadeTake
    from img2music.app.session.visit import Visit
    from img2music.rng import Craft

__all__ = ["LOCKS", "away_value", "takes_value"]

LOCKS: tuple[Craft, ...] = ("melody", "harmony", "chords", "counter", "bass", "drums")
"""What can be kept while the rest is made anew, in the order of the page."""
_GROUPS: dict[str, tuple[str, ...]] = {
    "notes": ("midi", "musicxml", "abc", "pdf", "parts", "svg"),
    "sound": ("wav", "flac", "mp3", "ogg", "stems"),
    "video": ("video",),
    "record": ("report", "manifest", "zip"),
}


def takes_value(visit: Visit) -> dict[str, Any]:
    """What the view `takes` draws."""
    current = visit.current
    if current is None:
        return {}
    crafts = {part.role for part in current.piece.plan.parts}
    locks = [
        craft
        for craft in LOCKS
        if craft in {"melody", "harmony"} or craft in crafts or (craft == "chords" and crafts & {"arpeggio", "pad"})
    ]
    others = [take.number for take in visit.takes if take.number != current.number]
    compare = current.parent if current.parent in others else others[-1] if others else None
    return {
        "promises": take_view(current)["promises"],
        "takes": [_card(take, current) for take in visit.takes],
        "compare": compare,
        "can_undo": visit.can_undo,
        "can_redo": visit.can_redo,
        "crafts": [{"craft": craft, "label": page_text(f"takes.crafts.{craft}")} for craft in locks],
    }


def away_value(ready: dict[str, str] | None = None) -> dict[str, Any]:
    """What the view `away` draws; `ready` names a file that was just made."""
    groups = [
        {"label": page_text(f"away.groups.{group}"), "files": [_file(what) for what in files]} for group, files in _GROUPS.items()
    ]
    return {"groups": groups, "ready": ready}


def _card(take: MadeTake, current: MadeTake) -> dict[str, Any]:
    view = take_view(take, current)
    frame = view["frame"]
    sound = () if take.sound is None else (page_text("takes.sound", name=take.sound.name),)
    figures = " · ".join((frame["key"], frame["tempo"], frame["style"], frame["clock"], *sound))
    return {**{name: view[name] for name in ("number", "parent", "current", "words", "caption")}, "figures": figures}


def _file(what: str) -> dict[str, Any]:
    return {
        "what": what,
        "label": page_text(f"away.files.{what}"),
        "words": page_text(f"away.words.{what}"),
        "missing": available(what),
    }

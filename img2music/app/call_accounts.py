"""Short accounts for programs: what was seen, planned and made, as small JSON that a model can read, and how far a call is.

Everything is quoted from the documents; the whole of it stands in the files beside (scene.json, plan.json, piece.json). Texts come from
pictures, plans and models, so whoever shows them has to escape them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from img2music.report.course import key_course, meter_course, tempo_course
from img2music.report.scene_rows import suggestions
from img2music.report.scene_text import scene_sentences

if TYPE_CHECKING:
    from pydantic import JsonValue

    from img2music.piece import Piece
    from img2music.pipeline import Event
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene

__all__ = ["Account", "piece_account", "plan_account", "scene_account", "step_fraction", "take_account"]

Account = dict[str, "JsonValue"]
_MOST_REASONS = 14
_MOST_COLOURS = 6
_SHARES: dict[str, tuple[float, float]] = {
    "perceiver": (0.0, 0.12),
    "planner": (0.12, 0.2),
    "realizer": (0.2, 0.4),
    "performer": (0.4, 0.45),
    "renderer": (0.45, 0.8),
    "files": (0.8, 1.0),
}
"""Where each stage begins and ends within a whole call, by the time that they usually take."""


def scene_account(scene: Scene) -> Account:
    """What a picture shows and what that suggests."""
    picture = scene.picture
    return {
        "picture": {
            "format": picture.format,
            "width": picture.width,
            "height": picture.height,
            "notes": list(picture.notes),
        },
        "shows": " ".join(scene_sentences(scene)),
        "colours": [{"colour": swatch.words, "hex": swatch.hex} for swatch in scene.colours[:_MOST_COLOURS]],
        "suggests": [
            {"what": row.name, "value": row.value, "sure": row.sure, "because": row.because} for row in suggestions(scene)
        ],
    }


def plan_account(plan: CompositionPlan, *, whole: bool = False) -> Account:
    """The outline of a plan and why it is so; with `whole` the plan itself too."""
    account: Account = {
        "title": plan.title,
        "idea": plan.idea,
        "style": plan.style,
        "key": str(key_course(plan)),
        "meter": str(meter_course(plan)),
        "tempo": str(tempo_course(plan)),
        "seconds": plan.seconds,
        "bars": plan.bars,
        "seed": plan.seed,
        "loop": plan.loop,
        "instruments": [{"part": part.name, "instrument": part.instrument, "role": part.role} for part in plan.parts],
        "sections": [
            {"name": section.name, "first_bar": first + 1, "bars": section.bars, "energy": round(section.energy, 2)}
            for first, section in zip(plan.first_bars, plan.sections, strict=True)
        ],
        "reasons": [{"choice": reason.choice, "why": reason.text} for reason in plan.reasons[:_MOST_REASONS]],
        "notes": list(plan.conflicts),
    }
    if whole:
        account["plan"] = json.loads(plan.model_dump_json())
    return account


def piece_account(piece: Piece) -> Account:
    """A finished piece: its outline, and whether the files keep what was asked."""
    manifest = piece.manifest
    account: Account = {} if piece.scene is None else {"shows": " ".join(scene_sentences(piece.scene))}
    account |= plan_account(piece.plan)
    rows = [row for row in manifest.compliance if row.passed is not None]
    account |= {
        "notes": list(manifest.conflicts),
        "kept": f"{sum(bool(row.passed) for row in rows)} of {len(rows)} promises, read back from the written files",
        "not_kept": [row.shortfall for row in rows if not row.passed],
        "instead": [f"{one.stage} {one.asked} could not work ({one.why}); {one.used} did" for one in manifest.fallbacks],
    }
    return account


def take_account(piece: Piece, number: int) -> Account:
    """One of several takes in a line: what it is, and its mark."""
    plan = piece.plan
    return {
        "take": number,
        "seed": plan.seed,
        "mark": round(piece.manifest.takes[0].mark, 4),
        "title": plan.title,
        "style": plan.style,
        "key": str(key_course(plan)),
        "meter": str(meter_course(plan)),
        "tempo": str(tempo_course(plan)),
        "bars": plan.bars,
        "instruments": [part.instrument for part in plan.parts],
    }


def step_fraction(event: Event) -> float:
    """How much of a whole call is done where a step stands, 0..1: roughly, by the time that stages usually take."""
    begin, end = _SHARES.get(event.stage, (0.0, 1.0))
    return begin + (end - begin) * (event.fraction or 0.0)

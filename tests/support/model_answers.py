"""Answers as a sensible model writes them, for tests of the stages that ask; and files of recorded answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "changes_answer", "choice_answer", "flat_scene_answer", "moving_plan_answer", "moving_section", "plan_answer", "record_answers", "scene_answer",
]  # fmt: skip


def _decision(value: Any, *because: str, confidence: float = 0.7) -> dict[str, Any]:
    return {"because": list(because), "value": value, "confidence": confidence}


def scene_answer(**changes: Any) -> dict[str, Any]:
    """A sound answer of the schema "scene/1"; it cites its own observation and two measured cues."""
    return {
        "observations": [
            {"name": "lone_boat", "text": "a small boat far out on still water", "box": [0.1, 0.5, 0.2, 0.1]},
            {"name": "red_sky", "text": "the sun stands low and reddens the clouds", "box": [0.5, 0.1, 0.3, 0.3]},
        ],
        "valence": _decision(0.4, "red_sky", "warmth"),
        "arousal": _decision(-0.5, "lone_boat"),
        "mood": _decision(["calm", "wistful"], "lone_boat", "red_sky"),
        "tempo_bpm": _decision(66, "lone_boat"),
        "key": _decision("Eb", "colour_1"),
        "mode": _decision("lydian", "red_sky"),
        "meter": _decision("3/4", "lone_boat"),
        "genre": _decision("ambient", "lone_boat"),
        "instruments": _decision(["harp", "cello"], "red_sky"),
    } | changes


def flat_scene_answer(**changes: Any) -> dict[str, Any]:
    """A sound answer of the schema "scene/2": the same scene, nothing said for the key."""
    whole = scene_answer()
    decisions = {name: decision for name, decision in whole.items() if name not in {"observations", "key"}}
    reasons = [
        {"about": name, "because": decision["because"], "confidence": decision["confidence"]}
        for name, decision in decisions.items()
    ]
    values = {name: decision["value"] for name, decision in decisions.items()}
    return {"observations": whole["observations"], "wrong_facts": [], "reasons": reasons, **values, "key": None} | changes


def plan_answer(**changes: Any) -> dict[str, Any]:
    """A sound answer of the schema "plan/1" for 30 seconds: sixteen bars of 4/4 at 132."""
    return {
        "idea": "A boat drifts while the light goes.",
        "reasons": [
            {"choice": "tempo", "because": ["lightness"], "text": "The light is going, so the pace is easy."},
            {"choice": "instruments", "because": ["colour_1"], "text": "The colour is a cello's."},
        ],
        "title": "The Last Boat",
        "style": "folk",
        "key": "D dorian",
        "meter": "4/4",
        "tempo_bpm": 132,
        "density": 0.4,
        "motif": {"steps": [0, 2, 1, 4], "lengths": [1, 0.5, 0.5, 2]},
        "contour": [0.2, 0.5, 0.9, 0.4],
        "sections": [
            {"name": "A", "letter": "A", "role": "theme", "energy": 0.4, "bars": ["i", "IV", "i", "VII"]},
            {"name": "B", "letter": "B", "role": "contrast", "energy": 0.7, "bars": ["III", "IV", "VII", "v"]},
            {
                "name": "A2",
                "letter": "A",
                "role": "return",
                "energy": 0.5,
                "bars": ["i", "IV", "i", "VII", "i", "IV", "VII", "i"],
            },
        ],
        "parts": [
            {"instrument": "flute", "role": "melody", "from_energy": 0},
            {"instrument": "classical guitar", "role": "arpeggio", "from_energy": 0},
            {"instrument": "cello", "role": "bass", "from_energy": 0.45},
        ],
    } | changes


def moving_plan_answer(**changes: Any) -> dict[str, Any]:
    """A sound answer of the schema "plan/2": the same piece, nothing in it moves."""
    answer = plan_answer()
    sections = [
        moving_section(section["name"], section["bars"], **{name: section[name] for name in ("letter", "role", "energy")})
        for section in answer["sections"]
    ]
    return answer | {"materials": [], "sections": sections} | changes


def moving_section(name: str, bars: list[str], **moves: Any) -> dict[str, Any]:
    """A section of the schema "plan/2" in which nothing moves but what `moves` says."""
    return {
        "name": name,
        "letter": "A",
        "role": "theme",
        "energy": 0.5,
        "bars": bars,
        **dict.fromkeys(("key", "meter", "tempo_bpm", "tempo_end_bpm", "dynamics", "tune_by", "texture", "ending")),
        "silent": [],
        "hits": [],
    } | moves


def changes_answer(**changes: Any) -> dict[str, Any]:
    """A sound answer of the schema "changes/1" that changes nothing but the names."""
    return {
        "reasons": [{"choice": "title", "because": ["colour_1"], "text": "It is what one sees first."}],
        "title": "Nothing But the Sea",
        "idea": "The draft, with its name.",
        "key": None,
        "tempo_bpm": None,
        "density": None,
        "motif": None,
        "contour": None,
        "sections": [],
        "parts": [],
    } | changes


def choice_answer(**changes: Any) -> dict[str, Any]:
    """A sound answer of the schema "choice/1"; whether it is about the picture is for the test to say."""
    return {"note": "The music tells of the colour of the evening light.", "title": "Evening Light", "choice": 2} | changes


def record_answers(path: Path, *answers: object, tokens: tuple[int, int] | None = None) -> str:
    """Writes a file of recorded answers, used in their order, and returns the line that names it as a model.

    `tokens` are those that each answer is said to have taken, in and out.
    """
    counts = {} if tokens is None else {"tokens_in": tokens[0], "tokens_out": tokens[1]}
    texts = [answer if isinstance(answer, str) else json.dumps(answer) for answer in answers]
    path.write_text("".join(json.dumps({"answer": text} | counts) + "\n" for text in texts))
    return f"replay:{path}"

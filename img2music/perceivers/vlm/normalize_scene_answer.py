"""A scene's answer with slips of writing put right that leave no doubt, each of them noted.

Capitals, signs of other alphabets, numbers as words or strings, percent, one thing where a list is asked for and a list of one where one
thing is, names of keys, metres and players in other spellings. What leaves a doubt stays as it is written, and is a fault later.
"""

from __future__ import annotations

import re
from typing import Any, get_args

from img2music.models.parsing.json_candidates import match_field_names
from img2music.models.parsing.loose_music import meter_of, mode_of, tonic_of, whole_tempo_of
from img2music.models.parsing.loose_names import instrument_of, style_of
from img2music.models.parsing.loose_values import (
    LenientReader,
    is_unsaid,
    items_of,
    number_of,
    plain_text,
    scalar_of,
    share_of,
    shares_of,
)
from img2music.perceivers.vlm.scene_schema import Observation, SceneAnswer

__all__ = ["decision_as_meant", "not_said", "observation_as_meant", "observations_in", "plain_name"]

_UNSURE = 0.2
"""Confidence of a decision that names none. Our choice."""
_MOST_NAMES, _MOST_MOODS, _MOST_PLAYERS = 4, 4, 6
_LONGEST_TEXT, _LONGEST_NAME = 160, 31
_DECISION: Any = SceneAnswer.model_fields["key"].annotation
_TONICS: tuple[str, ...] = get_args(_DECISION.model_fields["value"].annotation)
_SIDES = (("x", "left"), ("y", "top"), ("width", "w"), ("height", "h"))
_AND = re.compile(r"\s+(?:and|&)\s+|\s*[,;/+|]\s*")


def plain_name(name: str) -> str:
    """A name in small letters joined by _."""
    return re.sub(r"[^a-z0-9]+", "_", plain_text(name).lower()).strip("_")


def not_said(decision: Any) -> bool:
    """Whether nothing is decided: null, or null as the value."""
    decision = scalar_of(decision)
    return is_unsaid(decision) or (isinstance(decision, dict) and "value" in decision and is_unsaid(scalar_of(decision["value"])))


def observations_in(value: Any) -> Any:
    """The list of observations, also where one stands alone or each stands under its name."""
    if isinstance(value, dict) and value and all(isinstance(item, dict) for item in value.values()):
        return [{"name": name, **item} for name, item in value.items()]
    return [value] if isinstance(value, dict) else value


def observation_as_meant(place: str, item: Any, slips: LenientReader) -> Any:
    """A name in small letters joined by _, a text of its length, a place in fractions where it was given in hundredths."""
    if not isinstance(item, dict):
        return item
    made = match_field_names(item, Observation)
    name = scalar_of(made.get("name"))
    if isinstance(name, str) and "/" not in name:
        made["name"] = slips.put(f"{place}.name", name, plain_name(name)[:_LONGEST_NAME].strip("_"))
    text = scalar_of(made.get("text"))
    if isinstance(text, int | float) and not isinstance(text, bool):
        text = f"{text:g}"
    if isinstance(text, str):
        made["text"] = " ".join(text.split())[:_LONGEST_TEXT]
    if "box" in made:
        made["box"] = _box(f"{place}.box", made["box"], slips)
    return made


def _box(place: str, box: Any, slips: LenientReader) -> Any:
    """Four fractions; a place of which nothing is said has no size, and neither has one in pixels of nobody knows what."""
    if is_unsaid(box):
        return [0, 0, 0, 0]
    if isinstance(box, dict):
        sides = [next((box[name] for name in names if name in box), None) for names in _SIDES]
        box = box if any(side is None for side in sides) else slips.put(place, box, sides)
    if isinstance(box, str):
        box = slips.put(place, box, items_of(box, split=",; "))
    if not (isinstance(box, list) and len(box) == 4):
        return box
    if any(isinstance(side, str) for side in box):
        box = slips.put(place, box, shares_of(box))
    numbers = [number_of(side) for side in box]
    sides_of = [number for number in numbers if number is not None]
    if len(sides_of) < 4:
        return box
    if any(1 < side <= 100 for side in sides_of) and max(sides_of) <= 100:
        return [side / 100 for side in sides_of]
    if max(sides_of) > 100 or min(sides_of) < 0:
        return [0, 0, 0, 0]
    return box


def decision_as_meant(name: str, decision: Any, slips: LenientReader) -> Any:
    """A decision with slips put right that leave no doubt."""
    decision = scalar_of(decision)
    if not isinstance(decision, dict):
        return decision
    made = match_field_names(decision, _DECISION)
    because = [] if "because" in made and made["because"] is None else items_of(made.get("because"), split=",;")
    if isinstance(because, list):
        made["because"] = because[:_MOST_NAMES]
    if "confidence" in made and is_unsaid(made["confidence"]):
        made["confidence"] = slips.put(f"{name}.confidence", None, _UNSURE)
    elif "confidence" in made:
        made["confidence"] = slips.read(f"{name}.confidence", made["confidence"], share_of)
    if "value" in made:
        made["value"] = _value(name, made["value"], slips)
    return made


def _value(name: str, value: Any, slips: LenientReader) -> Any:
    if name == "mood":
        return slips.put(name, value, _moods(value))
    if name == "instruments":
        return _players(value, slips)
    return slips.read(name, value, _READERS[name])


def _moods(value: Any) -> Any:
    texts = items_of(value)
    if not isinstance(texts, list):
        return value
    words = [plain_text(word).lower().strip(" .") for text in texts if isinstance(text, str) for word in _AND.split(text)]
    return [word for word in words if word][:_MOST_MOODS]


def _players(value: Any, slips: LenientReader) -> Any:
    """The known ones, in the order in which they are named; the others are left out where one is known."""
    texts = items_of(value)
    if not isinstance(texts, list):
        return value
    known: list[str] = []
    for text in texts:
        pieces = [text] if not isinstance(text, str) or instrument_of(text) else _AND.split(text[:400])
        for piece in pieces:
            player = instrument_of(piece)
            if player is not None:
                known.append(slips.put("instruments", piece, player))
            else:
                slips.note(f"instruments: there is no {plain_name(str(piece)[:40])!r}; it was left out")
    return list(dict.fromkeys(known))[:_MOST_PLAYERS] if known else texts[:_MOST_PLAYERS]


_READERS: dict[str, Any] = {
    "valence": lambda value: share_of(value, signed=True),
    "arousal": lambda value: share_of(value, signed=True),
    "tempo_bpm": whole_tempo_of,
    "key": lambda value: tonic_of(value, _TONICS),
    "mode": mode_of,
    "meter": meter_of,
    "genre": style_of,
}

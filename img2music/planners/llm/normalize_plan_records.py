"""The records of a plan's answer (reasons, sections, players) with slips of writing put right that leave no doubt, each of them noted.

A record alone, or records under their names, become a list of them; names of fields, roles and letters are read in other spellings.
What leaves a doubt stays as it is written, and is a fault later. Knows nothing of drafts and music beyond names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from img2music.models.parsing.json_candidates import match_field_names
from img2music.models.parsing.loose_names import instrument_of, one_of
from img2music.models.parsing.loose_values import (
    LenientReader,
    folded,
    is_unsaid,
    items_of,
    number_of,
    plain_text,
    scalar_of,
    share_of,
    shares_of,
)
from img2music.planners.llm.plan_schema import Choice, WirePart, WireReason, WireSection

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from img2music.models.parsing.json_schema import JsonObject

__all__ = ["LONGEST_SENTENCE", "PART_ROLES", "one_line_text", "records_as_meant", "rename_fields"]

LONGEST_SENTENCE = 300
_NAME_SIGNS = re.compile(r"[^A-Za-z0-9 '-]+")
_LETTERS = ("intro", "outro", "A", "B", "C", "D")
_FIELDS = {
    "tempo": "tempo_bpm", "bpm": "tempo_bpm", "metre": "meter", "timesignature": "meter", "genre": "style", "instruments": "parts",
    "players": "parts", "form": "sections", "chords": "bars", "harmony": "bars", "progression": "bars", "durations": "lengths",
    "rhythm": "lengths",
}  # fmt: skip
"""Other names of fields (folded), taken where the field itself is not there."""
_CHOICES = {
    "genre": "style", "meter": "metre", "meterbpm": "metre", "sections": "form", "parts": "instruments", "instrument": "instruments",
    "chords": "harmony", "idea": "title", "contour": "motif", "melody": "motif", "texture": "density", "energy": "form", "tempobpm": "tempo",
}  # fmt: skip
"""Other names for a choice."""
_SECTION_ROLES = {
    "introduction": "intro", "opening": "intro", "prelude": "intro", "maintheme": "theme", "verse": "theme", "exposition": "theme",
    "statement": "theme", "bridge": "contrast", "development": "contrast", "middle": "contrast", "contrasting": "contrast",
    "recapitulation": "return", "reprise": "return", "recap": "return", "coda": "outro", "ending": "outro", "conclusion": "outro",
}  # fmt: skip
_ROLE_BY_LETTER = {"intro": "intro", "outro": "outro", "A": "theme", "B": "contrast", "C": "contrast", "D": "contrast"}
PART_ROLES = {
    "lead": "melody", "tune": "melody", "theme": "melody", "solo": "melody", "countermelody": "counter", "counterpoint": "counter",
    "secondvoice": "counter", "descant": "counter", "chord": "chords", "harmony": "chords", "accompaniment": "chords", "comping": "chords",
    "arpeggios": "arpeggio", "arp": "arpeggio", "brokenchords": "arpeggio", "pads": "pad", "background": "pad", "drone": "pad",
    "sustain": "pad", "bassline": "bass", "basses": "bass", "percussion": "drums", "drum": "drums", "beat": "drums", "rhythm": "drums",
}  # fmt: skip
"""Other names for a role (folded)."""
_PLAYER_WITH_ROLE = re.compile(r"(.{2,40}?)\s*(?:[:(]|\s-\s|\bas\b)\s*(.{2,30}?)\)?")


def records_as_meant(name: str, value: Any, slips: LenientReader) -> Any:
    """A list of records, each as it is meant; a record alone, or records under their names, become one."""
    reader, model = _RECORDS[name]
    if isinstance(value, dict) and value and all(isinstance(item, dict) for item in value.values()):
        value = [{"name": key, **item} if name == "sections" else item for key, item in value.items()]
    elif isinstance(value, dict) or (isinstance(value, str) and name == "parts"):
        value = [value]
    if not isinstance(value, list):
        return [] if value is None else value
    if len(value) == 1 and isinstance(value[0], list):
        value = value[0]
    made = []
    for place, item in enumerate(value[:100]):
        record = rename_fields(match_field_names(item, model), model, slips) if isinstance(item, dict) else item
        made.append(reader(f"{name}.{place}", record, slips))
    _read_shares(name, made, slips)
    return made


def rename_fields(tree: JsonObject, model: type[BaseModel], slips: LenientReader) -> JsonObject:
    """The tree with fields that have another name called as in `model`, each noted."""
    made = dict(tree)
    for name in tree:
        right = _FIELDS.get(folded(name))
        if name not in model.model_fields and right in model.model_fields and right not in made:
            slips.note(f"{right}: called {name[:30]!r} in the answer")
            made[right] = made.pop(name)
    return made


def one_line_text(value: Any, most: int) -> Any:
    """Text on one line, as long as there is room for; a number is text too."""
    value = scalar_of(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value:g}"
    return _cut(" ".join(value.split()), most) if isinstance(value, str) else value


def _cut(text: str, most: int) -> str:
    """The text, or as many whole sentences or words of it as there is room for."""
    if len(text) <= most:
        return text
    short = text[:most]
    sentence = short.rfind(". ")
    return short[: sentence + 1] if sentence > 0 else short.rpartition(" ")[0] or short


def _read_shares(name: str, records: list[Any], slips: LenientReader) -> None:
    """Energies are read together: where one is in hundredths, all are."""
    field = {"sections": "energy", "parts": "from_energy"}.get(name)
    having = [(place, item) for place, item in enumerate(records) if isinstance(item, dict) and item.get(field or "") is not None]
    if field is not None:
        for (place, item), share in zip(having, shares_of([item[field] for _, item in having]), strict=True):
            item[field] = slips.put(f"{name}.{place}.{field}", item[field], share)


def _reason(place: str, reason: Any, slips: LenientReader) -> Any:
    if not isinstance(reason, dict):
        return reason
    choice = reason.get("choice")
    meant = one_of(choice, get_args(Choice), _CHOICES)
    if meant is not None and isinstance(choice, str) and folded(choice) != folded(meant):
        slips.note(f"{place}.choice: {choice[:30]!r} read as {meant!r}")
    because = items_of([] if reason.get("because") is None else reason["because"], split=",;")
    return {
        **reason,
        **({"choice": meant} if meant is not None else {}),
        "because": because[:4] if isinstance(because, list) else because,
        **({"text": one_line_text(reason["text"], LONGEST_SENTENCE)} if "text" in reason else {}),
    }


def _section(place: str, section: Any, slips: LenientReader) -> Any:
    if not isinstance(section, dict):
        return section
    made = dict(section)
    name = one_line_text(made.get("name"), 200)
    if isinstance(name, str):
        made["name"] = " ".join(_NAME_SIGNS.sub(" ", plain_text(name)).split())[:20].strip() or "part"
    if "letter" in made:  # a section of "changes/1" has none
        made["letter"] = _letter(place, made, slips)
        if is_unsaid(name):
            made["name"] = made["letter"]
    if "role" in made:
        role = one_of(made["role"], ("intro", "theme", "contrast", "return", "outro"), _SECTION_ROLES)
        if role is None and is_unsaid(made["role"]):
            role = _ROLE_BY_LETTER.get(str(made.get("letter")))
        made["role"] = made["role"] if role is None else slips.put(f"{place}.role", made["role"], role)
    if "energy" in made and is_unsaid(made["energy"]) and "letter" in made:
        made["energy"] = slips.put(f"{place}.energy", None, 0.5)
    if "bars" in made:
        made["bars"] = _bars(made["bars"])
    return made


def _letter(place: str, section: JsonObject, slips: LenientReader) -> Any:
    """One of the letters; where none is said, the name's first one."""
    letter = scalar_of(section["letter"])
    if letter in _LETTERS:
        return letter
    said = section.get("name") if is_unsaid(letter) else letter
    if not isinstance(said, str):
        return letter
    plain = plain_text(said).casefold().removeprefix("section ")
    meant = next((one for one in _LETTERS if plain.startswith(one.casefold())), None)
    return letter if meant is None else slips.put(f"{place}.letter", letter, meant)


def _bars(bars: Any) -> Any:
    """A list of bars: a string is parted at bar lines, else at commas, else at blanks; chords of one bar in a list are joined."""
    if bars is None:
        return []
    if isinstance(bars, str):
        plain = plain_text(bars.replace("\n", "|")).strip("[]|")
        signs = next((sign for sign in ("|", ",", ";") if sign in plain), None)
        pieces = plain.split(signs) if signs else re.split(r"\s*(?:->|→|\s-\s|\s)\s*", plain)
        return [piece.strip(" \"'") for piece in pieces if piece.strip(" \"'")]
    if not isinstance(bars, list):
        return bars
    return [_bar(bar) for bar in bars]


def _bar(bar: Any) -> Any:
    if isinstance(bar, list) and all(isinstance(chord, str) for chord in bar):
        bar = " ".join(bar)
    return plain_text(bar) if isinstance(bar, str) else bar


def _part(place: str, part: Any, slips: LenientReader) -> Any:
    if isinstance(part, str) and (match := _PLAYER_WITH_ROLE.fullmatch(plain_text(part[:80]))):
        part = slips.put(place, part, {"instrument": match[1], "role": match[2], "from_energy": 0.0})
    if not isinstance(part, dict):
        return part
    made = dict(part)
    if "instrument" in made:
        made["instrument"] = slips.read(f"{place}.instrument", made["instrument"], instrument_of)
    if "role" in made:
        others = PART_ROLES | ({"harmony": "pad", "chords": "chords"} if "pad" in str(made.get("instrument")) else {})
        names = ("melody", "counter", "chords", "arpeggio", "pad", "bass", "drums")
        made["role"] = slips.read(f"{place}.role", made["role"], lambda value: one_of(value, names, others))
    if "from_energy" in made and is_unsaid(made["from_energy"]):
        made["from_energy"] = slips.put(f"{place}.from_energy", None, 0.0)
    elif "from_energy" in made and number_of(made["from_energy"]) is None:
        made["from_energy"] = slips.read(f"{place}.from_energy", made["from_energy"], share_of)
    return made


_RECORDS: dict[str, tuple[Callable[[str, Any, LenientReader], Any], type[BaseModel]]] = {
    "reasons": (_reason, WireReason),
    "sections": (_section, WireSection),
    "parts": (_part, WirePart),
}

"""The optional fields of a section, a letter and a player in an answer of the schema "plan/2", read as they are meant.

None of them is ever a fault that a model is asked about again: what can't be read is left out and noted, and what is understood but nobody here
can play yet (a canon, a retrograde, a register) is collected as `wanted`, to be told to people. Knows nothing of drafts and of what the
user asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from img2music.models.parsing.json_answer import AnswerError, validate_field
from img2music.models.parsing.json_candidates import match_field_names
from img2music.models.parsing.loose_music import meter_of, whole_tempo_of
from img2music.models.parsing.loose_names import one_of
from img2music.models.parsing.loose_values import (
    LenientReader,
    folded,
    is_unsaid,
    items_of,
    number_of,
    plain_text,
    scalar_of,
    share_of,
    whole_number_of,
)
from img2music.planners.llm.moves.dynamic_marks import dynamics_of
from img2music.planners.llm.plan_schema import Ending, MovingSection, WireHit, WireMaterial, WirePart
from img2music.section import Action, Development, Texture
from img2music.theory import METERS, Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import BaseModel

    from img2music.models.parsing.json_schema import JsonObject

__all__ = ["MovingRecord", "material_as_meant", "materials_in", "moving_part_as_meant", "moving_section_as_meant"]

_FIELDS = {
    "tempo": "tempo_bpm", "bpm": "tempo_bpm", "starttempo": "tempo_bpm", "endtempo": "tempo_end_bpm", "tempoend": "tempo_end_bpm",
    "tempoto": "tempo_end_bpm", "tempobpmend": "tempo_end_bpm", "endbpm": "tempo_end_bpm", "accelerandoto": "tempo_end_bpm",
    "metre": "meter", "timesignature": "meter", "time": "meter", "localkey": "key", "keysignature": "key", "tonality": "key",
    "modulation": "key", "keyshift": "key", "dynamic": "dynamics", "loudness": "dynamics", "volume": "dynamics", "tune": "tune_by",
    "melody": "tune_by", "melodyby": "tune_by", "lead": "tune_by", "soloist": "tune_by", "tuneplayer": "tune_by", "tacet": "silent",
    "rests": "silent", "resting": "silent", "silentparts": "silent", "mute": "silent", "muted": "silent", "ends": "ending",
    "endswith": "ending", "close": "ending", "accents": "hits", "hit": "hits", "hitpoints": "hits", "events": "hits",
}  # fmt: skip
"""Other names of a section's optional fields (folded)."""
_HIT_FIELDS = {
    "kind": "action", "type": "action", "what": "action", "measure": "bar", "beats": "beat", "weight": "strength", "why": "because",
    "reason": "because", "cue": "because", "cues": "because",
}  # fmt: skip
_ENDINGS = {
    "rit": "ritardando", "ritard": "ritardando", "rallentando": "ritardando", "rall": "ritardando", "slowing": "ritardando",
    "slowdown": "ritardando", "slowly": "ritardando", "fadeout": "fade", "fading": "fade", "fades": "fade", "morendo": "fade",
    "dyingaway": "fade", "dies": "fade", "abrupt": "cut", "abruptly": "cut", "suddenstop": "cut", "stop": "cut", "stops": "cut",
    "cutoff": "cut", "letring": "ring", "ringing": "ring", "rings": "ring", "ringout": "ring", "laissezvibrer": "ring", "lv": "ring",
    "fermata": "hold", "held": "hold", "holds": "hold", "sustained": "hold",
}  # fmt: skip
_TEXTURES = {
    "unaccompanied": "solo", "alone": "solo", "acappella": "solo", "monophonic": "solo", "tunealone": "solo", "octaves": "unison",
    "inoctaves": "unison", "doubled": "unison", "stops": "stop_time", "stoptime": "stop_time", "stabs": "stop_time",
}  # fmt: skip
_USUAL_TEXTURES = frozenset(
    {"full", "tutti", "homophonic", "homophony", "accompanied", "normal", "melodyandaccompaniment", "melodywithaccompaniment"}
)
"""What the composer does anyway."""
_ACTIONS = {
    "hit": "accent", "sforzando": "accent", "sfz": "accent", "sf": "accent", "stab": "accent", "strike": "accent", "blow": "accent",
    "crash": "accent", "impact": "accent", "punch": "accent", "enter": "entry", "enters": "entry", "entrance": "entry", "join": "entry",
    "joins": "entry", "silence": "stop", "pause": "stop", "rest": "stop", "break": "stop", "cut": "stop", "cutoff": "stop",
}  # fmt: skip
_DEVELOPMENTS = {
    "repeat": "repetition", "repeated": "repetition", "restatement": "repetition", "ostinato": "repetition", "sequences": "sequence",
    "sequenced": "sequence", "sequential": "sequence", "transposition": "sequence", "transposed": "sequence", "inverted": "inversion",
    "mirror": "inversion", "upsidedown": "inversion", "fragmentation": "fragment", "fragments": "fragment", "fragmented": "fragment",
    "liquidation": "fragment", "augmented": "augmentation", "stretched": "augmentation",
}  # fmt: skip
_NOBODY = frozenset({"nobody", "noone", "none", "tutti", "everyoneplays", "allplay"})
_EVERY_WORD = re.compile(r"\s*(?:,|;|/|\+|&|\band\b|\bund\b|\bet\b|\by\b|\bthen\b|->|→)\s*")
_ALL_BUT = re.compile(r"(?:all|every\w+) (?:but|except|save|besides)\b")
_PLAIN_NAME = re.compile(r"[^a-z0-9]+")


class MovingRecord(NamedTuple):
    """A record of an answer without what can't be used."""

    tree: Any
    wanted: tuple[str, ...] = ()
    """What was asked for and can't be played yet, in a few plain words each."""


def moving_section_as_meant(
    place: str, section: Any, slips: LenientReader, meter: str | None, key_of: Callable[[Any], str | None]
) -> MovingRecord:
    """A section with its optional fields as they are meant, those that can't be used left out.

    Args:
        place: where it stands in the answer, for remarks.
        section: the record, its name, letter, role and bars put right already.
        slips: where remarks go.
        meter: the piece's metre, for places that are told in quarter notes.
        key_of: reads a key, also one that is told by its distance from the piece's.
    """
    if not isinstance(section, dict):
        return MovingRecord(section)
    made, wanted = _known_fields(match_field_names(section, MovingSection), MovingSection, _FIELDS)
    for name, reader in {"key": key_of, **_READERS}.items():
        if name in made:
            made[name] = None if is_unsaid(scalar_of(made[name])) else slips.read(f"{place}.{name}", made[name], reader)
    if made.get("meter") is not None and made["meter"] not in METERS:
        slips.note(f"{place}.meter: {str(made.pop('meter'))[:20]!r} can't be played, only {', '.join(METERS)}; it was left out")
    if "dynamics" in made:
        made["dynamics"] = _put(
            f"{place}.dynamics", made["dynamics"], dynamics_of(made["dynamics"], share_of(made.get("energy"))), slips
        )
    if "tune_by" in made:
        made["tune_by"] = _player(made["tune_by"])
    made["silent"] = _players(made.get("silent"))
    for name, names, others in (("ending", get_args(Ending), _ENDINGS), ("texture", get_args(Texture), _TEXTURES)):
        made[name] = _choice(f"{place}.{name}", made.get(name), names, others, slips, wanted)
    made["hits"] = _hits(place, made.get("hits"), made.get("meter") or meter, slips)
    return MovingRecord(_sound(place, made, MovingSection, _OPTIONAL, slips), tuple(wanted))


def material_as_meant(place: str, material: Any, slips: LenientReader) -> MovingRecord:
    """What a letter has of its own; its motif and contour are put right already."""
    if not isinstance(material, dict):
        return MovingRecord(material)
    made, wanted = _known_fields(match_field_names(material, WireMaterial), WireMaterial, {"line": "contour", "name": "letter"})
    letter = scalar_of(made.get("letter"))
    if isinstance(letter, str):
        plain = plain_text(letter).removeprefix("section ").strip()
        made["letter"] = slips.put(
            f"{place}.letter", letter, plain[:1].upper() if plain[1:].strip("0123456789'") == "" else plain
        )
    said = made.get("development")
    steps = _EVERY_WORD.split(plain_text(said)) if isinstance(said, str) else items_of(said)
    kept: list[str] = []
    for step in steps if isinstance(steps, list) else ():
        meant = one_of(step, get_args(Development), _DEVELOPMENTS)
        if meant is not None:
            kept.append(slips.put(f"{place}.development", step, meant))
        elif not is_unsaid(step):
            wanted.append(_plain(step))
    made["development"] = kept[:4]
    return MovingRecord(_sound(place, made, WireMaterial, ("motif", "contour"), slips), tuple(wanted))


def materials_in(value: Any) -> list[Any]:
    """The letters' own as a list of records, also where they stand under their letters."""
    if isinstance(value, dict) and not value.keys() & WireMaterial.model_fields.keys():
        return [{"letter": letter, **item} for letter, item in value.items() if isinstance(item, dict)]
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)][:20] if isinstance(value, list) else []


def moving_part_as_meant(part: Any) -> MovingRecord:
    """A player without wishes that no part of a plan can hold (a register, an articulation)."""
    if not isinstance(part, dict):
        return MovingRecord(part)
    made, wanted = _known_fields(part, WirePart, {})
    return MovingRecord(made, tuple(wanted))


def _known_fields(tree: JsonObject, model: type[BaseModel], others: Mapping[str, str]) -> tuple[JsonObject, list[str]]:
    """The fields that there are, also by other names, and the names of those that there are not."""
    made: JsonObject = {}
    wanted: list[str] = []
    for name, value in tree.items():
        right = name if name in model.model_fields else others.get(folded(name))
        if right is None:
            if not is_unsaid(value) and value not in ([], {}, False):
                wanted.append(_plain(name))
        elif right == name or right not in tree:
            made[right] = value
    return made, wanted


def _sound(place: str, tree: JsonObject, model: type[BaseModel], optional: tuple[str, ...], slips: LenientReader) -> JsonObject:
    """The record without optional fields that the schema does not allow, each of them noted."""
    made = dict(tree)
    for name in optional:
        if name in made:
            try:
                validate_field(model, name, made)
            except AnswerError as error:
                slips.note(f"{place}.{error.faults[0]}; it was left out")
                del made[name]
    return made


def _choice(
    place: str, value: Any, names: tuple[str, ...], others: dict[str, str], slips: LenientReader, wanted: list[str]
) -> str | None:
    """One of the names; None where nothing is said, and where it is something that there is not yet."""
    value = scalar_of(value)
    if is_unsaid(value) or not isinstance(value, str) or folded(value) in _USUAL_TEXTURES:
        return None
    meant = one_of(value, names, others)
    if meant is None:
        wanted.append(f"{place.rpartition('.')[2]} {_plain(value)}")
        return None
    read: str = slips.put(place, value, meant)
    return read


def _player(value: Any) -> str | None:
    """A player by whatever name; None for nobody in particular."""
    value = scalar_of(value)
    if isinstance(value, dict):
        value = next((value[name] for name in ("instrument", "part", "name", "role") if isinstance(value.get(name), str)), None)
    if isinstance(value, list):
        value = " and ".join(one for one in value if isinstance(one, str))
    if not isinstance(value, str) or is_unsaid(value) or folded(value) in _NOBODY:
        return None
    return plain_text(value)[:40].strip()


def _players(value: Any) -> list[str]:
    whole = isinstance(value, str) and _ALL_BUT.match(plain_text(value).casefold())
    pieces = _EVERY_WORD.split(plain_text(value)) if isinstance(value, str) and not whole else items_of(value)
    named = [_player(piece) for piece in pieces] if isinstance(pieces, list) else []
    return [name for name in named if name][:6]


def _hits(place: str, value: Any, meter: str | None, slips: LenientReader) -> list[JsonObject]:
    """The sound ones of a section's hits, a single one also alone."""
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        if not is_unsaid(value):
            slips.note(f"{place}.hits: give a list of records with bar and beat; they were left out")
        return []
    kept: list[JsonObject] = []
    for number, item in enumerate(value):
        where = f"{place}.hits.{number}"
        if not isinstance(item, dict):
            slips.note(f"{where}: it is no record with bar and beat; it was left out")
            continue
        hit = _hit(where, match_field_names(item, WireHit), meter, slips)
        try:
            WireHit.model_validate(hit)
        except ValueError:
            slips.note(f"{where}: bar {hit.get('bar')!r}, beat {hit.get('beat')!r} can't be read; it was left out"[:160])
        else:
            kept.append(hit)
    if len(kept) > 6:
        slips.note(f"{place}.hits: {len(kept)} are too many, the first 6 were taken")
    return kept[:6]


def _hit(place: str, hit: JsonObject, meter: str | None, slips: LenientReader) -> JsonObject:
    made, _ = _known_fields(hit, WireHit, _HIT_FIELDS)
    made["bar"] = slips.read(f"{place}.bar", made.get("bar"), whole_number_of)
    quarters = next((number_of(hit[name]) for name in ("place", "place_quarters", "offset") if name in hit), None)
    if made.get("beat") is None:
        made["beat"] = 1.0 if quarters is None else slips.put(f"{place}.place", quarters, _beat_at(quarters, meter))
    else:
        made["beat"] = slips.read(f"{place}.beat", made["beat"], number_of)
    action = one_of(made.get("action"), get_args(Action), _ACTIONS)
    if action is not None or not is_unsaid(made.get("action")):
        slips.put(f"{place}.action", made.get("action"), action or "accent")
    made["action"] = action or "accent"
    strength = share_of(made.get("strength"))
    made["strength"] = 1.0 if strength is None else min(1.0, max(0.0, strength))
    because = items_of([] if made.get("because") is None else made["because"], split=",;")
    made["because"] = [one for one in because if isinstance(one, str) and len(one) <= 40][:2]
    return made


def _beat_at(quarters: float, meter: str | None) -> float:
    """The beat, from 1, of a place that is told in quarter notes from the bar line."""
    unit = Meter.parse(meter_of(meter) or "4/4").unit
    return quarters * unit / 4 + 1


def _put(place: str, value: Any, meant: Any, slips: LenientReader) -> Any:
    if meant is None and not is_unsaid(scalar_of(value)):
        slips.note(f"{place}: {str(value)[:40]!r} can't be read; it was left out")
    return None if meant is None else slips.put(place, value, meant)


def _plain(value: Any) -> str:
    """A few plain words for what somebody wanted."""
    return _PLAIN_NAME.sub(" ", str(value)[:60].casefold()).strip()[:30]


_READERS: dict[str, Callable[[Any], Any]] = {
    "meter": meter_of,
    "tempo_bpm": whole_tempo_of,
    "tempo_end_bpm": whole_tempo_of,
}
_OPTIONAL = ("key", "meter", "tempo_bpm", "tempo_end_bpm", "dynamics", "tune_by", "silent", "texture", "ending", "hits")

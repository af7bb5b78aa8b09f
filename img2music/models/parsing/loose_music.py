"""Keys, metres, tempi and lengths of notes as models write them, read as they are meant.

"Dm", "d-moll", "ré mineur" and "D Minor (natural)" are D minor; A# major, which needs ten sharps, is Bb major; "dotted quarter" and "3/8"
last 1.5 quarters. Keys in other languages are read by the tables of `img2music.words`. Each reader gives the name or number that the rest of the
program uses, or None where what is written leaves a doubt.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from img2music.errors import Img2MusicError
from img2music.models.parsing.loose_values import folded, number_of, scalar_of, short_text_of
from img2music.theory import METERS, MODES, Key, parse_pitch_class, pitch_class
from img2music.words.key_names import read_key

__all__ = ["length_of", "meter_of", "mode_of", "parse_key_name", "tempo_of", "tonic_of", "whole_tempo_of"]

_MODES = {
    **{mode: mode for mode in MODES}, "maj": "major", "min": "minor", "ionian": "major", "aeolian": "minor", "m": "minor", "mi": "minor",
    "ma": "major", "dor": "dorian", "phryg": "phrygian", "lyd": "lydian", "mixo": "mixolydian", "mix": "mixolydian",
}  # fmt: skip
"""English names and short ones; those of other languages stand in the tables of `img2music.words`."""
_ACCIDENTALS = {"": "", "#": "#", "b": "b", "sharp": "#", "flat": "b", "s": "#", "natural": "", "##": "##", "bb": "bb"}
_WORDLESS = frozenset(
    {"natural", "harmonic", "melodic", "pentatonic", "scale", "key", "of", "the", "in", "mode", "tonality", "tonic"}
)
_CASED = re.compile(r"([A-G](?:#|b)?)(m|M|min|maj)")
_METER = re.compile(r"(?<!\d)(\d{1,2})\s*(?:/|over|:|by)\s*(\d{1,2})(?!\d)")
_TEMPO_WORDS = re.compile(r"\b(?:bpm|beats?|quarters?|per|a|min(?:ute)?|tempo|mm|m\.m\.)\b\.?|/\s*min\b|[()\[\]:;,]")
_NOTES = {
    "whole": 4, "half": 2, "quarter": 1, "eighth": 0.5, "sixteenth": 0.25, "thirtysecond": 0.125, "semibreve": 4, "minim": 2, "crotchet": 1,
    "quaver": 0.5, "semiquaver": 0.25, "ganze": 4, "halbe": 2, "viertel": 1, "achtel": 0.5, "sechzehntel": 0.25, "ronde": 4, "blanche": 2,
    "noire": 1, "croche": 0.5, "w": 4, "h": 2, "q": 1, "e": 0.5, "𝅝": 4, "𝅗𝅥": 2, "♩": 1, "♪": 0.5, "1st": 4, "2nd": 2, "4th": 1, "8th": 0.5,
    "16th": 0.25, "32nd": 0.125, "1n": 4, "2n": 2, "4n": 1, "8n": 0.5, "16n": 0.25,
}  # fmt: skip
"""Names of note lengths in quarters."""
_FACTORS = {"dotted": 1.5, "dot": 1.5, "punktierte": 1.5, "pointée": 1.5, "triplet": 2 / 3, "triplets": 2 / 3, "triole": 2 / 3}
_STRAIGHT = re.compile(r"\b(?:notes?|long|a|an)\b|[()\[\]]")
_HALVES = re.compile("[¼½¾⅓⅔⅙⅛⅜⅝⅞]")
_QUARTERS = re.compile(r"(\S+)\s*(?:beats?|quarters?|quarter[ -]?notes?|ql|qn)")
_OF_WHOLE = re.compile(r"([1-9]\d?)\s*/\s*(1|2|4|8|16|32|3|6|12|24)")
_FASTEST = 10_000
_LONGEST_TONIC = 4
"""Letters of a tonic that a mode may be glued to: "fis", "sol"."""


def parse_key_name(value: Any) -> str | None:
    """The key's name with its mode, respelled where it needs more than seven accidentals: "Dm" is "D minor", "A# major" "Bb major"."""
    text = short_text_of(value)
    return None if text is None else _key(text)


@lru_cache(maxsize=256)
def _key(text: str) -> str | None:
    text = re.sub(r"\s*\([^)]*\)", "", text).strip(" .")
    if match := _CASED.fullmatch(text):
        return _usable(match[1], "minor" if match[2] in {"m", "min"} else "major")
    words = [word for word in re.split(r"[\s_,-]+", text) if word and word.casefold() not in _WORDLESS]
    tonic, rest = _tonic(words)
    if tonic is None or len(rest) > 1:
        return _in_other_words(text)
    mode = "major" if not rest or rest[0] == "M" else _MODES.get(rest[0].casefold())
    return _in_other_words(text) if mode is None else _usable(tonic, mode)


def _in_other_words(text: str) -> str | None:
    """A key in any language of the tables; its mode also glued to the tonic ("Amoll"), short ("Sol m"), or of another language."""
    tonic, _, mode = text.rpartition(" ")
    spelled = [text]
    if tonic and (mode in {"m", "M"} or mode.casefold() in _MODES):
        spelled.append(f"{tonic} {'major' if mode == 'M' else _MODES[mode.casefold()]}")
    elif tonic and (other := read_key(f"C {mode}")) is not None:
        spelled.append(f"{tonic} {other.mode}")
    if " " not in text:
        spelled += [f"{text[:place]} {text[place:]}" for place in range(1, min(len(text), _LONGEST_TONIC + 1))]
    keys = (read_key(one) for one in spelled)
    return next((_respelled(key).name for key in keys if key is not None), None)


def _tonic(words: list[str]) -> tuple[str | None, list[str]]:
    """The tonic and the words behind it."""
    if not words:
        return None, []
    first, rest = re.sub(r"^([A-G])B$", r"\1b", words[0]), words[1:]
    match = re.fullmatch(r"([A-Ga-g])(##|bb|#|b|sharp|flat)?([A-Za-z]{1,10})?", first)
    if match is None or (match[3] and match[3].casefold() not in _MODES):
        return None, []
    tonic = match[1].upper() + _ACCIDENTALS[match[2] or ""]
    rest = [match[3], *rest] if match[3] else rest
    if rest and len(tonic) == 1 and rest[0].casefold() in _ACCIDENTALS:
        return tonic + _ACCIDENTALS[rest[0].casefold()], rest[1:]
    return tonic, rest


def _usable(tonic: str, mode: str) -> str | None:
    """The key's name, its tonic respelled until the signature has at most seven accidentals."""
    try:
        fifths = parse_pitch_class(tonic[:2]) + (parse_pitch_class("F" + tonic[1]) - parse_pitch_class("F") if tonic[2:] else 0)
    except Img2MusicError:
        return None
    return _respelled(Key(fifths, mode)).name


def _respelled(key: Key) -> Key:
    while abs(key.signature) > 7:
        key = Key(key.tonic + (12 if key.signature < 0 else -12), key.mode)
    return key


def tonic_of(value: Any, listed: tuple[str, ...]) -> str | None:
    """The tonic of a key or of a bare letter, as one of the names in `listed` that sounds the same: "G#" is "Ab"."""
    name = parse_key_name(value)
    if name is None:
        return None
    tonic = name.split()[0]
    if tonic in listed:
        return tonic
    sounds = pitch_class(parse_pitch_class(tonic))
    return next((other for other in listed if pitch_class(parse_pitch_class(other)) == sounds), None)


def mode_of(value: Any) -> str | None:
    """The mode's name; also out of a whole key ("D minor")."""
    text = short_text_of(value)
    if text is None:
        return None
    words = [word for word in re.split(r"[\s_,.()-]+", text.casefold()) if word and word not in _WORDLESS]
    if len(words) == 1 and words[0] in _MODES and words[0] not in {"m", "mi", "ma"}:
        return _MODES[words[0]]
    name = _key(f"C {text}") if len(words) == 1 and words[0] not in _MODES else None  # the name of a mode in another language
    if name is not None:
        return name.split()[1]
    name = _key(text)
    return None if name is None or not (len(words) > 1 or _CASED.fullmatch(text)) else name.split()[1]


def meter_of(value: Any) -> str | None:
    """The metre's name: "4/4 time", "3 / 4", "6 over 8", "common time"; None for one that can't be played."""
    text = short_text_of(value)
    if text is None:
        return None
    found = {f"{int(count)}/{int(unit)}" for count, unit in _METER.findall(text)}
    if not found and folded(text) in {"c", "common", "commontime"}:
        return "4/4"
    name = found.pop() if len(found) == 1 else None
    return name if name in METERS else None


def tempo_of(value: Any) -> float | None:
    """Quarter notes a minute: 72.5, "72 bpm", the middle of "72-76", "♩. = 48" (72), "Andante (76)"."""
    number = number_of(value)
    text = short_text_of(value)
    if number is not None or text is None or "%" in text:
        return number
    text = text.casefold()
    left, equals, right = text.rpartition("=")
    if equals:
        number, beat = number_of(" ".join(_TEMPO_WORDS.sub(" ", right).split())), _beat(left)
        return None if number is None or beat is None else number * beat
    text = " ".join(_TEMPO_WORDS.sub(" ", text).split())
    number = number_of(text)
    if number is not None:
        return number
    numbers = re.findall(r"\d+(?:\.\d+)?(?:\s*-\s*\d+(?:\.\d+)?)?", text)
    return number_of(numbers[0]) if len(numbers) == 1 else None


def _beat(text: str) -> float | None:
    """The beat that a tempo counts, in quarters: "andante (dotted quarter" is 1.5; 1 where only a word such as "tempo" stands."""
    words = [word for word in re.split(r"[\s()\[\]:;,]+", text) if word]
    if not words or words[-1] in {"bpm", "tempo", "mm", "m.m.", "speed"}:
        return 1.0
    names = [" ".join(words[-count:]) for count in (3, 2, 1)]
    return next((beat for name in names if not name.isdecimal() and (beat := length_of(name)) is not None), None)


def whole_tempo_of(value: Any) -> int | None:
    """A tempo in whole quarter notes a minute; None for what can be none."""
    tempo = tempo_of(value)
    return None if tempo is None or abs(tempo) > _FASTEST else round(tempo)


def length_of(value: Any) -> float | None:
    """A note's length in quarters: 1.5, "dotted quarter", "1/8" (an eighth note: .5), "8th", "crotchet", "triplet eighth", "q."."""
    value = scalar_of(value)
    text = short_text_of(value)
    if text is None:
        return number_of(value)
    if isinstance(value, str) and _HALVES.search(value):  # "½" counts beats; it is no name of a note
        return number_of(value)
    text = text.casefold()
    if match := _OF_WHOLE.fullmatch(text):  # as musicians say it: a part of a whole note
        return 4 * int(match[1]) / int(match[2])
    counted = _QUARTERS.fullmatch(text)
    number = number_of(counted[1] if counted else text)
    if number is not None and "%" not in text:
        return number
    return _named_length(text)


def _named_length(text: str) -> float | None:
    factor, left = 1.0, []
    for word in re.findall(r"[^\s_-]+", _STRAIGHT.sub(" ", text.replace("thirty-second", "thirtysecond"))):
        if word in _FACTORS:
            factor *= _FACTORS[word]
        elif word != ".":
            left.append(word)
    if len(left) != 1:
        return None
    name = left[0]
    for sign, scale in ((".", 1.5), ("d", 1.5), ("t", 2 / 3)):
        if name not in _NOTES and name.endswith(sign) and (name[:-1] in _NOTES or _OF_WHOLE.fullmatch(name[:-1])):
            name, factor = name[:-1], factor * scale
    name = name if name in _NOTES else name.removesuffix("s")
    if name in _NOTES:
        return round(_NOTES[name] * factor, 6)
    match = _OF_WHOLE.fullmatch(re.sub(r"(?<=\d)(?:th|nd|rd|st)$", "", name))
    return round(4 * int(match[1]) / int(match[2]) * factor, 6) if match else None

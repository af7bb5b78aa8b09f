"""Lengths, tempi and metres as people write them: "47 seconds", "1:30", "two and a half minutes", "um die 90 bpm", "三十秒", "6/8".

Numbers are digits or the words of a language's table. What is out of a brief's range is read all the same: whoever asks decides.
Conventions: seconds, quarter notes a minute.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from img2music.io.lexicon_files import lexicon_language, split_phrases
from img2music.theory.tempo_map import SECONDS_A_MINUTE
from img2music.words.tokenizer import phrase_words, skip_joints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.words.tokenizer import Token

__all__ = ["Quantity", "parse_quantity"]

_HAN = {"〇": 0, "零": 0, "一": 1, "二": 2, "两": 2, "兩": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_HAN_TENS = {"十": 10, "百": 100}
_HANGUL = {"영": 0, "일": 1, "이": 2, "삼": 3, "사": 4, "오": 5, "육": 6, "칠": 7, "팔": 8, "구": 9}
_HANGUL_TENS = {"십": 10, "백": 100}
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)")
_DASHES = frozenset("-‐‑–—~〜～")
_MOST_SIGNS = 8
"""Signs in a number."""
_HUNDRED, _TENS_FROM = 100.0, 20.0
_BETWEEN = frozenset({"between", "zwischen", "entre", "tra", "fra", "между"})
_AND = frozenset({"and", "&", "und", "et", "y", "e", "и"})
_TO = frozenset({"to", "bis", "a", "до", "到", "至"})
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quantity:
    """What was counted: `kind` is "seconds", "bpm", "meter" or "number" (one without a unit)."""

    kind: str
    value: float
    length: int
    meter: str = ""


@dataclass(frozen=True, slots=True)
class _Words:
    numbers: dict[Words, float]
    half: frozenset[Words]
    half_minute: frozenset[Words]
    and_a_half: frozenset[Words]
    second: frozenset[Words]
    minute: frozenset[Words]
    bpm: frozenset[Words]
    tempo: frozenset[Words]


@cache
def _table(code: str) -> _Words:
    table = lexicon_language(code).numbers

    def phrases(text: str) -> frozenset[Words]:
        return frozenset(phrase_words(phrase) for phrase in split_phrases(text))

    numbers = {phrase_words(phrase): number for number, text in table.words.items() for phrase in split_phrases(text)}
    return _Words(
        numbers,
        phrases(table.half),
        phrases(table.half_minute),
        phrases(table.and_a_half),
        phrases(table.second),
        phrases(table.minute),
        phrases(table.bpm),
        phrases(table.tempo),
    )


def parse_quantity(tokens: Sequence[Token], place: int, order: Sequence[str]) -> Quantity | None:
    """What is counted at `place`, or None. `order` are codes of languages, the text's own first."""
    clock = _CLOCK.fullmatch(tokens[place].folded) if tokens[place].kind == "number" else None
    if clock:
        hours, minutes, seconds = clock.groups()
        return Quantity("seconds", int(hours or 0) * 3600 + int(minutes) * SECONDS_A_MINUTE + int(seconds), 1)
    meter = _meter(tokens, place)
    if meter is not None:
        return meter
    best: Quantity | None = None
    for code in order:
        found = _in(code, tokens, place)
        if found and (best is None or (found.kind != "number", found.length) > (best.kind != "number", best.length)):
            best = found
    return best


def _meter(tokens: Sequence[Token], place: int) -> Quantity | None:
    if place + 2 >= len(tokens) or tokens[place].kind != "number" or tokens[place + 1].folded not in {"/", "⁄"}:
        return None
    upper, lower = tokens[place], tokens[place + 2]
    if lower.kind != "number" or not (upper.folded + lower.folded).isdigit():
        return None
    return Quantity("meter", 0.0, 3, f"{int(upper.folded)}/{int(lower.folded)}")


def _in(code: str, tokens: Sequence[Token], place: int) -> Quantity | None:
    """The quantity at `place` as the language `code` says it."""
    words = _table(code)
    _, here = _take(tokens, place, words.tempo)
    named = here > place
    if not named:
        _, here = _take(tokens, place, words.bpm)  # "bpm 120"
        named = here > place
    while named and here < len(tokens) and (tokens[here].folded in {":", "=", "≈"} or _take(tokens, here, words.tempo)[0]):
        here += 1
    whole, after_whole = _take(tokens, here, words.half_minute)
    if whole:
        return Quantity("seconds", 30.0, after_whole - place)
    number, here = _number(tokens, here, words)
    if number is None:
        return None if named else _unit_first(tokens, place, words)
    if number == 0.5 and _take(tokens, here, words.minute)[0]:
        _, here = _take(tokens, here, words.minute)
        return Quantity("seconds", 30.0, here - place)
    between = place > 0 and tokens[place - 1].folded in _BETWEEN
    upper, after = _range(tokens, here, words, between=between)
    if upper is not None and (named or _take(tokens, after, words.bpm)[0] or _unit(tokens, after, words)):
        number, here = (number + upper) / 2, after
    half, after_half = _take(tokens, here, words.and_a_half)
    if half and _unit(tokens, after_half, words):
        number, here = number + 0.5, after_half
    return _with_unit(tokens, place, here, number, words, named=named)


def _with_unit(tokens: Sequence[Token], place: int, here: int, number: float, words: _Words, *, named: bool) -> Quantity:
    """What `number`, which ends at `here`, counts by the unit after it."""
    is_bpm, after = _take(tokens, here, words.bpm)
    if is_bpm or (named and not _unit(tokens, here, words)):
        return Quantity("bpm", number, max(here, after) - place)
    found, after = _take(tokens, here, words.minute)
    if found:
        return _minutes(tokens, place, after, number, words)
    found, after = _take(tokens, here, words.second)
    return Quantity("seconds", number, after - place) if found else Quantity("number", number, here - place)


def _unit_first(tokens: Sequence[Token], place: int, words: _Words) -> Quantity | None:
    """A round number after its unit, as Russian says "about": "секунд двадцать"."""
    for unit, seconds in ((words.second, 1.0), (words.minute, 60.0)):
        found, here = _take(tokens, place, unit)
        if found:
            number, end = _number(tokens, here, words)
            if number is not None and not _unit(tokens, end, words):
                return Quantity("seconds", number * seconds, end - place)
    return None


def _minutes(tokens: Sequence[Token], place: int, here: int, number: float, words: _Words) -> Quantity:
    seconds = number * SECONDS_A_MINUTE
    half, after = _take(tokens, here, words.and_a_half)
    if half:
        return Quantity("seconds", seconds + 30, after - place)
    joined = here + (here < len(tokens) and tokens[here].folded in _AND)
    more, after = _number(tokens, joined, words)
    if more is not None and 1 <= more < 60:
        found, after_unit = _take(tokens, after, words.second)
        if found or (after >= len(tokens) or tokens[after].kind == "break"):
            return Quantity("seconds", seconds + more, (after_unit if found else after) - place)
    return Quantity("seconds", seconds, here - place)


def _unit(tokens: Sequence[Token], place: int, words: _Words) -> bool:
    return bool(_take(tokens, place, words.minute)[0] or _take(tokens, place, words.second)[0])


def _range(tokens: Sequence[Token], here: int, words: _Words, *, between: bool) -> tuple[float | None, int]:
    """The upper end of a range: "60-70", "60 to 70", "between 60 and 70"."""
    if here < len(tokens) and tokens[here].folded in (_DASHES | _TO | _AND if between else _DASHES | _TO):
        return _number(tokens, here + 1, words)
    return None, here


def _take(tokens: Sequence[Token], place: int, phrases: frozenset[Words]) -> tuple[bool, int]:
    """Whether one of `phrases` stands at `place`, and where the longest of them ends."""
    best = place
    for phrase in phrases:
        here = place
        for word in phrase:
            here = skip_joints(tokens, here)
            if here >= len(tokens) or not _same(word, tokens[here].folded):
                break
            here += 1
        else:
            best = max(best, here)
    return best > place, best


def _same(word: str, folded: str) -> bool:
    return folded.startswith(word[:-1]) if word.endswith("*") else folded == word


def _number(tokens: Sequence[Token], place: int, words: _Words) -> tuple[float | None, int]:
    """The number at `place`, in digits or in words, and where it ends."""
    if place >= len(tokens):
        return None, place
    if tokens[place].kind == "number":
        return (float(tokens[place].folded), place + 1) if tokens[place].is_decimal else (None, place)
    han = _counted(tokens, place, _HAN, _HAN_TENS) or _counted(tokens, place, _HANGUL, _HANGUL_TENS)
    if han:
        return han
    half, here = _take(tokens, place, words.half)
    if half:
        return 0.5, here
    total, here = _word(tokens, place, words)
    if total is None:
        return None, place
    while True:
        after_and = here + (total >= _TENS_FROM and here < len(tokens) and tokens[here].folded in _AND)
        more, after = _word(tokens, after_and, words)
        if more == _HUNDRED and 1 < total < 10:
            total, here = total * _HUNDRED, after
        elif more is not None and _joins(total, more):
            total, here = total + more, after
        else:
            return total, here


def _joins(total: float, more: float) -> bool:
    """Whether the next number is part of this one: "forty five", "hundred ten", "soixante quinze"; not "two three"."""
    if total >= _HUNDRED and total % _HUNDRED == 0:
        return more < _HUNDRED
    return total >= _TENS_FROM and total % 10 == 0 and more < (20 if total % _HUNDRED in {60, 80} else 10)


def _word(tokens: Sequence[Token], place: int, words: _Words) -> tuple[float | None, int]:
    """The number that one phrase names, and where it ends."""
    best: tuple[float | None, int] = (None, place)
    for phrase, value in words.numbers.items():
        found, here = _take(tokens, place, frozenset([phrase]))
        if found and here > best[1]:
            best = (value, here)
    return best


def _counted(tokens: Sequence[Token], place: int, ones: dict[str, int], tens: dict[str, int]) -> tuple[float, int] | None:
    """A number in Chinese signs or in Korean syllables: 三十二, 백이십."""
    total, current, here, seen = 0, 0, place, False
    while here < min(len(tokens), place + _MOST_SIGNS) and (tokens[here].folded in ones or tokens[here].folded in tens):
        sign = tokens[here].folded
        if here > place and not tokens[here].glued:
            break
        if sign in ones:
            current = ones[sign]
        else:
            total += (current or 1) * tens[sign]
            current = 0
        seen = True
        here += 1
    return (float(total + current), here) if seen else None

"""Numbers and words as models write them, read as they are meant: "40 %", "0,4", "72-76", full-width digits, dashes, superscripts.

Each reader gives the value, or None where what is written leaves a doubt: then who asked gets the text itself, and checks it as ever.
Knows nothing of music.
"""

from __future__ import annotations

import re
import unicodedata
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "LenientReader",
    "folded",
    "is_unsaid",
    "items_of",
    "number_of",
    "plain_text",
    "quoted",
    "scalar_of",
    "share_of",
    "shares_of",
    "short_text_of",
    "whole_number_of",
]

_LONGEST, _LONGEST_SHORT = 4000, 80
_MOST_REMARKS = 60
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－⁃"), "-")
_SIGNS = {
    ord("♭"): "b", ord("♯"): "#", ord("＃"): "#", ord("𝄫"): "bb", ord("𝄪"): "##", ord("♮"): "", ord("º"): "°", ord("˚"): "°",
    ord("∅"): "ø", ord("Ø"): "ø", ord("⌀"): "ø", ord("△"): "Δ", ord("∆"): "Δ", ord("’"): "'", ord("‘"): "'", ord("“"): '"', ord("”"): '"',
    ord("⁄"): "/", ord("∕"): "/", ord("／"): "/", ord("٫"): ".", ord("％"): "%", ord("٪"): "%",
}  # fmt: skip
"""What Unicode's compatible forms (NFKC) leave as it is or make worse."""
_UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\u00ad\ufe0e\ufe0f"))
_VULGAR = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞])")
_ONE = r"[-+]?(?:\d{1,9}(?:[.,]\d{1,9})?|[.,]\d{1,9})"
_NUMBER = re.compile(rf"({_ONE})\s*(%|percent|per cent|prozent)?")
_FRACTION = re.compile(r"(?:([-+]?\d{1,4})\s+)?([-+]?\d{1,4})\s*/\s*(\d{1,4})")
_RANGE = re.compile(rf"(?:between\s+|from\s+)?({_ONE})\s*(%?)\s*(?:-|to|and|bis|\.\.+)\s*({_ONE})\s*(%?)")
_ABOUT = re.compile(r"^(?:about|around|approximately|approx\.?|circa|ca\.?|c\.|roughly|~|≈|=)\s*")
_UNSAID = frozenset({"", "null", "none", "n/a", "na", "-", "unchanged", "no change", "keep", "same", "as in the draft", "as is"})
_LEVELS = {
    "very low": 0.1, "low": 0.25, "medium low": 0.35, "medium": 0.5, "moderate": 0.5, "mid": 0.5, "middle": 0.5,
    "medium high": 0.65, "high": 0.75, "very high": 0.9,
}  # fmt: skip
"""Our choice."""
_PERCENT_FROM = 10
"""A number above it, where 0 to 1 was asked, is in hundredths; one from 1 to 10 may be of ten or of a hundred, so it stays a fault."""


def plain_text(text: str) -> str:
    """The text in the plainest signs that say the same: ASCII digits, dashes, quotes, # and b; single blanks."""
    text = _VULGAR.sub(" ", text[:_LONGEST]).translate(_SIGNS).translate(_UNSEEN)
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS).translate(_DASHES)
    digits = (str(unicodedata.decimal(one)) if one.isdecimal() and not one.isascii() else one for one in text)
    return " ".join("".join(digits).split())


def short_text_of(value: Any) -> str | None:
    """A text of at most 80 characters in plain signs; None for anything else."""
    value = scalar_of(value)
    return plain_text(value) if isinstance(value, str) and len(value) <= _LONGEST_SHORT else None


def folded(text: str) -> str:
    """The text without capitals, signs and blanks, for comparing names: "Lo-Fi" and "lo fi" are one."""
    return "".join(letter for letter in plain_text(text).casefold() if letter.isalnum())


def scalar_of(value: Any) -> Any:
    """What a list of one holds, at any depth up to four; any other value as it is."""
    for _ in range(4):
        if not (isinstance(value, list) and len(value) == 1):
            break
        value = value[0]
    return value


def items_of(value: Any, *, split: str = "") -> Any:
    """A list where one thing stands in its place: [value], or the pieces of a string between the signs of `split`."""
    if value is None or isinstance(value, list):
        return value
    if isinstance(value, str) and split:
        return [
            piece for piece in (one.strip() for one in re.split(f"[{re.escape(split)}]", plain_text(value).strip("[]"))) if piece
        ]
    return [value]


def is_unsaid(value: Any) -> bool:
    """Whether a value says that nothing is said: null, "n/a", "unchanged"."""
    return value is None or (isinstance(value, str) and plain_text(value).casefold().strip(".()") in _UNSAID)


def number_of(value: Any) -> float | None:
    """A number: 72.5, "72,5", "3/4", "1 1/2", "40 %" (.4), "~72", the middle of "72-76"."""
    value = scalar_of(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if not isinstance(value, str):
        return float(value) if abs(value) < 1e15 else None
    text = _ABOUT.sub("", plain_text(value).casefold().strip())
    if match := _FRACTION.fullmatch(text):
        return int(match[1] or 0) + int(match[2]) / int(match[3]) if int(match[3]) else None
    if match := _RANGE.fullmatch(text):
        low, high = _float(match[1]), _float(match[3])
        return None if low is None or high is None else (low + high) / (200 if match[2] or match[4] else 2)
    match = _NUMBER.fullmatch(text)
    number = _float(match[1]) if match else None
    return number if match is None or number is None or not match[2] else number / 100


def _float(digits: str) -> float | None:
    """A number with a decimal point or comma; None where the comma may part thousands."""
    whole, comma, part = digits.partition(",")
    if comma and len(part) == 3 and whole.lstrip("+-").strip("0"):
        return None
    number = float(digits.replace(",", "."))
    return number if isfinite(number) else None


def whole_number_of(value: Any) -> int | None:
    """A whole number: 2.0, "2", "+2", "#2"; None for 2.5 and "1-3"."""
    value = scalar_of(value)
    if isinstance(value, str) and not _NUMBER.fullmatch(plain_text(value).lstrip("#")):
        return None
    number = number_of(value.lstrip("#") if isinstance(value, str) else value)
    return int(number) if number is not None and number == int(number) else None


def share_of(value: Any, *, signed: bool = False) -> float | None:
    """A number from 0 to 1, or from -1 if `signed`: .4, "0,4", "40 %", 40 (above 10 it can only be hundredths), "7 of 10", "medium"."""
    value = scalar_of(value)
    number = number_of(value)
    if number is not None or signed:
        return number / 100 if number is not None and _PERCENT_FROM < abs(number) <= 100 else number
    text = plain_text(value).casefold().replace("-", " ") if isinstance(value, str) else ""
    tenths = re.fullmatch(rf"({_ONE})\s*(?:of|out of)\s*(10|100|5)", text)
    if tenths and (part := _float(tenths[1])) is not None:
        return part / int(tenths[2])
    return _LEVELS.get(text)


def shares_of(values: list[Any]) -> list[Any]:
    """Numbers from 0 to 1 that belong together: where one is in hundredths (40), a lesser one (5) is too. What is none stays."""
    numbers = [number_of(value) for value in values]
    hundredths = any(number is not None and _PERCENT_FROM < number <= 100 for number in numbers)
    made: list[Any] = []
    for value, number in zip(values, numbers, strict=True):
        share = number / 100 if hundredths and number is not None and 1 < number <= 100 else share_of(value)
        made.append(value if share is None else share)
    return made


class LenientReader:
    """Reads values as they are meant and notes each that is written otherwise."""

    def __init__(self) -> None:
        """Nothing is noted yet."""
        self.remarks: list[str] = []

    def read(self, place: str, value: Any, reader: Callable[[Any], Any]) -> Any:
        """What `reader` makes of a value; the value itself where it makes nothing of it."""
        meant = reader(value)
        return value if meant is None else self.put(place, value, meant)

    def put(self, place: str, value: Any, meant: Any) -> Any:
        """`meant`, noted where it is not `value`."""
        if value is not meant and (value != meant or isinstance(value, bool)):
            self.note(f"{place}: {quoted(value)} read as {meant if isinstance(meant, int | float) else quoted(meant)}")
            return meant
        return value

    def note(self, remark: str) -> None:
        """Puts a remark on record, once, and at most 60 of them."""
        if remark not in self.remarks and len(self.remarks) < _MOST_REMARKS:
            self.remarks.append(remark)


def quoted(value: Any) -> str:
    """A value as a remark shows it."""
    text = " ".join(str(value).split())
    return repr(text if len(text) <= 40 else f"{text[:40]}...")

"""The words of JSON as models write them: strings in any quotes, numbers, bare words; and what is wrong with one, with its place.

Read are single, typographic and full-width quotes, Python's True and None, bare words and numbers with a unit (72 bpm), a decimal comma
where it can be nothing else, line breaks in strings, and on a second look quotes inside strings that were not escaped. NaN and
infinities, which are no numbers of JSON, become their names. Knows nothing of objects and lists (`lenient_json`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from math import isfinite
from typing import Any

__all__ = ["AFTER_ITEM", "AFTER_NAME", "AFTER_VALUE", "CLOSERS", "Budget", "LenientJsonError", "TokenReader"]

_LONGEST_SHOWN = 30
_LETTERS = 20
CLOSERS = {
    '"': '"', "'": "'", "`": "`", "“": "”", "„": "“”", "‟": "”", "”": "”", "«": "»", "»": "«", "‘": "’", "‚": "‘’", "’": "’", "＂": "＂",
}  # fmt: skip
"""What ends a string, by what begins it."""
_DOUBLE, _SINGLE = '"“”„‟«»＂', "'‘’‚`"
_BLANK = re.compile(r"(?:[\s\ufeff\u200b-\u200d\u2060]+|//[^\n]{0,2000}|\#[^\n]{0,2000}|/\*.{0,1000}?\*/)*", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[-+−]?\d{1,4},\d{1,4}(?=\s{0,200}[,，}\n])")
_AFTER_NUMBER = re.compile(r"[ \t]{0,20}(?:[,，}\])\r\n#]|//|/\*|\Z)")
_NEXT_ITEM = re.compile(r"[ \t]{1,20}[-+.\d\"'“„‘«＂\[{(]")
_BARE = re.compile(r"[^\\\s,，:：{}\[\]()\"'“”„‘«»`][^\\,，{}\[\]()\"“”„\n]{0,80}")
_BARE_COMMENT = re.compile(r"\s+(?://|#|/\*).*")
_WORDS: dict[str, bool | None] = {
    "true": True, "false": False, "null": None, "none": None, "undefined": None, "nil": None,
}  # fmt: skip
_NO_NUMBERS = {
    "nan": "NaN", "infinity": "Infinity", "-infinity": "-Infinity", "+infinity": "Infinity", "inf": "Infinity", "-inf": "-Infinity",
}  # fmt: skip
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\n": ""}
_CODE = re.compile(r"u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|U[0-9a-fA-F]{8}")
_LAST_LETTER = 0x10FFFF
# Behind a quote that ends a string, on the second look: what can follow a name, a value of an object, an item of a list.
_QUOTE = "\"'“„‘«＂"
AFTER_NAME = re.compile(r"\s{0,200}[:：]")
AFTER_VALUE = re.compile(
    rf"\s{{0,200}}(?:[,，]\s{{0,200}}(?:[{_QUOTE}}}\]]|[^\W\d]\w{{0,40}}\s{{0,20}}[:：]|//|/\*|#|\Z)|[}}\]]|//|/\*|#|\Z"
    rf"|[{_QUOTE}]\w{{1,40}}[\"'”’»＂]\s{{0,20}}[:：])"
)
AFTER_ITEM = re.compile(
    rf"\s{{0,200}}(?:[,，]\s{{0,200}}(?:[{_QUOTE}{{\[\]\d+.-]|true|false|null|None|True|False|//|/\*|#|\Z)|[\])}}]|//|/\*|#|\Z)"
    rf"|\s{{1,200}}[{_QUOTE}{{\[]"
)


@dataclass(slots=True)
class Budget:
    """How many tokens may still be read, in all readings of one text together; 20 letters of a string are another one."""

    tokens: int = 60_000


class LenientJsonError(Exception):
    """What is wrong with an object: a short sentence, the place in the text, and how many fields were read before."""

    def __init__(self, text: str, place: int, fields: int) -> None:
        """`place` counts characters from 0."""
        super().__init__(text)
        self.text, self.place, self.fields = text, place, fields


class TokenReader:
    """Reads one token after another from a place in a text that moves on."""

    def __init__(self, text: str, start: int, budget: Budget, *, guess: bool) -> None:
        """`start` is the place of the first token; `guess` takes a quote for the end of a string only where what follows allows it."""
        self.text, self.at, self.budget, self.guess = text, start, budget, guess
        self.fields = 0
        self.no_number = ""

    def skip_blanks(self) -> None:
        """Moves behind blanks and comments."""
        match = _BLANK.match(self.text, self.at)
        while match and match.end() > self.at:  # a comment longer than the pattern's bound goes on as text and is a fault
            self.at = match.end()
            match = _BLANK.match(self.text, self.at)

    def fault(self, what: str) -> LenientJsonError:
        """An error at this place."""
        return LenientJsonError(what, self.at, self.fields)

    def near(self) -> str:
        """What stands at this place, for a message."""
        return repr(self.text[self.at : self.at + _LONGEST_SHOWN])

    def scalar(self, *, is_object: bool) -> Any:
        """A number, a word of JSON or Python, or a bare word."""
        if is_object and (match := _DECIMAL_COMMA.match(self.text, self.at)):
            self.at = match.end()
            return match[0]
        match = _NUMBER.match(self.text, self.at)
        follows = match and (
            _AFTER_NUMBER.match(self.text, match.end()) or (not is_object and _NEXT_ITEM.match(self.text, match.end()))
        )
        if match and follows:
            self.at = match.end()
            return self._number(match[0])
        match = _BARE.match(self.text, self.at)
        if match is None or match[0].startswith(("...", "…")):
            raise self.missing("a value")
        word = _BARE_COMMENT.sub("", match[0]).strip()
        self.at += len(word)
        if _NUMBER.fullmatch(word):  # a name follows without a comma
            return self._number(word)
        self.no_number = self.no_number or _NO_NUMBERS.get(word.lower(), "")
        return _NO_NUMBERS.get(word.lower()) or _WORDS.get(word.lower(), word)

    def _number(self, digits: str) -> int | float | str:
        plain = digits.replace("_", "").lstrip("+")
        if plain.removeprefix("-").isdecimal() and len(plain) <= 18:
            return int(plain)
        value = float(plain)
        if isfinite(value):
            return value
        self.no_number = "-Infinity" if value < 0 else "Infinity"
        return self.no_number

    def string(self, opener: str, start: int, after: re.Pattern[str] | None = None) -> str:
        """The string whose inside begins at `start`; the place moves behind its quote, or to the end of the text."""
        closers = CLOSERS[opener]
        if self.guess:
            closers = _DOUBLE if opener in _DOUBLE else _SINGLE
        stops = _stops(closers)
        pieces: list[str] = []
        place = start
        while match := stops.search(self.text, place):
            pieces.append(self.text[place : match.start()])
            place = match.end()
            if match[0] == "\\":
                piece, place = self._escape(place)
                pieces.append(piece)
            elif not self.guess or after is None or after.match(self.text, place):
                break
            else:
                pieces.append(match[0])
                self.budget.tokens -= 1
        else:
            pieces.append(self.text[place:])
            place = len(self.text)
        self.budget.tokens -= (place - start) // _LETTERS
        self.at = place
        made = "".join(pieces)
        return made if made.isascii() else made.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")

    def _escape(self, place: int) -> tuple[str, int]:
        letter = self.text[place : place + 1]
        if match := _CODE.match(self.text, place):
            code = int(match[0][1:], 16)
            if code <= _LAST_LETTER:
                return chr(code), match.end()
        return _ESCAPES.get(letter, letter), place + 1

    def missing(self, wanted: str) -> LenientJsonError:
        """The error for a place where something else was wanted."""
        if self.text.startswith(("...", "…"), self.at):
            return self.fault(f"dots stand for what was left out near {self.near()}")
        return self.fault(f"{wanted} is missing near {self.near()}")


@cache
def _stops(closers: str) -> re.Pattern[str]:
    return re.compile(f"[{closers}\\\\]")

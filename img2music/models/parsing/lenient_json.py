"""Reads JSON as models write it: comments, trailing commas, Python's words and quotes, line breaks in strings, a bracket left open.

Every sound JSON object (RFC 8259) is read as `json` reads it. Beyond it are read: comments (//, #, /* */), trailing, doubled and missing
commas, single, typographic and full-width quotes, names without quotes, Python's True, None and tuples, bare words and numbers with a
unit (72 bpm), a decimal comma where it can be nothing else, line breaks in strings, and on a second look quotes inside strings
that were not escaped. NaN and infinities, which are no numbers of JSON, become their names, so that who checks the field can name it.

Nothing is evaluated. One pass without recursion: a nesting of more than 64 is a fault, and a `Budget` of tokens, which several readings
share, bounds the time of hostile text. Knows nothing of what an object means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from img2music.models.parsing.json_schema import JsonObject

__all__ = ["Budget", "LenientJsonError", "ParsedObject", "parse_object", "unescaped"]

_DEEPEST = 64
_LONGEST_SHOWN = 30
_LETTERS = 20
_CLOSERS = {
    '"': '"', "'": "'", "`": "`", "“": "”", "„": "“”", "‟": "”", "”": "”", "«": "»", "»": "«", "‘": "’", "‚": "‘’", "’": "’", "＂": "＂",
}  # fmt: skip
"""What ends a string, by what begins it."""
_DOUBLE, _SINGLE = '"“”„‟«»＂', "'‘’‚`"
_BLANK = re.compile(r"(?:[\s\ufeff\u200b-\u200d\u2060]+|//[^\n]{0,2000}|\#[^\n]{0,2000}|/\*.{0,1000}?\*/)*", re.DOTALL)
_KEY = re.compile(r"([^\W\d][\w$.-]{0,80}|\d{1,9})\s{0,20}(?=[:：])")
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
_AFTER_NAME = re.compile(r"\s{0,200}[:：]")
_AFTER_VALUE = re.compile(
    rf"\s{{0,200}}(?:[,，]\s{{0,200}}(?:[{_QUOTE}}}\]]|[^\W\d]\w{{0,40}}\s{{0,20}}[:：]|//|/\*|#|\Z)|[}}\]]|//|/\*|#|\Z"
    rf"|[{_QUOTE}]\w{{1,40}}[\"'”’»＂]\s{{0,20}}[:：])"
)
_AFTER_ITEM = re.compile(
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


@dataclass(frozen=True, slots=True)
class ParsedObject:
    """An object that was read."""

    tree: JsonObject
    end: int
    """One behind its last character."""
    cut: str | None = None
    """Where the text ended before the object did ("sections.1.bars"); None where it is whole."""
    lacks_brace: bool = False
    """Whether nothing but the object's last brace is missing."""
    no_number: str = ""
    """NaN or an infinity that stands in it, "" where none does."""


@dataclass(slots=True)
class _Frame:
    """An object or a list that is still open."""

    made: Any
    closer: str
    wants: str
    """key, colon, value or comma."""
    name: str = ""

    @property
    def is_object(self) -> bool:
        return isinstance(self.made, dict)

    def put(self, value: Any) -> None:
        if self.is_object:
            self.made[self.name] = value
        else:
            self.made.append(value)
        self.wants = "comma"


def parse_object(text: str, start: int, budget: Budget) -> ParsedObject:
    """The object that begins with the brace at `start`.

    Raises:
        LenientJsonError: it is not sound, nested too deeply, or the budget is spent. An object that is only cut off is a `ParsedObject`.
    """
    try:
        return _Reader(text, start, budget, guess=False).read()
    except LenientJsonError as plain:
        if budget.tokens <= 0 or not plain.fields:
            raise
        try:
            guessed = _Reader(text, start, budget, guess=True).read()
        except LenientJsonError as second:
            raise max(plain, second, key=lambda fault: fault.place) from None
        if guessed.cut is not None:  # a quote that was taken for a letter swallowed the rest
            raise
        return guessed


def unescaped(text: str, start: int) -> tuple[str, int]:
    r"""The inside of a JSON string from `start` on (`{\"a\": 1}`), up to its quote or the end, and the place behind it."""
    reader = _Reader(text, start, Budget(), guess=False)
    return reader.string('"', start), reader.at


class _Reader:
    """One pass over an object; open objects and lists lie on a stack of our own."""

    def __init__(self, text: str, start: int, budget: Budget, *, guess: bool) -> None:
        self.text, self.at, self.budget, self.guess = text, start, budget, guess
        self.stack: list[_Frame] = []
        self.fields = 0
        self.no_number = ""
        self.apart = False
        """Whether something stands between this token and the one before."""

    def read(self) -> ParsedObject:
        root: JsonObject = {}
        self._push(root, "}", "key")
        while self.stack:
            before = self.at
            self._skip()
            self.apart = self.at > before
            frame = self.stack[-1]
            if self.at >= len(self.text) or (frame.wants == "comma" and self.text.startswith("```", self.at)):
                return self._cut(root)
            self.budget.tokens -= 1
            if self.budget.tokens <= 0:
                raise self._fault("it is too long")
            getattr(self, f"_{frame.wants}")(frame)
        return ParsedObject(root, self.at, no_number=self.no_number)

    def _cut(self, root: JsonObject) -> ParsedObject:
        steps = [frame.name if frame.is_object else str(max(0, len(frame.made) - 1)) for frame in self.stack]
        only = len(self.stack) == 1 and self.stack[0].wants == "comma"
        return ParsedObject(root, self.at, ".".join(step for step in steps if step)[:120] or "its beginning", only)

    def _skip(self) -> None:
        match = _BLANK.match(self.text, self.at)
        while match and match.end() > self.at:  # a comment longer than the pattern's bound goes on as text and is a fault
            self.at = match.end()
            match = _BLANK.match(self.text, self.at)

    def _fault(self, what: str) -> LenientJsonError:
        return LenientJsonError(what, self.at, self.fields)

    def _near(self) -> str:
        return repr(self.text[self.at : self.at + _LONGEST_SHOWN])

    def _push(self, made: JsonObject | list[Any], closer: str, wants: str) -> None:
        if len(self.stack) >= _DEEPEST:
            raise self._fault(f"it is nested more than {_DEEPEST} deep")
        if self.stack:
            self.stack[-1].put(made)
        self.stack.append(_Frame(made, closer, wants))
        self.at += 1

    def _close(self) -> None:
        self.stack.pop()
        self.at += 1

    def _key(self, frame: _Frame) -> None:
        letter = self.text[self.at]
        if letter == frame.closer:
            self._close()
        elif letter in ",，":
            self.at += 1
        elif letter in _CLOSERS:
            frame.name = self.string(letter, self.at + 1, _AFTER_NAME)
            frame.wants = "colon"
        elif match := _KEY.match(self.text, self.at):
            frame.name, frame.wants, self.at = match[1], "colon", match.end()
        else:
            raise self._strange("a name in quotes")

    def _colon(self, frame: _Frame) -> None:
        if self.text[self.at] not in ":：":
            raise self._strange(f"a colon after {frame.name[:40]!r}")
        self.at += 1
        frame.wants = "value"

    def _comma(self, frame: _Frame) -> None:
        self.fields += frame.is_object
        letter = self.text[self.at]
        if letter == frame.closer:
            self._close()
        elif letter in "}])":
            raise self._strange(f"a {frame.closer}")
        elif letter in ",，" or self.apart or letter in "{[":
            frame.wants = "key" if frame.is_object else "value"
            self.at += letter in ",，"
        else:
            raise self._strange("a comma")

    def _value(self, frame: _Frame) -> None:
        letter = self.text[self.at]
        if letter == "{":
            self._push({}, "}", "key")
        elif letter in "[(":
            self._push([], "]" if letter == "[" else ")", "value")
        elif letter == frame.closer and not frame.is_object:
            self._close()
        elif letter in ",，}":
            if frame.is_object:
                frame.put(None)  # nothing was said
            elif letter == "}":
                raise self._strange(f"a {frame.closer}")
            else:
                self.at += 1
        elif letter in _CLOSERS:
            frame.put(self.string(letter, self.at + 1, _AFTER_VALUE if frame.is_object else _AFTER_ITEM))
        else:
            frame.put(self._scalar(is_object=frame.is_object))

    def _scalar(self, *, is_object: bool) -> Any:
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
            raise self._strange("a value")
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
        closers = _CLOSERS[opener]
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

    def _strange(self, wanted: str) -> LenientJsonError:
        if self.text.startswith(("...", "…"), self.at):
            return self._fault(f"dots stand for what was left out near {self._near()}")
        return self._fault(f"{wanted} is missing near {self._near()}")


@cache
def _stops(closers: str) -> re.Pattern[str]:
    return re.compile(f"[{closers}\\\\]")

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
from typing import TYPE_CHECKING, Any

from img2music.models.parsing.json_tokens import (
    AFTER_ITEM,
    AFTER_NAME,
    AFTER_VALUE,
    CLOSERS,
    Budget,
    LenientJsonError,
    TokenReader,
)

if TYPE_CHECKING:
    from img2music.models.parsing.json_schema import JsonObject

__all__ = ["Budget", "LenientJsonError", "ParsedObject", "parse_object", "unescaped"]

_DEEPEST = 64
_KEY = re.compile(r"([^\W\d][\w$.-]{0,80}|\d{1,9})\s{0,20}(?=[:：])")


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


class _Reader(TokenReader):
    """One pass over an object; open objects and lists lie on a stack of our own."""

    def __init__(self, text: str, start: int, budget: Budget, *, guess: bool) -> None:
        super().__init__(text, start, budget, guess=guess)
        self.stack: list[_Frame] = []
        self.apart = False
        """Whether something stands between this token and the one before."""

    def read(self) -> ParsedObject:
        root: JsonObject = {}
        self._push(root, "}", "key")
        while self.stack:
            before = self.at
            self.skip_blanks()
            self.apart = self.at > before
            frame = self.stack[-1]
            if self.at >= len(self.text) or (frame.wants == "comma" and self.text.startswith("```", self.at)):
                return self._cut(root)
            self.budget.tokens -= 1
            if self.budget.tokens <= 0:
                raise self.fault("it is too long")
            getattr(self, f"_{frame.wants}")(frame)
        return ParsedObject(root, self.at, no_number=self.no_number)

    def _cut(self, root: JsonObject) -> ParsedObject:
        steps = [frame.name if frame.is_object else str(max(0, len(frame.made) - 1)) for frame in self.stack]
        only = len(self.stack) == 1 and self.stack[0].wants == "comma"
        return ParsedObject(root, self.at, ".".join(step for step in steps if step)[:120] or "its beginning", only)

    def _push(self, made: JsonObject | list[Any], closer: str, wants: str) -> None:
        if len(self.stack) >= _DEEPEST:
            raise self.fault(f"it is nested more than {_DEEPEST} deep")
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
        elif letter in CLOSERS:
            frame.name = self.string(letter, self.at + 1, AFTER_NAME)
            frame.wants = "colon"
        elif match := _KEY.match(self.text, self.at):
            frame.name, frame.wants, self.at = match[1], "colon", match.end()
        else:
            raise self.missing("a name in quotes")

    def _colon(self, frame: _Frame) -> None:
        if self.text[self.at] not in ":：":
            raise self.missing(f"a colon after {frame.name[:40]!r}")
        self.at += 1
        frame.wants = "value"

    def _comma(self, frame: _Frame) -> None:
        self.fields += frame.is_object
        letter = self.text[self.at]
        if letter == frame.closer:
            self._close()
        elif letter in "}])":
            raise self.missing(f"a {frame.closer}")
        elif letter in ",，" or self.apart or letter in "{[":
            frame.wants = "key" if frame.is_object else "value"
            self.at += letter in ",，"
        else:
            raise self.missing("a comma")

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
                raise self.missing(f"a {frame.closer}")
            else:
                self.at += 1
        elif letter in CLOSERS:
            frame.put(self.string(letter, self.at + 1, AFTER_VALUE if frame.is_object else AFTER_ITEM))
        else:
            frame.put(self.scalar(is_object=frame.is_object))

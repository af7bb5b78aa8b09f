"""A text in tokens that can be looked up: words without case and accents, numbers, single signs of Chinese, Japanese and Korean.

Every token knows where it stands in the text as it was written, so that it can be quoted in its own letters. Signs that end a clause are
tokens of their own ("break"), for a negation does not reach beyond them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["JOINTS", "Kind", "Token", "fold", "phrase_words", "skip_joints", "tokenize"]

JOINTS = frozenset("-'’‐‑")
"""Signs inside words that phrases are compared without: "lo-fi", "don't"."""

Kind = Literal["word", "number", "sign", "break"]
_BREAKS = frozenset(',.;:!?()[]{}<>\n\r、。，！？；：（）「」『』【】…·•|¿¡"“”„«»—')
_IDEOGRAPHIC = re.compile(r"[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
_STRIPPED = re.compile(r"[\u0041-\u024f\u0370-\u03ff\u0400-\u052f]")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*(?:e\d+(?!\w))?")
_THOUSANDS = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")
_LONGEST_NUMBER = 40
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufe0e\ufe0f\ufeff\u00ad")
_LETTERS = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "♯": "#", "♭": "b"}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text: `folded` to look it up, `start` and `end` to quote it."""

    folded: str
    start: int
    end: int
    kind: Kind
    glued: bool
    """Whether nothing parts it from the token before."""

    @property
    def is_decimal(self) -> bool:
        """Whether it is a number, not "1:30" and not "12.5.3"."""
        return self.kind == "number" and ":" not in self.folded and self.folded != "?"

    @property
    def ideographic(self) -> bool:
        """Whether it is a sign of Chinese, Japanese or Korean."""
        return _IDEOGRAPHIC.match(self.folded) is not None


@lru_cache(maxsize=4096)
def _fold_letter(letter: str) -> str:
    """One letter as it is looked up: NFKC, no case; no accents where the script is Latin, Greek or Cyrillic."""
    plain = unicodedata.normalize("NFKC", letter).casefold()
    if letter in _LETTERS or plain in _LETTERS:
        return _LETTERS.get(letter) or _LETTERS[plain]
    if plain == "й":  # a letter of its own: "войны" are wars and "воины" warriors
        return plain
    parts = unicodedata.normalize("NFD", plain)
    if len(parts) > 1 and _STRIPPED.match(parts[0]):
        return "".join(sign for sign in parts if not unicodedata.combining(sign))
    return plain


def fold(text: str) -> str:
    """`text` as words are looked up: "Café" and "cafe" are one."""
    return "".join(_fold_letter(letter) for letter in unicodedata.normalize("NFC", text) if letter not in _INVISIBLE)


def tokenize(text: str) -> list[Token]:
    """The tokens of `text`; places count in `text` itself, which should be in NFC."""
    tokens: list[Token] = []
    place, count, last = 0, len(text), -1
    while place < count:
        start = place
        letter = text[place]
        folded = _fold_letter(letter)
        if letter.isspace() or letter in _INVISIBLE or unicodedata.category(letter) in {"Cc", "Cf", "Mn", "Cs"}:
            place += 1
            if letter in "\n\r":
                tokens.append(Token("\n", start, place, "break", start == last))
            continue
        kind: Kind
        if folded[:1].isdigit() and unicodedata.category(letter) in {"Nd", "No"}:
            kind = "number"
            folded, place = _number(text, place)
        elif _IDEOGRAPHIC.match(letter):
            kind = "word"
            place += 1
        elif letter in _BREAKS:
            kind = "break"
            place += 1
        elif letter.isalpha():
            kind = "word"
            while place < count and _in_word(text[place]):
                place += 1
            folded = fold(text[start:place])
        else:
            kind, folded = "sign", letter
            place += 1
        tokens.append(Token(folded, start, place, kind, start == last))
        last = place
    return tokens


def skip_joints(tokens: Sequence[Token], place: int) -> int:
    """The place behind joints that stand at `place`, two at most: more of them join nothing."""
    end = min(len(tokens), place + 2)
    while place < end and tokens[place].folded in JOINTS:
        place += 1
    return place


def phrase_words(phrase: str) -> tuple[str, ...]:
    """A phrase of a table as folded words, without joints; a `*` stays with the word whose ending it stands for.

    A sign of Chinese, Japanese or Korean after a space begins with one, for there a space is not always between words.
    """
    words: list[str] = []
    for token in tokenize(phrase):
        if token.folded == "*" and words:
            words[-1] += "*"
        elif token.folded not in JOINTS:
            words.append(f" {token.folded}" if words and token.ideographic and not token.glued else token.folded)
    return tuple(words)


def _number(text: str, place: int) -> tuple[str, int]:
    """The number at `place` as Python writes it, "?" where it is none ("12.5.3"), and where it ends; "1:30" is left as it is."""
    fraction = _fraction(text[place])
    if fraction is not None:
        return f"{fraction:g}", place + 1
    end = place
    while end < min(len(text), place + _LONGEST_NUMBER) and len(_fold_letter(text[end])) == 1 and _fraction(text[end]) is None:
        end += 1
    found = _NUMBER.match(fold(text[place:end]))
    if found is None:
        return "?", place + 1
    digits, end = found.group(), place + found.end()
    if ":" in digits:
        return digits, end
    if _THOUSANDS.fullmatch(digits):
        return digits.replace(".", "").replace(",", ""), end
    digits = digits.replace(",", ".")
    more = _fraction(text[end]) if end < len(text) else None
    try:
        value = float(digits)
    except ValueError:
        return "?", end
    return (f"{value + more:g}", end + 1) if more is not None else (digits, end)


def _fraction(letter: str) -> float | None:
    """The value of a sign such as "½"."""
    value = unicodedata.numeric(letter, None)
    return value if value is not None and 0 < value < 1 else None


def _in_word(letter: str) -> bool:
    return (
        letter in "♯♭"
        or letter in _INVISIBLE
        or (letter.isalpha() and not _IDEOGRAPHIC.match(letter))
        or unicodedata.category(letter) == "Mn"
    )

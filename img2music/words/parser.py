"""From a text to what it asks for: each word is read or left aside, with the reason.

At every place a key, a quantity and a phrase of the tables are looked for, in this order; the longest phrase counts. "no" and "without" keep the next
instrument out and turn the next mood around, up to the end of the clause; "very" and "a bit" say how much. What the words come to is
put together in `words.resolve`. Nothing here can fail, and nothing in a text is obeyed but what the tables know.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from img2music.brief import SECONDS_RANGE, TEMPO_RANGE_BPM
from img2music.theory import METERS
from img2music.words.key_names import find_key_name
from img2music.words.parse_result import ParseState, ReadWord
from img2music.words.phrase_matching import index_glosses, ranked_languages
from img2music.words.quantities import parse_quantity
from img2music.words.resolve import resolve_words
from img2music.words.text_cursor import TextCursor, are_alike
from img2music.words.tokenizer import fold, tokenize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from img2music.words.parse_result import WordsReading
    from img2music.words.phrase_matching import PhraseMatch
    from img2music.words.quantities import Quantity
    from img2music.words.tokenizer import Token

__all__ = ["read_words"]

_LONGEST_READ = 2000
_BARE_TEMPO = (50.0, 220.0)
_SOFTENED = 0.6
_IN = frozenset({"in", "en", "em"})


@dataclass(slots=True)
class _Clause:
    """What waits for the next word of a clause."""

    negation: str = ""
    negated_at: int = -1
    carried: bool = False
    """Whether the negation has been used and an "or" may carry it on."""
    joined: bool = False
    only: bool = False
    degree: float = 1.0
    too: bool = False


def read_words(text: str, glosses: Mapping[str, str] | None = None) -> WordsReading:
    """What `text` asks for.

    Args:
        text: any text; its first 2,000 characters are read, and that the rest was not is said.
        glosses: phrases of the text that somebody, such as a language model, has put into words of the tables: {"in der Früh": "morning"}.
    """
    return _read(unicodedata.normalize("NFC", text), tuple((glosses or {}).items()))


@lru_cache(maxsize=64)
def _read(text: str, glosses: tuple[tuple[str, str], ...]) -> WordsReading:
    walk = ParseState(text)
    tokens = tokenize(text[:_LONGEST_READ])
    if tokens:
        order, own = ranked_languages(tokens)
        _WordsReader(walk, tokens, order, own, index_glosses(glosses)).run()
    if len(text) > _LONGEST_READ:
        walk.aside.append((_LONGEST_READ, len(text), f"only the first {_LONGEST_READ} characters are read"))
    return resolve_words(walk)


class _WordsReader(TextCursor):
    """Goes through the tokens once, from left to right."""

    def __init__(
        self,
        walk: ParseState,
        tokens: list[Token],
        order: tuple[str, ...],
        own: frozenset[str],
        glosses: Mapping[str, Sequence[tuple[tuple[str, ...], str]]],
    ) -> None:
        super().__init__(walk.text, tokens, order, own)
        self.walk, self.glosses = walk, glosses
        self.clause = _Clause()
        self.chain = 0
        """How many of the last words an "and" has joined, for a negation that stands after them."""
        self.introduced = self.bare = self.joint = False
        self.matched_until = -1

    def run(self) -> None:
        while self.place < len(self.tokens):
            self.place += self._step()

    def _step(self) -> int:
        introduced, self.introduced = self.introduced, False
        bare, self.bare = self.bare, False
        return self._break() or self._gloss() or self._word(introduced=introduced, bare=bare)

    def _break(self) -> int:
        token = self.tokens[self.place]
        if token.kind != "break":
            return 0
        if self.clause.carried and (
            token.folded == "、" or (token.folded in ",，" and self.list_goes_on(self.walk.read[-1].does))
        ):
            self.clause.joined = True
        else:
            self.clause = _Clause()
        self.joint = token.folded == "、" and self.matched_until == self.place
        self.matched_until = self.place + 1 if self.joint else -1
        return 1

    def _word(self, *, introduced: bool, bare: bool) -> int:
        token = self.tokens[self.place]
        key, length = find_key_name(self.tokens, self.place, self.order, introduced=introduced, bare=bare)
        if key is not None:
            return self._named("key", key.name, length)
        counted = parse_quantity(self.tokens, self.place, self.order)
        match = self.match()
        if counted and counted.kind != "number" and (match is None or counted.length > match.length):
            return self._counted(counted)
        if match is not None:
            return self._meant(match)
        if token.kind == "number":
            return self._bare_number(counted) if counted else self._leave(1, "no number; write such as 12.5")
        return self._unknown()

    def _bare_number(self, counted: Quantity) -> int:
        if self._bare_tempo(counted):
            return self._named("bpm", f"{counted.value:g}", counted.length)
        return self._leave(counted.length, "a number without a unit; write such as 90 bpm or 45 seconds")

    def _bare_tempo(self, counted: Quantity) -> bool:
        """Whether a number without a unit is a tempo, as after a genre: "techno 128"."""
        low, high = _BARE_TEMPO
        named = any(one.does.group == "genres" for one in self.walk.read[-2:])
        return low <= counted.value <= high and named and not any(one.meaning == "bpm" for one in self.walk.read)

    def _gloss(self) -> int:
        """What somebody explained, read as their explanation, with the negation and the degree that stand before it."""
        for words, meant in self.glosses.get(self.tokens[self.place].folded, ()):
            if tuple(token.folded for token in self.tokens[self.place : self.place + len(words)]) != words:
                continue
            said, clause = self.quote(self.place, len(words)), self.clause
            inner = ParseState(meant)
            explained = tokenize(meant)
            if explained:
                _WordsReader(inner, explained, self.order, frozenset({"en"}), {}).run()
            told = [
                replace(
                    one, words=said, by="gloss", negated=one.negated != bool(clause.negation), degree=one.degree * clause.degree
                )
                for one in inner.read
            ]
            kept = [one for one in told if one.does.name or not one.negated]
            self.walk.read += kept
            self.chain = 0
            if not told:
                self.walk.aside.append((self.tokens[self.place].start, self.tokens[self.place + len(words) - 1].end, ""))
            self.matched_until = self.place + len(words)
            if clause.negation:
                clause.carried, clause.joined = bool(kept), False  # a refusal that met nothing waits for the next word
            else:
                self.clause = _Clause(only=clause.only)
            return len(words)
        return 0

    def _named(self, kind: str, value: str, length: int) -> int:
        if self.clause.negation and not self.clause.carried:  # "without drums in D minor" refuses the drums alone
            start = max(0, self.clause.negated_at)
            self.clause = _Clause()
            return self._leave(length, f"{kind} {value} is not wanted; say which {kind} instead", start=start)
        if self.is_negative():
            return self._leave(length, "a number below zero")
        self.walk.read.append(ReadWord(self.quote(self.place, length), kind, value=value))
        self.chain = 0
        self.matched_until = self.place + length
        self.clause.degree = 1.0
        return length

    def _counted(self, counted: Quantity) -> int:
        if counted.kind == "meter":
            if counted.meter not in METERS:
                return self._leave(counted.length, f"no metre {counted.meter}; there are {', '.join(METERS)}")
            return self._named("meter", counted.meter, counted.length)
        if self.is_decade(counted):
            return self._leave(counted.length, "a decade, which says nothing to the tables")
        low, high = TEMPO_RANGE_BPM if counted.kind == "bpm" else SECONDS_RANGE
        if not low <= counted.value <= high:
            unit = "quarter notes a minute" if counted.kind == "bpm" else "seconds"
            return self._leave(counted.length, f"outside {low:g} to {high:g} {unit}")
        return self._named(counted.kind, f"{counted.value:g}", counted.length)

    def _meant(self, match: PhraseMatch) -> int:
        meaning, length = match.meaning, match.length
        length += self.ending(self.place + length)
        if meaning.grammar is not None or meaning.degree is not None:
            self._grammar(match)
            self.matched_until = self.place + length
            return length
        clause = self.clause
        if clause.carried and not (clause.joined and are_alike(self.walk.read[-1].does, meaning)):
            self.clause = clause = _Clause(only=clause.only)  # the negation has had its word
        negation = clause.negation
        start = clause.negated_at if negation and not clause.carried and clause.negated_at >= 0 else self.place
        read = ReadWord(
            self.quote(start, self.place + length - start),
            meaning.name,
            meaning,
            degree=clause.degree,
            negated=bool(negation),
            value="only" if clause.only and not negation else ("too" if clause.too else ""),
            language=match.language,
        )
        joined = self.joint and bool(self.walk.read) and are_alike(self.walk.read[-1].does, meaning)
        self.chain = self.chain + 1 if joined else 0
        self.joint = False
        self.walk.read.append(read)
        self.matched_until = self.place + length
        clause.carried, clause.joined = bool(negation), False
        if not negation:
            self.clause = _Clause(only=clause.only)
        else:
            clause.degree, clause.too = 1.0, False
        return length

    def _grammar(self, match: PhraseMatch) -> None:
        """Words that say how the next one, or the one before, is to be taken."""
        meaning, clause = match.meaning, self.clause
        kind = meaning.grammar
        if meaning.degree is not None:
            clause.degree *= meaning.degree
            clause.too = clause.too or meaning.name == "too"
        elif kind == "not" and clause.negation == "not" and not clause.carried:
            self.clause = _Clause(degree=clause.degree)  # "not not sad" is sad
        elif kind == "softened_after":
            self._soften(match)
        elif kind in {"without", "not"}:
            self.clause = _Clause(negation=str(kind), negated_at=self.place, degree=clause.degree)
        elif kind in {"without_after", "not_after"}:
            self._turn_around()
        elif kind == "only":
            clause.only = True
            self._only_after(match)
        elif kind == "only_after":
            self._only_after(match)
        elif kind == "but":
            self.clause = _Clause()
        elif kind in {"and", "or"}:
            clause.joined = clause.carried
            self.joint = self.matched_until == self.place
            return
        elif kind == "filler":
            self.introduced = True
            said = fold(self.quote(self.place, match.length))
            self.bare = said.endswith("key of") or (said in _IN and self.is_capital(self.place + match.length))
        clause.joined = False

    def _soften(self, match: PhraseMatch) -> None:
        """Weakens the word before: "triste ma non troppo"; where a word follows, it is that which is not to be too strong."""
        after = self.place + match.length
        if after < len(self.tokens) and self.tokens[after].kind != "break":
            self.clause = _Clause(negation="not", negated_at=self.place, too=True)
        elif self.walk.read:
            self.walk.read[-1] = replace(self.walk.read[-1], degree=self.walk.read[-1].degree * _SOFTENED)

    def _turn_around(self) -> None:
        """The word before is not wanted: "ドラムなし", "피아노 없이"."""
        if self.walk.read and self.matched_until == self.place:
            for index in range(len(self.walk.read) - 1 - self.chain, len(self.walk.read)):
                self.walk.read[index] = replace(self.walk.read[index], negated=True)

    def _only_after(self, match: PhraseMatch) -> None:
        """The instruments before are the whole band: "flute and harp duo", "piano only"."""
        if match.meaning.grammar == "only" and self.matched_until != self.place:
            return
        for index, one in enumerate(self.walk.read):
            if one.does.instrument and not one.negated:
                self.walk.read[index] = replace(one, value="only")

    def _unknown(self) -> int:
        """A word that no table knows."""
        count = self.unknown_length()
        if self.is_particle(count):
            return count
        return self._leave(count, "not in the tables")

    def _leave(self, length: int, reason: str, *, start: int | None = None) -> int:
        first = self.place if start is None else start
        last = self.place + length - 1
        self.walk.aside.append((self.tokens[first].start, self.tokens[last].end, reason))
        if self.clause.carried:
            self.clause = _Clause()
        return length

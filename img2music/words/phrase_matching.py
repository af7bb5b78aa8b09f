"""Phrases of the tables, found in tokens: the longest one that begins at a place, in the languages that a text is in.

A text may mix languages ("chill music para estudiar"). Which ones it is in is told by how much of it each table covers, English first where
they are equal; a phrase is looked for in that order. Small words, such as "no" and "sin", count only in a language that the text is
really in, because they mean other things elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from img2music.io.lexicon_files import languages, lexicon_language, meanings
from img2music.words.tokenizer import JOINTS, phrase_words, skip_joints, tokenize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.io.lexicon_files import Meaning
    from img2music.words.tokenizer import Token

__all__ = ["LanguagePhrases", "PhraseMatch", "index_glosses", "ranked_languages"]

_LONGEST = 16
"""Tokens in a phrase of a table; signs of Chinese, Japanese and Korean count one each."""
_ENDING = 6
"""Letters that a `*` may stand for."""
_SMALL = 3
_SMALL_WORDS = 0.7
"""How much words of grammar tell of a language beside words that mean something: several languages share them."""
_KANA = re.compile("[\u3040-\u30ff]")
_WITHOUT_KANA = 0.9
"""Chinese signs alone are rather Chinese than Japanese."""
_LATIN = "[a-z]"
_SCRIPTS = {
    "ru": "[\u0400-\u04ff]", "zh": "[\u3400-\u9fff\uf900-\ufaff]", "ja": "[\u3040-\u30ff\u3400-\u9fff]", "ko": "[\uac00-\ud7a3]",
    "emoji": "[\u2190-\u2bff\U0001f000-\U0001faff]",
}  # fmt: skip
"""What a text must hold for a language that is not written in Latin letters to be looked for."""
_REALLY = 0.6
"""A language counts as one of the text's own if it covers at least this much of what the best one covers. Our choice."""
_HOME = 0.3
"""English wins where another language is ahead by less than a third of a word."""


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    """A phrase found: its meaning and how many tokens it takes."""

    meaning: Meaning
    length: int
    language: str


@dataclass(frozen=True, slots=True)
class LanguagePhrases:
    """The phrases of one language by their first token; `stems` are those that end in `*`."""

    code: str
    exact: dict[str, list[tuple[tuple[str, ...], str]]]
    stems: dict[str, list[tuple[tuple[str, ...], str]]]

    @staticmethod
    @cache
    def of(code: str) -> LanguagePhrases:
        """The phrases of the language `code`, ready to be looked up."""
        exact: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        stems: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for phrase, meaning in lexicon_language(code).phrases():
            for spelled in {phrase, _without_umlauts(phrase)}:
                words = phrase_words(spelled)
                if words and len(words) <= _LONGEST:
                    first = words[0]
                    rows = stems if first.endswith("*") else exact
                    rows.setdefault(first.rstrip("*"), []).append((words, meaning))
        for rows in (exact, stems):
            for found in rows.values():
                found.sort(key=lambda row: -len(row[0]))
        return LanguagePhrases(code, exact, stems)

    def at(self, tokens: Sequence[Token], place: int, *, small: bool = True) -> PhraseMatch | None:
        """The longest phrase that begins at `place`; without `small` none of a few letters and none of grammar."""
        first = tokens[place].folded
        best: tuple[tuple[str, ...], str] | None = None
        rows = [self.exact.get(first, ())]
        rows += [self.stems.get(first[:length], ()) for length in range(len(first), max(0, len(first) - _ENDING - 1), -1)]
        for found in rows:
            for words, meaning in found:
                if best is not None and len(words) <= len(best[0]):
                    break
                if _fits(words, tokens, place):
                    best = (words, meaning)
                    break
        if best is None:
            return None
        found_meaning = meanings()[best[1]]
        letters = sum(len(word) for word in best[0])
        if not small and (found_meaning.group == "grammar" or (letters <= _SMALL and first.isascii())):
            return None
        return PhraseMatch(found_meaning, _taken(best[0], tokens, place), self.code)


def _without_umlauts(phrase: str) -> str:
    """German as typed where there are no umlauts."""
    return phrase.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")


def _fits(words: tuple[str, ...], tokens: Sequence[Token], place: int) -> bool:
    """Whether the words stand at `place`; in Chinese, Japanese and Korean they don't reach over a space that the table does not have."""
    start = place
    for written in words:
        word = written
        place = skip_joints(tokens, place)
        if place >= len(tokens):
            return False
        folded = tokens[place].folded
        if place > start and not word.startswith(" ") and tokens[place].ideographic and not tokens[place].glued:
            return False
        word = word.lstrip()
        if word.endswith("*") and not tokens[place].ideographic:
            if not (folded.startswith(word[:-1]) and len(folded) - len(word) + 1 <= _ENDING):
                return False
        elif folded != word.rstrip("*"):
            return False
        place += 1
    return True


def _taken(words: tuple[str, ...], tokens: Sequence[Token], place: int) -> int:
    start = place
    for _ in words:
        place = skip_joints(tokens, place) + 1
    return place - start


def _possible(tokens: Sequence[Token]) -> list[str]:
    """English, and the languages whose script is there; English alone where it knows every word."""
    place, unknown = 0, False
    while place < len(tokens) and not unknown:
        match = LanguagePhrases.of("en").at(tokens, place)
        unknown = match is None and tokens[place].kind in {"word", "sign"} and tokens[place].folded not in JOINTS
        place += match.length if match else 1
    if not unknown:
        return ["en"]
    letters = "".join({sign for token in tokens for sign in token.folded})
    return [code for code in languages() if code == "en" or re.search(_SCRIPTS.get(code, _LATIN), letters)]


def ranked_languages(tokens: Sequence[Token]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The languages that a text may be in, the likeliest first, and those of them that it is really in."""
    scores = {}
    for rank, code in enumerate(_possible(tokens)):
        phrases, covered, place = LanguagePhrases.of(code), 0.0, 0
        while place < len(tokens):
            match = phrases.at(tokens, place)
            length = match.length if match else 1
            if match:
                letters = sum(len(token.folded) for token in tokens[place : place + length])
                said = min(1.0, letters / 4) if not tokens[place].ideographic else letters / 2
                covered += said * (_SMALL_WORDS if match.meaning.group == "grammar" else 1.0)
            place += length
        if code == "ja" and not any(_KANA.search(token.folded) for token in tokens):
            covered *= _WITHOUT_KANA
        scores[code] = covered + (_HOME if rank == 0 else -rank * 1e-6)
    order = tuple(sorted(scores, key=lambda code: -scores[code]))
    enough = _REALLY * scores[order[0]]
    return order, frozenset(code for code in order if scores[code] >= enough and scores[code] > 0)


def index_glosses(glosses: tuple[tuple[str, str], ...]) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """Glosses by the first word of what they explain, long ones first."""
    made: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for said, meant in glosses:
        words = tuple(token.folded for token in tokenize(unicodedata.normalize("NFC", said)))
        if words:
            made.setdefault(words[0], []).append((words, meant))
    for found in made.values():
        found.sort(key=lambda gloss: -len(gloss[0]))
    return made

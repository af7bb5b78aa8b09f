"""Keys as people name them: "D minor", "in fis-Moll", "ré mineur", "la bemolle maggiore", "ре минор", "ニ短調", "降B大调", "라단조".

Each language's table says what its letters, signs and modes are called; letters from A to G with English signs are read in all of them.
A tonic counts only where a mode stands beside it, for letters alone are words in most languages.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from img2music.errors import UsageError
from img2music.io.lexicon_files import languages, lexicon_language, meanings, split_phrases
from img2music.theory import MODES, Key
from img2music.words.tokenizer import phrase_words, skip_joints, tokenize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from img2music.words.tokenizer import Token

__all__ = ["find_key_name", "read_key"]

_LETTERS = {letter.lower(): letter for letter in "ABCDEFG"}
_MODE_NOUNS = frozenset({"key", "mode", "scale", "tonality", "feel", "mood", "vibe", "tuning", "sound"})
_LONGEST = 8
"""Tokens in the name of a letter, a sign or a mode."""
Words = tuple[str, ...]


@cache
def _names(code: str) -> tuple[dict[Words, str], dict[Words, str], dict[Words, str], bool]:
    """Tonics, signs and modes of a language by their tokens, and whether signs come first."""
    table = lexicon_language(code).keys
    tonics = {phrase_words(phrase): tonic for tonic, text in table.tonics.items() for phrase in split_phrases(text)}
    tonics |= {(letter,): tonic for letter, tonic in _LETTERS.items() if (letter,) not in tonics}
    for letter, tonic in _LETTERS.items():
        tonics |= {
            (f"{letter}#",): f"{tonic}#",
            (letter, "#"): f"{tonic}#",
            (letter, "sharp"): f"{tonic}#",
            (letter, "flat"): f"{tonic}b",
        }
        if letter != "e" or code != "de":
            tonics.setdefault((f"{letter}b",), f"{tonic}b")
    signs = {phrase_words(phrase): "#" for phrase in split_phrases(table.sharp)}
    signs |= {phrase_words(phrase): "b" for phrase in split_phrases(table.flat)}
    modes = {phrase_words(phrase): "major" for phrase in split_phrases(table.major)}
    modes |= {phrase_words(phrase): "minor" for phrase in split_phrases(table.minor)}
    for name, meaning in meanings().items():
        if meaning.mode:
            modes |= {phrase_words(phrase): meaning.mode for phrase in split_phrases(lexicon_language(code).modes.get(name, ""))}
    modes |= {(mode,): mode for mode in MODES}
    return tonics, signs, {words: mode for words, mode in modes.items() if words}, table.sign_first


def find_key_name(
    tokens: Sequence[Token], place: int, order: Sequence[str], *, introduced: bool, bare: bool = False
) -> tuple[Key | None, int]:
    """The key that is named at `place` and how many tokens it takes; (None, 0) where none is.

    Args:
        tokens: the text.
        place: where to look.
        order: codes of languages, the text's own first.
        introduced: whether "in" or its like stands before: without it "a minor thing" is no key.
        bare: whether a tonic without a mode is a major key, as after "key of".
    """
    for code in order:
        tonics, signs, modes, first = _names(code)
        here, sign = place, ""
        if first:
            sign, here = _next(tokens, here, signs)
        tonic, after = _next(tokens, here, tonics)
        if not tonic:
            continue
        here = after
        if not sign:
            sign, here = _next(tokens, here, signs)
        mode, end = _next(tokens, here, modes)
        if not mode and bare:
            mode, end = "major", here
        if not mode:
            continue
        alone = tokens[place].folded == "a" and after == place + 1 < len(tokens) and not sign
        article = alone and tokens[after].folded in MODES and _apart(tokens, place, end)
        if article and (_names_mode(tokens, end) or (not introduced and _word_follows(tokens, end))):
            continue
        if tokens[place].folded == "h" and tokens[min(after, len(tokens) - 1)].folded in MODES:
            continue  # H is a German letter, and German says "Dur"
        try:
            return Key.parse(f"{tonic}{sign} {mode}"), end - place
        except UsageError:
            continue
    return None, 0


def read_key(text: str) -> Key | None:
    """The key that a whole text names in any of the languages: "fis-moll", "si bémol majeur"; None where it says more, or less."""
    tokens = tokenize(text)
    for bare in (False, len(text) > 1):  # a tonic without a mode is major, but for H, which is German or a slip
        key, count = find_key_name(tokens, 0, languages(), introduced=True, bare=bare) if tokens else (None, 0)
        if key is not None and count == len(tokens):
            return key
    return None


def _word_follows(tokens: Sequence[Token], end: int) -> bool:
    """Whether a word goes on after a mode: "a minor thing" is no key, "waltz, A minor, 90 bpm" is one."""
    return end < len(tokens) and tokens[end].kind == "word"


def _names_mode(tokens: Sequence[Token], end: int) -> bool:
    """Whether a noun follows, as in "in a minor key", which names no tonic."""
    return any(token.folded in _MODE_NOUNS for token in tokens[end - 1 : end + 1])


def _apart(tokens: Sequence[Token], place: int, end: int) -> bool:
    """Whether the words are parted by a space, as an article and its noun are; "a-moll" is not."""
    return all(not tokens[index].glued for index in range(place + 1, end))


def _next(tokens: Sequence[Token], place: int, table: Mapping[Words, str]) -> tuple[str, int]:
    """The longest entry of `table` at `place`, and where it ends."""
    words: list[str] = []
    found, end = "", place
    here = place
    while len(words) < _LONGEST:
        here = skip_joints(tokens, here)
        if here >= len(tokens) or (words and tokens[here].ideographic and not tokens[here].glued):
            break
        words.append(tokens[here].folded)
        here += 1
        entry = table.get(tuple(words))
        if entry is not None:
            found, end = entry, here
    return found, end

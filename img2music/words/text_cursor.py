"""A text while it is read: where it stands, and what the tables say of any place in it.

Places are numbers of tokens. A phrase is looked for in the text's own languages first, then in all others, English first among them. Nothing is
decided here: `parser` decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.words.phrase_matching import LanguagePhrases
from img2music.words.quantities import parse_quantity
from img2music.words.tokenizer import fold

if TYPE_CHECKING:
    from img2music.io.lexicon_files import Meaning
    from img2music.words.phrase_matching import PhraseMatch
    from img2music.words.quantities import Quantity
    from img2music.words.tokenizer import Token

__all__ = ["TextCursor", "are_alike"]

_HIRAGANA = ("\u3040", "\u309f")
_HANGUL = ("\uac00", "\ud7a3")
_LONGEST_PARTICLE = 3
_LONGEST_KANA = 3
"""A run of hiragana that no table knows and is no longer than this is a particle or an ending, and not left aside."""
_DECADES = frozenset({50.0, 60.0, 90.0})
_BOUND_EVERYWHERE = frozenset({"en", "emoji"})
"""Languages whose small words count in every text."""


def are_alike(one: Meaning, other: Meaning) -> bool:
    """Whether both name players, or both something else: what "or" joins in a negation."""
    return bool(one.leave_out) == bool(other.leave_out) and other.grammar is None


class TextCursor:
    """The tokens of a text and a place among them.

    Args:
        text: as it was written.
        tokens: of that text.
        order: codes of languages, the text's own first.
        own: those that the text is really in.
    """

    def __init__(self, text: str, tokens: list[Token], order: tuple[str, ...], own: frozenset[str]) -> None:
        self.text, self.tokens, self.order = text, tokens, order
        self.place = 0
        self._own_order = tuple(code for code in order if code in own)
        self._other_order = tuple(sorted((code for code in order if code not in own), key=lambda code: code != "en"))
        self._small = own | _BOUND_EVERYWHERE

    def match(self, place: int | None = None) -> PhraseMatch | None:
        """The longest phrase at a place in the text's own languages, else in any other, English first."""
        at = self.place if place is None else place
        for codes in (self._own_order, self._other_order):
            best: PhraseMatch | None = None
            for code in codes:
                found = LanguagePhrases.of(code).at(self.tokens, at, small=code in self._small)
                if found and (best is None or found.length > best.length):
                    best = found
            if best is not None:
                return best
        return None

    def quote(self, start: int, length: int) -> str:
        """`length` tokens from `start` on, in the text's own letters."""
        return self.text[self.tokens[start].start : self.tokens[start + length - 1].end]

    def starts(self, place: int) -> bool:
        """Whether something that can be read begins at a place."""
        counted = parse_quantity(self.tokens, place, self.order)
        return (counted is not None and counted.kind != "number") or self.match(place) is not None

    def ending(self, place: int) -> int:
        """Tokens of a Korean or Japanese ending that belong to the word before."""
        taken = 0
        while place + taken < len(self.tokens):
            token = self.tokens[place + taken]
            low, high = _HANGUL if _HANGUL[0] <= token.folded <= _HANGUL[1] else _HIRAGANA
            if not (token.glued and low <= token.folded <= high) or taken >= _LONGEST_PARTICLE:
                break
            if self.match(place + taken) is not None:
                break
            taken += 1
        return taken

    def is_capital(self, place: int) -> bool:
        """Whether a single capital from A to G stands there, as in "in C"; of an A only at the end of a clause."""
        if place >= len(self.tokens):
            return False
        token = self.tokens[place]
        ends = place + 1 == len(self.tokens) or self.tokens[place + 1].kind == "break"
        letter = self.text[token.start : token.end]
        return (letter[:1] in "BCDEFG" and letter[1:] in {"", "♭", "♯", "b"}) or (letter == "A" and ends)

    def is_negative(self) -> bool:
        """Whether a minus stands right before the number."""
        if self.place == 0 or self.tokens[self.place].kind != "number":
            return False
        sign = self.tokens[self.place - 1]
        return sign.folded in {"-", "−"} and self.tokens[self.place].glued and not sign.glued

    def list_goes_on(self, like: Meaning) -> bool:
        """Whether the comma here parts a list that ends in "or" or "and": "no drums, bass or piano", but not "no drums, piano".

        `like` is the meaning of the word before: what a list holds is alike.
        """
        place = self.place + 1
        while place < len(self.tokens):
            match = self.match(place)
            if match is None or not are_alike(like, match.meaning):
                return False
            place += match.length
            if place >= len(self.tokens):
                return False
            joint = self.match(place)
            if joint is not None and joint.meaning.grammar in {"and", "or"}:
                last = self.match(place + joint.length) if place + joint.length < len(self.tokens) else None
                return last is not None and are_alike(like, last.meaning)
            if self.tokens[place].folded not in ",、，":
                return False
            place += 1
        return False

    def is_decade(self, counted: Quantity) -> bool:
        """Whether "90s" means the nineties, as before a genre: "90s rave"."""
        after = self.place + counted.length
        if counted.kind != "seconds" or counted.value not in _DECADES or counted.length != 2 or after >= len(self.tokens):
            return False
        following = self.match(after)
        return self.tokens[self.place + 1].folded == "s" and following is not None and following.meaning.group == "genres"

    def unknown_length(self) -> int:
        """How many tokens a word that no table knows takes; signs of one word are kept together."""
        start, count = self.place, 1
        token = self.tokens[start]
        if token.ideographic or token.kind == "sign":
            while start + count < len(self.tokens):
                following = self.tokens[start + count]
                same = following.kind == token.kind and following.ideographic == token.ideographic
                if not (same and following.glued) or (token.ideographic and self.starts(start + count)):
                    break
                count += 1
        return count

    def is_particle(self, length: int) -> bool:
        """Whether an unknown word here is a particle, an ending or a mere sign, which nobody needs to be told of."""
        folded = fold(self.quote(self.place, length))
        if len(folded) <= _LONGEST_KANA and all(_HIRAGANA[0] <= sign <= _HIRAGANA[1] for sign in folded):
            return True
        return self.tokens[self.place].kind == "sign" and folded in {"'", "’", "-", "/", "+", "*", "#", "="}

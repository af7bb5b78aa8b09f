"""Text on its way into a file: titles, names and marks come from users, models and foreign files.

Knows nothing of formats but XML's rule on characters (XML 1.0, section 2.2), the strictest of all that are written.
"""

from __future__ import annotations

import unicodedata
from xml.sax.saxutils import escape

__all__ = ["abbreviation", "one_line", "xml_text"]

_LONGEST = 200
_SHORT_WORD = 5
# After K. Stone, *Music Notation in the Twentieth Century* (1980), and the usage of notation programs.
_USUAL = {
    "bassoon": "bsn", "cello": "vc", "choir": "ch", "clarinet": "cl", "flute": "fl", "glockenspiel": "glsp", "guitar": "gtr",
    "harmonica": "harm", "harp": "hp", "harpsichord": "hpsd", "horn": "hn", "oboe": "ob", "organ": "org", "piano": "pno",
    "saxophone": "sax", "strings": "str", "trombone": "tbn", "trumpet": "tpt", "tuba": "tba", "viola": "vla", "violin": "vln",
}  # fmt: skip


def one_line(text: str, longest: int = _LONGEST) -> str:
    r"""`text` on one line without control characters, at most `longest` characters.

    >>> one_line("  Evening\n\tsong\x00 ")
    'Evening song'
    """
    # Categories C*: controls, unassigned, private, surrogates; formats (Cf) join letters of many scripts and stay.
    kept = "".join(" " if unicodedata.category(letter) in {"Cc", "Cn", "Co", "Cs"} else letter for letter in text)
    line = " ".join(kept.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def xml_text(text: str) -> str:
    """`text` as it may stand between tags and inside double quotes."""
    return escape(one_line(text), {'"': "&quot;"})


def abbreviation(name: str) -> str:
    """How a part is named from the second system on: "Violin 2" is "Vln. 2", "Acoustic Bass" is "A. Bass".

    >>> [abbreviation(name) for name in ("Violin 2", "Acoustic Bass", "Drums", "Piano (left hand)")]
    ['Vln. 2', 'A. Bass', 'Drums', 'Pno.']
    """
    words = one_line(name).partition("(")[0].split()
    if not words:
        return ""
    number = [words.pop()] if len(words) > 1 and words[-1].isdigit() else []
    return " ".join([*(f"{word[0].upper()}." for word in words[:-1]), _short(words[-1]), *number])


def _short(word: str) -> str:
    """A word as orchestral scores shorten it; others keep four or five letters and end on a consonant."""
    if word.lower() in _USUAL:
        return f"{_USUAL[word.lower()].capitalize()}."
    if len(word) <= _SHORT_WORD:
        return word
    end = next((end for end in (4, 5, 3) if word[end - 1].lower() not in "aeiou"), 4)
    return f"{word[:end]}."

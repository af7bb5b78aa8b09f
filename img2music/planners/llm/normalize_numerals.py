"""Roman numerals as models write them, read as they are meant.

Textbooks of pop and jazz count every mode from the major scale (bVII in mixolydian, bVI in minor); here the numerals are the
mode's own (`theory.chords`), so a flat before a degree that the mode lowers already is a courtesy and is left out. Other spellings of
the same chord (IVM7, iim7, Vsus, viidim) become ours, so do names of chords (Gm7, F#dim), and what we have no chord for becomes the
nearest one (V13 a ninth).
Knows nothing of plans.
"""

from __future__ import annotations

import re

from img2music.errors import Img2MusicError
from img2music.models.parsing.loose_values import plain_text
from img2music.theory import Key, parse_bar, parse_pitch_class

__all__ = ["numerals_as_meant"]

_LOWERED = {
    "minor": ("III", "VI", "VII"),
    "dorian": ("III", "VII"),
    "mixolydian": ("VII",),
    "phrygian": ("II", "III", "VI", "VII"),
}
"""Degrees that lie a semitone lower than in the major scale on the same tonic, by mode."""
_WORD = re.compile(r"([b#]?)(VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(.*)")
_NAME = re.compile(r"([A-G](?:#|b)?)((?:m(?!aj)|min|maj|M|dim|aug|sus|add|o|ø|\+|6|7|9|11|13).*|(?:/.*)?)")
_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
_SIGNS = str.maketrans({"°": "o", "Δ": "M", "→": " ", "|": " ", "-": " ", ",": " "})
# Other spellings of what follows the numeral, the longest first; a chord we don't have becomes the nearest that we have.
_SUFFIXES: tuple[tuple[str, str], ...] = (
    (r"m7b5|min7b5|half-?dim7?|ø7?", "ø7"),
    (r"dim7|o7", "o7"),
    (r"dim|o", "o"),
    (r"aug|\+5|\+", "+"),
    (r"(maj|M|ma)(7|9|11|13)?|7M", "maj7"),
    (r"6/9|69|6add9", "add6"),
    (r"(min|mi|m)(7|9|11)", "7"),
    (r"min|mi|m", ""),
    (r"7sus4?|9sus4?", "7sus4"),
    (r"sus4?|sus", "sus4"),
    (r"7(b9|#9|b5|#5|b13|#11|alt).*|alt", "7"),
    (r"11|13|9(b|#)?\d*|7(add)?1[13]", "9"),
    (r"add2", "add9"),
    (r"5|5/4", ""),
)


def numerals_as_meant(bar: str, key: Key) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """A bar in our spelling; what was read otherwise than it is written; the words that are no chords at all, left out.

    The bar is "" where nothing in it is a chord.
    """
    kept: list[str] = []
    read: list[str] = []
    lost: list[str] = []
    for word in plain_text(bar).translate(_SIGNS).split():
        meant = _meant(word, key)
        if meant is None:
            lost.append(word)
            continue
        if meant != word:
            read.append(f"{word} as {meant}")
        kept.append(meant)
    return " ".join(kept[:4]), tuple(read), tuple(lost + kept[4:])


def _meant(word: str, key: Key) -> str | None:
    """The word in our spelling, or None."""
    match = _WORD.fullmatch(_numbered(word, key))
    if match is None:
        return None
    sign, numeral, rest = match.groups()
    if sign == "b" and numeral.upper() in _LOWERED.get(key.mode, ()):
        sign = ""
    head, slash, target = rest.partition("/")
    if target.startswith("b") and target[1:].upper() in _LOWERED.get(key.mode, ()):
        target = target[1:]
    endings = [*_spellings(rest), *(f"{one}{slash}{target}" for one in (head, *_spellings(head))), head, *_spellings(head)]
    return next((f"{sign}{numeral}{ending}" for ending in endings if _is_chord(f"{sign}{numeral}{ending}", key)), None)


def _numbered(word: str, key: Key) -> str:
    """A chord's name as a numeral of the key: "Gm7" in C major is "v7"; any other word as it is."""
    match = _NAME.fullmatch(word)
    if match is None:
        return word
    root, ending = parse_pitch_class(match[1]), match[2].partition("/")[0]
    small = re.match(r"(m(?!aj)|min|dim|o|ø)", ending)
    for sign, moved in (("", 0), ("b", -7), ("#", 7)):
        for degree, fifths in enumerate(key.scale):
            if fifths + moved == root:
                numeral = _NUMERALS[degree].lower() if small else _NUMERALS[degree]
                return f"{sign}{numeral}{ending}"
    return word


def _spellings(ending: str) -> list[str]:
    """What follows a numeral, in the spellings that are ours."""
    return [ours for theirs, ours in _SUFFIXES if re.fullmatch(theirs, ending)]


def _is_chord(word: str, key: Key) -> bool:
    try:
        parse_bar(word, key)
    except Img2MusicError:
        return False
    return True

"""Roman numerals and chords.

A numeral is relative to its own mode's scale: in minor and phrygian ``VI`` is the flat sixth, in dorian ``IV`` is major
because it is written so. Case gives the third (``ii`` minor, ``II`` major), a leading ``b`` or ``#`` shifts the root.

    [b|#] numeral [o|ø|+] [figures] [/target]       V7   bVII   #viio7   iiø65   V7/V   Imaj7   IVadd9   Vsus4   i6

Figures 6 and 64 (triads), 65, 43 and 42 (sevenths) are inversions; an added sixth is ``add6``.
``V`` and ``V7`` are major chords in every mode because they are written so. Conventions of the line of fifths as in `pitch`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from img2music.errors import DocumentError
from img2music.theory.keys import Key
from img2music.theory.pitch import pitch_class, pitch_class_name

__all__ = ["NUMERAL", "Chord", "parse_bar"]

_DEGREES = {"i": 0, "ii": 1, "iii": 2, "iv": 3, "v": 4, "vi": 5, "vii": 6}
NUMERAL = re.compile(
    r"(?P<shift>[b#]?)(?P<numeral>VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(?P<quality>[oø+°]?)"
    r"(?P<figures>maj7|maj9|add6|add9|sus2|sus4|7sus4|64|65|43|42|6|7|9|)(?:/(?P<target>[b#]?(?:VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)))?"
)
# Chord members above the root, in fifths: third, fifth, seventh ...
_MAJOR, _MINOR, _DIMINISHED, _AUGMENTED = (0, 4, 1), (0, -3, 1), (0, -3, -6), (0, 4, 8)
_INVERSION = {"6": 1, "64": 2, "65": 1, "43": 2, "42": 3}
_SUFFIX = {_MAJOR: "", _MINOR: "m", _DIMINISHED: "dim", _AUGMENTED: "aug"}


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord in a key.

    `root` is a place on the line of fifths, `members` the chord's pitch classes there from the root upwards, `bass` the
    member that sounds lowest, `numeral` the text it was read from.
    """

    numeral: str
    root: int
    members: tuple[int, ...]
    bass: int

    @classmethod
    def parse(cls, numeral: str, key: Key) -> Chord:
        """The chord that `numeral` names in `key`.

        Raises:
            DocumentError: not a roman numeral of the form described in this module.
        """
        return _parse(numeral, key)

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Members in semitones above C, from the root upwards."""
        return tuple(pitch_class(member) for member in self.members)

    @property
    def symbol(self) -> str:
        """The chord symbol a lead sheet shows: ``Dm7``, ``G/B``."""
        above = tuple(member - self.root for member in self.members)
        triad = above[:3]
        if triad in _SUFFIX:
            suffix = _SUFFIX[triad]
        elif triad == (0, -1, 1):
            suffix = "sus4"
        elif triad == (0, 2, 1):
            suffix = "sus2"
        else:
            suffix = ""
        extra = above[3:]
        if 5 in extra:
            suffix += "maj9" if 2 in extra else "maj7"
        elif -2 in extra:
            seventh = "9" if 2 in extra else "7"
            suffix = {"dim": "m7b5", "sus4": "7sus4"}.get(suffix, suffix + seventh)
        elif -9 in extra:
            suffix = "dim7"
        elif 3 in extra:
            suffix += "6"
        elif 2 in extra:
            suffix += "add9"
        slash = f"/{pitch_class_name(self.bass)}" if self.bass != self.root else ""
        return f"{pitch_class_name(self.root)}{suffix}{slash}"


@lru_cache(maxsize=4096)
def _parse(numeral: str, key: Key) -> Chord:
    match = NUMERAL.fullmatch(numeral)
    if not match:
        raise DocumentError(
            f"{numeral!r} is no roman numeral; write such as I, vi, V7, iiø65, bVII, V7/V, Imaj7, Vsus4 (inversions 6 64 65 43 42)"
        )
    local = key
    if match["target"]:
        target = _parse(match["target"], key)
        local = Key(target.root, "minor" if match["target"].lstrip("b#").islower() else "major")
    shift = {"": 0, "b": -7, "#": 7}[match["shift"]]
    root = local.scale[_DEGREES[match["numeral"].lower()]] + shift
    quality, figures = match["quality"].replace("°", "o"), match["figures"]
    if quality in {"o", "ø"}:
        triad = _DIMINISHED
    elif quality == "+":
        triad = _AUGMENTED
    else:
        triad = _MINOR if match["numeral"].islower() else _MAJOR
    if figures.endswith("sus4"):
        triad = (0, -1, 1)
    elif figures == "sus2":
        triad = (0, 2, 1)
    above = triad + _extension(figures, quality)
    members = tuple(root + interval for interval in above)
    return Chord(numeral, root, members, members[_INVERSION.get(figures, 0)])


def _extension(figures: str, quality: str) -> tuple[int, ...]:
    """Members above the triad: sevenths, ninths, added sixths."""
    if figures in {"7", "65", "43", "42", "9", "7sus4"}:
        # A plain 7 is the minor seventh on every triad (I7 and IV7 are the blues' chords; the major one is written maj7),
        # except over a fully diminished triad.
        seventh = -9 if quality == "o" else -2
        return (seventh, 2) if figures == "9" else (seventh,)
    return {"maj7": (5,), "maj9": (5, 2), "add6": (3,), "add9": (2,)}.get(figures, ())


def parse_bar(text: str, key: Key) -> tuple[Chord, ...]:
    """The chords of one bar as a plan writes them: ``"I"``, ``"ii7 V7"``.

    Raises:
        DocumentError: an empty bar, more than four chords, or a word that is no numeral.
    """
    words = text.split()
    if not 1 <= len(words) <= 4:
        raise DocumentError(f"a bar holds one to four chords, not {len(words)} ({text!r}); write such as 'I' or 'ii7 V7'")
    return tuple(Chord.parse(word, key) for word in words)

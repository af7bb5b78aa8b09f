"""Chord symbols as MusicXML ``<harmony>``.

A symbol is a root, a suffix and perhaps a bass ("F#m7b5", "G/B"); the suffix decides the kind and is kept as the text
shown. A symbol that is not of this form is written as plain words, so nothing that a score says is lost.
Kinds: *MusicXML 4.0*, kind-value. Knows nothing of keys.
"""

from __future__ import annotations

import re

from img2music.io.escape import xml_text

__all__ = ["harmony", "suffix_of"]

_SYMBOL = re.compile(r"(?P<root>[A-G])(?P<alter>bb|##|b|#|)(?P<suffix>[^/]*)(?:/(?P<bass>[A-G])(?P<bass_alter>bb|##|b|#|))?")
_ALTERS = {"bb": -2, "b": -1, "": 0, "#": 1, "##": 2}
# Suffix: kind, and degrees added to it.
_KINDS: dict[str, tuple[str, tuple[int, ...]]] = {
    "": ("major", ()),
    "m": ("minor", ()),
    "dim": ("diminished", ()),
    "aug": ("augmented", ()),
    "sus2": ("suspended-second", ()),
    "sus4": ("suspended-fourth", ()),
    "6": ("major-sixth", ()),
    "m6": ("minor-sixth", ()),
    "7": ("dominant", ()),
    "maj7": ("major-seventh", ()),
    "m7": ("minor-seventh", ()),
    "mmaj7": ("major-minor", ()),
    "dim7": ("diminished-seventh", ()),
    "m7b5": ("half-diminished", ()),
    "aug7": ("augmented-seventh", ()),
    "9": ("dominant-ninth", ()),
    "maj9": ("major-ninth", ()),
    "m9": ("minor-ninth", ()),
    "add9": ("major", (9,)),
    "madd9": ("minor", (9,)),
    "7sus4": ("suspended-fourth", (7,)),
}


def suffix_of(symbol: str) -> str | None:
    """What stands between root and bass ("m7" of "Dm7/C"), or None where the symbol is not of the usual form."""
    match = _SYMBOL.fullmatch(symbol)
    return match["suffix"] if match and match["suffix"] in _KINDS else None


def harmony(symbol: str, offset_divisions: int = 0) -> str:
    """The symbol as a ``<harmony>`` that stands `offset_divisions` after the note that follows it."""
    match = _SYMBOL.fullmatch(symbol)
    offset = f"<offset>{offset_divisions}</offset>" if offset_divisions else ""
    if not match or match["suffix"] not in _KINDS:
        words = f"<direction-type><words>{xml_text(symbol)}</words></direction-type>"
        return f'<direction placement="above">{words}{offset}</direction>'
    kind, degrees = _KINDS[match["suffix"]]
    bass = _pitch("bass", match["bass"], match["bass_alter"]) if match["bass"] else ""
    # An added degree is counted from the dominant chord, so 7 is the minor seventh without alteration.
    added = "".join(
        f'<degree print-object="no"><degree-value>{value}</degree-value><degree-alter>0</degree-alter>'
        "<degree-type>add</degree-type></degree>"
        for value in degrees
    )
    shown = f'<kind text="{match["suffix"]}">{kind}</kind>'
    return f'<harmony placement="above">{_pitch("root", match["root"], match["alter"])}{shown}{bass}{added}{offset}</harmony>'


def _pitch(name: str, step: str, alter: str) -> str:
    altered = f"<{name}-alter>{_ALTERS[alter]}</{name}-alter>" if alter else ""
    return f"<{name}><{name}-step>{step}</{name}-step>{altered}</{name}>"

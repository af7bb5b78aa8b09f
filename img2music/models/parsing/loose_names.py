"""Names of styles, instruments and listed things as models write them, read as they are meant.

"Solo Piano" is solo-piano, "Cello (arco)" a cello, "lead melody" a melody. Each reader gives the name that the rest of the program uses,
or None where what is written leaves a doubt.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from img2music.errors import Img2MusicError
from img2music.io.style_files import style_names
from img2music.models.parsing.loose_values import folded, short_text_of
from img2music.theory import instrument, instrument_names

__all__ = ["instrument_of", "one_of", "style_of"]

_BEFORE = re.compile(
    r"^(?:\d{1,2}\s?(?:x|st|nd|rd)?\s+|(?:first|second|fender|a|an|the|some|solo|lead|two|three|four|soft|gentle|warm|mellow|bright|distant|airy|felt|concert|acoustic|plucked|bowed"
    r"|muted|breathy|low|high)\s+)+"
)
"""What may stand before an instrument's name without making it another one."""
_TAIL = re.compile(r"\s+(?:[ivIV]{1,3}|\d{1,2}|solo|section|line|part|ensemble)$")
_PLAYERS = {
    "nylon string guitar": "classical guitar", "spanish guitar": "classical guitar", "steel string guitar": "steel guitar",
    "synthesizer": "polysynth", "synthesiser": "polysynth", "drum set": "drums", "percussion": "drums", "vocals": "voice", "vocal": "voice",
    "keyboard": "piano", "hammond organ": "organ", "string": "strings", "clean guitar": "electric guitar", "distortion guitar": "overdriven guitar",
}  # fmt: skip
"""Other names for instruments, beside those of `theory`."""


def style_of(value: Any) -> str | None:
    """A style's name: "Lo-Fi", "solo_piano", "Ambient (slow)", or the one that a longer name ends with ("Chinese Folk")."""
    text = short_text_of(value)
    if text is None:
        return None
    text = re.sub(r"\s*\([^)]*\)", "", text)
    plain = folded(text)
    for name, whole in _styles().items():
        if plain in {name, f"{name}music", f"{name}style"}:
            return whole
    words = re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")
    return next((name for name in style_names() if words.endswith(f"-{name}")), None)


@cache
def _styles() -> dict[str, str]:
    return {folded(name): name for name in style_names()}


def instrument_of(value: Any) -> str | None:
    """An instrument's name: "Warm Pad", "solo_cello", "Cello (arco)", "2 Violins", "Violin II"."""
    text = short_text_of(value)
    if text is None:
        return None
    text = " ".join(re.sub(r"[_-]+", " ", text.casefold()).split())
    bare = re.sub(r"\s*[(\[].*$", "", text).strip(" .'\"")
    short = _TAIL.sub("", _BEFORE.sub("", bare)).strip()
    for name in (text, bare, _TAIL.sub("", bare), _BEFORE.sub("", bare), short, short.removesuffix("s"), _unjoined(bare)):
        try:
            return instrument(_PLAYERS.get(name, name)).name
        except Img2MusicError:
            continue
    return None


def _unjoined(text: str) -> str:
    """A name whose blanks were lost ("warmPad", "doublebass")."""
    plain = folded(text)
    return next((name for name in instrument_names() if folded(name) == plain), text)


def one_of(value: Any, names: tuple[str, ...], others: dict[str, str]) -> str | None:
    """One of `names`, whatever its capitals and signs, or what `others` (folded) call it; the last word may decide ("lead melody")."""
    text = short_text_of(value)
    if text is None:
        return None
    known = {**others, **{folded(name): name for name in names}}
    plain = re.sub(r"\s*\([^)]*\)", "", text)
    if folded(plain) in known:
        return known[folded(plain)]
    words = re.findall(r"[^\W_]+", plain.casefold())
    meant = {known[word] for word in words if word in known}
    return meant.pop() if len(meant) == 1 else None

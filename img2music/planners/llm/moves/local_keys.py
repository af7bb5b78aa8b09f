"""The key of a section as a model says it, and what becomes of its numerals where the section can't have it.

A key may be told by its distance from the piece's ("relative minor", "dominant", "up a tone", 2). Where a section loses its key, numerals of
the same mode stay as they are, and stand in the piece's key; those of another mode are written anew for the same chords ("i iv V" of A minor
is "vi ii III" of C major). Knows nothing of plans.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from img2music.errors import Img2MusicError
from img2music.models.parsing.loose_music import parse_key_name
from img2music.models.parsing.loose_values import number_of, plain_text, scalar_of
from img2music.planners.llm.normalize_numerals import numerals_as_meant
from img2music.theory import Key, parse_bar
from img2music.theory.keys import MODES
from img2music.theory.mode_check import find_mode_contradiction

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["bars_in_key", "bars_in_other_key", "belongs_rather_to", "local_key_of", "moved_key"]

_STEPS = {
    "semitone": 1, "half step": 1, "halfstep": 1, "half tone": 1, "tone": 2, "whole step": 2, "whole tone": 2, "step": 2, "minor third": 3,
    "major third": 4, "third": 4, "fourth": 5, "fifth": 7,
}  # fmt: skip
"""Distances in semitones."""
_UP = re.compile(r"\b(?:up|higher|above|raised)\b")
_DOWN = re.compile(r"\b(?:down|lower|below|lowered)\b")
_SHIFT = re.compile(r"([+-]?\d{1,2})\s*(?:semitones?|half[ -]?steps?|st)?")


def local_key_of(value: Any, home: Key | None) -> str | None:
    """The name of a section's key, absolute or told from `home`; None where it can't be read."""
    value = scalar_of(value)
    name = parse_key_name(value)
    if name is not None or home is None:
        return name
    number = number_of(value)
    if isinstance(value, str):
        key = _related(" ".join(plain_text(value[:60]).casefold().split()).strip(" ."), home)
    else:
        key = None if number is None or number != int(number) else _shifted(home, int(number))
    return None if key is None else key.name


def _related(text: str, home: Key) -> Key | None:
    """The key that words such as "relative minor" or "+2 semitones" mean."""
    text = re.sub(r"^(?:in |to |the |move |moves |modulate |modulates )+", "", text)
    other = "major" if home.is_minor else "minor"
    named = {
        "tonic": home,
        "home": home,
        "relative": Key.readable(home.signature + MODES[other], other),
        "parallel": Key.readable(home.tonic, other),
        "dominant": Key.readable(home.tonic + 1, home.mode),
        "subdominant": Key.readable(home.tonic - 1, home.mode),
    }
    first = text.partition(" ")[0]
    if first in named:
        return named[first]
    if shift := _SHIFT.fullmatch(text):
        return _shifted(home, int(shift[1]))
    steps = next((count for word, count in _STEPS.items() if re.search(rf"\b{word}\b", text)), None)
    if steps is None or not (_UP.search(text) or _DOWN.search(text)):
        return None
    return _shifted(home, -steps if _DOWN.search(text) else steps)


def _shifted(home: Key, semitones: int) -> Key | None:
    return moved_key(home, Key(0, home.mode), Key(7 * semitones, home.mode)) if abs(semitones) <= 12 else None


def moved_key(key: Key, before: Key, after: Key) -> Key:
    """The key as far from `after` as it was from `before`."""
    return Key.readable(key.tonic + (after.tonic - before.tonic + 5) % 12 - 5, key.mode)


def bars_in_key(bars: Sequence[str], key: Key) -> list[str]:
    """The bars as they are meant in `key`, those that can't be read left out."""
    return [meant for bar in bars if (meant := numerals_as_meant(bar, key)[0])]


def belongs_rather_to(bars: Sequence[str], key: Key, home: Key) -> Key:
    """`key`, or the one whose mode the numerals are: that of the piece where they fit it, else the same tonic in the other mode."""
    found = find_mode_contradiction(read, key) if (read := bars_in_key(bars, key)) else None
    if found is None:
        return key
    at_home = bars_in_key(bars, home)
    return home if home.mode != key.mode and find_mode_contradiction(at_home, home) is None else found.meant


def bars_in_other_key(bars: Sequence[str], key: Key, other: Key) -> tuple[str, ...]:
    """The bars of `key` for a section that is in `other` instead."""
    if key.mode == other.mode:
        return tuple(bars)
    made = []
    for bar in bars:
        meant = numerals_as_meant(bar, key)[0]
        try:
            symbols = " ".join(chord.symbol for chord in parse_bar(meant, key)) if meant else ""
        except Img2MusicError:
            symbols = ""
        made.append(numerals_as_meant(symbols, other)[0] or bar)
    return tuple(made)

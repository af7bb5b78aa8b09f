"""Instruments: General MIDI program, sounding range, clef, and what each can do.

Ranges are sounding MIDI pitches a good amateur plays with ease, after S. Adler, *The Study of Orchestration* (4th ed.,
2016) and, for folk and keyboard instruments, MuseScore's instrument list ("amateur range"). Synthesizers have the
range in which the General MIDI sound keeps its character (our choice). Program numbers are 0-based.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from img2music.errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Hand", "Instrument", "hand_in_name", "instrument", "instrument_names", "is_excluded", "other_names"]


Hand = Literal["left", "right"]
_HAND = re.compile(r"\((left|right) hand\)")


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument as the composer and the synthesizer need it.

    `low`..`high` is the playable range and `tessitura_centre` the middle of the register in which it sings, in MIDI numbers.
    `voices` is how many notes it can play at once, `sustains` whether a held note keeps its level.
    `kit` marks a drum kit: its pitches are General MIDI percussion keys and it has no range.
    """

    name: str
    program: int
    low: int
    high: int
    tessitura_centre: int
    voices: int
    sustains: bool
    family: str
    clef: str
    kit: bool = False


# name: program, low, high, centre, voices, sustains, family, clef
_TABLE: dict[str, tuple[int, int, int, int, int, bool, str, str]] = {
    "piano": (0, 28, 100, 69, 10, False, "keys", "treble"),
    "electric piano": (4, 33, 96, 67, 10, False, "keys", "treble"),
    "harpsichord": (6, 36, 88, 67, 10, False, "keys", "treble"),
    "celesta": (8, 60, 96, 76, 8, False, "keys", "treble"),
    "glockenspiel": (9, 72, 103, 84, 2, False, "mallets", "treble"),
    "music box": (10, 60, 96, 79, 6, False, "mallets", "treble"),
    "vibraphone": (11, 53, 89, 70, 4, False, "mallets", "treble"),
    "marimba": (12, 45, 91, 67, 4, False, "mallets", "treble"),
    "xylophone": (13, 65, 96, 79, 2, False, "mallets", "treble"),
    "tubular bells": (14, 60, 77, 67, 2, False, "mallets", "treble"),
    "dulcimer": (15, 50, 86, 67, 4, False, "plucked", "treble"),
    "organ": (19, 36, 84, 65, 10, True, "keys", "treble"),
    "accordion": (21, 53, 89, 70, 8, True, "keys", "treble"),
    "harmonica": (22, 60, 91, 74, 3, True, "winds", "treble"),
    "classical guitar": (24, 40, 79, 64, 6, False, "plucked", "treble8"),
    "steel guitar": (25, 40, 79, 64, 6, False, "plucked", "treble8"),
    "jazz guitar": (26, 40, 81, 64, 6, False, "plucked", "treble8"),
    "electric guitar": (27, 40, 84, 64, 6, False, "plucked", "treble8"),
    "overdriven guitar": (29, 40, 84, 64, 3, True, "plucked", "treble8"),
    "acoustic bass": (32, 28, 60, 40, 1, False, "bass", "bass"),
    "electric bass": (33, 28, 60, 40, 1, False, "bass", "bass"),
    "fretless bass": (35, 28, 60, 40, 1, False, "bass", "bass"),
    "synth bass": (38, 28, 60, 38, 1, True, "bass", "bass"),
    "violin": (40, 55, 96, 74, 2, True, "strings", "treble"),
    "viola": (41, 48, 84, 64, 2, True, "strings", "alto"),
    "cello": (42, 36, 74, 53, 2, True, "strings", "bass"),
    "double bass": (43, 28, 55, 38, 1, True, "strings", "bass"),
    "tremolo strings": (44, 36, 91, 64, 8, True, "strings", "treble"),
    "pizzicato strings": (45, 36, 88, 64, 6, False, "strings", "treble"),
    "harp": (46, 31, 98, 67, 8, False, "plucked", "treble"),
    "timpani": (47, 40, 57, 45, 1, False, "percussion", "bass"),
    "strings": (48, 36, 96, 64, 8, True, "strings", "treble"),
    "slow strings": (49, 36, 91, 62, 8, True, "strings", "treble"),
    "synth strings": (50, 36, 91, 62, 8, True, "synth", "treble"),
    "choir": (52, 43, 79, 64, 8, True, "voices", "treble"),
    "voice": (53, 50, 79, 67, 4, True, "voices", "treble"),
    "trumpet": (56, 55, 82, 70, 1, True, "brass", "treble"),
    "trombone": (57, 40, 70, 55, 1, True, "brass", "bass"),
    "tuba": (58, 29, 58, 41, 1, True, "brass", "bass"),
    "muted trumpet": (59, 55, 82, 69, 1, True, "brass", "treble"),
    "horn": (60, 41, 77, 58, 1, True, "brass", "treble"),
    "brass": (61, 40, 79, 60, 6, True, "brass", "treble"),
    "soprano saxophone": (64, 56, 87, 72, 1, True, "winds", "treble"),
    "alto saxophone": (65, 49, 80, 65, 1, True, "winds", "treble"),
    "tenor saxophone": (66, 44, 75, 60, 1, True, "winds", "treble"),
    "oboe": (68, 58, 87, 72, 1, True, "winds", "treble"),
    "english horn": (69, 52, 81, 66, 1, True, "winds", "treble"),
    "bassoon": (70, 34, 70, 50, 1, True, "winds", "bass"),
    "clarinet": (71, 50, 89, 67, 1, True, "winds", "treble"),
    "piccolo": (72, 74, 102, 86, 1, True, "winds", "treble"),
    "flute": (73, 60, 93, 76, 1, True, "winds", "treble"),
    "recorder": (74, 72, 98, 82, 1, True, "winds", "treble"),
    "pan flute": (75, 60, 91, 74, 1, True, "winds", "treble"),
    "whistle": (78, 74, 98, 83, 1, True, "winds", "treble"),
    "ocarina": (79, 67, 91, 77, 1, True, "winds", "treble"),
    "square lead": (80, 48, 96, 72, 4, True, "synth", "treble"),
    "saw lead": (81, 48, 96, 70, 4, True, "synth", "treble"),
    "warm pad": (89, 40, 86, 62, 8, True, "synth", "treble"),
    "polysynth": (90, 40, 91, 64, 8, True, "synth", "treble"),
    "space choir": (91, 43, 84, 64, 8, True, "synth", "treble"),
    "halo pad": (94, 40, 86, 62, 8, True, "synth", "treble"),
    "sweep pad": (95, 40, 86, 62, 8, True, "synth", "treble"),
    "sitar": (104, 48, 79, 62, 2, False, "plucked", "treble"),
    "banjo": (105, 48, 84, 64, 5, False, "plucked", "treble8"),
    "koto": (107, 50, 86, 66, 4, False, "plucked", "treble"),
    "kalimba": (108, 55, 88, 72, 4, False, "mallets", "treble"),
    "bagpipe": (109, 67, 81, 74, 1, True, "winds", "treble"),
    "fiddle": (110, 55, 88, 74, 2, True, "strings", "treble"),
    "steel drums": (114, 60, 88, 72, 2, False, "mallets", "treble"),
}
# General MIDI 2 / Roland GS kit programs on the percussion channel.
_KITS = {
    "drums": 0,
    "room drums": 8,
    "power drums": 16,
    "electronic drums": 24,
    "808 drums": 25,
    "jazz drums": 32,
    "brush drums": 40,
    "orchestral percussion": 48,
}
_ALIASES = {
    "acoustic guitar": "steel guitar", "bass": "electric bass", "cellos": "cello", "contrabass": "double bass", "drum kit": "drums",
    "drumkit": "drums", "french horn": "horn", "guitar": "classical guitar", "grand piano": "piano", "nylon guitar": "classical guitar",
    "pad": "warm pad", "rhodes": "electric piano", "sax": "tenor saxophone", "saxophone": "alto saxophone", "string ensemble": "strings",
    "synth": "polysynth", "synth lead": "saw lead", "synth pad": "warm pad", "upright bass": "acoustic bass", "violins": "violin",
    "voices": "choir", "bells": "tubular bells", "chiptune lead": "square lead", "church organ": "organ", "cor anglais": "english horn",
    "chimes": "tubular bells", "cornet": "trumpet", "panpipes": "pan flute", "pipe organ": "organ", "steel drum": "steel drums",
    "steelpan": "steel drums", "tin whistle": "whistle", "upright piano": "piano",
}  # fmt: skip


def is_excluded(player: Instrument, without: Collection[str], role: str = "") -> bool:
    """Whether a wish to leave something out (a role, a family, an instrument) means this player; every kit plays the role "drums"."""
    return bool({role, player.family, player.name, "drums" if player.kit else role} & set(without))


def hand_in_name(name: str) -> Hand | None:
    """The hand that a part's name tells of, "Piano (left hand)", as documents say it that have no field for it; None for no hand."""
    found = _HAND.search(name)
    return None if found is None else "left" if found[1] == "left" else "right"


def instrument_names() -> tuple[str, ...]:
    """Every instrument's name, kits last."""
    return (*_TABLE, *_KITS)


def other_names(name: str) -> tuple[str, ...]:
    """What else an instrument is called, sorted."""
    return tuple(sorted(alias for alias, meant in _ALIASES.items() if meant == name))


@cache
def instrument(name: str) -> Instrument:
    """The instrument called `name` (case, underscores and common other names are understood).

    Raises:
        UsageError: no such instrument; the message names the nearest one.
    """
    plain = " ".join(name.lower().replace("_", " ").replace("-", " ").split())
    plain = _ALIASES.get(plain, plain)
    if plain in _KITS:
        return Instrument(plain, _KITS[plain], 27, 87, 50, 8, False, "percussion", "percussion", kit=True)
    if plain not in _TABLE:
        raise unknown_name("instrument", name, (*instrument_names(), *_ALIASES))
    program, low, high, centre, voices, sustains, family, clef = _TABLE[plain]
    return Instrument(plain, program, low, high, centre, voices, sustains, family, clef)

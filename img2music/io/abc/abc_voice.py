"""A voice of ABC while it is read: its notes and bars so far, and what changes the next one.

Conventions: exact `Fraction` quarter notes from the start of the bar; bars as they are written. Source: C. Walshaw, *The abc music
standard 2.1* (2011), section 4. Knows nothing of the signs that change it (`abc_symbols`), of heads and rows (`import_abc`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.io.abc.abc_fields import Transposition, transpose_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from img2music.theory import Key, SpelledPitch

__all__ = ["MOST_BARS", "MOST_FAULTS", "AbcBar", "AbcNote", "VoiceState", "meter_quarters"]

MOST_BARS = 9000
"""Of a voice; what follows is not read."""
MOST_FAULTS = 4
"""That are told of one bar."""
MOST_TEMPI = 64
"""That are kept of one bar."""


@dataclass(frozen=True, slots=True)
class AbcNote:
    """A note or a chord; rests are the gaps."""

    onset_quarters: Fraction
    duration_quarters: Fraction
    pitches: tuple[SpelledPitch, ...]
    tied: frozenset[SpelledPitch] = frozenset()
    """Pitches that go on into the next sound."""
    articulation: str = ""


@dataclass(frozen=True, slots=True)
class AbcBar:
    """What stands between two bar lines."""

    sounds: tuple[AbcNote, ...]
    length_quarters: Fraction
    faults: tuple[str, ...] = ()
    whole_rest: bool = False
    """Written as a rest of a bar (Z), however long that is."""
    begins_repeat: bool = False
    ends_repeat: bool = False
    ending: int = 0
    """Number of the ending that begins here; 0 for none."""
    part: str = ""
    """Letter of the part (P:) that it belongs to."""
    semitones: int = 0
    """How much higher it sounds than it is written; octaves of clefs are in the pitches."""
    meter: str = ""
    """As M: names it ("3/4")."""
    key: Key | None = None
    """In which it sounds; None where K: says none or names one that is none of ours."""
    tempi: tuple[tuple[Fraction, float], ...] = ()
    """Where Q: sets a tempo inside the tune: places in the bar and quarter notes a minute. It holds for all voices until the next one."""


@dataclass
class VoiceState:
    """A voice while it is read."""

    label: str
    meter: str
    unit: Fraction
    signature: Mapping[str, int]
    """The alteration of each step."""
    head: Transposition
    """What the head says of clefs and transposition, for all voices."""
    key: Key | None = None
    """In which it is written."""
    name: str = ""
    own: Transposition = field(default_factory=Transposition)
    """The same of this voice."""
    part: str = ""
    semitones: int = 0
    bars: list[AbcBar] = field(default_factory=list)
    sounds: list[AbcNote] = field(default_factory=list)
    place: Fraction = Fraction(0)
    faults: list[str] = field(default_factory=list)
    tempi: list[tuple[Fraction, float]] = field(default_factory=list)
    altered: dict[str, int] = field(default_factory=dict)
    repeat: bool = False
    ending: int = 0
    skipping: bool = False
    articulation: str = ""
    tuplet: Fraction = Fraction(1)
    tuplet_left: int = 0
    broken: Fraction | None = None
    """Factor for the next note."""
    last_length: Fraction = Fraction(0)
    """Of the last note, chord or rest of the bar; 0 where broken rhythm has nothing to work on."""
    last_sounds: bool = False

    def fault(self, text: str) -> None:
        """Notes what is wrong with the bar."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(text)

    def set_tempo(self, bpm: float | None) -> None:
        """Another tempo from here on; None or 0 is none."""
        if bpm and len(self.tempi) < MOST_TEMPI:
            self.tempi = [(place, other) for place, other in self.tempi if place != self.place]
            self.tempi.append((self.place, bpm))

    def close(self, *, ends_repeat: bool = False, rest: bool = False) -> None:
        """Ends the bar; a bar without anything in it is no bar."""
        if self.place or rest:
            transposed = self.own.transposed(self.head)
            bar = AbcBar(
                tuple(self.sounds),
                self.place,
                tuple(self.faults),
                rest,
                self.repeat,
                ends_repeat,
                self.ending,
                self.part,
                self.semitones if self.sounds else 0,
                self.meter,
                transpose_key(self.key, transposed) if self.key is not None and transposed else self.key,
                tuple(self.tempi),
            )
            if len(self.bars) < MOST_BARS:
                self.bars.append(bar)
            self.repeat, self.ending, self.faults, self.tempi = False, 0, [], []
        elif ends_repeat and self.bars:
            self.bars[-1] = replace(self.bars[-1], ends_repeat=True)
        self.sounds, self.place, self.altered = [], Fraction(0), {}
        self.skipping, self.broken, self.tuplet_left, self.last_length, self.articulation = False, None, 0, Fraction(0), ""

    def length(self, match: re.Match[str]) -> Fraction:
        """A written length in quarter notes, tuplets and broken rhythm not counted."""
        times = int(match["times"] or 1)
        slashes, parts = len(match["slashes"]), match["parts"]
        below = int(parts) if slashes and parts else 2**slashes
        if not times or not below or (parts and not slashes):
            self.fault(f"the length in {match[0]!r} can't be read")
            return self.unit
        return Fraction(times, below) * self.unit

    def take(self, pitches: tuple[SpelledPitch, ...], length: Fraction, tied: frozenset[SpelledPitch]) -> None:
        """A note, a chord or a rest (no pitches)."""
        if self.tuplet_left:
            length *= self.tuplet
            self.tuplet_left -= 1
        if self.broken is not None:
            length, self.broken = length * self.broken, None
        if pitches:
            if not self.sounds:
                self.semitones = self.own.transposed(self.head)
            self.sounds.append(AbcNote(self.place, length, pitches, tied, self.articulation))
            self.articulation = ""
        self.last_length, self.last_sounds = length, bool(pitches)
        self.place += length

    def broke(self, marks: str) -> None:
        """Broken rhythm: the last note gains (or loses) what the next one loses."""
        if not self.last_length:
            self.fault(f"{marks!r} stands at the beginning of a bar")
            return
        small = Fraction(1, 2 ** len(marks))
        mine, self.broken = (2 - small, small) if marks[0] == ">" else (small, 2 - small)
        self.place += self.last_length * (mine - 1)
        if self.last_sounds:
            sound = self.sounds[-1]
            self.sounds[-1] = replace(sound, duration_quarters=self.last_length * mine)
        self.last_length = Fraction(0)


def meter_quarters(meter: str) -> Fraction:
    """Length of a bar of any metre ("4/4", "(2+3)/8"), 0 for none."""
    match = re.fullmatch(r"\(?(\d{1,2}(?:\+\d{1,2}){0,9})\)?/([1-9]\d?)", meter)
    return Fraction(4 * sum(map(int, match[1].split("+"))), int(match[2])) if match else Fraction(0)

"""The signs of ABC music, one after another: each changes the voice that is being read.

Part of `abc_reading`, which see for what is read and what is passed over. Conventions: exact `Fraction` quarter notes from the start
of the bar. Source: C. Walshaw, *The abc music standard 2.1* (2011), section 4. Knows nothing of heads and rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.io.abc.abc_fields import Transposition
from img2music.theory import SpelledPitch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MOST_BARS", "MOST_FAULTS", "AbcBar", "AbcNote", "VoiceState", "bar_quarters", "read_sign"]

_LENGTH = r"(?P<times>\d{1,4})?(?P<slashes>/{0,6})(?P<parts>\d{1,4})?"
_NOTE = re.compile(r"(?P<accidental>\^{1,2}|_{1,2}|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']{0,9})" + _LENGTH + r"(?P<tie>-?)")
_MARK = re.compile(r"!(?P<word>[^!|\n]{1,40})!|\+(?P<plus>[a-z]{1,20})\+")
_QUOTED = re.compile(r'"(?P<word>[^"\n]{0,200})(?P<plus>)"')
_SHORT_MARKS = {".": "staccato", "L": "accent"}
_WORDS = {"staccato": "staccato", "tenuto": "tenuto", "accent": "accent", ">": "accent", "emphasis": "accent", "^ten.": "tenuto"}
_IN_THE_TIME_OF = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # 5, 7 and 9 depend on the metre
_STEPS = {"_": -1, "__": -2, "=": 0, "^": 1, "^^": 2}
MOST_BARS = 9000
"""Of a voice; what follows is not read."""
MOST_FAULTS = 4
"""That are told of one bar."""


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
    name: str = ""
    own: Transposition = field(default_factory=Transposition)
    """The same of this voice."""
    part: str = ""
    semitones: int = 0
    bars: list[AbcBar] = field(default_factory=list)
    sounds: list[AbcNote] = field(default_factory=list)
    place: Fraction = Fraction(0)
    faults: list[str] = field(default_factory=list)
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

    def close(self, *, ends_repeat: bool = False, rest: bool = False) -> None:
        """Ends the bar; a bar without anything in it is no bar."""
        if self.place or rest:
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
            )
            if len(self.bars) < MOST_BARS:
                self.bars.append(bar)
            self.repeat, self.ending, self.faults = False, 0, []
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


def read_sign(row: str, place: int, line: VoiceState) -> int:
    """Reads the sign that begins at `place`; the place behind it."""
    for pattern, act in _SIGNS:
        if match := pattern.match(row, place):
            if act is _barline or not line.skipping:
                act(match, line)
            return match.end()
    line.fault(f"{row[place]!r} can't be read")
    return place + 1


def _barline(match: re.Match[str], line: VoiceState) -> None:
    sign = match["line"]
    if sign and not (sign.startswith("[|") and not line.place):
        line.close(ends_repeat=sign.startswith(":"))
        line.repeat = line.repeat or sign.endswith(":")
    line.ending = int(match["ending"] or 0) or line.ending


def _mark(match: re.Match[str], line: VoiceState) -> None:
    line.articulation = _WORDS.get(match["word"] or match["plus"], line.articulation)


def _short_mark(match: re.Match[str], line: VoiceState) -> None:
    line.articulation = _SHORT_MARKS.get(match[0], line.articulation)


def _nothing(match: re.Match[str], line: VoiceState) -> None:
    """Grace notes, slurs, spaces: passed over."""


def _layer(match: re.Match[str], line: VoiceState) -> None:
    line.fault("a second layer of notes (&) is left out; write one voice")
    line.skipping = True


def _tuplet(match: re.Match[str], line: VoiceState) -> None:
    count = int(match["count"])
    compound = line.meter.endswith("/8") and bar_quarters(line.meter) % Fraction(3, 2) == 0
    time = int(match["time"] or 0) or _IN_THE_TIME_OF.get(count, 3 if compound else 2)
    line.tuplet, line.tuplet_left = Fraction(time, count), int(match["notes"] or 0) or count


def _note(match: re.Match[str], line: VoiceState) -> None:
    pitch = _pitch(match, line, _carried(line))
    line.take((pitch,), line.length(match), frozenset({pitch}) if match["tie"] else frozenset())


def _rest(match: re.Match[str], line: VoiceState) -> None:
    line.take((), line.length(match), frozenset())


def _rest_bars(match: re.Match[str], line: VoiceState) -> None:
    for _ in range(min(int(match["bars"] or 1), MOST_BARS - len(line.bars))):
        line.close(rest=True)


def _broken(match: re.Match[str], line: VoiceState) -> None:
    line.broke(match[0])


def _late_tie(match: re.Match[str], line: VoiceState) -> None:
    """A tie with a space before it."""
    if line.last_sounds and line.last_length:
        line.sounds[-1] = replace(line.sounds[-1], tied=frozenset(line.sounds[-1].pitches))


def _chord(match: re.Match[str], line: VoiceState) -> None:
    """A chord lasts as long as its first note says, times what stands behind the bracket."""
    length = line.length(match)
    pitches: list[SpelledPitch] = []
    tied: set[SpelledPitch] = set()
    carried = _carried(line)
    own: Fraction | None = None
    rests = False
    place, inside = 0, _MARK.sub("", _QUOTED.sub("", match["inside"]))
    while place < len(inside):
        note = _NOTE.match(inside, place)
        if note:
            pitch = _pitch(note, line, carried)
            own = own or line.length(note)
            if pitch.midi not in {other.midi for other in pitches}:
                pitches.append(pitch)
            if note["tie"] or match["tie"]:
                tied.add(pitch)
        elif inside[place] in "zx":
            rests = True
        elif not inside[place].isspace() and inside[place] not in "()." + "0123456789/":
            line.fault(f"{inside[place]!r} in the chord {match[0]!r} can't be read")
        place = note.end() if note else place + 1
    if pitches or rests:
        ordered = tuple(sorted(pitches, key=lambda pitch: pitch.midi))
        line.take(ordered, length * (own or line.unit) / line.unit, frozenset(tied))


def _carried(line: VoiceState) -> frozenset[SpelledPitch]:
    """Pitches tied over from the sound before, over a bar line too."""
    sound = line.sounds[-1] if line.sounds else None
    if sound is None and line.bars and line.bars[-1].sounds and not line.place:
        sound = line.bars[-1].sounds[-1]
    return sound.tied if sound is not None else frozenset()


def _pitch(match: re.Match[str], line: VoiceState, carried: frozenset[SpelledPitch]) -> SpelledPitch:
    letter, step = match["letter"], match["letter"].upper()
    octave = (5 if letter.islower() else 4) + match["octave"].count("'") - match["octave"].count(",")
    octave += line.own.octaves(line.head)
    octave = min(9, max(-1, octave))
    if match["accidental"]:
        line.altered[step] = _STEPS[match["accidental"]]
    tied = next((pitch for pitch in carried if (pitch.step, pitch.octave) == (step, octave)), None)
    if match["accidental"] is None and tied is not None:
        return tied
    return SpelledPitch(step, line.altered.get(step, line.signature[step]), octave)


def bar_quarters(meter: str) -> Fraction:
    """Length of a bar of any metre ("4/4", "(2+3)/8"), 0 for none."""
    match = re.fullmatch(r"\(?(\d{1,2}(?:\+\d{1,2}){0,9})\)?/([1-9]\d?)", meter)
    return Fraction(4 * sum(map(int, match[1].split("+"))), int(match[2])) if match else Fraction(0)


# What begins alike is tried in this order.
_SIGNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], VoiceState], None]], ...] = (
    (re.compile(r"(?P<line>\[\|\]?|:*\|+[:\]|]*|::+|:\])(?:[ \t]*\[?(?P<ending>[1-9]))?"), _barline),
    (re.compile(r"(?P<line>)\[(?P<ending>[1-9])"), _barline),
    (_QUOTED, _mark),
    (_MARK, _mark),
    (_NOTE, _note),
    (re.compile(r"[zx]" + _LENGTH), _rest),
    (re.compile(r"\((?P<count>[2-9])(?::(?P<time>\d?))?(?::(?P<notes>\d{0,2}))?"), _tuplet),
    (re.compile(r"\{[^}\n]{0,200}\}|y\d*|[\s`\\*$)]+|\.?\("), _nothing),
    (re.compile(r"\[(?P<inside>[^\[\]|:\n]{1,200})\]" + _LENGTH + r"(?P<tie>-?)"), _chord),
    (re.compile(r"[ZX](?P<bars>\d{0,3})"), _rest_bars),
    (re.compile(r">{1,3}|<{1,3}"), _broken),
    (re.compile(r"-"), _late_tie),
    (re.compile(r"&"), _layer),
    (re.compile(r"[.~HLMOPSTuv]"), _short_mark),
)

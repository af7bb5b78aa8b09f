"""ABC as people and models write it, read voice by voice and bar by bar into exact lengths and spelled pitches.

Never fails: what can't be read is passed over and named as a fault of its bar, because the text may come from a model that is to
be told. Read are the fields M, L, Q, K and V (as lines and in brackets), notes, rests (also Z), chords, ties, tuplets, broken rhythm,
accidentals to the end of the bar in every octave (ABC 2.1, section 11.3), octave clefs, repeats and endings, staccato, tenuto and
accent. Grace notes, slurs, ornaments, lyrics, chord symbols and other remarks are passed over. Directives, includes and macros are
never followed, and no file is ever opened. A second layer of a bar (``&``) is a fault, since a part is one voice.

Conventions: lengths and places are exact `Fraction` quarter notes from the start of the bar; bars count as written, repeats are
not played (`unfolded` does). Source: C. Walshaw, *The abc music standard 2.1* (2011). Knows nothing of plans and instruments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.errors import UsageError
from img2music.io.abc_signs import MOST_FAULTS, Bar, Line, Sound, bar_quarters, read_sign
from img2music.theory import Key, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.theory import SpelledPitch

__all__ = ["Bar", "Sound", "Tune", "Voice", "abc_pitch", "key_field", "read_abc", "unfolded"]

_MODE_NAMES = {"major": "", "minor": "m", "dorian": "dor", "phrygian": "phr", "lydian": "lyd", "mixolydian": "mix"}
_MODES_READ = {
    "": "major", "maj": "major", "ion": "major", "m": "minor", "min": "minor", "aeo": "minor", "dor": "dorian", "phr": "phrygian",
    "lyd": "lydian", "mix": "mixolydian",
}  # fmt: skip
_KEY = re.compile(r"([A-G])([#b♯♭]?)\s*(?!(?:clef|treble|bass|alto|tenor|perc|octave|transpose|middle|[a-z]+\s*=))([A-Za-z]*)")
_OCTAVE_CLEF = re.compile(r"\b(?:treble|bass|alto|tenor)([+-])8\b")
_OCTAVE = re.compile(r"\boctave\s*=\s*(-?[0-4])\b")
_NAME = re.compile(r'\b(?:name|nm)\s*=\s*(?:"([^"]*)"|(\S+))')
_LINE_FIELD = re.compile(r"(?P<letter>[A-Za-z]):(?!\|)(?P<text>.*)")
_FIELD = re.compile(r"\[(?P<letter>[A-Za-z]):(?P<text>[^\]\n]{0,200})\]")
_ACCIDENTALS = {-2: "__", -1: "_", 0: "", 1: "^", 2: "^^"}
_MOST_VOICES = 40


@dataclass(frozen=True, slots=True)
class Voice:
    """A line of music."""

    label: str
    """What its V: field calls it; "" where there is none."""
    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Tune:
    """A tune as it was written; None for a field that is missing or can't be read."""

    voices: tuple[Voice, ...]
    meter: str | None = None
    unit_quarters: Fraction | None = None
    tempo_bpm: float | None = None
    key: Key | None = None


def abc_pitch(pitch: SpelledPitch) -> str:
    """A pitch as ABC writes it, naturals without a sign.

    >>> abc_pitch(SpelledPitch("F", 1, 5)), abc_pitch(SpelledPitch("C", 0, 2))
    ('^f', 'C,,')
    """
    letter = pitch.step.lower() if pitch.octave > 4 else pitch.step
    return _ACCIDENTALS[pitch.alter] + letter + ("'" * (pitch.octave - 5) if pitch.octave > 4 else "," * (4 - pitch.octave))


def key_field(key: Key) -> str:
    """A key as the field K: names it: "Ddor"."""
    return name_of(key.tonic) + _MODE_NAMES[key.mode]


def read_abc(text: str, *, meter: str = "4/4", unit_quarters: Fraction = Fraction(1, 2), key: Key | None = None) -> Tune:
    """The voices of one tune.

    Args:
        text: the tune, without anything around it.
        meter: taken where the tune does not say; a line that ends with its bar full needs no bar line.
        unit_quarters: likewise the length of a note without a number, in quarter notes.
        key: likewise the key.
    """
    return _Reader(meter, unit_quarters, key or Key.parse("C major")).read(text)


def unfolded(bars: Sequence[Bar]) -> tuple[Bar, ...]:
    """The bars as played: each repeat twice, with its endings."""
    played: list[Bar] = []
    start = 0
    for index, bar in enumerate(bars):
        if bar.begins_repeat:
            start = index
        played.append(bar)
        if bar.ends_repeat:
            again = bars[start : index + 1]
            first_ending = next((place for place, other in enumerate(again) if other.ending == 1), len(again))
            played += again[:first_ending]
            start = index + 1
    return tuple(played)


class _Reader:
    def __init__(self, meter: str, unit_quarters: Fraction, key: Key) -> None:
        self.meter, self.unit, self.key = meter, unit_quarters, key
        self.tune = Tune(())
        self.lines: dict[str, Line] = {}
        self.in_head = True

    def read(self, text: str) -> Tune:
        line: Line | None = None
        for written in text.splitlines():
            row = re.split(r"(?<!\\)%", written, maxsplit=1)[0].strip()
            match = _LINE_FIELD.fullmatch(row)
            if match and match["letter"] == "V":
                line = self._voice(match["text"])
            elif match:
                self._field(match["letter"], match["text"].strip(), line)
            elif row:
                self.in_head = False
                line = self._music(row, line or self._voice(""))
        for one in self.lines.values():
            one.close()
            if one.faults and one.bars:  # what stood behind the last bar line
                one.bars[-1] = replace(one.bars[-1], faults=(*one.bars[-1].faults, *one.faults)[:MOST_FAULTS])
        voices = tuple(Voice(one.label, one.name, tuple(one.bars)) for one in self.lines.values() if one.bars)
        return replace(self.tune, voices=voices)

    def _music(self, row: str, line: Line) -> Line:
        """A row of notes; it may change to another voice. Returns the voice at its end."""
        place = 0
        while place < len(row):
            if match := _FIELD.match(row, place):
                if match["letter"] == "V":
                    line = self._voice(match["text"])
                else:
                    self._field(match["letter"], match["text"].strip(), line)
                place = match.end()
            else:
                place = read_sign(row, place, line)
        if line.place and line.place == bar_quarters(line.meter):
            line.close()  # a full bar ends with its row, bar line or not
        return line

    def _voice(self, text: str) -> Line:
        """The voice that a V: field names, new or known."""
        words = text.split(maxsplit=1)
        label = words[0].strip(":,;")[:40] if words else ""
        if label not in self.lines:
            if len(self.lines) >= _MOST_VOICES:
                return self.lines[next(reversed(self.lines))]
            self.lines[label] = Line(label, self.meter, self.unit, self.key)
        line = self.lines[label]
        rest = words[1] if len(words) > 1 else ""
        if named := _NAME.search(rest):
            line.name = (named[1] or named[2] or "")[:80]
        _clef(rest, line)
        return line

    def _field(self, letter: str, text: str, line: Line | None) -> None:
        """M, L, Q and K; in the head they are the tune's, later their voice's. All others are passed over."""
        lines = list(self.lines.values()) if self.in_head or line is None else [line]
        match letter:
            case "M":
                self._meter(text, lines)
            case "L":
                self._unit(text, lines)
            case "Q" if self.in_head:
                self.tune = replace(self.tune, tempo_bpm=_tempo(text))
            case "K":
                self._key(text, lines)

    def _meter(self, text: str, lines: Sequence[Line]) -> None:
        meter = {"C": "4/4", "C|": "2/2"}.get(text, text.replace(" ", ""))[:20]
        if self.in_head:
            self.tune, self.meter = replace(self.tune, meter=meter), meter
        for line in lines:
            line.meter = meter

    def _unit(self, text: str, lines: Sequence[Line]) -> None:
        if not re.fullmatch(r"[1-9]\d?/[1-9]\d{0,2}|1", text):
            return
        unit = Fraction(text) * 4
        if self.in_head:
            self.tune, self.unit = replace(self.tune, unit_quarters=unit), unit
        for line in lines:
            line.unit = unit

    def _key(self, text: str, lines: Sequence[Line]) -> None:
        key = _key(text)
        for line in lines:
            _clef(text, line)
            line.key = key or line.key
        if self.in_head and key is not None:
            self.tune, self.key = replace(self.tune, key=self.tune.key or key), key


def _clef(text: str, line: Line) -> None:
    """Octave clefs shift what is written below them."""
    if octave := _OCTAVE_CLEF.search(text):
        line.octave = 1 if octave[1] == "+" else -1
    if octave := _OCTAVE.search(text):
        line.octave = int(octave[1])


def _key(text: str) -> Key | None:
    match = _KEY.match(text)
    mode = _MODES_READ.get(match[3].lower()[:3]) if match else None
    if match is None or mode is None:
        return None
    try:
        return Key.parse(f"{match[1]}{match[2].translate({0x266F: '#', 0x266D: 'b'})} {mode}")
    except UsageError:
        return None


def _tempo(text: str) -> float | None:
    """Quarter notes a minute of "1/4=90", "3/8=60" or "90"."""
    match = re.search(r"(?:(\d{1,2})/(\d{1,2})\s*=\s*)?(\d{1,4}(?:\.\d{1,4})?)\s*(?:\"|$)", text)
    if match is None:
        return None
    beat = Fraction(int(match[1]), int(match[2])) * 4 if match[1] and int(match[2]) else Fraction(1)
    return float(match[3]) * float(beat)

"""ABC as people and models write it, read voice by voice and bar by bar into exact lengths and spelled pitches.

Never fails: what can't be read is passed over and named as a fault of its bar, because the text may come from a model that is to
be told. Read are the fields M, L, Q, K, V and P (as lines and in brackets), notes, rests (also Z), chords, ties, tuplets, broken
rhythm, accidentals to the end of the bar in every octave (ABC 2.1, section 11.3), keys with accidentals of their own, octave clefs,
transposition, repeats and endings, staccato, tenuto and accent. Grace notes, slurs, ornaments, lyrics, chord symbols and other remarks
are passed over. Directives (but for ``%%MIDI transpose``), includes and macros are never followed, and no file is ever opened. A second
layer of a bar (``&``) is a fault, since a part is one voice.

Metre, key and tempo may change: every bar says in which metre and key it is written and where in it Q: sets a tempo, whichever voice has it.

Conventions: lengths and places are exact `Fraction` quarter notes from the start of the bar; bars count as written, in the order of
the parts if the head gives one (P:); repeats are not played (`expand_repeats` does). Without L: the unit is an eighth, or a sixteenth where M:
is below 3/4 (section 3.1.7). Source: C. Walshaw, *The abc music standard 2.1* (2011). Knows nothing of plans and instruments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.io.abc.abc_fields import (
    Transposition,
    key_signature,
    parse_key_field,
    parse_part_order,
    parse_tempo,
    parse_transposition,
    transpose_key,
    transpose_pitch,
)
from img2music.io.abc.abc_symbols import read_symbol
from img2music.io.abc.abc_voice import MOST_BARS, MOST_FAULTS, AbcBar, AbcNote, VoiceState, meter_quarters
from img2music.theory import Key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


__all__ = ["AbcBar", "AbcNote", "AbcTune", "AbcVoice", "expand_repeats", "read_abc"]

_NAME = re.compile(r'\b(?:name|nm)\s*=\s*(?:"([^"]*)"|(\S+))')
_LINE_FIELD = re.compile(r"(?P<letter>[A-Za-z]):(?!\|)(?P<text>.*)")
_FIELD = re.compile(r"\[(?P<letter>[A-Za-z]):(?P<text>[^\]\n]{0,200})\]")
_TRANSPOSE = re.compile(r"(?:%%|I:\s*)MIDI\s+transpose\s+([+-]?[1-4]?\d)\b.*")
_MOST_VOICES = 40


@dataclass(frozen=True, slots=True)
class AbcVoice:
    """A line of music."""

    label: str
    """What its V: field calls it; "" where there is none."""
    name: str
    bars: tuple[AbcBar, ...]
    """In the order of the parts, if the head gives one."""
    written: tuple[AbcBar, ...] = ()
    """As they were written, where that is another order."""


@dataclass(frozen=True, slots=True)
class AbcTune:
    """A tune as it was written; None for a field that is missing or can't be read."""

    voices: tuple[AbcVoice, ...]
    meter: str | None = None
    unit_quarters: Fraction | None = None
    tempo_bpm: float | None = None
    key: Key | None = None
    """In which it sounds, so transposition in the head counts."""


def read_abc(text: str, *, meter: str = "4/4", unit_quarters: Fraction = Fraction(1, 2), key: Key | None = None) -> AbcTune:
    """The voices of one tune.

    Args:
        text: the tune, without anything around it.
        meter: taken where the tune does not say; a line that ends with its bar full needs no bar line.
        unit_quarters: likewise the length of a note without a number, in quarter notes.
        key: likewise the key.
    """
    return _Reader(meter, unit_quarters, key or Key.parse("C major")).read(text)


def expand_repeats(bars: Sequence[AbcBar]) -> tuple[AbcBar, ...]:
    """The bars as played: each repeat twice, with its endings."""
    played: list[AbcBar] = []
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
        self.signature: Mapping[str, int] = key_signature(key)
        self.shift = Transposition()
        self.tune = AbcTune(())
        self.lines: dict[str, VoiceState] = {}
        self.in_head = True
        self.settled = False
        """Whether the head's K: has been read; fields may still follow it before the first note."""
        self.part, self.order = "", ""
        self.faults: list[str] = []

    def read(self, text: str) -> AbcTune:
        line: VoiceState | None = None
        for written in text.splitlines():
            if directive := _TRANSPOSE.fullmatch(written.strip()):
                self._shift(Transposition(semitones=int(directive[1])), line)
                continue
            row = re.split(r"(?<!\\)%", written, maxsplit=1)[0].strip()
            match = _LINE_FIELD.fullmatch(row)
            if match and match["letter"] == "V":
                line = self._voice(match["text"])
            elif match:
                self._field(match["letter"], match["text"].strip(), line)
            elif row:
                self._end_head()
                line = self._music(row, line or self._voice(""))
        for one in self.lines.values():
            one.close()
            if one.faults and one.bars:  # what stood behind the last bar line
                one.bars[-1] = replace(one.bars[-1], faults=(*one.bars[-1].faults, *one.faults)[:MOST_FAULTS])
        if self.tune.key is not None and self.shift.semitones:
            self.tune = replace(self.tune, key=transpose_key(self.tune.key, self.shift.semitones))
        return replace(self.tune, voices=tuple(self._voices()))

    def _end_head(self) -> None:
        """Music begins: what the head did not say is settled."""
        if self.in_head:
            self.in_head = False
            self._settle()

    def _settle(self) -> None:
        """The first K: or note has come: without L: the metre so far decides the unit, once for all (section 3.1.7)."""
        if self.settled:
            return
        self.settled = True
        if self.tune.unit_quarters is None and self.tune.meter is not None and 0 < meter_quarters(self.tune.meter) < 3:
            self.unit = Fraction(1, 4)
            for line in self.lines.values():
                line.unit = self.unit

    def _voices(self) -> Iterator[AbcVoice]:
        """What was read, in the order of the parts."""
        lines = [line for line in self.lines.values() if line.bars]
        sounding = {line.label: [self._moved(bar) for bar in line.bars] for line in lines}
        labels = {bar.part for bars in sounding.values() for bar in bars}
        order = "".join(part for part in self.order if part in labels)
        faults = [
            *self.faults,
            *(f"there is no part {part}, which P: names" for part in dict.fromkeys(self.order) if part not in labels),
        ]
        for line in lines:
            bars = sounding[line.label]
            played = self._in_order(order, line.label, sounding) if order else bars
            if faults and played:
                played = [replace(played[0], faults=(*faults, *played[0].faults)[:MOST_FAULTS]), *played[1:]]
                faults = []
            yield AbcVoice(line.label, line.name, tuple(played), tuple(bars) if order else ())

    def _moved(self, bar: AbcBar) -> AbcBar:
        if not bar.semitones:
            return bar
        sounds = tuple(
            replace(
                sound,
                pitches=tuple(transpose_pitch(pitch, bar.semitones, self.tune.key) for pitch in sound.pitches),
                tied=frozenset(transpose_pitch(pitch, bar.semitones, self.tune.key) for pitch in sound.tied),
            )
            for sound in bar.sounds
        )
        return replace(bar, sounds=sounds)

    def _in_order(self, order: str, label: str, sounding: Mapping[str, Sequence[AbcBar]]) -> list[AbcBar]:
        """The bars of a voice as P: orders them; what stands before the first part is played first. A voice without a part rests."""
        parts: dict[str, list[AbcBar]] = {}
        for part in ("", *dict.fromkeys(order)):
            own = [bar for bar in sounding[label] if bar.part == part]
            others = ([bar for bar in bars if bar.part == part] for bars in sounding.values())
            rests = [replace(bar, sounds=(), faults=()) for bar in next((bars for bars in others if bars), [])]
            parts[part] = own or rests
            if parts[part]:  # a repeat does not reach back into another part
                parts[part][0] = replace(parts[part][0], begins_repeat=True)
        played = list(parts[""])
        for part in order:
            played += parts[part][: MOST_BARS - len(played)]
        return played

    def _music(self, row: str, line: VoiceState) -> VoiceState:
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
                place = read_symbol(row, place, line)
        if line.place and line.place == meter_quarters(line.meter):
            line.close()  # a full bar ends with its row, bar line or not
        return line

    def _voice(self, text: str) -> VoiceState:
        """The voice that a V: field names, new or known."""
        words = text.split(maxsplit=1)
        label = words[0].strip(":,;")[:40] if words else ""
        if label not in self.lines:
            if len(self.lines) >= _MOST_VOICES:
                return self.lines[next(reversed(self.lines))]
            self.lines[label] = VoiceState(
                label, self.meter, self.unit, self.signature, self.shift, key=self.tune.key, part=self.part
            )
        line = self.lines[label]
        rest = words[1] if len(words) > 1 else ""
        if named := _NAME.search(rest):
            line.name = (named[1] or named[2] or "")[:80]
        shift = parse_transposition(rest)
        if shift.semitones is not None:  # beside what K: says, so it is kept apart
            line.own.voice, shift.semitones = shift.semitones, None
        line.own.update(shift)
        return line

    def _field(self, letter: str, text: str, line: VoiceState | None) -> None:
        """M, L, Q, K and P; in the head they are the tune's, later their voice's. All others are passed over."""
        lines = [line] if line is not None and (self.settled or not self.in_head) else list(self.lines.values())
        match letter:
            case "M":
                self._meter(text, lines)
            case "L":
                self._unit(text, lines)
            case "Q" if self.in_head:
                self.tune = replace(self.tune, tempo_bpm=parse_tempo(text))
            case "Q" if line is not None:
                line.set_tempo(parse_tempo(text))
            case "K":
                self._key(text, lines, line)
            case "P" if not self.settled:
                self.order, faults = parse_part_order(text)
                self.faults += faults
            case "P":
                self._part(text)

    def _meter(self, text: str, lines: Sequence[VoiceState]) -> None:
        meter = {"C": "4/4", "C|": "2/2"}.get(text, text.replace(" ", ""))[:20]
        if self.in_head:
            self.tune, self.meter = replace(self.tune, meter=meter), meter
        for line in lines:
            line.meter = meter

    def _unit(self, text: str, lines: Sequence[VoiceState]) -> None:
        if not re.fullmatch(r"[1-9]\d?/[1-9]\d{0,2}|1", text):
            return
        unit = Fraction(text) * 4
        if self.in_head:
            self.tune, self.unit = replace(self.tune, unit_quarters=unit), unit
        for line in lines:
            line.unit = unit

    def _key(self, text: str, lines: Sequence[VoiceState], line: VoiceState | None) -> None:
        found = parse_key_field(text)
        self._shift(parse_transposition(text), line)
        for one in lines:
            one.signature, one.key = (found.signature, found.key) if found.signature else (one.signature, one.key)
        if self.in_head and not (self.settled and line is not None):
            self.signature = found.signature or self.signature
            self.tune = replace(self.tune, key=self.tune.key or found.key)
        self._settle()

    def _shift(self, shift: Transposition, line: VoiceState | None) -> None:
        """Clef and transposition: in the head of all voices, where a voice's own are nearer, later of one."""
        (line.own if line is not None and self.settled else self.shift).update(shift)

    def _part(self, text: str) -> None:
        """Another part begins, for all voices."""
        self._end_head()
        self.part = text[0].upper() if re.fullmatch(r"[A-Za-z](?![A-Za-z]).*", text) else text[:40]
        for line in self.lines.values():
            line.close()
            line.part = self.part

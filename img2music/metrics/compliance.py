"""Compliance: was what was asked for also made? Read back from the written files, not from what the program believes.

Tempo, metre, key signature, length and instruments come from the MIDI file (read by mido) and the MusicXML document (read
by Python's own parser); the length of the sound from its samples. Conventions: tempo in quarter notes a minute, programs
0-based, lengths in seconds. Does not know whether the music is good.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeVar

from img2music.brief import SECONDS_RANGE
from img2music.theory import MODES, Key, Meter, instrument, instrument_names

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

    from img2music.audio import Audio
    from img2music.brief import Brief
    from img2music.plan import CompositionPlan

__all__ = ["Row", "check"]

TEMPO_TOLERANCE_BPM = 0.01
"""MIDI keeps whole microseconds a quarter: at 300 quarters a minute that rounds by less than 0.001."""
LENGTH_TOLERANCE_SECONDS = 0.05
"""A twentieth of a second; MIDI can only end on a tick."""
Source = Literal["MIDI", "MusicXML", "audio"]
Promise = Literal["tempo", "metre", "key", "length", "instruments", "bars"]
_Find = tuple[Source, str, bool]
"""Where something was found, what it says in words, and whether that is what was asked."""
_UNCLEAR = "none, or more than one"
T = TypeVar("T")
_DRUM_CHANNEL = 9
_MICROSECONDS = 60_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One promise and what became of it."""

    promise: Promise
    by: Literal["brief", "plan"]
    """Who asked: the user, or the plan where the user left it open."""
    asked: str
    found: str
    """What the files say; where they differ, what each says."""
    read_from: tuple[Source, ...]
    passed: bool
    """Whether every file says what was asked."""


def check(plan: CompositionPlan, brief: Brief, *, midi: bytes, musicxml: str, audio: Audio | None = None) -> tuple[Row, ...]:
    """The compliance table, in a fixed order.

    Args:
        plan: says what the brief leaves open, and how many bars there are.
        brief: what the user asked for.
        midi: content of the MIDI file.
        musicxml: the MusicXML document.
        audio: the finished sound; without it there is no row for it.
    """
    played, written = _Played.read(midi), _Written.read(musicxml)
    return (
        _tempo(plan, brief, played, written),
        _meter(plan, brief, played, written),
        _key(plan, brief, played, written),
        _length(plan, brief, played, audio),
        _instruments(plan, brief, played),
        _bars(plan, written),
    )


@dataclass(frozen=True, slots=True)
class _Played:
    """What a MIDI file says; None where it says nothing, or several things."""

    tempo_bpm: float | None
    meter: tuple[int, int] | None
    key: tuple[int, bool] | None
    """Sharps (positive) or flats, and whether the third is minor."""
    seconds: float | None
    programs: tuple[tuple[int, bool], ...]
    """Program and whether it is a drum kit, of each channel with notes."""

    @classmethod
    def read(cls, content: bytes) -> _Played:
        import mido

        file = mido.MidiFile(file=io.BytesIO(content))
        tempos: set[int] = set()
        meters: set[tuple[int, int]] = set()
        keys: set[tuple[int, bool]] = set()
        programs: dict[int, int] = {}
        sounding: set[int] = set()
        end = 0
        for track in file.tracks:
            ticks = 0
            for message in track:
                ticks += message.time
                match message.type:
                    case "note_on":
                        sounding.add(message.channel)
                    case "program_change":
                        programs.setdefault(message.channel, message.program)
                    case "set_tempo":
                        tempos.add(message.tempo)
                    case "time_signature":
                        meters.add((message.numerator, message.denominator))
                    case "key_signature":
                        key = Key.parse(message.key)  # mido's names are such as "F" and "Dm"
                        keys.add((key.signature, key.is_minor))
            end = max(end, ticks)
        tempo = _only(tempos)
        return cls(
            None if tempo is None else _MICROSECONDS / tempo,
            _only(meters),
            _only(keys),
            None if tempo is None else end * tempo / 1e6 / file.ticks_per_beat,
            tuple((programs.get(channel, 0), channel == _DRUM_CHANNEL) for channel in sorted(sounding)),
        )


@dataclass(frozen=True, slots=True)
class _Written:
    """What a MusicXML document says; None where it says nothing, or several things."""

    tempo_bpm: float | None
    meter: tuple[int, int] | None
    pitched: bool
    """Whether any part has pitches."""
    key: tuple[int, bool] | None
    """Of the pitched parts: sharps (positive) or flats, and whether the third is minor."""
    bars: int | None
    """In every part; None where parts differ."""
    full: bool
    """Whether the notes and rests of every bar add up to the metre."""

    @classmethod
    def read(cls, document: str) -> _Written:
        from xml.etree import ElementTree as ET

        root = ET.fromstring(document)  # noqa: S314  written by this program a moment ago
        parts = root.findall("part")
        meters = {(int(time.findtext("beats", "0")), int(time.findtext("beat-type", "0"))) for time in root.iter("time")}
        meter = _only(meters)
        bar_quarters = Fraction(4 * meter[0], meter[1]) if meter and meter[1] else Fraction(0)
        pitched = [part for part in parts if part.find("measure/note/pitch") is not None]
        keys = {(int(key.findtext("fifths", "0")), key.findtext("mode", "major")) for part in pitched for key in part.iter("key")}
        return cls(
            _only({float(sound.get("tempo", "0")) for sound in root.iter("sound") if "tempo" in sound.attrib}),
            meter,
            bool(pitched),
            _only({(fifths, MODES.get(mode, 0) >= MODES["dorian"]) for fifths, mode in keys}),
            _only({len(part.findall("measure")) for part in parts}),
            bool(parts) and all(_is_full(part, bar_quarters) for part in parts),
        )


def _is_full(part: Element, bar_quarters: Fraction) -> bool:
    divisions = 1
    for bar in part.findall("measure"):
        filled = 0
        for element in bar:
            if element.tag == "attributes":
                divisions = int(element.findtext("divisions", str(divisions)))
            elif element.tag in {"note", "forward"} and element.find("chord") is None:
                filled += int(element.findtext("duration", "0"))
            elif element.tag == "backup":
                filled -= int(element.findtext("duration", "0"))
        if Fraction(filled, divisions) != bar_quarters:
            return False
    return True


def _only(values: set[T]) -> T | None:
    return next(iter(values)) if len(values) == 1 else None


def _row(promise: Promise, by: Literal["brief", "plan"], asked: str, *finds: _Find) -> Row:
    """A row from what each file says: one answer where they agree, each file's own where they don't."""
    answers = {answer for _, answer, _ in finds}
    found = finds[0][1] if len(answers) == 1 else ", ".join(f"{answer} in {source}" for source, answer, _ in finds)
    return Row(promise, by, asked, found, tuple(source for source, _, _ in finds), all(passed for _, _, passed in finds))


def _tempo(plan: CompositionPlan, brief: Brief, played: _Played, written: _Written) -> Row:
    asked = brief.tempo_bpm or plan.tempo_bpm

    def find(source: Source, tempo: float | None) -> _Find:
        words = _UNCLEAR if tempo is None else f"{tempo:.5g} bpm"
        return source, words, tempo is not None and abs(tempo - asked) <= TEMPO_TOLERANCE_BPM

    finds = find("MIDI", played.tempo_bpm), find("MusicXML", written.tempo_bpm)
    return _row("tempo", _by(brief.tempo_bpm), f"{asked:.5g} bpm", *finds)


def _meter(plan: CompositionPlan, brief: Brief, played: _Played, written: _Written) -> Row:
    asked = Meter.parse(brief.meter or plan.meter)

    def find(source: Source, meter: tuple[int, int] | None) -> _Find:
        return source, _UNCLEAR if meter is None else f"{meter[0]}/{meter[1]}", meter == (asked.count, asked.unit)

    return _row("metre", _by(brief.meter), asked.name, find("MIDI", played.meter), find("MusicXML", written.meter))


def _key(plan: CompositionPlan, brief: Brief, played: _Played, written: _Written) -> Row:
    """A MIDI key signature knows no modes but major and minor, so both files are asked for accidentals and third."""
    asked = Key.parse(brief.key or plan.key)

    def find(source: Source, key: tuple[int, bool] | None) -> _Find:
        words = _UNCLEAR if key is None else f"{_accidentals(key[0])}, {'minor' if key[1] else 'major'} third"
        return source, words, key == (asked.signature, asked.is_minor)

    finds = [find("MIDI", played.key)]
    if written.pitched:  # drums alone have no key
        finds.append(find("MusicXML", written.key))
    return _row("key", _by(brief.key), f"{asked.name} ({_accidentals(asked.signature)})", *finds)


def _length(plan: CompositionPlan, brief: Brief, played: _Played, audio: Audio | None) -> Row:
    """Of a loop, whole bars are what is asked: the length nearest to the wish that its bars can have."""
    asked, words = brief.seconds, f"{brief.seconds:.2f} s"
    if plan.loop:
        meter = plan.parsed_meter
        bars = meter.whole_bars(brief.seconds, plan.tempo_bpm, SECONDS_RANGE)
        asked = bars * float(meter.bar_quarters) * 60 / plan.tempo_bpm
        if abs(asked - brief.seconds) > LENGTH_TOLERANCE_SECONDS:
            words += f", in whole bars {asked:.2f} s"

    def find(source: Source, seconds: float | None) -> _Find:
        words = _UNCLEAR if seconds is None else f"{seconds:.2f} s"
        return source, words, seconds is not None and abs(seconds - asked) <= LENGTH_TOLERANCE_SECONDS

    finds = [find("MIDI", played.seconds)]
    if audio is not None:
        finds.append(find("audio", audio.seconds))
    return _row("length", _by("seconds" in brief.model_fields_set), words, *finds)


def _instruments(plan: CompositionPlan, brief: Brief, played: _Played) -> Row:
    names = brief.instruments or tuple(part.instrument for part in plan.parts)
    asked = {(instrument(name).program, instrument(name).kit) for name in names}
    found = set(played.programs)
    return _row("instruments", _by(brief.instruments), _band(asked), ("MIDI", _band(found), asked == found))


def _bars(plan: CompositionPlan, written: _Written) -> Row:
    words = "a different number in each part"
    if written.bars is not None:
        words = f"{written.bars}, {'all' if written.full else 'not all'} full"
    return _row("bars", "plan", f"{plan.bars}, all full", ("MusicXML", words, written.full and written.bars == plan.bars))


def _by(wish: object) -> Literal["brief", "plan"]:
    return "brief" if wish else "plan"


def _accidentals(fifths: int) -> str:
    count = abs(fifths)
    return f"{count} {'sharp' if fifths > 0 else 'flat'}{'s' * (count > 1)}" if count else "no accidentals"


@cache
def _instrument_table() -> dict[tuple[int, bool], str]:
    players = (instrument(name) for name in instrument_names())
    return {(player.program, player.kit): player.name for player in players}


def _band(programs: Iterable[tuple[int, bool]]) -> str:
    table = _instrument_table()
    return ", ".join(table.get(which, f"program {which[0]}") for which in sorted(programs)) or "none"

"""What written files say, and what sounds in them: MIDI read by mido, MusicXML by Python's own parser.

Labels (tempo, metre, key signature) are kept apart from notes, so that one can be held against the other.
Conventions: onsets and durations in quarter notes, seconds by the file's own tempo, programs 0-based, bars from 0. A value is None
where a file says nothing, or several things. Knows nothing of what was asked.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

from img2music.cancellation import CheckedBytes, checkpoint
from img2music.theory import MODES, Key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    import mido

__all__ = ["FilePart", "MidiContents", "MusicXmlContents", "SoundingNote"]

T = TypeVar("T")
_DRUM_CHANNEL = 9
_MICROSECONDS = 60_000_000
_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
_LOOP_MARKERS = ("loopStart", "loopEnd")
_FED_LETTERS = 1 << 16
"""Of a document at a time, so that reading can be stopped."""


@dataclass(frozen=True, order=True, slots=True)
class SoundingNote:
    """One note as a file has it; of a kit `pitch` is a drum. Tied notes are several."""

    onset_quarters: float
    duration_quarters: float
    pitch: int
    name: str = ""
    """Its letter and sign as written, "G#"; "" where the file does not spell."""

    @property
    def end_quarters(self) -> float:
        """Where it stops."""
        return self.onset_quarters + self.duration_quarters


@dataclass(frozen=True, slots=True)
class FilePart:
    """The notes that one part plays with one sound."""

    program: int
    is_kit: bool
    notes: tuple[SoundingNote, ...]


@dataclass(frozen=True, slots=True)
class MidiContents:
    """What a MIDI file says and what sounds in it."""

    tempo_bpm: float | None
    """Of all tempo events, the first of which stands at the beginning."""
    meter: tuple[int, int] | None
    key: tuple[int, bool] | None
    """Sharps (positive) or flats, and whether the third is minor."""
    seconds: float | None
    """To the end of the longest track."""
    lines: tuple[FilePart, ...]
    """A track and sound each; only those with notes."""
    quarters: float
    """To the end of the longest track."""
    last_seconds: float | None
    """When its last note ends; None without notes."""
    loop: tuple[float, float] | None
    """Where the file says that its loop begins and ends, in quarter notes."""

    @classmethod
    def read(cls, content: bytes) -> MidiContents:
        """From the content of a MIDI file."""
        import mido

        file = mido.MidiFile(file=CheckedBytes(content))
        tempos: set[int] = set()
        meters: set[tuple[int, int]] = set()
        keys: set[tuple[int, bool]] = set()
        markers: dict[str, float] = {}
        lines: list[FilePart] = []
        first_tempo = end = 0
        per_quarter, programs = file.ticks_per_beat, _programs(file)
        for track in file.tracks:
            ticks = 0
            checkpoint()
            for message in track:
                ticks += message.time
                match message.type:
                    case "set_tempo":
                        first_tempo = min(first_tempo, ticks) if tempos else ticks
                        tempos.add(message.tempo)
                    case "time_signature":
                        meters.add((message.numerator, message.denominator))
                    case "key_signature":
                        key = Key.parse(message.key)  # mido's names are such as "F" and "Dm"
                        keys.add((key.signature, key.is_minor))
                    case "marker" if message.text in _LOOP_MARKERS:
                        markers[message.text] = ticks / per_quarter
            end = max(end, ticks)
            lines += _lines(track, programs, per_quarter)
        tempo = single_value(tempos) if first_tempo == 0 else None
        last = max((note.end_quarters for line in lines for note in line.notes), default=None)
        return cls(
            tempo_bpm=None if tempo is None else _MICROSECONDS / tempo,
            meter=single_value(meters),
            key=single_value(keys),
            seconds=None if tempo is None else end * tempo / 1e6 / per_quarter,
            lines=tuple(lines),
            quarters=end / per_quarter,
            last_seconds=None if tempo is None or last is None else last * tempo / 1e6,
            loop=(markers["loopStart"], markers["loopEnd"]) if len(markers) == len(_LOOP_MARKERS) else None,
        )

    @property
    def pitched(self) -> tuple[SoundingNote, ...]:
        """Every note but the drums', in order."""
        return _pitched(self.lines)


def _programs(file: mido.MidiFile) -> dict[int, list[tuple[int, int]]]:
    """When each channel gets which program: a channel has one at a time, whichever track sets it."""
    changes: dict[int, list[tuple[int, int]]] = defaultdict(lambda: [(0, 0)])
    for track in file.tracks:
        ticks = 0
        for message in track:
            ticks += message.time
            if message.type == "program_change":
                changes[message.channel].append((ticks, message.program))
    for line in changes.values():
        line.sort(key=lambda change: change[0])
    return changes


def _lines(track: mido.MidiTrack, programs: dict[int, list[tuple[int, int]]], per_quarter: int) -> Iterator[FilePart]:
    """The notes of a track by the channel and the program in force where they are struck; notes without a length don't sound."""
    waiting: dict[tuple[int, int], int] = {}
    found: dict[tuple[int, int], list[SoundingNote]] = {}
    ticks = 0
    for message in track:
        ticks += message.time
        if message.type not in {"note_on", "note_off"}:
            continue
        begun = waiting.pop((message.channel, message.note), None)
        if begun is not None and ticks > begun:
            program = [program for since, program in programs[message.channel] if since <= begun][-1]
            note = SoundingNote(begun / per_quarter, (ticks - begun) / per_quarter, message.note)
            found.setdefault((message.channel, program), []).append(note)
        if message.type == "note_on" and message.velocity:
            waiting[message.channel, message.note] = ticks
    for (channel, program), notes in found.items():
        yield FilePart(program, channel == _DRUM_CHANNEL, tuple(sorted(notes)))


@dataclass(frozen=True, slots=True)
class MusicXmlContents:
    """What a MusicXML document says and what stands in its bars."""

    tempo_bpm: float | None
    """Of all tempos, the first of which stands in the first bar."""
    meter: tuple[int, int] | None
    pitched_parts: bool
    """Whether any part has pitches."""
    key: tuple[int, bool] | None
    """Of the pitched parts: sharps (positive) or flats, and whether the third is minor."""
    bars: int | None
    """In every part; None where parts differ."""
    full: bool
    """Whether the notes and rests of every bar add up to the metre."""
    lines: tuple[FilePart, ...]
    """A part each; only those with notes."""
    bar_quarters: float
    """By the time signature; 0 where there is none, or several."""

    @classmethod
    def read(cls, document: str) -> MusicXmlContents:
        """From a partwise document."""
        from xml.etree import ElementTree as ET

        parser = ET.XMLParser()  # noqa: S314  written by this program a moment ago
        for start in range(0, len(document), _FED_LETTERS):
            checkpoint()
            parser.feed(document[start : start + _FED_LETTERS])
        root: Element = parser.close()
        parts = root.findall("part")
        meters = {(int(time.findtext("beats", "0")), int(time.findtext("beat-type", "0"))) for time in root.iter("time")}
        meter = single_value(meters)
        bar_quarters = Fraction(4 * meter[0], meter[1]) if meter and meter[1] else Fraction(0)
        pitched = [part for part in parts if part.find("measure/note/pitch") is not None]
        keys = {(int(key.findtext("fifths", "0")), key.findtext("mode", "major")) for part in pitched for key in part.iter("key")}
        programs = {
            entry.get("id", ""): int(entry.findtext("midi-instrument/midi-program", "1")) - 1 for entry in root.iter("score-part")
        }
        read = [(part, *_bars(part)) for part in parts]
        tempos = {float(sound.get("tempo", "0")) for sound in root.iter("sound") if "tempo" in sound.attrib}
        opens = any(
            "tempo" in sound.attrib for part in parts for bar in part.findall("measure")[:1] for sound in bar.iter("sound")
        )
        return cls(
            tempo_bpm=single_value(tempos) if opens else None,
            meter=meter,
            pitched_parts=bool(pitched),
            key=single_value({(fifths, MODES.get(mode, 0) >= MODES["dorian"]) for fifths, mode in keys}),
            bars=single_value({len(lengths) for _, _, lengths in read}),
            full=bool(parts) and all(length == bar_quarters for _, _, lengths in read for length in lengths),
            lines=tuple(
                FilePart(programs.get(part.get("id", ""), 0), part not in pitched, notes) for part, notes, _ in read if notes
            ),
            bar_quarters=float(bar_quarters),
        )

    @property
    def pitched(self) -> tuple[SoundingNote, ...]:
        """Every note but the drums', in order."""
        return _pitched(self.lines)


def _bars(part: Element) -> tuple[tuple[SoundingNote, ...], list[Fraction]]:
    """The notes of a part and how much of each bar is filled, both by their durations."""
    divisions = 1
    begin = Fraction(0)
    notes: list[SoundingNote] = []
    lengths: list[Fraction] = []
    for bar in part.findall("measure"):
        checkpoint()
        place = last = Fraction(0)
        for element in bar:
            if element.tag == "attributes":
                divisions = int(element.findtext("divisions", str(divisions)))
            if element.tag not in {"note", "forward", "backup"}:
                continue
            quarters = Fraction(int(element.findtext("duration", "0")), divisions)
            if element.tag == "backup":
                place -= quarters
                continue
            in_chord = element.find("chord") is not None
            onset = last if in_chord else place
            if not in_chord:
                last, place = place, place + quarters
            sounding = _sounding(element, float(begin + onset), float(quarters))
            if sounding is not None:
                notes.append(sounding)
        lengths.append(place)
        begin += place
    return tuple(sorted(notes)), lengths


def _sounding(element: Element, onset: float, quarters: float) -> SoundingNote | None:
    """A note's element as a note; None for rests and for what has no length."""
    pitch, drum = element.find("pitch"), element.find("unpitched")
    if quarters <= 0 or (pitch is None and drum is None):
        return None
    if pitch is None:
        return SoundingNote(onset, quarters, 0)
    step, alter = pitch.findtext("step", "C"), int(pitch.findtext("alter", "0"))
    number = 12 * (int(pitch.findtext("octave", "4")) + 1) + _NATURAL[step] + alter
    return SoundingNote(onset, quarters, number, step + _SIGNS.get(alter, ""))


def _pitched(lines: tuple[FilePart, ...]) -> tuple[SoundingNote, ...]:
    return tuple(sorted(note for line in lines if not line.is_kit for note in line.notes))


def single_value(values: set[T]) -> T | None:
    """The value where there is just one."""
    return next(iter(values)) if len(values) == 1 else None

"""What programs that know nothing of img2music find in its files over time: notes, tempi, metres, keys and bars at their places.

mido reads the MIDI file and the one that abc2midi makes of the ABC tune, music21 the MIDI file and the MusicXML document, and Python's own
parser what that document says of lengths and tempi. `evals.shared.independent_readers` reads what holds for a whole piece.

Conventions: quarter notes from the start as fractions (to 1/960), tempo in quarter notes a minute, key signatures in sharps (negative:
flats), seconds from the start by the tempi that the program itself has read. Kits' pitches are None where a reader keeps none.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import mido

from evals.shared.independent_readers import sharps_of_key

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "PageTimes",
    "ReadNote",
    "Timeline",
    "abc_timeline",
    "midi_timeline",
    "music21_midi_timeline",
    "music21_timeline",
    "page_times",
]

_DRUMS = 9
Marks = tuple[tuple[Fraction, Any], ...]


@dataclass(frozen=True, order=True, slots=True)
class ReadNote:
    """A note as a program found it."""

    onset: Fraction
    pitch: int
    """-1 where the reader keeps no pitch of a drum."""
    velocity: int = field(default=0, compare=False)
    end: Fraction = field(default=Fraction(0), compare=False)
    seconds: float = field(default=0.0, compare=False)
    """When it begins."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What one program found in one file."""

    parts: tuple[tuple[ReadNote, ...], ...]
    """The notes of each part, in the order of the file; parts without notes are there too."""
    tempi: Marks
    meters: Marks
    keys: Marks
    bars: tuple[tuple[Fraction, ...], ...] = ()
    """Where the bars of each part begin."""
    fills: tuple[tuple[Fraction, ...], ...] = ()
    """What the notes and rests of the fullest and of the emptiest voice of each bar last, part by part."""
    length: Fraction = Fraction(0)
    length_seconds: float = 0.0
    markers: tuple[tuple[Fraction, str], ...] = ()
    disagreements: tuple[str, ...] = ()
    """Parts that have other metres or keys than the others."""

    @property
    def notes(self) -> list[tuple[Fraction, int]]:
        """All notes."""
        return sorted((note.onset, note.pitch) for part in self.parts for note in part)


def _without_repeats(marks: Iterable[tuple[Fraction, Any]]) -> Marks:
    """Marks in order, those left out that say what holds already."""
    kept: list[tuple[Fraction, Any]] = []
    for onset, value in sorted(marks, key=lambda mark: mark[0]):
        if kept and kept[-1][0] == onset:
            kept.pop()
        if not kept or kept[-1][1] != value:
            kept.append((onset, value))
    return tuple(kept)


def midi_timeline(content: bytes) -> Timeline:
    """The MIDI file as mido reads it; every track but the first is a part, and seconds are summed over its tempo events."""
    file = mido.MidiFile(file=io.BytesIO(content))
    per_quarter = file.ticks_per_beat
    found: dict[str, list[tuple[Fraction, Any]]] = defaultdict(list)
    last = 0
    changes: list[tuple[int, int]] = []
    raw: list[list[tuple[int, int, int, int]]] = []
    for track in file.tracks:
        now = 0
        begun: dict[tuple[int, int], tuple[int, int]] = {}
        notes: list[tuple[int, int, int, int]] = []
        for message in track:
            now += message.time
            place = Fraction(now, per_quarter)
            if message.type == "set_tempo":
                changes.append((now, message.tempo))
            elif message.type == "time_signature":
                found["meters"].append((place, f"{message.numerator}/{message.denominator}"))
            elif message.type == "key_signature":
                found["keys"].append((place, sharps_of_key(message.key)))
            elif message.type == "marker":
                found["markers"].append((place, message.text))
            elif message.type == "note_on" and message.velocity:
                begun[message.channel, message.note] = now, message.velocity
            elif message.type in {"note_on", "note_off"} and (message.channel, message.note) in begun:
                onset, velocity = begun.pop((message.channel, message.note))
                notes.append((onset, message.note, velocity, now))
        last = max(last, now)
        raw.append(sorted(notes))
    changes = sorted(changes) or [(0, 500_000)]
    sums = [0.0]
    for (tick, tempo), (after, _) in pairwise(changes):
        sums.append(sums[-1] + (after - tick) * tempo / per_quarter / 1e6)

    def seconds(tick: int) -> float:
        place = max(0, bisect_right(changes, (tick, 1 << 30)) - 1)
        return float(sums[place] + (tick - changes[place][0]) * changes[place][1] / per_quarter / 1e6)

    tracks = [
        tuple(
            ReadNote(Fraction(on, per_quarter), pitch, velocity, Fraction(off, per_quarter), seconds(on))
            for on, pitch, velocity, off in notes
        )
        for notes in (raw[1:] if len(raw) > 1 else raw)
    ]
    return Timeline(
        parts=tuple(tracks),
        tempi=_without_repeats((Fraction(tick, per_quarter), 60e6 / tempo) for tick, tempo in changes),
        meters=_without_repeats(found["meters"]),
        keys=_without_repeats(found["keys"]),
        length=Fraction(last, per_quarter),
        length_seconds=seconds(last),
        markers=tuple(found["markers"]),
    )


def abc_timeline(tune: bytes) -> tuple[Timeline, tuple[str, ...]]:
    """The ABC tune as abc2midi plays it, and the lines in which it complains. It cuts tempi to whole beats a minute.

    Signatures are read to a 24th of a quarter, as it may write them a tick late, and not in the track of chord symbols, where no time passes.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "score.abc").write_bytes(tune)
        done = subprocess.run(
            ["abc2midi", "score.abc", "-o", "score.mid"], cwd=folder, capture_output=True, text=True, check=False, timeout=60
        )
        file = mido.MidiFile(Path(folder) / "score.mid")
    file.tracks[1:] = [track for track in file.tracks[1:] if any(message.type == "note_on" for message in track)]
    file.save(file=(kept := io.BytesIO()))
    read = midi_timeline(kept.getvalue())
    meters, keys = (
        _without_repeats((Fraction(round(onset * 24), 24), value) for onset, value in marks) for marks in (read.meters, read.keys)
    )
    said = tuple(line for line in done.stdout.splitlines() if "rror" in line or "arning" in line)
    return replace(read, meters=meters, keys=keys), said


def music21_midi_timeline(content: bytes) -> Timeline:
    """A MIDI file's events as music21 reads them, before it makes bars of them: it then moves notes and tempi that lie over bar lines.

    It keeps tempi to a hundredth of a beat a minute; seconds are its own sums.
    """
    import music21

    file: Any = music21.midi.MidiFile()
    file.readstr(content)
    found: dict[str, list[tuple[Fraction, Any]]] = defaultdict(list)
    parts: list[list[ReadNote]] = []
    for track in file.tracks:
        events = music21.midi.translate.getTimeForEvents(track)
        for ticks, mark in music21.midi.translate.getMetaEvents(events):
            place = Fraction(ticks, file.ticksPerQuarterNote)
            if isinstance(mark, music21.tempo.MetronomeMark):
                found["tempi"].append((place, float(mark.number or 0)))
            elif isinstance(mark, music21.meter.TimeSignature):
                found["meters"].append((place, mark.ratioString))
            elif isinstance(mark, music21.key.KeySignature):
                found["keys"].append((place, mark.sharps))
        parts.append(
            [
                ReadNote(
                    Fraction(on, file.ticksPerQuarterNote),
                    event.pitch or 0,
                    event.velocity or 0,
                    Fraction(off, file.ticksPerQuarterNote),
                )
                for on, off, event in music21.midi.translate.getNotesFromEvents(events)
            ]
        )
    tempi = _without_repeats(found["tempi"])
    times = _music21_seconds(tempi, {note.onset for part in parts for note in part})
    return Timeline(
        parts=tuple(tuple(sorted(replace(note, seconds=times[note.onset]) for note in part)) for part in parts[1:]),
        tempi=tempi,
        meters=_without_repeats(found["meters"]),
        keys=_without_repeats(found["keys"]),
    )


def _music21_seconds(tempi: Marks, onsets: Iterable[Fraction]) -> dict[Fraction, float]:
    """When each place sounds by music21's own reckoning."""
    import music21

    clock: Any = music21.stream.Stream()
    for onset, bpm in tempi:
        clock.insert(onset, music21.tempo.MetronomeMark(number=bpm))
    for onset in sorted(onsets):
        clock.insert(onset, music21.note.Rest(quarterLength=0.25))
    return {
        _fraction(entry["element"].getOffsetBySite(clock)): entry["offsetSeconds"]
        for entry in clock.secondsMap
        if isinstance(entry["element"], music21.note.Rest)
    }


def music21_timeline(document: str) -> Timeline:
    """A MusicXML document as music21 reads it; seconds are music21's own."""
    import music21

    stream: Any = music21.converter.parseData(document, format="musicxml")
    # One list of tempi for all parts: those of a page stand in its first part.
    marks = _without_repeats(
        (_fraction(mark.getOffsetInHierarchy(stream)), round(float(mark.getQuarterBPM()), 9))
        for mark in stream.recurse().getElementsByClass(music21.tempo.MetronomeMark)
    )
    times = _music21_seconds(marks, {_fraction(note.getOffsetInHierarchy(stream)) for note in stream.recurse().notes})
    parts, bars, fills = [], [], []
    meters: dict[Marks, str] = {}
    keys: dict[Marks, str] = {}
    for part in stream.parts:
        flat = part.flatten()
        parts.append(tuple(sorted(_notes(flat, times))))
        measures = list(part.getElementsByClass(music21.stream.Measure))
        bars.append(tuple(_fraction(bar.offset) for bar in measures))
        fills.append(tuple(length for bar in measures for length in _fill(bar)))
        found = [(_fraction(one.offset), one.ratioString) for one in flat.getElementsByClass(music21.meter.TimeSignature)]
        meters.setdefault(_without_repeats(found), str(part.partName))
        if any(note.pitch >= 0 for note in parts[-1]):  # drums have no key
            found = [(_fraction(one.offset), one.sharps) for one in flat.getElementsByClass(music21.key.KeySignature)]
            keys.setdefault(_without_repeats(found), str(part.partName))
    return Timeline(
        parts=tuple(parts),
        tempi=marks,
        meters=next(iter(meters), ()),
        keys=next(iter(keys), ()),
        bars=tuple(bars),
        fills=tuple(fills),
        length=_fraction(stream.duration.quarterLength),
        disagreements=tuple(
            f"{other} and {first} have other {what}"
            for what, marks in (("metres", meters), ("keys", keys))
            for first, other in [list(marks.values())[:2]] * (len(marks) > 1)
        ),
    )


def _fraction(offset: Any) -> Fraction:
    """Its offsets are floats where they are binary fractions."""
    return Fraction(offset).limit_denominator(960)


def _notes(flat: Any, times: dict[Fraction, float]) -> Iterable[ReadNote]:
    """Notes of a part; tied ones count once."""
    import music21

    for event in flat.notes:
        if isinstance(event, music21.harmony.ChordSymbol):
            continue
        onset = _fraction(event.offset)
        for note in getattr(event, "notes", (event,)):
            tie = note.tie or event.tie  # a chord of drums has one for all
            if tie is None or tie.type == "start":
                pitch = note.pitch.midi if isinstance(note, music21.note.Note) else -1
                yield ReadNote(onset, pitch, note.volume.velocity or 0, onset + _fraction(note.quarterLength), times[onset])


def _fill(bar: Any) -> tuple[Fraction, Fraction]:
    """What the notes and rests of the fullest and the emptiest voice of a bar last."""
    import music21

    sums = [
        sum(
            (_fraction(one.quarterLength) for one in voice.notesAndRests if not isinstance(one, music21.harmony.ChordSymbol)),
            Fraction(0),
        )
        for voice in list(bar.voices) or [bar]
    ]
    return max(sums), min(sums)


@dataclass(frozen=True, slots=True)
class PageTimes:
    """What a MusicXML document says of time by its elements alone."""

    bars: list[list[Fraction]]
    """How long each bar of each part is, in quarter notes: the longest of its voices."""
    sounds: list[tuple[Fraction, float]]
    """The tempi that programs play, where they begin."""
    printed: list[tuple[Fraction, float]]
    """The metronome marks that people read, in quarter notes a minute."""


def page_times(document: str) -> PageTimes:
    """The durations and tempi of a MusicXML document, read by Python's own parser."""
    root = ET.fromstring(document)  # noqa: S314  our own document
    parts = []
    sounds: dict[Fraction, float] = {}
    printed: dict[Fraction, float] = {}
    for part in root.iter("part"):
        divisions, begin, lengths = Fraction(1), Fraction(0), []
        for bar in part.iter("measure"):
            now = longest = Fraction(0)
            for child in bar:
                divisions = Fraction(child.findtext("divisions") or divisions) if child.tag == "attributes" else divisions
                duration = Fraction(child.findtext("duration") or 0) / divisions
                if child.tag == "backup":
                    now -= duration
                elif child.tag == "forward" or (child.tag == "note" and child.find("chord") is None):
                    now += duration
                place = begin + now + Fraction(child.findtext("offset") or 0) / divisions
                for sound in [child] if child.tag == "sound" else child.iter("sound"):
                    if "tempo" in sound.attrib:
                        sounds[place] = float(sound.attrib["tempo"])
                for mark in child.iter("metronome"):
                    dotted = 1.5 if mark.find("beat-unit-dot") is not None else 1.0
                    printed[place] = float(mark.findtext("per-minute") or "nan") * dotted
                longest = max(longest, now)
            lengths.append(longest)
            begin += longest
        parts.append(lengths)
    return PageTimes(parts, sorted(sounds.items()), sorted(printed.items()))

"""What a written MIDI file says, and what sounds in it, read by mido.

Conventions: onsets and durations in quarter notes, seconds by the file's own tempi, programs 0-based. A value is None where a file says nothing,
or several things; the marks say what holds where. Knows nothing of what was asked.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.cancellation import CheckedBytes, checkpoint
from img2music.metrics.compliance.file_notes import (
    FilePart,
    Mark,
    Marks,
    SoundingNote,
    ordered_marks,
    pitched_notes,
    single_value,
)
from img2music.theory import Key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import mido

__all__ = ["MidiContents", "bpm_of", "bpm_within"]

_DRUM_CHANNEL = 9
_MICROSECONDS = 60_000_000
"""In a minute."""
_LOOP_MARKERS = ("loopStart", "loopEnd")
_PEDAL, _PEDAL_DOWN = 64, 64


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
    tempi: Marks[int]
    """Every tempo, in microseconds a quarter note."""
    meters: Marks[tuple[int, int]]
    keys: Marks[tuple[int, bool]]
    pedals: tuple[tuple[float, float], ...]
    """Stretches in which a channel's pedal is down, in quarter notes."""

    @classmethod
    def read(cls, content: bytes) -> MidiContents:
        """From the content of a MIDI file."""
        import mido

        file = mido.MidiFile(file=CheckedBytes(content))
        tempi: list[Mark[int]] = []
        meters: list[Mark[tuple[int, int]]] = []
        keys: list[Mark[tuple[int, bool]]] = []
        markers: dict[str, float] = {}
        lines: list[FilePart] = []
        end = 0
        per_quarter, programs = file.ticks_per_beat, _programs(file)
        for track in file.tracks:
            ticks = 0
            checkpoint()
            for message in track:
                ticks += message.time
                match message.type:
                    case "set_tempo":
                        tempi.append(Mark(ticks / per_quarter, message.tempo))
                    case "time_signature":
                        meters.append(Mark(ticks / per_quarter, (message.numerator, message.denominator)))
                    case "key_signature":
                        key = Key.parse(message.key)  # mido's names are such as "F" and "Dm"
                        keys.append(Mark(ticks / per_quarter, (key.signature, key.is_minor)))
                    case "marker" if message.text in _LOOP_MARKERS:
                        markers[message.text] = ticks / per_quarter
            end = max(end, ticks)
            lines += _lines(track, programs, per_quarter)
        last = max((note.end_quarters for line in lines for note in line.notes), default=None)
        timed = ordered_marks(tempi)
        opens = bool(timed) and timed[0].onset_quarters == 0
        tempo = single_value({mark.value for mark in timed}) if opens else None
        # In ticks, so that the seconds of one tempo are those of a single product.
        ticked = [Mark(mark.onset_quarters * per_quarter, mark.value) for mark in timed]
        return cls(
            tempo_bpm=None if tempo is None else bpm_of(tempo),
            meter=single_value({mark.value for mark in meters}),
            key=single_value({mark.value for mark in keys}),
            seconds=_microseconds(ticked, end) / 1e6 / per_quarter if opens else None,
            lines=tuple(lines),
            quarters=end / per_quarter,
            last_seconds=None if not opens or last is None else _microseconds(timed, last) / 1e6,
            loop=(markers["loopStart"], markers["loopEnd"]) if len(markers) == len(_LOOP_MARKERS) else None,
            tempi=timed,
            meters=ordered_marks(meters),
            keys=ordered_marks(keys),
            pedals=tuple(_pedals(file, end)),
        )

    @property
    def pitched(self) -> tuple[SoundingNote, ...]:
        """Every note but the drums', in order."""
        return pitched_notes(self.lines)

    def seconds_at(self, quarters: float) -> float:
        """When a place sounds, by the file's own tempi; before the first of them nothing is known, and it is taken."""
        return _microseconds(self.tempi, quarters) / 1e6


def bpm_of(microseconds: int) -> float:
    """A tempo in quarter notes a minute from the length of a quarter note."""
    return _MICROSECONDS / microseconds


def bpm_within(bpm: float, microseconds: float) -> float:
    """By how much a tempo changes when its quarter note is longer or shorter by a few microseconds."""
    return bpm * bpm * microseconds / _MICROSECONDS


def _microseconds(tempi: Sequence[Mark[int]], place: float) -> float:
    """How long it is to a place, in the unit of the marks; of marks at one place the last holds."""
    ends = [*(mark.onset_quarters for mark in tempi[1:]), place]
    return sum(
        mark.value * (min(end, place) - mark.onset_quarters)
        for mark, end in zip(tempi, ends, strict=True)
        if mark.onset_quarters < place
    )


def _pedals(file: mido.MidiFile, end: int) -> Iterator[tuple[float, float]]:
    """Where the pedal of a channel is down, from half way on."""
    for track in file.tracks:
        ticks, down = 0, dict[int, int]()
        for message in track:
            ticks += message.time
            if message.type != "control_change" or message.control != _PEDAL:
                continue
            if message.value >= _PEDAL_DOWN:
                down.setdefault(message.channel, ticks)
            elif message.channel in down:
                yield down.pop(message.channel) / file.ticks_per_beat, ticks / file.ticks_per_beat
        for since in down.values():
            yield since / file.ticks_per_beat, end / file.ticks_per_beat


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
    waiting: dict[tuple[int, int], tuple[int, int]] = {}
    found: dict[tuple[int, int], list[SoundingNote]] = {}
    ticks = 0
    for message in track:
        ticks += message.time
        if message.type not in {"note_on", "note_off"}:
            continue
        begun, velocity = waiting.pop((message.channel, message.note), (ticks, 0))
        if ticks > begun:
            program = [program for since, program in programs[message.channel] if since <= begun][-1]
            note = SoundingNote(begun / per_quarter, (ticks - begun) / per_quarter, message.note, velocity=velocity)
            found.setdefault((message.channel, program), []).append(note)
        if message.type == "note_on" and message.velocity:
            waiting[message.channel, message.note] = ticks, message.velocity
    for (channel, program), notes in found.items():
        yield FilePart(program, channel == _DRUM_CHANNEL, tuple(sorted(notes)))

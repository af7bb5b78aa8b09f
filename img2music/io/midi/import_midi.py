"""Reads a Standard MIDI file from anywhere as a performance.

Conventions: every (track, channel, program) that plays becomes a part, with all controllers and bends of its channel (`channel_state`
works them out). Tempi, time and key signatures are kept where they stand (`tempo_of_file`, `signatures`), and every note keeps its
second, to half a tick. Until a file names a tempo it is 120 a minute; with SMPTE time tempo counts for nothing. What the file asks for
and is not played is said in `Performance.warnings`, kind by kind. The content is hostile until shown otherwise: its size, its notes,
its parts, its changes and its length are bounded. Source: *Standard MIDI Files 1.0* (MMA, 1996).

The end: a file laid out as `write_midi` lays one out has the length that was promised, to the tick. Of any other nobody knows
whether its end was meant, so it lasts as long as it says and rings out beyond that (`Performance.rings`); silence at its end is kept up
to a minute. Notes and pedals that are never let go end with the file.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from img2music.errors import DocumentError
from img2music.io.escape import one_line
from img2music.io.midi.channel_state import RESET_CONTROLLERS, Channel
from img2music.io.midi.export_midi import LOOP_MARKERS, is_own_file
from img2music.io.midi.signatures import Signatures
from img2music.io.midi.smf_events import META, parse_midi
from img2music.io.midi.sounding_notes import PartInProgress, SoundingNotes
from img2music.io.midi.tempo_of_file import clock_of, microseconds_per_quarter
from img2music.performance import TICKS_PER_QUARTER, Performance, PlayedPart
from img2music.theory import instrument, instrument_names
from img2music.theory.tempo_map import SECONDS_A_MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from img2music.io.midi.smf_events import MidiEvent, MidiFile

__all__ = ["read_midi"]

_LARGEST_FILE = 2_000_000  # bytes
_MOST_NOTES = 200_000
_MOST_PARTS = 64
_MOST_CHANGES = 500_000  # controllers and bends, counted in every part that has them
_LONGEST_SECONDS = 1801  # a tempo of whole microseconds may add a trifle to 30 minutes
_LONGEST_SILENCE = 60  # seconds, at the end of a file
_MOST_WARNINGS = 12
_DRUMS = 9
_SILENCING = {120, 123, 124, 125, 126, 127}  # all sound off, all notes off, and the mode changes that imply it
_HOLD, _SOSTENUTO = 64, 66


def read_midi(content: bytes, *, name: str) -> Performance:
    """A MIDI file as a performance; `name` is what an error calls it.

    Raises:
        DocumentError: no MIDI file or a damaged one, format 2, no notes, or too large (2 MB, 200,000 notes, 64 parts,
            500,000 changes of controllers, 30 minutes).
    """
    if len(content) > _LARGEST_FILE:
        raise DocumentError(f"{name} is too large for a MIDI file ({len(content)} bytes, 2 MB are read); shorten it")
    return _MidiReader(parse_midi(content, name=name), name).performance()


class _MidiReader:
    """One walk through the events of a file in the order of time."""

    def __init__(self, file: MidiFile, name: str) -> None:
        self.name = name
        self.file = file
        self.clock = clock_of(file)
        self.signatures = Signatures()
        self.unplayed: Counter[str] = Counter()
        self.foolish: Counter[str] = Counter()
        self.channels = [Channel(self.unplayed) for _ in range(16)]
        self.parts: dict[tuple[int, int, int], PartInProgress] = {}
        self.notes = SoundingNotes()
        self.names: dict[int, str] = {}
        self.markers: list[tuple[int, str]] = []
        self.warnings = list(file.warnings)

    def performance(self) -> Performance:
        """The whole file.

        Raises:
            DocumentError: no notes, too many of them, too many parts, too many changes, or too long.
        """
        for event in self.file.events:
            self._read(self.clock.ticks_of(event.ticks), event)
        end = self.clock.ticks_of(max(self.file.track_ends))
        bounds = set(zip((0, end), LOOP_MARKERS, strict=True))
        loop = end > 0 and bounds <= set(self.markers)
        exact = loop or is_own_file(self.file)
        if not exact:
            end = self._without_silence(end)
        for channel in range(16):
            self.notes.silence(channel, end)
            if not exact and self.channels[channel].value(_HOLD) >= 64:
                self.channels[channel].control(end, _HOLD, 0)
        seconds = self.clock.tempo_map.seconds_at(end / TICKS_PER_QUARTER)
        if seconds > _LONGEST_SECONDS:
            raise DocumentError(f"{self.name} lasts {seconds / SECONDS_A_MINUTE:.0f} minutes and 30 are read; shorten it")
        if not self.notes.count:
            raise DocumentError(f"{self.name} holds no notes; choose a MIDI file with music in it")
        return Performance(
            title=self.names.get(0, "") or self.name,
            tempo_map=self.clock.tempo_map,
            meter_map=self.signatures.meter_map(),
            key_map=self.signatures.key_map(),
            seconds=seconds,
            parts=tuple(self._parts()),
            markers=tuple(mark for mark in self.markers if not (loop and mark in bounds)),
            loop=loop,
            rings=not exact,
            warnings=self._warnings(),
        )

    def _read(self, now: int, event: MidiEvent) -> None:
        channel, data = event.status & 0x0F, event.data
        match event.status >> 4:
            case 0x8 | 0x9:
                self._read_note(now, event)
            case 0xA:
                self.unplayed["polyphonic aftertouch"] += 1
            case 0xB:
                self._read_control(now, channel, data[0], data[1])
            case 0xC:
                self.channels[channel].program = data[0]
            case 0xD:
                self.channels[channel].pressure(now, data[0])
            case 0xE:
                self.channels[channel].wheel(now, (data[0] | data[1] << 7) - 8192)
            case _ if event.status == META:
                self._read_meta(now, event)
            case _:
                self._read_system(now, data)

    def _read_meta(self, now: int, event: MidiEvent) -> None:
        data = event.data
        match event.kind:
            case 0x03:
                self.names.setdefault(event.track, _decoded(data))
            case 0x06:
                self.markers.append((now, _decoded(data)))
            case 0x51 if not self.file.is_smpte and not microseconds_per_quarter(event):
                self.foolish["tempo"] += 1
            case 0x58:
                self.foolish["time signature"] += not self.signatures.add_meter(now, event)
            case 0x59:
                self.foolish["key signature"] += not self.signatures.add_key(now, event)

    def _read_note(self, now: int, event: MidiEvent) -> None:
        channel, (pitch, velocity) = event.status & 0x0F, event.data
        if event.status < 0x90 or velocity == 0:
            self.notes.let_go(now, channel, event.track, pitch)
            return
        place = (event.track, channel, self.channels[channel].program)
        self.notes.begin(now, pitch, velocity, self.parts.setdefault(place, PartInProgress(*place)))
        if self.notes.count > _MOST_NOTES:
            raise DocumentError(f"{self.name} holds more than {_MOST_NOTES} notes; shorten it")
        if len(self.parts) > _MOST_PARTS:
            raise DocumentError(f"{self.name} holds more than {_MOST_PARTS} parts; merge some of them")

    def _read_control(self, now: int, channel: int, controller: int, value: int) -> None:
        if controller == _SOSTENUTO:
            self.notes.press_sostenuto(now, channel, down=value >= 64)
            return
        self.channels[channel].control(now, controller, value)
        if controller in _SILENCING:
            self.notes.silence(channel, now)
        elif controller == RESET_CONTROLLERS:
            self.notes.press_sostenuto(now, channel, down=False)

    def _read_system(self, now: int, data: bytes) -> None:
        if not _is_reset(data):
            self.unplayed["system exclusive"] += 1
        elif self.notes.count:  # before the first note all is as at the start, but for what the file itself has set
            for number, channel in enumerate(self.channels):
                self.notes.silence(number, now)
                if channel.controls or channel.bends:
                    channel.power_up(now)
                channel.program = 0

    def _without_silence(self, end: int) -> int:
        """The end of the file, or an earlier one where nothing but silence stands before it."""
        tempi = self.clock.tempo_map
        most = tempi.seconds_at(self.notes.last_off / TICKS_PER_QUARTER) + _LONGEST_SILENCE
        latest = round(tempi.quarters_at(most) * TICKS_PER_QUARTER)
        if self.notes.any_sounds() or end <= latest:
            return end
        self.warnings.append(f"the silence at its end is cut to {_LONGEST_SILENCE} seconds")
        return latest

    def _parts(self) -> Iterator[PlayedPart]:
        """Parts in the order of tracks; a channel's second program moves to a free channel while there is one."""
        lines = sorted(self.parts.values(), key=lambda line: line.track)
        tracks = [line.track for line in lines]
        controls = [tuple(channel.controls) for channel in self.channels]
        bends = [tuple(channel.bends) for channel in self.channels]
        if sum(len(controls[line.channel]) + len(bends[line.channel]) for line in lines) > _MOST_CHANGES:
            raise DocumentError(f"{self.name} changes controllers more than {_MOST_CHANGES} times; thin them out")
        used = {line.channel for line in lines}
        free = [channel for channel in range(16) if channel not in used and channel != _DRUMS]
        programs: dict[int, int] = {}
        for line in lines:
            channel = line.channel
            if programs.setdefault(channel, line.program) != line.program:
                if channel != _DRUMS and free:
                    channel = free.pop(0)
                else:
                    what = "drum kit" if channel == _DRUMS else "program"
                    self.unplayed[f"second {what} on a channel"] += 1
            sound = "Drums" if channel == _DRUMS else _sound(line.program)
            own = self.names.get(line.track, "")
            if tracks.count(line.track) > 1:
                own = f"{own} ({sound})" if own else ""
            yield PlayedPart(
                own or sound, line.program, channel, tuple(sorted(line.notes)), controls[line.channel], bends[line.channel]
            )

    def _warnings(self) -> tuple[str, ...]:
        said = list(self.warnings)
        said += [
            f"a {what} that does not exist is passed over ({_many(count, 'message')})"
            for what, count in self.foolish.items()
            if count
        ]
        if self.signatures.are_cut:
            said.append("it changes key or metre so often that only the first 9000 changes are kept")
        said += [f"{what} is not played ({_many(count, 'message')})" for what, count in self.unplayed.items() if count]
        if len(said) > _MOST_WARNINGS:
            said[_MOST_WARNINGS - 1 :] = [f"and {len(said) - _MOST_WARNINGS + 1} other kinds of messages are not played"]
        return tuple(said)


def _is_reset(data: bytes) -> bool:
    """Whether a system exclusive message puts a synthesizer back to its start: General MIDI 1 and 2, GS, XG."""
    general = data[:1] == b"\x7e" and data[2:4] in {b"\x09\x01", b"\x09\x03"}
    gs = data[:1] == b"\x41" and data[2:8] == b"\x42\x12\x40\x00\x7f\x00"
    xg = data[:1] == b"\x43" and data[2:7] == b"\x4c\x00\x00\x7e\x00"
    return general or gs or xg


def _sound(program: int) -> str:
    """What a General MIDI program is called here."""
    for name in instrument_names():
        if instrument(name).program == program and not instrument(name).kit:
            return name.capitalize()
    return f"Program {program + 1}"


def _decoded(text: bytes) -> str:
    """A name of a foreign file: UTF-8 where it is valid, else Latin-1."""
    try:
        return one_line(text.decode("utf-8"))
    except UnicodeError:
        return one_line(text.decode("latin1"))


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"

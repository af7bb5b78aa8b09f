"""The bytes of a Standard MIDI file: its chunks and events, nothing of what they mean.

Conventions: places are ticks from the file's start. A file inside a RIFF (``.rmi``) is taken out of it; chunks that are no tracks are
passed over, as are bytes behind the last track. A track may lack its end; an event that runs beyond its track ends the track, and
that is told in `MidiFile.warnings`. A file that breaks off itself is refused. What stands inside meta events is not looked at, so a
foolish one harms nothing. Source: *Standard MIDI Files 1.0* (MMA, 1996). Knows nothing of notes and time.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from img2music.errors import DocumentError

__all__ = ["META", "MidiEvent", "MidiFile", "parse_midi"]

META = 0xFF
_END_OF_TRACK = 0x2F
_SYSEX = {0xF0, 0xF7}
_DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""System common messages have no place in a file; where one stands it is passed over."""
_FRAME_RATES = {24: Fraction(24), 25: Fraction(25), 29: Fraction(30_000, 1001), 30: Fraction(30)}
"""SMPTE frames a second; 29 stands for 29.97, drop frame."""


class MidiEvent(NamedTuple):
    """One event of a track."""

    ticks: int
    track: int
    status: int
    """The status byte with its channel, 0xF0 or 0xF7 for system exclusive, `META`."""
    kind: int
    """The type of a meta event, else the first data byte (-1 where there is none)."""
    data: bytes
    """All data bytes; of a meta event what follows its type."""


@dataclass(frozen=True, slots=True)
class MidiFile:
    """A file as it was written."""

    format: int
    ticks_per_quarter: Fraction
    """With SMPTE time: ticks in half a second, so that a quarter at 120 a minute has them."""
    is_smpte: bool
    """Whether ticks are parts of a second; tempo events then count for nothing."""
    events: tuple[MidiEvent, ...]
    """In the order of time; at one tick earlier tracks come first, and a track keeps its order."""
    track_ends: tuple[int, ...]
    """The tick at which each track ends."""
    warnings: tuple[str, ...]


def parse_midi(content: bytes, *, name: str) -> MidiFile:
    """The events of a MIDI file; `name` is what an error calls it.

    Raises:
        DocumentError: no MIDI file, one that breaks off, format 2, or a time base that does not exist.
    """
    content = _unwrapped(content)
    if content[:4] != b"MThd" or len(content) < 14:
        raise _damaged(name, "it does not begin as one")
    kind, count = int.from_bytes(content[8:10], "big"), int.from_bytes(content[10:12], "big")
    ticks, is_smpte = _time_base(content[12:14], name)
    if kind not in {0, 1}:
        raise DocumentError(
            f"{name} is a rare kind of MIDI file (format {kind}, patterns without an order); export it as format 1"
        )
    place = 8 + int.from_bytes(content[4:8], "big")
    events: list[MidiEvent] = []
    ends: list[int] = []
    warnings: list[str] = []
    while len(ends) < count and place + 8 <= len(content):
        label, length = content[place : place + 4], int.from_bytes(content[place + 4 : place + 8], "big")
        end = place + 8 + length
        if label == b"MTrk":
            track = _Track(content, place + 8, min(end, len(content)), len(ends), name)
            if not track.ended and end > len(content):
                raise _damaged(name, f"it breaks off in track {len(ends) + 1}")
            if track.breaks_off:
                warnings.append(f"track {len(ends) + 1} breaks off within an event; what stands before it is played")
            events += track.events
            ends.append(track.ticks)
        place = end
    if not ends:
        raise _damaged(name, "there is no track in it")
    if len(ends) < count:
        warnings.append(f"its head promises {count} tracks, and it has {len(ends)}")
    events.sort(key=lambda event: event.ticks)
    return MidiFile(kind, ticks, is_smpte, tuple(events), tuple(ends), tuple(warnings))


def _unwrapped(content: bytes) -> bytes:
    """The MIDI file inside a RIFF, or the content as it is."""
    if content[:4] != b"RIFF" or content[8:12] != b"RMID":
        return content
    place = 12
    while place + 8 <= len(content):
        length = int.from_bytes(content[place + 4 : place + 8], "little")
        if content[place : place + 4] == b"data":
            return content[place + 8 : place + 8 + length]
        place += 8 + length + length % 2
    return b""


def _time_base(division: bytes, name: str) -> tuple[Fraction, bool]:
    """Ticks a quarter (see `MidiFile`), and whether they are parts of a second."""
    if division[0] < 0x80:
        ticks, is_smpte = Fraction(int.from_bytes(division, "big")), False
    else:
        ticks, is_smpte = _FRAME_RATES.get(256 - division[0], Fraction(0)) * division[1] / 2, True
    if not ticks:
        what = f"SMPTE time of {256 - division[0]} frames by {division[1]}" if is_smpte else "no ticks in a quarter"
        raise DocumentError(f"{name} is a rare kind of MIDI file ({what}); export it with 480 ticks a quarter")
    return ticks, is_smpte


def _damaged(name: str, reason: str) -> DocumentError:
    return DocumentError(f"{name} is no MIDI file, or a damaged one ({reason}); export it again")


class _CutError(Exception):
    """An event runs beyond its track."""


class _Track:
    """One track chunk, read from its first byte to its end."""

    def __init__(self, content: bytes, place: int, end: int, number: int, name: str) -> None:
        self.content, self.place, self.end, self.number, self.name = content, place, end, number, name
        self.events: list[MidiEvent] = []
        self.ticks = 0
        self.ended = self.breaks_off = False
        self.running = 0
        try:
            while self.place < end and not self.ended:
                self._read_event()
        except _CutError:
            self.breaks_off = True

    def _read_event(self) -> None:
        ticks = self.ticks + self._number()
        status = self._bytes(1)[0]
        if status < 0x80:
            if not self.running:
                raise _damaged(self.name, f"track {self.number + 1} has data without a message")
            status, self.place = self.running, self.place - 1
        if status == META:
            kind = self._bytes(1)[0]
            data = self._bytes(self._number())
        elif status in _SYSEX:
            data = self._bytes(self._number())
            kind = data[0] if data else -1
        else:
            # A damaged data byte is taken as the highest value, so that what follows keeps its place.
            data = bytes(min(byte, 127) for byte in self._bytes(_DATA_BYTES.get(status & 0xF0) or _SYSTEM_BYTES.get(status, 0)))
            kind = data[0] if data else -1
            if status < 0xF0:
                self.running = status
        self.ticks = ticks
        self.ended = status == META and kind == _END_OF_TRACK
        if not self.ended and (status < 0xF0 or status in _SYSEX or status == META):
            self.events.append(MidiEvent(ticks, self.number, status, kind, data))

    def _number(self) -> int:
        """A variable-length quantity, four bytes at most."""
        number = 0
        for _ in range(4):
            byte = self._bytes(1)[0]
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                return number
        raise _CutError

    def _bytes(self, count: int) -> bytes:
        if self.place + count > self.end:
            raise _CutError
        self.place += count
        return self.content[self.place - count : self.place]

"""Reads a Standard MIDI file from anywhere as a performance.

Conventions: every (track, channel, program) that plays becomes a part, with all controllers of its channel. The first
tempo becomes the performance's; where a file changes tempo, ticks are moved so that every note keeps its second, to half
a tick. Pitch bends, aftertouch and system messages are not kept. The content is hostile until shown otherwise: its size,
its notes, its parts and its length are bounded. Source: *Standard MIDI Files 1.0* (MMA, 1996).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

from img2music.errors import DocumentError
from img2music.io.lettering import one_line
from img2music.performance import TICKS_PER_QUARTER, Control, Performance, PlayedNote, PlayedPart
from img2music.theory import instrument, instrument_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["LOOP_MARKERS", "MAJOR_SIGNATURES", "MINOR_SIGNATURES", "read_midi"]

# Key signatures from seven flats to seven sharps, as mido names them.
MAJOR_SIGNATURES = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
MINOR_SIGNATURES = ("Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m")
LOOP_MARKERS = ("loopStart", "loopEnd")
"""Marks on the first and the last tick of a file that goes round; see `midi`."""

_LARGEST_FILE = 2_000_000  # bytes
_MOST_NOTES = 200_000
_MOST_PARTS = 64
_LONGEST_SECONDS = 1801  # a tempo of whole microseconds may add a trifle to 30 minutes
_DEFAULT_TEMPO = 500_000  # microseconds a quarter until a file names a tempo
_USUAL_TEMPI = range(60_000, 6_000_001)  # microseconds: 1000 to 10 quarters a minute
_UNITS = {1, 2, 4, 8, 16, 32}
_DRUMS = 9
_FIRST_MODE_MESSAGE = 120  # controllers from here on are channel mode messages
_SILENCING = {120, 123, 124, 125, 126, 127}  # all sound off, all notes off, and the mode changes that imply it


def read_midi(content: bytes, *, name: str) -> Performance:
    """A MIDI file as a performance; `name` is what an error calls it.

    Raises:
        DocumentError: no MIDI file or a damaged one, format 2, no notes, or too large (2 MB, 200,000 notes, 64 parts,
            30 minutes).
    """
    import mido

    if len(content) > _LARGEST_FILE:
        raise DocumentError(f"{name} is too large for a MIDI file ({len(content)} bytes, 2 MB are read); shorten it")
    try:
        file = mido.MidiFile(file=BytesIO(content), charset="latin1", clip=True)
    except Exception as error:  # the parser meets damage with whatever fails first
        reason = one_line(str(error)) or type(error).__name__
        raise DocumentError(f"{name} is no MIDI file, or a damaged one ({reason}); export it again") from None
    if file.type not in {0, 1} or file.ticks_per_beat <= 0:
        raise DocumentError(f"{name} is a rare kind of MIDI file (format {file.type}, or SMPTE time); export it as format 1")
    events = []
    for number, track in enumerate(file.tracks):
        ticks = 0
        for message in track:
            ticks += message.time
            events.append((ticks, number, message))
    events.sort(key=lambda event: event[0])  # stable: at one tick earlier tracks come first, and a track keeps its order
    return _Reading(events, file.ticks_per_beat, name).performance()


class _Tempi:
    """The tempo map of a file, flattened to one tempo (in microseconds a quarter)."""

    def __init__(self, changes: Sequence[tuple[int, int]], ticks_per_beat: int) -> None:
        self.tempo = changes[0][1] if changes and changes[0][1] in _USUAL_TEMPI else _DEFAULT_TEMPO
        self.scale = ticks_per_beat * self.tempo
        # A file is played at its first tempo from the start, even where that stands a little later.
        self.ticks, self.passed, self.tempi = [0], [0], [changes[0][1] if changes else _DEFAULT_TEMPO]
        for ticks, tempo in changes:
            # Passed time in microseconds times ticks a beat, so that it stays whole.
            self.passed.append(self.passed[-1] + (ticks - self.ticks[-1]) * self.tempi[-1])
            self.ticks.append(ticks)
            self.tempi.append(tempo)

    def flat(self, ticks: int) -> int:
        """A tick of the file as the performance's tick of the same second, rounded."""
        place = bisect_right(self.ticks, ticks) - 1
        exact = (self.passed[place] + (ticks - self.ticks[place]) * self.tempi[place]) * TICKS_PER_QUARTER
        return (2 * exact + self.scale) // (2 * self.scale)


@dataclass(slots=True)
class _Line:
    """A part being gathered."""

    track: int
    channel: int
    program: int
    notes: list[PlayedNote] = field(default_factory=list)


class _Reading:
    """One walk through the events (tick, track, message) of a file in the order of time."""

    def __init__(self, events: Sequence[tuple[int, int, Any]], ticks_per_beat: int, name: str) -> None:
        self.name = name
        self.events = events
        changes = [(ticks, message.tempo) for ticks, _, message in events if message.type == "set_tempo" and message.tempo]
        self.tempi = _Tempi(changes, ticks_per_beat)
        self.lines: dict[tuple[int, int, int], _Line] = {}
        # By channel, then by track and pitch: (onset, velocity, line) of the notes that sound, the oldest first.
        self.sounding: dict[int, dict[tuple[int, int], deque[tuple[int, int, _Line]]]] = defaultdict(dict)
        self.programs: dict[int, int] = defaultdict(int)
        self.controls: dict[int, list[Control]] = defaultdict(list)
        self.names: dict[int, str] = {}
        self.markers: list[tuple[int, str]] = []
        self.meter: tuple[int, int] | None = None
        self.key: str | None = None
        self.notes = 0

    def performance(self) -> Performance:
        """The whole file.

        Raises:
            DocumentError: no notes, too many of them, too many parts, or too long.
        """
        end = self.tempi.flat(self.events[-1][0]) if self.events else 0
        tempo_bpm = _bpm(self.tempi.tempo)
        seconds = end * 60.0 / (tempo_bpm * TICKS_PER_QUARTER)
        if seconds > _LONGEST_SECONDS:
            raise DocumentError(f"{self.name} lasts {seconds / 60:.0f} minutes and 30 are read; shorten it")
        for ticks, track, message in self.events:
            if message.is_meta:
                self._read_meta(self.tempi.flat(ticks), track, message)
            elif message.type in {"note_on", "note_off"}:
                self._read_note(self.tempi.flat(ticks), track, message)
            elif message.type == "program_change":
                self.programs[message.channel] = message.program
            elif message.type == "control_change":
                self._read_control(self.tempi.flat(ticks), message)
        for channel in self.sounding:
            self._silence(channel, end)
        if self.notes == 0:
            raise DocumentError(f"{self.name} holds no notes; choose a MIDI file with music in it")
        key = self.key or "C"
        bounds = set(zip((0, end), LOOP_MARKERS, strict=True))
        loop = end > 0 and bounds <= set(self.markers)
        return Performance(
            title=self.names.get(0, "") or self.name,
            tempo_bpm=tempo_bpm,
            meter=self.meter or (4, 4),
            signature=(MINOR_SIGNATURES if key.endswith("m") else MAJOR_SIGNATURES).index(key) - 7,
            is_minor=key.endswith("m"),
            seconds=seconds,
            parts=tuple(self._parts()),
            markers=tuple(mark for mark in self.markers if not (loop and mark in bounds)),
            loop=loop,
        )

    def _read_meta(self, now: int, track: int, message: Any) -> None:
        if message.type == "track_name":
            self.names.setdefault(track, _decoded(message.name))
        elif message.type == "marker":
            self.markers.append((now, _decoded(message.text)))
        elif message.type == "key_signature":
            self.key = self.key or message.key
        elif message.type == "time_signature" and message.denominator in _UNITS and 1 <= message.numerator <= 32:
            self.meter = self.meter or (message.numerator, message.denominator)

    def _read_note(self, now: int, track: int, message: Any) -> None:
        waiting = self.sounding[message.channel].setdefault((track, message.note), deque())
        if message.type == "note_off" or message.velocity == 0:
            if waiting:  # a stray note-off ends nothing
                _stop(waiting, now, message.note)
            return
        self.notes += 1
        if self.notes > _MOST_NOTES:
            raise DocumentError(f"{self.name} holds more than {_MOST_NOTES} notes; shorten it")
        where = (track, message.channel, self.programs[message.channel])
        line = self.lines.setdefault(where, _Line(*where))
        if len(self.lines) > _MOST_PARTS:
            raise DocumentError(f"{self.name} holds more than {_MOST_PARTS} parts; merge some of them")
        waiting.append((now, message.velocity, line))

    def _read_control(self, now: int, message: Any) -> None:
        if message.control < _FIRST_MODE_MESSAGE:
            self.controls[message.channel].append(Control(now, message.control, message.value))
        elif message.control in _SILENCING:
            self._silence(message.channel, now)

    def _silence(self, channel: int, now: int) -> None:
        for (_, pitch), waiting in self.sounding[channel].items():
            while waiting:
                _stop(waiting, now, pitch)
        self.sounding[channel] = {}

    def _parts(self) -> Iterator[PlayedPart]:
        """Parts in the order of tracks; a channel's second program moves to a free channel while there is one."""
        lines = sorted(self.lines.values(), key=lambda line: line.track)
        tracks = [line.track for line in lines]
        controls = {channel: tuple(found) for channel, found in self.controls.items()}
        used = {line.channel for line in lines}
        free = [channel for channel in range(16) if channel not in used and channel != _DRUMS]
        programs: dict[int, int] = {}
        for line in lines:
            channel = line.channel
            if programs.setdefault(channel, line.program) != line.program and channel != _DRUMS and free:
                channel = free.pop(0)
            sound = "Drums" if channel == _DRUMS else _sound(line.program)
            own = self.names.get(line.track, "")
            if tracks.count(line.track) > 1:
                own = f"{own} ({sound})" if own else ""
            yield PlayedPart(own or sound, line.program, channel, tuple(sorted(line.notes)), controls.get(line.channel, ()))


def _stop(waiting: deque[tuple[int, int, _Line]], now: int, pitch: int) -> None:
    """End the note that has sounded longest."""
    onset, velocity, line = waiting.popleft()
    line.notes.append(PlayedNote(onset, max(1, now - onset), pitch, velocity))


def _sound(program: int) -> str:
    """What a General MIDI program is called here."""
    for name in instrument_names():
        if instrument(name).program == program and not instrument(name).kit:
            return name.capitalize()
    return f"Program {program + 1}"


def _bpm(tempo: int) -> float:
    """Quarter notes a minute with as few decimals as give the same microseconds a quarter."""
    exact = 60e6 / tempo
    rounded = (round(exact, digits) for digits in range(9))
    return next((bpm for bpm in rounded if round(60e6 / bpm) == tempo), exact)


def _decoded(text: str) -> str:
    """A name of a foreign file: UTF-8 where it is valid, else Latin-1."""
    try:
        return one_line(text.encode("latin1").decode("utf-8"))
    except UnicodeError:
        return one_line(text)

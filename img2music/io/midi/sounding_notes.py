"""Which notes of a MIDI file sound while it is read, and when each of them stops: keys, note-offs of other tracks, the sostenuto pedal.

Conventions: ticks of the performance; notes are numbered from 1 as they begin. A note-off without a note ends nothing. The default
synthesizer does not know the sostenuto pedal, so the notes that it keeps are lengthened. Knows nothing of controllers and of files.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field

from img2music.performance import PlayedNote

__all__ = ["PartInProgress", "SoundingNotes"]


@dataclass(slots=True)
class PartInProgress:
    """A part whose notes are being gathered."""

    track: int
    channel: int
    program: int
    notes: list[PlayedNote] = field(default_factory=list)


@dataclass(slots=True)
class _HeldNote:
    """A note that has begun."""

    onset: int
    velocity: int
    pitch: int
    part: PartInProgress
    number: int


class SoundingNotes:
    """The notes that sound on the sixteen channels; those that have stopped are in their parts."""

    def __init__(self) -> None:
        self.count = 0
        """Of all notes so far."""
        self.last_off = 0
        """The last tick at which a note begins or stops."""
        # By channel, pitch and track: the notes that sound, the oldest first.
        self._sounding: dict[int, dict[int, dict[int, deque[_HeldNote]]]] = defaultdict(dict)
        self._sostenuto: dict[int, int] = {}
        """By channel where the pedal is down: the last note that it caught."""
        self._pedalled: dict[int, list[_HeldNote]] = defaultdict(list)
        """Let go by the hand but not by that pedal."""

    def begin(self, now: int, pitch: int, velocity: int, part: PartInProgress) -> None:
        """A key of the part's channel is struck."""
        self.count += 1
        self.last_off = max(self.last_off, now)
        tracks = self._sounding[part.channel].setdefault(pitch, {})
        tracks.setdefault(part.track, deque()).append(_HeldNote(now, velocity, pitch, part, self.count))

    def let_go(self, now: int, channel: int, track: int, pitch: int) -> None:
        """A key is let go. A channel is one instrument, so it may have been struck in another track."""
        tracks = self._sounding[channel].setdefault(pitch, {})
        struck = track if track in tracks else next(iter(tracks), None)
        if struck is None:
            return
        note = tracks[struck].popleft()
        if not tracks[struck]:
            del tracks[struck]
        if note.number <= self._sostenuto.get(channel, 0):
            self._pedalled[channel].append(note)
        else:
            self._stop(note, now)

    def press_sostenuto(self, now: int, channel: int, *, down: bool) -> None:
        """The pedal keeps the notes that sound when it goes down, until it comes up."""
        if down:
            self._sostenuto.setdefault(channel, self.count)
        elif self._sostenuto.pop(channel, 0):
            for note in self._pedalled.pop(channel, []):
                self._stop(note, now)

    def silence(self, channel: int, now: int) -> None:
        """All notes of a channel stop, whatever pedal is down."""
        self._sostenuto.pop(channel, None)
        sounding = (note for tracks in self._sounding[channel].values() for notes in tracks.values() for note in notes)
        for note in [*self._pedalled.pop(channel, []), *sounding]:
            self._stop(note, now)
        self._sounding[channel] = {}

    def any_sounds(self) -> bool:
        """Whether a note has not been let go."""
        return any(self._pedalled.values()) or any(any(pitches.values()) for pitches in self._sounding.values())

    def _stop(self, note: _HeldNote, now: int) -> None:
        note.part.notes.append(PlayedNote(note.onset, max(1, now - note.onset), note.pitch, note.velocity))
        self.last_off = max(self.last_off, now)

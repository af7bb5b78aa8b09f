"""A performance as a Standard MIDI file, and how such a file is known again; `import_midi` reads it back.

Conventions: written files are format 1 with 480 ticks a quarter; track 0 holds tempo, time and key signatures where they change, title and
section markers, then follows one track a part, each with the key signatures again: MuseScore 3 passes over those of a track
without notes and guesses others. The last tick is the performance's end, so a player's clock shows the
promised length; `is_own_file` knows a file of ours by how it is laid out, so what is added here is to be added there.
Bends are written as a bend range (registered parameter 0) and the pitch wheel.
A tempo is a whole number of microseconds a quarter; one that glides is written in the steps of its map. Source: *Standard MIDI Files
1.0* (MMA, 1996).
A loop has the markers `loopStart` on its first tick and `loopEnd` on its last, as in the PC edition of Final Fantasy VII; engines of
games read them. RPG Maker's sign, controller 111, is not written: to other players it is an undefined controller.
Knows nothing of sound.
"""

from __future__ import annotations

import math
from collections import defaultdict
from io import BytesIO
from typing import TYPE_CHECKING, Any

from img2music.cancellation import checkpoint
from img2music.io.escape import one_line
from img2music.io.midi.signatures import key_events, meter_events
from img2music.io.midi.smf_events import META
from img2music.io.midi.tempo_of_file import tempo_changes
from img2music.performance import TICKS_PER_QUARTER, PlayedNote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from img2music.io.midi.smf_events import MidiEvent, MidiFile
    from img2music.performance import Bend, Performance

__all__ = ["LOOP_MARKERS", "is_own_file", "write_midi"]

LOOP_MARKERS = ("loopStart", "loopEnd")
"""Marks on the first and the last tick of a file that goes round; see above."""
_NAME, _MARKER, _TEMPO, _METER, _KEY = 0x03, 0x06, 0x51, 0x58, 0x59
_HEAD = (_NAME, _TEMPO, _METER, _KEY)
_MOVING = {_TEMPO, _METER, _KEY}
_OFF_VELOCITY = 64
_LEAST_BEND_RANGE = 2
"""Semitones: what General MIDI starts with."""


def write_midi(performance: Performance) -> bytes:
    """The performance as a MIDI file. Two notes of one pitch in a part never overlap: the earlier one ends."""
    import mido

    onsets = [note.onset_ticks for part in performance.parts for note in part.notes]
    end = max([performance.end_ticks, *(onset + 1 for onset in onsets)])
    tempi = [(ticks, mido.MetaMessage("set_tempo", tempo=tempo)) for ticks, tempo in tempo_changes(performance.tempo_map)]
    conductor: list[tuple[int, int, Any]] = [(0, 0, mido.MetaMessage("track_name", name=one_line(performance.title)))]
    for rank, changes in enumerate((tempi, meter_events(performance.meter_map), key_events(performance.key_map)), 1):
        conductor += [(ticks, rank, message) for ticks, message in changes if ticks < end]
    if performance.loop:
        bounds = zip((0, end), LOOP_MARKERS, strict=True)
        conductor += [(ticks, 3, mido.MetaMessage("marker", text=name)) for ticks, name in bounds]
    conductor += [(ticks, 4, mido.MetaMessage("marker", text=one_line(name))) for ticks, name in performance.markers]
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, charset="utf-8")
    file.tracks.append(_track(conductor, end))
    for part in performance.parts:
        events: list[tuple[int, int, Any]] = [
            (0, 0, mido.MetaMessage("track_name", name=one_line(part.name))),
            *((ticks, 1, message) for ticks, message in key_events(performance.key_map) if ticks < end),
            (0, 1, mido.Message("program_change", channel=part.channel, program=part.program)),
        ]
        for control in part.controls:
            values = {"control": control.controller, "value": control.value}
            events.append((min(control.ticks, end), 3, mido.Message("control_change", channel=part.channel, **values)))
        events += _bend_events(part.bends, part.channel, end)
        for note in _apart(part.notes):
            checkpoint()
            sound = {"channel": part.channel, "note": note.pitch}
            off = min(note.onset_ticks + note.duration_ticks, end)
            events.append((note.onset_ticks, 4, mido.Message("note_on", velocity=note.velocity, **sound)))
            events.append((off, 2, mido.Message("note_off", velocity=64, **sound)))
        file.tracks.append(_track(events, end))
    stream = BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def _bend_events(bends: Sequence[Bend], channel: int, end: int) -> list[tuple[int, int, Any]]:
    """The bend range in whole semitones, at the start, and the pitch wheel; nothing without bends."""
    import mido

    if not bends:
        return []
    reach = max(_LEAST_BEND_RANGE, *(min(127, math.ceil(abs(bend.semitones))) for bend in bends))
    # Parameter 0 is chosen, set, and let go (the null parameter), so that no later data can change it.
    chosen = ((101, 0), (100, 0), (6, reach), (38, 0), (101, 127), (100, 127))
    events: list[tuple[int, int, Any]] = [
        (0, 1, mido.Message("control_change", channel=channel, control=control, value=value)) for control, value in chosen
    ]
    for bend in bends:
        wheel = min(8191, max(-8192, round(bend.semitones / reach * 8192)))
        events.append((min(bend.ticks, end), 3, mido.Message("pitchwheel", channel=channel, pitch=wheel)))
    return events


def _track(events: list[tuple[int, int, Any]], end: int) -> Any:
    """Events of (tick, rank, message) as a track of delta times; at equal ticks the lower rank comes first."""
    import mido

    track, last = mido.MidiTrack(), 0
    for ticks, _, message in sorted(events, key=lambda event: event[:2]):
        checkpoint()
        message.time, last = ticks - last, ticks
        track.append(message)
    track.append(mido.MetaMessage("end_of_track", time=end - last))
    return track


def _apart(notes: Iterable[PlayedNote]) -> list[PlayedNote]:
    """The notes with same-pitch overlaps cut; of notes that begin together on a pitch the longest stays."""
    by_pitch: dict[int, dict[int, PlayedNote]] = defaultdict(dict)
    for note in sorted(notes):
        by_pitch[note.pitch][note.onset_ticks] = note
    kept: list[PlayedNote] = []
    for line in by_pitch.values():
        onsets = [*line, math.inf]
        for note, follower in zip(line.values(), onsets[1:], strict=True):
            duration = max(1, min(note.duration_ticks, follower - note.onset_ticks))
            kept.append(PlayedNote(note.onset_ticks, int(duration), note.pitch, note.velocity))
    return sorted(kept)


def is_own_file(file: MidiFile) -> bool:
    """Whether a file is laid out as `write_midi` lays one out.

    Nothing in a MIDI file says whether its end was meant: most end with their last note, and that note should ring out. Ours end where the
    piece was promised to end, even while something sounds. They are known by how they are laid out, which no other program does by chance:
    format 1, 480 ticks a quarter, a first track of title, tempo, time and key signature at its start and then nothing but those and markers,
    tracks that begin with a name, the key and a program and hold only notes, controllers and bends, note-offs of velocity 64, and one end
    for all. Where anything of the first track changes, all tracks have its keys at its ticks.
    """
    if file.format != 1 or file.is_smpte or file.ticks_per_quarter != TICKS_PER_QUARTER or len(set(file.track_ends)) > 1:
        return False
    tracks: list[list[MidiEvent]] = [[] for _ in file.track_ends]
    for event in file.events:
        tracks[event.track].append(event)
    head = tracks[0][: len(_HEAD)]
    if tuple(event.kind for event in head if event.status == META and not event.ticks) != _HEAD:
        return False
    later = tracks[0][len(_HEAD) :]
    if any(event.status != META or event.kind not in {_MARKER, *_MOVING} for event in later):
        return False
    if any(event.kind in _MOVING for event in later) and any(_keys(track) != _keys(tracks[0]) for track in tracks[1:]):
        return False
    return all(_is_own_part(track) for track in tracks[1:])


def _keys(track: Sequence[MidiEvent]) -> list[tuple[int, bytes]]:
    return [(event.ticks, event.data) for event in track if (event.status, event.kind) == (META, _KEY)]


def _is_own_part(track: Sequence[MidiEvent]) -> bool:
    head = [
        event for event in track[:3] if not event.ticks and (event.status, event.kind) != (META, _KEY)
    ]  # older ones lack a key
    if len(head) < 2 or (head[0].status, head[0].kind) != (META, _NAME) or head[1].status >> 4 != 0xC:
        return False
    others = [event for event in track[track.index(head[1]) + 1 :] if (event.status, event.kind) != (META, _KEY)]
    kinds = {event.status >> 4 for event in others}
    return kinds <= {0x8, 0x9, 0xB, 0xE} and all(event.data[1] == _OFF_VELOCITY for event in others if event.status >> 4 == 0x8)

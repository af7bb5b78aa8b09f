"""Standard MIDI files: a performance written and, by `import_midi`, read back.

Conventions: written files are format 1 with 480 ticks a quarter; track 0 holds tempo, time and key signature, title and
section markers, then follows one track a part, each with the key signature again: MuseScore 3 passes over that of a track
without notes and guesses another. The last tick is the performance's end, so a player's clock shows the
promised length; `is_ours` knows a file of ours by how it is laid out, so what is added here is to be added there.
Bends are written as a bend range (registered parameter 0) and the pitch wheel.
A tempo is a whole number of microseconds a quarter. Source: *Standard MIDI Files 1.0* (MMA, 1996).
A loop has the markers `loopStart` on its first tick and `loopEnd` on its last, as in the PC edition of Final Fantasy VII; engines of
games read them. RPG Maker's sign, controller 111, is not written: to other players it is an undefined controller.
Knows nothing of sound.
"""

from __future__ import annotations

import math
from collections import defaultdict
from io import BytesIO
from typing import TYPE_CHECKING, Any

from img2music.io.escape import one_line
from img2music.io.midi.import_midi import LOOP_MARKERS, MAJOR_SIGNATURES, MINOR_SIGNATURES, read_midi
from img2music.performance import TICKS_PER_QUARTER, PlayedNote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from img2music.performance import Bend, Performance

__all__ = ["read_midi", "write_midi"]

_COMPOUND = {(6, 8), (9, 8), (12, 8)}
_LEAST_BEND_RANGE = 2
"""Semitones: what General MIDI starts with."""


def write_midi(performance: Performance) -> bytes:
    """The performance as a MIDI file. Two notes of one pitch in a part never overlap: the earlier one ends."""
    import mido

    tempo = round(60e6 / performance.tempo_bpm)
    onsets = [note.onset_ticks for part in performance.parts for note in part.notes]
    end = max([performance.end_ticks, *(onset + 1 for onset in onsets)])
    count, unit = performance.meter
    clicks = 36 if performance.meter in _COMPOUND else 96 // unit
    key = (MINOR_SIGNATURES if performance.is_minor else MAJOR_SIGNATURES)[performance.signature + 7]
    conductor: list[tuple[int, int, Any]] = [
        (0, 0, mido.MetaMessage("track_name", name=one_line(performance.title))),
        (0, 1, mido.MetaMessage("set_tempo", tempo=tempo)),
        (0, 2, mido.MetaMessage("time_signature", numerator=count, denominator=unit, clocks_per_click=clicks)),
        (0, 3, mido.MetaMessage("key_signature", key=key)),
    ]
    if performance.loop:
        bounds = zip((0, end), LOOP_MARKERS, strict=True)
        conductor += [(ticks, 3, mido.MetaMessage("marker", text=name)) for ticks, name in bounds]
    conductor += [(ticks, 4, mido.MetaMessage("marker", text=one_line(name))) for ticks, name in performance.markers]
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, charset="utf-8")
    file.tracks.append(_track(conductor, end))
    for part in performance.parts:
        events: list[tuple[int, int, Any]] = [
            (0, 0, mido.MetaMessage("track_name", name=one_line(part.name))),
            (0, 1, mido.MetaMessage("key_signature", key=key)),
            (0, 1, mido.Message("program_change", channel=part.channel, program=part.program)),
        ]
        for control in part.controls:
            values = {"control": control.controller, "value": control.value}
            events.append((min(control.ticks, end), 3, mido.Message("control_change", channel=part.channel, **values)))
        events += _bend_events(part.bends, part.channel, end)
        for note in _apart(part.notes):
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

"""Tells the files that `write_midi` writes from all others.

Nothing in a MIDI file says whether its end was meant: most end with their last note, and that note should ring out. Ours end where the
piece was promised to end, even while something sounds. They are known by how they are laid out, which no other program does by chance:
format 1, 480 ticks a quarter, a first track of title, tempo, time and key signature at its start and then nothing but markers, tracks
that begin with a name, the key and a program and hold only notes, controllers and bends, note-offs of velocity 64, and one end for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.io.midi.smf_events import META
from img2music.performance import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.io.midi.smf_events import MidiEvent, MidiFile

__all__ = ["is_ours"]

_NAME, _MARKER, _TEMPO, _METER, _KEY = 0x03, 0x06, 0x51, 0x58, 0x59
_HEAD = (_NAME, _TEMPO, _METER, _KEY)
_OFF_VELOCITY = 64


def is_ours(file: MidiFile) -> bool:
    """Whether a file is laid out as `write_midi` lays one out."""
    if file.format != 1 or file.is_smpte or file.ticks_per_quarter != TICKS_PER_QUARTER or len(set(file.track_ends)) > 1:
        return False
    tracks: list[list[MidiEvent]] = [[] for _ in file.track_ends]
    for event in file.events:
        tracks[event.track].append(event)
    head = tracks[0][: len(_HEAD)]
    if tuple(event.kind for event in head if event.status == META and not event.ticks) != _HEAD:
        return False
    if any(event.status != META or event.kind != _MARKER for event in tracks[0][len(_HEAD) :]):
        return False
    return all(_is_our_part(track) for track in tracks[1:])


def _is_our_part(track: Sequence[MidiEvent]) -> bool:
    head = [
        event for event in track[:3] if not event.ticks and (event.status, event.kind) != (META, _KEY)
    ]  # older ones lack a key
    if len(head) < 2 or (head[0].status, head[0].kind) != (META, _NAME) or head[1].status >> 4 != 0xC:
        return False
    others = track[track.index(head[1]) + 1 :]
    kinds = {event.status >> 4 for event in others}
    return kinds <= {0x8, 0x9, 0xB, 0xE} and all(event.data[1] == _OFF_VELOCITY for event in others if event.status >> 4 == 0x8)

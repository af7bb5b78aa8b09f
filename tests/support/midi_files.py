"""MIDI files made for tests, from messages or from bytes."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import mido


def midi_file(*tracks: list[Any], kind: int = 1, ticks_per_beat: int = 480) -> bytes:
    """A MIDI file from tracks of messages with delta times."""
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks_per_beat)
    file.tracks.extend(mido.MidiTrack(track) for track in tracks)
    stream = BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def note_messages(pitch: int, ticks: int, *, channel: int = 0, wait: int = 0, velocity: int = 70) -> list[Any]:
    """A note on and its note off, the first after `wait` ticks."""
    return [
        mido.Message("note_on", note=pitch, velocity=velocity, channel=channel, time=wait),
        mido.Message("note_off", note=pitch, velocity=0, channel=channel, time=ticks),
    ]


def held_note(pitch: int) -> Any:
    """A note that is not let go."""
    return mido.Message("note_on", note=pitch, velocity=70)


def control(controller: int, value: int, *, channel: int = 0, wait: int = 0) -> Any:
    """A controller's message."""
    return mido.Message("control_change", control=controller, value=value, channel=channel, time=wait)


def bend(wheel: int, *, wait: int = 0) -> Any:
    """The pitch wheel, -8192 to 8191."""
    return mido.Message("pitchwheel", pitch=wheel, time=wait)


def program(number: int) -> Any:
    """A change of instrument."""
    return mido.Message("program_change", program=number)


def midi_chunk(label: bytes, content: bytes) -> bytes:
    """A chunk as a MIDI file has it: label, length, content."""
    return label + len(content).to_bytes(4, "big") + content


def raw_midi_file(tracks: bytes, *, kind: int = 1, count: int = 1, division: bytes = b"\x01\xe0") -> bytes:
    """A file of chunks that are ready."""
    return midi_chunk(b"MThd", bytes([0, kind]) + count.to_bytes(2, "big") + division) + tracks

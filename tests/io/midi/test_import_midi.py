"""MIDI files that other programs write: what their messages come to, and what is said of those that are not played."""

from __future__ import annotations

import time
from contextlib import suppress
from io import BytesIO
from typing import Any

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.errors import DocumentError
from img2music.io.midi.export_midi import write_midi
from img2music.io.midi.import_midi import read_midi
from img2music.performance import Bend, Control, Performance, PlayedNote
from tests.support.made_notes import band_score, perform_exactly
from tests.support.midi_files import bend, control, held_note, midi_chunk, midi_file, note_messages, program, raw_midi_file

CHOOSE_RANGE = [control(101, 0), control(100, 0)]
NULL = [control(101, 127), control(100, 127)]


def read(*messages: Any) -> Performance:
    return read_midi(midi_file(list(messages)), name="x.mid")


def bent(*messages: Any) -> list[float]:
    """The bends of a file's first part, in semitones."""
    return [round(one.semitones, 3) for one in read(*messages).parts[0].bends]


@pytest.mark.parametrize(
    ("messages", "semitones"),
    [
        ([bend(4096)], [1]),
        ([*CHOOSE_RANGE, control(6, 12), bend(4096)], [6]),
        ([*CHOOSE_RANGE, control(6, 1), control(38, 50), bend(-8192)], [-1.5]),
        ([bend(-8192), *CHOOSE_RANGE, control(6, 12)], [-12]),  # the range is changed under the bend
        ([*CHOOSE_RANGE, control(6, 12), *NULL, control(6, 24), bend(4096)], [6]),
        ([*CHOOSE_RANGE, control(6, 12), control(99, 0), control(98, 0), control(6, 24), bend(4096)], [6]),  # NRPN is not RPN
        ([control(99, 0), control(98, 0), control(6, 24), *CHOOSE_RANGE, control(6, 4), bend(4096)], [2]),
        ([control(6, 24), bend(4096)], [1]),  # data for no parameter
        ([*CHOOSE_RANGE, *[control(96, 0)] * 150, bend(-8192)], [-3.5]),  # cents, RP-018
        ([*CHOOSE_RANGE, *[control(97, 0)] * 999, bend(4096)], []),
        ([control(101, 0), control(100, 2), control(6, 69)], [5]),  # coarse tuning
        ([control(101, 0), control(100, 1), control(6, 96), bend(4096)], [1.5]),  # fine tuning
        ([*CHOOSE_RANGE, control(6, 12, channel=1), bend(4096)], [1]),  # a range is its channel's
        ([*CHOOSE_RANGE, control(6, 12), control(121, 0), bend(4096)], [6]),  # RP-015: parameters keep their values
        ([*CHOOSE_RANGE, control(121, 0), control(6, 12), bend(4096)], [1]),  # ... and none is chosen
    ],
)
def test_bends_are_semitones(messages: list[Any], semitones: list[float]) -> None:
    assert bent(*messages, *note_messages(60, 480)) == semitones


def test_a_bend_holds_for_all_that_plays_on_its_channel() -> None:
    """Whatever track it stands in, and over a change of program."""
    wheel = [bend(8191), mido.MetaMessage("end_of_track", time=960)]
    found = read_midi(midi_file(wheel, note_messages(60, 480), [program(40), *note_messages(64, 480)]), name="x")
    assert len(found.parts) == 2
    assert len({part.bends for part in found.parts}) == 1
    second = read(bend(8191), *note_messages(60, 480), program(40), *note_messages(62, 480))
    assert [part.bends[0].semitones > 1.99 for part in second.parts] == [True, True]
    assert len({part.channel for part in second.parts}) == 2


def test_bends_are_written_and_read_back() -> None:
    found = read(
        *CHOOSE_RANGE,
        control(6, 7),
        bend(8191),
        *note_messages(60, 480),
        bend(-100),
        *note_messages(60, 480),
        bend(0),
        *note_messages(60, 480),
    )
    again = read_midi(write_midi(found), name="x")
    assert [one.ticks for one in again.parts[0].bends] == [0, 480, 960]
    for one, other in zip(found.parts[0].bends, again.parts[0].bends, strict=True):
        assert one.semitones == pytest.approx(other.semitones, abs=0.001)
    plain = mido.MidiFile(file=BytesIO(write_midi(perform_exactly(band_score()))))
    assert not any(message.type == "pitchwheel" for track in plain.tracks for message in track)


def test_a_reset_of_the_controllers() -> None:
    """RP-015: expression, modulation, pedal and bend go back; volume, pan, program, bank and effects stay."""
    before = [control(number, 20) for number in (1, 7, 10, 11, 91, 93)]
    found = read(
        program(40), *before, control(64, 127), bend(4096), *note_messages(60, 480), control(121, 0), *note_messages(60, 480)
    ).parts
    assert [(part.program, len(part.notes)) for part in found] == [(40, 2)]
    reset = [one for one in found[0].controls if one.ticks == 480]
    assert sorted(reset) == [Control(480, 1, 0), Control(480, 11, 127), Control(480, 64, 0)]
    assert found[0].bends == (Bend(0, 1.0), Bend(480, 0.0))


@pytest.mark.parametrize("message", ["7e7f0901", "7e7f0903", "4110421240007f0041", "43104c00007e00"])
def test_a_reset_of_the_synthesizer_puts_all_back(message: str) -> None:
    reset = mido.Message("sysex", data=bytes.fromhex(message))
    found = read(
        reset, program(40), control(7, 20), control(10, 0), bend(4096), *note_messages(60, 480), reset, *note_messages(62, 480)
    )
    assert [(part.program, part.notes[0].pitch) for part in found.parts] == [(40, 60), (0, 62)]
    assert set(found.parts[1].controls) >= {Control(480, 7, 100), Control(480, 10, 64)}
    assert found.parts[1].bends[-1] == Bend(480, 0.0)
    assert found.warnings == ()


def test_channel_pressure_is_vibrato() -> None:
    messages = [control(1, 100), mido.Message("aftertouch", value=20), mido.Message("aftertouch", value=60)]
    found = read(*messages, *note_messages(60, 480), control(121, 0), *note_messages(60, 480))
    assert [one.value for one in found.parts[0].controls if one.controller == 1] == [100, 120, 127, 0]


def test_sounds_are_cut_and_let_go() -> None:
    """All sound off is passed on, as it ends what rings too; all notes off lets go, and a pedal still holds."""
    cut = read(held_note(60), control(120, 0, wait=480), mido.MetaMessage("end_of_track", time=480)).parts[0]
    assert (cut.notes[0].duration_ticks, cut.controls) == (480, (Control(480, 120, 0),))
    let_go = read(control(64, 127), held_note(60), control(123, 0, wait=480), mido.MetaMessage("end_of_track", time=480)).parts[0]
    assert (let_go.notes[0].duration_ticks, let_go.controls) == (480, (Control(0, 64, 127), Control(960, 64, 0)))


def test_the_sostenuto_pedal_keeps_what_it_caught() -> None:
    off = mido.Message("note_off", note=60)
    found = read(
        held_note(60), control(66, 127, wait=240), off, *note_messages(64, 240), control(66, 0, wait=480), *note_messages(60, 240)
    )
    assert found.parts[0].notes == (PlayedNote(0, 960, 60, 70), PlayedNote(240, 240, 64, 70), PlayedNote(960, 240, 60, 70))


def test_a_note_may_be_let_go_from_another_track() -> None:
    off = mido.Message("note_off", note=60, time=480)
    found = read_midi(midi_file([held_note(60), mido.MetaMessage("end_of_track", time=4800)], [off]), name="x")
    assert found.parts[0].notes == (PlayedNote(0, 480, 60, 70),)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (mido.Message("polytouch", note=60, value=9), "polyphonic aftertouch is not played (1 message)"),
        (control(0, 8), "bank select is not played (1 message)"),
        (control(65, 127), "portamento is not played (1 message)"),
        (control(74, 20), "brightness is not played (1 message)"),
        (control(126, 0), "mono mode is not played (1 message)"),
        (control(20, 3), "controller 20 is not played (1 message)"),
        (mido.Message("sysex", data=(0x7F, 0x7F, 4, 1, 0, 20)), "system exclusive is not played (1 message)"),
    ],
)
def test_what_is_not_played_is_said(message: Any, said: str) -> None:
    assert read(message, *note_messages(60, 480)).warnings == (said,)


def test_what_changes_nothing_is_not_said() -> None:
    neutral = [control(0, 0), control(32, 0), control(65, 0), control(67, 10), control(74, 64), control(8, 64), control(122, 0)]
    assert read(*neutral, *note_messages(60, 480)).warnings == ()


def test_many_kinds_are_said_in_few_lines() -> None:
    found = read(*[control(number, 1) for number in range(12, 32)] * 3, *note_messages(60, 480)).warnings
    assert len(found) == 12
    assert found[0] == "controller 12 is not played (3 messages)"
    assert found[-1] == "and 9 other kinds of messages are not played"
    assert all("\n" not in line for line in found)


# Time.


def test_until_a_tempo_is_named_it_is_120() -> None:
    track = [*note_messages(60, 480), mido.MetaMessage("set_tempo", tempo=250_000), *note_messages(62, 480)]
    found = read(*track)
    assert (found.seconds, found.tempo_bpm) == (0.75, 120)
    assert [one.onset_ticks for one in found.parts[0].notes] == [0, 480]
    late = read(mido.MetaMessage("set_tempo", tempo=250_000, time=960), *note_messages(60, 480))
    assert (late.seconds, late.tempo_bpm, late.tempo_map.bpm_at(2)) == (1.25, 120, 240)
    assert late.seconds_at(late.parts[0].notes[0].onset_ticks) == 1.0


@pytest.mark.parametrize(
    ("frames", "parts", "seconds"),
    [(24, 100, 1000 / 2400), (25, 40, 1.0), (29, 80, 1000 / (80 * 30_000 / 1001)), (30, 4, 1000 / 120)],
)
def test_smpte_time_counts_seconds(frames: int, parts: int, seconds: float) -> None:
    """And tempo counts for nothing."""
    division = bytes([256 - frames, parts])
    tempo = b"\x00\xff\x51\x03\x01\x00\x00"
    track = midi_chunk(b"MTrk", tempo + b"\x00\x90\x45\x64\x87\x68\x80\x45\x40\x00\xff\x2f\x00")
    found = read_midi(raw_midi_file(track, kind=0, division=division), name="x")
    assert found.seconds == pytest.approx(seconds, abs=0.001)
    assert found.seconds_at(found.parts[0].notes[0].duration_ticks) == pytest.approx(seconds, abs=0.001)


# The end.


def test_files_of_others_ring_and_ours_do_not() -> None:
    assert read(*note_messages(60, 480)).rings
    ours = perform_exactly(band_score())
    assert not read_midi(write_midi(ours), name="x").rings
    # As it was written before every track had the key.
    file = mido.MidiFile(file=BytesIO(write_midi(ours)))
    for track in file.tracks[1:]:
        track.remove(next(message for message in track if message.type == "key_signature"))
    stream = BytesIO()
    file.save(file=stream)
    assert not read_midi(stream.getvalue(), name="x").rings
    # And after an editor has moved one track's end.
    file.tracks[1][-1].time += 1
    file.save(file=(stream := BytesIO()))
    assert read_midi(stream.getvalue(), name="x").rings


def test_silence_at_the_end_is_kept_up_to_a_minute() -> None:
    some = read(*note_messages(60, 480), mido.MetaMessage("end_of_track", time=960 * 59))
    assert (some.seconds, some.warnings) == (59.5, ())
    hours = read(*note_messages(60, 480), mido.MetaMessage("end_of_track", time=960 * 9999))
    assert (hours.seconds, hours.warnings) == (60.5, ("the silence at its end is cut to 60 seconds",))


# Bytes.

NOTE = b"\x00\x90\x45\x64\x83\x60\x80\x45\x40"
END = b"\x00\xff\x2f\x00"


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (b"\xff\x59\x02\xfe\xff", "a key signature that does not exist is passed over (1 message)"),
        (b"\xff\x59\x02\x08\x00", "a key signature that does not exist is passed over (1 message)"),
        (b"\xff\x59\x00", "a key signature that does not exist is passed over (1 message)"),
        (b"\xff\x58\x04\x04\xff\x18\x08", "a time signature that does not exist is passed over (1 message)"),
        (b"\xff\x58\x01\x04", "a time signature that does not exist is passed over (1 message)"),
        (b"\xff\x51\x03\x00\x00\x00", "a tempo that does not exist is passed over (1 message)"),
        (b"\xff\x51\x01\x07", "a tempo that does not exist is passed over (1 message)"),
        (b"\xff\x54\x01\x00", None),
        (b"\xff\x03\x02\xff\xfe", None),
        (b"\xff\x7a\x03abc", None),
    ],
)
def test_foolish_events_harm_nothing(event: bytes, what: str | None) -> None:
    found = read_midi(raw_midi_file(midi_chunk(b"MTrk", b"\x00" + event + NOTE + END)), name="x")
    assert found.parts[0].notes == (PlayedNote(0, 480, 69, 100),)
    assert (found.meter.name, found.key.signature, found.tempo_bpm) == ("4/4", 0, 120)
    assert found.warnings == (() if what is None else (what,))


def test_chunks_and_wrappings() -> None:
    good = midi_chunk(b"MTrk", NOTE + END)
    plain = read_midi(raw_midi_file(good), name="x")
    assert read_midi(raw_midi_file(midi_chunk(b"XFIH", b"what") + good), name="x") == plain
    assert read_midi(raw_midi_file(good) + b"garbage behind the end", name="x") == plain
    assert read_midi(raw_midi_file(midi_chunk(b"MTrk", NOTE)), name="x") == plain  # a track without its end
    assert (
        read_midi(raw_midi_file(midi_chunk(b"MTrk", b"\x00\x90\x45\x64\x83\x60\x45\x00" + END)), name="x") == plain
    )  # running status
    song = raw_midi_file(good)
    riff = b"RMID" + b"INFO" + (3).to_bytes(4, "little") + b"abc\0" + b"data" + len(song).to_bytes(4, "little") + song
    assert read_midi(b"RIFF" + len(riff).to_bytes(4, "little") + riff, name="x") == plain
    longer = song[:4] + (8).to_bytes(4, "big") + song[8:14] + b"\0\0" + song[14:]
    assert read_midi(longer, name="x") == plain  # a longer head


def test_a_track_that_breaks_off_is_played_as_far_as_it_goes() -> None:
    broken = midi_chunk(b"MTrk", NOTE + b"\x00\xff\x01\x7fshort")
    found = read_midi(raw_midi_file(broken + midi_chunk(b"MTrk", NOTE + END), count=2), name="x")
    assert len(found.parts) == 2
    assert found.warnings == ("track 1 breaks off within an event; what stands before it is played",)
    few = read_midi(raw_midi_file(midi_chunk(b"MTrk", NOTE + END), count=9), name="x")
    assert few.warnings == ("its head promises 9 tracks, and it has 1",)


def test_notes_without_length_or_end() -> None:
    found = read(*note_messages(60, 0), held_note(62), mido.MetaMessage("end_of_track", time=480))
    assert found.parts[0].notes == (PlayedNote(0, 1, 60, 70), PlayedNote(0, 480, 62, 70))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_no_damage_breaks_the_reader(data: st.DataObject) -> None:
    content = bytearray(
        write_midi(read(*CHOOSE_RANGE, control(6, 7), bend(99), control(66, 99), *note_messages(60, 480), *note_messages(64, 9)))
    )
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_midi(bytes(content), name="x.mid")
    except DocumentError:
        return
    read_midi(write_midi(found), name="x.mid")


@pytest.mark.parametrize(
    "event",
    [b"\x00\xb0\x42\x7f\x00\x42\x00", b"\x00\xe0\x00\x41\x00\x00\x42", b"\x00\x80\x45\x40", b"\x00\xf0\x05\x7e\x7f\x09\x01\xf7"],
)
def test_files_full_of_one_message_end_soon(event: bytes) -> None:
    many = event * (450_000 // len(event))
    hanging = b"\x00\x90\x40\x40" * 50_000
    start = time.process_time()
    with suppress(DocumentError):
        read_midi(raw_midi_file(midi_chunk(b"MTrk", hanging + many + NOTE + END)), name="x")
    assert time.process_time() - start < 30

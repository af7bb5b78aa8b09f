from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.errors import DocumentError
from img2music.io.midi.export_midi import write_midi
from img2music.io.midi.import_midi import read_midi
from img2music.performance import Control, Performance, PlayedNote, PlayedPart
from img2music.score import Score
from img2music.theory import Key, Meter
from img2music.theory.key_map import KeyMap
from tests.support.made_notes import band_score, perform_exactly, random_scores
from tests.support.midi_files import midi_file, note_messages


def opened(content: bytes) -> Any:
    return mido.MidiFile(file=BytesIO(content))


def solo(*notes: PlayedNote, seconds: float = 4.0, controls: tuple[Control, ...] = ()) -> Performance:
    part = PlayedPart("Solo", 0, 0, notes, controls)
    return Performance.steady("Test", Key.parse("C"), Meter(4, 4), 120.0, seconds, (part,))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(random_scores())
def test_what_is_written_is_read_back(score: Score) -> None:
    wanted = perform_exactly(score)
    playing = tuple(part for part in wanted.parts if part.notes)
    if playing:
        found = read_midi(write_midi(wanted), name="x.mid")
        written = KeyMap.constant(Key.of_signature(wanted.key.signature, wanted.key.is_minor))  # MIDI knows major and minor only
        assert found == replace(wanted, parts=playing, seconds=found.seconds, key_map=written)
        assert found.end_ticks == wanted.end_ticks


def test_the_band_is_a_file_of_format_1() -> None:
    performance = perform_exactly(band_score())
    file = opened(write_midi(performance))
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 480, 6)
    assert file.length == pytest.approx(performance.seconds, abs=0.001)
    conductor = {message.type: message for message in file.tracks[0]}
    assert conductor["set_tempo"].tempo == 535714
    assert (conductor["time_signature"].numerator, conductor["time_signature"].denominator) == (4, 4)
    assert conductor["key_signature"].key == "G"
    assert [message.text for message in file.tracks[0] if message.type == "marker"] == ["intro", "A1", "B"]
    for part, track in zip(performance.parts, file.tracks[1:], strict=True):
        assert track.name == part.name
        assert sum(message.time for message in track) == performance.end_ticks
        assert {message.channel for message in track if not message.is_meta} == {part.channel}
        assert [message.program for message in track if message.type == "program_change"] == [part.program]


@pytest.mark.parametrize(
    ("signature", "is_minor", "name"), [(-7, False, "Cb"), (0, True, "Am"), (7, True, "A#m"), (3, False, "A")]
)
def test_key_signatures(signature: int, is_minor: bool, name: str) -> None:
    content = write_midi(
        replace(solo(PlayedNote(0, 480, 60, 80)), key_map=KeyMap.constant(Key.of_signature(signature, is_minor)))
    )
    for track in opened(content).tracks:  # MuseScore 3 passes over that of a track without notes
        assert [(message.key, message.time) for message in track if message.type == "key_signature"] == [(name, 0)]
    found = read_midi(content, name="x.mid")
    assert (found.key.signature, found.key.is_minor) == (signature, is_minor)


def test_other_readers_agree_on_the_key_of_every_part() -> None:
    music21 = pytest.importorskip("music21", reason="needs the extra test: music21")
    flats = replace(perform_exactly(band_score()), key_map=KeyMap.constant(Key.parse("C minor")))
    pages = music21.converter.parseData(write_midi(flats), format="midi")
    parts = list(pages.parts)
    assert len(parts) == len(flats.parts)
    for part in parts:
        keys = list(part.recurse().getElementsByClass(music21.key.KeySignature))
        assert {key.sharps for key in keys} == {-3}


def looping(loop: bool = True) -> Performance:
    return replace(solo(PlayedNote(0, 480, 60, 80), PlayedNote(960, 480, 62, 80)), loop=loop, markers=((0, "A"), (960, "B")))


def test_a_loop_is_marked_on_its_first_and_last_tick() -> None:
    file = opened(write_midi(looping()))
    ticks, marks = 0, []
    for message in file.tracks[0]:
        ticks += message.time
        if message.type == "marker":
            marks.append((ticks, message.text))
    assert marks == [(0, "loopStart"), (0, "A"), (960, "B"), (looping().end_ticks, "loopEnd")]
    assert file.length == pytest.approx(looping().seconds)
    assert read_midi(write_midi(looping()), name="x") == looping()
    plain = write_midi(looping(loop=False))
    assert b"loop" not in plain
    assert read_midi(plain, name="x") == looping(loop=False)


@pytest.mark.parametrize(
    "marks",
    [
        [(0, "loopStart")],
        [(1920, "loopEnd")],
        [(480, "loopStart"), (1440, "loopEnd")],
        [(0, "loopStart"), (960, "loopEnd")],
        [(0, "loopEnd"), (1920, "loopStart")],
    ],
)
def test_a_loop_inside_a_foreign_file_stays_two_markers(marks: list[tuple[int, str]]) -> None:
    """We can make the whole sound go round, not a stretch of it."""
    track, last = [], 0
    for ticks, text in marks:
        track.append(mido.MetaMessage("marker", text=text, time=ticks - last))
        last = ticks
    found = read_midi(midi_file(track, note_messages(60, 1920)), name="x.mid")
    assert (found.loop, list(found.markers)) == (False, marks)


def test_a_looping_file_of_others_is_a_loop() -> None:
    track = [mido.MetaMessage("marker", text="loopStart"), mido.MetaMessage("marker", text="loopEnd", time=1920)]
    found = read_midi(midi_file([*track], note_messages(60, 1920)), name="x.mid")
    assert (found.loop, found.markers) == (True, ())


def test_a_repeated_pitch_ends_before_it_begins_again() -> None:
    overlapping = solo(PlayedNote(0, 960, 60, 80), PlayedNote(480, 480, 60, 90), PlayedNote(480, 100, 60, 50))
    content = write_midi(overlapping)
    kinds = [(message.type, message.time) for message in opened(content).tracks[1] if message.type.startswith("note")]
    assert kinds == [("note_on", 0), ("note_off", 480), ("note_on", 0), ("note_off", 480)]
    assert read_midi(content, name="x").parts[0].notes == (PlayedNote(0, 480, 60, 80), PlayedNote(480, 480, 60, 90))


def test_controls_stand_before_the_notes_of_their_tick() -> None:
    performance = solo(
        PlayedNote(0, 480, 60, 80), PlayedNote(480, 480, 62, 80), controls=(Control(0, 7, 90), Control(480, 64, 127))
    )
    kinds = [message.type for message in opened(write_midi(performance)).tracks[1]]
    assert kinds == [
        "track_name", "key_signature", "program_change", "control_change",
        "note_on", "note_off", "control_change", "note_on", "note_off", "end_of_track",
    ]  # fmt: skip


def test_the_last_tick_is_the_promised_end() -> None:
    held = solo(PlayedNote(0, 480 * 100, 60, 80), seconds=2.0)
    assert opened(write_midi(held)).length == pytest.approx(2.0)
    assert opened(write_midi(replace(held, seconds=60.0))).length == pytest.approx(60.0)


def test_names_are_kept_in_any_script() -> None:
    performance = replace(perform_exactly(band_score()), title="Abend am See – 湖の夕べ\n\x00")
    assert read_midi(write_midi(performance), name="x").title == "Abend am See – 湖の夕べ"


def test_format_0_is_parted_by_channel() -> None:
    track = [mido.Message("program_change", program=73), mido.Message("program_change", program=32, channel=1)]
    found = read_midi(
        midi_file(track + note_messages(72, 480) + note_messages(40, 480, channel=1) + note_messages(38, 10, channel=9), kind=0),
        name="x.mid",
    )
    assert [(part.name, part.program, part.channel) for part in found.parts] == [
        ("Flute", 73, 0),
        ("Acoustic bass", 32, 1),
        ("Drums", 0, 9),
    ]
    assert found.title == "x.mid"


def test_a_second_program_becomes_a_part_on_its_own_channel() -> None:
    track = [*note_messages(60, 480), mido.Message("program_change", program=40), *note_messages(62, 480)]
    found = read_midi(midi_file(track), name="x")
    first, second = found.parts
    assert (first.program, second.program) == (0, 40)
    assert first.channel != second.channel
    again = read_midi(write_midi(found), name="x")
    assert [part.notes for part in again.parts] == [first.notes, second.notes]


def test_other_time_bases_and_tempo_changes_keep_their_seconds() -> None:
    slow, fast = mido.bpm2tempo(60), mido.bpm2tempo(180)
    track = [
        mido.MetaMessage("set_tempo", tempo=slow), *note_messages(60, 96),
        mido.MetaMessage("set_tempo", tempo=fast), *note_messages(62, 96), *note_messages(64, 96),
    ]  # fmt: skip
    content = midi_file(track, ticks_per_beat=96)
    found = read_midi(content, name="x")
    assert [(float(step.onset_quarters), step.bpm) for step in found.tempo_map.steps] == [(0, 60), (1, 180)]
    onsets = [one.onset_ticks for one in found.parts[0].notes]
    assert onsets == [0, 480, 960]
    assert [found.seconds_at(ticks) for ticks in onsets] == pytest.approx([0, 1, 4 / 3])
    assert found.seconds == pytest.approx(opened(content).length)


def test_hanging_and_stray_notes() -> None:
    track = [
        mido.Message("note_off", note=50),
        mido.Message("note_on", note=60, velocity=80),
        mido.MetaMessage("end_of_track", time=960),
    ]
    assert read_midi(midi_file(track), name="x").parts[0].notes == (PlayedNote(0, 960, 60, 80),)
    silenced = [
        mido.Message("note_on", note=60, velocity=80),
        mido.Message("control_change", control=123, time=100),
        mido.MetaMessage("end_of_track", time=960),
    ]
    assert read_midi(midi_file(silenced), name="x").parts[0].notes == (PlayedNote(0, 100, 60, 80),)


GOOD = midi_file(note_messages(60, 480))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no MIDI file, or a damaged one"),
        (b"RIFF" + bytes(100), "no MIDI file, or a damaged one"),
        (GOOD[:-9], "no MIDI file, or a damaged one"),
        (GOOD[:9] + b"\x02" + GOOD[10:], "rare kind of MIDI file .format 2"),
        (GOOD[:12] + b"\xe7\x00" + GOOD[14:], "SMPTE time of 25 frames by 0"),
        (GOOD[:12] + b"\xe9\x28" + GOOD[14:], "SMPTE time of 23 frames by 40"),
        (GOOD[:12] + b"\x00\x00" + GOOD[14:], "rare kind"),
        (midi_file([mido.MetaMessage("end_of_track", time=480)]), "holds no notes"),
        (midi_file(note_messages(60, 480, wait=480 * 4000)), "lasts 33 minutes"),
        (bytes(2_000_001), "too large"),
        (midi_file(*(note_messages(60, 9, channel=number % 9) for number in range(65))), "more than 64 parts"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(content: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message) as caught:
        read_midi(content, name="score.mid")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("score.mid ")


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.data())
def test_damage_never_escapes(data: st.DataObject) -> None:
    content = bytearray(write_midi(perform_exactly(band_score()))[:600])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(14, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_midi(bytes(content), name="x.mid")
    except DocumentError:
        return
    read_midi(write_midi(found), name="x.mid")

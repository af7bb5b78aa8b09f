"""Tempi, metres and keys that change: what our files say to other readers, and what is kept of the files of others."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.errors import DocumentError
from img2music.io.midi.export_midi import is_own_file, write_midi
from img2music.io.midi.import_midi import read_midi
from img2music.io.midi.smf_events import parse_midi
from img2music.io.midi.tempo_of_file import tempo_changes
from img2music.performance import TICKS_PER_QUARTER, Performance
from img2music.theory import Key, Meter
from img2music.theory.key_map import KeyMap
from img2music.theory.tempo_map import TempoMap, TempoPoint
from tests.support.made_notes import perform_exactly
from tests.support.midi_files import midi_chunk, midi_file, note_messages, raw_midi_file
from tests.support.moving_scores import moving_score, random_moving_scores

if TYPE_CHECKING:
    from img2music.score import Score

needs_musescore = pytest.mark.skipif(shutil.which("mscore3") is None, reason="needs MuseScore 3 (Debian: musescore3)")


def opened(content: bytes) -> Any:
    return mido.MidiFile(file=BytesIO(content))


def said(content: bytes, kind: str, track: int = 0) -> list[tuple[float, Any]]:
    """The messages of a kind in a track, each with its place in quarters."""
    file, found, ticks = opened(content), [], 0
    for message in file.tracks[track]:
        ticks += message.time
        if message.type == kind:
            found.append((ticks / file.ticks_per_beat, message))
    return found


def heard(content: bytes) -> list[tuple[float, int]]:
    """(second, pitch) of every note by mido's sum of the tempi, in order."""
    seconds, found = 0.0, []
    for message in opened(content):
        seconds += message.time
        if message.type == "note_on" and message.velocity:
            found.append((seconds, message.note))
    return sorted(found)


def played(performance: Performance) -> list[tuple[float, int]]:
    """The same by the performance's own map."""
    return sorted((performance.seconds_at(note.onset_ticks), note.pitch) for part in performance.parts for note in part.notes)


def assert_together(one: list[tuple[float, int]], other: list[tuple[float, int]], *, within: float) -> None:
    assert [pitch for _, pitch in one] == [pitch for _, pitch in other]
    assert [second for second, _ in one] == pytest.approx([second for second, _ in other], abs=within)


MOVING = perform_exactly(moving_score(), tail_seconds=0.5)


def test_signatures_stand_where_they_change_and_keys_in_every_track() -> None:
    content = write_midi(MOVING)
    meters = [
        (place, message.numerator, message.denominator, message.clocks_per_click)
        for place, message in said(content, "time_signature")
    ]
    assert meters == [(0, 4, 4, 24), (16, 3, 4, 24), (28, 6, 8, 36)]
    for track in range(len(MOVING.parts) + 1):
        assert [(place, message.key) for place, message in said(content, "key_signature", track)] == [
            (0, "Dm"),
            (16, "F"),
            (28, "E"),
        ]


def test_the_tempo_is_set_at_every_step_of_the_map() -> None:
    tempi = said(write_midi(MOVING), "set_tempo")
    assert [place for place, _ in tempi] == [float(step.onset_quarters) for step in MOVING.tempo_map.steps]
    assert [60e6 / message.tempo for _, message in tempi] == pytest.approx(
        [step.bpm for step in MOVING.tempo_map.steps], rel=1e-4
    )


def test_mido_hears_every_note_when_the_map_says() -> None:
    assert_together(heard(write_midi(MOVING)), played(MOVING), within=2e-5)
    assert opened(write_midi(MOVING)).length == pytest.approx(MOVING.seconds, abs=0.001)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(random_moving_scores())
def test_what_moves_is_written_and_read_back(score: Score) -> None:
    wanted = perform_exactly(score, tail_seconds=1.0)
    playing = tuple(part for part in wanted.parts if part.notes)
    if not playing:
        return
    content = write_midi(wanted)
    assert_together(heard(content), played(wanted), within=1e-3)
    found = read_midi(content, name="x.mid")
    assert found.parts == playing
    assert found.meter_map == wanted.meter_map
    assert found.key_map == KeyMap.of_stretches(
        (point.onset_quarters, Key.of_signature(point.key.signature, point.key.is_minor)) for point in wanted.key_map.points
    )
    assert (found.markers, found.rings, found.end_ticks) == (wanted.markers, False, wanted.end_ticks)
    assert_together(played(found), played(wanted), within=1e-3)
    places = [Fraction(tick, 24) for tick in range(0, int(score.duration_quarters * 24), 5)]
    assert [found.tempo_map.bpm_at(place) for place in places] == pytest.approx(
        [wanted.tempo_map.bpm_at(place) for place in places], rel=1e-3
    )


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(1, 96), st.floats(20, 300), st.one_of(st.none(), st.floats(20, 300))), min_size=1, max_size=40)
)
def test_errors_of_whole_microseconds_never_add_up(stretches: list[tuple[int, float, float | None]]) -> None:
    """At every change the file is off by no more than half a microsecond for each quarter of the stretch before it."""
    points, onset = [], Fraction(0)
    for length, bpm, goal in stretches:
        points.append(TempoPoint(onset, bpm, goal))
        onset += Fraction(length, 3)
    tempi = TempoMap((*points, TempoPoint(onset, 90.0)))
    reached = 0.0
    for (begin, tempo), (end, _) in pairwise(tempo_changes(tempi)):
        reached += tempo * (end - begin) / TICKS_PER_QUARTER
        off = reached - tempi.seconds_at(Fraction(end, TICKS_PER_QUARTER)) * 1e6
        assert abs(off) <= 0.5 * (end - begin) / TICKS_PER_QUARTER + 1e-3


def test_a_constant_tempo_is_one_message() -> None:
    for bpm in (112.0, 102.4, 92.5, 71.3):
        assert list(tempo_changes(TempoMap.constant(bpm))) == [(0, round(60e6 / bpm))]


def test_our_own_moving_files_are_known_again() -> None:
    content = write_midi(MOVING)
    assert is_own_file(parse_midi(content, name="x"))
    assert not read_midi(content, name="x").rings
    # A track that lacks a key at one of the changes is another program's.
    file = opened(content)
    track = file.tracks[2]
    keys = [index for index, message in enumerate(track) if message.type == "key_signature"]
    track[keys[1] + 1].time += track[keys[1]].time
    del track[keys[1]]
    file.save(file=(stream := BytesIO()))
    assert not is_own_file(parse_midi(stream.getvalue(), name="x"))


def test_a_moving_loop_goes_round() -> None:
    looped = replace(MOVING, loop=True, markers=())
    found = read_midi(write_midi(looped), name="x")
    assert (found.loop, found.markers, found.end_ticks) == (True, (), looped.end_ticks)


def test_music21_finds_metres_keys_and_tempi_where_they_change() -> None:
    music21 = pytest.importorskip("music21", reason="needs the extra test: music21")
    pages = music21.converter.parseData(write_midi(MOVING), format="midi")
    flute = pages.parts[0]
    assert [(one.getOffsetInHierarchy(flute), one.ratioString) for one in flute.recurse().getElementsByClass(music21.meter.TimeSignature)] == [
        (0, "4/4"), (16, "3/4"), (28, "6/8"),
    ]  # fmt: skip
    keys = {(one.getOffsetInHierarchy(flute), one.sharps) for one in flute.recurse().getElementsByClass(music21.key.KeySignature)}
    assert keys == {(0, -1), (16, -1), (28, 4)}
    tempi = pages.recurse().getElementsByClass(music21.tempo.MetronomeMark)
    found = {float(one.getOffsetInHierarchy(pages)): one.getQuarterBPM() for one in tempi}
    assert sorted(found) == [float(step.onset_quarters) for step in MOVING.tempo_map.steps]
    assert found[16] == pytest.approx(112, abs=0.01)
    assert found[39.5] == pytest.approx(MOVING.tempo_map.bpm_at(39.5), abs=0.01)


def by_musescore(content: bytes, suffix: str, folder: Path) -> bytes:
    """A file as MuseScore 3 reads it, written again as MIDI."""
    source, target = folder / f"score.{suffix}", folder / "again.mid"
    source.write_bytes(content)
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "HOME": str(folder)}
    subprocess.run(["mscore3", str(source), "-o", str(target)], check=True, capture_output=True, timeout=120, env=environment)
    return target.read_bytes()


@needs_musescore
def test_musescore_reads_the_file(tmp_path: Path) -> None:
    again = by_musescore(write_midi(MOVING), "mid", tmp_path)
    assert [(place, message.numerator, message.denominator) for place, message in said(again, "time_signature")] == [
        (0, 4, 4), (16, 3, 4), (28, 6, 8),
    ]  # fmt: skip
    steps = [float(step.onset_quarters) for step in MOVING.tempo_map.steps]
    assert [place for place, _ in said(again, "set_tempo")] == [
        place for place in steps if place < 40
    ]  # its pages end with the bars


# Files of others.


def meta(kind: str, *, wait: int = 0, **values: Any) -> Any:
    return mido.MetaMessage(kind, time=wait, **values)


def test_a_metre_inside_a_bar_cuts_it_short() -> None:
    track = [meta("time_signature", numerator=4, denominator=4), meta("time_signature", numerator=3, denominator=4, wait=480)]
    found = read_midi(midi_file(track, note_messages(60, 4800)), name="x")
    assert [found.meter_map.bar_onset(bar) for bar in range(4)] == [0, 1, 4, 7]
    assert read_midi(write_midi(found), name="x").meter_map == found.meter_map


def test_a_metre_named_again_changes_nothing_on_a_bar_line() -> None:
    track = [meta("time_signature", numerator=3, denominator=4, wait=wait) for wait in (0, 1440, 1440, 480)]
    found = read_midi(midi_file(track, note_messages(60, 4800)), name="x")
    assert [point.onset_quarters for point in found.meter_map.points] == [0, 7]


@pytest.mark.parametrize(("count", "unit"), [(11, 8), (3, 16), (2, 2), (1, 32), (32, 1), (15, 8)])
def test_metres_that_are_none_of_ours_are_kept(count: int, unit: int) -> None:
    track = [meta("time_signature", numerator=count, denominator=unit)]
    found = read_midi(midi_file(track, note_messages(60, 4800)), name="x")
    assert found.meter == Meter(count, unit)
    assert found.meter_map.bar_onset(1) == Fraction(4 * count, unit)
    again = write_midi(found)
    assert read_midi(again, name="x").meter == Meter(count, unit)


def test_the_first_key_holds_from_the_beginning() -> None:
    track = [meta("key_signature", key="Ebm", wait=960), meta("key_signature", key="D", wait=960)]
    found = read_midi(midi_file(track, note_messages(60, 4800)), name="x")
    assert [(float(point.onset_quarters), point.key.name) for point in found.key_map.points] == [(0, "Eb minor"), (4, "D major")]


def test_where_tracks_do_not_agree_the_first_counts() -> None:
    first = [meta("key_signature", key="G"), meta("time_signature", numerator=3, denominator=4)]
    second = [meta("key_signature", key="F"), meta("time_signature", numerator=6, denominator=8), *note_messages(60, 480)]
    found = read_midi(midi_file(first, second), name="x")
    assert (found.key.name, found.meter.name) == ("G major", "3/4")


@pytest.mark.parametrize("ticks_per_beat", [24, 96, 120, 384, 480, 960, 1000, 15360])
def test_every_note_keeps_its_second_in_any_time_base(ticks_per_beat: int) -> None:
    conductor = [
        meta("set_tempo", tempo=430_000 + 7919 * number % 200_000, wait=ticks_per_beat * 3 // 4) for number in range(200)
    ]
    notes = [message for number in range(300) for message in note_messages(40 + number % 40, ticks_per_beat // 3)]
    content = midi_file(conductor, notes, ticks_per_beat=ticks_per_beat)
    found = read_midi(content, name="x")
    half_a_tick = 0.63 / TICKS_PER_QUARTER / 2  # at the slowest of these tempi
    assert_together(played(found), heard(content), within=half_a_tick + 5e-5)


@pytest.mark.parametrize("tempo", [1, 59_999, 6_000_001, 16_777_215])
def test_foolish_tempi_are_flattened_and_keep_their_seconds(tempo: int) -> None:
    track = [*note_messages(60, 480), meta("set_tempo", tempo=tempo), *note_messages(62, 480), meta("set_tempo", tempo=500_000)]
    content = midi_file([*track, *note_messages(64, 480)])
    found = read_midi(content, name="x")
    assert found.tempo_map == TempoMap.constant(120.0)
    assert_together(played(found), heard(content), within=0.6e-3)


@pytest.mark.parametrize(("count", "kept"), [(10_000, True), (25_000, False)])
def test_ten_thousand_tempi_are_kept_and_more_are_flattened(count: int, kept: bool) -> None:
    tempi = [meta("set_tempo", tempo=500_000 + number % 2 * 1000, wait=1 + number % 2) for number in range(count)]
    notes = [message for number in range(100) for message in note_messages(60 + number % 12, count * 3 // 200)]
    start = time.process_time()
    content = midi_file(tempi, notes)
    found = read_midi(content, name="x")
    assert time.process_time() - start < 10
    assert found.tempo_map.is_constant is not kept
    assert_together(played(found), heard(content), within=0.6e-3)
    if kept:
        assert_together(heard(write_midi(found)), heard(content), within=0.6e-3)


@pytest.mark.parametrize("event", [b"\x01\xff\x58\x04%c\x02\x18\x08", b"\x01\xff\x59\x02%c\x00", b"\x01\xff\x51\x03\x07%c\x00"])
def test_files_full_of_changes_end_soon(event: bytes) -> None:
    many = b"".join(event % (number % 2 + 1) for number in range(100_000))
    note = b"\x00\x90\x45\x64\x83\x60\x80\x45\x40\x00\xff\x2f\x00"
    start = time.process_time()
    found = read_midi(raw_midi_file(midi_chunk(b"MTrk", many + note)), name="x")
    write_midi(found)
    assert time.process_time() - start < 30
    assert len(found.meter_map.points) <= 9001
    assert len(found.key_map.points) <= 9001
    assert len(found.tempo_map.steps) <= 20_001


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.data())
def test_damage_to_a_moving_file_never_escapes(data: st.DataObject) -> None:
    content = bytearray(write_midi(MOVING))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(14, 700))] = data.draw(st.integers(0, 255))
    try:
        found = read_midi(bytes(content), name="x.mid")
    except DocumentError:
        return
    read_midi(write_midi(found), name="x.mid")

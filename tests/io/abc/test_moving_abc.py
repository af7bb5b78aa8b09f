"""Keys, metres and tempi that change inside a tune: as we write them, as abc2midi and music21 hear them, as we read them again."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from img2music.io.abc.export_abc import write_abc
from img2music.io.abc.import_abc import read_abc
from img2music.theory import Key
from img2music.theory.tempo_map import seconds_of
from tests.io.abc.test_export_abc import assert_same, played, written
from tests.io.abc.test_import_abc import sounded
from tests.support.made_notes import score_from_words
from tests.support.moving_scores import moving_score, random_moving_scores

if TYPE_CHECKING:
    from img2music.score import Score

needs_abc2midi = pytest.mark.skipif(shutil.which("abc2midi") is None, reason="needs abc2midi (Debian: abcmidi)")
needs_abcm2ps = pytest.mark.skipif(shutil.which("abcm2ps") is None, reason="needs abcm2ps")
MOVING = moving_score()
TEXT = write_abc(MOVING)


def test_fields_stand_before_the_lines_in_which_they_hold() -> None:
    voices = TEXT.split("\nV:")[1:]
    for voice in voices:
        lines = [line for line in voice.splitlines() if line[:2] in {"M:", "K:"}]
        assert lines == ["M:3/4", "K:F", "M:6/8", "K:E"]
    tempi = [line for line in voices[0].splitlines() if line.startswith("Q:")]
    assert tempi == ["Q:1/4=112", "Q:1/4=90"]
    assert voices[0].count("[Q:") == 5  # two bars of accelerando, the tempo it arrives at, two bars of ritardando
    assert not any("Q:" in voice for voice in voices[1:])
    assert voices[0].count('"^accel."') == voices[0].count('"^rit."') == 1


@needs_abc2midi
def test_abc2midi_plays_every_note_in_its_metre_key_and_tempo() -> None:
    found, file = played(TEXT)
    assert_same(found, written(MOVING), lengths=False)
    signs: list[set[tuple[float, str]]] = []
    tempi: list[tuple[float, float]] = []
    for track in file.tracks:
        ticks, said = 0, set()
        for message in track:
            ticks += message.time
            place = round(ticks / file.ticks_per_beat, 2)  # some come a tick late
            if message.type == "time_signature":
                said.add((place, f"{message.numerator}/{message.denominator}"))
            elif message.type == "key_signature":
                said.add((place, message.key))
            elif message.type == "set_tempo":
                tempi.append((place, message.tempo))
        signs.append(said)
    assert signs[0] == {(0, "4/4"), (0, "Dm")}
    # The second track is that of chord symbols, in which no time passes.
    assert all(signs[track] == {(16, "3/4"), (16, "F"), (28, "6/8"), (28, "E")} for track in (1, 3, 4, 5))
    assert [place for place, _ in tempi] == [0, 16, 19, 22, 25, 28, 34, 37]
    seconds, last = 0.0, (0.0, 0.0)
    for place, tempo in tempi:
        seconds += (place - last[0]) * last[1] / 1e6
        last = (place, tempo)
        assert seconds == pytest.approx(MOVING.tempo_map.seconds_at(place), abs=0.005)


@needs_abcm2ps
def test_abcm2ps_has_nothing_to_say(tmp_path: Path) -> None:
    source = tmp_path / "score.abc"
    source.write_text(TEXT, encoding="utf-8")
    done = subprocess.run(["abcm2ps", str(source), "-O", str(tmp_path / "score.ps")], capture_output=True, text=True, check=True)
    said = (done.stdout + done.stderr).splitlines()
    assert [
        line for line in said if ("warning" in line.lower() or "error" in line.lower()) and "Line " not in line
    ] == []  # how full its lines are is its own affair


def test_music21_finds_metres_and_keys_where_they_change() -> None:
    import music21

    pages = music21.converter.parseData(TEXT, format="abc")
    assert isinstance(pages, music21.stream.Score)
    for part in pages.parts:
        meters = [(one.getOffsetInHierarchy(part), one.ratioString) for one in part.recurse().getElementsByClass("TimeSignature")]
        assert meters == [(0, "4/4"), (16, "3/4"), (28, "6/8")]
        keys = [(one.getOffsetInHierarchy(part), one.sharps) for one in part.recurse().getElementsByClass(music21.key.Key)]
        assert keys == [(0, -1), (16, -1), (28, 4)]


def tonal_text(score: Score) -> str:
    """The score without its drums, whose pitches on the page are no pitches."""
    return write_abc(replace(score, parts=tuple(part for part in score.parts if not part.instrument.kit)))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(random_moving_scores())
def test_what_we_write_is_read_exactly(score: Score) -> None:
    text = tonal_text(score)
    tune = read_abc(text)
    assert (tune.meter, tune.key) == (score.meter.name, score.key)
    wanted = [
        sorted((note.onset_quarters, note.duration_quarters, note.pitch) for note in part.notes)
        for part in score.parts
        if part.notes and not part.instrument.kit
    ]
    assert sounded(text) == wanted
    for number, voice in enumerate(tune.voices):
        assert len(voice.bars) == score.bars
        bpm, seconds = tune.tempo_bpm, 0.0
        for bar, read in enumerate(voice.bars):
            assert read.faults == ()
            assert read.length_quarters == score.meter_map.bar_quarters(bar)
            assert (read.meter, read.key) == (
                score.meter_map.meter_at(bar).name,
                score.key_map.key_at(score.meter_map.bar_onset(bar)),
            )
            assert all(place == 0 for place, _ in read.tempi)
            assert number == 0 or not read.tempi
            if number == 0:
                assert bpm is not None
                assert seconds == pytest.approx(score.tempo_map.seconds_at(score.meter_map.bar_onset(bar)), rel=1e-3, abs=1e-6)
                bpm = read.tempi[-1][1] if read.tempi else bpm
                seconds += seconds_of(read.length_quarters, bpm)


@needs_abc2midi
@settings(max_examples=25, deadline=None, derandomize=True)
@given(random_moving_scores())
def test_abc2midi_plays_every_random_note(score: Score) -> None:
    if any(part.notes for part in score.parts):
        found, _ = played(write_abc(score))
        assert_same(found, written(score), lengths=not any(part.instrument.kit for part in score.parts))


def test_changes_are_read_where_people_write_them() -> None:
    text = "X:1\nM:4/4\nL:1/4\nQ:1/4=100\nK:Am\nV:1\nABcd|[M:3/4][K:D][Q:3/8=40]ABc|A[Q:90]Bc|\nK:none\nQ:foo\nABc|\nV:2\nA4|[M:3/4]A3|A3|A3|\n"
    first, second = read_abc(text).voices
    assert [bar.meter for bar in first.bars] == [bar.meter for bar in second.bars] == ["4/4", "3/4", "3/4", "3/4"]
    assert [bar.key for bar in first.bars] == [Key.parse("A minor"), Key.parse("D major"), Key.parse("D major"), None]
    assert [bar.key for bar in second.bars] == [Key.parse("A minor")] * 4
    assert [bar.tempi for bar in first.bars] == [(), ((Fraction(0), 60.0),), ((Fraction(1), 90.0),), ()]
    assert read_abc(text).tempo_bpm == 100


def test_a_key_that_changes_is_told_as_it_sounds() -> None:
    (voice,) = read_abc("M:4/4\nL:1/4\nK:D transpose=-2\nABcd|[K:A]ABcd|\n").voices
    assert [bar.key for bar in voice.bars] == [Key.parse("C major"), Key.parse("G major")]


@pytest.mark.parametrize("bpm", [71.3, 113.33333, 300, 162.345])
def test_a_broken_tempo_is_read_as_it_was_written(bpm: float) -> None:
    assert read_abc(write_abc(score_from_words("60:4", tempo_bpm=bpm))).tempo_bpm == pytest.approx(bpm, rel=1.5e-4)


def test_tempi_without_end_are_bounded() -> None:
    (voice,) = read_abc("M:4/4\nL:1/4\nK:C\n" + "[Q:90]A/64" * 500 + "|[Q:0]A4|").voices
    assert len(voice.bars[0].tempi) == 64
    assert voice.bars[1].tempi == ()

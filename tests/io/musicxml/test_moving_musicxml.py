"""Keys, metres and tempi that change on the page, as music21, verovio and MuseScore 3 read them."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import mido
import pytest
from hypothesis import given, settings

from evals.shared.independent_readers import VERY_FULL, verovio_complaints
from evals.shared.timeline_readers import music21_timeline, page_times
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.theory import Key, Meter
from img2music.theory.key_map import KeyMap, KeyPoint
from img2music.theory.meter_map import MeterMap, MeterPoint
from img2music.theory.tempo_map import TempoMap, TempoPoint
from tests.support.made_notes import make_note, make_part, score_from_words
from tests.support.moving_scores import moving_score, random_moving_scores

if TYPE_CHECKING:
    from pathlib import Path

    from img2music.score import Score

needs_musescore = pytest.mark.skipif(shutil.which("mscore3") is None, reason="needs MuseScore 3 (Debian: musescore3)")
MOVING = moving_score()


def bars(score: Score, part: int = 0) -> list[ET.Element]:
    return list(ET.fromstring(write_musicxml(score)).findall("part")[part].iter("measure"))  # noqa: S314  our own


def test_attributes_stand_where_they_change_and_nowhere_else() -> None:
    for part in range(4):
        found = [
            (number, [child.tag for child in attributes])
            for number, bar in enumerate(bars(MOVING, part), 1)
            for attributes in bar.findall("attributes")
        ]
        assert found == [(1, ["divisions", "key", "time", "clef"]), (5, ["key", "time"]), (9, ["key", "time"])]
    keys = [(one.findtext("fifths"), one.findtext("mode")) for bar in bars(MOVING) for one in bar.iter("key")]
    assert keys == [("-1", "minor"), ("-1", "major"), ("4", "major")]
    assert {one.findtext("fifths") for bar in bars(MOVING, 3) for one in bar.iter("key")} == {"0"}, "drums have no key"


def test_a_key_comes_after_a_double_bar_with_or_without_a_section() -> None:
    plain = replace(MOVING, sections=())
    for score in (MOVING, plain):
        styles = {number: bar.findtext("barline/bar-style") for number, bar in enumerate(bars(score), 1)}
        assert {number: style for number, style in styles.items() if style} == {
            4: "light-light",
            8: "light-light",
            12: "light-heavy",
        }


def test_accidentals_follow_the_key_in_force() -> None:
    score = score_from_words("66:4 66:4 65:4 65:4", key="G major")
    keys = KeyMap((KeyPoint(Fraction(0), Key.parse("G major")), KeyPoint(Fraction(8), Key.parse("C major"))))
    found = [[one.text for one in bar.iter("accidental")] for bar in bars(replace(score, key_map=keys))]
    assert found == [[], [], [], []]
    again = score_from_words("66:4 66:4 66:4 65:4", key="G major")
    found = [[one.text for one in bar.iter("accidental")] for bar in bars(replace(again, key_map=keys))]
    assert found == [[], [], ["sharp"], []]


def test_a_bar_without_notes_is_a_rest_of_its_own_length() -> None:
    rests = [
        (number, rest.findtext("duration"))
        for number, bar in enumerate(bars(replace(MOVING, parts=(make_part("A", [], plays="flute"),))), 1)
        for rest in bar.iter("note")
        if rest.find("rest[@measure]") is not None
    ]
    assert rests == [(number, str(24 * (4 if number < 5 else 3))) for number in range(1, 13)]


def test_marks_glides_and_what_is_played() -> None:
    marks, words, lines, sounds = [], [], [], []
    for number, bar in enumerate(bars(MOVING), 1):
        for direction in bar.findall("direction"):
            for metronome in direction.iter("metronome"):
                dotted = metronome.find("beat-unit-dot") is not None
                marks.append((number, metronome.findtext("beat-unit"), dotted, metronome.findtext("per-minute")))
            words += [(number, one.text) for one in direction.iter("words") if (one.text or "").strip()]
            lines += [(number, one.get("type")) for one in direction.iter("dashes")]
            sounds += [float(one.get("tempo", "0")) for one in direction.iter("sound")]
    assert marks == [
        (1, "quarter", False, "96"),
        (5, "quarter", False, "112"),
        (8, "quarter", False, "140"),
        (9, "quarter", True, "60"),
    ]
    assert words == [(6, "accel."), (11, "rit.")]
    assert lines == [(6, "start"), (7, "stop"), (11, "start"), (12, "stop")]
    steps = [step.bpm for step in MOVING.tempo_map.steps if step.onset_quarters < MOVING.duration_quarters]
    assert sounds == pytest.approx(steps, rel=1e-9)
    assert not any(list(bar.iter("sound")) for part in (1, 2, 3) for bar in bars(MOVING, part)), "above the first staff only"


def test_a_beat_that_changes_has_its_mark_and_a_broken_tempo_is_told_exactly() -> None:
    meters = MeterMap((MeterPoint(Fraction(0), Meter(4, 4)), MeterPoint(Fraction(8), Meter(6, 8))))
    text = write_musicxml(replace(score_from_words("60:4 60:4 60:3 60:3", tempo_bpm=100.4), meter_map=meters))
    root = ET.fromstring(text)  # noqa: S314  our own
    assert [one.text for one in root.iter("per-minute")] == ["100", "67"]
    assert {one.get("tempo") for one in root.iter("sound")} == {"100.4"}
    assert music21_timeline(text).tempi == ((Fraction(0), 100.4),)


def test_a_steady_score_says_its_tempo_in_words() -> None:
    """As it always did: pieces that are made again are compared byte for byte."""
    text = write_musicxml(score_from_words("60:4", tempo_bpm=112))
    assert "<metronome>" not in text
    assert '<words font-weight="bold">♩ = 112</words></direction-type><sound tempo="112"/>' in text


@settings(max_examples=20, deadline=None, derandomize=True)
@given(random_moving_scores())
def test_music21_reads_every_note_mark_and_second(score: Score) -> None:
    text = write_musicxml(score)
    found = music21_timeline(text)
    lengths = [score.meter_map.bar_quarters(bar) for bar in range(score.bars)]
    assert found.disagreements == ()
    assert all(starts == tuple(score.meter_map.bar_onset(bar) for bar in range(score.bars)) for starts in found.bars)
    assert all(list(fills) == [length for length in lengths for _ in range(2)] for fills in found.fills)
    assert all(one == lengths for one in page_times(text).bars)
    assert list(found.meters) == [(point.onset_quarters, point.meter.name) for point in score.meter_map.points]
    for part, read in zip(score.parts, found.parts, strict=True):
        wanted = sorted({(note.onset_quarters, -1 if part.instrument.kit else note.pitch) for note in part.notes})
        assert sorted({(note.onset, note.pitch) for note in read}) == wanted
        for note in read:
            assert note.seconds == pytest.approx(score.tempo_map.seconds_at(note.onset), abs=1e-3)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(random_moving_scores())
def test_verovio_has_nothing_to_say(score: Score) -> None:
    assert [line for line in verovio_complaints(write_musicxml(score)) if VERY_FULL not in line] == []


@needs_musescore
def test_musescore_plays_what_the_maps_say(tmp_path: Path) -> None:
    source, target = tmp_path / "score.musicxml", tmp_path / "score.mid"
    source.write_text(write_musicxml(MOVING), encoding="utf-8")
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)}
    subprocess.run(["mscore3", str(source), "-o", str(target)], check=True, capture_output=True, timeout=120, env=environment)
    file = mido.MidiFile(file=BytesIO(target.read_bytes()))
    tempi: list[tuple[float, float]] = []
    meters: list[tuple[float, str]] = []
    ticks = 0
    for message in file.tracks[0]:
        ticks += message.time
        if message.type == "set_tempo":
            tempi.append((ticks / file.ticks_per_beat, 60e6 / message.tempo))
        elif message.type == "time_signature":
            meters.append((ticks / file.ticks_per_beat, f"{message.numerator}/{message.denominator}"))
    steps = [(float(step.onset_quarters), step.bpm) for step in MOVING.tempo_map.steps if step.onset_quarters < 40]
    assert [place for place, _ in tempi] == [place for place, _ in steps]
    assert [bpm for _, bpm in tempi] == pytest.approx([bpm for _, bpm in steps], rel=1e-4)
    assert meters == [(0, "4/4"), (16, "3/4"), (28, "6/8")]


def test_a_glide_from_the_first_note_to_the_last() -> None:
    key = Key.parse("C major")
    part = make_part("A", [make_note(place, 4, 60 + place, key) for place in (0, 4)], plays="flute")
    tempi = TempoMap((TempoPoint(Fraction(0), 60.0, 120.0), TempoPoint(Fraction(8), 120.0)))
    text = write_musicxml(replace(score_from_words("60:4 60:4"), parts=(part,), tempo_map=tempi))
    assert verovio_complaints(text) == []
    (only,) = (one for one in music21_timeline(text).parts if one)
    assert only[1].seconds == pytest.approx(tempi.seconds_at(4), abs=1e-3)
    assert text.count("<metronome>") == 1

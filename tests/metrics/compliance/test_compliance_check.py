from __future__ import annotations

import io
import re
from dataclasses import replace
from functools import cache

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.audio import Audio
from img2music.brief import Brief
from img2music.io.midi.export_midi import write_midi
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.measurement import ComplianceRow
from img2music.metrics.compliance.compliance_check import check_compliance
from img2music.performers.strict import StrictPerformer
from img2music.plan import CompositionPlan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from tests.support.made_scenes import make_scene

BRIEF = Brief.of(seconds=12, tempo_bpm=120, key="D minor", meter="3/4", instruments=("violin", "cello"), seed=3)


@cache
def written(brief: Brief = BRIEF) -> tuple[CompositionPlan, bytes, str]:
    plan = RulesPlanner()(make_scene(), brief)
    score = Composer()(plan)
    return plan, write_midi(StrictPerformer()(score, plan)), write_musicxml(score)


def files_of(plan: CompositionPlan) -> tuple[bytes, str]:
    score = Composer()(plan)
    return write_midi(StrictPerformer()(score, plan)), write_musicxml(score)


def sound(seconds: float, *, heard: float | None = None) -> Audio:
    """A steady sound, with silence behind `heard` seconds."""
    samples = np.full((2, round(seconds * 1000)), 0.1, np.float32)
    samples[:, round(1000 * (seconds if heard is None else heard)) :] = 0
    return Audio(samples, 1000)


def row(promise: str, rows: tuple[ComplianceRow, ...]) -> ComplianceRow:
    return next(row for row in rows if row.promise == promise)


def retold(content: bytes, kind: str, **changes: object) -> bytes:
    """The MIDI file with every meta message of a kind changed."""
    file = mido.MidiFile(file=io.BytesIO(content))
    for track in file.tracks:
        track[:] = [message.copy(**changes) if message.type == kind else message for message in track]
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def test_a_sound_piece_keeps_every_promise() -> None:
    plan, midi, musicxml = written()
    rows = check_compliance(plan, BRIEF, midi=midi, musicxml=musicxml, audio=sound(12))
    assert [one.promise for one in rows] == ["tempo", "metre", "key", "length", "instruments", "bars"]
    assert [one for one in rows if not one.passed] == []
    assert row("key", rows).asked == "D minor (1 flat)"
    assert row("key", rows).found == "1 flat, minor third; the notes rest on D, minor third, 100 % in D minor"
    found = row("key", rows).tonality
    assert found is not None
    assert (found.tonic, found.rests_on, found.scale) == (True, "D", 1.0)
    assert [section.name for section in found.sections] == [section.name for section in plan.sections]
    assert row("length", rows).read_from == ("MIDI", "audio")
    assert set(row("instruments", rows).found.split(", ")) == {"violin", "cello"}
    assert row("bars", rows).found == f"{plan.bars}, all full"


@pytest.mark.parametrize(
    ("promise", "kind", "changes", "found"),
    [
        ("tempo", "set_tempo", {"tempo": 600_000}, "100 bpm in MIDI, 120 bpm in MusicXML"),
        ("metre", "time_signature", {"numerator": 4}, "4/4 in MIDI, 3/4 in MusicXML"),
        (
            "key",
            "key_signature",
            {"key": "F"},
            "1 flat, major third in MIDI, 1 flat, minor third in MusicXML; the notes rest on D, minor third, 100 % in D minor",
        ),
        ("length", "set_tempo", {"tempo": 250_000}, "6.00 s"),
        ("instruments", "program_change", {"program": 73}, "flute in MIDI, violin, cello in MusicXML"),
    ],
)
def test_a_midi_file_that_says_otherwise_is_found(promise: str, kind: str, changes: dict[str, object], found: str) -> None:
    plan, midi, musicxml = written()
    bad = row(promise, check_compliance(plan, BRIEF, midi=retold(midi, kind, **changes), musicxml=musicxml))
    assert (bad.passed, bad.found) == (False, found)


@pytest.mark.parametrize(
    ("promise", "pattern", "replacement", "found"),
    [
        ("tempo", r'sound tempo="120"', 'sound tempo="99"', "120 bpm in MIDI, 99 bpm in MusicXML"),
        ("metre", r"<beats>3<", "<beats>2<", "3/4 in MIDI, 2/4 in MusicXML"),
        ("metre", r"<duration>72<", "<duration>71<", "3/4 in MIDI, 3/4, but not in every bar in MusicXML"),
        (
            "key",
            r"<fifths>-1<",
            "<fifths>1<",
            "1 flat, minor third in MIDI, 1 sharp, minor third in MusicXML; the notes rest on D",
        ),
        ("instruments", r"<midi-program>41<", "<midi-program>74<", "violin, cello in MIDI, cello, flute in MusicXML"),
        ("bars", r"<duration>\d+<", "<duration>1<", "not all full"),
        ("bars", r"<measure number=\"1\".*?</measure>", "", "not all full|different number"),
    ],
)
def test_a_score_that_says_otherwise_is_found(promise: str, pattern: str, replacement: str, found: str) -> None:
    plan, midi, musicxml = written()
    changed = re.sub(pattern, replacement, musicxml, count=0 if promise != "bars" else 1, flags=re.DOTALL)
    assert changed != musicxml
    bad = row(promise, check_compliance(plan, BRIEF, midi=midi, musicxml=changed))
    assert not bad.passed
    assert re.search(found, bad.found)


def test_a_sound_of_the_wrong_length_is_found() -> None:
    plan, midi, musicxml = written()
    bad = row("length", check_compliance(plan, BRIEF, midi=midi, musicxml=musicxml, audio=sound(11.5)))
    assert (bad.passed, bad.found) == (False, "12.00 s in MIDI, 11.50 s in audio")


def test_a_plan_answers_where_the_brief_is_silent() -> None:
    plan, midi, musicxml = written()
    rows = check_compliance(plan, Brief.of(seconds=12), midi=midi, musicxml=musicxml)
    assert {one.promise: one.by for one in rows} == {
        "tempo": "plan", "metre": "plan", "key": "plan", "length": "brief", "instruments": "plan", "bars": "plan"
    }  # fmt: skip
    assert all(one.passed for one in rows)
    other = check_compliance(plan.model_copy(update={"key": "A major"}), Brief.of(seconds=12), midi=midi, musicxml=musicxml)
    assert not row("key", other).passed


def test_two_tempos_are_none() -> None:
    plan, midi, musicxml = written()
    file = mido.MidiFile(file=io.BytesIO(midi))
    file.tracks[0].insert(1, mido.MetaMessage("set_tempo", tempo=400_000, time=0))
    stream = io.BytesIO()
    file.save(file=stream)
    bad = row("tempo", check_compliance(plan, BRIEF, midi=stream.getvalue(), musicxml=musicxml))
    assert (bad.passed, bad.found) == (False, "none, or more than one in MIDI, 120 bpm in MusicXML")


def test_a_tempo_that_comes_late_is_none() -> None:
    plan, midi, musicxml = written()
    file = mido.MidiFile(file=io.BytesIO(midi))
    tempo = next(message for message in file.tracks[0] if message.type == "set_tempo")
    file.tracks[0].remove(tempo)
    file.tracks[0].insert(-1, tempo.copy(time=960))
    stream = io.BytesIO()
    file.save(file=stream)
    assert row("tempo", check_compliance(plan, BRIEF, midi=stream.getvalue(), musicxml=musicxml)).passed is False


def test_drums_alone_have_no_key() -> None:
    brief = Brief.of(seconds=8, instruments=("drums",), key="E minor")
    plan, midi, musicxml = written(brief)
    key = row("key", check_compliance(plan, brief, midi=midi, musicxml=musicxml))
    assert (key.passed, key.read_from, key.tonality) == (None, ("MIDI",), None)
    assert key.found == "1 sharp, minor third; no pitch sounds, so the key is not measured"


def without_notes(content: bytes, program: int) -> bytes:
    """The MIDI file with every note of a program's track struck at velocity 0, which is silence."""
    file = mido.MidiFile(file=io.BytesIO(content))
    for track in file.tracks:
        if any(message.type == "program_change" and message.program == program for message in track):
            track[:] = [message.copy(velocity=0) if message.type == "note_on" else message for message in track]
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def test_a_program_without_notes_is_no_instrument() -> None:
    plan, midi, musicxml = written()
    bad = row("instruments", check_compliance(plan, BRIEF, midi=without_notes(midi, 42), musicxml=musicxml))
    assert (bad.passed, bad.found) == (False, "violin in MIDI, violin, cello in MusicXML")


def test_two_kits_on_one_channel_are_one() -> None:
    brief = Brief.of(seconds=8, instruments=("flute", "drums", "brush drums"))
    plan, midi, musicxml = written(brief)
    bad = row("instruments", check_compliance(plan, brief, midi=midi, musicxml=musicxml))
    assert (bad.passed, bad.found) == (False, "brush drums, flute in MIDI, drums, brush drums, flute in MusicXML")


def test_silence_is_no_length() -> None:
    plan, midi, musicxml = written()
    bad = row("length", check_compliance(plan, BRIEF, midi=midi, musicxml=musicxml, audio=sound(12, heard=4)))
    assert (bad.passed, bad.found) == (False, "12.00 s in MIDI, 12.00 s, in silence from 4.00 s in audio")
    bad = row("length", check_compliance(plan, BRIEF, midi=midi, musicxml=musicxml, audio=sound(12, heard=0)))
    assert (bad.passed, bad.found) == (False, "12.00 s in MIDI, 12.00 s, in silence in audio")
    mute = without_notes(without_notes(midi, 42), 40)
    assert row("length", check_compliance(plan, BRIEF, midi=mute, musicxml=musicxml)).found == "12.00 s, in silence"


def test_a_loop_has_marks_at_its_ends() -> None:
    brief = Brief.of(seconds=8, loop=True, tempo_bpm=120, meter="4/4", key="D major")
    plan = RulesPlanner()(make_scene(), brief)
    score = Composer()(plan)
    performance = StrictPerformer()(score, plan)
    musicxml = write_musicxml(score)
    rows = check_compliance(plan, brief, midi=write_midi(performance), musicxml=musicxml)
    assert [one for one in rows if not one.passed] == []
    assert row("loop", rows).found == "marks from 0 to 16 of 16 quarter notes"
    bare = check_compliance(plan, brief, midi=write_midi(replace(performance, loop=False)), musicxml=musicxml)
    assert (row("loop", bare).passed, row("loop", bare).found) == (False, "no marks of a loop")


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    seconds=st.floats(1, 40).map(lambda seconds: round(seconds, 2)),
    tempo=st.floats(20, 300).map(lambda tempo: round(tempo, 1)),
    key=st.sampled_from(["C major", "F# dorian", "Bb minor", "Eb lydian", "A phrygian"]),
    meter=st.sampled_from(["2/4", "3/4", "4/4", "5/4", "6/8", "7/8", "12/8"]),
    instruments=st.lists(st.sampled_from(["flute", "piano", "cello", "drums", "harp"]), unique=True, max_size=3),
)
def test_whatever_is_asked_is_found(seconds: float, tempo: float, key: str, meter: str, instruments: list[str]) -> None:
    brief = Brief.of(seconds=seconds, tempo_bpm=tempo, key=key, meter=meter, instruments=tuple(instruments))
    plan, midi, musicxml = written(brief)
    rows = check_compliance(plan, brief, midi=midi, musicxml=musicxml)
    assert [one for one in rows if not one.passed and one.passed is not None] == []
    assert (row("key", rows).passed is None) == (set(instruments) == {"drums"})


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("with cello, no drums", "with cello; without drums"), ("without piano", "without piano"), ("flute and harp", "with flute, harp"),
        ("ohne Schlagzeug, mit Oboe", "with oboe; without drums"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("genre", ["lo-fi", "rock", "jazz-ballad"])
def test_what_words_say_of_players_is_read_from_the_files(words: str, asked: str, genre: str) -> None:
    brief = Brief.of(words=words, seconds=12)
    plan = RulesPlanner()(make_scene(genre=genre), brief)
    midi, musicxml = files_of(plan)
    said = row("words", check_compliance(plan, brief, midi=midi, musicxml=musicxml))
    assert (said.asked, said.found, said.passed) == (asked, "as said", True)
    other = RulesPlanner()(make_scene(genre=genre), Brief.of(seconds=12, instruments=("piano", "drums")))
    midi, musicxml = files_of(other)
    assert row("words", check_compliance(other, brief, midi=midi, musicxml=musicxml)).passed is False


def test_without_words_about_players_there_is_no_such_row() -> None:
    brief = Brief.of(words="calm", seconds=12)
    plan = RulesPlanner()(make_scene(), brief)
    midi, musicxml = files_of(plan)
    assert all(one.promise != "words" for one in check_compliance(plan, brief, midi=midi, musicxml=musicxml))

"""Compliance of plans that move, section by section, and of hits: found in the files, and missed where the files say otherwise."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import mido
import pytest

from img2music.brief import Brief
from img2music.io.midi.export_midi import write_midi
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.metrics.compliance.compliance_check import check_compliance
from img2music.metrics.compliance.file_notes import Mark, values_between
from img2music.metrics.compliance.midi_contents import MidiContents
from img2music.metrics.compliance.musicxml_contents import MusicXmlContents
from img2music.performers.expressive import ExpressivePerformer
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.section import Hit, TempoChange
from img2music.theory import Key
from img2music.theory.key_map import KeyMap
from img2music.words.exact_wishes import settle_words
from tests.support.made_scenes import make_scene
from tests.support.moving_plans import moving_plan, with_hits

if TYPE_CHECKING:
    from img2music.measurement import ComplianceRow
    from img2music.performance import PlayedNote
    from img2music.plan import CompositionPlan


_BAR_10 = '<measure number="10">'
_LONGER = f"{_BAR_10}<forward><duration>1</duration></forward>"


@cache
def plan_and_files() -> tuple[CompositionPlan, bytes, str]:
    plan = moving_plan(style="chamber-strings")
    score = Composer()(plan)
    return plan, write_midi(ExpressivePerformer()(score, plan)), write_musicxml(score)


def rows_of(plan: CompositionPlan, midi: bytes, musicxml: str, **brief: Any) -> dict[str, ComplianceRow]:
    brief = {"seconds": plan.seconds, **brief}
    return {row.promise: row for row in check_compliance(plan, Brief.of(**brief), midi=midi, musicxml=musicxml)}


def test_every_section_is_reported_and_kept() -> None:
    plan, midi, musicxml = plan_and_files()
    rows = rows_of(plan, midi, musicxml)
    assert list(rows) == ["tempo", "metre", "key", "length", "instruments", "bars"]
    assert {promise: row.passed for promise, row in rows.items()} == dict.fromkeys(rows, True)
    assert rows["tempo"].asked == rows["tempo"].found == "A1: 72 bpm; A2: 72, rising to 96 bpm; B: 96 bpm; A3-outro: 72 bpm"
    assert rows["metre"].asked == rows["metre"].found == "A1-A2: 4/4; B: 3/4; A3-outro: 4/4"
    assert rows["key"].asked == "A1-A2: D minor (1 flat); B: F major (1 flat); A3-outro: D minor (1 flat)"
    assert re.fullmatch(
        r"A1-A2: 1 flat, minor third; the notes (?:rest|centre) on D, .*minor third, \d+ % in D minor; "
        r"B: 1 flat, major third; the notes (?:rest|centre) on F, .*major third, \d+ % in F major; A3-outro: .* rest on D.* in D minor",
        rows["key"].found,
    )
    tonality = rows["key"].tonality
    assert tonality is not None
    assert [section.name for section in tonality.sections] == ["A1", "A2", "B", "A3", "outro"]
    assert rows["length"].found == f"{plan.seconds:.2f} s"


def meta_moved(content: bytes, kind: str, ticks: int) -> bytes:
    """The MIDI file with every later meta message of a kind moved by some ticks."""
    file = mido.MidiFile(file=io.BytesIO(content))
    for track in file.tracks:
        events, now = [], 0
        for message in track:
            now += message.time
            events.append([now + (ticks if message.type == kind and now else 0), message])
        events.sort(key=lambda event: event[0])
        before = 0
        for event in events:
            event[1] = event[1].copy(time=event[0] - before)
            before = event[0]
        track[:] = [message for _, message in events]
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def test_marks_at_other_places_are_found() -> None:
    plan, midi, musicxml = plan_and_files()
    late = rows_of(plan, meta_moved(midi, "set_tempo", 480), musicxml)["tempo"]
    assert not late.passed
    assert late.found.startswith("A1: 72 bpm; A2: 72, to 9")
    assert "in MIDI, 72, rising to 96 bpm in MusicXML; B: 96 bpm; A3: 96, to 72 bpm in MIDI, 72 bpm in MusicXML" in late.found
    assert not rows_of(plan, meta_moved(midi, "time_signature", 1920), musicxml)["metre"].passed
    assert not rows_of(plan, meta_moved(midi, "key_signature", 1920), musicxml)["key"].passed


@pytest.mark.parametrize(
    ("promise", "pattern", "replacement", "found"),
    [
        ("tempo", r'<sound tempo="96"/>', '<sound tempo="90"/>', "B: 96 bpm in MIDI, 90 bpm in MusicXML"),
        ("tempo", r'<sound tempo="84[0-9.]*"/>', '<sound tempo="72"/>', "A2: 72, rising to 96 bpm in MIDI, 72.*to .* in MusicXML"),
        ("metre", r"<beats>3<", "<beats>2<", "B: 3/4 in MIDI, 2/4 in MusicXML"),
        ("metre", _BAR_10, _LONGER, "B: 3/4 in MIDI, 3/4, but not in every bar"),
        ("bars", _BAR_10, _LONGER, "not all full"),
        ("key", r"<mode>major<", "<mode>minor<", "B: 1 flat, major third in MIDI, 1 flat, minor third in MusicXML"),
    ],
)  # fmt: skip
def test_a_page_that_says_otherwise_is_found(promise: str, pattern: str, replacement: str, found: str) -> None:
    plan, midi, musicxml = plan_and_files()
    changed = re.sub(pattern, replacement, musicxml)
    assert changed != musicxml
    row = rows_of(plan, midi, changed)[promise]
    assert not row.passed
    assert re.search(found, row.found)


def test_one_wish_is_for_the_whole_piece() -> None:
    plan, midi, musicxml = plan_and_files()
    rows = rows_of(plan, midi, musicxml, key="D minor", tempo_bpm=72, meter="4/4")
    for promise, asked in (("key", "D minor (1 flat)"), ("tempo", "72 bpm"), ("metre", "4/4")):
        assert (rows[promise].asked, rows[promise].by, rows[promise].passed) == (asked, "brief", False)
    assert rows["metre"].found == "A1-A2: 4/4; B: 3/4; A3-outro: 4/4"
    assert rows["tempo"].found == "A1: 72 bpm; A2: 72, to 96 bpm; B: 96 bpm; A3-outro: 72 bpm"


def test_several_wishes_are_the_course() -> None:
    plan = moving_plan(
        {
            "B": {"key": "F major", "harmony": ("I", "V6 I", "IV V7", "I")},
            "A3": {"tempo_changes": (TempoChange(bar=2, bpm=90, over_bars=1),)},
            "outro": {"tempo_bpm": 90.0},
        }
    )
    score = Composer()(plan)
    midi, musicxml = write_midi(ExpressivePerformer()(score, plan)), write_musicxml(score)
    rows = rows_of(plan, midi, musicxml, key="D minor, F major, D minor", tempo_bpm="72-90")
    assert [(rows[promise].by, rows[promise].passed) for promise in ("key", "tempo")] == [("brief", True)] * 2
    rows = rows_of(plan, midi, musicxml, key="D minor, F major", tempo_bpm="72-100")
    assert [(rows[promise].asked, rows[promise].passed) for promise in ("key", "tempo")] == [
        ("D minor then F major", False), ("72 to 100 bpm", False)
    ]  # fmt: skip
    steady = moving_plan({})
    score = Composer()(steady)
    midi, musicxml = write_midi(ExpressivePerformer()(score, steady)), write_musicxml(score)
    rows = rows_of(steady, midi, musicxml, key="D minor, F major", tempo_bpm="72-100")
    assert [(rows[promise].asked, rows[promise].passed) for promise in ("key", "tempo")] == [
        ("D minor then F major", False), ("72 to 100 bpm", False)
    ]  # fmt: skip


@pytest.mark.parametrize("label", ["C minor", "Bb major", "F# minor", "F minor", "Eb major"])
def test_a_section_whose_notes_are_in_another_key_is_found_out(label: str) -> None:
    """Written in F major and labelled otherwise, everywhere where a label can stand."""
    plan, _, _ = plan_and_files()
    score = Composer()(plan)
    keys = KeyMap.of_stretches(
        [(point.onset_quarters, Key.parse(label) if point.key.name == "F major" else point.key) for point in score.key_map.points]
    )
    labelled = plan.model_copy(
        update={
            "sections": tuple(
                section.model_copy(update={"key": label} if section.name == "B" else {}) for section in plan.sections
            )
        }
    )
    renamed = replace(score, key_map=keys)
    midi = write_midi(ExpressivePerformer()(renamed, plan))
    row = rows_of(labelled, midi, write_musicxml(renamed))["key"]
    assert not row.passed
    assert f"labelled {label}" in row.found


def test_few_bars_may_borrow_what_a_mode_has_of_its_own() -> None:
    """Four bars of mixolydian with a major dominant; eight of them would have to show their seventh."""
    section = {"key": "F mixolydian", "harmony": ("I", "vi ii", "V7", "I")}
    kept = {}
    for bars, course in ((4, {"B": section}), (8, {"A2": section, "B": section})):
        plan = moving_plan(course, style="chamber-strings")
        score = Composer()(plan)
        kept[bars] = rows_of(plan, write_midi(ExpressivePerformer()(score, plan)), write_musicxml(score))["key"]
    assert kept[4].passed
    assert not kept[8].passed
    assert "labelled F mixolydian; the notes are F major: E in" in kept[8].found


def test_length_and_last_bar_go_by_the_tempo_map() -> None:
    plan = moving_plan({"A1": {"tempo_bpm": 144.0}, "B": {"tempo_bpm": 50.0}})
    score = Composer()(plan)
    performance = ExpressivePerformer()(score, plan)
    musicxml = write_musicxml(score)
    assert rows_of(plan, write_midi(performance), musicxml)["length"].passed
    end = plan.tempo_map.seconds_at(plan.meter_map.bar_onset(plan.bars - 1)) - 0.5
    parts = tuple(
        replace(
            part, notes=tuple(note for note in part.notes if performance.seconds_at(note.onset_ticks + note.duration_ticks) < end)
        )
        for part in performance.parts
    )
    row = rows_of(plan, write_midi(replace(performance, parts=parts)), musicxml)["length"]
    assert not row.passed
    assert "in silence from" in row.found


def test_a_loop_that_moves_is_as_long_as_its_bars() -> None:
    plan = moving_plan({"B": {"meter": "3/4", "tempo_bpm": 90.0}}, loop=True, seconds=40)
    score = Composer()(plan)
    rows = rows_of(plan, write_midi(ExpressivePerformer()(score, plan)), write_musicxml(score), loop=True)
    assert {promise: row.passed for promise, row in rows.items()} == dict.fromkeys(rows, True)


def replayed(plan: CompositionPlan, change: Any) -> ComplianceRow:
    """The row of hits where every played note is changed by `change(seconds, note)`; None drops it."""
    score = Composer()(plan)
    performance = ExpressivePerformer()(score, plan)

    def changed(note: PlayedNote) -> PlayedNote | None:
        found: PlayedNote | None = change(performance.seconds_at(note.onset_ticks), note)
        return found

    parts = tuple(
        replace(part, notes=tuple(sorted(one for note in part.notes if (one := changed(note)) is not None)))
        for part in performance.parts
    )
    return rows_of(plan, write_midi(replace(performance, parts=parts)), write_musicxml(score))["hits"]


@pytest.mark.parametrize("style", ["solo-piano", "rock", "chamber-strings", "ambient", "swing"])
def test_hits_are_found(style: str) -> None:
    plan = with_hits(moving_plan(style=style))
    row = replayed(plan, lambda _, note: note)
    assert (row.asked, row.found, row.passed, row.by) == ("2 accents, 1 entry, 1 stop", "4 of 4", True, "plan")


def test_hits_that_are_missing_are_named() -> None:
    plan = with_hits(
        moving_plan(style="rock"),
        Hit(bar=5, place=2.5),
        Hit(bar=9, action="entry"),
        Hit(bar=11, place=1, action="stop"),
        Hit(bar=14),
    )
    at = {hit.bar: plan.tempo_map.seconds_at(plan.meter_map.onset(hit.bar - 1, hit.place_quarters)) for hit in plan.hits}
    even = replayed(plan, lambda _, note: replace(note, velocity=80))
    assert (even.passed, even.found) == (False, "2 of 4; not the accent in bar 5 at 2.5, the accent in bar 14")
    late = replayed(
        plan, lambda time, note: replace(note, onset_ticks=note.onset_ticks + 120) if abs(time - at[5]) < 0.03 else note
    )
    assert late.found == "3 of 4; not the accent in bar 5 at 2.5"
    ringing = replayed(
        plan, lambda time, note: replace(note, duration_ticks=note.duration_ticks + 480) if at[11] - 0.8 < time < at[11] else note
    )
    assert ringing.found == "3 of 4; not the stop in bar 11 at 1"
    early = replayed(plan, lambda time, note: None if abs(time - at[9]) < 0.06 else note)
    assert early.found == "3 of 4; not the entry in bar 9"


def test_a_piece_without_hits_has_no_such_row() -> None:
    plan, midi, musicxml = plan_and_files()
    assert "hits" not in rows_of(plan, midi, musicxml)


def test_what_holds_between_two_places() -> None:
    marks = (Mark(0.0, "a"), Mark(4.0, "b"), Mark(4.0, "c"), Mark(8.0, "c"), Mark(10.0, "d"))
    assert values_between(marks, 0, 4) == ["a"]
    assert values_between(marks, 4, 8) == ["b", "c"], "two that stand at one place"
    assert values_between(marks, 8, 12) == ["c", "d"]
    assert values_between(marks, 9, 9) == ["c"]
    assert values_between(marks[1:], 0, 3) == []


def test_readers_take_seconds_and_bars_from_the_file() -> None:
    plan, midi, musicxml = plan_and_files()
    played, written = MidiContents.read(midi), MusicXmlContents.read(musicxml)
    for bar in range(plan.bars):
        onset = plan.meter_map.bar_onset(bar)
        assert played.seconds_at(float(onset)) == pytest.approx(plan.tempo_map.seconds_at(onset), abs=0.001)
    assert played.seconds == pytest.approx(plan.seconds, abs=0.002)
    assert written.meter_map == plan.meter_map
    assert (played.tempo_bpm, written.tempo_bpm, played.meter, written.meter, played.key) == (None,) * 5
    assert (written.bars, written.full, written.unfilled) == (plan.bars, True, frozenset())


def test_tempi_on_thirds_of_a_quarter_note_are_found() -> None:
    changes = tuple(TempoChange(bar=1, place=index / 24, bpm=80 + index % 2) for index in range(64))
    plan = moving_plan({"A2": {"tempo_changes": changes}})
    score = Composer()(plan)
    rows = rows_of(plan, write_midi(ExpressivePerformer()(score, plan)), write_musicxml(score))
    assert rows["tempo"].passed, rows["tempo"].found
    assert rows["tempo"].asked == "A1: 72 bpm; A2: 80, 81, 80, 81, 80, 81, 80, 81 bpm and 56 more; B-outro: 72 bpm"


def test_a_glide_in_several_pieces_is_told_as_one() -> None:
    glide = (TempoChange(bar=1, bpm=80, over_bars=1), TempoChange(bar=2, bpm=84, over_bars=1.5))
    plan = moving_plan({"A2": {"tempo_changes": (*glide, TempoChange(bar=4, bpm=76, over_bars=1))}})
    score = Composer()(plan)
    rows = rows_of(plan, write_midi(ExpressivePerformer()(score, plan)), write_musicxml(score))
    assert rows["tempo"].passed
    assert rows["tempo"].asked == "A1: 72 bpm; A2: 72, rising to 84, slowing to 76 bpm; B-outro: 72 bpm"


@pytest.mark.parametrize(
    ("words", "promise"), [("90 bpm, accelerando", "tempo"), ("D minor, major at the end", "key"), ("D minor, 70 bpm", "key")]
)
def test_what_words_move_away_from_is_a_wish_for_the_beginning(words: str, promise: str) -> None:
    brief = settle_words(Brief.of(seconds=30, words=words))
    plan = RulesPlanner()(make_scene(), brief)
    score = Composer()(plan)
    midi, musicxml = write_midi(ExpressivePerformer()(score, plan)), write_musicxml(score)

    def row(plan: CompositionPlan) -> ComplianceRow:
        return next(row for row in check_compliance(plan, brief, midi=midi, musicxml=musicxml) if row.promise == promise)

    assert row(plan).passed
    otherwise = row(plan.model_copy(update={"tempo_bpm": 80.0, "key": "E minor"}))
    assert not otherwise.passed or promise == "key"
    assert words.partition(",")[0] in otherwise.asked

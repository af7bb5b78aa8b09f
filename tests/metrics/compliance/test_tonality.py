"""The key of written notes: their rest, their third, their mode's own degree, their scale; and labels that say otherwise."""

from __future__ import annotations

from functools import cache

import pytest

from img2music.brief import Brief
from img2music.io.midi.export_midi import write_midi
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.measurement import ComplianceRow
from img2music.metrics.compliance.compliance_check import check_compliance
from img2music.metrics.compliance.file_notes import SoundingNote
from img2music.metrics.compliance.tonality import measure_tonality
from img2music.performers.expressive import ExpressivePerformer
from img2music.plan import CompositionPlan, Section
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.theory import MODES, Key, parse_bar
from tests.support.made_scenes import make_scene


def chords(*numerals: str, key: str) -> list[SoundingNote]:
    """A chord a quarter, from the bass upwards."""
    notes = []
    for place, numeral in enumerate(numerals):
        chord = parse_bar(numeral, Key.parse(key))[0]
        notes += [
            SoundingNote(place, 1, 60 + (pitch - chord.bass * 7) % 12 + chord.bass * 7 % 12) for pitch in chord.pitch_classes
        ]
    return notes


@cache
def planned(key: str, *, seconds: float = 40, instruments: tuple[str, ...] = ("piano",)) -> CompositionPlan:
    return RulesPlanner()(make_scene(), Brief.of(seconds=seconds, key=key, instruments=instruments, seed=5))


def key_row(plan: CompositionPlan, label: str | None = None) -> ComplianceRow:
    """The key's line for the notes of `plan`; with `label` as if that key had been asked for."""
    score = Composer()(plan)
    midi, musicxml = write_midi(ExpressivePerformer()(score, plan)), write_musicxml(score)
    rows = check_compliance(plan, Brief.of(seconds=plan.seconds, key=label), midi=midi, musicxml=musicxml)
    return next(row for row in rows if row.promise == "key")


@pytest.mark.parametrize("mode", sorted(MODES))
@pytest.mark.parametrize("tonic", ["D", "F#"])
def test_every_mode_is_found_in_its_own_notes(tonic: str, mode: str) -> None:
    row = key_row(planned(f"{tonic} {mode}"))
    assert row.passed is True, row
    assert row.found.endswith(f"% in {tonic} {mode}")
    assert row.tonality is not None
    assert row.tonality.rests_on == tonic
    assert row.tonality.third is not None
    assert row.tonality.third > 0.9
    assert (row.tonality.degree is None) == (mode in {"major", "minor"})


@pytest.mark.parametrize(
    ("key", "label", "found"),
    [
        ("D major", "A major", "the notes rest on D"),
        ("D major", "G major", "the notes rest on D"),
        ("D major", "Eb major", "the notes rest on D, and "),
        ("D major", "B minor", "the notes rest on D"),
        ("D major", "D minor", "the notes are D major: F# in "),
        ("D minor", "D major", "the notes are D minor: F in "),
        ("D minor", "D dorian", "the notes are D minor: Bb in "),
        ("D major", "D lydian", "the notes are D major: G in "),
        ("D major", "D mixolydian", "the notes are D major: C# in "),
        ("D dorian", "D phrygian", "the notes are D minor: E in "),
    ],
)
def test_a_wrong_label_is_found_out(key: str, label: str, found: str) -> None:
    row = key_row(planned(key), label)
    assert row.passed is False
    assert row.tonality is not None
    assert not row.tonality.kept
    assert found in row.found


@pytest.mark.parametrize(("key", "label", "third"), [("D major", "E minor", "G#"), ("D minor", "E major", "G")])
def test_numerals_left_behind_by_an_edited_key_are_heard(key: str, label: str, third: str) -> None:
    edited = planned(key).model_copy(update={"key": label})
    row = key_row(edited)
    other = "major" if label.endswith("minor") else "minor"
    assert row.passed is False
    assert row.found.startswith(f"labelled {label}; the notes are E {other}: {third} in ")
    assert f" of {edited.bars} bars, from bar 1" in row.found


def test_sections_in_another_mode_are_named_and_more_than_a_third_is_too_much() -> None:
    plan = planned("E minor")
    themes = [number for number, section in enumerate(plan.sections) if section.bars >= 3][:2]
    sections = [*plan.sections]
    for count, place in enumerate(themes, 1):
        section: Section = sections[place]
        bars = tuple(("I", "II", "IV", "I6")[number % 4] for number in range(section.bars))
        sections[place] = section.model_copy(update={"harmony": bars, "energy": 0.9})
        row = key_row(plan.model_copy(update={"sections": tuple(sections)}))
        first = 1 + sum(one.bars for one in plan.sections[:place])
        assert row.tonality is not None
        assert [part.departs for part in row.tonality.sections].count(True) == count
        assert row.passed is (row.tonality.departing <= 1 / 3)
        assert f"of section {section.name} are E major: G# in " in row.found
        assert f"from bar {first}" in row.found
    assert row.passed is False


def test_an_open_fifth_has_a_tonic_and_no_third() -> None:
    drone = [SoundingNote(0, 16, 50), SoundingNote(0, 16, 57)]
    found = measure_tonality(drone, Key.parse("D minor"))
    assert found is not None
    assert (found.tonic, found.third, found.scale, found.kept) == (True, None, 1.0, True)
    other = measure_tonality(drone, Key.parse("A minor"))
    assert other is not None
    assert (other.tonic, other.rests_on, other.kept) == (False, "D", False)


def test_nothing_is_measured_without_notes() -> None:
    assert measure_tonality([], Key.parse("C major")) is None


def test_melodic_minor_lies_in_minor() -> None:
    scale = [57, 59, 60, 62, 64, 66, 68, 69]
    found = measure_tonality([SoundingNote(place, 1, pitch) for place, pitch in enumerate(scale)], Key.parse("A minor"))
    assert found is not None
    assert (found.scale, found.kept) == (1.0, True)


def test_a_picardy_third_and_borrowed_chords_keep_their_key() -> None:
    minor = measure_tonality(chords("i", "iv", "i", "VI", "iv", "V7", "i", "iv", "V", "I", key="E minor"), Key.parse("E minor"))
    major = measure_tonality(chords("I", "vi", "IV", "iv", "I", "V7/V", "V7", "I", key="E major"), Key.parse("E major"))
    assert minor is not None
    assert major is not None
    assert minor.kept
    assert major.kept


def test_a_half_close_does_not_take_the_key_away() -> None:
    """Ending on the dominant, the whole still centres on its tonic; and says so."""
    found = measure_tonality(chords("I", "IV", "I", "V7", "I", "IV", "I", "V", key="D major"), Key.parse("D major"))
    assert found is not None
    assert (found.tonic, found.rests_on, found.kept) == (True, "A", True)


def test_a_loop_rests_where_it_begins() -> None:
    notes = chords("I", "IV", "ii", "V", key="D major")
    found = measure_tonality(notes, Key.parse("D major"), loop=True)
    assert found is not None
    assert (found.tonic, found.rests_on) == (True, "D")

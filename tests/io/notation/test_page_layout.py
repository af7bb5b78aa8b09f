from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from img2music.io.notation.clefs import clef_of
from img2music.io.notation.page_layout import NotatedEvent, chords_by_bar, layout_score
from img2music.theory import Key, Meter, instrument_names
from img2music.theory.meter_map import MeterMap, MeterPoint
from tests.support.made_notes import (
    HAT,
    KICK,
    band_score,
    drum_note,
    make_note,
    make_part,
    make_score,
    random_scores,
    score_from_words,
)
from tests.support.moving_scores import moving_score, random_moving_scores

if TYPE_CHECKING:
    from img2music.score import Note, Score

C = Key.parse("C major")


def values(text: str, meter: str, bar: int = 0) -> str:
    """The first part's printed values of a bar: rests as r, ties as ~, triplets with a t."""
    return " ".join(shown(event) for event in layout_score(score_from_words(text, meter=meter))[0].bars[bar])


def shown(event: NotatedEvent) -> str:
    return f"{'' if event.notes else 'r'}{event.value_quarters}{'t' if event.tuplet else ''}{'~' if event.tie_to else ''}"


@pytest.mark.parametrize(
    ("meter", "text", "written"),
    [
        ("4/4", "60:4", "4"),
        ("4/4", "60:1/2 60:3 60:1/2", "1/2 3/2~ 3/2 1/2"),
        ("4/4", "60:1 60:2 60:1", "1 2 1"),
        ("4/4", "60:3/2 60:1 60:3/2", "3/2 1/2~ 1/2 3/2"),
        ("4/4", "60:1/4 60:1/2 60:1/4 60:3/4 60:1/4 60:2", "1/4 1/2 1/4 3/4 1/4 2"),
        ("4/4", "60:5/2 r:3/2", "2~ 1/2 r1/2 r1"),
        ("4/4", "60:1 r:3", "1 r1 r2"),
        ("3/4", "60:1/2 60:5/2", "1/2 1/2~ 2"),
        ("3/4", "60:3/2 60:3/2", "3/2 3/2"),
        ("2/4", "60:3/2 60:1/2", "3/2 1/2"),
        ("5/4", "60:5", "3~ 2"),
        ("5/4", "60:1 60:3 60:1", "1 2~ 1 1"),
        ("6/8", "60:3", "3"),
        ("6/8", "60:2 60:1", "3/2~ 1/2 1"),
        ("6/8", "60:1/2 60:1 r:1 60:1/2", "1/2 1 r1 1/2"),
        ("6/8", "60:3/4 60:3/4 60:3/4 60:3/4", "3/4 3/4 3/4 3/4"),
        ("6/8", "60:1/2 r:1 60:3/2", "1/2 r1/2 r1/2 3/2"),
        ("7/8", "60:7/2", "2~ 3/2"),
        ("9/8", "60:9/2", "3~ 3/2"),
        ("12/8", "60:6", "6"),
        ("12/8", "60:5 60:1", "3~ 3/2~ 1/2 1"),
        ("4/4", "60:1/3 60:1/3 60:1/3 60:3", "1/2t 1/2t 1/2t 3"),
        ("4/4", "60:2/3 60:1/3 60:1/2 60:1/2 60:2", "1t 1/2t 1/2 1/2 2"),
        ("4/4", "60:2/3 60:2/3 60:2/3 60:2", "1t 1t 1t 2"),
        ("4/4", "60:4/3 60:4/3 60:4/3", "2t 2t 2t"),
        ("4/4", "60:2/3 60:4/3 60:2", "1t 1/2t~ 1 2"),
        ("4/4", "60:1/2 60:1/6 60:1/6 60:1/6 60:3", "1/2 1/4t 1/4t 1/4t 3"),
        ("4/4", "r:1/3 60:1/3 r:1/3 60:3", "r1/2t 1/2t r1/2t 3"),
        ("6/8", "60:1/3 60:1/3 60:1/3 60:1/2 60:3/2", "1/2t 1/2t 1/2t 1/2 3/2"),
    ],
)
def test_values_show_the_beat(meter: str, text: str, written: str) -> None:
    assert values(text, meter) == written


def test_a_note_over_the_bar_line_is_tied() -> None:
    first, second = layout_score(score_from_words("r:3 60:2 r:3"))[0].bars
    assert (first[-1].tie_to, first[-1].tie_from) == (True, False)
    assert (second[0].tie_to, second[0].tie_from) == (False, True)


def test_a_bar_without_notes_is_one_rest() -> None:
    bars = layout_score(score_from_words("60:3", meter="9/8", bars=2))[0].bars
    assert bars[1] == (NotatedEvent(Fraction(0), Fraction(9, 2), Fraction(9, 2), ()),)


def test_triplets_are_opened_and_closed() -> None:
    bar = layout_score(score_from_words("60:1/3 62:1/3 64:1/3 r:1 60:1/6 60:1/6 60:1/6 60:1/2 60:1"))[0].bars[0]
    assert [event.tuplet for event in bar] == ["start", "inside", "stop", "", "start", "inside", "stop", "", ""]


def test_articulation_stands_on_the_first_of_tied_values() -> None:
    note = make_note(3, 2, 60, C, articulation="accent")
    first, second = layout_score(make_score([make_part("A", [note])], bars=2))[0].bars
    assert (first[-1].articulation, second[0].articulation) == ("accent", "")


def sounds(score: Score, part: int) -> list[tuple[Fraction, Fraction, int]]:
    """A staff's notes put together again from its tied events."""
    found: list[tuple[Fraction, Fraction, int]] = []
    for bar, events in enumerate(layout_score(score)[part].bars):
        for event in events:
            place = bar * score.meter.bar_quarters + event.onset_quarters
            for note in event.notes:
                if event.tie_from:
                    last = max(index for index, one in enumerate(found) if one[2] == note.pitch)
                    assert found[last][0] + found[last][1] == place
                    found[last] = (found[last][0], found[last][1] + event.duration_quarters, note.pitch)
                else:
                    found.append((place, event.duration_quarters, note.pitch))
    return sorted(found)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(random_scores())
def test_every_bar_is_full_and_every_note_survives(score: Score) -> None:
    for number, staff in enumerate(layout_score(score)):
        assert len(staff.bars) == score.bars
        for bar in staff.bars:
            assert sum(event.duration_quarters for event in bar) == score.meter.bar_quarters
            places = [event.onset_quarters for event in bar]
            assert places == sorted(set(places))
            for event in bar:
                assert event.value_quarters == event.duration_quarters * (Fraction(3, 2) if event.tuplet else 1)
            opened = [event.tuplet for event in bar if event.tuplet in {"start", "stop"}]
            assert opened == ["start", "stop"] * (len(opened) // 2)
        wanted = sorted((note.onset_quarters, note.duration_quarters, note.pitch) for note in staff.part.notes)
        if staff.part.instrument.kit:
            assert not any(event.tie_to for bar in staff.bars for event in bar)
            assert [(onset, pitch) for onset, _, pitch in sounds(score, number)] == [(onset, pitch) for onset, _, pitch in wanted]
        else:
            assert sounds(score, number) == wanted


def test_a_drum_stroke_is_not_tied() -> None:
    score = make_score([make_part("Drums", [drum_note("1/2", "7/2", KICK), drum_note(5, 3, HAT)], plays="drums")], bars=2)
    first, second = layout_score(score)[0].bars
    assert [shown(event) for event in first] == ["r1/2", "3/2", "r2"]
    assert [shown(event) for event in second] == ["r1", "3"]


def broken(*notes: Note) -> Score:
    return make_score([make_part("Oboe", notes)])


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (broken(make_note(0, 2, 60, C), make_note(1, 1, 64, C)), "part 'Oboe', quarter 1: notes overlap"),
        (broken(make_note(0, 2, 60, C), make_note(0, 1, 64, C)), "notes overlap"),
        (broken(make_note(3, 2, 60, C)), "leaves the piece"),
        (broken(make_note(-1, 1, 60, C)), "leaves the piece"),
        (broken(make_note(1, 0, 60, C)), "has no length"),
        (broken(make_note(0, 1, 60, C), make_note(0, 1, 60, C)), "the same pitch twice"),
        (broken(make_note(0, "1/5", 60, C)), "1/5 quarter can't be written"),
        (broken(replace(make_note(0, 1, 60, C), pitch=61)), "is spelled C4"),
    ],
)
def test_a_broken_part_is_refused(score: Score, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layout_score(score)


@pytest.mark.parametrize(
    ("plays", "pitch", "clef"),
    [
        ("flute", 76, "treble"),
        ("cello", 45, "bass"),
        ("cello", 72, "treble"),
        ("viola", 60, "alto"),
        ("classical guitar", 55, "treble8"),
        ("piano", 43, "bass"),
        ("piano", 62, "treble"),
        ("piccolo", 92, "treble8up"),
        ("acoustic bass", 33, "bass8"),
        ("drums", 36, "percussion"),
    ],
)
def test_the_clef_keeps_notes_near_the_staff(plays: str, pitch: int, clef: str) -> None:
    assert clef_of(make_part("One", [make_note(0, 1, pitch, C)], plays=plays)).name == clef


@pytest.mark.parametrize("name", instrument_names())
def test_every_instrument_has_a_clef(name: str) -> None:
    assert layout_score(make_score([make_part(name, [], plays=name)]))[0].clef.name


def test_dynamics_stand_where_a_part_enters_and_are_not_repeated() -> None:
    staves = {staff.part.name: staff for staff in layout_score(band_score())}
    marks = {
        name: [(bar, event.dynamic) for bar, events in enumerate(staff.bars) for event in events if event.dynamic]
        for name, staff in staves.items()
    }
    assert marks["Strings"] == [(0, "p"), (2, "mp"), (8, "f")]
    assert marks["Flute"] == [(2, "mp"), (8, "f")]
    assert marks["Drums"] == [(8, "f")]
    same = replace(band_score(), sections=tuple(replace(section, dynamic="mf") for section in band_score().sections))
    assert sum(event.dynamic == "mf" for bar in layout_score(same)[1].bars for event in bar) == 1


def test_chord_symbols_know_their_bar() -> None:
    found = chords_by_bar(band_score())
    assert found[1] == [(Fraction(0), "A7"), (Fraction(2), "D7")]
    assert len(found) == 16


@settings(max_examples=60, deadline=None, derandomize=True)
@given(random_moving_scores())
def test_every_bar_is_full_in_its_own_metre(score: Score) -> None:
    for staff in layout_score(score):
        assert len(staff.bars) == score.bars
        found: list[tuple[Fraction, int]] = []
        for bar, events in enumerate(staff.bars):
            assert sum(event.duration_quarters for event in events) == score.meter_map.bar_quarters(bar)
            for event in events:
                assert event.value_quarters in {event.duration_quarters, event.duration_quarters * Fraction(3, 2)}
                if not event.tie_from:
                    place = score.meter_map.onset(bar, event.onset_quarters)
                    found += [(place, note.pitch) for note in event.notes]
        assert sorted(found) == sorted((note.onset_quarters, note.pitch) for note in staff.part.notes)


def test_values_beams_and_rests_follow_the_metre_of_their_bar() -> None:
    notes = [make_note(Fraction(number, 2), "1/2", 60, C) for number in range(14)]
    meters = MeterMap(
        (MeterPoint(Fraction(0), Meter(4, 4)), MeterPoint(Fraction(4), Meter(6, 8)), MeterPoint(Fraction(7), Meter(5, 4)))
    )
    score = replace(make_score([make_part("A", notes)], bars=3), meter_map=meters)
    first, second, third = layout_score(score)[0].bars
    assert [len({event.beam_group for event in bar}) for bar in (first, second)] == [2, 2]
    assert [event.beam_group for event in second] == [1, 1, 1, 2, 2, 2]
    assert third == (NotatedEvent(Fraction(0), Fraction(5), Fraction(5), ()),)


def test_a_note_is_tied_over_bar_lines_of_two_metres() -> None:
    meters = MeterMap((MeterPoint(Fraction(0), Meter(3, 4)), MeterPoint(Fraction(3), Meter(6, 8))))
    score = replace(make_score([make_part("A", [make_note(2, 4, 60, C)])], bars=2), meter_map=meters)
    first, second = layout_score(score)[0].bars
    assert [shown(event) for event in (*first, *second)] == ["r1", "r1", "1~", "3"]


def test_a_bar_that_the_next_metre_cuts_short_is_filled_no_further() -> None:
    meters = MeterMap((MeterPoint(Fraction(0), Meter(4, 4)), MeterPoint(Fraction(1), Meter(3, 4))))
    score = replace(make_score([make_part("A", [make_note(0, 4, 60, C)])], bars=3), meter_map=meters)
    first, second, third = layout_score(score)[0].bars
    assert [shown(event) for event in (*first, *second, *third)] == ["1~", "3", "r3"]


def test_dynamics_and_chord_symbols_stand_in_their_bars() -> None:
    score = moving_score()
    for staff in layout_score(score)[:3]:
        marks = [(bar, event.dynamic) for bar, events in enumerate(staff.bars) for event in events if event.dynamic]
        assert marks == [(0, "p"), (4, "f"), (8, "mf")]
    places = {bar: [float(place) for place, _ in chords] for bar, chords in chords_by_bar(score).items()}
    assert places == {bar: [0.0] for bar in range(12)}

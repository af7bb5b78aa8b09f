"""Lead sheets and what is measured on them: places where a study could be wrong and nobody would see it."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

import img2music
from evals.corpora.song import Song, SongChord, SongNote
from evals.shared.lead_sheets.chord_model import ChordModel, triads_of_sheet
from evals.shared.lead_sheets.feature_tables import compare_features
from evals.shared.lead_sheets.forests import area, tell_apart
from evals.shared.lead_sheets.lead_sheet import LeadSheet, SheetChord, sheet_of_song
from evals.shared.lead_sheets.music_kinds import fair_share
from evals.shared.lead_sheets.sheet_corruptions import SHEET_CORRUPTIONS, patchwork
from evals.shared.lead_sheets.sheet_features import FAMILIES, features, phrase_ends
from evals.shared.lead_sheets.sheet_ngrams import cells, gram_table, grams
from evals.shared.lead_sheets.sheet_surprise import SheetListener
from evals.shared.lead_sheets.song_sheets import sheet_from_tree, sheet_tree
from evals.shared.lead_sheets.written_sheet import sheet_by_music21, sheet_of_files
from evals.studies.songs.harmony_reach import keys_of, themes_of
from evals.studies.songs.known_runs import longest_known, signs
from img2music.io.musicxml.export_musicxml import write_musicxml
from tests.support.extras import require
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from collections.abc import Sequence


def sheet(bars: Sequence[Sequence[tuple[int, int]]], meter: str = "4/4", chords: tuple[SheetChord, ...] = ()) -> LeadSheet:
    melody = tuple(event for bar in bars for event in bar)
    return LeadSheet("made", meter, False, melody, chords, len(bars))


def chord(at: int, root: int, quality: str = "maj") -> SheetChord:
    third = 3 if quality.startswith("min") else 4
    return SheetChord(at, root, quality, frozenset((root + member) % 12 for member in (0, third, 7)))


EIGHTHS = [(60, 2), (62, 2), (64, 2), (65, 2), (67, 2), (65, 2), (64, 2), (62, 2)]
ANSWER = [(72, 4), (71, 4), (0, 4), (69, 4)]
HELD = [(67, 18)]
AFTER_HELD = [(64, 6), (62, 8)]


def test_features_are_what_is_counted_by_hand() -> None:
    tune = sheet([EIGHTHS, EIGHTHS, ANSWER, HELD, AFTER_HELD] * 2, chords=(chord(0, 0), chord(24, 7), chord(32, 9, "min7")))
    found = features(tune)
    assert found is not None
    assert set(found) == {name for members in FAMILIES.values() for name in members}
    assert len(tune.notes) == 44
    assert {name: round(value, 4) for name, value in found.items()} == {
        "bar_line_crossed": 0.2,  # bars 5 and 10 of ten are begun by the note before
        "downbeat_onsets": 0.8,
        "same_as_16_before": 0.0, "same_as_8_before": 0.0, "same_as_4_before": 0.1667, "same_as_2_before": 0.0,
        "onsets_a_bar_sd": round(float(np.std([8, 8, 3, 1, 2])), 4),
        "bars_of_four": 0.0,
        "bars_of_1_to_3": 0.6,
        "odd_sixteenths": 0.0,
        "commonest_cell": 0.4,
        "distinct_cells": 0.4,
        "rests": 0.05,
        "long_notes": round(4 / 44, 4),
        "dotted_quarters": round(2 / 44, 4),
        "quarters": round(6 / 44, 4),
        "lift_semitones": 0.0,
        "range_semitones": 12.0,
        "repeated_pitch": 0.0,
        "semitone_moves": round(10 / 43, 4),
        "leaps": round(2 / 43, 4),
        "non_pentatonic": round(10 / 44, 4),
        "chords_inside_bar": round(1 / 3, 4),
        "chords_different": 3.0,
        "chords_a_bar": 0.3,
    }  # fmt: skip
    assert features(sheet([EIGHTHS] * 4)) is None, "too few notes"
    without = features(tune, with_chords=False)
    assert without is not None
    assert set(found) - set(without) == set(FAMILIES["harmony"])


def test_bars_of_three_quarters_and_of_six_eighths_have_twelve_sixteenths() -> None:
    for meter in ("3/4", "6/8"):
        tune = sheet([EIGHTHS[:6]] * 8, meter)
        found = features(tune)
        assert found is not None
        assert (found["downbeat_onsets"], found["same_as_2_before"], found["bar_line_crossed"]) == (1.0, 1.0, 0.0)
    assert len(cells(sheet([EIGHTHS[:6]] * 8, "3/4"))) == 8
    assert len(cells(sheet([EIGHTHS[:6]] * 8, "6/8"))) == 16


def test_cadences_are_read_against_the_chord_that_sounds() -> None:
    tune = sheet([[(60, 8), (64, 8)], [(62, 16)], [(67, 4), (0, 12)]], chords=(chord(0, 0), chord(16, 7), chord(32, 5)))
    found = phrase_ends(tune)
    assert found["long_notes_in_chord"] == 1.0  # C and E over C, D over G
    assert found["phrase_ends_in_chord"] == 0.75  # the last G rests over F
    assert set(phrase_ends(tune, with_chords=False)) == {"phrases_in_8_bars"}
    assert found["phrases_in_8_bars"] == pytest.approx(8 * 4 / 3)


def test_a_song_is_cut_from_its_first_phrase_and_moved_to_the_common_key() -> None:
    notes = tuple(SongNote(Fraction(place), Fraction(3, 4), 69) for place in range(1, 161))
    chords = tuple(SongChord(Fraction(4 * bar), 2, "min7", (2, 5, 9, 0), 2) for bar in range(40))
    bars = tuple(Fraction(4 * bar) for bar in range(40))
    song = Song("pop909", "made", "4/4", 2, True, notes, chords, bars, Fraction(160), (Fraction(16), Fraction(48)))
    found = sheet_of_song(song)
    assert found.bars == 32
    assert {pitch for _, pitch, _ in found.notes} == {76}  # A in D minor is E in A minor, upwards
    assert found.melody[0] == (76, 4), "a rest of one sixteenth is the note's"
    assert [(one.at, one.label) for one in found.chords] == [(0, "9m7")], "a chord said again is one chord"
    upbeat = replace(song, phrases=(), bars=(Fraction(0), *(Fraction(4 * bar + 1) for bar in range(39))))
    assert sheet_of_song(upbeat).notes[0][0] == 0
    assert sheet_from_tree(json.loads(json.dumps(sheet_tree(found)))) == found


def test_a_piece_is_read_back_from_its_files_as_music21_reads_it() -> None:
    pytest.importorskip("music21")
    pipeline = img2music.Pipeline.load("offline")
    plan = pipeline.plan(make_scene(line=3), img2music.Brief.of(style="pop", seconds=40, key="Eb major"))
    score = pipeline.realize(plan)
    tree, document = json.loads(plan.model_dump_json()), write_musicxml(score)
    found, outside = sheet_of_files("made", tree, document), sheet_by_music21("made", tree, document)
    assert found is not None
    assert outside is not None
    assert found.melody == outside.melody
    assert [(one.at, one.label) for one in found.chords] == [(one.at, one.label) for one in outside.chords]
    introduction = next(index for index, section in enumerate(plan.sections) if section.role != "intro")
    start = sum(section.bars for section in plan.sections[:introduction]) * 4
    part = next(part for part in score.parts if part.role == "melody")
    later = [note.pitch - 3 for note in part.notes if note.onset_quarters >= start]
    assert [pitch for _, pitch, _ in found.notes] == later[: len(found.notes)]
    assert keys_of(tree) == {"Eb major"}
    assert all(themes_of(tree))


def test_identical_batches_are_not_told_apart_and_different_ones_are() -> None:
    require("evals")
    chance = np.random.default_rng(5)
    one, two = chance.normal(size=(60, 6)), chance.normal(size=(80, 6))
    same = tell_apart(one, two)
    assert 0.35 < same.auc < 0.65
    assert same.interval.low < 0.5 < same.interval.high
    assert len(same.votes) == 140
    far = tell_apart(one, two + np.array([3, 0, 0, 0, 0, 0]))
    assert far.auc > 0.95
    assert int(far.importances.argmax()) == 0


def test_area_counts_pairs() -> None:
    assert area([1, 2, 3], [4, 5]) == 1.0
    assert area([4, 5], [1, 2, 3]) == 0.0
    assert area([1, 1], [1, 1, 1]) == 0.5
    assert area([1, 3], [2, 3]) == pytest.approx((1 + 0 + 1 + 0.5) / 4)


def test_a_table_says_which_median_is_outside_and_which_spread_is_narrow() -> None:
    people = np.column_stack([np.linspace(0, 1, 101), np.linspace(0, 1, 101), np.zeros(101)])
    ours = np.column_stack([np.linspace(0.4, 0.6, 50), np.linspace(1, 2, 50), np.zeros(50)])
    narrow, outside, constant = compare_features(["narrow", "outside", "constant"], ours, people)
    assert (narrow.is_inside, narrow.is_wide, outside.is_inside, outside.is_wide) == (True, False, False, True)
    assert (constant.is_inside, constant.is_wide, constant.auc) == (True, True, 0.5)


def test_n_grams_know_cells_intervals_and_nothing_of_the_key() -> None:
    tune = sheet([EIGHTHS, HELD, AFTER_HELD])
    assert cells(tune)[:5] == [
        ("onset", (0, 2, 4, 6)), ("onset", (0, 2, 4, 6)), ("onset", (0,)), ("held", ()), ("held", (2,)),
    ]  # fmt: skip
    higher = replace(tune, melody=tuple((pitch and pitch + 5, length) for pitch, length in tune.melody))
    assert grams(higher) == grams(tune)
    table = gram_table([tune, higher, tune, higher])
    assert np.array_equal(table[0], table[1])
    assert table.sum() > 0


def test_a_chord_model_prefers_what_it_learned_and_shuffled_chords_surprise_it() -> None:
    learned = [["0", "5", "7", "0", "9m", "5", "7", "0"]] * 20
    model = ChordModel(learned)
    usual, odd = model.surprise(["0", "5", "7", "0"]), model.surprise(["7", "0", "5", "9m"])
    assert usual.bits < odd.bits
    assert usual.changes == 4
    assert model.surprise(["1", "6"]).bits > 8
    tune = sheet([EIGHTHS] * 4, chords=(chord(0, 0), chord(16, 0, "7"), chord(24, 9, "min7"), chord(32, 11, "dim7")))
    assert triads_of_sheet(tune) == ["0", "9m", "11dim"]


def test_the_longest_run_is_found_in_other_keys_and_not_in_the_song_itself() -> None:
    song = [(0, 60), (4, 62), (6, 64), (8, 60), (12, 67), (14, 65), (16, 64), (20, 62), (24, 60)]
    copy = [(0, 50), *((place + 8, pitch + 3) for place, pitch in song[:7]), (90, 40)]
    slower = [(2 * place, pitch) for place, pitch in song[:7]]
    tunes = {"copy": copy, "slower": slower, "song": song}
    assert longest_known(tunes, {"song": song}, any_speed=False) == {"copy": 7, "slower": 4, "song": 4}
    assert longest_known(tunes, {"song": song}, any_speed=True) == {"copy": 7, "slower": 7, "song": 4}
    assert len(signs(song, any_speed=False)) == len(song) - 1


@pytest.mark.parametrize("name", SHEET_CORRUPTIONS)
def test_a_spoiled_sheet_is_another_one_that_keeps_its_bars(name: str) -> None:
    chords = tuple(chord(16 * bar, root) for bar, root in enumerate((0, 5, 7, 0, 9, 5, 7, 0)))
    tune = sheet([EIGHTHS, ANSWER, EIGHTHS, HELD, AFTER_HELD, ANSWER, EIGHTHS, ANSWER], chords=chords)
    found = SHEET_CORRUPTIONS[name](tune, np.random.default_rng(2))
    assert found is not None
    assert (found.melody, found.chords) != (tune.melody, tune.chords)
    assert sum(length for _, length in found.melody) == 8 * 16
    assert found.bars == tune.bars
    if name == "upside down":
        assert [pitch for _, pitch, _ in found.notes][:3] == [60, 59, 57]
    if name == "chords moved":
        assert found.melody == tune.melody


def test_a_patchwork_takes_every_second_phrase_from_the_other_song() -> None:
    one, two = sheet([EIGHTHS] * 8), sheet([ANSWER] * 8)
    found = patchwork(one, two)
    assert found is not None
    assert found.melody == (*EIGHTHS * 4, *ANSWER * 4)


def test_a_listener_is_less_surprised_by_what_it_knows() -> None:
    chords = tuple(chord(16 * bar, root) for bar, root in enumerate((0, 5, 7, 0)))
    known = sheet([EIGHTHS, EIGHTHS, ANSWER, EIGHTHS], chords=chords)
    spoiled = SHEET_CORRUPTIONS["bent"](known, np.random.default_rng(1))
    assert spoiled is not None
    listener = SheetListener([known] * 5)
    usual, odd = listener.numbers(known), listener.numbers(spoiled)
    assert usual["bits of steps"] < odd["bits of steps"]
    assert usual["bits of degrees"] < odd["bits of degrees"]
    assert usual["bits of cells"] == odd["bits of cells"]
    assert usual["new phrases of steps"] < 1


def test_small_corpora_are_taken_whole_and_large_ones_fill_the_rest() -> None:
    counts = [20, 500, 300]
    assert [fair_share(count, counts, 200) for count in counts] == [20, 90, 90]
    assert [fair_share(count, [20, 30], 200) for count in (20, 30)] == [20, 30]


def made_song(number: int) -> LeadSheet:
    """Thirty-two bars of chord tones on the beats and steps between them, over one of three progressions."""
    chance = np.random.default_rng(number)
    roots = ((0, 5, 7, 0), (0, 9, 5, 7), (0, 7, 9, 5))[number % 3] * 8
    bars = []
    for root in roots:
        tones = [60 + (root + member) % 12 for member in ((0, 3, 7) if root == 9 else (0, 4, 7))]
        first, second = (tones[int(index)] for index in chance.integers(3, size=2))
        bars.append([(first, 4), (first, 2), (first, 2), (second, 8)] if number % 2 else [(first, 8), (second, 8)])
    chords = tuple(chord(16 * bar, root, "min" if root == 9 else "maj") for bar, root in enumerate(roots))
    return sheet(bars, chords=chords)


def test_the_judge_of_takes_hears_what_is_spoiled_and_marks_a_song_above_its_spoiled_copy() -> None:
    require("evals")
    from evals.studies.music.takes_judge import TakesJudge

    judge = TakesJudge([made_song(number) for number in range(48)])
    assert set(judge.areas) == {*SHEET_CORRUPTIONS, "patchwork"}
    assert judge.areas["displaced"] > 0.9
    assert judge.areas["chords moved"] > 0.8
    song = made_song(101)
    late = SHEET_CORRUPTIONS["displaced"](song, np.random.default_rng(1))
    assert late is not None
    marks = judge.marks([song, late])
    assert marks[0] > marks[1]

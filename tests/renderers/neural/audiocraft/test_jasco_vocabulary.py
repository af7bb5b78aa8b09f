"""Chords of plans and of notes in JASCO's vocabulary, at their seconds."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from img2music.brief import Brief
from img2music.performers.strict import StrictPerformer
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.realizers.timeline import layout_chords
from img2music.renderers.neural.audiocraft.chord_track import (
    chords_between,
    chords_of_performance,
    chords_of_plan,
    simplifications,
)
from img2music.renderers.neural.audiocraft.jasco_vocabulary import LABELS, QUALITIES, ROOTS, label_chord, label_intervals
from img2music.theory import Chord, Key
from img2music.theory.chords import NUMERAL
from img2music.theory.keys import MODES
from img2music.theory.pitch import pitch_class
from tests.support.made_performances import performance_of
from tests.support.made_scenes import make_scene

NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII", "i", "ii", "iii", "iv", "v", "vi", "vii")
FIGURES = ("", "6", "64", "7", "65", "43", "42", "9", "maj7", "maj9", "add6", "add9", "sus2", "sus4", "7sus4")


def test_every_numeral_in_every_key_is_in_the_vocabulary() -> None:
    numerals = ["".join(parts) for parts in product(("", "b", "#"), NUMERALS, ("", "o", "ø", "+"), FIGURES)]
    assert len(numerals) == 2520
    assert all(NUMERAL.fullmatch(numeral) for numeral in numerals)
    for mode in MODES:
        for numeral in numerals:  # in C; other tonics only turn the circle, below
            label = label_chord(Chord.parse(numeral, Key(0, mode))).label
            assert label in LABELS, (numeral, mode)
    for tonic, mode in product(range(-7, 8), MODES):
        for numeral in ("I", "bII7", "#ivo7", "iiø65", "V+7", "bVI", "viio", "IVadd9", "isus4", "VIImaj9", "Vsus4"):
            chord = Chord.parse(numeral, Key(tonic, mode))
            found = label_chord(chord)
            assert found.label in LABELS
            assert found.label.startswith(ROOTS[pitch_class(chord.root)])
    for target in ("I", "ii", "bIII", "iv", "V", "#vi", "VII"):
        assert label_chord(Chord.parse(f"V7/{target}", Key.parse("Eb"))).label.endswith("7")


@pytest.mark.parametrize(
    ("numeral", "key", "symbol", "choices", "simplified"),
    [
        ("I", "C", "C", ("C",), False),
        ("V7", "Db major", "Ab7", ("Ab7",), False),
        ("V", "B major", "F#", ("F#",), False),
        ("I", "Gb major", "Gb", ("F#",), False),
        ("iiø7", "G# minor", "A#m7b5", ("Bbm7b5",), False),
        ("Vsus4", "C", "Gsus4", ("G",), True),
        ("V7sus4", "C", "G7sus4", ("G7",), True),
        ("isus2", "D minor", "Dsus2", ("Dm",), True),
        ("V9", "F", "C9", ("C7",), True),
        ("IVadd9", "C", "Fadd9", ("F",), True),
        ("Imaj9", "C", "Cmaj9", ("Cmaj7",), True),
        ("#viio7", "A minor", "G#dim7", ("Abdim",), True),
        ("V+", "C", "Gaug", ("Gaug",), False),
        ("iadd6", "A minor", "Am6", ("Am6",), False),
        ("I6", "C", "C/E", ("C/E", "C"), False),
        ("iv6", "A minor", "Dm/F", ("Dm/F", "Dm"), False),
        ("I6", "B major", "B/D#", ("B/Eb", "B/D#", "B"), False),
        ("V65", "C", "G7/B", ("G7",), False),
    ],
)
def test_a_chord_is_said_by_the_nearest_label(
    numeral: str, key: str, symbol: str, choices: tuple[str, ...], simplified: bool
) -> None:
    found = label_chord(Chord.parse(numeral, Key.parse(key)))
    assert (found.symbol, found.choices, found.simplified) == (symbol, choices, simplified)


def test_every_label_says_its_own_notes() -> None:
    for root, (quality, intervals) in product(range(12), QUALITIES.items()):
        found = label_intervals(root, intervals)
        assert (found.choices, found.simplified) == ((ROOTS[root] + quality,), False)
    assert len(LABELS) == 121


def test_chords_of_a_plan_begin_where_the_composer_changes_them() -> None:
    plan = RulesPlanner()(make_scene(), Brief.of(style="swing", seconds=30, seed=3))
    performance = StrictPerformer()(Composer()(plan), plan)
    found = chords_of_plan(performance, plan)
    spans = layout_chords(plan)
    written = [(performance.tempo_map.seconds_at(span.onset), label_chord(span.chord).choices) for span in spans]
    changed = written[:1] + [two for one, two in pairwise(written) if one[1] != two[1]]
    assert [(one.seconds, one.chord.choices) for one in found] == changed
    assert len(found) > 8


def test_chords_of_notes_half_bar_by_half_bar() -> None:
    c, a_minor, g7 = (48, 64, 67), (45, 60, 64), (43, 59, 65)
    rows = [(0.0, 1.0, c), (1.0, 1.0, a_minor), (2.0, 2.0, g7), (6.0, 2.0, c)]
    performance = performance_of([(onset, length, pitch) for onset, length, chord in rows for pitch in chord])
    found = chords_of_performance(performance)
    assert [(one.seconds, one.chord.label) for one in found] == [(0, "C"), (1, "Am"), (2, "G7"), (4, "N"), (6, "C")]
    first = performance_of([(0, 2, 52), (0, 2, 60), (0, 2, 67)])
    assert chords_of_performance(first)[0].chord.choices == ("C/E", "C")


def test_a_window_begins_with_what_sounds_already() -> None:
    performance = performance_of([(at, 2.0, pitch + at // 2 * 5) for at in (0, 2, 4) for pitch in (48, 64, 67)])
    chords = chords_of_performance(performance)
    assert [(one.seconds, one.chord.label) for one in chords_between(chords, 3.0, 13.0)] == [(0.0, "F"), (1.0, "Bb")]
    assert [one.seconds for one in chords_between(chords, 2.0, 4.0)] == [0.0]
    assert [one.chord.label for one in chords_between((), 0.0, 10.0)] == ["N"]
    late = chords_between(chords[1:], 0.0, 10.0)
    assert [(one.seconds, one.chord.label) for one in late] == [(0.0, "N"), (2.0, "F"), (4.0, "Bb")]
    assert simplifications(chords) == ()

"""Measurements of a tune: hand-counted values, and made tunes that must do worse than a song."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from img2music.brief import Brief
from img2music.metrics.symbolic.form_similarity import measure_structure, section_likenesses
from img2music.metrics.symbolic.melody_metrics import entropy, measure_tune, tune_values
from img2music.metrics.symbolic.melody_view import MelodyNote, MelodyView, SectionSpan, TimedChord, top_line, view_melody
from img2music.metrics.symbolic.motif_recurrence import MotifShape, opening_shape, planned_shapes, recurrence
from img2music.metrics.symbolic.symbolic_metrics import measure_score, overall_quality
from img2music.plan import CompositionPlan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.score import Score
from tests.support.made_notes import score_from_words
from tests.support.made_scenes import make_scene

C_MAJOR = TimedChord(Fraction(0), frozenset({0, 4, 7}))


def line(
    words: str, *, meter: str = "4/4", phrases: tuple[int, ...] = (), sections: tuple[tuple[str, int, int], ...] = ()
) -> MelodyView:
    """A tune in the words of `score_from_words` over one C major chord; phrases and sections in quarter notes."""
    score = score_from_words(words, meter=meter)
    return MelodyView(
        top_line(score.parts[0].notes),
        score.meter_map,
        (C_MAJOR,),
        tuple(Fraction(place) for place in phrases),
        tuple(SectionSpan(letter, Fraction(begin), Fraction(end)) for letter, begin, end in sections),
    )


def piece(**wishes: Any) -> tuple[CompositionPlan, Score]:
    plan = RulesPlanner()(make_scene(genre="folk"), Brief.of(**({"seconds": 60} | wishes)))
    return plan, Composer()(plan)


def test_strong_beats_are_the_first_and_third_of_four() -> None:
    assert tune_values(line("60:1 61:1 64:1 61:1 62:1 60:1 67:1 60:1"))["strong-beat consonance"] == 0.75
    assert tune_values(line("60:1 61:1 61:1 62:1 61:1 61:1", meter="3/4"))["strong-beat consonance"] == 0.5


def test_a_chord_lasts_until_the_next() -> None:
    over = line("60:2 62:2 65:2 60:2")
    changed = replace(over, harmonies=(C_MAJOR, TimedChord(Fraction(2), frozenset({2, 5, 9}))))
    assert tune_values(over)["strong-beat consonance"] == 0.5
    assert tune_values(changed)["strong-beat consonance"] == 0.75
    assert tune_values(replace(over, harmonies=()))["strong-beat consonance"] is None


def test_of_two_leaps_one_turns_back() -> None:
    assert tune_values(line("60:1 67:1 65:1 72:1 74:1"))["leap recovery"] == 0.5


def test_a_high_point_reached_twice_counts_half() -> None:
    assert tune_values(line("60:1 62:1 64:1 62:1 60:1 62:1 60:1 59:1"))["single climax"] == 1.0
    assert tune_values(line("60:1 62:1 64:1 62:1 60:1 64:1 60:1 59:1"))["single climax"] == 0.5
    assert tune_values(line("60:1 62:1 64:1 64:1 64:1 62:1 60:1 59:1"))["single climax"] == 1.0  # held, not reached again


def test_variety_and_the_longest_repeat() -> None:
    twice = "60:1 62:1 64:1 65:1 " * 4
    found = tune_values(line(twice))
    assert found["variety"] == 4 / 13  # four different moves in a row of fifteen, three at a time
    assert found["longest repeat"] == 8 / 16  # seven of the fifteen moves, so eight notes


def test_a_repeat_is_found_at_another_pitch() -> None:
    first = [60, 64, 62, 67, 65, 59, 60, 72]
    words = " ".join(f"{pitch}:1" for pitch in [*first, *(pitch + 3 for pitch in first)])
    assert tune_values(line(words))["longest repeat"] == 0.5


def test_intervals_held_pitches_and_compass() -> None:
    found = tune_values(line("60:1 60:1 62:1 64:1 67:1 67:1 65:1 64:1 62:1 60:1 48:1"))
    assert found["interval size"] == pytest.approx((0 + 2 + 2 + 3 + 0 + 2 + 1 + 2 + 2 + 12) / 10)
    assert found["held pitch"] == 0.2
    assert found["steps"] == 6 / 8
    assert found["compass"] == 19


def test_rhythm_entropy_counts_waits() -> None:
    assert tune_values(line("60:1 " * 17))["rhythm entropy"] == 0.0
    assert tune_values(line("60:1 62:1/2 " * 8 + "60:1"))["rhythm entropy"] == 1.0
    assert entropy([]) is None


def test_phrases_breathe_by_a_rest_or_a_long_note() -> None:
    even = "60:1 62:1 64:1 65:1 "
    assert tune_values(line(even * 4, phrases=(0, 8)))["phrase breath"] == 0.0
    assert tune_values(line(even + "60:1 62:1 64:2 " + even * 2, phrases=(0, 8)))["phrase breath"] == 1.0
    assert tune_values(line(even + "60:1 62:1 64:1 65:1/2 r:1/2 " + even * 2, phrases=(0, 8)))["phrase breath"] == 1.0
    assert tune_values(line(even * 3 + "60:1 62:1 64:2 " + even, phrases=(0, 8, 16)))["phrase breath"] == 0.5
    assert tune_values(line(even * 4))["phrase breath"] is None  # nobody says where phrases are


MOTIF = MotifShape((2, 2, -4), (Fraction(1), Fraction(1), Fraction(1)))


@pytest.mark.parametrize(
    ("words", "share"),
    [
        ("60:1 62:1 64:1 60:1", 1.0),
        ("67:1 69:1 71:1 67:1", 1.0),  # moved
        ("62:1 64:1 65:1 62:1", 1.0),  # moved along the scale: a whole tone became a half tone
        ("67:1 65:1 63:1 67:1", 1.0),  # inverted
        ("60:2 62:2 64:2 60:2", 1.0),  # augmented
        ("60:1/2 62:1/2 64:1/2 60:1/2", 1.0),  # diminished
        ("60:1 62:1 64:1 60:1 65:1 65:1 65:1 65:1", 0.5),
        ("60:1 62:1 60:1 64:1", 0.0),  # another contour
        ("60:1 62:1/2 64:1 60:1", 0.0),  # another rhythm
        ("60:1 64:1 68:1 60:1", 0.0),  # other intervals
        ("60:3 62:3 64:3 60:3", 0.0),  # three times as slow is another matter
    ],
)
def test_motif_recurrence(words: str, share: float) -> None:
    assert recurrence(line(words), MOTIF) == share


def test_a_fragment_of_four_notes_counts() -> None:
    long = MotifShape((2, 2, 1, 2, -7), (Fraction(1),) * 5)
    assert recurrence(line("60:1 62:1 64:1 65:1 65:1 65:1 65:1 65:1"), long) == 0.5
    assert recurrence(line("60:1 62:1 64:1 64:1"), long) == 0.0


def test_shapes_of_plans_and_of_openings() -> None:
    plan, _ = piece()
    (shape,) = planned_shapes(plan)
    assert len(shape.intervals) == len(plan.motif.steps) - 1
    assert shape.waits == plan.motif.durations[:-1]
    assert opening_shape(line("60:1 62:1/2 64:1/2 60:1 55:1 57:1")) == MotifShape(
        (2, 2, -4, -5), (Fraction(1), Fraction(1, 2), Fraction(1, 2), Fraction(1))
    )


def test_sections_of_one_letter_are_alike_at_any_height() -> None:
    theme, other = "60:1 62:1 64:1 65:1 67:2 60:2 ", "72:1/2 60:1/2 71:1/2 59:1/2 70:2 67:1/2 60:3/2 r:2 "
    higher = "72:1 74:1 76:1 77:1 79:2 72:2 "
    song = line(theme + other + higher, sections=(("A", 0, 8), ("B", 8, 16), ("A", 16, 24)))
    alike, unlike = section_likenesses(song)
    assert len(alike) == 1
    assert alike[0] == pytest.approx(5 / 6)  # the last move leads on, so it differs
    assert max(unlike) < 0.2


def test_structure_indicator_is_higher_where_bars_come_again() -> None:
    bars = ["60,64,67:4", "62,65,69:4", "59,62,67:4", "57,60,64:4"]
    again = score_from_words(" ".join(bars * 4), tempo_bpm=120)
    chance = random.Random(3)
    wild = score_from_words(
        " ".join(",".join(str(60 + n) for n in sorted(chance.sample(range(12), 3))) + ":4" for _ in range(16)), tempo_bpm=120
    )
    found = [
        next(one.value for one in measure_structure(score, None) if one.name == "structure indicator") for score in (again, wild)
    ]
    # Four bars (8 s) come four times: quality 12 / 16, coverage 12 / 16.
    assert found[0] == pytest.approx(0.75)
    assert found[1] is not None
    assert found[1] < 0.3


def test_a_piece_of_ours_has_every_measurement_of_a_tune() -> None:
    plan, score = piece()
    tune_ = view_melody(score, plan)
    assert tune_ is not None
    assert all(value is not None for name, value in tune_values(tune_).items() if name != "leap recovery")
    assert view_melody(replace(score, parts=tuple(part for part in score.parts if part.role != "melody")), plan) is None
    assert all(one.value is None for one in measure_tune(None))


# "Auld Lang Syne", a Scottish tune printed in 1799, with its upbeat; and its chords, a bar each.
AULD_LANG_SYNE = (
    "r:3 60:1 65:3/2 65:1/2 65:1 69:1 67:3/2 65:1/2 67:1 69:1 65:3/2 65:1/2 69:1 72:1 74:3 74:1 "
    "72:3/2 69:1/2 69:1 65:1 67:3/2 65:1/2 67:1 69:1 65:3/2 62:1/2 62:1 60:1 65:3 74:1 "
    "72:3/2 69:1/2 69:1 65:1 67:3/2 65:1/2 67:1 74:1 72:3/2 69:1/2 69:1 72:1 74:3 77:1 "
    "72:3/2 69:1/2 69:1 65:1 67:3/2 65:1/2 67:1 69:1 65:3/2 62:1/2 62:1 60:1 65:3"
)
F_MAJOR, C_SEVENTH, B_FLAT, D_MINOR = (5, 9, 0), (0, 4, 7, 10), (10, 2, 5), (2, 5, 9)
CHORDS = [F_MAJOR, *2 * [F_MAJOR, C_SEVENTH, F_MAJOR, B_FLAT, F_MAJOR, C_SEVENTH, D_MINOR, F_MAJOR]]


def song() -> MelodyView:
    bars = enumerate(CHORDS)
    written = line(AULD_LANG_SYNE, phrases=(4, 20, 36, 52), sections=(("A", 4, 36), ("B", 36, 68)))
    return replace(written, harmonies=tuple(TimedChord(Fraction(4 * bar), frozenset(chord)) for bar, chord in bars))


def baselines(tones: tuple[MelodyNote, ...], seed: int, low: int, high: int) -> list[tuple[MelodyNote, ...]]:
    """The same rhythm with the notes shuffled, and on a random walk."""
    chance = random.Random(seed)
    pitches = [tone.pitch for tone in tones]
    shuffled = chance.sample(pitches, len(pitches))
    walk, place = [], pitches[0]
    for _ in pitches:
        place = min(high, max(low, place + chance.randint(-4, 4)))
        walk.append(place)
    return [tuple(tone._replace(pitch=pitch) for tone, pitch in zip(tones, other, strict=True)) for other in (shuffled, walk)]


@pytest.mark.parametrize("seed", range(5))
def test_a_song_gets_better_marks_than_its_shuffled_notes_and_a_random_walk(seed: int) -> None:
    sung = overall_quality(measure_tune(song()))
    assert sung > 0.85
    for tones in baselines(song().tones, seed, 60, 79):
        assert overall_quality(measure_tune(replace(song(), tones=tones))) < sung - 0.1


@pytest.mark.parametrize("seed", range(3))
def test_our_tunes_get_better_marks_too(seed: int) -> None:
    plan, score = piece(seed=seed)
    part = next(part for part in score.parts if part.role == "melody")
    ours = overall_quality(measure_score(score, plan))
    for tones in baselines(top_line(part.notes), seed, part.instrument.low, part.instrument.high):
        notes = tuple(replace(note, pitch=tone.pitch) for note, tone in zip(part.notes, tones, strict=True))
        worse = replace(score, parts=tuple(replace(one, notes=notes) if one is part else one for one in score.parts))
        assert overall_quality(measure_score(worse, plan)) < ours

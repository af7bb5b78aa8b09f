"""Faults a teacher marks, each on a score that has exactly so many."""

from __future__ import annotations

from fractions import Fraction

import pytest

from img2music.metrics.symbolic.voice_leading_faults import (
    find_hidden,
    find_parallels,
    measure_voice_leading,
    overlapping_unisons,
    strikes_together,
)
from img2music.score import Score
from tests.support.made_notes import make_part, make_score, score_from_words, two_voices


def values(score: Score) -> dict[str, float | None]:
    return {one.name: one.value for one in measure_voice_leading(score)}


@pytest.mark.parametrize(
    ("upper", "lower", "faults"),
    [
        ("72:2 74:2", "60:2 62:2", 1),  # octaves
        ("67:2 69:2", "48:2 50:2", 1),  # fifths, two octaves apart
        ("67:2 67:2", "48:2 48:2", 0),  # nobody moves
        ("67:2 74:2", "48:2 43:2", 0),  # against each other: from a fifth to a fifth by contrary motion
        ("76:2 74:2", "60:2 59:2", 0),  # thirds
        ("67:1 69:1 71:1 72:1", "48:1 50:1 52:1 53:1", 3),
    ],
)
def test_parallels(upper: str, lower: str, faults: int) -> None:
    score = two_voices(upper, lower)
    assert len(find_parallels(strikes_together(*(part.notes for part in score.parts)))) == faults
    assert values(score)["parallel perfect intervals"] == min(1, faults / score.bars)


@pytest.mark.parametrize(
    ("upper", "lower", "faults"),
    [
        ("64:2 72:2", "57:2 60:2", 1),  # a sixth upwards in the tune into the octave
        ("71:2 72:2", "57:2 60:2", 0),  # the tune steps: a horn's fifth nobody minds
        ("76:2 72:2", "57:2 60:2", 0),  # contrary motion
        ("67:2 72:2", "55:2 60:2", 0),  # from an octave: parallel, not hidden
    ],
)
def test_hidden_octaves(upper: str, lower: str, faults: int) -> None:
    strikes = strikes_together(*(part.notes for part in two_voices(upper, lower).parts))
    assert len(find_hidden(strikes)) == faults


def test_only_common_strikes_are_compared() -> None:
    strikes = strikes_together(*(part.notes for part in two_voices("72:1 74:1 76:2", "60:2 62:2").parts))
    assert [(one.high, one.low) for one in strikes] == [(72, 60), (76, 62)]


def test_a_tune_under_its_bass_crosses() -> None:
    assert values(two_voices("60:2 50:2", "55:2 55:2"))["voice crossing"] == 0.5


def test_parallels_inside_a_part_writing_texture() -> None:
    lines = ["76:2 77:2", "67:2 69:2", "60:2 62:2"]  # alto and tenor move in fifths
    parts = [make_part(f"Voice {n}", score_from_words(line).parts[0].notes, plays="choir") for n, line in enumerate(lines)]
    assert values(make_score(parts))["inner parallels"] == 1.0
    assert values(make_score(parts[:2]))["inner parallels"] is None  # two parts are a duet
    pair = make_part("Alto and tenor", score_from_words("60,67:2 62,69:2").parts[0].notes, plays="choir", role="chords")
    assert values(make_score([parts[0], pair]))["inner parallels"] == 1.0  # two voices on one staff
    chords = make_part("Piano", score_from_words("60,67:2 62,69:2").parts[0].notes, role="chords")  # a handful of notes
    assert values(make_score([*parts[:2], chords]))["inner parallels"] is None


def test_an_octave_doubling_is_a_colour() -> None:
    lines = ["72:1 74:1 76:1 77:1", "60:1 62:1 64:1 65:1", "67:1 65:1 60:1 69:1"]
    parts = [make_part(f"Voice {n}", score_from_words(line).parts[0].notes, plays="choir") for n, line in enumerate(lines)]
    assert values(make_score(parts))["inner parallels"] == 0.0


def test_a_key_struck_while_it_sounds() -> None:
    both = [*score_from_words("60:2 64:2").parts[0].notes, *score_from_words("r:1 60:1").parts[0].notes]
    assert overlapping_unisons([make_part("Piano", both)]) == 1
    assert overlapping_unisons([make_part("Piano", score_from_words("60:1 60:1").parts[0].notes)]) == 0


def test_two_hands_are_one_player_and_two_violins_are_two() -> None:
    held, struck = score_from_words("60:4").parts[0].notes, score_from_words("r:1 60:1").parts[0].notes
    hands = [make_part("Above", held, hand="right"), make_part("Below", struck, role="chords", hand="left")]
    assert overlapping_unisons(hands) == 1
    pianos = [make_part("Piano (right hand)", held), make_part("Piano (left hand)", struck, role="chords")]
    assert overlapping_unisons(pianos) == 0, "a name makes no hand"
    violins = [make_part("Violin 1", held, plays="violin"), make_part("Violin 2", struck, plays="violin")]
    assert overlapping_unisons(violins) == 0


def test_notes_no_violin_has() -> None:
    score = make_score([make_part("Violin", score_from_words("50:1 60:1 62:1 64:1").parts[0].notes, plays="violin")])
    assert values(score)["range faults"] == 0.25


def test_a_rest_is_a_strike_less_and_not_a_fault() -> None:
    score = two_voices("72:2 r:2", "60:2 r:2")
    assert [(one.high, one.low) for one in strikes_together(*(part.notes for part in score.parts))] == [(72, 60)]
    assert values(score)["parallel perfect intervals"] == 0.0
    assert score.parts[0].notes[0].end_quarters == Fraction(2)

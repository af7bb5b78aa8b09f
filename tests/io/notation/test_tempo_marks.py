from __future__ import annotations

from fractions import Fraction

import pytest

from img2music.io.notation.tempo_marks import Glide, TempoMark, glides, tempo_marks
from img2music.theory import Meter
from img2music.theory.meter_map import MeterMap, MeterPoint
from img2music.theory.tempo_map import TempoMap, TempoPoint
from tests.support.moving_scores import moving_score

COMMON = MeterMap.constant(Meter(4, 4))


def at(place: int, bpm: float, goal: float | None = None) -> TempoPoint:
    return TempoPoint(Fraction(place), bpm, goal)


def shown(tempi: TempoMap, meters: MeterMap = COMMON) -> list[tuple[float, str]]:
    return [(float(mark.onset_quarters), mark.text) for mark in tempo_marks(tempi, meters)]


def test_a_mark_stands_where_the_tempo_becomes_another() -> None:
    assert shown(TempoMap.constant(96.0)) == [(0, "♩ = 96")]
    assert shown(TempoMap((at(0, 96), at(8, 96), at(16, 72.5)))) == [(0, "♩ = 96"), (16, "♩ = ca. 72")]


def test_a_glide_has_its_word_and_the_mark_of_where_it_arrives() -> None:
    tempi = TempoMap((at(0, 96), at(8, 96, 132), at(16, 132), at(20, 132, 60), at(24, 60)))
    assert shown(tempi) == [(0, "♩ = 96"), (16, "♩ = 132"), (24, "♩ = 60")]
    assert glides(tempi) == (Glide(Fraction(8), Fraction(16), "accel."), Glide(Fraction(20), Fraction(24), "rit."))


def test_a_glide_that_goes_on_as_another_is_two() -> None:
    tempi = TempoMap((at(0, 60, 120), at(4, 120, 80), at(8, 80)))
    assert shown(tempi) == [(0, "♩ = 60"), (4, "♩ = 120"), (8, "♩ = 80")]
    assert [glide.word for glide in glides(tempi)] == ["accel.", "rit."]


def test_a_glide_to_the_same_tempo_is_none() -> None:
    assert glides(TempoMap((at(0, 60, 60), at(4, 60)))) == ()


def test_the_beat_that_is_counted_has_its_own_mark() -> None:
    meters = MeterMap(
        (MeterPoint(Fraction(0), Meter(4, 4)), MeterPoint(Fraction(8), Meter(6, 8)), MeterPoint(Fraction(11), Meter(9, 8)))
    )
    assert shown(TempoMap.constant(90.0), meters) == [(0, "♩ = 90"), (8, "♩. = 60")]


def test_a_metre_inside_a_glide_waits_for_its_arrival() -> None:
    meters = MeterMap((MeterPoint(Fraction(0), Meter(4, 4)), MeterPoint(Fraction(8), Meter(6, 8))))
    assert shown(TempoMap((at(0, 90), at(4, 90, 60), at(11, 60))), meters) == [(0, "♩ = 90"), (11, "♩. = 40")]


@pytest.mark.parametrize(
    ("meter", "dotted"), [(Meter(15, 8), True), (Meter(11, 8), False), (Meter(3, 8), False), (Meter(3, 16), False)]
)
def test_metres_of_foreign_files_have_a_beat(meter: Meter, dotted: bool) -> None:
    assert tempo_marks(TempoMap.constant(100.0), MeterMap.constant(meter)) == (TempoMark(Fraction(0), 100.0, dotted),)


def test_the_marks_of_a_piece_that_moves() -> None:
    score = moving_score()
    assert shown(score.tempo_map, score.meter_map) == [
        (0, "♩ = 96"), (16, "♩ = 112"), (25, "♩ = 140"), (28, "♩. = 60"), (40, "♩. = 41"),
    ]  # fmt: skip


def test_a_glide_in_several_pieces_has_one_word_and_no_mark_on_its_way() -> None:
    tempi = TempoMap((at(0, 60), at(4, 60, 70), at(8, 70, 90), at(12, 90, 84), at(16, 84)))
    assert shown(tempi) == [(0, "♩ = 60"), (12, "♩ = 90"), (16, "♩ = 84")]
    assert glides(tempi) == (Glide(Fraction(4), Fraction(12), "accel."), Glide(Fraction(12), Fraction(16), "rit."))

"""Tempo maps: quarters and seconds there and back, glides against their integral, and maps that can't be."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import inf, log, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.errors import UsageError
from img2music.theory.tempo_map import (
    RAMP_STEP_QUARTERS,
    SECONDS_A_MINUTE,
    TempoMap,
    TempoPoint,
    bpm_between,
    quarters_in,
    seconds_of,
)

QUICKLY = settings(max_examples=40, deadline=None)
TEMPI = st.floats(20, 300)
PLACES = st.integers(0, 64 * 24).map(lambda count: Fraction(count, 24))
JUMP = TempoMap((TempoPoint(Fraction(0), 60.0), TempoPoint(Fraction(4), 120.0)))
"""Four quarters of a second each, then two a second."""
GLIDE = TempoMap(
    (TempoPoint(Fraction(0), 90.0), TempoPoint(Fraction(2), 90.0, 120.0), TempoPoint(Fraction(6), 120.0), TempoPoint(Fraction(8), 75.0))
)  # fmt: skip


@st.composite
def tempo_maps(draw: st.DrawFn) -> TempoMap:
    """One to five points on a grid of 1/24; any but the last may glide."""
    onsets = [Fraction(0), *sorted(draw(st.sets(PLACES.filter(bool), max_size=4)))]
    last = len(onsets) - 1
    return TempoMap(
        tuple(
            TempoPoint(onset, draw(TEMPI), draw(st.none() | TEMPI) if number < last else None)
            for number, onset in enumerate(onsets)
        )
    )


# One tempo


@QUICKLY
@given(bpm=TEMPI, quarters=PLACES | st.floats(-4, 500))
def test_one_tempo_is_sixty_seconds_by_beats_a_minute_to_the_bit(bpm: float, quarters: Fraction | float) -> None:
    steady = TempoMap.constant(bpm)
    assert steady.is_constant
    assert steady.bpm == steady.bpm_at(quarters) == bpm
    assert steady.seconds_at(quarters) == seconds_of(quarters, bpm) == float(quarters) * 60 / bpm
    assert steady.seconds_between(quarters, quarters + 1) == seconds_of(quarters + 1 - quarters, bpm)
    assert [(step.onset_quarters, step.onset_seconds, step.bpm) for step in steady.steps] == [(Fraction(0), 0.0, bpm)]


def test_the_three_sums_of_one_tempo() -> None:
    assert SECONDS_A_MINUTE == 60
    assert seconds_of(Fraction(3, 2), 90) == 1.0
    assert quarters_in(1.0, 90) == 1.5
    assert bpm_between(Fraction(3, 2), 1.0) == 90


# There and back


@QUICKLY
@given(tempo=tempo_maps(), quarters=PLACES)
def test_seconds_and_quarters_are_each_others_inverse(tempo: TempoMap, quarters: Fraction) -> None:
    assert tempo.quarters_at(tempo.seconds_at(quarters)) == pytest.approx(float(quarters), abs=1e-9)


@QUICKLY
@given(tempo=tempo_maps(), seconds=st.floats(-5, 400))
def test_quarters_and_seconds_too_and_before_the_beginning(tempo: TempoMap, seconds: float) -> None:
    assert tempo.seconds_at(tempo.quarters_at(seconds)) == pytest.approx(seconds, abs=1e-9)


@QUICKLY
@given(tempo=tempo_maps(), places=st.sets(PLACES, min_size=2, max_size=20))
def test_what_comes_later_sounds_later(tempo: TempoMap, places: set[Fraction]) -> None:
    times = [tempo.seconds_at(place) for place in sorted(places)]
    assert all(one < other for one, other in pairwise(times))
    assert tempo.seconds_at(0) == 0


@QUICKLY
@given(tempo=tempo_maps(), begin=PLACES, length=PLACES)
def test_the_time_between_two_places_is_the_difference_of_theirs(tempo: TempoMap, begin: Fraction, length: Fraction) -> None:
    end = begin + length
    assert tempo.seconds_between(begin, end) == pytest.approx(tempo.seconds_at(end) - tempo.seconds_at(begin), abs=1e-9)
    assert tempo.seconds_between(end, begin) == pytest.approx(-tempo.seconds_between(begin, end), abs=1e-9)


@QUICKLY
@given(tempo=tempo_maps(), factor=st.floats(0.25, 4), quarters=PLACES)
def test_twice_as_fast_is_half_as_long(tempo: TempoMap, factor: float, quarters: Fraction) -> None:
    scaled = tempo.scaled(factor)
    assert scaled.bpm_at(quarters) == pytest.approx(tempo.bpm_at(quarters) * factor)
    assert scaled.seconds_at(quarters) * factor == pytest.approx(tempo.seconds_at(quarters), abs=1e-9)
    assert tempo.scaled(1.0) == tempo


# Jumps and glides


def test_a_jump_holds_from_its_place() -> None:
    assert [JUMP.seconds_at(place) for place in (0, 2, 4, 5, 8)] == [0, 2, 4, 4.5, 6]
    assert [JUMP.bpm_at(place) for place in (-1, 0, Fraction(95, 24), 4, 100)] == [60, 60, 60, 120, 120]
    assert JUMP.seconds_at(-1) == -1
    assert JUMP.seconds_between(3, 6) == 2
    assert not JUMP.is_constant
    assert len(JUMP.steps) == 2


def test_a_glide_goes_in_sixteenths_each_at_the_tempo_of_its_middle() -> None:
    glide = [step for step in GLIDE.steps if 2 <= step.onset_quarters < 6]
    assert [step.onset_quarters for step in glide] == [2 + RAMP_STEP_QUARTERS * number for number in range(16)]
    assert [step.bpm for step in glide] == pytest.approx([90 + 30 * (number + 0.5) / 16 for number in range(16)])
    assert [GLIDE.bpm_at(place) for place in (0, Fraction(23, 12), 6, 7, 8, 50)] == [90, 90, 120, 120, 75, 75]
    assert GLIDE.bpm_at(4) == pytest.approx(105, abs=1)


@QUICKLY
@given(first=st.floats(40, 200), ratio=st.floats(0.5, 2), begin=PLACES, length=st.integers(48, 48 * 24))
def test_a_glide_lasts_as_long_as_its_integral(first: float, ratio: float, begin: Fraction, length: int) -> None:
    """Two quarters or more, to double or half the tempo at most: within a thousandth."""
    last, quarters = first * ratio, Fraction(length, 24)
    points = [TempoPoint(begin, first, last), TempoPoint(begin + quarters, last)]
    tempo = TempoMap(tuple(points if begin == 0 else [TempoPoint(Fraction(0), 77.0), *points]))
    slope = (last - first) / float(quarters)
    integral = float(quarters) * 60 / first if abs(ratio - 1) < 1e-6 else 60 / slope * log(last / first)
    assert tempo.seconds_between(begin, begin + quarters) == pytest.approx(integral, rel=1e-3)


@QUICKLY
@given(tempo=tempo_maps(), end=PLACES)
def test_the_steps_cover_the_whole_map_without_gaps(tempo: TempoMap, end: Fraction) -> None:
    assert tempo.steps[0].onset_quarters == tempo.steps[0].onset_seconds == 0
    assert all(one.bpm != other.bpm and one.onset_quarters < other.onset_quarters for one, other in pairwise(tempo.steps))
    for one, other in pairwise(tempo.steps):
        assert other.onset_seconds == one.onset_seconds + seconds_of(other.onset_quarters - one.onset_quarters, one.bpm)
        assert tempo.bpm_at(other.onset_quarters) == other.bpm
        assert tempo.bpm_at((one.onset_quarters + other.onset_quarters) / 2) == one.bpm
    for point, following in pairwise(tempo.points):
        inside = [step for step in tempo.steps if point.onset_quarters < step.onset_quarters < following.onset_quarters]
        if point.ramp_to_bpm is None:
            assert not inside
            assert tempo.bpm_at(point.onset_quarters) == point.bpm
        assert all((step.onset_quarters - point.onset_quarters) % RAMP_STEP_QUARTERS == 0 for step in inside)
    assert tempo.bpm_at(tempo.points[-1].onset_quarters + end) == tempo.points[-1].bpm


def test_a_glide_that_is_no_multiple_of_a_sixteenth_ends_in_a_shorter_step() -> None:
    tempo = TempoMap((TempoPoint(Fraction(0), 60.0, 120.0), TempoPoint(Fraction(1, 3), 120.0)))
    assert [step.onset_quarters for step in tempo.steps] == [0, Fraction(1, 4), Fraction(1, 3)]
    assert [step.bpm for step in tempo.steps] == pytest.approx([60 + 60 * 3 / 8, 60 + 60 * 7 / 8, 120])


def test_a_glide_between_equal_tempi_is_one_tempo() -> None:
    tempo = TempoMap((TempoPoint(Fraction(0), 90.0, 90.0), TempoPoint(Fraction(4), 90.0)))
    assert tempo.is_constant
    assert tempo.seconds_at(6) == 4


# What can't be

START = TempoPoint(Fraction(0), 100.0)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ((), "a tempo map begins at quarter 0"),
        ((TempoPoint(Fraction(1), 100.0),), "a tempo map begins at quarter 0"),
        ((TempoPoint(Fraction(-1), 100.0), START), "a tempo map begins at quarter 0"),
        ((START, TempoPoint(Fraction(0), 90.0)), "two tempi at quarter 0"),
        ((START, TempoPoint(Fraction(3), 90.0), TempoPoint(Fraction(2), 80.0)), "at quarter 2, or out of order"),
        ((START, TempoPoint(Fraction(5, 2), 0.0)), "a tempo of 0 at quarter 2.5"),
        ((TempoPoint(Fraction(0), -3.0),), "a tempo of -3 at quarter 0"),
        ((TempoPoint(Fraction(0), nan),), "a tempo of nan at quarter 0"),
        ((TempoPoint(Fraction(0), inf),), "a tempo of inf at quarter 0"),
        ((TempoPoint(Fraction(0), 100.0, 0.0), TempoPoint(Fraction(4), 90.0)), "a tempo of 0 at quarter 0"),
        ((TempoPoint(Fraction(0), 100.0, nan), TempoPoint(Fraction(4), 90.0)), "a tempo of nan at quarter 0"),
        ((START, TempoPoint(Fraction(4), 90.0, 60.0)), "the last tempo glides without an end"),
    ],
)
def test_a_map_that_can_not_be_is_refused_in_one_line(points: tuple[TempoPoint, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        TempoMap(points)
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value) or "give" in str(caught.value)


@pytest.mark.parametrize("factor", [0.0, -1.0, inf, nan])
def test_a_map_can_not_be_scaled_to_nothing(factor: float) -> None:
    with pytest.raises(UsageError, match="give one above 0"):
        JUMP.scaled(factor)


def test_a_glide_that_goes_on_the_same_way_is_one() -> None:
    def at(place: int, bpm: float, goal: float | None = None) -> TempoPoint:
        return TempoPoint(Fraction(place), bpm, goal)

    on = TempoMap((at(0, 60, 70), at(4, 70, 90), at(8, 90, 80), at(12, 80, 80), at(16, 80, 70), at(20, 75, 70), at(24, 70)))
    assert [(float(one.onset_quarters), float(one.end_quarters), one.begin_bpm, one.end_bpm) for one in on.glides] == [
        (0, 8, 60, 90), (8, 12, 90, 80), (16, 20, 80, 70), (20, 24, 75, 70),
    ]  # fmt: skip
    assert [one.rises for one in on.glides] == [True, False, False, False]
    assert TempoMap.constant(60).glides == ()

"""Metre maps: bars and quarters there and back through changes of metre, and bars that are cut short."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.errors import UsageError
from img2music.theory import METERS, Meter
from img2music.theory.meter_map import MeterMap, MeterPoint, bars_quarters, bars_seconds, steps_in_bar

QUICKLY = settings(max_examples=40, deadline=None)
FOUR, THREE, SIX = Meter(4, 4), Meter(3, 4), Meter(6, 8)
BARS = st.integers(-3, 60)
PLACES = st.integers(-4 * 24, 200 * 24).map(lambda count: Fraction(count, 24))
METRES = st.sampled_from(METERS).map(Meter.parse)
STRETCHES = st.lists(st.tuples(st.integers(1, 8), METRES), min_size=1, max_size=5)
WHOLE = MeterMap.of_bars([(2, FOUR), (3, THREE), (2, SIX)])
"""Bars at 0, 4; 8, 11, 14; 17, 20 ..."""
CUT = MeterMap((MeterPoint(Fraction(0), FOUR), MeterPoint(Fraction(6), THREE)))
"""The second bar has two quarters."""


@st.composite
def meter_maps(draw: st.DrawFn) -> MeterMap:
    """One to four metres; the bar before a new one may be cut short."""
    onsets = sorted(draw(st.sets(st.integers(1, 60 * 4), max_size=3)))
    return MeterMap(tuple(MeterPoint(Fraction(onset, 4), draw(METRES)) for onset in [0, *onsets]))


# There and back


@QUICKLY
@given(meters=meter_maps(), bar=BARS)
def test_the_bar_at_a_bar_line_is_the_one_that_begins(meters: MeterMap, bar: int) -> None:
    assert meters.bar_at(meters.bar_onset(bar)) == bar
    assert meters.place_in_bar(meters.bar_onset(bar)) == (bar, Fraction(0))


@QUICKLY
@given(meters=meter_maps(), place=PLACES)
def test_bar_and_place_lead_back_to_where_they_came_from(meters: MeterMap, place: Fraction) -> None:
    bar, inside = meters.place_in_bar(place)
    assert meters.onset(bar, inside) == place
    assert 0 <= inside < meters.bar_quarters(bar)
    assert meters.bar_at(place) == meters.bar_at(float(place)) == bar
    assert meters.bar_onset(bar) <= place < meters.bar_onset(bar + 1)


@QUICKLY
@given(meters=meter_maps(), bar=BARS)
def test_bars_follow_each_other_each_of_its_metres_length_or_cut(meters: MeterMap, bar: int) -> None:
    assert 0 < meters.bar_quarters(bar) <= meters.meter_at(bar).bar_quarters
    cut_before = {point.first_bar - 1 for point in meters.points[1:]}
    if bar not in cut_before:
        assert meters.bar_quarters(bar) == meters.meter_at(bar).bar_quarters


@QUICKLY
@given(meters=meter_maps(), places=st.sets(PLACES, min_size=2, max_size=12))
def test_places_as_a_number_of_bars_keep_their_order(meters: MeterMap, places: set[Fraction]) -> None:
    through = [meters.bars_through(place) for place in sorted(places)]
    assert all(one < other for one, other in pairwise(through))


# By hand


def test_one_metre() -> None:
    steady = MeterMap.constant(SIX)
    assert steady.is_constant
    assert steady.meter == steady.meter_at(0) == steady.meter_at(99) == SIX
    assert [steady.bar_onset(bar) for bar in (-1, 0, 1, 5)] == [-3, 0, 3, 15]
    assert [steady.bar_at(place) for place in (-1, 0, Fraction(29, 10), 3, 3.5)] == [-1, 0, 0, 1, 1]
    assert steady.bars_through(Fraction(15, 2)) == Fraction(5, 2)


def test_metres_that_follow_each_other() -> None:
    assert [point.first_bar for point in WHOLE.points] == [0, 2, 5]
    assert [WHOLE.bar_onset(bar) for bar in range(8)] == [0, 4, 8, 11, 14, 17, 20, 23]
    assert [WHOLE.meter_at(bar).name for bar in range(7)] == ["4/4"] * 2 + ["3/4"] * 3 + ["6/8"] * 2
    assert WHOLE.onset(3, Fraction(1, 2)) == Fraction(23, 2)
    assert WHOLE.bars_through(Fraction(25, 2)) == Fraction(7, 2)
    assert not WHOLE.is_constant
    assert WHOLE.meter == FOUR


def test_a_bar_that_the_next_metre_cuts_short() -> None:
    assert [point.first_bar for point in CUT.points] == [0, 2]
    assert [CUT.bar_onset(bar) for bar in range(4)] == [0, 4, 6, 9]
    assert [CUT.bar_quarters(bar) for bar in range(3)] == [4, 2, 3]
    assert CUT.place_in_bar(Fraction(11, 2)) == (1, Fraction(3, 2))
    assert CUT.place_in_bar(Fraction(6)) == (2, Fraction(0))
    assert CUT.meter_at(1) == FOUR


def test_first_bars_are_counted_by_the_map_whatever_a_point_says() -> None:
    wrong = MeterMap((MeterPoint(Fraction(0), FOUR, 7), MeterPoint(Fraction(8), THREE, 1)))
    assert [point.first_bar for point in wrong.points] == [0, 2]
    assert wrong == MeterMap.of_bars([(2, FOUR), (1, THREE)])


@QUICKLY
@given(stretches=STRETCHES)
def test_bars_of_metres_lie_one_after_the_other_and_neighbours_are_one_stretch(stretches: list[tuple[int, Meter]]) -> None:
    meters = MeterMap.of_bars(stretches)
    flat = [meter for count, meter in stretches for _ in range(count)]
    assert [meters.meter_at(bar) for bar in range(len(flat))] == flat
    assert meters.bar_onset(len(flat)) == sum(meter.bar_quarters for meter in flat)
    assert all(one.meter != other.meter for one, other in pairwise(meters.points))
    assert meters.is_constant == (len(set(flat)) == 1)


def test_lengths_of_bars() -> None:
    assert bars_quarters(3, SIX) == 9
    assert bars_quarters(1.5, Meter(7, 8)) == Fraction(21, 4)
    assert bars_seconds(4, THREE, 90) == 8
    assert bars_seconds(1.5, FOUR, 120) == 3
    assert [steps_in_bar(meter, 4) for meter in (FOUR, THREE, SIX, Meter(7, 8))] == [16, 12, 12, 14]


# What can't be


@pytest.mark.parametrize(
    ("onsets", "message"),
    [
        ((), "a metre map begins at quarter 0; give it a first metre there"),
        ((1,), "a metre map begins at quarter 0; give it a first metre there"),
        ((0, 4, 4), "two metres at quarter 4, or out of order; put them in order"),
        ((0, 8, 4), "two metres at quarter 4, or out of order; put them in order"),
        ((0, 0), "two metres at quarter 0, or out of order; put them in order"),
    ],
)
def test_a_map_that_can_not_be_is_refused_in_one_line(onsets: tuple[int, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        MeterMap(tuple(MeterPoint(Fraction(onset), FOUR if number % 2 else THREE) for number, onset in enumerate(onsets)))
    assert str(caught.value) == message

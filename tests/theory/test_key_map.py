"""Key maps: which key holds where."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.errors import UsageError
from img2music.theory import Key
from img2music.theory.key_map import KeyMap, KeyPoint

QUICKLY = settings(max_examples=40, deadline=None)
D, F, A = Key.parse("D minor"), Key.parse("F major"), Key.parse("A dorian")
KEYS = st.sampled_from([D, F, A])
PLACES = st.integers(0, 100 * 24).map(lambda count: Fraction(count, 24))
MOVING = KeyMap((KeyPoint(Fraction(0), D), KeyPoint(Fraction(16), F), KeyPoint(Fraction(57, 2), D)))


def test_one_key() -> None:
    steady = KeyMap.constant(F)
    assert steady.is_constant
    assert steady.key == steady.key_at(-1) == steady.key_at(0) == steady.key_at(1000.5) == F


def test_a_key_holds_from_its_place_until_the_next() -> None:
    assert [MOVING.key_at(place) for place in (-1, 0, 15.99, 16, 28, Fraction(57, 2), 999)] == [D, D, D, F, F, D, D]
    assert MOVING.key == D
    assert not MOVING.is_constant


@QUICKLY
@given(first=KEYS, more=st.dictionaries(PLACES.filter(bool), KEYS, max_size=6), place=PLACES)
def test_stretches_of_one_key_are_one(first: Key, more: dict[Fraction, Key], place: Fraction) -> None:
    stretches = [(Fraction(0), first), *sorted(more.items())]
    keys = KeyMap.of_stretches(stretches)
    assert all(one.key != other.key for one, other in pairwise(keys.points))
    assert keys.is_constant == (len({key for _, key in stretches}) == 1)
    assert keys.key_at(place) == [key for onset, key in stretches if onset <= place][-1]
    assert {(point.onset_quarters, point.key) for point in keys.points} <= set(stretches)


@pytest.mark.parametrize(
    ("onsets", "message"),
    [
        ((), "a key map begins at quarter 0; give it a first key there"),
        ((4,), "a key map begins at quarter 0; give it a first key there"),
        ((0, 0), "two keys at quarter 0, or out of order; put them in order"),
        ((0, 8, 4), "two keys at quarter 4, or out of order; put them in order"),
    ],
)
def test_a_map_that_can_not_be_is_refused_in_one_line(onsets: tuple[int, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        KeyMap(tuple(KeyPoint(Fraction(onset), D if number % 2 else F) for number, onset in enumerate(onsets)))
    assert str(caught.value) == message

"""Likeness of sequences against the definitions, written out plainly."""

from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from img2music.metrics.symbolic.sequence_similarity import (
    common_length,
    edit_distance,
    edit_likeness,
    jaccard,
    longest_repeat,
    runs,
)

WORDS = st.lists(st.integers(0, 3), max_size=14).map(tuple)


@cache
def distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    if not one or not other:
        return max(len(one), len(other))
    return min(distance(one[1:], other) + 1, distance(one, other[1:]) + 1, distance(one[1:], other[1:]) + (one[0] != other[0]))


@cache
def common(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    if not one or not other:
        return 0
    if one[0] == other[0]:
        return 1 + common(one[1:], other[1:])
    return max(common(one[1:], other), common(one, other[1:]))


@given(WORDS, WORDS)
def test_edit_distance_is_levenshteins(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    assert edit_distance(one, other) == distance(one, other)


@given(WORDS, WORDS)
def test_common_length_is_that_of_the_longest_common_subsequence(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    assert common_length(one, other) == common(one, other)


@given(WORDS)
def test_the_longest_repeat_is_found_and_does_not_overlap(word: tuple[int, ...]) -> None:
    places = [
        length
        for length in range(1, len(word) // 2 + 1)
        for first in range(len(word))
        for second in range(first + length, len(word) - length + 1)
        if word[first : first + length] == word[second : second + length]
    ]
    assert longest_repeat(word) == max(places, default=0)


def test_long_sequences_need_more_bits_than_a_machine_word() -> None:
    word = list(range(500))
    assert edit_distance(word, [*word[1:], 500]) == 2
    assert edit_likeness(word, word[::-1]) < 0.01
    assert edit_likeness([], []) == 1.0


def test_runs_and_shared_members() -> None:
    assert runs("abcd", 3) == [("a", "b", "c"), ("b", "c", "d")]
    assert runs("ab", 3) == []
    assert jaccard({1, 2, 3}, {2, 3, 4}) == 0.5
    assert jaccard(set(), set()) == 0.0

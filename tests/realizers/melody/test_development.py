"""What letters of the form have of their own: a motif, a contour, and what the bars after the motif do with it."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from statistics import mean
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.plan import CompositionPlan
from img2music.realizers.context import compose_context
from img2music.realizers.melody.melody_part import write_melody
from img2music.realizers.melody.phrase_plan import plan_phrases
from img2music.realizers.timeline import NoteEvent
from img2music.section import Development, Motif
from tests.support.moving_plans import moving_plan

DEVELOPMENTS = get_args(Development)
MOTIF = Motif(steps=(0, 1, 2, 4), rhythm=(1.0, 1.0, 1.0, 1.0))
UP, DOWN = (1, 1, 2), (-1, -1, -2)
"""The steps of the motif and of its inversion."""
D_MAJOR = (0, 2, 4, 5, 7, 9, 11)
"""Semitones above D."""

# Ideas by bar


def ideas(bars: list[int], *development: Development, seed: int = 1, is_last: bool = False) -> list[list[str]]:
    found = plan_phrases(bars, np.random.default_rng(seed), is_last=is_last, development=development)
    return [list(phrase) for phrase in found]


def test_bars_between_motif_and_cadence_do_what_is_asked_in_order_and_round_again() -> None:
    assert ideas([4, 4], "repetition", "inversion") == [
        ["motif", "repetition", "inversion", "cadence"],
        ["repetition", "inversion", "repetition", "cadence"],
    ]
    assert ideas([6], "fragment", is_last=True) == [["motif", *["fragment"] * 4, "home"]]


def test_a_slow_motif_takes_two_bars_where_there_are_two() -> None:
    assert ideas([4, 4], "augmentation", "sequence") == [
        ["motif", "augmentation", "augmentation_end", "cadence"],
        ["sequence", "augmentation", "augmentation_end", "cadence"],
    ]
    assert ideas([3], "augmentation") == [["motif", "repetition", "cadence"]]
    assert ideas([2, 2], "augmentation") == [["motif", "cadence"], ["repetition", "cadence"]]


@settings(max_examples=80, deadline=None)
@given(
    bars=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    development=st.lists(st.sampled_from(DEVELOPMENTS), max_size=5),
    seed=st.integers(0, 50),
    is_last=st.booleans(),
)
def test_phrases_keep_their_lengths_and_ends(bars: list[int], development: list[Development], seed: int, is_last: bool) -> None:
    free, asked = (ideas(bars, *wanted, seed=seed, is_last=is_last) for wanted in ((), development))
    assert [len(phrase) for phrase in asked] == bars
    assert [phrase[-1] for phrase in asked] == [phrase[-1] for phrase in free]
    assert asked == free or development
    if development and bars[0] > 1:
        assert asked[0][0] == "motif"
    for phrase in asked:
        assert all((one == "augmentation") == (other == "augmentation_end") for one, other in pairwise(phrase))
        if development:
            assert set(phrase[:-1]) <= {"motif", "repetition", *development, "augmentation_end"}


# Notes


@cache
def tune(style: str, seed: int, letter: str, **material: Any) -> list[list[NoteEvent]]:
    """The notes, by bar, of the first section of a letter that is made of `material`."""
    still = moving_plan({}, style=style, seconds=40, tempo_bpm=100, key="D major", seed=seed)
    tree = still.model_dump() | {"materials": [{"letter": letter, **material}] if material else []}
    plan = CompositionPlan.model_validate(tree)
    number = next(number for number, section in enumerate(plan.sections) if section.material == letter)
    first, section = plan.first_bars[number], plan.sections[number]
    assert section.phrase_bars[0] == 4
    bars: list[list[NoteEvent]] = [[] for _ in range(section.bars)]
    for event in write_melody(compose_context(plan)):
        bar = plan.meter_map.bar_at(event.onset)
        if first <= bar < first + section.bars:
            bars[bar - first].append(event)
    return bars


def tunes(letter: str = "A", **material: Any) -> list[list[list[NoteEvent]]]:
    """The same in eight pieces."""
    return [tune(style, seed, letter, **material) for style in ("folk", "chamber-strings") for seed in range(4)]


def rhythm(bar: list[NoteEvent]) -> list[float]:
    """Where the notes of a bar of 4/4 begin."""
    return [float(event.onset % 4) for event in bar]


def degree(event: NoteEvent) -> int:
    """The letter of a note of D major, counted through the octaves."""
    octave, semitones = divmod(event.pitches[0] - 2, 12)
    return 7 * octave + max(step for step, scale in enumerate(D_MAJOR) if scale <= semitones)


def steps(bar: list[NoteEvent]) -> list[int]:
    """From note to note, in letters."""
    return [degree(other) - degree(one) for one, other in pairwise(bar)]


def share(bars: list[list[NoteEvent]], *wanted: int) -> float:
    """How many of the steps are those that are wanted."""
    return mean(one == other for bar in bars for one, other in zip(steps(bar), wanted, strict=True))


@pytest.mark.parametrize("development", ["repetition", "sequence", "inversion"])
def test_bars_have_the_motifs_rhythm(development: str) -> None:
    for bars in tunes(motif=MOTIF, development=(development,)):
        assert [rhythm(bar) for bar in bars[:3]] == [[0, 1, 2, 3]] * 3


def test_a_fragment_is_the_head_twice() -> None:
    for bars in tunes(motif=Motif(steps=(0, 1, 2, 4), rhythm=(1.5, 0.5, 1.0, 1.0)), development=("fragment",)):
        assert [rhythm(bar) for bar in bars[:3]] == [[0, 1.5, 2, 3], [0, 1.5, 2, 3.5], [0, 1.5, 2, 3.5]]


def test_an_augmentation_is_twice_as_slow_over_two_bars() -> None:
    for bars in tunes(motif=MOTIF, development=("augmentation",)):
        assert [rhythm(bar) for bar in bars[:3]] == [[0, 1, 2, 3], [0, 2], [0, 2]]
        assert [event.duration for bar in bars[1:3] for event in bar] == [2, 2, 2, 2]


def test_a_letters_own_motif_is_heard() -> None:
    assert share([bars[0] for bars in tunes(motif=MOTIF)], *UP) > 0.85
    assert share([bars[0] for bars in tunes(motif=Motif(steps=(0, -1, 1, 0), rhythm=(1.0,) * 4))], -1, 2, -1) > 0.85


def test_repetitions_and_sequences_go_as_the_motif_goes_and_an_inversion_against_it() -> None:
    for development, wanted in (("repetition", UP), ("sequence", UP), ("inversion", DOWN)):
        again = [bar for bars in tunes(motif=MOTIF, development=(development,)) for bar in bars[1:3]]
        assert share(again, *wanted) > 0.6
        assert share(again, *(DOWN if wanted is UP else UP)) < 0.2


def test_a_sequence_begins_elsewhere_a_repetition_where_the_motif_did() -> None:
    def begins(development: str) -> list[int]:
        return [
            degree(other[0]) - degree(one[0])
            for bars in tunes(motif=MOTIF, development=(development,))
            for one, other in pairwise(bars[:3])
        ]

    assert mean(1 <= abs(shift) <= 2 for shift in begins("sequence")) > 0.6
    assert mean(shift == 0 for shift in begins("sequence")) < 0.2
    assert mean(shift == 0 for shift in begins("repetition")) > 0.4


def test_a_contrast_takes_its_own_motif_upright() -> None:
    """Without one it turns the piece's upside down."""
    pieces = [tune("chamber-strings", seed, "B", motif=MOTIF) for seed in range(4)]
    assert share([bars[0] for bars in pieces], *UP) > 0.85


def test_a_letters_own_contour_is_followed() -> None:
    def climb(*contour: float) -> float:
        pieces = tunes(contour=contour)
        first, last = (mean(event.pitches[0] for bars in pieces for event in bars[bar]) for bar in (0, -1))
        return last - first

    assert climb(0.0, 1.0) > climb(1.0, 0.0) + 3

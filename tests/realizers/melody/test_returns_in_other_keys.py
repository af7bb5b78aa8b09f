"""A tune that comes back in another key: the same by degrees and rhythm, where the instrument reaches."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from statistics import mean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.plan import CompositionPlan
from img2music.realizers.context import compose_context
from img2music.realizers.melody.melody_part import write_melody
from img2music.realizers.timeline import NoteEvent, chord_at, layout_chords
from img2music.theory import Key, instrument
from img2music.theory.transposition import degree_of, numeral_in_mode
from tests.support.moving_plans import moving_plan

KEYS = ("G major", "E minor", "Bb major", "F# minor", "D dorian", "A mixolydian")


def sung(plan: CompositionPlan, number: int) -> list[NoteEvent]:
    """The tune of a section."""
    first, section = plan.first_bars[number], plan.sections[number]
    begin, end = plan.meter_map.bar_onset(first), plan.meter_map.bar_onset(first + section.bars)
    return [event for event in write_melody(compose_context(plan)) if begin <= event.onset < end]


def pair(key: str | None, *, style: str = "folk", seed: int = 3, **more: Any) -> CompositionPlan:
    """A theme in D minor that comes back in another key, over chords that do there what those of the theme did; None leaves out the key."""
    still = moving_plan({}, style=style, seconds=50, seed=seed)
    (theme,) = [section for section in still.sections if section.name == "A1"]
    mode = Key.parse(key or "D minor").mode
    harmony = tuple(" ".join(numeral_in_mode(numeral, "minor", mode) for numeral in bar.split()) for bar in theme.harmony)
    back = theme.model_copy(update={"name": "A2", "key": key, "harmony": harmony, **more})
    return CompositionPlan.model_validate(still.model_dump() | {"sections": [theme.model_dump(), back.model_dump()], "hits": []})


def degrees(plan: CompositionPlan, number: int) -> list[tuple[Fraction, int, bool]]:
    """Place in the section, degree of the section's key, and whether the scale has it."""
    key, spans = plan.key_of(plan.sections[number]), layout_chords(plan)
    begin = plan.meter_map.bar_onset(plan.first_bars[number])
    return [
        (event.onset - begin, *degree_of(key.spell(event.pitches[0], chord_at(spans, event.onset).chord.members), key))
        for event in sung(plan, number)
    ]


@pytest.mark.parametrize("key", KEYS)
def test_it_is_the_same_tune_by_degrees_and_rhythm(key: str) -> None:
    """But for its close, which is new, and for ornaments; and no less than in its own key."""

    def alike(key: str) -> float:
        plans = [pair(key, seed=seed) for seed in range(2)]
        shares = []
        for plan in plans:
            bars = plan.sections[0].bars - 1
            length = plan.meter_map.bar_onset(bars)
            there, here = ({one for one in degrees(plan, number) if one[0] < length} for number in (0, 1))
            shares.append(len(there & here) / len(there))
        return mean(shares)

    assert alike(key) >= 0.8
    assert alike(key) >= alike("D minor") - 0.15


@pytest.mark.parametrize("key", ["F minor", "A minor", "B minor"])
def test_in_another_key_of_its_mode_it_is_moved_as_a_whole(key: str) -> None:
    plan = pair(key, seed=1)
    there, here = ({event.onset: event.pitches[0] for event in sung(plan, number)} for number in (0, 1))
    shift = plan.meter_map.bar_onset(plan.sections[0].bars)
    moves = [here[onset + shift] - pitch for onset, pitch in there.items() if onset + shift in here]
    common = max(set(moves), key=moves.count)
    assert moves.count(common) >= 0.7 * len(moves)
    assert common % 12 == (Key.parse(key).pitch_classes[0] - Key.parse("D minor").pitch_classes[0]) % 12


def test_a_return_in_its_own_key_by_name_is_a_return() -> None:
    assert [event.pitches for event in sung(pair("D minor"), 1)] == [event.pitches for event in sung(pair(None), 1)]


def test_in_another_metre_it_is_a_tune_of_its_own() -> None:
    plan = pair("G major", meter="3/4")
    here = sung(plan, 1)
    assert here
    assert all(event.end <= plan.duration_quarters for event in here)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    player=st.sampled_from(["muted trumpet", "bagpipe", "flute", "cello", "bassoon", "celesta"]),
    keys=st.lists(st.sampled_from(KEYS), min_size=2, max_size=2),
    seed=st.integers(0, 20),
)
def test_it_stays_where_the_instrument_reaches(player: str, keys: list[str], seed: int) -> None:
    plan = pair(keys[0], seed=seed)
    parts = [part.model_copy(update={"instrument": player}) if part.role == "melody" else part for part in plan.parts]
    first = plan.sections[0].model_copy(update={"key": keys[1]})
    tree = plan.model_dump() | {
        "parts": [part.model_dump() for part in parts],
        "sections": [first.model_dump(), plan.sections[1].model_dump()],
    }
    line = write_melody(compose_context(CompositionPlan.model_validate(tree)))
    reach = instrument(player)
    assert all(reach.low <= event.pitches[0] <= reach.high for event in line)
    assert all(one.end <= other.onset for one, other in pairwise(line))

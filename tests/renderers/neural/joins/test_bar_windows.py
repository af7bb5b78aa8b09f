"""Windows cover every moment, keep the model's bounds and change over at bar lines, whatever the piece."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.performance import TICKS_PER_QUARTER, Performance
from img2music.renderers.neural.joins import Window, sounding_seconds, windows
from img2music.theory import Key, Meter
from img2music.theory.key_map import KeyMap
from img2music.theory.meter_map import MeterMap, bars_seconds
from img2music.theory.tempo_map import TempoMap, TempoPoint

C = Key.parse("C")
METERS = [Meter(*pair) for pair in ((2, 4), (3, 4), (4, 4), (7, 8), (12, 8), (3, 8), (11, 16))]
"""Some are none of ours: foreign files have them."""


def piece(
    meter: str = "4/4", bpm: float = 120.0, seconds: float = 60.0, *, loop: bool = False, borders: tuple[int, ...] = ()
) -> Performance:
    """Of no notes; `borders` are the bars with which sections begin."""
    metre = Meter.parse(meter)
    ticks = [int(MeterMap.constant(metre).bar_onset(bar) * TICKS_PER_QUARTER) for bar in borders]
    return Performance.steady(
        "made", C, metre, bpm, seconds, (), loop=loop, markers=tuple((tick, f"from {tick}") for tick in ticks)
    )


@st.composite
def moving_pieces(draw: st.DrawFn) -> Performance:
    """Metres, tempi and glides of all kinds."""
    meters = MeterMap.of_bars(draw(st.lists(st.tuples(st.integers(1, 12), st.sampled_from(METERS)), min_size=1, max_size=5)))
    points, onset = [], Fraction(0)
    for bpm, quarters in draw(st.lists(st.tuples(st.floats(20, 300), st.integers(1, 40)), min_size=1, max_size=4)):
        points.append(TempoPoint(onset, bpm, draw(st.sampled_from([None, bpm * 1.5]))))
        onset += quarters
    points.append(TempoPoint(onset, draw(st.floats(20, 300))))
    borders = draw(st.lists(st.integers(0, 40), unique=True, max_size=6))
    return Performance(
        "made",
        TempoMap(tuple(points)),
        meters,
        KeyMap.constant(C),
        draw(st.floats(0.5, 240)),
        (),
        markers=tuple((int(meters.bar_onset(bar) * TICKS_PER_QUARTER), str(bar)) for bar in sorted(borders)),
        loop=draw(st.booleans()),
        rings=draw(st.booleans()),
    )


def bar_lines(performance: Performance) -> list[float]:
    found: list[float] = []
    bar = 0
    while not found or found[-1] < performance.seconds + 2:
        found.append(performance.tempo_map.seconds_at(performance.meter_map.bar_onset(bar)))
        bar += 1
    return found


def on_a_bar_line(seconds: float, lines: list[float]) -> bool:
    return min(abs(seconds - line) for line in lines) < 1e-6


@settings(deadline=None)
@given(moving_pieces(), st.floats(2, 60), st.just(0.0) | st.floats(0.01, 0.5))
def test_every_moment_is_covered_and_every_bound_kept(performance: Performance, longest: float, share: float) -> None:
    overlap = longest * share
    layout = windows(performance, longest, overlap)
    length = sounding_seconds(performance)
    assert layout[0].begin_seconds == layout[0].join_seconds == 0
    assert layout[-1].end_seconds >= length
    assert layout[-1].end_seconds <= length + overlap
    assert layout[-1].returns == (layout[-1].end_seconds > length)
    assert not any(window.returns for window in layout[:-1])
    assert all(0 < window.seconds <= longest + 1e-5 for window in layout)
    for before, after in pairwise(layout):
        assert before.join_seconds < after.join_seconds < length
        assert before.begin_seconds <= after.begin_seconds <= after.join_seconds <= before.end_seconds
        assert before.end_seconds - after.begin_seconds >= overlap - 1e-5
        assert 0 < after.slack_seconds < 0.4
    lines = bar_lines(performance)
    if max(after - before for before, after in pairwise(lines)) <= longest / 4:
        assert all(on_a_bar_line(window.begin_seconds, lines) for window in layout)
        assert all(on_a_bar_line(window.join_seconds, lines) for window in layout)


def joins(layout: tuple[Window, ...]) -> list[float]:
    return [window.join_seconds for window in layout[1:]]


def test_a_piece_that_fits_is_one_window() -> None:
    assert windows(piece(seconds=30.0), 30.0, 5.0) == (Window(0.0, 30.0, 0.0),)


def test_no_more_windows_than_are_needed_and_all_alike() -> None:
    layout = windows(piece(seconds=80.0), 30.0, 4.0)  # bars of two seconds
    assert len(layout) == 4
    lengths = [window.seconds for window in layout]
    assert max(lengths) - min(lengths) <= 6


def test_a_new_window_plays_a_new_section() -> None:
    sections, plain = piece(seconds=56.0, borders=(0, 7, 17)), piece(seconds=56.0)  # at 14 and 34 seconds
    assert joins(windows(sections, 30.0, 4.0)) == [14.0, 34.0]
    assert joins(windows(plain, 30.0, 4.0)) != [14.0, 34.0]
    assert joins(windows(sections, 40.0, 4.0)) == [34.0]
    assert joins(windows(plain, 40.0, 4.0)) == [30.0]  # shared: 26 to 31


def test_where_bars_are_too_long_for_the_model_beats_serve() -> None:
    slow = piece("12/8", 40.0, 45.0)  # bars of nine seconds, beats of two and a quarter
    beat = bars_seconds(0.25, slow.meter, 40.0)
    for window in windows(slow, 10.0, 1.0):
        assert window.join_seconds / beat == pytest.approx(round(window.join_seconds / beat))
        assert window.seconds <= 10


def test_without_overlap_windows_follow_each_other() -> None:
    for before, after in pairwise(windows(piece(seconds=50.0), 10.0, 0.0)):
        assert before.end_seconds == after.begin_seconds == after.join_seconds


def test_a_loop_goes_on_into_its_beginning() -> None:
    layout = windows(piece(seconds=64.0, loop=True), 30.0, 4.0)
    assert layout[-1].returns
    assert layout[-1].end_seconds == 65.0
    assert windows(piece(seconds=30.0, loop=True), 30.0, 4.0) == (Window(0.0, 30.0, 0.0),)
    assert windows(piece(seconds=29.5, loop=True), 30.0, 4.0) == (Window(0.0, 30.0, 0.0, returns=True),)


@pytest.mark.parametrize(("longest", "overlap"), [(0.0, 0.0), (-1.0, 0.0), (10.0, 6.0), (10.0, -1.0), (float("nan"), 0.0)])
def test_impossible_lengths_are_refused(longest: float, overlap: float) -> None:
    with pytest.raises(ValueError, match="at most half"):
        windows(piece(), longest, overlap)

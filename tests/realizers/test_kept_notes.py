"""Kept lines of pieces in several metres: as text and back, and from one piece to another bar by bar."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from img2music.errors import DocumentError
from img2music.plan import CompositionPlan
from img2music.realizers.composer import Composer
from img2music.realizers.kept_notes import compose_around_kept, read_kept_line, transfer_part, write_kept_line
from img2music.realizers.timeline import NoteEvent
from tests.support.made_notes import check_page
from tests.support.moving_plans import moving_plan
from tests.support.random_moving_plans import draw_moving_plan

if TYPE_CHECKING:
    from img2music.score import Score

COURSE: dict[str, dict[str, Any]] = {
    "A1": {"meter": "6/8"},
    "B": {"key": "F major", "meter": "5/4", "tempo_bpm": 96.0, "energy_curve": (0.2, 0.4, 0.6, 0.8)},
    "A2": {"key": "G minor"},
}


@cache
def made(style: str = "pop") -> tuple[CompositionPlan, Score]:
    plan = moving_plan(COURSE, style=style, seconds=50)
    return plan, Composer()(plan)


def kept_lines(plan: CompositionPlan, score: Score, new: CompositionPlan) -> dict[str, list[NoteEvent]]:
    """Every part of a score as `new` plays it, bar by bar."""
    seats = {part.id: part for part in new.parts}
    return {part.id: transfer_part(part, plan, new, seats[part.id], range(new.bars)) for part in score.parts}


def test_the_plan_of_these_tests() -> None:
    plan, _ = made()
    assert [point.meter.name for point in plan.meter_map.points] == ["4/4", "6/8", "5/4", "4/4"]


def test_a_piece_of_kept_lines_alone_is_the_piece() -> None:
    for style in ("pop", "chamber-strings"):
        plan, score = made(style)
        assert compose_around_kept(kept_lines(plan, score, plan), plan) == score


def test_lines_go_to_other_keys_bar_by_bar() -> None:
    plan, score = made()
    course = COURSE | {"A2": {"key": "A minor"}}
    other = moving_plan(course, style="pop", seconds=50)
    kept = kept_lines(plan, score, other)
    again = compose_around_kept(kept, other)
    check_page(other, again)
    begin = plan.meter_map.bar_onset(plan.first_bars[[section.name for section in plan.sections].index("A2")])
    for was, now in zip(score.parts, again.parts, strict=True):
        assert [note.onset_quarters for note in now.notes] == [note.onset_quarters for note in was.notes]
        moves = {
            (other.pitch - note.pitch) % 12
            for note, other in zip(was.notes, now.notes, strict=True)
            if note.onset_quarters >= begin
        }
        assert moves <= {0} if was.instrument.kit else moves == {2}


def test_lines_as_text_are_told_from_their_own_bar_line() -> None:
    plan, score = made()
    for part, events in kept_lines(plan, score, plan).items():
        lines = write_kept_line(events, plan.meter_map, plan.bars)
        assert len(lines) == plan.bars
        assert read_kept_line(lines, plan, part) == events
        for bar, line in enumerate(lines):
            places = [Fraction(text.split()[0]) for text in line.split("; ") if text]
            assert all(0 <= place < plan.meter_map.bar_quarters(bar) for place in places)


@pytest.mark.parametrize("seed", range(10))
def test_lines_of_any_plan_come_back_from_text(seed: int) -> None:
    plan = draw_moving_plan(seed, loops=False)
    score = Composer()(plan)
    for part, events in kept_lines(plan, score, plan).items():
        assert read_kept_line(write_kept_line(events, plan.meter_map, plan.bars), plan, part) == events


@pytest.mark.parametrize(
    ("bar", "text", "why"),
    [
        (2, "3 1/2 67", "in bar 3 of the kept part 'Piano' is no event"),  # a bar of 6/8 has three quarter notes
        (2, "0 9 67", "in bar 4 of the kept part 'Piano' is no event"),  # into what follows
        (6, "5 1/2 67", "in bar 7 of the kept part 'Piano' is no event"),  # a bar of 5/4 has five
        (13, "0 5 67", "the kept part 'Piano' goes on behind the last bar"),
    ],
)
def test_what_does_not_fit_its_bar_is_refused(bar: int, text: str, why: str) -> None:
    plan, _ = made()
    lines = ["0 1 67"] * plan.bars
    lines[bar] = text
    with pytest.raises(DocumentError, match=why):
        read_kept_line(lines, plan, "Piano")


def test_a_place_may_be_anywhere_below_its_bars_length() -> None:
    plan, _ = made()
    lines = [""] * plan.bars
    lines[2], lines[6] = "23/8 1/8 67", "19/4 1/4 67"
    assert [event.onset for event in read_kept_line(lines, plan, "Piano")] == [
        8 + Fraction(23, 8),
        plan.meter_map.bar_onset(6) + Fraction(19, 4),
    ]

from __future__ import annotations

from dataclasses import replace
from typing import Any

from img2music.brief import Brief
from img2music.metrics.symbolic.symbolic_metrics import measure_score, overall_quality
from img2music.plan import CompositionPlan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.score import Note, Score
from tests.support.made_scenes import make_scene


def make(**wishes: Any) -> tuple[CompositionPlan, Score]:
    plan = RulesPlanner()(make_scene(genre="folk"), Brief.of(**wishes))
    return plan, Composer()(plan)


def value(score: Score, plan: CompositionPlan, name: str) -> float | None:
    return next(one.value for one in measure_score(score, plan) if one.name == name)


def with_tune(score: Score, pitches: list[int]) -> Score:
    tune = score.parts[0]
    notes: list[Note] = []
    for index, note in enumerate(tune.notes):
        pitch = pitches[index % len(pitches)]
        notes.append(replace(note, pitch=pitch, spelling=score.key.spell(pitch)))
    return replace(score, parts=(replace(tune, notes=tuple(notes)), *score.parts[1:]))


def test_a_good_page_gets_better_marks_than_a_wild_one() -> None:
    plan, score = make()
    wild = with_tune(score, [61, 90, 63, 78, 58, 85, 66, 73])
    assert overall_quality(measure_score(score, plan)) > overall_quality(measure_score(wild, plan)) + 0.2
    assert value(score, plan, "range faults") == 0


def test_range_faults_are_counted() -> None:
    plan, score = make()
    assert (value(with_tune(score, [20]), plan, "range faults") or 0) > 0


def test_each_mark_moves_the_way_its_card_says() -> None:
    plan, score = make()
    tonic = plan.parsed_key.degree(0)
    assert value(with_tune(score, [tonic, tonic + 12, tonic + 11, tonic]), plan, "leap recovery") is not None
    unrecovered = value(with_tune(score, [tonic, tonic + 7, tonic + 14, tonic + 21]), plan, "leap recovery")
    assert unrecovered is not None
    assert unrecovered < 0.5
    ceiling = value(with_tune(score, [tonic, tonic + 2, tonic + 4, tonic + 2]), plan, "single climax")
    assert ceiling is not None
    assert ceiling < 0.2
    assert (value(with_tune(score, [tonic, tonic + 2]), plan, "variety") or 1) < (value(score, plan, "variety") or 0)


def test_what_cannot_be_measured_is_none_not_zero() -> None:
    plan, score = make(instruments=("drums",))
    marks = {one.name: one.value for one in measure_score(score, plan)}
    assert marks["leap recovery"] is None
    assert marks["parallel perfect intervals"] is None
    assert overall_quality(measure_score(score, plan)) == 0.0


def test_every_card_explains_itself() -> None:
    plan, score = make()
    for one in measure_score(score, plan):
        assert one.explanation.endswith(".")
        assert one.unit
        assert one.value is None or one.low <= one.value <= one.high

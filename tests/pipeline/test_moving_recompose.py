"""Pieces that move, made anew: what is kept keeps its place through changes of key and tempo, or is refused in one line."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest

from img2music.brief import Brief
from img2music.errors import BriefError
from img2music.pipeline import Pipeline, recompose
from img2music.pipeline.recomposition.form_fitting import regroup_bars
from img2music.pipeline.recomposition.kept_keys import with_known_players
from img2music.pipeline.recomposition.moving_form import fit_gradual_form, fit_own_tempi
from img2music.planners.rules.gradual_tempo import GradualTempo
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.section import TempoChange
from img2music.theory import Meter
from img2music.theory.transposition import key_interval
from tests.support.made_scenes import make_scene
from tests.support.moving_plans import moving_plan

if TYPE_CHECKING:
    from img2music.piece import Piece
    from img2music.plan import CompositionPlan, Section
    from img2music.score import Part


@cache
def original() -> Piece:
    wishes = Brief.of(seconds=45, seed=3, key="D minor, F major", tempo_bpm="72-96", style="pop")
    return Pipeline.load().compose_from(make_scene(arousal=0.6), wishes, audio=None)


def made(*keep: str, **wishes: Any) -> Piece:
    return recompose(original(), keep=keep, audio=None, **wishes)


def keys_of(plan: CompositionPlan) -> list[str]:
    return [key for key, _ in groupby(plan.key_of(section).name for section in plan.sections)]


def part_of(piece: Piece, role: str) -> Part:
    return next(part for part in piece.score.parts if part.role == role)


def places(part: Part) -> list[tuple[object, ...]]:
    return [(note.onset_quarters, note.duration_quarters) for note in part.notes]


@pytest.mark.parametrize("craft", ["melody", "chords", "bass", "drums", "harmony"])
def test_what_is_kept_stays_in_a_piece_that_moves(craft: str) -> None:
    piece = made(craft)
    assert all(count.same == count.total for count in piece.manifest.kept.measured)  # type: ignore[union-attr]
    assert keys_of(piece.plan) == ["D minor", "F major"]
    assert (piece.plan.tempo_map.bpm, piece.plan.tempo_map.steps[-1].bpm) == (72, 96)
    assert piece.plan.seconds == 45
    assert piece.plan.bars == original().plan.bars


def test_each_section_goes_from_its_own_key() -> None:
    piece = made("melody", key="E minor, A major")
    old, new = original(), piece
    assert keys_of(new.plan) == ["E minor", "A major"]
    tune, moved = part_of(old, "melody"), part_of(new, "melody")
    assert places(tune) == places(moved)
    for note, other in zip(tune.notes, moved.notes, strict=True):
        was, now = old.plan.key_map.key_at(note.onset_quarters), new.plan.key_map.key_at(other.onset_quarters)
        if was.mode == now.mode:
            assert (other.pitch - note.pitch - key_interval(was, now)) % 12 == 0


def test_one_key_and_one_tempo_end_the_movement() -> None:
    piece = made("melody", key="E minor", tempo_bpm=80)
    assert not any(section.moves for section in piece.plan.sections)
    assert (piece.plan.key, piece.plan.tempo_bpm) == ("E minor", 80)
    assert places(part_of(piece, "melody")) == places(part_of(original(), "melody"))


def test_another_length_bends_the_glide_or_repeats_the_form() -> None:
    piece = made("melody", seconds=80)
    assert piece.plan.seconds == 80
    assert 0.1 < 80 - piece.plan.bars_seconds < 8
    assert (piece.plan.tempo_map.bpm, piece.plan.tempo_map.steps[-1].bpm) == (72, 96)
    assert piece.plan.bars > original().plan.bars


def test_a_form_that_stays_learns_to_move() -> None:
    still = Pipeline.load().compose_from(make_scene(), Brief.of(seconds=45, seed=3, style="folk", key="G major"), audio=None)
    piece = recompose(still, keep=["form"], audio=None, key="G major, E minor", tempo_bpm="80-110")
    assert [section.name for section in piece.plan.sections] == [section.name for section in still.plan.sections]
    assert keys_of(piece.plan) == ["G major", "E minor"]
    assert (piece.plan.tempo_map.bpm, piece.plan.tempo_map.steps[-1].bpm) == (80, 110)


@pytest.mark.parametrize(
    ("keep", "wishes", "fault"),
    [
        ("melody", {"meter": "3/4"}, "can't be kept in 3/4"),
        ("melody", {"loop": True}, "a loop ends as it begins"),
        ("form", {"key": "C, D, E, F, G, A, B"}, "too few for 7 keys; keep no form, or ask for fewer keys"),
        ("melody", {"seconds": 3}, "too few for 2 keys"),
    ],
)
def test_what_cant_be_kept_is_one_line(keep: str, wishes: dict[str, Any], fault: str) -> None:
    with pytest.raises(BriefError, match=fault) as refused:
        made(keep, **wishes)
    assert "\n" not in str(refused.value)


def test_a_moving_piece_replays_and_is_kept_twice() -> None:
    once = made("melody")
    twice = recompose(once, keep=["melody"], audio=None)
    assert places(part_of(twice, "melody")) == places(part_of(original(), "melody"))


def in_metres() -> CompositionPlan:
    plan = RulesPlanner()(make_scene(), Brief.of(seconds=40, meter="4/4", tempo_bpm=100))
    changed = plan.sections[1].model_copy(update={"meter": "3/4"})
    return plan.model_copy(update={"sections": (plan.sections[0], changed, *plan.sections[2:])})


def test_bars_of_several_metres_stay_or_are_refused() -> None:
    plan = in_metres()
    assert regroup_bars(plan, Meter.parse("4/4")) == plan.sections
    with pytest.raises(BriefError, match="several metres can't be kept in 2/4; keep those metres, or keep no notes"):
        regroup_bars(plan, Meter.parse("2/4"))


def moving_sections() -> tuple[Section, ...]:
    plan = RulesPlanner()(make_scene(), Brief.of(seconds=60, meter="4/4", tempo_bpm=90, style="folk"))
    last = plan.sections[-1]
    return (
        plan.sections[0].model_copy(update={"tempo_changes": (TempoChange(bar=1, bpm=120, over_bars=1),)}),
        *plan.sections[1:-1],
        last.model_copy(update={"tempo_bpm": 60.0}),
    )


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("seconds", [30.0, 60.0, 110.0])
def test_tempi_of_its_own_move_together(seconds: float, *, loop: bool) -> None:
    sections, meter = moving_sections(), Meter.parse("4/4")
    fitted = fit_own_tempi(sections, meter, 90, seconds=seconds, seconds_are_asked=True, loop=loop)
    factor = fitted.tempo_bpm / 90
    assert fitted.seconds == pytest.approx(seconds, abs=1e-3)
    assert fitted.sections[-1].tempo_bpm == pytest.approx(60 * factor)
    assert fitted.sections[0].tempo_changes[0].bpm == pytest.approx(120 * factor)
    asis = fit_own_tempi(sections, meter, 90, seconds=seconds, seconds_are_asked=False, loop=loop)
    assert asis.tempo_bpm == 90


def test_tempi_that_nobody_plays_are_refused() -> None:
    with pytest.raises(BriefError, match="can't fill 4 s with tempi from 20 to 300"):
        fit_own_tempi(moving_sections(), Meter.parse("4/4"), 90, seconds=4, seconds_are_asked=True, loop=False)


def test_an_asked_length_that_no_phrases_fill_is_refused() -> None:
    whole = [section for section in moving_sections() if section.phrase_bars == (4,) * len(section.phrase_bars)]
    with pytest.raises(
        BriefError, match=r"4 s can't be filled with whole phrases of the kept form .* from 50 to 60 quarter notes"
    ):
        fit_gradual_form(whole, Meter.parse("4/4"), GradualTempo(50, 60), seconds=4, seconds_are_asked=True)


def test_a_length_on_record_gives_way_to_a_glide() -> None:
    sections, meter = moving_sections(), Meter.parse("4/4")
    fitted = fit_gradual_form(sections, meter, GradualTempo(50, 60), seconds=20, seconds_are_asked=False)
    assert fitted.seconds > 60
    assert fitted.bars == sum(section.bars for section in sections)


def test_sections_forget_players_that_are_gone_and_a_solo_whose_player_rests() -> None:
    """The cello played alone while the violin rested; without a cello the violin has the tune, and a solo would be silence."""
    plan = moving_plan(
        {"A2": {"texture": "solo", "tune_by": "Cello", "silent": ("Violin", "Viola")}}, style="chamber-strings", seconds=50
    )
    trio = plan.model_copy(update={"parts": tuple(part for part in plan.parts if part.id not in {"Cello", "Viola"})})
    known = with_known_players(trio)
    section = next(section for section in known.sections if section.name == "A2")
    assert (section.tune_by, section.silent, section.texture) == (None, ("Violin",), None)
    assert type(plan).model_validate(known.model_dump()) == known
    assert with_known_players(plan) == plan

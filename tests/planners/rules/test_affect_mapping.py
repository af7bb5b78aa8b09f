"""Feeling becomes music in one direction only: what rises with it never falls, and a neutral feeling changes nothing."""

from __future__ import annotations

from fractions import Fraction
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.brief import Brief
from img2music.crossmodal.affect import spread_affect as spread_out
from img2music.io.style_files import load_style, style_names
from img2music.metrics.affect.affect_features import AffectFeatures, read_features
from img2music.performance import Performance
from img2music.performers.expressive import ExpressivePerformer
from img2music.plan import CompositionPlan
from img2music.planners.rules.affect_mapping import adapt_vocabulary, map_affect, nearest_mode
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.score import Score
from img2music.theory import MODES, Key, instrument
from tests.support.made_scenes import make_scene

unit = st.floats(-1, 1)
names = st.sampled_from(style_names())


@settings(max_examples=80, deadline=None)
@given(names, unit, unit, unit)
def test_more_arousal_is_never_sparser_softer_or_more_bound(name: str, valence: float, one: float, other: float) -> None:
    style = load_style(name)
    calm, stirred = (map_affect(valence, arousal, style) for arousal in sorted((one, other)))
    assert calm.density <= stirred.density
    assert calm.temper <= stirred.temper
    assert calm.articulation >= stirred.articulation
    assert calm.height == stirred.height


@settings(max_examples=80, deadline=None)
@given(names, unit, unit, unit)
def test_more_valence_is_never_lower_darker_or_more_bound(name: str, arousal: float, one: float, other: float) -> None:
    style = load_style(name)
    sad, glad = (map_affect(valence, arousal, style) for valence in sorted((one, other)))
    assert sad.height <= glad.height
    assert sad.articulation >= glad.articulation
    assert sad.density == glad.density
    dark, light = (adapt_vocabulary(style.vocabulary, valence, arousal) for valence in sorted((one, other)))
    assert dark.borrowed >= light.borrowed
    assert dark.suspensions >= light.suspensions


@settings(max_examples=25, deadline=None)
@given(names, unit, unit)
def test_every_feeling_stays_inside_the_style_and_the_plan(name: str, valence: float, arousal: float) -> None:
    style = load_style(name)
    feeling = map_affect(valence, arousal, style)
    assert style.density[0] - 1e-9 <= feeling.density <= style.density[1] + 1e-9
    assert -1 <= feeling.temper <= 1
    plan = RulesPlanner()(make_scene(valence=valence, arousal=arousal), Brief.of(style=name, seconds=12))
    spread = map_affect(*spread_out(valence, arousal), style)
    assert (plan.articulation, plan.height) == (spread.articulation, spread.height)
    assert type(style.vocabulary).model_validate(adapt_vocabulary(style.vocabulary, valence, arousal).model_dump())


@pytest.mark.parametrize("name", style_names())
def test_a_neutral_feeling_plays_as_the_style_does(name: str) -> None:
    style = load_style(name)
    feeling = map_affect(0, 0, style)
    assert (feeling.articulation, feeling.height) == (1, 0)
    assert feeling.density == pytest.approx(sum(style.density) / 2)
    assert adapt_vocabulary(style.vocabulary, 0, 0) == style.vocabulary


def test_seven_levels_of_valence_are_seven_different_answers() -> None:
    style = load_style("solo-piano")
    levels = [index / 3 for index in range(-3, 4)]
    assert len({map_affect(valence, 0, style).articulation for valence in levels}) == 7
    assert len({adapt_vocabulary(style.vocabulary, valence, 0).borrowed for valence in levels}) == 7


def test_what_a_style_never_does_it_does_in_no_mood() -> None:
    plain = load_style("solo-piano").vocabulary.model_copy(update={"borrowed": 0.0, "suspensions": 0.0})
    assert adapt_vocabulary(plain, -1, 1) == plain


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(MODES)), st.lists(st.sampled_from(sorted(MODES)), min_size=1, unique=True))
def test_the_nearest_mode_keeps_the_third_where_it_can_and_itself_always(wanted: str, modes: list[str]) -> None:
    found = nearest_mode(wanted, modes)
    assert found in modes
    if wanted in modes:
        assert found == wanted
    alike = [mode for mode in modes if Key(0, mode).is_minor == Key(0, wanted).is_minor]
    for mode in alike:
        assert abs(MODES[found] - MODES[wanted]) <= abs(MODES[mode] - MODES[wanted])


def test_a_style_takes_the_likest_mode_it_has() -> None:
    assert nearest_mode("phrygian", ("major", "dorian", "minor")) == "minor"
    assert nearest_mode("lydian", ("minor", "mixolydian", "major")) == "major"
    assert nearest_mode("mixolydian", ("major", "lydian")) == "major"
    plan = RulesPlanner()(make_scene(valence=-0.9, mode="phrygian"), Brief.of(style="waltz", seconds=20))
    assert Key.parse(plan.key).mode == "minor"


def make(valence: float, arousal: float, style: str, *, seed: int = 0) -> tuple[CompositionPlan, Score, Performance]:
    scene = make_scene(valence=valence, arousal=arousal, mode="major", line=seed)
    plan = RulesPlanner()(scene, Brief.of(style=style, seconds=20, tempo_bpm=100, key="C major", seed=seed))
    score = Composer()(plan)
    return plan, score, ExpressivePerformer()(score, plan)


def heard(valence: float, arousal: float, style: str) -> list[AffectFeatures]:
    found = [read_features(make(valence, arousal, style, seed=seed)[2]) for seed in range(2)]
    return [features for features in found if features is not None]


@pytest.mark.parametrize("style", ["solo-piano", "pop", "chamber-strings"])
def test_at_one_tempo_and_in_one_style_arousal_is_heard(style: str) -> None:
    calm, middle, stirred = (heard(0.0, arousal, style) for arousal in (-1.0, 0.0, 1.0))
    for name, sign in (("notes_a_second", 1), ("length_seconds", -1), ("articulation", -1)):
        low, between, high = (sign * fmean(getattr(one, name) for one in group) for group in (calm, middle, stirred))
        assert low < high, name
        assert name == "articulation" or low <= between <= high, name
    assert max(one.attacks_a_second for one in stirred) <= 10


@pytest.mark.parametrize("style", ["solo-piano", "pop", "chamber-strings"])
def test_at_one_tempo_and_in_one_key_valence_is_heard(style: str) -> None:
    sad, glad = heard(-1.0, 0.0, style), heard(1.0, 0.0, style)
    assert fmean(one.top_mean for one in glad) > fmean(one.top_mean for one in sad) + 2


def test_height_moves_tune_and_chords_and_keeps_every_range() -> None:
    plan, _, _ = make(0.0, 0.0, "chamber-strings")
    low, high = (Composer()(plan.model_copy(update={"height": height})) for height in (-12, 12))
    for role in ("melody", "chords"):
        means = [fmean(note.pitch for part in score.parts if part.role == role for note in part.notes) for score in (low, high)]
        assert means[1] > means[0] + 3, role
    for score in (low, high):
        for part in score.parts:
            player = instrument(part.instrument.name)
            assert all(player.low <= note.pitch <= player.high for note in part.notes)


def test_articulation_shortens_what_sounds_and_never_what_is_written() -> None:
    plan, score, _ = make(0.0, 0.0, "chamber-strings")
    crisp, bound = (plan.model_copy(update={"articulation": factor}) for factor in (0.6, 1.3))
    assert Composer()(crisp) == Composer()(bound) == score
    short, long = (ExpressivePerformer()(score, one) for one in (crisp, bound))
    for one, other in zip(short.parts, long.parts, strict=True):
        lengths = [sum(note.duration_ticks for note in part.notes) for part in (one, other)]
        assert lengths[0] < 0.85 * lengths[1], one.name
        assert [note.onset_ticks for note in one.notes] == [note.onset_ticks for note in other.notes]


def test_a_crisp_pianist_leaves_the_pedal_alone() -> None:
    plan, score, _ = make(0.0, 0.0, "solo-piano")

    def pedals(factor: float) -> int:
        played = ExpressivePerformer()(score, plan.model_copy(update={"articulation": factor}))
        return sum(control.controller == 64 and control.value > 0 for part in played.parts for control in part.controls)

    assert pedals(1.0) > 4
    assert pedals(0.75) == 0


def test_a_counter_melody_doubles_thirds_only_where_nobody_else_has_them() -> None:
    """Over held chords the second voice doubles roots and fifths; alone over a bass it says what chord it is."""
    shares = {}
    for name, dropped in (("with chords", ()), ("alone", ("chords",))):
        thirds = total = Fraction(0)
        for seed in range(4):
            plan, _, _ = make(0.5, 0.5, "chamber-strings", seed=seed)
            plan = plan.model_copy(update={"parts": tuple(part for part in plan.parts if part.role not in dropped)})
            score = Composer()(plan)
            chords = plan.chords()
            for note in next(part for part in score.parts if part.role == "counter").notes:
                bar = chords[int(note.onset_quarters / score.meter.bar_quarters)]
                if len(bar) == 1:
                    total += note.duration_quarters
                    thirds += note.duration_quarters * (note.pitch % 12 == bar[0].pitch_classes[1])
        shares[name] = thirds / total
    assert shares["with chords"] < Fraction(2, 3) * shares["alone"]

"""Briefs that move: several keys, a tempo that goes from one to another; by options and by words."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.brief import Brief
from img2music.errors import BriefError
from img2music.io.style_files import style_names
from img2music.metrics.symbolic.melody_view import top_line
from img2music.metrics.symbolic.voice_leading_faults import strikes_together
from img2music.pipeline.make_piece import reconcile_length
from img2music.plan import CompositionPlan
from img2music.planners.form import SectionLayout, layout_more_sections, layout_sections, ring_seconds
from img2music.planners.rules.gradual_tempo import GradualTempo, fit_gradual_tempo
from img2music.planners.rules.loop_form import layout_loop
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.planners.rules.tonal_plan import assign_keys
from img2music.realizers.composer import Composer
from img2music.theory import METERS, Meter, parse_bar
from img2music.theory.meter_map import bars_seconds
from tests.support.made_scenes import make_scene
from tests.support.random_briefs import KEYS

FORMS = ["song", "verse-refrain", "rondo", "arch", "strophic"]
several_keys = st.lists(st.sampled_from(KEYS), min_size=2, max_size=4).filter(
    lambda keys: all(one != other for one, other in pairwise(keys))
)
two_tempi = st.tuples(st.integers(40, 200), st.integers(40, 200)).filter(lambda tempi: tempi[0] != tempi[1])


def planned(**wishes: Any) -> CompositionPlan:
    return RulesPlanner()(make_scene(), Brief.of(**wishes))


def planned_where_there_is_room(brief: Brief) -> CompositionPlan | None:
    """The plan; None where the bars are too few for the keys, which is refused in one line."""
    refused = ""
    try:
        return RulesPlanner()(make_scene(line=brief.seed), brief)
    except BriefError as error:
        refused = str(error)
    bars, keys = int(refused.split(" s are ")[1].split()[0]), len(brief.keys)
    assert f"too few for {keys} keys" in refused
    assert bars < 2 * keys
    return None


def keys_of(plan: CompositionPlan) -> list[str]:
    return [key for key, _ in groupby(plan.key_of(section).name for section in plan.sections)]


def check_length(plan: CompositionPlan, seconds: float) -> None:
    """The length is the wish, and the bars fill it as those of a piece that stays."""
    assert plan.seconds == seconds
    assert reconcile_length(plan) is plan
    longest_bar = max(bars_seconds(1, plan.parsed_meter, step.bpm) for step in plan.tempo_map.steps)
    assert plan.bars == 1 or 0.1 <= seconds - plan.bars_seconds <= ring_seconds(seconds)[1] + longest_bar


def check_tempi(plan: CompositionPlan, begin: float, end: float) -> None:
    """The first bar is in the first tempo, the last bar in the last; between them the tempo never turns."""
    tempi = [step.bpm for step in plan.tempo_map.steps]
    assert plan.tempo_bpm == plan.tempo_map.bpm_at(0) == begin
    last_bar = plan.meter_map.bar_onset(plan.bars - 1)
    if plan.bars > 1:
        assert plan.tempo_map.bpm_at(last_bar) == plan.tempo_map.bpm_at(plan.duration_quarters) == end
    if plan.bars > 3:
        assert plan.tempo_map.bpm_at(plan.meter_map.bar_onset(1) - 1) == begin
    assert tempi in (sorted(tempi), sorted(tempi, reverse=True))


@settings(max_examples=60, deadline=None)
@given(
    several_keys | st.none(), two_tempi | st.none(), st.floats(20, 180), st.sampled_from(style_names()),
    st.none() | st.sampled_from(METERS), st.integers(0, 50),
)  # fmt: skip
def test_a_moving_brief_always_wins(
    keys: list[str] | None, tempi: tuple[int, int] | None, seconds: float, style: str, meter: str | None, seed: int
) -> None:
    brief = Brief.of(seconds=seconds, style=style, meter=meter, seed=seed, key=keys, tempo_bpm=tempi)
    plan = planned_where_there_is_room(brief)
    if plan is None:
        return
    assert CompositionPlan.model_validate_json(plan.model_dump_json()) == plan
    check_length(plan, seconds)
    assert plan.meter_map.is_constant
    assert meter in (None, plan.meter)
    if tempi:
        check_tempi(plan, *tempi)
    else:
        assert plan.tempo_map.is_constant
    if keys:
        assert keys_of(plan) == list(brief.keys)
        check_seams(plan)
    assert plan.contradiction() is None


@settings(max_examples=25, deadline=None)
@given(several_keys, st.floats(20, 120), st.sampled_from(style_names()), st.none() | st.integers(60, 140))
def test_a_loop_leads_back_to_its_first_key(keys: list[str], seconds: float, style: str, tempo: int | None) -> None:
    plan = planned_where_there_is_room(Brief.of(seconds=seconds, style=style, key=keys, tempo_bpm=tempo, loop=True))
    if plan is None:
        return
    assert keys_of(plan) == keys
    assert plan.bars_seconds == pytest.approx(plan.seconds, abs=1e-6)
    if tempo is None:
        assert plan.seconds == pytest.approx(seconds, abs=1e-6)
    check_seams(plan)


def check_seams(plan: CompositionPlan) -> None:
    """Before a new key stands its dominant, and it begins at home or with what prepares its dominant."""
    sections = plan.sections
    for before, section in [*pairwise(sections), *([(sections[-1], sections[0])] if plan.loop else [])]:
        old, key = plan.key_of(before), plan.key_of(section)
        if old == key:
            continue
        lead, first = parse_bar(before.harmony[-1], old)[-1], parse_bar(section.harmony[0], key)[0]
        assert (lead.root - key.tonic - 1) % 12 == 0 or key.mode not in {"major", "minor"}
        assert first.root in {key.scale[0], key.scale[1], key.scale[3]}
    if not plan.loop:
        last = plan.key_of(sections[-1])
        assert parse_bar(sections[-1].harmony[-1], last)[-1].root == last.tonic


def test_two_keys_go_from_the_one_to_the_other() -> None:
    plan = planned(seconds=60, key="D minor, F major", tempo_bpm=90, style="folk")
    body = [section for section in plan.sections if section.role not in {"intro", "outro"}]
    assert body[0].key is None
    assert next(section for section in body if section.material == "B").key == "F major"
    assert plan.sections[-1].key == "F major"
    texts = {reason.choice: reason.text for reason in plan.reasons}
    assert texts["key"] == "D minor, then F major: you asked for these keys in this order."
    assert "leads to F major" in texts["harmony"]
    assert "in D minor, " in texts["form"]


def test_a_return_home_is_asked_for_by_name() -> None:
    plan = planned(seconds=60, key="D minor, F major, D minor", tempo_bpm=90, style="folk")
    assert keys_of(plan) == ["D minor", "F major", "D minor"]
    assert [section.material for section in plan.sections if section.key is None][-1] in {"A", "outro"}


@pytest.mark.parametrize("meter", METERS)
@pytest.mark.parametrize("tempi", [(72, 96), (96, 72), (40, 160), (120, 125)])
@pytest.mark.parametrize("seconds", [1, 3, 7, 15, 30.5, 61])
def test_every_length_is_filled_by_a_glide(seconds: float, tempi: tuple[int, int], meter: str) -> None:
    plan = planned(seconds=seconds, tempo_bpm=tempi, meter=meter, style="pop")
    check_tempi(plan, *tempi)
    if plan.bars > 1:
        check_length(plan, seconds)


@settings(max_examples=40, deadline=None)
@given(st.floats(5, 900), two_tempi, st.sampled_from(METERS))
def test_whole_phrases_are_preferred_and_glides_hardly_bent(seconds: float, tempi: tuple[int, int], meter: str) -> None:
    layouts, found = fit_gradual_tempo(seconds, GradualTempo(*tempi), Meter.parse(meter), layout_sections)
    assert (found.begin_bpm, found.end_bpm) == tempi
    assert round(1 / 3, 4) <= found.bend <= 3  # a bend has four digits
    assert sum(layout.bars for layout in layouts) >= 1


def test_one_value_stays_throughout() -> None:
    plan = planned(seconds=60, key="D minor", tempo_bpm=90, meter="3/4")
    assert not any(section.moves for section in plan.sections)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("least", [2, 3, 4, 6, 9])
def test_every_form_finds_room_for_keys(form: str, least: int) -> None:
    for bars in range(2 * least, 90):
        layouts = layout_more_sections(bars, form, least)
        body = [layout for layout in layouts if layout.role not in {"intro", "outro"}]
        assert sum(layout.bars for layout in layouts) == bars
        assert len(body) >= least
        assert all(layout.bars >= 1 for layout in layouts)
        chosen = assign_keys(layouts, [1] * least)
        assert [key for key, _ in groupby(chosen)] == list(range(least))
        loop = layout_loop(bars, least)
        assert sum(layout.bars for layout in loop) == bars
        assert len(loop) >= least
        assert len({layout.name for layout in loop}) == len(loop)


def test_an_introduction_takes_its_neighbours_key() -> None:
    layouts = [
        SectionLayout("intro", "intro", "intro", (4,)),
        SectionLayout("A", "A", "theme", (4,)),
        SectionLayout("B", "B", "contrast", (4,)),
        SectionLayout("outro", "outro", "outro", (4,)),
    ]
    assert assign_keys(layouts, [1, 1]) == (0, 0, 1, 1)


def test_more_keys_than_bars_can_hold_are_one_line() -> None:
    with pytest.raises(
        BriefError, match=r"^8 s are 3 bars here, too few for 4 keys, which need 2 each; ask for more time or fewer keys$"
    ):
        planned(seconds=8, key="C, D, E, F", tempo_bpm=120, meter="4/4")


@pytest.mark.parametrize(
    ("words", "begins", "ends"),
    [("calm, getting faster", None, 1.2), ("slowing down", None, 0.8), ("90 bpm, accelerando", 90, 1.3), ("120 bpm, ritardando", 120, 0.75)],
)  # fmt: skip
def test_words_move_the_tempo(words: str, begins: float | None, ends: float) -> None:
    plan = planned(seconds=60, words=words)
    last = plan.tempo_map.steps[-1].bpm
    assert begins in (None, plan.tempo_bpm)
    assert (last > plan.tempo_bpm * ends * 0.99) if ends > 1 else (last < plan.tempo_bpm * ends * 1.01)
    check_tempi(plan, plan.tempo_bpm, last)
    check_length(plan, 60)


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("sad, major at the end", ["D minor", "D major"]),
        ("from minor to major", ["D minor", "D major"]),
        ("C minor, ends in major", ["C minor", "C major"]),
        ("C major, ends in major", ["C major"]),
    ],
)
def test_words_turn_the_mode_at_the_end(words: str, keys: list[str]) -> None:
    plan = planned(seconds=60, words=words)
    assert keys_of(plan) == keys
    assert sum(section.bars for section in plan.sections if section.key) <= plan.bars / 2


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"words": "getting faster", "tempo_bpm": 90}, "your words ask it to get faster, --tempo says 90; the option was kept"),
        ({"words": "major at the end", "key": "C minor"}, "your words ask for major at the end, --key says C minor; the option was kept"),
        ({"words": "getting faster, loop"}, "your words ask it to get faster, and a loop ends as it begins; its tempo stays"),
        ({"words": "a loop", "tempo_bpm": "72-96"}, "your words say a loop, which ends as it begins, --tempo says 72-96; the option was kept"),
        ({"words": "getting faster and slowing down"}, "they cancel each other, and the tempo stays"),
        ({"words": "sad, major at the end", "seconds": 4}, "for which 4 s are too short; it stays in D minor"),
    ],
)  # fmt: skip
def test_words_that_give_way_are_told(wishes: dict[str, Any], said: str) -> None:
    plan = planned(**wishes)
    assert any(said in conflict for conflict in plan.conflicts)
    if "72" not in said:
        assert plan.tempo_map.is_constant


@pytest.mark.parametrize("style", ["pop", "classical", "choral"])
def test_seams_are_led_like_other_bars(style: str) -> None:
    """Over a change of key the tune does not jump, and tune and bass don't move in parallel fifths and octaves more than elsewhere."""
    faults = seams = 0
    for seed, keys in enumerate(("D minor, F major", "C major, G major", "A minor, C major, A minor", "G minor, Bb major")):
        plan = planned(seconds=40, style=style, key=keys, seed=seed)
        score = Composer()(plan)
        tune = next(part for part in score.parts if part.role == "melody")
        bass = min(
            (part for part in score.parts if part is not tune and not part.instrument.kit), key=lambda part: part.notes[0].pitch
        )
        onsets = [
            plan.meter_map.bar_onset(bar)
            for bar, (one, other) in zip(plan.first_bars[1:], pairwise(plan.sections), strict=True)
            if plan.key_of(one) != plan.key_of(other)
        ]
        line = {tone.onset: tone.pitch for tone in top_line(tune.notes)}
        for onset in onsets:
            seams += 1
            before = [pitch for place, pitch in line.items() if place < onset]
            after = [pitch for place, pitch in line.items() if place >= onset]
            assert abs(after[0] - before[-1]) <= 12
        pairs = strikes_together(tune.notes, bass.notes)
        faults += sum(
            (one[0] - one[1]) % 12 == (other[0] - other[1]) % 12 in {0, 7} and one != other
            and (other[0] - one[0]) * (other[1] - one[1]) > 0
            for one, other in pairwise(pairs)
        )  # fmt: skip
    assert seams >= 5
    assert faults <= 6

"""From measurements to one number: every card is complete, every rule of the mark holds."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from img2music.brief import Brief
from img2music.measurement import Measurement
from img2music.metrics.symbolic.norms import band
from img2music.metrics.symbolic.symbolic_metrics import measure_score, overall_quality, quality_mark
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.resources import asset_path
from tests.support.made_scenes import make_scene

BANDED = Measurement("x", 0.5, "0..1", "Words.", better="inside", band=(0.4, 0.6))


@pytest.mark.parametrize(("value", "given"), [(0.4, 1.0), (0.6, 1.0), (0.65, 0.5), (0.7, 0.0), (0.35, 0.5), (0.0, 0.0)])
def test_inside_the_band_is_1_and_half_a_width_beyond_is_0(value: float, given: float) -> None:
    assert quality_mark(replace(BANDED, value=value)) == pytest.approx(given)


def test_beyond_the_better_side_nothing_is_lost() -> None:
    assert quality_mark(replace(BANDED, value=0.9, better="higher")) == 1.0
    assert quality_mark(replace(BANDED, value=0.35, better="higher")) == pytest.approx(0.5)
    assert quality_mark(replace(BANDED, value=0.1, better="lower")) == 1.0
    assert quality_mark(replace(BANDED, value=0.65, better="lower")) == pytest.approx(0.5)


def test_without_a_band_the_range_decides() -> None:
    plain = replace(BANDED, band=None)
    assert quality_mark(replace(plain, value=3.0, high=4.0, better="higher")) == 0.75
    assert quality_mark(replace(plain, value=0.25, better="lower")) == 0.75
    assert quality_mark(plain) is None
    assert quality_mark(replace(BANDED, better="neither")) is None
    assert quality_mark(replace(BANDED, value=None)) is None


def test_faults_are_taken_off_the_mean_of_qualities() -> None:
    fault = Measurement("parallels", 0.1, "a bar", "Words.", better="lower")
    half = replace(BANDED, value=0.65)
    assert overall_quality([BANDED, half]) == pytest.approx(0.75)
    assert overall_quality([BANDED, half, fault]) == pytest.approx(0.65)
    assert overall_quality([half, replace(fault, value=0.9)]) == 0.0
    assert overall_quality([fault]) == 0.0


def test_every_card_is_complete() -> None:
    plan = RulesPlanner()(make_scene(genre="folk"), Brief.of(seconds=40))
    cards = measure_score(Composer()(plan), plan)
    assert len({one.name for one in cards}) == len(cards) >= 28
    for one in cards:
        assert one.explanation.endswith("."), one.name
        assert one.traps.endswith("."), one.name
        assert one.unit, one.name
        assert one.version >= 1
        assert one.value is None or one.low <= one.value <= one.high, one
        assert (one.band is None) == (one.band_of == "")
        if one.band is not None:
            assert one.low <= one.band[0] < one.band[1] <= one.high


def test_bands_name_their_sources_and_are_ordered() -> None:
    content = json.loads(asset_path("statistics/bands.json").read_text(encoding="utf-8"))
    assert {one["name"] for one in content["sets"]} == {"OpenEWLD", "POP909"}
    assert all(one["licence"] and one["citation"] and one["songs"] > 100 for one in content["sets"])
    assert content["script"] == "evals/learn/learn_norms.py"
    for name, row in content["bands"].items():
        assert all(corpus["p10"] <= corpus["p50"] <= corpus["p90"] for corpus in row.values()), name
        assert band(name) == (row["both"]["p10"], row["both"]["p90"])
    assert band("empty-beat rate") is None

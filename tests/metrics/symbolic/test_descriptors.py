"""Descriptors: by hand, and as MusPy finds them (goldens/make_muspy.py)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from img2music.metrics.symbolic.descriptors import groove_similarity, measure_descriptors
from img2music.score import Score
from tests.support.made_notes import KICK, drum_note, make_part, make_score, score_from_words, survey_scores

MUSPY = json.loads((Path(__file__).parents[2] / "goldens" / "muspy.json").read_text(encoding="utf-8"))["found"]
OURS = {
    "scale_consistency": "scale consistency",
    "pitch_entropy": "pitch entropy",
    "pitch_class_entropy": "pitch-class entropy",
    "empty_beat_rate": "empty-beat rate",
    "groove_similarity": "groove similarity",
}


def values(score: Score) -> dict[str, float | None]:
    return {one.name: one.value for one in measure_descriptors(score)}


@pytest.mark.parametrize("name", sorted(survey_scores()))
@pytest.mark.parametrize("metric", sorted(OURS))
def test_muspy_finds_the_same(name: str, metric: str) -> None:
    assert values(survey_scores()[name])[OURS[metric]] == pytest.approx(MUSPY[name][metric], abs=1e-9)


def test_four_pitches_used_alike_are_two_bits() -> None:
    found = values(score_from_words("60:1 62:1 64:1 65:1"))
    assert found["pitch entropy"] == 2.0
    assert found["pitch-class entropy"] == 2.0
    assert values(score_from_words("60:1 72:1"))["pitch-class entropy"] == 0.0
    assert values(score_from_words("60:1 72:1"))["pitch entropy"] == 1.0


def test_one_note_of_five_outside_every_scale() -> None:
    assert values(score_from_words("60:1 62:1 64:1 65:1 67:1 66:1 68:1"))["scale consistency"] == 5 / 7


def test_a_beat_is_empty_only_where_nothing_sounds() -> None:
    assert values(score_from_words("60:1 r:2 62:1"))["empty-beat rate"] == 0.5
    assert values(score_from_words("60:3/2 r:1 62:3/2"))["empty-beat rate"] == 0.0
    assert values(score_from_words("60:3 r:1"))["empty-beat rate"] == 0.25


def test_onsets_are_counted_once_however_many_notes_strike() -> None:
    assert values(score_from_words("60,64,67:1 60,64:1 62:2", tempo_bpm=60))["mean inter-onset interval"] == 1.0
    assert values(score_from_words("60:1 62:1 64:2", tempo_bpm=120))["mean inter-onset interval"] == 0.5


def test_groove_is_the_mean_over_all_pairs_of_bars() -> None:
    # Bars: both places, the first, none: the pairs agree on 63, 62 and 63 of 64 places.
    score = score_from_words("60:2 60:2 60:4 r:4")
    assert values(score)["groove similarity"] == pytest.approx((63 / 64 + 62 / 64 + 63 / 64) / 3)
    assert groove_similarity([], score.meter_map, 4) is None


def test_drums_have_beats_and_no_pitch() -> None:
    kit = make_part("Kit", [drum_note(place, "1/2", KICK) for place in (0, 2)], plays="drums", role="drums")
    found = values(make_score([kit]))
    assert found["pitch entropy"] is None
    assert found["scale consistency"] is None
    assert found["empty-beat rate"] == 0.5


def test_what_only_describes_is_not_marked() -> None:
    assert {one.better for one in measure_descriptors(score_from_words("60:1 62:1"))} == {"neither"}

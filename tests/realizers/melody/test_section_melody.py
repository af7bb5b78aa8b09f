"""The tune: nobody else's, in phrases that breathe, question and answer, one high point, busier as asked."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from statistics import mean
from typing import Any

import pytest

from img2music.brief import Brief
from img2music.plan import CompositionPlan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.realizers.melody.melody_model import WIDEST_STEP, load_melody_model
from img2music.realizers.melody.originality import RUN, copied_runs, is_known_run, pack_hashes, run_hashes
from img2music.realizers.timeline import layout_phrases
from img2music.resources import asset_path
from img2music.score import Note, Score
from img2music.theory import METERS
from tests.support.made_scenes import make_scene

STYLES = ("solo-piano", "folk", "pop", "jazz-ballad", "choral", "celtic")


def composed(line: int = 1, valence: float = 0.1857, arousal: float = 0.0484, **wishes: Any) -> tuple[CompositionPlan, Score]:
    plan = RulesPlanner()(make_scene(line=line, valence=valence, arousal=arousal), Brief.of(**wishes))
    return plan, Composer()(plan)


def tune_of(score: Score) -> tuple[Note, ...]:
    return next(part for part in score.parts if part.role == "melody").notes


@pytest.mark.parametrize("style", STYLES)
def test_no_run_of_eight_notes_is_a_songs(style: str) -> None:
    for seed in range(8):
        _, score = composed(line=seed, style=style, seconds=60, seed=seed)
        assert not copied_runs([(note.onset_quarters, note.pitch) for note in tune_of(score)])


def test_a_known_run_is_found_in_any_key() -> None:
    data = asset_path("statistics/runs.bin").read_bytes()
    assert sum(data[:65536]) * 2 + 65536 == len(data)
    hashes = run_hashes([(Fraction(beat), 60 + beat % 5) for beat in range(12)])
    assert len(hashes) == 12 - RUN + 1
    assert hashes == run_hashes([(Fraction(beat) + 7, 65 + beat % 5) for beat in range(12)])
    # Some common run is known: four bars of a scale up and down in quarters are in many songs.
    scale = [60, 62, 64, 65, 67, 69, 71, 72, 71, 69, 67, 65, 64, 62, 60, 59]
    assert any(is_known_run(value) for value in run_hashes([(Fraction(beat), pitch) for beat, pitch in enumerate(scale)]))
    assert pack_hashes([3, 1 << 16, 3])[:2] == bytes((1, 1))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("style", ["folk", "solo-piano", "waltz"])
def test_phrases_breathe_and_answers_close(style: str, seed: int) -> None:
    plan, score = composed(line=seed, style=style, seconds=70, seed=seed)
    tune, bar = tune_of(score), score.meter.bar_quarters
    breaths, phrases = 0, [phrase for phrase in layout_phrases(plan) if phrase.section.role not in {"intro", "outro"}]
    for phrase in phrases[:-1]:
        end = (phrase.first_bar + phrase.bars) * bar
        last_bar = [note for note in tune if end - bar <= note.onset_quarters < end]
        gaps = [
            after.onset_quarters - note.end_quarters for note, after in pairwise(tune) if end - bar <= note.end_quarters <= end
        ]
        breaths += (
            max(gaps, default=Fraction(0)) > 0 or max((note.duration_quarters for note in last_bar), default=bar) >= bar / 2
        )
    assert breaths >= 0.8 * (len(phrases) - 1)


@pytest.mark.parametrize("style", STYLES)
def test_tunes_have_thirds_and_leaps_as_songs_do(style: str) -> None:
    """People's tunes: seconds are 43 to 73 % of the moves, intervals 1.8 to 3.1 semitones wide (`evals/learn/learn_norms.py`)."""
    seconds, sizes = [], []
    for seed in range(8):
        _, score = composed(line=seed, style=style, seconds=60, seed=seed)
        moves = [abs(after.pitch - before.pitch) for before, after in pairwise(tune_of(score))]
        sizes.append(mean(moves))
        seconds.append(sum(move in {1, 2} for move in moves) / sum(move > 0 for move in moves))
    assert mean(seconds) < 0.8
    assert mean(sizes) > 1.4


@pytest.mark.parametrize("style", ["folk", "pop", "chamber-strings"])
def test_a_more_aroused_picture_has_a_busier_tune_at_one_tempo(style: str) -> None:
    def notes(arousal: float) -> float:
        return mean(
            len(tune_of(composed(line=seed, arousal=arousal, style=style, tempo_bpm=96, seconds=50, seed=seed)[1]))
            for seed in range(4)
        )

    calm, middle, wild = notes(-1), notes(0), notes(1)
    assert calm < middle < wild
    assert wild > 1.4 * calm


@pytest.mark.parametrize("tempo", [40, 208])
@pytest.mark.parametrize("meter", METERS)
def test_every_metre_and_tempo_has_a_tune_that_keeps_its_place(meter: str, tempo: int) -> None:
    plan, score = composed(meter=meter, tempo_bpm=tempo, seconds=45, style="folk")
    tune = tune_of(score)
    assert all(before.end_quarters <= after.onset_quarters for before, after in pairwise(tune))
    assert tune[-1].end_quarters == plan.bars * score.meter.bar_quarters
    assert all((note.onset_quarters * 24).denominator == 1 for note in tune)


def test_the_model_prices_every_step() -> None:
    model = load_melody_model()
    for before in (None, *range(-5, 6)):
        for member in (0, 1):
            costs = model.step_costs(before, member, 1)
            assert len(costs) == 2 * WIDEST_STEP + 1
            assert costs[WIDEST_STEP + 1] < costs[WIDEST_STEP + 6]  # a step up is likelier than a sixth

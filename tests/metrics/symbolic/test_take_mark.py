"""The mark that chooses takes: hand-counted measurements, spoiled tunes that must fall, and the file it was fitted into."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from evals.shared.corruptions import CORRUPTIONS, over_other_chords
from img2music.brief import Brief
from img2music.metrics.symbolic.melody_metrics import tune_values
from img2music.metrics.symbolic.melody_view import MelodyNote, MelodyView, TimedChord, top_line, view_melody
from img2music.metrics.symbolic.symbolic_metrics import measure_score, overall_quality
from img2music.metrics.symbolic.take_mark import load_mark_terms, song_likeness
from img2music.metrics.symbolic.tune_over_chords import chord_values, measure_tune_over_chords, phrase_ends
from img2music.metrics.symbolic.tune_returns import measure_returns, return_values
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.resources import asset_path
from tests.support.made_notes import score_from_words
from tests.support.made_scenes import make_scene

C, F, G = (frozenset(tones) for tones in ({0, 4, 7}, {5, 9, 0}, {7, 11, 2}))


def line(words: str, *chords: tuple[int, frozenset[int]]) -> MelodyView:
    """A tune in the words of `score_from_words` over chords that begin at quarters."""
    score = score_from_words(words, meter="4/4")
    return MelodyView(
        top_line(score.parts[0].notes), score.meter_map, tuple(TimedChord(Fraction(place), tones) for place, tones in chords)
    )


TWINKLE = line(
    "60:1 60:1 67:1 67:1 69:1 69:1 67:2 65:1 65:1 64:1 64:1 62:1 62:1 60:2 "
    "67:1 67:1 65:1 65:1 64:1 64:1 62:2 67:1 67:1 65:1 65:1 64:1 64:1 62:2 "
    "60:1 60:1 67:1 67:1 69:1 69:1 67:2 65:1 65:1 64:1 64:1 62:1 62:1 60:2",
    (0, C), (4, F), (6, C), (8, F), (10, C), (12, G), (14, C), (16, C), (18, F), (20, C), (22, G), (24, C), (26, F), (28, C), (30, G),
    (32, C), (36, F), (38, C), (40, F), (42, C), (44, G), (46, C),
)  # fmt: skip


def test_what_comes_back_is_counted_bar_by_bar() -> None:
    values = return_values(TWINKLE)
    # Its rhythm is four quarters, then two and a half note: all along.
    assert (values["rhythm one bar on"], values["rhythm two bars on"]) == (0, 1)
    assert values["different bar rhythms"] == pytest.approx(2 / 12)
    # Bars 7 to 12 were heard before: 7 and 8 are 5 and 6, 9 to 12 are 1 to 4; of bars 4 to 6, 6 falls as 4 does, and 5 as 3.
    assert values["bars again"] == pytest.approx(8 / 12)
    assert values["same tune, same chords"] == 1
    assert values["contrast of density"] == pytest.approx(0.5)
    assert values["chords eight bars on"] == pytest.approx(1)


def test_a_head_with_another_tail_is_a_hook_and_a_return_is_none() -> None:
    bars = ["60:.5 62:.5 64:1 67:2", "60:.5 62:.5 64:1 65:2", "60:.5 62:.5 64:1 67:2", "72:.5 71:.5 69:1 67:2"]
    values = return_values(line(" ".join(bars), (0, C)))
    # The second goes on otherwise, the third is the first.
    assert values["heads with new tails"] == pytest.approx(1 / 4)


def test_notes_over_chords_are_counted_note_by_note() -> None:
    tune = line(
        "64:2 62:2 60:4 65:2 64:1.5 r:.5 67:1 65:1 62:2 r:2 60:4",
        (0, C), (8, F), (12, C), (16, G), (20, C),
    )  # fmt: skip
    # The first, third and fourth of the seven that last a quarter and a half.
    assert chord_values(tune)["long notes on the chord"] == pytest.approx(3 / 7)
    assert [end.pitch for end in phrase_ends(tune)][-1] == 60
    assert chord_values(replace(tune, harmonies=()))["long notes on the chord"] is None
    assert chord_values(TWINKLE)["tune at chord changes"] == 1


def test_what_cannot_be_measured_is_none() -> None:
    assert {one.value for one in (*measure_returns(None), *measure_tune_over_chords(None))} == {None}
    assert set(return_values(line("60:1 62:1")).values()) == {None}
    assert song_likeness({"steps": 0.7, "variety": None}) is None


def test_the_mark_moves_as_its_terms_say() -> None:
    terms, _, _ = load_mark_terms()
    usual: dict[str, float | None] = {name: term.mean for name, term in terms.items()}
    middle = song_likeness(usual)
    assert middle is not None
    name, term = max(terms.items(), key=lambda one: one[1].slope)
    higher = song_likeness(usual | {name: term.mean + term.deviation / 2})
    assert higher is not None
    assert higher > middle
    # Beyond three deviations nothing counts more.
    assert song_likeness(usual | {name: term.mean + 30 * term.deviation}) == song_likeness(
        usual | {name: term.mean + 3 * term.deviation}
    )


def test_every_term_is_a_measurement_of_a_piece_and_says_whence_it_came() -> None:
    plan = RulesPlanner()(make_scene(genre="folk"), Brief.of(seconds=60))
    measured = {one.name for one in measure_score(Composer()(plan), plan)}
    terms, _, _ = load_mark_terms()
    assert terms.keys() <= measured
    content = json.loads(asset_path("statistics/take_mark.json").read_text(encoding="utf-8"))
    assert {one["name"] for one in content["sets"]} == {"OpenEWLD", "POP909"}
    assert content["script"] == "evals/learn/learn_take_mark.py"


@pytest.mark.parametrize("kind", [*CORRUPTIONS, "other chords"])
def test_our_pieces_fall_when_they_are_spoiled(kind: str) -> None:
    """In most of twelve pieces: one piece may have bars that bear another order."""
    falls = []
    for seed in range(12):
        plan = RulesPlanner()(make_scene(genre=("folk", "pop")[seed % 2]), Brief.of(seconds=70, seed=seed))
        score = Composer()(plan)
        tune = view_melody(score, plan)
        assert tune is not None
        chance = np.random.Generator(np.random.PCG64(seed))
        lent = tuple(
            chord._replace(pitch_classes=frozenset((tone + 5) % 12 for tone in chord.pitch_classes))
            for chord in tune.harmonies[::-1]
        )
        lent = tuple(chord._replace(onset=own.onset) for chord, own in zip(lent, tune.harmonies, strict=True))
        spoiled = (
            over_other_chords(tune, replace(tune, harmonies=lent)) if kind == "other chords" else CORRUPTIONS[kind](tune, chance)
        )
        assert spoiled is not None
        falls.append(_mark(spoiled) < _mark(tune))
    assert sum(falls) >= 9, kind


def _mark(tune: MelodyView) -> float:
    mark = song_likeness({**tune_values(tune), **return_values(tune), **chord_values(tune)})
    assert mark is not None
    return mark


def test_corruptions_keep_the_number_of_notes_or_bars() -> None:
    chance = np.random.Generator(np.random.PCG64(1))
    for name, spoil in CORRUPTIONS.items():
        spoiled = spoil(TWINKLE, chance)
        if name == "phrases swapped":
            assert spoiled is None  # three groups of four bars are too few
            continue
        assert spoiled is not None
        assert spoiled != TWINKLE, name
        assert all(isinstance(tone, MelodyNote) for tone in spoiled.tones)
        assert all(before.end <= after.onset for before, after in zip(spoiled.tones, spoiled.tones[1:], strict=False)), name


def test_faults_are_subtracted() -> None:
    plan = RulesPlanner()(make_scene(genre="folk"), Brief.of(seconds=60))
    measurements = measure_score(Composer()(plan), plan)
    fault = next(one for one in measurements if one.name == "parallel perfect intervals")
    with_faults = [replace(one, value=0.25) if one is fault else one for one in measurements]
    clean = [replace(one, value=0.0) if one is fault else one for one in measurements]
    assert overall_quality(clean) - overall_quality(with_faults) == pytest.approx(0.25)

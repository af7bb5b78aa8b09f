"""The affect estimator: it finds a rule that is there, says how good it is, and is silent where it knows nothing."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from img2music.errors import DocumentError, UsageError
from img2music.metrics.affect.affect_estimator import AffectEstimator, RatedPiece, held_out, pearson
from img2music.metrics.affect.affect_features import AffectFeatures
from tests.support.made_performances import performance_of


def made_pieces(count: int, *, noise: float = 0.0, source: str = "made", seed: int = 0) -> list[RatedPiece]:
    """Pieces whose valence is their mode and whose arousal is the logarithm of their speed, in groups of three."""
    chance = np.random.default_rng(seed)
    pieces = []
    for number in range(count):
        values = {field.name: float(chance.uniform(0.5, 2.0)) for field in fields(AffectFeatures)}
        values["mode"] = float(chance.normal(0, 0.1))
        values["notes_a_second"] = float(np.exp(chance.normal(1.5, 0.4)))
        valence = 10 * values["mode"] + noise * float(chance.normal())
        arousal = float(np.log(values["notes_a_second"])) / 0.4 + noise * float(chance.normal())
        pieces.append(RatedPiece(AffectFeatures(**values), valence, arousal, f"song {number // 3}", source))
    return pieces


def test_a_rule_that_is_there_is_found() -> None:
    rule = AffectEstimator.fit(made_pieces(300))
    names = AffectFeatures.names()
    valence, arousal = np.abs(rule.weights).T
    assert names[int(valence.argmax())] == "mode"
    assert names[int(arousal.argmax())] == "notes_a_second"
    assert np.sort(valence)[-2] < 0.1 * valence.max()
    new = made_pieces(100, seed=1)
    estimated = np.array([rule.estimate(piece.features) for piece in new])
    assert pearson(estimated[:, 0], np.array([piece.valence for piece in new])) > 0.97
    assert pearson(estimated[:, 1], np.array([piece.arousal for piece in new])) > 0.97


def test_quality_is_measured_on_groups_it_never_met() -> None:
    """Ratings that are a property of the song and of nothing heard can't be foretold, however well they can be learned by heart."""
    pieces = made_pieces(60)
    chance = np.random.default_rng(3)
    whims = chance.normal(size=(20, 2))
    told = [
        RatedPiece(piece.features, float(whims[number // 3][0]), float(whims[number // 3][1]), piece.group, piece.source)
        for number, piece in enumerate(pieces)
    ]
    assert max(AffectEstimator.fit(told).quality) < 0.45
    assert min(AffectEstimator.fit(pieces).quality) > 0.9
    estimated, rated = held_out(pieces)["made"]
    assert estimated.shape == rated.shape == (60, 2)


def test_noise_lowers_the_quality_that_is_told() -> None:
    clean, noisy = AffectEstimator.fit(made_pieces(120)), AffectEstimator.fit(made_pieces(120, noise=1.0))
    assert noisy.quality[0] < clean.quality[0] - 0.1


def test_a_set_ten_times_as_large_weighs_no_more() -> None:
    """Two sets of opposite taste, one ten times as large: neither has its way."""
    large = made_pieces(600, source="large")
    small = [
        RatedPiece(piece.features, -piece.valence, piece.arousal, piece.group, "small")
        for piece in made_pieces(60, source="small")
    ]
    rule = AffectEstimator.fit([*large, *small])
    of_mode = rule.weights[AffectFeatures.names().index("mode")]
    alone = AffectEstimator.fit(large).weights[AffectFeatures.names().index("mode")]
    assert abs(of_mode[0]) < 0.15 * alone[0]


def test_extremes_do_not_run_away() -> None:
    pieces = made_pieces(120)
    rule = AffectEstimator.fit(pieces)
    values = {name: getattr(pieces[0].features, name) for name in AffectFeatures.names()} | {"notes_a_second": 1e6}
    assert abs(rule.estimate(AffectFeatures(**values))[1]) < 4


def test_cards_say_what_they_mean_and_how_good_they_are() -> None:
    rule = AffectEstimator.fit(made_pieces(120))
    valence, arousal = rule.measure(performance_of([(beat * 0.5, 0.5, 60 + beat % 5) for beat in range(20)]))
    for card, quality in ((valence, rule.quality[0]), (arousal, rule.quality[1])):
        assert card.value is not None
        assert card.low <= card.value <= card.high
        assert f"r = {quality:.2f}" in card.explanation
        assert "120 rated pieces" in card.explanation
        assert "piano" in card.traps
        assert card.better == "neither"
    assert {valence.name, arousal.name} == {"estimated valence", "estimated arousal"}


def test_too_few_notes_are_not_measured_instead_of_neutral() -> None:
    rule = AffectEstimator.fit(made_pieces(60))
    assert [card.value for card in rule.measure(performance_of([(0, 1, 60), (1, 1, 64)]))] == [None, None]


def test_too_little_to_learn_from_is_refused() -> None:
    with pytest.raises(UsageError, match=r"29 rated pieces are too few.* give 30"):
        AffectEstimator.fit(made_pieces(29))
    one_group = [RatedPiece(piece.features, piece.valence, piece.arousal, "same", "made") for piece in made_pieces(40)]
    with pytest.raises(UsageError, match="of several groups"):
        AffectEstimator.fit(one_group)


def test_what_is_no_midi_file_is_said_so() -> None:
    with pytest.raises(DocumentError, match="no MIDI file"):
        AffectEstimator.fit(made_pieces(60)).measure(b"not music")

"""The statistics of harmony and the sampler that draws from them."""

from __future__ import annotations

import json
from itertools import pairwise, product

import numpy as np
import pytest

from img2music.planners.harmony.cadences import CADENCES, cadence_weights, tonic_numeral
from img2music.planners.harmony.chord_vocabulary import triad_kind
from img2music.planners.harmony.markov import load_harmony_model
from img2music.resources import asset_path
from img2music.rng import generator
from img2music.theory import MODES, Chord, Key

SOURCES = ("chart", "standards", "chorales")


def test_the_file_names_its_sets_and_counts_what_it_says() -> None:
    path = asset_path("statistics/harmony.json")
    tree = json.loads(path.read_text(encoding="utf-8"))
    assert path.stat().st_size < 200_000
    assert tree["script"] == "evals/learn/learn_harmony.py"
    assert {entry["source"] for entry in tree["sets"]} == set(tree["sources"]) == set(SOURCES)
    assert all(entry["licence"] and entry["citation"] for entry in tree["sets"])
    for modes in tree["sources"].values():
        for mode, table in modes.items():
            key = Key(0, mode)
            for triad, counts in table["chords"].items():
                Chord.parse(triad, key)
                if "derived" not in table:
                    assert counts[0] == sum(counts[1:])
            for triad, row in table["pairs"].items():
                assert triad not in row
                assert sum(row.values()) <= table["chords"][triad][0]


def test_what_everybody_knows_about_these_corpora_is_in_the_file() -> None:
    chart, standards, chorales = (load_harmony_model(source, "major") for source in SOURCES)
    assert chart.triads[:3] == ("I", "IV", "V")
    assert chart.share[chart.triads.index("I")] == pytest.approx(0.3, abs=0.05)
    # Standards and chorales reach the dominant through ii, chart songs through IV; only charts love bVII.
    assert standards.triads.index("ii") < standards.triads.index("IV")
    assert "bVII" in chart.triads[:7]
    assert chorales.cadences["V", "I"] > 0.9 * sum(chorales.cadences.values())


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("mode", MODES)
def test_every_model_is_a_chain_that_never_stands_still(source: str, mode: str) -> None:
    model = load_harmony_model(source, mode)
    assert model.share.sum() == pytest.approx(1)
    assert np.allclose(model.after_one.sum(axis=1), 1)
    assert np.allclose(model.after_two.sum(axis=2), 1)
    assert not model.after_one.diagonal().any()
    # The tonic is heard as tonic: no other chord is more common among those that the mode may use.
    usable = [triad for triad in model.triads if triad_kind(triad, mode) != "strange"]
    assert max(usable, key=lambda triad: model.share[model.triads.index(triad)]) == tonic_numeral(mode)


def test_drawn_phrases_have_exactly_their_probability() -> None:
    model = load_harmony_model("chart", "minor")
    index = {triad: place for place, triad in enumerate(model.triads)}
    allowed = ("i", "VI", "VII", "iv")
    weights = [{triad: float(triad in allowed) for triad in model.triads} for _ in range(4)]
    ending = {("VII", "i"): 2.0, ("iv", "i"): 1.0, ("VI", "VII"): 0.5}
    expected = {}
    for path in product(allowed, repeat=4):
        one, two, three, four = path
        if any(a == b for a, b in pairwise(path)):
            continue
        chance = model.first[index[one]] * model.after_one[index[one], index[two]]
        chance *= model.after_two[index[one], index[two], index[three]] * ending.get((three, four), 0.0)
        if chance:
            expected[path] = float(chance)
    total = sum(expected.values())
    stream = generator(1, "test")
    count = 4000
    found: dict[tuple[str, ...], int] = {}
    for _ in range(count):
        path = model.draw(4, ending, weights, stream)
        found[path] = found.get(path, 0) + 1
    assert set(found) <= set(expected)
    for path, chance in expected.items():
        share = chance / total
        # Five standard deviations of a share: about one false alarm in a million.
        assert abs(found.get(path, 0) / count - share) < 5 * (share * (1 - share) / count) ** 0.5 + 1e-3


def test_an_ending_that_cannot_be_met_is_refused() -> None:
    model = load_harmony_model("chart", "major")
    with pytest.raises(ValueError, match="no progression meets"):
        model.draw(4, {("V", "I"): 1.0}, [{}, {}, {"V": 0.0}, {}], generator(1, "test"))


@pytest.mark.parametrize("mode", MODES)
def test_cadences_come_home_or_stay_out_as_their_kind_says(mode: str) -> None:
    home, key = tonic_numeral(mode), Key(0, mode)
    for kind, pairs in CADENCES[mode].items():
        for one, two in pairs:
            assert (two == home) == (kind in {"authentic", "plagal", "modal"})
            assert triad_kind(one, mode) != "strange"
            if mode not in {"major", "minor", "lydian"}:  # no raised leading tone in the modal cadences
                assert 11 not in Chord.parse(one, key).pitch_classes
    model = load_harmony_model("chart", mode)
    for kind in ("authentic", "plagal", "modal", "any"):
        assert {two for _, two in cadence_weights(model, mode, kind)} == {home}
    assert all(two != home for _, two in cadence_weights(model, mode, "open"))

"""What cells score and say together: not measured, agreement, diversity, who is better."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from img2music.evaluation.diversity import mean_trait_distance
from img2music.evaluation.workbench import compare_variants
from img2music.evaluation.workbench.cell_scores import DIVERSITY_CARD, SCORE_CARDS, score_record
from img2music.evaluation.workbench.prompt_grid import Cell
from img2music.evaluation.workbench.variant_comparison import mean_diversity
from tests.support.prompt_trials import cell_record, many_pictures, model_use, prompt_file, records_of, small_grid

if TYPE_CHECKING:
    from collections.abc import Callable

    from img2music.evaluation.diversity import Trait
    from img2music.evaluation.workbench import CellRecord, Grid

    MakePicture = Callable[..., Path]


def test_what_is_not_measured_has_no_score() -> None:
    cached = score_record(cell_record(uses=(model_use(asked=0, answers=1, tokens_in=0, tokens_out=0, seconds=0.0),)))
    assert [cached[name] for name in ("tokens in", "tokens out", "seconds", "cost")] == [None] * 4
    uncounted = score_record(cell_record(uses=(model_use(tokens_in=0, tokens_out=0, cost_usd=0.0),)))
    assert (uncounted["tokens in"], uncounted["cost"], uncounted["seconds"]) == (None, None, 2.0)
    assert score_record(cell_record())["cost"] is None
    assert score_record(cell_record(uses=(model_use(cost_usd=0.5),)))["cost"] == 0.5
    assert score_record(cell_record())["citations"] is None
    assert score_record(cell_record(uses=(model_use(citations=4, unfounded=1),)))["citations"] == 0.75
    assert score_record(cell_record(promises=0, promises_kept=0))["compliance"] is None
    assert score_record(cell_record(promises_kept=3))["compliance"] == 0.5
    assert score_record(cell_record(feeling=None))["affect"] is None
    assert {card.value for card in (*SCORE_CARDS.values(), DIVERSITY_CARD)} == {None}
    assert all(card.traps and card.explanation.endswith(".") for card in (*SCORE_CARDS.values(), DIVERSITY_CARD))


def test_agreement_of_feeling() -> None:
    assert score_record(cell_record(feeling=(0.6, 0.0), eye=(0.0, 0.8)))["affect"] == 0.5
    assert score_record(cell_record(feeling=(1.0, 1.0), eye=(-1.0, -1.0)))["affect"] == 0.0
    assert score_record(cell_record(eye=None))["affect"] is None
    assert score_record(cell_record(feeling=(0.5, 0.5), eye=(-1, -1)), {"a.png": (0.5, 0.5)})["affect"] == 1.0
    assert score_record(cell_record(), {"other.png": (0.0, 0.0)})["affect"] is None  # people were asked, but not about this one
    planned = score_record(cell_record(purpose="plan", feeling=(0.0, 0.0), eye=(0.3, 0.3)))["affect"]
    seen = score_record(cell_record(feeling=(0.0, 0.0), eye=(0.3, 0.3)))["affect"]
    assert planned is not None
    assert seen is not None
    assert planned < seen  # music spreads what lies near the middle


def test_distances_of_traits() -> None:
    one: dict[str, Trait] = {
        "tempo": 6.0,
        "metre": "3/4",
        "instruments": ("harp", "piano"),
        "energies": (0.0, 1.0),
        "lengths": (1.0, 0.0),
    }
    assert mean_trait_distance(one, one) == 0
    assert mean_trait_distance({}, one) is None
    assert mean_trait_distance({"tempo": 6.0}, {"tempo": 6.5}) == 0.5
    assert mean_trait_distance({"tempo": 5.0}, {"tempo": 7.5}) == 1
    assert mean_trait_distance({"metre": "3/4"}, {"metre": "4/4"}) == 1
    assert mean_trait_distance({"instruments": ("harp", "piano")}, {"instruments": ("piano", "violin")}) == pytest.approx(2 / 3)
    assert mean_trait_distance({"energies": (0.0, 1.0)}, {"energies": (0.5, 0.5)}) == 0.5
    assert mean_trait_distance({"lengths": (1.0, 0.0)}, {"lengths": (0.0, 1.0)}) == 1
    assert mean_trait_distance({"instruments": ()}, {"instruments": ()}) == 0


def test_diversity_pairs_pictures_of_one_seed() -> None:
    def made(picture: int, seed: int, tempo: float) -> CellRecord:
        return cell_record(picture_sha256=f"{picture:064x}", seed=seed, traits={"tempo": tempo})

    cells = [made(1, 0, 6.0), made(2, 0, 6.5), made(1, 1, 3.0), made(2, 1, 3.0), cell_record(traits={})]
    mean = mean_diversity(cells)
    assert (mean.value, mean.count) == (0.25, 2)
    assert mean_diversity(cells[:1]).value is None


def variants(tmp_path: Path, make_picture: MakePicture, count: int, seeds: int = 1) -> Grid:
    prompts = [prompt_file(tmp_path, "a"), prompt_file(tmp_path, "b", "Again.")]
    return many_pictures(small_grid(prompts, [make_picture()], ["openai:x"], seeds=seeds), count)


def test_which_is_better_needs_five_pictures_and_an_interval_without_zero(tmp_path: Path, make_picture: MakePicture) -> None:
    def feels(cell: Cell) -> dict[str, Any]:
        off = 0.1 if cell.prompt.label == "mine/a" else 0.5
        return {"feeling": (off + int(cell.picture.sha256, 16) / 100, 0.0), "uses": (model_use(tokens_out=int(1000 * off)),)}

    for count, told in ((4, False), (5, True)):
        grid = variants(tmp_path, make_picture, count)
        found = {one.score: one for one in compare_variants(grid, records_of(grid, feels), None)}
        assert found["affect"].mean == pytest.approx(0.2)
        assert (found["affect"].better is grid.variants[0]) is told
        assert (found["affect"].low is not None) is told
        assert (found["tokens out"].better is grid.variants[0]) is told  # fewer is better
        assert found["validity"].better is None
        assert found["affect"].pictures == count
        assert ("5 are needed" in found["affect"].verdict) is not told
    assert "citations" not in found  # nobody was measured


def test_noise_is_no_difference(tmp_path: Path, make_picture: MakePicture) -> None:
    chance = np.random.default_rng(4)
    grid = variants(tmp_path, make_picture, 20)
    records = records_of(grid, lambda _: {"feeling": (float(chance.uniform(-0.5, 0.5)), 0.0)})
    found = {one.score: one for one in compare_variants(grid, records, None)}["affect"]
    assert found.better is None
    assert found.verdict == "can't tell"
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high
    assert (
        compare_variants(grid, records, None)[0] == compare_variants(grid, records, None)[0]
    )  # the same bytes, the same interval


def test_seeds_are_averaged_within_a_picture_first(tmp_path: Path, make_picture: MakePicture) -> None:
    grid = variants(tmp_path, make_picture, 5, seeds=3)
    half = {"promises": 10, "promises_kept": 5}

    def kept(cell: Cell) -> dict[str, Any]:
        if cell.picture.label == "0.png" and cell.prompt.label == "mine/a":
            return half if cell.seed else {"promises": 10, "promises_kept": 8}
        return {"status": "failed", "uses": ()} if cell.seed else half  # one seed answered

    found = {one.score: one for one in compare_variants(grid, records_of(grid, kept), None)}["compliance"]
    assert found.pictures == 5
    assert found.mean == pytest.approx(0.1 / 5)


def test_only_prompts_of_one_purpose_are_compared(tmp_path: Path, make_picture: MakePicture) -> None:
    prompts = [prompt_file(tmp_path, "a"), prompt_file(tmp_path, "p", purpose="plan", schema="plan/1")]
    grid = many_pictures(small_grid(prompts, [make_picture()], ["openai:x", "openai:y"]), 5)
    pairs = {(one.a.label, one.b.label) for one in compare_variants(grid, records_of(grid, lambda _: {}), None)}
    assert pairs == {("mine/a · openai:x", "mine/a · openai:y"), ("mine/p · openai:x", "mine/p · openai:y")}

"""What scripts share: costs of processes, correlations, copies of pictures, tables, names of pitch classes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from evals.corpora.oasis import read_norms
from evals.corpora.song import pitch_class_of
from evals.shared.correlations import correlation_with_interval, pearson, standardised
from evals.shared.data_sets import PHOTOGRAPHS, csv_rows
from evals.shared.paths import EXAMPLES, ROOT, example_pictures
from evals.shared.pictures import COPIES, evenly, pictures_in, save_copy
from evals.shared.process_costs import measure_process
from img2music.io.pictures import open_picture

if TYPE_CHECKING:
    from pathlib import Path


MEASURE = """
import os, sys
from evals.shared.process_costs import measure_jobs
idle = [sys.executable, "-c", "pass"]
busy = [sys.executable, "-c", "held = bytes(range(256)) * 1_600_000; sum(i * i for i in range(3_000_000))"]
costs = measure_jobs({"idle": idle, "busy": busy}, dict(os.environ), runs=3)
print(*costs["idle"], *costs["busy"])
"""


def test_a_process_costs_what_it_computes_and_holds() -> None:
    # From a process of its own: what the measuring process holds counts for whatever it starts.
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", MEASURE], env=environment, capture_output=True, text=True, check=True)
    idle_seconds, idle_megabytes, busy_seconds, busy_megabytes = map(float, done.stdout.split())
    assert busy_seconds > idle_seconds + 0.05
    assert busy_megabytes > idle_megabytes + 200


def test_a_process_that_fails_ends_the_script_with_its_words() -> None:
    with pytest.raises(SystemExit, match="failed: out of order"):
        measure_process([sys.executable, "-c", "raise SystemExit('out of order')"], dict(os.environ))


def test_a_correlation_stands_between_the_ends_of_its_interval() -> None:
    chance = np.random.default_rng(3)
    one = chance.normal(size=80)
    other = one + chance.normal(size=80)
    middle, low, high = (
        float(part) for part in correlation_with_interval(one, other).replace("[", "").rstrip("]").replace(",", "").split()
    )
    assert low < middle < high
    assert middle == pytest.approx(np.corrcoef(one, other)[0, 1], abs=5e-4)
    wide = correlation_with_interval(one, other, groups=[f"group {index // 20}" for index in range(80)])
    assert wide != correlation_with_interval(one, other)


def test_what_does_not_vary_has_no_correlation() -> None:
    flat, slope = np.ones(5), np.arange(5.0)
    assert np.isnan(pearson(flat, slope))
    assert correlation_with_interval(slope, flat).strip() == "(does not vary)"
    assert standardised(flat).tolist() == [0.0] * 5
    assert standardised(slope).std() == pytest.approx(1)


@pytest.mark.parametrize("change", COPIES)
def test_a_copy_of_a_picture_is_nearly_the_picture(change: str, tmp_path: Path) -> None:
    original = open_picture(EXAMPLES / "moon.jpg")
    copy = open_picture(save_copy(EXAMPLES / "moon.jpg", change, tmp_path))
    assert 0.4 <= copy.width / original.width <= 1
    small = [np.asarray(Image.fromarray(one.rgb).resize((32, 32)), dtype=float) for one in (original, copy)]
    assert 0 <= np.abs(small[0] - small[1]).mean() < 12


def test_pictures_are_taken_at_even_distances(tmp_path: Path) -> None:
    assert evenly(range(10), 5) == [0, 2, 4, 6, 8]
    assert evenly(range(3), 5) == evenly(range(3), 0) == [0, 1, 2]
    for name in ("b.PNG", "a.jpeg", "c.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in pictures_in(tmp_path)] == ["a.jpeg", "b.PNG"]
    assert PHOTOGRAPHS.missing(tmp_path) is None
    (tmp_path / "empty").mkdir()
    assert PHOTOGRAPHS.missing(tmp_path / "empty") is not None
    assert len(example_pictures()) == 10


def test_a_table_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    text = 'image,theme,valence_mean_1to7,arousal_mean_1to7\n"a, b.jpg", Dog ,7,1\n'
    for encoding in ("utf-8", "utf-8-sig"):
        (tmp_path / "norms.csv").write_text(text, encoding=encoding)
        assert csv_rows(tmp_path / "norms.csv")[0]["image"] == "a, b.jpg"
    norms = read_norms(tmp_path)
    assert norms.images == [tmp_path / "images" / "a, b.jpg"]
    assert norms.themes.tolist() == ["Dog"]
    assert norms.ratings.tolist() == [[1.0, -1.0]]


@pytest.mark.parametrize(("name", "semitones"), [("C", 0), ("Bb", 10), ("F##", 7), ("Cb", 11), ("B#", 0), ("Ebb", 2)])
def test_names_have_any_number_of_accidentals(name: str, semitones: int) -> None:
    assert pitch_class_of(name) == semitones

"""From picture to music: does what people feel at a picture come through to the notes we make of it?

    python -m evals.studies.seeing.picture_to_music OASIS EMOPIA VGMIDI [--pictures 150] [--seconds 20] [--seen FILE] [--cache FILE]

OASIS, EMOPIA and VGMIDI as the readers in `evals.corpora` describe them; all are for evaluation only. A picture is seen, planned,
composed and performed with default wishes (no sound), and the estimator that `evals.studies.music.affect_judge` measures reads
valence and arousal from the notes. The people who rated the pictures never heard the music, and the estimator never saw a
picture. Because the eye is fitted to OASIS, each picture is read by a rule fitted to four fifths of the set without its theme
("unseen themes"); the rule that ships is shown below it and has met the pictures' ratings. The mean ratings of OASIS entered the
named cues' eight weights in both.

Printed: Pearson's r [95 % bootstrap interval over pictures] of people and music; mean and 95th percentile of r over 1000 shuffled
pairings; r of people and our reading; r of our reading and the music. `--seen` keeps what `evals.learn.learn_affect` sees too,
`--cache` the features of the rated music, as there.
"""

from __future__ import annotations

from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evals.corpora.oasis import read_norms
from evals.corpora.rated_music import rated_pieces
from evals.shared.affect_fitting import FOLDS, fit, load_photographs, select_rows, theme_folds
from evals.shared.command_line import ScriptParser
from evals.shared.correlations import correlation_with_interval, pearson
from evals.shared.data_sets import EMOPIA, OASIS, VGMIDI
from img2music.brief import Brief
from img2music.io.pictures import open_picture
from img2music.metrics.affect.affect_estimator import AffectEstimator
from img2music.metrics.affect.affect_features import read_features
from img2music.perceivers.image import affect_regression
from img2music.perceivers.offline import OfflinePerceiver
from img2music.performers.expressive import ExpressivePerformer
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.perceivers.image.affect_regression import AffectRegression

Numbers = NDArray[np.float64]
SHUFFLES, PROCESSES = 1000, 2


class Job(NamedTuple):
    """One picture to one piece."""

    picture: Path
    fold: int
    seconds: float


_rules: list[AffectRegression] = []
_judges: list[AffectEstimator] = []  # filled before the processes are forked


def made(job: Job) -> tuple[float, float, float, float]:
    """Valence and arousal as read in the picture and as estimated from the notes; not a number where there are too few notes."""
    affect_regression.load_affect_regression = lambda: _rules[job.fold]  # type: ignore[assignment]
    scene = OfflinePerceiver()(open_picture(job.picture))
    plan = RulesPlanner()(scene, Brief.of(seconds=job.seconds))
    features = read_features(ExpressivePerformer()(Composer()(plan), plan))
    heard = (float("nan"), float("nan")) if features is None else _judges[0].estimate(features)
    return scene.attributes.valence.value, scene.attributes.arousal.value, *heard


def report(title: str, rated: Numbers, results: Numbers) -> None:
    kept = np.isfinite(results).all(axis=1)
    rated, results = rated[kept], results[kept]
    print(f"{title}: {len(rated)} pictures")
    chance = np.random.default_rng(np.random.SeedSequence(0))
    for axis, label in enumerate(("valence", "arousal")):
        people, read, heard = rated[:, axis], results[:, axis], results[:, 2 + axis]
        shuffled = [pearson(people[chance.permutation(len(people))], heard) for _ in range(SHUFFLES)]
        print(
            f"  {label}  people and music {correlation_with_interval(people, heard)}   shuffled {np.mean(shuffled):+.3f}, "
            f"95 % {np.quantile(shuffled, 0.95):+.3f}   people and reading {correlation_with_interval(people, read)}   "
            f"reading and music {correlation_with_interval(read, heard)}",
            flush=True,
        )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_data("oasis", OASIS)
    parser.add_data("emopia", EMOPIA)
    parser.add_data("vgmidi", VGMIDI)
    parser.add_argument("--pictures", type=int, default=150)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seen", type=Path, help="file that keeps what was seen between runs, as in learn_affect.py")
    parser.add_argument("--cache", type=Path, help="file that keeps the features of the rated music between runs")
    options = parser.parse_args(arguments)
    _judges.append(AffectEstimator.fit(rated_pieces(options.emopia, options.vgmidi, options.cache)))
    photos = load_photographs(options.oasis, options.seen)
    images = read_norms(options.oasis).images
    place, shipped = theme_folds(photos.themes, 0), affect_regression.load_affect_regression()
    for fold in range(FOLDS):
        away = place == fold
        _rules.append(fit(select_rows(photos.ten, ~away), photos.rated[~away], float(shipped.noise[1])))
    _rules.append(shipped)
    count = min(options.pictures, len(images))
    rows = [index * len(images) // count for index in range(count)]
    quality = _judges[0].quality
    print(
        f"{options.seconds:g} s a piece; the judge's held-out r: valence {quality[0]:.2f}, arousal {quality[1]:.2f}", flush=True
    )
    for title, ships in (("unseen themes", False), ("the rule that ships", True)):
        jobs = [Job(images[row], FOLDS if ships else int(place[row]), options.seconds) for row in rows]
        with get_context("fork").Pool(PROCESSES) as pool:
            results = np.array(pool.map(made, jobs, chunksize=5))
        report(title, photos.rated[rows], results)


if __name__ == "__main__":
    main()

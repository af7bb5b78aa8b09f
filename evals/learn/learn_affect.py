"""Fits what people feel at pictures (`img2music/assets/seeing/affect.npz`) and measures it on themes it was not fitted to.

    python -m evals.learn.learn_affect FOLDER [--measure] [--cache FILE.npz]

FOLDER holds OASIS as `evals.corpora.oasis` describes it. The pictures are for evaluation only; written are numbers fitted to
their mean ratings. How pictures become numbers is in `evals.shared.affect_fitting`. With --measure: five folds by theme, twenty
ways to fold; r of the mean over the ways with a bootstrap interval over themes, beside baselines on the same folds.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evals.shared.affect_fitting import FOLDS, Photographs, fit, load_photographs, select_rows, theme_folds
from evals.shared.command_line import ScriptParser
from evals.shared.correlations import pearson
from evals.shared.data_sets import OASIS
from evals.shared.paths import ASSETS
from img2music.evaluation.statistics import bootstrap_interval
from img2music.perceivers.image.affect_regression import COLOUR_CUES, FACE_CUES, AffectInputs, AffectRegression, predict_affects

if TYPE_CHECKING:
    from collections.abc import Sequence

Numbers = NDArray[np.float64]

OUT = ASSETS / "seeing" / "affect.npz"
WAYS, DRAWS = 20, 2000
NINE = ("brightness", "saturation", "contrast", "colourfulness", "edge_density", "warmth", "texture", "lightness", "chroma")


def cross_validate(photos: Photographs) -> tuple[Numbers, Numbers]:
    """Readings of themes not fitted to, (ways, n, 2), and their spread before its factor, (ways, n)."""
    read, spread = np.zeros((WAYS, *photos.rated.shape)), np.zeros((WAYS, len(photos.themes)))
    for way in range(WAYS):
        fold = theme_folds(photos.themes, way)
        for number in range(FOLDS):
            away = fold == number
            known = fit(select_rows(photos.ten, ~away), photos.rated[~away])
            read[way, away], spread[way, away] = predict_affects(select_rows(photos.one, away), known)
    return read, spread


def cross_validate_ridge(photos: Photographs, inputs: Numbers, penalty: float) -> Numbers:
    """Readings by a plain ridge on the same folds, (ways, n, 2)."""
    read = np.zeros((WAYS, *photos.rated.shape))
    for way in range(WAYS):
        fold = theme_folds(photos.themes, way)
        for number in range(FOLDS):
            away = fold == number
            middle, width = inputs[~away].mean(axis=0), inputs[~away].std(axis=0) + 1e-3
            known, new = (inputs[~away] - middle) / width, (inputs[away] - middle) / width
            mean = photos.rated[~away].mean(axis=0)
            dual = np.linalg.solve(known @ known.T + penalty * np.eye(len(known)), photos.rated[~away] - mean)
            read[way, away] = new @ known.T @ dual + mean
    return read


def correlation_line(read: Numbers, photos: Photographs) -> str:
    """Mean r over the ways with a 95 % bootstrap interval over themes."""
    texts = []
    for column, name in enumerate(("valence", "arousal")):
        rated = photos.rated[:, column]
        middle = read.mean(axis=0)[:, column]
        low, high = bootstrap_interval(
            np.column_stack([middle, rated]),
            lambda rows: pearson(rows[:, 0], rows[:, 1]),
            draws=DRAWS,
            groups=photos.themes.tolist(),
        )
        texts.append(f"{name} {np.mean([pearson(way[:, column], rated) for way in read]):.3f} [{low:.3f}, {high:.3f}]")
    return ", ".join(texts)


def theme_baseline(photos: Photographs) -> str:
    """The r of the mean rating of the other pictures of the same theme: what knowing the subject is worth."""
    texts = []
    for column, name in enumerate(("valence", "arousal")):
        pairs = []
        for row, theme in enumerate(photos.themes):
            others = (photos.themes == theme) & (np.arange(len(photos.themes)) != row)
            if others.any():
                pairs.append((photos.rated[others, column].mean(), photos.rated[row, column]))
        texts.append(f"{name} {np.corrcoef(np.array(pairs).T)[0, 1]:.3f} ({len(pairs)} pictures)")
    return ", ".join(texts)


def report(photos: Photographs) -> float:
    """Prints the comparison; gives the factor that makes the spread true."""
    read, spread = cross_validate(photos)
    colours = {name: photos.one.colours[:, index] for index, name in enumerate(COLOUR_CUES)}
    light, full = ((colours[name] - colours[name].mean()) / colours[name].std() for name in ("brightness", "saturation"))
    formula = np.stack([0.69 * light + 0.22 * full, -0.31 * light + 0.60 * full], axis=1)[None]
    nine = np.stack([colours[name] for name in NINE], axis=1)
    first = np.hstack([photos.ten.features[:, :1280], photos.one.colours[:, :4]])
    print(
        f"{len(photos.themes)} photographs, {len(np.unique(photos.themes))} themes, {FOLDS} folds by theme, {WAYS} ways; r [95 %]"
    )
    print(f"  this eye                       {correlation_line(read, photos)}")
    print(f"  colour formula (Valdez 1994)   {correlation_line(formula, photos)}")
    print(f"  nine features, ridge           {correlation_line(cross_validate_ridge(photos, nine, 30), photos)}")
    print(f"  all colour cues, ridge         {correlation_line(cross_validate_ridge(photos, photos.one.colours, 100), photos)}")
    print(f"  Lite0 features, plain ridge    {correlation_line(cross_validate_ridge(photos, first, 1300), photos)}")
    print(f"  both networks, plain ridge     {correlation_line(cross_validate_ridge(photos, photos.ten.features, 2600), photos)}")
    print(f"  judged classes alone, no fit   {correlation_line(photos.one.traits[None, :, :2], photos)}")
    print(f"  the theme's other pictures     {theme_baseline(photos)}")
    print(f"  people's SD {photos.rated.std(axis=0).round(3)}, of these readings {read.std(axis=1).mean(axis=0).round(3)}")
    error = np.abs(read[..., 0] - photos.rated[:, 0]) / spread
    factor = float(np.quantile(error, 0.683))
    inside = [float((error <= times * factor).mean()) for times in (1, 2)]
    sure = spread.mean(axis=0) <= np.median(spread.mean(axis=0))
    miss = np.abs(read.mean(axis=0)[:, 0] - photos.rated[:, 0])
    print(f"  spread: factor {factor:.3f}; within one {inside[0]:.3f}, within two {inside[1]:.3f} of the ratings")
    print(f"  mean error {miss[sure].mean():.3f} where it claims to be surer, {miss[~sure].mean():.3f} where less sure")
    return factor


def write(known: AffectRegression) -> None:
    """The fitted numbers, in half precision where that loses nothing."""
    parts: dict[str, Numbers] = {}
    for name in ("centre", "scale", "support"):
        for field, part in zip(AffectInputs._fields, getattr(known, name), strict=True):
            parts[f"{name}_{field}"] = part
    for name in ("basis", "reach", "weights", "mean", "directions", "precision", "noise"):
        parts[name] = getattr(known, name)
    small = {"basis", "support_features", "directions"}
    np.savez_compressed(
        OUT,
        allow_pickle=False,
        **{name: part.astype(np.float16 if name in small else np.float32) for name, part in parts.items()},
    )
    print(f"{OUT.name}: {OUT.stat().st_size / 1e6:.2f} MB")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_data("folder", OASIS)
    parser.add_argument("--measure", action="store_true", help="only measure, write nothing")
    parser.add_argument("--cache", type=Path, help="keep what was seen in this file")
    options = parser.parse_args(arguments)
    photos = load_photographs(options.folder, options.cache)
    print(f"faces in {int((photos.one.faces[:, 0] > 0).sum())} photographs (cues {', '.join(FACE_CUES)})")
    factor = report(photos)
    if not options.measure:
        write(fit(photos.ten, photos.rated, factor))


if __name__ == "__main__":
    main()

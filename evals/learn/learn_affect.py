"""Fits what people feel at pictures (`img2music/assets/seeing/affect.npz`) and measures it on themes it was not fitted to.

    python evals/learn/learn_affect.py FOLDER [--measure] [--cache FILE.npz]

FOLDER holds OASIS (Kurdi, Lozano & Banaji, Behavior Research Methods 49, 2017): ``images/*.jpg`` and ``norms.csv`` with the columns ``image``,
``theme``, ``valence_mean_1to7`` and ``arousal_mean_1to7``. The pictures are for evaluation only; written are numbers fitted to their mean
ratings. Each photograph is described by the mean over ten views (whole, mirrored, larger, squeezed, centre, corners), so that what is fitted
does not hang on one framing; it is read from one view. With --measure: five folds by theme, twenty ways to fold; r of the mean over the ways
with a bootstrap interval over themes, beside baselines on the same folds.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from img2music.io.pictures import open_picture
from img2music.perceivers.image.affect_regression import (
    COLOUR_CUES,
    FACE_CUES,
    AffectInputs,
    AffectRegression,
    affect_inputs,
    kernel,
    predict_affects,
    scaled,
)
from img2music.perceivers.image.recognition import NetworkOutputs, run_classifiers
from img2music.perceivers.offline import measure_picture

Numbers = NDArray[np.float64]

OUT = Path(__file__).parents[2] / "img2music" / "assets" / "seeing" / "affect.npz"
DIRECTIONS, NOISE, EIGEN = 256, 0.3, 48
FOLDS, WAYS, RESAMPLES = 5, 20, 2000
NINE = ("brightness", "saturation", "contrast", "colourfulness", "edge_density", "warmth", "texture", "lightness", "chroma")


class Photographs(NamedTuple):
    """The set: one view and ten views of each, ratings (n, 2) on -1..1, themes."""

    one: AffectInputs
    ten: AffectInputs
    rated: Numbers
    themes: NDArray[np.str_]


def load(folder: Path, cache: Path | None) -> Photographs:
    """The set as inputs; seeing takes about two minutes."""
    with (folder / "norms.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rated = np.array([[float(row[f"{name}_mean_1to7"]) for name in ("valence", "arousal")] for row in rows])
    themes = np.array([row["theme"].strip() for row in rows])
    if cache is not None and cache.exists():
        with np.load(cache) as stored:
            one, ten = (AffectInputs(*(stored[f"{kind}_{field}"] for field in AffectInputs._fields)) for kind in ("one", "ten"))
    else:
        pairs = [look(folder / "images" / row["image"]) for row in rows]
        one, ten = (AffectInputs(*(np.stack(part) for part in zip(*kind, strict=True))) for kind in zip(*pairs, strict=True))
        if cache is not None:
            parts = {f"one_{name}": part for name, part in zip(one._fields, one, strict=True)}
            parts |= {f"ten_{name}": part for name, part in zip(ten._fields, ten, strict=True)}
            np.savez(cache, allow_pickle=False, **parts)
    return Photographs(one, ten, (rated - 4) / 3, themes)


def look(path: Path) -> tuple[AffectInputs, AffectInputs]:
    """A picture as the eye sees it, and averaged over ten views."""
    picture = open_picture(path)
    cues, _, seen = measure_picture(picture)
    numbers = {cue.name: cue.value for cue in cues if isinstance(cue.value, float)}
    views = [run_classifiers(view) for view in framings(picture.rgb)]
    views = [seen, seen, *views]
    mean = NetworkOutputs(
        tuple(np.mean([view.features[net] for view in views], axis=0) for net in range(2)),
        tuple(np.mean([view.logits[net] for view in views], axis=0) for net in range(2)),
        seen.cells,
    )
    return affect_inputs(seen, numbers), affect_inputs(mean, numbers)


def framings(rgb: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Squeezed to a square, mirrored, the centre, four corners."""
    height, width = rgb.shape[:2]
    side = round(min(height, width) * 0.875)
    squeezed = np.asarray(Image.fromarray(rgb).resize((min(height, width),) * 2, Image.Resampling.BICUBIC))
    places = [
        ((height - side) // 2, (width - side) // 2),
        *((top, left) for top in (0, height - side) for left in (0, width - side)),
    ]
    return [squeezed, rgb[:, ::-1], *(rgb[top : top + side, left : left + side] for top, left in places)]


def fit(inputs: AffectInputs, rated: Numbers, factor: float = 1.0) -> AffectRegression:
    """Gaussian-process regression; the mean is estimated with it (generalised least squares)."""
    centre = AffectInputs(*(part.mean(axis=0) for part in inputs))._replace(faces=np.zeros(4))
    scale = AffectInputs(*(part.std(axis=0) + 1e-3 for part in inputs))._replace(faces=np.ones(4))
    flat = (inputs.features - centre.features) / scale.features
    basis = np.linalg.svd(flat, full_matrices=False)[2][:DIRECTIONS]
    support = scaled(inputs, centre, scale, basis)
    with_face = support.faces[:, 0] > 0
    reach = np.array(
        [
            *(
                np.median(((part[:, None] - part[None]) ** 2).sum(axis=2))
                for part in (support.features, support.traits, support.colours)
            ),
            np.mean((support.faces[with_face] ** 2).sum(axis=1)),
        ]
    )
    alike = kernel(support, support, reach)
    values, vectors = np.linalg.eigh(alike + NOISE * np.eye(len(alike)))
    inverse = (vectors / values) @ vectors.T
    ones = np.ones(len(alike))
    mean = (ones @ inverse @ rated) / (ones @ inverse @ ones)
    weights = inverse @ (rated - mean)
    precision = np.append(1 / values[-EIGEN:], np.mean(1 / values[:-EIGEN]))
    return AffectRegression(
        centre, scale, basis, support, reach, weights, mean, vectors[:, -EIGEN:], precision, np.array([NOISE, factor])
    )


def folds(themes: NDArray[np.str_], way: int) -> NDArray[np.int64]:
    """Each picture's fold: whole themes, dealt in random order to the smallest fold."""
    names = np.unique(themes)
    np.random.default_rng(np.random.SeedSequence(way)).shuffle(names)
    sizes, fold = np.zeros(FOLDS, dtype=int), {}
    for name in names:
        fold[name] = int(sizes.argmin())
        sizes[fold[name]] += int((themes == name).sum())
    return np.array([fold[name] for name in themes])


def pick(inputs: AffectInputs, rows: NDArray[np.int64] | NDArray[np.bool_]) -> AffectInputs:
    return AffectInputs(*(part[rows] for part in inputs))


def unseen(photos: Photographs) -> tuple[Numbers, Numbers]:
    """Readings of themes not fitted to, (ways, n, 2), and their spread before its factor, (ways, n)."""
    read, spread = np.zeros((WAYS, *photos.rated.shape)), np.zeros((WAYS, len(photos.themes)))
    for way in range(WAYS):
        fold = folds(photos.themes, way)
        for number in range(FOLDS):
            away = fold == number
            known = fit(pick(photos.ten, ~away), photos.rated[~away])
            read[way, away], spread[way, away] = predict_affects(pick(photos.one, away), known)
    return read, spread


def ridge(photos: Photographs, inputs: Numbers, penalty: float) -> Numbers:
    """Readings by a plain ridge on the same folds, (ways, n, 2)."""
    read = np.zeros((WAYS, *photos.rated.shape))
    for way in range(WAYS):
        fold = folds(photos.themes, way)
        for number in range(FOLDS):
            away = fold == number
            middle, width = inputs[~away].mean(axis=0), inputs[~away].std(axis=0) + 1e-3
            known, new = (inputs[~away] - middle) / width, (inputs[away] - middle) / width
            mean = photos.rated[~away].mean(axis=0)
            dual = np.linalg.solve(known @ known.T + penalty * np.eye(len(known)), photos.rated[~away] - mean)
            read[way, away] = new @ known.T @ dual + mean
    return read


def correlations(read: Numbers, photos: Photographs) -> str:
    """Mean r over the ways with a 95 % bootstrap interval over themes."""
    chance = np.random.default_rng(np.random.SeedSequence(0))
    names = np.unique(photos.themes)
    rows = [np.flatnonzero(photos.themes == name) for name in names]
    drawn = [np.concatenate([rows[index] for index in chance.integers(0, len(names), len(names))]) for _ in range(RESAMPLES)]
    texts = []
    for column, name in enumerate(("valence", "arousal")):
        each = [np.corrcoef(way[:, column], photos.rated[:, column])[0, 1] for way in read]
        middle = read.mean(axis=0)[:, column] if len(read) > 1 else read[0][:, column]
        low, high = np.quantile([np.corrcoef(middle[d], photos.rated[d, column])[0, 1] for d in drawn], (0.025, 0.975))
        texts.append(f"{name} {np.mean(each):.3f} [{low:.3f}, {high:.3f}]")
    return ", ".join(texts)


def oracle(photos: Photographs) -> str:
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
    read, spread = unseen(photos)
    colours = {name: photos.one.colours[:, index] for index, name in enumerate(COLOUR_CUES)}
    light, full = ((colours[name] - colours[name].mean()) / colours[name].std() for name in ("brightness", "saturation"))
    formula = np.stack([0.69 * light + 0.22 * full, -0.31 * light + 0.60 * full], axis=1)[None]
    nine = np.stack([colours[name] for name in NINE], axis=1)
    first = np.hstack([photos.ten.features[:, :1280], photos.one.colours[:, :4]])
    print(
        f"{len(photos.themes)} photographs, {len(np.unique(photos.themes))} themes, {FOLDS} folds by theme, {WAYS} ways; r [95 %]"
    )
    print(f"  this eye                       {correlations(read, photos)}")
    print(f"  colour formula (Valdez 1994)   {correlations(formula, photos)}")
    print(f"  nine features, ridge           {correlations(ridge(photos, nine, 30), photos)}")
    print(f"  all colour cues, ridge         {correlations(ridge(photos, photos.one.colours, 100), photos)}")
    print(f"  Lite0 features, plain ridge    {correlations(ridge(photos, first, 1300), photos)}")
    print(f"  both networks, plain ridge     {correlations(ridge(photos, photos.ten.features, 2600), photos)}")
    print(f"  judged classes alone, no fit   {correlations(photos.one.traits[None, :, :2], photos)}")
    print(f"  the theme's other pictures     {oracle(photos)}")
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


def main() -> None:
    parser = argparse.ArgumentParser(description="fit what people feel at pictures")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--measure", action="store_true", help="only measure, write nothing")
    parser.add_argument("--cache", type=Path, help="keep what was seen in this file")
    arguments = parser.parse_args()
    photos = load(arguments.folder, arguments.cache)
    print(f"faces in {int((photos.one.faces[:, 0] > 0).sum())} photographs (cues {', '.join(FACE_CUES)})")
    factor = report(photos)
    if not arguments.measure:
        write(fit(photos.ten, photos.rated, factor))


if __name__ == "__main__":
    main()

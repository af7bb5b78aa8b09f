"""How the reading of feelings is fitted to photographs that people rated: the views of a picture, folds by theme, the regression.

Ratings are valence and arousal on -1..1, one row a picture. A picture is described by the mean over ten views (whole, mirrored, larger,
squeezed, centre, corners), so that what is fitted does not hang on one framing, and read from one view. Folds hold whole themes: a
picture is judged by a rule that has met no picture of what it shows. `evals.learn.learn_affect` writes the fit that ships.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evals.corpora.oasis import read_norms
from img2music.io.pictures import open_picture
from img2music.perceivers.image.affect_regression import AffectInputs, AffectRegression, affect_inputs, kernel, scaled
from img2music.perceivers.image.recognition import NetworkOutputs, run_classifiers
from img2music.perceivers.offline import measure_picture

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FOLDS", "Photographs", "describe_views", "fit", "load_photographs", "select_rows", "theme_folds"]

Numbers = NDArray[np.float64]

FOLDS = 5
_DIRECTIONS, _NOISE, _EIGEN = 256, 0.3, 48


class Photographs(NamedTuple):
    """The set: one view and ten views of each, ratings (n, 2) on -1..1, themes."""

    one: AffectInputs
    ten: AffectInputs
    rated: Numbers
    themes: NDArray[np.str_]


def load_photographs(folder: Path, cache: Path | None) -> Photographs:
    """OASIS as inputs; seeing takes about two minutes, and `cache` keeps what was seen in a file of numbers."""
    norms = read_norms(folder)
    if cache is not None and cache.exists():
        with np.load(cache) as stored:
            one, ten = (AffectInputs(*(stored[f"{kind}_{field}"] for field in AffectInputs._fields)) for kind in ("one", "ten"))
    else:
        pairs = [describe_views(path) for path in norms.images]
        one, ten = (AffectInputs(*(np.stack(part) for part in zip(*kind, strict=True))) for kind in zip(*pairs, strict=True))
        if cache is not None:
            parts = {f"one_{name}": part for name, part in zip(one._fields, one, strict=True)}
            parts |= {f"ten_{name}": part for name, part in zip(ten._fields, ten, strict=True)}
            np.savez(cache, allow_pickle=False, **parts)
    return Photographs(one, ten, norms.ratings, norms.themes)


def describe_views(path: Path) -> tuple[AffectInputs, AffectInputs]:
    """A picture as the eye sees it, and averaged over ten views."""
    picture = open_picture(path)
    cues, _, seen = measure_picture(picture)
    numbers = {cue.name: cue.value for cue in cues if isinstance(cue.value, float)}
    views = [run_classifiers(view) for view in augmented_views(picture.rgb)]
    views = [seen, seen, *views]
    mean = NetworkOutputs(
        tuple(np.mean([view.features[net] for view in views], axis=0) for net in range(2)),
        tuple(np.mean([view.logits[net] for view in views], axis=0) for net in range(2)),
        seen.cells,
    )
    return affect_inputs(seen, numbers), affect_inputs(mean, numbers)


def augmented_views(rgb: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
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
    """Gaussian-process regression (Rasmussen & Williams 2006, chapter 2); the mean is estimated with it (generalised least squares)."""
    centre = AffectInputs(*(part.mean(axis=0) for part in inputs))._replace(faces=np.zeros(4))
    scale = AffectInputs(*(part.std(axis=0) + 1e-3 for part in inputs))._replace(faces=np.ones(4))
    flat = (inputs.features - centre.features) / scale.features
    basis = np.linalg.svd(flat, full_matrices=False)[2][:_DIRECTIONS]
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
    values, vectors = np.linalg.eigh(alike + _NOISE * np.eye(len(alike)))
    inverse = (vectors / values) @ vectors.T
    ones = np.ones(len(alike))
    mean = (ones @ inverse @ rated) / (ones @ inverse @ ones)
    weights = inverse @ (rated - mean)
    precision = np.append(1 / values[-_EIGEN:], np.mean(1 / values[:-_EIGEN]))
    return AffectRegression(
        centre, scale, basis, support, reach, weights, mean, vectors[:, -_EIGEN:], precision, np.array([_NOISE, factor])
    )


def theme_folds(themes: NDArray[np.str_], way: int) -> NDArray[np.int64]:
    """Each picture's fold: whole themes, dealt in random order to the smallest fold."""
    names = np.unique(themes)
    np.random.default_rng(np.random.SeedSequence(way)).shuffle(names)
    sizes, fold = np.zeros(FOLDS, dtype=int), {}
    for name in names:
        fold[name] = int(sizes.argmin())
        sizes[fold[name]] += int((themes == name).sum())
    return np.array([fold[name] for name in themes])


def select_rows(inputs: AffectInputs, rows: NDArray[np.int64] | NDArray[np.bool_]) -> AffectInputs:
    """The inputs of some pictures."""
    return AffectInputs(*(part[rows] for part in inputs))

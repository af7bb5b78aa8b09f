"""How people would feel at a picture, from what the networks make of it: valence and arousal with their uncertainty.

Gaussian-process regression (kernel ridge) on the mean ratings of 553 photographs by about a hundred people each (OASIS: Kurdi, Lozano &
Banaji, Behavior Research Methods 49, 2017). Two pictures are alike where the networks' features are alike *and* what is recognised is felt
alike (`traits` of `recognition`); a straight line on those traits, faces and the colour cues are added. The fitted numbers lie in
`assets/seeing/affect.npz` (no picture is contained), made by `evals/learn/learn_affect.py`; its card is `assets/seeing/README.md`.

Conventions: both in -1..1 on people's scale ((rating of 1..7 - 4) / 3); spread is a standard deviation on the same scale.
Far from everything it was fitted to, the reading falls to the mean rating and the spread grows. Does not know events (a fire and a sunset
are near each other), irony, text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from img2music.perceivers.image.recognition import image_classes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from img2music.perceivers.image.recognition import NetworkOutputs
    from img2music.perceivers.image.thumbnail import Array

__all__ = [
    "COLOUR_CUES",
    "FACE_CUES",
    "AffectInputs",
    "AffectPrediction",
    "AffectRegression",
    "affect_inputs",
    "kernel",
    "load_affect_regression",
    "predict_affect",
    "predict_affects",
    "scaled",
]

COLOUR_CUES: tuple[str, ...] = (
    "lightness", "brightness", "contrast", "dark_share", "top_light", "chroma", "saturation", "colourfulness", "warmth", "colour_mood",
    "edge_density", "edges_horizontal", "edges_vertical", "edges_diagonal", "edge_order", "texture", "tones", "masses", "open_space",
    "symmetry", "horizon_strength", "focus",
)  # fmt: skip
FACE_CUES: tuple[str, ...] = ("faces", "face_size", "smiles")
_TEMPERATURES = (1.0, 3.0)
_FLOOR = 0.05  # added to pooled features before the logarithm that makes them spread evenly


class AffectInputs(NamedTuple):
    """One picture, or a stack of them with one more leading axis."""

    features: Array
    """Logarithms of the networks' pooled features, (2560,)."""
    traits: Array
    """Expected traits of what is recognised, at two temperatures and by the bare scores, (27,)."""
    colours: Array
    """`COLOUR_CUES`, (22,)."""
    faces: Array
    """Is there a face; how many (logarithm); `face_size`; `smiles`, (4,)."""


@dataclass(frozen=True, slots=True, eq=False)
class AffectRegression:
    """What `evals/learn/learn_affect.py` fitted: see there."""

    centre: AffectInputs
    scale: AffectInputs
    basis: Array
    """Principal directions of the features, (directions, 2560)."""
    support: AffectInputs
    """The photographs' inputs, scaled and projected."""
    reach: Array
    """What parts the kernel's distances: features, traits, colours, faces."""
    weights: Array
    """(pictures, 2): valence, arousal."""
    mean: Array
    """(2,)"""
    directions: Array
    """Leading eigenvectors of the kernel, (pictures, m), and"""
    precision: Array
    """the inverse of each eigenvalue with the noise, and last that of all others, (m + 1,)."""
    noise: Array
    """(2,): what the spread of a rating is besides, and its factor."""


class AffectPrediction(NamedTuple):
    """What people would feel."""

    valence: float
    arousal: float
    spread: float
    """Standard deviation to expect of valence."""


def affect_inputs(seen: NetworkOutputs, numbers: Mapping[str, float]) -> AffectInputs:
    """The regression's inputs from the networks' answers and the numeric cues; a cue that is missing counts as 0."""
    table = image_classes().traits
    level = [(logits - logits.mean()) / max(float(logits.std()), 1e-6) for logits in seen.logits]
    bare = np.mean(level, axis=0) @ (table - table.mean(axis=0)) / 100
    traits = np.concatenate([*(seen.shares(temperature) @ table for temperature in _TEMPERATURES), bare])
    features = np.log(_FLOOR + np.concatenate(seen.features))
    count = max(0.0, numbers.get("faces", 0.0))
    faces = [float(count > 0), float(np.log1p(count)), numbers.get("face_size", 0.0), numbers.get("smiles", 0.0)]
    return AffectInputs(features, traits, np.array([numbers.get(name, 0.0) for name in COLOUR_CUES]), np.array(faces))


def scaled(inputs: AffectInputs, centre: AffectInputs, scale: AffectInputs, basis: Array) -> AffectInputs:
    """Standardised, the features projected on their principal directions. Faces stay as they are: 0 means none."""
    parts = [(part - middle) / width for part, middle, width in zip(inputs, centre, scale, strict=True)]
    return AffectInputs(parts[0] @ basis.T, parts[1], parts[2], parts[3])


def kernel(one: AffectInputs, other: AffectInputs, reach: Array) -> Array:
    """How alike pictures are: (n, 1 or m) for stacks of n and m scaled inputs."""
    alike = np.exp(-_squares(one.features, other.features) / reach[0] - 0.3 * _squares(one.traits, other.traits) / reach[1])
    line = 0.3 * one.traits @ other.traits.T / one.traits.shape[-1]
    faces = 0.1 * one.faces @ other.faces.T / reach[3]
    return np.asarray(alike + line + faces + 0.1 * np.exp(-0.5 * _squares(one.colours, other.colours) / reach[2]))


def _squares(one: Array, other: Array) -> Array:
    lengths = (one**2).sum(axis=-1)[:, None] + (other**2).sum(axis=-1)[None]
    return np.asarray(np.maximum(0.0, lengths - 2 * one @ other.T))


@cache
def load_affect_regression() -> AffectRegression:
    """The fitted numbers, read once."""
    from img2music.resources import asset_path

    with np.load(asset_path("seeing/affect.npz"), allow_pickle=False) as file:
        parts = {name: file[name].astype(np.float64) for name in file.files}

    def inputs(name: str) -> AffectInputs:
        return AffectInputs(*(parts[f"{name}_{field}"] for field in AffectInputs._fields))

    rest = ("basis", "reach", "weights", "mean", "directions", "precision", "noise")
    return AffectRegression(inputs("centre"), inputs("scale"), support=inputs("support"), **{name: parts[name] for name in rest})


def predict_affects(stack: AffectInputs, known: AffectRegression) -> tuple[Array, Array]:
    """Valence and arousal (n, 2) and the spread of valence (n,) of a stack of pictures, not yet cut to -1..1."""
    new = scaled(stack, known.centre, known.scale, known.basis)
    alike = kernel(new, known.support, known.reach)
    along = (alike @ known.directions) ** 2
    # Beyond the leading directions, the mean of the others' eigenvalues stands for each of them.
    told = along @ known.precision[:-1] + np.maximum(0.0, (alike**2).sum(axis=1) - along.sum(axis=1)) * known.precision[-1]
    own = np.diag(kernel(new, new, known.reach))
    spread = known.noise[1] * np.sqrt(np.maximum(0.0, own - told) + known.noise[0])
    return np.asarray(alike @ known.weights + known.mean), np.asarray(spread)


def predict_affect(inputs: AffectInputs, numbers: AffectRegression | None = None) -> AffectPrediction:
    """What people would feel at one picture."""
    values, spread = predict_affects(AffectInputs(*(part[None] for part in inputs)), numbers or load_affect_regression())
    valence, arousal = np.clip(values[0], -1, 1)
    return AffectPrediction(float(valence), float(arousal), float(min(1.0, spread[0])))

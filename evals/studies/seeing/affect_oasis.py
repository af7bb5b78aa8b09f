"""What the constants of the offline eye rest on: what colours alone tell, what the cues with a name tell, how cues usually are.

    python -m evals.studies.seeing.affect_oasis FOLDER [--berkeley FOLDER]

FOLDER holds OASIS as `evals.corpora.oasis` describes it; the set is for evaluation only and is no part of this project. Printed
are Pearson correlations with 95 % bootstrap intervals over pictures, the weights in `img2music.crossmodal.affect` and the means
and deviations in `img2music.crossmodal.cue_evidence`. The whole reading is fitted to these pictures: how well it does on others
is measured by `evals.learn.learn_affect`.

The folder of `--berkeley` holds ``T_BCP.csv``: the Berkeley Color Project's 37 colours (Palmer, Schloss, Xu & Prado-León, PNAS
110, 2013) with the columns ``Happy``, ``Sad`` and CIELAB ``L``, ``a``, ``b``; the mood of single colours in
`img2music.perceivers.image.colour_cues` is fitted to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evals.corpora.oasis import read_norms
from evals.shared.command_line import ScriptParser
from evals.shared.correlations import correlation_with_interval, standardised
from evals.shared.data_sets import BERKELEY, OASIS, csv_rows
from img2music.crossmodal.affect import named_affect
from img2music.crossmodal.cue_evidence import TYPICAL, CueEvidence
from img2music.io.colour.oklab import oklab_from_linear
from img2music.io.pictures import open_picture
from img2music.perceivers.offline import OfflinePerceiver

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LINEAR_FROM_XYZ = np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
)
"""Linear sRGB from XYZ (D65), after B. Lindbloom."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_data("folder", OASIS)
    parser.add_data("--berkeley", BERKELEY)
    options = parser.parse_args(arguments)
    measure(options.folder)
    if options.berkeley:
        fit_berkeley(options.berkeley / "T_BCP.csv")


def measure(folder: Path) -> None:
    see = OfflinePerceiver()
    norms = read_norms(folder)
    people = dict(zip(("valence", "arousal"), norms.ratings.T, strict=True))
    scenes = [see(open_picture(path)) for path in norms.images]
    cues = {name: np.array([scene.number(name, np.nan) for scene in scenes]) for name in TYPICAL}
    whole = {
        "valence": np.array([scene.attributes.valence.value for scene in scenes]),
        "arousal": np.array([scene.attributes.arousal.value for scene in scenes]),
    }
    formula = {
        "valence": 0.69 * standardised(cues["brightness"]) + 0.22 * standardised(cues["saturation"]),
        "arousal": -0.31 * standardised(cues["brightness"]) + 0.60 * standardised(cues["saturation"]),
    }
    print(f"{len(scenes)} pictures; Pearson r [95 % bootstrap interval]")
    for axis, (name, rated) in enumerate(people.items()):
        terms = [named_affect(CueEvidence.of(scene))[axis] for scene in scenes]
        groups, smiles, colours = (np.array([part(term) for term in terms]) for part in (of_groups, of_smiles, of_colours))
        design = np.column_stack([np.ones(len(scenes)), groups, smiles, colours])
        weights, *_ = np.linalg.lstsq(design, rated, rcond=None)
        print(f"  {name:8s} Valdez-Mehrabian {correlation_with_interval(formula[name], rated)}")
        print(f"  {name:8s} colours alone    {correlation_with_interval(colours, rated)}")
        print(
            f"  {name:8s} cues with a name {correlation_with_interval(groups + smiles + colours, rated)}   each weight times {weights[1:].round(2)}"
        )
        print(
            f"  {name:8s} whole, in sample {correlation_with_interval(whole[name], rated)}   its spread: SD {whole[name].std():.2f}"
        )
    means = ", ".join(f"{name} {rated.mean():+.2f}" for name, rated in people.items())
    print(f"  mean ratings on -1..1: {means}")
    print("TYPICAL:")
    for name, values in cues.items():
        print(f'    "{name}": ({values.mean():.3f}, {values.std():.3f}),')


def of_groups(terms: dict[str, float]) -> float:
    return sum(value for name, value in terms.items() if name.startswith("sees_"))


def of_smiles(terms: dict[str, float]) -> float:
    return terms.get("smiles", 0.0)


def of_colours(terms: dict[str, float]) -> float:
    return sum(terms.values()) - of_groups(terms) - of_smiles(terms)


def fit_berkeley(table: Path) -> None:
    """Least squares of (happy - sad) / 2 on OKLab lightness, a, b and chroma."""
    rows = csv_rows(table)
    light, a, b, happy, sad = (np.array([float(row[name]) for row in rows]) for name in ("L", "a", "b", "Happy", "Sad"))
    middle = (light + 16) / 116
    roots = np.stack([middle + a / 500, middle, middle - b / 200], axis=1)
    # CIELAB is relative to its white, so the same coordinates are read under the screen's white, D65.
    xyz = np.where(roots > 6 / 29, roots**3, 3 * (6 / 29) ** 2 * (roots - 4 / 29)) * np.array([0.95047, 1, 1.08883])
    lab = oklab_from_linear(xyz @ LINEAR_FROM_XYZ.T)
    terms = np.column_stack([np.ones(len(lab)), lab, np.hypot(lab[:, 1], lab[:, 2])])
    mood = (happy - sad) / 200
    weights, *_ = np.linalg.lstsq(terms, mood, rcond=None)
    explained = 1 - ((mood - terms @ weights) ** 2).sum() / ((mood - mood.mean()) ** 2).sum()
    names = ("one", "lightness", "a", "b", "chroma")
    print(f"mood of {len(rows)} single colours, R² {explained:.2f} (in sample):")
    print("  " + ", ".join(f"{name} {weight:+.3f}" for name, weight in zip(names, weights, strict=True)))


if __name__ == "__main__":
    main()

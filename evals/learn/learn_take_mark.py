"""Makes `img2music/assets/statistics/take_mark.json`: what tells people's songs from spoiled ones, the mark by which takes are chosen.

    python -m evals.learn.learn_take_mark OPENEWLD POP909 [--check | --measure]

Stretches of 16 to 40 bars of each song, as long as our pieces are, beside the same stretches spoiled in seven ways
(`evals.shared.corruptions`). Every song has a group of its own. `--measure` prints, learned on four fifths of the songs and judged on
the fifth, AUC by corruption; `--check` compares with the file that is there. What only judges (`evals.corpora.split`) is not learned from.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evals.corpora import openewld, pop909
from evals.corpora.split import learning_songs
from evals.learn.learn_norms import tune_of_song
from evals.shared.command_line import ScriptParser
from evals.shared.corruptions import CORRUPTIONS, over_other_chords
from evals.shared.data_sets import OPENEWLD, POP909
from evals.shared.paths import ASSETS
from img2music.metrics.symbolic.melody_metrics import tune_values
from img2music.metrics.symbolic.tune_over_chords import chord_values
from img2music.metrics.symbolic.tune_returns import return_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from img2music.metrics.symbolic.melody_view import MelodyView

OUT = ASSETS / "statistics" / "take_mark.json"
LEAST_BARS, MOST_BARS = 16, 40
RIDGE = 20.0
"""Of the squared weights; among 2, 20 and 100 the AUC on left-out songs moved by less than .002."""
FOLDS = 5
PEOPLES_MEDIAN_MARK = 0.75
SETS = (
    {"name": "OpenEWLD", "licence": "MIT; songs said to be in the public domain", "citation": "F. Simonetta, 2018"},
    {"name": "POP909", "licence": "MIT; statistics only, the songs are commercial", "citation": "Z. Wang et al., ISMIR 2020"},
)


def measure(tune: MelodyView) -> dict[str, float | None]:
    """What the mark looks at."""
    return {**tune_values(tune), **return_values(tune), **chord_values(tune)}


def stretch(tune: MelodyView, chance: np.random.Generator) -> MelodyView | None:
    """As many bars as one of our pieces has, from the first sung one on, moved to bar 0; None where there are fewer than 16."""
    first, last = tune.meters.bar_at(tune.tones[0].onset), tune.meters.bar_at(tune.tones[-1].onset) + 1
    bars = min(last - first, int(chance.integers(LEAST_BARS, MOST_BARS + 1)))
    if bars < LEAST_BARS:
        return None
    begin, end = tune.meters.bar_onset(first), tune.meters.bar_onset(first + bars)
    before = max((chord.onset for chord in tune.harmonies if chord.onset <= begin), default=begin)
    return replace(
        tune,
        tones=tuple(
            tone._replace(onset=tone.onset - begin, end=min(tone.end, end) - begin)
            for tone in tune.tones
            if begin <= tone.onset < end
        ),
        harmonies=tuple(
            chord._replace(onset=max(chord.onset - begin, begin - begin))
            for chord in tune.harmonies
            if before <= chord.onset < end
        ),
        phrases=tuple(place - begin for place in tune.phrases if begin <= place < end),
        sections=(),
    )


def examples(songs: Sequence[tuple[MelodyView, int]]) -> list[tuple[int, str, dict[str, float | None]]]:
    """Song number, "" or the corruption, measurements; `songs` are tunes with their tonics, for chords that are lent."""
    rows: list[tuple[int, str, dict[str, float | None]]] = []
    for number, (song, tonic) in enumerate(songs):
        chance = np.random.Generator(np.random.PCG64(number))
        tune = stretch(song, chance)
        if tune is None or len(tune.tones) < LEAST_BARS:
            continue
        rows.append((number, "", measure(tune)))
        spoiled = {name: spoil(tune, chance) for name, spoil in CORRUPTIONS.items()}
        other, other_tonic = songs[(number + 1) % len(songs)]
        lent = stretch(other, chance)
        if lent is not None and lent.meters == tune.meters:
            spoiled["other chords"] = over_other_chords(tune, _moved(lent, tonic - other_tonic))
        rows += [(number, name, measure(one)) for name, one in spoiled.items() if one is not None]
    return rows


def _moved(tune: MelodyView, semitones: int) -> MelodyView:
    return replace(
        tune,
        harmonies=tuple(
            chord._replace(pitch_classes=frozenset((tone + semitones) % 12 for tone in chord.pitch_classes))
            for chord in tune.harmonies
        ),
    )


def design(
    rows: Sequence[tuple[int, str, dict[str, float | None]]], means: NDArray[np.float64], deviations: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distances from people's means in deviations, and their squares less 1, as `MarkTerm` counts them; None is the mean."""
    values = np.array([[np.nan if value is None else value for value in row.values()] for _, _, row in rows], dtype=float)
    distances = np.clip((values - means) / deviations, -3, 3)
    missing = np.isnan(distances)
    return np.hstack([np.where(missing, 0, distances), np.where(missing, 0, distances**2 - 1)])


def moments(rows: Sequence[tuple[int, str, dict[str, float | None]]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation of each measurement over the songs as they are."""
    whole = np.array(
        [[np.nan if value is None else value for value in row.values()] for _, kind, row in rows if not kind], dtype=float
    )
    return np.nanmean(whole, axis=0), np.maximum(np.nanstd(whole, axis=0), 1e-3)


def fit(matrix: NDArray[np.float64], is_song: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights of a ridge logistic regression, the constant last; songs and spoiled songs weigh the same in all. Newton's method."""
    full = np.hstack([matrix, np.ones((len(matrix), 1))])
    weights = np.where(is_song, 0.5 / is_song.mean(), 0.5 / (1 - is_song.mean()))
    ridge = RIDGE * np.eye(full.shape[1])
    ridge[-1, -1] = 0
    beta = np.zeros(full.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-full @ beta))
        gradient = full.T @ (weights * (is_song - chance)) - ridge @ beta
        hessian = (full * (weights * chance * (1 - chance))[:, None]).T @ full + ridge
        step = np.linalg.solve(hessian, gradient)
        beta = beta + step
        if float(np.abs(step).max()) < 1e-8:
            break
    return beta


def auc(high: NDArray[np.float64], low: NDArray[np.float64]) -> float:
    """Share of pairs in which the first is higher, ties half."""
    return float(((high[:, None] > low[None]) + 0.5 * (high[:, None] == low[None])).mean())


def cross_validated(rows: Sequence[tuple[int, str, dict[str, float | None]]]) -> dict[str, float]:
    """AUC of songs against each corruption, every song judged by what was learned from others."""
    groups = np.array([number % FOLDS for number, _, _ in rows])
    kinds = np.array([kind for _, kind, _ in rows])
    odds = np.zeros(len(rows))
    for fold in range(FOLDS):
        learned = [row for row, group in zip(rows, groups, strict=True) if group != fold]
        means, deviations = moments(learned)
        beta = fit(design(learned, means, deviations), np.array([not kind for _, kind, _ in learned]))
        odds[groups == fold] = (
            design([row for row, group in zip(rows, groups, strict=True) if group == fold], means, deviations) @ beta[:-1]
        )
    people = odds[kinds == ""]
    return {"all": auc(people, odds[kinds != ""])} | {
        kind: auc(people, odds[kinds == kind]) for kind in sorted(set(kinds)) if kind
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_data("openewld", OPENEWLD)
    parser.add_data("pop909", POP909)
    parser.add_argument("--check", action="store_true", help="compare with the file that is there, write nothing")
    parser.add_argument("--measure", action="store_true", help="print AUC on left-out songs, write nothing")
    options = parser.parse_args(arguments)
    songs = [*learning_songs(openewld.read(options.openewld)), *learning_songs(pop909.read(options.pop909))]
    rows = examples([(tune, song.tonic) for song in songs if (tune := tune_of_song(song)) is not None and tune.tones])
    if options.measure:
        for kind, value in cross_validated(rows).items():
            print(f"{kind:20} {value:.3f}")
        return
    means, deviations = moments(rows)
    is_song = np.array([not kind for _, kind, _ in rows])
    matrix = design(rows, means, deviations)
    beta = fit(matrix, is_song)
    odds = (matrix @ beta[:-1])[is_song]
    low, middle = np.quantile(odds, (0.1, 0.5))
    # The median song gets .75, the song at the tenth percentile .5.
    scale = float(middle - low) / float(np.log(PEOPLES_MEDIAN_MARK / (1 - PEOPLES_MEDIAN_MARK)))
    names, half = list(rows[0][2]), len(rows[0][2])
    content = {
        "what": "a logistic regression that tells people's songs from spoiled ones; log-odds are slope * z + bend * (z * z - 1), z clipped to 3",
        "script": "evals/learn/learn_take_mark.py",
        "sets": SETS,
        "songs": len({number for number, _, _ in rows}),
        "centre": round(float(low), 4),
        "scale": round(scale, 4),
        "terms": {
            name: {
                "mean": round(float(means[place]), 4),
                "deviation": round(float(deviations[place]), 4),
                "slope": round(float(beta[place]), 4),
                "bend": round(float(beta[half + place]), 4),
            }
            for place, name in enumerate(names)
        },
    }
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    if options.check:
        print("the same" if OUT.read_text(encoding="utf-8") == text else "different")
        return
    OUT.write_text(text, encoding="utf-8")
    for name, row in content["terms"].items():  # type: ignore[attr-defined]
        print(f"{name:32} mean {row['mean']:8.3f}  slope {row['slope']:+.2f}  bend {row['bend']:+.2f}")


if __name__ == "__main__":
    main()

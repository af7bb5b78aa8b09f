"""Does the music feel as asked? A grid of valence and arousal, composed, performed and judged by a rule learned from people.

    python -m evals.studies.music.affect_grid EMOPIA VGMIDI [--styles solo-piano pop chamber-strings] [--seeds 8] [--steps 7] [--cache FILE]

Every point of a 7 x 7 grid in [-1, 1] becomes a scene that is ordinary in every cue and has that valence and arousal; genre,
tempo and mode follow from them as they do for a picture (`img2music.crossmodal.musical_attributes.suggest_attributes`). Each of eight
seeds has its own skyline, light and leading colour. 30 s are planned, composed and performed, and the notes judged
(`img2music.metrics.affect`: blind to loudness, timbre, drums).

    free            style and tempo follow the feeling
    style           the style is asked for
    style + tempo   both are asked for (the tempo is the middle of the style's range): harmony, register, density, articulation and
                    texture are all that is left
    baseline        random eighths of the scale; mode and tempo (or mode alone) follow the feeling as for a picture

Printed are Pearson's r of asked and estimated, a piece and a cell (the mean of its seeds), with 95 % bootstrap intervals; r with
the asked values shuffled; and what was played at the edges of the grid. EMOPIA and VGMIDI (see `evals.corpora.rated_music`)
are for evaluation only. `--cache` as in `affect_judge`. About half a second a piece.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evals.corpora.rated_music import rated_pieces
from evals.shared.command_line import ScriptParser
from evals.shared.correlations import correlation_with_interval, pearson
from evals.shared.data_sets import EMOPIA, VGMIDI
from img2music.brief import Brief
from img2music.crossmodal.affect import AffectAttribute
from img2music.crossmodal.cue_evidence import TYPICAL, CueEvidence
from img2music.crossmodal.musical_attributes import suggest_attributes
from img2music.io.style_files import load_style
from img2music.metrics.affect.affect_estimator import AffectEstimator
from img2music.metrics.affect.affect_features import AffectFeatures, read_features
from img2music.performance import Performance, PlayedNote, PlayedPart
from img2music.performers.expressive import ExpressivePerformer
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.scene import Box, Cue, PictureInfo, Scene, Swatch
from img2music.theory import Key, Meter, instrument

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Numbers = NDArray[np.float64]
SECONDS = 30.0
SHOWN = (
    "notes_a_second", "attacks_a_second", "length_seconds", "articulation", "pitch_mean", "pitch_low", "top_mean", "polyphony",
    "mode", "dissonance",
)  # fmt: skip


def scene_of(valence: float, arousal: float, seed: int) -> Scene:
    """An ordinary picture that feels so; `seed` draws its lines and its leading colour."""
    chance = np.random.default_rng(np.random.SeedSequence(seed))
    walk = np.clip(np.cumsum(chance.normal(0, 0.18, 16)) + 0.5, 0, 1)
    curves = {"skyline": walk, "brightness_profile": chance.random(16)}
    cues = [Cue(name=name, value=mean, unit="", text="as usual") for name, (mean, _) in TYPICAL.items()]
    cues += [
        Cue(name=name, value=tuple(round(float(height), 3) for height in curve), unit="0..1, left to right", text="a line")
        for name, curve in curves.items()
    ]
    colour = Swatch(
        name="colour_1",
        hex="#808080",
        words="a colour",
        lightness=0.55,
        chroma=0.1,
        hue_degrees=float(chance.uniform(0, 360)),
        share=1.0,
        box=Box(x=0, y=0, width=1, height=1),
    )
    feelings = [AffectAttribute(value=value, because=("lightness",), confidence=1.0) for value in (valence, arousal)]
    return Scene(
        picture=PictureInfo(file="grid.png", sha256="0" * 64, width=100, height=100, format="PNG"),
        cues=tuple(cues),
        colours=(colour,),
        attributes=suggest_attributes(CueEvidence(cues, (colour,), 1.0), *feelings),
    )


def perform_scene(scene: Scene, seed: int, style: str | None, tempo: float | None) -> Performance:
    plan = RulesPlanner()(scene, Brief.of(seconds=SECONDS, seed=seed, style=style, tempo_bpm=tempo))
    return ExpressivePerformer()(Composer()(plan), plan)


def perform_random_walk(scene: Scene, seed: int, tempo: float | None) -> Performance:
    """The baseline: eighths drawn from two octaves of the scale, the tonic and its triad more often than the rest."""
    bpm = tempo or scene.attributes.tempo_bpm.value
    chance = np.random.default_rng(np.random.SeedSequence(seed))
    key = Key.parse(f"{scene.attributes.key.value} {scene.attributes.mode.value}")
    degrees = chance.choice(7, size=int(SECONDS * bpm / 30), p=np.array([5, 1, 3, 1, 4, 1, 1]) / 16)
    octaves = chance.integers(0, 2, size=len(degrees))
    notes = [
        PlayedNote(index * 240, 220, int(60 + 12 * octave + key.pitch_classes[degree]), 80)
        for index, (degree, octave) in enumerate(zip(degrees, octaves, strict=True))
    ]
    part = PlayedPart("Walk", instrument("piano").program, 0, tuple(notes), ())
    return Performance.steady("walk", key, Meter(4, 4), bpm, SECONDS, (part,))


def report(
    name: str, rule: AffectEstimator, points: Sequence[tuple[float, float, int]], play: Callable[[Scene, int], Performance]
) -> list[AffectFeatures]:
    """Compose, judge and print one row; returns the features in the order of `points`."""
    features = []
    for valence, arousal, seed in points:
        found = read_features(play(scene_of(valence, arousal, seed), seed))
        if found is None:
            raise SystemExit(f"{name}: hardly a note at valence {valence}, arousal {arousal}, seed {seed}")
        features.append(found)
    asked = np.array([point[:2] for point in points])
    judged = np.array([rule.estimate(one) for one in features])
    cells = sorted({point[:2] for point in points})
    means = np.array([judged[(asked == cell).all(axis=1)].mean(axis=0) for cell in cells])
    shuffled = asked[np.random.default_rng(np.random.SeedSequence(1)).permutation(len(asked))]
    for axis, label in enumerate(("valence", "arousal")):
        pieces = correlation_with_interval(judged[:, axis], asked[:, axis])
        by_cell = correlation_with_interval(means[:, axis], np.array(cells)[:, axis])
        print(
            f"  {name:28s} {label}  {pieces}  {by_cell}"
            f"  {pearson(judged[:, axis], shuffled[:, axis]):+.2f}  {pearson(judged[:, axis], asked[:, 1 - axis]):+.2f}",
            flush=True,
        )
    return features


def print_extremes(points: Sequence[tuple[float, float, int]], features: Sequence[AffectFeatures]) -> None:
    """Medians of what was played at the lowest, the middle and the highest of each axis."""
    asked = np.array([point[:2] for point in points])
    for axis, label in enumerate(("valence", "arousal")):
        for level in (-1.0, 0.0, 1.0):
            row = [one for one, place in zip(features, asked[:, axis], strict=True) if abs(place - level) < 1e-9]
            if row:
                medians = "  ".join(f"{np.median([getattr(one, name) for one in row]):.2f}".rjust(9) for name in SHOWN)
                print(f"    {label} {level:+.0f}  {medians}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_data("emopia", EMOPIA)
    parser.add_data("vgmidi", VGMIDI)
    parser.add_argument("--styles", nargs="*", default=["solo-piano", "pop", "chamber-strings"], help="(%(default)s)")
    parser.add_argument("--seeds", type=int, default=8, help="pieces a point (%(default)s)")
    parser.add_argument("--steps", type=int, default=7, help="points an axis (%(default)s)")
    parser.add_argument("--only", nargs="*", choices=("baseline", "free", "style", "both"), help="kinds of rows to make")
    parser.add_argument("--cache", type=Path, help="file that keeps the features of the rated sets between runs")
    options = parser.parse_args(arguments)
    rule = AffectEstimator.fit(rated_pieces(options.emopia, options.vgmidi, options.cache))
    levels = [round(float(level), 4) for level in np.linspace(-1, 1, options.steps)]
    points = [(valence, arousal, seed) for valence in levels for arousal in levels for seed in range(options.seeds)]
    print(f"The judge: {rule.pieces} rated pieces, held-out r {rule.quality[0]:.2f} valence, {rule.quality[1]:.2f} arousal")
    print(
        f"{len(points)} pieces of {SECONDS:g} s a row".ljust(41),
        "a piece [95 %]".ljust(25),
        "a cell".ljust(25),
        "shuffled, other axis",
    )
    kinds = options.only or ("baseline", "free", "style", "both")
    rows: dict[str, Callable[[Scene, int], Performance]] = {}
    if "baseline" in kinds:
        rows["baseline: mode and tempo"] = lambda scene, seed: perform_random_walk(scene, seed, None)
        rows["baseline: mode alone"] = lambda scene, seed: perform_random_walk(scene, seed, 100.0)
    if "free" in kinds:
        rows["free"] = lambda scene, seed: perform_scene(scene, seed, None, None)
    for style in options.styles:
        low, high = load_style(style).tempo_bpm
        middle = float(round((low * high) ** 0.5))
        if "style" in kinds:
            rows[style] = lambda scene, seed, style=style: perform_scene(scene, seed, style, None)  # type: ignore[misc]
        if "both" in kinds:
            rows[f"{style} at {middle:g}"] = lambda scene, seed, style=style, tempo=middle: perform_scene(
                scene, seed, style, tempo
            )  # type: ignore[misc]
    played = {name: report(name, rule, points, play) for name, play in rows.items()}
    print("\nMedians at the edges:    " + "  ".join(name[:9].rjust(9) for name in SHOWN))
    for name, features in played.items():
        print(f"  {name}")
        print_extremes(points, features)


if __name__ == "__main__":
    main()

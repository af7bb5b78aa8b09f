"""How the mark of a sound parts what follows its score from what does not, and where the border lies.

    nice python -m evals.studies.music.sound_marks [--styles 16] [--seconds 24] [--seed 1]

Plans a piece in each of several styles and lets the soundfont play it as it is written, and otherwise: late, the tune alone, every second note
left out, slower, higher, other notes in the same key, metre and tempo (another seed), another piece. Every sound is marked against the piece as
written (`img2music.listening.asked_and_heard`). Prints the marks (10th, 50th, 90th percentile), the agreement and the confidence of each aspect, and
how often each would be told as kept. Learned from it: `FAIR_MARK` and `LEAST_SURE` in `metrics/compliance/sound_rows.py`, and what of pitches
and rhythm counts as followed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evals.shared.command_line import ScriptParser
from evals.shared.paths import example_pictures
from img2music.audio import Audio
from img2music.brief import Brief
from img2music.io.style_files import style_names
from img2music.listening.asked_and_heard import compare_with_asked, overall_mark
from img2music.listening.listen import hear
from img2music.listening.score_agreement import agreement
from img2music.metrics.compliance.sound_rows import LEAST_SURE
from img2music.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from img2music.performance import Performance

    Change = Callable[[Performance], Performance]


def without_every_second(performance: Performance) -> Performance:
    return replace(performance, parts=tuple(replace(part, notes=part.notes[::2]) for part in performance.parts))


def tune_alone(performance: Performance) -> Performance:
    return replace(performance, parts=performance.parts[:1])


def slower(performance: Performance) -> Performance:
    return replace(performance, tempo_map=performance.tempo_map.scaled(0.85))


def higher(performance: Performance) -> Performance:
    parts = [
        part if part.is_drums else replace(part, notes=tuple(replace(note, pitch=note.pitch + 4) for note in part.notes))
        for part in performance.parts
    ]
    return replace(performance, parts=tuple(parts))


CHANGES: dict[str, Change] = {
    "as written": lambda performance: performance,
    "tune alone": tune_alone,
    "half the notes": without_every_second,
    "15% slower": slower,
    "a third higher": higher,
}


def sounds(
    pipeline: Pipeline, performances: Sequence[tuple[Performance, Performance]], place: int
) -> Iterator[tuple[str, Audio]]:
    """The sound of a piece, and others that follow it less."""
    written, other = performances[place]
    for name, change in CHANGES.items():
        sound = pipeline.render(change(written)).mix
        yield name, fitted(sound, written.seconds)
        if name == "as written":
            late = np.pad(sound.samples, ((0, 0), (round(0.2 * sound.sample_rate), 0)))
            yield "0.2 s late", fitted(Audio(late, sound.sample_rate), written.seconds)
    yield "other notes", fitted(pipeline.render(other).mix, written.seconds)
    yield "another piece", fitted(pipeline.render(performances[place - 1][0]).mix, written.seconds)
    noise = np.random.default_rng(place).normal(0, 0.1, (2, round(written.seconds * 48_000))).astype(np.float32)
    yield "noise", Audio(noise, 48_000)


def fitted(sound: Audio, seconds: float) -> Audio:
    """Cut or filled with silence to a length."""
    frames = round(seconds * sound.sample_rate)
    samples = np.zeros((2, frames), np.float32)
    samples[:, : sound.samples.shape[1]] = sound.samples[:, :frames]
    return Audio(samples, sound.sample_rate)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("--styles", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    pipeline = Pipeline.load("offline")
    pictures = example_pictures()
    styles = style_names()[:: max(1, len(style_names()) // options.styles)][: options.styles]
    performances = []
    for place, style in enumerate(styles):
        scene = pipeline.see(pictures[place % len(pictures)])
        first = pipeline.plan(scene, Brief.of(seconds=options.seconds, seed=options.seed, style=style))
        again = first.model_copy(update={"seed": options.seed + 1})
        played = [pipeline.perform(pipeline.realize(plan), plan) for plan in (first, again)]
        performances.append((played[0], played[1]))
    marks: dict[str, list[float]] = {}
    aspects: dict[tuple[str, str], list[tuple[float, float, bool]]] = {}
    for place in range(len(performances)):
        written = performances[place][0]
        for name, sound in sounds(pipeline, performances, place):
            heard = hear(sound)
            found = compare_with_asked(written, heard, agreement(sound, written))
            mark = overall_mark(found, heard)
            marks.setdefault(name, []).append(-1.0 if mark is None else mark)
            for one in found:
                if one.agreement is not None:
                    row = one.agreement, 1.0 if one.confidence is None else one.confidence, bool(one.kept)
                    aspects.setdefault((name, one.aspect), []).append(row)
    print(f"{len(styles)} styles, {options.seconds:g} s each; marks: 10th, 50th, 90th percentile; then agreement/confidence/kept")
    for aspect in ("tempo", "metre", "key", "pitches", "rhythm"):
        for name in ("as written", "another piece"):
            rows = aspects.get((name, aspect), [])
            sure = [kept for _, confidence, kept in rows if confidence >= LEAST_SURE]
            print(f"{name}, {aspect}: {len(sure)} of {len(rows)} sure enough, {sum(sure)} kept")
    for name, values in marks.items():
        low, middle, high = np.percentile(values, (10, 50, 90))
        cells = []
        for aspect in ("tempo", "metre", "key", "pitches", "rhythm"):
            rows = aspects.get((name, aspect), [])
            if rows:
                means = np.mean(rows, axis=0)
                cells.append(f"{aspect} {means[0]:.2f}/{means[1]:.2f}/{means[2]:.0%}")
        print(f"{name:15} {low:.2f} {middle:.2f} {high:.2f}   {'  '.join(cells)}")


if __name__ == "__main__":
    main()

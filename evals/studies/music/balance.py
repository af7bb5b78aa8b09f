"""Is the tune heard? Loudness of every part beside the tune's, as an outside meter reads the stems.

    python -m evals.studies.music.balance [--seconds 20] [--seeds 1] [--style NAME ...]

One piece a style and seed from `temple.jpg`, rendered with stems. pyloudnorm (ITU-R BS.1770-4) measures each stem; a part is measured
only where it plays (gating does that). Prints for each style how far the tune lies above the loudest other part and above all
others together, in LU, and lists the parts. A tune that lies lower than its accompaniment together by more than 3 LU is marked.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import numpy as np

import img2music
from evals.shared.command_line import ScriptParser
from evals.shared.paths import EXAMPLES
from img2music.io.style_files import style_names

if TYPE_CHECKING:
    from collections.abc import Sequence

_HIDDEN_LU = -3.0


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of a piece (%(default)s)")
    parser.add_argument("--seeds", type=int, default=1, help="pieces a style (%(default)s)")
    parser.add_argument("--style", nargs="*", help="all if none is named")
    parser.need_packages("pyloudnorm", install="pip install -e '.[test]'")
    options = parser.parse_args(arguments)
    import pyloudnorm

    pipeline = img2music.Pipeline.load("offline")
    scene = pipeline.see(EXAMPLES / "temple.jpg")
    over_one, over_all = [], []
    for style in options.style or style_names():
        for seed in range(options.seeds):
            plan = pipeline.plan(scene, img2music.Brief.of(seconds=options.seconds, style=style, seed=seed))
            performance = pipeline.perform(pipeline.realize(plan), plan)
            stems = pipeline.render(performance, stems=True).stems
            sounds = {part.name: stems[part.name] for part in plan.parts}
            meter = pyloudnorm.Meter(next(iter(sounds.values())).sample_rate)
            levels = {name: float(meter.integrated_loudness(sound.samples.T)) for name, sound in sounds.items()}
            tune = next(part.name for part in plan.parts if part.role == "melody")
            others = [name for name in sounds if name != tune]
            if not others:
                continue
            rest = np.sum([sounds[name].samples for name in others], axis=0)
            together = levels[tune] - float(meter.integrated_loudness(rest.T))
            alone = levels[tune] - max(levels[name] for name in others)
            over_one.append(alone)
            over_all.append(together)
            parts = ", ".join(f"{name} {levels[name] - levels[tune]:+.1f}" for name in others)
            mark = "  HIDDEN" if together < _HIDDEN_LU else ""
            print(f"{style:18} over the loudest {alone:+5.1f} LU, over all {together:+5.1f} LU   ({parts}){mark}")
    print(
        f"median over the loudest {statistics.median(over_one):+.1f} LU, over all together {statistics.median(over_all):+.1f} LU"
    )


if __name__ == "__main__":
    main()

"""What the composer costs: CPU seconds a minute of music, one thread, by style.

    OMP_NUM_THREADS=1 python -m evals.bench.bench_composer [--seconds 60] [--runs 3]

For each style one plan of `temple.jpg` is realized again and again in this process after a first, warming call; only the realizer is
counted (no reading, playing, notation or sound). Prints the median of each style and the median of all. Machines are noisy: compare
figures of one run.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import img2music
from evals.shared.command_line import ScriptParser
from evals.shared.paths import EXAMPLES
from img2music.io.style_files import style_names

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of a piece (%(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="pieces a style, beside the first (%(default)s)")
    options = parser.parse_args(arguments)
    pipeline = img2music.Pipeline.load("offline")
    scene = pipeline.see(EXAMPLES / "temple.jpg")
    medians = []
    for style in style_names():
        costs = []
        for seed in range(options.runs + 1):
            plan = pipeline.plan(scene, img2music.Brief.of(seconds=options.seconds, style=style, seed=seed))
            begin = time.process_time()
            pipeline.realize(plan)
            costs.append((time.process_time() - begin) * 60 / options.seconds)
        medians.append(statistics.median(costs[1:]))  # the first call reads statistics and fills tables
        print(f"{style:18} {medians[-1]:6.3f} CPU s a minute (first call {costs[0]:.3f})")
    print(f"{'median of styles':18} {statistics.median(medians):6.3f}, most {max(medians):.3f}")


if __name__ == "__main__":
    main()

"""What the composer costs: CPU seconds a minute of music, one thread, by style.

    OMP_NUM_THREADS=1 python evals/bench/bench_composer.py [--seconds 60] [--runs 3]

For each style one plan of `temple.jpg` is realized again and again in this process after a first, warming call; only the realizer is
counted (no reading, playing, notation or sound). Prints the median of each style and the median of all. Machines are noisy: compare
figures of one run.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import img2music
from img2music.io.style_files import style_names

ROOT = Path(__file__).parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    pipeline = img2music.Pipeline.load("offline")
    scene = pipeline.see(ROOT / "demo" / "examples" / "temple.jpg")
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

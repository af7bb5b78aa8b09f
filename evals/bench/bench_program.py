"""What img2music costs: medians of five runs, CPU seconds of the whole process and its children, one thread.

    OMP_NUM_THREADS=1 python -m evals.bench.bench_program [PICTURE] [--runs 5] [--json]

Side by side in one run: `import img2music`; a picture to all symbolic files (60 s of music); the whole job with WAV; and the
`fluidsynth` program alone playing the finished score.mid, with the soundfont as it is shipped (SF3) and as it is cached (SF2).
Peak memory is the largest resident set of any one process. Nothing here is a test: machines are noisy, ratios in one run
are what counts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from evals.shared.command_line import ScriptParser
from evals.shared.paths import ASSETS, EXAMPLES
from evals.shared.process_costs import ProcessCost, fluidsynth_command, measure_jobs

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_file("picture", nargs="?", default=EXAMPLES / "temple.jpg", help="(%(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="of each job (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        results = measure(options.picture, options.runs, Path(folder))
    if options.json:
        print(json.dumps(results, indent=2))
        return
    for name, (seconds, megabytes) in results.items():
        print(f"{name:42} {seconds:6.2f} CPU s   {megabytes:5.0f} MB")
    whole = results["picture to everything, WAV"][0]
    for name in results:
        if name.startswith("fluidsynth"):
            print(f"whole job / {name:30} {whole / results[name][0]:6.2f}")


def measure(picture: Path, runs: int, folder: Path) -> dict[str, ProcessCost]:
    """Median CPU seconds and peak megabytes of each job."""
    cache = folder / "cache"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "IMG2MUSIC_CACHE": str(cache)}
    compose = [sys.executable, "-m", "img2music", "compose", str(picture), "--seconds", "60", "-o"]
    subprocess.run([*compose, str(folder / "warm")], check=True, env=environment, capture_output=True)  # converts the font, once
    midi = next((folder / "warm").glob("*/score.mid"))
    jobs: dict[str, list[str]] = {
        "import img2music": [sys.executable, "-c", "import img2music"],
        "python alone": [sys.executable, "-c", "pass"],
        "picture to symbolic files": [*compose, str(folder / "symbolic"), "--audio", "none"],
        "picture to everything, WAV": [*compose, str(folder / "sound")],
        "picture to everything, WAV and stems": [*compose, str(folder / "stems"), "--stems"],
    }
    fonts = {"SF3": ASSETS / "FluidR3Mono_GM.sf3", "SF2": next(cache.rglob("*.sf2"), None)}
    if shutil.which("fluidsynth"):
        wave = folder / "fluid.wav"
        jobs |= {f"fluidsynth {kind}": fluidsynth_command(font, midi, wave) for kind, font in fonts.items() if font}
    return measure_jobs(jobs, environment, runs)


if __name__ == "__main__":
    main()

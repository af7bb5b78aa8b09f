"""What img2music costs: medians of five runs, CPU seconds of the whole process and its children, one thread.

    OMP_NUM_THREADS=1 python evals/bench/bench_program.py [PICTURE] [--runs 5] [--json]

Side by side in one run: `import img2music`; a picture to all symbolic files (60 s of music); the whole job with WAV; and the
`fluidsynth` program alone playing the finished score.mid, with the soundfont as it is shipped (SF3) and as it is cached (SF2).
Peak memory is the largest resident set of any one process. Nothing here is a test: machines are noisy, ratios in one run
are what counts.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def cost(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """CPU seconds (user and system, children too) and peak resident megabytes of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    errors = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed: {errors.decode(errors='replace')}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return seconds, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", nargs="?", type=Path, default=ROOT / "demo" / "examples" / "temple.jpg")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
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


def measure(picture: Path, runs: int, folder: Path) -> dict[str, tuple[float, float]]:
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
    fonts = {"SF3": ROOT / "img2music" / "assets" / "FluidR3Mono_GM.sf3", "SF2": next(cache.rglob("*.sf2"), None)}
    if shutil.which("fluidsynth"):
        play = ["fluidsynth", "-niq", "-g", "0.4", "-r", "48000", "-O", "float", "-T", "wav", "-F", str(folder / "fluid.wav")]
        jobs |= {f"fluidsynth {kind}": [*play, str(font), str(midi)] for kind, font in fonts.items() if font}
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    for _ in range(runs):  # interleaved, so that a busy minute burdens all alike
        for name, command in jobs.items():
            samples[name].append(cost(command, environment))
    return {
        name: (round(statistics.median(seconds for seconds, _ in runs_), 3), round(max(peak for _, peak in runs_), 1))
        for name, runs_ in samples.items()
    }


if __name__ == "__main__":
    main()

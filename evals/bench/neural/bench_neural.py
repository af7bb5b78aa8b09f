"""What our path to a model for sound costs beside the bare call of its library, and how fast it plays: CPU seconds, medians of paired runs.

    OMP_NUM_THREADS=1 python -m evals.bench.neural.bench_neural [--seconds 4] [--runs 5] [--real-size]

Weights are random and made on the spot. Our path is asked first and the calls that reach the library are remembered; then the same calls are made
again bare, without progress, cancelling and choice of tokens. MusicGen is measured through its whole renderer (words, windows, joins, mastering,
listening), pipelines of diffusers through the call that plays one window. Tiny models answer in some hundredths of a second, so that only the
difference in milliseconds means something; --real-size has 300 million parameters (MusicGen-small, 3 GB of memory, minutes) and the
target: at most 3 % over the bare call. A renderer that is not there is said to be missing.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from evals.bench.neural import random_weights
from evals.bench.neural.model_calls import Cost, again, cost_of, remembered_calls
from evals.shared.command_line import ScriptParser
from img2music.registry import registered_names
from img2music.stages import load_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TARGET = 0.03


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of sound (%(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="pairs (%(default)s)")
    parser.add_argument("--real-size", action="store_true", help="MusicGen-small's architecture")
    parser.need_packages(
        "torch", "transformers", "diffusers", install="pip install torch && pip install -e '.[musicgen,diffusers]'"
    )
    options: Any = parser.parse_args(arguments)
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure_musicgen(folder, options.seconds, options.runs, tiny=not options.real_size)
        if not options.real_size:
            measure_pipeline("ACE-Step, tiny", random_weights.ace_step(folder / "ace", tiny=True), options.seconds, options.runs)
            stable = random_weights.stable_audio(folder / "stable", tiny=True)
            measure_pipeline("Stable Audio, tiny", stable, options.seconds, options.runs)


def measure_musicgen(folder: Path, seconds: float, runs: int, *, tiny: bool, device: str = "cpu", batch: int = 1) -> None:
    """The whole renderer beside `generate`."""
    name = f"MusicGen{', tiny' if tiny else '-small'}"
    if "musicgen" not in registered_names("renderer"):
        print(f"{name}: the renderer musicgen is not there")
        return
    from transformers import MusicgenForConditionalGeneration

    from evals.bench.bench_sound import one_minute

    performance = shortened(one_minute(), seconds)
    weights = random_weights.musicgen(folder, tiny=tiny)
    stage = load_stage("renderer", "musicgen", {"weights": str(weights), "device": device, "takes": batch})
    told(name, MusicgenForConditionalGeneration, "generate", lambda: stage(performance), runs, seconds * batch, device)


def measure_pipeline(name: str, weights: Path, seconds: float, runs: int, *, device: str = "cpu", batch: int = 1) -> None:
    """One window beside the pipeline's call."""
    from img2music.renderers.neural.device import pick
    from img2music.renderers.neural.diffusers.loaded_pipeline import load_pipeline
    from img2music.renderers.neural.diffusers.pipeline_calls import Ask, play

    loaded = load_pipeline(weights, pick(device), smaller="another model")
    asked = min(seconds, loaded.longest_seconds)
    ask = Ask(task="text2music", text="A calm piano piece.", seconds=asked)
    told(name, type(loaded.pipeline), "__call__", lambda: play(loaded, ask, range(batch)), runs, asked * batch, device)


def told(name: str, owner: type, call: str, ours: Callable[[], object], runs: int, seconds: float, device: str) -> None:
    """Measures pairs and prints a line; the first pair, which imports and compiles, is not counted."""
    pairs: list[tuple[Cost, Cost]] = []
    for _ in range(runs + 1):
        with remembered_calls(owner, call) as calls:
            path = cost_of(ours)
        pairs.append((path, cost_of(lambda calls=calls: again(calls, call))))  # type: ignore[misc]
    attribute = "clock" if device.startswith("cuda") else "processor"
    costs = [(getattr(path, attribute), getattr(bare, attribute)) for path, bare in pairs[1:]]
    bare = median(one for _, one in costs)
    over = median(path - one for path, one in costs)
    share = (
        f"{over / bare:6.1%} over the bare call (target {TARGET:.0%})"
        if bare > 1 or device != "cpu"
        else "bare call too short for a share"
    )
    print(f"{name:20} bare {bare:8.3f} s  ours {over * 1000:+9.1f} ms  {share}  real-time factor {bare / seconds:.2f}")


def shortened(performance: Any, seconds: float) -> Any:
    """Its first seconds."""
    from dataclasses import replace

    end = performance.ticks_at(seconds)
    parts = [replace(part, notes=tuple(note for note in part.notes if note.onset_ticks < end)) for part in performance.parts]
    return replace(performance, seconds=seconds, parts=tuple(parts))


if __name__ == "__main__":
    main()

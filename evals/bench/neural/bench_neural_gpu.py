"""The same on a CUDA card, in one go of at most ten minutes and without a network: real architectures with random weights, batch 1 and 8.

    python -m evals.bench.neural.bench_neural_gpu [--device cuda] [--seconds 10] [--runs 3] [--tiny]

MusicGen-small through its whole renderer, the transformer of ACE-Step 1.5 at its real size through the call that plays a window: our path beside
the bare call, by the clock. Without a card it says so and leaves with 2; `--device cpu --tiny` tries the script. What has not begun
after eight minutes is left out and named. Magenta RealTime 2 lives in an environment of its own and is not measured here.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from evals.bench.neural import random_weights
from evals.bench.neural.bench_neural import measure_musicgen, measure_pipeline
from evals.shared.command_line import ScriptParser

if TYPE_CHECKING:
    from collections.abc import Sequence

LAST_START_SECONDS = 480
BATCHES = (1, 8)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, or cpu to try the script (%(default)s)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of sound (%(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="pairs (%(default)s)")
    parser.add_argument("--tiny", action="store_true", help="models as small as tests have them")
    parser.need_packages(
        "torch", "transformers", "diffusers", install="pip install torch && pip install -e '.[musicgen,diffusers]'"
    )
    options: Any = parser.parse_args(arguments)
    import torch

    if options.device.startswith("cuda") and not torch.cuda.is_available():
        print("there is no CUDA card here: nothing was measured", file=sys.stderr)
        raise SystemExit(2)
    print(torch.cuda.get_device_name(options.device) if options.device.startswith("cuda") else "cpu: no card, times mean little")
    begin = monotonic()
    size = "tiny" if options.tiny else "real size"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ace = random_weights.ace_step(folder / "ace", tiny=options.tiny)
        for batch in BATCHES:
            if monotonic() - begin > LAST_START_SECONDS:
                print(f"batch {batch}: left out, the time is over")
                continue
            print(f"batch {batch}")
            measure_pipeline(f"ACE-Step, {size}", ace, options.seconds, options.runs, device=options.device, batch=batch)
            where = folder / f"musicgen{batch}"
            measure_musicgen(where, options.seconds, options.runs, tiny=options.tiny, device=options.device, batch=batch)


if __name__ == "__main__":
    main()

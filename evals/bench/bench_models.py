"""What does asking a model cost beside the model itself?

    python -m evals.bench.bench_models [--repeats 7] [--server-seconds 2.0]

A server on this machine answers after exactly so many seconds (`tests.support.stub_server`) with a sound answer. Printed, for the
eye that asks and for the planner that asks, as shares of the server's time by the wall clock, medians of the repeats: the whole
stage beyond the server; what of it the stage does without a model too (seeing the picture offline, a draft by the rules, measured
after the same pause); and the rest, which is what asking costs: filling the prompt, sending, checking, keeping. The first run,
which imports and loads, is not counted. Target: at most 5 % round the calls.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic, process_time, sleep
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from evals.shared.command_line import ScriptParser
from img2music.brief import Brief
from img2music.io.pictures import open_picture
from img2music.perceivers.offline import OfflinePerceiver
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.stages import load_stage
from tests.support.stub_server import StubServer, sample_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TARGET = 0.05
PICTURE_SIZE = (1600, 1200)
SECONDS, BARS = 30, 7  # 7 bars of 4/4 at 60 last 28 s, and the end rings


@dataclass(frozen=True)
class CallCost:
    """Seconds of one call."""

    wall: float
    processor: float
    requests: int = 0


def measure_call(call: Callable[[], object]) -> CallCost:
    """What a call takes."""
    wall, processor = monotonic(), process_time()
    call()
    return CallCost(monotonic() - wall, process_time() - processor)


def measure_after_pause(call: Callable[[], object], seconds: float) -> CallCost:
    """What a call takes after a pause: a processor that has waited for a server is as slow to begin."""
    sleep(seconds)
    return measure_call(call)


def paint_picture(path: Path, number: int) -> Path:
    """A picture like no other: what was asked about one before would come from the cache."""
    width, height = PICTURE_SIZE
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack([rows * 255 / height, columns * 255 / width, 255 - rows * (200 - number) / height], axis=2)
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


def measure_stage(stage: Callable[[int], object], server: StubServer, repeats: int) -> list[CallCost]:
    """The stage's calls, the first one left out; each with how often it asked."""
    times = []
    for number in range(repeats + 1):
        before = server.asked
        time = measure_call(lambda number=number: stage(number))  # type: ignore[misc]  # a default binds the number
        times.append(CallCost(time.wall, time.processor, server.asked - before))
    return times[1:]


def smallest_answer(body: dict[str, Any]) -> Any:
    """The smallest answer by the schema; a plan's bars fill its length."""
    answer = sample_answer(body)
    if "sections" in answer:
        answer |= {"meter": "4/4", "tempo_bpm": 60}
        answer["sections"][0]["bars"] = ["I"] * BARS
    return answer


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("--repeats", type=int, default=7, help="calls of each stage, beside the first (%(default)s)")
    parser.add_argument("--server-seconds", type=float, default=2.0, help="after which the server answers (%(default)s)")
    parser.need_packages("langchain_core", "langchain_openai", install="pip install -e '.[llm]'")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, StubServer(smallest_answer, after_seconds=options.server_seconds) as server:
        os.environ |= {"IMG2MUSIC_CACHE": folder, "LANGSMITH_TRACING": "false"}
        pictures = [open_picture(paint_picture(Path(folder) / f"{number}.jpg", number)) for number in range(options.repeats + 1)]
        scene = OfflinePerceiver()(pictures[0])
        model = f"openai:stub?base_url={server.base_url}"
        perceiver = load_stage("perceiver", "vlm", {"model": model})
        planner = load_stage("planner", "llm", {"model": model})

        def see(number: int) -> object:
            return perceiver(pictures[number])

        def plan(number: int) -> object:
            return planner(scene, Brief(seconds=SECONDS, seed=number))

        work: list[tuple[str, Callable[[int], object], Callable[[], object]]] = [
            ("perceiver 'vlm'", see, lambda: OfflinePerceiver()(pictures[0])),
            ("planner 'llm'", plan, lambda: RulesPlanner()(scene, Brief(seconds=SECONDS))),
        ]
        print(
            f"{'stage':<18}{'requests':>9}{'wall':>9}{'beyond the server':>19}{'of it without a model':>23}{'round the calls':>17}"
        )
        for name, stage, alone in work:
            times = measure_stage(stage, server, options.repeats)
            served = median(time.requests * options.server_seconds for time in times)
            wall = median(time.wall for time in times)
            bare = median(measure_after_pause(alone, options.server_seconds).wall for _ in times)
            around = (wall - served - bare) / served
            requests = median(time.requests for time in times)
            print(
                f"{name:<18}{requests:>9g}{wall:>8.3f}s{(wall - served) / served:>18.1%} {bare / served:>22.1%} {around:>16.1%}",
                end="  ",
            )
            print("within the target" if around <= TARGET else f"beyond the target of {TARGET:.0%}")


if __name__ == "__main__":
    main()

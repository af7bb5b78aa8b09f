"""What does asking a model cost beside the model itself?

    python evals/model_overhead.py [--repeats 7] [--server-seconds 2.0]

A server on this machine answers after exactly so many seconds (`tests/stub_server.py`) with a sound answer. Printed, for the eye
that asks and for the planner that asks, is the time of the whole stage beyond the server's own, as a share of the server's: by the
wall clock, and in processor seconds of this process, which the server's few are part of; the median of the repeats. The stage's
work includes what it does without a model (seeing the picture offline, a draft by the rules), which is printed alone too. The
first run, which imports and loads, is not counted. Target: at most 5 %.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic, process_time
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from img2music.brief import Brief
from img2music.io.pictures import open_picture
from img2music.perceivers.offline import OfflinePerceiver
from img2music.planners.rules import RulesPlanner
from img2music.stages import load_stage

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from stub_server import StubServer, sample_for

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET = 0.05
PICTURE_SIZE = (1600, 1200)
SECONDS, BARS = 30, 7  # 7 bars of 4/4 at 60 last 28 s, and the end rings


@dataclass(frozen=True)
class Spent:
    """Seconds of one call."""

    wall: float
    processor: float
    requests: int = 0


def spent(call: Callable[[], object]) -> Spent:
    """What a call takes."""
    wall, processor = monotonic(), process_time()
    call()
    return Spent(monotonic() - wall, process_time() - processor)


def painted(path: Path, number: int) -> Path:
    """A picture like no other: what was asked about one before would come from the cache."""
    width, height = PICTURE_SIZE
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack([rows * 255 / height, columns * 255 / width, 255 - rows * (200 - number) / height], axis=2)
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


def asked(stage: Callable[[int], object], server: StubServer, repeats: int) -> list[Spent]:
    """The stage's calls, the first one left out; each with how often it asked."""
    times = []
    for number in range(repeats + 1):
        before = server.asked
        time = spent(lambda number=number: stage(number))  # type: ignore[misc]  # a default binds the number
        times.append(Spent(time.wall, time.processor, server.asked - before))
    return times[1:]


def sound(body: dict[str, Any]) -> Any:
    """The smallest answer by the schema; a plan's bars fill its length."""
    answer = sample_for(body)
    if "sections" in answer:
        answer |= {"meter": "4/4", "tempo_bpm": 60}
        answer["sections"][0]["bars"] = ["I"] * BARS
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description="what asking a model costs beside the model")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--server-seconds", type=float, default=2.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, StubServer(sound, after_seconds=arguments.server_seconds) as server:
        os.environ |= {"IMG2MUSIC_CACHE": folder, "LANGSMITH_TRACING": "false"}
        pictures = [open_picture(painted(Path(folder) / f"{number}.jpg", number)) for number in range(arguments.repeats + 1)]
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
        print(f"{'stage':<18}{'requests':>9}{'wall':>9}{'beyond the server':>19}{'processor':>11}{'alone, no model':>17}")
        for name, stage, alone in work:
            times = asked(stage, server, arguments.repeats)
            served = [time.requests * arguments.server_seconds for time in times]
            wall = median(time.wall for time in times)
            beyond = median((time.wall - own) / own for time, own in zip(times, served, strict=True))
            busy = median(time.processor / own for time, own in zip(times, served, strict=True))
            bare = median(spent(alone).wall for _ in times)
            requests = median(time.requests for time in times)
            print(f"{name:<18}{requests:>9g}{wall:>8.3f}s{beyond:>18.1%} {busy:>10.1%}{bare:>16.3f}s", end="  ")
            print("within the target" if beyond <= TARGET else f"beyond the target of {TARGET:.0%}")


if __name__ == "__main__":
    main()

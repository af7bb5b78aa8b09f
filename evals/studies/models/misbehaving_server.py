"""Does a whole run end well whatever the model's server does?

    python -m evals.studies.models.misbehaving_server [--runs 200] [--seed 0] [--limit 2.0]

A server on this machine misbehaves in one of many ways (`tests.support.stub_server`): it hangs, drips, never stops, sends half a JSON,
wrong kinds, prose, refusals, errors, pages, bombs. One stage of three asks it, the eye, the planner or the writer of notes; half
of the pipelines allow a fallback and half allow none. Every combination comes before any comes twice, in an order drawn by the
seed; the first time round the server always behaves so, the second time only at the first request. Whole pieces are composed,
without sound. Printed are how many runs gave a piece, and of these how many by the model's answer; how many ended with one clear
line; anything else, which must be none; the longest asking stage and its limit; whether every fallback is named in the manifest
and every piece without one has an accepted answer on record; and whether the key that the server was sent shows up anywhere.
The exit code is 1 where something must be none and is not.
"""

from __future__ import annotations

import os
import random
import re
import resource
import shutil
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from evals.shared.command_line import ScriptParser
from img2music.errors import Img2MusicError
from img2music.pipeline import Pipeline
from img2music.pipeline_config import PipelineConfig, StageTable
from img2music.registry import asking_stages
from tests.support.stub_server import BEHAVIOURS, StubServer, sample_answer, schema_of_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.piece import Piece
    from img2music.provenance import Event

STAGES: dict[str, tuple[str, str]] = {
    entry.kind: (entry.name, getattr(StageTable(), entry.kind).use) for entry in asking_stages().values()
}
"""By kind: the stage that asks a model, and the usual one, which steps in."""
KEY_VARIABLE, KEY = "IMG2MUSIC_STUB_LOGIN", "Zq8-odd-looking-credential-77"
TIMEOUT_SHARE = 0.5
SECONDS = (5, 6, 8)
LONGEST_LINE = 1200


@dataclass
class Trial:
    """How one run went."""

    stage: str
    behaviour: str
    always: bool
    fallback: bool
    end: str = ""
    """ "model", "fallback", "refusal", or what went wrong."""
    asking_seconds: float = 0.0
    told: str = ""
    marks: dict[str, float] = field(default_factory=dict)

    def listen(self, event: Event) -> None:
        """Times the stage that asks, however it ends."""
        if event.stage == self.stage:
            if event.state == "started":
                self.marks.setdefault("begin", monotonic())
            else:
                self.marks.setdefault("end", monotonic())


def answer(body: dict[str, Any]) -> Any:
    """What a good server says: the smallest answer by the schema, or a plain tune under the head that was asked for."""
    if schema_of_request(body) is not None:
        return sample_answer(body)
    text = "\n".join(str(message["content"]) for message in body["messages"] if message["role"] == "user")
    head = re.findall(r"^[XTMLQK]:.*$", text, re.MULTILINE)[:6]
    bars = re.search(r"(\d+) bars?", text)
    eighths = re.search(r"exactly (\d+) eighths", text)
    return "\n".join([*head, "V:1", f"c{eighths[1] if eighths else 8} | " * (int(bars[1]) if bars else 4)])


def config(run: Trial, base_url: str, limit: float) -> PipelineConfig:
    """The pipeline of a run."""
    use, fallback = STAGES[run.stage]
    timeout = limit * TIMEOUT_SHARE
    model = f"openai:stub?base_url={base_url}&key_env={KEY_VARIABLE}&timeout={timeout:g}&retries=1"
    stage: dict[str, Any] = {"use": use, "options": {"model": model, "time_limit_seconds": limit}}
    if run.fallback:
        stage["fallback"] = {"use": fallback}
    about = {"name": "misbehave", "description": "d", "needs": "n", "leaves_machine": "nothing", "licence": "l"}
    return PipelineConfig.model_validate({**about, "stages": {run.stage: stage}})


def run_trial(run: Trial, picture: Path, seconds: int, limit: float) -> Trial:
    """One whole piece."""
    faults = [] if run.always else [run.behaviour]
    with StubServer(answer, faults, default=run.behaviour if run.always else "good") as server:
        pipeline = Pipeline(config(run, server.base_url, limit))
        try:
            piece = pipeline.compose(picture, audio=None, seconds=seconds, on_event=run.listen)
        except Img2MusicError as error:
            run.told = str(error)
            sound = "\n" not in run.told and "; " in run.told and len(run.told) < LONGEST_LINE
            run.end = "refusal" if sound else f"an unclear line: {run.told[:300]!r}"
        except Exception as error:
            run.end = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        else:
            run.told = piece.manifest.model_dump_json()
            run.end = outcome_of(run, piece)
        # An asking stage that raises tells of no end.
        run.asking_seconds = run.marks.get("end", monotonic()) - run.marks.get("begin", monotonic())
    if KEY in run.told:
        run.end = f"the key is told ({run.end})"
    return run


def outcome_of(run: Trial, piece: Piece) -> str:
    """Who made the piece, as its manifest says; what is wrong where it says too little."""
    use, other = STAGES[run.stage]
    fallbacks = [(each.stage, each.asked, each.used) for each in piece.manifest.fallbacks]
    accepted = [each.accepted for each in piece.manifest.models if each.stage == run.stage]
    if fallbacks == [(run.stage, use, other)] and run.fallback and not any(accepted):
        return "fallback"
    if not fallbacks and accepted == [True]:
        return "model"
    return f"a record that does not add up: fallbacks {fallbacks}, accepted answers {accepted}"


def plan_runs(count: int, seed: int) -> list[Trial]:
    """The first `count` of all combinations, drawn by `seed`; those where the server always misbehaves come first."""
    chance = random.Random(seed)
    runs: list[Trial] = []
    while len(runs) < count:
        for always in (True, False):
            some = [Trial(stage, what, always, fallback) for stage, what, fallback in product(STAGES, BEHAVIOURS, (True, False))]
            chance.shuffle(some)
            runs += some
    return runs[:count]


def report(runs: list[Trial], limit: float) -> int:
    """Prints what came of it; how many runs went wrong."""
    ends = Counter(run.end for run in runs)
    wrong = [run for run in runs if run.end not in {"model", "fallback", "refusal"}]
    without = [run for run in runs if not run.fallback]
    print(f"runs                     {len(runs)}")
    print(f"finished pieces          {ends['model'] + ends['fallback']}")
    print(f"  by a model's answer    {ends['model']}")
    print(f"  by a fallback          {ends['fallback']}, each named in its manifest")
    print(f"clear refusals           {ends['refusal']} (of {len(without)} runs without a fallback)")
    print(f"refused despite fallback {sum(run.fallback and run.end == 'refusal' for run in runs)} (must be 0)")
    print(f"anything else            {len(wrong)} (must be 0)")
    for run in wrong:
        print(f"  {run.stage}, {run.behaviour} {'always' if run.always else 'once'}, fallback {run.fallback}: {run.end}")
    for stage in STAGES:
        longest = max((run for run in runs if run.stage == stage), key=lambda run: run.asking_seconds, default=None)
        if longest is not None:
            print(f"longest {stage:<16} {longest.asking_seconds:.2f} s of {limit:g} s ({longest.behaviour})")
    print(f"peak memory              {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB, the server's included")
    print(f"threads left             {threading.active_count() - 1}")
    return len(wrong) + sum(run.fallback and run.end == "refusal" for run in runs)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("--runs", type=int, default=200, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of their order (%(default)s)")
    parser.add_argument("--limit", type=float, default=2.0, help="seconds for the stage that asks")
    parser.need_packages("langchain_core", "langchain_openai", install="pip install -e '.[llm]'")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"IMG2MUSIC_CACHE": folder, KEY_VARIABLE: KEY, "LANGSMITH_TRACING": "false"}
        picture = Path(folder) / "picture.png"
        rows, columns = np.mgrid[0:48, 0:64]
        Image.fromarray(np.stack([rows * 5, columns * 4, 255 - rows * 3], axis=2).astype(np.uint8)).save(picture)
        for stage in STAGES:  # what is imported at the first question is not the stage's time
            first = run_trial(Trial(stage, "good", always=True, fallback=False), picture, SECONDS[0], 60.0)
            print(f"a server that behaves, {stage}: {first.end} {first.told if first.end == 'refusal' else ''}".rstrip())
        runs = []
        for number, run in enumerate(plan_runs(options.runs, options.seed)):
            shutil.rmtree(Path(folder) / "answers", ignore_errors=True)
            runs.append(run_trial(run, picture, SECONDS[number % len(SECONDS)], options.limit))
            kept = [file for file in Path(folder).rglob("*.json") if KEY.encode() in file.read_bytes()]
            if kept:
                run.end = "the key is in the cache"
        wrong = report(runs, options.limit)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

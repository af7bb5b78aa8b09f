"""How long does it take until the work has stopped? A long piece is stopped at moments spread over all of its making.

    OMP_NUM_THREADS=1 python -m evals.bench.cancel_latency [--seconds 180] [--style epic] [--each 9]

A dense piece is made once to its end: seen, planned, written, played, made to sound with stems, and saved as each format of sound, the page
carrying one. Then a token is cancelled from another thread at moments evenly spread over each step, and what is printed a step is the
median and the longest delay from `cancel()` until control is back (in brackets: processor seconds of this process in it), and whether
anything was left behind: files, hidden folders, a font half converted, running processes. To reach late moments quickly, what comes
before a step is done once and kept; each run begins with the step (the stage, or the saving) in which its moment falls. Leaves with 1
where a delay is above the limit or anything is left. On a busy machine the clock runs faster than the work: there the processor's seconds
tell more.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

from evals.shared.command_line import ScriptParser
from evals.shared.paths import EXAMPLES
from img2music import Brief, Pipeline
from img2music.cancellation import Cancelled, CancelToken, cancelled_by
from img2music.io.audio_files import FORMATS
from img2music.manifest import AudioFormat, AudioInfo
from img2music.metrics.symbolic.symbolic_metrics import measure_score
from img2music.renderers.soundfont.synthesis import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from img2music.piece import Piece

_LIMIT_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Job:
    """One step that can be run again and again."""

    name: str
    run: Callable[[], object]
    seconds: float
    """How long it takes to its end."""


@dataclass(frozen=True, slots=True)
class Delay:
    """One stop."""

    step: str
    at_seconds: float
    """After the step's begin."""
    seconds: float
    cpu_seconds: float
    """Of this process in that time: the delay on a machine that has nothing else to do, but for waiting."""
    left: str
    """What was left behind; "" for nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Stop a piece at many moments."""
    parser = ScriptParser(__doc__)
    parser.add_argument("--seconds", type=float, default=180.0, help="length of the piece (%(default)s)")
    parser.add_argument("--style", default="epic", help="a style with many parts and drums (%(default)s)")
    parser.add_argument("--each", type=int, default=9, help="stops in each step (%(default)s)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        jobs = make_jobs(folder, options.style, options.seconds)
        delays: list[Delay] = []
        for job in jobs:
            delays += [stop(job, (number + 0.5) / options.each, folder) for number in range(options.each)]
            print_row(job.name, job.seconds, [delay for delay in delays if delay.step == job.name])
    print_row("all", sum(job.seconds for job in jobs), delays)
    late = [delay for delay in delays if delay.seconds > _LIMIT_SECONDS]
    for delay in (*late, *(one for one in delays if one.left and one not in late)):
        print(f"{delay.step}, {delay.at_seconds:.2f} s after its begin: {delay.seconds:.3f} s {delay.left}")
    return 1 if late or any(delay.left for delay in delays) else 0


def print_row(name: str, seconds: float, delays: Sequence[Delay]) -> None:
    """A line of the table."""
    clock, cpu = [delay.seconds for delay in delays], [delay.cpu_seconds for delay in delays]
    medians = f"median {statistics.median(clock):.3f} ({statistics.median(cpu):.3f})"
    longest = f"longest {max(clock):.3f} ({max(cpu):.3f}) s"
    left = sum(bool(delay.left) for delay in delays)
    print(f"{name:18} {seconds:6.2f} s  {len(delays):4} stops  {medians}  {longest}  left behind: {left}", flush=True)


def make_jobs(folder: Path, style: str, seconds: float) -> list[Job]:
    """Every step of the piece, each made once to its end."""
    pipeline, picture = Pipeline.load("offline"), EXAMPLES / "temple.jpg"
    brief = Brief.of(seconds=seconds, style=style, seed=1)
    jobs: list[Job] = []

    def timed(name: str, run: Callable[[], object]) -> object:
        begin = perf_counter()
        made = run()
        jobs.append(Job(name, run, perf_counter() - begin))
        return made

    pipeline.compose(picture, brief, audio=None)  # loads what is loaded once
    scene = pipeline.see(picture)
    plan = pipeline.plan(scene, brief)
    score = pipeline.realize(plan)
    performance = pipeline.perform(score, plan)
    timed("see", lambda: pipeline.see(picture))
    timed("plan", lambda: pipeline.plan(scene, brief))
    timed("realize", lambda: pipeline.realize(plan))
    timed("judge a take", lambda: measure_score(score, plan))
    timed("perform", lambda: pipeline.perform(score, plan))
    timed("convert the font", lambda: convert(folder / "cache"))
    timed("render", lambda: pipeline.render(performance))
    timed("render stems", lambda: pipeline.render(performance, stems=True))
    piece = pipeline.compose(picture, brief, audio="wav", stems=True)
    timed("check", lambda: check(piece))
    for number, kind in enumerate(FORMATS):
        timed(f"save with {kind}", partial(save, with_sound(piece, kind), folder / "out", number))
    return jobs


def convert(cache: Path) -> None:
    """The built-in font, decoded anew."""
    from img2music.renderers.soundfont.font_cache import cached_font
    from img2music.resources import asset_path

    before = os.environ.get("IMG2MUSIC_CACHE")
    os.environ["IMG2MUSIC_CACHE"] = str(cache)
    try:
        cached_font(asset_path("FluidR3Mono_GM.sf3"))
        for path in cache.rglob("*.sf2"):
            path.unlink()
    finally:
        os.environ.pop("IMG2MUSIC_CACHE") if before is None else os.environ.update(IMG2MUSIC_CACHE=before)


def check(piece: Piece) -> None:
    """What is asked of the written files."""
    from img2music.io.midi.export_midi import write_midi
    from img2music.io.musicxml.export_musicxml import write_musicxml
    from img2music.metrics.compliance.compliance_check import check_compliance

    midi, musicxml = write_midi(piece.performance), write_musicxml(piece.score)
    check_compliance(piece.plan, piece.brief, midi=midi, musicxml=musicxml, audio=piece.audio)


def with_sound(piece: Piece, kind: AudioFormat) -> Piece:
    """The piece as if its sound had been asked for in this format, carried by its page."""
    audio = AudioInfo(format=kind, stems=True, embed=True, sample_rate=SAMPLE_RATE)
    return replace(piece, manifest=piece.manifest.model_copy(update={"audio": audio}))


def save(piece: Piece, out: Path, number: int) -> None:
    """The piece in a folder, which is then removed, so that the next one finds none."""
    target = out / str(number)
    piece.save(target)
    for path in sorted(target.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    target.rmdir()
    out.rmdir()


def stop(job: Job, part: float, folder: Path) -> Delay:
    """Runs a job and stops it after that part of its time; earlier, where it has ended by then."""
    at_seconds = part * job.seconds
    while True:
        token, asked = CancelToken(), [0.0, 0.0]
        timer = threading.Timer(at_seconds, _cancel, (token, asked))
        timer.start()
        try:
            with cancelled_by(token):
                job.run()
        except Cancelled:
            back, cpu = perf_counter() - asked[0], process_time() - asked[1]
            timer.join()
            return Delay(job.name, at_seconds, back, cpu, left_behind(folder))
        timer.cancel()
        at_seconds /= 2


def _cancel(token: CancelToken, asked: list[float]) -> None:
    asked[:] = perf_counter(), process_time()
    token.cancel()


def left_behind(folder: Path) -> str:
    """Files in `folder`, which is emptied, and processes that still run."""
    found = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file() or path.name.startswith(".")]
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    children = subprocess.run(["pgrep", "-P", str(os.getpid())], capture_output=True, text=True, check=False).stdout.split()
    running = [
        child
        for child in children
        if Path(f"/proc/{child}/cmdline").exists() and "worker" in Path(f"/proc/{child}/cmdline").read_text()
    ]
    return ", ".join(found + running)


if __name__ == "__main__":
    sys.exit(main())

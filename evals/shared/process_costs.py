"""What processes cost: CPU seconds (user and system, children too) and peak resident memory, medians over interleaved runs.

Linux and macOS. Memory is the largest resident set of any one process, in megabytes of 2**20 bytes as Linux counts it, and never less than what
the measuring process itself held when it started the other. Times on a busy machine compare only within one run; jobs take turns, so that a
busy minute burdens all alike.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["ProcessCost", "fluidsynth_command", "measure_jobs", "measure_process", "own_peak_megabytes"]


class ProcessCost(NamedTuple):
    """Of one run, or the median and the peak of several."""

    cpu_seconds: float
    peak_megabytes: float


def measure_process(command: Sequence[str], environment: Mapping[str, str]) -> ProcessCost:
    """Runs a command to its end; a command that fails ends the script with what it said."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        said = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed: {said.decode(errors='replace').strip()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return ProcessCost(seconds, usage.ru_maxrss / 1024)


def measure_jobs(jobs: Mapping[str, Sequence[str]], environment: Mapping[str, str], runs: int) -> dict[str, ProcessCost]:
    """Median CPU seconds and peak megabytes of each job."""
    samples: dict[str, list[ProcessCost]] = {name: [] for name in jobs}
    for _ in range(runs):
        for name, command in jobs.items():
            samples[name].append(measure_process(command, environment))
    return {
        name: ProcessCost(
            round(statistics.median(cost.cpu_seconds for cost in costs), 3), round(max(cost.peak_megabytes for cost in costs), 1)
        )
        for name, costs in samples.items()
    }


def fluidsynth_command(font: Path, midi: Path, wave: Path) -> list[str]:
    """The program `fluidsynth` playing a MIDI file into a WAV file, as our renderer is asked to."""
    play = ["fluidsynth", "-niq", "-g", "0.4", "-r", "48000", "-O", "float", "-T", "wav", "-F"]
    return [*play, str(wave), str(font), str(midi)]


def own_peak_megabytes() -> float:
    """Peak resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

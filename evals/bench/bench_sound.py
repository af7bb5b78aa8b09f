"""What the sound alone costs: medians of five runs, CPU seconds with children, beside the `fluidsynth` program.

    OMP_NUM_THREADS=1 python -m evals.bench.bench_sound [SCORE.MID] [--runs 5]

Ours is a fresh process from the performance to the written WAV (synthesis, mastering, file); what Python and numpy need to start
is measured too and taken off. fluidsynth, where it is installed, plays the same MIDI with the font as shipped (SF3) and as cached
(SF2). Without a MIDI file a piece of a minute for six parts is made up. Times on a busy machine only compare within one run.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from evals.shared.command_line import ScriptParser
from evals.shared.process_costs import fluidsynth_command, measure_jobs, measure_process
from img2music.io.midi.export_midi import write_midi
from img2music.performance import Control, Performance, PlayedNote, PlayedPart
from img2music.resources import asset_path
from img2music.theory import Key, Meter

if TYPE_CHECKING:
    from collections.abc import Sequence

OURS = """
import sys
from pathlib import Path
import numpy, mido, soundfile
from img2music.io.midi.import_midi import read_midi
performance = read_midi(Path(sys.argv[1]).read_bytes(), name="song.mid")
if sys.argv[2] != "start":
    from img2music.io.audio_files import encode
    from img2music.renderers.soundfont.soundfont_renderer import SoundfontRenderer
    rendering = SoundfontRenderer()(performance, stems=sys.argv[2] == "stems")
    for number, audio in enumerate([rendering.mix, *rendering.stems.values()]):
        Path(sys.argv[3], f"{number}.wav").write_bytes(encode(audio, "wav"))
"""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_file("midi", nargs="?", help="a score to play; one of a minute is made up without it")
    parser.add_argument("--runs", type=int, default=5, help="of each job (%(default)s)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        song = folder / "song.mid"
        song.write_bytes(options.midi.read_bytes() if options.midi else write_midi(one_minute()))
        environment = {**os.environ, "IMG2MUSIC_CACHE": str(folder / "cache")}
        ours = {kind: [sys.executable, "-c", OURS, str(song), kind, name] for kind in ("start", "mix only", "stems")}
        first = measure_process([sys.executable, "-c", OURS, str(song), "first run", name], environment)
        fonts = {"SF3": asset_path("FluidR3Mono_GM.sf3"), "SF2": next((folder / "cache").rglob("*.sf2"))}
        if shutil.which("fluidsynth"):
            ours |= {f"fluidsynth {kind}": fluidsynth_command(font, song, folder / "fluid.wav") for kind, font in fonts.items()}
        results = {"first run": first, **measure_jobs(ours, environment, options.runs)}
    start = results["start"].cpu_seconds
    for kind, cost in results.items():
        own = "" if kind == "start" or kind.startswith("fluid") else f"   without start {cost.cpu_seconds - start:.2f}"
        print(f"{kind:16} {cost.cpu_seconds:6.2f} CPU s   {cost.peak_megabytes:5.0f} MB{own}")


def one_minute() -> Performance:
    """A minute of music for six parts, about a thousand notes."""
    chords = ((60, 64, 67), (57, 60, 64), (53, 57, 60), (55, 59, 62))
    bars = range(26)
    patterns: dict[tuple[int, int], list[PlayedNote]] = {
        (73, 0): [PlayedNote(b * 1920 + i * 480, 430, chords[b % 4][i % 3] + 12, 85) for b in bars for i in range(4)],
        (48, 1): [PlayedNote(b * 1920, 1900, pitch, 70) for b in bars for pitch in chords[b % 4]],
        (24, 2): [PlayedNote(b * 1920 + i * 240, 230, chords[b % 4][i % 3], 70) for b in bars for i in range(8)],
        (0, 3): [PlayedNote(b * 1920 + i * 480, 400, pitch, 65) for b in bars for i in range(4) for pitch in chords[b % 4][1:]],
        (32, 4): [PlayedNote(b * 1920 + i * 480, 440, chords[b % 4][0] - 24, 80) for b in bars for i in range(4)],
        (0, 9): [PlayedNote(b * 1920 + i * 240, 100, (36, 42, 38, 42)[i % 4], 80) for b in bars for i in range(8)],
    }
    parts = []
    for (program, channel), notes in patterns.items():
        controls = [Control(0, 7, 90), Control(0, 10, 34 + 10 * channel), Control(0, 91, 45)]
        parts.append(PlayedPart(f"part {channel}", program, channel, tuple(notes), tuple(controls)))
    return Performance.steady("bench", Key.parse("C"), Meter(4, 4), 110.0, 60.0, tuple(parts))


if __name__ == "__main__":
    main()

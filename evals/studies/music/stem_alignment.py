"""How well a sound of the same music is laid onto the beat of our own rendering: known lags, found and taken away.

    OMP_NUM_THREADS=1 python -m evals.studies.music.stem_alignment [--styles 6] [--seconds 24] [--seed 7]

Each piece is played by the soundfont, moved by lags that are no whole number of frames (drawn up to 300 ms either way), and disturbed: noise 20 dB
below it, other instruments that are plucked or struck, other instruments with slow attacks (strings, pads), the tune left out, one channel at
32 kHz. `measure_lag` compares it with the piece as written, as the renderer `layered` does; what is left after its lag is taken away is
told in milliseconds, and how often no lag was found (then nothing is moved: that is as good as right). Slow attacks are heard late by their
nature: what is left there is theirs as well. The estimator's constants were chosen on the seeds 3 and 17 (six styles each).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evals.shared.command_line import ScriptParser
from evals.shared.played_styles import played_styles, with_programs
from img2music.audio import Audio
from img2music.listening.lag import measure_lag
from img2music.renderers.neural.joins import resample
from img2music.renderers.neural.soundfont_guide import guide

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from img2music.performance import Performance

RATE = 48_000
MOST_LATE_SECONDS = 0.3
STRUCK, SLOW = (0, 11, 24, 46), (48, 50, 89, 49)
"""Piano, vibraphone, guitar, harp; strings, synthetic strings, a warm pad, slow strings."""


def late_by(sound: Audio, seconds: float) -> Audio:
    """The sound later by any part of a frame: a turn of phases, with silence before and after."""
    margin = RATE // 2
    padded = np.pad(sound.samples, ((0, 0), (margin, margin))).astype(np.float64)
    turns = np.exp(-2j * np.pi * np.fft.rfftfreq(padded.shape[1], 1 / RATE) * seconds)
    moved = np.fft.irfft(np.fft.rfft(padded) * turns, padded.shape[1])[:, margin : margin + sound.samples.shape[1]]
    return Audio(moved.astype(np.float32), RATE)


def disturbed(performance: Performance, draw: np.random.Generator) -> Iterator[tuple[str, Audio]]:
    """Sounds of a piece."""
    own = guide(performance)
    yield "as it is", own
    loud = float(np.sqrt(np.square(own.samples, dtype=np.float64).mean()))
    yield "with noise", Audio(own.samples + (0.1 * loud * draw.standard_normal(own.samples.shape)).astype(np.float32), RATE)
    yield "struck, plucked", guide(with_programs(performance, STRUCK))
    yield "slow attacks", guide(with_programs(performance, SLOW))
    if len(performance.parts) > 1:
        yield "without its tune", guide(replace(performance, parts=performance.parts[1:]))
    yield "mono, 32 kHz", resample(resample(Audio(own.samples.mean(axis=0, keepdims=True), RATE), 32_000), RATE)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("--styles", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=7)
    options: Any = parser.parse_args(arguments)
    draw = np.random.default_rng(options.seed)
    left: dict[str, list[float | None]] = {}
    for _, performance in played_styles(options.styles, options.seconds, options.seed):
        reference = guide(performance)
        for name, sound in disturbed(performance, draw):
            lag = draw.uniform(-MOST_LATE_SECONDS, MOST_LATE_SECONDS)
            found = measure_lag(late_by(sound, lag), reference)
            left.setdefault(name, []).append(None if found is None else 1000 * (lag - found))
    print(f"{'':18} sounds  no lag found   left: median ms   max ms   within 10 ms")
    for name, values in left.items():
        sizes = np.abs([value for value in values if value is not None])
        told = f"{np.median(sizes):11.1f} {sizes.max():15.1f} {np.mean(sizes <= 10):11.0%}" if len(sizes) else ""
        print(f"{name:18} {len(values):4} {values.count(None):12}    {told}")


if __name__ == "__main__":
    main()

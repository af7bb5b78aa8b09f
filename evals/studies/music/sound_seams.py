"""What is heard at the seams of windows that are joined: loudness, clicks, beats.

    OMP_NUM_THREADS=1 python -m evals.studies.music.sound_seams [--styles 6] [--seconds 60] [--longest 20] [--overlap 4] [--seed 5] [--continued 2]

Each piece is played by the soundfont, every window by other instruments, each some milliseconds early or late (at most 30) and some decibels
louder or softer (at most 3) than it should be, as models' windows are; then the windows are joined. "the same sound" is one rendering cut
without such changes, "hard cuts" the changed windows put one after the other at the same bar lines, for comparison; "continued" is a tiny
MusicGen with random weights that goes on from its own tokens from window to window (it needs the extra musicgen). Told for every seam:

    loudness step   change over the seam (a second before the fade and a second after the bar line) beyond that of the old window's own sound there
    beat error      how much later or earlier the new window lies than the old one does, beside the score; from where their samples are found again
    click           energy above a quarter of the sample rate in 5 ms blocks around the fade, its highest beside the 99.5th percentile
                    of all others, in dB: above 0 it stands out. "elsewhere" is the same at bar lines without a seam: attacks of the music

What counts as a clear lag was chosen on whole pieces (seeds 3 and 17 of `stem_alignment`'s disturbances), not on seams.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from evals.shared.command_line import ScriptParser
from evals.shared.played_styles import played_styles, with_programs
from img2music.audio import Audio
from img2music.listening.loudness import integrated_loudness, k_weighted_energy
from img2music.renderers.neural.joins import Window, cut, join, resample, windows
from img2music.renderers.neural.joins.crossfade import FADE_SECONDS
from img2music.renderers.neural.soundfont_guide import guide, kept_guides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from img2music.performance import Performance

    Sound = NDArray[np.float32]

RATE = 32_000
BLOCK = RATE // 200
BANDS: tuple[tuple[int, ...], ...] = ((), (0, 24, 33), (11, 73, 32), (4, 60, 38))
"""Programs that play the windows in turn; the first as written."""
MOST_LATE_SECONDS, MOST_GAIN_DB = 0.03, 3.0


@dataclass
class Seams:
    """What was measured of one way of joining."""

    steps_db: list[float] = field(default_factory=list)
    beats_ms: list[float] = field(default_factory=list)
    clicks_db: list[float] = field(default_factory=list)

    def row(self, name: str) -> str:
        """A line of the table."""

        def told(values: list[float], limit: float) -> str:
            sizes = np.abs(values)
            return (
                f"{np.median(sizes):5.2f} {sizes.max():6.2f} {np.mean(sizes <= limit):6.0%}"
                if len(sizes)
                else "      (none)      "
            )

        clicks = np.array(self.clicks_db)
        click = f"{np.median(clicks):6.1f} {clicks.max():6.1f} {np.mean(clicks > 0):5.0%}" if len(clicks) else ""
        return f"{name:16} {len(clicks):4}   {told(self.steps_db, 1)}   {told(self.beats_ms, 10)}   {click}"


def changed(performance: Performance, layout: Sequence[Window], draw: np.random.Generator) -> tuple[list[Audio], list[float]]:
    """A sound for each window as a model might have made it, and how late each is."""
    pieces, late = [], []
    for number, window in enumerate(layout):
        band = BANDS[number % len(BANDS)]
        whole = guide(with_programs(performance, band) if band else performance, sample_rate=RATE).samples
        shift = round(draw.uniform(-MOST_LATE_SECONDS, MOST_LATE_SECONDS) * RATE) if number else 0
        gain = np.float32(10 ** (draw.uniform(-MOST_GAIN_DB, MOST_GAIN_DB) / 20))
        pieces.append(cut(Audio(np.roll(whole, shift, axis=1) * gain, RATE), window))
        late.append(shift / RATE)
    return pieces, late


def continued(layout: Sequence[Window], seed: int) -> list[Audio]:
    """The windows as a tiny MusicGen plays them, each from the tokens of the last; its 800 samples a second brought to `RATE`."""
    from evals.bench.neural import random_weights
    from img2music.renderers.neural.device import pick
    from img2music.renderers.neural.musicgen.loaded_musicgen import load_musicgen
    from img2music.renderers.neural.musicgen.window_play import Sampling, play_windows

    with TemporaryDirectory() as name:
        loaded = load_musicgen(random_weights.musicgen(Path(name), tiny=True), pick("cpu", "float32"), smaller="none")
        sampling = Sampling(guidance=3.0, temperature=1.0, top_k=50)
        return [resample(piece, RATE) for piece in play_windows(loaded, layout, "A calm piece.", None, [seed], sampling)[0]]


def hard_cuts(pieces: Sequence[Audio], layout: Sequence[Window], seconds: float) -> Audio:
    """Each window from its bar line to the next one's."""
    whole = np.zeros((2, round(seconds * RATE)), np.float32)
    ends = [*(window.join_seconds for window in layout[1:]), seconds]
    for piece, window, end in zip(pieces, layout, ends, strict=True):
        first, last, offset = (round(value * RATE) for value in (window.join_seconds, end, window.begin_seconds))
        part = piece.samples[:, first - offset : last - offset]
        whole[:, first : first + part.shape[1]] = part
    return Audio(whole, RATE)


def measure(joined: Audio, pieces: Sequence[Audio], layout: Sequence[Window], late: Sequence[float], into: Seams) -> None:
    sound = joined.samples
    energies = high_energies(sound)
    found = [place_of(sound, piece, window) for piece, window in zip(pieces, layout, strict=True)]
    for number, (old, new) in enumerate(pairwise(layout)):
        seam = round(new.join_seconds * RATE)
        reach = round(min(1.0, old.end_seconds - new.join_seconds) * RATE)
        before = seam - round(FADE_SECONDS * RATE) - reach
        offset = round(old.begin_seconds * RATE) - round((found[number] or 0) * RATE)
        own = pieces[number].samples
        levels = [loudness(part) for part in (sound[:, before : before + reach], sound[:, seam : seam + reach],
                                              own[:, before - offset :][:, :reach], own[:, seam - offset :][:, :reach])]  # fmt: skip
        if None not in levels:
            into.steps_db.append((levels[1] - levels[0]) - (levels[3] - levels[2]))  # type: ignore[operator]
        shifts = found[number], found[number + 1]
        if shifts[0] is not None and shifts[1] is not None:
            into.beats_ms.append(1000 * ((late[number + 1] - shifts[1]) - (late[number] - shifts[0])))
        into.clicks_db.append(click_db(energies, seam))


def place_of(sound: Sound, piece: Audio, window: Window) -> float | None:
    """How much earlier a window's own sound lies in the whole than its place, in seconds; None where it is not found again."""
    first = round((window.join_seconds + 0.5) * RATE) - round(window.begin_seconds * RATE)
    part = piece.samples[:, first : first + 3 * RATE].mean(axis=0)
    begin, most = first + round(window.begin_seconds * RATE), RATE // 10
    around = sound[:, max(begin - most, 0) : begin + len(part) + most].mean(axis=0)
    if len(part) < RATE or begin < most or not part.any():
        return 0.0 if begin < most else None
    size = 1 << (len(around) + len(part)).bit_length()
    fits = np.fft.irfft(np.fft.rfft(around, size) * np.fft.rfft(part, size).conj(), size)[: 2 * most + 1]
    return (most - int(np.argmax(fits))) / RATE


def high_energies(sound: Sound) -> NDArray[np.float64]:
    """Energy above a quarter of the sample rate, a value for each block."""
    blocks = sound[:, : sound.shape[1] // BLOCK * BLOCK].mean(axis=0).reshape(-1, BLOCK)
    spectra = np.abs(np.fft.rfft(blocks * np.hanning(BLOCK))) ** 2
    energies: NDArray[np.float64] = spectra[:, BLOCK // 4 :].sum(axis=1)
    return energies


def click_db(energies: NDArray[np.float64], frame: int) -> float:
    around = slice((frame - round(FADE_SECONDS * RATE)) // BLOCK - 2, frame // BLOCK + 3)
    others = np.delete(energies, around)
    return float(10 * np.log10((energies[around].max() + 1e-12) / (np.percentile(others, 99.5) + 1e-12)))


def loudness(sound: Sound) -> float | None:
    return integrated_loudness(k_weighted_energy(sound, RATE))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("--styles", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--longest", type=float, default=20.0, help="seconds of a window (%(default)s)")
    parser.add_argument("--overlap", type=float, default=4.0, help="seconds (%(default)s)")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--continued", type=int, default=2, help="pieces that a tiny MusicGen plays, too (%(default)s)")
    options: Any = parser.parse_args(arguments)
    draw = np.random.default_rng(options.seed)
    found = {name: Seams() for name in ("the same sound", "changed windows", "hard cuts", "continued", "elsewhere")}
    for number, (_, performance) in enumerate(played_styles(options.styles, options.seconds, options.seed)):
        layout = windows(performance, options.longest, options.overlap)
        with kept_guides():
            whole = guide(performance, sample_rate=RATE)
            same = [cut(whole, window) for window in layout]
            pieces, late = changed(performance, layout, draw)
        measure(join(same, layout, performance.seconds, RATE), same, layout, [0.0] * len(layout), found["the same sound"])
        measure(join(pieces, layout, performance.seconds, RATE), pieces, layout, late, found["changed windows"])
        measure(hard_cuts(pieces, layout, performance.seconds), pieces, layout, late, found["hard cuts"])
        if number < options.continued:
            pieces = continued(layout, options.seed + number)
            measure(join(pieces, layout, performance.seconds, RATE), pieces, layout, [0.0] * len(layout), found["continued"])
        energies, tempo, meters = high_energies(whole.samples), performance.tempo_map, performance.meter_map
        lines = [tempo.seconds_at(meters.bar_onset(bar)) for bar in range(1, 200)]
        found["elsewhere"].clicks_db += [
            click_db(energies, round(line * RATE)) for line in lines if 1 < line < performance.seconds - 1
        ]
    print(f"{'':16} {'':4}   loudness step dB     beat error ms        click dB")
    print(f"{'':16} seams  median   max <= 1   median   max <= 10   median   max   > 0")
    for name, seams in found.items():
        print(seams.row(name))


if __name__ == "__main__":
    main()

"""Plays performances with a soundfont: two synthesizers that are called alike.

`midirenderer` (RustySynth, a library, 64 voices, 16-bit) gives the same bytes every time. `fluidsynth` is the
program of that name, if it is on the path.

Conventions: sound is float32 stereo, shape (2, frames), at `SAMPLE_RATE`, cut or padded to the frames asked for and not
mastered. Several performances are played side by side. A synthesizer that would clip is asked again with every part's
volume (controller 7, whose effect is the square of its value) lowered alike, so the balance stays.
"""

from __future__ import annotations

import math
import os
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from img2music.atomic_files import temporary_folder
from img2music.cancellation import checkpoint
from img2music.child_process import can_run_python, python_command, python_environment, run_program
from img2music.errors import BackendError, DocumentError, MissingPackageError
from img2music.io.midi.export_midi import write_midi
from img2music.performance import Control
from img2music.renderers.soundfont.sf2_writer import write_sf2
from img2music.renderers.soundfont.sf3 import DRUM_BANK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from img2music.performance import Performance, PlayedPart
    from img2music.renderers.soundfont.sf3 import SoundFont

__all__ = ["SAMPLE_RATE", "needed_presets", "play_with_fluidsynth", "play_with_midirenderer"]

SAMPLE_RATE = 48_000
_LEVELS = (1.0, 0.5, 0.25, 0.125)
"""Amplitudes tried until nothing clips."""
_VOLUME = 7
_DEFAULT_VOLUME = 100
_PAD_SECONDS = 0.25
"""Played beyond the end, so that rounding inside a synthesizer never leaves the sound short."""
_MAX_WORKERS = 4
_BLOCK_FRAMES = 1 << 17
_MOST_FRAMES_HERE = 5 * SAMPLE_RATE
"""What is longer is played in a process of its own, because the synthesizer can't be stopped and lets no other thread run: a second of 64
voices takes it some 40 ms. Starting that process takes 20 ms."""


def needed_presets(performance: Performance, font: SoundFont) -> set[tuple[int, int]]:
    """The (bank, program) pairs of `font` that a performance plays. A drum kit the font lacks is played by its standard kit.

    Raises:
        DocumentError: the font has no such instrument.
    """
    needed = set()
    for part in performance.parts:
        wanted = (DRUM_BANK, part.program) if part.is_drums else (0, part.program)
        if wanted not in font.presets and part.is_drums:
            wanted = (DRUM_BANK, 0)
        if wanted not in font.presets:
            kind = "drum kit" if part.is_drums else f"instrument for General MIDI program {part.program}"
            raise DocumentError(f"the soundfont {font.path.name} has no {kind} (part {part.name!r}); choose a General MIDI font")
        needed.add(wanted)
    return needed


def play_with_midirenderer(font: SoundFont, performances: Sequence[Performance], frames: int) -> list[NDArray[np.float32]]:
    """Each performance's sound, by midirenderer; long ones and several in processes of their own.

    Raises:
        MissingPackageError: midirenderer is not installed.
        DocumentError: the font can't be played.
    """
    try:
        import midirenderer
    except ModuleNotFoundError:
        raise MissingPackageError(
            "the synthesizer midirenderer is not installed: pip install midirenderer, or choose the engine fluidsynth"
        ) from None
    fonts = [_small_font(font, performance) for performance in performances]

    def play(level: float) -> list[NDArray[np.int16]]:
        songs = [_midi(performance, level) for performance in performances]
        try:
            if can_run_python() and (len(songs) > 1 or frames > _MOST_FRAMES_HERE):
                waves = _in_processes(fonts, songs)
            else:
                waves = [midirenderer.render_wave_from(data, song) for data, song in zip(fonts, songs, strict=True)]
        except BaseException as error:
            # The synthesizer reports a bad font as RuntimeError, or by a Rust panic that is no Exception.
            if isinstance(error, RuntimeError) or type(error).__name__ == "PanicException":
                raise DocumentError(
                    f"the soundfont {font.path.name} can't be played ({_last_line(str(error))}); give another"
                ) from None
            raise
        return [_frames_of(wave) for wave in waves]

    return [_fit(sound, frames) for sound in _unclipped(play)]


def play_with_fluidsynth(
    program: str, font: SoundFont, performances: Sequence[Performance], frames: int
) -> list[NDArray[np.float32]]:
    """Each performance's sound, by the program `program`, one after the other.

    Raises:
        DocumentError: the font lacks an instrument.
        BackendError: the program failed.
    """
    sounds = []
    with temporary_folder("img2music-") as folder:
        song, small, sound, settings = (folder / name for name in ("song.mid", "font.sf2", "sound.raw", "settings"))
        settings.touch()  # or the program would read the user's, and sound different on every machine
        options = ["-niq", "-g", "0.4", "-O", "float", "-E", "little", "-T", "raw", "-r", str(SAMPLE_RATE)]
        for performance in performances:
            small.write_bytes(_small_font(font, performance))
            song.write_bytes(_midi(performance, 1.0))
            command = [program, "-f", str(settings), *options, "-F", str(sound), str(small), str(song)]
            _run(command, 60 + 20 * performance.seconds)
            if not sound.is_file() or not sound.stat().st_size:
                raise BackendError("fluidsynth made no sound; choose the engine midirenderer")
            sounds.append(_fit(np.fromfile(sound, "<f4").reshape(-1, 2), frames))
            sound.unlink()
    return sounds


def _small_font(font: SoundFont, performance: Performance) -> bytes:
    """Only what is played: a tenth of the font, read in a tenth of the time, for the same sound bit by bit."""
    stream = BytesIO()
    write_sf2(font, stream, needed_presets(performance, font))
    return stream.getvalue()


def _midi(performance: Performance, level: float) -> bytes:
    parts = performance.parts if level == 1.0 else tuple(_at_level(part, level) for part in performance.parts)
    return write_midi(replace(performance, parts=parts, seconds=performance.seconds + _PAD_SECONDS))


def _at_level(part: PlayedPart, level: float) -> PlayedPart:
    volumes = [control for control in part.controls if control.controller == _VOLUME]
    others = [control for control in part.controls if control.controller != _VOLUME]
    if not volumes or volumes[0].ticks > 0:
        volumes.insert(0, Control(0, _VOLUME, _DEFAULT_VOLUME))
    lowered = [replace(control, value=round(control.value * math.sqrt(level))) for control in volumes]
    # At one tick the order of a part's controllers stays: what comes last holds.
    return replace(part, controls=tuple(sorted(lowered + others, key=lambda control: control.ticks)))


def _unclipped(play: Callable[[float], list[NDArray[np.int16]]]) -> list[NDArray[np.int16]]:
    sounds = []
    for level in _LEVELS:
        sounds = play(level)
        if not any(_clips(sound) for sound in sounds):
            break
    return sounds


def _clips(sound: NDArray[np.int16]) -> bool:
    for start in range(0, len(sound), _BLOCK_FRAMES):
        checkpoint()
        block = sound[start : start + _BLOCK_FRAMES]
        if block.max() == 32767 or block.min() == -32768:
            return True
    return False


def _in_processes(fonts: Sequence[bytes], songs: Sequence[bytes]) -> list[bytes]:
    environment, script = python_environment(), Path(__file__).with_name("synthesis_worker.py")
    with temporary_folder("img2music-") as folder:

        def job(number: int) -> bytes:
            names = [folder / f"{number}.{kind}" for kind in ("sf2", "mid", "wav")]
            names[0].write_bytes(fonts[number])
            names[1].write_bytes(songs[number])
            _run(python_command(script, *map(str, names)), None, environment)
            content = names[2].read_bytes()
            for name in names:
                name.unlink()
            return content

        with ThreadPoolExecutor(min(_processors(), _MAX_WORKERS, len(songs))) as pool:
            contexts = [copy_context() for _ in songs]  # whoever stops this thread stops those
            jobs = pool.map(lambda number, context: context.run(job, number), range(len(songs)), contexts)
            waves = []
            for wave in jobs:
                waves.append(wave)
                checkpoint(len(waves), len(songs))
            return waves


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _run(command: list[str], limit_seconds: float | None, environment: dict[str, str] | None = None) -> None:
    name = Path(command[0]).name
    try:
        done = run_program(command, seconds=limit_seconds, environment=environment)
    except subprocess.TimeoutExpired:
        raise BackendError(f"{name} did not finish; choose the engine midirenderer") from None
    except OSError as error:
        raise BackendError(f"can't run {command[0]} ({error.strerror or error}); see `img2music doctor`") from None
    if done.returncode:
        raise BackendError(f"{name} failed ({_last_line(done.stderr.decode(errors='replace'))}); see `img2music doctor`")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1][:200]


def _frames_of(wave: bytes) -> NDArray[np.int16]:
    """The frames of a 16-bit stereo RIFF wave, shape (frames, 2)."""
    place = 12
    while place + 8 <= len(wave):
        label, length = wave[place : place + 4], struct.unpack_from("<I", wave, place + 4)[0]
        if label == b"data":
            count = min(length, len(wave) - place - 8) // 4
            return np.frombuffer(wave, "<i2", 2 * count, place + 8).reshape(-1, 2)
        place += 8 + length + length % 2
    raise BackendError("the synthesizer gave no sound; see `img2music doctor`")


def _fit(sound: NDArray[np.int16] | NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """As (2, frames) with full scale at 1, cut or padded with silence."""
    fitted = np.zeros((2, frames), np.float32)
    scale = np.float32(1 / 32768 if sound.dtype == np.int16 else 1)
    for start in range(0, min(len(sound), frames), _BLOCK_FRAMES):
        checkpoint()
        block = sound[start : min(start + _BLOCK_FRAMES, frames)].T
        fitted[:, start : start + block.shape[1]] = block * scale
    return fitted

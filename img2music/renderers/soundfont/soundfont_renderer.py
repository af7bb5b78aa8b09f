"""The soundfont renderer: a performance is played by sampled instruments, mixed and mastered.

Conventions: 48 kHz, stereo; the mix has exactly ``round(seconds * 48000)`` frames, so do stems. The end is faded: quickly
where the last notes have died away, over a second where they still sound. With stems every part is played alone and the mix
is their sum; without, all parts are played at once, which is much quicker and differs only in rounding (below 16 bits) and
where more than 64 voices sound at a time. Stems are not mastered.

A loop is not faded: what sounds over its end is added to its beginning, as it will be heard when it comes round, and all that
is done to the sound afterwards goes round too (see `loop_seam`).

A performance that rings (`Performance.rings`: a MIDI file from elsewhere) goes on after its length until it has died away, 66 dB below
its highest peak, or for half a minute; then the frames are as many as that takes.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import checkpoint, share_of_step
from img2music.errors import MissingPackageError, unknown_name
from img2music.renderers.option_checks import number_option
from img2music.stages import Rendering

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from img2music.performance import Performance

__all__ = ["SoundfontRenderer"]

Engine = Literal["auto", "midirenderer", "fluidsynth"]
_ENGINES = ("auto", "fluidsynth", "midirenderer")
_FONT = "FluidR3Mono_GM.sf3"
_RING_SECONDS = 30
"""After the end of what rings: longer than any bell of the built-in font is heard. What still sounds then is faded."""
_BLOCK_FRAMES = 1 << 18


class SoundfontRenderer:
    """Plays a performance with a General MIDI soundfont.

    Args:
        soundfont: path of an .sf2 or .sf3 file; None for the built-in FluidR3Mono.
        engine: "midirenderer" (the same bytes every time), "fluidsynth" (the program, if it is on the path) or "auto"
            (midirenderer where it is installed, else fluidsynth).
        loudness_lufs: integrated loudness of the mix, -40 to -5 LUFS.
        peak_dbtp: highest true peak of the mix, -12 to 0 dBTP.

    Raises:
        UsageError: an unknown engine, or a level out of range.
    """

    def __init__(
        self,
        *,
        soundfont: str | Path | None = None,
        engine: Engine = "midirenderer",
        loudness_lufs: float = -14.0,
        peak_dbtp: float = -1.0,
    ) -> None:
        if engine not in _ENGINES:
            raise unknown_name("engine", str(engine), _ENGINES)
        self.soundfont = None if soundfont is None else Path(soundfont).expanduser()
        self.engine = engine
        self.loudness_lufs = number_option("loudness_lufs", loudness_lufs, -40.0, -5.0)
        self.peak_dbtp = number_option("peak_dbtp", peak_dbtp, -12.0, 0.0)

    def __call__(self, performance: Performance, /, *, stems: bool = False) -> Rendering:
        """The sound of a performance: the mastered mix and, with `stems`, each part alone by name.

        Raises:
            DocumentError: the soundfont can't be read, or lacks an instrument.
            MissingPackageError: the synthesizer is not there.
            BackendError: the synthesizer failed.
        """
        from img2music.renderers.post.loop_seam import TAIL_SECONDS, fold_tail
        from img2music.renderers.post.mastering import master
        from img2music.renderers.post.sound_end import audible_frames, end_fade
        from img2music.renderers.post.subsonic_filter import remove_subsonic
        from img2music.renderers.soundfont.synthesis import SAMPLE_RATE

        frames = round(performance.seconds * SAMPLE_RATE)
        sounding = any(part.notes for part in performance.parts)
        tail = TAIL_SECONDS if performance.loop else _RING_SECONDS if performance.rings else 0
        whole = replace(performance, seconds=performance.seconds + tail)
        jobs = [replace(whole, parts=(part,)) for part in performance.parts if part.notes] if stems else [whole]
        with share_of_step(0, 0.8):
            sounds = self._play(jobs, frames + tail * SAMPLE_RATE) if sounding else []
        checkpoint(8, 10)
        if performance.loop:
            sounds = [fold_tail(sound, frames, SAMPLE_RATE) for sound in sounds]
        for sound in sounds:
            checkpoint()
            remove_subsonic(sound, SAMPLE_RATE, goes_round=performance.loop)
        mix = sounds[0] if sounds and not stems else np.zeros((2, sounds[0].shape[1] if sounds else frames), np.float32)
        for sound in sounds if stems else ():
            for start in range(0, mix.shape[1], _BLOCK_FRAMES):
                checkpoint()
                mix[:, start : start + _BLOCK_FRAMES] += sound[:, start : start + _BLOCK_FRAMES]
        if performance.rings and not performance.loop:
            frames = max(frames, audible_frames(mix))
            mix, sounds = mix[:, :frames].copy(), [sound[:, :frames].copy() for sound in sounds]
        fade = np.ones(0, np.float32) if performance.loop else end_fade(mix, SAMPLE_RATE)
        checkpoint(9, 10)
        for sound in (mix, *(sounds if stems else ())):
            checkpoint()
            sound[:, frames - len(fade) :] *= fade
        alone: dict[str, Audio] = {}
        if stems:
            played = iter(sounds)
            for part in performance.parts:
                silent_or_played = next(played) if part.notes else np.zeros_like(mix)
                alone[_unused(part.name, alone)] = Audio(silent_or_played, SAMPLE_RATE)
        master(mix, SAMPLE_RATE, self.loudness_lufs, self.peak_dbtp, goes_round=performance.loop)
        return Rendering(Audio(mix, SAMPLE_RATE), alone)

    def _play(self, performances: Sequence[Performance], frames: int) -> list[NDArray[np.float32]]:
        from img2music.renderers.soundfont.font_cache import cached_font
        from img2music.renderers.soundfont.synthesis import play_with_fluidsynth, play_with_midirenderer
        from img2music.resources import asset_path

        program = shutil.which("fluidsynth") if self._uses_fluidsynth() else None
        if program is None and self._uses_fluidsynth():
            raise MissingPackageError(
                "the program fluidsynth is not on the path; install it, or leave the engine out to use the built-in one"
            )
        font = cached_font(self.soundfont or asset_path(_FONT))
        if program is None:
            return play_with_midirenderer(font, performances, frames)
        return play_with_fluidsynth(program, font, performances, frames)

    def _uses_fluidsynth(self) -> bool:
        if self.engine != "auto":
            return self.engine == "fluidsynth"
        from importlib.util import find_spec

        return find_spec("midirenderer") is None


def _unused(name: str, taken: dict[str, Audio]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name} {number}" in taken:
        number += 1
    return f"{name} {number}"

"""The renderer `musicgen`: a performance told to MusicGen in words and, where its weights take it, in the chroma of the score.

It plays in the right mood, tempo and, with a chroma, along the right tones; it does not play the notes. What is heard is compared with the score.
Pieces that are longer than the model plays at once go on from window to window at bar lines. A mix of one model has no parts, so there are no stems.

Conventions: the mix is 48 kHz, stereo, exactly as long as the performance, mastered.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from img2music.cancellation import share_of_step
from img2music.errors import unknown_name
from img2music.registry.sound_models import SOUND_MODELS
from img2music.renderers.neural.sound_prompt import SoundWriter
from img2music.renderers.option_checks import number_option, weights_option, whole_option
from img2music.stages import Rendering

if TYPE_CHECKING:
    from img2music.audio import Audio
    from img2music.performance import Performance
    from img2music.plan import CompositionPlan
    from img2music.renderers.neural.musicgen.chroma_frames import Melody
    from img2music.renderers.neural.musicgen.loaded_musicgen import Kind, LoadedMusicGen
    from img2music.renderers.neural.sound_use import SoundRecord
    from img2music.scene import Scene

__all__ = ["MusicGenRenderer"]

_NAME = "musicgen"
_MELODIES = ("melody", "chords", "off")
_SHORTEST_SECONDS, _LONGEST_SECONDS = 1.0, 30.0
_MOST_SEED = 2**63 - 8


class MusicGenRenderer:
    """Plays a performance with MusicGen; see the module's docstring.

    Args:
        weights: a name such as "facebook/musicgen-small", or a folder. They decide whether a melody can be told (`kind`).
        device, precision: "auto", or those of `img2music.renderers.neural.device`.
        seed: of the first take; the others follow by one.
        takes: how many are made, 1 to 8; the one that follows the score best is kept.
        prompt: a template of the purpose "sound".
        model: the line of the language model that writes captions, for prompts that need one.
        threshold: the lowest mark that is kept, 0 to 1; 0 refuses none.
        melody: "melody" tells the tune's pitch classes, "chords" all that sound, "off" none; None tells the melody where the weights take one.
        guidance: how much the words and the melody count, 1 to 10.
        top_k: of how many of the likeliest tokens one is drawn, 1 to 2048; 0 of all.
        temperature: 0.1 to 2; lower is more uniform.
        window_seconds: how much is played at once, 1 to 30; less needs less memory.
        time_limit_seconds: for the language model.
        overlap_seconds: how much of the last window the next one goes on from, 0 to 15; never more than half of a window.

    Raises:
        UsageError: an option that is out of range, unknown weights or an unknown prompt.
    """

    def __init__(
        self,
        *,
        weights: str = "facebook/musicgen-small",
        device: str = "auto",
        precision: str = "auto",
        seed: int = 0,
        takes: int = 1,
        prompt: str = "sound/plain",
        model: str | None = None,
        threshold: float = 0.0,
        melody: Melody | None = None,
        guidance: float = 3.0,
        top_k: int = 250,
        temperature: float = 1.0,
        window_seconds: float = _LONGEST_SECONDS,
        overlap_seconds: float = 8.0,
        time_limit_seconds: float = 300.0,
    ) -> None:
        from img2music.renderers.neural.device import check_device
        from img2music.renderers.neural.weights import check_name

        self.weights = weights_option(weights)
        check_name(self.weights, _NAME)
        check_device(device, precision)
        if melody is not None and melody not in _MELODIES:
            raise unknown_name("melody", str(melody), _MELODIES)
        self.device, self.precision = device, precision
        self.seed = whole_option("seed", seed, 0, _MOST_SEED)
        self.takes = whole_option("takes", takes, 1, 8)
        self.threshold = number_option("threshold", threshold, 0, 1)
        self.melody = melody
        self.guidance = number_option("guidance", guidance, 1, 10)
        self.top_k = whole_option("top_k", top_k, 0, 2048)
        self.temperature = number_option("temperature", temperature, 0.1, 2)
        self.window_seconds = number_option("window_seconds", window_seconds, _SHORTEST_SECONDS, _LONGEST_SECONDS)
        self.overlap_seconds = number_option("overlap_seconds", overlap_seconds, 0, _LONGEST_SECONDS / 2)
        self._writer = SoundWriter(prompt, model, time_limit_seconds)
        self._plan: CompositionPlan | None = None
        self._scene: Scene | None = None

    @property
    def kind(self) -> Kind:
        """What the weights take: "text" alone, or a "melody" too; they have to be here.

        Raises:
            BackendError: they can't be had, or are no MusicGen.
        """
        from img2music.renderers.neural.musicgen.loaded_musicgen import kind_of_folder
        from img2music.renderers.neural.weights import weights_folder

        return kind_of_folder(weights_folder(self.weights, renderer=_NAME))

    def for_plan(self, plan: CompositionPlan, scene: Scene | None, /) -> MusicGenRenderer:
        """The same for performances of `plan`: it says who has the tune, and what the words tell."""
        made = copy(self)
        made._plan, made._scene = plan, scene
        return made

    def __call__(self, performance: Performance, /, *, stems: bool = False) -> Rendering:
        """The sound of a performance.

        Raises:
            BackendError: weights that can't be had or loaded, too little memory, no caption, or every take was refused; one line.
            MissingPackageError: a package it needs is not installed.
        """
        from img2music.renderers.neural.device import memory_guard, pick
        from img2music.renderers.neural.musicgen.loaded_musicgen import kind_of_folder, load_musicgen
        from img2music.renderers.neural.sound_use import sound_record
        from img2music.renderers.neural.take_choice import choose_take
        from img2music.renderers.neural.weights import weights_folder

        with sound_record(_NAME, weights=self.weights) as told:
            folder = weights_folder(self.weights, renderer=_NAME)
            kind_of_folder(folder)
            device = pick(self.device, self.precision)
            told.on(device)
            if stems:
                told.note("one model plays all parts at once, so there are no stems; the renderer soundfont makes them")
            words = self._writer(performance, self._plan, self._scene, seed=self.seed)
            told.words(words.text, words.template_name)
            seeds = [self.seed + number for number in range(self.takes)]
            smaller = _smaller(self.weights, self.takes)
            with memory_guard(smaller):
                with share_of_step(0, 0.1):
                    loaded = load_musicgen(folder, device, smaller=smaller)
                with share_of_step(0.1, 0.9):
                    sounds = self._play(loaded, performance, words.text, seeds, told)
            with share_of_step(0.9, 1):
                index, told.takes = choose_take(sounds, seeds, performance, threshold=self.threshold)
        return Rendering(sounds[index])

    def _play(
        self, loaded: LoadedMusicGen, performance: Performance, text: str, seeds: list[int], told: SoundRecord
    ) -> list[Audio]:
        """A finished mix for each seed."""
        from img2music.renderers.neural.joins import finish, join, sounding_seconds, windows
        from img2music.renderers.neural.musicgen.chroma_frames import chroma_frames
        from img2music.renderers.neural.musicgen.window_play import Sampling, play_windows

        longest = min(self.window_seconds, loaded.longest_seconds)
        layout = windows(performance, longest, min(self.overlap_seconds, longest / 2))
        grid, melody = loaded.chroma, self.melody or "melody"
        told.condition(f"guidance {self.guidance:g}, top_k {self.top_k}, temperature {self.temperature:g}")
        if grid is None and self.melody in {"melody", "chords"}:
            told.note("these weights take words alone, so no melody is told; facebook/musicgen-melody takes one")
        tells = grid is not None and melody != "off"
        if tells and grid is not None:
            told.condition(f"chroma of the {melody}, {grid.frames} frames")
        if len(layout) > 1:
            told.note(f"the model plays {longest:.0f} s at once: {len(layout)} windows joined at bar lines")

        def chroma_at(begin: float) -> Any:
            assert grid is not None  # noqa: S101  it is only asked where there is one
            return chroma_frames(performance, self._plan, grid, begin, melody)

        sampling = Sampling(guidance=self.guidance, temperature=self.temperature, top_k=self.top_k)
        made = play_windows(loaded, layout, text, chroma_at if tells else None, seeds, sampling)
        seconds = sounding_seconds(performance)
        return [finish(join(pieces, layout, seconds, loaded.sample_rate), performance) for pieces in made]


def _smaller(weights: str, takes: int) -> str:
    """What needs less memory than these weights with so many takes."""
    known = SOUND_MODELS.get(weights)
    lighter = [
        one
        for one in SOUND_MODELS.values()
        if known is not None
        and one.renderer == _NAME
        and one.gigabytes < known.gigabytes * 0.9
        and "melody" not in one.name
        and ("stereo" in one.name) == ("stereo" in weights)
        and ("melody" not in weights or "medium" not in one.name)
    ]
    fewer = "takes: 1, or " if takes > 1 else ""
    if lighter:
        return f"{fewer}weights {max(lighter, key=lambda one: one.gigabytes).name}"
    return (
        f"{fewer}a shorter window_seconds, or the renderer soundfont"
        if known is not None
        else f"{fewer}weights facebook/musicgen-small"
    )

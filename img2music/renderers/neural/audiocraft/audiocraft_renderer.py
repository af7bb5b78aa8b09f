"""The renderer `audiocraft`: JASCO told the chords, drums and melody of the score, or MusicGen with the style of our own rendering.

The model works in an environment of its own (see `audiocraft_environment`) and plays a few seconds at once: window after window from bar line to bar
line, put together with cross-fades. What comes out follows the score's harmony, beat and tune as far as the model obeys; what was heard in it
goes on record. Conventions: 48 kHz stereo, exactly as long as the performance; mastered as every sound of ours.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import checkpoint, share_of_step
from img2music.errors import BackendError, UsageError, unknown_name
from img2music.renderers.external.environments import environment_remedy
from img2music.renderers.neural.audiocraft.audiocraft_environment import (
    DEBUG,
    DEFAULT_WEIGHTS,
    find_python,
    licence_here,
    model_kind,
)
from img2music.renderers.neural.audiocraft.audiocraft_process import start_audiocraft, with_remedy
from img2music.renderers.neural.audiocraft.window_controls import CONTROLS, SEGMENT_SECONDS, Controls, jasco_controls
from img2music.renderers.neural.joins import cut, finish, join, sounding_seconds, windows
from img2music.renderers.neural.sound_prompt import SoundWriter
from img2music.renderers.neural.sound_use import sound_record
from img2music.renderers.neural.soundfont_guide import guide
from img2music.renderers.neural.take_choice import choose_take
from img2music.renderers.neural.weights import check_licence
from img2music.renderers.option_checks import number_option, weights_option, whole_option
from img2music.stages import Rendering

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from img2music.performance import Performance
    from img2music.plan import CompositionPlan
    from img2music.renderers.external.worker import Worker
    from img2music.renderers.neural.joins import Window
    from img2music.renderers.neural.sound_use import SoundRecord
    from img2music.scene import Scene

__all__ = ["AudiocraftRenderer"]

_NAME = "audiocraft"
_DEVICES = ("auto", "cpu", "cuda")
_LONGEST = {"jasco": SEGMENT_SECONDS, "style": 30.0, "musicgen": 30.0, DEBUG: 30.0}
_OVERLAP_SECONDS = {"jasco": 1.0, "style": 2.0, "musicgen": 4.0, DEBUG: 4.0}
_GUIDANCE = {True: (1.75, 3.5), False: (1.25, 2.5)}
"""For all that is told and for the words, with a melody and without: what its makers' model card and demonstration take."""
_MOST_TAKES, _LARGEST_SEED, _MOST_GUIDANCE = 8, 2**62, 30
_SHORTEST_PART = 0.5
"""Of a window: a take that is shorter is a fault."""


class AudiocraftRenderer:
    """Plays a performance with a model of audiocraft.

    Args:
        weights: "facebook/jasco-...", "facebook/musicgen-style", another "facebook/musicgen-...", or "debug".
        python: which of the environments that IMG2MUSIC_AUDIOCRAFT_PYTHON names; None takes the first.
        controls: what of the score JASCO is told: some of "chords", "drums", "melody".
        cfg_all: how firmly JASCO follows all it is told; None takes what its makers take.
        cfg_text: how firmly it follows the words alone; None likewise.
        style_seconds: of our rendering, how long an excerpt MusicGen-Style takes its style from, 1.5..4.5.
        download: whether what is not here yet may be fetched.
        prompt: template of the words, "sound/...".
        model: a model that writes the words, where the template is a caption's.
        seed: of the first take; the others count up.
        takes: how many are made, 1..8; the one that follows the score best is kept.
        threshold: mark below which no take is good enough, 0..1.
        device: "auto", "cpu", "cuda".
        precision: "auto": audiocraft computes in float32 on processors and in float16 on GPUs.

    Raises:
        UsageError: an option out of range.
    """

    def __init__(
        self,
        *,
        weights: str = DEFAULT_WEIGHTS,
        python: str | None = None,
        controls: Collection[str] = CONTROLS,
        cfg_all: float | None = None,
        cfg_text: float | None = None,
        style_seconds: float = 3.0,
        download: bool = False,
        prompt: str = "sound/plain",
        model: str | None = None,
        seed: int = 0,
        takes: int = 1,
        threshold: float = 0.0,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        self.weights = weights_option(weights)
        self.kind = model_kind(self.weights)
        if python is not None and not (isinstance(python, str) and python):
            raise UsageError("python is the path of an environment's Python; change it in the pipeline")
        self.python = python
        if isinstance(controls, str) or not isinstance(controls, list | tuple):
            raise UsageError(f"controls is a list of {', '.join(CONTROLS)}; change it in the pipeline")
        for one in controls:
            if one not in CONTROLS:
                raise unknown_name("control", str(one), CONTROLS)
        self.controls = tuple(controls)
        self.guidance = _own_guidance("cfg_all", cfg_all), _own_guidance("cfg_text", cfg_text)
        self.style_seconds = number_option("style_seconds", style_seconds, 1.5, 4.5)
        if not isinstance(download, bool):
            raise UsageError("download is true or false; change it in the pipeline")
        self.download = download
        self._write = SoundWriter(prompt, model)
        self.takes = whole_option("takes", takes, 1, _MOST_TAKES)
        self.seed = whole_option("seed", seed, 0, _LARGEST_SEED)
        self.threshold = number_option("threshold", threshold, 0, 1)
        if device not in _DEVICES:
            raise unknown_name("device", str(device), _DEVICES)
        if precision != "auto":
            raise UsageError("audiocraft chooses its precision by the device; use precision: auto in the pipeline")
        self.device = device
        self._plan: CompositionPlan | None = None
        self._scene: Scene | None = None

    def for_plan(self, plan: CompositionPlan, scene: Scene | None, /) -> AudiocraftRenderer:
        """The renderer of a performance of `plan`: its chords and its words come from the plan."""
        told = copy.copy(self)
        told._plan, told._scene = plan, scene
        return told

    def __call__(self, performance: Performance, /, *, stems: bool = False) -> Rendering:
        """The sound of a performance, mastered. There are no stems: the model plays all parts at once.

        Raises:
            MissingPackageError: no environment, or a package that it lacks.
            BackendError: weights that are not here or forbid commercial use, too little memory, a worker that died, hung or wrote nonsense, or
                takes that are all below the threshold.
        """
        licence, commercial = licence_here(self.weights)
        with sound_record(_NAME, weights=self.weights, licence=licence, commercial=commercial) as record:
            check_licence(self.weights)
            interpreter = find_python(self.python)
            words = self._write(performance, self._plan, self._scene, seed=self.seed)
            record.words(words.text, words.template_name)
            stretches = windows(performance, _LONGEST[self.kind], _OVERLAP_SECONDS[self.kind])
            if len(stretches) > 1:
                record.note(f"the model plays {_LONGEST[self.kind]:g} s at most: {len(stretches)} windows joined at bar lines")
            if stems:
                record.note("no stems: the model plays all parts at once")
            with share_of_step(0, 0.1):
                controls, style = self._controls(performance, record)
            seeds = [self.seed + take for take in range(self.takes)]
            finished = []
            with start_audiocraft(interpreter, download=self.download) as worker:
                for take, seed in enumerate(seeds):
                    with share_of_step(0.1 + 0.8 * take / self.takes, 0.1 + 0.8 * (take + 1) / self.takes):
                        pieces = self._pieces(worker, stretches, controls, style, words.text, seed, record)
                    sound = join(pieces, stretches, sounding_seconds(performance), pieces[0].sample_rate)
                    finished.append(finish(sound, performance))
            checkpoint(95, 100, "listening")
            kept, record.takes = choose_take(finished, seeds, performance, threshold=self.threshold)
        return Rendering(finished[kept])

    def _controls(self, performance: Performance, record: SoundRecord) -> tuple[Controls, Audio | None]:
        """What is told beside the words; it goes on record."""
        if self.kind == "style":
            record.condition(f"style of our soundfont rendering, {self.style_seconds:g} s of each window")
            return Controls(performance), guide(performance, sample_rate=32_000)
        if self.kind != "jasco":
            return Controls(performance), None
        controls = jasco_controls(performance, self._plan, self.controls)
        for line in controls.conditions:
            record.condition(line)
        for line in controls.notes:
            record.note(line)
        record.condition("guidance {:g} for all, {:g} for the words".format(*self._guidance(controls)))
        return controls, None

    def _guidance(self, controls: Controls) -> tuple[float, float]:
        usual = _GUIDANCE[bool(controls.melody)]
        return usual[0] if self.guidance[0] is None else self.guidance[0], (
            usual[1] if self.guidance[1] is None else self.guidance[1]
        )

    def _pieces(
        self,
        worker: Worker,
        stretches: Sequence[Window],
        controls: Controls,
        style: Audio | None,
        text: str,
        seed: int,
        record: SoundRecord,
    ) -> list[Audio]:
        """The sound of each window of one take, cut to the window."""
        pieces: list[Audio] = []
        all_, words = self._guidance(controls)
        common = {
            "model": self.kind,
            "weights": self.weights,
            "device": self.device,
            "download": self.download,
            "text": text,
            "cfg_all": all_,
            "cfg_text": words,
            "style_seconds": self.style_seconds,
        }
        for index, window in enumerate(stretches):
            sounds = controls.sounds_of(window)
            if style is not None:
                sounds["style"] = cut(style, window)
            if pieces and self.kind in ("musicgen", DEBUG):
                sounds["tail"] = _tail(pieces[-1], stretches[index - 1].end_seconds - window.begin_seconds)
            own = {"seed": _window_seed(seed, index), "seconds": window.seconds, **controls.fields_of(window)}
            checkpoint(message=f"playing window {index + 1} of {len(stretches)}")
            with share_of_step(index / len(stretches), (index + 1) / len(stretches)):
                try:
                    answer = worker.ask({**common, **own}, sounds)
                except BackendError as error:
                    raise with_remedy(error, self.weights) from None
            pieces.append(_checked(answer.audio.get("take"), window))
            record.made_with(answer.fields.get("versions"))
            record.device, record.precision = _text(answer.fields.get("device")), _text(answer.fields.get("precision"))
            _note_basses(own.get("chords", ()), answer.fields.get("labels"), record)
        return pieces


def _own_guidance(name: str, value: float | None) -> float | None:
    return None if value is None else number_option(name, value, 0, _MOST_GUIDANCE)


def _window_seed(seed: int, window: int) -> int:
    return int(np.random.SeedSequence([seed, window]).generate_state(1)[0])


def _tail(piece: Audio, seconds: float) -> Audio:
    frames = max(1, round(seconds * piece.sample_rate))
    return Audio(np.ascontiguousarray(piece.samples[:, -frames:]), piece.sample_rate)


def _checked(sound: Audio | None, window: Window) -> Audio:
    """The window's sound, not longer than the window.

    Raises:
        BackendError: there is none, or it is far too short.
    """
    if sound is None or len(sound.samples) > 2 or sound.seconds < _SHORTEST_PART * window.seconds:
        told = "no sound" if sound is None else f"{len(sound.samples)} channels of {sound.seconds:.1f} s"
        raise BackendError(f"audiocraft answered {told} for a window of {window.seconds:.1f} s; {environment_remedy(_NAME)}")
    frames = round(window.seconds * sound.sample_rate)
    return Audio(np.ascontiguousarray(sound.samples[:, :frames]), sound.sample_rate)


def _note_basses(asked: Sequence[Any], labels: Any, record: SoundRecord) -> None:
    """Says which chords over another bass the model's file has not."""
    if not isinstance(labels, list):
        return
    for (choices, _), label in zip(asked, labels, strict=False):
        line = f"{choices[0]} is told without its bass: the model knows no such chord"
        if len(choices) > 1 and label == choices[-1] and line not in record.notes:
            record.note(line)


def _text(value: object) -> str:
    return " ".join(value.split())[:80] if isinstance(value, str) and value.strip() else "not known"

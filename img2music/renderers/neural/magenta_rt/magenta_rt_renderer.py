"""The renderer `magenta-rt`: Magenta RealTime 2 plays every note of a performance, in a program of its own.

It is told each frame's notes and drums (`note_frames`) and a style, from words or from our own rendering; its state goes on from the first frame to
the last, so there are no seams and no longest length. It hears about 20 s back: form is the score's. Parts can be played alone, which
gives stems; each is as loud beside the others as our own rendering has it. A loop is played with its end before it, and its own end is
faded into that, so that it goes round.

The program is started by the Python of its environment: the one that `img2music models install magenta-rt` makes, or that the variable
IMG2MUSIC_MAGENTA_RT_PYTHON names; no file can name another.

Conventions: 48 kHz, stereo, exactly as long as the performance. Notes are told 25 times a second, without loudness and bends.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import checkpoint, share_of_step
from img2music.errors import BackendError, unknown_name
from img2music.registry.sound_models import find_sound_model
from img2music.renderers.external.environments import environment_fault, environment_python, environment_remedy
from img2music.renderers.external.worker import Worker
from img2music.renderers.neural.joins import finish, sounding_seconds
from img2music.renderers.neural.magenta_rt.magenta_rt_files import WORKER, checkpoint_of, weights_fault
from img2music.renderers.neural.magenta_rt.note_frames import FRAMES_PER_SECOND, frame_groups, note_frames
from img2music.renderers.neural.magenta_rt.part_stems import balanced, stems_of
from img2music.renderers.neural.sound_prompt import SoundWriter
from img2music.renderers.neural.sound_use import sound_record
from img2music.renderers.neural.soundfont_guide import guide, kept_guides
from img2music.renderers.neural.take_choice import choose_take
from img2music.renderers.neural.weights import check_licence
from img2music.renderers.option_checks import number_option, weights_option, whole_option
from img2music.stages import Rendering

if TYPE_CHECKING:
    from img2music.performance import Performance
    from img2music.plan import CompositionPlan
    from img2music.renderers.neural.sound_use import SoundRecord
    from img2music.scene import Scene

__all__ = ["MagentaRTRenderer"]

_NAME = "magenta-rt"
_RATE = 48_000
_STYLES, _PARTS, _ONSETS = ("words", "guide"), ("together", "apart"), ("exact", "free")
_DEVICES = ("auto", "cpu", "cuda")
_MOST_TAKES, _LARGEST_SEED = 8, 2**31 - 1
_LEAST_GUIDANCE, _MOST_GUIDANCE = -1.0, 7.0
_TEMPERATURE, _TOP_K = 1.3, 40
"""The model's own."""
_LEAD_SECONDS, _ROUND_SECONDS = 10.0, 0.1
"""Of a loop: how much of its end is played before it, and over how much its end is faded into that."""
_START_SECONDS, _SILENT_SECONDS = 120.0, 1200.0
"""The model is compiled before its first frame, which takes minutes on a slow machine."""


class MagentaRTRenderer:
    """Plays a performance with Magenta RealTime 2.

    Args:
        weights: "mrt2_small", "mrt2_base", or a folder that holds such a checkpoint.
        style: "words" (the template `prompt`) or "guide" (our own soundfont rendering: its sounds, in the model's way).
        notes_guidance: how firmly notes are followed, -1 to 7 in steps of 0.2; the model's own is 1, more is more literal.
        drums_guidance: likewise drums, in steps of 1.
        style_guidance: likewise the style, in steps of 0.2.
        onsets: "exact" says when each note is struck, "free" only that it sounds.
        parts: "together", or "apart": each alone, added up. Stems are always made apart.
        prompt: template of the words, "sound/...".
        model: a language model that writes the words, where the template is a caption's.
        time_limit_seconds: for that model's answers.
        seed: of the first take, up to 2147483647; the others count up.
        takes: how many are made, 1..8; the one that follows the score best is kept.
        threshold: mark below which no take is good enough, 0..1.
        device: "auto", "cpu" or "cuda".
        precision: "auto": the checkpoint's own.

    Raises:
        UsageError: an option out of range.
    """

    def __init__(
        self,
        *,
        weights: str = "mrt2_small",
        style: str = "words",
        notes_guidance: float = 3.0,
        drums_guidance: float = 1.0,
        style_guidance: float = 3.0,
        onsets: str = "exact",
        parts: str = "together",
        prompt: str = "sound/tags",
        model: str | None = None,
        time_limit_seconds: float = 300.0,
        seed: int = 0,
        takes: int = 1,
        threshold: float = 0.0,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        for kind, value, known in (
            ("style of magenta-rt", style, _STYLES),
            ("way of onsets", onsets, _ONSETS),
            ("way of parts", parts, _PARTS),
            ("device of magenta-rt", device, _DEVICES),
            ("precision of magenta-rt", precision, ("auto",)),
        ):
            if value not in known:
                raise unknown_name(kind, str(value), known)
        self.weights = weights_option(weights)
        self.style, self.onsets, self.parts, self.device = style, onsets, parts, device
        self.guidance = {
            "musiccoca": number_option("style_guidance", style_guidance, _LEAST_GUIDANCE, _MOST_GUIDANCE),
            "notes": number_option("notes_guidance", notes_guidance, _LEAST_GUIDANCE, _MOST_GUIDANCE),
            "drums": number_option("drums_guidance", drums_guidance, _LEAST_GUIDANCE, _MOST_GUIDANCE),
        }
        self.takes = whole_option("takes", takes, 1, _MOST_TAKES)
        self.seed = whole_option("seed", seed, 0, _LARGEST_SEED - _MOST_TAKES)
        self.threshold = number_option("threshold", threshold, 0, 1)
        self._write = SoundWriter(prompt, model, time_limit_seconds)
        self._plan: CompositionPlan | None = None
        self._scene: Scene | None = None

    def for_plan(self, plan: CompositionPlan, scene: Scene | None, /) -> MagentaRTRenderer:
        """The renderer of a performance of `plan`: its style in words is what the plan says, too."""
        told = copy.copy(self)
        told._plan, told._scene = plan, scene
        return told

    def __call__(self, performance: Performance, /, *, stems: bool = False) -> Rendering:
        """The sound of a performance, mastered; with `stems`, also each part alone by its name.

        Raises:
            MissingPackageError: its environment lacks a package.
            BackendError: no environment, no weights, too little memory, a program that failed, takes that are all below the threshold.
        """
        apart = stems or self.parts == "apart"
        with sound_record(_NAME, weights=self.weights, **self._licence()) as record, kept_guides():
            check_licence(self._named())
            fault = environment_fault(_NAME) or weights_fault(self.weights)
            if fault:
                raise BackendError(f"{_NAME}: {fault}")
            self._tell(performance, record, apart=apart, stems=stems)
            groups = [part for part in performance.parts if part.notes] if apart else []
            jobs = [replace(performance, parts=(part,)) for part in groups] or [performance]
            seeds = [self.seed + take for take in range(self.takes)]
            with self._worker() as worker, share_of_step(0, 0.9):
                made = [
                    [
                        self._play(worker, job, seed, (take * len(jobs) + place, len(jobs) * len(seeds)), record)
                        for place, job in enumerate(jobs)
                    ]
                    for take, seed in enumerate(seeds)
                ]
            if apart and groups:
                made = [balanced(sounds, jobs) for sounds in made]
            sums = [Audio(np.sum([sound.samples for sound in sounds], axis=0, dtype=np.float32), _RATE) for sounds in made]
            with share_of_step(0.9, 1):
                finished = [finish(mix, performance) for mix in sums]
                kept, record.takes = choose_take(finished, seeds, performance, threshold=self.threshold)
            alone = stems_of(performance, made[kept], sums[kept], finished[kept]) if stems else {}
        return Rendering(finished[kept], alone)

    def _licence(self) -> dict[str, Any]:
        model = find_sound_model(self._named())
        return {"licence": model.licence, "commercial": model.commercial} if model else {}

    def _named(self) -> str:
        """The weights by the name that the table of models knows."""
        found = checkpoint_of(self.weights)
        return found[0] if found else self.weights

    def _tell(self, performance: Performance, record: SoundRecord, *, apart: bool, stems: bool) -> None:
        """What goes on record of what the model is told."""
        record.precision = "the checkpoint's own"
        frames = note_frames(performance, sounding_seconds(performance))
        record.condition(f"{len(frames)} frames of 40 ms with 128 pitches ({self.onsets} onsets) and drums")
        record.condition(", ".join(f"{name} guidance {value:g}" for name, value in self.guidance.items()))
        if self.style == "guide":
            record.condition("style of our soundfont rendering")
        if apart:
            record.note(
                "each part was played alone" + (", because stems were asked for" if stems and self.parts != "apart" else "")
            )
        if any(part.bends for part in performance.parts):
            record.note("bends can't be told to this model: notes keep their written pitch")
        if performance.loop:
            record.note("its end was played before the loop, so that it goes round")

    def _worker(self) -> Worker:
        platforms = {"cpu": {"JAX_PLATFORMS": "cpu"}, "cuda": {"JAX_PLATFORMS": "cuda"}}.get(self.device, {})
        return Worker(
            environment_python(_NAME),
            WORKER,
            name=_NAME,
            remedy=environment_remedy(_NAME),
            start_seconds=_START_SECONDS,
            answer_seconds=_SILENT_SECONDS,
            # Without it JAX takes three quarters of the card for itself.
            environment={"XLA_PYTHON_CLIENT_PREALLOCATE": "false", **platforms},
        )

    def _play(self, worker: Worker, performance: Performance, seed: int, place: tuple[int, int], record: SoundRecord) -> Audio:
        """What the model plays, `sounding_seconds` long or a little more; of a loop exactly its length."""
        seconds = sounding_seconds(performance)
        told = note_frames(performance, seconds)
        lead = min(len(told), round(_LEAD_SECONDS * FRAMES_PER_SECOND)) if performance.loop else 0
        told = told.led_by(lead) if lead else told
        told = told.freely() if self.onsets == "free" else told
        size, file = checkpoint_of(self.weights) or (self.weights, Path())
        request: dict[str, Any] = {
            "weights": size if self.weights == size else str(file.resolve()),
            "size": size,
            "groups": [[count, drums, states] for count, drums, states in frame_groups(told)],
            "style": "",
            "seed": seed,
            "guidance": self.guidance,
            "temperature": _TEMPERATURE,
            "top_k": _TOP_K,
        }
        sounds = {}
        if self.style == "guide":
            sounds["style"] = guide(performance, sample_rate=_RATE)
        else:
            words = self._write(performance, self._plan, self._scene, seed=self.seed)
            request["style"] = words.text
            if not record.text:
                record.words(words.text, words.template_name)
        with share_of_step(place[0] / place[1], (place[0] + 1) / place[1]):
            answer = worker.ask(request, sounds)
        record.made_with(answer.fields.get("versions"))
        record.device = str(answer.fields.get("device", "not known"))[:100]
        if answer.fields.get("seeded") is not True and not any("seed" in note for note in record.notes):
            record.note("the seed could not be set: every run plays alike")
        sound = answer.audio.get("mix")
        frames = len(told) * _RATE // FRAMES_PER_SECOND
        if sound is None or sound.sample_rate != _RATE or sound.samples.shape != (2, frames):
            raise BackendError(f"{_NAME} answered with a sound of another length than asked; {environment_remedy(_NAME)}")
        checkpoint()
        return _going_round(sound, lead, performance) if performance.loop else sound


def _going_round(sound: Audio, lead: int, performance: Performance) -> Audio:
    """The loop from a sound that begins with its last `lead` frames: its own end fades into those, which its beginning follows."""
    # The lead is whole frames from the end of the last frame, which the loop's end need not be: what is over is left out of the seam.
    start, frames = lead * _RATE // FRAMES_PER_SECOND, round(performance.seconds * _RATE)
    over = sound.samples.shape[1] - start - frames
    looped = sound.samples[:, start : start + frames].copy()
    fade = min(round(_ROUND_SECONDS * _RATE), frames, max(0, start - over))
    if fade > 0:
        rise = np.sin(np.pi / 2 * (np.arange(fade) + 0.5) / fade).astype(np.float32)
        looped[:, frames - fade :] = looped[:, frames - fade :] * rise[::-1] + sound.samples[:, start - fade : start] * rise
    return Audio(looped, sound.sample_rate)

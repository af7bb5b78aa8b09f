"""The renderer `diffusers`: pipelines that turn noise into sound, told the score by words, numbers and our own rendering of it.

ACE-Step 1.5 is told tempo, key and metre and covers our soundfont rendering; Stable Audio begins from that rendering with noise over it.
What is longer than the model plays at once is made window by window, and one section can be played anew inside our rendering
(`task: repaint`). What comes out is no rendering of the notes: form and groove can be expected. What was heard in it goes on record.

Conventions: 48 kHz stereo, exactly as long as the performance; mastered as every sound of ours.
"""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from img2music.cancellation import checkpoint, share_of_step
from img2music.errors import BackendError, UsageError, unknown_name
from img2music.registry.sound_models import SOUND_MODELS, find_sound_model
from img2music.renderers.neural.device import check_device, is_memory_fault, memory_guard, pick
from img2music.renderers.neural.diffusers.argument_tables import TASKS, Task
from img2music.renderers.neural.diffusers.loaded_pipeline import load_pipeline
from img2music.renderers.neural.diffusers.score_facts import facts_between
from img2music.renderers.neural.diffusers.windowed_play import Told, going_round, play_section, play_windows
from img2music.renderers.neural.joins import finish, join, sounding_seconds, windows
from img2music.renderers.neural.sound_prompt import SoundWriter
from img2music.renderers.neural.sound_use import sound_record
from img2music.renderers.neural.soundfont_guide import guide
from img2music.renderers.neural.take_choice import choose_take
from img2music.renderers.neural.weights import weights_folder
from img2music.renderers.option_checks import number_option, weights_option, whole_option
from img2music.stages import Rendering

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from img2music.audio import Audio
    from img2music.performance import Performance
    from img2music.plan import CompositionPlan
    from img2music.renderers.neural.diffusers.loaded_pipeline import LoadedPipeline
    from img2music.renderers.neural.sound_use import SoundRecord
    from img2music.scene import Scene

__all__ = ["DiffusersRenderer"]

T = TypeVar("T")
_NAME = "diffusers"
_STARTS = ("guide", "none")
_OVERLAP_SECONDS = 4.0
_LARGEST_SEED = 2**63 - 1
_MOST_TAKES, _MOST_STEPS, _MOST_GUIDANCE = 8, 1000, 100


class DiffusersRenderer:
    """Plays a performance with a pipeline of diffusers.

    Args:
        weights: a name of `img2music models ls`, another one on the Hugging Face hub, or a folder, in diffusers' format.
        task: "cover" (our rendering played anew), "text2music" (from words alone) or "repaint" (one `section` of our rendering played anew); None is
            "cover" where the pipeline can and `start` is "guide", else "text2music".
        start: "guide" begins from our soundfont rendering; "none" from noise.
        strength: how close it keeps to that rendering, 0..1; None takes what suits the pipeline.
        init_noise_level: the same the other way round, as Stable Audio's makers say it: 1 - strength. Only one of the two may be given.
        section: of a repaint: a section's name, or its number from 1.
        steps: of denoising; None takes the pipeline's own count.
        guidance: how firmly words are followed; None takes the pipeline's own. Distilled weights take none.
        prompt: template of the words, "sound/...".
        model: a language model that writes the words, where the template is a caption's.
        time_limit_seconds: for that model's answers.
        seed: of the first take; the others count up.
        takes: how many are made, 1..8; the one that follows the score best is kept.
        threshold: mark below which no take is good enough, 0..1.
        device: "auto", "cpu", "cuda", "mps".
        precision: "auto", "float32", "bfloat16", "float16".

    Raises:
        UsageError: an option out of range.
    """

    def __init__(
        self,
        *,
        weights: str | Path = "ACE-Step/acestep-v15-xl-turbo-diffusers",
        task: str | None = None,
        start: str = "guide",
        strength: float | None = None,
        init_noise_level: float | None = None,
        section: str | int | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        prompt: str = "sound/plain",
        model: str | None = None,
        time_limit_seconds: float = 300.0,
        seed: int = 0,
        takes: int = 1,
        threshold: float = 0.0,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        if task is not None and task not in TASKS:
            raise unknown_name("task", str(task), TASKS)
        if start not in _STARTS:
            raise unknown_name("start", str(start), _STARTS)
        if strength is not None and init_noise_level is not None:
            raise UsageError(
                "strength and init_noise_level say the same thing (1 - one is the other); give one of them in the pipeline"
            )
        if (task == "repaint") != (section is not None):
            raise UsageError("task: repaint and section belong together; give both in the pipeline, or neither")
        if start == "none" and task in ("cover", "repaint"):
            raise UsageError(f"task: {task} begins from our rendering; use start: guide in the pipeline")
        self.weights = weights_option(weights)
        check_device(device, precision)
        self.task: Task | None = task
        self.start = start
        self.noise = (
            _share("init_noise_level", init_noise_level) if strength is None else 1.0 - (_share("strength", strength) or 0.0)
        )
        self.section = section
        self.steps = None if steps is None else whole_option("steps", steps, 1, _MOST_STEPS)
        self.guidance = None if guidance is None else number_option("guidance", guidance, 0, _MOST_GUIDANCE)
        self._write = SoundWriter(prompt, model, time_limit_seconds)
        self.takes = whole_option("takes", takes, 1, _MOST_TAKES)
        self.seed = whole_option("seed", seed, 0, _LARGEST_SEED - _MOST_TAKES)
        self.threshold = number_option("threshold", threshold, 0, 1)
        self.device, self.precision = device, precision
        self._plan: CompositionPlan | None = None
        self._scene: Scene | None = None

    def for_plan(self, plan: CompositionPlan, scene: Scene | None, /) -> DiffusersRenderer:
        """The renderer of a performance of `plan`: it is described in words by what the plan says, too."""
        told = copy.copy(self)
        told._plan, told._scene = plan, scene
        return told

    def __call__(self, performance: Performance, /, *, stems: bool = False) -> Rendering:
        """The sound of a performance, mastered. There are no stems: the model plays all parts at once.

        Raises:
            BackendError: weights that are not here and can't be fetched or loaded, too little memory, a pipeline that failed, or takes that are all
                below the threshold.
            MissingPackageError: a package is missing.
            UsageError: no such section, device or weights.
        """
        span = self._span_of_section(performance)
        with sound_record(_NAME, weights=self.weights) as record, memory_guard(self._smaller()):
            folder = weights_folder(self.weights, renderer=_NAME)
            device = pick(self.device, self.precision)
            record.on(device)
            with share_of_step(0, 0.1):
                loaded = load_pipeline(folder, device, smaller=self._smaller())
            told = self._told(loaded, performance, record)
            source = None
            if told.task != "text2music":
                with share_of_step(0.1, 0.2):
                    source = guide(performance, sample_rate=loaded.sample_rate)
            if stems:
                record.note("no stems: the model plays all parts at once")
            seeds = [self.seed + take for take in range(self.takes)]
            with share_of_step(0.2, 0.9):
                sounds = self._play(loaded, performance, told, source, span, seeds, record)
            finished = []
            for index, sound in enumerate(sounds):
                checkpoint(90 + 5 * index / len(sounds), 100, "mastering")
                finished.append(finish(sound, performance))
            kept, record.takes = choose_take(finished, seeds, performance, threshold=self.threshold)
        return Rendering(finished[kept])

    def _told(self, loaded: LoadedPipeline, performance: Performance, record: SoundRecord) -> Told:
        """What the model is told, in words and otherwise; it goes on record."""
        task = self.task or ("cover" if self.start == "guide" and loaded.can("cover") else "text2music")
        table = loaded.task_table(task)
        if self.task is None and self.start == "guide" and task == "text2music":
            record.note(f"{loaded.table.name} begins from no sound here: it was told in words alone")
        if loaded.table.by_signature:
            record.note(f"nobody has tried {loaded.table.name} here: its arguments were guessed by their names")
        words = self._write(performance, self._plan, self._scene, seed=self.seed)
        record.words(words.text, words.template_name)
        facts = facts_between(performance, 0.0, performance.seconds)
        said = ((loaded.table.bpm, facts.bpm), (loaded.table.key, facts.key), (loaded.table.metre, facts.metre))
        for argument, value in said:
            if argument and value is not None:
                record.condition(f"{argument} {value}")
        if loaded.table.bpm:
            record.notes.extend(facts.notes)
        if table.negative and words.negative:
            record.condition(f"not: {words.negative}")
        if task != "text2music":
            noise = loaded.table.noise if self.noise is None else self.noise
            record.condition(f"{task} of our soundfont rendering" + (f", strength {1 - noise:g}" if task == "cover" else ""))
        record.condition(f"{self.steps or loaded.table.steps(loaded.pipeline)} steps")
        if self.guidance is not None and not table.guidance:
            record.note(f"{loaded.table.name} takes no guidance for {task}")
        return Told(
            task=task, text=words.text, negative=words.negative, noise=self.noise, steps=self.steps, guidance=self.guidance
        )

    def _play(
        self,
        loaded: LoadedPipeline,
        performance: Performance,
        told: Told,
        source: Audio | None,
        span: tuple[float, float] | None,
        seeds: list[int],
        record: SoundRecord,
    ) -> list[Audio]:
        """A sound a take at the pipeline's sample rate."""
        if span is not None and source is not None:
            anew = partial(play_section, loaded, performance, span, told, source, seeds)
            return _with_less_memory(lambda together: anew(together=together), seeds, record)
        stretches = windows(performance, loaded.longest_seconds, min(_OVERLAP_SECONDS, loaded.longest_seconds / 8))
        spans = [(window.begin_seconds, window.end_seconds) for window in stretches]
        if len(spans) > 1:
            record.note(f"the model plays {loaded.longest_seconds:.0f} s at most: {len(spans)} windows joined at bar lines")
        if source is not None and performance.loop:
            source = going_round(source, spans[-1][1])
        whole = partial(play_windows, loaded, performance, spans, told, source, seeds)
        made = _with_less_memory(lambda together: whole(together=together), seeds, record)
        return [join(pieces, stretches, sounding_seconds(performance), loaded.sample_rate) for pieces in made]

    def _span_of_section(self, performance: Performance) -> tuple[float, float] | None:
        """Begin and end, in seconds, of the section that is played anew."""
        if self.section is None:
            return None
        marks = performance.markers
        names = [name for _, name in marks]
        wanted = self.section
        index = wanted - 1 if isinstance(wanted, int) else names.index(wanted) if wanted in names else -1
        if not 0 <= index < len(marks):
            raise UsageError(f"no section {wanted!r} to repaint; there are: {', '.join(dict.fromkeys(names)) or 'none'}")
        end = performance.seconds_at(marks[index + 1][0]) if index + 1 < len(marks) else performance.seconds
        return performance.seconds_at(marks[index][0]), min(end, performance.seconds)

    def _smaller(self) -> str:
        """What needs less memory, for a message."""
        ways = ["takes: 1"] if self.takes > 1 else []
        if self.precision not in ("bfloat16", "float16"):
            ways.append("precision: bfloat16")
        own = find_sound_model(self.weights)
        others = sorted((one for one in SOUND_MODELS.values() if one.renderer == _NAME), key=lambda one: one.gigabytes)
        smallest = next((one for one in others if own is None or one.gigabytes < own.gigabytes), None)
        if smallest is not None and smallest.name != self.weights:
            ways.append(f"weights {smallest.name} ({smallest.gigabytes:g} GB)")
        return ", or ".join(ways) or "the soundfont"


def _with_less_memory(work: Callable[[bool], T], seeds: list[int], record: SoundRecord) -> T:
    """All takes at once; where that is too much for the memory, one after the other."""
    try:
        return work(True)
    except Exception as error:
        if len(seeds) == 1 or isinstance(error, BackendError) or not is_memory_fault(error):
            raise
    record.note("too little memory for all takes at once: they were made one after the other")
    return work(False)


def _share(name: str, value: Any) -> float | None:
    return None if value is None else number_option(name, value, 0, 1)

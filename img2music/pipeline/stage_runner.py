"""Makes the stages of a pipeline file when they are first needed, and calls them.

A stage is known by name only. One that fails with a `BackendError` is replaced by the fallback that the pipeline file allows, which
is put on record; without one the error goes on to the caller. What a plug-in raises or returns against the protocol becomes one clear
line about the plug-in.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from img2music.brief import Brief
from img2music.errors import BackendError, Img2MusicError, UsageError
from img2music.io.style_files import with_playing_style
from img2music.performance import Performance
from img2music.pipeline.stage_facts import sound_weights
from img2music.plan import CompositionPlan
from img2music.provenance import collect_model_uses, collect_sound_uses, notices_to
from img2music.registry import builtin_names, find_entry
from img2music.registry.commercial_use import meant_for_commercial_use
from img2music.scene import Scene
from img2music.score import Score
from img2music.stages import PlanReader, Rendering, WordsReader, load_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from fractions import Fraction

    from img2music.pipeline.progress import Log
    from img2music.pipeline_config import PipelineConfig, StageConfig
    from img2music.stages import Kind
    from img2music.theory.key_map import KeyPoint
    from img2music.theory.tempo_map import TempoStep

__all__ = ["StageRunner"]

_DOING = {
    "perceiver": "seeing the picture",
    "planner": "planning",
    "realizer": "writing the notes",
    "performer": "playing",
    "renderer": "making it sound",
}
D = TypeVar("D", Scene, CompositionPlan, Score, Performance, Rendering)
T = TypeVar("T")


class StageRunner:
    """The stages of one pipeline. `given` are stages that are made already, by kind and place in the chain of fallbacks."""

    def __init__(self, config: PipelineConfig, given: Mapping[tuple[Kind, int], Any] | None = None) -> None:
        self.config = config
        self._stages: dict[tuple[Kind, int], Any] = dict(given or {})

    def with_stage(self, kind: Kind, stage: Callable[..., object], place: int) -> StageRunner:
        """The same stages, but for one."""
        return StageRunner(self.config, {**self._stages, (kind, place): stage})

    def made(self, kind: Kind, place: int) -> Any:
        """The stage if it is made already, else None."""
        return self._stages.get((kind, place))

    def render(
        self, performance: Performance, plan: CompositionPlan | None, scene: Scene | None, log: Log, *, stems: bool
    ) -> Rendering:
        """The sound of a performance; a renderer that reads plans is given the plan, where there is one. Errors as of `call`."""

        def told(stage: Any) -> Any:
            return stage.for_plan(plan, scene) if plan is not None and isinstance(stage, PlanReader) else stage

        return self.call("renderer", Rendering, log, performance, prepare=told, stems=stems)

    def call(
        self,
        kind: Kind,
        result: type[D],
        log: Log,
        *inputs: object,
        prepare: Callable[[Any], Any] | None = None,
        **options: object,
    ) -> D:
        """What the stage of a kind returns, or the first of its fallbacks that works; `prepare` is what a made stage is turned into first.

        Raises:
            BackendError: the last of them failed too.
        """
        asked: StageConfig = getattr(self.config.stages, kind)
        for place, config in enumerate(asked.chain()):
            with collect_model_uses() as uses, collect_sound_uses() as sounds, self._held(kind, log):
                try:
                    self._tell_licences(kind, config, log)
                    with log.step(kind, _DOING[kind]):
                        stage = self._stage(kind, place, config)
                        stage = stage if prepare is None else prepare(stage)
                        made: D = _with_playing_style(_checked_call(kind, config.use, result, stage, *inputs, **options))
                except BackendError as error:
                    if config.fallback is None:
                        raise
                    log.add_fallback(kind, config.use, config.fallback.use, str(error))
                else:
                    log.used[kind] = config.use
                    log.add_document(kind, made)
                    return made
                finally:
                    log.add_model_uses(uses)
                    log.sounds += sounds
        raise AssertionError("the last stage of a chain returns or raises")

    def is_listened(self, log: Log) -> bool:
        """Whether the sound of a piece is by a renderer that may depart from the score, so that it has to be listened to."""
        with suppress(UsageError):  # a stage that was given made may have any name
            return "renderer" in log.used and find_entry("renderer", log.used["renderer"]).listened
        return False

    def explain_words(self, brief: Brief, log: Log) -> Brief:
        """`brief` with glosses for words that the tables do not know, where the planner can explain them; else as it is."""
        config = self.config.stages.planner
        with collect_model_uses() as uses, suppress(BackendError):  # a planner that can't be made is told when it has to plan
            stage = self._stage("planner", 0, config)
            if isinstance(stage, WordsReader):
                with log.step("planner", "reading your words"):
                    brief = _checked_call("planner", config.use, Brief, stage.explain_words, brief)
        log.add_model_uses(uses)
        return brief

    @contextmanager
    def _held(self, kind: Kind, log: Log) -> Iterator[None]:
        """While the block runs, a stage is held to what the pipeline is meant for, and its notices go to the log."""
        with meant_for_commercial_use(self.config.commercial), notices_to(partial(log.add_notice, kind)):
            yield

    def _tell_licences(self, kind: Kind, config: StageConfig, log: Log) -> None:
        """Tells under which licence weights for sound are, before they are fetched or played."""
        if kind != "renderer":
            return
        with suppress(UsageError):  # a stage that was given made may have any name
            for name in sound_weights(find_entry(kind, config.use), config.options):
                from img2music.renderers.neural.weights import licence_facts, weights_label

                log.add_notice(kind, f"the sound is made by {weights_label(name)}: {licence_facts(name)}")

    def _stage(self, kind: Kind, place: int, config: StageConfig) -> Any:
        if (kind, place) not in self._stages:
            self._stages[kind, place] = load_stage(kind, config.use, config.options)
        return self._stages[kind, place]


def _checked_call(kind: Kind, name: str, result: type[T], stage: Callable[..., object], *inputs: object, **options: object) -> T:
    """A stage's result.

    Raises:
        BackendError: a plug-in that raised anything but ours, any stage that returned something else than `result`, or a realizer whose
            score has other bars, metres, tempi or keys than its plan.
    """
    try:
        made = stage(*inputs, **options)
    except Img2MusicError:
        raise
    except Exception as error:
        if name in builtin_names(kind):
            raise
        reason = " ".join(str(error).split())[:200]
        raise BackendError(f"{kind} {name!r} failed ({type(error).__name__}: {reason}); tell the plug-in's author") from error
    if not isinstance(made, result):
        raise BackendError(f"{kind} {name!r} returned {type(made).__name__}, not {result.__name__}; tell the plug-in's author")
    departure = _departure(made, inputs[0]) if isinstance(made, Score) and isinstance(inputs[0], CompositionPlan) else None
    if departure is not None:
        raise BackendError(f"{kind} {name!r} wrote {departure}; it has to take bars, metres, tempi and keys from the plan")
    return made


def _departure(score: Score, plan: CompositionPlan) -> str | None:
    """The first place where a score goes in another time or key than its plan; None where it keeps to it.

    The files would contradict each other: the page is written from the score, and its length is the plan's.
    """
    if score.bars != plan.bars:
        return f"{score.bars} bars where the plan has {plan.bars}"
    bars = plan.meter_map
    for bar in range(plan.bars):
        if score.meter_map.meter_at(bar) != bars.meter_at(bar):
            return f"{score.meter_map.meter_at(bar).name} in bar {bar + 1} where the plan says {bars.meter_at(bar).name}"
    for onset in _places(score.tempo_map.steps, plan.tempo_map.steps):
        ours, asked = score.tempo_map.bpm_at(onset), plan.tempo_map.bpm_at(onset)
        if ours != asked and onset < plan.duration_quarters:
            return f"{ours:g} quarter notes a minute in bar {bars.bar_at(onset) + 1} where the plan says {asked:g}"
    for onset in _places(score.key_map.points, plan.key_map.points):
        key, planned = score.key_map.key_at(onset), plan.key_map.key_at(onset)
        if key != planned and onset < plan.duration_quarters:
            return f"{key.name} in bar {bars.bar_at(onset) + 1} where the plan says {planned.name}"
    return None


def _places(*maps: Sequence[TempoStep] | Sequence[KeyPoint]) -> list[Fraction]:
    """Where any of the maps changes, in order."""
    return sorted({one.onset_quarters for points in maps for one in points})


def _with_playing_style(made: Any) -> Any:
    """A plan with how its style is played, which a planner of anybody's may leave to the style's name; whatever else it is as it is."""
    return with_playing_style(made) if isinstance(made, CompositionPlan) else made

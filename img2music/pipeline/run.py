"""Runs the stages: one at a time, or from a picture to a piece.

A stage is known by name only and made when it is first needed. One that fails with a `BackendError` is replaced by the
fallback that the pipeline file allows, which is put on record; without one the error goes on to the caller.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, get_args

from img2music.brief import Brief, Wishes
from img2music.errors import BackendError, BriefError, Img2MusicError, UsageError, unknown_name
from img2music.manifest import AudioFormat, AudioInfo, Manifest, Take, package_versions
from img2music.performance import Performance
from img2music.piece import Piece
from img2music.pipeline.presets import adapted, load_pipeline_config
from img2music.pipeline.progress import Log
from img2music.pipeline.reconcile_length import reconcile_length
from img2music.plan import CompositionPlan
from img2music.provenance import collect_model_uses
from img2music.rng import spawn_seeds
from img2music.scene import Scene
from img2music.score import Score
from img2music.stages import BUILTIN, Rendering, WordsReader, load_stage
from img2music.words import read_words, settle_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from img2music.audio import Audio
    from img2music.io.pictures import Picture, PictureSource
    from img2music.pipeline_config import PipelineConfig, StageConfig
    from img2music.provenance import Event
    from img2music.realizers.timeline import NoteEvent as Notes
    from img2music.stages import Kind

__all__ = ["MOST_TAKES", "Pipeline"]

MOST_TAKES = 100
_DOING = {
    "perceiver": "seeing the picture",
    "planner": "planning",
    "realizer": "writing the notes",
    "performer": "playing",
    "renderer": "making it sound",
}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Output:
    """What is wanted beyond the notes."""

    audio: AudioFormat | None
    stems: bool
    takes: int
    embed_audio: bool

    def __post_init__(self) -> None:
        formats = get_args(AudioFormat)
        if self.audio is not None and self.audio not in formats:
            raise unknown_name("audio format", str(self.audio), formats)
        if self.stems and self.audio is None:
            raise UsageError("stems are sound, and no sound is asked for; give a format with --audio, or leave --stems out")
        if not 1 <= self.takes <= MOST_TAKES:
            raise BriefError(f"takes {self.takes} can't be met: give a number of takes from 1 to {MOST_TAKES}")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One take as far as it is written."""

    place: int
    plan: CompositionPlan
    score: Score
    mark: float


class Pipeline:
    """Five stages, chosen by a pipeline file.

    Every method takes `on_event`, which is told of each step as it happens. A picture is whatever `PictureSource` names.
    Errors are those of `img2music.errors`: `PictureError` and `DocumentError` for what comes in, `BriefError` and
    `UsageError` for what is asked, `BackendError` for a stage that fails and has no fallback.
    """

    def __init__(self, config: PipelineConfig) -> None:
        self.config = config
        self._made: dict[tuple[Kind, int], Any] = {}  # by kind and place in the chain of fallbacks

    @classmethod
    def load(
        cls,
        name_or_path: str | Path = "offline",
        *,
        model: str | None = None,
        prompts: Iterable[str] = (),
        fallbacks: bool = True,
    ) -> Pipeline:
        """The preset of that name, or the pipeline in the YAML file at that path.

        Args:
            name_or_path: "offline", or a path that ends in .yaml.
            model: the line of a model, for every stage that asks one.
            prompts: names or files of prompt templates, each for the stage of its purpose.
            fallbacks: whether other stages may step in for one that fails.

        Raises:
            UsageError: no such preset, model or template, or no stage that takes it.
            DocumentError: a file that can't be read.
        """
        return cls(adapted(load_pipeline_config(name_or_path), model=model, prompts=prompts, fallbacks=fallbacks))

    def with_stage(self, kind: Kind, stage: Callable[..., object], place: int = 0) -> Pipeline:
        """The same pipeline with a stage that is made already in place of the one it names; the record says the name.

        `place` is that in the chain of fallbacks.
        """
        changed = type(self)(self.config)
        changed._made = {**self._made, (kind, place): stage}
        return changed

    def with_kept_parts(self, kept: Mapping[str, Sequence[Notes]]) -> Pipeline:
        """The same pipeline, whose notes have these lines in the parts of those names.

        The composer writes the other parts round them; a realizer that writes all parts by itself gives way in those.
        """
        from img2music.realizers.kept_notes import compose_around_kept

        changed = self
        for place, stage in enumerate(self.config.stages.realizer.chain()):
            made = self._made.get(("realizer", place))
            if made is None and stage.use == "composer":
                kept_by: Callable[..., object] = partial(compose_around_kept, kept)
            else:
                kept_by = partial(_laid_over, made, stage, kept)
            changed = changed.with_stage("realizer", kept_by, place)
        return changed

    def see(
        self,
        picture: PictureSource,
        *,
        max_pixels: int | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> Scene:
        """What is in the picture, and what it suggests. `max_pixels` bounds what is decoded."""
        return self._call("perceiver", Scene, Log(on_event), _opened(picture, max_pixels))

    def plan(
        self,
        scene: Scene,
        brief: Brief | None = None,
        *,
        on_event: Callable[[Event], None] | None = None,
        log: Log | None = None,
    ) -> CompositionPlan:
        """The composition before its notes; the brief wins over the scene. `log` collects what a manifest tells of it."""
        log = log or Log(on_event)
        return self._call("planner", CompositionPlan, log, scene, self.settle(brief or Brief(), log))

    def realize(self, plan: CompositionPlan, *, on_event: Callable[[Event], None] | None = None) -> Score:
        """The notes as written."""
        return self._call("realizer", Score, Log(on_event), plan)

    def perform(self, score: Score, plan: CompositionPlan, *, on_event: Callable[[Event], None] | None = None) -> Performance:
        """The notes as played."""
        return self._call("performer", Performance, Log(on_event), score, plan)

    def render(
        self, performance: Performance, *, stems: bool = False, on_event: Callable[[Event], None] | None = None
    ) -> Rendering:
        """The sound; with `stems`, each part's too."""
        return self._call("renderer", Rendering, Log(on_event), performance, stems=stems)

    def compose(
        self,
        picture: PictureSource,
        brief: Brief | None = None,
        *,
        audio: AudioFormat | None = "wav",
        stems: bool = False,
        takes: int = 1,
        embed_audio: bool = False,
        max_pixels: int | None = None,
        on_event: Callable[[Event], None] | None = None,
        **wishes: Unpack[Wishes],
    ) -> Piece:
        """A finished piece from a picture.

        Args:
            picture: a path, bytes, an open file, a Pillow image, a numpy array, or an opened picture: see `PictureSource`.
            brief: what is asked for; `wishes` (``seconds=30, key="D minor"``) are added to it and win.
            audio: format of the sound's file; None makes no sound.
            stems: whether each part's sound is kept too.
            takes: how many candidates are written, 1 to 100; the one with the best measurements is kept.
            embed_audio: whether the report carries the sound even where it is large (see `files`).
            max_pixels: bounds what is decoded; None is what `open_picture` allows.
            on_event: told of each step.
            wishes: fields of a `Brief`.
        """
        wished = _brief(brief, wishes)
        output = _Output(audio, stems, takes, embed_audio)
        opened = _opened(picture, max_pixels)
        log = Log(on_event)
        asked = self.settle(wished, log)
        scene = self._call("perceiver", Scene, log, opened)
        return self._finish(scene, asked, output, opened, log)

    def compose_from(
        self,
        start: Scene | CompositionPlan,
        brief: Brief | None = None,
        *,
        audio: AudioFormat | None = "wav",
        stems: bool = False,
        takes: int = 1,
        embed_audio: bool = False,
        picture: Picture | None = None,
        scene: Scene | None = None,
        on_event: Callable[[Event], None] | None = None,
        log: Log | None = None,
    ) -> Piece:
        """A finished piece from a scene or a plan, perhaps an edited one; `picture` only illustrates the report.

        A plan has settled everything: `brief` is not asked again, it is only what the result is checked against. `scene` is what the
        plan was made from, where that is known: it goes into the report and the record, and so does `log`, what was done before.
        """
        if isinstance(start, CompositionPlan):
            start = reconcile_length(start)
        if brief is None:
            brief = Brief() if isinstance(start, Scene) else Brief(seconds=start.seconds, seed=start.seed)
        return self._finish(start, brief, _Output(audio, stems, takes, embed_audio), picture, log or Log(on_event), scene)

    def settle(self, brief: Brief, log: Log) -> Brief:
        """The brief with what its words say exactly; a planner that can explain words is asked for those that the tables leave aside."""
        if brief.words and not brief.glosses and read_words(brief.words).aside:
            config = self.config.stages.planner
            with collect_model_uses() as uses, suppress(BackendError):  # a planner that can't be made is told when it has to plan
                stage = self._stage("planner", 0, config)
                if isinstance(stage, WordsReader):
                    with log.step("planner", "reading your words"):
                        brief = _guarded("planner", config.use, Brief, stage.explain_words, brief)
            log.asked(uses)
        return settle_words(brief)

    def _finish(
        self,
        start: Scene | CompositionPlan,
        brief: Brief,
        output: _Output,
        picture: Picture | None,
        log: Log,
        scene: Scene | None = None,
    ) -> Piece:
        from img2music.io.midi.export_midi import write_midi
        from img2music.io.musicxml.export_musicxml import write_musicxml
        from img2music.io.pictures import preview_jpeg
        from img2music.metrics.compliance.compliance_check import check_compliance
        from img2music.report.stale_reasons import is_stale_conflict

        best, takes = self._best_take(start, brief, output.takes, log)
        performance = self._call("performer", Performance, log, best.score, best.plan)
        mix: Audio | None = None
        stems: Mapping[str, Audio] = {}
        sound: AudioInfo | None = None
        if output.audio is not None:
            rendering = self._call("renderer", Rendering, log, performance, stems=output.stems)
            mix, stems = rendering.mix, rendering.stems
            sound = AudioInfo(format=output.audio, stems=output.stems, embed=output.embed_audio, sample_rate=mix.sample_rate)
        with log.step("files", "checking what was asked"):
            midi, musicxml = write_midi(performance), write_musicxml(best.score)
            compliance = check_compliance(best.plan, brief, midi=midi, musicxml=musicxml, audio=mix)
            # Not a part of the plan, so that it goes when the plan is mended.
            doubt = best.plan.contradiction()
            told = [conflict for conflict in best.plan.conflicts if not is_stale_conflict(conflict, best.plan)]
        scene = start if isinstance(start, Scene) else scene
        asked = any(use.stage == "planner" for use in log.models)
        manifest = Manifest(
            versions=package_versions(),
            picture=None if scene is None else scene.picture,
            brief=brief,
            pipeline=self.config,
            stages=log.used,
            seed=takes[best.place].seed,
            takes=takes,
            fallbacks=tuple(log.fallbacks),
            conflicts=(*told, *([] if doubt is None else [doubt.text])),
            compliance=compliance,
            audio=sound,
            scene=scene,
            plan=best.plan if asked or isinstance(start, CompositionPlan) else None,
            models=tuple(log.models),
        )
        return Piece(
            brief=brief,
            scene=scene,
            plan=best.plan,
            score=best.score,
            performance=performance,
            audio=mix,
            manifest=manifest,
            stems=stems,
            preview_jpeg=None if picture is None else preview_jpeg(picture),
            timing=dict(log.seconds),
        )

    def _best_take(
        self, start: Scene | CompositionPlan, brief: Brief, count: int, log: Log
    ) -> tuple[_Candidate, tuple[Take, ...]]:
        """Writes `count` candidates and keeps the first of those with the highest mark."""
        from img2music.metrics.symbolic.symbolic_metrics import measure_score, overall_quality

        first = brief.seed if isinstance(start, Scene) else start.seed
        best: _Candidate | None = None
        judged: list[Take] = []
        for seed in spawn_seeds(first, count):
            if isinstance(start, Scene):
                plan = self._call("planner", CompositionPlan, log, start, brief.model_copy(update={"seed": seed}))
            else:
                plan = start.model_copy(update={"seed": seed})
            score = self._call("realizer", Score, log, plan)
            measurements = measure_score(score, plan)
            mark = overall_quality(measurements)
            judged.append(Take(seed=seed, kept=False, mark=mark, measurements=measurements))
            if best is None or mark > best.mark:
                best = _Candidate(len(judged) - 1, plan, score, mark)
        assert best is not None  # noqa: S101  there is at least one take
        return best, tuple(take.model_copy(update={"kept": place == best.place}) for place, take in enumerate(judged))

    def _call(self, kind: Kind, result: type[T], log: Log, *inputs: object, **options: object) -> T:
        """Runs the stage of a kind, or the first of its fallbacks that works."""
        asked: StageConfig = getattr(self.config.stages, kind)
        for place, config in enumerate(asked.chain()):
            with collect_model_uses() as uses:
                try:
                    made = self._run(kind, place, config, result, log, *inputs, **options)
                except BackendError as error:
                    if config.fallback is None:
                        raise
                    log.fell_back(kind, config.use, config.fallback.use, str(error))
                else:
                    log.used[kind] = config.use
                    return made
                finally:
                    log.asked(uses)
        raise AssertionError("the last stage of a chain returns or raises")

    def _run(
        self, kind: Kind, place: int, config: StageConfig, result: type[T], log: Log, *inputs: object, **options: object
    ) -> T:
        """One stage of a chain, made when it is first needed."""
        with log.step(kind, _DOING[kind]):
            return _guarded(kind, config.use, result, self._stage(kind, place, config), *inputs, **options)

    def _stage(self, kind: Kind, place: int, config: StageConfig) -> Any:
        if (kind, place) not in self._made:
            self._made[kind, place] = load_stage(kind, config.use, config.options)
        return self._made[kind, place]


def _guarded(kind: Kind, name: str, result: type[T], stage: Callable[..., object], *inputs: object, **options: object) -> T:
    """A stage's result. What a plug-in raises or returns against the protocol becomes one clear line about the plug-in."""
    try:
        made = stage(*inputs, **options)
    except Img2MusicError:
        raise
    except Exception as error:
        if name in BUILTIN[kind]:
            raise
        reason = " ".join(str(error).split())[:200]
        raise BackendError(f"{kind} {name!r} failed ({type(error).__name__}: {reason}); tell the plug-in's author") from error
    if not isinstance(made, result):
        raise BackendError(f"{kind} {name!r} returned {type(made).__name__}, not {result.__name__}; tell the plug-in's author")
    return made


def _laid_over(
    made: Callable[..., object] | None, config: StageConfig, kept: Mapping[str, Sequence[Notes]], plan: CompositionPlan
) -> object:
    """What a realizer writes, with kept lines in place of its own."""
    from img2music.realizers.kept_notes import replace_kept_parts

    stage = made or load_stage("realizer", config.use, config.options)
    score = stage(plan)
    return replace_kept_parts(score, plan, kept) if isinstance(score, Score) else score


def _opened(picture: PictureSource, max_pixels: int | None) -> Picture:
    from img2music.io.pictures import open_picture

    return open_picture(picture, max_pixels=max_pixels)


def _brief(brief: Brief | None, wishes: Wishes) -> Brief:
    if brief is None:
        return Brief.of(**wishes)
    merged: Any = {**brief.model_dump(exclude_unset=True), **wishes}
    return Brief.of(**merged) if wishes else brief

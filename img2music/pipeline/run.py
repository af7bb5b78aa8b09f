"""The pipeline: one stage at a time, or from a picture to a piece."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Unpack

from img2music.brief import Brief, Wishes, with_wishes
from img2music.io.picture_sequence import PictureSequence
from img2music.io.style_files import with_playing_style
from img2music.performance import Performance
from img2music.pipeline.make_piece import make_piece, reconcile_length
from img2music.pipeline.output_options import Output, split_options
from img2music.pipeline.presets import adapted, load_pipeline_config
from img2music.pipeline.progress import Log
from img2music.pipeline.stage_facts import check_commercial_use
from img2music.pipeline.stage_runner import StageRunner
from img2music.pipeline.step_stream import run_work, stream_steps
from img2music.plan import CompositionPlan
from img2music.scene import Scene
from img2music.score import Score
from img2music.stages import load_stage
from img2music.words import read_words, settle_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from img2music.io.pictures import Picture, PictureSource
    from img2music.io.saved_picture import SavedPicture
    from img2music.piece import Piece
    from img2music.pipeline.output_options import OutputOptions, PieceOptions
    from img2music.pipeline.progress import Step
    from img2music.pipeline.step_stream import Work
    from img2music.pipeline_config import PipelineConfig, StageConfig
    from img2music.provenance import Event
    from img2music.realizers.timeline import NoteEvent
    from img2music.stages import Kind, Rendering
    from img2music.storyboard import Storyboard

__all__ = ["Pipeline"]


class Pipeline:
    """Five stages, chosen by a pipeline file.

    Every method takes `on_event`, which is told of each step as it happens. A picture is whatever `PictureSource` names.
    Errors are those of `img2music.errors`: `PictureError` and `DocumentError` for what comes in, `BriefError` and
    `UsageError` for what is asked, `BackendError` for a stage that fails and has no fallback.
    """

    def __init__(self, config: PipelineConfig) -> None:
        check_commercial_use(config)
        self.config = config
        self._stages = StageRunner(config)

    @classmethod
    def load(
        cls,
        name_or_path: str | Path = "offline",
        *,
        model: str | None = None,
        prompts: Iterable[str] = (),
        fallbacks: bool = True,
        commercial: bool = False,
    ) -> Pipeline:
        """The preset of that name, or the pipeline in the YAML file at that path.

        Args:
            name_or_path: "offline", or a path that ends in .yaml.
            model: the line of a model, for every stage that asks one.
            prompts: names or files of prompt templates, each for the stage of its purpose.
            fallbacks: whether other stages may step in for one that fails.
            commercial: whether the result is meant to be sold; what forbids that is refused (`stage_facts.check_commercial_use`).

        Raises:
            UsageError: no such preset, model or template, or no stage that takes it; a stage that forbids commercial use.
            DocumentError: a file that can't be read.
        """
        config = load_pipeline_config(name_or_path)
        return cls(adapted(config, model=model, prompts=prompts, fallbacks=fallbacks, commercial=commercial))

    def with_stage(self, kind: Kind, stage: Callable[..., object], place: int = 0) -> Pipeline:
        """The same pipeline with a stage that is made already in place of the one it names; the record says the name.

        `place` is that in the chain of fallbacks.
        """
        changed = type(self)(self.config)
        changed._stages = self._stages.with_stage(kind, stage, place)
        return changed

    def with_kept_parts(self, kept: Mapping[str, Sequence[NoteEvent]]) -> Pipeline:
        """The same pipeline, whose notes have these lines in the parts of those ids.

        The composer writes the other parts round them; a realizer that writes all parts by itself gives way in those.
        """
        from img2music.realizers.kept_notes import compose_around_kept

        changed = self
        for place, stage in enumerate(self.config.stages.realizer.chain()):
            made = self._stages.made("realizer", place)
            if made is None and stage.use == "composer":
                kept_by: Callable[..., object] = partial(compose_around_kept, kept)
            else:
                kept_by = partial(_realize_over_kept, made, stage, kept)
            changed = changed.with_stage("realizer", kept_by, place)
        return changed

    def see(
        self,
        picture: PictureSource,
        *,
        max_pixels: int | None = None,
        on_event: Callable[[Event], None] | None = None,
        log: Log | None = None,
    ) -> Scene:
        """What is in the picture, and what it suggests. `max_pixels` bounds what is decoded; `log` collects what a manifest tells of it."""
        return self._stages.call("perceiver", Scene, log or Log(on_event), _opened(picture, max_pixels))

    def storyboard(
        self,
        seen: PictureSource | PictureSequence | Scene,
        *,
        max_pixels: int | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> Storyboard:
        """What is seen over time. A still picture, or the scene of one, is one shot without a length; of a sequence, each shot is seen."""
        from img2music.perceivers.shot_perceiver import ShotPerceiver
        from img2music.storyboard import Storyboard

        if isinstance(seen, Scene):
            return Storyboard.of_still(seen)
        media = seen if isinstance(seen, PictureSequence) else _opened(seen, max_pixels)
        return ShotPerceiver(partial(self.see, on_event=on_event))(media)

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
        return self._stages.call("planner", CompositionPlan, log, scene, self.settle(brief or Brief(), log))

    def realize(self, plan: CompositionPlan, *, on_event: Callable[[Event], None] | None = None) -> Score:
        """The notes as written."""
        return self._stages.call("realizer", Score, Log(on_event), plan)

    def perform(self, score: Score, plan: CompositionPlan, *, on_event: Callable[[Event], None] | None = None) -> Performance:
        """The notes as played."""
        return self._stages.call("performer", Performance, Log(on_event), score, plan)

    def render(
        self,
        performance: Performance,
        *,
        stems: bool = False,
        plan: CompositionPlan | None = None,
        scene: Scene | None = None,
        on_event: Callable[[Event], None] | None = None,
        log: Log | None = None,
    ) -> Rendering:
        """The sound; with `stems`, each part's too. `plan` and `scene` tell a renderer that reads them what the music is about."""
        return self._stages.render(performance, plan, scene, log or Log(on_event), stems=stems)

    def compose(
        self,
        picture: PictureSource,
        brief: Brief | None = None,
        *,
        max_pixels: int | None = None,
        **options: Unpack[PieceOptions],
    ) -> Piece:
        """A finished piece from a picture.

        Args:
            picture: a path, bytes, an open file, a Pillow image, a numpy array, or an opened picture: see `PictureSource`.
            brief: what is asked for; wishes among the options (``seconds=30, key="D minor"``) are added to it and win.
            max_pixels: bounds what is decoded; None is what `open_picture` allows.
            options: those of `OutputOptions` (audio, stems, takes, embed_audio, pdf, parts, video, video_shape, on_event, cancel) and
                fields of a `Brief`.

        Raises:
            Cancelled: `cancel` was cancelled.
        """
        beside, wishes = split_options(options)
        return run_work(self._from_picture(picture, _with_wishes(brief, wishes), max_pixels, beside), beside)

    def steps(
        self,
        picture: PictureSource,
        brief: Brief | None = None,
        *,
        max_pixels: int | None = None,
        **options: Unpack[PieceOptions],
    ) -> Iterator[Step]:
        """The same, step by step as they happen: events (`Event`) and documents (`DocumentMade`), the finished `Piece` last.

        The arguments are those of `compose`, and checked at once; the work begins with the first step that is asked for, and goes on
        in a thread of its own (see `step_stream`). Closing the iterator stops it.
        """
        beside, wishes = split_options(options)
        return stream_steps(self._from_picture(picture, _with_wishes(brief, wishes), max_pixels, beside), beside)

    def compose_from(
        self,
        start: Scene | CompositionPlan,
        brief: Brief | None = None,
        *,
        picture: Picture | SavedPicture | None = None,
        scene: Scene | None = None,
        log: Log | None = None,
        **options: Unpack[OutputOptions],
    ) -> Piece:
        """A finished piece from a scene or a plan, perhaps an edited one.

        Args:
            start: what was seen, or what is planned.
            brief: what is asked for. A plan has settled everything: then it is only what the result is checked against.
            picture: only illustrates the report.
            scene: what the plan was made from, where that is known: it goes into the report and the record.
            log: what was done before, which goes into the record too; then it says who is told.
            options: those of `OutputOptions` (audio, stems, takes, embed_audio, pdf, parts, video, video_shape, on_event, cancel).

        Raises:
            Cancelled: `cancel` was cancelled.
        """
        return run_work(self._from_document(start, brief, picture, scene, options), options, log)

    def steps_from(
        self,
        start: Scene | CompositionPlan,
        brief: Brief | None = None,
        *,
        picture: Picture | SavedPicture | None = None,
        scene: Scene | None = None,
        **options: Unpack[OutputOptions],
    ) -> Iterator[Step]:
        """The same, step by step; see `steps`. The arguments are those of `compose_from`."""
        return stream_steps(self._from_document(start, brief, picture, scene, options), options)

    def _from_picture(self, picture: PictureSource, brief: Brief, max_pixels: int | None, options: OutputOptions) -> Work:
        output = Output.of(**options)

        def work(log: Log) -> Piece:
            opened = _opened(picture, max_pixels, keep_still=output.video == "picture")
            asked = self.settle(brief, log)
            scene = self._stages.call("perceiver", Scene, log, opened)
            return make_piece(scene, asked, output, self._stages, log, picture=opened)

        return work

    def _from_document(
        self,
        start: Scene | CompositionPlan,
        brief: Brief | None,
        picture: Picture | SavedPicture | None,
        scene: Scene | None,
        options: OutputOptions,
    ) -> Work:
        output = Output.of(**options)
        begin = with_playing_style(reconcile_length(start)) if isinstance(start, CompositionPlan) else start
        asked = brief
        if asked is None:
            asked = Brief() if isinstance(begin, Scene) else Brief(seconds=begin.seconds, seed=begin.seed)
        return lambda log: make_piece(begin, asked, output, self._stages, log, picture=picture, scene=scene)

    def settle(self, brief: Brief, log: Log) -> Brief:
        """The brief with what its words say exactly; a planner that can explain words is asked for those that the tables leave aside."""
        if brief.words and not brief.glosses and read_words(brief.words).aside:
            brief = self._stages.explain_words(brief, log)
        return settle_words(brief)


def _realize_over_kept(
    made: Callable[..., object] | None, config: StageConfig, kept: Mapping[str, Sequence[NoteEvent]], plan: CompositionPlan
) -> object:
    """What a realizer writes, with kept lines in place of its own."""
    from img2music.realizers.kept_notes import replace_kept_parts

    stage = made or load_stage("realizer", config.use, config.options)
    score = stage(plan)
    return replace_kept_parts(score, plan, kept) if isinstance(score, Score) else score


def _opened(picture: PictureSource, max_pixels: int | None, *, keep_still: bool = False) -> Picture:
    from img2music.io.pictures import open_picture

    return open_picture(picture, max_pixels=max_pixels, keep_still=keep_still)


def _with_wishes(brief: Brief | None, wishes: Wishes) -> Brief:
    if brief is None:
        return Brief.of(**wishes)
    if not wishes:
        return brief
    return Brief.of(**with_wishes(brief.model_dump(exclude_unset=True), wishes))

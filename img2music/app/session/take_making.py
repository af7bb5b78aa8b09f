"""How takes are made: composed, edited, made anew round what is kept, restored from a record.

An edit runs only what follows from it. What was seen differently is suggested and planned again (`SetAffect`, `SetSubject`, `SetWishes`); what is
planned differently keeps the notes that it does not mean (`plan_remake`). Each take says in its words what was changed and what stayed, counted
from the notes. Knows nothing of threads, files and undo.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from img2music.app.session.editing.change_words import choice_words, note_words, plan_words
from img2music.app.session.editing.plan_edits import edit_plan
from img2music.app.session.editing.plan_remake import remake
from img2music.app.session.editing.plan_text import read_plan_text
from img2music.app.session.edits import PlanText, SetAffect, SetKey, SetSubject, SetTempo, SetWishes, Transpose
from img2music.app.session.scene_choices import with_feeling, with_subject
from img2music.app.session.takes import MadeTake
from img2music.brief import Brief
from img2music.errors import BriefError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from img2music.app.session.choices import Choices
    from img2music.app.session.editing.plan_edits import EditedPlan
    from img2music.app.session.edits import Edit
    from img2music.app.session.limits import Limits
    from img2music.io.pictures import Picture
    from img2music.piece import Piece
    from img2music.pipeline import Pipeline
    from img2music.pipeline.progress import Log
    from img2music.plan import CompositionPlan
    from img2music.rng import Craft
    from img2music.scene import Scene

    Making: TypeAlias = Callable[[Log], MadeTake]
    """What a job does: a take whose piece still has its samples; its number is given when it is put in place."""

__all__ = ["UNNUMBERED", "edited_take", "new_take", "rerolled_take"]

UNNUMBERED = 0
_LARGEST_SEED = 2**63


def new_take(picture: Picture, choices: Choices, pipeline: Pipeline, see: Callable[[Log], Scene], limits: Limits) -> Making:
    """A take of a picture; `see` sees it, or knows what was seen."""

    def make(log: Log) -> MadeTake:
        scene = see(log)
        brief = _settled(choices, scene, pipeline, log, limits)
        piece = pipeline.compose_from(choices.with_scene(scene), brief, picture=picture, log=log, audio="wav")
        return MadeTake(UNNUMBERED, piece, "composed from the picture", choices)

    return make


def edited_take(
    take: MadeTake, edit: Edit, pipelines: Callable[[Choices], Pipeline], picture: Picture | None, limits: Limits
) -> Making:
    """A take with an edit; what is wrong with the edit is raised here, before any work.

    Raises:
        UsageError: something that is not there, or a take without a scene. BriefError: what can't be met. DocumentError: chords that are
            none. PlanTextError: a text that is no plan.
    """
    if isinstance(edit, SetAffect | SetSubject | SetWishes):
        return _planned_anew(take, edit, pipelines, picture, limits)
    pipeline = pipelines(take.choices)
    if isinstance(edit, PlanText):
        return _from_text(take, read_plan_text(edit.text, limits), pipeline, picture)
    edited = edit_plan(take.piece.plan, edit)
    if max(edited.plan.seconds, edited.plan.bars_seconds) > limits.seconds:
        raise BriefError(f"the piece would last {edited.plan.seconds:.0f} s, and {limits.seconds:g} s is the limit")
    choices = take.choices
    if isinstance(edit, SetTempo):
        choices = replace(choices, tempo=float(edit.bpm))
    elif isinstance(edit, SetKey | Transpose):
        choices = replace(choices, key=edited.plan.key, mode="")

    def make(log: Log) -> MadeTake:
        piece = remake(take.piece, edited, pipeline, picture, log)
        return MadeTake(UNNUMBERED, piece, _remade_words(take.piece, piece, edited), choices, take.number)

    return make


def rerolled_take(
    take: MadeTake,
    keep: frozenset[Craft],
    choices: Choices,
    seed: int,
    pipeline: Pipeline,
    picture: Picture | None,
    limits: Limits,
) -> Making:
    """The take made anew from another seed, but for the crafts that are kept; new choices win over those of the take.

    Raises:
        UsageError: no such craft, or wishes for a take that was made from a plan alone.
    """
    from img2music.pipeline import recompose
    from img2music.pipeline.recomposition.recompose import with_dependencies
    from img2music.report.page.takes_table import kept_lines

    kept = with_dependencies(sorted(keep))
    piece = take.piece
    changed = choices.differences(take.choices)
    changed.pop("seed", None)
    wishes: dict[str, Any] = {}
    source = piece
    if piece.scene is not None:
        brief, before = choices.brief(piece.scene), take.choices.brief(piece.scene)
        limits.check_brief(brief)
        wishes = {name: value for name, value in _fields(brief).items() if value != _fields(before).get(name)}
        taken_back = {name for name, value in _fields(before).items() if value != _fields(brief).get(name)} - set(wishes)
        known = {name: value for name, value in _fields(piece.brief).items() if name not in taken_back}
        record = piece.manifest.model_copy(
            update={"plan": None, "kept": None, "brief": Brief.of(**known), "scene": choices.with_scene(piece.scene)}
        )
        source = replace(piece, manifest=record)
    elif changed:
        raise UsageError("this take was made from a plan alone, so its wishes are settled; edit the plan instead")

    def make(log: Log) -> MadeTake:
        made = recompose(
            source,
            keep=sorted(keep),
            pipeline=pipeline,
            picture=picture,
            on_event=log.on_event,
            audio="wav",
            seed=seed % _LARGEST_SEED,
            **wishes,
        )
        for stage, document in (
            ("planner", made.plan),
            ("realizer", made.score),
            ("performer", made.performance),
            ("files", made),
        ):
            log.add_document(stage, document)
        counted = made.manifest.kept
        told = (
            kept_lines(counted, made.plan.seed)
            if counted is not None and kept
            else [f"all made anew, from seed {made.plan.seed}"]
        )
        words = "; ".join([*choice_words(changed), *told])
        return MadeTake(UNNUMBERED, made, words, choices, take.number)

    return make


def _planned_anew(
    take: MadeTake,
    edit: SetAffect | SetSubject | SetWishes,
    pipelines: Callable[[Choices], Pipeline],
    picture: Picture | None,
    limits: Limits,
) -> Making:
    """A take from the scene of another, edited, or with other choices; its seed stays."""
    scene, choices = take.piece.scene, take.choices
    if scene is None:
        raise UsageError("this take was made from a plan alone, so nothing is known of a picture; edit the plan instead")
    match edit:
        case SetAffect():
            seen = with_feeling(scene, edit.valence, edit.arousal)
            said = [f"feeling set to valence {edit.valence:+.2f}, arousal {edit.arousal:+.2f}"]
        case SetSubject():
            seen = with_subject(scene, edit.text)
            said = [f"subject is {' '.join(edit.text.split())}"]
        case SetWishes():
            edit.choices.check(limits)
            seen, choices = scene, edit.choices
            said = choice_words(choices.differences(take.choices)) or ["planned again"]
    pipeline = pipelines(choices)

    def make(log: Log) -> MadeTake:
        brief = _settled(choices, seen, pipeline, log, limits)
        if choices.seed is None:
            brief = brief.model_copy(update={"seed": take.piece.plan.seed})
        piece = pipeline.compose_from(choices.with_scene(seen), brief, picture=picture, log=log, audio="wav")
        followed = plan_words(take.piece, piece) or ["key, tempo and players as before"]
        words = "; ".join([*said, ", ".join(followed), note_words(take.piece, piece)])
        return MadeTake(UNNUMBERED, piece, words, choices, take.number)

    return make


def _from_text(take: MadeTake, plan: CompositionPlan, pipeline: Pipeline, picture: Picture | None) -> Making:
    """A take of a plan that a person wrote; lines that were kept before go on where bars, chords and players are the same."""

    def make(log: Log) -> MadeTake:
        from img2music.pipeline.from_manifest import with_kept_lines, with_kept_record

        record, stages = take.piece.manifest, pipeline
        goes_on = record.kept is not None and _same_ground(take.piece.plan, plan)
        if goes_on:
            stages = with_kept_lines(pipeline, record.model_copy(update={"plan": plan}))
        brief = Brief(seconds=plan.seconds, seed=plan.seed)
        piece = stages.compose_from(plan, brief, picture=picture, scene=take.piece.scene, log=log, audio="wav")
        if goes_on and record.kept is not None:
            piece = with_kept_record(piece, record.kept)
        words = "; ".join(["plan edited", *plan_words(take.piece, piece), note_words(take.piece, piece)])
        return MadeTake(UNNUMBERED, piece, words, take.choices, take.number)

    return make


def _same_ground(old: CompositionPlan, new: CompositionPlan) -> bool:
    """Whether notes of the one plan are notes of the other: bars, chords, metres, keys and players are the same."""

    def ground(plan: CompositionPlan) -> tuple[object, ...]:
        rows = tuple((section.harmony, section.key, section.meter, section.silent, section.tune_by) for section in plan.sections)
        return (
            plan.key,
            plan.meter,
            plan.seed,
            plan.seeds,
            rows,
            tuple((part.id, part.instrument, part.role) for part in plan.parts),
        )

    return ground(old) == ground(new)


def _settled(choices: Choices, scene: Scene, pipeline: Pipeline, log: Log, limits: Limits) -> Brief:
    """The brief of choices, with what their words say exactly."""
    brief = pipeline.settle(choices.brief(scene), log)
    limits.check_brief(brief)
    return brief


def _fields(brief: Brief) -> dict[str, Any]:
    """What a brief asks for, without its chance."""
    return brief.model_dump(exclude_unset=True, exclude={"seed", "seeds"})


def _remade_words(old: Piece, new: Piece, edited: EditedPlan) -> str:
    said = [edited.words]
    if edited.plan.seconds != old.plan.seconds:
        said.append(f"{edited.plan.seconds:.3g} s instead of {old.plan.seconds:.3g}")
    return "; ".join([*said, note_words(old, new)])

"""From a scene or a plan to a piece: takes, the best of them played and made to sound, checked, and put on record.

Conventions: seconds of the finished sound; tempo in quarter notes a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.brief import SECONDS_RANGE
from img2music.errors import BriefError
from img2music.manifest import AudioInfo, Manifest, Take, package_versions
from img2music.performance import Performance
from img2music.piece import Piece
from img2music.pipeline.more_files import video_notes
from img2music.pipeline.records.recorded_pipeline import pipeline_choice
from img2music.pipeline.stage_facts import commercial_notes
from img2music.plan import CompositionPlan
from img2music.rng import spawn_seeds
from img2music.scene import Scene
from img2music.score import Score

if TYPE_CHECKING:
    from img2music.brief import Brief
    from img2music.io.pictures import Picture
    from img2music.io.saved_picture import SavedPicture
    from img2music.pipeline.output_options import Output
    from img2music.pipeline.progress import Log
    from img2music.pipeline.stage_runner import StageRunner
    from img2music.stages import Rendering

__all__ = ["make_piece", "reconcile_length"]

_SHORTEST_RING_SECONDS, _LONGEST_RING_SECONDS = 0.1, 4.0
"""How much longer than its bars a plan may last."""
_ROUNDING_SECONDS = 1e-6


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One take as far as it is written."""

    place: int
    plan: CompositionPlan
    score: Score
    mark: float


def make_piece(
    start: Scene | CompositionPlan,
    brief: Brief,
    output: Output,
    stages: StageRunner,
    log: Log,
    *,
    picture: Picture | SavedPicture | None = None,
    scene: Scene | None = None,
) -> Piece:
    """A finished piece.

    Args:
        start: what was seen, or a plan whose length fits its bars (`reconcile_length`).
        brief: what was asked, its words settled; a piece that begins from a plan is only checked against it.
        output: what is wanted beyond the notes.
        stages: who does each job.
        log: what was done before; everything that is done here is added.
        picture: for the report; a small copy that was saved with a piece goes on as it is.
        scene: what a plan was made from, where that is known.

    Raises:
        BackendError: a stage failed and has no fallback.
    """
    from img2music.io.midi.export_midi import write_midi
    from img2music.io.musicxml.export_musicxml import write_musicxml
    from img2music.io.pictures import Picture, preview_jpeg, still_jpeg
    from img2music.metrics.compliance.compliance_check import check_compliance
    from img2music.metrics.compliance.sound_rows import hear_promises
    from img2music.report.planner_phrases import is_stale_conflict

    best, takes = _best_take(start, brief, output.takes, stages, log)
    performance = stages.call("performer", Performance, log, best.score, best.plan)
    rendering: Rendering | None = None
    sound: AudioInfo | None = None
    if output.audio is not None:
        seen = start if isinstance(start, Scene) else scene
        rendering = stages.render(performance, best.plan, seen, log, stems=output.stems)
        rate = rendering.mix.sample_rate
        sound = AudioInfo(format=output.audio, stems=output.stems, embed=output.embed_audio, sample_rate=rate)
    mix = None if rendering is None else rendering.mix
    with log.step("files", "checking what was asked"):
        midi, musicxml = write_midi(performance), write_musicxml(best.score)
        compliance = check_compliance(best.plan, brief, midi=midi, musicxml=musicxml, audio=mix)
        heard = None if mix is None or not stages.is_listened(log) else hear_promises(performance, brief, mix)
        # Not a part of the plan, so that it goes when the plan is mended.
        doubt = best.plan.contradiction()
        conflicts = [conflict for conflict in best.plan.conflicts if not is_stale_conflict(conflict, best.plan)]
    scene = start if isinstance(start, Scene) else scene
    more = output.more_files()
    still = still_jpeg(picture) if isinstance(picture, Picture) and output.video == "picture" else None
    asked = any(use.stage == "planner" for use in log.models)
    manifest = Manifest(
        versions=package_versions(more, log.sounds if stages.is_listened(log) else ()),
        picture=None if scene is None else scene.picture,
        brief=brief,
        pipeline=stages.config,
        stages=log.used,
        seed=takes[best.place].seed,
        takes=takes,
        fallbacks=tuple(log.fallbacks),
        conflicts=(
            *conflicts,
            *([] if doubt is None else [doubt.text]),
            *video_notes(more, has_picture=picture is not None),
            *(() if heard is None else heard.notes),
            *(commercial_notes(stages.config) if stages.config.commercial else ()),
        ),
        compliance=compliance if heard is None else (*compliance, *heard.rows),
        audio=sound,
        more_files=more,
        scene=scene,
        plan=best.plan if asked or isinstance(start, CompositionPlan) else None,
        models=tuple(log.models),
        sounds=tuple(log.sounds),
    )
    piece = Piece(
        brief=brief,
        scene=scene,
        plan=best.plan,
        score=best.score,
        performance=performance,
        audio=mix,
        manifest=manifest.model_copy(update={"chosen": pipeline_choice(manifest)}),
        stems={} if rendering is None else rendering.stems,
        preview_jpeg=preview_jpeg(picture) if isinstance(picture, Picture) else picture.jpeg if picture is not None else None,
        still_jpeg=still,
        timing=dict(log.seconds),
    )
    log.add_document("files", piece)
    return piece


def _best_take(
    start: Scene | CompositionPlan, brief: Brief, count: int, stages: StageRunner, log: Log
) -> tuple[_Candidate, tuple[Take, ...]]:
    """Writes `count` candidates and keeps the first of those with the highest mark."""
    from img2music.metrics.symbolic.symbolic_metrics import measure_score, overall_quality

    first = brief.seed if isinstance(start, Scene) else start.seed
    best: _Candidate | None = None
    judged: list[Take] = []
    for seed in spawn_seeds(first, count):
        if isinstance(start, Scene):
            plan = stages.call("planner", CompositionPlan, log, start, brief.model_copy(update={"seed": seed}))
        else:
            plan = start.model_copy(update={"seed": seed})
        score = stages.call("realizer", Score, log, plan)
        measurements = measure_score(score, plan)
        mark = overall_quality(measurements)
        judged.append(Take(seed=seed, kept=False, mark=mark, measurements=measurements))
        log.add_document("realizer", judged[-1])
        if best is None or mark > best.mark:
            best = _Candidate(len(judged) - 1, plan, score, mark)
    assert best is not None  # noqa: S101  there is at least one take
    return best, tuple(take.model_copy(update={"kept": place == best.place}) for place, take in enumerate(judged))


def reconcile_length(plan: CompositionPlan) -> CompositionPlan:
    """`plan`, its length set to what its bars need at its tempi where an edit has parted the two, which is noted as a conflict.

    A little less than the bars is as wrong as a long rest behind them: the last chord gets two seconds to ring. A single bar may
    be cut by its length, since the shortest pieces are shorter than a bar. A loop lasts exactly as long as its bars.
    """
    needed = plan.bars_seconds
    last_bar = plan.tempo_map.seconds_between(plan.meter_map.bar_onset(plan.bars - 1), plan.duration_quarters)
    if plan.loop:
        seconds = needed if abs(plan.seconds - needed) > _ROUNDING_SECONDS else plan.seconds
    elif plan.bars == 1 or needed + _SHORTEST_RING_SECONDS <= plan.seconds <= needed + last_bar + _LONGEST_RING_SECONDS:
        return plan
    else:
        seconds = round(needed + 2.0, 2)
    if seconds == plan.seconds:
        return plan
    longest = SECONDS_RANGE[1]
    at = f"at {plan.tempo_bpm:g}" if plan.tempo_map.is_constant else "at their tempi"
    of = f" of {plan.meter}" if plan.meter_map.is_constant else ""
    if seconds > longest:
        raise BriefError(
            f"{plan.bars} bars {at} last {needed:.0f} s; take bars out or raise the tempo: {longest:g} s is the limit"
        )
    note = f"{plan.bars} bars{of} {at} last {needed:.1f} s, so the length became {seconds:.6g} s instead of {plan.seconds:g}"
    return plan.model_copy(update={"seconds": seconds, "conflicts": (*plan.conflicts, note)})

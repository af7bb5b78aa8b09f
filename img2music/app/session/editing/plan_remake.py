"""A piece made again from an edited plan, with the notes of the earlier one as far as they go on.

The notes of a take are laid into the edited plan as kept lines (`recomposition`), so that an edit moves nothing that it does not mean: another tempo
leaves every note, another key moves all of them alike, other chords in one bar are written anew in that bar alone. What was kept is counted
from the notes and put on record, so the piece is made again without the earlier one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from img2music.brief import Brief, with_wishes
from img2music.errors import BriefError
from img2music.manifest import KeptMusic, KeptPart
from img2music.pipeline.from_manifest import with_kept_record
from img2music.pipeline.recomposition.kept_counts import count_kept
from img2music.pipeline.recomposition.kept_parts import NOTE_CRAFTS, craft_of
from img2music.pipeline.recomposition.plan_adaptation import AdaptedPlan
from img2music.realizers.kept_notes import transfer_part, write_kept_line
from img2music.rng import CRAFTS
from img2music.theory import instrument
from img2music.theory.transposition import interval_name, key_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from img2music.app.session.editing.plan_edits import EditedPlan
    from img2music.brief import Wishes
    from img2music.io.pictures import Picture
    from img2music.piece import Piece
    from img2music.pipeline import Pipeline
    from img2music.pipeline.progress import Log
    from img2music.plan import CompositionPlan
    from img2music.realizers.timeline import NoteEvent
    from img2music.rng import Craft

__all__ = ["remake", "wished_brief"]

_MOST_CHARACTERS = 3_000_000
"""Of all kept notes on record, as in `recompose`."""


def wished_brief(brief: Brief, plan: CompositionPlan, wishes: Mapping[str, Any]) -> Brief:
    """A brief for an edited plan: with what the edit asks for, and the length and the metre that the plan has now."""
    merged = with_wishes(brief.model_dump(exclude_unset=True), cast("Wishes", dict(wishes)))
    merged["seconds"] = plan.seconds
    return Brief.of(**merged)


def remake(piece: Piece, edited: EditedPlan, pipeline: Pipeline, picture: Picture | None, log: Log) -> Piece:
    """The piece of an edited plan.

    Args:
        piece: the one whose plan was edited.
        edited: its plan.
        pipeline: who writes, plays and makes it sound.
        picture: for the report.
        log: told of the work.

    Raises:
        BriefError: a tune that its new player or key can't have.
    """
    plan = edited.plan
    kept = _kept_lines(piece, edited)
    if edited.bar is not None:
        kept = _with_new_bar(kept, piece, edited, pipeline)
    stages = pipeline.with_kept_parts(kept) if kept else pipeline
    brief = wished_brief(piece.brief, plan, dict(edited.wishes))
    made = stages.compose_from(plan, brief, picture=picture, scene=piece.scene, log=log, audio="wav")
    return with_kept_record(made, _record(piece, made, kept)) if kept else made


def _kept_lines(piece: Piece, edited: EditedPlan) -> dict[str, tuple[NoteEvent, ...]]:
    """The lines of the earlier piece that go on, by the id of their part.

    Raises:
        BriefError: the tune can't go on.
    """
    plan, places = edited.plan, tuple(range(edited.plan.bars))
    parts = {part.id: part for part in piece.score.parts}
    kept: dict[str, tuple[NoteEvent, ...]] = {}
    for seat in plan.parts:
        part = parts.get(seat.id)
        if part is None or craft_of(seat) in edited.new_crafts:
            continue
        try:
            kept[seat.id] = tuple(transfer_part(part, piece.plan, plan, seat, places))
        except ValueError:
            if craft_of(seat) == "melody":
                raise BriefError(
                    f"{seat.instrument} can't play the tune in {plan.key} in any octave; choose another instrument or key"
                ) from None
            continue  # who accompanies is written anew for the new player
    if edited.semitones is not None:
        beyond = edited.semitones - key_interval(piece.plan.parsed_key, plan.parsed_key)
        lying, kept = kept, _by_octaves(kept, beyond, plan)
        if beyond and kept == lying and edited.semitones % 12 == 0:
            raise BriefError(f"the tune can't go {interval_name(beyond)}; choose another instrument for it first")
    return kept


def _by_octaves(
    kept: Mapping[str, tuple[NoteEvent, ...]], semitones: int, plan: CompositionPlan
) -> dict[str, tuple[NoteEvent, ...]]:
    """Pitched lines by whole octaves (`semitones`) where the tune can go there, else as they are; who accompanies goes where its player reaches."""
    found = dict(kept)
    tunes = {seat.id for seat in plan.parts if craft_of(seat) == "melody"}
    for seat in sorted(plan.parts, key=lambda seat: seat.id not in tunes) if semitones else ():
        player, line = instrument(seat.instrument), kept.get(seat.id)
        if player.kit or not line:
            continue
        shifted = tuple(replace(event, pitches=tuple(pitch + semitones for pitch in event.pitches)) for event in line)
        if all(player.low <= pitch <= player.high for event in shifted for pitch in event.pitches):
            found[seat.id] = shifted
        elif seat.id in tunes:
            return dict(kept)
    return found


def _with_new_bar(
    kept: Mapping[str, tuple[NoteEvent, ...]], piece: Piece, edited: EditedPlan, pipeline: Pipeline
) -> dict[str, tuple[NoteEvent, ...]]:
    """The kept lines with one bar as the composer writes it over the edited plan, drums excepted."""
    assert edited.bar is not None  # noqa: S101  asked before
    plan, places = edited.plan, tuple(range(edited.plan.bars))
    begin, end = plan.meter_map.bar_onset(edited.bar), plan.meter_map.bar_onset(edited.bar + 1)
    pitched = {seat.id: seat for seat in plan.parts if not instrument(seat.instrument).kit}
    drums = {part: line for part, line in kept.items() if part not in pitched}
    written = pipeline.with_kept_parts(drums).realize(plan) if drums else pipeline.realize(plan)
    fresh = {part.id: part for part in written.parts}
    found = dict(kept)
    for id_, seat in pitched.items():
        if id_ not in kept or id_ not in fresh:
            continue
        new = transfer_part(fresh[id_], plan, plan, seat, places)
        inside = [replace(event, duration=min(event.end, end) - event.onset) for event in new if begin <= event.onset < end]
        first = inside[0].onset if inside else end
        before = [replace(event, duration=min(event.end, first) - event.onset) for event in kept[id_] if event.onset < begin]
        found[id_] = (*before, *inside, *(event for event in kept[id_] if event.onset >= end))
    return found


def _record(piece: Piece, made: Piece, kept: Mapping[str, Sequence[NoteEvent]]) -> KeptMusic:
    """What goes on record of the kept lines.

    Raises:
        BriefError: more than a record holds.
    """
    plan = made.plan
    seats = {id_: id_ for id_ in kept}
    graft = AdaptedPlan(
        plan, piece.plan.sections, tuple(range(plan.bars)), {id_: tuple(line) for id_, line in kept.items()}, seats
    )
    there = {craft_of(part) for part in plan.parts if part.id in kept}
    crafts: tuple[Craft, ...] = tuple(
        craft for craft in CRAFTS if craft in {"form", "harmony"} or (craft in NOTE_CRAFTS and craft in there)
    )
    parts = tuple(KeptPart(part=id_, bars=write_kept_line(line, plan.meter_map, plan.bars)) for id_, line in kept.items())
    if sum(len(bar) for part in parts for bar in part.bars) > _MOST_CHARACTERS:
        raise BriefError("a piece.json can't hold so many notes; edit a shorter piece")
    measured = count_kept(crafts, piece.plan, piece.score, graft, made.score)
    return KeptMusic(crafts=crafts, named=crafts, seed=piece.plan.seed, measured=tuple(measured), parts=parts)

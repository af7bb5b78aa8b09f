"""Locks: a piece on record made anew, except for the crafts that are kept.

What is kept are its notes (of harmony and form: the numerals and the sections), put into the new piece by `grafting` and written round by
the composer; all else gets a new seed. A craft is written over others: a tune over its chords, chords under their tune. Keeping it keeps
those too (`CRAFT_DEPENDENCIES`), or its notes would have to give way.

Nothing is promised on trust: the kept parts of both pieces are counted note by note (`tallies`), and what is said is that count. What can't
be kept with the wishes beside it is refused with the reason; only a length that is asked for may repeat or leave out whole phrases, and
a loop leaves out introduction and ending; then the count says how much is there. Kept seeds stay on record, so that crafts that only draw
by chance (how it is played) go on as they were.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Unpack

from img2music.brief import Brief, Wishes
from img2music.errors import BriefError, DocumentError, UsageError, unknown_name
from img2music.io.documents import parse_json, read_file
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.manifest import KeptMusic, KeptPart, Manifest
from img2music.piece import Piece
from img2music.pipeline.from_manifest import pipeline_of_manifest, with_kept_record, with_recorded_music
from img2music.pipeline.progress import Log
from img2music.pipeline.run import Pipeline
from img2music.plan import CompositionPlan
from img2music.rng import CRAFTS
from img2music.style import is_style_file
from img2music.theory import Key
from img2music.words import read_words, without_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from img2music.io.pictures import Picture
    from img2music.manifest import AudioFormat, KeptCount
    from img2music.performance import Performance
    from img2music.pipeline.recomposition.plan_adaptation import AdaptedPlan
    from img2music.provenance import Event
    from img2music.rng import Craft
    from img2music.scene import Scene
    from img2music.score import Score

__all__ = ["CRAFT_DEPENDENCIES", "recompose", "with_dependencies"]

CRAFT_DEPENDENCIES: dict[Craft, tuple[Craft, ...]] = {
    "form": (),
    "harmony": ("form",),
    "melody": ("harmony",),
    "counter": ("melody",),
    "chords": ("melody",),
    "bass": ("harmony",),
    "drums": ("form",),
    "performance": (),
}
"""What a craft is written over. Chords stay below their tune, so they need it."""
_SAID_EXACTLY = ("seconds", "tempo_bpm", "key", "meter", "loop")
_MOST_INSTRUMENTS = 12
_LARGEST_SEED = 2**63
_MOST_CHARACTERS = 3_000_000
"""Of all kept notes on record: a manifest is read back up to 5 MB."""


def with_dependencies(crafts: Iterable[str]) -> tuple[Craft, ...]:
    """`crafts` and all that they are written over, in the order in which a piece is made.

    Raises:
        UsageError: no such craft.
    """
    wanted: set[Craft] = set()
    waiting = list(crafts)
    while waiting:
        name = waiting.pop()
        if name not in CRAFTS:
            raise unknown_name("craft", name, CRAFTS)
        if name not in wanted:
            wanted.add(name)
            waiting += CRAFT_DEPENDENCIES[name]
    return tuple(craft for craft in CRAFTS if craft in wanted)


def recompose(
    source: str | Path | Manifest | Piece | CompositionPlan,
    *,
    keep: Iterable[str] = (),
    pipeline: str | Path | Pipeline = "offline",
    picture: Picture | None = None,
    audio: AudioFormat | None = "wav",
    stems: bool = False,
    takes: int = 1,
    embed_audio: bool = False,
    on_event: Callable[[Event], None] | None = None,
    **wishes: Unpack[Wishes],
) -> Piece:
    """The piece on record made anew, but for what is kept.

    Args:
        source: the path of a `piece.json`, what it holds, a piece, or a plan.
        keep: names of crafts (`CRAFTS`) whose notes stay; they go to the new key, metre, instruments and length where those allow.
        pipeline: who does each job: a name, a file, or a pipeline at hand.
        picture: for the report; it has to be the one on record.
        audio: format of the sound's file; None makes no sound.
        stems: whether each part's sound is kept too.
        takes: how many candidates are written, 1 to 100; what is kept is the same in all of them.
        embed_audio: whether the report carries the sound even where it is large.
        on_event: told of each step.
        wishes: fields of a `Brief`; they win over the brief on record. Without `seed` it is the one after that on record. A
            piece that was made from a plan, or a plan, has its wishes settled and takes none but `seed`.

    Returns:
        The new piece. Its manifest says what was kept, counted in the notes, and from which seed.

    Raises:
        DocumentError: no sound manifest. UsageError: an unknown craft, or a wish that a plan has settled.
        BriefError: a wish that can't be met, alone or with what is kept. PictureError and BackendError as for `Pipeline.compose`.
    """
    from img2music.pipeline.recomposition.kept_counts import count_kept
    from img2music.pipeline.recomposition.plan_adaptation import adapt_plan, keep_plan, plan_around_kept

    named = tuple(keep)
    crafts = with_dependencies(named)
    record = _record(source)
    seed = wishes.pop("seed", None)
    asked_for: dict[str, Any] = {name: wish for name, wish in wishes.items() if wish is not None}
    start, brief = _begin(record, has_wishes=bool(asked_for))
    _check_picture(start, picture)
    stages = pipeline if isinstance(pipeline, Pipeline) else Pipeline.load(pipeline)
    origin: Brief | CompositionPlan = start if isinstance(start, CompositionPlan) else brief
    fresh = (origin.seed + 1) % _LARGEST_SEED if seed is None else seed
    own = {craft: origin.seed_for(craft) for craft in crafts}
    stays = without_words(brief) if "words" in asked_for else brief.model_dump(exclude_unset=True)
    merged: Any = {**stays, **asked_for, "seed": fresh, "seeds": own}
    asked = Brief.of(**merged)
    if isinstance(start, CompositionPlan) and asked_for:
        raise UsageError(
            f"the piece was made from a plan, which has settled its {', '.join(asked_for)}; edit the plan and realize it"
        )
    if not isinstance(start, CompositionPlan) and is_style_file(brief.style or "") and "style" not in wishes:
        raise DocumentError("the piece on record was made with a style file, which it only names; give that file with --style")
    log = Log(on_event)
    wished = set(asked_for)
    if not isinstance(start, CompositionPlan):
        asked = stages.settle(asked, log)
        if "words" in asked_for:
            asked, said = _as_new_words_say(asked, wished)
            wished |= said
    earlier = _Earlier(record, source, stages, asked.style if is_style_file(brief.style or "") else None, log)
    grafted: AdaptedPlan | None = None
    begin: Scene | CompositionPlan = start
    if isinstance(start, CompositionPlan):
        begin = start.model_copy(update={"seed": asked.seed, "seeds": own})
        if crafts:
            grafted = keep_plan(begin, earlier.written, crafts)
    elif set(crafts) - {"performance"}:
        new = plan_around_kept(lambda wish: stages.plan(start, wish, log=log), asked, earlier.plan, crafts, wished)
        grafted = adapt_plan(new, asked, earlier.plan, earlier.written, crafts, wished)
        begin = grafted.plan
        asked = asked.model_copy(update={"seconds": begin.seconds})
    piece = (stages if grafted is None else stages.with_kept_parts(grafted.kept)).compose_from(
        begin,
        asked,
        audio=audio,
        stems=stems,
        takes=takes,
        embed_audio=embed_audio,
        picture=picture,
        scene=start if not isinstance(start, CompositionPlan) else record.scene if isinstance(record, Manifest) else None,
        log=log,
    )
    measured = [] if grafted is None else count_kept(crafts, earlier.plan, earlier.written, grafted, piece.score)
    if "performance" in crafts:
        measured += _performance(earlier, piece, grafted)
    _check_kept(measured)
    remarks = _remarks(crafts, earlier.written, piece.score, grafted)
    if isinstance(record, Manifest) and crafts and not _is_written_as_before(record, earlier.written):
        remarks.insert(
            0, "the piece on record was written by another version or pipeline; what is kept is what this one makes of it"
        )
    kept = KeptMusic(
        crafts=crafts,
        named=tuple(craft for craft in crafts if craft in named),
        seed=origin.seed,
        notes=tuple(remarks),
        measured=tuple(measured),
        parts=() if grafted is None else _kept_parts(grafted),
    )
    return with_kept_record(piece, kept)


def _as_new_words_say(brief: Brief, given: set[str]) -> tuple[Brief, set[str]]:
    """`brief` where new words win over wishes that only the record has, and the fields that they say exactly.

    Args:
        brief: a brief with new words, settled.
        given: the fields that were given beside them; those win over words.
    """
    reading = read_words(brief.words, brief.glosses)
    exact = {name: getattr(reading, name) for name in _SAID_EXACTLY}
    if reading.only and 0 < len(reading.instruments) <= _MOST_INSTRUMENTS:
        exact["instruments"] = reading.instruments
    if reading.mode is not None and brief.key is not None:
        exact["key"] = Key.readable(Key.parse(brief.key).tonic, reading.mode).name
    update = {name: value for name, value in exact.items() if value is not None and name not in given}
    said = set(update)
    # What only steers leaves the field open: the planner reads it in the words.
    if reading.tempo_range is not None and not {"tempo_bpm"} & (given | said):
        update["tempo_bpm"] = None
    if reading.style is not None and "style" not in given and not is_style_file(brief.style or ""):
        update["style"] = None
    return brief.model_copy(update=update), said


class _Earlier:
    """The piece on record, written again where it is not at hand."""

    def __init__(
        self,
        record: Manifest | Piece | CompositionPlan,
        source: object,
        stages: Pipeline,
        style: str | None,
        log: Log,
    ) -> None:
        """`stages` are those to use where the record's own can't be; `style` is the file of a style that the record only names."""
        self._record, self._stages = record, stages
        if isinstance(record, Piece):
            self.plan, self.written = record.plan, record.score
            return
        if isinstance(record, CompositionPlan):
            self.plan = record
        else:
            try:
                self._stages = pipeline_of_manifest(record, str(source))
            except DocumentError:  # a pipeline of its own, whose options may name files
                self._stages = with_recorded_music(stages, record)
            brief = record.brief.model_copy(update={"seed": record.seed, **({"style": style} if style else {})})
            assert record.plan is not None or record.scene is not None  # noqa: S101  checked by the manifest
            self.plan = record.plan or self._stages.plan(record.scene, brief, on_event=log.on_event)  # type: ignore[arg-type]
            if style and record.plan is not None:
                self.plan = self.plan.model_copy(update={"style": style})
        self.written = self._stages.realize(self.plan, on_event=log.on_event)

    def performance(self) -> Performance:
        """How it was played."""
        if isinstance(self._record, Piece):
            return self._record.performance
        return self._stages.perform(self.written, self.plan)


def _record(source: str | Path | Manifest | Piece | CompositionPlan) -> Manifest | Piece | CompositionPlan:
    if isinstance(source, Manifest | CompositionPlan | Piece):
        return source
    return parse_json(read_file(source), Manifest, kind="manifest", source=str(source))


def _begin(record: Manifest | Piece | CompositionPlan, *, has_wishes: bool) -> tuple[Scene | CompositionPlan, Brief]:
    """Where the new piece begins, and the brief on record with the seed of the take that was kept."""
    if isinstance(record, CompositionPlan):
        return record, Brief(seconds=record.seconds, seed=record.seed)
    manifest = record.manifest if isinstance(record, Piece) else record
    brief = manifest.brief.model_copy(update={"seed": manifest.seed})
    # A plan that a model was asked for is not asked for again, unless something else is wished; one that holds what was kept is no wish.
    if manifest.scene is not None and (manifest.plan is None or _is_graft(manifest) or (has_wishes and _was_planned(manifest))):
        return manifest.scene, brief
    assert manifest.plan is not None  # noqa: S101  checked by the manifest
    return manifest.plan, brief


def _is_graft(manifest: Manifest) -> bool:
    """Whether the plan on record was planned from the scene by rules, and holds what was kept."""
    return manifest.kept is not None and _was_planned(manifest) and not any(use.stage == "planner" for use in manifest.models)


def _was_planned(manifest: Manifest) -> bool:
    return "planner" in manifest.stages


def _check_picture(start: Scene | CompositionPlan, picture: Picture | None) -> None:
    if picture is not None and not isinstance(start, CompositionPlan) and picture.sha256 != start.picture.sha256:
        raise BriefError(
            f"{picture.file} is not the picture on record ({start.picture.file}), which the piece is made from; "
            "give that one or none"
        )


def _is_written_as_before(record: Manifest, written: Score) -> bool:
    known = record.files.get("score.musicxml")
    return known is None or known == sha256(write_musicxml(written).encode()).hexdigest()


def _performance(earlier: _Earlier, piece: Piece, grafted: AdaptedPlan | None) -> list[KeptCount]:
    from img2music.pipeline.recomposition.kept_counts import count_kept_playing

    found = count_kept_playing((earlier.written, earlier.performance()), (piece.score, piece.performance), grafted)
    if found is None:
        raise BriefError(
            "no notes are as they were, so there is no playing to keep; keep notes too, such as --keep melody,performance"
        )
    if found.same < found.total:
        raise BriefError(
            f"the playing can't be kept: {found.same} of {found.total} kept notes would be played as they were, because it follows style, "
            "tempo, metre and who plays; leave performance out of --keep, or leave those as they were"
        )
    return [found]


def _check_kept(measured: Sequence[KeptCount]) -> None:
    """Nothing is called kept that is not; where whole phrases are left out for an asked length or a loop, all of the others has to be there.

    Raises:
        BriefError: a craft lost notes or chords.
    """
    for one in measured:
        if one.same < one.played:
            raise BriefError(
                f"{one.craft} can't be kept with these wishes: only {one.same} of {one.played} {one.unit} would be as they were; "
                f"keep no {one.craft}, or ask for the key and the metre that it was in"
            )


def _kept_parts(grafted: AdaptedPlan) -> tuple[KeptPart, ...]:
    """The kept notes as text.

    Raises:
        BriefError: more than a record holds.
    """
    from img2music.realizers.kept_notes import write_kept_line

    plan = grafted.plan
    parts = tuple(
        KeptPart(part=name, bars=write_kept_line(events, plan.parsed_meter.bar_quarters, plan.bars))
        for name, events in grafted.kept.items()
    )
    if sum(len(bar) for part in parts for bar in part.bars) > _MOST_CHARACTERS:
        raise BriefError("a piece.json can't hold so many kept notes; keep fewer crafts, or ask for less time")
    return parts


def _remarks(crafts: Sequence[Craft], written: Score, score: Score, grafted: AdaptedPlan | None) -> list[str]:
    """What had no part to keep, and whether anything is new."""
    from img2music.pipeline.recomposition.plan_adaptation import NOTE_CRAFTS, craft_of

    old = {craft for craft in CRAFTS if any(craft_of(part) == craft for part in written.parts)}
    remarks = [
        f"the piece on record has no part for {craft}, so there was nothing to keep"
        for craft in crafts
        if craft in NOTE_CRAFTS and craft not in old
    ]
    kept = set() if grafted is None else set(grafted.seats)
    before, after = (
        {part.name: [(note.onset_quarters, note.duration_quarters, note.pitch) for note in part.notes] for part in one.parts}
        for one in (written, score)
    )
    if crafts and all(notes == before.get(name) for name, notes in after.items()) and len(before) == len(after):
        others = dict.fromkeys(craft_of(part) for part in score.parts if part.name not in kept)
        remarks.append(
            "every note is as it was; only the playing can differ: "
            + (f"{', '.join(others)} came out the same" if others else "all is kept")
        )
    return remarks

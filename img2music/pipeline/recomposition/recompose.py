"""A piece on record made anew, except for the crafts that are kept.

What is kept are its notes (of harmony and form: the numerals and the sections), put into the new plan by `plan_adaptation` and written
round by the composer; all else gets a new seed. A craft is written over others: a tune over its chords, chords under their tune. Keeping it keeps
those too (`CRAFT_DEPENDENCIES`), or its notes would have to give way.

Nothing is promised on trust: the kept parts of both pieces are counted note by note (`kept_counts`), and what is said is that count. What can't
be kept with the wishes beside it is refused with the reason; only a length that is asked for may repeat or leave out whole phrases, and
a loop leaves out introduction and ending; then the count says how much is there. Kept seeds stay on record, so that crafts that only draw
by chance (how it is played) go on as they were.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from img2music.cancellation import cancelled_by
from img2music.errors import unknown_name
from img2music.manifest import Manifest
from img2music.pipeline.from_manifest import with_kept_record
from img2music.pipeline.output_options import split_options
from img2music.pipeline.progress import Log
from img2music.pipeline.recomposition.earlier_piece import EarlierPiece, beginning, check_picture, read_record
from img2music.pipeline.recomposition.kept_record import kept_record
from img2music.pipeline.recomposition.new_brief import given_wishes, new_brief
from img2music.pipeline.recomposition.pinned_plan import plan_around_kept
from img2music.pipeline.recomposition.plan_adaptation import adapt_plan, keep_plan
from img2music.pipeline.records.picture_beside import picture_beside_record
from img2music.pipeline.run import Pipeline
from img2music.plan import CompositionPlan
from img2music.rng import CRAFTS
from img2music.style import is_style_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from img2music.brief import Wishes
    from img2music.io.pictures import Picture
    from img2music.io.saved_picture import SavedPicture
    from img2music.piece import Piece
    from img2music.pipeline.output_options import OutputOptions, PieceOptions
    from img2music.pipeline.recomposition.plan_adaptation import AdaptedPlan
    from img2music.rng import Craft
    from img2music.scene import Scene

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
    picture: Picture | SavedPicture | None = None,
    **options: Unpack[PieceOptions],
) -> Piece:
    """The piece on record made anew, but for what is kept.

    Args:
        source: the path of a `piece.json`, what it holds, a piece, or a plan.
        keep: names of crafts (`CRAFTS`) whose notes stay; they go to the new key, metre, instruments and length where those allow.
        pipeline: who does each job: a name, a file, or a pipeline at hand.
        picture: for the report; it has to be the one on record. None: the `picture.jpg` beside a `piece.json`, where it is that on record.
        options: those of `OutputOptions` (audio, stems, takes, embed_audio, pdf, parts, video ...); what is kept is the same in all takes. And
            fields of a `Brief`; they win over the brief on record. Without `seed` it is the one after that on record. A
            piece that was made from a plan, or a plan, has its wishes settled and takes none but `seed`.

    Returns:
        The new piece. Its manifest says what was kept, counted in the notes, and from which seed.

    Raises:
        DocumentError: no sound manifest. UsageError: an unknown craft, or a wish that a plan has settled.
        BriefError: a wish that can't be met, alone or with what is kept. PictureError and BackendError as for `Pipeline.compose`.
        Cancelled: `cancel` was cancelled.
    """
    output, wishes = split_options(options)
    with cancelled_by(output.get("cancel")):
        return _made_anew(source, tuple(keep), pipeline, picture, output, wishes)


def _made_anew(
    source: str | Path | Manifest | Piece | CompositionPlan,
    named: tuple[str, ...],
    pipeline: str | Path | Pipeline,
    picture: Picture | SavedPicture | None,
    output: OutputOptions,
    wishes: Wishes,
) -> Piece:
    crafts = with_dependencies(named)
    record = read_record(source)
    start, brief = beginning(record, has_wishes=bool(given_wishes(wishes)))
    check_picture(start, picture)
    if picture is None and isinstance(record, Manifest) and isinstance(source, str | Path):
        picture = picture_beside_record(record, Path(source).parent).picture
    stages = pipeline if isinstance(pipeline, Pipeline) else Pipeline.load(pipeline)
    log = Log(output.get("on_event"))
    asked, wished = new_brief(start, brief, crafts, wishes, lambda merged: stages.settle(merged, log))
    style = asked.style if is_style_file(brief.style or "") else None
    earlier = EarlierPiece(record, source, stages, style, log)
    adapted: AdaptedPlan | None = None
    begin: Scene | CompositionPlan = start
    scene = start if not isinstance(start, CompositionPlan) else record.scene if isinstance(record, Manifest) else None
    if isinstance(start, CompositionPlan):
        begin = start.model_copy(update={"seed": asked.seed, "seeds": asked.seeds})
        adapted = keep_plan(begin, earlier.written, crafts) if crafts else None
    elif set(crafts) - {"performance"}:
        new = plan_around_kept(lambda wish: stages.plan(start, wish, log=log), asked, earlier.plan, crafts, wished)
        adapted = adapt_plan(new, asked, earlier.plan, earlier.written, crafts, wished)
        begin = adapted.plan
        asked = asked.model_copy(update={"seconds": begin.seconds})
    if adapted is not None:
        stages = stages.with_kept_parts(adapted.kept)
    piece = stages.compose_from(begin, asked, picture=picture, scene=scene, log=log, **output)
    seed = start.seed if isinstance(start, CompositionPlan) else brief.seed
    return with_kept_record(piece, kept_record(earlier, piece, adapted, named, crafts, seed))

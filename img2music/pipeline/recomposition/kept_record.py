"""What a piece that was made anew says of what it kept: counts, remarks, and the kept notes as text.

Nothing is promised on trust: what is said is what was counted in the notes (`kept_counts`). What can't be kept is refused with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.errors import BriefError
from img2music.manifest import KeptMusic, KeptPart
from img2music.pipeline.recomposition.kept_counts import count_kept, count_kept_playing
from img2music.pipeline.recomposition.kept_parts import NOTE_CRAFTS, craft_of
from img2music.rng import CRAFTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.manifest import KeptCount
    from img2music.piece import Piece
    from img2music.pipeline.recomposition.earlier_piece import EarlierPiece
    from img2music.pipeline.recomposition.plan_adaptation import AdaptedPlan
    from img2music.rng import Craft
    from img2music.score import Score

__all__ = ["kept_record"]

_MOST_CHARACTERS = 3_000_000
"""Of all kept notes on record: a manifest is read back up to 5 MB."""
_OTHER_VERSION = "the piece on record was written by another version or pipeline; what is kept is what this one makes of it"


def kept_record(
    earlier: EarlierPiece, piece: Piece, adapted: AdaptedPlan | None, named: Sequence[str], crafts: Sequence[Craft], seed: int
) -> KeptMusic:
    """What `piece` kept of an earlier one.

    Args:
        earlier: the piece on record.
        piece: the new one.
        adapted: its plan with what is kept in it; None where no notes, chords or form are.
        named: the crafts that were named.
        crafts: those and all that they are written over.
        seed: of the earlier piece.

    Raises:
        BriefError: something that was to be kept is not, or it is more than a record holds.
    """
    measured = [] if adapted is None else count_kept(crafts, earlier.plan, earlier.written, adapted, piece.score)
    if "performance" in crafts:
        measured.append(_performance(earlier, piece, adapted))
    _check_kept(measured)
    remarks = _remarks(crafts, earlier.written, piece.score, adapted)
    if crafts and not earlier.is_written_as_before():
        remarks.insert(0, _OTHER_VERSION)
    return KeptMusic(
        crafts=tuple(crafts),
        named=tuple(craft for craft in crafts if craft in named),
        seed=seed,
        notes=tuple(remarks),
        measured=tuple(measured),
        parts=() if adapted is None else _kept_parts(adapted),
    )


def _performance(earlier: EarlierPiece, piece: Piece, adapted: AdaptedPlan | None) -> KeptCount:
    found = count_kept_playing((earlier.written, earlier.performance()), (piece.score, piece.performance), adapted)
    if found is None:
        raise BriefError(
            "no notes are as they were, so there is no playing to keep; keep notes too, such as --keep melody,performance"
        )
    if found.same < found.total:
        raise BriefError(
            f"the playing can't be kept: {found.same} of {found.total} kept notes would be played as they were, because it follows style, "
            "tempo, metre and who plays; leave performance out of --keep, or leave those as they were"
        )
    return found


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


def _kept_parts(adapted: AdaptedPlan) -> tuple[KeptPart, ...]:
    """The kept notes as text.

    Raises:
        BriefError: more than a record holds.
    """
    from img2music.realizers.kept_notes import write_kept_line

    plan = adapted.plan
    parts = tuple(
        KeptPart(part=part, bars=write_kept_line(events, plan.meter_map, plan.bars)) for part, events in adapted.kept.items()
    )
    if sum(len(bar) for part in parts for bar in part.bars) > _MOST_CHARACTERS:
        raise BriefError("a piece.json can't hold so many kept notes; keep fewer crafts, or ask for less time")
    return parts


def _remarks(crafts: Sequence[Craft], written: Score, score: Score, adapted: AdaptedPlan | None) -> list[str]:
    """What had no part to keep, and whether anything is new."""
    old = {craft for craft in CRAFTS if any(craft_of(part) == craft for part in written.parts)}
    remarks = [
        f"the piece on record has no part for {craft}, so there was nothing to keep"
        for craft in crafts
        if craft in NOTE_CRAFTS and craft not in old
    ]
    kept = set() if adapted is None else set(adapted.seats)
    before, after = (
        {part.id: [(note.onset_quarters, note.duration_quarters, note.pitch) for note in part.notes] for part in one.parts}
        for one in (written, score)
    )
    if crafts and all(notes == before.get(part) for part, notes in after.items()) and len(before) == len(after):
        others = dict.fromkeys(craft_of(part) for part in score.parts if part.id not in kept)
        remarks.append(
            "every note is as it was; only the playing can differ: "
            + (f"{', '.join(others)} came out the same" if others else "all is kept")
        )
    return remarks

"""Locks: a piece on record made anew, except for the crafts that are kept.

Every craft draws from a seed of its own (`Brief.seeds`), so what is kept keeps its seed and all else gets a new one. A craft
is written over others: a tune over its chords, chords under their tune. Keeping it keeps those too (`NEEDS`), or its notes
would have to give way.

Nothing is promised on trust: the piece on record is written again, and the kept parts of both are compared note by note. All
of them in another key (every note moved by the same interval) counts as kept; whatever else differs is noted, with how much of
it is still there. Does not know sound; and seeds mean the same only to the same version, which is checked by the record's hash.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Unpack, cast

from img2music.brief import Brief, Wishes
from img2music.chance import CRAFTS
from img2music.errors import BriefError, DocumentError, UsageError, unknown_name
from img2music.io.documents import parse, read_file
from img2music.io.musicxml import write_musicxml
from img2music.piece import Piece
from img2music.pipeline.manifest import Kept, Manifest
from img2music.pipeline.run import Pipeline
from img2music.plan import CompositionPlan
from img2music.style import is_style_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from fractions import Fraction
    from pathlib import Path

    from img2music.chance import Craft
    from img2music.io.pictures import Picture
    from img2music.pipeline.events import Event
    from img2music.pipeline.files import Exporter
    from img2music.pipeline.manifest import AudioFormat
    from img2music.scene import Scene
    from img2music.score import Part, Score

__all__ = ["NEEDS", "on_record", "recompose", "with_needs", "with_record"]

NEEDS: dict[Craft, tuple[Craft, ...]] = {
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
_ROLE_CRAFT: dict[str, Craft] = {
    "melody": "melody",
    "counter": "counter",
    "chords": "chords",
    "arpeggio": "chords",
    "pad": "chords",
    "bass": "bass",
    "drums": "drums",
}
_LARGEST_SEED = 2**63


def with_needs(crafts: Iterable[str]) -> tuple[Craft, ...]:
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
            waiting += NEEDS[name]
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
        keep: names of crafts (`CRAFTS`) whose notes stay.
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
        The new piece. Its manifest says what was kept and from which seed, and lists in `conflicts` what could not be.

    Raises:
        DocumentError: no sound manifest. UsageError: an unknown craft, or a wish that a plan has settled.
        BriefError: a wish that can't be met. PictureError and BackendError as for `Pipeline.compose`.
    """
    named = tuple(keep)
    crafts = with_needs(named)
    record = _record(source)
    start, brief = _begin(record)
    seed = wishes.pop("seed", None)
    asked_for: dict[str, Any] = {name: wish for name, wish in wishes.items() if wish is not None}
    _check_picture(start, picture)
    stages = pipeline if isinstance(pipeline, Pipeline) else Pipeline.load(pipeline)
    origin: Brief | CompositionPlan = start if isinstance(start, CompositionPlan) else brief
    fresh = (origin.seed + 1) % _LARGEST_SEED if seed is None else seed
    own = {craft: origin.seed_for(craft) for craft in crafts}
    merged: Any = {**brief.model_dump(exclude_unset=True), **asked_for, "seed": fresh, "seeds": own}
    asked = Brief.of(**merged)
    if isinstance(start, CompositionPlan):
        if asked_for:
            raise UsageError(
                f"the piece was made from a plan, which has settled its {', '.join(asked_for)}; edit the plan and realize it"
            )
        before = start
        start = start.model_copy(update={"seed": asked.seed, "seeds": own})
    else:
        if is_style_file(brief.style or "") and "style" not in wishes:
            raise DocumentError(
                "the piece on record was made with a style file, which it only names; give that file with --style"
            )
        known = brief.model_copy(update={"style": asked.style}) if is_style_file(brief.style or "") else brief
        before = stages.plan(start, known, on_event=on_event)
    piece = stages.compose_from(
        start,
        asked,
        audio=audio,
        stems=stems,
        takes=takes,
        embed_audio=embed_audio,
        picture=picture,
        scene=record.scene if isinstance(record, Manifest) else None,
        on_event=on_event,
    )
    written = stages.realize(before, on_event=on_event)
    remarks = _compare(crafts, before, written, piece)
    if isinstance(record, Manifest) and not _is_written_as_before(record, written):
        remarks.insert(
            0, "the piece on record was written by another version or pipeline; what is kept is what this one makes of it"
        )
    return on_record(
        piece,
        Kept(crafts=crafts, named=tuple(craft for craft in crafts if craft in named), seed=origin.seed, notes=tuple(remarks)),
    )


def on_record(piece: Piece, kept: Kept) -> Piece:
    """`piece`, its manifest saying what was kept of an earlier one."""
    return with_record(piece, kept=kept, conflicts=(*piece.manifest["conflicts"], *kept.notes))


def with_record(piece: Piece, **entries: object) -> Piece:
    """`piece` with other entries in its manifest."""
    exporter = cast("Exporter", piece.exporter)
    manifest = exporter.manifest.model_copy(update=entries)
    return replace(piece, manifest=manifest.model_dump(mode="json"), exporter=replace(exporter, manifest=manifest))


def _record(source: str | Path | Manifest | Piece | CompositionPlan) -> Manifest | CompositionPlan:
    if isinstance(source, Manifest | CompositionPlan):
        return source
    if isinstance(source, Piece):
        return Manifest.model_validate(source.manifest)
    return parse(read_file(source), Manifest, kind="manifest", source=str(source))


def _begin(record: Manifest | CompositionPlan) -> tuple[Scene | CompositionPlan, Brief]:
    """Where the piece on record began, and its brief with the seed of the take that was kept."""
    if isinstance(record, CompositionPlan):
        return record, Brief(seconds=record.seconds, seed=record.seed)
    start = record.plan or record.scene  # a plan that a model was asked for is not asked for again
    assert start is not None  # noqa: S101  checked by the manifest
    return start, record.brief.model_copy(update={"seed": record.seed})


def _check_picture(start: Scene | CompositionPlan, picture: Picture | None) -> None:
    if picture is not None and not isinstance(start, CompositionPlan) and picture.sha256 != start.picture.sha256:
        raise BriefError(
            f"{picture.file} is not the picture on record ({start.picture.file}), which the piece is made from; "
            "give that one or none"
        )


def _is_written_as_before(record: Manifest, written: Score) -> bool:
    known = record.files.get("score.musicxml")
    return known is None or known == sha256(write_musicxml(written).encode()).hexdigest()


def _compare(crafts: Sequence[Craft], before: CompositionPlan, written: Score, piece: Piece) -> list[str]:
    """What is kept and yet not the same, and whether anything else is new."""
    after = piece.plan
    remarks = []
    if "form" in crafts and _form(before) != _form(after):
        remarks.append(f"the form could not be kept: it was {_form_words(before)} and is {_form_words(after)}")
    if "harmony" in crafts and (faults := _other_chords(before, after)):
        remarks.append(f"the harmony could not be kept chord for chord: {faults} of {after.bars} bars have other chords")
    old, new = _by_craft(written), _by_craft(piece.score)
    for craft in crafts:
        if craft in {"form", "harmony", "performance"}:
            continue
        if not old.get(craft):
            remarks.append(f"the piece on record has no part for {craft}, so there was nothing to keep")
        elif not new.get(craft):
            remarks.append(f"no part plays {craft} any more")
        else:
            same, total = _shared(old[craft], new[craft])
            if same < total:
                remarks.append(f"{craft} could not be kept note for note: {same} of its {total} notes are as they were")
    others = [craft for craft in CRAFTS if craft not in crafts and (old.get(craft) or new.get(craft))]
    if crafts and all(_shared(old.get(craft, []), new.get(craft, [])) == _all(new.get(craft, [])) for craft in others):
        remarks.append(
            "every note is as it was; only the playing can differ: "
            + (f"{', '.join(others)} came out the same" if others else "all is kept")
        )
    return remarks


def _form(plan: CompositionPlan) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(section.name, section.material, section.phrase_bars) for section in plan.sections]


def _form_words(plan: CompositionPlan) -> str:
    return f"{' '.join(section.name for section in plan.sections)} in {plan.bars} bars"


def _other_chords(before: CompositionPlan, after: CompositionPlan) -> int:
    """How many bars of `after` have other numerals: the key may differ."""
    old = [bar for section in before.sections for bar in section.harmony]
    new = [bar for section in after.sections for bar in section.harmony]
    return sum(place >= len(old) or old[place] != bar for place, bar in enumerate(new))


def _by_craft(score: Score) -> dict[Craft, list[Part]]:
    parts: dict[Craft, list[Part]] = {}
    for part in score.parts:
        parts.setdefault("drums" if part.instrument.kit else _ROLE_CRAFT[part.role], []).append(part)
    return parts


def _shared(old: Sequence[Part], new: Sequence[Part]) -> tuple[int, int]:
    """How many notes of the parts of one craft are the same in both, all moved by one interval or none, and how many there are."""
    same = total = 0
    for number in range(max(len(old), len(new))):
        notes = _notes(old[number]) if number < len(old) else Counter()
        others = _notes(new[number]) if number < len(new) else Counter()
        total += max(notes.total(), others.total())
        shift = _shift(notes, others)
        same += (
            Counter({(onset, duration, pitch + shift): count for (onset, duration, pitch), count in notes.items()}) & others
        ).total()
    return same, total


def _all(parts: Sequence[Part]) -> tuple[int, int]:
    total = sum(len(part.notes) for part in parts)
    return total, total


def _notes(part: Part) -> Counter[tuple[Fraction, Fraction, int]]:
    return Counter((note.onset_quarters, note.duration_quarters, note.pitch) for note in part.notes)


def _shift(old: Counter[tuple[Fraction, Fraction, int]], new: Counter[tuple[Fraction, Fraction, int]]) -> int:
    """Semitones from the old notes to the new, by their highest first notes; 0 where either is empty."""
    if not old or not new:
        return 0
    begin, other = min(old)[0], min(new)[0]
    highest = max(pitch for onset, _, pitch in old if onset == begin)
    return max(pitch for onset, _, pitch in new if onset == other) - highest

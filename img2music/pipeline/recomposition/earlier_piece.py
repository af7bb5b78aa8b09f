"""The piece that is made anew: what is on record of it, where the new one begins, and its notes, written again where they are not at hand."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from img2music.brief import Brief
from img2music.errors import BriefError, DocumentError
from img2music.io.documents import parse_json, read_file
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.manifest import Manifest
from img2music.piece import Piece
from img2music.pipeline.from_manifest import pipeline_of_manifest, with_recorded_music
from img2music.plan import CompositionPlan

if TYPE_CHECKING:
    from pathlib import Path

    from img2music.io.pictures import Picture
    from img2music.io.saved_picture import SavedPicture
    from img2music.performance import Performance
    from img2music.pipeline.progress import Log
    from img2music.pipeline.run import Pipeline
    from img2music.scene import Scene

__all__ = ["EarlierPiece", "beginning", "check_picture", "read_record"]


class EarlierPiece:
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

    def is_written_as_before(self) -> bool:
        """Whether the notes are those on record, as far as it says."""
        known = self._record.files.get("score.musicxml") if isinstance(self._record, Manifest) else None
        return known is None or known == sha256(write_musicxml(self.written).encode()).hexdigest()


def read_record(source: str | Path | Manifest | Piece | CompositionPlan) -> Manifest | Piece | CompositionPlan:
    """What is made anew: read where `source` is the path of a `piece.json`, else as it is.

    Raises:
        DocumentError: no sound manifest.
    """
    if isinstance(source, Manifest | CompositionPlan | Piece):
        return source
    return parse_json(read_file(source), Manifest, kind="manifest", source=str(source))


def beginning(record: Manifest | Piece | CompositionPlan, *, has_wishes: bool) -> tuple[Scene | CompositionPlan, Brief]:
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


def check_picture(start: Scene | CompositionPlan, picture: Picture | SavedPicture | None) -> None:
    """Raises BriefError where `picture` is another one than that on record; a saved copy was compared by its own hash."""
    from img2music.io.pictures import Picture

    if isinstance(picture, Picture) and not isinstance(start, CompositionPlan) and picture.sha256 != start.picture.sha256:
        raise BriefError(
            f"{picture.file} is not the picture on record ({start.picture.file}), which the piece is made from; "
            "give that one or none"
        )

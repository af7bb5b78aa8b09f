"""A piece: everything made for one picture, as data.

It is frozen and can be pickled, so a pool of processes may make pieces. It knows neither stages nor file formats: what its files and
its card in a notebook look like is the business of `img2music.pipeline.export`, which is looked up by name when they are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from img2music.cancellation import cancelled_by
from img2music.errors import OutputError
from img2music.output_folder import save_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from img2music.audio import Audio
    from img2music.brief import Brief
    from img2music.cancellation import CancelToken
    from img2music.manifest import FileOptions, Manifest
    from img2music.performance import Performance
    from img2music.plan import CompositionPlan
    from img2music.provenance import Event
    from img2music.scene import Scene
    from img2music.score import Score

__all__ = ["Piece"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Everything made for one picture: each stage's result, the sound, and the manifest that can make it again.

    Attributes:
        brief: what was asked.
        scene: what was seen; None when the piece began from a plan.
        plan, score, performance: the composition before its notes, as written, as played.
        audio: the mastered mix, float32 (channels, frames); None when sound was not asked for.
        manifest: what `piece.json` holds: versions, stages, seed, fallbacks, compliance, what was kept. Its `files`, `timing` and
            `checksum` are those of a folder, so they are empty here.
        stems: each part's sound by name; empty unless asked for.
        preview_jpeg: the picture, upright and small enough for a page; None where none was at hand.
        still_jpeg: the same, large enough for a video; None where no video with the picture was asked for.
        timing: seconds a stage, by the wall clock; two runs of one job differ in it, so it is not compared.
    """

    brief: Brief
    scene: Scene | None
    plan: CompositionPlan
    score: Score
    performance: Performance
    audio: Audio | None
    manifest: Manifest
    stems: Mapping[str, Audio] = field(default_factory=dict)
    preview_jpeg: bytes | None = field(default=None, repr=False)
    still_jpeg: bytes | None = field(default=None, repr=False)
    timing: Mapping[str, float] = field(default_factory=dict, repr=False, compare=False)

    def __repr__(self) -> str:
        """One line: title, style, key, tempo, metre, length, instruments."""
        plan = self.plan
        players = ", ".join(dict.fromkeys(part.instrument for part in plan.parts))
        return f"Piece({plan.title!r}, {plan.style}, {plan.key}, {plan.tempo_bpm:.4g} bpm, {plan.meter}, {plan.seconds:g} s, {players})"

    def _repr_html_(self) -> str:
        """Picture, player and first page of the score for a notebook."""
        return str(_pipeline("export").piece_card(self))

    def with_files(self, **wanted: Unpack[FileOptions]) -> Piece:
        """This piece, which writes more files: ``piece.with_files(pdf=True, parts=True).save("out")``.

        Args:
            wanted: `pdf` (the engraved pages as PDF), `parts` (each player's own part), `video` ("picture" or "score", with the sound) and
                `video_shape` ("wide", "square", "tall"); what is left out stays as it is. Asked for here, a video shows the picture no
                larger than the report does; `compose` keeps a larger copy where it is asked for one.

        Raises:
            MissingPackageError: an extra is missing. UsageError: a video of a piece without sound, or of an unknown kind or shape.
        """
        manifest = self.manifest.model_copy(update=_pipeline("more_files").more_files_record(self, wanted))
        return replace(self, manifest=manifest)

    def files(self, on_event: Callable[[Event], None] | None = None) -> Iterator[tuple[str, bytes]]:
        """Every file of the output folder as (relative name, content), one at a time; `on_event` is told of each step."""
        files: Iterator[tuple[str, bytes]] = _pipeline("export").piece_files(self, on_event)
        return files

    def save(
        self,
        folder: str | Path,
        *,
        force: bool = False,
        on_event: Callable[[Event], None] | None = None,
        cancel: CancelToken | None = None,
        **wanted: Unpack[FileOptions],
    ) -> Path:
        """Write every file into `folder` (made if missing), all or none, and return it; `on_event` is told of each step.

        `cancel` stops it before the files are at their place. An earlier piece of the same picture makes room, unless one of its files
        was changed since. Anything else in the folder that would be lost is an error; `force` replaces it. `wanted` are more files, as
        `with_files` takes them.

        Raises:
            MissingPackageError, UsageError: more files that can't be made; see `with_files`.
            OutputError: the folder can't be made or written, or holds something that would be lost; nothing was written.
            Cancelled: `cancel` was cancelled; nothing was written.
        """
        if not str(folder).strip():
            raise OutputError("no folder is named; give one, or '.' for the one you are in")
        target = Path(folder)
        piece = self.with_files(**wanted) if wanted else self
        with cancelled_by(cancel):
            save_files(target, piece.files(on_event), identity=self.manifest.identity, force=force, numbered=False)
        return target


def _pipeline(module: str) -> Any:
    return import_module(f"img2music.pipeline.{module}")

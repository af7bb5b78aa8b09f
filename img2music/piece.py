"""A piece: everything made for one picture, and how to save it.

A piece does not know file formats: the pipeline hands it an exporter that turns it into files and into what a notebook shows.
It can be pickled, so a pool of processes may make pieces; whoever listened to its making stays behind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from img2music.errors import OutputError
from img2music.output_folder import identity_of, save_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from img2music.audio import Audio
    from img2music.brief import Brief
    from img2music.performance import Performance
    from img2music.plan import CompositionPlan
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
        stems: each part's sound by name; empty unless asked for.
        manifest: what `piece.json` holds: versions, hashes, stages, seed, fallbacks, compliance, seconds a stage.
    """

    brief: Brief
    scene: Scene | None
    plan: CompositionPlan
    score: Score
    performance: Performance
    audio: Audio | None
    manifest: Mapping[str, Any]
    stems: Mapping[str, Audio] = field(default_factory=dict)
    exporter: Callable[[Piece], Iterable[tuple[str, bytes]]] = field(kw_only=True, repr=False, compare=False)

    def __repr__(self) -> str:
        """One line: title, style, key, tempo, metre, length, instruments."""
        plan = self.plan
        players = ", ".join(dict.fromkeys(part.instrument for part in plan.parts))
        return f"Piece({plan.title!r}, {plan.style}, {plan.key}, {plan.tempo_bpm:.4g} bpm, {plan.meter}, {plan.seconds:g} s, {players})"

    def _repr_html_(self) -> str | None:
        """Picture, player and first page of the score for a notebook; None, which shows `repr`, where the exporter draws no card."""
        card = getattr(self.exporter, "card", None)
        return None if card is None else str(card(self))

    def files(self) -> Iterable[tuple[str, bytes]]:
        """Every file of the output folder as (relative name, content), one at a time."""
        return self.exporter(self)

    def save(self, folder: str | Path, *, force: bool = False) -> Path:
        """Write every file into `folder` (made if missing), all or none, and return it.

        An earlier piece of the same picture makes room, unless one of its files was changed since. Anything else in the folder
        that would be lost is an error; `force` replaces it.

        Raises:
            OutputError: the folder can't be made or written, or holds something that would be lost; nothing was written.
        """
        if not str(folder).strip():
            raise OutputError("no folder is named; give one, or '.' for the one you are in")
        target = Path(folder)
        save_files(target, self.files(), identity=identity_of(self.manifest), force=force, numbered=False)
        return target

"""The sound of a visit's takes: a mix as a page plays it and its samples as soon as a take is made, stems when they are first asked for.

What had to make room is rendered again by the take's own pipeline. Knows nothing of jobs: whoever calls may be stopped (`Cancelled`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from img2music.app.session.take_media import MIME_TYPES, encode_mix, encode_stems, page_format, wave_peaks
from img2music.app.session.takes import StemMedia, TakeMedia

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from img2music.app.session.sound_store import SoundStore
    from img2music.app.session.takes import MadeTake
    from img2music.app.session.warm_pipelines import WarmPipelines
    from img2music.audio import Audio
    from img2music.stages import Rendering

__all__ = ["SoundingTakes"]


class SoundingTakes:
    """The sound of takes in a store. Thread-safe, as its store is."""

    def __init__(self, store: SoundStore, pipelines: WarmPipelines) -> None:
        self.store = store
        self._pipelines = pipelines
        self._peaks: dict[int, tuple[float, ...]] = {}

    def keep_mix(self, take: MadeTake, mix: Audio) -> Path:
        """Writes a mix as a page plays it, and its samples."""
        path = self.store.write(take.number, _mix_name(take), encode_mix(mix, take.piece.plan))
        self.store.write_samples(take.number, mix)
        self._peaks[take.number] = wave_peaks(mix)
        return path

    def mix_of(self, take: MadeTake) -> Audio:
        """The samples of a mix."""
        return self.store.read_samples(take.number) or self.render(take).mix

    def render(self, take: MadeTake, *, stems: bool = False) -> Rendering:
        """A take as its own pipeline makes it sound."""
        return self._pipelines.load(take.choices).render(take.piece.performance, stems=stems)

    def mix_media(self, take: MadeTake) -> TakeMedia | None:
        """A mix as a page plays it; None where it had to make room."""
        mix, peaks = self.store.find(take.number, _mix_name(take)), self._peaks.get(take.number)
        if mix is None or peaks is None:
            return None
        return TakeMedia(mix, MIME_TYPES[mix.suffix[1:]], take.piece.performance.seconds, peaks)

    def with_stems(self, media: TakeMedia, take: MadeTake) -> TakeMedia | None:
        """`media` with stems; None where they are not there, or not all of them."""
        parts, rows = take.piece.performance.parts, {part.id: part for part in take.piece.plan.parts}
        found = []
        for part, name in zip(parts, _stem_names(take), strict=True):
            path = self.store.find(take.number, name)
            if path is None:
                return None
            found.append(StemMedia(part.id, part.name, path, rows[part.id].level_db if part.id in rows else 0.0))
        return replace(media, stems=tuple(found))

    def keep_stems(self, take: MadeTake) -> None:
        """Renders the stems and writes them one after the other."""
        contents = encode_stems(self.render(take, stems=True).stems, take.piece.plan)
        for name, (_, content) in zip(_stem_names(take), contents, strict=True):
            self.store.write(take.number, name, content)

    def drop(self, numbers: Iterable[int]) -> None:
        """Forgets the sound of some takes."""
        gone = set(numbers)
        for number in gone:
            self._peaks.pop(number, None)
        self.store.drop(gone)


def _mix_name(take: MadeTake) -> str:
    return f"mix.{page_format(take.piece.performance.seconds)}"


def _stem_names(take: MadeTake) -> list[str]:
    performance = take.piece.performance
    return [f"stems/{number:02}.{page_format(performance.seconds)}" for number in range(1, len(performance.parts) + 1)]

"""The sound of a visit's takes: a mix as a page plays it and its samples as soon as a take is made, stems when they are first asked for.

Files are FLAC up to two minutes, Ogg Vorbis beyond. Every browser in use plays FLAC, iPhones included, where Vorbis is played by Safari 18.4 and
later only; both hold exactly the frames they are given, so loops have no seam, which MP3 can't. What encoding 30 s of stereo costs one core:
FLAC .1 s and 3 MB, Vorbis .4 s and .5 MB, MP3 1.5 s and .6 MB (libsndfile 1.2). So the first sound is FLAC, and only long pieces, whose FLAC
would be heavy, take the slower way. What had to make room is rendered again by the take's own pipeline; but the sound of a neural model, which
would take minutes and not be the same, is kept as long as its take and read back from what the page plays. It is made as a whole, so it has no stems.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from img2music.app.session.files.downloads import write_download
from img2music.app.session.sounds.sound_wish import departs_from_score
from img2music.app.session.takes import StemMedia, TakeMedia
from img2music.cancellation import checkpoint
from img2music.errors import UsageError
from img2music.io.audio_files import encode
from img2music.report.music_data import sound_peaks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from img2music.app.session.files.downloads import Download
    from img2music.app.session.files.sound_store import SoundStore
    from img2music.app.session.takes import MadeTake
    from img2music.audio import Audio
    from img2music.manifest import AudioFormat
    from img2music.pipeline import Pipeline
    from img2music.plan import CompositionPlan
    from img2music.stages import Rendering

__all__ = ["MIME_TYPES", "SoundingTakes", "encode_mix", "encode_stems", "page_format"]

MIME_TYPES: dict[str, str] = {"flac": "audio/flac", "ogg": "audio/ogg"}
_LONGEST_FLAC_SECONDS = 120.0


class SoundingTakes:
    """The sound of takes in a store. Thread-safe, as its store is."""

    def __init__(self, store: SoundStore, load: Callable[[MadeTake], Pipeline]) -> None:
        """`load` gives the pipeline of a take."""
        self.store = store
        self._load = load
        self._peaks: dict[int, tuple[float, ...]] = {}
        self._making = Lock()
        """Held while sound is made that is not a take's first: two that ask for it wait for each other."""

    def keep_mix(self, take: MadeTake, mix: Audio) -> Path:
        """Writes a mix as a page plays it, and its samples."""
        path = self.store.write(take.number, _mix_name(take), encode_mix(mix, take.piece.plan))
        if departs_from_score(take.renderer):
            self.store.hold(take.number, _mix_name(take))
        self.store.write_samples(take.number, mix)
        self._peaks[take.number] = tuple(sound_peaks(mix))
        return path

    def mix_of(self, take: MadeTake) -> Audio:
        """The samples of a mix."""
        samples = self.store.read_samples(take.number)
        held = self.store.find(take.number, _mix_name(take)) if departs_from_score(take.renderer) else None
        if samples is None and held is not None:
            return _decoded(held)
        return samples or self.render(take).mix

    def render(self, take: MadeTake, *, stems: bool = False) -> Rendering:
        """A take as its own pipeline makes it sound."""
        piece = take.piece
        return self._load(take).render(piece.performance, stems=stems, plan=piece.plan, scene=piece.scene)

    def media(self, take: MadeTake, working: Callable[[], AbstractContextManager[None]], *, stems: bool) -> TakeMedia:
        """The sound as a page plays it, made where it is not there; what takes time is done inside `working`.

        Raises:
            Cancelled: stopped.
        """
        found = self._mix_media(take)
        if found is None:
            with working(), self._making:
                self.keep_mix(take, self.mix_of(take))
            found = self._mix_media(take)
        assert found is not None  # noqa: S101  it was just kept
        if not stems or departs_from_score(take.renderer):
            return found
        whole = self._with_stems(found, take)
        if whole is None:
            with working(), self._making:
                if self._with_stems(found, take) is None:
                    self._keep_stems(take)
                whole = self._with_stems(found, take)
        return found if whole is None else whole

    def download(
        self,
        take: MadeTake,
        wanted: Download,
        still: bytes | None,
        working: Callable[[], AbstractContextManager[None]],
    ) -> Path:
        """A file to take away, made where it is not there; see `media`.

        Raises:
            UsageError: stems of a sound that was made as a whole.
        """
        if wanted.stems and departs_from_score(take.renderer):
            raise UsageError(
                f"take {take.number} was made to sound as a whole by {take.renderer}, so it has no stems; "
                "take them from a take that the soundfont plays"
            )
        name = f"files/{wanted.key}/{wanted.name}"
        path = self.store.find(take.number, name)
        if path is not None:
            return path
        with (
            working(),
            write_download(take.piece, wanted, lambda: self.mix_of(take), lambda: self.render(take, stems=True), still) as file,
        ):
            return self.store.write_stream(take.number, name, file)

    def _mix_media(self, take: MadeTake) -> TakeMedia | None:
        """A mix as a page plays it; None where it had to make room."""
        mix, peaks = self.store.find(take.number, _mix_name(take)), self._peaks.get(take.number)
        if mix is None or peaks is None:
            return None
        return TakeMedia(mix, MIME_TYPES[mix.suffix[1:]], take.piece.performance.seconds, peaks)

    def _with_stems(self, media: TakeMedia, take: MadeTake) -> TakeMedia | None:
        """`media` with stems; None where they are not there, or not all of them."""
        parts, rows = take.piece.performance.parts, {part.id: part for part in take.piece.plan.parts}
        found = []
        for part, name in zip(parts, _stem_names(take), strict=True):
            path = self.store.find(take.number, name)
            if path is None:
                return None
            found.append(StemMedia(part.id, part.name, path, rows[part.id].level_db if part.id in rows else 0.0))
        return replace(media, stems=tuple(found))

    def _keep_stems(self, take: MadeTake) -> None:
        """Renders the stems and writes them one after the other."""
        contents = encode_stems(self.render(take, stems=True), take.piece.plan)
        for name, content in zip(_stem_names(take), contents, strict=True):
            self.store.write(take.number, name, content)

    def drop(self, numbers: Iterable[int]) -> None:
        """Forgets the sound of some takes."""
        gone = set(numbers)
        for number in gone:
            self._peaks.pop(number, None)
        self.store.drop(gone)


def _decoded(path: Path) -> Audio:
    """The samples of a file that a page plays."""
    import soundfile

    from img2music.audio import Audio

    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return Audio(samples.T.copy(), rate)


def _mix_name(take: MadeTake) -> str:
    return f"mix.{page_format(take.piece.performance.seconds)}"


def _stem_names(take: MadeTake) -> list[str]:
    performance = take.piece.performance
    return [f"stems/{number:02}.{page_format(performance.seconds)}" for number in range(1, len(performance.parts) + 1)]


def page_format(seconds: float) -> AudioFormat:
    """The format in which a page gets sound of that length."""
    return "flac" if seconds <= _LONGEST_FLAC_SECONDS else "ogg"


def encode_mix(mix: Audio, plan: CompositionPlan) -> bytes:
    """The content of the file of a mix."""
    from img2music.pipeline.export import tags_of

    return encode(mix, page_format(mix.seconds), tags=tags_of(plan), loop=plan.loop)


def encode_stems(rendering: Rendering, plan: CompositionPlan) -> Iterator[bytes]:
    """The content of the file of each part, in the order of the score, one at a time: as loud as it is in the mix, so that all together are it."""
    from img2music.pipeline.export import stem_files, tags_of
    from img2music.renderers.post.mastered_stems import mastered_stems

    stems = mastered_stems(rendering.mix, rendering.stems)
    audio_format = page_format(rendering.mix.seconds)
    for _, content in stem_files(stems, audio_format, tags=tags_of(plan), loop=plan.loop):
        checkpoint()
        yield content

"""One visitor: a picture, takes of it, and the one job that is being done.

Every job is a stream of steps like `Pipeline.steps`, does its work in a thread of its own, and ends with a new current take, or leaves the visit
as it was: documents and files are put in place at its very end. A new job stops the one before it, so do `cancel` and `close`, within
.3 s; the stopped stream raises `Cancelled`. All methods may be called from any thread.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from img2music.app.session.editing.sound_making import resounded_take
from img2music.app.session.edits import SetWishes
from img2music.app.session.files.downloads import read_download
from img2music.app.session.files.sound_store import SoundStore
from img2music.app.session.files.sounding_takes import SoundingTakes
from img2music.app.session.limits import Limits
from img2music.app.session.restoring import check_same_picture, read_record_bytes, restored_take
from img2music.app.session.seen_scenes import SeenScenes
from img2music.app.session.take_making import edited_take, new_take, rerolled_take
from img2music.app.session.take_shelf import TakeShelf
from img2music.app.session.takes import TakeRow
from img2music.app.session.visit_work import VisitWork
from img2music.app.session.warm_pipelines import WarmPipelines, shared_pipelines
from img2music.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from threading import Semaphore

    from img2music.app.session.choices import Choices
    from img2music.app.session.edits import Edit
    from img2music.app.session.sounds.sound_wish import SoundWish
    from img2music.app.session.take_making import Making
    from img2music.app.session.takes import MadeTake, TakeMedia
    from img2music.cancellation import CancelToken
    from img2music.io.pictures import Picture
    from img2music.piece import Piece
    from img2music.pipeline import Pipeline
    from img2music.pipeline.progress import Log, Step
    from img2music.rng import Craft

__all__ = ["Visit"]


class Visit(TakeShelf):
    """One visitor."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        root: Path | None = None,
        pipelines: WarmPipelines = shared_pipelines,
        turns: Semaphore | None = None,
    ) -> None:
        """`root` is where the folder is made (None: where the page's server serves files); `turns` bounds how many visitors' jobs run at once."""
        self.limits = limits or Limits()
        self._pipelines = pipelines
        store = SoundStore(root, self.limits.disk_bytes)
        super().__init__(VisitWork(turns), SoundingTakes(store, pipelines.of_take))
        self._picture: Picture | None = None
        self._still: bytes | None = None
        self._scenes = SeenScenes()
        self._last_number = 0

    @property
    def folder(self) -> Path:
        """Where the files lie: private, with a name that nobody guesses."""
        return self._sound.store.folder

    @property
    def picture(self) -> Picture | None:
        """What was opened last."""
        return self._picture

    @property
    def working(self) -> bool:
        """Whether a job is being done."""
        return self._work.busy

    def open_picture(self, data: bytes, name: str) -> None:
        """Takes a picture in place of the one before; its takes go.

        Raises:
            PictureError: too large, no picture, or damaged; then everything stays as it was.
        """
        with self._work.beside():
            picture, still = self.limits.open_picture(data, name)
        with self._work.lock:
            self._work.check_open()
            self._work.stop()
            gone = {take.number for take in self._row.takes}
            self._picture, self._still, self._row = picture, still, TakeRow()
            self._scenes.clear()
        self._sound.drop(gone)

    def compose(self, choices: Choices) -> Iterator[Step]:
        """A new piece of the picture.

        Raises:
            UsageError: no picture, or a name that does not exist. BriefError: a wish that can't be met. Whatever a stage raises.
            Cancelled: stopped.
        """
        choices.check(self.limits)
        picture = self._picture
        if picture is None:
            raise UsageError("there is no picture yet; choose one first")
        pipeline = self._pipelines.load(choices)
        making = new_take(picture, choices, pipeline, lambda log: self._scenes.see(picture, pipeline, log), self.limits)
        return self._stream(making, pipeline)

    def edit(self, edit: Edit) -> Iterator[Step]:
        """A new take of the current one with an edit; only what follows from the edit is made again. Wrong edits are told at once.

        Raises:
            UsageError, BriefError, DocumentError, PlanTextError: an edit that can't be done, in one sentence. Whatever a stage raises.
            Cancelled: stopped.
        """
        take = self.shown()
        making = edited_take(take, edit, self._pipelines.load, self._picture, self.limits)
        return self._stream(making, self._pipelines.load(edit.choices if isinstance(edit, SetWishes) else take.choices))

    def reroll(self, keep: frozenset[Craft], choices: Choices | None = None) -> Iterator[Step]:
        """A new take of the current one from a seed that no take has, but for the crafts that are kept.

        Args:
            keep: names of `img2music.rng.CRAFTS`; what they are written over is kept with them.
            choices: win over the take's own; None leaves those. Their seed counts only where it is another than the take's.

        Raises:
            UsageError: no such craft. BriefError: a wish that can't be met with what is kept. Cancelled: stopped.
        """
        take = self.shown()
        wanted = choices or take.choices
        wanted.check(self.limits)
        given = wanted.seed if wanted.seed != take.choices.seed else None
        seed = max(one.piece.plan.seed for one in self.takes) + 1 if given is None else given
        pipeline = self._pipelines.load(wanted)
        return self._stream(
            rerolled_take(take, keep, replace(wanted, seed=seed), seed, pipeline, self._picture, self.limits), pipeline
        )

    def sound(self, wish: SoundWish) -> Iterator[Step]:
        """A new take of the current one whose notes are made to sound another way.

        Raises:
            UsageError: no such sound, or one that can't be made here. BackendError: it failed; nothing steps in for it. Cancelled: stopped.
        """
        take = self.shown()
        wish.check(self.limits)
        if wish == take.sound:
            raise UsageError(f"take {take.number} sounds so already; choose another sound")
        making = resounded_take(take, wish, self._pipelines.of_config, self._picture)
        return self._work.stream(self._job(making), self._pipelines.turns_of(wish.stage()))

    def restore(self, manifest: bytes, picture: bytes | None = None) -> Iterator[Step]:
        """Brings a piece back from its `piece.json`: picture (where it is given), choices and take; what was there goes at the end.

        Raises:
            DocumentError: no sound record. BriefError: a piece beyond the limits. PictureError: no picture, or not that on record; then
                everything stays as it was.
        """
        record = read_record_bytes(manifest, self.limits)
        opened: tuple[Picture | None, bytes | None] = (None, None)
        if picture is not None:
            with self._work.beside():
                opened = self.limits.open_picture(picture, record.picture.file if record.picture else "picture")
        check_same_picture(record, opened[0])
        return self._work.stream(self._job(restored_take(record, opened[0]), opened))

    def cancel(self) -> None:
        """Stops what is being done; the visit stays as it was before."""
        self._work.stop()

    def close(self) -> None:
        """Stops what is being done and removes every file; the visit can't be used any more."""
        with self._work.lock:
            self._work.close()
            self._row, self._picture, self._still = TakeRow(), None, None
            self._scenes.clear()
        self._sound.store.close()

    def media(self, take: MadeTake, *, stems: bool = True) -> TakeMedia:
        """The sound of a take as files in the folder, made once.

        The mix is there as soon as the take is. Stems are rendered and written when they are first asked for: that takes about twice as long
        as the piece's own sound, so a page plays the mix first (``stems=False``) and asks for all afterwards.

        Raises:
            UsageError: the take is no longer there. Cancelled: stopped, also by a new job; ask again then.
        """
        self.take(take.number)
        found = self._sound.media(take, self._work.beside, stems=stems)
        self._make_room(take)
        return found

    def download(self, take: MadeTake, what: str, **options: Any) -> Path:
        """A file to take away, made once; `downloads` says what there is, and its options.

        Raises:
            UsageError: no such file or option, an extra that is missing, or a take that is no longer there. Cancelled: stopped.
        """
        self.take(take.number)
        path = self._sound.download(take, read_download(take.piece, what, **options), self._still, self._work.beside)
        self._make_room(take)
        return path

    def _stream(self, make: Making, pipeline: Pipeline) -> Iterator[Step]:
        """Does a job of a pipeline as a stream of steps; at its end its take is in place."""
        return self._work.stream(self._job(make), self._pipelines.turns_of(pipeline.config.stages.renderer))

    def _job(self, make: Making, fresh: tuple[Picture | None, bytes | None] | None = None) -> Callable[[Log, CancelToken], Piece]:
        """Making a take and putting it in place. `fresh` is a picture that then takes the place of all there was."""

        def do(log: Log, token: CancelToken) -> Piece:
            made = make(log)
            with log.step("files", "writing the sound"):
                return self._put(made, token, fresh).piece

        return do

    def _put(self, made: MadeTake, token: CancelToken, fresh: tuple[Picture | None, bytes | None] | None) -> MadeTake:
        """A take in place, with its files; nothing of it stays where it is stopped on the way."""
        with self._work.lock:
            self._last_number += 1
            number = self._last_number
        mix = made.piece.audio
        take = replace(made, number=number, piece=replace(made.piece, audio=None, stems={}))
        try:
            if mix is not None:
                self._sound.keep_mix(take, mix)
            with self._work.lock:
                token.raise_if_cancelled()
                row = (self._row if fresh is None else TakeRow()).added(take, self.limits.takes)
                if fresh is not None:
                    self._picture, self._still = fresh
                    self._scenes.clear()
                gone = {one.number for one in self._row.takes} - {one.number for one in row.takes}
                self._row = row
        except BaseException:
            self._sound.drop([number])
            raise
        self._sound.drop(gone)
        self._make_room(take)
        return take

    def _make_room(self, asked: MadeTake) -> None:
        self._sound.store.make_room({take.number for take in (asked, self.current) if take is not None})

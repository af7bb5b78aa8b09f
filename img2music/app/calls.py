"""The calls of programs: each begins from a picture or a plan, ends with a short account and files in a folder, and keeps nothing else.

Everything that comes in is hostile: a picture is decoded by `img2music.io.pictures` and by nobody else, a plan is read as a `CompositionPlan`
and by no other way, lengths and numbers are bounded (`call_arguments`), and no path that came from outside is opened here. Which pipeline does
the work is settled by whoever serves, never by who calls, so nothing leaves the machine that the server's owner did not choose.
Files go where a `FileKeeper` puts them: into folders that are removed after an age (the page), or into a folder that the user named
(an assistant on the same machine).
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from img2music.app.call_accounts import piece_account, plan_account, scene_account, take_account
from img2music.app.call_arguments import LARGEST_PLAN_BYTES, LONGEST_SECONDS
from img2music.cancellation import cancelled_by, checkpoint
from img2music.errors import BriefError, DocumentError
from img2music.output_folder import save_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from img2music.app.call_accounts import Account
    from img2music.app.call_arguments import ComposeArguments, PlanArguments, RealizeArguments, SeeArguments, TakesArguments
    from img2music.cancellation import CancelToken
    from img2music.io.pictures import Picture
    from img2music.output_folder import SavedFiles
    from img2music.piece import Piece
    from img2music.pipeline import Event, Pipeline
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene

__all__ = [
    "AgingFolders",
    "Answer",
    "Calls",
    "FileKeeper",
    "NamedFolders",
    "folder_name",
    "open_called_picture",
    "read_called_plan",
]

LARGEST_PICTURE_BYTES = 50_000_000
_PREFIX = "call-"
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call comes to."""

    account: Account
    """Small, JSON."""
    folder: Path
    files: tuple[str, ...]
    """Names in the folder, in the order in which they were made; those of stems hold a slash."""

    def path(self, name: str) -> Path:
        """Where one of the files is."""
        return self.folder / name


class FileKeeper(Protocol):
    """Where the files of a call go."""

    def keep(self, name: str, files: Iterable[tuple[str, bytes]], identity: str) -> SavedFiles:
        """Writes `files` into a folder for `name`, all or none; errors as of `save_files`."""
        ...


@dataclass(frozen=True, slots=True)
class AgingFolders:
    """A folder with an unguessable name for each call, readable by nobody else, removed when it is `seconds` old."""

    home: Path
    seconds: float = 3600.0

    def keep(self, name: str, files: Iterable[tuple[str, bytes]], identity: str) -> SavedFiles:
        """As of `FileKeeper`; the name is not used."""
        self.remove_old()
        self.home.mkdir(parents=True, exist_ok=True)
        folder = self.home.joinpath(tempfile.mkdtemp(prefix=_PREFIX, dir=self.home))
        try:
            return save_files(folder, files, identity=identity)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def remove_old(self, *, everything: bool = False) -> int:
        """Removes the folders that are too old, or all of them, and says how many; links and what others put there stay."""
        removed, now = 0, time.time()
        with suppress(OSError):
            for folder in list(self.home.iterdir()):
                with suppress(OSError):
                    if not folder.name.startswith(_PREFIX) or folder.is_symlink() or not folder.is_dir():
                        continue
                    if everything or now - folder.stat().st_mtime > self.seconds:
                        shutil.rmtree(folder, ignore_errors=True)
                        removed += 1
        return removed


@dataclass(frozen=True, slots=True)
class NamedFolders:
    """A folder for each picture or plan in one that the user named; what is there is never lost (see `img2music.output_folder`)."""

    home: Path

    def keep(self, name: str, files: Iterable[tuple[str, bytes]], identity: str) -> SavedFiles:
        """As of `FileKeeper`."""
        return save_files(self.home / name, files, identity=identity)


def open_called_picture(content: bytes, name: str) -> Picture:
    """The picture in the bytes that a program sent; `name` is what its file was called, and goes on record as far as it is harmless.

    Raises:
        PictureError: too large, no picture, or damaged.
    """
    from img2music.app.session.limits import without_options
    from img2music.errors import PictureError
    from img2music.io.pictures import open_picture

    if len(content) > LARGEST_PICTURE_BYTES:
        raise PictureError(f"the picture is larger than {LARGEST_PICTURE_BYTES // 1_000_000} MB; export it smaller")
    ending = re.search(r"\.[a-z0-9]{2,4}$", name.lower())
    try:
        picture = open_picture(content)
    except PictureError as error:
        raise without_options(error) from None
    return replace(picture, file=folder_name(name) + (ending[0] if ending else ""))


def folder_name(name: str) -> str:
    """A folder's name for a file's name from anywhere: a word of letters, digits and hyphens, "picture" where none are left."""
    last = re.split(r"[\\/]", name)[-1]
    stem = last.rpartition(".")[0] or last
    return re.sub(r"[^A-Za-z0-9_]+", "-", stem).strip("-_")[:_LONGEST_NAME] or "picture"


class Calls:
    """The five calls. Safe to be used by several threads; `on_event` is told of each step, `cancel` stops the call soon.

    All of them raise what `img2music.errors` holds, each error one line that says what to do next, and `Cancelled` when they are stopped.
    """

    def __init__(self, pipeline: Pipeline, keeper: FileKeeper) -> None:
        self._pipeline, self._keeper = pipeline, keeper

    def see(
        self,
        picture: Picture,
        arguments: SeeArguments,
        on_event: Callable[[Event], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> Answer:
        """What is in the picture, and what it suggests: scene.json."""
        with cancelled_by(cancel):
            scene = self._pipeline.see(picture, on_event=on_event)
            files = [_document("scene.json", scene)]
            return self._answer(scene_account(scene), folder_name(picture.file) + "-seen", files)

    def plan(
        self,
        picture: Picture,
        arguments: PlanArguments,
        on_event: Callable[[Event], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> Answer:
        """The composition before its notes: scene.json and plan.json."""
        brief = arguments.brief()
        with cancelled_by(cancel):
            scene = self._pipeline.see(picture, on_event=on_event)
            plan = self._pipeline.plan(scene, brief, on_event=on_event)
            account = plan_account(plan, whole=arguments.whole)
            return self._answer(
                account, folder_name(picture.file) + "-plan", [_document("scene.json", scene), _document("plan.json", plan)]
            )

    def compose(
        self,
        picture: Picture,
        arguments: ComposeArguments,
        on_event: Callable[[Event], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> Answer:
        """A finished piece with all its files."""
        brief = arguments.brief()
        with cancelled_by(cancel):
            audio = None if arguments.audio == "none" else arguments.audio
            piece = self._pipeline.compose(picture, brief, audio=audio, on_event=on_event)
            return self._piece(piece, folder_name(picture.file), on_event)

    def realize(
        self, arguments: RealizeArguments, on_event: Callable[[Event], None] | None = None, cancel: CancelToken | None = None
    ) -> Answer:
        """A finished piece from a plan, perhaps an edited one; with a seed its notes are others, but for what is kept."""
        from img2music.pipeline import recompose

        plan = read_called_plan(arguments.plan)
        audio = None if arguments.audio == "none" else arguments.audio
        crafts = [name.strip() for name in (arguments.keep or "").split(",") if name.strip()]
        with cancelled_by(cancel):
            if arguments.seed is None and not crafts:
                piece = self._pipeline.compose_from(plan, audio=audio, on_event=on_event)
            else:
                piece = recompose(plan, keep=crafts, pipeline=self._pipeline, seed=arguments.seed, audio=audio, on_event=on_event)
            return self._piece(piece, folder_name(plan.title), on_event)

    def takes(
        self,
        picture: Picture,
        arguments: TakesArguments,
        on_event: Callable[[Event], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> Answer:
        """Several pieces without sound, each with its mark, plan, MIDI file and MusicXML."""
        from img2music.rng import spawn_seeds

        brief = arguments.brief()
        with cancelled_by(cancel):
            scene = self._pipeline.see(picture, on_event=on_event)
            rows: list[Account] = []

            def files() -> Iterator[tuple[str, bytes]]:
                for number, seed in enumerate(spawn_seeds(brief.seed, arguments.count), 1):
                    checkpoint()
                    asked = brief.model_copy(update={"seed": seed})
                    piece = self._pipeline.compose_from(scene, asked, audio=None, on_event=on_event)
                    rows.append(take_account(piece, number))
                    yield from _take_files(piece, number)

            saved = self._keeper.keep(folder_name(picture.file) + "-takes", files(), "")
            best = max(range(len(rows)), key=lambda place: float(str(rows[place]["mark"])))
            account: Account = {"takes": list(rows), "best": best + 1, "next": f"realize the plan in take-{best + 1}-plan.json"}
            return Answer(account, saved.folder, saved.names)

    def _piece(self, piece: Piece, name: str, on_event: Callable[[Event], None] | None) -> Answer:
        saved = self._keeper.keep(name, piece.files(on_event), piece.manifest.identity)
        return Answer(piece_account(piece), saved.folder, saved.names)

    def _answer(self, account: Account, name: str, files: Iterable[tuple[str, bytes]]) -> Answer:
        saved = self._keeper.keep(name, files, "")
        return Answer(account, saved.folder, saved.names)


def read_called_plan(text: str) -> CompositionPlan:
    """The plan that a program sent.

    Raises:
        DocumentError: no sound plan, one that is too large, or one that names a style file: a call opens no file.
        BriefError: it lasts too long.
    """
    from img2music.io.documents import parse_json
    from img2music.pipeline.make_piece import reconcile_length
    from img2music.plan import CompositionPlan
    from img2music.style import is_style_file

    content = text.encode("utf-8", "replace")
    if len(content) > LARGEST_PLAN_BYTES:
        raise DocumentError(f"the plan is larger than {LARGEST_PLAN_BYTES // 1_000_000} MB; send the JSON of one plan.json")
    plan = parse_json(content, CompositionPlan, kind="plan", source="the plan")
    if is_style_file(plan.style):
        raise DocumentError("the plan names a style file, which a call can't open; name a style, such as 'waltz'")
    if reconcile_length(plan).seconds > LONGEST_SECONDS:
        raise BriefError(f"the plan lasts more than {LONGEST_SECONDS:g} seconds; take sections out or raise its tempo")
    return plan


def _document(name: str, document: Scene | CompositionPlan) -> tuple[str, bytes]:
    from img2music.io.documents import dump_json

    return name, dump_json(document).encode()


def _take_files(piece: Piece, number: int) -> Iterator[tuple[str, bytes]]:
    from img2music.io.midi.export_midi import write_midi
    from img2music.io.musicxml.export_musicxml import write_musicxml

    yield f"take-{number}.mid", write_midi(piece.performance)
    yield f"take-{number}.musicxml", write_musicxml(piece.score).encode()
    yield _document(f"take-{number}-plan.json", piece.plan)

"""The prompt lab behind its tab: prompts to edit and keep, and a small grid of prompts x models x pictures x seeds to compare them.

For a page that serves its own user: the line of a model may name a file or a server, so a page for everybody has no lab. Keys are read from
the environment by whoever asks the model, never from here. What is edited is checked by `img2music.templates` before it is kept or asked
with. Prompts that come with the program are never written; the user's own lie in a folder of the user (`own_prompts_folder`).
"""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from img2music.app.calls import folder_name, open_called_picture
from img2music.atomic_files import write_file
from img2music.cancellation import Cancelled, CancelToken
from img2music.errors import OutputError, UsageError
from img2music.pipeline.step_stream import stream_work
from img2music.resources import data_folder
from img2music.templates import load_prompt, prompt_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from img2music.evaluation.workbench import Estimate, Grid
    from img2music.templates import PromptTemplate

__all__ = ["LabLimits", "LabRequest", "LabResult", "LabStep", "PromptLab", "own_prompts_folder"]

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LONGEST_PROMPT = 60_000


def own_prompts_folder() -> Path:
    """Where the user's own prompts lie: ``$IMG2MUSIC_PROMPTS`` or a folder of the platform's data folder; it need not be there."""
    chosen = os.environ.get("IMG2MUSIC_PROMPTS")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_data_dir("img2music", appauthor=False)) / "prompts"


@dataclass(frozen=True, slots=True)
class LabLimits:
    """What one run may ask for: enough to see a difference, little enough to wait for."""

    prompts: int = 4
    models: int = 3
    pictures: int = 6
    seeds: int = 4
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class LabRequest:
    """What is to be compared."""

    prompts: tuple[str, ...]
    """Names of prompts, the program's or the user's own."""
    edited: str
    """The text of the editor, to be tried beside them; empty for none."""
    models: tuple[str, ...]
    """Lines that name models."""
    pictures: tuple[tuple[str, bytes], ...]
    """Names and bytes."""
    seeds: int = 1
    seconds: float = 20.0
    agreed: bool = False
    """Whether prompts and pictures may go to models on other machines."""


@dataclass(frozen=True, slots=True)
class LabStep:
    """How far a run is."""

    done: int
    cells: int
    message: str


@dataclass(frozen=True, slots=True)
class LabResult:
    """The comparison as one page that needs nothing else, and how the cells went."""

    page: str
    file: Path
    rows: tuple[str, ...] = field(default=())
    """A line a cell: which one, what came of it and why."""


class PromptLab:
    """The lab of one visitor.

    Args:
        folder: private; pictures, edited text and results lie there.
        own: where the user's prompts are kept.
    """

    def __init__(self, folder: Path, own: Path | None = None, limits: LabLimits | None = None) -> None:
        self._folder, self._own, self._limits = folder, own or own_prompts_folder(), limits or LabLimits()

    def names(self) -> tuple[str, ...]:
        """All prompts that can be chosen: the program's, then the user's own as "own/NAME"."""
        try:
            own = sorted(path.stem for path in self._own.glob("*.md") if _NAME.fullmatch(path.stem) and path.is_file())
        except OSError:
            own = []
        return (*prompt_names(), *(f"own/{name}" for name in own))

    def text(self, name: str) -> str:
        """The file of a prompt as text.

        Raises:
            UsageError: there is none of that name. DocumentError: one of the user's own that can't be read.
        """
        from img2music.io.documents import read_file

        source = self._source(name)
        if source == name:
            return data_folder("prompts").joinpath(f"{name}.md").read_bytes().decode()
        return read_file(source, largest_bytes=_LONGEST_PROMPT).decode("utf-8", "replace")

    def check(self, text: str) -> PromptTemplate:
        """What a text is as a prompt.

        Raises:
            DocumentError, UsageError: it is none; the message says where, what and what to do.
        """
        if len(text.encode("utf-8", "replace")) > _LONGEST_PROMPT:
            raise UsageError(f"the prompt is longer than {_LONGEST_PROMPT} bytes; shorten it")
        try:
            return load_prompt(self._edited(text))
        except (UsageError, ValueError) as error:
            raise type(error)(str(error).replace(str(self._folder) + os.sep, "")) from None

    def save(self, name: str, text: str, *, replace: bool = False) -> Path:
        """Keeps a prompt among the user's own, once it is sound.

        Raises:
            UsageError: no name that a file may have. OutputError: it is there already, or can't be written. Those of `check`.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name[:60]!r} can't be a prompt's name; give a word of small letters, digits and hyphens, such as my-eye"
            )
        self.check(text)
        path = self._own / f"{name}.md"
        if os.path.lexists(path) and (not replace or path.is_symlink()):
            raise OutputError(f"you have a prompt {name!r} already; give another name, or agree to replace it")
        try:
            self._own.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"can't make {self._own} ({error.strerror}); name a folder in IMG2MUSIC_PROMPTS") from None
        write_file(path, text.encode())
        return path

    def estimate(self, request: LabRequest) -> Estimate:
        """What a run will ask and cost; errors as of `run`."""
        from img2music.evaluation.workbench import estimate_run

        grid, _ = self._grid(request)
        return estimate_run(grid, {}, list(grid.cells()))

    def run(self, request: LabRequest, cancel: CancelToken | None = None) -> Iterator[LabStep | LabResult]:
        """Makes every cell and ends with the comparison; closing the iterator stops the work, and so does `cancel`, soon and without a result.

        Raises:
            UsageError: nothing to compare, too much of it, an unknown name, or something would leave the machine and nobody agreed.
            PictureError, DocumentError: a picture or a prompt that can't be used. MissingPackageError: a model needs an extra.
        """
        from img2music.evaluation.workbench import check_usable, estimate_run

        grid, folder = self._grid(request)
        todo = list(grid.cells())
        estimate = estimate_run(grid, {}, todo)
        if estimate.remote_models and not request.agreed:
            raise UsageError(f"prompts and pictures would go to {', '.join(estimate.remote_models)}; agree to that first")
        check_usable(todo)
        return self._stream(grid, folder, cancel or CancelToken())

    def _stream(self, grid: Grid, folder: Path, token: CancelToken) -> Iterator[LabStep | LabResult]:
        def run(tell: Callable[[LabStep | LabResult], None]) -> None:
            tell(_compare(grid, folder, tell))

        with suppress(Cancelled):
            yield from stream_work(run, token, "img2music-lab")

    def _grid(self, request: LabRequest) -> tuple[Grid, Path]:
        """The grid of a request, and a new folder for it."""
        from img2music.evaluation.workbench import load_grid

        self._check_amounts(request)
        self._folder.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self._folder))
        pictures: list[str] = []
        for number, (name, content) in enumerate(request.pictures, 1):
            picture = open_called_picture(content, name)
            ending = {"JPEG": ".jpg"}.get(picture.format, f".{picture.format.lower()}")
            path = folder / f"{folder_name(name)}-{number}{ending}"
            path.write_bytes(content)
            pictures.append(str(path))
        prompts = [self._source(name) for name in request.prompts]
        if request.edited.strip():
            self.check(request.edited)
            prompts.append(str(self._edited(request.edited)))
        return load_grid(prompts, request.models, pictures, seeds=request.seeds, seconds=request.seconds), folder

    def _check_amounts(self, request: LabRequest) -> None:
        limits = self._limits
        edited = int(bool(request.edited.strip()))
        for what, count, most in (
            ("prompts", len(request.prompts) + edited, limits.prompts),
            ("models", len(request.models), limits.models),
            ("pictures", len(request.pictures), limits.pictures),
            ("seeds", request.seeds, limits.seeds),
        ):
            if not 1 <= count <= most:
                raise UsageError(f"{count} {what} can't be compared here; choose 1 to {most}")
        if not 1 <= request.seconds <= limits.seconds:
            raise UsageError(f"{request.seconds:g} seconds can't be tried here; choose 1 to {limits.seconds:g}")

    def _source(self, name: str) -> str:
        """A prompt as `load_prompt` takes it; no other path than that of one of the user's own is ever made of a name."""
        if name not in self.names():
            from img2music.errors import unknown_name

            raise unknown_name("prompt", name, self.names())
        return str(self._own / f"{name.removeprefix('own/')}.md") if name.startswith("own/") else name

    def _edited(self, text: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / "edited.md"
        path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
        return path


def _compare(grid: Grid, folder: Path, tell: Callable[[LabStep | LabResult], None]) -> LabResult:
    from img2music.evaluation.workbench import CellStore, compare_variants, run_cells, summarize_variants
    from img2music.evaluation.workbench.grid_page import page_html, write_page
    from img2music.evaluation.workbench.result_tables import status_line

    store, todo = CellStore(folder / "results"), list(grid.cells())
    rows: list[str] = []
    run_cells(
        todo,
        store,
        audio_seed=grid.seeds[0],
        on_start=lambda place, cell: tell(
            LabStep(place, len(todo), f"{cell.prompt.label} · {cell.model.label} · {cell.picture.label} · {cell.seed}")
        ),
        on_record=lambda _place, record: rows.append(status_line(record)),
    )
    records = store.records()
    page = page_html(
        grid, records, store, summarize_variants(grid, records, None), compare_variants(grid, records, None), rated=False
    )
    return LabResult(page, write_page(store, page), tuple(rows))

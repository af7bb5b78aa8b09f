"""The verb `replay`: a piece is made again from its record and compared with it, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from img2music.cli.shared import options as opt  # noqa: TC001  typer reads the annotations
from img2music.cli.shared.console import print_json, print_notice, print_text, progress
from img2music.cli.shared.many_inputs import check_writable, folder_names, for_each_input
from img2music.errors import BackendError

if TYPE_CHECKING:
    from img2music.pipeline.replay import Replay

__all__ = ["replay"]


def replay(
    manifests: Annotated[list[str], typer.Argument(metavar="piece.json", help="Manifests of finished pieces.")],
    out: Annotated[
        str | None, typer.Option("--out", "-o", metavar="OUT", help="Folder for the files; without it they are only compared.")
    ] = None,
    pipeline: Annotated[
        str | None, typer.Option("--pipeline", metavar="NAME|FILE", help="Use this instead of the pipeline on record.")
    ] = None,
    style: Annotated[
        str | None, typer.Option("--style", metavar="NAME|FILE", help="Use this instead of the style on record.")
    ] = None,
    picture: Annotated[
        str | None, typer.Option("--picture", metavar="PICTURE", help="Show this picture in the report; the notes need none.")
    ] = None,
    force: opt.ForceOption = False,
    as_json: opt.JsonOption = False,
) -> int:
    """Make a piece again from its piece.json and compare every file with the record, byte for byte.

    Leaves with 4 when a file is not the same. The report is made again too, but not compared. Files of the piece that lie
    beside piece.json are compared with it as well; one that was changed since is told of, but is no failure.
    """
    from img2music.io.pictures import open_picture
    from img2music.pipeline import replay

    target = None if out is None else check_writable(out)
    folders = folder_names(manifests)
    shown = None if picture is None else open_picture(picture)

    def work(place: int, source: str) -> None:
        folder = None if target is None else target / folders[place]
        with progress(source) as on_event:
            result = replay(
                source, folder, pipeline=pipeline, style=style, picture=shown, force=force, numbered=True, on_event=on_event
            )
        _compare(result, source, as_json=as_json)

    return for_each_input(manifests, work, as_json=as_json, what="manifest")


def _compare(result: Replay, source: str, *, as_json: bool) -> None:
    """Tells what is the same.

    Raises:
        BackendError: something is not.
    """
    folder = None if result.saved is None else result.saved.folder
    if result.saved is not None and result.saved.note:
        print_notice(result.saved.note)
    if as_json:
        print_json(
            {
                "manifest": source,
                "folder": None if folder is None else str(folder),
                "replaced": result.saved is not None and result.saved.replaced,
                "same": result.same,
                "files": {file.name: file.status for file in result.files},
                "beside": result.beside,
                "versions": list(result.version_notes),
            }
        )
    same = [file.name for file in result.files if file.status == "same"]
    if not as_json:
        print_text(f"{source}: {len(same)} files the same{'' if folder is None else f', in {folder}'}")
    for line in result.version_notes:
        print_notice(f"{source}: {line}")
    touched = [f"{name} ({status})" for name, status in result.beside.items() if status != "as recorded"]
    if touched:
        print_notice(f"{source}: files beside it are not as recorded: {', '.join(touched)}; -o FOLDER writes them again")
    if not result.same:
        others = ", ".join(f"{file.name} ({file.status})" for file in result.files if file.status not in {"same", "not compared"})
        raise BackendError(f"{source}: not the files on record: {others}; install the versions that the manifest names")
